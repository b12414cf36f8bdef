// SPDX-License-Identifier: Apache-2.0
#include "run/forecast.h"

#include <math.h>

#include "base/json.h"

static double off_range(double actual, double low, double high)
{
    if (actual < low) return low > 0 ? actual / low - 1 : 0;
    if (actual > high) return high > 0 ? actual / high - 1 : 1;
    return 0;
}

ForecastError forecast_error(const Forecast *f, const JournalSums *sums, double seconds, uint64_t iterations)
{
    double share = iterations ? (double)(sums->kept + sums->failed) / (double)iterations : 0;
    if (!f->known || share <= 0) return (ForecastError){0};
    double prompt = (double)f->prompt * share;
    return (ForecastError){
        .prompt = prompt > 0 ? (double)sums->prompt_tokens / prompt - 1 : 0,
        .completion = off_range((double)sums->completion_tokens, (double)f->completion_low * share, (double)f->completion_high * share),
        .cost = f->cost_known ? off_range((double)sums->cost, (double)f->cost_low * share, (double)f->cost_high * share) : 0,
        .time = off_range(seconds, f->seconds_low * share, f->seconds_high * share),
    };
}

static void add_real(const char *key, double value, Buf *out)
{
    buf_add(out, str_from(key));
    json_write_double(out, value);
}

Str forecast_fact(const Forecast *f, Arena *a)
{
    Buf b = {0};
    buf_printf(&b, "{\"prompt\":%lld,\"low\":%lld,\"high\":%lld,\"cost_known\":%s,\"cost_low\":%lld,\"cost_high\":%lld", (long long)f->prompt,
               (long long)f->completion_low, (long long)f->completion_high, f->cost_known ? "true" : "false", (long long)f->cost_low,
               (long long)f->cost_high);
    add_real(",\"seconds_low\":", f->seconds_low, &b);
    add_real(",\"seconds_high\":", f->seconds_high, &b);
    buf_add_char(&b, '}');
    Str fact = arena_str(a, buf_str(&b));
    buf_free(&b);
    return fact;
}

static int64_t whole(const json_t *o, const char *key) { return json_integer_value(json_object_get(o, key)); }

Forecast forecast_from(Str fact)
{
    Forecast f = {0};
    json_t *o = NULL;
    Error e;
    if (fact.len && json_read(fact, S("estimate"), &o, &e) && json_is_object(o))
        f = (Forecast){.known = true, .cost_known = json_is_true(json_object_get(o, "cost_known")), .prompt = whole(o, "prompt"),
                       .completion_low = whole(o, "low"), .completion_high = whole(o, "high"), .cost_low = whole(o, "cost_low"),
                       .cost_high = whole(o, "cost_high"), .seconds_low = json_number_value(json_object_get(o, "seconds_low")),
                     .seconds_high = json_number_value(json_object_get(o, "seconds_high"))};
    json_decref(o);
    return f;
}

static double rounded(double share) { return round(share * 1e4) / 1e4; }

void forecast_render_json(const Forecast *f, const ForecastError *off, Buf *out)
{
    if (!f->known) return;
    buf_printf(out, "{\"prompt_tokens\":%lld,\"completion_tokens\":{\"low\":%lld,\"high\":%lld},\"cost\":", (long long)f->prompt,
               (long long)f->completion_low, (long long)f->completion_high);
    if (f->cost_known) {
        add_real("{\"low\":", (double)f->cost_low / 1e9, out);
        add_real(",\"high\":", (double)f->cost_high / 1e9, out);
        buf_add_char(out, '}');
    } else {
        buf_add(out, S("null"));
    }
    add_real(",\"seconds\":{\"low\":", rounded(f->seconds_low), out);
    add_real(",\"high\":", rounded(f->seconds_high), out);
    add_real("},\"off\":{\"prompt\":", rounded(off->prompt), out);
    add_real(",\"completion\":", rounded(off->completion), out);
    if (f->cost_known)
        add_real(",\"cost\":", rounded(off->cost), out);
    else
        buf_add(out, S(",\"cost\":null"));
    // A run of an earlier version was told no time.
    if (f->seconds_high > 0)
        add_real(",\"time\":", rounded(off->time), out);
    else
        buf_add(out, S(",\"time\":null"));
    buf_add(out, S("}}"));
}
