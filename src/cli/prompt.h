// SPDX-License-Identifier: Apache-2.0
//
// Asking a person on the terminal. A question is one line on standard error, "Label [default]: ";
// an answer that does not fit is explained and asked for again. Ctrl-D ends with a usage error that
// names the flag, Ctrl-C with ERROR_INTERRUPTED; both leave the terminal on a fresh line.
#ifndef CONFAB_CLI_PROMPT_H
#define CONFAB_CLI_PROMPT_H

#include <signal.h>

#include "base/arena.h"
#include "base/error.h"
#include "cli/options.h"

enum { PROMPT_LINE_MAX = 4096 };  // what a terminal's line discipline holds

typedef struct Prompter {
    int in;                                      // a terminal in line mode
    FILE *out;
    const volatile sig_atomic_t *interrupted;    // set by the handler of SIGINT; NULL: none
    char line[PROMPT_LINE_MAX];                  // read, not yet used
    size_t n;
} Prompter;

typedef struct Question {
    const char *label;       // "Iterations"
    const char *flag;        // "--iterations", for the error when there is no answer
    Str fallback;            // taken for an empty answer; absent: asked again
    bool (*check)(const void *ctx, Str answer, Str *meant, Error *e);  // may replace the answer by what it means
    const void *ctx;
} Question;

// The answer in the arena.
bool prompt_ask(Prompter *p, const Question *q, Arena *a, Str *answer, Error *e);

// Asks for an option's value, checked as the flag would be.
bool prompt_option(Prompter *p, OptionId id, const char *label, Str fallback, Arena *a, Str *answer, Error *e);

// Lists the projects with numbers, and takes a name or a number; anything with a '/' is a path and
// taken as it is. `names` may be empty.
bool prompt_project(Prompter *p, const Str *names, size_t n, Arena *a, Str *answer, Error *e);

// *yes: what an empty answer means, then what was said. False: no answer.
bool prompt_yes(Prompter *p, const char *question, bool *yes, Error *e);

#endif
