// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/random.h"
#include "text/pattern.h"

static Pattern *compile(const char *source)
{
    Pattern *p;
    Error e;
    if (!pattern_compile(str_from(source), &p, NULL, &e)) fail_msg("%s: %s", source, e.what);
    return p;
}

// The parts of a text, joined by '|'.
static void assert_split(const char *source, const char *text, const char *want)
{
    Pattern *p = compile(source);
    Split s = split_from(p, str_from(text));
    PatternMatch part;
    Error e;
    Buf got = {0};
    PatternResult result;
    for (bool first = true; (result = split_next(&s, &part, &e)) == PATTERN_FOUND; first = false) {
        if (!first) buf_add_char(&got, '|');
        buf_add(&got, str_slice(s.text, part.start, part.end));
    }
    assert_int_equal(result, PATTERN_NONE);
    if (!str_eq(buf_str(&got), str_from(want))) fail_msg("%s splits <%s> into <%.*s>, not <%s>", source, text, STR_ARG(buf_str(&got)), want);
    buf_free(&got);
    pattern_free(p);
}

// What Python 3.11's re.split gives for the same.
static void test_as_python(void **state)
{
    (void)state;
    assert_split("(?<=[.!?])\\s+", "One. Two!  Three?Four", "One.|Two!|Three?Four");
    assert_split("x*", "axbc", "|a||b|c|");
    assert_split("", "ab", "|a|b|");
    assert_split("(?=[A-Z])", "aBcD", "a|Bc|D");
    assert_split("\\b", "a b", "|a| |b|");
    assert_split(",", "", "");
    assert_split("\\Z", "a\n", "a\n|");
    assert_split("$", "a\n", "a|\n|");
    assert_split("(?m)^", "a\nb\n", "|a\n|b\n|");
    assert_split("\\v", "a\vb\nc", "a|b\nc");
    assert_split("\\s", "a\x1C" "b\xC2\x85" "c\xE1\xA0\x8E" "d", "a|b|c\xE1\xA0\x8E" "d");
    assert_split("[^\\S\\n]+", "a \t\nb c", "a|\nb|c");
    assert_split("[\\s,]+", "a, b\xE3\x80\x80" "c", "a|b|c");
    assert_split("\\S+", "ab  c", "|  |");
    assert_split("\\u00e9|\\U0001F600", "aéb\xF0\x9F\x98\x80" "c", "a|b|c");
    assert_split("a{,2}b", "aaab aab b", "a| | |");
    assert_split("(?P<q>['\"])x(?P=q)", "1'x'2\"x\"3'x\"4", "1|2|3'x\"4");
    assert_split("(?a)\\W+", "aéb c", "a|b|c");
    assert_split("(?au)é", "aéb", "a|b");
    assert_split("(?i)é", "aÉb", "a|b");
    assert_split("[]x]", "a]bxc", "a|b|c");
    assert_split("[^]x]", "]ax", "]|x");
    assert_split("(?# [ \\Z )b", "abc", "a|c");
    assert_split("[[:digit:]\\s]", "a1b c", "a|b|c");
    assert_split("\\Qa.b\\E", "xa.bya-b", "x|ya-b");
    assert_split("a.c", "a\nca\rc", "a\nc|");
    assert_split("\\d", "a٣b", "a|b");
    assert_split("\\w", "é-", "|-");
    assert_split("(?x) a # \\Z\n b", "xaby", "x|y");
}

static void test_compile_errors(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        size_t least, most;
    } bad[] = {{"(", 1, 1}, {"a[b", 3, 3}, {"\\s\\s(?<n", 5, 8}, {"*", 0, 1}, {"\\N{DASH}", 1, 8}, {"\\C", 0, 2}, {"a\\", 2, 2}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Pattern *p;
        Error e;
        size_t offset = 99;
        assert_false(pattern_compile(str_from(bad[i].source), &p, &offset, &e));
        assert_null(p);
        assert_string_equal(e.code, "pattern");
        if (offset < bad[i].least || offset > bad[i].most) fail_msg("%s: offset %zu", bad[i].source, offset);
    }
    char *long_one = mem_alloc(PATTERN_MAX + 1);
    memset(long_one, 'a', PATTERN_MAX + 1);
    Pattern *p;
    Error e;
    assert_false(pattern_compile((Str){long_one, PATTERN_MAX + 1}, &p, NULL, &e));
    free(long_one);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_explosions(void **state)
{
    (void)state;
    static const struct {
        const char *source, *unit;
        size_t n;
    } cases[] = {
        // All but the first would run for minutes to ages.
        {"(?<=[a-z])b", "a", 1000},    {"(a+)+$", "a", 40},             {"(?:a|a)*[b-d]", "a", 60},
        {"(x+x+)+[y-z]", "x", 200},    {"\\s+$", " ", 400000},          {"(?=[\\s\\S]*EN[D-E])x", "x", 2000000},
        {"(.*)\\1\\1[yz]", "ab", 30000}, {"(?:.*,){12}[PQ]", "1,", 60}, {"^(\\w+\\s?)*[$%]", "word ", 2000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Buf b = {0};
        for (size_t k = 0; k < cases[i].n; k++) buf_add(&b, str_from(cases[i].unit));
        buf_add(&b, S("!"));
        Pattern *p = compile(cases[i].source);
        PatternMatch m;
        Error e;
        double before = seconds();
        Split s = split_from(p, buf_str(&b));
        PatternResult result;
        do result = split_next(&s, &m, &e);
        while (result == PATTERN_FOUND);
        double spent = seconds() - before;
        if (result != (i ? PATTERN_FAILED : PATTERN_NONE)) fail_msg("%s did not fail (%.3f s)", cases[i].source, spent);
        if (i) assert_string_equal(e.code, "pattern");
        printf("%-28s %.1f ms\n", cases[i].source, spent * 1e3);
        if (spent > 0.4) fail_msg("%s took %.3f s", cases[i].source, spent);
        pattern_free(p);
        buf_free(&b);
    }
}

// The default separator without PCRE2 finds what PCRE2 finds.
static int64_t cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// What the caller does with the parts is not the pattern's time.
static void test_a_slow_caller(void **state)
{
    (void)state;
    Pattern *p = compile("(?<=,)");
    Split s = split_from(p, S("one,two,three,four,five"));
    PatternMatch part;
    Error e;
    PatternResult result;
    unsigned parts = 0;
    while ((result = split_next(&s, &part, &e)) == PATTERN_FOUND) {
        parts++;
        for (int64_t start = cpu_ms(); cpu_ms() < start + PATTERN_MS;) {}
    }
    assert_int_equal(result, PATTERN_NONE);
    assert_int_equal(parts, 5);
    pattern_free(p);
}

static void test_sentences(void **state)
{
    (void)state;
    static const char *const bits[] = {"a", ".", "!", "?", " ", "\n", "\xC2\xA0", "\xC2\xBF", "\xE3\x80\x80", "\xE3\x80\x81", "words and words ", "\x1D", "\xE1\xA0\x8E", "é"};
    Pattern *fast = compile("(?<=[.!?])\\s+"), *plain;
    Error e;
    assert_true(pattern_compile_plain(PATTERN_SENTENCES, &plain, NULL, &e));
    Random r = random_from(1);
    Buf b = {0};
    for (size_t i = 0; i < 2000; i++) {
        buf_clear(&b);
        for (size_t k = random_below(&r, 150); k > 0; k--) buf_add(&b, str_from(bits[random_below(&r, sizeof bits / sizeof *bits)]));
        Split x = split_from(fast, buf_str(&b)), y = split_from(plain, buf_str(&b));
        PatternMatch m = {0}, n = {0};
        for (;;) {
            PatternResult a = split_next(&x, &m, &e), c = split_next(&y, &n, &e);
            assert_int_equal(a, c);
            if (a != PATTERN_FOUND) break;
            assert_true(m.start == n.start && m.end == n.end);
        }
    }
    buf_free(&b);
    pattern_free(fast);
    pattern_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_python), cmocka_unit_test(test_compile_errors),
        cmocka_unit_test(test_explosions), cmocka_unit_test(test_a_slow_caller), cmocka_unit_test(test_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
