// SPDX-License-Identifier: Apache-2.0
//
// Rows on their way to the disk: copied when they are put, written as one transaction.
// Only journal/ includes this.
#ifndef CONFAB_JOURNAL_BATCH_H
#define CONFAB_JOURNAL_BATCH_H

#include "journal/store.h"

typedef struct Operation {
    enum { OP_ASK, OP_ANSWER, OP_VERDICT, OP_KEPT, OP_FACT } kind;
    StepKey key;
    union {
        AskRow ask;
        AnswerRow answer;
        VerdictRow verdict;
        KeptRow kept;
        struct {
            Str key, value;
        } fact;
    };
} Operation;

typedef struct Batch {
    Arena arena;        // the rows' bytes
    Operation *items;
    size_t n, cap;
    size_t bytes;
    Ticket last;        // of the newest row
} Batch;

void batch_add(Batch *b, const Operation *op);       // copies every text of it
bool batch_write(Batch *b, Store *store, Error *e);  // one transaction; rolled back on failure
void batch_clear(Batch *b);
void batch_free(Batch *b);

#endif
