// SPDX-License-Identifier: Apache-2.0
#include "cli/numbers.h"

void number_count(Buf *out, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) buf_add_char(out, ',');
        buf_add_char(out, digits[i]);
    }
}

void number_short(Buf *out, double x)
{
    static const struct {
        double size;
        const char *letter;
    } units[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}};
    size_t i = 0;
    // What would be rounded to 1000 of a unit is written in the next.
    while (i < 3 && x < units[i].size * 0.9995) i++;
    double shown = x / units[i].size;
    bool whole = shown >= 9.95 || i == 3;
    buf_printf(out, "%.*f%s", whole ? 0 : 1, shown, units[i].letter);
}

void number_time(Buf *out, double seconds)
{
    if (!(seconds >= 0)) seconds = 0;
    if (seconds > 1e9) seconds = 1e9;
    uint64_t s = (uint64_t)(seconds + 0.5);
    if (s < 60)
        buf_printf(out, "%us", (unsigned)s);
    else if (s < 3600)
        buf_printf(out, "%um%02us", (unsigned)(s / 60), (unsigned)(s % 60));
    else if (s < 86400)
        buf_printf(out, "%uh%02um", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
    else
        buf_printf(out, "%ud%02uh", (unsigned)(s / 86400), (unsigned)(s / 3600 % 24));
}

void number_cost(Buf *out, int64_t billionths, Str currency)
{
    double amount = (double)billionths / 1e9;
    bool dollars = !currency.ptr || str_eq(currency, S("USD"));
    // Two digits of what is small, cents of what is not.
    int digits = amount >= 1 || amount <= 0 ? 2 : amount >= 0.1 ? 3 : amount >= 0.001 ? 4 : 6;
    buf_printf(out, "%s%.*f", dollars ? "$" : "", digits, amount);
    if (!dollars) buf_printf(out, " %.*s", STR_ARG(currency));
}
