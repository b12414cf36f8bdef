// SPDX-License-Identifier: Apache-2.0
//
// Blocks of a text file: separated by lines `---`, or, where no such line exists, by blank lines.
// Blank lines around a block are not part of it; empty blocks are left out.
#ifndef CONFAB_PROJECT_BLOCKS_H
#define CONFAB_PROJECT_BLOCKS_H

#include "base/arena.h"
#include "base/str.h"

bool blocks_have_rule(Str text);  // a line `---` stands somewhere

// Slices of `text`, in the arena.
size_t blocks_split(Str text, Arena *a, Str **out);

#endif
