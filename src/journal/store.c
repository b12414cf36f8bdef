// SPDX-License-Identifier: Apache-2.0
#include "journal/store.h"

#include <stdlib.h>

static const char tables[] =
    "CREATE TABLE ask(id INTEGER PRIMARY KEY, wall INTEGER, tokens_at_most INTEGER, cost_at_most INTEGER,"
    " prompt_sha256 TEXT, tries INTEGER, tokens_lost INTEGER, cost_lost INTEGER);"
    "CREATE TABLE answer(id INTEGER PRIMARY KEY, wall INTEGER, latency INTEGER, status INTEGER, endpoint TEXT,"
    " raw BLOB);"
    "CREATE TABLE verdict(id INTEGER PRIMARY KEY, final INTEGER, reason TEXT, message TEXT, wall INTEGER,"
    " prompt_tokens INTEGER, completion_tokens INTEGER, cached_tokens INTEGER, tokens_known INTEGER, cost INTEGER,"
    " similarity REAL, near INTEGER);"
    "CREATE TABLE kept(iteration INTEGER PRIMARY KEY, attempt INTEGER, record TEXT, csv TEXT, drawn TEXT,"
    " conversation TEXT, text TEXT);"
    "CREATE TABLE fact(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;";

// Made with the first row of it: most runs have none.
static const char vector_table[] = "CREATE TABLE IF NOT EXISTS vector(iteration INTEGER PRIMARY KEY, vector BLOB);";

static const char *const sql[STORE_STATEMENTS] = {
    [STORE_BEGIN] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",
    [STORE_ASK] = "INSERT INTO ask VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET wall=excluded.wall,"
                  " tokens_at_most=excluded.tokens_at_most, cost_at_most=excluded.cost_at_most, tries=excluded.tries,"
                  " tokens_lost=excluded.tokens_lost, cost_lost=excluded.cost_lost",
    [STORE_FIRST_ASKED] = "SELECT min(id) FROM ask",
    [STORE_SUM_ASKED] = "SELECT sum(tries), sum(tokens_lost), sum(cost_lost) FROM ask WHERE id>=? AND id<?",
    // An iteration that was given up and is asked for again counts as given up no longer.
    [STORE_SUM_JUDGED] = "SELECT reason, count(*), sum(CASE WHEN final AND reason<>'kept' THEN NOT EXISTS(SELECT 1 FROM ask"
                         " WHERE ask.id>verdict.id AND ask.id<((verdict.id>>16)+1)<<16) ELSE final END), sum(prompt_tokens), sum(completion_tokens),"
                         " sum(cached_tokens), sum(cost), min(tokens_known) FROM verdict"
                         " WHERE id>=?1 AND id<?2 GROUP BY reason",
    [STORE_ANSWER] = "INSERT OR REPLACE INTO answer VALUES(?,?,?,?,?,?)",
    [STORE_VERDICT] = "INSERT OR REPLACE INTO verdict VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
    [STORE_KEPT] = "INSERT OR REPLACE INTO kept VALUES(?,?,?,?,?,?,?)",
    [STORE_VECTOR] = "INSERT OR REPLACE INTO vector VALUES(?,?)",
    [STORE_GET_VECTOR] = "SELECT vector FROM vector WHERE iteration=?",
    [STORE_FACT] = "INSERT OR REPLACE INTO fact VALUES(?,?)",
    [STORE_GET_FACT] = "SELECT value FROM fact WHERE key=?",
    [STORE_GET_ANSWER] = "SELECT wall,latency,status,endpoint,raw FROM answer WHERE id=?",
    [STORE_HAS_ANSWER] = "SELECT 1 FROM answer WHERE id=?",
    [STORE_EACH] = "SELECT ask.id, ask.tries, ask.tokens_at_most, ask.cost_at_most, ask.tokens_lost,"
                   " ask.cost_lost, verdict.final, verdict.reason FROM ask LEFT JOIN verdict USING(id)"
                   " WHERE ask.id>=? ORDER BY ask.id",
    [STORE_EACH_KEPT] = "SELECT iteration,record,csv,drawn,conversation,text FROM kept ORDER BY iteration",
};

bool store_error(Store *s, const char *doing, Error *e)
{
    int code = s->db ? sqlite3_extended_errcode(s->db) : SQLITE_NOMEM;
    error_set(e, ERROR_FILE, "journal", "cannot %s the journal: %s", doing, s->db ? sqlite3_errmsg(s->db) : "out of memory");
    error_at_file(e, str_from(s->path));
    switch (code & 255) {
    case SQLITE_FULL: return error_hint(e, "the disk is full: free some space, then `confab resume`");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM: return error_hint(e, "check who may write and read in the project's .confab folder");
    case SQLITE_IOERR: return error_hint(e, "the disk reports an error; what was durable can be resumed with `confab resume`");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return error_hint(e, "the file is damaged or is not a journal of confab's");
    case SQLITE_BUSY: return error_hint(e, "another program has it open");
    default: return false;
    }
}

static bool run_sql(Store *s, const char *text, const char *doing, Error *e)
{
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK || store_error(s, doing, e);
}

static bool set_up(Store *s, StoreMode mode, Error *e)
{
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, 2000);
    if (mode == STORE_READ) return true;
    // Larger checkpoints than SQLite's 1,000 pages: each costs a sync that the run waits for.
    if (!run_sql(s, "PRAGMA page_size=16384; PRAGMA secure_delete=OFF; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;", "set up", e))
        return false;
    // After a failed sync the log may hold transactions that look committed and are not on the disk. A
    // checkpoint syncs them before anything is built on them.
    if (mode != STORE_CREATE) return run_sql(s, "PRAGMA wal_checkpoint(TRUNCATE);", "set up", e);
    char version[64];
    snprintf(version, sizeof version, "PRAGMA user_version=%d; COMMIT;", JOURNAL_FORMAT);
    return run_sql(s, "BEGIN IMMEDIATE;", "create", e) && run_sql(s, tables, "create", e) && run_sql(s, version, "create", e);
}

static bool say_unborn(const Store *s, Error *e)
{
    error_set(e, ERROR_FILE, "unborn", "a journal that was never begun");
    error_at_file(e, str_from(s->path));
    return error_hint(e, "nothing had been asked for yet: start the run again");
}

static bool check_format(Store *s, Error *e)
{
    sqlite3_stmt *statement;
    int format = -1;
    if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK) {
        if (sqlite3_step(statement) == SQLITE_ROW) format = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
    }
    if (format == JOURNAL_FORMAT) return true;
    // A log to roll back is there only until the file is made a journal.
    if (format == 0 || sqlite3_extended_errcode(s->db) == SQLITE_READONLY_ROLLBACK) return say_unborn(s, e);
    if (format < 0) return store_error(s, "read", e);
    error_set(e, ERROR_FILE, "journal", "a journal of format %d; this confab writes format %d", format, JOURNAL_FORMAT);
    error_at_file(e, str_from(s->path));
    return error_hint(e, format > JOURNAL_FORMAT ? "use the newer confab that began the run" : "start a new run");
}

bool store_open(Store *s, const char *path, StoreMode mode, const char *vfs, Error *e)
{
    static const int flags[] = {
        [STORE_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE,
        [STORE_WRITE] = SQLITE_OPEN_READWRITE,
        [STORE_READ] = SQLITE_OPEN_READONLY,
    };
    *s = (Store){0};
    snprintf(s->path, sizeof s->path, "%s", path);
    bool ok = sqlite3_open_v2(path, &s->db, flags[mode] | SQLITE_OPEN_NOMUTEX, vfs) == SQLITE_OK ||
              store_error(s, mode == STORE_CREATE ? "create" : "open", e);
    ok = ok && set_up(s, mode, e) && (mode == STORE_CREATE || check_format(s, e));
    if (!ok) store_close(s);
    return ok;
}

void store_close(Store *s)
{
    for (size_t i = 0; i < STORE_STATEMENTS; i++) sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->db);
    s->db = NULL;
    memset(s->statements, 0, sizeof s->statements);
}

// Acquire and release, so that `writer` is read as it was set.
static void be_alone(const Store *s)
{
    if (!atomic_load_explicit(&s->writing, memory_order_acquire) || pthread_equal(s->writer, pthread_self())) return;
    fputs("confab: internal error: two threads in one journal\n", stderr);
    abort();
}

sqlite3_stmt *store_statement(Store *s, StoreStatement which, Error *e)
{
    be_alone(s);
    sqlite3_stmt **slot = &s->statements[which];
    if (!*slot && sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK) {
        store_error(s, "prepare", e);
        return NULL;
    }
    sqlite3_reset(*slot);
    return *slot;
}

static bool finish(Store *s, sqlite3_stmt *statement, Error *e)
{
    int code = sqlite3_step(statement);
    bool ok = code == SQLITE_DONE || store_error(s, "write", e);
    sqlite3_reset(statement);
    return ok;
}

bool store_run(Store *s, StoreStatement which, Error *e)
{
    sqlite3_stmt *statement = store_statement(s, which, e);
    return statement && finish(s, statement, e);
}

bool store_begin(Store *s, Error *e)
{
    be_alone(s);
    s->writer = pthread_self();
    atomic_store_explicit(&s->writing, true, memory_order_release);
    return store_run(s, STORE_BEGIN, e);
}

bool store_end(Store *s, bool ok, Error *e)
{
    ok = ok && store_run(s, STORE_COMMIT, e);
    if (!ok && !sqlite3_get_autocommit(s->db)) store_run(s, STORE_ROLLBACK, NULL);
    atomic_store_explicit(&s->writing, false, memory_order_release);
    return ok;
}

// The bytes outlive the step, so SQLite need not copy them.
static void bind_text(sqlite3_stmt *statement, int at, Str text)
{
    sqlite3_bind_text64(statement, at, text.ptr ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

bool store_ask(Store *s, StepKey key, const AskRow *row, Error *e)
{
    sqlite3_stmt *q = store_statement(s, STORE_ASK, e);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, store_id(key));
    sqlite3_bind_int64(q, 2, row->wall);
    sqlite3_bind_int64(q, 3, row->tokens_at_most);
    sqlite3_bind_int64(q, 4, row->cost_at_most);
    bind_text(q, 5, row->prompt_sha256);
    sqlite3_bind_int64(q, 6, row->tries);
    sqlite3_bind_int64(q, 7, row->tokens_lost);
    sqlite3_bind_int64(q, 8, row->cost_lost);
    return finish(s, q, e);
}

bool store_answer(Store *s, StepKey key, const AnswerRow *row, Error *e)
{
    sqlite3_stmt *q = store_statement(s, STORE_ANSWER, e);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, store_id(key));
    sqlite3_bind_int64(q, 2, row->wall);
    sqlite3_bind_int64(q, 3, row->latency);
    sqlite3_bind_int(q, 4, row->status);
    bind_text(q, 5, row->endpoint);
    sqlite3_bind_blob64(q, 6, row->raw.ptr ? row->raw.ptr : "", row->raw.len, SQLITE_STATIC);
    return finish(s, q, e);
}

bool store_verdict(Store *s, StepKey key, const VerdictRow *row, Error *e)
{
    sqlite3_stmt *q = store_statement(s, STORE_VERDICT, e);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, store_id(key));
    sqlite3_bind_int(q, 2, row->final);
    bind_text(q, 3, row->reason);
    bind_text(q, 4, row->message);
    sqlite3_bind_int64(q, 5, row->wall);
    sqlite3_bind_int64(q, 6, row->prompt_tokens);
    sqlite3_bind_int64(q, 7, row->completion_tokens);
    sqlite3_bind_int64(q, 8, row->cached_tokens);
    sqlite3_bind_int(q, 9, row->tokens_known);
    sqlite3_bind_int64(q, 10, row->cost);
    sqlite3_bind_double(q, 11, row->similarity);
    sqlite3_bind_int64(q, 12, (sqlite3_int64)row->near);
    return finish(s, q, e);
}

static bool store_vector(Store *s, uint64_t iteration, Str vector, Error *e)
{
    sqlite3_stmt *q = store_statement(s, STORE_VECTOR, NULL);
    if (!q && (!run_sql(s, vector_table, "write", e) || !(q = store_statement(s, STORE_VECTOR, e)))) return false;
    sqlite3_bind_int64(q, 1, (sqlite3_int64)iteration);
    sqlite3_bind_blob64(q, 2, vector.ptr, vector.len, SQLITE_STATIC);
    return finish(s, q, e);
}

bool store_kept(Store *s, StepKey key, const KeptRow *row, Error *e)
{
    sqlite3_stmt *q = store_statement(s, STORE_KEPT, e);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, (sqlite3_int64)key.iteration);
    sqlite3_bind_int64(q, 2, key.attempt);
    bind_text(q, 3, row->record);
    bind_text(q, 4, row->csv);
    bind_text(q, 5, row->drawn);
    bind_text(q, 6, row->conversation);
    bind_text(q, 7, row->text);
    return finish(s, q, e) && (!row->vector.len || store_vector(s, key.iteration, row->vector, e));
}

bool store_fact(Store *s, Str key, Str value, Error *e)
{
    sqlite3_stmt *q = store_statement(s, STORE_FACT, e);
    if (!q) return false;
    bind_text(q, 1, key);
    bind_text(q, 2, value);
    return finish(s, q, e);
}

Str store_column(sqlite3_stmt *statement, int column)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    return (Str){bytes, (size_t)sqlite3_column_bytes(statement, column)};
}
