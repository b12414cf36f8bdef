// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include "project/drawing.h"

typedef struct World {
    Arena arena;
    Problems problems;
    JsonFile file;
    Injection items[2];
    InjectionValue moods[2], tones[2];
    Style style_items[2];
    Injections injections;
    Styles styles;
    Drawing drawing;
    bool ok;
} World;

static const InjectionName injection_names[] = {{S_INIT("mood"), NULL, 0}, {S_INIT("tone"), NULL, 0}};
static const Str topics[] = {S_INIT("billing"), S_INIT("fees")};
static const Str documents[] = {S_INIT("billing/a.md"), S_INIT("billing/b.md"), S_INIT("fees/a.md")};
static const Names names = {.injections = injection_names, .n_injections = 2, .n_participants = 2, .knowledge = true, .templates = true};

static void open_world(World *w, const char *text)
{
    *w = (World){.moods = {{.label = S("angry"), .weight = 1}, {.label = S("happy"), .weight = 1}},
                 .tones = {{.label = S("loud"), .weight = 1}, {.label = S("soft"), .weight = 1}},
                 .style_items = {{.name = S("calm"), .weight = 1}, {.name = S("hasty"), .weight = 1}}};
    w->problems.arena = &w->arena;
    w->items[0] = (Injection){.name = S("mood"), .values = w->moods, .n = 2};
    w->items[1] = (Injection){.name = S("tone"), .values = w->tones, .n = 2, .conditional = true};
    w->injections = (Injections){.items = w->items, .n = 2};
    w->styles = (Styles){w->style_items, 2};
    w->file = (JsonFile){.file = S("config/drawing.json"), .text = str_from(text)};
    Error e;
    if (text && !json_read(w->file.text, w->file.file, &w->file.root, &e)) fail_msg("%s: %s", text, e.what);
    DrawingContext context = {&w->injections, &w->styles, &names, topics, 2, documents, 3};
    w->ok = drawing_read(text ? &w->file : NULL, &context, &w->arena, &w->drawing, &w->problems);
}

static void close_world(World *w)
{
    json_decref(w->file.root);
    arena_free(&w->arena);
}

static void test_defaults(void **state)
{
    (void)state;
    static const char *const texts[] = {NULL, "{}",
                                        "{\"deal\": \"topic\", \"cross\": [], \"weights\": {}, \"passages\": 1, \"min_exchanges\": 1,"
                                        " \"examples\": {\"in_prompt\": 2, \"as\": \"text\", \"add\": true}, \"partitions\": {}}"};
    for (size_t i = 0; i < N_OF(texts); i++) {
        World w;
        open_world(&w, texts[i]);
        assert_true(w.ok);
        assert_int_equal(w.drawing.deal, DEAL_TOPIC);
        assert_int_equal(w.drawing.n_cross, 0);
        assert_int_equal(w.drawing.passages, 1);
        assert_int_equal(w.drawing.min_exchanges, 1);
        assert_int_equal(w.drawing.examples_in_prompt, 2);
        assert_int_equal(w.drawing.examples_as, EXAMPLES_AS_TEXT);
        assert_true(w.drawing.examples_add);
        assert_int_equal(w.drawing.partitions.n, 1);
        assert_text(w.drawing.partitions.items[0].name, "train");
        close_world(&w);
    }
}

static void test_values(void **state)
{
    (void)state;
    World w;
    open_world(&w, "{\"deal\": \"chunk\", \"cross\": [\"topic\", \"mood\", \"template\"], \"passages\": 3, \"min_exchanges\": 2,"
                   " \"weights\": {\"topic\": {\"billing\": 2.5}, \"document\": {\"fees/a.md\": 4}, \"mood\": {\"angry\": 3}, \"template\": {\"calm\": 0}},"
                   " \"examples\": {\"as\": \"turns\", \"add\": false, \"in_prompt\": 0}}");
    assert_no_fault("values", &w.problems);
    assert_int_equal(w.drawing.deal, DEAL_CHUNK);
    assert_int_equal(w.drawing.n_cross, 3);
    assert_int_equal(w.drawing.cross[1].kind, VARIABLE_INJECTION);
    assert_true(drawing_topic_weight(&w.drawing, S("billing")) > 2.4);
    assert_true(drawing_topic_weight(&w.drawing, S("fees")) < 1.1);
    double weight = 0;
    assert_true(drawing_document_weight(&w.drawing, S("fees/a.md"), &weight) && weight > 3.9);
    assert_false(drawing_document_weight(&w.drawing, S("billing/a.md"), &weight));
    assert_true(w.moods[0].weight > 2.9 && w.moods[1].weight < 1.1);
    assert_true(w.style_items[0].weight < 0.1);
    assert_int_equal(w.drawing.examples_as, EXAMPLES_AS_TURNS);
    assert_false(w.drawing.examples_add);
    close_world(&w);
}

static const Fault faults[] = {
    {"[]", "json", 1, 1, "a list stands here", "an object"},
    {"{\"dael\": \"topic\"}", "json", 1, 2, "unknown key \"dael\"", "write \"deal\""},
    {"{\"colour\": 1}", "json", 1, 2, "unknown key \"colour\"", "known here: deal, cross"},
    {"{\"deal\": \"topics\"}", "json", 1, 10, "unknown value \"topics\"", "write \"topic\""},
    {"{\"deal\": \"xyz\"}", "json", 1, 10, "unknown value", "\"topic\", \"document\" or \"chunk\""},
    {"{\"deal\": 3}", "json", 1, 10, "\"deal\" is a number", "\"topic\", \"document\""},
    {"{\"cross\": \"mood\"}", "json", 1, 11, "\"cross\" is a string", "a list of variables"},
    {"{\"cross\": [\"mood\"]}", "json", 1, 11, "nothing to be combined with", "two or more"},
    {"{\"cross\": [\"mood\", \"mod\"]}", "json", 1, 20, "unknown variable \"mod\"", "write \"mood\""},
    {"{\"cross\": [\"mood\", \"topic\", \"mood\"]}", "json", 1, 29, "twice", "leave one out"},
    {"{\"cross\": [\"mood\", \"tone\"]}", "json", 1, 20, "with \"when\" is drawn, not dealt", "leave it out"},
    {"{\"cross\": [\"mood\", \"document\"]}", "json", 1, 20, "dealt within their topic", "\"topic\""},
    {"{\"cross\": [\"mood\", 3]}", "json", 1, 20, "a number stands here", "a variable's name"},
    {"{\"weights\": []}", "json", 1, 13, "\"weights\" is a list", "an object"},
    {"{\"weights\": {\"topik\": {}}}", "json", 1, 14, "unknown variable \"topik\"", "write \"topic\""},
    {"{\"weights\": {\"topic\": 3}}", "json", 1, 23, "\"topic\" is a number", "{\"billing\": 2}"},
    {"{\"weights\": {\"topic\": {\"biling\": 3}}}", "warning:json", 1, 24, "there is no topic \"biling\"", "write \"billing\""},
    {"{\"weights\": {\"document\": {\"billing/x.md\": 3}}}", "warning:json", 1, 27, "there is no document", "write \"billing/"},
    {"{\"weights\": {\"mood\": {\"angri\": 3}}}", "json", 1, 23, "there is no mood \"angri\"", "write \"angry\""},
    {"{\"weights\": {\"template\": {\"clam\": 3}}}", "json", 1, 27, "there is no template \"clam\"", "write \"calm\""},
    {"{\"weights\": {\"mood\": {\"angry\": -3}}}", "json", 1, 32, "below 0", "write 0"},
    {"{\"weights\": {\"mood\": {\"angry\": 0, \"happy\": 0}}}", "json", 1, 22, "all weights are 0", "above 0"},
    {"{\"weights\": {\"topic\": {\"billing\": 0, \"fees\": 0}}}", "json", 1, 23, "all weights are 0", "above 0"},
    {"{\"weights\": {\"template\": {\"calm\": 0, \"hasty\": 0}}}", "json", 1, 26, "all weights are 0", "above 0"},
    {"{\"passages\": 0}", "json", 1, 14, "0 is out of range", "from 1 to 64"},
    {"{\"passages\": 1.5}", "json", 1, 14, "\"passages\" is a number", "a whole number"},
    {"{\"min_exchanges\": \"2\"}", "json", 1, 19, "\"min_exchanges\" is a string", "a whole number"},
    {"{\"min_exchanges\": 99999999999}", "json", 1, 19, "out of range", "from 1 to 1000"},
    {"{\"examples\": true}", "json", 1, 14, "\"examples\" is true", "{\"in_prompt\": 2"},
    {"{\"examples\": {\"in_promt\": 2}}", "json", 1, 15, "unknown key \"in_promt\"", "write \"in_prompt\""},
    {"{\"examples\": {\"as\": \"turn\"}}", "json", 1, 21, "unknown value \"turn\"", "write \"turns\""},
    {"{\"examples\": {\"add\": \"no\"}}", "json", 1, 22, "\"add\" is a string", "true or false"},
    {"{\"examples\": {\"in_prompt\": -1}}", "json", 1, 28, "-1 is out of range", "from 0"},
    {"{\"partitions\": []}", "json", 1, 16, "\"partitions\" is a list", "{\"eval\""},
    {"{\"partitions\": {\"train\": {}}}", "json", 1, 17, "what no other partition has", "held back"},
    {"{\"partitions\": {\"my eval\": {}}}", "json", 1, 17, "is not a name", "letters"},
    {"{\"partitions\": {\"eval\": 0.1}}", "json", 1, 25, "\"eval\" is a number", "{\"documents\": 0.1}"},
    {"{\"partitions\": {\"eval\": {\"document\": 0.1}}}", "json", 1, 26, "unknown key \"document\"", "write \"documents\""},
    {"{\"partitions\": {\"eval\": {\"documents\": 1.5}}}", "json", 1, 39, "a share of 1.5", "from 0 to 1"},
    {"{\"partitions\": {\"eval\": {\"documents\": \"a.md\"}}}", "json", 1, 39, "\"documents\" is a string", "a list of names"},
    {"{\"partitions\": {\"eval\": {\"documents\": [3]}}}", "json", 1, 40, "a number stands here", "a name or a glob"},
    {"{\"partitions\": {\"eval\": {\"examples\": [1.5]}}}", "json", 1, 39, "a number stands here", "an example's number"},
    {"{\"partitions\": {\"eval\": {\"injections\": 0.1}}}", "json", 1, 40, "\"injections\" is a number", "{\"persona\": 0.1}"},
    {"{\"partitions\": {\"eval\": {\"injections\": {\"moode\": 0.1}}}}", "json", 1, 41, "no injection \"moode\"", "write \"mood\""},
    {"{\"partitions\": {\"eval\": {\"documents\": 0.6}, \"test\": {\"documents\": 0.6}}}", "json", 1, 2, "shares of the documents come to 1.2", "must not pass 1"},
    {"{\"partitions\": {\"a\": {\"injections\": {\"mood\": 0.6}}, \"b\": {\"injections\": {\"mood\": 0.6}}}}", "json", 1, 2, "shares of mood come to 1.2", "must not pass 1"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(faults); i++) {
        World w;
        open_world(&w, faults[i].text);
        assert_int_equal(w.ok, strncmp(faults[i].code, "warning:", 8) == 0);
        assert_fault(&faults[i], &w.problems);
        close_world(&w);
    }
}

static void test_shares(void **state)
{
    (void)state;
    World w;
    open_world(&w, "{\"partitions\": {\"eval\": {\"documents\": 0.1, \"injections\": {\"mood\": 0.5}}, \"test\": {\"documents\": 0.2, \"examples\": 0.3}}}");
    assert_true(w.ok);
    const Partitions *p = &w.drawing.partitions;
    unsigned owned[3] = {0}, examples[3] = {0}, together = 0;
    for (unsigned i = 0; i < 10000; i++) {
        char path[40];
        snprintf(path, sizeof path, "topic/file-%u.md", i);
        uint32_t owner = partition_of_document(p, str_from(path), str_slice(str_from(path), 6, 40));
        owned[owner]++;
        examples[partition_of_example(p, i + 1)]++;
        together += partition_of_value(p, 0, S("mood"), str_from(path)) == partition_of_value(p, 0, S("tone"), str_from(path));
    }
    assert_in_range(owned[1], 900, 1100);
    assert_in_range(owned[2], 1850, 2150);
    assert_int_equal(examples[1], 0);
    assert_in_range(examples[2], 2850, 3150);
    assert_in_range(together, 4700, 5300);  // variables do not share their hash
    assert_int_equal(partition_of_value(p, 1, S("tone"), S("loud")), PARTITION_TRAIN);
    // A share that grows only adds: what was held back stays so.
    World more;
    open_world(&more, "{\"partitions\": {\"eval\": {\"documents\": 0.15}}}");
    for (unsigned i = 0; i < 1000; i++) {
        char path[40];
        snprintf(path, sizeof path, "topic/file-%u.md", i);
        if (partition_of_document(p, str_from(path), str_from(path)) == 1)
            assert_int_equal(partition_of_document(&more.drawing.partitions, str_from(path), str_from(path)), 1);
    }
    close_world(&more);
    close_world(&w);
}

static void test_lists(void **state)
{
    (void)state;
    World w;
    open_world(&w, "{\"partitions\": {\"eval\": {\"documents\": [\"billing/*\", \"c.md\"], \"examples\": [2, \"1?\"], \"injections\": {\"mood\": [\"angry\"]}},"
                   " \"test\": {\"documents\": 1}}}");
    assert_true(w.ok);
    const Partitions *p = &w.drawing.partitions;
    assert_int_equal(partition_of_document(p, S("billing/a.md"), S("a.md")), 1);
    assert_int_equal(partition_of_document(p, S("fees/c.md"), S("c.md")), 1);
    assert_int_equal(partition_of_document(p, S("fees/a.md"), S("a.md")), 2);
    assert_int_equal(partition_of_example(p, 2), 1);
    assert_int_equal(partition_of_example(p, 15), 1);
    assert_int_equal(partition_of_example(p, 3), 0);
    assert_int_equal(partition_of_value(p, 0, S("mood"), S("angry")), 1);
    assert_int_equal(partition_of_value(p, 0, S("mood"), S("happy")), 0);
    assert_int_equal(partitions_find(p, S("test")), 2);
    assert_int_equal(partitions_find(p, S("none")), -1);
    // What a partition says nothing about it shares with train; what it holds back nobody else has.
    assert_true(partition_uses_value(p, 0, 0, 0) && !partition_uses_value(p, 0, 0, 1));
    assert_true(partition_uses_value(p, 1, 0, 1) && !partition_uses_value(p, 1, 0, 0));
    assert_true(partition_uses_value(p, 2, 0, 0) && !partition_uses_value(p, 2, 0, 1));
    assert_true(partition_uses_document(p, 1, 1) && !partition_uses_document(p, 1, 0) && !partition_uses_document(p, 0, 2));
    assert_true(partition_uses_example(p, 1, 1) && !partition_uses_example(p, 2, 0) && partition_uses_example(p, 0, 0));
    close_world(&w);
}

// Which partition has an item must never change from one version to the next.
static void test_membership_is_pinned(void **state)
{
    (void)state;
    World w;
    open_world(&w, "{\"partitions\": {\"eval\": {\"documents\": 0.5, \"examples\": 0.5, \"injections\": {\"mood\": 0.5}}}}");
    char got[25] = "";
    for (unsigned i = 0; i < 8; i++) {
        char name[20];
        snprintf(name, sizeof name, "a/%u.md", i);
        got[i] = (char)('0' + partition_of_document(&w.drawing.partitions, str_from(name), str_from(name)));
        got[8 + i] = (char)('0' + partition_of_example(&w.drawing.partitions, i + 1));
        got[16 + i] = (char)('0' + partition_of_value(&w.drawing.partitions, 0, S("mood"), str_from(name)));
    }
    assert_string_equal(got, "011001110111101000011110");
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_values), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_shares),   cmocka_unit_test(test_lists),  cmocka_unit_test(test_membership_is_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
