// SPDX-License-Identifier: Apache-2.0
//
// Plots as SVG and HTML, appended to a page. Colours come from the page's style by class, so that one file serves light
// and dark. Every plot has a text for those who do not see it. Text of others is escaped by html_add.
#ifndef CONFAB_REPORT_PLOT_H
#define CONFAB_REPORT_PLOT_H

#include "base/buf.h"
#include "report/tally.h"

// Appends text with & < > " ' as references; control characters (but line breaks) and bidi overrides as U+FFFD.
void html_add(Buf *out, Str text);

// Bars of equal width from `low` to `high`, with lines at p50 and p95, and the highest bar's count above its line.
typedef struct Histogram {
    const char *title, *unit;
    const double *counts;
    size_t n;
    double low, high;      // of the first bar's left and the last bar's right edge
    double p50, p95;       // < low: no line
    double half;           // of a bar, where low and high are in the middle of theirs
    const char *first;     // what stands at p50's line; NULL: "p50 "
} Histogram;
void plot_histogram(const Histogram *h, Buf *out);
void plot_wholes(const char *title, const char *unit, const Wholes *w, Buf *out);
void plot_sample(const char *title, const Sample *s, Buf *out);

// A table: name, bar, count, share, and where it is known the share that was asked for, also as a line on the bar. At most `most` rows, then a line about the rest.
void plot_tally(const Tally *t, const char *title, size_t most, Buf *out);

// Values from left to right as a line over a filled area, from 0 to `most` (0: the largest), with what stands below its ends.
typedef struct Line {
    const char *title, *unit;
    const double *ys;
    size_t n;
    double most;
    const char *left, *right;
    bool percent;          // values are shares
} Line;
void plot_line(const Line *line, Buf *out);

// y over x as the median (line) and the 95th percentile (line) of slices of x.
void plot_over_time(const char *title, const char *unit, const Sample *s, Buf *out);

#endif
