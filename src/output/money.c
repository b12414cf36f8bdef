// SPDX-License-Identifier: Apache-2.0
#include "output/money.h"

Str money_text(Money money, Arena *a)
{
    // Negated as an unsigned number, which the least one has too.
    uint64_t billionths = money < 0 ? 0 - (uint64_t)money : (uint64_t)money;
    Str text = arena_printf(a, "%s%llu.%09llu", money < 0 ? "-" : "", (unsigned long long)(billionths / 1000000000),
                            (unsigned long long)(billionths % 1000000000));
    while (str_ends(text, S("0")) && !str_ends(text, S(".0"))) text.len--;
    return text;
}
