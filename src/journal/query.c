// SPDX-License-Identifier: Apache-2.0
#include "journal/query.h"

#include <sqlite3.h>

#include "base/json_slice.h"

struct KeptQuery {
    sqlite3 *db;
    char path[4096];
    uint64_t added;
};

static bool query_error(const KeptQuery *q, const char *doing, Error *e)
{
    error_set(e, ERROR_FILE, "journal", "cannot %s the journal: %s", doing, q->db ? sqlite3_errmsg(q->db) : "out of memory");
    return error_at_file(e, str_from(q->path));
}

// The added rows live in memory: the connection itself can write nothing else.
static const char *const temp_table =
    "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4096;"
    "CREATE TEMP TABLE added(iteration INTEGER PRIMARY KEY, attempt INTEGER, record TEXT, csv TEXT, drawn TEXT,"
    " conversation TEXT, text TEXT);";

bool kept_query_open(const char *path, KeptQuery **out, Error *e)
{
    KeptQuery *q = mem_alloc(sizeof *q);
    *q = (KeptQuery){0};
    snprintf(q->path, sizeof q->path, "%s", path);
    bool ok = sqlite3_open_v2(path, &q->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK;
    if (ok) {
        sqlite3_busy_timeout(q->db, 2000);
        sqlite3_db_config(q->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        ok = sqlite3_exec(q->db, temp_table, NULL, NULL, NULL) == SQLITE_OK;
    }
    if (ok) return *out = q, true;
    query_error(q, "open", e);
    kept_query_close(q);
    return false;
}

void kept_query_close(KeptQuery *q)
{
    if (!q) return;
    sqlite3_close(q->db);
    free(q);
}

static sqlite3_stmt *prepare(const KeptQuery *q, const char *sql, Error *e)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(q->db, sql, -1, &s, NULL) != SQLITE_OK) query_error(q, "read", e);
    return s;
}

static void bind_text(sqlite3_stmt *s, int at, Str text)
{
    sqlite3_bind_text64(s, at, text.ptr ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

bool kept_query_add(KeptQuery *q, const KeptRow *row, Error *e)
{
    sqlite3_stmt *s = prepare(q, "INSERT INTO temp.added VALUES(?,NULL,?,?,?,?,?)", e);
    if (!s) return false;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)(QUERY_ADDED + q->added++));
    const Str texts[] = {row->record, row->csv, row->drawn, row->conversation, row->text};
    for (int i = 0; i < 5; i++) bind_text(s, i + 2, texts[i]);
    bool ok = sqlite3_step(s) == SQLITE_DONE || query_error(q, "read", e);
    sqlite3_finalize(s);
    return ok;
}

static Str column(sqlite3_stmt *s, int i)
{
    const char *text = sqlite3_column_blob(s, i);
    return (Str){text, (size_t)sqlite3_column_bytes(s, i)};
}

static bool each_of(KeptQuery *q, const char *table, uint64_t from, unsigned columns,
                    bool (*each)(void *, const KeptItem *, Error *), void *ctx, bool *go_on, Error *e)
{
    static const char *const names[] = {"record", "csv", "drawn", "conversation", "text"};
    char sql[160];
    int n = snprintf(sql, sizeof sql, "SELECT iteration");
    for (unsigned i = 0; i < 5; i++)
        if (columns >> i & 1) n += snprintf(sql + n, sizeof sql - (size_t)n, ",%s", names[i]);
    snprintf(sql + n, sizeof sql - (size_t)n, " FROM %s WHERE iteration>=? ORDER BY iteration", table);
    sqlite3_stmt *s = prepare(q, sql, e);
    if (!s) return false;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)from);
    int code = SQLITE_DONE;
    while (*go_on && (code = sqlite3_step(s)) == SQLITE_ROW) {
        KeptItem item = {.iteration = (uint64_t)sqlite3_column_int64(s, 0)};
        Str *const texts[] = {&item.row.record, &item.row.csv, &item.row.drawn, &item.row.conversation, &item.row.text};
        int at = 1;
        for (unsigned i = 0; i < 5; i++)
            if (columns >> i & 1) *texts[i] = column(s, at++);
        *go_on = each(ctx, &item, e);
    }
    bool ok = !*go_on || code == SQLITE_DONE || query_error(q, "read", e);
    sqlite3_finalize(s);
    return ok && e->kind == ERROR_NONE;
}

bool kept_query_each(KeptQuery *q, uint64_t from, unsigned columns, bool (*each)(void *, const KeptItem *, Error *), void *ctx,
                     Error *e)
{
    bool go_on = true;
    *e = (Error){0};
    return each_of(q, "main.kept", from, columns, each, ctx, &go_on, e) &&
           (!go_on || each_of(q, "temp.added", from, columns, each, ctx, &go_on, e));
}

bool kept_query_judged(KeptQuery *q, bool (*each)(void *, const JudgedItem *, Error *), void *ctx, Error *e)
{
    *e = (Error){0};
    sqlite3_stmt *s = prepare(q, "SELECT v.id, v.reason, v.wall, a.latency, v.prompt_tokens, v.completion_tokens, v.cost,"
                                 " v.similarity FROM main.verdict v LEFT JOIN main.answer a ON a.id=v.id ORDER BY v.id", e);
    if (!s) return false;
    int code;
    bool go_on = true;
    while (go_on && (code = sqlite3_step(s)) == SQLITE_ROW) {
        uint64_t id = (uint64_t)sqlite3_column_int64(s, 0);
        JudgedItem item = {
            .iteration = id >> 16,
            .attempt = (uint32_t)(id >> 8 & 255),
            .reason = column(s, 1),
            .wall = sqlite3_column_int64(s, 2),
            .latency = sqlite3_column_int64(s, 3),
            .prompt_tokens = sqlite3_column_int64(s, 4),
            .completion_tokens = sqlite3_column_int64(s, 5),
            .cost = sqlite3_column_int64(s, 6),
            .similarity = sqlite3_column_double(s, 7),
        };
        go_on = each(ctx, &item, e);
    }
    bool ok = !go_on || code == SQLITE_DONE || query_error(q, "read", e);
    sqlite3_finalize(s);
    return ok && e->kind == ERROR_NONE;
}

bool kept_query_reason(KeptQuery *q, uint64_t iteration, uint32_t attempt, Arena *a, Str *reason, Str *message)
{
    Error e;
    sqlite3_stmt *s = prepare(q, "SELECT reason, message FROM main.verdict WHERE id=?", &e);
    if (!s) return false;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)(iteration << 16 | (uint64_t)(attempt & 255) << 8));
    bool found = sqlite3_step(s) == SQLITE_ROW;
    if (found) *reason = arena_str(a, column(s, 0));
    if (found && message) *message = arena_str(a, column(s, 1));
    sqlite3_finalize(s);
    return found;
}

bool kept_query_count(KeptQuery *q, uint64_t *n, Error *e)
{
    sqlite3_stmt *s = prepare(q, "SELECT (SELECT count(*) FROM main.kept)+(SELECT count(*) FROM temp.added)", e);
    bool ok = s && (sqlite3_step(s) == SQLITE_ROW || query_error(q, "read", e));
    if (ok) *n = (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return ok;
}

// ---- where --------------------------------------------------------------------------------------

static const char *const fixed[] = {"index", "attempt", "source", "topic", "document", "template", "exchanges", "turns", "text"};

static void add_identifier(Buf *sql, Str name)
{
    buf_add_char(sql, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"') buf_add_char(sql, '"');
        buf_add_char(sql, name.ptr[i]);
    }
    buf_add_char(sql, '"');
}

// A column for a member of `drawn`. `path` leads to the object that holds it.
static void add_column(Buf *sql, const char *path, Str raw_key)
{
    Str name = str_slice(raw_key, 1, raw_key.len - 1);
    bool plain = name.len > 0 && name.len < 128 && str_find_char(name, '\\') == STR_NONE && name.ptr[0] != '@';
    for (size_t i = 0; i < name.len && plain; i++) plain = name.ptr[i] != '\'' && name.ptr[i] != 0;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed && plain; i++) plain = !str_eq_ignore_case(name, str_from(fixed[i]));
    if (!plain) return;
    buf_printf(sql, ", json_extract(drawn,'$%s.\"%.*s\"') AS ", path, STR_ARG(name));
    add_identifier(sql, name);
}

typedef struct Columns {
    Buf *sql;
} Columns;

// Names of the columns come from the first row: all rows of a run have the same labels.
static bool add_columns(void *ctx, const KeptItem *item, Error *e)
{
    (void)e;
    Buf *sql = ((Columns *)ctx)->sql;
    Str labels = json_slice_member(json_slice_member(item->row.drawn, S("@record")), S("labels")), key, value;
    JsonWalk w = {.text = labels};
    while (json_walk_member(&w, &key, &value)) add_column(sql, ".\"@record\".labels", key);
    w = (JsonWalk){.text = item->row.drawn};
    while (json_walk_member(&w, &key, &value)) {
        Buf probe = {0};
        json_slice_text(&probe, key);
        if (!json_slice_member(labels, buf_str(&probe)).ptr && !str_eq(buf_str(&probe), S("chunks")))
            add_column(sql, "", key);
        buf_free(&probe);
    }
    return false;
}

static bool make_view(KeptQuery *q, Error *e)
{
    Buf sql = {0}, columns = {0};
    Columns ctx = {&columns};
    bool ok = kept_query_each(q, 0, KEPT_DRAWN, add_columns, &ctx, e);
    buf_add(&sql, S("DROP VIEW IF EXISTS temp.conversations; CREATE TEMP VIEW conversations AS SELECT iteration AS \"index\", attempt,"
                    " CASE WHEN iteration<281474976710656 THEN 'generated' ELSE 'handwritten' END AS source,"
                    " json_extract(drawn,'$.topic') AS topic, json_extract(drawn,'$.document') AS document,"
                    " json_extract(drawn,'$.template') AS template, json_extract(drawn,'$.exchanges') AS exchanges,"
                    " json_array_length(conversation) AS turns, text"));
    buf_add(&sql, buf_str(&columns));
    buf_add(&sql, S(" FROM (SELECT * FROM main.kept UNION ALL SELECT * FROM temp.added)"));
    buf_add_char(&sql, 0);
    ok = ok && (sqlite3_exec(q->db, sql.ptr, NULL, NULL, NULL) == SQLITE_OK || query_error(q, "read", e));
    buf_free(&sql);
    buf_free(&columns);
    return ok;
}

static int authorise(void *ctx, int action, const char *a, const char *b, const char *database, const char *view)
{
    (void)ctx;
    (void)database;
    switch (action) {
    case SQLITE_SELECT: return SQLITE_OK;
    case SQLITE_FUNCTION: return b && sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_READ:
        // The view itself, or a column that is read through it. No column at all is how SQLite asks for
        // the number of rows of a view's table.
        if ((view && strcmp(view, "conversations") == 0) || (a && strcmp(a, "conversations") == 0)) return SQLITE_OK;
        return a && b && !*b && (strcmp(a, "kept") == 0 || strcmp(a, "added") == 0) ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_DENY;
    }
}

static bool where_error(const KeptQuery *q, Error *e)
{
    error_set(e, ERROR_USAGE, "where", "--where: %s", sqlite3_errmsg(q->db));
    return error_hint(e, "an SQL condition over index, source, topic, document, template, turns, text and the labels, "
                         "such as \"topic = 'billing' and turns >= 4\"");
}

static bool collect(KeptQuery *q, sqlite3_stmt *s, uint64_t **out, size_t *n, Error *e)
{
    size_t cap = 0;
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        if (*n == cap) *out = mem_realloc(*out, (cap = cap ? 2 * cap : 1024) * sizeof **out);
        (*out)[(*n)++] = (uint64_t)sqlite3_column_int64(s, 0);
    }
    return code == SQLITE_DONE || where_error(q, e);
}

bool kept_query_where(KeptQuery *q, Str expression, uint64_t **out, size_t *n, Error *e)
{
    *out = NULL;
    *n = 0;
    if (!make_view(q, e)) return false;
    Buf sql = {0};
    buf_add(&sql, S("SELECT \"index\" FROM conversations WHERE ("));
    buf_add(&sql, expression);
    buf_add(&sql, S("\n) ORDER BY 1"));
    sqlite3_stmt *s = NULL;
    const char *tail = "";
    sqlite3_set_authorizer(q->db, authorise, NULL);
    bool whole = memchr(expression.ptr, 0, expression.len) == NULL;
    bool ok = whole && sqlite3_prepare_v2(q->db, sql.ptr, (int)sql.len, &s, &tail) == SQLITE_OK;
    ok = ok ? collect(q, s, out, n, e) : where_error(q, e);
    // What is left behind the first statement would be read by nobody.
    if (ok && tail < sql.ptr + sql.len) {
        error_set(e, ERROR_USAGE, "where", "--where: one condition is wanted, not several statements");
        ok = false;
    }
    sqlite3_set_authorizer(q->db, NULL, NULL);
    sqlite3_finalize(s);
    buf_free(&sql);
    if (!ok) {
        free(*out);
        *out = NULL;
    }
    return ok;
}
