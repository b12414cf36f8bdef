// SPDX-License-Identifier: Apache-2.0
//
// What is said when a run has ended: for people on standard error, and as JSON in the shape of
// `status --json`, which `run --json` prints too.
#ifndef CONFAB_CLI_SUMMARY_H
#define CONFAB_CLI_SUMMARY_H

#include "run/history.h"

enum { SUMMARY_LABELS = 12 };  // columns before the text of a line

// Asked, kept, rejected by reason, tokens, cost, time, paths.
void summary_render(const RunSummary *s, Str currency, Buf *out);

// {"event":"done",…} on one line, with its end.
void summary_render_event(const RunSummary *s, Buf *out);

// The object of `status --json`, on one line with its end.
void summary_render_json(const RunSummary *s, Buf *out);

// The inner keys of a run's numbers: "iterations":…,"kept":…,…,"cost":… without braces.
void summary_numbers_json(uint64_t iterations, const JournalSums *sums, bool cost_known, Buf *out);

// Rejected by reason, requests, tokens: the lines that `status` and the summary share.
void summary_sums_render(const JournalSums *sums, Buf *out);

// A cost of 0 is one only where there was a price, or for the embedded model.
bool summary_cost_known(const RunInfo *run);

// The object of `status --json` for a run of the past, with its end; `state` from run_state_name.
void summary_info_json(const RunInfo *run, const char *state, Buf *out);

const char *summary_end_name(ErrorKind end);  // "complete", "partial", "budget", …

#endif
