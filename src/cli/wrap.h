// SPDX-License-Identifier: Apache-2.0
//
// Text for a person, broken between words so that no terminal breaks it within one. A word longer
// than the line, such as a path, stays whole: it may be copied.
#ifndef CONFAB_CLI_WRAP_H
#define CONFAB_CLI_WRAP_H

#include "base/buf.h"

// Words of `text`, a line of it already `at` columns wide; further lines begin with `indent` spaces.
// Ends the line. Several spaces side by side are kept.
void wrap_words(Buf *out, Str text, size_t at, size_t indent, unsigned width);

// Each line of `text` by itself; width 0: as it is.
void wrap_lines(Buf *out, Str text, size_t indent, unsigned width);

#endif
