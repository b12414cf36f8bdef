// SPDX-License-Identifier: Apache-2.0
//
// Goes over files of records and says which to keep, so that no two kept ones are near-duplicates of
// each other. A record is dropped for the kept record that it is most like; a cluster is a kept record
// with those that were dropped for it.
//
//   first         in the order of the files: one pass and the memory of seen.h, or where memory is bounded
//                 two passes and that of bulk.h, with the same result
//   longest       the longest texts are kept; handwritten: handwritten ones are kept before others
//   best          those with the highest score of their own (`score`, `quality` or `rating`), those without
//                 one after them; among equals those with the fewest faults (record_text_faults)
//
// All but the first go over the files twice, with 32 bytes a record more. So does a comparison by meaning
// too: whose words are new is then dropped where its embedding is near that of a kept record. In bounded memory
// the result is the same, but for what a graph would not find (vectors.h): where not all vectors fit, every one is
// compared, which takes four times as long for twice as many. Of Parquet
// files the kept rows are written as one Parquet file of the same schema.
//
// Records that share a run of words with texts of `against` are dropped before all (contain.h).
#ifndef CONFAB_DEDUP_SIFT_H
#define CONFAB_DEDUP_SIFT_H

#include "dedup/records.h"
#include "dedup/seen.h"

typedef enum SiftKeep { SIFT_FIRST, SIFT_LONGEST, SIFT_HANDWRITTEN, SIFT_BEST } SiftKeep;

typedef struct SiftOptions {
    const char *const *files;    // must all have one format
    size_t n_files;
    const char *const *against;
    size_t n_against;
    Str field;
    SiftKeep keep;
    double threshold;
    size_t memory;               // most bytes in memory, beyond them in unnamed files; 0: no bound. The bits
                                 // that say what is kept and the texts of `against` are not counted
    // Gives the vectors of n texts, one behind the other, in the arena. NULL: words alone count.
    const float *(*embed)(void *ctx, const Str *texts, size_t n, size_t *dimensions, Arena *a, Error *e);
    void *embed_ctx;
    double semantic_threshold;   // cosine
} SiftOptions;

// Whoever wants the results. Kept records come in the order of the files. NULL: not wanted.
typedef struct SiftSink {
    bool (*write)(void *ctx, Str bytes, Error *e);   // the kept records with all that stands around them
    bool (*clusters)(void *ctx, Str line, Error *e); // JSONL, a line a call
    bool (*hit)(void *ctx, Str line, Error *e);      // JSONL: what `against` found
    void *ctx;
} SiftSink;

enum { SIFT_STEPS = 20 };  // of the distribution: twentieths of similarity

typedef struct SiftReport {
    uint64_t records, kept;
    uint64_t exact, near;        // dropped because the words are the same, or nearly
    uint64_t meaning;            // dropped because they mean the same
    uint64_t clusters;           // kept records for which others were dropped
    uint64_t contaminated;       // dropped because of `against`
    uint64_t against, against_short;  // texts compared with; of those too short
    uint64_t similar[SIFT_STEPS + 1]; // near ones by similarity: [16] from 0.80 to below 0.85; [20] is 1
    size_t memory;               // bytes of the index
} SiftReport;

bool sift(const SiftOptions *options, const SiftSink *sink, SiftReport *report, Error *e);

#endif
