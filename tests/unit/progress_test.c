// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/numbers.h"
#include "cli/progress_show.h"
#include "cli/summary.h"

static Progress half_way(void)
{
    return (Progress){
        .total = 1000,
        .totals = {.kept = 398, .failed = 14, .rejected = 21, .requests = 430, .prompt_tokens = 12345,
                   .completion_tokens = 45678, .cost = INT64_C(840000000),
                   .reasons = {{"order", 12}, {"near-duplicate", 9}}, .n_reasons = 2},
        .resent = 9, .in_flight = 16, .concurrency = 16, .elapsed = 100 * NANOS_PER_SECOND,
        .cost_known = true, .duplicate_rate = 0.021,
    };
}

static char *render(const Progress *p, unsigned width, bool unicode, bool colour)
{
    static char text[1024];
    ProgressView view = {p, 3.0, 1234, {0}};
    ProgressStyle style = {width, unicode, colour};
    Buf b = {0};
    progress_render(&view, &style, &b);
    snprintf(text, sizeof text, "%.*s", STR_ARG(buf_str(&b)));
    buf_free(&b);
    return text;
}

static void test_whole_line(void **state)
{
    (void)state;
    Progress p = half_way();
    assert_string_equal(render(&p, 0, false, false),
                        "412/1,000 41%  398 kept 21 rejected 9 retried 14 failed  16 in flight  180/min  1.2k tok/s  "
                        "$0.840 of ~$2.04  3m16s left  2.1% near-duplicates");
    p.waiting = "rate limit";
    p.waiting_for = 4 * NANOS_PER_SECOND;
    p.duplicate_rate = -1;
    p.cost_known = false;
    assert_string_equal(render(&p, 0, false, false),
                        "412/1,000 41%  398 kept 21 rejected 9 retried 14 failed  16 in flight  180/min  1.2k tok/s  "
                        "3m16s left  waiting: rate limit 4s");
}

static void test_the_last_line_tells_no_rate(void **state)
{
    (void)state;
    Progress p = half_way();
    p.totals.kept = p.total - p.totals.failed;
    p.in_flight = 0;
    const char *line = render(&p, 0, false, false);
    assert_non_null(strstr(line, "1,000/1,000 100%"));
    assert_non_null(strstr(line, "  $0.840"));
    assert_true(!strstr(line, "in flight") && !strstr(line, "/min") && !strstr(line, "tok/s") && !strstr(line, "left") && !strstr(line, " of ~"));
}

static void test_fits_any_width(void **state)
{
    (void)state;
    Progress p = half_way();
    p.waiting = "server not reachable";
    for (unsigned width = 1; width < 250; width++) {
        for (int unicode = 0; unicode < 2; unicode++) {
            const char *line = render(&p, width, unicode, false);
            if (utf8_count(str_from(line)) > width) fail_msg("%zu columns of %u: %s", utf8_count(str_from(line)), width, line);
            // What matters most is there as soon as there is room.
            if (width >= 13) assert_non_null(strstr(line, "412/1,000 41%"));
            if (width >= 50) assert_non_null(strstr(line, "server not reachable"));
            if (width >= 13 + 2 + 12 + 45 && !unicode) assert_non_null(strchr(line, '['));
        }
    }
}

// A usual window shows all but the least: what did not happen is left out there.
static void test_eighty_columns(void **state)
{
    (void)state;
    Progress p = half_way();
    p.totals.rejected = p.resent = p.totals.failed = 0;
    assert_string_equal(render(&p, 77, false, false),
                        "[####-------]  398/1,000 39%  398 kept  180/min  $0.840 of ~$2.11  3m21s left");
    p.waiting = "holding the server's rate";
    p.waiting_for = NANOS_PER_SECOND / 4;
    assert_string_equal(render(&p, 77, false, false),
                        "[####-------]  398/1,000 39%  398 kept  3m21s left  holding the server's rate");
    assert_non_null(strstr(render(&p, 0, false, false), "waiting: holding the server's rate"));
    assert_null(strstr(render(&p, 0, false, false), " 0s"));
}

static void test_bar(void **state)
{
    (void)state;
    Progress p = half_way();
    assert_non_null(strstr(render(&p, 190, false, false), "[############------------------]  412/1,000"));
    assert_non_null(strstr(render(&p, 190, true, false), "[████████████░░░░░░░░░░░░░░░░░░]"));
    assert_null(strchr(render(&p, 190, true, false), '\033'));
    assert_non_null(strstr(render(&p, 190, true, true), "\033[36m"));
    p.totals.kept = p.total - p.totals.failed;
    assert_null(strstr(render(&p, 190, false, false), "--"));
    assert_non_null(strstr(render(&p, 190, false, false), "100%"));
    p.totals.kept--;
    assert_non_null(strstr(render(&p, 190, false, false), " 99%"));
}

static void test_rates(void **state)
{
    (void)state;
    Meter m = {0};
    Progress p = {.total = 1000000};
    // Steady: 5 a second, 70 tokens each, seen ten times a second; known from the first seconds.
    for (int i = 0; i <= 1200; i++) {
        p.elapsed = i * 100 * NANOS_PER_MS;
        p.totals.kept = (uint64_t)i / 2;
        p.totals.completion_tokens = (i / 2) * 70;
        meter_update(&m, &p);
        if (i >= 20) assert_true(meter_per_second(&m) > 4.2 && meter_per_second(&m) < 5.8);
    }
    assert_true(meter_tokens_per_second(&m) > 340 && meter_tokens_per_second(&m) < 360);
    // A pause fades, and comes back to nothing.
    for (int i = 1201; i <= 3000; i++) {
        p.elapsed = i * 100 * NANOS_PER_MS;
        meter_update(&m, &p);
    }
    assert_true(meter_per_second(&m) < 0.01);
    // The same moment twice, and a resumed run's first look, give no rate out of nothing.
    meter_update(&m, &p);
    Meter fresh = {0};
    meter_update(&fresh, &p);
    assert_true(meter_per_second(&fresh) >= 0 && meter_per_second(&fresh) <= 0);
}

static void test_unknown_is_not_shown(void **state)
{
    (void)state;
    Progress p = {.total = 10, .duplicate_rate = -1};
    ProgressView view = {&p, 0, 0, {0}};
    assert_true(progress_seconds_left(&view) < 0);
    assert_true(progress_projected_cost(&p) < 0);
    Buf b = {0};
    ProgressStyle plain = {0};
    progress_render(&view, &plain, &b);
    assert_false(str_contains(buf_str(&b), S("left")));
    assert_false(str_contains(buf_str(&b), S("$")));
    buf_free(&b);
    Progress none = {0};
    assert_non_null(strstr(render(&none, 80, false, false), "0/0"));
}

static json_t *read_line(Str line)
{
    json_t *value = NULL;
    Error e = {0};
    assert_true(line.len && line.ptr[line.len - 1] == '\n');
    assert_int_equal(str_find_char(line, '\n'), line.len - 1);
    if (!json_read(line, S("event"), &value, &e)) fail_msg("%s: %.*s", e.what, STR_ARG(line));
    return value;
}

static void test_json(void **state)
{
    (void)state;
    Progress p = half_way();
    ProgressView view = {&p, 3, 1234, {0}};
    Buf b = {0};
    progress_render_json(&view, &b);
    json_t *event = read_line(buf_str(&b));
    assert_string_equal(json_string_value(json_object_get(event, "event")), "progress");
    assert_int_equal(json_integer_value(json_object_get(event, "done")), 412);
    assert_true(json_number_value(json_object_get(event, "projected_cost")) > 2.03);
    json_decref(event);
    buf_clear(&b);
    p.cost_known = false;
    progress_render_json(&view, &b);
    event = read_line(buf_str(&b));
    assert_true(json_is_null(json_object_get(event, "cost")));
    json_decref(event);
    buf_clear(&b);

    RunSummary s = {.end = ERROR_PARTIAL, .progress = p, .stamp = "26-11-22-15h04m05s", .json_path = "a \"b\".json"};
    summary_render_event(&s, &b);
    event = read_line(buf_str(&b));
    assert_int_equal(json_integer_value(json_object_get(event, "exit")), 6);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(event, "rejected"), "order")), 12);
    assert_string_equal(json_string_value(json_object_get(event, "json")), "a \"b\".json");
    assert_true(json_is_null(json_object_get(event, "csv")));
    json_decref(event);
    buf_free(&b);
}

static void test_summary(void **state)
{
    (void)state;
    RunSummary s = {.end = ERROR_BUDGET, .progress = half_way(), .stamp = "26-11-22-15h04m05s", .csv_path = "x.csv"};
    s.progress.maybe_paid_twice = 3;
    s.forecast = (Forecast){.known = true, .cost_known = true, .prompt = 1000, .completion_high = 200, .cost_high = 20, .seconds_high = 50};
    s.off = (ForecastError){.prompt = 0.1, .completion = 0, .cost = 1, .time = -0.5};
    Buf b = {0};
    summary_render(&s, S("EUR"), &b);
    static const char *const said[] = {"Run 26-11-22-15h04m05s: budget", "kept      398, failed 14, not asked yet 588",
                                       "21: 12 order, 9 near-duplicate", "requests  430\n", "repeated  3 asked again",
                                       "12,345 in, 45,678 out", "0.840 EUR", "1m40s", "x.csv",
                                       "prompt tokens off by +10.0%, completion within the range, cost 100.0% above the range, time 50.0% below the range"};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (!str_contains(buf_str(&b), str_from(said[i]))) fail_msg("no \"%s\" in\n%.*s", said[i], STR_ARG(buf_str(&b)));
    buf_clear(&b);
    // With --dedup off nothing is compared, and only what opens the conversations is told.
    s.diversity = (RunDiversity){{0.5, 0.6, 0.7}, 0.8, -1, -1, -1, {{"good morning", 3}}, 1};
    summary_render(&s, S("EUR"), &b);
    assert_true(str_contains(buf_str(&b), S("openers   \"good morning\" 3 times\n")));
    assert_false(str_contains(buf_str(&b), S("json ")));
    buf_free(&b);
}

static char *shown(ProgressShow *s, FILE *f)
{
    static char text[4096];
    (void)s;
    fflush(f);
    rewind(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = 0;
    return text;
}

static void test_plain_every_five_seconds(void **state)
{
    (void)state;
    Term term = {0};
    FILE *f = tmpfile();
    ProgressShow s;
    progress_show_open(&s, 0, false, &term, f, -1);
    assert_int_equal(s.mode, PROGRESS_PLAIN);
    progress_show_start(&s, "26-11-22-15h04m05s", 100, 7, false);
    for (int i = 0; i <= 121; i++) {
        Progress p = {.total = 100, .totals = {.kept = (uint64_t)i / 2}, .elapsed = i * 100 * NANOS_PER_MS};
        progress_show_update(&s, &p);
    }
    const char *text = shown(&s, f);
    size_t lines = 0;
    for (const char *p = text; *p; p++) lines += *p == '\n';
    assert_int_equal(lines, 3);  // the start, 5 s, 10 s
    assert_null(strchr(text, '\r'));
    assert_null(strchr(text, '\033'));
    progress_show_free(&s);
    fclose(f);
}

static void test_bar_is_cleared_for_a_message(void **state)
{
    (void)state;
    Term term = {.error = true, .moves = true};
    FILE *f = tmpfile();
    ProgressShow s;
    Error warning = {0};
    progress_show_open(&s, 1, false, &term, f, -1);
    Progress p = {.total = 100};
    progress_show_update(&s, &p);
    p.elapsed = 50 * NANOS_PER_MS;
    progress_show_update(&s, &p);  // too soon: nothing is written
    error_set(&warning, ERROR_USAGE, "key", "\033[2Jhello");
    warning.warning = true;
    progress_show_message(&s, &warning);
    const char *text = shown(&s, f), *first = strstr(text, "0/100");
    assert_non_null(first);
    assert_null(strstr(first + 1, "0/100"));
    assert_non_null(strstr(text, "\r\033[Kwarning[key]: ?[2Jhello"));
    progress_show_free(&s);
    fclose(f);
}

static void test_events(void **state)
{
    (void)state;
    Term term = {.error = true, .moves = true};
    FILE *f = tmpfile();
    ProgressShow s;
    Error warning = {0};
    progress_show_open(&s, 3, false, &term, f, -1);
    progress_show_start(&s, "26-11-22-15h04m05s", 100, UINT64_C(1) << 53, true);
    Progress p = {.total = 100, .waiting = "rate limit", .waiting_for = NANOS_PER_SECOND};
    progress_show_update(&s, &p);
    p.elapsed = NANOS_PER_MS;
    progress_show_update(&s, &p);  // still waiting: said once
    error_set(&warning, ERROR_USAGE, "key", "say \"x\"\n");
    warning.warning = true;
    progress_show_message(&s, &warning);
    Str text = str_from(shown(&s, f)), line;
    static const char *const want[] = {"start", "waiting", "progress", "warning"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(str_cut(&text, '\n', &line));
        json_t *event = read_line((Str){line.ptr, line.len + 1});
        assert_string_equal(json_string_value(json_object_get(event, "event")), want[i]);
        json_decref(event);
    }
    assert_int_equal(text.len, 0);
    progress_show_free(&s);
    fclose(f);
}

static void assert_number(void (*write)(Buf *, double), double x, const char *want)
{
    Buf b = {0};
    write(&b, x);
    if (!str_eq(buf_str(&b), str_from(want))) fail_msg("%g is written %.*s, not %s", x, STR_ARG(buf_str(&b)), want);
    buf_free(&b);
}

static void write_count(Buf *b, double x) { number_count(b, (uint64_t)x); }
static void write_dollars(Buf *b, double x) { number_cost(b, (int64_t)(x * 1e9), (Str){0}); }

static void test_numbers(void **state)
{
    (void)state;
    assert_number(write_count, 0, "0");
    assert_number(write_count, 999, "999");
    assert_number(write_count, 1000, "1,000");
    assert_number(write_count, 1234567, "1,234,567");
    assert_number(number_short, 0, "0");
    assert_number(number_short, 999.7, "1.0k");
    assert_number(number_short, 1234, "1.2k");
    assert_number(number_short, 38400, "38k");
    assert_number(number_short, 4100000, "4.1M");
    assert_number(number_time, 0.2, "0s");
    assert_number(number_time, 59.6, "1m00s");
    assert_number(number_time, 192, "3m12s");
    assert_number(number_time, 7500, "2h05m");
    assert_number(number_time, 356400, "4d03h");
    assert_number(number_time, -1, "0s");
    assert_number(write_dollars, 0, "$0.00");
    assert_number(write_dollars, 0.0042, "$0.0042");
    assert_number(write_dollars, 12.3, "$12.30");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_line),
        cmocka_unit_test(test_the_last_line_tells_no_rate),
        cmocka_unit_test(test_fits_any_width),
        cmocka_unit_test(test_eighty_columns),
        cmocka_unit_test(test_bar),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_unknown_is_not_shown),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_plain_every_five_seconds),
        cmocka_unit_test(test_bar_is_cleared_for_a_message),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
