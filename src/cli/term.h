// SPDX-License-Identifier: Apache-2.0
//
// What is at the other end of standard input, output and error: a terminal, its width, whether it
// shows colours and letters beyond ASCII. Read once at the start; only the width is asked again,
// because windows change. Text from outside is written with print_safe (base/error.h).
#ifndef CONFAB_CLI_TERM_H
#define CONFAB_CLI_TERM_H

#include "base/str.h"

typedef struct Term {
    bool input, output, error;  // is a terminal
    bool colour;                // standard error takes colours
    bool unicode;               // the locale is UTF-8
    bool moves;                 // standard error is a terminal that can rewrite its line
} Term;

// Looks up a variable; NULL: not set. A seam for tests; getenv in the program.
typedef struct Environment {
    const char *(*get)(void *ctx, const char *name);
    void *ctx;
} Environment;

extern const Environment process_environment;

static inline const char *environment_get(const Environment *env, const char *name)
{
    return env->get(env->ctx, name);
}

// What the variables say about a terminal; pure.
void term_from_environment(Term *t, const Environment *env);
void term_open(Term *t, const Environment *env);

enum { TERM_WIDTH = 80 };       // where nothing says otherwise
unsigned term_width(int fd);    // columns now

#endif
