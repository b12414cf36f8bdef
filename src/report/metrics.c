// SPDX-License-Identifier: Apache-2.0
#include "report/metrics.h"

#include <zstd.h>


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
    alike_free(&r->alike);
    mattr_free(&r->mattr);
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
    if (r->diversity.texts % DIVERSITY_WINDOW == 0 && r->diversity.last_window >= 0) series_add(&r->new_5grams, r->diversity.last_window);
    alike_add(&r->alike, &r->shingles);
    if (r->shingles.n_words >= SHINGLE_WORDS) r->all_5grams += r->shingles.n + r->shingles.repeated;
    if (r->shingles.n_words >= MATTR_WINDOW) {
        r->mattr_sum += mattr_of(&r->mattr, r->shingles.words, r->shingles.n_words);
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
    if (answer->kept) {
        wholes_add(&r->attempts, answer->attempt);
        timeline_add(&r->done, answer->wall);
    } else {
        tally_add(&r->reasons, &r->arena, answer->reason);
    }
    if (answer->similarity > 0) {
        size_t step = (size_t)(answer->similarity * ALIKE_STEPS);
        r->similar[step < ALIKE_STEPS ? step : ALIKE_STEPS - 1]++;
        r->n_similar++;
    }
    if (answer->latency > 0)
        sample_add(&r->latency, (double)answer->latency / 1e9, (double)answer->wall / 1e9);
}

// What should have come of each value, beside what came.
static void note_asked(const Report *r, Tally *t)
{
    for (size_t i = 0; i < r->n_coverage; i++) {
        if (!str_eq(r->coverage[i].name, t->name)) continue;
        for (size_t k = 0; k < t->n_values; k++) {
            t->values[k].asked = coverage_share(&r->coverage[i], t->values[k].hash);
            t->any_asked |= t->values[k].asked >= 0;
        }
        return;
    }
}

void report_finish(Report *r)
{
    pack(r, (Str){0}, true);
    alike_finish(&r->alike);
    tally_sort(&r->reasons);
    for (size_t i = 0; i < r->n_labels; i++) {
        note_asked(r, &r->labels[i]);
        tally_sort(&r->labels[i]);
    }
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
