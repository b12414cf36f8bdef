// SPDX-License-Identifier: Apache-2.0
#include "knowledge/bm25.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"

// Of a query, the same for all its rows.
typedef struct Weights {
    double mean;       // words a row
    int n;
    double counts[];   // of the row at hand, for each phrase; behind them the phrases' weights
} Weights;

static int count_row(const Fts5ExtensionApi *api, Fts5Context *at, void *rows)
{
    (void)api, (void)at;
    ++*(sqlite3_int64 *)rows;
    return SQLITE_OK;
}

static int weigh(const Fts5ExtensionApi *api, Fts5Context *at, Weights **out)
{
    if ((*out = api->xGetAuxdata(at, 0))) return SQLITE_OK;
    int n = api->xPhraseCount(at);
    sqlite3_int64 rows = 0, words = 0;
    Weights *w = mem_alloc(sizeof *w + 2 * (size_t)n * sizeof *w->counts);
    *w = (Weights){.n = n};
    int code = api->xRowCount(at, &rows);
    if (code == SQLITE_OK) code = api->xColumnTotalSize(at, -1, &words);
    w->mean = rows > 0 && words > 0 ? (double)words / (double)rows : 1;
    for (int i = 0; code == SQLITE_OK && i < n; i++) {
        sqlite3_int64 with = 0;
        code = api->xQueryPhrase(at, i, &with, count_row);
        w->counts[n + i] = log1p(((double)rows - (double)with + 0.5) / ((double)with + 0.5));
    }
    if (code != SQLITE_OK) {
        free(w);
        return code;
    }
    *out = w;
    return api->xSetAuxdata(at, w, free);  // which frees it where it fails
}

static int count_phrases(const Fts5ExtensionApi *api, Fts5Context *at, Weights *w)
{
    int hits, code = api->xInstCount(at, &hits);
    memset(w->counts, 0, (size_t)w->n * sizeof *w->counts);
    for (int i = 0; code == SQLITE_OK && i < hits; i++) {
        int phrase, column, word;
        code = api->xInst(at, i, &phrase, &column, &word);
        if (code == SQLITE_OK) w->counts[phrase]++;
    }
    return code;
}

static void relevance(const Fts5ExtensionApi *api, Fts5Context *at, sqlite3_context *result, int n, sqlite3_value **arguments)
{
    const double k1 = 1.2, b = 0.75;
    Weights *w;
    int words = 0;
    (void)n, (void)arguments;
    int code = weigh(api, at, &w);
    if (code == SQLITE_OK) code = count_phrases(api, at, w);
    if (code == SQLITE_OK) code = api->xColumnSize(at, -1, &words);
    if (code != SQLITE_OK) {
        sqlite3_result_error_code(result, code);
        return;
    }
    double sum = 0, length = k1 * (1 - b + b * (double)words / w->mean);
    for (int i = 0; i < w->n; i++) sum += w->counts[w->n + i] * w->counts[i] * (k1 + 1) / (w->counts[i] + length);
    sqlite3_result_double(result, sum);
}

bool bm25_register(sqlite3 *db)
{
    fts5_api *api = NULL;
    sqlite3_stmt *ask;
    if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &ask, NULL) != SQLITE_OK) return false;
    sqlite3_bind_pointer(ask, 1, &api, "fts5_api_ptr", NULL);
    sqlite3_step(ask);
    sqlite3_finalize(ask);
    return api && api->xCreateFunction(api, "relevance", NULL, relevance, NULL) == SQLITE_OK;
}
