// SPDX-License-Identifier: Apache-2.0
#include "run/engine_ask.h"

#include "base/hash.h"
#include "run/allowance.h"
#include "run/engine_embed.h"

// Over the messages as they are sent: role, NUL, content, NUL.
static Str hash_prompt(const PlanItem *plan, Arena *a)
{
    size_t n = 0;
    Str *parts = arena_alloc(a, 4 * plan->n_messages * sizeof *parts);
    for (size_t i = 0; i < plan->n_messages; i++) {
        parts[n++] = plan->messages[i].role;
        parts[n++] = (Str){"", 1};
        parts[n++] = plan->messages[i].content;
        parts[n++] = (Str){"", 1};
    }
    Sha256 hash = sha256_all(parts, n);
    return hash_hex(a, hash.bytes, sizeof hash.bytes);
}

static bool plan_task(Engine *e, Item *item)
{
    Error error;
    arena_reset(&item->arena);
    item->prompt_sha256 = (Str){0};
    item->at_most = (Spending){0};
    item->failures = item->throttles = 0;
    item->settled = false;
    item->vector = NULL;
    item->embed_tokens = 0;
    item->failed_on = 0;
    Gauge *gauge = e->settings->gauge;
    item->fitted = (Fitted){.room = INT64_MAX};
    if (gauge ? !fit_item(e->parts.plan, item->task.iteration, item->task.attempt, gauge, &item->arena, &item->plan, &item->fitted, &error)
              : !plan_item(e->parts.plan, item->task.iteration, item->task.attempt, NULL, &item->arena, &item->plan, &error)) {
        engine_put_ask(e, item, 0);
        engine_give_up(e, item, error.code, error.what);
        return false;
    }
    item->prompt_sha256 = hash_prompt(&item->plan, &item->arena);
    return true;
}

static void end_by_budget(Engine *e)
{
    Error why;
    bool cost = e->settings->max_cost && e->budget.cap.cost - e->budget.spent.cost < e->budget.cap.cost / 2;
    error_set(&why, ERROR_BUDGET, "budget", "the next request could pass the cap of %s",
              cost || !e->settings->max_tokens ? "--max-cost" : "--max-tokens");
    error_hint(&why, "`confab resume` with a higher cap goes on");
    engine_stop(e, ERROR_BUDGET, &why, -1);
}

// What is reserved by others may come back: the item waits until it does.
static void hold(Engine *e, Item *item)
{
    if (budget_exhausted(&e->budget, item->at_most)) end_by_budget(e);
    item->at_most = (Spending){0};
    queue_push(&e->held, item);
}

bool engine_ask(Engine *e, Item *item)
{
    if (!plan_task(e, item)) return true;
    item->max_tokens = allowance(&item->plan, plan_form(e->parts.plan), e->settings->local_model, item->room);
    if (item->max_tokens > item->fitted.room) item->max_tokens = item->fitted.room;
    bool counted = e->settings->gauge && e->settings->gauge->counter->exact;
    item->at_most = spending_at_most(&item->plan, counted ? item->fitted.prompt : 0, item->max_tokens, &e->parts.pricing);
    Spending embedding = engine_embed_most(e, item->max_tokens);
    item->at_most.tokens += embedding.tokens;
    item->at_most.cost += embedding.cost;
    if (!budget_reserve(&e->budget, item->at_most)) {
        hold(e, item);
        return false;
    }
    engine_put_ask(e, item, item->task.tries + 1);
    queue_push(&e->asking, item);
    return true;
}

void engine_ask_again(Engine *e, Item *item)
{
    if (!budget_reserve(&e->budget, item->at_most)) {
        // Its ask stays as it is; the same attempt is planned again when there is room.
        hold(e, item);
        return;
    }
    e->progress.resent++;
    engine_put_ask(e, item, item->task.tries + 1);
    queue_push(&e->asking, item);
}

void engine_withdraw(Engine *e, Item *item)
{
    budget_settle(&e->budget, item->at_most, (Spending){0});
    item->at_most = (Spending){0};
    engine_put_ask(e, item, item->task.tries);
    engine_leave(e, item);
}

// An answer that an earlier process received and did not get to judge.
static void judge_stored(Engine *e, Item *item)
{
    Error error;
    // A journal that fails ends the run in engine.c.
    if (!journal_flush(e->parts.journal, NULL) || !plan_task(e, item)) return;
    if (!journal_get_answer(e->parts.journal, item_key(item), &item->arena, &item->stored, &error)) {
        if (error.kind) engine_stop(e, ERROR_FILE, &error, 0);
        engine_leave(e, item);
        return;
    }
    item->at_most = (Spending){item->task.tokens_at_most, item->task.cost_at_most};
    item->reply = NULL;
    item->lane = 0;
    item->ticket = 0;
    queue_push(&e->answered, item);
}

static Item *take_item(Engine *e)
{
    Item *item = queue_pop(&e->free);
    if (item) return item;
    if (e->n_items >= 2 * (size_t)e->concurrency + 64) return NULL;
    if (e->n_items == e->cap_items) {
        e->cap_items = e->cap_items ? e->cap_items * 2 : 64;
        e->pool = mem_realloc(e->pool, e->cap_items * sizeof(Item *));
    }
    item = mem_alloc(sizeof *item);
    *item = (Item){.index = e->n_items};
    e->pool[e->n_items++] = item;
    return item;
}

static bool room_for_more(const Engine *e)
{
    size_t waiting = e->ready.n + e->asking.n;
    // One at a time: each verdict stands before the next prompt is drawn up, so that an interrupted
    // run decides as an uninterrupted one.
    if (e->concurrency == 1) return waiting + e->in_flight + e->answered.n + e->embed.n + e->backoff.n == 0;
    size_t ahead = e->concurrency < AHEAD_MAX ? e->concurrency : AHEAD_MAX;
    return waiting < ahead + (e->concurrency > e->in_flight ? e->concurrency - e->in_flight : 0);
}

void engine_plan_more(Engine *e)
{
    while (!e->stopping && room_for_more(e)) {
        Item *item = pending_has_stored(e->parts.pending) ? NULL : queue_pop(&e->held);
        if (!item) {
            if (pending_empty(e->parts.pending) || !(item = take_item(e))) return;
            pending_next(e->parts.pending, &item->task);
            if (item->task.tokens_lost) e->progress.maybe_paid_twice++;
        }
        if (item->task.answered)
            judge_stored(e, item);
        else if (!engine_ask(e, item))
            return;
    }
}
