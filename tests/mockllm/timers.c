// SPDX-License-Identifier: Apache-2.0
#include "timers.h"

#include <stdlib.h>

static void put(Timers *t, Timer *timer, size_t place) {
    t->heap[place - 1] = timer;
    timer->place = place;
}

static void rise(Timers *t, Timer *timer, size_t place) {
    for (; place > 1 && t->heap[place / 2 - 1]->due > timer->due; place /= 2) put(t, t->heap[place / 2 - 1], place);
    put(t, timer, place);
}

static void sink(Timers *t, Timer *timer, size_t place) {
    for (size_t kid; (kid = place * 2) <= t->n; place = kid) {
        if (kid < t->n && t->heap[kid]->due < t->heap[kid - 1]->due) kid++;
        if (t->heap[kid - 1]->due >= timer->due) break;
        put(t, t->heap[kid - 1], place);
    }
    put(t, timer, place);
}

void timer_set(Timers *t, Timer *timer, uint64_t due) {
    timer_drop(t, timer);
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 256;
        t->heap = mem_resize(t->heap, t->cap * sizeof *t->heap);
    }
    timer->due = due;
    rise(t, timer, ++t->n);
}

void timer_drop(Timers *t, Timer *timer) {
    size_t place = timer->place;
    if (!place) return;
    timer->place = 0;
    Timer *last = t->heap[--t->n];
    if (last == timer) return;
    if (place > 1 && t->heap[place / 2 - 1]->due > last->due) rise(t, last, place);
    else sink(t, last, place);
}

uint64_t timers_next(const Timers *t) { return t->n ? t->heap[0]->due : UINT64_MAX; }

Timer *timers_pop(Timers *t, uint64_t now) {
    if (!t->n || t->heap[0]->due > now) return NULL;
    Timer *first = t->heap[0];
    timer_drop(t, first);
    return first;
}

void timers_free(Timers *t) { free(t->heap); }
