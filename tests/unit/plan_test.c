// SPDX-License-Identifier: Apache-2.0
#include "project_folder.h"

#include <pthread.h>

#include "base/json.h"
#include "conversation/instructions.h"
#include "conversation/render.h"
#include "knowledge/knowledge.h"
#include "plan/plan.h"

static const FolderFile base[] = {
    {"prompting/system-prompt.txt", "You write for {participants}."},
    {"prompting/user-prompt.txt", "About {topic}:\n{knowledge}\nIn {exchanges} of {max_exchanges} exchanges."},
    {"config/output-format.json", "{\"participants\":[\"Customer\",\"Agent\"]}"},
    {"knowledge/tea/green.md", "# Green\n\n## Water\n\nWarm water, eighty degrees.\n"},
    {0},
};

static const FolderFile examples[] = {
    {"prompting/injections/mood.csv", "value,label,age\n\"calm, but {topic}\",calm,30\nangry,angry,50\n"},
    {"examples/examples.txt", "[topic=tea mood=angry]\nCustomer: Too hot.\nAgent: Sorry.\nCustomer: Fine.\nAgent: Bye.\n---\n"
                              "Customer: One.\nAgent: Two."},
    {0},
};

typedef struct Fixture {
    ProjectFolder folder;
    Plan *plan;
    Arena items;
} Fixture;

static void fixture_open(Fixture *f, const FolderFile *more, const FolderFile *still_more)
{
    *f = (Fixture){0};
    folder_make(&f->folder, base, more);
    for (; still_more && still_more->path; still_more++) folder_write(f->folder.path, still_more);
    PlanSettings settings = {.seed = 7, .max_exchanges = 4, .model = S("tiny"), .run = S("26-11-22-15h04m05s"),
                             .wall = INT64_C(1795359845) * NANOS_PER_SECOND};
    if (folder_load(&f->folder, NULL) &&
        plan_open(&f->folder.project, &settings, &f->folder.arena, &f->plan, &f->folder.problems))
        return;
    problems_print(&f->folder.problems, stderr);
    fail_msg("no plan");
}

static void fixture_close(Fixture *f)
{
    plan_close(f->plan);
    arena_free(&f->items);
    folder_close(&f->folder);
}

static PlanItem item(Fixture *f, uint64_t iteration, unsigned attempt, const Trim *trim)
{
    PlanItem out;
    Error e;
    if (!plan_item(f->plan, iteration, attempt, trim, &f->items, &out, &e)) fail_msg("%s", e.what);
    return out;
}

static Str user_of(const PlanItem *i) { return i->messages[i->n_messages - 1].content; }

static void expect_str(Str actual, const char *expected)
{
    if (!str_eq(actual, str_from(expected))) fail_msg("\n--- is\n%.*s\n--- not\n%s", STR_ARG(actual), expected);
}

// ---- prompts ------------------------------------------------------------------------------------

static void prompts_are_filled(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, NULL, NULL);
    PlanItem i = item(&f, 3, 1, NULL);
    assert_int_equal(i.n_messages, 2);
    expect_str(i.messages[0].role, "system");
    expect_str(i.messages[0].content, "You write for Customer and Agent.");
    expect_str(i.messages[1].role, "user");
    Str format = form_instructions(plan_form(f.plan), i.drawn.exchanges, &f.items);
    Str start = arena_printf(&f.items, "About tea:\n%.*s\nIn %u of 4 exchanges.", STR_ARG(i.knowledge), i.drawn.exchanges);
    assert_true(str_contains(i.knowledge, S("eighty degrees.")));
    assert_true(str_starts(user_of(&i), start));
    assert_true(str_ends(user_of(&i), format));
    assert_true(str_eq(i.schema, form_schema(plan_form(f.plan), i.drawn.exchanges, &(SchemaLimits){0}, &f.items)));
    fixture_close(&f);
}

static void an_empty_system_prompt_is_no_message(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"prompting/system-prompt.txt", ""}, {0}}, NULL);
    PlanItem i = item(&f, 0, 1, NULL);
    assert_int_equal(i.n_messages, 1);
    expect_str(i.messages[0].role, "user");
    fixture_close(&f);
}

static void every_placeholder_has_a_value(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, examples, (FolderFile[]){
        {"prompting/user-prompt.txt",
         "{topic}|{document}|{chunk.number}|{chunk.page}|{chunk.heading}|{chunk.start}|{template.name}|{template}|{flow}|"
         "{examples.ids}|{max_exchanges}|{participant.1}|{participant.2}|{mood}|{mood.label}|{mood.age}|"
         "{param.temperature}|{param.stop}|{param.nothing}|{id}|{index}|{run}|{partition}|{model}|{output_format}"},
        {"prompting/templates.txt", "[brief weight=2]\nBrief on {topic}."},
        {"prompting/injections/mood.csv", "value,label,age\n\"calm, but {topic}\",calm,30\n"},
        {"examples/examples.txt", "Customer: One.\nAgent: Two.\n---\nCustomer: Three.\nAgent: Four."},
        {"config/output-format.json", "{\"participants\":[\"Customer\",\"Agent\"],\"flow\":[\"greet for {topic}\","
                                      "{\"stage\":\"solve\",\"participant\":\"Agent\"}]}"},
        {"config/generation-paramters.json", "{\"temperature\":0.5,\"stop\":{\"value\":\"\\n\\n\"},\"nothing\":null}"},
        {"config/drawing.json", "{\"examples\":{\"in_prompt\":2}}"}, {0}});
    PlanItem i = item(&f, 12, 1, NULL);
    Str before = str_slice(user_of(&i), 0, str_find(user_of(&i), S("|train|tiny|")));
    const Chunk *chunk = &f.folder.project.knowledge->chunks[i.drawn.chunks[0]];
    Str expected = arena_printf(&f.items,
                                "tea|green.md|1||Green > Water|%llu|brief|Brief on tea.|1. greet for tea\n2. solve (Agent)|[1,2]|4|Customer|Agent|"
                                "calm, but tea|calm|30|0.5|\n\n||26-11-22-15h04m05s-12|12|26-11-22-15h04m05s",
                                (unsigned long long)chunk->start);
    expect_str(before, arena_cstr(&f.items, expected));
    fixture_close(&f);
}

static void headings_are_a_path(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/chunk-strategy.json", "{\"*\":{\"strategy\":\"markdown\",\"max_words\":50}}"},
                                    {"prompting/user-prompt.txt", "{knowledge}|{chunk.heading}|{chunks}"}, {0}}, NULL);
    bool found = false;
    for (uint64_t n = 0; n < 4 && !found; n++) {
        PlanItem i = item(&f, n, 1, NULL);
        Value value;
        assert_true(plan_value(&i, (Ref){.id = NAME_CHUNK_HEADING}, &value));
        found = value.kind == VALUE_TEXT && str_eq(value.text, S("Green > Water"));
        if (!found) continue;
        assert_true(str_contains(user_of(&i), S("|Green > Water|[{\"id\":\"")));
        assert_true(plan_value(&i, (Ref){.id = NAME_CHUNKS}, &value));
        json_t *chunks;
        Error e;
        assert_true(json_read(value.text, S("chunks"), &chunks, &e));
        json_t *chunk = json_array_get(chunks, 0);
        assert_string_equal(json_string_value(json_object_get(chunk, "document")), "tea/green.md");
        assert_string_equal(json_string_value(json_object_get(chunk, "heading")), "Green > Water");
        assert_true(json_is_null(json_object_get(chunk, "page")));
        assert_int_equal(strlen(json_string_value(json_object_get(chunk, "sha256"))), 64);
        assert_int_equal(strlen(json_string_value(json_object_get(chunk, "id"))), 16);
        json_decref(chunks);
    }
    assert_true(found);
    fixture_close(&f);
}

static void passages_are_joined_by_a_blank_line(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/chunk-strategy.json", "{\"*\":{\"strategy\":\"separator\",\"separator\":\"\\\\n\"}}"},
                                    {"knowledge/tea/green.md", "alpha one\nbeta two\ngamma three"},
                                    {"prompting/user-prompt.txt", "{knowledge}"},
                                    {"config/drawing.json", "{\"passages\":3}"}, {0}}, NULL);
    PlanItem i = item(&f, 0, 1, NULL);
    expect_str(i.knowledge, "alpha one\n\nbeta two\n\ngamma three");
    fixture_close(&f);
}

// Words in common would make b come before c, and what the chunks repeat stands once.
static void neighbours_that_overlap_read_on(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/chunk-strategy.json", "{\"*\":{\"max_words\":4,\"overlap\":2}}"},
                                    {"knowledge/tea/green.md", "One two. Three four.\nFive six. Seven eight."},
                                    {"prompting/user-prompt.txt", "{knowledge}"},
                                    {"config/drawing.json", "{\"passages\":3}"}, {0}}, NULL);
    PlanItem i = item(&f, 0, 1, NULL);
    expect_str(i.knowledge, "One two. Three four.\nFive six. Seven eight.");
    fixture_close(&f);
}

// A passage, an example and an answer may hold what looks like a placeholder.
static void values_from_documents_are_never_filled(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"knowledge/tea/green.md", "Braces {topic} and {{model}} and {nonsense} stay."}, {0}}, NULL);
    PlanItem i = item(&f, 0, 1, NULL);
    assert_true(str_contains(user_of(&i), S("Braces {topic} and {{model}} and {nonsense} stay.")));
    fixture_close(&f);
}

// ---- examples -----------------------------------------------------------------------------------

static void examples_can_be_text(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, examples, (FolderFile[]){{"prompting/user-prompt.txt", "Like these:\n{examples}\nGo."}, {0}});
    PlanItem i = item(&f, 0, 1, NULL);
    const Example *e = f.folder.project.examples.items;
    Str expected = arena_printf(&f.items, "Like these:\n%.*s\n\n%.*s\nGo.",
                                STR_ARG(conversation_as_answer(&e[0].conversation, plan_form(f.plan), &f.items)),
                                STR_ARG(conversation_as_answer(&e[1].conversation, plan_form(f.plan), &f.items)));
    assert_true(str_starts(user_of(&i), expected));
    fixture_close(&f);
}

static void examples_can_be_turns(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, examples, (FolderFile[]){
        {"prompting/user-prompt.txt", "{topic}/{mood}/{exchanges}/{knowledge}"},
        {"config/output-format.json", "{\"participants\":[\"Customer\",\"Agent\"],\"append\":false}"},
        {"config/drawing.json", "{\"examples\":{\"as\":\"turns\",\"in_prompt\":2}}"}, {0}});
    PlanItem i = item(&f, 0, 1, NULL);
    assert_int_equal(i.n_messages, 6);
    const char *roles[] = {"system", "user", "assistant", "user", "assistant", "user"};
    for (int m = 0; m < 6; m++) expect_str(i.messages[m].role, roles[m]);
    expect_str(i.messages[1].content, "tea/angry/2/");
    expect_str(i.messages[3].content, "//1/");
    const Example *e = f.folder.project.examples.items;
    assert_true(str_eq(i.messages[2].content, conversation_as_answer(&e[0].conversation, plan_form(f.plan), &f.items)));
    // What comes before the last message is the same for every item, byte for byte.
    for (uint64_t n = 1; n < 30; n++) {
        PlanItem other = item(&f, n, 1, NULL);
        for (int m = 0; m < 5; m++) assert_true(str_eq(i.messages[m].content, other.messages[m].content));
    }
    fixture_close(&f);
}

static void an_item_can_be_made_smaller(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, examples, (FolderFile[]){
        {"prompting/user-prompt.txt", "{knowledge}{examples.ids}"},
        {"knowledge/tea/green.md", "Wärme ist gut. Hitze ist schlecht."},
        {"config/output-format.json", "{\"participants\":[\"Customer\",\"Agent\"],\"append\":false}"},
        {"config/drawing.json", "{\"examples\":{\"as\":\"turns\",\"in_prompt\":2}}"}, {0}});
    PlanItem whole = item(&f, 0, 1, NULL);
    expect_str(user_of(&whole), "Wärme ist gut. Hitze ist schlecht.[1,2]");
    PlanItem one = item(&f, 0, 1, &(Trim){.examples_dropped = 1, .passage_limit = 34});
    assert_int_equal(one.n_messages, 4);
    expect_str(user_of(&one), "Wärme ist gut.[1]");
    PlanItem none = item(&f, 0, 1, &(Trim){.examples_dropped = 9, .passage_limit = 15});
    assert_int_equal(none.n_messages, 2);
    expect_str(user_of(&none), "Wärme ist gut.");
    // Less than a sentence is nothing.
    PlanItem tiny = item(&f, 0, 1, &(Trim){.examples_dropped = 9, .passage_limit = 14});
    expect_str(user_of(&tiny), "");
    assert_int_equal(whole.drawn.seed, tiny.drawn.seed);
    fixture_close(&f);
}

// ---- parameters ---------------------------------------------------------------------------------

static void parameters_are_sent_as_drawn(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/generation-paramters.json",
                                     "{\"temperature\":[0.2,0.4],\"stop\":[\"a\",\"b\",\"c\"],\"seed\":99}"}, {0}}, NULL);
    PlanItem i = item(&f, 0, 1, NULL);
    assert_int_equal(i.n_params, 3);
    expect_str(i.params[0].name, "temperature");
    assert_true(strtod(i.params[0].json.ptr, NULL) >= 0.2);
    expect_str(i.params[2].json, "99");
    assert_int_equal(i.drawn.seed, 99);
    fixture_close(&f);
    fixture_open(&f, NULL, NULL);
    for (uint64_t n = 0; n < 100; n++) assert_true(item(&f, n, 1, NULL).drawn.seed <= INT32_MAX);
    fixture_close(&f);
}

// ---- purity -------------------------------------------------------------------------------------

typedef struct Asker {
    Fixture *f;
    const Str *expected;
    unsigned step;
    bool ok;
} Asker;

static void *ask(void *ctx)
{
    Asker *asker = ctx;
    Arena arena = {0};
    asker->ok = true;
    for (uint64_t n = 0; n < 300; n++) {
        uint64_t i = n * asker->step % 300;
        PlanItem out;
        Error e;
        arena_reset(&arena);
        asker->ok = asker->ok && plan_item(asker->f->plan, i, 1, NULL, &arena, &out, &e) &&
                    str_eq(user_of(&out), asker->expected[i]);
    }
    arena_free(&arena);
    return NULL;
}

static void threads_get_the_same(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, examples, (FolderFile[]){{"prompting/user-prompt.txt", "{topic} {mood} {exchanges} {examples} {seed}"}, {0}});
    Str expected[300];
    for (uint64_t i = 0; i < 300; i++) {
        PlanItem out = item(&f, i, 1, NULL);
        expected[i] = user_of(&out);
    }
    Asker askers[4];
    pthread_t threads[4];
    const unsigned steps[] = {1, 7, 101, 299};
    for (int t = 0; t < 4; t++) {
        askers[t] = (Asker){&f, expected, steps[t], false};
        assert_int_equal(pthread_create(&threads[t], NULL, ask, &askers[t]), 0);
    }
    for (int t = 0; t < 4; t++) {
        pthread_join(threads[t], NULL);
        assert_true(askers[t].ok);
    }
    fixture_close(&f);
}

// ---- what is told of an item --------------------------------------------------------------------

static void drawn_values_as_json(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, examples, (FolderFile[]){
        {"prompting/user-prompt.txt", "{topic} {knowledge} {mood} {flow} {template} {examples}"},
        {"prompting/templates.txt", "[brief]\nBrief."},
        {"prompting/injections/mood.csv", "value,label,age\n\"calm, but {topic}\",calm,30\n"},
        {"examples/examples.txt", "Customer: One.\nAgent: Two.\n---\nCustomer: Three.\nAgent: Four."},
        {"config/output-format.json", "{\"participants\":[\"Customer\",\"Agent\"],\"flow\":[\"greet\",\"solve\"]}"}, {0}});
    PlanItem i = item(&f, 0, 1, NULL);
    Buf json = {0};
    plan_drawn_json(&i, &json);
    Str id = knowledge_chunk_id(f.folder.project.knowledge, &f.folder.project.knowledge->chunks[0], &f.items);
    Str expected = arena_printf(&f.items, "{\"topic\":\"tea\",\"document\":\"green.md\",\"chunks\":[\"%.*s\"],\"template\":\"brief\","
                                          "\"flow\":[\"greet\",\"solve\"],\"exchanges\":%u,\"examples\":[1,2],\"mood\":\"calm\"}",
                                STR_ARG(id), i.drawn.exchanges);
    expect_str(buf_str(&json), arena_cstr(&f.items, expected));
    const Str *texts;
    size_t n = plan_drawn_texts(&i, &texts);
    bool mood = false, flow = false;
    for (size_t t = 0; t < n; t++) {
        mood = mood || str_eq(texts[t], S("calm, but tea"));
        flow = flow || str_eq(texts[t], S("1. greet\n2. solve"));
    }
    assert_true(mood && flow);
    buf_free(&json);
    fixture_close(&f);
}

// Else an example that the prompt shows would excuse every answer that copies it.
static void shown_examples_are_not_asked_for(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, examples, (FolderFile[]){{"prompting/user-prompt.txt", "Begin. {examples} Of {mood}. {examples} End. {output_format}"}, {0}});
    PlanItem i = item(&f, 0, 1, NULL);
    assert_int_equal(i.n_shown, 2);
    assert_true(str_contains(user_of(&i), S("Too hot.")));
    const Str *texts;
    size_t n = plan_asked_texts(&i, &texts);
    assert_int_equal(n, 5);
    expect_str(texts[0], "Begin. ");
    assert_true(str_starts(texts[2], S(" Of ")));
    assert_true(str_starts(texts[4], S(" End. ")));
    for (size_t t = 0; t < n; t++) assert_false(str_contains(texts[t], S("Too hot.")) || str_contains(texts[t], S("Two.")));
    PlanItem handwritten;
    plan_handwritten(f.plan, &f.folder.project.examples.items[1], &f.items, &handwritten);
    assert_int_equal(plan_asked_texts(&handwritten, &texts), 0);
    fixture_close(&f);
}

static void nothing_drawn_is_an_empty_object(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, examples, (FolderFile[]){{"prompting/user-prompt.txt", "Write."}, {0}});
    PlanItem out;
    plan_handwritten(f.plan, &f.folder.project.examples.items[1], &f.items, &out);
    Buf json = {0};
    plan_drawn_json(&out, &json);
    expect_str(buf_str(&json), "{}");
    buf_free(&json);
    fixture_close(&f);
}

static void is_value(PlanItem *i, NameId id, const char *expected)
{
    Value value;
    assert_true(plan_value(i, (Ref){.id = id}, &value));
    if (!expected) assert_int_equal(value.kind, VALUE_NULL);
    else expect_str(value.text, expected);
}

static void a_handwritten_example_has_its_own_values(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, examples, (FolderFile[]){{"prompting/user-prompt.txt", "{topic} {mood} {knowledge}"},
                                              {"config/generation-paramters.json", "{\"temperature\":0.5}"}, {0}});
    PlanItem i;
    const Example *example = &f.folder.project.examples.items[0];
    assert_true(plan_adds_example(f.plan, example));
    plan_handwritten(f.plan, example, &f.items, &i);
    is_value(&i, NAME_TOPIC, "tea");
    is_value(&i, NAME_INJECTION_LABEL, "angry");
    is_value(&i, NAME_INJECTION, "angry");
    is_value(&i, NAME_INJECTION_COLUMN, "angry");
    is_value(&i, NAME_ID, "26-11-22-15h04m05s-example-1");
    is_value(&i, NAME_RUN, "26-11-22-15h04m05s");
    is_value(&i, NAME_PARTITION, "train");
    static const NameId null[] = {NAME_DOCUMENT, NAME_KNOWLEDGE, NAME_CHUNK_ID, NAME_CHUNKS, NAME_TEMPLATE, NAME_FLOW,
                                  NAME_EXAMPLES, NAME_EXCHANGES, NAME_PARAM, NAME_INDEX, NAME_SEED, NAME_MODEL,
                                  NAME_DOCUMENT_SHA256, NAME_OUTPUT_FORMAT};
    for (size_t n = 0; n < sizeof null / sizeof *null; n++) is_value(&i, null[n], NULL);
    Value value;
    assert_false(plan_value(&i, (Ref){.id = NAME_TURN_TEXT}, &value));
    fixture_close(&f);
    fixture_open(&f, examples, (FolderFile[]){{"config/drawing.json", "{\"examples\":{\"add\":false}}"}, {0}});
    assert_false(plan_adds_example(f.plan, &f.folder.project.examples.items[0]));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompts_are_filled),
        cmocka_unit_test(an_empty_system_prompt_is_no_message),
        cmocka_unit_test(every_placeholder_has_a_value),
        cmocka_unit_test(headings_are_a_path),
        cmocka_unit_test(passages_are_joined_by_a_blank_line),
        cmocka_unit_test(neighbours_that_overlap_read_on),
        cmocka_unit_test(values_from_documents_are_never_filled),
        cmocka_unit_test(examples_can_be_text),
        cmocka_unit_test(examples_can_be_turns),
        cmocka_unit_test(an_item_can_be_made_smaller),
        cmocka_unit_test(parameters_are_sent_as_drawn),
        cmocka_unit_test(threads_get_the_same),
        cmocka_unit_test(drawn_values_as_json),
        cmocka_unit_test(shown_examples_are_not_asked_for), cmocka_unit_test(nothing_drawn_is_an_empty_object),
        cmocka_unit_test(a_handwritten_example_has_its_own_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
