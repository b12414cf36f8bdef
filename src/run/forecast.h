// SPDX-License-Identifier: Apache-2.0
//
// What a run was expected to take, and how far off that was: the journal's fact "estimate", a line of
// the summary, and "estimate" in <stamp>.run.json.
#ifndef CONFAB_RUN_FORECAST_H
#define CONFAB_RUN_FORECAST_H

#include "base/buf.h"
#include "journal/journal.h"

typedef struct Forecast {
    bool known;                      // there was an estimate
    bool cost_known;
    int64_t prompt;                  // tokens
    int64_t completion_low, completion_high;
    Money cost_low, cost_high;
    double seconds_low, seconds_high;
} Forecast;

// Relative: 0.1 is a tenth more than expected; of a range, 0 within it, else from its nearer end.
typedef struct ForecastError {
    double prompt, completion, cost, time;
} ForecastError;

// Where a part of a run is done, what is expected of that part. `seconds`: what it took, running.
ForecastError forecast_error(const Forecast *f, const JournalSums *sums, double seconds, uint64_t iterations);

Str forecast_fact(const Forecast *f, Arena *a);
Forecast forecast_from(Str fact);    // {0} for a text that is none

// {"prompt_tokens":…,"completion_tokens":{"low","high"},"cost":{"low","high"} or null,"seconds":{"low","high"},
// "off":{"prompt","completion","cost","time"}};
// nothing where none is known.
void forecast_render_json(const Forecast *f, const ForecastError *off, Buf *out);

#endif
