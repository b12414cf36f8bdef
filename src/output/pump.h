// SPDX-License-Identifier: Apache-2.0
//
// Rows of a journal read by a thread of their own, while the caller's thread works on those before them: reading a
// million rows costs as much as writing them. At most PUMP_BATCHES batches of about PUMP_BATCH bytes are on their way.
#ifndef CONFAB_OUTPUT_PUMP_H
#define CONFAB_OUTPUT_PUMP_H

#include "journal/query.h"

enum {
    PUMP_BATCH = 256 << 10,  // bytes of rows, or one row where that is larger
    PUMP_BATCHES = 4,
};

// As kept_query_each from the first row on, `each` being called on the caller's thread. `each` must not use the query, which
// is the reader's meanwhile.
bool pump_each(KeptQuery *q, unsigned columns, bool (*each)(void *ctx, const KeptItem *item, Error *e), void *ctx, Error *e);

#endif
