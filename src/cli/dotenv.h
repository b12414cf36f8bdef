// SPDX-License-Identifier: Apache-2.0
//
// Files of NAME=value lines: a project's .env and the user's config.
//
//   # a comment                      blank lines are skipped
//   LLM_NAME=some-model              up to the line's end, or to a # after a space; trimmed
//   export LLM_API_URL="http://…"    "…" knows \n \t \" \\ \$; what follows may be a comment
//   GREETING='as $it $is'            '…' is taken as written
//
// Nothing is expanded: a $ is a $. A name written twice is an error. Values may be secrets, so an
// error never shows the line.
#ifndef CONFAB_CLI_DOTENV_H
#define CONFAB_CLI_DOTENV_H

#include "base/error.h"

typedef struct DotenvLine {
    Str name, value;
    unsigned line;
} DotenvLine;

enum { DOTENV_MAX = 64 << 10 };  // bytes; a file of settings, not of data

// Reads the text of a file; lines and values live in `a` or in `text`. `file` is for errors, which
// are of kind usage.
bool dotenv_parse(Str text, Str file, Arena *a, DotenvLine **out, size_t *n, Error *e);

#endif
