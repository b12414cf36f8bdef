// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include "project/examples.h"

typedef struct World {
    Arena arena;
    Problems problems;
    Examples examples;
    bool ok;
} World;

static const Participant participants[] = {{S_INIT("Customer"), S_INIT("user")}, {S_INIT("Agent"), S_INIT("assistant")}};
static const Str resolutions[] = {S_INIT("resolved"), S_INIT("open")};
static const AskedLabel asked[] = {{.name = S_INIT("resolution"), .of = resolutions, .n_of = 2, .participant = ANYONE}};
static const OutputFormat format = {.form = {.participants = participants, .n_participants = 2, .first = 0, .last = 1,
                                             .alternate = true, .labels = asked, .n_labels = 1}};
static const InjectionName injection_names[] = {{S_INIT("mood"), NULL, 0}};
static InjectionValue moods[] = {{.label = S_INIT("angry")}, {.label = S_INIT("very happy")}};
static Injection injection = {.name = S_INIT("mood"), .values = moods, .n = 2};
static const Injections injections = {.items = &injection, .n = 1};
static Style style_items[] = {{.name = S_INIT("calm")}};
static const Styles styles = {style_items, 1};
static const Str topics[] = {S_INIT("billing"), S_INIT("billing/refunds")};
static const Str documents[] = {S_INIT("faq.md")};
static const Names names = {.injections = injection_names, .n_injections = 1, .n_participants = 2, .knowledge = true, .templates = true, .examples = true};
static Partition train = {.name = S_INIT("train")};
static const Partitions partitions = {.items = &train, .n = 1};

static void open_world(World *w, const char *text, unsigned max_exchanges)
{
    *w = (World){0};
    w->problems.arena = &w->arena;
    ExampleContext context = {&format, &injections, &styles, &partitions, &names, topics, 2, documents, 1, max_exchanges};
    w->ok = examples_read(str_from(text), S("examples/examples.txt"), &context, &w->arena, &w->examples, &w->problems);
}

static void test_read(void **state)
{
    (void)state;
    World w;
    open_world(&w, "[topic=billing/refunds mood=\"very happy\" template=calm document=faq.md resolution=open]\nCustomer: Hi.\nAgent: Hello.\n\nHow are you?\n"
                   "---\nCustomer: A\nAgent: B\nCustomer: C\nAgent: D\n", 0);
    assert_no_fault("examples", &w.problems);
    assert_true(w.ok);
    assert_int_equal(w.examples.n, 2);
    const Example *e = &w.examples.items[0];
    assert_int_equal(e->number, 1);
    assert_int_equal(e->line, 1);
    assert_int_equal(e->n_values, 4);
    assert_text(example_value(e, (Variable){VARIABLE_TOPIC, 0})->label, "billing/refunds");
    assert_int_equal(example_value(e, (Variable){VARIABLE_INJECTION, 0})->value, 1);
    assert_int_equal(example_value(e, (Variable){VARIABLE_TEMPLATE, 0})->value, 0);
    assert_text(example_value(e, (Variable){VARIABLE_DOCUMENT, 0})->label, "faq.md");
    assert_text(e->conversation.labels[0], "open");
    assert_text(e->conversation.turns[1].text, "Hello.\n\nHow are you?");
    assert_null(example_value(&w.examples.items[1], (Variable){VARIABLE_TOPIC, 0}));
    assert_int_equal(w.examples.items[1].number, 2);
    arena_free(&w.arena);
}

static void test_faults(void **state)
{
    (void)state;
    static const Fault cases[] = {
        {"[topik=billing]\nCustomer: a\nAgent: b", "example", 1, 2, "nothing is named \"topik\"", "write topic=billing"},
        {"[mood=angri]\nCustomer: a\nAgent: b", "example", 1, 2, "there is no mood \"angri\"", "write mood=angry"},
        {"[mood=angry topic=biling]\nCustomer: a\nAgent: b", "example", 1, 13, "there is no topic \"biling\"", "write topic=billing"},
        {"[template=clam]\nCustomer: a\nAgent: b", "example", 1, 2, "there is no template \"clam\"", "write template=calm"},
        {"[document=x]\nCustomer: a\nAgent: b", "example", 1, 2, "there is no document \"x\"", "that the project has"},
        {"[resolutoin=open]\nCustomer: a\nAgent: b", "example", 1, 2, "nothing is named", "write resolution=open"},
        {"[weather=x]\nCustomer: a\nAgent: b", "example", 1, 2, "nothing is named \"weather\"", "topic, document, template"},
        {"Customer: a\nAgent: b\n---\nCustomer: a", "example", 4, 1, "", "---"},
        {"hello\n\nCustomer: a\nAgent: b", "example", 1, 1, "no participant's name", "---"},
        {"Customer: about {topic}\nAgent: b", "example", 1, 1, "{topic}", "---"},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        World w;
        open_world(&w, cases[i].text, 0);
        assert_false(w.ok);
        assert_fault(&cases[i], &w.problems);
        arena_free(&w.arena);
    }
}

static void test_limit_of_the_run(void **state)
{
    (void)state;
    static const char text[] = "Customer: a\nAgent: b\nCustomer: c\nAgent: d";
    World w;
    open_world(&w, text, 2);
    assert_true(w.ok);
    arena_free(&w.arena);
    open_world(&w, text, 1);
    assert_false(w.ok);
    assert_int_equal(w.problems.n, 1);
    arena_free(&w.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_faults), cmocka_unit_test(test_limit_of_the_run)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
