// SPDX-License-Identifier: Apache-2.0
//
// Money as a JSON number.
#ifndef CONFAB_OUTPUT_MONEY_H
#define CONFAB_OUTPUT_MONEY_H

#include "journal/journal.h"

// Exact, without trailing zeros but with one decimal at least: "0.0", "1.25", "0.000000001".
Str money_text(Money money, Arena *a);

#endif
