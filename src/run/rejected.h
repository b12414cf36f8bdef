// SPDX-License-Identifier: Apache-2.0
//
// For preference data: what was asked for a kept answer, the answer, and the answers of the same iteration that were
// rejected before it. The prompts are not stored, only their hashes; they are made again from the project, which must
// not have changed since the run. An example or passage that was cut to fit a small context window stands whole.
#ifndef CONFAB_RUN_REJECTED_H
#define CONFAB_RUN_REJECTED_H

#include "journal/query.h"
#include "output/export_row.h"
#include "project/project.h"

typedef struct Rejected Rejected;

// The project must outlive it. ERROR_USAGE (code "changed"): the project is no longer what the run was made with.
bool rejected_open(const Project *project, const char *stamp, Arena *a, Rejected **out, Problems *problems, Error *e);
void rejected_close(Rejected *r);  // NULL is allowed

// Fills the row's prompt, chosen and rejected, which are valid until the next call. Nothing to compare: n_rejected is 0.
bool rejected_fill(Rejected *r, KeptQuery *query, ExportRow *row, Error *e);

#endif
