// SPDX-License-Identifier: Apache-2.0
//
// Reading the files a project folder may have: absent is no fault, everything else that keeps a
// file from being read is one problem with the file's name.
#ifndef CONFAB_PROJECT_PART_FILE_H
#define CONFAB_PROJECT_PART_FILE_H

#include "base/error.h"
#include "project/json_node.h"

typedef enum PartState { PART_FILE_ABSENT, PART_FILE_BAD, PART_FILE_READ } PartState;

// Text by the rules of project-folder.md, of at most `max` bytes, in the arena. `relative` is the
// path below `folder`. A file that is too large is an error before any of it is read.
PartState part_read_text(Str folder, Str relative, size_t max, Arena *a, Str *out, Problems *problems);

// The same, and parsed; out->root is the caller's to json_decref when PART_FILE_READ.
PartState part_read_json(Str folder, Str relative, size_t max, Arena *a, JsonFile *out, Problems *problems);

#endif
