// SPDX-License-Identifier: Apache-2.0
//
// A command is one constant row, at the end of its own cmd_<verb>.c, listed once in commands.c.
// Its `act` gets everything a command may use in a Cli and returns the exit code. Where it fails it
// fills the Error and returns the error's kind: main prints it. What it prints to standard output
// is data; everything else goes to standard error.
#ifndef CONFAB_CLI_COMMAND_H
#define CONFAB_CLI_COMMAND_H

#include "cli/options.h"

typedef struct Cli Cli;

typedef struct Command {
    const char *name;
    unsigned bit;            // CommandBit: which rows of the option table are its own
    const char *arguments;   // as the usage line shows them: "NAME", "[RUN]"; "" for none
    unsigned min_arguments, max_arguments;
    const char *summary;     // one line without a full stop
    const char *details;     // a paragraph for its help page
    const char *examples;    // lines without indentation, each a command; NULL: none
    int (*act)(Cli *cli, Error *e);
} Command;

// The commands there are, in the order of the help page.
typedef struct Commands {
    const Command *const *items;
    size_t n;
} Commands;

const Command *command_find(Commands all, Str name);  // NULL: none

#endif
