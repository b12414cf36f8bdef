// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "conversation/render.h"
#include "conversation/transcript.h"
#include "conversation_forms.h"

typedef struct Read {
    Arena arena;
    Transcripts out;
    Problems problems;
    bool ok;
} Read;

static Read read_text(const char *text, const Form *form)
{
    Read r = {0};
    r.problems.arena = &r.arena;
    r.ok = transcripts_read(str_from(text), S("examples/examples.txt"), form, NULL, &r.arena, &r.out, &r.problems);
    r.problems.arena = NULL;
    return r;
}

static void assert_turns(Read *r, const Form *form, size_t i, const char *want)
{
    assert_true(i < r->out.n);
    Str got = conversation_transcript(&r->out.items[i].conversation, form, &r->arena);
    if (!str_eq(got, str_from(want))) fail_msg("got  %.*s\nwant %s", STR_ARG(got), want);
}

static void test_blocks(void **state)
{
    (void)state;
    const char *text = "\nCustomer: hi\nAgent: ho\n\n\ncustomer :  a\nb: c\nAgent: d\n \nCustomer: 1\nAgent: 2";
    Read r = read_text(text, &plain);
    assert_true(r.ok && !r.out.ruled);
    assert_int_equal(r.out.n, 3);
    assert_turns(&r, &plain, 0, "Customer: hi\nAgent: ho");
    assert_turns(&r, &plain, 1, "Customer: a\nb: c\nAgent: d");
    assert_turns(&r, &plain, 2, "Customer: 1\nAgent: 2");
    assert_int_equal(r.out.items[0].offset, 1);
    assert_int_equal(r.out.items[0].line, 2);
    assert_int_equal(r.out.items[1].line, 6);
    assert_int_equal(r.out.items[2].line, 10);
    arena_free(&r.arena);
}

static void test_rules(void **state)
{
    (void)state;
    Read r = read_text("Customer: hi\n\nAgent: first\n\n  second\n\n---\n---  \n\nCustomer: x\nAgent: --- y\n---\n", &plain);
    assert_true(r.ok && r.out.ruled);
    assert_int_equal(r.out.n, 2);
    assert_turns(&r, &plain, 0, "Customer: hi\nAgent: first\n\n  second");
    assert_turns(&r, &plain, 1, "Customer: x\nAgent: --- y");
    assert_int_equal(r.out.items[1].line, 10);
    arena_free(&r.arena);
    r = read_text("", &plain);
    assert_true(r.ok && r.out.n == 0);
    arena_free(&r.arena);
    r = read_text("\n\n---\n", &plain);
    assert_true(r.ok && r.out.n == 0);
    arena_free(&r.arena);
}

static void test_values(void **state)
{
    (void)state;
    Read r = read_text("[topic=billing mood=\"Very Angry\" persona=a=b]\nCustomer: hi\nAgent: ho\n\n[]\nCustomer: x\nAgent: y\n", &labelled);
    assert_true(r.ok);
    assert_int_equal(r.out.n, 2);
    const Transcript *t = &r.out.items[0];
    assert_int_equal(t->n_values, 3);
    assert_true(str_eq(t->values[0].name, S("topic")) && str_eq(t->values[0].value, S("billing")));
    assert_true(str_eq(t->values[1].name, S("mood")) && str_eq(t->values[1].value, S("Very Angry")));
    assert_true(str_eq(t->values[2].name, S("persona")) && str_eq(t->values[2].value, S("a=b")));
    assert_int_equal(t->values[1].offset, 15);
    assert_true(str_eq(t->conversation.labels[0], S("very angry")));
    assert_null(t->conversation.labels[1].ptr);
    assert_int_equal(r.out.items[1].n_values, 0);
    arena_free(&r.arena);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const Form *form;
        const char *text, *what, *hint;
        unsigned line, column;
    } cases[] = {
        {&plain, "Customer: hi\n\nAgent: ho\n", "Customer speaks last", "every blank line begins a new example", 1, 1},
        {&plain, "Hello!\nCustomer: hi\nAgent: ho\n", "no participant's name", "write `Customer: text`", 1, 1},
        {&plain, "Customer: hi\nAgent: ho\n---\n\n  Manager: hi\nAgent: ho", "no participant's name", "`---`", 5, 3},
        {&plain, "Customer: hi\nAgent: ho\n---\nCustomer: hi\nAgent:\n", "turn 2 (Agent) is empty", "by a line `---`", 5, 1},
        {&plain, "[topic billing]\nCustomer: hi\nAgent: ho", "no `name=value`", "[topic=billing", 1, 2},
        {&plain, "[topic=\"billing]\nCustomer: hi\nAgent: ho", "no `name=value`", "[topic=billing", 1, 2},
        {&plain, "[a=1  =2]\nCustomer: hi\nAgent: ho", "no `name=value`", "[topic=billing", 1, 7},
        {&plain, "[a=1 a=2]\nCustomer: hi\nAgent: ho", "a second value for a", "keep one", 1, 6},
        {&plain, "[a=1]\n\nCustomer: hi\nAgent: ho", "no turn", "every blank line", 1, 1},
        {&plain, "Customer: 1\nAgent:\n\n 2\n---\nCustomer: 1\n\nCustomer: 2\nAgent: 3", "turn 2: Customer speaks twice", "---", 8, 1},
        {&plain, "Customer: 1\nAgent: 2\nCustomer: 3", "Customer speaks last", "---", 3, 1},
        {&plain, "Customer: 1\nAgent: 2\nCustomer [a=b]: 3\nAgent: 4", "no label of this turn is named a", "leave the bracket out", 3, 11},
        {&intent, "Customer [intend=ask]: 1\nAgent: 2", "no label of this turn is named intend", "write Customer [intent=…]: text", 1, 11},
        {&intent, "Customer: 1\nAgent [intent=ask]: 2", "no label of this turn is named intent", "leave the bracket out", 2, 8},
        {&intent, "Customer: 1\nAgent: 2\nCustomer [intent=sing]: 3\nAgent: 4", "turn 3: label \"intent\" is \"sing\"", "---", 3, 1},
        {&intent, "Customer [intent=ask intent=ask]: 1\nAgent: 2", "a second value for intent", "keep one", 1, 22},
        {&intent, "Customer [intent=ask thank]: 1\nAgent: 2", "no `name=value`", "write Name [intent=ask]: text", 1, 22},
        {&labelled, "[mood=sad]\nCustomer: hi\nAgent: ho", "label \"mood\" is \"sad\"", "---", 1, 1},
        {&plain, "Customer: 1\nAgent: 2\nCustomer: 3\nAgent: 4\nCustomer: 5\nAgent: 6\nCustomer: 7\nAgent: 8\nCustomer: 9\nAgent: 10\n", "5 exchanges, at most 4", "---", 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Read r = read_text(cases[i].text, cases[i].form);
        assert_false(r.ok);
        assert_true(r.problems.n > 0);
        const Error *e = &r.problems.items[0];
        if (!strstr(e->what, cases[i].what) || !strstr(e->hint, cases[i].hint)) fail_msg("%s: %s (%s)", cases[i].text, e->what, e->hint);
        assert_string_equal(e->place.file, "examples/examples.txt");
        assert_string_equal(e->code, "example");
        assert_int_equal(e->kind, ERROR_PROJECT);
        assert_int_equal(e->place.line, cases[i].line);
        assert_int_equal(e->place.column, cases[i].column);
        arena_free(&r.arena);
    }
}

static void test_turn_labels(void **state)
{
    (void)state;
    Read r = read_text("Customer [intent=ask]: hi\nmore\nAgent: ho\ncustomer [Intent=\"Thank\"]:\nbye\nAgent [softly]: so\nAgent: x", &intent);
    assert_true(r.ok);
    assert_int_equal(r.problems.n, 0);
    assert_turns(&r, &intent, 0, "Customer: hi\nmore\nAgent: ho\nCustomer: bye\nAgent [softly]: so\nAgent: x");
    const Turn *turns = r.out.items[0].conversation.turns;
    assert_true(str_eq(turns[0].labels[0], S("ask")));
    assert_null(turns[1].labels[0].ptr);
    assert_true(str_eq(turns[2].labels[0], S("thank")));
    arena_free(&r.arena);
}

// A line that may have been meant to open a turn, or to be a label, is a warning.
static void test_warnings(void **state)
{
    (void)state;
    static const struct {
        const Form *form;
        const char *text, *hint;
        unsigned line, column;
    } cases[] = {
        {&plain, "Customer: hi\n  Custmer: and\nAgent: ho", "write `Customer: …`", 2, 3},
        {&labelled, "Customer: hi\nAgent: ho\nmood: calm", "first line: [mood=…]", 3, 1},
        {&intent, "Customer: hi\nintent: ask\nAgent: ho", "`Name [intent=…]: text`", 2, 1},
        {&labelled, "Customer: hi\nAgent: my\nmood: is fine\nNote: this\nhttp://x", NULL, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Read r = read_text(cases[i].text, cases[i].form);
        assert_true(r.ok);
        assert_int_equal(r.out.n, 1);
        assert_int_equal(r.problems.n, cases[i].hint ? 1 : 0);
        assert_int_equal(r.problems.errors, 0);
        if (cases[i].hint) {
            const Error *e = &r.problems.items[0];
            if (!strstr(e->hint, cases[i].hint)) fail_msg("%s: %s", cases[i].text, e->hint);
            assert_int_equal(e->place.line, cases[i].line);
            assert_int_equal(e->place.column, cases[i].column);
        }
        arena_free(&r.arena);
    }
}

// All faults at once; what is well stays.
static void test_all(void **state)
{
    (void)state;
    Read r = read_text("Agent: x\nAgent: y\n---\nCustomer: hi\nAgent: ho\n---\nCustomer: z\n", &plain);
    assert_false(r.ok);
    assert_int_equal(r.problems.n, 2);
    assert_int_equal(r.out.n, 1);
    arena_free(&r.arena);
}

// What has no place in the list any more leaves the last one alone.
static void test_too_many_faults(void **state)
{
    (void)state;
    Buf text = {0};
    for (unsigned i = 0; i < PROBLEMS_MAX + 50; i++) buf_add(&text, S("Customer: x\n---\n"));
    buf_add_char(&text, 0);
    Read r = read_text(text.ptr, &plain);
    assert_true(r.problems.full);
    assert_int_equal(r.problems.n, PROBLEMS_MAX);
    assert_int_equal(r.problems.errors, PROBLEMS_MAX + 50);
    assert_int_equal(r.problems.items[PROBLEMS_MAX - 1].place.line, 2 * PROBLEMS_MAX - 1);
    arena_free(&r.arena);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks), cmocka_unit_test(test_rules), cmocka_unit_test(test_values),
        cmocka_unit_test(test_faults), cmocka_unit_test(test_turn_labels), cmocka_unit_test(test_warnings), cmocka_unit_test(test_all), cmocka_unit_test(test_too_many_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
