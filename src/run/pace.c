// SPDX-License-Identifier: Apache-2.0
#include "run/pace.h"

#include <math.h>

#include "journal/query.h"

typedef struct Times {
    double seconds;
    unsigned n;
} Times;

static bool add_time(void *ctx, const JudgedItem *item, Error *e)
{
    Times *t = ctx;
    e->kind = ERROR_NONE;
    if (item->latency > 0) {
        t->seconds += (double)item->latency / (double)NANOS_PER_SECOND;
        t->n++;
    }
    return t->n < PACE_SAMPLE;
}

// Seconds of an answer, on average; 0: not known.
static double answer_seconds(const Project *project, const char *stamp)
{
    Arena a = {0};
    Error e;
    KeptQuery *q;
    Times times = {0};
    if (kept_query_open(arena_printf(&a, "%.*s/.confab/%s.db", STR_ARG(project->folder), stamp).ptr, &q, &e)) {
        kept_query_judged(q, add_time, &times, &e);
        kept_query_close(q);
    }
    arena_free(&a);
    return times.n ? times.seconds / times.n : 0;
}

Pace pace_learn(const Project *project, const RunInfo *runs, size_t n, Str model, Str address)
{
    Pace pace = {0};
    for (size_t i = 0; i < n && pace.n < PACE_RUNS; i++) {
        const RunInfo *r = &runs[i];
        double answers = (double)(r->totals.kept + r->totals.rejected), seconds = (double)r->time / (double)NANOS_PER_SECOND;
        if (!str_eq(r->model, model) || !str_eq(r->address, address) || r->state == RUN_RUNNING) continue;
        if (answers < PACE_ANSWERS || seconds <= 0 || r->totals.completion_tokens <= 0) continue;
        double each = answer_seconds(project, r->stamp);
        if (each <= 0) continue;
        PaceRun *out = &pace.runs[pace.n++];
        *out = (PaceRun){.seconds = seconds, .answers = answers, .completion = (double)r->totals.completion_tokens,
                         .at_once = fmax(1, each * answers / seconds)};
        memcpy(out->stamp, r->stamp, sizeof out->stamp);
    }
    return pace;
}

static void at_pace_of(const PaceRun *r, const PaceAsk *ask, double *low, double *high)
{
    double at_once = fmax(1, fmin(ask->at_once, ask->answers_low));
    double same_low = r->seconds * ask->completion_low / r->completion, same_high = r->seconds * ask->completion_high / r->completion;
    double each = r->at_once / at_once;  // as long an answer, another number at once
    bool faster = each < 1 && ask->one_pace;
    *low = faster ? same_low : fmin(same_low, same_low * each);
    *high = faster ? same_high : fmax(same_high, same_high * each);
}

bool pace_seconds(const Pace *pace, const PaceAsk *ask, double *low, double *high)
{
    for (size_t i = 0; i < pace->n; i++) {
        double from, to;
        at_pace_of(&pace->runs[i], ask, &from, &to);
        if (i == 0 || from < *low) *low = from;
        if (i == 0 || to > *high) *high = to;
    }
    *low *= 5.0 / 6;
    *high *= 1.2;
    return pace->n > 0;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    if (!n) return 0;
    qsort(values, n, sizeof *values, by_size);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double pace_tokens_per_second(const Pace *pace)
{
    double values[PACE_RUNS];
    for (size_t i = 0; i < pace->n; i++) values[i] = pace->runs[i].completion / pace->runs[i].seconds;
    return median(values, pace->n);
}

double pace_at_once(const Pace *pace)
{
    double values[PACE_RUNS];
    for (size_t i = 0; i < pace->n; i++) values[i] = pace->runs[i].at_once;
    return median(values, pace->n);
}
