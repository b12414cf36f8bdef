// SPDX-License-Identifier: Apache-2.0
#include "knowledge/ahead.h"

#include <unistd.h>

#include "base/thread.h"

typedef struct Result {
    Extraction x;
    Error e;
    bool ok, done;
} Result;

struct Ahead {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t threads[AHEAD_THREADS];
    unsigned n_threads;
    AheadWork work;
    void *ctx;
    size_t n, next, taken;              // jobs: all, begun, taken or dropped
    Result *results[AHEAD_RESULTS];     // by job modulo
    bool stop;
};

static void drop(Result *r)
{
    if (!r) return;
    arena_free(r->x.arena);
    free(r->x.arena);
    free(r);
}

static Result *take_out(Ahead *a, size_t job)
{
    Result *r = a->results[job % AHEAD_RESULTS];
    a->results[job % AHEAD_RESULTS] = NULL;
    return r;
}

static Result *do_job(Ahead *a, size_t job)
{
    Result *r = mem_alloc(sizeof *r);
    *r = (Result){0};
    r->x.arena = mem_alloc(sizeof *r->x.arena);
    *r->x.arena = (Arena){0};
    r->ok = a->work(a->ctx, job, &r->x, &r->e);
    return r;
}

static void *do_jobs(void *arg)
{
    Ahead *a = arg;
    pthread_mutex_lock(&a->mutex);
    while (!a->stop && a->next < a->n) {
        if (a->next >= a->taken + AHEAD_RESULTS) {
            pthread_cond_wait(&a->changed, &a->mutex);
            continue;
        }
        size_t job = a->next++;
        pthread_mutex_unlock(&a->mutex);
        Result *r = do_job(a, job);
        pthread_mutex_lock(&a->mutex);
        // Left out in the meantime: its place may be another's by now.
        if (job < a->taken)
            drop(r);
        else
            a->results[job % AHEAD_RESULTS] = r;
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->mutex);
    return NULL;
}

Ahead *ahead_start(size_t n, AheadWork work, void *ctx)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (n < 2) return NULL;
    Ahead *a = mem_alloc(sizeof *a);
    *a = (Ahead){.work = work, .ctx = ctx, .n = n};
    pthread_mutex_init(&a->mutex, NULL);
    pthread_cond_init(&a->changed, NULL);
    while (a->n_threads < AHEAD_THREADS && a->n_threads < processors && a->n_threads < n &&
           thread_start(&a->threads[a->n_threads], "documents", do_jobs, a))
        a->n_threads++;
    if (a->n_threads) return a;
    ahead_stop(a);
    return NULL;
}

bool ahead_take(Ahead *a, size_t job, Extraction *x, Error *e)
{
    pthread_mutex_lock(&a->mutex);
    // Those left out make room; one still in work is dropped when it ends.
    for (; a->taken < job; a->taken++) drop(take_out(a, a->taken));
    pthread_cond_broadcast(&a->changed);
    while (!a->results[job % AHEAD_RESULTS]) pthread_cond_wait(&a->changed, &a->mutex);
    Result *r = take_out(a, job);
    a->taken = job + 1;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->mutex);
    *x = r->x;
    *e = r->e;
    bool ok = r->ok;
    free(r);
    return ok;
}

void ahead_stop(Ahead *a)
{
    if (!a) return;
    pthread_mutex_lock(&a->mutex);
    a->stop = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->mutex);
    for (unsigned i = 0; i < a->n_threads; i++) pthread_join(a->threads[i], NULL);
    for (size_t i = 0; i < AHEAD_RESULTS; i++) drop(a->results[i]);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->mutex);
    free(a);
}
