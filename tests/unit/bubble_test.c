// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/utf8.h"
#include "cli/bubble.h"

static unsigned widest_line(Str text)
{
    unsigned widest = 0;
    Str line;
    while (str_cut(&text, '\n', &line)) {
        unsigned n = 0;
        for (size_t at = 0; at < line.len;) n += letter_columns(utf8_next(line, &at));
        if (n > widest) widest = n;
    }
    return widest;
}

static void a_bubble_looks_like_this(void **state)
{
    (void)state;
    Buf b = {0};
    bubble_add(&(BubbleStyle){.width = 40}, 0, S("Ada"), S("One two.\nThree."), &b);
    assert_true(str_eq(buf_str(&b), S("+- Ada ----+\n| One two. |\n| Three.   |\n+----------+\n")));
    buf_clear(&b);
    bubble_add(&(BubbleStyle){.width = 24}, 1, S("B"), S("Hi"), &b);
    assert_true(str_eq(buf_str(&b), S("                 +- B -+\n                 | Hi  |\n                 +-----+\n")));
    buf_free(&b);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    (void)state;
    const Str texts[] = {
        S("word word word word word word word word word word word word word word word word"),
        S("averyveryveryveryveryveryveryveryveryveryveryveryveryverylongwordwithoutanyspaceatall and more"),
        S("日本語の文章はとても長くて空白がまったくありませんからどこでも折り返すことができます"),
        S("\xCC\x81""e\xCC\x81""e\xCC\x81 \xF0\x9F\x99\x82\xF0\x9F\x99\x82\xF0\x9F\x99\x82\xF0\x9F\x99\x82\xF0\x9F\x99\x82\xF0\x9F\x99\x82\xF0\x9F\x99\x82"),
        S(""), S("\n\n"), S("   "),
    };
    for (unsigned width = 1; width < 100; width++)
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            for (unsigned side = 0; side < 2; side++) {
                Buf b = {0};
                bubble_add(&(BubbleStyle){.width = width, .unicode = true}, side, texts[(i + 1) % 7], texts[i], &b);
                assert_true(widest_line(buf_str(&b)) <= (width < 24 ? 24 : width));
                buf_free(&b);
            }
}

static void nothing_harmful_reaches_the_terminal(void **state)
{
    (void)state;
    Buf b = {0};
    bubble_add(&(BubbleStyle){.width = 60}, 0, S("\x1b[31mEve"), S("a\x1b]0;title\x07 b\r\xE2\x80\xAE c\xC2\x9B d\xFF"), &b);
    for (size_t i = 0; i < b.len; i++) assert_true(b.ptr[i] == '\n' || (unsigned char)b.ptr[i] >= 0x20);
    assert_false(str_contains(buf_str(&b), S("\xE2\x80\xAE")));
    assert_false(str_contains(buf_str(&b), S("\xC2\x9B")));
    assert_true(utf8_valid(buf_str(&b)));
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bubble_looks_like_this),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(nothing_harmful_reaches_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
