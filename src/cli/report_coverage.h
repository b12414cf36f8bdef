// SPDX-License-Identifier: Apache-2.0
//
// What could be drawn in a run, read from its project as it is now, and what was, read from the journal's rows: topics,
// documents, passages, templates, flows, every injection that the prompts can reach, and every label that is asked of the
// model. Only what the run's partition may use is possible, and nothing of weight 0.
#ifndef CONFAB_CLI_REPORT_COVERAGE_H
#define CONFAB_CLI_REPORT_COVERAGE_H

#include "output/export_row.h"
#include "project/project.h"
#include "report/metrics.h"

typedef struct CoverageFeed {
    Str keys[COVERAGE_VARIABLES];     // raw: the member of `drawn`, or of the labels
    bool asked[COVERAGE_VARIABLES];   // a label
    size_t n;
    Buf text;
} CoverageFeed;                       // {0} is ready

// Fills the report's coverage; the names live in `a`.
void report_coverage_set_up(CoverageFeed *f, const Project *project, Report *report, Arena *a);
void report_coverage_row(CoverageFeed *f, const ExportRow *row, Report *report);  // of a generated conversation
void report_coverage_free(CoverageFeed *f);

#endif
