// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/pace.h"

// 100 answers of 50 tokens in 100 seconds, 10 at once: 10 seconds each.
static const PaceRun earlier = {.seconds = 100, .answers = 100, .completion = 5000, .at_once = 10};

static void seconds_of(const Pace *pace, PaceAsk ask, double *low, double *high) { assert_true(pace_seconds(pace, &ask, low, high)); }

static bool near(double a, double b) { return a > b * 0.999 && a < b * 1.001; }

static void test_the_same_again(void **state)
{
    (void)state;
    double low, high;
    Pace pace = {.runs = {earlier}, .n = 1};
    seconds_of(&pace, (PaceAsk){100, 100, 5000, 5000, 10, false}, &low, &high);
    assert_true(near(low, 100 * 5.0 / 6) && near(high, 120));
    // Twice as many tokens take twice as long.
    seconds_of(&pace, (PaceAsk){200, 300, 10000, 15000, 10, true}, &low, &high);
    assert_true(near(low, 200 * 5.0 / 6) && near(high, 360));
}

static void test_another_number_at_once(void **state)
{
    (void)state;
    double low, high;
    Pace pace = {.runs = {earlier}, .n = 1};
    // More at once: an API may be as much faster, cores are not.
    seconds_of(&pace, (PaceAsk){100, 100, 5000, 5000, 20, false}, &low, &high);
    assert_true(near(low, 50 * 5.0 / 6) && near(high, 120));
    seconds_of(&pace, (PaceAsk){100, 100, 5000, 5000, 20, true}, &low, &high);
    assert_true(near(low, 100 * 5.0 / 6) && near(high, 120));
    // Fewer at once, or fewer answers than places: slower by up to as much, and no faster.
    for (int one_pace = 0; one_pace < 2; one_pace++) {
        seconds_of(&pace, (PaceAsk){100, 100, 5000, 5000, 5, one_pace == 1}, &low, &high);
        assert_true(near(low, 100 * 5.0 / 6) && near(high, 240));
        seconds_of(&pace, (PaceAsk){5, 5, 250, 250, 10, one_pace == 1}, &low, &high);
        assert_true(near(low, 5 * 5.0 / 6) && near(high, 12));
    }
}

static void test_runs_differ(void **state)
{
    (void)state;
    double low, high;
    Pace pace = {.runs = {earlier, earlier, earlier}, .n = 3};
    pace.runs[1].seconds = 200;
    pace.runs[2].seconds = 400;
    seconds_of(&pace, (PaceAsk){100, 100, 5000, 5000, 10, true}, &low, &high);
    assert_true(near(low, 100 * 5.0 / 6) && near(high, 480));
    assert_true(near(pace_tokens_per_second(&pace), 25));
    assert_true(near(pace_at_once(&pace), 10));
    pace.n = 2;
    assert_true(near(pace_tokens_per_second(&pace), 37.5));
}

static void test_nothing_is_learnt(void **state)
{
    (void)state;
    double low = 1, high = 2;
    assert_false(pace_seconds(&(Pace){0}, &(PaceAsk){.answers_low = 1, .at_once = 1}, &low, &high));
    assert_true(pace_tokens_per_second(&(Pace){0}) == 0 && pace_at_once(&(Pace){0}) == 0);
    // Runs of another model, of another address, of too few answers, or whose journal is not there.
    Project project = {.folder = S("/nowhere")};
    RunInfo run = {.model = S("m"), .address = S("a"), .time = 100 * NANOS_PER_SECOND, .totals = {.kept = 100, .completion_tokens = 5000}};
    assert_int_equal(pace_learn(&project, &run, 1, S("other"), S("a")).n, 0);
    assert_int_equal(pace_learn(&project, &run, 1, S("m"), S("b")).n, 0);
    assert_int_equal(pace_learn(&project, &run, 1, S("m"), S("a")).n, 0);
    assert_int_equal(pace_learn(&project, &run, 0, S("m"), S("a")).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_again),
        cmocka_unit_test(test_another_number_at_once),
        cmocka_unit_test(test_runs_differ),
        cmocka_unit_test(test_nothing_is_learnt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
