// SPDX-License-Identifier: Apache-2.0
//
// What is said when a run has ended: for people on standard error, and as JSON in the shape of
// `status --json`, which `run --json` prints too.
#ifndef CONFAB_CLI_SUMMARY_H
#define CONFAB_CLI_SUMMARY_H

#include "run/history.h"

// Asked, kept, rejected by reason, tokens, cost, time, paths.
void summary_render(const RunSummary *s, Str currency, Buf *out);

// {"event":"done",…} on one line, with its end.
void summary_render_event(const RunSummary *s, Buf *out);

// The inner keys of a run's numbers: "iterations":…,"kept":…,…,"cost":… without braces.
void summary_numbers_json(uint64_t iterations, const JournalSums *sums, bool cost_known, Buf *out);

const char *summary_end_name(ErrorKind end);  // "complete", "partial", "budget", …

#endif
