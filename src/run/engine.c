// SPDX-License-Identifier: Apache-2.0
#include "run/engine_ask.h"
#include "run/engine_embed.h"
#include "run/engine_reply.h"
#include "run/engine_send.h"

#define TELL_EVERY (100 * NANOS_PER_MS)   // the progress line's pace
#define NOTE_EVERY NANOS_PER_SECOND       // how often time and watermark are journalled
#define DEAD_AT_FIRST (10 * NANOS_PER_SECOND)   // nobody there: a wrong address shows soon
#define DEAD_LATER (300 * NANOS_PER_SECOND)     // a server that worked may be restarted

Engine *engine_new(const EngineParts *parts)
{
    Engine *e = mem_alloc(sizeof *e);
    const RunSettings *s = parts->settings;
    Nanos now = clock_now(parts->clock);
    *e = (Engine){.parts = *parts, .settings = s, .concurrency = s->concurrency, .began = now, .told = now, .noted = now,
                  .lowest_left = UINT64_MAX};
    LimiterConfig config = {.cap = 2 * s->concurrency + 64, .rpm = (uint64_t)s->rpm, .tpm = (uint64_t)s->tpm};
    lanes_init(&e->lanes, s->endpoints, s->n_endpoints, &config, now);
    engine_embed_init(e, &config, now);
    retry_budget_init(&e->retries, now);
    e->budget.cap = (Spending){s->max_tokens, s->max_cost};
    e->patience_ends = INT64_MAX;
    e->progress = (Progress){.total = s->iterations, .concurrency = s->concurrency, .time_before = parts->time_before,
                             .cost_known = parts->pricing.known, .distinct_2 = -1, .duplicate_rate = -1};
    if (parts->before) {
        const JournalSums *b = parts->before;
        e->progress.totals = *b;
        e->progress.totals.tokens_lost += parts->pending->tokens_cut;
        e->progress.totals.cost += parts->pending->cost_cut;
        e->budget.spent = (Spending){b->prompt_tokens + b->completion_tokens + e->progress.totals.tokens_lost,
                                     e->progress.totals.cost};
        e->budget.reserved = (Spending){parts->pending->tokens_open, parts->pending->cost_open};
    }
    e->progress.kept_before = e->progress.totals.kept;
    e->progress.completion_tokens_before = e->progress.totals.completion_tokens;
    return e;
}

void engine_free(Engine *e)
{
    if (!e) return;
    for (size_t i = 0; i < e->n_items; i++) {
        if (e->pool[i]->reply) e->parts.transport->release(e->parts.transport->self, e->pool[i]->reply);
        arena_free(&e->pool[i]->arena);
        buf_free(&e->pool[i]->body);
        free(e->pool[i]);
    }
    free(e->pool);
    heap_free(&e->backoff);
    lanes_free(&e->lanes);
    engine_embed_free(e);
    arena_free(&e->scratch);
    free(e);
}

static size_t active(const Engine *e) { return e->n_items - e->free.n; }

// ---- what outside asks --------------------------------------------------------------------------

static void heed_requests(Engine *e)
{
    EngineRequests *r = e->parts.requests;
    if (!r) return;
    if (r->stop) {
        Error why = {.kind = r->signal == SIGTERM ? ERROR_TERMINATED : ERROR_INTERRUPTED};
        engine_stop(e, why.kind, &why, r->stop > 1 ? 0 : -1);
    }
    // A signal may come between a look and a subtraction.
    int by = atomic_load(&r->concurrency) ? atomic_exchange(&r->concurrency, 0) : 0;
    if (by == 0) return;
    int64_t wished = (int64_t)e->concurrency + by;
    e->concurrency = wished < 1 ? 1 : wished > 16384 ? 16384 : (unsigned)wished;
    e->progress.concurrency = e->concurrency;
    Nanos now = clock_now(e->parts.clock);
    for (size_t i = 0; i < e->lanes.n; i++) limiter_set_cap(&e->lanes.items[i].limiter, 2 * e->concurrency + 64, now);
}

static void heed_time(Engine *e, Nanos now)
{
    Nanos cap = e->settings->max_time;
    if (e->stopping || cap == 0 || e->parts.time_before + (now - e->began) < cap) return;
    Error why;
    error_set(&why, ERROR_BUDGET, "budget", "the time of --max-time is used up");
    error_hint(&why, "`confab resume` with a higher --max-time goes on");
    engine_stop(e, ERROR_BUDGET, &why, -1);
}

static void heed_dead_servers(Engine *e, Nanos now)
{
    Nanos since;
    if (e->stopping || !lanes_dead(&e->lanes, &since)) return;
    if (now - since < (e->any_success ? DEAD_LATER : DEAD_AT_FIRST)) return;
    Error why = e->why;
    if (!why.kind) error_set(&why, ERROR_UNREACHABLE, "server", "the server does not answer");
    why.kind = ERROR_UNREACHABLE;
    engine_stop(e, ERROR_UNREACHABLE, &why, 2 * NANOS_PER_SECOND);
}

// In flight when the run may wait no longer: their asks stay in the journal as perhaps paid.
static void cut_off(Engine *e)
{
    e->parts.transport->cancel_all(e->parts.transport->self);
    for (size_t i = 0; i < e->lanes.n; i++) breaker_gone(&e->lanes.items[i].breaker);
    e->in_flight = 0;
    e->progress.in_flight = 0;
    engine_drop_embeddings(e);
}

static bool heed_journal(Engine *e)
{
    Error why;
    if (!journal_failed(e->parts.journal, &why)) return true;
    // Nothing that comes now could be kept, so nothing is waited for.
    engine_stop(e, ERROR_FILE, &why, 0);
    e->end = ERROR_FILE;
    e->why = why;
    cut_off(e);
    return false;
}

// ---- the loop -----------------------------------------------------------------------------------

static void take_durable(Engine *e, Nanos now)
{
    if (e->parts.journal_inline) journal_flush(e->parts.journal, NULL);
    Ticket durable = journal_durable(e->parts.journal);
    while (e->asking.first && e->asking.first->ticket <= durable) queue_push(&e->ready, queue_pop(&e->asking));
    while (e->answered.first && e->answered.first->ticket <= durable) engine_assess(e, queue_pop(&e->answered), now);
}

static void wake_due(Engine *e, Nanos now)
{
    while (heap_first(&e->backoff) && heap_first(&e->backoff)->due <= now) {
        Item *item = heap_pop(&e->backoff);
        Nanos when;
        if (item->failures && !retry_budget_take(&e->retries, now, &when)) {
            item->due = when > now ? when : now + NANOS_PER_MS;
            heap_push(&e->backoff, item);
            continue;
        }
        engine_ask_again(e, item);
    }
}

static void withdraw_all(Engine *e)
{
    Item *item;
    while ((item = queue_pop(&e->asking)) || (item = queue_pop(&e->ready)) || (item = queue_pop(&e->held)) ||
           (item = heap_pop(&e->backoff)))
        engine_withdraw(e, item);
}

static void note_facts(Engine *e, Nanos now)
{
    uint64_t low = pending_lowest(e->parts.pending);
    if (e->lowest_left < low) low = e->lowest_left;
    for (size_t i = 0; i < e->n_items; i++)
        if (e->pool[i]->task.attempt && e->pool[i]->task.iteration < low) low = e->pool[i]->task.iteration;
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)low);
    journal_fact(e->parts.journal, S("watermark"), str_from(text));
    snprintf(text, sizeof text, "%lld", (long long)(e->parts.time_before + now - e->began));
    journal_fact(e->parts.journal, S("time"), str_from(text));
    snprintf(text, sizeof text, "%llu", (unsigned long long)e->progress.maybe_paid_twice);
    journal_fact(e->parts.journal, S("maybe_paid_twice"), str_from(text));
    e->noted = now;
}

const Progress *engine_progress(Engine *e)
{
    Progress *p = &e->progress;
    p->in_flight = e->in_flight;
    p->elapsed = clock_now(e->parts.clock) - e->began;
    return p;
}

static void tell_progress(Engine *e, Nanos now)
{
    const RunObserver *o = e->parts.observer;
    e->told = now;
    if (o && o->progress) o->progress(o->ctx, engine_progress(e));
}

static Nanos how_long(const Engine *e, Nanos now, Nanos patience)
{
    Nanos until = e->told + TELL_EVERY;
    if (patience >= 0 && now + patience < until) until = now + patience;
    if (e->patience_ends < until) until = e->patience_ends;
    const Item *due = heap_first(&e->backoff);
    if (due && due->due < until) until = due->due;
    if (e->ready.n && e->wait_until < until) until = e->wait_until;
    due = heap_first(&e->embed.backoff);
    if (due && due->due < until) until = due->due;
    if (e->embed.ready.n && e->embed.wait_until < until) until = e->embed.wait_until;
    return until > now ? until - now : 0;
}

static void receive(Engine *e, Nanos timeout)
{
    HttpReply *replies[64];
    Transport *t = e->parts.transport;
    size_t n;
    do {
        n = t->wait(t->self, timeout, replies, 64);
        Nanos now = clock_now(e->parts.clock);
        for (size_t i = 0; i < n; i++) engine_take_reply(e, replies[i], now);
        timeout = 0;
    } while (n == 64);
}

static bool finished(const Engine *e)
{
    if (e->in_flight || e->answered.n || e->embed.n) return false;
    return e->stopping || (active(e) == 0 && pending_empty(e->parts.pending));
}

bool engine_turn(Engine *e, Nanos patience)
{
    Nanos now = clock_now(e->parts.clock);
    heed_requests(e);
    heed_time(e, now);
    heed_dead_servers(e, now);
    if (e->stopping && now >= e->patience_ends) cut_off(e);
    take_durable(e, now);
    if (!heed_journal(e)) return false;
    if (e->stopping) {
        withdraw_all(e);
    } else {
        wake_due(e, now);
        engine_plan_more(e);
        if (e->parts.journal_inline) take_durable(e, now);
        engine_send_ready(e, now);
    }
    if (e->embed.n) engine_send_embeddings(e, now);
    if (now - e->noted >= NOTE_EVERY) note_facts(e, now);
    if (now - e->told >= TELL_EVERY) tell_progress(e, now);
    if (finished(e)) {
        note_facts(e, now);
        tell_progress(e, now);
        return false;
    }
    // A free slot, and what would fill it is not yet on the disk.
    if (e->in_flight < e->concurrency && (e->asking.n || e->answered.n)) journal_hurry(e->parts.journal);
    receive(e, how_long(e, now, patience));
    return true;
}

ErrorKind engine_end(const Engine *e, Error *why)
{
    bool cut_short = e->end == ERROR_BUDGET || e->end == ERROR_INTERRUPTED || e->end == ERROR_TERMINATED;
    bool all_done = e->progress.totals.kept + e->progress.totals.failed >= e->progress.total;
    // What was in flight may have been all that was left.
    if (e->stopping && !(cut_short && all_done)) {
        *why = e->why;
        return e->end;
    }
    *why = (Error){0};
    return e->progress.totals.failed ? ERROR_PARTIAL : ERROR_NONE;
}

unsigned engine_in_flight(const Engine *e) { return e->in_flight; }

Spending engine_held(const Engine *e)
{
    return (Spending){e->budget.spent.tokens + e->budget.reserved.tokens, e->budget.spent.cost + e->budget.reserved.cost};
}
