// SPDX-License-Identifier: Apache-2.0
#include "journal/journal_internal.h"
#include "journal/sums.h"

// The one connection must never be in two threads at once: SQLite then writes a log that a later
// reader takes for torn. So each read first waits until the journal's thread has nothing left to write;
// what it reads is also what was put last. After a failed write the thread writes no more.
static Store *idle_store(Journal *j)
{
    journal_flush(j, NULL);
    return &j->store;
}

bool journal_get_fact(Journal *j, Str key, Arena *a, Str *value)
{
    sqlite3_stmt *q = store_statement(idle_store(j), STORE_GET_FACT, NULL);
    if (!q) return false;
    sqlite3_bind_text64(q, 1, key.ptr, key.len, SQLITE_STATIC, SQLITE_UTF8);
    bool found = sqlite3_step(q) == SQLITE_ROW;
    if (found) *value = arena_str(a, store_column(q, 0));
    sqlite3_reset(q);
    return found;
}

bool journal_sum(Journal *j, JournalSums *out, Error *e) { return sums_read(idle_store(j), out, e); }

static bool has_answer(Journal *j, sqlite3_int64 id, bool *answered, Error *e)
{
    sqlite3_stmt *q = store_statement(&j->store, STORE_HAS_ANSWER, e);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, id);
    int code = sqlite3_step(q);
    *answered = code == SQLITE_ROW;
    bool ok = code == SQLITE_ROW || code == SQLITE_DONE || store_error(&j->store, "read", e);
    sqlite3_reset(q);
    return ok;
}

// Reads one row of STORE_EACH. Only the rows without a verdict cost a look at the answers.
static bool read_state(Journal *j, sqlite3_stmt *q, IterationState *out, Error *e)
{
    uint64_t id = (uint64_t)sqlite3_column_int64(q, 0);
    *out = (IterationState){
        .iteration = id >> 16,
        .attempt = (uint32_t)(id >> 8 & 255),
        .tries = (uint32_t)sqlite3_column_int64(q, 1),
        .tokens_at_most = sqlite3_column_int64(q, 2),
        .cost_at_most = sqlite3_column_int64(q, 3),
        .tokens_lost = sqlite3_column_int64(q, 4),
        .cost_lost = sqlite3_column_int64(q, 5),
        .judged = sqlite3_column_type(q, 6) != SQLITE_NULL,
        .final = sqlite3_column_int(q, 6) != 0,
        .kept = str_eq(store_column(q, 7), S("kept")),
    };
    out->answered = out->judged;
    return out->judged || has_answer(j, (sqlite3_int64)id, &out->answered, e);
}

bool journal_each_iteration(Journal *j, uint64_t from, bool (*each)(void *, const IterationState *), void *ctx, Error *e)
{
    sqlite3_stmt *q = store_statement(idle_store(j), STORE_EACH, e);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, (sqlite3_int64)(from << 16));
    IterationState latest = {0}, next;
    bool some = false, ok = true, go_on = true;
    int code;
    while (go_on && (code = sqlite3_step(q)) == SQLITE_ROW) {
        if (!(ok = read_state(j, q, &next, e))) break;
        // Attempts of one iteration follow each other; the last one tells.
        if (some && next.iteration != latest.iteration) go_on = each(ctx, &latest);
        latest = next;
        some = true;
    }
    if (ok && go_on && code != SQLITE_DONE) ok = store_error(&j->store, "read", e);
    sqlite3_reset(q);
    if (ok && go_on && some) each(ctx, &latest);
    return ok;
}

bool journal_get_answer(Journal *j, StepKey key, Arena *a, AnswerRow *out, Error *e)
{
    *e = (Error){0};
    sqlite3_stmt *q = store_statement(idle_store(j), STORE_GET_ANSWER, e);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, store_id(key));
    int code = sqlite3_step(q);
    if (code == SQLITE_ROW)
        *out = (AnswerRow){
            .wall = sqlite3_column_int64(q, 0),
            .latency = sqlite3_column_int64(q, 1),
            .status = sqlite3_column_int(q, 2),
            .endpoint = arena_str(a, store_column(q, 3)),
            .raw = arena_str(a, store_column(q, 4)),
        };
    else if (code != SQLITE_DONE)
        store_error(&j->store, "read", e);
    sqlite3_reset(q);
    return code == SQLITE_ROW;
}

bool journal_get_vector(Journal *j, uint64_t iteration, Arena *a, Str *out)
{
    // A journal in which nothing was compared by meaning has no such table.
    sqlite3_stmt *q = store_statement(idle_store(j), STORE_GET_VECTOR, NULL);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, (sqlite3_int64)iteration);
    bool found = sqlite3_step(q) == SQLITE_ROW;
    if (found) *out = arena_str(a, store_column(q, 0));
    sqlite3_reset(q);
    return found;
}

struct KeptReader {
    Journal *journal;
    sqlite3_stmt *statement;
};

KeptReader *journal_read_kept(Journal *j, Error *e)
{
    sqlite3_stmt *q = store_statement(idle_store(j), STORE_EACH_KEPT, e);
    if (!q) return NULL;
    KeptReader *r = mem_alloc(sizeof *r);
    *r = (KeptReader){j, q};
    return r;
}

bool kept_next(KeptReader *r, KeptItem *out, Error *e)
{
    *e = (Error){0};
    idle_store(r->journal);
    int code = sqlite3_step(r->statement);
    if (code == SQLITE_DONE) return false;
    if (code != SQLITE_ROW) return store_error(&r->journal->store, "read", e);
    *out = (KeptItem){
        .iteration = (uint64_t)sqlite3_column_int64(r->statement, 0),
        .row = {store_column(r->statement, 1), store_column(r->statement, 2), store_column(r->statement, 3),
                store_column(r->statement, 4), store_column(r->statement, 5), {0}},
    };
    return true;
}

void kept_close(KeptReader *r)
{
    if (!r) return;
    sqlite3_reset(r->statement);
    free(r);
}
