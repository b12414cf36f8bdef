// SPDX-License-Identifier: Apache-2.0
//
// Help pages, made from the command rows and the option table. Plain text without control
// sequences, wrapped to `width` columns (40 at least). The buffer is the caller's.
#ifndef CONFAB_CLI_HELP_H
#define CONFAB_CLI_HELP_H

#include "base/buf.h"
#include "cli/command.h"

void help_overview(Commands all, unsigned width, Buf *out);
void help_command(const Command *c, unsigned width, Buf *out);

// Options that every command takes are listed apart from a command's own.
bool help_is_common(const Option *o);

// "-p, --project NAME", or for a variable its name.
void help_flag(const Option *o, Buf *out);

// What a row adds to its help: choices and default, such as " (auto, on or off; default auto)".
void help_values(const Option *o, Buf *out);

#endif
