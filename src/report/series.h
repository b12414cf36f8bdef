// SPDX-License-Identifier: Apache-2.0
//
// How something goes on, in bounded memory: a Series averages values in the order in which they come, a Timeline counts
// events by time. When either is full its neighbours are joined two by two, so it always shows the whole.
#ifndef CONFAB_REPORT_SERIES_H
#define CONFAB_REPORT_SERIES_H

#include "base/clock.h"

enum { SERIES_POINTS = 128 };

typedef struct Series {
    double sums[SERIES_POINTS];
    uint32_t step;             // values of a full point, a power of two; 0: none came yet
    uint64_t n;                // values that came
} Series;

void series_add(Series *s, double value);
size_t series_points(const Series *s, double out[SERIES_POINTS]);  // means; how many

typedef struct Timeline {
    uint32_t counts[SERIES_POINTS];
    Nanos width;               // of a slice; 0: nothing came yet
    int64_t first;             // number of the first slice since 1970
    uint64_t n;
} Timeline;

void timeline_add(Timeline *t, Nanos when);    // in any order
// Rates a minute from the first slice with an event to the last, of several together where events are few; returns how many. *seconds: all of them together.
size_t timeline_rates(const Timeline *t, double out[SERIES_POINTS], double *seconds);

#endif
