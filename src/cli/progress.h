// SPDX-License-Identifier: Apache-2.0
//
// The line that shows how a run stands: pure functions from the engine's numbers to text. Showing it
// is cli/progress_show.h's.
#ifndef CONFAB_CLI_PROGRESS_H
#define CONFAB_CLI_PROGRESS_H

#include "base/buf.h"
#include "run/progress.h"

// Rates over the last half minute or so: exponentially weighted averages with the weight corrected
// for a short history, so that the first seconds are right and a pause fades. {0} is ready.
typedef struct Meter {
    bool begun;
    Nanos at;               // Progress.elapsed of the last update
    uint64_t done;
    int64_t tokens;
    double weight;          // of all updates, 0 … 1
    double done_sum, tokens_sum;
} Meter;

// Feeds the meter; `at` never goes back. Any interval between two calls will do.
void meter_update(Meter *m, const Progress *p);
double meter_per_second(const Meter *m);         // iterations that ended; 0 while not known
double meter_tokens_per_second(const Meter *m);  // completion tokens

typedef struct ProgressView {
    const Progress *progress;
    double per_second, tokens_per_second;
    Str currency;           // absent: dollars
} ProgressView;

uint64_t progress_done(const Progress *p);
double progress_seconds_left(const ProgressView *v);  // < 0: not known
int64_t progress_projected_cost(const Progress *p);   // < 0: not known

typedef struct ProgressStyle {
    unsigned width;   // columns; 0: no bound and no bar
    bool unicode, colour;
} ProgressStyle;

// One line without its end: bar, done/total, kept/rejected/retried, in flight, rates, cost, time
// left, and why it waits. Where the width is short, so are the words; then parts are left out, the
// least important first; the bar takes what room is left. Never wider than `width`.
void progress_render(const ProgressView *v, const ProgressStyle *style, Buf *out);

// {"event":"progress",…} on one line, with its end.
void progress_render_json(const ProgressView *v, Buf *out);

#endif
