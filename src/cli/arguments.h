// SPDX-License-Identifier: Apache-2.0
//
// The command line, read by the option table. The first argument is the command; without one, or
// with flags first, it is `run`. Flags stand anywhere after it: `--flag value`, `--flag=value`,
// `-n 5`, `-n5`, `-qv`; after `--` nothing is a flag. There are no abbreviations. A flag that is
// given twice with different values is an error unless it may be repeated: a run that costs money
// should not depend on which of two numbers wins. Every value is checked here.
#ifndef CONFAB_CLI_ARGUMENTS_H
#define CONFAB_CLI_ARGUMENTS_H

#include "cli/command.h"

typedef struct Arguments {
    const Command *command;
    bool given[OPTION_COUNT];
    Str value[OPTION_COUNT];   // of a switch "on"; of a repeated flag the values joined by commas
    Str *rest;                 // what is not a flag, without the command's name
    size_t n;
} Arguments;

// Values point into argv or live in `a`. Errors are of kind usage and carry the nearest suggestion.
// With --help among the flags, the number of arguments is not checked.
bool arguments_parse(Commands all, int argc, char *const *argv, Arena *a, Arguments *out, Error *e);

#endif
