// SPDX-License-Identifier: Apache-2.0
//
// The caps of a run as a pure state machine: what is paid plus what is on its way at its worst never
// passes a cap. A request reserves its worst case before it is sent and gives it back when its true
// cost is known. What may have been paid without an answer (a time-out, a kill) stays booked at its
// worst.
#ifndef CONFAB_RUN_BUDGET_H
#define CONFAB_RUN_BUDGET_H

#include "journal/journal.h"
#include "tokens/prices.h"

typedef struct Spending {
    int64_t tokens;  // prompt and completion
    Money cost;
} Spending;

typedef struct Budget {
    Spending cap;       // 0: none
    Spending spent;
    Spending reserved;  // of requests whose cost is not known yet
} Budget;

// False: it would pass a cap; nothing is reserved.
bool budget_reserve(Budget *b, Spending at_most);
// The request that reserved `at_most` cost `actual` (which may be more, if a server overruns).
void budget_settle(Budget *b, Spending at_most, Spending actual);
// Even with nothing on its way `at_most` would not fit: the run is at its end.
bool budget_exhausted(const Budget *b, Spending at_most);

// `cached` of the `prompt` tokens are priced as cached input. Rounded up.
Money pricing_cost(const Pricing *p, int64_t prompt, int64_t cached, int64_t completion);

#endif
