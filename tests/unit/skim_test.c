// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "llm/skim.h"

static void test_check(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
        SkimFault fault;
    } rows[] = {
        {"{}", "{}", SKIM_FINE},
        {" [ ] ", "[ ]", SKIM_FINE},
        {"[1, -2.5e+3,true,false,null,\"a\\u00e9\\n\"]x", "[1, -2.5e+3,true,false,null,\"a\\u00e9\\n\"]", SKIM_FINE},
        {"{\"a\":{\"b\":[[],{}]}} tail", "{\"a\":{\"b\":[[],{}]}}", SKIM_FINE},
        {"\"x\"", "\"x\"", SKIM_FINE},
        {"0", "0", SKIM_FINE},
        {"", NULL, SKIM_EMPTY},
        {" \n", NULL, SKIM_EMPTY},
        {"{", NULL, SKIM_CUT},
        {"{\"a", NULL, SKIM_CUT},
        {"{\"a\\", NULL, SKIM_CUT},
        {"{\"a\\u12", NULL, SKIM_CUT},
        {"{\"a\"", NULL, SKIM_CUT},
        {"{\"a\":", NULL, SKIM_CUT},
        {"{\"a\":1", NULL, SKIM_CUT},
        {"{\"a\":1,", NULL, SKIM_CUT},
        {"[tru", NULL, SKIM_CUT},
        {"[1e", NULL, SKIM_CUT},
        {"{a:1}", NULL, SKIM_BROKEN},
        {"{\"a\" 1}", NULL, SKIM_BROKEN},
        {"{\"a\":1,}", NULL, SKIM_BROKEN},
        {"[1 2]", NULL, SKIM_BROKEN},
        {"[1,]", NULL, SKIM_BROKEN},
        {"[01]", NULL, SKIM_BROKEN},
        {"[+1]", NULL, SKIM_BROKEN},
        {"[1.]", NULL, SKIM_BROKEN},
        {"[1}", NULL, SKIM_BROKEN},
        {"{\"a\":1]", NULL, SKIM_BROKEN},
        {"[\"a\nb\"]", NULL, SKIM_BROKEN},
        {"[\"\\x\"]", NULL, SKIM_BROKEN},
        {"[\"\\u12g4\"]", NULL, SKIM_BROKEN},
        {"[\"\xff\"]", NULL, SKIM_BROKEN},
        {"nul!", NULL, SKIM_BROKEN},
        {"<html>", NULL, SKIM_BROKEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Str value;
        size_t at;
        SkimFault fault = skim_check(str_from(rows[i].text), &value, &at);
        if (fault != rows[i].fault || !str_eq(value, str_from(rows[i].value))) fail_msg("%s: %d %.*s", rows[i].text, fault, STR_ARG(value));
        assert_true(at <= strlen(rows[i].text));
    }
}

static void test_depth(void **state)
{
    (void)state;
    for (unsigned depth = SKIM_DEPTH_MAX - 1; depth <= SKIM_DEPTH_MAX + 1; depth++) {
        Buf text = {0};
        Str value;
        size_t at;
        for (unsigned i = 0; i < depth; i++) buf_add_char(&text, '[');
        for (unsigned i = 0; i < depth; i++) buf_add_char(&text, ']');
        assert_int_equal(skim_check(buf_str(&text), &value, &at), depth <= SKIM_DEPTH_MAX ? SKIM_FINE : SKIM_DEEP);
        buf_free(&text);
    }
}

static void test_get(void **state)
{
    (void)state;
    const Str object = S("{ \"a\" : 1 , \"b\":{\"a\":2,\"s\":\"}\\\"]\"}, \"list\" :[ {\"a\":3} , \"x,y\",[] ],\"a\":4}");
    assert_true(str_eq(skim_get(object, S("a")), S("4")));
    assert_true(str_eq(skim_get(skim_get(object, S("b")), S("a")), S("2")));
    assert_true(str_eq(skim_get(skim_get(object, S("b")), S("s")), S("\"}\\\"]\"")));
    assert_null(skim_get(object, S("c")).ptr);
    assert_null(skim_get(S("[1]"), S("a")).ptr);
    assert_null(skim_get((Str){0}, S("a")).ptr);
    Str list = skim_get(object, S("list")), element;
    size_t at = 0;
    assert_int_equal(skim_count(list), 3);
    assert_true(skim_next(list, &at, &element) && str_eq(element, S("{\"a\":3}")));
    assert_true(skim_next(list, &at, &element) && str_eq(element, S("\"x,y\"")));
    assert_true(skim_next(list, &at, &element) && str_eq(element, S("[]")));
    assert_false(skim_next(list, &at, &element));
    at = 0;
    assert_false(skim_next(S("{}"), &at, &element));
    assert_int_equal(skim_count(S("[ ]")), 0);
}

static void test_values(void **state)
{
    (void)state;
    Arena a = {0};
    assert_true(str_eq(skim_text(S("\"a\\\\\\\"\\/\\b\\f\\n\\r\\t\\u0041\""), &a), S("a\\\"/\b\f\n\r\tA")));
    assert_true(str_eq(skim_text(S("\"\\ud83d\\ude00\""), &a), S("\xF0\x9F\x98\x80")));
    assert_true(str_eq(skim_text(S("\"\\ud83d\\u0041\\ude00\""), &a), S("\xEF\xBF\xBD" "A\xEF\xBF\xBD")));
    assert_true(str_eq(skim_text(S("\"\\u0000\""), &a), (Str){"\0", 1}));
    assert_true(str_eq(skim_text(S("\"\""), &a), S("")) && skim_text(S("\"\""), &a).ptr);
    assert_null(skim_text(S("17"), &a).ptr);
    assert_null(skim_text((Str){0}, &a).ptr);
    assert_int_equal(skim_number(S("17"), -1), 17);
    assert_int_equal(skim_number(S("-3"), -1), -3);
    assert_int_equal(skim_number(S("12.9"), -1), 12);
    assert_int_equal(skim_number(S("1e3"), -1), 1000);
    assert_int_equal(skim_number(S("1e30"), -1), -1);
    assert_int_equal(skim_number(S("99999999999999999999"), -1), -1);
    assert_int_equal(skim_number(S("\"5\""), -1), -1);
    assert_int_equal(skim_number(S("null"), -1), -1);
    assert_int_equal(skim_number((Str){0}, -1), -1);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
