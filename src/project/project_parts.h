// SPDX-License-Identifier: Apache-2.0
//
// What project_load is made of, for its own files only.
#ifndef CONFAB_PROJECT_PROJECT_PARTS_H
#define CONFAB_PROJECT_PROJECT_PARTS_H

#include "project/project.h"
#include "project/when.h"

// project_files.c: fills project->files.
void project_hash_files(Project *project, Arena *a);

// project_check.c: what only shows when everything is read. Adds errors and warnings.
void project_check_mentions(const Project *project, Problems *problems);     // parts that no prompt mentions
void project_check_examples(const Project *project, Problems *problems);     // shown ones without asked labels
void project_check_record(const Project *project, Arena *a, Problems *problems);  // untold values, mixed types

// project_strays.c: names that are near to one that is read and absent.
void project_check_strays(const Project *project, Problems *problems);

// project_partitions.c: owners of documents; what each partition lacks; `when` in each.
void project_own_documents(Project *project, Arena *a);
void project_check_partitions(const Project *project, Str drawing_text, Arena *a, Problems *problems);

#endif
