// SPDX-License-Identifier: Apache-2.0
//
// Signals, the one thing that C lets talk to a program only through static memory; it stands here
// and nowhere else.
//
//   SIGINT, SIGTERM, SIGHUP   first: the run finishes what is in flight; second: it stops at once
//   SIGUSR1, SIGUSR2          one request more, one fewer at a time
//   SIGPIPE                   a write that fails, not a death
//
// Without a run in progress the first three end the process at once, unless somebody holds them: then
// they only set the flag below, which the holder looks at.
#ifndef CONFAB_CLI_SIGNALS_H
#define CONFAB_CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

typedef struct Run Run;

void signals_install(void);

// While held a signal only sets the flag: something must be finished or cleaned up first. True when
// one has come already.
bool signals_hold(bool hold);

const volatile sig_atomic_t *signals_interrupted(void);  // how often the person asked to stop
int signals_exit_code(void);                             // 130 or 143, by the signal that came
bool signals_pipe_closed(void);                          // somebody stopped reading

void signals_watch(Run *run);  // NULL: no run; what was asked before is handed to the run

#endif
