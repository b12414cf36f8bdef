// SPDX-License-Identifier: Apache-2.0
//
// The diversity meter against plain counting, and its memory against its bound.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "dedup/diversity.h"

static void add(Diversity *d, const char *text)
{
    Shingles s = {0};
    shingles_words(&s, str_from(text));
    diversity_add(d, &s, str_from(text));
    shingles_free(&s);
}

static void test_small_sets_are_counted_exactly(void **state)
{
    (void)state;
    Diversity d;
    const Opener *openers[4];
    diversity_init(&d);
    assert_true(diversity_distinct(&d, 1) < 0 && diversity_new(&d) < 0);
    add(&d, "the cat sat on the mat and the cat slept");
    add(&d, "The cat sat on a chair.");
    add(&d, "A dog!");
    // 18 words of 10 kinds; 15 pairs of 11; 12 triples of 10.
    assert_true(fabs(diversity_distinct(&d, 1) - 10.0 / 18) < 1e-12);
    assert_true(fabs(diversity_distinct(&d, 2) - 11.0 / 15) < 1e-12);
    assert_true(fabs(diversity_distinct(&d, 3) - 10.0 / 12) < 1e-12);
    assert_int_equal(diversity_openers(&d, openers, 4), 1);
    assert_string_equal(openers[0]->text, "the cat sat on");
    assert_int_equal(openers[0]->n, 2);
    diversity_free(&d);
}

static void test_new_5_grams_by_the_hundred(void **state)
{
    (void)state;
    Diversity d;
    char text[200];
    diversity_init(&d);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "a%u b%u c%u d%u e%u f%u", i, i, i, i, i, i);
        add(&d, text);
    }
    assert_true(diversity_new(&d) == 1);
    for (unsigned i = 0; i < 100; i++) {
        unsigned k = i < 75 ? i : i + 500;
        snprintf(text, sizeof text, "a%u b%u c%u d%u e%u f%u", k, k, k, k, k, k);
        add(&d, text);
    }
    assert_true(diversity_new(&d) == 0.25);
    diversity_free(&d);
}

static void test_large_sets_are_sampled_within_a_percent(void **state)
{
    (void)state;
    Distinct d = {0};
    Random r = random_from(3);
    for (uint64_t n = 1; n <= 2000000; n++) {
        uint64_t hash = random_next(&r);
        distinct_add(&d, hash);
        if (n % 7 == 0) distinct_add(&d, hash);
        if (n % 400000 == 0) assert_true(fabs(distinct_count(&d) / (double)n - 1) < 0.02);
    }
    assert_true(d.bits == DISTINCT_BITS && d.halved > 0);
    distinct_free(&d);
}

static void test_common_openers_survive_many_rare_ones(void **state)
{
    (void)state;
    Diversity d;
    Random r = random_from(8);
    char text[100];
    const Opener *openers[3];
    diversity_init(&d);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t kind = random_below(&r, 10);
        if (kind == 0) snprintf(text, sizeof text, "I would like to order");
        else if (kind == 1 && i % 2) snprintf(text, sizeof text, "Where is my parcel");
        else snprintf(text, sizeof text, "rare %u beginning %u", i, i);
        add(&d, text);
    }
    assert_true(diversity_openers(&d, openers, 3) >= 2);
    assert_string_equal(openers[0]->text, "i would like to");
    assert_string_equal(openers[1]->text, "where is my parcel");
    assert_true(openers[0]->n - openers[0]->over <= 2200 && openers[0]->n >= 1800);
    diversity_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_sets_are_counted_exactly),
        cmocka_unit_test(test_new_5_grams_by_the_hundred),
        cmocka_unit_test(test_large_sets_are_sampled_within_a_percent),
        cmocka_unit_test(test_common_openers_survive_many_rare_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
