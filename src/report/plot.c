// SPDX-License-Identifier: Apache-2.0
#include "report/plot.h"

#include <math.h>

#include "base/utf8.h"

enum { WIDTH = 360, HEIGHT = 150, LEFT = 8, RIGHT = 8, TOP = 22, BOTTOM = 24, BARS = 36, SLICES = 40 };

void html_add(Buf *out, Str text)
{
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        uint32_t c = utf8_next(text, &at);
        if (c == '&') buf_add(out, S("&amp;"));
        else if (c == '<') buf_add(out, S("&lt;"));
        else if (c == '>') buf_add(out, S("&gt;"));
        else if (c == '"') buf_add(out, S("&quot;"));
        else if (c == '\'') buf_add(out, S("&#39;"));
        else if (c == UTF8_BAD || (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
                 (c >= 0x2066 && c <= 0x2069))
            buf_add(out, S("\xEF\xBF\xBD"));
        else buf_add(out, str_slice(text, start, at));
    }
}

static void number(Buf *out, double x)
{
    if (x == floor(x) && fabs(x) < 1e15) buf_printf(out, "%.0f", x);
    else buf_printf(out, fabs(x) >= 100 ? "%.0f" : fabs(x) >= 1 ? "%.1f" : "%.3g", x);
}

static void open_figure(const char *title, Buf *out)
{
    buf_add(out, S("<figure><figcaption>"));
    html_add(out, str_from(title));
    buf_add(out, S("</figcaption>"));
}

static void open_svg(Buf *out, Str label)
{
    buf_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    html_add(out, label);
    buf_add(out, S("\">"));
}

static void text_at(Buf *out, double x, double y, const char *anchor, const char *before, double value)
{
    buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s", x, y, anchor, before);
    number(out, value);
    buf_add(out, S("</text>"));
}

static double across(const Histogram *h, double x)
{
    double span = h->high - h->low + 2 * h->half;
    return LEFT + (span > 0 ? (x - h->low + h->half) / span : 0) * (WIDTH - LEFT - RIGHT);
}

static void mark(const Histogram *h, double x, const char *name, double y, Buf *out)
{
    if (x < h->low || x > h->high) return;
    double at = across(h, x);
    bool right = at > WIDTH * 0.7;
    buf_printf(out, "<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%d\"/>", at, at, y - 8, HEIGHT - BOTTOM);
    text_at(out, right ? at - 3 : at + 3, y, right ? "end" : "start", name, x);
}

void plot_histogram(const Histogram *h, Buf *out)
{
    double most = 1, width = (double)(WIDTH - LEFT - RIGHT) / (double)h->n, room = HEIGHT - TOP - BOTTOM;
    for (size_t i = 0; i < h->n; i++) most = fmax(most, h->counts[i]);
    Buf label = {0};
    buf_printf(&label, "%s from ", h->title);
    number(&label, h->low);
    buf_add(&label, S(" to "));
    number(&label, h->high);
    if (h->p50 >= h->low && h->first) {
        buf_printf(&label, ", %s", h->first);
        number(&label, h->p50);
    } else if (h->p50 >= h->low) {
        buf_add(&label, S(", half at most "));
        number(&label, h->p50);
        buf_add(&label, S(", 95 percent at most "));
        number(&label, h->p95);
    }
    open_figure(h->title, out);
    open_svg(out, buf_str(&label));
    buf_free(&label);
    buf_printf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", LEFT, WIDTH - RIGHT, TOP, TOP);
    text_at(out, LEFT, TOP - 3, "start", "", most);
    for (size_t i = 0; i < h->n; i++) {
        double height = h->counts[i] / most * room;
        if (h->counts[i] > 0 && height < 1) height = 1;
        buf_printf(out, "<rect class=\"bar\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", LEFT + (double)i * width + 0.5,
                   HEIGHT - BOTTOM - height, fmax(width - 1, 0.8), height);
    }
    buf_printf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, HEIGHT - BOTTOM);
    text_at(out, LEFT, HEIGHT - 8, "start", "", h->low);
    text_at(out, WIDTH - RIGHT, HEIGHT - 8, "end", "", h->high);
    buf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>", WIDTH / 2, HEIGHT - 8, h->unit);
    mark(h, h->p50, h->first ? h->first : "p50 ", 11, out);
    if (h->p95 > h->p50) mark(h, h->p95, "p95 ", 21, out);
    buf_add(out, S("</svg></figure>"));
}

void plot_wholes(const char *title, const char *unit, const Wholes *w, Buf *out)
{
    if (!w->n) return;
    double counts[BARS] = {0};
    uint64_t low = wholes_percentile(w, 0), high = w->most < WHOLE_MAX ? w->most : WHOLE_MAX;
    uint64_t step = (high - low) / BARS + 1;
    size_t n = 0;
    for (uint64_t x = low; x <= high; x++) {
        size_t bar = (size_t)((x - low) / step);
        counts[bar] += w->counts[x];
        n = bar + 1;
    }
    Histogram h = {title, unit, counts, n, (double)low, (double)(low + n * step), (double)wholes_percentile(w, 0.5),
                   (double)wholes_percentile(w, 0.95), 0, NULL};
    if (step == 1) {  // a bar stands for one number, which is in its middle
        h.high = (double)high;
        h.half = 0.5;
    }
    plot_histogram(&h, out);
}

void plot_sample(const char *title, const Sample *s, Buf *out)
{
    size_t n = sample_size(s);
    double counts[BARS] = {0}, low = sample_percentile(s, 0), high = sample_percentile(s, 1);
    if (!n || high <= low) return;
    for (size_t i = 0; i < n; i++) {
        size_t bar = (size_t)((s->x[i] - low) / (high - low) * BARS);
        counts[bar < BARS ? bar : BARS - 1]++;
    }
    Histogram h = {title, "", counts, BARS, low, high, sample_percentile(s, 0.5), sample_percentile(s, 0.95), 0, NULL};
    plot_histogram(&h, out);
}

static void tally_row(const Tally *t, const TallyValue *v, double widest, Buf *out)
{
    double share = (double)v->n / (double)t->total;
    Str name = v->name.len ? v->name : S("(empty)");
    buf_add(out, S("<tr><th scope=\"row\"><span class=\"v\" dir=\"auto\" title=\""));
    html_add(out, name);
    buf_add(out, S("\">"));
    html_add(out, name);
    buf_printf(out, "</span></th><td class=\"b\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"bar\" "
                    "width=\"%.1f\" height=\"10\"/>", 100 * share / widest);
    if (v->asked >= 0)
        buf_printf(out, "<line class=\"want\" x1=\"%.1f\" x2=\"%.1f\" y2=\"10\"/>", 100 * v->asked / widest, 100 * v->asked / widest);
    buf_printf(out, "</svg></td><td class=\"n\">%llu</td><td class=\"n\">%.1f %%</td>", (unsigned long long)v->n, 100 * share);
    if (v->asked >= 0) buf_printf(out, "<td class=\"n\">%.1f %%</td>", 100 * v->asked);
    else if (t->any_asked) buf_add(out, S("<td></td>"));
    buf_add(out, S("</tr>"));
}

void plot_tally(const Tally *t, const char *title, size_t most, Buf *out)
{
    if (!t->total) return;
    uint64_t rest = t->others;
    double widest = 0;
    for (size_t i = 0; i < t->n_values && i < most; i++)
        widest = fmax(widest, fmax((double)t->values[i].n / (double)t->total, t->values[i].asked));
    open_figure(title, out);
    buf_add(out, S("<div class=\"scroll\"><table><thead><tr><th scope=\"col\">value</th><th scope=\"col\"><span class=\"hidden\">bar</span></th>"
                   "<th scope=\"col\" class=\"n\">count</th><th scope=\"col\" class=\"n\">share</th>"));
    if (t->any_asked) buf_add(out, S("<th scope=\"col\" class=\"n\">asked</th>"));
    buf_add(out, S("</tr></thead><tbody>"));
    for (size_t i = 0; i < t->n_values; i++) {
        if (i < most) tally_row(t, &t->values[i], widest, out);
        else rest += t->values[i].n;
    }
    buf_add(out, S("</tbody></table></div>"));
    if (rest) buf_printf(out, "<p class=\"note\">and %s%zu other values, %llu times</p>", t->others ? "more than " : "",
                         t->n_values > most ? t->n_values - most : 0, (unsigned long long)rest);
    buf_add(out, S("</figure>"));
}

static void scale_text(Buf *out, double x, double y, const char *anchor, const Line *line, double value)
{
    if (line->percent) buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%.0f %%</text>", x, y, anchor, 100 * value);
    else text_at(out, x, y, anchor, "", value);
}

void plot_line(const Line *line, Buf *out)
{
    double most = line->most, step = (double)(WIDTH - LEFT - RIGHT) / (double)(line->n ? line->n : 1), room = HEIGHT - TOP - BOTTOM;
    if (line->n < 2) return;
    for (size_t i = 0; i < line->n && line->most <= 0; i++) most = fmax(most, line->ys[i]);
    if (most <= 0) return;
    Buf label = {0};
    buf_printf(&label, "%s, from ", line->title);
    number(&label, line->ys[0] * (line->percent ? 100 : 1));
    buf_add(&label, S(" to "));
    number(&label, line->ys[line->n - 1] * (line->percent ? 100 : 1));
    buf_printf(&label, " %s", line->percent ? "percent" : line->unit);
    open_figure(line->title, out);
    open_svg(out, buf_str(&label));
    buf_free(&label);
    for (int half = 0; half < 2; half++) {  // the scale: half and all of `most`
        double y = HEIGHT - BOTTOM - room * (half ? 0.5 : 1);
        buf_printf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT, y, y);
        scale_text(out, LEFT, y - 3, "start", line, most * (half ? 0.5 : 1));
    }
    for (int area = 1; area >= 0; area--) {
        buf_printf(out, "<path class=\"%s\" d=\"", area ? "area" : "line");
        if (area) buf_printf(out, "M%.1f %d", LEFT + 0.5 * step, HEIGHT - BOTTOM);
        for (size_t i = 0; i < line->n; i++)
            buf_printf(out, "%s%.1f %.1f", i || area ? "L" : "M", LEFT + ((double)i + 0.5) * step,
                       HEIGHT - BOTTOM - fmin(line->ys[i] / most, 1) * room);
        if (area) buf_printf(out, "L%.1f %dZ", LEFT + ((double)line->n - 0.5) * step, HEIGHT - BOTTOM);
        buf_add(out, S("\"/>"));
    }
    buf_printf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, HEIGHT - BOTTOM);
    buf_printf(out, "<text x=\"%d\" y=\"%d\">%s</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text></svg></figure>", LEFT, HEIGHT - 8,
               line->left, WIDTH - RIGHT, HEIGHT - 8, line->right);
}

// ---- over time ----------------------------------------------------------------------------------

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void path_of(const double *ys, double most, const char *class, Buf *out)
{
    bool down = false;
    buf_printf(out, "<path class=\"%s\" d=\"", class);
    for (size_t i = 0; i < SLICES; i++) {
        if (ys[i] < 0) continue;
        buf_printf(out, "%s%.1f %.1f", down ? "L" : "M", LEFT + ((double)i + 0.5) / SLICES * (WIDTH - LEFT - RIGHT),
                   HEIGHT - BOTTOM - ys[i] / most * (HEIGHT - TOP - BOTTOM));
        down = true;
    }
    buf_add(out, S("\"/>"));
}

// Here x of the sample is the value and y the moment.
void plot_over_time(const char *title, const char *unit, const Sample *s, Buf *out)
{
    size_t n = sample_size(s);
    double from = INFINITY, to = -INFINITY, p50[SLICES], p95[SLICES], most = 0;
    for (size_t i = 0; i < n; i++) {
        from = fmin(from, s->y[i]);
        to = fmax(to, s->y[i]);
    }
    if (n < 2 || to <= from) return;
    double *values = mem_alloc(n * sizeof *values);
    for (size_t slice = 0; slice < SLICES; slice++) {
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            size_t of = (size_t)((s->y[i] - from) / (to - from) * SLICES);
            if ((of < SLICES ? of : SLICES - 1) == slice) values[count++] = s->x[i];
        }
        qsort(values, count, sizeof *values, by_value);
        p50[slice] = count ? values[count / 2] : -1;
        p95[slice] = count ? values[(size_t)((double)(count - 1) * 0.95)] : -1;
        most = fmax(most, p95[slice]);
    }
    free(values);
    if (most <= 0) return;
    Buf label = {0};
    buf_printf(&label, "%s: half at most ", title);
    number(&label, sample_percentile(s, 0.5));
    buf_printf(&label, " %s, at its highest 95th percentile ", unit);
    number(&label, most);
    open_figure(title, out);
    open_svg(out, buf_str(&label));
    buf_free(&label);
    path_of(p95, most, "line thin", out);
    path_of(p50, most, "line", out);
    buf_printf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, HEIGHT - BOTTOM);
    text_at(out, LEFT, 14, "start", "up to ", most);
    buf_printf(out, "<text x=\"%d\" y=\"14\" text-anchor=\"end\">p50 bold, p95 thin; %s</text>", WIDTH - RIGHT, unit);
    text_at(out, WIDTH - RIGHT, HEIGHT - 8, "end", "seconds from the first: ", to - from);
    buf_add(out, S("</svg></figure>"));
}
