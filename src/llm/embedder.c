// SPDX-License-Identifier: Apache-2.0
#include "llm/embedder.h"

#include "base/hash.h"
#include "llm/limiter.h"
#include "llm/retry.h"

enum {
    TEXTS_AT_ONCE = 16,          // in a request
    BYTES_AT_ONCE = 64 << 10,
    FAILURES_MAX = 6,            // of a request before all is given up
    PART = 1024,                 // texts that are cut into requests at a time
};

#define CONNECT_TIMEOUT (10 * NANOS_PER_SECOND)
#define LOOK_EVERY (100 * NANOS_PER_MS)

// A request, from its first sending to its answer.
typedef struct Job {
    size_t first, n;             // of the texts
    unsigned halvings;           // of its one text
    unsigned failures, throttles;
    enum { JOB_WAITS, JOB_OUT, JOB_DONE } state;
    Nanos due, sent_at;
    LimiterTicket sent;
} Job;

struct Embedder {
    EmbedderOptions options;
    Limiter limiter;
    Breaker breaker;
    size_t dimensions;
    int64_t tokens;
    // of the part under way
    const Str *texts;
    Job *jobs;
    size_t n_jobs, cap_jobs, n_done;
    unsigned out;
    Buf body;
    Arena *arena;
    float **vectors;             // of each text
};

Embedder *embedder_new(const EmbedderOptions *options)
{
    Embedder *b = mem_alloc(sizeof *b);
    *b = (Embedder){.options = *options};
    LimiterConfig config = {.cap = options->concurrency, .rpm = (uint64_t)options->rpm, .tpm = (uint64_t)options->tpm};
    limiter_init(&b->limiter, &config, clock_now(options->clock));
    breaker_init(&b->breaker);
    return b;
}

void embedder_free(Embedder *b)
{
    if (!b) return;
    free(b->jobs);
    buf_free(&b->body);
    free(b);
}

const Endpoint *embedder_endpoint(const Embedder *b) { return b->options.endpoint; }
size_t embedder_dimensions(const Embedder *b) { return b->dimensions; }
void embedder_set_dimensions(Embedder *b, size_t dimensions) { b->dimensions = dimensions; }
int64_t embedder_tokens(const Embedder *b) { return b->tokens; }

// ---- requests -----------------------------------------------------------------------------------

static void add_job(Embedder *b, size_t first, size_t n)
{
    if (b->n_jobs == b->cap_jobs) {
        b->cap_jobs = b->cap_jobs ? 2 * b->cap_jobs : 64;
        b->jobs = mem_realloc(b->jobs, b->cap_jobs * sizeof *b->jobs);
    }
    b->jobs[b->n_jobs++] = (Job){.first = first, .n = n};
}

static void cut_into_jobs(Embedder *b, size_t n)
{
    b->n_jobs = b->n_done = 0;
    for (size_t from = 0, to; from < n; from = to) {
        size_t bytes = embed_cut(b->texts[from], 0).len;
        for (to = from + 1; to < n && to - from < TEXTS_AT_ONCE; to++) {
            bytes += embed_cut(b->texts[to], 0).len;
            if (bytes > BYTES_AT_ONCE) break;
        }
        add_job(b, from, to - from);
    }
}

static int64_t tokens_most(const Embedder *b, const Job *job)
{
    int64_t tokens = 0;
    for (size_t i = 0; i < job->n; i++) tokens += embed_tokens_most(embed_cut(b->texts[job->first + i], job->halvings)) / 3;
    return tokens;
}

static bool send_job(Embedder *b, size_t index, Nanos now, Error *e)
{
    Job *job = &b->jobs[index];
    Str cut[TEXTS_AT_ONCE];
    for (size_t i = 0; i < job->n; i++) cut[i] = embed_cut(b->texts[job->first + i], job->halvings);
    buf_clear(&b->body);
    embed_write(b->options.endpoint, cut, job->n, &b->body);
    Nanos timeout = b->options.timeout;
    HttpRequest request = {.endpoint = b->options.endpoint, .body = buf_str(&b->body), .tag = index, .connect_timeout = CONNECT_TIMEOUT,
                           .first_byte_timeout = timeout, .idle_timeout = timeout, .whole_timeout = timeout};
    if (!b->options.transport->send(b->options.transport->self, &request, e)) return false;
    job->state = JOB_OUT;
    job->sent_at = now;
    job->sent = limiter_sent(&b->limiter, now, (uint64_t)tokens_most(b, job));
    breaker_sent(&b->breaker, now);
    b->out++;
    return true;
}

// Sends what may go; *until is the moment at which more may.
static bool send_jobs(Embedder *b, Nanos *until, Error *e)
{
    Nanos now = clock_now(b->options.clock), when;
    LimiterWait why;
    for (size_t i = 0; i < b->n_jobs && b->out < b->options.concurrency; i++) {
        const Job *job = &b->jobs[i];
        if (job->state != JOB_WAITS) continue;
        if (job->due > now) {
            if (job->due < *until) *until = job->due;
            continue;
        }
        if (!limiter_may_send(&b->limiter, now, (uint64_t)tokens_most(b, job), &when, &why) || !breaker_may_send(&b->breaker, now, &when)) {
            if (when < *until) *until = when;
            return true;
        }
        if (!send_job(b, i, now, e)) return false;
    }
    return true;
}

// ---- replies ------------------------------------------------------------------------------------

static bool take_answer(Embedder *b, Job *job, const Judgement *j, Error *e)
{
    float *vectors = embed_read(j->reply.text, job->n, &b->dimensions, b->arena, e);
    if (!vectors) return false;
    for (size_t i = 0; i < job->n; i++) b->vectors[job->first + i] = vectors + i * b->dimensions;
    b->tokens += j->reply.usage.known ? j->reply.usage.prompt : tokens_most(b, job);
    job->state = JOB_DONE;
    b->n_done++;
    return true;
}

// Too long a text among several is found by asking for each alone, and is then cut.
static bool shorten(Embedder *b, size_t index)
{
    Job *job = &b->jobs[index];
    size_t first = job->first, n = job->n;
    if (n == 1) return ++job->halvings <= EMBED_HALVINGS;
    job->n = 1;
    for (size_t i = 1; i < n; i++) add_job(b, first + i, 1);
    return true;
}

static bool ask_again(Job *job, const Judgement *j, Nanos now, Error *e)
{
    if (j->verdict != THROTTLED && ++job->failures >= FAILURES_MAX) {
        *e = j->error;
        return false;
    }
    if (j->verdict == THROTTLED) job->throttles++;
    unsigned tries = job->failures ? job->failures : job->throttles;
    job->due = now + backoff(tries, j->retry_after, hash_mix(job->first, tries));
    return true;
}

static bool take_reply(Embedder *b, const HttpReply *reply, Error *e)
{
    size_t index = (size_t)reply->tag;
    Job *job = &b->jobs[index];
    Arena scratch = {0};
    Judgement j;
    Nanos now = clock_now(b->options.clock), wall = clock_wall(b->options.clock);
    b->out--;
    job->state = JOB_WAITS;
    limiter_heard(&b->limiter, now, &job->sent, rate_news(&reply->requests, wall), rate_news(&reply->tokens, wall));
    judge(reply, false, wall, &scratch, &j);
    if (j.verdict == ANSWERED) limiter_answered(&b->limiter, now, &job->sent, j.reply.usage.known ? j.reply.usage.prompt : -1);
    else if (j.verdict == THROTTLED) limiter_throttled(&b->limiter, now, &job->sent, j.retry_after);
    else limiter_gone(&b->limiter, now, &job->sent);
    breaker_ended(&b->breaker, now, job->sent_at, j.verdict != ANSWERED && j.sick);
    bool ok;
    if (j.verdict == ANSWERED)
        ok = take_answer(b, job, &j, e);
    else if (embed_is_too_long(&j) && shorten(b, index))
        ok = true;
    else if (j.verdict == RETRY || j.verdict == THROTTLED)
        ok = ask_again(job, &j, now, e);
    else {
        *e = j.error;
        ok = false;
    }
    arena_free(&scratch);
    return ok;
}

// ---- a part -------------------------------------------------------------------------------------

static bool receive(Embedder *b, Nanos until, Error *e)
{
    HttpReply *replies[16];
    Transport *t = b->options.transport;
    Nanos now = clock_now(b->options.clock), span = LOOK_EVERY;
    bool ok = true;
    if (until - now < span) span = until > now ? until - now : 0;
    size_t n = t->wait(t->self, span, replies, 16);
    for (size_t i = 0; i < n; i++) {
        ok = ok && take_reply(b, replies[i], e);
        t->release(t->self, replies[i]);
    }
    return ok;
}

static bool embed_part(Embedder *b, size_t n, Error *e)
{
    bool ok = true;
    cut_into_jobs(b, n);
    while (ok && b->n_done < b->n_jobs) {
        Nanos until = INT64_MAX;
        if (b->options.go_on && !b->options.go_on(b->options.ctx))
            ok = error_set(e, ERROR_INTERRUPTED, "interrupted", "the embeddings were not waited for");
        ok = ok && send_jobs(b, &until, e) && receive(b, until, e);
    }
    if (ok) return true;
    b->options.transport->cancel_all(b->options.transport->self);
    breaker_gone(&b->breaker);
    b->out = 0;
    if (e->kind != ERROR_INTERRUPTED) embed_explain(e);
    return false;
}

float *embedder_all(Embedder *b, const Str *texts, size_t n, Arena *a, Error *e)
{
    Arena part = {0};
    float *all = NULL;
    *e = (Error){0};
    b->arena = &part;
    for (size_t from = 0; from < n; from += PART) {
        size_t count = n - from < PART ? n - from : PART;
        b->texts = texts + from;
        b->vectors = arena_new(&part, float *, count);
        if (!embed_part(b, count, e)) {
            all = NULL;
            break;
        }
        if (!all) all = arena_new(a, float, n * b->dimensions);
        for (size_t i = 0; i < count; i++)
            memcpy(all + (from + i) * b->dimensions, b->vectors[i], b->dimensions * sizeof(float));
        arena_reset(&part);
    }
    arena_free(&part);
    return all;
}
