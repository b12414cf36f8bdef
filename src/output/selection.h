// SPDX-License-Identifier: Apache-2.0
//
// Which kept conversations an export takes, and into which part each goes. Made in one pass over what was drawn
// for the rows of all runs, before any of them is written: 9 bytes a row are held, with a split about 50.
//
// A run that drew from a partition of its own (run --partition eval) keeps it as its part; only rows of "train" are
// split. What groups.h names stays in one part. Handwritten examples go to "train", or to the first part where there is
// none of that name; so does what is nearly the same as one, and what is nearly the same as a row of another partition
// goes to that.
#ifndef CONFAB_OUTPUT_SELECTION_H
#define CONFAB_OUTPUT_SELECTION_H

#include "journal/query.h"
#include "output/export.h"
#include "output/groups.h"

enum { SELECTION_NONE = 255 };  // not taken

typedef struct SelectionRules {
    Str where;                  // absent: all
    bool generated, handwritten;
    uint64_t sample;            // 0: all
    uint64_t seed;
    SplitShare shares[SPLIT_PARTS];
    size_t n_shares;            // 0: no split
    Str stratify;               // a label, or topic, document, template; absent: nothing
    Str together;               // likewise: conversations of one value stay in one part
    double threshold;           // of near-duplicates, with a split
    const Str *turn_labels;     // raw keys that the project knows of; others are found in a run's first rows
    size_t n_turn_labels;
} SelectionRules;

typedef struct Selection {
    uint8_t *parts;             // by place over all runs; NULL: every row by its partition
    size_t n;
    Str names[EXPORT_PARTS];
    size_t n_names;
    ExportLabel labels[EXPORT_LABELS];  // of all runs
    size_t n_labels;
    Str turn_labels[EXPORT_TURN_LABELS];  // raw keys, likewise
    size_t n_turn_labels;
    uint64_t taken[EXPORT_PARTS];
    uint64_t groups;            // of rows that had to stay together; with a split
    uint64_t near;              // rows that are nearly the same as an earlier one; likewise
} Selection;

bool selection_make(const SelectionRules *rules, KeptQuery *const *runs, size_t n_runs, Arena *a, Selection *out, Error *e);
// The part of the row at `place`, or SELECTION_NONE.
unsigned selection_part(const Selection *s, size_t place, const ExportRow *row);
void selection_free(Selection *s);

#endif
