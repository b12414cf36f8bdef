// SPDX-License-Identifier: Apache-2.0
#include "llm/rate.h"

#define DAY (INT64_C(86400) * NANOS_PER_SECOND)

static Nanos clamp(Nanos span, Nanos max) { return span < 0 ? 0 : span > max ? max : span; }

static Nanos from_seconds(double seconds, Nanos max)
{
    if (seconds <= 0) return 0;
    if (seconds >= (double)max / (double)NANOS_PER_SECOND) return max;
    return (Nanos)(seconds * (double)NANOS_PER_SECOND);
}

// ---- moments ------------------------------------------------------------------------------------

// Digits of a fixed number at *at, which moves behind them.
static bool digits(Str s, size_t *at, unsigned n, int *out)
{
    *out = 0;
    if (*at + n > s.len) return false;
    for (unsigned i = 0; i < n; i++, ++*at) {
        if (!str_is_digit(s.ptr[*at])) return false;
        *out = *out * 10 + (s.ptr[*at] - '0');
    }
    return true;
}

// Days from 1970-01-01 to a civil date (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

typedef struct Civil {
    int year, month, day, hour, minute, second;
    Nanos fraction;
    int offset_minutes;
} Civil;

static bool to_wall(const Civil *c, Nanos *wall)
{
    if (c->year < 1970 || c->year > 2200 || c->month < 1 || c->month > 12 || c->day < 1 || c->day > 31 ||
        c->hour > 23 || c->minute > 59 || c->second > 60)
        return false;
    int64_t seconds = days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 + c->second -
                      c->offset_minutes * 60;
    *wall = seconds * NANOS_PER_SECOND + c->fraction;
    return true;
}

static bool read_offset(Str s, size_t *at, Civil *c)
{
    if (*at < s.len && (s.ptr[*at] == 'Z' || s.ptr[*at] == 'z')) return ++*at == s.len;
    int hours, minutes;
    if (*at >= s.len || (s.ptr[*at] != '+' && s.ptr[*at] != '-')) return *at == s.len;
    int sign = s.ptr[(*at)++] == '-' ? -1 : 1;
    if (!digits(s, at, 2, &hours)) return false;
    if (*at < s.len && s.ptr[*at] == ':') ++*at;
    if (!digits(s, at, 2, &minutes)) return false;
    c->offset_minutes = sign * (hours * 60 + minutes);
    return *at == s.len;
}

// RFC 3339: 2026-11-22T15:04:05.25Z, or with an offset.
static bool read_rfc3339(Str s, Nanos *wall)
{
    Civil c = {0};
    size_t i = 0;
    if (!digits(s, &i, 4, &c.year) || i >= s.len || s.ptr[i++] != '-' || !digits(s, &i, 2, &c.month) || i >= s.len ||
        s.ptr[i++] != '-' || !digits(s, &i, 2, &c.day) || i >= s.len || !memchr("Tt ", s.ptr[i++], 3) ||
        !digits(s, &i, 2, &c.hour) || i >= s.len || s.ptr[i++] != ':' || !digits(s, &i, 2, &c.minute) || i >= s.len ||
        s.ptr[i++] != ':' || !digits(s, &i, 2, &c.second))
        return false;
    if (i < s.len && s.ptr[i] == '.') {
        Nanos unit = NANOS_PER_SECOND / 10;
        for (i++; i < s.len && str_is_digit(s.ptr[i]); i++, unit /= 10) c.fraction += unit * (s.ptr[i] - '0');
    }
    return read_offset(s, &i, &c) && to_wall(&c, wall);
}

static int month_of(Str name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (name.len == 3 && memcmp(names + 3 * i, name.ptr, 3) == 0) return i + 1;
    return 0;
}

static bool read_time(Str s, Civil *c)
{
    size_t i = 0;
    return digits(s, &i, 2, &c->hour) && i < s.len && s.ptr[i++] == ':' && digits(s, &i, 2, &c->minute) && i < s.len &&
           s.ptr[i++] == ':' && digits(s, &i, 2, &c->second) && i == s.len;
}

static bool small_number(Str s, int *out)
{
    uint64_t n;
    if (!str_to_u64(s, &n) || n > 9999) return false;
    *out = (int)n;
    return true;
}

// Words between spaces and dashes, empty ones skipped; at most `max`.
static size_t words_of(Str s, Str *words, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len && n < max;) {
        while (i < s.len && (s.ptr[i] == ' ' || s.ptr[i] == '-' || s.ptr[i] == ',')) i++;
        size_t start = i;
        while (i < s.len && s.ptr[i] != ' ' && s.ptr[i] != '-' && s.ptr[i] != ',') i++;
        if (i > start) words[n++] = str_slice(s, start, i);
    }
    return n;
}

// RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" and
// "Sun Nov  6 08:49:37 1994".
static bool read_http_date(Str s, Nanos *wall)
{
    Str w[7];
    Civil c = {0};
    size_t n = words_of(s, w, 7);
    if (n == 6 && small_number(w[1], &c.day)) {
        c.month = month_of(w[2]);
        if (!small_number(w[3], &c.year) || !read_time(w[4], &c)) return false;
        if (w[3].len == 2) c.year += c.year < 70 ? 2000 : 1900;
        return to_wall(&c, wall);
    }
    if (n != 5) return false;
    c.month = month_of(w[1]);
    return small_number(w[2], &c.day) && read_time(w[3], &c) && small_number(w[4], &c.year) && to_wall(&c, wall);
}

bool moment_read(Str value, Nanos *wall)
{
    value = str_trim(value);
    return read_rfc3339(value, wall) || read_http_date(value, wall);
}

// ---- spans --------------------------------------------------------------------------------------

static double unit_of(Str rest, size_t *used)
{
    *used = 2;
    if (str_starts(rest, S("ms"))) return 1e-3;
    if (str_starts(rest, S("us"))) return 1e-6;
    if (str_starts(rest, S("ns"))) return 1e-9;
    *used = 1;
    if (str_starts(rest, S("s"))) return 1;
    if (str_starts(rest, S("m"))) return 60;
    if (str_starts(rest, S("h"))) return 3600;
    if (str_starts(rest, S("d"))) return 86400;
    *used = 0;
    return 0;
}

// Go's spans: "6m0s", "1h2m3.5s", "20ms".
static bool read_span(Str s, double *seconds)
{
    *seconds = 0;
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len;) {
        size_t start = i, used;
        while (i < s.len && (str_is_digit(s.ptr[i]) || s.ptr[i] == '.')) i++;
        double number, unit = unit_of(str_slice(s, i, s.len), &used);
        if (!used || !str_to_double(str_slice(s, start, i), &number)) return false;
        *seconds += number * unit;
        i += used;
    }
    return true;
}

Nanos retry_after_read(Str value, Str date, Nanos wall_now)
{
    double seconds;
    Nanos wall, server;
    value = str_trim(value);
    if (value.len == 0) return -1;
    if (str_to_double(value, &seconds) || read_span(value, &seconds)) return from_seconds(seconds, RETRY_AFTER_MAX);
    if (!moment_read(value, &wall)) return -1;
    return clamp(wall - (moment_read(date, &server) ? server : wall_now), RETRY_AFTER_MAX);
}

Nanos rate_reset_read(Str value, Nanos wall_now)
{
    double number;
    Nanos wall;
    value = str_trim(value);
    if (value.len == 0) return -1;
    if (str_to_double(value, &number)) {
        // From the year 1973 on a number is an epoch, in seconds or milliseconds. 9e9 seconds are
        // as far as Nanos reach.
        if (number >= 1e11) return clamp((Nanos)((number < 9e12 ? number : 9e12) * 1e6) - wall_now, DAY);
        if (number >= 1e8) return clamp((Nanos)((number < 9e9 ? number : 9e9) * 1e9) - wall_now, DAY);
        return from_seconds(number, DAY);
    }
    if (read_span(value, &number)) return from_seconds(number, DAY);
    return moment_read(value, &wall) ? clamp(wall - wall_now, DAY) : -1;
}

static int64_t count_of(const char *text)
{
    double number;
    if (!str_to_double(str_trim(str_from(text)), &number) || number < 0 || number > 1e15) return -1;
    return (int64_t)number;
}

RateNews rate_news(const HttpRate *raw, Nanos wall_now)
{
    if (!raw->limit[0] && !raw->remaining[0]) return (RateNews){-1, -1, -1};
    return (RateNews){count_of(raw->limit), count_of(raw->remaining), rate_reset_read(str_from(raw->reset), wall_now)};
}
