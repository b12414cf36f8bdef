// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <time.h>

static Nanos read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (Nanos)t.tv_sec * NANOS_PER_SECOND + t.tv_nsec;
}

static Nanos monotonic(void *self)
{
    (void)self;
    return read_clock(CLOCK_MONOTONIC);
}

static Nanos wall_time(void *self)
{
    (void)self;
    return read_clock(CLOCK_REALTIME);
}

const Clock system_clock = {monotonic, wall_time, NULL};

static struct tm broken_down(Nanos wall, struct tm *(*convert)(const time_t *, struct tm *))
{
    time_t seconds = (time_t)(wall / NANOS_PER_SECOND);
    struct tm parts = {0};
    convert(&seconds, &parts);
    return parts;
}

void clock_stamp(Nanos wall, char out[STAMP_SIZE])
{
    struct tm t = broken_down(wall, localtime_r);
    strftime(out, STAMP_SIZE, "%y-%m-%d-%Hh%Mm%Ss", &t);
}

void clock_utc(Nanos wall, char out[STAMP_SIZE + 8])
{
    struct tm t = broken_down(wall, gmtime_r);
    strftime(out, STAMP_SIZE + 8, "%Y-%m-%dT%H:%M:%SZ", &t);
}

void clock_date(Nanos wall, char out[12])
{
    struct tm t = broken_down(wall, localtime_r);
    strftime(out, 12, "%Y-%m-%d", &t);
}
