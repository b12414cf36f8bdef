// SPDX-License-Identifier: Apache-2.0
//
// Sketches against the exact Jaccard index of random sets: unbiased, as sure as independent hashes,
// and the same however large the sets are.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "dedup/minhash.h"

// Two random sets with `common` hashes in both and `own` more in each.
static void two_sets(Random *r, size_t common, size_t own, uint32_t *a, uint32_t *b)
{
    for (size_t i = 0; i < common; i++) a[i] = b[i] = (uint32_t)random_next(r);
    for (size_t i = 0; i < own; i++) {
        a[common + i] = (uint32_t)random_next(r);
        b[common + i] = (uint32_t)random_next(r);
    }
}

static double agree(const Sketch *a, const Sketch *b)
{
    unsigned n = 0;
    for (unsigned i = 0; i < SKETCH_PLACES; i++) n += a->places[i] == b->places[i];
    return (double)n / SKETCH_PLACES;
}

static void test_agreement_is_jaccard(void **state)
{
    (void)state;
    static const struct {
        size_t common, own;
    } cases[] = {{1, 1}, {4, 1}, {8, 1}, {10, 10}, {40, 5}, {88, 11}, {100, 50}, {400, 50}, {90, 5}};
    enum { ROUNDS = 300 };
    Random r = random_from(11);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        uint32_t a[1000], b[1000];
        double sum = 0, squares = 0;
        size_t n = cases[c].common + cases[c].own;
        double j = (double)cases[c].common / (double)(n + cases[c].own);
        for (int i = 0; i < ROUNDS; i++) {
            Sketch x, y;
            two_sets(&r, cases[c].common, cases[c].own, a, b);
            sketch_of(a, n, &x);
            sketch_of(b, n, &y);
            double got = agree(&x, &y);
            sum += got;
            squares += (got - j) * (got - j);
        }
        double independent = j * (1 - j) / SKETCH_PLACES;
        assert_true(fabs(sum / ROUNDS - j) < 5 * sqrt(independent / ROUNDS));
        // No less sure than with independent hashes, up to chance.
        assert_true(squares / ROUNDS < 1.35 * independent);
    }
}

static void test_order_does_not_matter(void **state)
{
    (void)state;
    uint32_t a[50], b[50];
    Sketch x, y;
    Random r = random_from(5);
    for (int i = 0; i < 50; i++) a[i] = b[49 - i] = (uint32_t)random_next(&r);
    sketch_of(a, 50, &x);
    sketch_of(b, 50, &y);
    assert_memory_equal(&x, &y, sizeof x);
    sketch_of(a, 1, &x);
    sketch_of(b + 49, 1, &y);
    assert_memory_equal(&x, &y, sizeof x);
}

static void test_the_same_without_simd(void **state)
{
    (void)state;
    Random r = random_from(6);
    uint32_t keys[700];
    Sketch x, y;
    for (size_t i = 0; i < 700; i++) keys[i] = (uint32_t)random_next(&r);
    for (size_t n = 1; n < 700; n += 1 + n / 9) {
        sketch_of(keys, n, &x);
        sketch_portable(keys, n, &y);
        assert_memory_equal(&x, &y, sizeof x);
    }
}

static void test_bands_find_what_they_promise(void **state)
{
    (void)state;
    for (double t = 0.05; t <= 1; t += 0.05) {
        Banding b = banding_for(t);
        assert_true(b.bands >= 1 && b.rows >= 1 && b.bands * b.rows <= SKETCH_PLACES);
        assert_true(banding_finds(b, t) > 0.99);
    }
    Banding usual = banding_for(0.8);
    assert_int_equal(usual.rows, 6);
    assert_int_equal(usual.bands, 21);
}

static void test_bands_of_alike_sets_meet(void **state)
{
    (void)state;
    enum { ROUNDS = 1000 };
    Random r = random_from(9);
    Banding banding = banding_for(0.8);
    unsigned met[2] = {0};
    for (int i = 0; i < 2 * ROUNDS; i++) {
        uint32_t a[200], b[200];
        uint64_t x_bands[SKETCH_PLACES], y_bands[SKETCH_PLACES];
        Sketch x, y;
        size_t common = i % 2 ? 80 : 20, own = i % 2 ? 10 : 80;  // 0.8 and 0.11
        two_sets(&r, common, own, a, b);
        sketch_of(a, common + own, &x);
        sketch_of(b, common + own, &y);
        sketch_bands(&x, banding, x_bands);
        sketch_bands(&y, banding, y_bands);
        bool hit = false;
        for (unsigned k = 0; k < banding.bands; k++) hit |= x_bands[k] == y_bands[k];
        met[i % 2] += hit;
    }
    assert_true(met[1] >= ROUNDS * 99 / 100);
    assert_true(met[0] < ROUNDS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agreement_is_jaccard),
        cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_the_same_without_simd),
        cmocka_unit_test(test_bands_find_what_they_promise),
        cmocka_unit_test(test_bands_of_alike_sets_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
