// SPDX-License-Identifier: Apache-2.0
//
// Many libcurl multi handles behind one epoll: where exchanges run. Everything happens on the
// transport's own thread, but wire_wake, which any thread may call.
//
// The cost of a request in a multi handle grows with the connections it holds (measured: 27–39
// thousand requests a second at 64, 16 thousand at 1,024), so each holds at most 128 and a
// new request takes the first with room: few requests in flight use few handles, whose kept
// connections stay warm.
#ifndef CONFAB_LLM_WIRE_H
#define CONFAB_LLM_WIRE_H

#include "llm/exchange.h"

typedef struct Wire Wire;

// At most `max_running` exchanges at once, the others wait; 0: as many as there can be. Raises the
// soft limit of open files as far as that needs. NULL: no memory for libcurl, or no epoll.
Wire *wire_open(const Clock *clock, unsigned max_running);
void wire_close(Wire *w);  // what runs must have been stopped

bool wire_adopt(Wire *w, CURL *easy);            // once for each new handle, from any thread
void wire_add(Wire *w, Exchange *x);             // prepared; runs, waits for room, or has ended at once
void wire_turn(Wire *w, ExchangeList *ended);    // waits until an exchange has ended or wire_wake; adds to `ended`
void wire_stop_all(Wire *w, ExchangeList *out);  // everything in it, without a reply
void wire_wake(Wire *w);

#endif
