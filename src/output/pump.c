// SPDX-License-Identifier: Apache-2.0
#include "output/pump.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/thread.h"

enum { TEXTS = 5 };  // record, csv, drawn, conversation, text

typedef struct PumpRow {
    uint64_t iteration;
    size_t ends[TEXTS];        // in the batch's bytes; a text begins where the one before ends
    bool there[TEXTS];
} PumpRow;

typedef struct Batch {
    Buf bytes;
    PumpRow *rows;
    size_t n, cap;
} Batch;

typedef struct Pump {
    KeptQuery *query;
    unsigned columns;
    Batch batches[PUMP_BATCHES];
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t filled, emptied;  // batches handed over, and given back
    bool ended, stopped;       // the reader has no more; the caller wants no more
    Error error;               // the reader's
} Pump;

static Str *const *texts_of(KeptRow *row, Str *list[TEXTS])
{
    list[0] = &row->record;
    list[1] = &row->csv;
    list[2] = &row->drawn;
    list[3] = &row->conversation;
    list[4] = &row->text;
    return list;
}

// ---- the reader's thread ------------------------------------------------------------------------

static void hand_over(Pump *p, bool last)
{
    pthread_mutex_lock(&p->mutex);
    p->filled += p->batches[p->filled % PUMP_BATCHES].n > 0;
    p->ended = last;
    pthread_cond_broadcast(&p->changed);
    while (!last && !p->stopped && p->filled - p->emptied == PUMP_BATCHES) pthread_cond_wait(&p->changed, &p->mutex);
    pthread_mutex_unlock(&p->mutex);
}

static bool take_row(void *ctx, const KeptItem *item, Error *e)
{
    Pump *p = ctx;
    Batch *b = &p->batches[p->filled % PUMP_BATCHES];
    KeptRow row = item->row;
    Str *list[TEXTS];
    (void)e;
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 64;
        b->rows = mem_realloc(b->rows, b->cap * sizeof *b->rows);
    }
    PumpRow *r = &b->rows[b->n++];
    r->iteration = item->iteration;
    for (size_t i = 0; i < TEXTS; i++) {
        Str text = *texts_of(&row, list)[i];
        buf_add(&b->bytes, text);
        r->ends[i] = b->bytes.len;
        r->there[i] = text.ptr != NULL;
    }
    if (b->bytes.len < PUMP_BATCH) return true;
    hand_over(p, false);
    pthread_mutex_lock(&p->mutex);
    bool go_on = !p->stopped;
    pthread_mutex_unlock(&p->mutex);
    return go_on;
}

static void *read_rows(void *ctx)
{
    Pump *p = ctx;
    kept_query_each(p->query, 0, p->columns, take_row, p, &p->error);
    hand_over(p, true);
    return NULL;
}

// ---- the caller's -------------------------------------------------------------------------------

static bool each_of(const Batch *b, bool (*each)(void *, const KeptItem *, Error *), void *ctx, Error *e)
{
    size_t start = 0;
    for (size_t i = 0; i < b->n; i++) {
        KeptItem item = {.iteration = b->rows[i].iteration};
        Str *list[TEXTS];
        for (size_t k = 0; k < TEXTS; k++) {
            Str text = {b->bytes.ptr + start, b->rows[i].ends[k] - start};
            if (b->rows[i].there[k]) *texts_of(&item.row, list)[k] = text;
            start = b->rows[i].ends[k];
        }
        if (!each(ctx, &item, e)) return false;
    }
    return true;
}

// The next batch, once it is there; NULL at the end.
static Batch *next_batch(Pump *p)
{
    pthread_mutex_lock(&p->mutex);
    while (p->filled == p->emptied && !p->ended) pthread_cond_wait(&p->changed, &p->mutex);
    Batch *b = p->filled == p->emptied ? NULL : &p->batches[p->emptied % PUMP_BATCHES];
    pthread_mutex_unlock(&p->mutex);
    return b;
}

static void give_back(Pump *p, Batch *b, bool go_on)
{
    b->n = 0;
    buf_clear(&b->bytes);
    pthread_mutex_lock(&p->mutex);
    p->emptied++;
    p->stopped = !go_on;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->mutex);
}

static void pump_free(Pump *p)
{
    for (size_t i = 0; i < PUMP_BATCHES; i++) {
        buf_free(&p->batches[i].bytes);
        free(p->batches[i].rows);
    }
    pthread_mutex_destroy(&p->mutex);
    pthread_cond_destroy(&p->changed);
    free(p);
}

bool pump_each(KeptQuery *q, unsigned columns, bool (*each)(void *, const KeptItem *, Error *), void *ctx, Error *e)
{
    Pump *p = mem_alloc(sizeof *p);
    pthread_t thread;
    Batch *b;
    bool go_on = true;
    *p = (Pump){.query = q, .columns = columns};
    *e = (Error){0};
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->changed, NULL);
    if (!thread_start(&thread, "rows", read_rows, p)) {  // no further thread: one does both
        pump_free(p);
        return kept_query_each(q, 0, columns, each, ctx, e);
    }
    while (go_on && (b = next_batch(p))) {
        go_on = each_of(b, each, ctx, e);
        give_back(p, b, go_on);
    }
    pthread_join(thread, NULL);
    if (e->kind == ERROR_NONE && p->error.kind != ERROR_NONE) *e = p->error;
    pump_free(p);
    return e->kind == ERROR_NONE;
}
