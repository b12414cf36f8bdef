// SPDX-License-Identifier: Apache-2.0
//
// Completion scripts for bash, zsh and fish, made from the command rows and the option table.
// Projects are completed by listing the projects folder when the key is pressed.
#ifndef CONFAB_CLI_COMPLETION_H
#define CONFAB_CLI_COMPLETION_H

#include "base/buf.h"
#include "cli/command.h"

typedef struct Shell {
    const char *name;
    void (*write)(Commands all, Buf *out);
} Shell;

enum { SHELL_COUNT = 3 };
extern const Shell shells[SHELL_COUNT];

const Shell *shell_find(Str name);  // NULL: none of them

// One a shell, each in a file of its own.
void completion_bash(Commands all, Buf *out);
void completion_zsh(Commands all, Buf *out);
void completion_fish(Commands all, Buf *out);

// What they share. Text for between single quotes; fish escapes one with a backslash.
void completion_quote(Buf *out, const char *text, bool backslash);
void completion_words(Buf *out, const char *choices);  // "a|b" as "a b"
// The arguments of a command that are fixed words, separated by spaces; false where there are none.
bool completion_arguments(Buf *out, const Command *c, Commands all);

#endif
