// SPDX-License-Identifier: Apache-2.0
#include "run/engine_reply.h"

#include "llm/adapter.h"
#include "llm/judge.h"
#include "run/engine_ask.h"
#include "run/engine_embed.h"

// ---- verdicts -----------------------------------------------------------------------------------

// The next attempt of the same iteration, or its end.
static void reject(Engine *e, Item *item, VerdictRow *row)
{
    row->final |= item->task.attempt >= item->task.last_attempt;
    engine_put_verdict(e, item, row, NULL);
    if (row->final) {
        engine_release(e, item);
        return;
    }
    item->task = (Task){.iteration = item->task.iteration, .attempt = item->task.attempt + 1, .last_attempt = item->task.last_attempt};
    if (e->stopping)
        engine_leave(e, item);
    else
        engine_ask(e, item);
}

// ---- replies that are no answer -----------------------------------------------------------------

// Whether the server may have worked, and billed, although its answer did not come whole.
static bool maybe_billed(const HttpReply *reply)
{
    switch (reply->end) {
    case HTTP_TIMEOUT_FIRST_BYTE:
    case HTTP_TIMEOUT_IDLE:
    case HTTP_TIMEOUT_WHOLE:
    case HTTP_TOO_LARGE:
    case HTTP_MALFORMED:
    case HTTP_FAILED: return true;
    case HTTP_RESET: return !reply->unsent;
    default: return false;
    }
}

static void settle_failed(Engine *e, Item *item, bool lost)
{
    Spending paid = lost ? item->at_most : (Spending){0};
    budget_settle(&e->budget, item->at_most, paid);
    item->task.tokens_lost += paid.tokens;
    item->task.cost_lost += paid.cost;
    e->progress.totals.tokens_lost += paid.tokens;
    e->progress.totals.cost += paid.cost;
    engine_note_failed(e, item);
}

// True when failures of this kind have ended the run.
static bool too_many_in_a_row(Engine *e, const Judgement *j, Nanos patience)
{
    if (e->last_cause && strcmp(e->last_cause, j->cause) == 0)
        e->in_a_row++;
    else
        e->in_a_row = 1;
    e->last_cause = j->cause;
    if (e->in_a_row < (unsigned)(e->any_success ? KIND_IN_A_ROW : KIND_AT_FIRST)) return false;
    Error why = j->error;
    if (why.kind != ERROR_REFUSED) why.kind = ERROR_UNREACHABLE;
    engine_stop(e, why.kind, &why, patience);
    return true;
}

static void on_retry(Engine *e, Item *item, const Judgement *j, unsigned most, Nanos now)
{
    // What a server says when it is sick is what the run reports if it never recovers.
    e->why = j->error;
    if (++item->failures >= most)
        engine_give_up(e, item, j->cause, j->error.what);
    else
        engine_back_off(e, item, j->retry_after, now);
}

static void on_no_schema(Engine *e, Item *item, const Judgement *j)
{
    Lane *lane = &e->lanes.items[item->lane];
    if (e->settings->structured == STRUCTURED_ON) {
        Error why = j->error;
        error_hint(&why, "leave --structured on out, or use --structured off");
        engine_stop(e, ERROR_REFUSED, &why, 2 * NANOS_PER_SECOND);
        item->at_most = (Spending){0};
        engine_withdraw(e, item);
        return;
    }
    if (!lane->no_schema) {
        Error warning;
        error_set(&warning, ERROR_NONE, "structured", "%.*s takes no JSON schema; going on without", STR_ARG(lane->endpoint->shown));
        error_hint(&warning, "--structured off says so from the start");
        warning.warning = true;
        engine_tell(e, &warning);
    }
    lane->no_schema = true;
    engine_ask_again(e, item);
}

static void on_refused(Engine *e, Item *item, const Judgement *j, Nanos now)
{
    if (!e->any_success)
        engine_stop(e, j->error.kind, &j->error, 2 * NANOS_PER_SECOND);
    else if (!too_many_in_a_row(e, j, 2 * NANOS_PER_SECOND)) {
        on_retry(e, item, j, REFUSALS_MAX, now);
        return;
    }
    item->at_most = (Spending){0};
    engine_withdraw(e, item);
}

static void no_answer(Engine *e, Item *item, const HttpReply *reply, const Judgement *j, Nanos now)
{
    Lane *lane = &e->lanes.items[item->lane];
    if (j->verdict == THROTTLED)
        limiter_throttled(&lane->limiter, now, &item->sent, j->retry_after);
    else
        limiter_gone(&lane->limiter, now, &item->sent);
    breaker_ended(&lane->breaker, now, item->sent_at, j->sick);
    settle_failed(e, item, maybe_billed(reply));
    if (j->verdict == RETRY || j->verdict == REFUSED) item->failed_on |= UINT64_C(1) << item->lane;
    switch (j->verdict) {
    case RETRY: on_retry(e, item, j, FAILURES_MAX, now); return;
    case THROTTLED:
        item->throttles++;
        engine_back_off(e, item, j->retry_after, now);
        return;
    case REFUSED: on_refused(e, item, j, now); return;
    case NO_SCHEMA: on_no_schema(e, item, j); return;
    case ANSWERED:
    case FAILED: break;
    }
    too_many_in_a_row(e, j, -1);
    engine_give_up(e, item, j->cause, j->error.what);
}

static bool is_answer(const HttpReply *reply) { return reply->end == HTTP_DONE && reply->status >= 200 && reply->status < 300; }

void engine_take_reply(Engine *e, HttpReply *reply, Nanos now)
{
    Transport *t = e->parts.transport;
    if (engine_is_embedding(reply)) {
        engine_take_embedding(e, reply, now);
        return;
    }
    Item *item = e->pool[reply->tag];
    Lane *lane = &e->lanes.items[item->lane];
    e->in_flight--;
    Nanos wall = clock_wall(e->parts.clock);
    limiter_heard(&lane->limiter, now, &item->sent, rate_news(&reply->requests, wall), rate_news(&reply->tokens, wall));
    if (is_answer(reply)) {
        AnswerRow row = {wall, reply->done - reply->sent, reply->status, lane->endpoint->shown, reply->body};
        item->ticket = journal_answer(e->parts.journal, item_key(item), &row);
        item->stored = row;
        item->reply = reply;
        queue_push(&e->answered, item);
        return;
    }
    arena_reset(&e->scratch);
    Judgement j;
    judge(reply, item->with_schema, wall, &e->scratch, &j);
    no_answer(e, item, reply, &j, now);
    t->release(t->self, reply);
}

// ---- answers ------------------------------------------------------------------------------------

// About four bytes a token, for servers that count nothing.
static Usage usage_of(const Item *item, const ChatReply *reply)
{
    if (reply->usage.known) return reply->usage;
    int64_t prompt = 0;
    for (size_t i = 0; i < item->plan.n_messages; i++) prompt += (int64_t)item->plan.messages[i].content.len;
    return (Usage){.prompt = prompt / 4 + 1, .completion = (int64_t)reply->text.len / 4 + 1};
}

static VerdictRow paid_row(Engine *e, Item *item, const ChatReply *reply)
{
    Usage usage = usage_of(item, reply);
    VerdictRow row = {
        .prompt_tokens = usage.prompt,
        .completion_tokens = usage.completion,
        .cached_tokens = usage.cached,
        .tokens_known = usage.known,
        .cost = pricing_cost(&e->parts.pricing, usage.prompt, usage.cached, usage.completion),
    };
    e->progress.totals.tokens_estimated |= !usage.known;
    budget_settle(&e->budget, item->at_most, (Spending){usage.prompt + usage.completion, row.cost});
    item->at_most = (Spending){0};
    return row;
}

static void end_lane_ticket(Engine *e, Item *item, const Judgement *j, const VerdictRow *row, Nanos now)
{
    if (!item->reply) return;
    Lane *lane = &e->lanes.items[item->lane];
    limiter_answered(&lane->limiter, now, &item->sent, row->prompt_tokens + row->completion_tokens);
    breaker_ended(&lane->breaker, now, item->sent_at, j->verdict != ANSWERED && j->sick);
    if (j->verdict == ANSWERED) lane->good = now;
}

// What the journal and the progress line say of near-duplicates. True: the topic has nothing new left.
static bool note_novelty(Engine *e, Item *item, bool duplicate, VerdictRow *row)
{
    Novelty *novelty = e->parts.assessor->novelty;
    Error tell;
    if (!novelty) return false;
    row->similarity = e->parts.assessor->near.similarity;
    row->near = row->similarity > 0 ? e->parts.assessor->near.id : 0;
    bool exhausted = novelty_judged(novelty, &item->plan, duplicate, &tell);
    if (tell.kind) engine_tell(e, &tell);
    e->progress.distinct_2 = diversity_distinct(novelty_diversity(novelty), 2);
    return exhausted;
}

// Of the answers that were compared; below 0: none were.
static double duplicate_rate(const Engine *e)
{
    const JournalSums *sums = &e->progress.totals;
    if (!e->settings->dedup) return -1;
    uint64_t duplicates = 0;
    for (size_t i = 0; i < sums->n_reasons; i++)
        if (strcmp(sums->reasons[i].name, finding_name(FINDING_DUPLICATE)) == 0) duplicates = sums->reasons[i].n;
    uint64_t compared = duplicates + sums->kept;
    return compared ? (double)duplicates / (double)compared : -1;
}

// What answers is said once in the journal, for <stamp>.run.json.
static void note_model(Engine *e, Str reported)
{
    if (e->model_noted || !reported.len) return;
    journal_fact(e->parts.journal, S("model_reported"), reported);
    e->model_noted = true;
}

static void assess_reply(Engine *e, Item *item, const Judgement *j, VerdictRow *row)
{
    AnswerFacts facts = {
        .attempt = item->task.attempt,
        .finish_reason = j->reply.finish_reason,
        .model_reported = j->reply.model_reported,
        .prompt_sha256 = item->prompt_sha256,
        .wall = item->stored.wall,
        .usage_known = row->tokens_known,
        .prompt_tokens = row->prompt_tokens,
        .completion_tokens = row->completion_tokens,
        .cost_known = e->parts.pricing.known,
        .cost = row->cost,
    };
    KeptRow kept;
    Finding found = {0};
    Error error;
    note_model(e, j->reply.model_reported);
    e->any_success = true;
    e->in_a_row = 0;
    e->last_cause = NULL;
    e->parts.assessor->vector = item->vector;
    if (assess(e->parts.assessor, &item->plan, &j->reply, &facts, &e->scratch, &kept, &found, &error)) {
        row->final = true;
        row->reason = S("kept");
        note_novelty(e, item, false, row);
        engine_put_verdict(e, item, row, &kept);
        e->progress.duplicate_rate = duplicate_rate(e);
        engine_release(e, item);
        return;
    }
    if (error.kind) {
        found.reason = FINDING_UNREADABLE;
        snprintf(found.message, sizeof found.message, "%.199s", error.what);
    }
    if (found.reason == FINDING_CUT) item->room++;
    row->reason = str_from(finding_name(found.reason));
    row->message = str_from(found.message);
    if (found.reason == FINDING_DUPLICATE) row->final = note_novelty(e, item, true, row);
    reject(e, item, row);
    if (found.reason == FINDING_DUPLICATE) e->progress.duplicate_rate = duplicate_rate(e);
}

// A whole answer in no form that the API's documents know: it may be paid, so it is not asked for
// again under the same number but counts as an attempt.
static void unreadable(Engine *e, Item *item, const Judgement *j, VerdictRow *row)
{
    char reason[24];
    engine_reason(reason, j->cause);
    row->reason = str_from(reason);
    row->message = str_from(j->error.what);
    too_many_in_a_row(e, j, 2 * NANOS_PER_SECOND);
    reject(e, item, row);
}

// What the answer cost is booked at once; what its embedding may cost stays reserved.
static void settle_answer(Engine *e, Item *item, const Judgement *j, Nanos now)
{
    item->paid = paid_row(e, item, &j->reply);
    end_lane_ticket(e, item, j, &item->paid, now);
    Spending embedding = engine_embed_most(e, item->max_tokens);
    if (budget_reserve(&e->budget, embedding)) item->at_most = embedding;
    item->settled = true;
}

static void add_embedding(Engine *e, Item *item, VerdictRow *row)
{
    Spending paid = {item->embed_tokens, pricing_cost(&e->settings->embedder_pricing, item->embed_tokens, 0, 0)};
    budget_settle(&e->budget, item->at_most, paid);
    item->at_most = (Spending){0};
    row->prompt_tokens += paid.tokens;
    row->cost += paid.cost;
}

void engine_assess(Engine *e, Item *item, Nanos now)
{
    HttpReply stored = {.end = HTTP_DONE, .status = item->stored.status, .body = item->stored.raw,
                        .endpoint = e->lanes.items[item->lane].endpoint};
    const HttpReply *reply = item->reply ? item->reply : &stored;
    HttpReply *held = item->reply;
    arena_reset(&e->scratch);
    Judgement j;
    judge(reply, item->with_schema, item->stored.wall, &e->scratch, &j);
    if (j.verdict != ANSWERED) j.reply = (ChatReply){.text = reply->body};
    if (!item->settled) settle_answer(e, item, &j, now);
    if (j.verdict == ANSWERED && engine_embed(e, item, &j.reply)) return;
    VerdictRow row = item->paid;
    add_embedding(e, item, &row);
    item->settled = false;
    item->reply = NULL;
    if (j.verdict == ANSWERED)
        assess_reply(e, item, &j, &row);
    else
        unreadable(e, item, &j, &row);
    if (held) e->parts.transport->release(e->parts.transport->self, held);
}
