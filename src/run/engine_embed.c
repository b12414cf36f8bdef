// SPDX-License-Identifier: Apache-2.0
#include "run/engine_embed.h"

#include "base/hash.h"

#define CONNECT_TIMEOUT (10 * NANOS_PER_SECOND)
#define WHOLE_TIMEOUT (120 * NANOS_PER_SECOND)
#define OWN_TAG ((uint64_t)1 << 63)  // tells these replies from the model's

enum { EMBED_FAILURES_MAX = 6 };     // about two minutes of backoff

bool engine_is_embedding(const HttpReply *reply) { return (reply->tag & OWN_TAG) != 0; }

Spending engine_embed_most(const Engine *e, int64_t max_tokens)
{
    if (!e->settings->embedder) return (Spending){0};
    int64_t tokens = 2 * max_tokens + 64;
    return (Spending){tokens, pricing_cost(&e->settings->embedder_pricing, tokens, 0, 0)};
}

static const Endpoint *endpoint_of(const Engine *e) { return embedder_endpoint(e->settings->embedder); }

// Its answer stays in the journal without a verdict.
static void leave(Engine *e, Item *item)
{
    e->embed.n--;
    item->embed = EMBED_NONE;
    if (item->reply) e->parts.transport->release(e->parts.transport->self, item->reply);
    item->reply = NULL;
    item->settled = false;
    engine_leave(e, item);
}

void engine_drop_embeddings(Engine *e)
{
    e->embed.ready = (ItemQueue){0};
    e->embed.backoff.n = 0;
    e->embed.in_flight = 0;
    for (size_t i = 0; i < e->n_items; i++)
        if (e->pool[i]->embed != EMBED_NONE) leave(e, e->pool[i]);
}

bool engine_embed(Engine *e, Item *item, const ChatReply *reply)
{
    Str text;
    if (!e->settings->embedder || item->vector || !assess_text(e->parts.assessor, &item->plan, reply, &e->scratch, &text)) return false;
    item->text = arena_str(&item->arena, embed_cut(text, 0));
    item->embed = EMBED_WAITS;
    item->halvings = item->embed_failures = item->embed_throttles = 0;
    e->embed.n++;
    if (e->embed.dead)
        leave(e, item);
    else
        queue_push(&e->embed.ready, item);
    return true;
}

// ---- sending ------------------------------------------------------------------------------------

static bool send_one(Engine *e, Item *item, Nanos now, Error *error)
{
    Lane *lane = &e->embed.lanes.items[0];
    Str cut = embed_cut(item->text, item->halvings);
    buf_clear(&item->body);
    embed_write(lane->endpoint, &cut, 1, &item->body);
    Nanos whole = e->settings->timeout && e->settings->timeout < WHOLE_TIMEOUT ? e->settings->timeout : WHOLE_TIMEOUT;
    HttpRequest request = {.endpoint = lane->endpoint, .body = buf_str(&item->body), .tag = item->index | OWN_TAG,
                           .connect_timeout = CONNECT_TIMEOUT, .first_byte_timeout = whole, .idle_timeout = whole, .whole_timeout = whole};
    if (!e->parts.transport->send(e->parts.transport->self, &request, error)) return false;
    item->embed = EMBED_OUT;
    item->sent_at = now;
    item->sent = limiter_sent(&lane->limiter, now, (uint64_t)embed_tokens_most(cut));
    breaker_sent(&lane->breaker, now);
    e->embed.in_flight++;
    return true;
}

static void give_up(Engine *e, const Error *error)
{
    Error why = *error;
    if (why.kind != ERROR_REFUSED) why.kind = ERROR_UNREACHABLE;
    embed_explain(&why);
    e->embed.dead = true;
    engine_stop(e, why.kind, &why, 2 * NANOS_PER_SECOND);
}

void engine_send_embeddings(Engine *e, Nanos now)
{
    e->embed.wait_until = INT64_MAX;
    while (heap_first(&e->embed.backoff) && heap_first(&e->embed.backoff)->due <= now)
        queue_push(&e->embed.ready, heap_pop(&e->embed.backoff));
    while (e->embed.ready.n && e->embed.in_flight < e->concurrency) {
        const char *why = NULL;
        Error error;
        Str cut = embed_cut(e->embed.ready.first->text, e->embed.ready.first->halvings);
        LaneWish wish = {.tokens = (uint64_t)embed_tokens_most(cut)};
        if (lanes_pick(&e->embed.lanes, now, &wish, &e->embed.wait_until, &why) == STR_NONE) return;
        Item *item = queue_pop(&e->embed.ready);
        if (send_one(e, item, now, &error)) continue;
        leave(e, item);
        give_up(e, &error);
    }
}

// ---- replies ------------------------------------------------------------------------------------

static void ask_again(Engine *e, Item *item, const Judgement *j, Nanos now)
{
    if (j->verdict == THROTTLED)
        item->embed_throttles++;
    else if (++item->embed_failures >= EMBED_FAILURES_MAX) {
        leave(e, item);
        give_up(e, &j->error);
        return;
    }
    unsigned tries = item->embed_failures ? item->embed_failures : item->embed_throttles;
    item->due = now + backoff(tries, j->retry_after, hash_mix(item->task.iteration, hash_mix(item->task.attempt, tries)));
    heap_push(&e->embed.backoff, item);
}

static void take_vector(Engine *e, Item *item, Judgement *j, Nanos now)
{
    size_t dimensions = embedder_dimensions(e->settings->embedder);
    const float *vector = embed_read(j->reply.text, 1, &dimensions, &item->arena, &j->error);
    int64_t tokens = j->reply.usage.known ? j->reply.usage.prompt : (int64_t)embed_cut(item->text, item->halvings).len / 4 + 1;
    item->embed_tokens += tokens;
    if (!vector) {
        j->verdict = RETRY;
        ask_again(e, item, j, now);
        return;
    }
    item->vector = vector;
    item->embed = EMBED_NONE;
    e->embed.n--;
    queue_push(&e->answered, item);
}

static void end_ticket(Lane *lane, const Item *item, const Judgement *j, Nanos now)
{
    if (j->verdict == ANSWERED)
        limiter_answered(&lane->limiter, now, &item->sent, j->reply.usage.known ? j->reply.usage.prompt : -1);
    else if (j->verdict == THROTTLED)
        limiter_throttled(&lane->limiter, now, &item->sent, j->retry_after);
    else
        limiter_gone(&lane->limiter, now, &item->sent);
    breaker_ended(&lane->breaker, now, item->sent_at, j->verdict != ANSWERED && j->sick);
}

void engine_take_embedding(Engine *e, HttpReply *reply, Nanos now)
{
    Item *item = e->pool[reply->tag & ~OWN_TAG];
    Lane *lane = &e->embed.lanes.items[0];
    Nanos wall = clock_wall(e->parts.clock);
    Judgement j;
    e->embed.in_flight--;
    item->embed = EMBED_WAITS;
    limiter_heard(&lane->limiter, now, &item->sent, rate_news(&reply->requests, wall), rate_news(&reply->tokens, wall));
    arena_reset(&e->scratch);
    judge(reply, false, wall, &e->scratch, &j);
    end_ticket(lane, item, &j, now);
    if (j.verdict == ANSWERED) {
        take_vector(e, item, &j, now);
    } else if (embed_is_too_long(&j) && item->halvings < EMBED_HALVINGS) {
        item->halvings++;
        queue_push(&e->embed.ready, item);
    } else if (j.verdict == RETRY || j.verdict == THROTTLED) {
        ask_again(e, item, &j, now);
    } else {
        leave(e, item);
        give_up(e, &j.error);
    }
    e->parts.transport->release(e->parts.transport->self, reply);
}

void engine_embed_init(Engine *e, const LimiterConfig *config, Nanos now)
{
    if (e->settings->embedder) lanes_init(&e->embed.lanes, endpoint_of(e), 1, config, now);
}

void engine_embed_free(Engine *e)
{
    heap_free(&e->embed.backoff);
    if (e->settings->embedder) lanes_free(&e->embed.lanes);
}
