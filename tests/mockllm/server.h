// SPDX-License-Identifier: Apache-2.0
//
// Sockets: one event loop a thread over edge-triggered epoll, each with a listening socket of its
// own on the same port (SO_REUSEPORT when there are several). A connection owns no buffer while it
// is idle; what waits to be sent is rendered already, so that a delay ends with one write.
#ifndef MOCKLLM_SERVER_H
#define MOCKLLM_SERVER_H

#include "service.h"
#include "tls.h"

typedef struct Loop Loop;

// NULL: a line on standard error says why. *port 0 takes a free port and is set to it.
Loop *loop_open(Shared *shared, Tls *tls, size_t thread, uint16_t *port);
void loop_run(Loop *loop);   // until loop_stop
void loop_stop(Loop *loop);  // from any thread
void loop_close(Loop *loop); // what is in flight gets its ledger line with `stopped`

#endif
