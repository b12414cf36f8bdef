// SPDX-License-Identifier: Apache-2.0
//
// The index of seen texts against comparing every text with every other.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "dedup/seen.h"

enum { TEXTS = 240, WORDS_MAX = 120, TEXT_MAX = 1024 };

typedef struct Texts {
    char bytes[TEXTS][TEXT_MAX];
    Str items[TEXTS];
} Texts;

static Str spell(const uint32_t *words, size_t n, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) len += (size_t)snprintf(out + len, 8, "w%u ", words[i]);
    return (Str){out, len};
}

// Families of texts: one, and copies of it with some words changed.
static void make_texts(Texts *t, uint64_t seed, size_t few_words)
{
    Random r = random_from(seed);
    uint32_t words[WORDS_MAX] = {0};
    size_t n = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        if (i % 4 == 0) {
            n = few_words + random_below(&r, WORDS_MAX - few_words);
            for (size_t k = 0; k < n; k++) words[k] = (uint32_t)random_below(&r, 5000);
        }
        for (size_t k = random_below(&r, 5); i % 4 && k; k--) words[random_below(&r, n)] = (uint32_t)random_below(&r, 5000);
        t->items[i] = spell(words, n, t->bytes[i]);
    }
}

static double similarity(Str a, Str b)
{
    Shingles s = {0}, t = {0};
    shingles_words(&s, a);
    shingles_items(&s, SHINGLE_WORDS);
    shingles_words(&t, b);
    shingles_items(&t, SHINGLE_WORDS);
    double j = jaccard(s.n, t.n, shingles_common(&t, s.items, s.n));
    shingles_free(&s);
    shingles_free(&t);
    return j;
}

// The kept text that is most like texts[i], by comparing all.
static SeenMatch nearest(const Texts *t, const bool *kept, size_t i, double threshold)
{
    SeenMatch best = {0};
    for (size_t k = 0; k < i; k++) {
        if (!kept[k]) continue;
        double j = similarity(t->items[k], t->items[i]);
        if (j >= threshold && j > best.similarity) best = (SeenMatch){k, j, false};
    }
    return best;
}

static void against_all_pairs(double threshold, uint64_t seed, size_t few_words, size_t memory)
{
    static Texts t;
    bool kept[TEXTS] = {0};
    size_t found = 0, missed = 0;
    Seen *seen = seen_new(&(SeenOptions){.threshold = threshold, .memory = memory});
    make_texts(&t, seed, few_words);
    for (size_t i = 0; i < TEXTS; i++) {
        SeenMatch got, expected = nearest(&t, kept, i, threshold);
        bool hit = seen_look(seen, t.items[i], &got);
        if (hit) {
            // Precision is 1: what is called near is near, and by as much as is said.
            assert_true(kept[got.id]);
            assert_true(got.similarity >= threshold);
            assert_true(got.exact || got.similarity == similarity(t.items[got.id], t.items[i]));
            assert_true(got.similarity <= expected.similarity);
            found++;
        } else {
            missed += expected.similarity > 0;
            Error e;
            kept[i] = true;
            assert_true(seen_add(seen, i, &e));
        }
    }
    assert_true(found > 20);
    assert_true(missed * 100 <= found + missed);
    assert_int_equal(seen_count(seen), TEXTS - found);
    seen_free(seen);
}

static void test_finds_what_comparing_all_finds(void **state)
{
    (void)state;
    against_all_pairs(0.8, 1, 40, 0);
    against_all_pairs(0.5, 2, 30, 0);
    against_all_pairs(0.95, 3, 60, 0);
    against_all_pairs(0.3, 4, 12, 0);
}

static void test_shingles_beyond_the_memory_go_to_a_file(void **state)
{
    (void)state;
    against_all_pairs(0.8, 5, 40, 1);
}

static void test_the_file_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    SeenMatch match;
    Error e = {0};
    Seen *seen = seen_new(&(SeenOptions){.threshold = 0.8, .memory = 1, .folder = "/nowhere/at/all"});
    assert_false(seen_look(seen, S("one two three four five six"), &match));
    assert_false(seen_add(seen, 1, &e));
    assert_int_equal(e.kind, ERROR_FILE);
    assert_int_equal(seen_count(seen), 0);
    seen_free(seen);
}

static void test_exact_duplicates(void **state)
{
    (void)state;
    static const char *const texts[] = {"Hello there, how are you today?", "Hi!", "?", "", "one two three four"};
    static const char *const same[] = {"hello there how ARE you today", "hi", "?", "", "One. Two. Three. Four."};
    static const char *const other[] = {"hello there how are they today", "hi hi", "!", " ", "one two three"};
    SeenMatch match;
    Error e;
    Seen *seen = seen_new(&(SeenOptions){.threshold = 0.8});
    for (size_t i = 0; i < 5; i++) {
        assert_false(seen_look(seen, str_from(texts[i]), &match));
        assert_true(seen_add(seen, 100 + i, &e));
    }
    for (size_t i = 0; i < 5; i++) {
        assert_true(seen_look(seen, str_from(same[i]), &match));
        assert_true(match.exact && match.similarity == 1 && match.id == 100 + i);
        assert_false(seen_look(seen, str_from(other[i]), &match));
    }
    seen_free(seen);
}

static void test_of_equals_the_lowest_id(void **state)
{
    (void)state;
    Str text = S("the same seven words are here again");
    SeenMatch match;
    Error e;
    Seen *seen = seen_new(&(SeenOptions){.threshold = 0.8});
    for (uint64_t id = 9; id >= 3; id -= 3) {
        seen_look(seen, text, &match);
        assert_true(seen_add(seen, id, &e));
    }
    assert_true(seen_look(seen, text, &match));
    assert_int_equal(match.id, 3);
    seen_free(seen);
}

// A pair at exactly the threshold is near, whatever the threshold's product with a size is rounded to.
static void test_exactly_at_the_threshold(void **state)
{
    (void)state;
    for (unsigned k = 1; k <= 20; k++) {
        char text[400];
        uint32_t words[24];
        SeenMatch match;
        Error e;
        Seen *seen = seen_new(&(SeenOptions){.threshold = (double)k / 20});
        for (uint32_t i = 0; i < 24; i++) words[i] = i;
        seen_look(seen, spell(words, 24, text), &match);  // 20 shingles
        assert_true(seen_add(seen, 1, &e));
        assert_true(seen_look(seen, spell(words, k + 4, text), &match));  // k of them
        assert_true(match.similarity == (double)k / 20);
        seen_free(seen);
    }
}

static void test_the_order_of_adding_does_not_matter(void **state)
{
    (void)state;
    static Texts t;
    Seen *forward = seen_new(&(SeenOptions){.threshold = 0.6}), *backward = seen_new(&(SeenOptions){.threshold = 0.6});
    SeenMatch a, b;
    Error e;
    make_texts(&t, 8, 30);
    for (size_t i = 0; i < TEXTS; i += 2) {
        seen_look(forward, t.items[i], &a);
        seen_add(forward, i, &e);
        seen_look(backward, t.items[TEXTS - 2 - i], &b);
        seen_add(backward, TEXTS - 2 - i, &e);
    }
    for (size_t i = 1; i < TEXTS; i += 2) {
        bool hit = seen_look(forward, t.items[i], &a);
        assert_int_equal(hit, seen_look(backward, t.items[i], &b));
        if (hit) assert_true(a.id == b.id && a.similarity == b.similarity);
    }
    seen_free(forward);
    seen_free(backward);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_comparing_all_finds),
        cmocka_unit_test(test_shingles_beyond_the_memory_go_to_a_file),
        cmocka_unit_test(test_the_file_that_cannot_be_is_an_error),
        cmocka_unit_test(test_exact_duplicates),
        cmocka_unit_test(test_of_equals_the_lowest_id),
        cmocka_unit_test(test_exactly_at_the_threshold),
        cmocka_unit_test(test_the_order_of_adding_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
