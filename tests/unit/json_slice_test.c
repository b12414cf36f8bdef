// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/json_slice.h"

static void check_text(Str raw, Str text)
{
    Buf b = {0};
    json_slice_text(&b, raw);
    assert_int_equal(b.len, text.len);
    assert_true(str_eq(buf_str(&b), text) || text.len == 0);
    buf_free(&b);
}

static void members_are_found(void **state)
{
    (void)state;
    Str object = S("{ \"a\":1 ,\"b\":{\"a\":[1,\"]}\"]},\"c\":\"x\\\"y\\\\\", \"d\":null}");
    assert_true(str_eq(json_slice_member(object, S("a")), S("1")));
    assert_true(str_eq(json_slice_member(object, S("b")), S("{\"a\":[1,\"]}\"]}")));
    assert_true(str_eq(json_slice_member(object, S("c")), S("\"x\\\"y\\\\\"")));
    assert_true(json_slice_is_null(json_slice_member(object, S("d"))));
    assert_null(json_slice_member(object, S("e")).ptr);
    assert_null(json_slice_member(S("[]"), S("e")).ptr);
}

static void items_come_in_order(void **state)
{
    (void)state;
    JsonWalk w = {.text = S(" [ 1, \"two\" ,[3],{\"f\":4} ]")};
    const Str want[] = {S("1"), S("\"two\""), S("[3]"), S("{\"f\":4}")};
    Str value;
    for (size_t i = 0; i < 4; i++) {
        assert_true(json_walk_item(&w, &value));
        assert_true(str_eq(value, want[i]));
    }
    assert_false(json_walk_item(&w, &value));
    assert_false(json_walk_item(&w, &value));
    w = (JsonWalk){.text = S("[]")};
    assert_false(json_walk_item(&w, &value));
}

static void escapes_become_letters(void **state)
{
    (void)state;
    check_text(S("\"a\\nb\\\"\\\\\\/\\t\""), S("a\nb\"\\/\t"));
    check_text(S("\"\\u00e9\\ud83d\\ude00\""), S("\xC3\xA9\xF0\x9F\x98\x80"));
    check_text(S("\"\\ud83d!\""), S("\xEF\xBF\xBD!"));
    check_text(S("12.5"), S("12.5"));
    check_text(S("null"), S(""));
    check_text(S("\""), S("\""));
}

// Every beginning of a text, and every text with one byte changed, must be walked without reading
// outside it; the sanitizers watch.
static void what_is_no_json_ends_the_walk(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[{\"b\":\"\\u12\\\\\"},2],\"c\":{\"d\":[]}}";
    for (size_t n = 0; n < sizeof text; n++)
        for (size_t at = 0; at < n; at++) {
            char *copy = malloc(n);
            memcpy(copy, text, n);
            copy[at] = "\"\\{}[],:x"[(at + n) % 9];
            JsonWalk w = {.text = {copy, n}}, items = {.text = {copy, n}};
            Str key, value;
            Buf b = {0};
            while (json_walk_member(&w, &key, &value)) json_slice_text(&b, value);
            while (json_walk_item(&items, &value)) json_slice_text(&b, value);
            buf_free(&b);
            free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(items_come_in_order),
        cmocka_unit_test(escapes_become_letters),
        cmocka_unit_test(what_is_no_json_ends_the_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
