// SPDX-License-Identifier: Apache-2.0
#include "info.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>

// OpenAI's and Anthropic's members side by side: a client of either finds its own.
static void add_model(Buf *out, Str name) {
    buf_add(out, S("{\"id\":\""));
    buf_json(out, name);
    buf_add(out, S("\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"mockllm\",\"type\":\"model\","
                   "\"display_name\":\""));
    buf_json(out, name);
    buf_add(out, S("\",\"created_at\":\"2026-01-02T03:04:05Z\"}"));
}

static void models(Buf *out, const Options *o) {
    buf_add(out, S("{\"object\":\"list\",\"data\":["));
    for (size_t i = 0; i < o->models.n; i++) {
        if (i) buf_char(out, ',');
        add_model(out, o->models.items[i]);
    }
    buf_add(out, S("],\"has_more\":false}"));
}

static void tags(Buf *out, const Options *o) {
    buf_add(out, S("{\"models\":["));
    for (size_t i = 0; i < o->models.n; i++) {
        buf_add(out, i ? S(",{\"name\":\"") : S("{\"name\":\""));
        buf_json(out, o->models.items[i]);
        buf_add(out, S("\",\"model\":\""));
        buf_json(out, o->models.items[i]);
        buf_add(out, S("\",\"modified_at\":\"2026-01-02T03:04:05Z\",\"size\":98362432,\"digest\":\"00\",\"details\":"
                       "{\"format\":\"gguf\",\"family\":\"mock\",\"parameter_size\":\"135M\",\"quantization_level\":\"Q4_1\"}}"));
    }
    buf_add(out, S("]}"));
}

static bool one_model(Buf *out, const Options *o, Str path) {
    for (size_t i = 0; i < o->models.n; i++) {
        Str name = o->models.items[i];
        bool here = str_ends(path, name) && path.len > name.len + 8 &&
                    str_ends((Str){path.ptr, path.len - name.len}, S("/models/"));
        if (here) add_model(out, name);
        if (here) return true;
    }
    return false;
}

bool info_get(Buf *out, const Options *o, Str path) {
    if (str_ends(path, S("/models"))) {
        models(out, o);
    } else if (str_ends(path, S("/api/tags"))) {
        tags(out, o);
    } else if (str_ends(path, S("/api/version"))) {
        buf_add(out, S("{\"version\":\"0.9.9\"}"));
    } else if (str_ends(path, S("/info"))) {
        buf_add(out, S("{\"model_id\":\""));
        buf_json(out, o->models.items[0]);
        buf_add(out, S("\",\"max_input_tokens\":8191,\"max_total_tokens\":8192,\"version\":\"3.0.0\",\"sha\":null}"));
    } else {
        return one_model(out, o, path);
    }
    return true;
}

static uint64_t read_count(const atomic_uint_fast64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static uint64_t sum(const Shared *s, size_t offset) {
    uint64_t n = 0;
    for (size_t i = 0; i < s->threads; i++)
        n += read_count((const atomic_uint_fast64_t *)(const void *)((const char *)&s->counts[i] + offset));
    return n;
}

static void add_count(Buf *out, const char *name, uint64_t n) {
    buf_format(out, "\"%s\":%llu,", name, (unsigned long long)n);
}

void info_stats(Buf *out, const Shared *s) {
    buf_char(out, '{');
    add_count(out, "requests", sum(s, offsetof(Counts, generations)));
    add_count(out, "other_requests", sum(s, offsetof(Counts, others)));
    add_count(out, "in_flight", (uint64_t)atomic_load(&s->in_flight));
    add_count(out, "max_in_flight", (uint64_t)atomic_load(&s->max_in_flight));
    add_count(out, "connections", (uint64_t)atomic_load(&s->connections));
    add_count(out, "sent", sum(s, offsetof(Counts, sent)));
    add_count(out, "gone", sum(s, offsetof(Counts, gone)));
    add_count(out, "cut", sum(s, offsetof(Counts, cut)));
    add_count(out, "rate_limited", sum(s, offsetof(Counts, limited)));
    add_count(out, "prompt_tokens", sum(s, offsetof(Counts, prompt_tokens)));
    add_count(out, "completion_tokens", sum(s, offsetof(Counts, completion_tokens)));
    buf_format(out, "\"seconds\":%.3f,\"answered\":{", (double)(clock_mono_ns() - s->started_ns) * 1e-9);
    bool first = true;
    for (size_t status = 0; status < STATUS_MAX; status++) {
        uint64_t n = sum(s, offsetof(Counts, by_status) + status * sizeof(atomic_uint_fast64_t));
        if (!n) continue;
        buf_format(out, "%s\"%zu\":%llu", first ? "" : ",", status, (unsigned long long)n);
        first = false;
    }
    buf_add(out, S("}}"));
}

// As OpenAI writes spans: 120ms, 1.500s, 2m3.250s.
static void add_span(char *out, size_t room, double seconds) {
    if (seconds < 1) snprintf(out, room, "%dms", (int)(seconds * 1000));
    else if (seconds < 60) snprintf(out, room, "%.3fs", seconds);
    else snprintf(out, room, "%dm%.3fs", (int)(seconds / 60), seconds - 60 * (int)(seconds / 60));
}

static void openai_headers(Reply *r, const char *kind, double limit, double left, double full_s) {
    char span[48];
    add_span(span, sizeof span, full_s);
    reply_header(r, "x-ratelimit-limit-%s: %.0f", kind, limit * 60);
    reply_header(r, "x-ratelimit-remaining-%s: %.0f", kind, left);
    reply_header(r, "x-ratelimit-reset-%s: %s", kind, span);
}

static void anthropic_headers(Reply *r, const char *kind, double limit, double left, double full_s) {
    time_t when = (time_t)(clock_real_ns() / 1000000000) + (time_t)(full_s + 0.999);
    struct tm t;
    char text[32];
    gmtime_r(&when, &t);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
    reply_header(r, "anthropic-ratelimit-%s-limit: %.0f", kind, limit * 60);
    reply_header(r, "anthropic-ratelimit-%s-remaining: %.0f", kind, left);
    reply_header(r, "anthropic-ratelimit-%s-reset: %s", kind, text);
}

// Limits are told for a minute, as the real ones are; what is left is of the bucket.
void info_limit_headers(Reply *r, const Options *o, const Api *api, const LimitView *view) {
    void (*headers)(Reply *, const char *, double, double, double) = api == &api_anthropic ? anthropic_headers : openai_headers;
    if (o->rate > 0) headers(r, "requests", o->rate, view->requests_left, view->requests_full_s);
    if (o->token_rate > 0) headers(r, "tokens", o->token_rate, view->tokens_left, view->tokens_full_s);
}

bool info_is_json(Str body) {
    json_t *root = json_loadb(body.ptr, body.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    json_decref(root);
    return root != NULL;
}
