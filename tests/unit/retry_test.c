// SPDX-License-Identifier: Apache-2.0
// Backoff, retry budget, breaker, the choice among endpoints, and what headers say about time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "llm/pool.h"
#include "llm/rate.h"
#include "llm/retry.h"

#define SECOND NANOS_PER_SECOND
#define MS NANOS_PER_MS

// ---- backoff ------------------------------------------------------------------------------------

static void test_backoff_is_full_jitter(void **state)
{
    (void)state;
    for (unsigned tries = 1; tries < 40; tries++) {
        Nanos bound = tries < 8 ? BACKOFF_BASE << (tries - 1) : BACKOFF_CAP, least = INT64_MAX, most = 0, sum = 0;
        if (bound > BACKOFF_CAP) bound = BACKOFF_CAP;
        enum { N = 2000 };
        for (uint64_t key = 0; key < N; key++) {
            Nanos wait = backoff(tries, -1, hash_mix(key, tries));
            assert_true(wait >= 0 && wait <= bound);
            if (wait < least) least = wait;
            if (wait > most) most = wait;
            sum += wait / N;
        }
        assert_true(least < bound / 50 && most > bound - bound / 50);
        assert_true(sum > bound * 45 / 100 && sum < bound * 55 / 100);
    }
    assert_int_equal(backoff(3, -1, 9), backoff(3, -1, 9));
}

static void test_backoff_holds_retry_after(void **state)
{
    (void)state;
    for (uint64_t key = 0; key < 500; key++) {
        Nanos wait = backoff(1, 10 * SECOND, key);
        assert_true(wait >= 10 * SECOND && wait <= 11 * SECOND);
    }
    assert_int_equal(backoff(5, 0, 1), 0);
}

// ---- budget -------------------------------------------------------------------------------------

static void test_budget_is_a_tenth(void **state)
{
    (void)state;
    RetryBudget b;
    Nanos when;
    uint64_t retries = 0;
    retry_budget_init(&b, 0);
    // All within a moment, so that the trickle adds nothing: every request wants a retry.
    for (int i = 0; i < 10000; i++) {
        retry_budget_first(&b);
        if (retry_budget_take(&b, 0, &when)) retries++;
    }
    assert_true(retries >= 1000 && retries <= 1000 + (uint64_t)RETRY_FLOOR);
    assert_int_equal(b.first, 10000);
    assert_int_equal(b.retries, retries);
}

static void test_budget_is_bounded_and_never_dead(void **state)
{
    (void)state;
    RetryBudget b;
    Nanos when = 0, now = 0;
    retry_budget_init(&b, 0);
    for (int i = 0; i < 100000; i++) retry_budget_first(&b);
    uint64_t burst = 0;
    while (retry_budget_take(&b, now, &when)) burst++;
    assert_int_equal(burst, (uint64_t)RETRY_SAVED_MAX);
    // The moment it names is enough, and it is not far.
    for (int i = 0; i < 5; i++) {
        assert_true(when > now && when <= now + 11 * SECOND);
        assert_false(retry_budget_take(&b, when - SECOND, &(Nanos){0}));
        now = when;
        assert_true(retry_budget_take(&b, now, &when));
        assert_false(retry_budget_take(&b, now, &when));
    }
    // An hour of silence saves no burst up.
    now += 3600 * SECOND;
    assert_true(retry_budget_take(&b, now, &when));
    assert_false(retry_budget_take(&b, now, &when));
}

// ---- breaker ------------------------------------------------------------------------------------

static void test_breaker(void **state)
{
    (void)state;
    Breaker b;
    Nanos when, now = SECOND;
    breaker_init(&b);
    for (int i = 0; i < BREAKER_FAILURES - 1; i++) breaker_ended(&b, now, now, true);
    assert_true(breaker_may_send(&b, now, &when));
    breaker_ended(&b, now, now, false);  // a success starts the count anew
    for (int i = 0; i < BREAKER_FAILURES; i++) {
        assert_true(breaker_may_send(&b, now, &when));
        breaker_sent(&b, now);
        breaker_ended(&b, now, now, true);
    }
    assert_false(breaker_may_send(&b, now, &when));
    assert_int_equal(when, now + BREAKER_SPAN);
    // Late failures of older requests do not lengthen it.
    breaker_ended(&b, now + MS, now - MS, true);
    assert_false(breaker_may_send(&b, when - 1, &when));
    now = when;
    Nanos span = BREAKER_SPAN;
    for (int i = 0; i < 12; i++) {
        assert_true(breaker_may_send(&b, now, &when));
        breaker_sent(&b, now);
        assert_false(breaker_may_send(&b, now, &when));  // one probe alone
        assert_int_equal(when, INT64_MAX);
        breaker_ended(&b, now, now, true);
        assert_false(breaker_may_send(&b, now, &when));
        span = span * 2 < BREAKER_SPAN_MAX ? span * 2 : BREAKER_SPAN_MAX;
        assert_int_equal(when, now + span);
        now = when;
    }
    assert_true(breaker_may_send(&b, now, &when));
    breaker_sent(&b, now);
    breaker_gone(&b);
    assert_true(breaker_may_send(&b, now, &when));
    breaker_sent(&b, now);
    breaker_ended(&b, now, now, false);
    assert_true(breaker_may_send(&b, now, &when));
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_int_equal(b.openings, 13);
    // A late success of an old request closes it too: the endpoint answers.
    for (int i = 0; i < BREAKER_FAILURES; i++) breaker_ended(&b, now, now, true);
    breaker_ended(&b, now, 0, false);
    assert_true(breaker_may_send(&b, now, &when));
}

// ---- among endpoints ----------------------------------------------------------------------------

static void test_pool(void **state)
{
    (void)state;
    PoolMember members[3] = {{11, 1, 0, true}, {22, 1, 0, true}, {33, 2, 0, true}};
    assert_int_equal(pool_pick(members, 0, 1), STR_NONE);
    unsigned counts[3] = {0};
    for (uint64_t prefix = 0; prefix < 40000; prefix++) counts[pool_pick(members, 3, hash_mix(prefix, 5))]++;
    assert_true(counts[0] > 9000 && counts[0] < 11000 && counts[2] > 19000 && counts[2] < 21000);
    // One prefix stays with its endpoint until that has more than its share.
    size_t home = pool_pick(members, 3, 77);
    for (unsigned i = 0; i < 100; i++) members[i % 3].in_flight++;
    assert_int_equal(pool_pick(members, 3, 77), home);
    members[home].in_flight = 500;
    size_t other = pool_pick(members, 3, 77);
    assert_int_not_equal(other, home);
    // One that fails leaves the others, and the prefixes of those stay.
    for (int i = 0; i < 3; i++) members[i].in_flight = 0;
    for (uint64_t prefix = 0; prefix < 1000; prefix++) {
        members[0].usable = true;
        size_t before = pool_pick(members, 3, prefix);
        members[0].usable = false;
        size_t after = pool_pick(members, 3, prefix);
        assert_int_not_equal(after, 0);
        if (before != 0) assert_int_equal(before, after);
    }
    members[1].usable = members[2].usable = false;
    assert_int_equal(pool_pick(members, 3, 1), STR_NONE);
}

static void test_pool_shares_one_prefix_under_load(void **state)
{
    (void)state;
    PoolMember members[4] = {{1, 1, 0, true}, {2, 1, 0, true}, {3, 1, 0, true}, {4, 1, 0, true}};
    for (int i = 0; i < 400; i++) members[pool_pick(members, 4, 9)].in_flight++;
    for (int i = 0; i < 4; i++) assert_true(members[i].in_flight >= 80 && members[i].in_flight <= 130);
}

// ---- what headers say ---------------------------------------------------------------------------

#define WALL (INT64_C(1795359845) * SECOND)  // 2026-11-22T15:04:05Z

static void test_retry_after(void **state)
{
    (void)state;
    static const struct {
        const char *value, *date;
        Nanos wait;
    } rows[] = {
        {"", "", -1},
        {"1", "", SECOND},
        {" 20 ", "", 20 * SECOND},
        {"0", "", 0},
        {"0.25", "", SECOND / 4},
        {"1.5s", "", 3 * SECOND / 2},
        {"750ms", "", 750 * MS},
        {"-30", "", 0},
        {"31536000", "", RETRY_AFTER_MAX},
        {"99999999999999999999999", "", RETRY_AFTER_MAX},
        {"1e30", "", RETRY_AFTER_MAX},
        {"soon, I promise", "", -1},
        {"nan", "", -1},
        {"Sun, 22 Nov 2026 15:04:15 GMT", "", 10 * SECOND},
        {"Sunday, 22-Nov-26 15:04:15 GMT", "", 10 * SECOND},
        {"Sun Nov 22 15:04:15 2026", "", 10 * SECOND},
        {"Sun, 22 Nov 2026 14:04:15 GMT", "", 0},
        {"Sun, 22 Nov 2036 15:04:15 GMT", "", RETRY_AFTER_MAX},
        {"2026-11-22T15:04:06.5Z", "", 3 * SECOND / 2},
        {"2026-11-22T16:04:07+01:00", "", 2 * SECOND},
        // The server's own clock counts where it differs from ours.
        {"Sun, 22 Nov 2026 20:00:07 GMT", "Sun, 22 Nov 2026 20:00:00 GMT", 7 * SECOND},
        {"Sun, 22 Nov 2026 25:00:07 GMT", "", -1},
        {"Sun, 42 Nov 2026 15:00:07 GMT", "", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Nanos wait = retry_after_read(str_from(rows[i].value), str_from(rows[i].date), WALL);
        if (wait != rows[i].wait) fail_msg("%s: %lld", rows[i].value, (long long)wait);
    }
}

static void test_rate_reset(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        Nanos span;
    } rows[] = {
        {"", -1},
        {"1s", SECOND},
        {"6m0s", 360 * SECOND},
        {"20ms", 20 * MS},
        {"1h2m3.5s", 3723 * SECOND + SECOND / 2},
        {"8.64s", 8640 * MS},
        {"59", 59 * SECOND},
        {"0.5", SECOND / 2},
        {"1795359855", 10 * SECOND},
        {"1795359855000", 10 * SECOND},
        {"99999999999", 86400 * SECOND},
        {"1e300", 86400 * SECOND},
        {"2026-11-22T15:04:35Z", 30 * SECOND},
        {"2020-11-22T15:04:35Z", 0},
        {"never", -1},
        {"5x", -1},
        {"m", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Nanos span = rate_reset_read(str_from(rows[i].value), WALL);
        if (span / MS != rows[i].span / MS) fail_msg("%s: %lld", rows[i].value, (long long)span);
    }
    HttpRate raw = {"5000", "4999", "12ms"};
    RateNews news = rate_news(&raw, WALL);
    assert_true(news.limit == 5000 && news.remaining == 4999 && news.reset == 12 * MS);
    raw = (HttpRate){"many", "-4", ""};
    news = rate_news(&raw, WALL);
    assert_true(news.limit == -1 && news.remaining == -1 && news.reset == -1);
}

static void test_moments(void **state)
{
    (void)state;
    Nanos wall;
    assert_true(moment_read(S("Thu, 01 Jan 1970 00:00:00 GMT"), &wall) && wall == 0);
    assert_true(moment_read(S("Sun, 06 Nov 1994 08:49:37 GMT"), &wall) && wall == 784111777 * SECOND);
    assert_true(moment_read(S("Sunday, 06-Nov-94 08:49:37 GMT"), &wall) && wall == 784111777 * SECOND);
    assert_true(moment_read(S("Sun Nov  6 08:49:37 1994"), &wall) && wall == 784111777 * SECOND);
    assert_true(moment_read(S("2000-02-29T23:59:60Z"), &wall));
    static const char *const bad[] = {"", "2000-02-29", "2000-02-29T", "2000-13-01T00:00:00Z", "2000-01-01T00:00:00+", "2000-01-01T00:00:00Zx",
                                      "Sun, 06 Xyz 1994 08:49:37 GMT", "a b c d e f", "1 2 3 4 5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(moment_read(str_from(bad[i]), &wall));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff_is_full_jitter),
        cmocka_unit_test(test_backoff_holds_retry_after),
        cmocka_unit_test(test_budget_is_a_tenth),
        cmocka_unit_test(test_budget_is_bounded_and_never_dead),
        cmocka_unit_test(test_breaker),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_pool_shares_one_prefix_under_load),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_rate_reset),
        cmocka_unit_test(test_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
