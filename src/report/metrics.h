// SPDX-License-Identifier: Apache-2.0
//
// The numbers of a report, gathered row by row in bounded memory (about 15 MB, and at most 24 more for alike.h). Each metric
// names its source in metric_sources.c, for the page, for JSON and for whoever reads this.
#ifndef CONFAB_REPORT_METRICS_H
#define CONFAB_REPORT_METRICS_H

#include "base/clock.h"
#include "dedup/diversity.h"
#include "report/alike.h"
#include "report/coverage.h"
#include "report/mattr.h"
#include "report/series.h"
#include "report/tally.h"

enum {
    REPORT_LABELS = 100,       // labels and parameters that are told of
    REPORT_SAMPLES = 10,       // conversations that are shown
};

typedef struct ReportPair {
    Str name, value;           // plain text
} ReportPair;

typedef struct ReportTurn {
    Str role, name, text;      // plain text
} ReportTurn;

typedef struct ReportRow {
    Str id;
    bool handwritten;
    const ReportTurn *turns;   // without the system message
    size_t n_turns;
    const ReportPair *labels;  // topic, document, template and the labels, those that have a value
    size_t n_labels;
    const ReportPair *parameters;
    size_t n_parameters;
    const ReportPair *origin;  // where it came from, only for a sample
    size_t n_origin;
    Str text;                  // all turns, for the measures of words
    bool sample;               // it is shown
} ReportRow;

typedef struct ReportAnswer {
    bool kept;
    Str reason;
    unsigned attempt;
    Nanos wall, latency;       // latency 0: not known
    int64_t prompt_tokens, completion_tokens;
    int64_t cost;              // billionths
    double similarity;         // of a near-duplicate, else 0
} ReportAnswer;

typedef struct ReportParameter {
    Tally values;
    Sample numbers;            // of those values that are numbers
} ReportParameter;

typedef struct Report {
    Arena arena;
    // About the run, set by the caller.
    Str project, run, state, model, confab;
    uint64_t asked;
    bool cost_known;
    double seconds;            // spent running

    uint64_t conversations, handwritten, answers;
    int64_t prompt_tokens, completion_tokens, cost;
    Wholes turns, words, attempts;
    Tally labels[REPORT_LABELS];
    size_t n_labels;
    ReportParameter *parameters[REPORT_LABELS];
    size_t n_parameters;
    Coverage coverage[COVERAGE_VARIABLES];  // of what was drawn or asked; set up by the caller
    size_t n_coverage;
    Tally reasons;
    Timeline done;             // kept answers
    double similar[ALIKE_STEPS];  // rejected near-duplicates by similarity
    uint64_t n_similar;
    Sample latency;            // x: seconds, y: wall seconds
    Nanos first_wall, last_wall;
    Diversity diversity;
    Shingles shingles;
    uint64_t all_5grams;
    Series new_5grams;         // share of new ones in each hundred conversations
    Alike alike;
    Mattr mattr;
    double mattr_sum;
    uint64_t mattr_n;
    void *zstd;
    Buf packed;
    uint64_t text_bytes, packed_bytes;
    ReportRow samples[REPORT_SAMPLES];
    size_t n_samples;
} Report;

void report_init(Report *r);
void report_free(Report *r);
void report_add(Report *r, const ReportRow *row);
void report_answer(Report *r, const ReportAnswer *answer);
void report_finish(Report *r);     // before anything is read

double report_mattr(const Report *r);          // < 0: not measured
double report_compression(const Report *r);
double report_repeated(const Report *r);

// Counts a value of coverage[at] for a generated conversation.
static inline void report_drawn(Report *r, size_t at, Str key) { coverage_count(&r->coverage[at], key); }

#endif
