// SPDX-License-Identifier: Apache-2.0
//
// A report's numbers as JSON, for programs:
//
//   {"version":1,"project","run","model","metrics":{name:number},"labels":{name:{value:count}},
//    "coverage":{name:{"kind","possible","seen","draws","unknown","entropy","entropy_most","never":[…]}},
//    "rejected":{reason:count},"openers":[{"text","count"}],"new_5grams":[…],"conversations_per_minute":[…],
//    "nearest_similarity":[…],"duplicate_similarity":[…],"sources":{metrics:where they are defined}}
//
// A metric that was not measured is left out. `new_5grams` and `conversations_per_minute` go over the whole run in at most
// SERIES_POINTS steps; the similarities are counts in twentieths from 0 to 1.
#ifndef CONFAB_REPORT_NUMBERS_H
#define CONFAB_REPORT_NUMBERS_H

#include "report/metrics.h"

enum { NEVER_LISTED = 100 };  // values that never came, of each variable

void report_json(const Report *r, Buf *out);  // after report_finish

#endif
