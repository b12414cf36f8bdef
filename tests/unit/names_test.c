// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include "project/names.h"

static const Str columns[] = {S_INIT("name"), S_INIT("age")};
static const InjectionName injections[] = {{S_INIT("mood"), NULL, 0}, {S_INIT("persona"), columns, 2}, {S_INIT("user.mood"), NULL, 0}};
static const Str parameters[] = {S_INIT("temperature"), S_INIT("top_p")};
static const Str labels[] = {S_INIT("resolution")};
static const Str turn_labels[] = {S_INIT("intent")};
static const Names everything = {.injections = injections, .n_injections = 3, .parameters = parameters, .n_parameters = 2,
                                 .n_participants = 2, .labels = labels, .n_labels = 1, .turn_labels = turn_labels,
                                 .n_turn_labels = 1, .knowledge = true, .templates = true, .flow = true, .examples = true};
enum { ALL = SCOPE_PROMPT | SCOPE_RECORD | SCOPE_TURN };

static void test_name_length(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"topic}", 5},       {"a.b.c", 5},        {"participant.12 ", 14}, {"_x-1", 4},         {"", 0},
        {"1a", 0},           {"-a", 0},           {"a.", 1},               {"a..b", 1},         {"a.1b", 1},
        {"a.-b", 1},         {"a.12.b", 6},       {"\xC3\xA4", 0},         {"a\xC3\xA4", 1},    {"a b", 1},
        {"\"a\": 1", 0},     {".a", 0},           {"a.b-", 4},
    };
    for (size_t i = 0; i < N_OF(cases); i++)
        if (name_length(str_from(cases[i].text)) != cases[i].length) fail_msg("%s: %zu", cases[i].text, name_length(str_from(cases[i].text)));
    assert_true(name_valid(S("user.mood")));
    assert_false(name_valid(S("my mood")));
    assert_false(name_valid(S("")));
}

static void test_every_name_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        NameId id;
        uint32_t index, field;
        Scope scope;
    } cases[] = {
        {"topic", NAME_TOPIC, 0, 0, SCOPE_PROMPT},
        {"document", NAME_DOCUMENT, 0, 0, SCOPE_PROMPT},
        {"knowledge", NAME_KNOWLEDGE, 0, 0, SCOPE_PROMPT},
        {"chunk.id", NAME_CHUNK_ID, 0, 0, SCOPE_PROMPT},
        {"chunk.number", NAME_CHUNK_NUMBER, 0, 0, SCOPE_PROMPT},
        {"chunk.page", NAME_CHUNK_PAGE, 0, 0, SCOPE_PROMPT},
        {"chunk.heading", NAME_CHUNK_HEADING, 0, 0, SCOPE_PROMPT},
        {"chunk.start", NAME_CHUNK_START, 0, 0, SCOPE_PROMPT},
        {"chunk.end", NAME_CHUNK_END, 0, 0, SCOPE_PROMPT},
        {"document.sha256", NAME_DOCUMENT_SHA256, 0, 0, SCOPE_PROMPT},
        {"chunks", NAME_CHUNKS, 0, 0, SCOPE_PROMPT},
        {"template", NAME_TEMPLATE, 0, 0, SCOPE_PROMPT},
        {"template.name", NAME_TEMPLATE_NAME, 0, 0, SCOPE_PROMPT},
        {"flow", NAME_FLOW, 0, 0, SCOPE_PROMPT},
        {"examples", NAME_EXAMPLES, 0, 0, SCOPE_PROMPT},
        {"examples.ids", NAME_EXAMPLES_IDS, 0, 0, SCOPE_PROMPT},
        {"max_exchanges", NAME_MAX_EXCHANGES, 0, 0, SCOPE_PROMPT},
        {"exchanges", NAME_EXCHANGES, 0, 0, SCOPE_PROMPT},
        {"participants", NAME_PARTICIPANTS, 0, 0, SCOPE_PROMPT},
        {"participant.1", NAME_PARTICIPANT, 0, 0, SCOPE_PROMPT},
        {"participant.2", NAME_PARTICIPANT, 1, 0, SCOPE_PROMPT},
        {"output_format", NAME_OUTPUT_FORMAT, 0, 0, SCOPE_PROMPT},
        {"mood", NAME_INJECTION, 0, 0, SCOPE_PROMPT},
        {"mood.label", NAME_INJECTION_LABEL, 0, 0, SCOPE_PROMPT},
        {"persona.age", NAME_INJECTION_COLUMN, 1, 1, SCOPE_PROMPT},
        {"user.mood", NAME_INJECTION, 2, 0, SCOPE_PROMPT},
        {"user.mood.label", NAME_INJECTION_LABEL, 2, 0, SCOPE_PROMPT},
        {"param.top_p", NAME_PARAM, 1, 0, SCOPE_PROMPT},
        {"id", NAME_ID, 0, 0, SCOPE_PROMPT},
        {"index", NAME_INDEX, 0, 0, SCOPE_PROMPT},
        {"run", NAME_RUN, 0, 0, SCOPE_PROMPT},
        {"seed", NAME_SEED, 0, 0, SCOPE_PROMPT},
        {"partition", NAME_PARTITION, 0, 0, SCOPE_PROMPT},
        {"model", NAME_MODEL, 0, 0, SCOPE_PROMPT},
        {"date", NAME_DATE, 0, 0, SCOPE_PROMPT},
        {"conversation", NAME_CONVERSATION, 0, 0, SCOPE_RECORD},
        {"messages", NAME_MESSAGES, 0, 0, SCOPE_RECORD},
        {"labels", NAME_LABELS, 0, 0, SCOPE_RECORD},
        {"label.resolution", NAME_LABEL, 0, 0, SCOPE_RECORD},
        {"source", NAME_SOURCE, 0, 0, SCOPE_RECORD},
        {"attempt", NAME_ATTEMPT, 0, 0, SCOPE_RECORD},
        {"finish_reason", NAME_FINISH_REASON, 0, 0, SCOPE_RECORD},
        {"model.reported", NAME_MODEL_REPORTED, 0, 0, SCOPE_RECORD},
        {"prompt.sha256", NAME_PROMPT_SHA256, 0, 0, SCOPE_RECORD},
        {"time", NAME_TIME, 0, 0, SCOPE_RECORD},
        {"usage.prompt_tokens", NAME_USAGE_PROMPT_TOKENS, 0, 0, SCOPE_RECORD},
        {"usage.completion_tokens", NAME_USAGE_COMPLETION_TOKENS, 0, 0, SCOPE_RECORD},
        {"cost", NAME_COST, 0, 0, SCOPE_RECORD},
        {"turn.number", NAME_TURN_NUMBER, 0, 0, SCOPE_TURN},
        {"turn.participant", NAME_TURN_PARTICIPANT, 0, 0, SCOPE_TURN},
        {"turn.role", NAME_TURN_ROLE, 0, 0, SCOPE_TURN},
        {"turn.text", NAME_TURN_TEXT, 0, 0, SCOPE_TURN},
        {"turn.label.intent", NAME_TURN_LABEL, 0, 0, SCOPE_TURN},
    };
    bool seen[NAME_COUNT] = {[NAME_NONE] = true};
    Arena a = {0};
    for (size_t i = 0; i < N_OF(cases); i++) {
        Ref ref;
        Error e;
        if (!names_find(&everything, ALL, str_from(cases[i].name), &ref, &e)) fail_msg("%s: %s", cases[i].name, e.what);
        if (!ref_eq(ref, (Ref){cases[i].id, cases[i].index, cases[i].field})) fail_msg("%s is another name", cases[i].name);
        assert_int_equal(name_scope(ref.id), cases[i].scope);
        assert_text(ref_name(&everything, ref, &a), cases[i].name);
        if (cases[i].scope != SCOPE_PROMPT) assert_false(names_find(&everything, SCOPE_PROMPT, str_from(cases[i].name), &ref, &e));
        seen[cases[i].id] = true;
    }
    for (size_t id = 0; id < NAME_COUNT; id++)
        if (!seen[id]) fail_msg("no case for name %zu", id);
    arena_free(&a);
}

static void test_unknown_names(void **state)
{
    (void)state;
    static const struct {
        unsigned scopes;
        const char *name, *what, *hint;
    } cases[] = {
        {SCOPE_PROMPT, "topik", "unknown name {topik}", "write {topic}"},
        {SCOPE_PROMPT, "tpoic", "unknown name", "write {topic}"},
        {SCOPE_PROMPT, "moods", "unknown name", "write {mood}"},
        {SCOPE_PROMPT, "persona.ag", "unknown name", "{persona.age}"},
        {SCOPE_PROMPT, "persona.height", "unknown name {persona.height}", "write"},
        {SCOPE_PROMPT, "mood.colour", "unknown name", "persona"},
        {SCOPE_PROMPT, "param.temprature", "unknown name", "write {param.temperature}"},
        {SCOPE_PROMPT, "param.zzz", "unknown name", "such as {param.temperature}"},
        {SCOPE_PROMPT, "participant.3", "unknown name", "{participant.1}"},
        {SCOPE_PROMPT, "participant.0", "unknown name", "{participant.1}"},
        {SCOPE_PROMPT, "participant.99999999999999999999", "unknown name", "2 participants"},
        {SCOPE_PROMPT, "weather", "unknown name {weather}", "weather.txt"},
        {SCOPE_PROMPT, "temp", "unknown name", "{template}"},
        {SCOPE_PROMPT, "turn.text", "{turn.text} has no value here", "record of config/output-format.json"},
        {SCOPE_PROMPT, "messages", "has no value here", "{{messages}}"},
        {SCOPE_PROMPT | SCOPE_RECORD, "turn.text", "has no value here", "repeated for each turn"},
        {SCOPE_PROMPT | SCOPE_RECORD, "label.resolutoin", "unknown name", "write {label.resolution}"},
        {ALL, "turn.label.intend", "unknown name", "write {turn.label.intent}"},
        {ALL, "turn.tekst", "unknown name", "write {turn.text}"},
        {SCOPE_PROMPT, "Topic", "unknown name {Topic}", "write {topic}"},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        Ref ref;
        Error e;
        assert_false(names_find(&everything, cases[i].scopes, str_from(cases[i].name), &ref, &e));
        assert_string_equal(e.code, "placeholder");
        assert_int_equal(e.kind, ERROR_PROJECT);
        assert_int_equal(ref.id, NAME_NONE);
        if (strcmp(cases[i].name, "mood.colour") == 0) continue;  // nothing is near: any advice will do
        if (!strstr(e.what, cases[i].what) || !strstr(e.hint, cases[i].hint)) fail_msg("%s: %s / %s", cases[i].name, e.what, e.hint);
    }
}

static void test_absent_parts(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"topic", "knowledge/<topic>/"},
                                           {"knowledge", "knowledge/<topic>/"},
                                           {"chunk.id", "knowledge/<topic>/"},
                                           {"template.name", "templates.txt"},
                                           {"flow", "\"flow\""},
                                           {"examples", "examples/examples.txt"}};
    Names nothing = {.n_participants = 2};
    for (size_t i = 0; i < N_OF(cases); i++) {
        Ref ref;
        Error e;
        assert_false(names_find(&nothing, SCOPE_PROMPT, str_from(cases[i][0]), &ref, &e));
        if (!strstr(e.what, "the project has none") || !strstr(e.hint, cases[i][1])) fail_msg("%s: %s / %s", cases[i][0], e.what, e.hint);
    }
    Ref ref;
    assert_false(names_find(&nothing, SCOPE_PROMPT, S("topic"), &ref, NULL));
    // A parameter file with faults was reported; what hangs on it is not reported again.
    nothing.parameters_unread = true;
    Error e = {.kind = ERROR_INTERNAL};
    assert_false(names_find(&nothing, SCOPE_PROMPT, S("param.temperature"), &ref, &e));
    assert_int_equal(e.kind, ERROR_NONE);
}

static void test_reserved(void **state)
{
    (void)state;
    static const char *const reserved[] = {"topic", "chunk.id", "chunk", "param", "param.x", "participant", "participant.7",
                                           "turn", "label", "messages", "time", "id", "usage.x"};
    static const char *const free_names[] = {"mood", "topics", "user.mood", "params", "prompt", "turn_taking"};
    for (size_t i = 0; i < N_OF(reserved); i++)
        if (!name_reserved(str_from(reserved[i]))) fail_msg("%s", reserved[i]);
    for (size_t i = 0; i < N_OF(free_names); i++)
        if (name_reserved(str_from(free_names[i]))) fail_msg("%s", free_names[i]);
}

static void test_variables(void **state)
{
    (void)state;
    Variable v;
    Str nearest;
    assert_true(names_find_variable(&everything, S("topic"), &v, NULL) && v.kind == VARIABLE_TOPIC);
    assert_true(names_find_variable(&everything, S("document"), &v, NULL) && v.kind == VARIABLE_DOCUMENT);
    assert_true(names_find_variable(&everything, S("template"), &v, NULL) && v.kind == VARIABLE_TEMPLATE);
    assert_true(names_find_variable(&everything, S("persona"), &v, NULL) && v.kind == VARIABLE_INJECTION && v.index == 1);
    assert_text(variable_name(&everything, v), "persona");
    assert_false(names_find_variable(&everything, S("personna"), &v, &nearest));
    assert_text(nearest, "persona");
    assert_false(names_find_variable(&everything, S("completely-else"), &v, &nearest));
    assert_int_equal(nearest.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_length),   cmocka_unit_test(test_every_name_is_found), cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_absent_parts),  cmocka_unit_test(test_reserved),            cmocka_unit_test(test_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
