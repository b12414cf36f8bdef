// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/hash.h"
#include "output/split.h"

static const SplitShare shares[] = {{S_INIT("train"), 0.8}, {S_INIT("val"), 0.1}, {S_INIT("test"), 0.1}};
enum { ROWS = 1000, STRATA = 4 };

static SplitRow rows[ROWS];
static uint8_t parts[ROWS], again[ROWS];

static void single_rows_get_their_shares_in_every_stratum(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ROWS; i++) rows[i] = (SplitRow){i, (uint32_t)(hash_mix(1, i) % STRATA)};
    split_assign(rows, ROWS, ROWS, STRATA, NULL, shares, 3, 7, parts);
    for (unsigned s = 0; s < STRATA; s++) {
        double all = 0, of[3] = {0};
        for (size_t i = 0; i < ROWS; i++)
            if (rows[i].stratum == s) {
                all++;
                of[parts[i]]++;
            }
        for (size_t k = 0; k < 3; k++) assert_true(of[k] > shares[k].share * all - 1.01 && of[k] < shares[k].share * all + 1.01);
    }
    split_assign(rows, ROWS, ROWS, STRATA, NULL, shares, 3, 7, again);
    assert_memory_equal(parts, again, ROWS);
    split_assign(rows, ROWS, ROWS, STRATA, NULL, shares, 3, 8, again);
    assert_memory_not_equal(parts, again, ROWS);
}

static void groups_stay_together(void **state)
{
    (void)state;
    double of[3] = {0};
    int part_of[40];
    for (uint32_t i = 0; i < 40; i++) part_of[i] = -1;
    for (uint32_t i = 0; i < ROWS; i++) rows[i] = (SplitRow){(uint32_t)(hash_mix(2, i) % 40), i % STRATA};
    split_assign(rows, ROWS, 40, STRATA, NULL, shares, 3, 7, parts);
    for (size_t i = 0; i < ROWS; i++) {
        int *part = &part_of[rows[i].group];
        if (*part < 0) *part = parts[i];
        assert_int_equal(*part, parts[i]);
        of[parts[i]]++;
    }
    for (size_t k = 0; k < 3; k++) assert_true(of[k] > (shares[k].share - 0.05) * ROWS && of[k] < (shares[k].share + 0.05) * ROWS);
}

static void given_parts_are_kept_and_made_up_for(void **state)
{
    (void)state;
    static uint8_t given[100];
    size_t of[4] = {0}, eval = 0;
    for (uint32_t i = 0; i < ROWS; i++) rows[i] = (SplitRow){i % 100, 0};
    memset(given, SPLIT_FREE, sizeof given);
    for (unsigned g = 0; g < 50; g++) given[g] = 0;
    given[99] = 7;  // a part that has no share
    split_assign(rows, ROWS, 100, 1, given, shares, 3, 7, parts);
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].group < 50) assert_int_equal(parts[i], 0);
        if (rows[i].group == 99) assert_int_equal(parts[i], 7);
        if (parts[i] < 3) of[parts[i]]++;
        else eval++;
    }
    assert_int_equal(eval, 10);
    assert_true(of[0] >= 780 && of[0] <= 810 && of[1] >= 90 && of[1] <= 110 && of[2] >= 90 && of[2] <= 110);
}

static void few_rows_and_none(void **state)
{
    (void)state;
    rows[0] = (SplitRow){0, 0};
    split_assign(rows, 1, 1, 1, NULL, shares, 3, 7, parts);
    assert_int_equal(parts[0], 0);
    split_assign(rows, 0, 0, 0, NULL, shares, 3, 7, parts);
}

static void shares_are_read(void **state)
{
    (void)state;
    Arena a = {0};
    SplitShare out[SPLIT_PARTS];
    size_t n;
    Error e;
    assert_true(split_parse(S("train=8, test=2"), &a, out, &n, &e));
    assert_int_equal(n, 2);
    assert_true(out[0].share > 0.799 && out[0].share < 0.801 && str_eq(out[1].name, S("test")));
    const char *const bad[] = {"", "train", "train=", "train=0", "train=-1", "=1", "a/b=1", "train=1,train=2", "train=x", "..=1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(split_parse(str_from(bad[i]), &a, out, &n, &e));
        assert_int_equal(e.kind, ERROR_USAGE);
    }
    arena_free(&a);
}

static void sets_and_numbers(void **state)
{
    (void)state;
    Sets s = {0};
    Interner in = {0};
    for (unsigned i = 0; i < 1000; i++) assert_int_equal(sets_add(&s), i);
    for (uint32_t i = 2; i < 1000; i += 2) sets_join(&s, i, i - 2);
    assert_int_equal(sets_find(&s, 998), 0);
    assert_int_equal(sets_find(&s, 999), 999);
    for (unsigned round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 1000; i++) assert_int_equal(intern(&in, (Str){(const char *)&i, sizeof i}), i);
    sets_free(&s);
    interner_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_rows_get_their_shares_in_every_stratum),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(given_parts_are_kept_and_made_up_for),
        cmocka_unit_test(few_rows_and_none),
        cmocka_unit_test(shares_are_read),
        cmocka_unit_test(sets_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
