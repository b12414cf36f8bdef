// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/utf8.h"
#include "text/classify.h"
#include "text/letters.h"
#include "text/normalise.h"
#include "text/words.h"

static size_t count(const char *text)
{
    Segmenter s = {0};
    size_t n = words_count(&s, str_from(text));
    segmenter_free(&s);
    return n;
}

static void test_count(void **state)
{
    (void)state;
    assert_int_equal(count(""), 0);
    assert_int_equal(count(" \n\t "), 0);
    assert_int_equal(count("one"), 1);
    assert_int_equal(count(" one  two\nthree\xC2\xA0" "four\xE3\x80\x80" "five\x1Csix "), 6);
    assert_int_equal(count("zero\xE2\x80\x8Bwidth"), 1);
    assert_int_equal(count("it's well-known, isn't it?"), 4);
    assert_int_equal(count("日本語"), 1);
    assert_int_equal(count("今日は天気がいいですね。"), 7);
    assert_true(count("ภาษาไทยไม่มีช่องว่าง") >= 4);
    assert_int_equal(count("한국어 띄어쓰기"), 2);
}

static void test_words_cover_a_run(void **state)
{
    (void)state;
    Segmenter s = {0};
    Str text = S(" 「日本語」は、いい。 end"), word;
    WordIter it = {&s, text, 0};
    size_t at = 1;
    while (words_next(&it, &word) && word.ptr[0] != 'e') {
        assert_ptr_equal(word.ptr, text.ptr + at);
        at += word.len;
    }
    assert_true(str_eq(word, S("end")));
    assert_int_equal(at, text.len - 4);
    segmenter_free(&s);
}

static const char *const bits[] = {"a", "word", "Straße", " ", " ", "\n", "\xC2\xA0", "\xE2\x80\x99", "\xE3\x80\x80", "漢字", "かな", "ไทย", "\xF0\x9F\x98\x80", ".", "\x1F", "\xC2\x85", "é"};

static void make(Buf *b, Random *r, size_t n, bool scripts)
{
    buf_clear(b);
    while (n--) {
        const char *bit = bits[random_below(r, sizeof bits / sizeof *bits)];
        bool alone = (unsigned char)bit[0] == 0xE6 || (unsigned char)bit[0] == 0xE3 || (unsigned char)bit[0] == 0xE0;
        if (scripts || !alone || str_eq(str_from(bit), S("\xE3\x80\x80"))) buf_add(b, str_from(bit));
    }
}

// All ways to count agree: whole, word by word, in parts from the front.
static void test_ways_agree(void **state)
{
    (void)state;
    Random r = random_from(1);
    Buf b = {0};
    Segmenter s = {0};
    for (size_t i = 0; i < 2000; i++) {
        make(&b, &r, random_below(&r, 300), i % 2);
        Str text = buf_str(&b), word;
        WordIter it = {&s, text, 0};
        size_t n = 0, taken = 0, at = 0, start, end;
        while (words_next(&it, &word)) n++;
        for (size_t got; (got = words_take(&s, text, at, 1 + random_below(&r, 80), &start, &end)) != 0; at = end) {
            assert_true(start >= at && end > start && end <= text.len);
            taken += got;
        }
        // A run taken apart in the middle may be segmented differently behind the cut.
        if (i % 2 == 0) {
            assert_int_equal(words_count(&s, text), n);
            assert_int_equal(taken, n);
            size_t tail = random_below(&r, n + 2), from = words_tail(&s, text, tail);
            assert_int_equal(words_count(&s, str_slice(text, from, text.len)), tail < n ? tail : n);
        }
    }
    buf_free(&b);
    segmenter_free(&s);
}

static void test_space(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x3100; c++) {
        char bytes[4];
        Str one = {bytes, utf8_encode(c, bytes)};
        if (one.len) assert_int_equal(space_len(one, 0), space_is(c) ? one.len : 0);
    }
    assert_true(str_eq(space_trim(S("\xE3\x80\x80 a b\xC2\xA0\n")), S("a b")));
    assert_int_equal(space_trim(S(" \xC2\xA0")).len, 0);
    assert_int_equal(space_find(S("abc\xC2\xA0"), 0), 3);
}

static void assert_classes(const char *block, ByteClasses c)
{
    for (unsigned i = 0; i < CLASS_BLOCK; i++) {
        unsigned char x = (unsigned char)block[i];
        assert_int_equal(c.space >> i & 1, x < 0x80 && space_is(x));
        assert_int_equal(c.rare >> i & 1, x == 0xC2 || x >= 0xE0);
        assert_int_equal(c.stop >> i & 1, x == '.' || x == '!' || x == '?');
    }
}

static void test_classify(void **state)
{
    (void)state;
    Random r = random_from(2);
    char block[CLASS_BLOCK];
    for (size_t i = 0; i < 5000; i++) {
        for (size_t k = 0; k < sizeof block; k++) block[k] = (char)random_below(&r, 256);
        assert_classes(block, classify(block));
        assert_classes(block, classify_portable(block));
#if defined(__SSE2__)
        assert_classes(block, classify_sse2(block));
#endif
    }
}

static void test_letters(void **state)
{
    (void)state;
    Random r = random_from(4);
    Buf b = {0};
    for (size_t i = 0; i < 300; i++) {
        make(&b, &r, random_below(&r, 2000), true);
        Str text = buf_str(&b);
        size_t n = 0;
        for (size_t at = 0; at < text.len; n++) utf8_next(text, &at);
        assert_int_equal(letters_count(text), n);
        size_t part = random_below(&r, n + 2), at = letters_skip(text, 0, part);
        assert_int_equal(letters_count(str_slice(text, 0, at)), part < n ? part : n);
    }
    buf_free(&b);
    Clusters c = {0};
    Str family = S("ab\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7z");
    assert_int_equal(clusters_boundary(&c, family, 0, 6), 2);
    assert_int_equal(clusters_boundary(&c, family, 0, 9), 2);
    assert_int_equal(clusters_boundary(&c, family, 0, 1), 1);
    assert_int_equal(clusters_boundary(&c, S("e\xCC\x81"), 0, 1), 1);
    clusters_free(&c);
}

// ---- normal form --------------------------------------------------------------------------------

static void assert_normal(const char *text, const char *want)
{
    Buf out = {0};
    normalise(str_from(text), &out);
    if (!str_eq(buf_str(&out), str_from(want))) fail_msg("<%s> gives <%.*s>, not <%s>", text, STR_ARG(buf_str(&out)), want);
    buf_free(&out);
}

static void test_normalise(void **state)
{
    (void)state;
    assert_normal("", "");
    assert_normal(" ... ", "");
    assert_normal("Hello, World!", "hello world");
    assert_normal("Don't  stop\n(now)", "dont stop now");
    assert_normal("don\xE2\x80\x99t 'quoted' rock 'n' roll''x", "dont quoted rock n roll x");
    assert_normal("ÄÖÜ Straße ΣΟΦΟΣ", "äöü straße σοφοσ");
    assert_normal("caf\x65\xCC\x81", "café");
    assert_normal("soft\xC2\xADhyphen x\xE2\x80\x8Dy", "softhyphen xy");
    assert_normal("漢字kana 日本", "漢 字 kana 日 本");
    assert_normal("3.14 €5", "3 14 5");
    assert_normal("bad\xFFgap", "bad gap");
    assert_normal("\xF0\x9F\x98\x80smile", "smile");
}

static void test_normalise_stream(void **state)
{
    (void)state;
    Random r = random_from(9);
    Buf text = {0}, whole = {0}, parts = {0};
    for (size_t i = 0; i < 500; i++) {
        make(&text, &r, random_below(&r, 200), true);
        if (i % 3 == 0) buf_add(&text, S("\xE2\x80"));
        if (i % 7 == 0) buf_add(&text, S("don't \xFF'\xCC\x81x"));
        buf_clear(&whole);
        buf_clear(&parts);
        normalise(buf_str(&text), &whole);
        Normaliser n = {.out = &parts};
        for (size_t at = 0; at < text.len;) {
            size_t to = at + 1 + random_below(&r, 5);
            normalise_feed(&n, str_slice(buf_str(&text), at, to));
            at = to;
        }
        normalise_end(&n);
        assert_true(str_eq(buf_str(&whole), buf_str(&parts)));
        assert_true(utf8_valid(buf_str(&whole)));
        // The normal form of a normal form is itself.
        buf_clear(&parts);
        normalise(buf_str(&whole), &parts);
        assert_true(str_eq(buf_str(&whole), buf_str(&parts)));
    }
    buf_free(&text);
    buf_free(&whole);
    buf_free(&parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),   cmocka_unit_test(test_words_cover_a_run), cmocka_unit_test(test_ways_agree),
        cmocka_unit_test(test_space),   cmocka_unit_test(test_classify),          cmocka_unit_test(test_letters),
        cmocka_unit_test(test_normalise), cmocka_unit_test(test_normalise_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
