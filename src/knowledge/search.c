// SPDX-License-Identifier: Apache-2.0
#include "knowledge/search.h"

#include <sqlite3.h>

#include "base/file.h"
#include "base/path.h"
#include "knowledge/bm25.h"
#include "text/normalise.h"

enum { SEARCH_VERSION = 1, WORD_MAX = 64, WORDS_LOOKED_AT = 400 };

static bool sql_fault(Search *s, Error *e)
{
    error_set(e, ERROR_FILE, "search", "the search index fails: %s", sqlite3_errmsg(s->db));
    return error_hint(e, "delete .confab/knowledge/search.sqlite, it is built again");
}

static bool run(Search *s, const char *sql, Error *e)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || sql_fault(s, e);
}

// ---- building -----------------------------------------------------------------------------------

// Changes when any document's text or cutting does.
static uint64_t knowledge_key(const Knowledge *k)
{
    uint64_t h = SEARCH_VERSION;
    for (size_t i = 0; i < k->n_documents; i++) {
        const Document *d = &k->documents[i];
        h = hash_mix(h, hash64((Str){(const char *)d->sha256.bytes, sizeof d->sha256.bytes}, d->text_len));
    }
    for (size_t i = 0; i < k->n_chunks; i++) h = hash_mix(h, hash_mix(k->chunks[i].start, k->chunks[i].end));
    return h;
}

static bool is_current(Search *s, uint64_t key)
{
    sqlite3_stmt *stmt;
    bool same = false;
    if (sqlite3_prepare_v2(s->db, "SELECT key FROM knowledge_key", -1, &stmt, NULL) != SQLITE_OK) return false;
    if (sqlite3_step(stmt) == SQLITE_ROW) same = (uint64_t)sqlite3_column_int64(stmt, 0) == key;
    sqlite3_finalize(stmt);
    return same;
}

static bool add_chunks(Search *s, sqlite3_stmt *insert, Error *e)
{
    Arena scratch = {0};
    Buf b = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < s->k->n_chunks; i++) {
        Str text;
        arena_reset(&scratch);
        buf_clear(&b);
        ok = knowledge_chunk_text(s->k, &s->k->chunks[i], &scratch, &text, e);
        if (!ok) break;
        normalise(text, &b);
        sqlite3_bind_int64(insert, 1, (sqlite3_int64)i + 1);
        sqlite3_bind_text64(insert, 2, b.len ? b.ptr : "", b.len, SQLITE_STATIC, SQLITE_UTF8);
        ok = sqlite3_step(insert) == SQLITE_DONE || sql_fault(s, e);
        sqlite3_reset(insert);
    }
    buf_free(&b);
    arena_free(&scratch);
    return ok;
}

static bool build(Search *s, uint64_t key, Error *e)
{
    sqlite3_stmt *insert;
    char sql[400];
    if (!run(s, "DROP TABLE IF EXISTS frequencies; DROP TABLE IF EXISTS terms; DROP TABLE IF EXISTS passages; DROP TABLE IF EXISTS knowledge_key;"
                "CREATE VIRTUAL TABLE passages USING fts5(text, content='', tokenize=\"unicode61 remove_diacritics 0\");"
                "INSERT INTO passages(passages, rank) VALUES('hashsize', 16777216);"     // bytes gathered before they are sorted into the index
                "CREATE VIRTUAL TABLE terms USING fts5vocab(passages, row); BEGIN;", e))
        return false;
    if (sqlite3_prepare_v2(s->db, "INSERT INTO passages(rowid, text) VALUES (?, ?)", -1, &insert, NULL) != SQLITE_OK) return sql_fault(s, e);
    bool ok = add_chunks(s, insert, e);
    sqlite3_finalize(insert);
    // Counted once: asking the index walks through every passage that has the word. The key comes
    // last: an index that was cut off in the middle is no index.
    snprintf(sql, sizeof sql,
             "CREATE TABLE frequencies(term TEXT PRIMARY KEY, doc INTEGER) WITHOUT ROWID;"
             "INSERT INTO frequencies SELECT term, doc FROM terms WHERE doc >= 2;"
             "CREATE TABLE knowledge_key(key INTEGER); INSERT INTO knowledge_key VALUES (%lld); COMMIT;", (long long)key);
    return ok && run(s, sql, e);
}

// On disk where that is possible, else in memory.
static bool open_database(Search *s, const char *project, bool no_cache)
{
    Arena scratch = {0};
    Str folder = path_join(&scratch, str_from(project), S(".confab/knowledge"));
    Str path = path_join(&scratch, folder, S("search.sqlite"));
    bool disk = !no_cache && file_make_folders(folder.ptr, NULL);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    sqlite3 *db = NULL;
    if (disk && (sqlite3_open_v2(path.ptr, &db, flags, NULL) != SQLITE_OK ||
                 sqlite3_exec(db, "PRAGMA busy_timeout=2000; PRAGMA synchronous=OFF; PRAGMA cache_size=-32000; PRAGMA user_version=1", NULL, NULL, NULL) != SQLITE_OK)) {
        sqlite3_close(db);
        db = NULL;
        disk = false;
    }
    if (!disk && sqlite3_open_v2(":memory:", &db, flags, NULL) != SQLITE_OK) oom();
    arena_free(&scratch);
    s->db = db;
    return disk;
}

bool search_open(Search *s, const Knowledge *k, const char *project, bool no_cache, Error *e)
{
    *s = (Search){.k = k};
    uint64_t key = knowledge_key(k);
    bool disk = open_database(s, project, no_cache);
    bool ok = is_current(s, key) || build(s, key, e);
    if (!ok && disk) {
        // A file that something else has written, or another process is at: in memory, then.
        sqlite3_close(s->db);
        open_database(s, project, true);
        ok = build(s, key, e);
    }
    sqlite3_stmt *find = NULL, *frequency = NULL;
    ok = ok && ((bm25_register(s->db) &&
                 sqlite3_prepare_v2(s->db, "SELECT rowid, relevance(passages) AS score FROM passages WHERE passages MATCH ?1 AND rowid BETWEEN ?2 AND ?3 AND rowid <> ?4 "
                                           "ORDER BY score DESC, rowid LIMIT ?5", -1, &find, NULL) == SQLITE_OK &&
                 sqlite3_prepare_v2(s->db, "SELECT doc FROM frequencies WHERE term = ?1", -1, &frequency, NULL) == SQLITE_OK) || sql_fault(s, e));
    s->find = find;
    s->frequency = frequency;
    if (!ok) search_close(s);
    return ok;
}

void search_close(Search *s)
{
    sqlite3_finalize(s->find);
    sqlite3_finalize(s->frequency);
    sqlite3_close(s->db);
    *s = (Search){0};
}

// ---- asking -------------------------------------------------------------------------------------

static bool find(Search *s, Str query, size_t first, size_t last, size_t without, Hit *hits, size_t max, size_t *n, Error *e)
{
    sqlite3_stmt *stmt = s->find;
    *n = 0;
    if (query.len == 0) return true;
    sqlite3_bind_text64(stmt, 1, query.ptr, query.len, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)first);
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)last);
    sqlite3_bind_int64(stmt, 4, (sqlite3_int64)without);
    sqlite3_bind_int64(stmt, 5, (sqlite3_int64)(max < SEARCH_HITS_MAX ? max : SEARCH_HITS_MAX));
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        sqlite3_int64 row = sqlite3_column_int64(stmt, 0);
        if (row >= 1 && (size_t)row <= s->k->n_chunks) hits[(*n)++] = (Hit){(uint32_t)(row - 1), sqlite3_column_double(stmt, 1)};
    }
    bool ok = code == SQLITE_DONE || sql_fault(s, e);
    sqlite3_reset(stmt);
    return ok;
}

// Words of the normal form hold no quotes, so quoting them is all that a query needs.
static void add_term(Buf *query, Str word)
{
    if (query->len) buf_add(query, S(" OR "));
    buf_add_char(query, '"');
    buf_add(query, word);
    buf_add_char(query, '"');
}

bool search_words(Search *s, Str text, Hit *hits, size_t max, size_t *n, Error *e)
{
    Buf normal = {0}, query = {0};
    normalise(str_slice(text, 0, 1 << 14), &normal);
    Str rest = buf_str(&normal), word;
    for (unsigned i = 0; i < WORDS_LOOKED_AT && normal_next(&rest, &word); i++) add_term(&query, word);
    bool ok = find(s, buf_str(&query), 1, s->k->n_chunks, 0, hits, max, n, e);
    buf_free(&normal);
    buf_free(&query);
    return ok;
}

typedef struct Term {
    Str word;
    sqlite3_int64 documents;
} Term;

static sqlite3_int64 frequency_of(Search *s, Str word)
{
    sqlite3_stmt *stmt = s->frequency;
    sqlite3_bind_text64(stmt, 1, word.ptr, word.len, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_int64 n = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return n;
}

static int by_rarity(const void *a, const void *b)
{
    const Term *x = a, *y = b;
    if (x->documents != y->documents) return x->documents < y->documents ? -1 : 1;
    return str_cmp(x->word, y->word);
}

// The passage's rarest words that another passage has too.
static void rare_terms(Search *s, Str normal, Buf *query, Arena *scratch)
{
    Term *terms = arena_new(scratch, Term, WORDS_LOOKED_AT);
    size_t n = 0;
    Str rest = normal, word;
    while (n < WORDS_LOOKED_AT && normal_next(&rest, &word)) {
        bool seen = word.len > WORD_MAX;
        for (size_t i = 0; i < n && !seen; i++) seen = str_eq(terms[i].word, word);
        if (!seen) terms[n++] = (Term){word, 0};
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        terms[i].documents = frequency_of(s, terms[i].word);
        if (terms[i].documents >= 2) terms[kept++] = terms[i];
    }
    if (kept) qsort(terms, kept, sizeof *terms, by_rarity);
    for (size_t i = 0; i < kept && i < SEARCH_TERMS; i++) add_term(query, terms[i].word);
}

// The part that no chunk beside it repeats, where there is one: what overlaps says nothing about what they are about.
static Str own_text(const Knowledge *k, const Chunk *chunk, Str text)
{
    const Chunk *first = k->chunks + k->documents[chunk->document].first_chunk, *end = first + k->documents[chunk->document].n_chunks;
    size_t from = chunk > first && chunk[-1].end > chunk->start ? (size_t)(chunk[-1].end - chunk->start) : 0;
    size_t to = chunk + 1 < end && chunk[1].start < chunk->end ? (size_t)(chunk[1].start - chunk->start) : text.len;
    return from < to && to <= text.len ? str_slice(text, from, to) : text;
}

bool search_related(Search *s, const Chunk *chunk, const Topic *topic, Hit *hits, size_t max, size_t *n, Arena *scratch, Error *e)
{
    Str text;
    *n = 0;
    if (!knowledge_chunk_text(s->k, chunk, scratch, &text, e)) return false;
    size_t first = 1, last = s->k->n_chunks;
    if (topic && topic->n_documents) {
        const Document *d = &s->k->documents[topic->first_document], *end = d + topic->n_documents - 1;
        first = (size_t)d->first_chunk + 1;
        last = (size_t)end->first_chunk + end->n_chunks;
    }
    Buf normal = {0}, query = {0};
    normalise(own_text(s->k, chunk, text), &normal);
    rare_terms(s, buf_str(&normal), &query, scratch);
    bool ok = find(s, buf_str(&query), first, last, (size_t)(chunk - s->k->chunks) + 1, hits, max, n, e);
    buf_free(&normal);
    buf_free(&query);
    return ok;
}
