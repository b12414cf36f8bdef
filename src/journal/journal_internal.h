// SPDX-License-Identifier: Apache-2.0
//
// A Journal from inside, for journal.c and read.c.
#ifndef CONFAB_JOURNAL_INTERNAL_H
#define CONFAB_JOURNAL_INTERNAL_H

#include <pthread.h>

#include "journal/batch.h"

struct Journal {
    Store store;             // used by the thread while it runs, else by the caller
    JournalOptions options;
    bool threaded;
    pthread_t thread;
    pthread_mutex_t mutex;   // guards everything below
    pthread_cond_t filled;   // there is something to write, or enough, or `hurry`, or `closing`; its clock is monotonic
    pthread_cond_t written;  // `durable` or `failed` changed
    Batch batches[2];        // one gathers, one is written
    unsigned gathering;
    bool writing;
    bool hurry;              // what is gathered is to be written at once
    bool held;               // the thread begins no transaction: journal_gather
    bool closing;
    bool failed;
    Error error;
    Ticket put;              // the newest ticket given out
    Ticket durable;
};

#endif
