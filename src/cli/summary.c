// SPDX-License-Identifier: Apache-2.0
#include "cli/summary.h"

#include <math.h>

#include "base/json.h"
#include "cli/numbers.h"
#include "cli/progress.h"

const char *summary_end_name(ErrorKind end)
{
    switch (end) {
    case ERROR_NONE: return "complete";
    case ERROR_PARTIAL: return "partial";
    case ERROR_BUDGET: return "budget";
    case ERROR_INTERRUPTED:
    case ERROR_TERMINATED: return "interrupted";
    case ERROR_REFUSED: return "refused";
    case ERROR_UNREACHABLE: return "unreachable";
    case ERROR_FILE: return "file";
    case ERROR_INTERNAL:
    case ERROR_USAGE:
    case ERROR_PROJECT: break;
    }
    return "failed";
}

static void add_label(Buf *out, const char *label)
{
    buf_printf(out, "  %-*s", SUMMARY_LABELS - 2, label);
}

static void add_reasons(const JournalSums *t, Buf *out)
{
    if (!t->rejected) return;
    add_label(out, "rejected");
    number_count(out, t->rejected);
    for (size_t i = 0; i < t->n_reasons; i++) {
        buf_add(out, i ? S(", ") : S(": "));
        number_count(out, t->reasons[i].n);
        buf_printf(out, " %s", t->reasons[i].name);
    }
    buf_add_char(out, '\n');
}

static void add_tokens(const JournalSums *t, Buf *out)
{
    add_label(out, "tokens");
    if (t->tokens_estimated) buf_add(out, S("≈ "));
    number_count(out, (uint64_t)t->prompt_tokens);
    buf_add(out, S(" in"));
    if (t->cached_tokens) {
        buf_add(out, S(" ("));
        number_count(out, (uint64_t)t->cached_tokens);
        buf_add(out, S(" cached)"));
    }
    buf_add(out, S(", "));
    number_count(out, (uint64_t)t->completion_tokens);
    buf_add(out, S(" out"));
    if (t->tokens_lost) {
        buf_add(out, S(", at most "));
        number_count(out, (uint64_t)t->tokens_lost);
        buf_add(out, S(" paid for answers that never came"));
    }
    buf_add_char(out, '\n');
}

void summary_sums_render(const JournalSums *t, Buf *out)
{
    add_reasons(t, out);
    add_label(out, "requests");
    number_count(out, t->requests);
    buf_add_char(out, '\n');
    add_tokens(t, out);
}

bool summary_cost_known(const RunInfo *run)
{
    return run->priced || run->totals.cost > 0 || str_eq(run->address, S("embedded"));
}

static void add_cost(const Progress *p, Str currency, Buf *out)
{
    add_label(out, "cost");
    if (p->cost_known)
        number_cost(out, p->totals.cost, currency);
    else
        buf_add(out, S("unknown: no price for this model"));
    buf_add_char(out, '\n');
}

static void add_path(const char *label, const char *path, Buf *out)
{
    if (!path[0]) return;
    add_label(out, label);
    buf_printf(out, "%s\n", path);
}

// The few beginnings that came too often to be chance; the report has them all.
static void add_openers(const RunDiversity *d, Buf *out)
{
    enum { OFTEN = 3, SHOWN = 3 };
    size_t n = 0;
    while (n < SHOWN && n < d->n_openers && d->openers[n].n >= OFTEN) n++;
    if (d->same_openings <= 0 && !n) return;
    add_label(out, "openers");
    if (d->same_openings > 0) buf_printf(out, "%.1f%% open like an earlier one%s", d->same_openings * 100, n ? "; " : "");
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s\"%s\" %llu times", i ? ", " : "", d->openers[i].text, (unsigned long long)d->openers[i].n);
    buf_add_char(out, '\n');
}

static void add_diversity(const RunDiversity *d, Buf *out)
{
    if (d->distinct[0] <= 0) return;
    add_label(out, "diversity");
    buf_printf(out, "distinct-1/2/3 %.2f/%.2f/%.2f", d->distinct[0], d->distinct[1] < 0 ? 0 : d->distinct[1],
               d->distinct[2] < 0 ? 0 : d->distinct[2]);
    if (d->new_5 >= 0) buf_printf(out, ", %.0f%% new 5-grams in the last hundred", d->new_5 * 100);
    if (d->duplicate_rate >= 0) buf_printf(out, ", %.1f%% near-duplicates", d->duplicate_rate * 100);
    buf_add_char(out, '\n');
    add_openers(d, out);
    if (d->repeating <= 0) return;
    add_label(out, "repeats");
    buf_printf(out, "%.1f%% repeat a turn of their own\n", d->repeating * 100);
}

static void add_share(const char *key, double share, Buf *out)
{
    buf_printf(out, "\"%s\":", key);
    if (share < 0)
        buf_add(out, S("null,"));
    else
        buf_printf(out, "%.6g,", share);
}

static void add_diversity_json(const RunDiversity *d, Buf *out)
{
    buf_add(out, S(",\"diversity\":{"));
    add_share("distinct_1", d->distinct[0], out);
    add_share("distinct_2", d->distinct[1], out);
    add_share("distinct_3", d->distinct[2], out);
    add_share("new_5_grams", d->new_5, out);
    add_share("near_duplicates", d->duplicate_rate, out);
    add_share("same_openings", d->same_openings, out);
    add_share("repeating", d->repeating, out);
    buf_add(out, S("\"openers\":["));
    for (size_t i = 0; i < d->n_openers; i++) {
        buf_add(out, i ? S(",{\"text\":") : S("{\"text\":"));
        json_write_string(out, str_from(d->openers[i].text));
        buf_printf(out, ",\"count\":%llu}", (unsigned long long)d->openers[i].n);
    }
    buf_add(out, S("]}"));
}

static void add_off(const char *what, double off, Buf *out)
{
    if (off == 0)
        buf_printf(out, ", %s within the range", what);
    else
        buf_printf(out, ", %s %.1f%% %s the range", what, fabs(off) * 100, off < 0 ? "below" : "above");
}

// How far off the estimate was.
static void add_forecast(const Forecast *f, const ForecastError *off, Buf *out)
{
    buf_printf(out, "prompt tokens off by %+.1f%%", off->prompt * 100);
    add_off("completion", off->completion, out);
    if (f->cost_known && f->cost_high > 0) add_off("cost", off->cost, out);
    if (f->seconds_high > 0) add_off("time", off->time, out);
}

void summary_render(const RunSummary *s, Str currency, Buf *out)
{
    const Progress *p = &s->progress;
    const JournalSums *t = &p->totals;
    uint64_t done = progress_done(p);
    buf_printf(out, "Run %s: %s\n", s->stamp, summary_end_name(s->end));
    add_label(out, "asked");
    number_count(out, p->total);
    buf_add(out, S("\n"));
    add_label(out, "kept");
    number_count(out, t->kept);
    if (t->failed) {
        buf_add(out, S(", failed "));
        number_count(out, t->failed);
    }
    if (done < p->total) {
        buf_add(out, S(", not asked yet "));
        number_count(out, p->total - done);
    }
    buf_add_char(out, '\n');
    summary_sums_render(t, out);
    add_diversity(&s->diversity, out);
    if (p->maybe_paid_twice) {
        add_label(out, "repeated");
        number_count(out, p->maybe_paid_twice);
        buf_add(out, S(" asked again, because an interruption came before the answer\n"));
    }
    add_cost(p, currency, out);
    if (s->forecast.known && done) {
        add_label(out, "estimate");
        add_forecast(&s->forecast, &s->off, out);
        buf_add_char(out, '\n');
    }
    add_label(out, "time");
    number_time(out, (double)(p->time_before + p->elapsed) / (double)NANOS_PER_SECOND);
    buf_add_char(out, '\n');
    add_path("json", s->json_path, out);
    add_path("csv", s->csv_path, out);
    add_path("run", s->run_path, out);
}

void summary_numbers_json(uint64_t iterations, const JournalSums *t, bool cost_known, Buf *out)
{
    uint64_t done = t->kept + t->failed;
    buf_printf(out, "\"iterations\":%llu,\"kept\":%llu,\"failed\":%llu,\"pending\":%llu,\"rejected\":{",
               (unsigned long long)iterations, (unsigned long long)t->kept, (unsigned long long)t->failed,
               (unsigned long long)(done < iterations ? iterations - done : 0));
    for (size_t i = 0; i < t->n_reasons; i++) {
        if (i) buf_add_char(out, ',');
        json_write_string(out, str_from(t->reasons[i].name));
        buf_printf(out, ":%llu", (unsigned long long)t->reasons[i].n);
    }
    buf_printf(out, "},\"requests\":%llu,\"tokens\":{\"prompt\":%lld,\"completion\":%lld,\"cached\":%lld,\"estimated\":%s},\"cost\":",
               (unsigned long long)t->requests, (long long)t->prompt_tokens, (long long)t->completion_tokens,
               (long long)t->cached_tokens, t->tokens_estimated ? "true" : "false");
    if (cost_known)
        json_write_double(out, (double)t->cost / 1e9);
    else
        buf_add(out, S("null"));
}

void summary_info_json(const RunInfo *run, const char *state, Buf *out)
{
    buf_printf(out, "{\"version\":1,\"run\":\"%s\",\"state\":\"%s\",", run->stamp, state);
    summary_numbers_json(run->iterations, &run->totals, summary_cost_known(run), out);
    buf_add(out, S("}\n"));
}

static void add_path_json(const char *key, const char *path, Buf *out)
{
    buf_printf(out, ",\"%s\":", key);
    if (path[0])
        json_write_string(out, str_from(path));
    else
        buf_add(out, S("null"));
}

void summary_render_event(const RunSummary *s, Buf *out)
{
    const Progress *p = &s->progress;
    buf_printf(out, "{\"event\":\"done\",\"run\":\"%s\",\"state\":\"%s\",\"exit\":%d,", s->stamp, summary_end_name(s->end),
               (int)s->end);
    summary_numbers_json(p->total, &p->totals, p->cost_known, out);
    buf_add(out, S(",\"seconds\":"));
    json_write_double(out, (double)(p->time_before + p->elapsed) / (double)NANOS_PER_SECOND);
    add_diversity_json(&s->diversity, out);
    add_path_json("json", s->json_path, out);
    add_path_json("csv", s->csv_path, out);
    add_path_json("run_file", s->run_path, out);
    buf_add(out, S("}\n"));
}

void summary_render_json(const RunSummary *s, Buf *out)
{
    const Progress *p = &s->progress;
    buf_printf(out, "{\"version\":1,\"run\":\"%s\",\"state\":\"%s\",", s->stamp, summary_end_name(s->end));
    summary_numbers_json(p->total, &p->totals, p->cost_known, out);
    add_path_json("json", s->json_path, out);
    add_path_json("csv", s->csv_path, out);
    add_path_json("run_file", s->run_path, out);
    buf_add(out, S("}\n"));
}
