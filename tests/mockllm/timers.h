// SPDX-License-Identifier: Apache-2.0
//
// The connections that wait for a moment: a binary heap by deadline with each entry's place kept
// in the entry, so that a wait can be called off. Embedded in whatever waits.
#ifndef MOCKLLM_TIMERS_H
#define MOCKLLM_TIMERS_H

#include "bytes.h"

typedef struct Timer {
    uint64_t due;  // monotonic ns
    size_t place;  // 1-based in the heap; 0: not waiting
} Timer;

typedef struct Timers {
    Timer **heap;
    size_t n, cap;
} Timers;

void timer_set(Timers *t, Timer *timer, uint64_t due);  // also moves one that waits already
void timer_drop(Timers *t, Timer *timer);
uint64_t timers_next(const Timers *t);            // UINT64_MAX: none
Timer *timers_pop(Timers *t, uint64_t now);       // one that is due, or NULL
void timers_free(Timers *t);

#endif
