// SPDX-License-Identifier: Apache-2.0
#include "report/page.h"

#include "report/metric_sources.h"
#include "report/plot.h"

enum { NEVER_SHOWN = 12 };  // values that never came, of each variable

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fbfbf9;--fg:#1d1f21;--soft:#5c6166;--line:#d9dad4;--card:#fff;--bar:#2f6f9f;--mark:#b3441e;"
    "--a:#e6eff6;--b:#e9f2e4}"
    "@media(prefers-color-scheme:dark){:root{--bg:#16181a;--fg:#e6e6e3;--soft:#a0a5aa;--line:#34383c;--card:#1e2124;--bar:#6cb0e0;"
    "--mark:#f0926c;--a:#1f3342;--b:#25381f}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}"
    "main,header{max-width:72rem;margin:0 auto;padding:1rem}main{padding-top:0}h1{font-size:1.6rem;margin:.5rem 0 0}h2{font-size:1.2rem;margin:2.2rem 0 .8rem}"
    "p.note,.soft{color:var(--soft);font-size:.875rem;margin:.3rem 0}"
    "dl.numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.6rem;margin:1rem 0}"
    "dl.numbers div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}"
    "dl.numbers dt{color:var(--soft);font-size:.8rem}dl.numbers dd{margin:0;font-size:1.35rem;font-variant-numeric:tabular-nums}"
    ".pack{columns:20rem;column-gap:1rem}.pack figure{break-inside:avoid;margin-bottom:1rem}"
    ".grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(20rem,100%),1fr));gap:1rem;align-items:start}"
    "figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.8rem;min-width:0}"
    "figcaption{font-weight:600;margin-bottom:.4rem;overflow-wrap:anywhere}figure>svg{display:block;width:100%;height:auto}"
    "svg text{fill:var(--soft);font-size:10px}.bar{fill:var(--bar)}.axis{stroke:var(--line)}.mark{stroke:var(--mark);stroke-dasharray:3 2}"
    ".want{stroke:var(--mark);stroke-width:1.5;vector-effect:non-scaling-stroke}.area{fill:var(--bar);opacity:.15}"
    ".line{fill:none;stroke:var(--bar);stroke-width:2}.thin{stroke-width:1;opacity:.6}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.875rem}th{text-align:left;font-weight:400;overflow-wrap:anywhere}"
    "thead th{color:var(--soft);font-size:.75rem}td,th{padding:.15rem .4rem .15rem 0;vertical-align:middle}td.n,th.n{text-align:right;"
    "font-variant-numeric:tabular-nums;white-space:nowrap}td.b{width:32%;min-width:3rem}tbody th{min-width:6.5rem}.v{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden}td.b svg{display:block;width:100%;height:.7rem}"
    ".hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "article{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:0 0 1rem}"
    "article h3{font-size:1rem;margin:0 0 .3rem;overflow-wrap:anywhere}"
    ".turns{list-style:none;margin:.8rem 0 0;padding:0;display:flex;flex-direction:column;gap:.5rem}"
    ".turns li{max-width:85%;padding:.5rem .8rem;border-radius:.8rem;background:var(--a);align-self:flex-start;overflow-wrap:anywhere}"
    ".turns li.assistant{background:var(--b);align-self:flex-end}.turns b{display:block;font-size:.75rem;color:var(--soft);font-weight:600}"
    ".turns span{white-space:pre-wrap;unicode-bidi:isolate}.origin{color:var(--soft);font-size:.8rem;overflow-wrap:anywhere}"
    ".rest{fill:var(--line)}table.wide td.b{width:30%}table.wide td.never{font-size:.8rem;color:var(--soft);padding:0 0 .4rem 1rem;overflow-wrap:anywhere}"
    "@media(max-width:40rem){.kind,table.wide .b{display:none}}"
    "dl.terms{font-size:.875rem;margin:0}dl.terms dt{font-weight:600;margin-top:.6rem}dl.terms dd{margin:0}cite{color:var(--soft);font-style:normal}"
    "footer{max-width:72rem;margin:0 auto;padding:1rem;color:var(--soft);font-size:.8rem}"
    "@media print{figure,article{break-inside:avoid}}";

// ---- numbers ------------------------------------------------------------------------------------

static void add_count(Buf *out, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) buf_add_char(out, ',');
        buf_add_char(out, digits[i]);
    }
}

static void open_number(Buf *out, const char *name) { buf_printf(out, "<div><dt>%s</dt><dd>", name); }

static void close_number(Buf *out) { buf_add(out, S("</dd></div>")); }

static void count(Buf *out, const char *name, uint64_t n)
{
    open_number(out, name);
    add_count(out, n);
    close_number(out);
}

static void share(Buf *out, const char *name, double x)
{
    if (x < 0) return;
    open_number(out, name);
    buf_printf(out, "%.1f %%", 100 * x);
    close_number(out);
}

static void ratio(Buf *out, const char *name, double x)
{
    if (x < 0) return;
    open_number(out, name);
    if (x >= 100) add_count(out, (uint64_t)(x + 0.5));
    else buf_printf(out, "%.2f", x);
    close_number(out);
}

static void add_time(Buf *out, double seconds)
{
    uint64_t s = (uint64_t)(seconds + 0.5);
    if (s < 60) buf_printf(out, "%.1f s", seconds);
    else if (s < 3600) buf_printf(out, "%llu min %llu s", (unsigned long long)s / 60, (unsigned long long)s % 60);
    else buf_printf(out, "%llu h %llu min", (unsigned long long)s / 3600, (unsigned long long)s / 60 % 60);
}

static void add_numbers(const Report *r, Buf *out)
{
    uint64_t generated = r->conversations - r->handwritten;
    buf_add(out, S("<dl class=\"numbers\">"));
    count(out, "conversations", r->conversations);
    if (r->handwritten) count(out, "of these handwritten", r->handwritten);
    count(out, "turns", r->turns.sum);
    count(out, "words", r->words.sum);
    count(out, "prompt tokens", (uint64_t)r->prompt_tokens);
    count(out, "completion tokens", (uint64_t)r->completion_tokens);
    open_number(out, "cost");
    if (r->cost_known) buf_printf(out, "$%.4f", (double)r->cost / 1e9);
    else buf_add(out, S("unknown"));
    close_number(out);
    if (r->answers) share(out, "yield: kept of all answers", (double)generated / (double)r->answers);
    if (r->seconds > 0) {
        open_number(out, "time");
        add_time(out, r->seconds);
        close_number(out);
        ratio(out, "conversations a minute", 60 * (double)generated / r->seconds);
    }
    buf_add(out, S("</dl>"));
}

static void add_openers(const Report *r, Buf *out)
{
    const Opener *openers[15];
    size_t n = diversity_openers(&r->diversity, openers, 15);
    if (!n) return;
    Tally t = {.total = r->conversations, .n_values = n};
    TallyValue values[15];
    for (size_t i = 0; i < n; i++) values[i] = (TallyValue){0, openers[i]->n, str_from(openers[i]->text), -1};
    t.values = values;
    plot_tally(&t, "How conversations begin", 15, out);
}

static void add_course(const Report *r, Buf *out)
{
    double points[SERIES_POINTS];
    size_t n = series_points(&r->new_5grams, points);
    plot_line(&(Line){"New 5-grams, over the run", "", points, n, 1, "first conversation", "last", true}, out);
}

static void add_likeness(const char *title, const double *counts, double mean, Buf *out)
{
    double all = 0;
    for (size_t i = 0; i < ALIKE_STEPS; i++) all += counts[i];
    if (all > 0) plot_histogram(&(Histogram){title, "similarity", counts, ALIKE_STEPS, 0, 1, mean, -1, 0, "mean "}, out);
}

static void add_diversity(const Report *r, Buf *out)
{
    const Diversity *d = &r->diversity;
    buf_add(out, S("<h2 id=\"diversity\">Diversity</h2><dl class=\"numbers\">"));
    share(out, "distinct-1", diversity_distinct(d, 1));
    share(out, "distinct-2", diversity_distinct(d, 2));
    share(out, "distinct-3", diversity_distinct(d, 3));
    ratio(out, "MATTR, 50 words", report_mattr(r));
    ratio(out, "compression ratio", report_compression(r));
    share(out, "repeated 5-grams", report_repeated(r));
    share(out, "new 5-grams, last 100", diversity_new(d));
    ratio(out, "Self-BLEU", r->alike.self_bleu);
    share(out, "nearest similarity, mean", r->alike.nearest_mean);
    buf_add(out, S("</dl><div class=\"grid\">"));
    add_course(r, out);
    add_likeness("How like each conversation is to its nearest", r->alike.nearest, r->alike.nearest_mean, out);
    if (r->n_similar) add_likeness("Rejected near-duplicates, by similarity", r->similar, -1, out);
    add_openers(r, out);
    buf_add(out, S("</div>"));
}

static void add_definitions(Buf *out)
{
    buf_add(out, S("<h2 id=\"definitions\">What the numbers say</h2><dl class=\"terms\">"));
    for (size_t i = 0; i < metric_source_count; i++)
        buf_printf(out, "<dt>%s</dt><dd>%s <cite>%s</cite></dd>", metric_sources[i].title, metric_sources[i].says, metric_sources[i].source);
    buf_add(out, S("</dl>"));
}

// ---- plots --------------------------------------------------------------------------------------

static void add_labels(const Report *r, Buf *out)
{
    if (!r->n_labels) return;
    buf_add(out, S("<h2 id=\"labels\">Labels</h2><div class=\"pack\">"));
    for (size_t i = 0; i < r->n_labels; i++) {
        const Tally *t = &r->labels[i];
        Buf title = {0};
        buf_printf(&title, "%.*s: %zu %s, evenness %.2f", STR_ARG(t->name), t->n_values, t->n_values == 1 ? "value" : "values", tally_evenness(t));
        buf_add_char(&title, 0);
        plot_tally(t, title.ptr, 12, out);
        buf_free(&title);
    }
    buf_add(out, S("</div>"));
}

static bool is_fixed(const ReportParameter *p) { return p->values.n_values == 1; }

// Parameters of one value in a line, the others as plots.
static void add_fixed(const Report *r, Buf *out)
{
    bool any = false;
    for (size_t i = 0; i < r->n_parameters; i++) {
        const Tally *t = &r->parameters[i]->values;
        if (!is_fixed(r->parameters[i])) continue;
        buf_add(out, any ? S("; ") : S("<p class=\"note\">The same for every conversation: "));
        html_add(out, t->name);
        buf_add(out, S(" <bdi>"));
        html_add(out, t->values[0].name);
        buf_add(out, S("</bdi>"));
        any = true;
    }
    if (any) buf_add(out, S("</p>"));
}

static void add_parameters(const Report *r, Buf *out)
{
    if (!r->n_parameters) return;
    buf_add(out, S("<h2 id=\"parameters\">Parameters</h2><div class=\"grid\">"));
    for (size_t i = 0; i < r->n_parameters; i++) {
        const ReportParameter *p = r->parameters[i];
        char title[160];
        snprintf(title, sizeof title, "%.*s", STR_ARG(p->values.name));
        if (is_fixed(p)) continue;
        if (p->numbers.seen == p->values.total && p->values.n_values > 8) plot_sample(title, &p->numbers, out);
        else plot_tally(&p->values, title, 12, out);
    }
    buf_add(out, S("</div>"));
    add_fixed(r, out);
}

static void add_never(const Coverage *c, Buf *out)
{
    size_t shown = 0, never = c->n - coverage_seen(c);
    if (!never && !c->unknown) return;
    buf_add(out, S("<tr><td class=\"never\" colspan=\"7\">"));
    for (size_t i = 0; i < c->n && shown < NEVER_SHOWN; i++) {
        if (c->values[i].n) continue;
        buf_add(out, shown++ ? S(", <bdi>") : S("never came: <bdi>"));
        html_add(out, c->values[i].name);
        buf_add(out, S("</bdi>"));
    }
    if (never > shown) buf_printf(out, " and %zu more", never - shown);
    if (c->unknown) buf_printf(out, "%s%llu draws of values that the project no longer has", never ? "; " : "", (unsigned long long)c->unknown);
    buf_add(out, S("</td></tr>"));
}

static void add_coverage(const Report *r, Buf *out)
{
    if (!r->n_coverage) return;
    buf_add(out, S("<h2 id=\"coverage\">What was drawn, of all that could be</h2><figure><div class=\"scroll\"><table class=\"wide\"><thead><tr>"
                   "<th scope=\"col\">variable</th><th scope=\"col\" class=\"kind\"></th><th scope=\"col\" class=\"b\"><span class=\"hidden\">bar</span></th>"
                   "<th scope=\"col\" class=\"n\">came</th><th scope=\"col\" class=\"n\">possible</th><th scope=\"col\" class=\"n\">entropy, bits</th>"
                   "<th scope=\"col\" class=\"n\">at most</th></tr></thead><tbody>"));
    for (size_t i = 0; i < r->n_coverage; i++) {
        const Coverage *c = &r->coverage[i];
        size_t seen = coverage_seen(c);
        buf_add(out, S("<tr><th scope=\"row\">"));
        html_add(out, c->name);
        buf_printf(out, "</th><td class=\"soft kind\">%s</td><td class=\"b\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                        "<rect class=\"rest\" width=\"100\" height=\"10\"/><rect class=\"bar\" width=\"%.1f\" height=\"10\"/></svg></td>"
                        "<td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n\">%.2f</td><td class=\"n\">%.2f</td></tr>",
                   c->kind, c->n ? 100.0 * (double)seen / (double)c->n : 0, seen, c->n, coverage_entropy(c), coverage_entropy_most(c));
        add_never(c, out);
    }
    buf_add(out, S("</tbody></table></div></figure>"));
}

static void add_throughput(const Report *r, Buf *out)
{
    double points[SERIES_POINTS], seconds;
    char right[64];
    size_t n = timeline_rates(&r->done, points, &seconds);
    snprintf(right, sizeof right, seconds < 10 ? "after %.1f s" : seconds < 120 ? "after %.0f s" : "after %.0f min", seconds < 120 ? seconds : seconds / 60);
    plot_line(&(Line){"Conversations a minute, over time", "a minute", points, n, 0, "start", right, false}, out);
}

static void add_lengths(const Report *r, Buf *out)
{
    buf_add(out, S("<h2 id=\"lengths\">Lengths</h2><div class=\"grid\">"));
    plot_wholes("Turns of a conversation", "turns", &r->turns, out);
    plot_wholes("Words of a conversation", "words", &r->words, out);
    buf_add(out, S("</div>"));
}

static void add_plots(const Report *r, Buf *out)
{
    if (r->conversations) add_lengths(r, out);
    else buf_add(out, S("<p>No conversation was kept.</p>"));
    add_coverage(r, out);
    add_labels(r, out);
    add_parameters(r, out);
    buf_add(out, S("<h2 id=\"answers\">Answers</h2><div class=\"grid\">"));
    if (r->reasons.total) plot_tally(&r->reasons, "Rejected, by reason", 20, out);
    else buf_add(out, S("<figure><figcaption>Rejected, by reason</figcaption><p class=\"note\">No answer was rejected.</p></figure>"));
    plot_wholes("Attempts until kept", "attempts", &r->attempts, out);
    add_throughput(r, out);
    plot_sample("Seconds for an answer", &r->latency, out);
    plot_over_time("Seconds for an answer, over time", "s", &r->latency, out);
    buf_add(out, S("</div>"));
    if (r->conversations) add_diversity(r, out);
}

// ---- conversations ------------------------------------------------------------------------------

static void add_pairs(const char *title, const ReportPair *pairs, size_t n, Buf *out)
{
    if (!n) return;
    buf_printf(out, "<p class=\"origin\">%s: ", title);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add(out, S("; "));
        html_add(out, pairs[i].name);
        buf_add(out, S(" <bdi>"));
        html_add(out, pairs[i].value);
        buf_add(out, S("</bdi>"));
    }
    buf_add(out, S("</p>"));
}

static void add_conversation(const ReportRow *row, Buf *out)
{
    buf_add(out, S("<article><h3>"));
    html_add(out, row->id);
    buf_add(out, S("</h3>"));
    add_pairs("Labels", row->labels, row->n_labels, out);
    add_pairs("From", row->origin, row->n_origin, out);
    add_pairs("Parameters", row->parameters, row->n_parameters, out);
    buf_add(out, S("<ol class=\"turns\">"));
    for (size_t i = 0; i < row->n_turns; i++) {
        const ReportTurn *turn = &row->turns[i];
        buf_add(out, str_eq(turn->role, S("assistant")) ? S("<li class=\"assistant\"><b>") : S("<li><b>"));
        html_add(out, turn->name);
        buf_add(out, S("</b><span dir=\"auto\">"));
        html_add(out, turn->text);
        buf_add(out, S("</span></li>"));
    }
    buf_add(out, S("</ol></article>"));
}

void report_page(const Report *r, Buf *out)
{
    buf_add(out, S("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"referrer\" content=\"no-referrer\"><title>"));
    html_add(out, r->project);
    buf_add_char(out, ' ');
    html_add(out, r->run);
    buf_add(out, S("</title><style>"));
    buf_add(out, str_from(style));
    buf_add(out, S("</style></head><body><header><h1>"));
    html_add(out, r->project);
    buf_add(out, S("</h1><p class=\"soft\">Run "));
    html_add(out, r->run);
    if (r->model.len) {
        buf_add(out, S(", written by "));
        html_add(out, r->model);
    }
    buf_printf(out, ", %llu asked, %.*s</p></header><main>", (unsigned long long)r->asked, STR_ARG(r->state));
    add_numbers(r, out);
    add_plots(r, out);
    if (r->n_samples) buf_add(out, S("<h2 id=\"conversations\">Conversations, evenly spread over the run</h2>"));
    for (size_t i = 0; i < r->n_samples; i++) add_conversation(&r->samples[i], out);
    add_definitions(out);
    buf_add(out, S("</main><footer>Made by confab "));
    html_add(out, r->confab);
    buf_add(out, S(".</footer></body></html>\n"));
}
