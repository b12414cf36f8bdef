// SPDX-License-Identifier: Apache-2.0
#include "report/numbers.h"

#include "base/json.h"
#include "report/metric_sources.h"

static void add_number(Buf *out, Str name, double x)
{
    if (x < 0) return;  // not measured
    if (out->ptr[out->len - 1] != '{') buf_add_char(out, ',');
    json_write_string(out, name);
    buf_add_char(out, ':');
    if (x == (double)(int64_t)x && x < 9e15) buf_printf(out, "%lld", (long long)x);
    else json_write_double(out, x);
}

static void add_wholes(Buf *out, const char *name, const Wholes *w)
{
    char key[64];
    const double values[] = {wholes_mean(w), (double)wholes_percentile(w, 0.5), (double)wholes_percentile(w, 0.95)};
    static const char *const ends[] = {"mean", "p50", "p95"};
    for (size_t i = 0; i < 3 && w->n; i++) {
        snprintf(key, sizeof key, "%s_%s", name, ends[i]);
        add_number(out, str_from(key), values[i]);
    }
}

static void add_metrics(const Report *r, Buf *out)
{
    add_number(out, S("asked"), (double)r->asked);
    add_number(out, S("conversations"), (double)r->conversations);
    add_number(out, S("handwritten"), (double)r->handwritten);
    add_number(out, S("answers"), (double)r->answers);
    if (r->answers) add_number(out, S("yield"), (double)(r->conversations - r->handwritten) / (double)r->answers);
    add_number(out, S("turns"), (double)r->turns.sum);
    add_number(out, S("words"), (double)r->words.sum);
    add_wholes(out, "turns", &r->turns);
    add_wholes(out, "words", &r->words);
    add_wholes(out, "attempts", &r->attempts);
    add_number(out, S("prompt_tokens"), (double)r->prompt_tokens);
    add_number(out, S("completion_tokens"), (double)r->completion_tokens);
    if (r->cost_known) add_number(out, S("cost"), (double)r->cost / 1e9);
    add_number(out, S("seconds"), r->seconds);
    if (r->seconds > 0) add_number(out, S("conversations_per_minute"), 60 * (double)(r->conversations - r->handwritten) / r->seconds);
    if (r->latency.seen) {
        add_number(out, S("latency_p50"), sample_percentile(&r->latency, 0.5));
        add_number(out, S("latency_p95"), sample_percentile(&r->latency, 0.95));
    }
    add_number(out, S("distinct_1"), diversity_distinct(&r->diversity, 1));
    add_number(out, S("distinct_2"), diversity_distinct(&r->diversity, 2));
    add_number(out, S("distinct_3"), diversity_distinct(&r->diversity, 3));
    add_number(out, S("mattr_50"), report_mattr(r));
    add_number(out, S("compression_ratio"), report_compression(r));
    add_number(out, S("repeated_5grams"), report_repeated(r));
    add_number(out, S("new_5grams"), diversity_new(&r->diversity));
    add_number(out, S("self_bleu_4"), r->alike.self_bleu);
    add_number(out, S("nearest_similarity"), r->alike.nearest_mean);
    for (size_t i = 0; i < r->n_labels; i++) {
        Buf key = {0};
        buf_printf(&key, "evenness.%.*s", STR_ARG(r->labels[i].name));
        add_number(out, buf_str(&key), tally_evenness(&r->labels[i]));
        buf_free(&key);
    }
    for (size_t i = 0; i < r->n_coverage; i++) {
        const Coverage *c = &r->coverage[i];
        Buf key = {0};
        buf_printf(&key, "coverage.%.*s", STR_ARG(c->name));
        if (c->n) add_number(out, buf_str(&key), (double)coverage_seen(c) / (double)c->n);
        buf_clear(&key);
        buf_printf(&key, "entropy.%.*s", STR_ARG(c->name));
        if (c->drawn) add_number(out, buf_str(&key), coverage_entropy(c));
        buf_free(&key);
    }
}

static void add_never(Buf *out, const Coverage *c)
{
    size_t shown = 0;
    buf_add(out, S(",\"never\":["));
    for (size_t i = 0; i < c->n && shown < NEVER_LISTED; i++) {
        if (c->values[i].n) continue;
        if (shown++) buf_add_char(out, ',');
        json_write_string(out, c->values[i].name);
    }
    buf_add_char(out, ']');
}

static void add_coverage(const Report *r, Buf *out)
{
    for (size_t i = 0; i < r->n_coverage; i++) {
        const Coverage *c = &r->coverage[i];
        if (i) buf_add_char(out, ',');
        json_write_string(out, c->name);
        buf_printf(out, ":{\"kind\":\"%s\",\"possible\":%zu,\"seen\":%zu,\"draws\":%llu,\"unknown\":%llu,\"entropy\":", c->kind, c->n,
                   coverage_seen(c), (unsigned long long)c->drawn, (unsigned long long)c->unknown);
        json_write_double(out, coverage_entropy(c));
        buf_add(out, S(",\"entropy_most\":"));
        json_write_double(out, coverage_entropy_most(c));
        add_never(out, c);
        buf_add_char(out, '}');
    }
}

static void add_points(Buf *out, const char *name, const double *points, size_t n)
{
    buf_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(out, ',');
        json_write_double(out, points[i]);
    }
    buf_add_char(out, ']');
}

static void add_courses(const Report *r, Buf *out)
{
    double points[SERIES_POINTS], seconds;
    add_points(out, "new_5grams", points, series_points(&r->new_5grams, points));
    add_points(out, "conversations_per_minute", points, timeline_rates(&r->done, points, &seconds));
    add_points(out, "nearest_similarity", r->alike.nearest, ALIKE_STEPS);
    add_points(out, "duplicate_similarity", r->similar, ALIKE_STEPS);
}

static void add_sources(Buf *out)
{
    for (size_t i = 0; i < metric_source_count; i++) {
        const MetricSource *m = &metric_sources[i];
        if (i) buf_add_char(out, ',');
        json_write_string(out, str_from(m->metrics));
        buf_add_char(out, ':');
        json_write_string(out, str_from(m->source));
    }
}

static void add_tally(Buf *out, const Tally *t)
{
    buf_add_char(out, '{');
    for (size_t i = 0; i < t->n_values; i++) {
        if (i) buf_add_char(out, ',');
        json_write_string(out, t->values[i].name);
        buf_printf(out, ":%llu", (unsigned long long)t->values[i].n);
    }
    buf_add_char(out, '}');
}

void report_json(const Report *r, Buf *out)
{
    buf_add(out, S("{\"version\":1,\"project\":"));
    json_write_string(out, r->project);
    buf_add(out, S(",\"run\":"));
    json_write_string(out, r->run);
    buf_add(out, S(",\"model\":"));
    json_write_string(out, r->model);
    buf_add(out, S(",\"metrics\":{"));
    add_metrics(r, out);
    buf_add(out, S("},\"labels\":{"));
    for (size_t i = 0; i < r->n_labels; i++) {
        if (i) buf_add_char(out, ',');
        json_write_string(out, r->labels[i].name);
        buf_add_char(out, ':');
        add_tally(out, &r->labels[i]);
    }
    buf_add(out, S("},\"coverage\":{"));
    add_coverage(r, out);
    buf_add(out, S("},\"rejected\":"));
    add_tally(out, &r->reasons);
    buf_add(out, S(",\"openers\":["));
    const Opener *openers[20];
    size_t n = diversity_openers(&r->diversity, openers, 20);
    for (size_t i = 0; i < n; i++) {
        buf_add(out, i ? S(",{\"text\":") : S("{\"text\":"));
        json_write_string(out, str_from(openers[i]->text));
        buf_printf(out, ",\"count\":%llu}", (unsigned long long)openers[i]->n);
    }
    buf_add_char(out, ']');
    add_courses(r, out);
    buf_add(out, S(",\"sources\":{"));
    add_sources(out);
    buf_add(out, S("}}\n"));
}
