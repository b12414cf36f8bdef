// SPDX-License-Identifier: Apache-2.0
//
// The kept conversations of one run for whoever exports or shows them: a connection of its own that
// only reads, also while the run goes on. Rows that are not in the journal (handwritten examples) can
// be added for the time of the query; they come after the others.
//
// `where` is a person's own SQL expression over the view `conversations`:
//   "index"  attempt  source  topic  document  template  exchanges  turns  text
// and one column for each label and injection of the run. An authorizer refuses everything but
// reading that view with SQLite's ordinary functions, so an expression copied from somewhere can
// neither write, nor attach a file, nor see another table; it may run for as long as it likes, and
// Ctrl-C ends it.
#ifndef CONFAB_JOURNAL_QUERY_H
#define CONFAB_JOURNAL_QUERY_H

#include "journal/journal.h"

typedef struct KeptQuery KeptQuery;

#define QUERY_ADDED ((uint64_t)1 << 48)  // iterations of added rows count from here

typedef enum KeptColumn {   // what a reader wants to see; what it does not, is not read from the disk's pages
    KEPT_RECORD = 1,
    KEPT_CSV = 2,
    KEPT_DRAWN = 4,
    KEPT_CONVERSATION = 8,
    KEPT_TEXT = 16,
} KeptColumn;

bool kept_query_open(const char *path, KeptQuery **out, Error *e);
void kept_query_close(KeptQuery *q);

bool kept_query_add(KeptQuery *q, const KeptRow *row, Error *e);

// The iterations for which the expression holds, ascending. The caller frees *out. An expression
// that is wrong is an error of kind usage (code "where").
bool kept_query_where(KeptQuery *q, Str expression, uint64_t **out, size_t *n, Error *e);

// Calls `each` for all rows in order, from iteration `from` on; it may return false with *e set, or
// with e->kind ERROR_NONE to stop. The row's texts live until it returns.
bool kept_query_each(KeptQuery *q, uint64_t from, unsigned columns, bool (*each)(void *ctx, const KeptItem *item, Error *e),
                     void *ctx, Error *e);

// Every judged answer, in order: what it cost and how long it took. `latency` is 0 where no answer is stored.
typedef struct JudgedItem {
    uint64_t iteration;
    uint32_t attempt;
    Str reason;          // "kept", or the finding's name
    Nanos wall, latency;
    int64_t prompt_tokens, completion_tokens;
    Money cost;
    double similarity;
} JudgedItem;
bool kept_query_judged(KeptQuery *q, bool (*each)(void *ctx, const JudgedItem *item, Error *e), void *ctx, Error *e);

// Why an answer was judged as it was, in `a`. False: it was not judged.
bool kept_query_reason(KeptQuery *q, uint64_t iteration, uint32_t attempt, Arena *a, Str *reason, Str *message_or_null);

bool kept_query_count(KeptQuery *q, uint64_t *n, Error *e);

#endif
