// SPDX-License-Identifier: Apache-2.0
//
// Starting a thread of one's own.
#ifndef CONFAB_BASE_THREAD_H
#define CONFAB_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

// `name` is what top and perf show, at most 15 bytes. The thread takes no signals: they go to those that
// were there before, whose waits they end and whose state a handler may take for granted. The caller
// joins it. False: there is no further thread to be had.
bool thread_start(pthread_t *thread, const char *name, void *(*work)(void *ctx), void *ctx);

#endif
