// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include "project/template.h"

static const InjectionName injections[] = {{S_INIT("a"), NULL, 0}, {S_INIT("b"), NULL, 0}, {S_INIT("c"), NULL, 0}, {S_INIT("n"), NULL, 0}};
static const Names names = {.injections = injections, .n_injections = 4, .n_participants = 2, .knowledge = true};

typedef struct World {
    Arena arena;
    Problems problems;
    Template values[4];
} World;

static Template compile(World *w, const char *text)
{
    Template t;
    Origin origin = {S("prompting/user-prompt.txt"), str_from(text), 0, WRITTEN_PLAIN};
    template_compile(str_from(text), &origin, &names, SCOPE_PROMPT, &w->arena, &t, &w->problems);
    return t;
}

static bool value(void *ctx, Ref ref, Value *out)
{
    World *w = ctx;
    if (ref.id == NAME_TOPIC) {
        *out = (Value){.kind = VALUE_TEXT, .text = S("bank {a} {{b}} {")};
    } else if (ref.id == NAME_EXCHANGES) {
        *out = (Value){.kind = VALUE_JSON, .text = S("3")};
    } else if (ref.id == NAME_INJECTION && ref.index == 3) {
        *out = (Value){.kind = VALUE_NULL};
    } else if (ref.id == NAME_INJECTION) {
        *out = value_from_template(&w->values[ref.index]);
    } else {
        return false;
    }
    return true;
}

static void test_expand(void **state)
{
    (void)state;
    World w = {0};
    w.problems.arena = &w.arena;
    w.values[0] = compile(&w, "<{b}>");
    w.values[1] = compile(&w, "[{topic}|{exchanges}]");
    w.values[2] = compile(&w, "");
    static const char *const cases[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"{topic}", "bank {a} {{b}} {"},
        {"x{exchanges}y{exchanges}", "x3y3"},
        {"{a}", "<[bank {a} {{b}} {|3]>"},
        {"({c})({n})", "()()"},
        {"{{topic}}", "{topic}"},
        {"{{anything.at.all}} {{x-1.2}}", "{anything.at.all} {x-1.2}"},
        {"{{{topic}}}", "{{topic}}"},
        {"{ topic }", "{ topic }"},
        {"{", "{"},
        {"{{", "{{"},
        {"}", "}"},
        {"{}", "{}"},
        {"{topic", "{topic"},
        {"{{topic}", "{bank {a} {{b}} {"},
        {"{\"a\": {\"b\": [1, {\"c\": \"{exchanges}\"}]}}", "{\"a\": {\"b\": [1, {\"c\": \"3\"}]}}"},
        {"{\"n\":{exchanges}}", "{\"n\":3}"},
        {"{{ topic }}", "{{ topic }}"},
        {"{1}{-a}{a b}{a.}{a..b}", "{1}{-a}{a b}{a.}{a..b}"},
        {"{}{exchanges}{}", "{}3{}"},
        {"\xC3\xA4{exchanges}\xE2\x82\xAC", "\xC3\xA4" "3\xE2\x82\xAC"},
    };
    ValueSource source = {value, &w};
    for (size_t i = 0; i < N_OF(cases); i++) {
        Template t = compile(&w, cases[i][0]);
        assert_no_fault(cases[i][0], &w.problems);
        Buf out = {0};
        Error e;
        if (!template_expand(&t, &source, &out, &e)) fail_msg("%s: %s", cases[i][0], e.what);
        assert_text(buf_str(&out), cases[i][1]);
        buf_free(&out);
    }
    arena_free(&w.arena);
}

static void test_faults(void **state)
{
    (void)state;
    static const Fault cases[] = {
        {"Talk about {topik}.", "placeholder", 1, 12, "unknown name {topik}", "write {topic}"},
        {"\n\n  {xyzzy}", "placeholder", 3, 3, "unknown name {xyzzy}", "prompting/injections/"},
        {"\xC3\xA4\xC3\xB6 {turn.text}", "placeholder", 1, 4, "no value here", "record"},
        {"{template}", "placeholder", 1, 1, "needs templates", "templates.txt"},
        {"{{topic}} {topic} {participant.3}", "placeholder", 1, 19, "unknown name {participant.3}", "participant"},
        {"{{ {oops} }}", "placeholder", 1, 4, "unknown name {oops}", "{{oops}}"},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        World w = {0};
        w.problems.arena = &w.arena;
        compile(&w, cases[i].text);
        assert_fault(&cases[i], &w.problems);
        arena_free(&w.arena);
    }
}

static void test_several_faults_at_once(void **state)
{
    (void)state;
    World w = {0};
    w.problems.arena = &w.arena;
    Template t = compile(&w, "{one} {topic} {two}\n{three}");
    assert_int_equal(w.problems.n, 3);
    assert_int_equal(w.problems.items[2].place.line, 2);
    assert_int_equal(t.n, 3);
    assert_text(t.segments[0].text, "{one} ");
    arena_free(&w.arena);
}

static void test_depth(void **state)
{
    (void)state;
    World w = {0};
    w.problems.arena = &w.arena;
    // A cycle is found when a project is loaded; should one get here, filling still ends.
    w.values[0] = compile(&w, "{b}");
    w.values[1] = compile(&w, "{a}");
    Template t = compile(&w, "{a}");
    Buf out = {0};
    Error e;
    ValueSource source = {value, &w};
    assert_false(template_expand(&t, &source, &out, &e));
    assert_non_null(strstr(e.what, "more than 8 deep"));
    assert_int_equal(e.place.line, 1);
    arena_free(&w.arena);
}

static void test_growth(void **state)
{
    (void)state;
    World w = {0};
    w.problems.arena = &w.arena;
    char many[3 * 2000 + 1];
    for (size_t i = 0; i < 2000; i++) memcpy(many + 3 * i, "{b}", 3);
    many[sizeof many - 1] = 0;
    w.values[0] = compile(&w, many);
    w.values[1] = compile(&w, "{c}{c}");
    for (size_t i = 0; i < 2000; i++) many[3 * i + 1] = 'a';
    Template t = compile(&w, many);
    ValueSource source = {value, &w};
    Error e;
    Buf out = {.max = 1 << 20};
    w.values[2] = compile(&w, "a word");
    assert_false(template_expand(&t, &source, &out, &e));  // 48 MB of text
    assert_non_null(strstr(e.what, "larger than 1024 KB"));
    buf_free(&out);
    w.values[2] = compile(&w, "");
    out = (Buf){.max = 1 << 20};
    assert_false(template_expand(&t, &source, &out, &e));  // eight million times nothing
    assert_int_equal(out.len, 0);
    buf_free(&out);
    arena_free(&w.arena);
}

static void test_no_such_value(void **state)
{
    (void)state;
    World w = {0};
    w.problems.arena = &w.arena;
    Template t = compile(&w, "{document}");
    Buf out = {0};
    Error e;
    ValueSource source = {value, &w};
    assert_false(template_expand(&t, &source, &out, &e));
    assert_int_equal(e.kind, ERROR_INTERNAL);
    arena_free(&w.arena);
}

static void test_single(void **state)
{
    (void)state;
    World w = {0};
    w.problems.arena = &w.arena;
    Ref ref;
    Template one = compile(&w, "{topic}"), more = compile(&w, " {topic}"), none = compile(&w, "{{topic}}");
    assert_true(template_single(&one, &ref) && ref.id == NAME_TOPIC);
    assert_false(template_single(&more, &ref));
    assert_false(template_single(&none, &ref));
    assert_int_equal(value_from_template(&none).kind, VALUE_TEXT);
    assert_text(value_from_template(&none).text, "{topic}");
    assert_int_equal(value_from_template(&one).kind, VALUE_TEMPLATE);
    assert_true(template_mentions(&more, NAME_TOPIC));
    assert_false(template_mentions(&none, NAME_TOPIC));
    Template literal = template_literal(S("{topic}"), &w.arena);
    assert_text(value_from_template(&literal).text, "{topic}");
    arena_free(&w.arena);
}

static void test_origins(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t start;
        Writing writing;
        size_t at, offset;
    } cases[] = {
        {"abc", 1, WRITTEN_PLAIN, 1, 2},
        {"[\"ab\\n\\u00e4\\ud83d\\ude00{x}\"]", 1, WRITTEN_JSON, 9, 24},
        {"[\"a\\\"b{x}\"]", 1, WRITTEN_JSON, 3, 6},
        {"[1, \"ab\"]", 1, WRITTEN_JSON_ITEM, 1, 6},
        {"[\"x\", {\"label\": \"l\", \"value\": \"ab\"}]", 1, WRITTEN_JSON_ITEM, 1, 32},
        {"h\n\"a\"\"b{x}\"", 2, WRITTEN_CSV, 3, 7},
        {"h\nab", 2, WRITTEN_CSV, 1, 3},
        {"one\n# note\ntwo {x}", 0, WRITTEN_COMMENTED, 8, 15},
        {"abc", 1, WRITTEN_PLAIN, 99, 3},
        {"[\"a", 1, WRITTEN_JSON, 99, 3},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        Origin o = {S("f"), str_from(cases[i].file), cases[i].start, cases[i].writing};
        if (origin_offset(&o, cases[i].at) != cases[i].offset)
            fail_msg("%s: %zu, want %zu", cases[i].file, origin_offset(&o, cases[i].at), cases[i].offset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expand), cmocka_unit_test(test_faults),        cmocka_unit_test(test_several_faults_at_once),
        cmocka_unit_test(test_depth),  cmocka_unit_test(test_growth),        cmocka_unit_test(test_no_such_value),
        cmocka_unit_test(test_single), cmocka_unit_test(test_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
