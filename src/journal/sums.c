// SPDX-License-Identifier: Apache-2.0
#include "journal/sums.h"

#include "base/buf.h"

// A step of the watermark settles no more than this at once (about a tenth of a second): only after
// `confab retry` there is more, and it is caught up with.
enum { SETTLE_MAX = 100000 };

typedef struct Settled {
    uint64_t to;        // of the iterations below
    JournalSums sums;
} Settled;

#define FACT S("settled")

// ---- adding -------------------------------------------------------------------------------------

static void add_reason(JournalSums *sums, Str name, uint64_t n)
{
    size_t i = 0;
    while (i < sums->n_reasons && !str_eq(str_from(sums->reasons[i].name), name)) i++;
    if (i == JOURNAL_REASONS) return;
    if (i == sums->n_reasons) {
        snprintf(sums->reasons[i].name, sizeof sums->reasons[i].name, "%.*s", STR_ARG(name));
        sums->reasons[i].n = 0;
        sums->n_reasons++;
    }
    sums->reasons[i].n += n;
}

static void add_judged(JournalSums *sums, sqlite3_stmt *q)
{
    Str reason = store_column(q, 0);
    uint64_t n = (uint64_t)sqlite3_column_int64(q, 1);
    if (str_eq(reason, S("kept"))) {
        sums->kept += n;
    } else {
        sums->rejected += n;
        sums->failed += (uint64_t)sqlite3_column_int64(q, 2);
        add_reason(sums, reason, n);
    }
    sums->prompt_tokens += sqlite3_column_int64(q, 3);
    sums->completion_tokens += sqlite3_column_int64(q, 4);
    sums->cached_tokens += sqlite3_column_int64(q, 5);
    sums->cost += sqlite3_column_int64(q, 6);
    sums->tokens_estimated |= sqlite3_column_int(q, 7) == 0;
}

static void add_asked(JournalSums *sums, sqlite3_stmt *q)
{
    sums->requests += (uint64_t)sqlite3_column_int64(q, 0);
    sums->tokens_lost += sqlite3_column_int64(q, 1);
    sums->cost += sqlite3_column_int64(q, 2);
}

static bool add_rows(Store *s, StoreStatement which, sqlite3_int64 from, sqlite3_int64 to, JournalSums *sums,
                     void (*add)(JournalSums *, sqlite3_stmt *), Error *e)
{
    int code;
    sqlite3_stmt *q = store_statement(s, which, e);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, from);
    sqlite3_bind_int64(q, 2, to);
    while ((code = sqlite3_step(q)) == SQLITE_ROW) add(sums, q);
    bool ok = code == SQLITE_DONE || store_error(s, "read", e);
    sqlite3_reset(q);
    return ok;
}

// Of the iterations from `from` on, to one before `to` (0: all).
static bool add_iterations(Store *s, uint64_t from, uint64_t to, JournalSums *sums, Error *e)
{
    sqlite3_int64 first = (sqlite3_int64)(from << 16), end = to ? (sqlite3_int64)(to << 16) : INT64_MAX;
    return add_rows(s, STORE_SUM_ASKED, first, end, sums, add_asked, e) && add_rows(s, STORE_SUM_JUDGED, first, end, sums, add_judged, e);
}

// ---- the fact -----------------------------------------------------------------------------------

static void write_settled(const Settled *settled, Buf *b)
{
    const JournalSums *n = &settled->sums;
    const uint64_t numbers[] = {settled->to, n->kept, n->failed, n->rejected, n->requests, (uint64_t)n->prompt_tokens,
                                (uint64_t)n->completion_tokens, (uint64_t)n->cached_tokens, (uint64_t)n->tokens_lost, (uint64_t)n->cost,
                                n->tokens_estimated};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) buf_printf(b, "%llu ", (unsigned long long)numbers[i]);
    for (size_t i = 0; i < n->n_reasons; i++) buf_printf(b, "%s %llu ", n->reasons[i].name, (unsigned long long)n->reasons[i].n);
}

static bool next_number(Str *rest, uint64_t *out)
{
    Str part;
    return str_cut(rest, ' ', &part) && str_to_u64(part, out);
}

static bool parse_settled(Str text, Settled *out)
{
    JournalSums *n = &out->sums;
    uint64_t tokens[4], cost, estimated, count;
    Str name;
    bool ok = next_number(&text, &out->to) && next_number(&text, &n->kept) && next_number(&text, &n->failed) &&
              next_number(&text, &n->rejected) && next_number(&text, &n->requests);
    for (size_t i = 0; ok && i < 4; i++) ok = next_number(&text, &tokens[i]);
    if (!ok || !next_number(&text, &cost) || !next_number(&text, &estimated)) return false;
    n->prompt_tokens = (int64_t)tokens[0];
    n->completion_tokens = (int64_t)tokens[1];
    n->cached_tokens = (int64_t)tokens[2];
    n->tokens_lost = (int64_t)tokens[3];
    n->cost = (Money)cost;
    n->tokens_estimated = estimated != 0;
    while (str_cut(&text, ' ', &name) && name.len && next_number(&text, &count)) add_reason(n, name, count);
    return true;
}

// What is settled; nothing where the fact is absent or unreadable.
static bool read_settled(Store *s, Settled *out, Error *e)
{
    *out = (Settled){0};
    sqlite3_stmt *q = store_statement(s, STORE_GET_FACT, e);
    if (!q) return false;
    sqlite3_bind_text64(q, 1, FACT.ptr, FACT.len, SQLITE_STATIC, SQLITE_UTF8);
    int code = sqlite3_step(q);
    if (code == SQLITE_ROW && !parse_settled(store_column(q, 0), out)) *out = (Settled){0};
    bool ok = code == SQLITE_ROW || code == SQLITE_DONE || store_error(s, "read", e);
    sqlite3_reset(q);
    return ok;
}

static bool put_settled(Store *s, const Settled *settled, Error *e)
{
    Buf text = {0};
    write_settled(settled, &text);
    bool ok = store_fact(s, FACT, buf_str(&text), e);
    buf_free(&text);
    s->settled_to = settled->to;
    s->settled_known = true;
    return ok;
}

static bool know_settled(Store *s, Error *e)
{
    Settled settled;
    if (s->settled_known) return true;
    if (!read_settled(s, &settled, e)) return false;
    s->settled_to = settled.to;
    s->settled_known = true;
    return true;
}

// Iterations before the first that was asked for have no rows.
static bool first_asked(Store *s, uint64_t *out, Error *e)
{
    sqlite3_stmt *q = store_statement(s, STORE_FIRST_ASKED, e);
    if (!q) return false;
    bool ok = sqlite3_step(q) == SQLITE_ROW || store_error(s, "read", e);
    if (ok) *out = (uint64_t)sqlite3_column_int64(q, 0) >> 16;
    sqlite3_reset(q);
    return ok;
}

bool sums_settle(Store *s, uint64_t watermark, Error *e)
{
    Settled settled;
    if (!know_settled(s, e)) return false;
    if (watermark <= s->settled_to) return true;
    if (!read_settled(s, &settled, e)) return false;
    if (settled.to == 0 && !first_asked(s, &settled.to, e)) return false;
    uint64_t to = watermark;
    if (to > settled.to && to - settled.to > SETTLE_MAX) to = settled.to + SETTLE_MAX;
    if (!add_iterations(s, settled.to, to, &settled.sums, e)) return false;
    settled.to = to;
    return put_settled(s, &settled, e);
}

bool sums_touch(Store *s, uint64_t iteration, Error *e)
{
    if (!know_settled(s, e)) return false;
    return iteration >= s->settled_to || put_settled(s, &(Settled){0}, e);
}

// ---- all of them --------------------------------------------------------------------------------

static void sort_reasons(JournalSums *sums)
{
    for (size_t i = 1; i < sums->n_reasons; i++)
        for (size_t k = i; k > 0 && sums->reasons[k].n > sums->reasons[k - 1].n; k--) {
            char name[sizeof sums->reasons->name];
            uint64_t n = sums->reasons[k].n;
            memcpy(name, sums->reasons[k].name, sizeof name);
            sums->reasons[k] = sums->reasons[k - 1];
            memcpy(sums->reasons[k - 1].name, name, sizeof name);
            sums->reasons[k - 1].n = n;
        }
}

bool sums_read(Store *s, JournalSums *out, Error *e)
{
    Settled settled;
    bool ok = read_settled(s, &settled, e) && add_iterations(s, settled.to, 0, &settled.sums, e);
    *out = settled.sums;
    sort_reasons(out);
    return ok;
}
