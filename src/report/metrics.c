// SPDX-License-Identifier: Apache-2.0
#include "report/metrics.h"

#include <zstd.h>

#include "base/json.h"

enum { LEVEL = 3 };

void report_init(Report *r)
{
    *r = (Report){0};
    diversity_init(&r->diversity);
    if (!(r->zstd = ZSTD_createCCtx())) oom();
    ZSTD_CCtx_setParameter(r->zstd, ZSTD_c_compressionLevel, LEVEL);
    buf_reserve(&r->packed, ZSTD_CStreamOutSize());
    r->reasons.name = S("rejected");
}

void report_free(Report *r)
{
    diversity_free(&r->diversity);
    shingles_free(&r->shingles);
    ZSTD_freeCCtx(r->zstd);
    buf_free(&r->packed);
    arena_free(&r->arena);
}

// ---- rows ---------------------------------------------------------------------------------------

static void pack(Report *r, Str text, bool end)
{
    ZSTD_inBuffer in = {text.len ? text.ptr : "", text.len, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {r->packed.ptr, r->packed.cap, 0};
        left = ZSTD_compressStream2(r->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left)) return;
        r->packed_bytes += out.pos;
    } while (in.pos < in.size || (end && left));
    r->text_bytes += text.len;
}

// How many different words stand in a window of 50, averaged over all its places. Words are few enough to compare
// with the 49 before.
static double mattr_of(const uint64_t *words, size_t n)
{
    uint64_t sum = 0;
    size_t different = 0;
    for (size_t i = 0; i < n; i++) {
        size_t start = i >= MATTR_WINDOW ? i - MATTR_WINDOW : 0;
        if (i >= MATTR_WINDOW) {  // the word that leaves counts no more if it was the last of its kind
            bool again = false;
            for (size_t k = start + 1; k < i && !again; k++) again = words[k] == words[start];
            different -= !again;
            start++;
        }
        bool known = false;
        for (size_t k = start; k < i && !known; k++) known = words[k] == words[i];
        different += !known;
        if (i + 1 >= MATTR_WINDOW) sum += different;
    }
    return (double)sum / (double)MATTR_WINDOW / (double)(n - MATTR_WINDOW + 1);
}

static Tally *label_named(Report *r, Str name)
{
    for (size_t i = 0; i < r->n_labels; i++)
        if (str_eq(r->labels[i].name, name)) return &r->labels[i];
    if (r->n_labels == REPORT_LABELS) return NULL;
    Tally *t = &r->labels[r->n_labels++];
    *t = (Tally){.name = arena_str(&r->arena, name)};
    return t;
}

static ReportParameter *parameter_named(Report *r, Str name)
{
    for (size_t i = 0; i < r->n_parameters; i++)
        if (str_eq(r->parameters[i]->values.name, name)) return r->parameters[i];
    if (r->n_parameters == REPORT_LABELS) return NULL;
    ReportParameter *p = r->parameters[r->n_parameters++] = arena_new(&r->arena, ReportParameter, 1);
    p->values.name = arena_str(&r->arena, name);
    return p;
}

static const ReportPair *copy_pairs(Arena *a, const ReportPair *pairs, size_t n)
{
    ReportPair *copy = arena_new(a, ReportPair, n + 1);
    for (size_t i = 0; i < n; i++) copy[i] = (ReportPair){arena_str(a, pairs[i].name), arena_str(a, pairs[i].value)};
    return copy;
}

static void keep_sample(Report *r, const ReportRow *row)
{
    if (r->n_samples == REPORT_SAMPLES) return;
    Arena *a = &r->arena;
    ReportRow *copy = &r->samples[r->n_samples++];
    ReportTurn *turns = arena_new(a, ReportTurn, row->n_turns + 1);
    *copy = *row;
    copy->id = arena_str(a, row->id);
    for (size_t i = 0; i < row->n_turns; i++)
        turns[i] = (ReportTurn){arena_str(a, row->turns[i].role), arena_str(a, row->turns[i].name), arena_str(a, row->turns[i].text)};
    copy->turns = turns;
    copy->labels = copy_pairs(a, row->labels, row->n_labels);
    copy->parameters = copy_pairs(a, row->parameters, row->n_parameters);
    copy->origin = copy_pairs(a, row->origin, row->n_origin);
    copy->text = (Str){0};
}

void report_add(Report *r, const ReportRow *row)
{
    r->conversations++;
    r->handwritten += row->handwritten;
    wholes_add(&r->turns, row->n_turns);
    shingles_words(&r->shingles, row->text);
    shingles_items(&r->shingles, SHINGLE_WORDS);
    wholes_add(&r->words, r->shingles.n_words);
    diversity_add(&r->diversity, &r->shingles, row->n_turns ? row->turns[0].text : (Str){0});
    if (r->shingles.n_words >= SHINGLE_WORDS) r->all_5grams += r->shingles.n + r->shingles.repeated;
    if (r->shingles.n_words >= MATTR_WINDOW) {
        r->mattr_sum += mattr_of(r->shingles.words, r->shingles.n_words);
        r->mattr_n++;
    }
    pack(r, row->text, false);
    for (size_t i = 0; i < row->n_labels; i++) {
        Tally *t = label_named(r, row->labels[i].name);
        if (t) tally_add(t, &r->arena, row->labels[i].value);
    }
    for (size_t i = 0; i < row->n_parameters; i++) {
        ReportParameter *p = parameter_named(r, row->parameters[i].name);
        double number;
        if (!p) continue;
        tally_add(&p->values, &r->arena, row->parameters[i].value);
        if (str_to_double(row->parameters[i].value, &number)) sample_add(&p->numbers, number, 0);
    }
    if (row->sample) keep_sample(r, row);
}

void report_answer(Report *r, const ReportAnswer *answer)
{
    r->answers++;
    r->prompt_tokens += answer->prompt_tokens;
    r->completion_tokens += answer->completion_tokens;
    r->cost += answer->cost;
    if (!r->first_wall || answer->wall < r->first_wall) r->first_wall = answer->wall;
    if (answer->wall > r->last_wall) r->last_wall = answer->wall;
    if (answer->kept) wholes_add(&r->attempts, answer->attempt);
    else tally_add(&r->reasons, &r->arena, answer->reason);
    if (answer->latency > 0)
        sample_add(&r->latency, (double)answer->latency / 1e9, (double)answer->wall / 1e9);
}

void report_finish(Report *r)
{
    pack(r, (Str){0}, true);
    tally_sort(&r->reasons);
    for (size_t i = 0; i < r->n_labels; i++) tally_sort(&r->labels[i]);
    for (size_t i = 0; i < r->n_parameters; i++) tally_sort(&r->parameters[i]->values);
}

double report_mattr(const Report *r) { return r->mattr_n ? r->mattr_sum / (double)r->mattr_n : -1; }

double report_compression(const Report *r) { return r->text_bytes ? (double)r->text_bytes / (double)r->packed_bytes : -1; }

double report_repeated(const Report *r)
{
    if (!r->all_5grams) return -1;
    double different = distinct_count(&r->diversity.shingles);
    return different >= (double)r->all_5grams ? 0 : 1 - different / (double)r->all_5grams;
}

// ---- JSON ---------------------------------------------------------------------------------------

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
    for (size_t i = 0; i < r->n_labels; i++) {
        Buf key = {0};
        buf_printf(&key, "evenness.%.*s", STR_ARG(r->labels[i].name));
        add_number(out, buf_str(&key), tally_evenness(&r->labels[i]));
        buf_free(&key);
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
    buf_add(out, S("]}\n"));
}
