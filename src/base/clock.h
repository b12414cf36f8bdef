// SPDX-License-Identifier: Apache-2.0
//
// Time as a seam: whoever waits or stamps takes a Clock, so that a test drives it without sleeping.
#ifndef CONFAB_BASE_CLOCK_H
#define CONFAB_BASE_CLOCK_H

#include "base/str.h"

typedef int64_t Nanos;  // a moment of a monotonic clock, or a span, in nanoseconds

#define NANOS_PER_SECOND INT64_C(1000000000)
#define NANOS_PER_MS INT64_C(1000000)

typedef struct Clock {
    Nanos (*monotonic)(void *self);  // never goes back; only differences mean something
    Nanos (*wall)(void *self);       // since 1970-01-01 UTC
    void *self;
} Clock;

static inline Nanos clock_now(const Clock *c) { return c->monotonic(c->self); }
static inline Nanos clock_wall(const Clock *c) { return c->wall(c->self); }

extern const Clock system_clock;

enum { STAMP_LEN = 18, STAMP_SIZE = 20 };  // "26-11-22-15h04m05s"; with its NUL

void clock_stamp(Nanos wall, char out[STAMP_SIZE]);  // local time, %y-%m-%d-%Hh%Mm%Ss
void clock_utc(Nanos wall, char out[STAMP_SIZE + 8]);  // 2026-11-22T15:04:05Z
void clock_date(Nanos wall, char out[12]);           // local date 2026-11-22

#endif
