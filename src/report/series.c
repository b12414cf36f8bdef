// SPDX-License-Identifier: Apache-2.0
#include "report/series.h"

static const Nanos finest = 100 * NANOS_PER_MS;

void series_add(Series *s, double value)
{
    if (!s->step) s->step = 1;
    if (s->n == (uint64_t)s->step * SERIES_POINTS) {
        for (size_t i = 0; i < SERIES_POINTS / 2; i++) s->sums[i] = s->sums[2 * i] + s->sums[2 * i + 1];
        for (size_t i = SERIES_POINTS / 2; i < SERIES_POINTS; i++) s->sums[i] = 0;
        s->step *= 2;
    }
    s->sums[s->n++ / s->step] += value;
}

size_t series_points(const Series *s, double out[SERIES_POINTS])
{
    size_t n = 0;
    for (uint64_t at = 0; at < s->n; at += s->step, n++) {
        uint64_t left = s->n - at;
        out[n] = s->sums[n] / (double)(left < s->step ? left : s->step);
    }
    return n;
}

// Slices of twice the width begin at even numbers, so that they do not depend on which event came first.
static void halve(Timeline *t)
{
    uint32_t joined[SERIES_POINTS] = {0};
    int64_t first = t->first >> 1;
    for (int64_t i = 0; i < SERIES_POINTS; i++) joined[((t->first + i) >> 1) - first] += t->counts[i];
    for (size_t i = 0; i < SERIES_POINTS; i++) t->counts[i] = joined[i];
    t->first = first;
    t->width *= 2;
}

static int64_t last_used(const Timeline *t)
{
    int64_t last = SERIES_POINTS - 1;
    while (last > 0 && !t->counts[last]) last--;
    return last;
}

static void move_back(Timeline *t, int64_t by)
{
    for (int64_t i = SERIES_POINTS - 1; i >= 0; i--) t->counts[i] = i >= by ? t->counts[i - by] : 0;
    t->first -= by;
}

void timeline_add(Timeline *t, Nanos when)
{
    if (when < 0) return;
    if (!t->width) {
        t->width = finest;
        t->first = when / finest;
    }
    int64_t at = when / t->width - t->first;
    while (at < 0 || at >= SERIES_POINTS) {
        if (at < 0 && last_used(t) - at < SERIES_POINTS) move_back(t, -at);
        else halve(t);
        at = when / t->width - t->first;
    }
    t->counts[at]++;
    t->n++;
}

size_t timeline_rates(const Timeline *t, double out[SERIES_POINTS], double *seconds)
{
    enum { EVENTS = 4 };  // of a point, at least on average: fewer would show nothing but when each came
    size_t n = 0, from = 0, last = (size_t)last_used(t);
    *seconds = 0;
    if (!t->n) return 0;
    while (!t->counts[from]) from++;
    size_t slices = last - from + 1, points = t->n / EVENTS < 2 ? 2 : (size_t)(t->n / EVENTS);
    size_t step = points < slices ? (slices + points - 1) / points : 1;
    double width = (double)t->width / (double)NANOS_PER_SECOND;
    for (size_t i = from; i <= last; i += step) {
        size_t end = i + step <= last + 1 ? i + step : last + 1;
        double events = 0;
        for (size_t k = i; k < end; k++) events += t->counts[k];
        out[n++] = events / (width * (double)(end - i)) * 60;
    }
    *seconds = width * (double)slices;
    return n;
}
