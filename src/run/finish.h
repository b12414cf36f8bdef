// SPDX-License-Identifier: Apache-2.0
//
// The end of a run: both dataset files from the journal in the order of iterations, handwritten
// examples behind them, and <stamp>.run.json. Nothing may be put into the journal meanwhile.
#ifndef CONFAB_RUN_FINISH_H
#define CONFAB_RUN_FINISH_H

#include "run/assess.h"
#include "run/run.h"

typedef struct FinishParts {
    const Project *project;
    const RunSettings *settings;
    const char *stamp;
    Journal *journal;
    Assessor *assessor;
    const Clock *clock;
} FinishParts;

bool finish_write(const FinishParts *parts, RunSummary *summary, Error *e);

#endif
