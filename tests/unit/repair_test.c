// SPDX-License-Identifier: Apache-2.0
//
// Broken JSON as models write it: what was written, and what it reads as. Several values in one
// text stand one behind the other.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/random.h"
#include "base/utf8.h"
#include "conversation/repair.h"

typedef struct Case {
    const char *written, *meant;
} Case;

static const Case cases[] = {
    // Nothing broken.
    {"[]", "[]"},
    {"{}", "{}"},
    {"[1, -2.5e3, true, false, null, \"a\"]", "[1,-2.5e3,true,false,null,\"a\"]"},
    {"{\"a\": {\"b\": [[]]}}", "{\"a\":{\"b\":[[]]}}"},
    {"[\"\\u00e9\\ud83d\\ude00\\n\\t\\\"\\\\\\/\"]", "[\"é😀\\n\\t\\\"\\\\/\"]"},
    {"[{\"Customer\": \"Is it \\\"ready\\\"?\", \"Agent\": \"Yes: at 5, or {later}.\"}]",
     "[{\"Customer\":\"Is it \\\"ready\\\"?\",\"Agent\":\"Yes: at 5, or {later}.\"}]"},
    // Commas.
    {"[1, 2, 3,]", "[1,2,3]"},
    {"{\"a\": 1,}", "{\"a\":1}"},
    {"[{\"a\": 1} {\"a\": 2}]", "[{\"a\":1},{\"a\":2}]"},
    {"[{\"a\": 1}\n{\"a\": 2}\n]", "[{\"a\":1},{\"a\":2}]"},
    {"[1,, 2,,,]", "[1,2]"},
    {"[,1]", "[1]"},
    {"{\"a\": \"x\" \"b\": \"y\"}", "{\"a\":\"x\",\"b\":\"y\"}"},
    {"{\"a\": \"x\"\n \"b\": \"y\"}", "{\"a\":\"x\",\"b\":\"y\"}"},
    {"[\"one\"\n\"two\"]", "[\"one\",\"two\"]"},
    {"{\"a\": \"x\",, \"b\": \"y\"}", "{\"a\":\"x\",\"b\":\"y\"}"},
    // Closing brackets missing, doubled, of the wrong kind.
    {"[{\"a\": \"x\"}", "[{\"a\":\"x\"}]"},
    {"[{\"a\": \"x\"", "[{\"a\":\"x\"}]"},
    {"{\"c\": [{\"a\": \"x\"}, {\"a\": \"y\"}, \"mood\": \"calm\"}", "{\"c\":[{\"a\":\"x\"},{\"a\":\"y\"}],\"mood\":\"calm\"}"},
    {"{\"c\": [{\"a\": \"x\"}", "{\"c\":[{\"a\":\"x\"}]}"},
    {"{\"c\": [{\"a\": \"x\"}}", "{\"c\":[{\"a\":\"x\"}]}"},
    {"[{\"a\": \"x\", {\"a\": \"y\"}]", "[{\"a\":\"x\"},{\"a\":\"y\"}]"},
    {"[{\"a\": \"x\" {\"a\": \"y\"}]", "[{\"a\":\"x\"},{\"a\":\"y\"}]"},
    {"[{\"a\": \"x\"], {\"a\": \"y\"}]", "[{\"a\":\"x\"},{\"a\":\"y\"}]"},
    {"[{\"a\": \"x\"}}, {\"a\": \"y\"}]", "[{\"a\":\"x\"},{\"a\":\"y\"}]"},
    {"{\"c\": [{\"a\": \"x\"}}, {\"a\": \"y\"}]}", "{\"c\":[{\"a\":\"x\"},{\"a\":\"y\"}]}"},
    {"[{\"a\": \"x\"}]]", "[{\"a\":\"x\"}]"},
    {"{\"a\": \"x\"}}", "{\"a\":\"x\"}"},
    {"[\"a\", \"b\"}", "[\"a\",\"b\"]"},
    {"{\"a\": \"x\"]", "{\"a\":\"x\"}"},
    {"{\"c\": [{\"a\": \"x\"}]}, \"mood\": \"calm\"}", "{\"c\":[{\"a\":\"x\"}]}{\"mood\":\"calm\"}"},
    // Opening brackets missing, doubled, of the wrong kind.
    {"{\"a\": \"x\"}, {\"a\": \"y\"}]", "{\"a\":\"x\"}{\"a\":\"y\"}"},
    {"{\"a\": \"x\"}\n{\"a\": \"y\"}\n", "{\"a\":\"x\"}{\"a\":\"y\"}"},
    {"\"c\": [{\"a\": \"x\"}], \"mood\": \"calm\"}", "{\"c\":[{\"a\":\"x\"}],\"mood\":\"calm\"}"},
    {"{\"c\": {\"a\": \"x\"}, {\"a\": \"y\"}]}", "{\"c\":[{\"a\":\"x\"},{\"a\":\"y\"}]}"},
    {"{{\"a\": \"x\"}}", "{\"a\":\"x\"}"},
    {"[\"a\": \"x\", \"b\": \"y\"]", "{\"a\":\"x\",\"b\":\"y\"}"},
    {"[{\"a\": \"x\"}, \"a\": \"y\"}]", "[{\"a\":\"x\"},{\"a\":\"y\"}]"},
    {"{\"one\", \"two\"}", "[\"one\",\"two\"]"},
    {"{[{\"a\": \"x\"}]}", "{\"\":[{\"a\":\"x\"}]}"},
    // Quotes.
    {"{'a': 'x', 'b': 'y'}", "{\"a\":\"x\",\"b\":\"y\"}"},
    {"{'a': 'I don't know', 'b': 'it's fine'}", "{\"a\":\"I don't know\",\"b\":\"it's fine\"}"},
    {"{'a': \"I don't\", 'b': 'say \"no\"'}", "{\"a\":\"I don't\",\"b\":\"say \\\"no\\\"\"}"},
    {"{\xE2\x80\x9C" "a\xE2\x80\x9D: \xE2\x80\x9Cx\xE2\x80\x9D}", "{\"a\":\"x\"}"},
    {"{\xE2\x80\x98" "a\xE2\x80\x99: \xE2\x80\x98I don\xE2\x80\x99t\xE2\x80\x99, \xE2\x80\x98" "b': \xE2\x80\x98y'}",
     "{\"a\":\"I don\xE2\x80\x99t\",\"b\":\"y\"}"},
    {"[`one`, `two`]", "[\"one\",\"two\"]"},
    {"{\"a\": \"He said \"yes\" twice\", \"b\": \"y\"}", "{\"a\":\"He said \\\"yes\\\" twice\",\"b\":\"y\"}"},
    {"{\"a\": \"He said \"yes\", then left\", \"b\": \"y\"}", "{\"a\":\"He said \\\"yes\\\", then left\",\"b\":\"y\"}"},
    {"{\"a\": \"the word \"no\"\"}", "{\"a\":\"the word \\\"no\\\"\"}"},
    {"[\"a \"quoted\" word\", \"b\"]", "[\"a \\\"quoted\\\" word\",\"b\"]"},
    {"{\"a\": \"press \"OK\" [twice]\", \"b\": \"y\"}", "{\"a\":\"press \\\"OK\\\" [twice]\",\"b\":\"y\"}"},
    {"{\"a\": \"hello, \"b\": \"y\"}", "{\"a\":\"hello\",\"b\":\"y\"}"},
    {"{\"a\": \"hello\n \"b\": \"y\"}", "{\"a\":\"hello\",\"b\":\"y\"}"},
    {"[{\"a\": \"hello}, {\"a\": \"y\"}]", "[{\"a\":\"hello\"},{\"a\":\"y\"}]"},
    {"[{\"a\": \"hello}]", "[{\"a\":\"hello\"}]"},
    {"{\"a\": hello there\", \"b\": \"y\"}", "{\"a\":\"hello there\",\"b\":\"y\"}"},
    {"[hello there\", \"b\"]", "[\"hello there\",\"b\"]"},
    {"{a\": \"x\"}", "{\"a\":\"x\"}"},
    {"{\"a: \"x\"}", "{\"a\":\"x\"}"},
    // Keys and values without quotes.
    {"{a: \"x\", b_c: \"y\"}", "{\"a\":\"x\",\"b_c\":\"y\"}"},
    {"{\"x\": 1, Help Desk: \"x\"}", "{\"x\":1,\"Help Desk\":\"x\"}"},
    {"{\"a\": hello there, friend, \"b\": yes}", "{\"a\":\"hello there, friend\",\"b\":\"yes\"}"},
    {"{\"a\" \"x\", \"b\": [1]}", "{\"a\":\"x\",\"b\":[1]}"},
    {"{\"a\" [1], \"b\" {\"c\": 2}}", "{\"a\":[1],\"b\":{\"c\":2}}"},
    {"{\"a\" = \"x\", 'b' => 'y'}", "{\"a\":\"x\",\"b\":\"y\"}"},
    {"{\"a\":, \"b\": \"y\"}", "{\"a\":null,\"b\":\"y\"}"},
    {"{\"a\": 007}", "{\"a\":\"007\"}"},
    {"{\"a\": 12 Elm Street}", "{\"a\":\"12 Elm Street\"}"},
    // Python.
    {"{'a': None, 'b': True, 'c': False}", "{\"a\":null,\"b\":true,\"c\":false}"},
    {"{\"a\": NaN, \"b\": undefined}", "{\"a\":null,\"b\":null}"},
    {"{\"a\": string, \"b\": \"string\"}", "{\"a\":null,\"b\":\"string\"}"},
    // Comments and ellipses.
    {"[1, // one\n 2, # two\n /* three */ 3]", "[1,2,3]"},
    {"{\"a\": \"x\" // greeting\n, \"b\": \"http://y\"}", "{\"a\":\"x\",\"b\":\"http://y\"}"},
    {"[{\"a\": \"x\"}, ...]", "[{\"a\":\"x\"}]"},
    {"[{\"a\": \"x\"}, …\n]", "[{\"a\":\"x\"}]"},
    // Inside strings.
    {"[\"one\ntwo\"]", "[\"one\\ntwo\"]"},
    {"[\"tab\there\"]", "[\"tab\\there\"]"},
    {"[\"it\\'s \\$5 and \\alpha\"]", "[\"it's $5 and \\\\alpha\"]"},
    {"[\"\\ud83d alone, \\u0000, \\u12\"]", "[\"\xEF\xBF\xBD alone, \xEF\xBF\xBD, \\\\u12\"]"},
    {"{\"a\": \"see [1], {2}\", \"b\": \"}\"}", "{\"a\":\"see [1], {2}\",\"b\":\"}\"}"},
    // Cut off.
    {"[{\"a\": \"x\"}, {\"a\": \"hel", "[{\"a\":\"x\"},{\"a\":\"hel\"}]"},
    {"[{\"a\": \"x\"}, {\"a\":", "[{\"a\":\"x\"},{}]"},
    {"[{\"a\": \"x\"}, {\"a", "[{\"a\":\"x\"},{}]"},
    {"[{\"a\": \"x\"}, {", "[{\"a\":\"x\"},{}]"},
    {"{\"", "{}"},
    {"[{\"a\": \"x\"}, ", "[{\"a\":\"x\"}]"},
    {"[\"abc\\", "[\"abc\"]"},
    {"[\"abc\\u00e", "[\"abc\\\\u00e\"]"},
    {"[", "[]"},
    // Text around it.
    {"Sure! Here it is: [{\"a\": \"x\"}] Enjoy.", "[{\"a\":\"x\"}]"},
    {"As [1] says {see below}: {\"a\": \"x\"}", "{\"a\":\"x\"}"},
    {"{\"a\": \"x\"} I hope \"this\" helps {you}!", "{\"a\":\"x\"}"},
    {"no JSON at all", ""},
    {"", ""},
};

// As strict compact JSON.
static void loose_write(Buf *b, const Loose *value)
{
    switch (value->kind) {
    case LOOSE_NULL: buf_add(b, S("null")); return;
    case LOOSE_SCALAR: buf_add(b, value->text); return;
    case LOOSE_STRING: json_write_string(b, value->text); return;
    case LOOSE_ARRAY:
    case LOOSE_OBJECT: break;
    }
    bool object = value->kind == LOOSE_OBJECT;
    buf_add_char(b, object ? '{' : '[');
    for (const Loose *child = value->first; child; child = child->next) {
        if (child != value->first) buf_add_char(b, ',');
        if (object) {
            json_write_string(b, child->key);
            buf_add_char(b, ':');
        }
        loose_write(b, child);
    }
    buf_add_char(b, object ? '}' : ']');
}

static Str read_all(Str text, Buf *b, Arena *a)
{
    size_t from = text.len && memchr("\"[{", text.ptr[0], 3) ? 0 : loose_find(text, 0);
    buf_clear(b);
    if (from == STR_NONE) return (Str){"", 0};
    LooseText read = loose_read(text, from, a);
    assert_in_range(read.end, from, text.len);
    for (const Loose *v = read.values; v; v = v->next) loose_write(b, v);
    return buf_str(b);
}

static void test_cases(void **state)
{
    (void)state;
    Arena a = {0};
    Buf b = {0};
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        // A copy of exactly this size, so that a sanitizer sees a read behind its end.
        Str whole = str_from(cases[i].written);
        char *copy = mem_alloc(whole.len);
        memcpy(copy, whole.ptr, whole.len);
        Str got = read_all((Str){copy, whole.len}, &b, &a);
        if (!str_eq(got, str_from(cases[i].meant))) {
            print_error("written %s\nmeant   %s\nread    %.*s\n\n", cases[i].written, cases[i].meant, STR_ARG(got));
            wrong++;
        }
        free(copy);
    }
    assert_int_equal(wrong, 0);
    buf_free(&b);
    arena_free(&a);
}

static void test_end(void **state)
{
    (void)state;
    Arena a = {0};
    struct {
        Str text;
        bool cut, open;
    } ends[] = {
        {S("[\"a\"]"), false, false},     {S("[\"a\""), false, true},     {S("[\"a]"), false, false},
        {S("[\"a"), true, true},          {S("{\"a\": "), true, true},    {S("{\"a"), true, true},
        {S("{\"a\": 12"), true, true},    {S("{\"a\": 12}"), false, false}, {S("{\"a\": hel"), true, true},
        {S("[{\"a\": \"x\"},"), false, true},
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        LooseText read = loose_read(ends[i].text, 0, &a);
        assert_non_null(read.values);
        if (read.cut != ends[i].cut || read.values->open != ends[i].open)
            fail_msg("%.*s: cut %d, open %d", STR_ARG(ends[i].text), read.cut, read.values->open);
    }
    LooseText read = loose_read(S("[1] and more"), 0, &a);
    assert_int_equal(read.end, 3);
    arena_free(&a);
}

// ---- strict JSON reads as what it says ----------------------------------------------------------

static json_t *random_value(Random *r, unsigned depth)
{
    static const char *const pieces[] = {"a", " ", ",", ":", "\"", "'", "{", "}", "[", "]", "\\", "\n", "é", "“", "//", "#", "...", "1", "null", "\", \"a\": \"", "Agent"};
    Buf text = {0};
    json_t *value = NULL;
    uint64_t kind = random_below(r, depth ? 7 : 5);
    if (kind < 3) {
        for (uint64_t n = random_below(r, 8); n; n--) buf_add(&text, str_from(pieces[random_below(r, sizeof pieces / sizeof *pieces)]));
        value = json_from_str(buf_str(&text));
    } else if (kind == 3) {
        value = json_integer((json_int_t)random_below(r, 2000) - 1000);
    } else if (kind == 4) {
        value = random_below(r, 2) ? json_true() : json_null();
    } else if (kind == 5) {
        value = json_array();
        for (uint64_t n = random_below(r, 4); n; n--) json_array_append_new(value, random_value(r, depth - 1));
    } else {
        value = json_object();
        for (uint64_t n = random_below(r, 4); n; n--) {
            buf_clear(&text);
            for (uint64_t m = random_below(r, 3); m; m--) buf_add(&text, str_from(pieces[random_below(r, 4)]));
            buf_printf(&text, "k%u", (unsigned)n);
            json_object_setn_new(value, text.ptr, text.len, random_value(r, depth - 1));
        }
    }
    buf_free(&text);
    return value;
}

static void test_strict(void **state)
{
    (void)state;
    Random r = random_from(7);
    Buf compact = {0}, pretty = {0}, got = {0};
    for (unsigned i = 0; i < 4000; i++) {
        Arena a = {0};
        json_t *root = json_array();
        json_array_append_new(root, random_value(&r, 5));
        json_array_append_new(root, random_value(&r, 3));
        buf_clear(&compact), buf_clear(&pretty);
        json_write(&compact, root);
        json_write_pretty(&pretty, root, 2);
        Str forms[] = {buf_str(&compact), buf_str(&pretty)};
        for (size_t f = 0; f < 2; f++) {
            LooseText read = loose_read(forms[f], 0, &a);
            assert_non_null(read.values);
            assert_null(read.values->next);
            assert_false(read.cut || read.overflow || read.values->open);
            buf_clear(&got);
            loose_write(&got, read.values);
            if (!str_eq(buf_str(&got), buf_str(&compact)))
                fail_msg("wrote %.*s\nread %.*s", STR_ARG(forms[f]), STR_ARG(buf_str(&got)));
        }
        json_decref(root);
        arena_free(&a);
    }
    buf_free(&compact), buf_free(&pretty), buf_free(&got);
}

// ---- hostile text -------------------------------------------------------------------------------

// Reads `unit` repeated to about `size` bytes behind `head`; no bound but the test's time-out holds
// the time, and LOOSE_VALUES the memory.
static void read_repeated(const char *head, const char *unit, size_t size)
{
    Arena a = {0};
    Buf b = {0};
    buf_add(&b, str_from(head));
    while (b.len < size) buf_add(&b, str_from(unit));
    LooseText read = loose_read(buf_str(&b), 0, &a);
    assert_in_range(read.end, 0, b.len);
    assert_true(a.total <= b.len * 2 + (64u << 20));
    buf_free(&b);
    arena_free(&a);
}

static void test_hostile(void **state)
{
    (void)state;
    static const char *const units[] = {
        "[", "{", "{\"a\":", "[{\"a\":[", "]", "}", "[]", "[],", "{},", "\"", "\",", "\", ", "\"a\",", "\",\"", "'\"", "\\", "\\\"",
        "a", "a,", ",", ":", "a:", "a: ", "\"a\":", "\"a\" ", "\n\"a\": ", "//", "/*", "#", "...", "1", "1,", "-", " ", "\n",
        "}]", "]}", "\"}", "\"]", "\"}]", "\"},{", "\" }", ",`", "\",'\\", "\xE2\x80\x9C", "\xE2", "\xE2\x80", "{\"a\":\"b\"},", "\"\n", "\0",
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        read_repeated("", units[i][0] ? units[i] : " ", 40000);
        read_repeated("[", units[i][0] ? units[i] : " ", 40000);
        read_repeated("[\"", units[i][0] ? units[i] : " ", 40000);
        read_repeated("{\"a\": \"", units[i][0] ? units[i] : " ", 40000);
        read_repeated("{\"a\": x", units[i][0] ? units[i] : " ", 40000);
    }
    Arena a = {0};
    Buf b = {0};
    for (int i = 0; i < 100000; i++) buf_add_char(&b, '[');
    buf_add(&b, S("\"deep\""));
    for (int i = 0; i < 100000; i++) buf_add_char(&b, ']');
    LooseText read = loose_read(buf_str(&b), 0, &a);
    assert_false(read.values->open);
    buf_clear(&b);
    buf_add_char(&b, '[');
    for (int i = 0; i < LOOSE_VALUES; i++) buf_add(&b, S("0,"));
    assert_true(loose_read(buf_str(&b), 0, &a).overflow);
    buf_free(&b);
    arena_free(&a);
}

static void test_random(void **state)
{
    (void)state;
    static const char letters[] = "{}[]\",:'\\ \nabn1t`#/.-\xE2\x80\x9C";
    Random r = random_from(3);
    Buf b = {0}, out = {0};
    for (unsigned i = 0; i < 20000; i++) {
        Arena a = {0};
        size_t n = random_below(&r, 40);
        char *text = mem_alloc(n);
        for (size_t j = 0; j < n; j++) text[j] = letters[random_below(&r, sizeof letters - 1)];
        Str got = read_all((Str){text, n}, &b, &a);
        // What was read is strict JSON, one value after the other.
        LooseText again = loose_read(got, 0, &a);
        buf_clear(&out);
        for (const Loose *v = again.values; v; v = v->next) loose_write(&out, v);
        if (got.len && utf8_valid((Str){text, n}) && !str_eq(got, buf_str(&out)))
            fail_msg("%.*s: %.*s", STR_ARG(got), STR_ARG(buf_str(&out)));
        free(text);
        arena_free(&a);
    }
    buf_free(&b), buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),   cmocka_unit_test(test_end),    cmocka_unit_test(test_strict),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
