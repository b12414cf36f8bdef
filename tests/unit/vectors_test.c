// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/random.h"
#include "dedup/dot.h"
#include "dedup/vectors.h"

static void fill(Random *r, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = (float)((double)random_below(r, 2000001) / 1e6 - 1);
}

static void test_all_forms_agree_to_the_bit(void **state)
{
    (void)state;
    Random r = random_from(1);
    Dot forms[3];
    size_t n_forms = dot_forms(forms);
    float a[1024], b[1024];
    assert_ptr_equal(forms[0], dot_portable);
    for (size_t n = 0; n <= 1024; n += DOT_LANES) {
        double exact = 0;
        fill(&r, a, n);
        fill(&r, b, n);
        for (size_t i = 0; i < n; i++) exact += (double)a[i] * (double)b[i];
        float portable = dot_portable(a, b, n);
        assert_true((double)portable - exact < 1e-3 && exact - (double)portable < 1e-3);
        for (size_t f = 0; f < n_forms; f++) {
            float other = forms[f](a, b, n);
            assert_memory_equal(&other, &portable, sizeof other);
        }
    }
}

static void test_cosine(void **state)
{
    (void)state;
    Error e;
    SeenMatch match;
    Vectors *v = vectors_new(&(VectorsOptions){.dimensions = 3, .threshold = 0.8});
    assert_false(vectors_look(v, (float[]){1, 0, 0}, &match));
    assert_true(vectors_add(v, 7, &e));
    assert_false(vectors_look(v, (float[]){3, 3, 0}, &match));  // 0.707
    assert_true(vectors_add(v, 8, &e));
    assert_true(vectors_look(v, (float[]){500, 0, 0}, &match));  // length does not matter
    assert_int_equal(match.id, 7);
    assert_true(match.similarity > 0.999999 && match.similarity <= 1);
    assert_false(match.exact);
    assert_true(vectors_look(v, (float[]){1, 0.9f, 0}, &match));
    assert_int_equal(match.id, 8);
    assert_false(vectors_look(v, (float[]){-1, 0, 0}, &match));
    // Exactly at the threshold: (4, 3) and (1, 0).
    assert_true(vectors_look(v, (float[]){4, 0, 3}, &match));
    assert_int_equal(match.id, 7);
    // What says nothing is like nothing.
    assert_false(vectors_look(v, (float[]){0, 0, 0}, &match));
    assert_true(vectors_add(v, 9, &e));
    assert_false(vectors_look(v, (float[]){0, 0, 0}, &match));
    assert_int_equal(vectors_count(v), 3);
    vectors_free(v);
    vectors_free(NULL);
}

static void test_the_lowest_id_of_equal_ones(void **state)
{
    (void)state;
    Error e;
    SeenMatch match;
    Vectors *v = vectors_new(&(VectorsOptions){.dimensions = 2, .threshold = 0.9});
    for (uint64_t id = 5; id >= 3; id--) {
        vectors_look(v, (float[]){1, 2}, &match);
        assert_true(vectors_add(v, id, &e));
    }
    assert_true(vectors_look(v, (float[]){1, 2}, &match));
    assert_int_equal(match.id, 3);
    vectors_free(v);
}

// Clouds of vectors around centres, as conversations about the same are: the graph must find what
// comparing with all finds.
static void test_the_graph_against_all(void **state)
{
    (void)state;
    enum { N = 1200, DIMENSIONS = 48, LOOKS = 300 };
    Random r = random_from(2);
    Error e;
    SeenMatch match;
    float (*all)[DIMENSIONS] = mem_alloc(N * sizeof *all);
    Vectors *exact = vectors_new(&(VectorsOptions){.dimensions = DIMENSIONS, .threshold = 0.9, .exact = 2 * N});
    Vectors *graph = vectors_new(&(VectorsOptions){.dimensions = DIMENSIONS, .threshold = 0.9, .exact = 400});
    for (uint64_t i = 0; i < N; i++) {
        fill(&r, all[i], DIMENSIONS);
        vectors_look(exact, all[i], &match);
        assert_true(vectors_add(exact, i, &e));
        vectors_look(graph, all[i], &match);
        assert_true(vectors_add(graph, i, &e));
    }
    unsigned found = 0, alike = 0;
    for (unsigned i = 0; i < LOOKS; i++) {
        float looked[DIMENSIONS];
        SeenMatch other;
        size_t near = random_below(&r, N);
        fill(&r, looked, DIMENSIONS);
        for (size_t k = 0; k < DIMENSIONS; k++) looked[k] = all[near][k] + 0.3f * looked[k];
        bool there = vectors_look(exact, looked, &match);
        assert_true(there && match.id == near);
        found += vectors_look(graph, looked, &other);
        alike += other.id == match.id && other.similarity - match.similarity < 1e-6;
    }
    assert_true(found >= LOOKS * 99 / 100);
    assert_int_equal(alike, found);
    // The graph has taken over: what the exact index holds in blocks is not held twice.
    assert_true(vectors_bytes(graph) < vectors_bytes(exact) * 2);
    vectors_free(exact);
    vectors_free(graph);
    free(all);
}

// Looked at together, in memory or in a file, they find what one look after the other finds.
static void test_many_at_once(void **state)
{
    (void)state;
    enum { N = 1500, DIMENSIONS = 40, TOGETHER = 100 };
    static const VectorsOptions others[] = {
        {.dimensions = DIMENSIONS, .threshold = 0.7},
        {.dimensions = DIMENSIONS, .threshold = 0.7, .exact = VECTORS_ALWAYS, .memory = 1},
    };
    for (size_t o = 0; o < 2; o++) {
        Random r = random_from(3);
        Error e;
        SeenMatch match, other;
        float (*batch)[DIMENSIONS] = mem_alloc(TOGETHER * sizeof *batch);
        Vectors *single = vectors_new(&others[0]), *together = vectors_new(&others[o]);
        unsigned near = 0;
        for (uint64_t i = 0; i < N; i++) {
            size_t place = i % TOGETHER;
            for (size_t k = 0; !place && k < TOGETHER; k++) {
                fill(&r, batch[k], DIMENSIONS);
                size_t like = k % 3 == 2 ? random_below(&r, k) : k;
                for (size_t d = 0; like < k && d < DIMENSIONS; d++) batch[k][d] = batch[like][d] + 0.5f * batch[k][d];
                if (k % 50 == 7) memset(batch[k], 0, sizeof batch[k]);
            }
            if (!place) vectors_ahead(together, batch[0], TOGETHER);
            bool found = vectors_look(single, batch[place], &match);
            assert_int_equal(vectors_look_ahead(together, place, &other), found);
            near += found;
            if (found) {
                assert_int_equal(other.id, match.id);
                assert_memory_equal(&other.similarity, &match.similarity, sizeof match.similarity);
            } else {
                assert_true(vectors_add(single, i, &e));
                assert_true(vectors_add(together, i, &e));
            }
        }
        assert_true(near > N / 5 && near < N);
        // Nothing of it is in memory where nothing is allowed.
        if (o == 1) assert_int_equal(vectors_bytes(together), 0);
        vectors_free(single);
        vectors_free(together);
        free(batch);
    }
}

// The batch goes on when the graph takes over within it.
static void test_many_at_once_into_the_graph(void **state)
{
    (void)state;
    enum { N = 400, DIMENSIONS = 40 };
    Random r = random_from(4);
    Error e;
    SeenMatch match;
    float (*all)[DIMENSIONS] = mem_alloc(N * sizeof *all);
    Vectors *v = vectors_new(&(VectorsOptions){.dimensions = DIMENSIONS, .threshold = 0.9, .exact = 100});
    for (size_t i = 0; i < N; i++) fill(&r, all[i], DIMENSIONS);
    for (size_t i = 0; i < N; i += 2) memcpy(all[i + 1], all[i / 4 * 2], sizeof all[i]);  // every other one came before
    for (size_t i = 0; i < N; i++) {
        if (i % 200 == 0) vectors_ahead(v, all[i], 200);
        bool found = vectors_look_ahead(v, i % 200, &match);
        assert_int_equal(found, i % 2);
        if (found) assert_int_equal(match.id, i / 4 * 2);
        else assert_true(vectors_add(v, i, &e));
    }
    vectors_free(v);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_forms_agree_to_the_bit),
        cmocka_unit_test(test_cosine),
        cmocka_unit_test(test_the_lowest_id_of_equal_ones),
        cmocka_unit_test(test_the_graph_against_all),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_many_at_once_into_the_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
