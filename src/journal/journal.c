// SPDX-License-Identifier: Apache-2.0
#include "journal/journal_internal.h"

#include "base/thread.h"

// A put waits once this much is gathered: answers come faster than the disk takes them, and memory
// must stay flat. 64 MB are four of the largest answers.
enum { GATHER_MAX = 64 << 20 };

// Rows that are worth a sync at once, and how long fewer may wait for more. Of the requests of a full
// run none waits for that: their asks were durable before there was a slot for them.
enum { GATHER_ROWS = 48 };
#define GATHER_TIME (INT64_C(2) * NANOS_PER_MS)

static void *write_batches(void *arg);

static Journal *journal_new(const JournalOptions *options)
{
    Journal *j = mem_alloc(sizeof *j);
    *j = (Journal){.options = *options};
    pthread_mutex_init(&j->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&j->filled, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&j->written, NULL);
    return j;
}

static void journal_free(Journal *j)
{
    store_close(&j->store);
    batch_free(&j->batches[0]);
    batch_free(&j->batches[1]);
    pthread_cond_destroy(&j->written);
    pthread_cond_destroy(&j->filled);
    pthread_mutex_destroy(&j->mutex);
    free(j);
}

static bool open_journal(const char *path, StoreMode mode, const JournalOptions *options, Journal **out, Error *e)
{
    Journal *j = journal_new(options);
    bool ok = store_open(&j->store, path, mode, options->vfs, e);
    if (ok && options->threaded) {
        j->threaded = thread_start(&j->thread, "journal", write_batches, j);
        ok = j->threaded || error_set(e, ERROR_INTERNAL, "thread", "cannot start the journal's thread");
    }
    if (!ok) {
        journal_free(j);
        j = NULL;
    }
    *out = j;
    return ok;
}

bool journal_create(const char *path, const JournalOptions *options, Journal **out, Error *e)
{
    return open_journal(path, STORE_CREATE, options, out, e);
}

bool journal_open(const char *path, const JournalOptions *options, Journal **out, Error *e)
{
    return open_journal(path, STORE_WRITE, options, out, e);
}

bool journal_open_to_read(const char *path, Journal **out, Error *e)
{
    return open_journal(path, STORE_READ, &(JournalOptions){0}, out, e);
}

// Called with the mutex held; gives it back while it writes.
static void write_gathered(Journal *j)
{
    Batch *batch = &j->batches[j->gathering];
    j->gathering ^= 1;
    j->hurry = false;
    j->writing = true;
    pthread_mutex_unlock(&j->mutex);
    Error error;
    bool ok = batch_write(batch, &j->store, &error);
    pthread_mutex_lock(&j->mutex);
    j->writing = false;
    if (ok) {
        j->durable = batch->last;
    } else {
        j->failed = true;
        j->error = error;
    }
    batch_clear(batch);
    pthread_cond_broadcast(&j->written);
    if (j->options.on_durable) j->options.on_durable(j->options.ctx);
}

static void wait_for_more(Journal *j)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    Nanos end = (Nanos)until.tv_sec * NANOS_PER_SECOND + until.tv_nsec + GATHER_TIME;
    until = (struct timespec){.tv_sec = end / NANOS_PER_SECOND, .tv_nsec = end % NANOS_PER_SECOND};
    while (!j->closing && !j->hurry && j->batches[j->gathering].n < GATHER_ROWS)
        if (pthread_cond_timedwait(&j->filled, &j->mutex, &until) != 0) return;
}

static void *write_batches(void *arg)
{
    Journal *j = arg;
    pthread_mutex_lock(&j->mutex);
    for (;;) {
        while (!j->closing && (j->failed || j->held || j->batches[j->gathering].n == 0)) pthread_cond_wait(&j->filled, &j->mutex);
        if (j->failed || j->batches[j->gathering].n == 0) break;
        wait_for_more(j);
        write_gathered(j);
    }
    pthread_mutex_unlock(&j->mutex);
    return NULL;
}

void journal_gather(Journal *j)
{
    pthread_mutex_lock(&j->mutex);
    j->held = j->threaded;
    pthread_mutex_unlock(&j->mutex);
}

// What is gathered is written at once.
static void let_go(Journal *j)
{
    if (j->hurry && !j->held) return;
    j->held = false;
    j->hurry = true;
    if (!j->writing) pthread_cond_signal(&j->filled);
}

void journal_hurry(Journal *j)
{
    pthread_mutex_lock(&j->mutex);
    if (j->threaded && j->batches[j->gathering].n) let_go(j);
    pthread_mutex_unlock(&j->mutex);
}

static Ticket put(Journal *j, const Operation *first, const Operation *second)
{
    pthread_mutex_lock(&j->mutex);
    while (j->threaded && !j->failed && j->batches[j->gathering].bytes > GATHER_MAX) {
        let_go(j);
        pthread_cond_wait(&j->written, &j->mutex);
    }
    Ticket ticket = ++j->put;
    if (!j->failed) {
        Batch *batch = &j->batches[j->gathering];
        size_t before = batch->n;
        batch_add(batch, first);
        if (second) batch_add(batch, second);
        bool enough = before < GATHER_ROWS && batch->n >= GATHER_ROWS;
        if ((before == 0 || enough) && !j->writing && !j->held) pthread_cond_signal(&j->filled);
        batch->last = ticket;
    }
    pthread_mutex_unlock(&j->mutex);
    return ticket;
}

Ticket journal_ask(Journal *j, StepKey key, const AskRow *row)
{
    return put(j, &(Operation){.kind = OP_ASK, .key = key, .ask = *row}, NULL);
}

Ticket journal_answer(Journal *j, StepKey key, const AnswerRow *row)
{
    return put(j, &(Operation){.kind = OP_ANSWER, .key = key, .answer = *row}, NULL);
}

Ticket journal_verdict(Journal *j, StepKey key, const VerdictRow *row, const KeptRow *kept)
{
    Operation verdict = {.kind = OP_VERDICT, .key = key, .verdict = *row};
    if (!kept) return put(j, &verdict, NULL);
    return put(j, &(Operation){.kind = OP_KEPT, .key = key, .kept = *kept}, &verdict);
}

Ticket journal_fact(Journal *j, Str key, Str value)
{
    return put(j, &(Operation){.kind = OP_FACT, .fact = {key, value}}, NULL);
}

Ticket journal_durable(Journal *j)
{
    pthread_mutex_lock(&j->mutex);
    Ticket durable = j->durable;
    pthread_mutex_unlock(&j->mutex);
    return durable;
}

bool journal_failed(Journal *j, Error *e)
{
    pthread_mutex_lock(&j->mutex);
    bool failed = j->failed;
    if (failed && e) *e = j->error;
    pthread_mutex_unlock(&j->mutex);
    return failed;
}

bool journal_flush(Journal *j, Error *e)
{
    pthread_mutex_lock(&j->mutex);
    if (j->threaded)
        while (!j->failed && j->durable < j->put) {
            let_go(j);
            pthread_cond_wait(&j->written, &j->mutex);
        }
    else if (!j->failed && j->batches[j->gathering].n)
        write_gathered(j);
    bool ok = !j->failed;
    if (!ok && e) *e = j->error;
    pthread_mutex_unlock(&j->mutex);
    return ok;
}

bool journal_close(Journal *j, Error *e)
{
    if (!j) return true;
    bool ok = journal_flush(j, e);
    if (j->threaded) {
        pthread_mutex_lock(&j->mutex);
        j->closing = true;
        pthread_cond_signal(&j->filled);
        pthread_mutex_unlock(&j->mutex);
        pthread_join(j->thread, NULL);
    }
    journal_free(j);
    return ok;
}
