// SPDX-License-Identifier: Apache-2.0
//
// The sums over a journal's rows. Those of the iterations that have all ended, from the run's first to
// its watermark, are kept in the file as the fact "settled", so that a run of millions is summed by its
// last rows. The fact moves on with the fact "watermark", in one transaction with it, and is made from
// the rows themselves; a row that is written below it throws it away, and the sums are made anew.
// Only journal/ includes this.
#ifndef CONFAB_JOURNAL_SUMS_H
#define CONFAB_JOURNAL_SUMS_H

#include "journal/store.h"

bool sums_read(Store *s, JournalSums *out, Error *e);  // of all rows

// Every iteration below the watermark has ended.
bool sums_settle(Store *s, uint64_t watermark, Error *e);
// Before a row of that iteration is written.
bool sums_touch(Store *s, uint64_t iteration, Error *e);

#endif
