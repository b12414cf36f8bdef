// SPDX-License-Identifier: Apache-2.0
//
// The SQLite file itself: its tables, its prepared statements, one call a row. Starts no threads and
// waits for none, but holds its users to one at a time: whoever comes in while another thread writes a
// transaction ends the program, before SQLite writes a log that a later reader takes for torn.
// Only journal/ includes this.
#ifndef CONFAB_JOURNAL_STORE_H
#define CONFAB_JOURNAL_STORE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "journal/journal.h"

enum { JOURNAL_FORMAT = 1 };  // PRAGMA user_version; a change of the tables raises it

typedef enum StoreStatement {
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_ROLLBACK,
    STORE_ASK,
    STORE_ANSWER,
    STORE_VERDICT,
    STORE_KEPT,
    STORE_FACT,
    STORE_VECTOR,
    STORE_GET_VECTOR,
    STORE_GET_FACT,
    STORE_GET_ANSWER,
    STORE_HAS_ANSWER,
    STORE_EACH,
    STORE_FIRST_ASKED,
    STORE_SUM_ASKED,
    STORE_SUM_JUDGED,
    STORE_EACH_KEPT,
    STORE_STATEMENTS,
} StoreStatement;

typedef struct Store {
    sqlite3 *db;
    sqlite3_stmt *statements[STORE_STATEMENTS];  // prepared at first use
    char path[4096];
    uint64_t settled_to;  // of sums.h, once it is known
    bool settled_known;
    atomic_bool writing;  // from store_begin to store_end, by the thread `writer`
    pthread_t writer;
} Store;

typedef enum StoreMode { STORE_CREATE, STORE_WRITE, STORE_READ } StoreMode;

bool store_open(Store *s, const char *path, StoreMode mode, const char *vfs, Error *e);
void store_close(Store *s);

static inline sqlite3_int64 store_id(StepKey key)
{
    return (sqlite3_int64)(key.iteration << 16 | (uint64_t)(key.attempt & 255) << 8 | (key.step & 255));
}

// NULL and an error if it cannot be prepared.
sqlite3_stmt *store_statement(Store *s, StoreStatement which, Error *e);
bool store_run(Store *s, StoreStatement which, Error *e);  // one without parameters
// One transaction. store_end writes it, or takes it back where `ok` is false, and says whether it is written.
bool store_begin(Store *s, Error *e);
bool store_end(Store *s, bool ok, Error *e);

bool store_ask(Store *s, StepKey key, const AskRow *row, Error *e);
bool store_answer(Store *s, StepKey key, const AnswerRow *row, Error *e);
bool store_verdict(Store *s, StepKey key, const VerdictRow *row, Error *e);
bool store_kept(Store *s, StepKey key, const KeptRow *row, Error *e);
bool store_fact(Store *s, Str key, Str value, Error *e);

bool store_error(Store *s, const char *doing, Error *e);  // false, from SQLite's last error
Str store_column(sqlite3_stmt *statement, int column);    // bytes valid until the next step

#endif
