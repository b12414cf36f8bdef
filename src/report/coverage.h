// SPDX-License-Identifier: Apache-2.0
//
// What was drawn against what could be drawn: for each variable (topic, document, template, an injection, a label that
// is asked of the model) all values that are possible, how often each came, and which never did. The caller names the
// possible values before the first row; a value that is none of them (of an earlier state of the project) is counted apart.
#ifndef CONFAB_REPORT_COVERAGE_H
#define CONFAB_REPORT_COVERAGE_H

#include "base/arena.h"

enum {
    COVERAGE_VARIABLES = 300,     // variables of one report: injections, labels and six more
    COVERAGE_VALUES = 1000000,    // of one variable, as many as an injection may have
};

typedef struct CoverageValue {
    Str key;                      // by which it is counted
    Str name;                     // by which it is shown; the same, mostly
    double share;                 // that it should have of all draws; < 0: not known
    uint64_t n;
} CoverageValue;

typedef struct Coverage {
    Str name;
    const char *kind;             // "topic", "injection", …: for people
    CoverageValue *values;        // of the caller's arena
    size_t n;
    uint64_t drawn;               // of all values, unknown ones not
    uint64_t unknown;
    uint32_t *slots;              // index + 1 by hash of the key, open addressing
    uint64_t *hashes;
    size_t mask;
} Coverage;

// `values` must outlive it; of equal keys the first counts.
void coverage_init(Coverage *c, Str name, const char *kind, CoverageValue *values, size_t n, Arena *a);
void coverage_count(Coverage *c, Str key);

// The share of the value with this hash (hash64 of its key); < 0: none, or not known.
double coverage_share(const Coverage *c, uint64_t hash);

size_t coverage_seen(const Coverage *c);          // values that came at least once
// Shannon's entropy of the draws in bits ("A Mathematical Theory of Communication", 1948), and the most it could be: the
// logarithm to base 2 of how many values are possible.
double coverage_entropy(const Coverage *c);
double coverage_entropy_most(const Coverage *c);

#endif
