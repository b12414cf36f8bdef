// SPDX-License-Identifier: Apache-2.0
#include "run/engine_send.h"

#include "base/hash.h"
#include "llm/adapter.h"

// A model that thinks on one core is slow to its first byte, which comes with the whole answer; once
// bytes flow, a pause of two minutes is a dead connection.
#define CONNECT_TIMEOUT (10 * NANOS_PER_SECOND)
#define IDLE_TIMEOUT (120 * NANOS_PER_SECOND)
#define WHOLE_TIMEOUT (900 * NANOS_PER_SECOND)

static bool wants_schema(const Engine *e, const Lane *lane)
{
    return e->settings->structured != STRUCTURED_OFF && lane->endpoint->adapter->takes_schema && !lane->no_schema;
}

static bool write_body(Engine *e, Item *item, const Lane *lane)
{
    item->with_schema = wants_schema(e, lane);
    ChatRequest request = {
        .messages = item->plan.messages,
        .n_messages = item->plan.n_messages,
        .params = item->plan.params,
        .n_params = item->plan.n_params,
        .schema = item->with_schema ? item->plan.schema : (Str){0},
        .has_seed = true,
        .seed = item->plan.drawn.seed,
        .max_tokens = (unsigned)item->max_tokens,
    };
    buf_clear(&item->body);
    return lane->endpoint->adapter->write_request(lane->endpoint, &request, &item->body);
}

// Later, where memory was short; else its iteration ends.
static void unsent(Engine *e, Item *item, const Error *why, Nanos now)
{
    budget_settle(&e->budget, item->at_most, (Spending){0});
    if (why->kind != ERROR_INTERNAL || ++item->failures >= FAILURES_MAX) {
        engine_give_up(e, item, "request", why->what);
        return;
    }
    engine_note_failed(e, item);
    engine_back_off(e, item, -1, now);
}

static void send_item(Engine *e, Item *item, size_t at, Nanos now)
{
    Lane *lane = &e->lanes.items[at];
    char name[48];
    int n = snprintf(name, sizeof name, "%llu-%u", (unsigned long long)item->task.iteration, item->task.attempt);
    item->lane = at;
    Nanos whole = e->settings->timeout ? e->settings->timeout : WHOLE_TIMEOUT;
    HttpRequest request = {
        .endpoint = lane->endpoint,
        .tag = item->index,
        .item = {name, (size_t)n},
        .connect_timeout = CONNECT_TIMEOUT,
        .first_byte_timeout = whole,
        .idle_timeout = IDLE_TIMEOUT < whole ? IDLE_TIMEOUT : whole,
        .whole_timeout = whole,
    };
    Error error;
    bool ok = write_body(e, item, lane) || error_set(&error, ERROR_PROJECT, "request", "the request is too large");
    request.body = buf_str(&item->body);
    if (!ok || !e->parts.transport->send(e->parts.transport->self, &request, &error)) {
        unsent(e, item, &error, now);
        return;
    }
    item->task.tries++;
    item->sent_at = now;
    item->sent = limiter_sent(&lane->limiter, now, (uint64_t)item->at_most.tokens);
    breaker_sent(&lane->breaker, now);
    if (item->task.tries == 1) retry_budget_first(&e->retries);
    e->in_flight++;
    e->progress.totals.requests++;
}

void engine_send_ready(Engine *e, Nanos now)
{
    e->wait_until = INT64_MAX;
    e->progress.waiting = NULL;
    while (e->ready.n && e->in_flight < e->concurrency) {
        Item *item = e->ready.first;
        const char *why = NULL;
        Nanos when;
        uint64_t prefix = e->lanes.n > 1 && item->plan.n_messages ? hash64(item->plan.messages[0].content, 0) : 0;
        LaneWish wish = {prefix, (uint64_t)item->at_most.tokens, item->failed_on};
        size_t at = lanes_pick(&e->lanes, now, &wish, &when, &why);
        if (at == STR_NONE) {
            e->wait_until = when;
            e->progress.waiting = why;
            e->progress.waiting_for = when == INT64_MAX ? 0 : when - now;
            return;
        }
        send_item(e, queue_pop(&e->ready), at, now);
    }
}
