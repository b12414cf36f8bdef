// SPDX-License-Identifier: Apache-2.0
//
// Shingles against a plain reference: the words of the normal form, and exact Jaccard over strings.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "dedup/shingle.h"
#include "dedup/wordmask.h"
#include "text/normalise.h"

// Hashes of the words of the normal form, each as a text of its own.
static size_t reference_words(Str text, uint64_t *out, size_t max)
{
    Buf normal = {0};
    Shingles one = {0};
    size_t n = 0;
    normalise(text, &normal);
    Str rest = buf_str(&normal), word;
    while (normal_next(&rest, &word)) {
        assert_true(n < max);
        shingles_words(&one, word);
        assert_int_equal(one.n_words, 1);
        out[n++] = one.words[0];
    }
    buf_free(&normal);
    shingles_free(&one);
    return n;
}

static void same_as_reference(Str text)
{
    uint64_t expected[4096];
    Shingles s = {0};
    size_t n = reference_words(text, expected, 4096);
    shingles_words(&s, text);
    if (s.n_words != n) print_message("in: %.*s\n", STR_ARG(text));
    assert_int_equal(s.n_words, n);
    for (size_t i = 0; i < n; i++) assert_true(s.words[i] == expected[i]);
    shingles_free(&s);
}

static void test_words_are_those_of_the_normal_form(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", " ", "a", "Hello, World!", "don't stop", "don''t 'quoted' 'tis rock'n'roll' '", "isn\xE2\x80\x99t it\xE2\x80\x99s",
        "\xE2\x80\x9CWell\xE2\x80\x9D\xE2\x80\x94she said\xE2\x80\xA6 \xE2\x80\x98yes\xE2\x80\x99", "na\xC3\xAFve caf\xC3\xA9 ZO\xC3\x8B",
        "cafe\xCC\x81 and caf\xC3\xA9", "\xE6\xBC\xA2\xE5\xAD\x97 kanji\xE6\xBC\xA2", "soft\xC2\xADhyphen", "bad \xFF\xFE bytes \xC3",
        "x\xE2\x80", "3.14 2nd A1-B2_c3", "tab\tnewline\nend", "\xE2\x80\x90hy\xE2\x80\x90phen\xE2\x80\xA7", "zero\xE2\x80\x8Bwidth",
        "a\xE2\x80\x99\xE2\x80\x99" "b a\xE2\x80\x99" "b\xE2\x80\x99", "\xCC\x81x", "A_B c@d e.f", "0123456789 01234567 0123456789abcdefg",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) same_as_reference(str_from(texts[i]));
}

static void test_random_bytes_give_the_same_words(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "B", "word", "Another", "7", " ", "  ", ", ", "'", "\xE2\x80\x99", "\xE2\x80\x94",
                                         "\xC3\xA9", "\xE6\xBC\xA2", "\xCC\x81", "\xFF", "\xE2", "\n", "-", "_", "\xC2\xAD", "x'y",
                                         "internationalisation", "\xE2\x80\x9C"};
    Random r = random_from(7);
    for (int round = 0; round < 3000; round++) {
        char text[400];
        size_t len = 0, n = random_below(&r, 60);
        for (size_t i = 0; i < n; i++) {
            const char *piece = pieces[random_below(&r, sizeof pieces / sizeof *pieces)];
            size_t k = strlen(piece);
            if (len + k > sizeof text) break;
            memcpy(text + len, piece, k);
            len += k;
        }
        same_as_reference((Str){text, len});
    }
}

static void test_long_words(void **state)
{
    (void)state;
    char text[5000];
    for (size_t len = 990; len < 1040; len += 7) {
        memset(text, 'x', sizeof text);
        text[len] = ' ';
        same_as_reference((Str){text, len + 10});
        text[3] = '\'';
        same_as_reference((Str){text, len + 10});
    }
    memset(text, 'y', sizeof text);
    same_as_reference((Str){text, sizeof text});
}

static void test_masks_are_the_same_without_simd(void **state)
{
    (void)state;
    Random r = random_from(1);
    for (int round = 0; round < 2000; round++) {
        char block[WORDMASK_BLOCK], low[WORDMASK_BLOCK], plain_low[WORDMASK_BLOCK];
        for (int i = 0; i < WORDMASK_BLOCK; i++) block[i] = (char)random_below(&r, 256);
        WordMask a = wordmask(block, low), b = wordmask_portable(block, plain_low);
        assert_true(a.plain == b.plain && a.special == b.special);
        assert_memory_equal(low, plain_low, WORDMASK_BLOCK);
    }
}

// ---- sets ---------------------------------------------------------------------------------------

enum { WORDS = 80 };

// A text of letters as words, so that its shingles are strings of five letters.
static Str spell(const char *letters, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = letters[i];
        out[2 * i + 1] = ' ';
    }
    return (Str){out, 2 * n};
}

static bool among(const char *letters, size_t n, const char *run)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(letters + i, run, SHINGLE_WORDS) == 0) return true;
    return false;
}

static size_t different(const char *letters, size_t n)
{
    size_t d = 0;
    for (size_t i = 0; i + SHINGLE_WORDS <= n; i++) d += !among(letters, i, letters + i);
    return d;
}

static double exact_jaccard(const char *a, size_t n, const char *b, size_t m)
{
    size_t common = 0;
    for (size_t i = 0; i + SHINGLE_WORDS <= n; i++)
        common += !among(a, i, a + i) && among(b, m - SHINGLE_WORDS + 1, a + i);
    return jaccard(different(a, n), different(b, m), common);
}

static void test_jaccard_is_exact(void **state)
{
    (void)state;
    Random r = random_from(3);
    Shingles s = {0}, t = {0};
    for (int round = 0; round < 3000; round++) {
        char a[WORDS], b[WORDS], text[2 * WORDS];
        size_t n = 5 + random_below(&r, WORDS - 5), m = 5 + random_below(&r, WORDS - 5);
        unsigned letters = 1 + (unsigned)random_below(&r, 6);
        for (size_t i = 0; i < n; i++) a[i] = (char)('a' + random_below(&r, letters));
        memcpy(b, a, sizeof b);
        for (size_t i = 0; i < m; i++)
            if (i >= n || random_below(&r, 10) == 0) b[i] = (char)('a' + random_below(&r, letters));
        shingles_words(&s, spell(a, n, text));
        shingles_items(&s, SHINGLE_WORDS);
        shingles_words(&t, spell(b, m, text));
        shingles_items(&t, SHINGLE_WORDS);
        double got = jaccard(s.n, t.n, shingles_common(&t, s.items, s.n));
        assert_true(got == exact_jaccard(a, n, b, m));
        assert_int_equal(s.n + s.repeated, n - SHINGLE_WORDS + 1);
    }
    shingles_free(&s);
    shingles_free(&t);
}

static void test_short_texts(void **state)
{
    (void)state;
    Shingles s = {0}, t = {0};
    shingles_words(&s, S("one two three"));
    shingles_items(&s, SHINGLE_WORDS);
    shingles_words(&t, S("One, two: three!"));
    shingles_items(&t, SHINGLE_WORDS);
    assert_int_equal(s.n, 1);
    assert_true(s.items[0] == t.items[0] && hash128_eq(s.exact, t.exact));
    shingles_words(&t, S("one two"));
    shingles_items(&t, SHINGLE_WORDS);
    assert_true(s.items[0] != t.items[0]);
    shingles_words(&s, S("?!"));
    shingles_items(&s, SHINGLE_WORDS);
    shingles_words(&t, S("..."));
    shingles_items(&t, SHINGLE_WORDS);
    assert_int_equal(s.n, 0);
    assert_false(hash128_eq(s.exact, t.exact));
    assert_true(jaccard(0, 0, 0) == 0);
    shingles_free(&s);
    shingles_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_those_of_the_normal_form),
        cmocka_unit_test(test_random_bytes_give_the_same_words),
        cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_masks_are_the_same_without_simd),
        cmocka_unit_test(test_jaccard_is_exact),
        cmocka_unit_test(test_short_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
