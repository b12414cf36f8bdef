// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <math.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/numbers.h"

static const double SMOOTHING_SECONDS = 20;

void meter_update(Meter *m, const Progress *p)
{
    uint64_t done = progress_done(p);
    int64_t tokens = p->totals.completion_tokens;
    if (m->begun && p->elapsed > m->at) {
        double seconds = (double)(p->elapsed - m->at) / (double)NANOS_PER_SECOND;
        double keep = exp(-seconds / SMOOTHING_SECONDS);
        double more = done > m->done ? (double)(done - m->done) : 0;
        double more_tokens = tokens > m->tokens ? (double)(tokens - m->tokens) : 0;
        m->weight = m->weight * keep + (1 - keep);
        m->done_sum = m->done_sum * keep + more / seconds * (1 - keep);
        m->tokens_sum = m->tokens_sum * keep + more_tokens / seconds * (1 - keep);
    } else if (m->begun) {
        return;
    }
    m->begun = true;
    m->at = p->elapsed;
    m->done = done;
    m->tokens = tokens;
}

double meter_per_second(const Meter *m)
{
    return m->weight > 0 ? m->done_sum / m->weight : 0;
}

double meter_tokens_per_second(const Meter *m)
{
    return m->weight > 0 ? m->tokens_sum / m->weight : 0;
}

uint64_t progress_done(const Progress *p)
{
    return p->totals.kept + p->totals.failed;
}

double progress_seconds_left(const ProgressView *v)
{
    uint64_t done = progress_done(v->progress);
    if (done >= v->progress->total) return 0;
    // While a run waits its smoothed rate dies away; what it then foretells means nothing.
    double left = v->per_second > 0 ? (double)(v->progress->total - done) / v->per_second : -1;
    return left > 100 * 86400.0 ? -1 : left;
}

int64_t progress_projected_cost(const Progress *p)
{
    uint64_t done = progress_done(p);
    if (!p->cost_known || done == 0) return -1;
    double projected = (double)p->totals.cost / (double)done * (double)p->total;
    return projected < 9e18 ? (int64_t)projected : -1;
}

// The parts in the order they are shown. `importance`: the higher go last.
typedef enum Part { PART_DONE, PART_KEPT, PART_FLIGHT, PART_RATE, PART_TOKENS, PART_COST, PART_LEFT, PART_REPEATS,
                    PART_WAITING, PARTS } Part;

static const unsigned importance[PARTS] = {
    [PART_DONE] = 9, [PART_WAITING] = 8, [PART_LEFT] = 7, [PART_KEPT] = 6, [PART_COST] = 5,
    [PART_RATE] = 4, [PART_FLIGHT] = 3, [PART_TOKENS] = 2, [PART_REPEATS] = 1,
};

// Then no rate tells anything, and nothing is left.
static bool has_ended(const Progress *p) { return p->total && progress_done(p) >= p->total && !p->in_flight; }

static void write_counter(uint64_t n, const char *what, bool always, Buf *b)
{
    if (!n && !always) return;
    if (b->len) buf_add_char(b, ' ');
    number_count(b, n);
    buf_printf(b, " %s", what);
}

// In short: what did not happen is not told.
static void write_kept(const Progress *p, bool brief, Buf *b)
{
    write_counter(p->totals.kept, "kept", true, b);
    write_counter(p->totals.rejected, "rejected", !brief, b);
    write_counter(p->resent, "retried", !brief, b);
    write_counter(p->totals.failed, "failed", false, b);
}

static void write_cost(const ProgressView *v, Buf *b)
{
    if (!v->progress->cost_known) return;
    number_cost(b, v->progress->totals.cost, v->currency);
    int64_t projected = progress_projected_cost(v->progress);
    if (projected < 0 || has_ended(v->progress)) return;
    buf_add(b, S(" of ~"));
    number_cost(b, projected, v->currency);
}

static void write_waiting(const Progress *p, bool brief, Buf *b)
{
    if (p->stopping) {
        buf_add(b, brief ? S("stopping") : S("stopping: finishing what is in flight"));
        return;
    }
    if (!p->waiting) return;
    buf_printf(b, "%s%s", brief ? "" : "waiting: ", p->waiting);
    if (p->waiting_for < NANOS_PER_SECOND / 2) return;
    buf_add_char(b, ' ');
    number_time(b, (double)p->waiting_for / (double)NANOS_PER_SECOND);
}

static void write_done(const Progress *p, Buf *b)
{
    uint64_t done = progress_done(p);
    number_count(b, done);
    buf_add_char(b, '/');
    number_count(b, p->total);
    // Rounded down: 100% is only what is finished.
    if (p->total) buf_printf(b, " %u%%", (unsigned)((double)done / (double)p->total * 100));
}

static void write_part(const ProgressView *v, Part part, bool brief, Buf *b)
{
    const Progress *p = v->progress;
    double left;
    if (has_ended(p) && (part == PART_FLIGHT || part == PART_RATE || part == PART_TOKENS || part == PART_LEFT)) return;
    switch (part) {
    case PART_DONE: write_done(p, b); break;
    case PART_KEPT: write_kept(p, brief, b); break;
    case PART_FLIGHT: buf_printf(b, "%u in flight", p->in_flight); break;
    case PART_RATE:
        number_short(b, v->per_second * 60);
        buf_add(b, S("/min"));
        break;
    case PART_TOKENS:
        number_short(b, v->tokens_per_second);
        buf_add(b, S(" tok/s"));
        break;
    case PART_COST: write_cost(v, b); break;
    case PART_LEFT:
        left = progress_seconds_left(v);
        if (left < 0) break;
        number_time(b, left);
        buf_add(b, S(" left"));
        break;
    case PART_REPEATS:
        if (p->duplicate_rate >= 0 && p->totals.kept) buf_printf(b, "%.1f%% near-duplicates", p->duplicate_rate * 100);
        if (p->distinct_2 > 0) buf_printf(b, "%sdistinct-2 %.2f", b->len ? ", " : "", p->distinct_2);
        break;
    case PART_WAITING: write_waiting(p, brief, b); break;
    case PARTS: break;
    }
}

enum { BAR_MIN = 6, BAR_MAX = 30, GAP = 2 };

// The bar between its brackets, `cells` columns wide without them.
static void write_bar(const Progress *p, unsigned cells, const ProgressStyle *style, Buf *out)
{
    uint64_t done = progress_done(p);
    double share = p->total ? (double)done / (double)p->total : 0;
    if (share > 1) share = 1;
    unsigned full = (unsigned)(share * cells);
    buf_add_char(out, '[');
    if (style->colour) buf_add(out, S("\033[36m"));
    for (unsigned i = 0; i < cells; i++) {
        if (style->unicode)
            buf_add(out, i < full ? S("█") : S("░"));
        else
            buf_add_char(out, i < full ? '#' : '-');
    }
    if (style->colour) buf_add(out, S("\033[0m"));
    buf_add(out, S("]"));
}

// Adds the parts of `from` down to `to` in importance that fit.
static void choose_parts(const size_t columns[PARTS], unsigned from, unsigned to, size_t width, size_t *used, bool chosen[PARTS])
{
    for (unsigned rank = from; rank >= to; rank--) {
        for (Part part = 0; part < PARTS; part++) {
            if (importance[part] != rank || !columns[part]) continue;
            size_t more = columns[part] + (*used ? GAP : 0);
            if (*used + more > width) continue;
            chosen[part] = true;
            *used += more;
        }
    }
}

// A short bar comes before the parts below this importance, a longer one after all.
enum { IMPORTANCE_OF_BAR = 7, BAR_AROUND = 2 + GAP };

static unsigned lay_out(const size_t columns[PARTS], const ProgressStyle *style, bool chosen[PARTS])
{
    size_t width = style->width ? style->width : SIZE_MAX, used = 0;
    choose_parts(columns, PARTS, IMPORTANCE_OF_BAR, width, &used, chosen);
    size_t bar = style->width && width - used >= BAR_MIN + BAR_AROUND ? BAR_MIN + BAR_AROUND : 0;
    choose_parts(columns, IMPORTANCE_OF_BAR - 1, 1, width - bar, &used, chosen);
    if (!bar) return 0;
    size_t cells = width - used - BAR_AROUND;
    return cells < BAR_MAX ? (unsigned)cells : BAR_MAX;
}

// Returns the columns of all parts side by side.
static size_t write_parts(const ProgressView *v, bool brief, Buf texts[PARTS], size_t columns[PARTS])
{
    size_t all = 0;
    for (Part part = 0; part < PARTS; part++) {
        buf_clear(&texts[part]);
        write_part(v, part, brief, &texts[part]);
        columns[part] = utf8_count(buf_str(&texts[part]));
        if (columns[part]) all += columns[part] + (all ? GAP : 0);
    }
    return all;
}

void progress_render(const ProgressView *v, const ProgressStyle *style, Buf *out)
{
    Buf texts[PARTS] = {0};
    size_t columns[PARTS];
    bool chosen[PARTS] = {false};
    size_t all = write_parts(v, false, texts, columns);
    if (style->width && all + BAR_MIN + BAR_AROUND > style->width) write_parts(v, true, texts, columns);
    unsigned cells = lay_out(columns, style, chosen);
    size_t from = out->len;
    if (cells) write_bar(v->progress, cells, style, out);
    for (Part part = 0; part < PARTS; part++) {
        if (chosen[part]) {
            if (out->len > from) buf_printf(out, "%*s", GAP, "");
            bool warm = style->colour && part == PART_WAITING;
            if (warm) buf_add(out, S("\033[33m"));
            buf_add(out, buf_str(&texts[part]));
            if (warm) buf_add(out, S("\033[0m"));
        }
        buf_free(&texts[part]);
    }
}

static void add_number(Buf *out, const char *key, double x)
{
    buf_printf(out, ",\"%s\":", key);
    if (isfinite(x))
        json_write_double(out, x);
    else
        buf_add(out, S("null"));
}

void progress_render_json(const ProgressView *v, Buf *out)
{
    const Progress *p = v->progress;
    const JournalSums *t = &p->totals;
    double left = progress_seconds_left(v);
    int64_t projected = progress_projected_cost(p);
    buf_printf(out, "{\"event\":\"progress\",\"total\":%llu,\"done\":%llu,\"kept\":%llu,\"failed\":%llu,\"rejected\":%llu,"
                    "\"retried\":%llu,\"in_flight\":%u,\"concurrency\":%u,\"requests\":%llu",
               (unsigned long long)p->total, (unsigned long long)progress_done(p), (unsigned long long)t->kept,
               (unsigned long long)t->failed, (unsigned long long)t->rejected, (unsigned long long)p->resent,
               p->in_flight, p->concurrency, (unsigned long long)t->requests);
    buf_printf(out, ",\"tokens\":{\"prompt\":%lld,\"completion\":%lld,\"cached\":%lld}", (long long)t->prompt_tokens,
               (long long)t->completion_tokens, (long long)t->cached_tokens);
    add_number(out, "per_minute", v->per_second * 60);
    add_number(out, "tokens_per_second", v->tokens_per_second);
    add_number(out, "cost", p->cost_known ? (double)t->cost / 1e9 : NAN);
    add_number(out, "projected_cost", projected < 0 ? NAN : (double)projected / 1e9);
    add_number(out, "seconds", (double)(p->time_before + p->elapsed) / (double)NANOS_PER_SECOND);
    add_number(out, "seconds_left", left < 0 ? NAN : left);
    buf_add(out, p->stopping ? S(",\"stopping\":true}\n") : S(",\"stopping\":false}\n"));
}
