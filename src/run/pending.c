// SPDX-License-Identifier: Apache-2.0
#include "run/pending.h"

void pending_fresh(Pending *p, const PendingOptions *o)
{
    *p = (Pending){.next_fresh = o->start, .end = o->start + o->iterations, .attempts = o->attempts};
}

static void add(Task **tasks, size_t *n, size_t *cap, Task task)
{
    if (*n == *cap) {
        *cap = *cap ? *cap * 2 : 64;
        *tasks = mem_realloc(*tasks, *cap * sizeof **tasks);
    }
    (*tasks)[(*n)++] = task;
}

static void leave(Pending *p, Task task)
{
    if (task.answered)
        add(&p->stored, &p->n_stored, &p->cap_stored, task);
    else
        add(&p->left, &p->n_left, &p->cap_left, task);
}

typedef struct Scan {
    Pending *pending;
    const PendingOptions *options;
} Scan;

static bool look_at(void *ctx, const IterationState *state)
{
    Scan *scan = ctx;
    Pending *p = scan->pending;
    if (state->iteration >= p->end) return false;
    // Iterations are asked for in order, so a gap is one whose ask was never written.
    for (; p->next_fresh < state->iteration; p->next_fresh++)
        leave(p, (Task){.iteration = p->next_fresh, .attempt = 1, .last_attempt = p->attempts});
    p->next_fresh = state->iteration + 1;
    if (state->final && (state->kept || !scan->options->retry_failed)) return true;
    Task task = {.iteration = state->iteration, .attempt = state->attempt, .last_attempt = p->attempts};
    if (state->final) {
        task.last_attempt += state->attempt;
        p->reopened++;
    }
    if (state->judged) {
        task.attempt++;
    } else {
        task.tries = state->tries;
        task.answered = state->answered;
        // What was on its way when the process ended may be billed, and is asked for again.
        if (state->answered) {
            task.tokens_at_most = state->tokens_at_most;
            task.cost_at_most = state->cost_at_most;
            p->tokens_open += state->tokens_at_most;
            p->cost_open += state->cost_at_most;
        } else {
            task.tokens_lost = state->tokens_lost + state->tokens_at_most;
            task.cost_lost = state->cost_lost + state->cost_at_most;
            p->tokens_cut += state->tokens_at_most;
            p->cost_cut += state->cost_at_most;
        }
    }
    if (task.last_attempt < task.attempt) task.last_attempt = task.attempt;
    leave(p, task);
    return true;
}

bool pending_from_journal(Pending *p, Journal *j, const PendingOptions *options, Error *e)
{
    uint64_t from = options->start;
    if (options->watermark > from && !options->retry_failed) from = options->watermark;
    *p = (Pending){.next_fresh = from, .end = options->start + options->iterations, .attempts = options->attempts};
    return journal_each_iteration(j, from, look_at, &(Scan){p, options}, e);
}

bool pending_next(Pending *p, Task *out)
{
    if (p->next_stored < p->n_stored) {
        *out = p->stored[p->next_stored++];
        return true;
    }
    if (p->next_left < p->n_left) {
        *out = p->left[p->next_left++];
        return true;
    }
    if (p->next_fresh >= p->end) return false;
    *out = (Task){.iteration = p->next_fresh++, .attempt = 1, .last_attempt = p->attempts};
    return true;
}

bool pending_has_stored(const Pending *p) { return p->next_stored < p->n_stored; }

bool pending_empty(const Pending *p)
{
    return !pending_has_stored(p) && p->next_left >= p->n_left && p->next_fresh >= p->end;
}

uint64_t pending_lowest(const Pending *p)
{
    uint64_t low = p->next_fresh;
    if (p->next_left < p->n_left && p->left[p->next_left].iteration < low) low = p->left[p->next_left].iteration;
    if (pending_has_stored(p) && p->stored[p->next_stored].iteration < low) low = p->stored[p->next_stored].iteration;
    return low;
}

void pending_free(Pending *p)
{
    free(p->stored);
    free(p->left);
    *p = (Pending){0};
}
