// SPDX-License-Identifier: Apache-2.0
//
// What every command is given: what the person asked for, and where to write. Owned by main; its
// arena lives as long as the process. Data goes to `out`, everything else through cli_say and
// cli_report to `err`.
#ifndef CONFAB_CLI_CLI_H
#define CONFAB_CLI_CLI_H

#include "base/buf.h"
#include "cli/arguments.h"
#include "cli/settings.h"
#include "cli/term.h"

struct Cli {
    Commands commands;
    Arguments arguments;
    Settings settings;
    Environment environment;
    Term term;
    Arena arena;
    FILE *out, *err;
    bool quiet, verbose, json;
    bool events;   // standard error carries JSON events only (--progress json)
};

// A line for the person, unless --quiet or events.
void cli_say(Cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The same behind a label of at most 8 letters; further lines stand below the text.
void cli_tell(Cli *cli, const char *label, Str text);

// The columns to break lines at: of standard error where that is a terminal, or else 0, none.
unsigned cli_width(const Cli *cli);

// An error or a warning: as text, or as an event. Warnings are left out with --quiet.
void cli_report(Cli *cli, const Error *e);
void cli_report_all(Cli *cli, const Problems *problems);

// For a failure whose reasons were all reported already: gives `kind` with nothing left to print.
int cli_reported(ErrorKind kind, Error *e);

// Whether a person sits at a terminal and may be asked.
bool cli_may_ask(const Cli *cli);

// Writes the buffer to `out` and frees it.
void cli_print(Cli *cli, Buf *b);
// Lines for a person to `out`: on a terminal broken between words, elsewhere as they are.
void cli_show(Cli *cli, Str text);

#endif
