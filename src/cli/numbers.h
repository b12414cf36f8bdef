// SPDX-License-Identifier: Apache-2.0
//
// Numbers as a person reads them. Every function appends to the caller's buffer.
#ifndef CONFAB_CLI_NUMBERS_H
#define CONFAB_CLI_NUMBERS_H

#include "base/buf.h"

void number_count(Buf *out, uint64_t n);             // 12,345
void number_short(Buf *out, double x);               // 950, 1.2k, 38k, 4.1M
void number_time(Buf *out, double seconds);          // 8s, 3m12s, 2h05m, 4d03h
// Of billionths of a currency: $0.0042, $12.30, 12.30 EUR. Absent currency: dollars.
void number_cost(Buf *out, int64_t billionths, Str currency);

#endif
