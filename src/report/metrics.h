// SPDX-License-Identifier: Apache-2.0
//
// The numbers of a report, gathered row by row in bounded memory (about 10 MB).
//
//   turns, words            of each conversation; percentiles by nearest rank
//   distinct-1, -2, -3      different runs of so many words, divided by all (Li et al. 2016; dedup/diversity.h)
//   repeated 5-grams        share of all runs of five words that came before in the dataset
//   new 5-grams             share of the last hundred conversations' 5-grams that none before had
//   compression ratio       bytes of all texts divided by their size in Zstandard, level 3, whose window is 2 MiB (after
//                           Shaib et al. 2024, who use gzip): 2 to 3 is ordinary prose, more is repetition
//   MATTR                   moving-average type-token ratio, windows of 50 words (Covington, McFall 2010), averaged
//                           over conversations of at least 50 words
//   evenness                of a label's values: entropy divided by its maximum
//   openers                 the commonest first four words of a conversation
#ifndef CONFAB_REPORT_METRICS_H
#define CONFAB_REPORT_METRICS_H

#include "base/clock.h"
#include "dedup/diversity.h"
#include "report/tally.h"

enum {
    REPORT_LABELS = 100,       // labels and parameters that are told of
    REPORT_SAMPLES = 10,       // conversations that are shown
    MATTR_WINDOW = 50,
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
    Tally reasons;
    Sample latency;            // x: seconds, y: wall seconds
    Nanos first_wall, last_wall;
    Diversity diversity;
    Shingles shingles;
    uint64_t all_5grams;
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

// {"version":1,"run":…,"metrics":{name:number},"labels":{name:{value:count}},"rejected":{…},"openers":[…]}
void report_json(const Report *r, Buf *out);

#endif
