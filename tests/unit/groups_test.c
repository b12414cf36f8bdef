// SPDX-License-Identifier: Apache-2.0
//
// What stays together: documents, named values, near-duplicates, and where a part is given.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "output/groups.h"

enum { WORDS = 60 };

// A text of words that no other seed has; from `changed` on other words stand in it.
static Str text_of(Arena *a, unsigned seed, unsigned changed)
{
    Buf b = {0};
    for (unsigned i = 0; i < WORDS; i++) buf_printf(&b, "w%u%s%u ", seed, i < WORDS - changed ? "x" : "y", i + (i < WORDS - changed ? 0 : 100 * changed));
    Str text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

static void add(Groups *g, const char *chunks, const char *together, Str text, uint8_t part)
{
    Error e;
    assert_true(groups_add(g, &(GroupRow){.chunks = str_from(chunks), .together = str_from(together), .text = text, .part = part}, &e));
}

static void documents_and_values_hold_rows_together(void **state)
{
    (void)state;
    Arena a = {0};
    Groups g;
    Error e = {0};
    groups_init(&g, 0.8);
    add(&g, "[{\"document\":\"a/1\"}]", "null", text_of(&a, 0, 0), GROUPS_FREE);
    add(&g, "[{\"document\":\"a/2\"}]", "null", text_of(&a, 1, 0), GROUPS_FREE);
    add(&g, "[{\"document\":\"a/2\"},{\"document\":\"a/1\"}]", "null", text_of(&a, 2, 0), GROUPS_FREE);
    assert_true(groups_add(&g, NULL, &e));
    add(&g, "[]", "\"a\"", text_of(&a, 3, 0), GROUPS_FREE);
    add(&g, "[{\"document\":\"a/3\"}]", "\"a\"", text_of(&a, 4, 0), GROUPS_FREE);
    add(&g, "[]", "null", text_of(&a, 5, 0), GROUPS_FREE);
    add(&g, "[{\"document\":\"a/1\"}]", "\"a\"", text_of(&a, 6, 0), 2);  // given: its documents tie nobody
    assert_true(groups_settle(&g, &e));
    assert_int_equal(g.near, 0);
    assert_int_equal(groups_find(&g, 0), groups_find(&g, 1));
    assert_int_equal(groups_find(&g, 0), groups_find(&g, 2));
    assert_int_equal(groups_find(&g, 4), groups_find(&g, 5));
    assert_int_not_equal(groups_find(&g, 0), groups_find(&g, 4));
    assert_int_not_equal(groups_find(&g, 6), groups_find(&g, 0));
    assert_int_not_equal(groups_find(&g, 7), groups_find(&g, 0));
    assert_int_equal(g.given[groups_find(&g, 7)], 2);
    assert_int_equal(g.given[groups_find(&g, 0)], GROUPS_FREE);
    assert_int_equal(g.of[3], GROUPS_NONE);
    groups_free(&g);
    arena_free(&a);
}

static void near_duplicates_go_where_one_of_them_must(void **state)
{
    (void)state;
    Arena a = {0};
    Groups g;
    Error e = {0};
    groups_init(&g, 0.8);
    add(&g, "[{\"document\":\"d\"}]", "null", text_of(&a, 1, 0), GROUPS_FREE);
    add(&g, "[{\"document\":\"d\"}]", "null", text_of(&a, 2, 0), GROUPS_FREE);
    add(&g, "[]", "null", text_of(&a, 1, 2), 1);  // near to the first
    add(&g, "[]", "null", text_of(&a, 3, 0), GROUPS_FREE);
    assert_true(groups_settle(&g, &e));
    assert_int_equal(g.near, 1);
    assert_int_equal(g.given[groups_find(&g, 1)], 1);
    assert_int_equal(g.given[groups_find(&g, 3)], GROUPS_FREE);
    groups_free(&g);
    groups_init(&g, 2);  // not looked for
    add(&g, "[]", "null", text_of(&a, 1, 0), GROUPS_FREE);
    add(&g, "[]", "null", text_of(&a, 1, 0), GROUPS_FREE);
    assert_true(groups_settle(&g, &e));
    assert_int_not_equal(groups_find(&g, 0), groups_find(&g, 1));
    groups_free(&g);
    arena_free(&a);
}

// Pairs at or above the threshold are in one cluster, by comparing all with all (close to the threshold 998 of a thousand,
// seen.h); also over a chain whose ends are not alike, and in a crowd of more equal texts than are compared.
static void clusters_are_those_of_all_pairs(void **state)
{
    (void)state;
    enum { N = 600, CROWD = 1500 };
    Arena a = {0};
    Error e = {0};
    Bulk *bulk = bulk_new(&(SeenOptions){.threshold = 0.8});
    static Shingles sets[N];
    static uint32_t clusters[N + CROWD];
    Random r = random_from(5);
    for (unsigned i = 0; i < N; i++) {
        Str text = text_of(&a, (unsigned)random_below(&r, N / 3), (unsigned)random_below(&r, 9));
        shingles_words(&sets[i], text);
        shingles_items(&sets[i], SHINGLE_WORDS);
        bulk_words(bulk, text);
        assert_true(bulk_add(bulk, &e));
    }
    for (unsigned i = 0; i < CROWD; i++) {
        bulk_words(bulk, text_of(&a, 9999, i % 2));
        assert_true(bulk_add(bulk, &e));
    }
    assert_true(bulk_clusters(bulk, clusters, &e));
    unsigned pairs = 0, missed = 0;
    for (unsigned i = 0; i < N; i++) {
        bool near = false;
        for (unsigned k = 0; k < N; k++) {
            double alike = jaccard(sets[i].n, sets[k].n, shingles_common(&sets[i], sets[k].items, sets[k].n));
            if (k == i || alike < 0.8) continue;
            near = true;
            pairs++;
            missed += clusters[i] != clusters[k];
            if (alike >= 0.85) assert_int_equal(clusters[i], clusters[k]);
        }
        if (!near) assert_int_equal(clusters[i], i);
    }
    assert_true(pairs > 200 && missed * 100 <= pairs);
    for (unsigned i = 0; i < CROWD; i++) assert_int_equal(clusters[N + i], N);
    for (unsigned i = 0; i < N; i++) shingles_free(&sets[i]);
    bulk_free(bulk);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_and_values_hold_rows_together),
        cmocka_unit_test(near_duplicates_go_where_one_of_them_must),
        cmocka_unit_test(clusters_are_those_of_all_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
