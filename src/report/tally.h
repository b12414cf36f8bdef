// SPDX-License-Identifier: Apache-2.0
//
// Counting in bounded memory: values by name, whole numbers with their percentiles, and a sample of real numbers.
#ifndef CONFAB_REPORT_TALLY_H
#define CONFAB_REPORT_TALLY_H

#include "base/arena.h"

enum {
    TALLY_VALUES = 400,    // different values that are named; more are counted together: no plot shows more
    TALLY_NAME = 120,      // bytes of a value's name
    WHOLE_MAX = 20000,     // whole numbers are exact below; above, they count as this
    SAMPLE_MAX = 4096,     // of real numbers: percentiles to about a percent
};

typedef struct TallyValue {
    uint64_t hash, n;
    Str name;
    double asked;          // share that it should have; < 0: not known
} TallyValue;

typedef struct Tally {
    Str name;
    TallyValue *values;
    size_t n_values;
    uint64_t total, others;  // of values beyond TALLY_VALUES
    bool any_asked;          // of some value it is known
} Tally;

void tally_add(Tally *t, Arena *a, Str value);
void tally_sort(Tally *t);                 // the most frequent first, of equals by name
// Shannon's entropy in bits divided by its maximum for so many values: 1 is even, 0 is one value only. One value: 1.
double tally_evenness(const Tally *t);

typedef struct Wholes {
    uint32_t counts[WHOLE_MAX + 1];
    uint64_t n, sum, most;
} Wholes;
void wholes_add(Wholes *w, uint64_t x);
uint64_t wholes_percentile(const Wholes *w, double p);  // nearest rank; 0 when empty
double wholes_mean(const Wholes *w);

// Reservoir sampling (Vitter 1985, algorithm R) with draws that follow from the count: the same every time.
typedef struct Sample {
    double x[SAMPLE_MAX], y[SAMPLE_MAX];
    uint64_t seen;
} Sample;
static inline size_t sample_size(const Sample *s) { return s->seen < SAMPLE_MAX ? (size_t)s->seen : SAMPLE_MAX; }
void sample_add(Sample *s, double x, double y);
double sample_percentile(const Sample *s, double p);    // of x; nearest rank; 0 when empty

#endif
