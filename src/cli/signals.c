// SPDX-License-Identifier: Apache-2.0
#include "cli/signals.h"

#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "run/run.h"

static volatile sig_atomic_t stops, last_signal, held, pipe_closed;
static _Atomic(Run *) watched;

static void on_stop(int number)
{
    stops = stops + 1;
    last_signal = number == SIGINT ? SIGINT : SIGTERM;
    Run *run = atomic_load(&watched);
    if (run)
        run_request_stop(run, stops > 1, last_signal);
    else if (!held)
        _exit(signals_exit_code());
}

static void on_change(int number)
{
    Run *run = atomic_load(&watched);
    if (run) run_change_concurrency(run, number == SIGUSR1 ? 1 : -1);
}

static void on_pipe(int number)
{
    (void)number;
    pipe_closed = 1;
}

static void handle(int number, void (*handler)(int))
{
    // Without SA_RESTART a prompt's read ends; the transport's wait is woken by the run.
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

// What a shell set to be ignored stays so: nohup, and jobs that a script puts into the background.
static void handle_stop(int number)
{
    struct sigaction now;
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN) return;
    handle(number, on_stop);
}

void signals_install(void)
{
    handle_stop(SIGINT);
    handle_stop(SIGTERM);
    handle_stop(SIGHUP);
    handle(SIGUSR1, on_change);
    handle(SIGUSR2, on_change);
    handle(SIGPIPE, on_pipe);
}

bool signals_hold(bool hold)
{
    held = hold;
    return stops > 0;
}

const volatile sig_atomic_t *signals_interrupted(void)
{
    return &stops;
}

int signals_exit_code(void)
{
    return last_signal == SIGINT ? 130 : 143;
}

bool signals_pipe_closed(void)
{
    return pipe_closed;
}

void signals_watch(Run *run)
{
    atomic_store(&watched, run);
    if (run && stops) run_request_stop(run, stops > 1, last_signal);
}
