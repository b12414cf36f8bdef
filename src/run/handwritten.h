// SPDX-License-Identifier: Apache-2.0
//
// The project's handwritten examples as rows of a finished run, as finish.c writes them, for exports.
#ifndef CONFAB_RUN_HANDWRITTEN_H
#define CONFAB_RUN_HANDWRITTEN_H

#include "journal/query.h"
#include "project/project.h"

// Adds those that join the dataset to the query, which is of the same run. The header row of the project's CSV goes to
// *csv_header, in `a`. Problems of the project are reported; false then, too.
bool handwritten_add(const Project *project, const char *stamp, KeptQuery *query, Arena *a, Str *csv_header,
                     Problems *problems, Error *e);

#endif
