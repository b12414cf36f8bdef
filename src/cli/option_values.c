// SPDX-License-Identifier: Apache-2.0
#include "cli/option_values.h"

bool option_switch(Str text, bool *out)
{
    static const Str on[] = {S_INIT("on"), S_INIT("yes"), S_INIT("true"), S_INIT("1")};
    static const Str off[] = {S_INIT("off"), S_INIT("no"), S_INIT("false"), S_INIT("0")};
    for (size_t i = 0; i < 4; i++) {
        if (str_eq_ignore_case(text, on[i])) return *out = true, true;
        if (str_eq_ignore_case(text, off[i])) return *out = false, true;
    }
    return false;
}

static double unit_seconds(char unit)
{
    return unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 86400 : 0;
}

// Parts of falling units, each once: 1h30m. A bare number is seconds.
bool option_span(Str text, double *seconds)
{
    double total = 0, last_unit = 1e9;
    size_t at = 0;
    while (at < text.len) {
        size_t from = at;
        while (at < text.len && (str_is_digit(text.ptr[at]) || text.ptr[at] == '.')) at++;
        double number, unit = 1;
        if (!str_to_double(str_slice(text, from, at), &number)) return false;
        if (at < text.len)
            unit = unit_seconds(text.ptr[at++]);
        else if (from > 0)
            return false;
        if (unit <= 0 || unit >= last_unit) return false;
        last_unit = unit;
        total += number * unit;
    }
    *seconds = total;
    return text.len > 0 && total > 0 && total <= 86400.0 * 366;
}

bool option_choice(const Option *o, Str text, size_t *index)
{
    Str rest = str_from(o->choices), choice;
    for (size_t i = 0; str_cut(&rest, '|', &choice); i++)
        if (str_eq(choice, text)) return *index = i, true;
    return false;
}

bool option_indices(Str text, uint64_t most, void (*each)(void *self, uint64_t index), void *self)
{
    Str part;
    uint64_t n = 0;
    while (str_cut(&text, ',', &part)) {
        size_t dash = str_find_char(part, '-');
        uint64_t from, to;
        if (!str_to_u64(str_slice(part, 0, dash == STR_NONE ? part.len : dash), &from)) return false;
        to = from;
        if (dash != STR_NONE && !str_to_u64(str_slice(part, dash + 1, part.len), &to)) return false;
        if (from > to || to - from >= most || n + (to - from) + 1 > most) return false;
        for (uint64_t i = from;; i++) {
            if (each) each(self, i);
            if (i == to) break;
        }
        n += to - from + 1;
    }
    return n > 0;
}

static bool not_a(Str shown, Str text, const char *wanted, Error *e)
{
    return error_set(e, ERROR_USAGE, "usage", "%.*s is \"%.*s\", but must be %s", STR_ARG(shown), STR_ARG(text), wanted);
}

static bool check_whole(const Option *o, Str text, Str shown, Error *e)
{
    uint64_t n;
    bool whole = str_to_u64(text, &n);
    bool bounded = o->max > 0;
    if (whole && (double)n >= o->min && (!bounded || (double)n <= o->max)) return true;
    char wanted[96];
    if (bounded)
        snprintf(wanted, sizeof wanted, "a whole number from %.0f to %.0f", o->min, o->max);
    else
        snprintf(wanted, sizeof wanted, "a whole number from %.0f up", o->min);
    return not_a(shown, text, wanted, e);
}

static bool check_real(const Option *o, Str text, Str shown, Error *e)
{
    double x;
    if (str_to_double(text, &x) && x >= o->min && x <= o->max) return true;
    char wanted[96];
    if (o->min > 0 && o->min < 0.001)
        snprintf(wanted, sizeof wanted, "a number above 0");
    else
        snprintf(wanted, sizeof wanted, "a number from %g to %.15g", o->min, o->max);
    return not_a(shown, text, wanted, e);
}

static bool check_choice(const Option *o, Str text, Str shown, Error *e)
{
    enum { CHOICES_MAX = 16 };
    size_t index, n = 0;
    if (option_choice(o, text, &index)) return true;
    Str names[CHOICES_MAX], rest = str_from(o->choices);
    char listed[200] = "";
    size_t len = 0;
    while (n < CHOICES_MAX && str_cut(&rest, '|', &names[n])) {
        const char *between = n == 0 ? "" : rest.ptr ? ", " : " or ";
        len += (size_t)snprintf(listed + len, sizeof listed - len, "%s%.*s", between, STR_ARG(names[n]));
        if (len >= sizeof listed) len = sizeof listed - 1;
        n++;
    }
    not_a(shown, text, listed, e);
    Str near = str_nearest(text, names, n);
    if (near.ptr) error_hint(e, "did you mean %.*s?", STR_ARG(near));
    return false;
}

bool option_check(const Option *o, Str text, Str shown, Error *e)
{
    bool on;
    double seconds;
    if (o->type == ARG_SECRET) return true;  // never quoted in an error; access.h checks its form
    if (text.len == 0) return error_set(e, ERROR_USAGE, "usage", "%.*s is empty", STR_ARG(shown));
    if (str_find_char(text, 0) != STR_NONE)
        return error_set(e, ERROR_USAGE, "usage", "%.*s has a NUL byte", STR_ARG(shown));
    switch (o->type) {
    case ARG_SWITCH:
        return option_switch(text, &on) || not_a(shown, text, "on or off", e);
    case ARG_WHOLE:
        return check_whole(o, text, shown, e);
    case ARG_REAL:
        return check_real(o, text, shown, e);
    case ARG_SPAN:
        return option_span(text, &seconds) || not_a(shown, text, "a time such as 90s, 15m or 2h", e);
    case ARG_CHOICE:
        return check_choice(o, text, shown, e);
    case ARG_INDICES:
        return option_indices(text, OPTION_INDICES_MAX, NULL, NULL) ||
               not_a(shown, text, "a list of indices such as 0,1,2 or 0-9", e);
    case ARG_TEXT:
    case ARG_FILE:
    case ARG_FOLDER:
    case ARG_PROJECT:
    case ARG_SECRET:
    case ARG_URL:
        break;
    }
    return true;
}
