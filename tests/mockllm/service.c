// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "info.h"
#include "json.h"

static void answer_generation(Service *s, const Api *api, const HttpRequest *r, Passage *p);

bool shared_init(Shared *s, const Options *o) {
    *s = (Shared){.options = o, .started_ns = clock_mono_ns(), .threads = (size_t)o->threads};
    limits_init(&s->limits, o->rate, o->rate_burst, o->token_rate, o->token_burst, s->started_ns);
    s->counts = mem_zeroed(s->threads, sizeof *s->counts);
    return faults_init(&s->faults, o);
}

void shared_free(Shared *s) {
    limits_free(&s->limits);
    faults_free(&s->faults);
    free(s->counts);
}

bool service_init(Service *s, Shared *shared, size_t thread) {
    *s = (Service){.shared = shared, .counts = &shared->counts[thread],
                   .writer = {.options = shared->options, .turn = &shared->turn}};
    return ledger_open(&s->ledger, shared->options->ledger);
}

void service_free(Service *s) {
    ledger_close(&s->ledger);
    reply_free(&s->reply);
    writer_free(&s->writer);
}

static void count(atomic_uint_fast64_t *counter, uint64_t n) {
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static void fail(Service *s, const Api *api, int status, const char *code, const char *message) {
    s->reply.status = status;
    s->reply.body.len = 0;
    api_error(&s->reply.body, api, status, code, message);
}

static bool key_fits(const Options *o, Str key) { return !o->key.ptr || str_eq(o->key, key); }

static void answer_other(Service *s, const HttpRequest *r, Passage *p) {
    const Options *o = s->shared->options;
    bool post = str_eq(r->method, S("POST"));
    const char *problem = NULL;
    if (str_eq(r->path, S("/health"))) buf_add(&s->reply.body, S("{\"status\":\"ok\"}"));
    else if (str_eq(r->path, S("/_stats"))) info_stats(&s->reply.body, s->shared);
    else if (!key_fits(o, r->key)) fail(s, NULL, 401, "invalid_api_key", "Incorrect API key provided.");
    else if (post && str_ends(r->path, S("/embeddings"))) {
        if (!embeddings_make(&s->reply.body, r->body, (size_t)o->dimensions, &problem)) fail(s, NULL, 400, NULL, problem);
    } else if (!str_eq(r->method, S("GET"))) fail(s, NULL, post ? 404 : 405, NULL, "There is no such endpoint.");
    else if (!info_get(&s->reply.body, o, r->path)) fail(s, NULL, 404, NULL, "There is no such endpoint.");
    if (!str_eq(r->path, S("/_stats"))) count(&s->counts->others, 1);
    p->line.status = s->reply.status;
}

void service_answer(Service *s, const HttpRequest *r, Passage *p) {
    reply_clear(&s->reply);
    *p = (Passage){0};
    const Api *api = api_for(r->path);
    if (api && str_eq(r->method, S("POST"))) answer_generation(s, api, r, p);
    else if (api) fail(s, api, 405, NULL, "This endpoint takes POST."), p->line.status = 405;
    else answer_other(s, r, p);
    if (r->close && s->reply.end == END_KEEP) s->reply.end = END_CLOSE;
}

void service_refuse(Service *s, int status, const char *problem, Passage *p) {
    reply_clear(&s->reply);
    *p = (Passage){.line = {.status = status}};
    fail(s, NULL, status, NULL, problem);
    s->reply.end = END_CLOSE;
}

static void begin(Service *s, const Api *api, const HttpRequest *r, Passage *p) {
    Shared *shared = s->shared;
    p->generation = true;
    p->line = (LedgerLine){.received_mono = clock_mono_ns(), .received_real = clock_real_ns(), .api = api->name};
    ledger_item(&p->line, r->item);
    count(&s->counts->generations, 1);
    int64_t now = atomic_fetch_add(&shared->in_flight, 1) + 1;
    int64_t most = atomic_load(&shared->max_in_flight);
    while (now > most && !atomic_compare_exchange_weak(&shared->max_in_flight, &most, now)) continue;
}

static bool listed(const Options *o, Str model) {
    for (size_t i = 0; i < o->models.n; i++)
        if (str_eq(o->models.items[i], model)) return true;
    return false;
}

// The ways in which an honest API refuses a request before it thinks about it.
static bool admit(Service *s, const Api *api, const HttpRequest *r, Ask *ask) {
    const Options *o = s->shared->options;
    const char *problem = NULL;
    if (!key_fits(o, r->key)) fail(s, api, 401, "invalid_api_key", "Incorrect API key provided.");
    else if (o->check_json && !info_is_json(r->body)) fail(s, api, 400, NULL, "The body is not JSON.");
    else if (!api_read(api, r->body, o->refuse.items, o->refuse.n, ask, &problem)) fail(s, api, 400, NULL, problem);
    else if (api == &api_anthropic && !r->version.ptr) fail(s, api, 400, NULL, "anthropic-version: header is required");
    else if (o->strict_model && !listed(o, ask->model)) fail(s, api, 404, "model_not_found", "The model does not exist.");
    else if (ask->refused.ptr) {
        char message[160];
        Str field = ask->refused;
        snprintf(message, sizeof message, "Unrecognized request argument supplied: %.*s", (int)(field.len < 80 ? field.len : 80),
                 field.ptr);
        fail(s, api, 400, "unsupported_parameter", message);
    } else return true;
    return false;
}

static uint64_t delay_ns(const Delay *d, uint64_t hash) {
    double u = unit_from(hash_mix(hash, 7)), ms = d->low_ms + (d->high_ms - d->low_ms) * u;
    if (d->median_ms > 0) {  // Box-Muller
        double v = unit_from(hash_mix(hash, 8)), normal = sqrt(-2 * log(1 - u)) * cos(2 * 3.14159265358979323846 * v);
        ms = fmin(d->median_ms * exp(d->sigma * normal), 600000);
    }
    return (uint64_t)(ms * 1e6);
}

static void refuse_for_rate(Service *s, const Api *api, const LimitView *view) {
    RetryAfter kind = s->shared->options->retry_after;
    int64_t seconds = (int64_t)ceil(view->wait_s) > 0 ? (int64_t)ceil(view->wait_s) : 1;
    fail(s, api, 429, "rate_limit_exceeded", "Rate limit reached, try again later.");
    count(&s->counts->limited, 1);
    if (kind == RETRY_AFTER_SECONDS) reply_header(&s->reply, "Retry-After: %lld", (long long)seconds);
    if (kind != RETRY_AFTER_DATE) return;
    Buf date = {0};
    http_date(&date, (int64_t)(clock_real_ns() / 1000000000) + seconds + 1);
    reply_header(&s->reply, "Retry-After: %.*s", (int)date.len, date.ptr);
    buf_free(&date);
}

static const Fault *pick_fault(Service *s, const Ask *ask, FaultCase *c) {
    *c = (FaultCase){.options = s->shared->options, .api = ask->api};
    c->fault = faults_pick(&s->shared->faults, ask->body_hash, &c->seed);
    if (c->fault) c->unix_time = (int64_t)(clock_real_ns() / 1000000000);
    return c->fault;
}

static void render(Service *s, const Ask *ask, const Answer *answer) {
    const Options *o = s->shared->options;
    Reply *r = &s->reply;
    if (o->fixed_body) {
        buf_add(&r->body, o->fixed_body_bytes);
    } else if (ask->stream && ask->api->stream) {
        ask->api->stream(&r->body, answer);
        r->type = str_from(ask->api->stream_type);
        r->framing = FRAME_CHUNKED;
    } else {
        ask->api->render(&r->body, answer);
    }
}

static void generate(Service *s, const Ask *ask, Passage *p) {
    const Options *o = s->shared->options;
    Answer answer;
    Tokens tokens;
    answer_make(&s->writer, ask, &answer, &tokens);
    if (o->rate > 0 || o->token_rate > 0) {
        LimitView view = limits_take(&s->shared->limits, (double)(tokens.prompt + tokens.completion), clock_mono_ns());
        if (o->ratelimit_headers) info_limit_headers(&s->reply, o, ask->api, &view);
        if (!view.allowed) {
            refuse_for_rate(s, ask->api, &view);
            return;
        }
    }
    FaultCase c;
    Buf scratch = {0};
    const Fault *fault = pick_fault(s, ask, &c);
    c.scratch = &scratch;
    if (fault && fault->bend) fault->bend(&c, &answer);
    render(s, ask, &answer);
    s->reply.wait_ns = delay_ns(&o->delay, ask->hash);
    if (fault && fault->wreck) fault->wreck(&c, &s->reply);
    buf_free(&scratch);
    bool paid = s->reply.status == 200;
    p->line.fault = fault ? fault->name : NULL;
    p->line.prompt_tokens = paid ? tokens.prompt : 0;
    p->line.completion_tokens = paid ? tokens.completion : 0;
    p->breaks = s->reply.cut != CUT_NOWHERE || s->reply.end == END_RESET || s->reply.end == END_HANG;
}

static void answer_generation(Service *s, const Api *api, const HttpRequest *r, Passage *p) {
    Ask ask = {0};
    begin(s, api, r, p);
    if (admit(s, api, r, &ask)) generate(s, &ask, p);
    p->line.hash = ask.body_hash ? ask.body_hash : hash_bytes(r->body, 2);
    p->line.status = s->reply.status;
}

void service_done(Service *s, Passage *p, const char *outcome, uint64_t bytes) {
    Counts *c = s->counts;
    if (!p->generation) return;
    p->generation = false;
    if (p->line.status < STATUS_MAX) count(&c->by_status[p->line.status], 1);
    count(strcmp(outcome, "sent") == 0 ? &c->sent : strcmp(outcome, "cut") == 0 ? &c->cut : &c->gone, 1);
    count(&c->prompt_tokens, p->line.prompt_tokens);
    count(&c->completion_tokens, p->line.completion_tokens);
    atomic_fetch_sub(&s->shared->in_flight, 1);
    p->line.outcome = outcome;
    p->line.bytes = bytes;
    ledger_add(&s->ledger, &p->line);
}
