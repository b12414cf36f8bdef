// SPDX-License-Identifier: Apache-2.0
//
// What the model is asked for: schema, instructions and rendered examples agree with each other.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "conversation/instructions.h"
#include "conversation/render.h"
#include "conversation/schema.h"
#include "conversation/shape.h"
#include "conversation_forms.h"

static void assert_text(Str got, const char *want)
{
    if (!str_eq(got, str_from(want))) fail_msg("got  %.*s\nwant %s", STR_ARG(got), want);
}

static void test_exchanges(void **state)
{
    (void)state;
    Arena a = {0};
    assert_text(form_schema(&plain, 3, NULL, &a),
                "{\"type\":\"object\",\"properties\":{\"conversation\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
                "\"Customer\":{\"type\":\"string\"},\"Agent\":{\"type\":\"string\"}},\"required\":[\"Customer\",\"Agent\"],\"additionalProperties\":false},"
                "\"minItems\":3,\"maxItems\":3}},\"required\":[\"conversation\"],\"additionalProperties\":false}");
    SchemaLimits limits = {.min_text = 2, .max_text = 160, .no_counts = true};
    assert_text(form_schema(&labelled, 1, &limits, &a),
                "{\"type\":\"object\",\"properties\":{\"conversation\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
                "\"Customer\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":160},\"Agent\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":160}},"
                "\"required\":[\"Customer\",\"Agent\"],\"additionalProperties\":false}},"
                "\"mood\":{\"type\":\"string\",\"description\":\"how the customer feels\",\"enum\":[\"calm\",\"very angry\"]},"
                "\"resolution\":{\"type\":\"string\",\"enum\":[\"resolved\",\"open\"]}},"
                "\"required\":[\"conversation\",\"mood\",\"resolution\"],\"additionalProperties\":false}");
    SchemaLimits sentence = {.pattern = S("^[A-Z][^\"\\\\]+[.]$")};
    assert_true(str_contains(form_schema(&plain, 1, &sentence, &a),
                             S("\"Agent\":{\"type\":\"string\",\"pattern\":\"^[A-Z][^\\\"\\\\\\\\]+[.]$\"}")));
    arena_free(&a);
}

static void test_turns(void **state)
{
    (void)state;
    Arena a = {0};
    assert_text(form_schema(&clinic, 2, NULL, &a),
                "{\"type\":\"object\",\"properties\":{\"conversation\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
                "\"speaker\":{\"type\":\"string\",\"enum\":[\"Patient\",\"Dr. Müller\",\"Front Desk\"]},\"text\":{\"type\":\"string\"}},"
                "\"required\":[\"speaker\",\"text\"],\"additionalProperties\":false},\"minItems\":4,\"maxItems\":6}},"
                "\"required\":[\"conversation\"],\"additionalProperties\":false}");
    // A label of one participant's turns: each participant's turns have their own schema.
    assert_text(form_schema(&intent, 1, NULL, &a),
                "{\"type\":\"object\",\"properties\":{\"conversation\":{\"type\":\"array\",\"items\":{\"anyOf\":["
                "{\"type\":\"object\",\"properties\":{\"speaker\":{\"type\":\"string\",\"enum\":[\"Customer\"]},\"text\":{\"type\":\"string\"},"
                "\"intent\":{\"type\":\"string\",\"description\":\"why they write.\",\"enum\":[\"ask\",\"thank\"]}},"
                "\"required\":[\"speaker\",\"text\",\"intent\"],\"additionalProperties\":false},"
                "{\"type\":\"object\",\"properties\":{\"speaker\":{\"type\":\"string\",\"enum\":[\"Agent\"]},\"text\":{\"type\":\"string\"}},"
                "\"required\":[\"speaker\",\"text\"],\"additionalProperties\":false}]},\"minItems\":2,\"maxItems\":2}},"
                "\"required\":[\"conversation\"],\"additionalProperties\":false}");
    arena_free(&a);
}

// Every object of a schema lists all its properties as required and allows no other.
static void assert_strict(const json_t *schema)
{
    const json_t *properties = json_object_get(schema, "properties"), *value;
    size_t i;
    const char *key;
    if (properties) {
        assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
        assert_int_equal(json_array_size(json_object_get(schema, "required")), json_object_size(properties));
        i = 0;
        json_object_foreach((json_t *)(uintptr_t)properties, key, value)
            assert_string_equal(json_string_value(json_array_get(json_object_get(schema, "required"), i++)), key);
    }
    if (json_is_object(schema)) {
        json_object_foreach((json_t *)(uintptr_t)schema, key, value) assert_strict(value);
    } else {
        json_array_foreach(schema, i, value) assert_strict(value);
    }
}

static void test_strict(void **state)
{
    (void)state;
    static const Form *const forms[] = {&plain, &labelled, &intent, &every_intent, &clinic};
    for (size_t i = 0; i < 5; i++) {
        Arena a = {0};
        Error e;
        json_t *schema;
        assert_true(json_read(form_schema(forms[i], 2, NULL, &a), S("schema"), &schema, &e));
        assert_strict(schema);
        json_decref(schema);
        arena_free(&a);
    }
}

// Names that need quoting, and labels that have the names of the shape's own keys.
static void test_odd_names(void **state)
{
    (void)state;
    static const Participant who[] = {{S_INIT("A \"quoted\" one"), S_INIT("user")}, {S_INIT("B\\"), S_INIT("assistant")}};
    static const Str yes_no[] = {S_INIT("yes \"so\""), S_INIT("no")};
    static const AskedLabel labels[] = {{.name = S_INIT("Conversation"), .of = yes_no, .n_of = 2, .participant = ANYONE}};
    static const AskedLabel turn_labels[] = {{.name = S_INIT("speaker"), .of = yes_no, .n_of = 2, .participant = ANYONE},
                                             {.name = S_INIT("text"), .of = yes_no, .n_of = 2, .participant = ANYONE}};
    Form form = {.participants = who, .n_participants = 2, .last = 1, .alternate = true, .max_exchanges = 2, .labels = labels, .n_labels = 1,
                 .turn_labels = turn_labels, .n_turn_labels = 2};
    AnswerShape shape = form_shape(&form);
    assert_text(shape.list, "turns");
    assert_text(shape.speaker, "participant");
    assert_text(shape.text, "content");
    Arena a = {0};
    Error e;
    json_t *schema;
    assert_true(json_read(form_schema(&form, 1, NULL, &a), S("schema"), &schema, &e));
    assert_strict(schema);
    json_decref(schema);
    arena_free(&a);
}

static void test_range(void **state)
{
    (void)state;
    TurnRange range = form_turns(&plain, 3);
    assert_true(range.min == 6 && range.max == 6);
    Form opener = plain;
    opener.last = 0;
    range = form_turns(&opener, 3);
    assert_true(range.min == 5 && range.max == 5);
    opener.last = ANYONE;
    range = form_turns(&opener, 3);
    assert_true(range.min == 5 && range.max == 6);
    range = form_turns(&clinic, 2);
    assert_true(range.min == 4 && range.max == 6);
    assert_false(form_shape(&opener).exchanges);
    assert_true(form_shape(&labelled).exchanges);
}

static void test_instructions(void **state)
{
    (void)state;
    Arena a = {0};
    assert_text(form_instructions(&plain, 1, &a),
                "Answer with JSON only, in this form:\n"
                "{\"conversation\": [{\"Customer\": string, \"Agent\": string}, ...]}\n"
                "The conversation has exactly 1 exchange; in it Customer speaks, then Agent answers.");
    assert_text(form_instructions(&labelled, 3, &a),
                "Answer with JSON only, in this form:\n"
                "{\"conversation\": [{\"Customer\": string, \"Agent\": string}, ...], \"mood\": \"calm\" | \"very angry\", \"resolution\": \"resolved\" | \"open\"}\n"
                "The conversation has exactly 3 exchanges; in each Customer speaks, then Agent answers.\n"
                "\"mood\": how the customer feels.");
    assert_text(form_instructions(&intent, 1, &a),
                "Answer with JSON only, in this form:\n"
                "{\"conversation\": [{\"speaker\": \"Customer\" | \"Agent\", \"text\": string, \"intent\": \"ask\" | \"thank\"}, ...]}\n"
                "The conversation has exactly 1 exchange, which is 2 turns. Customer speaks first. Agent speaks last. Nobody speaks twice in a row.\n"
                "\"intent\" (only in turns of Customer): why they write.");
    assert_text(form_instructions(&clinic, 2, &a),
                "Answer with JSON only, in this form:\n"
                "{\"conversation\": [{\"speaker\": \"Patient\" | \"Dr. Müller\" | \"Front Desk\", \"text\": string}, ...]}\n"
                "The conversation has exactly 2 exchanges, which is 4 to 6 turns.");
    assert_text(form_participants(&plain, &a), "Customer and Agent");
    assert_text(form_participants(&clinic, &a), "Patient, Dr. Müller and Front Desk");
    arena_free(&a);
}

static void test_render(void **state)
{
    (void)state;
    Arena a = {0};
    Str values[] = {{0}, S("open")}, ask[] = {S("ask")}, no_value[] = {{0}};
    Turn turns[] = {{0, S("\"hi\"\n"), ask}, {1, S("ho"), no_value}, {0, S("bye"), no_value}};
    Conversation c = {.turns = turns, .n_turns = 2, .labels = values};
    assert_text(conversation_as_answer(&c, &plain, &a), "{\"conversation\":[{\"Customer\":\"\\\"hi\\\"\\n\",\"Agent\":\"ho\"}]}");
    assert_text(conversation_as_answer(&c, &labelled, &a), "{\"conversation\":[{\"Customer\":\"\\\"hi\\\"\\n\",\"Agent\":\"ho\"}],\"resolution\":\"open\"}");
    c.n_turns = 3;
    assert_text(conversation_as_answer(&c, &plain, &a), "{\"conversation\":[{\"Customer\":\"\\\"hi\\\"\\n\",\"Agent\":\"ho\"},{\"Customer\":\"bye\"}]}");
    assert_text(conversation_as_answer(&c, &intent, &a),
                "{\"conversation\":[{\"speaker\":\"Customer\",\"text\":\"\\\"hi\\\"\\n\",\"intent\":\"ask\"},{\"speaker\":\"Agent\",\"text\":\"ho\"},"
                "{\"speaker\":\"Customer\",\"text\":\"bye\"}]}");
    turns[0].text = S("hi");
    assert_text(conversation_transcript(&c, &plain, &a), "Customer: hi\nAgent: ho\nCustomer: bye");
    assert_text(conversation_normal_text(&c, &a), "hi\nho\nbye");
    c.n_turns = 0;
    assert_text(conversation_as_answer(&c, &plain, &a), "{\"conversation\":[]}");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanges), cmocka_unit_test(test_turns),        cmocka_unit_test(test_strict), cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_range),     cmocka_unit_test(test_instructions), cmocka_unit_test(test_render),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
