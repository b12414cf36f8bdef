// SPDX-License-Identifier: Apache-2.0
#include "report/tally.h"

#include <math.h>

#include "base/hash.h"
#include "base/random.h"
#include "base/utf8.h"

void tally_add(Tally *t, Arena *a, Str value)
{
    uint64_t hash = hash64(value, 0);
    t->total++;
    for (size_t i = 0; i < t->n_values; i++)
        if (t->values[i].hash == hash) {
            t->values[i].n++;
            return;
        }
    if (t->n_values == TALLY_VALUES) {
        t->others++;
        return;
    }
    if (!t->values) t->values = arena_new(a, TallyValue, TALLY_VALUES);
    t->values[t->n_values++] = (TallyValue){hash, 1, arena_str(a, utf8_cut(value, TALLY_NAME)), -1};
}

static int most_first(const void *a, const void *b)
{
    const TallyValue *x = a, *y = b;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    return str_cmp(x->name, y->name);
}

void tally_sort(Tally *t)
{
    if (t->n_values) qsort(t->values, t->n_values, sizeof *t->values, most_first);
}

double tally_evenness(const Tally *t)
{
    uint64_t named = t->total - t->others;
    if (t->n_values < 2) return 1;
    double bits = 0;
    for (size_t i = 0; i < t->n_values; i++) {
        double p = (double)t->values[i].n / (double)named;
        bits -= p * log2(p);
    }
    double even = bits / log2((double)t->n_values);
    return even < 1 ? even : 1;  // not beyond by a rounding
}

void wholes_add(Wholes *w, uint64_t x)
{
    w->counts[x < WHOLE_MAX ? x : WHOLE_MAX]++;
    w->n++;
    w->sum += x;
    if (x > w->most) w->most = x;
}

uint64_t wholes_percentile(const Wholes *w, double p)
{
    if (!w->n) return 0;
    uint64_t rank = (uint64_t)ceil(p * (double)w->n), seen = 0;
    for (uint64_t x = 0; x <= WHOLE_MAX; x++)
        if ((seen += w->counts[x]) >= rank && seen) return x;
    return WHOLE_MAX;
}

double wholes_mean(const Wholes *w) { return w->n ? (double)w->sum / (double)w->n : 0; }

void sample_add(Sample *s, double x, double y)
{
    uint64_t place = s->seen++;
    if (place >= SAMPLE_MAX) {
        Random r = random_from(place);
        place = random_below(&r, s->seen);
        if (place >= SAMPLE_MAX) return;
    }
    s->x[place] = x;
    s->y[place] = y;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double sample_percentile(const Sample *s, double p)
{
    size_t n = sample_size(s);
    if (!n) return 0;
    double *sorted = mem_alloc(n * sizeof *sorted);
    memcpy(sorted, s->x, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    size_t rank = (size_t)ceil(p * (double)n);
    double x = sorted[rank ? rank - 1 : 0];
    free(sorted);
    return x;
}
