// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include "project/output_format.h"

typedef struct World {
    Arena arena;
    Problems problems;
    JsonFile file;
    Injections injections;
    Injection mood;
    OutputFormat format;
    Names names;
    bool ok;
} World;

static const Str parameters[] = {S_INIT("temperature")};

static void open_world(World *w, const char *text)
{
    static const InjectionName injections[] = {{S_INIT("mood"), NULL, 0}};
    *w = (World){.mood = {.name = S("mood")}};
    w->problems.arena = &w->arena;
    w->injections = (Injections){.items = &w->mood, .n = 1};
    w->file = (JsonFile){.file = S("config/output-format.json"), .text = str_from(text)};
    Error e;
    if (text && !json_read(w->file.text, w->file.file, &w->file.root, &e)) fail_msg("%s: %s", text, e.what);
    w->ok = output_format_read(text ? &w->file : NULL, &w->injections, &w->arena, &w->format, &w->problems);
    Str *labels = arena_new(&w->arena, Str, w->format.n_labels + 1), *turns = arena_new(&w->arena, Str, w->format.n_turn_labels + 1);
    for (size_t i = 0; i < w->format.n_labels; i++) labels[i] = w->format.labels[i].name;
    for (size_t i = 0; i < w->format.n_turn_labels; i++) turns[i] = w->format.turn_labels[i].name;
    w->names = (Names){.injections = injections, .n_injections = 1, .parameters = parameters, .n_parameters = 1,
                       .n_participants = w->format.form.n_participants, .labels = labels, .n_labels = w->format.n_labels,
                       .turn_labels = turns, .n_turn_labels = w->format.n_turn_labels, .knowledge = true, .templates = true,
                       .flow = w->format.n_flows > 0, .examples = true};
    w->ok = output_format_compile(text ? &w->file : NULL, &w->format, &w->names, &w->arena, &w->problems) && w->ok;
}

static void close_world(World *w)
{
    json_decref(w->file.root);
    arena_free(&w->arena);
}

// The example of project-folder.md.
static const char contract[] =
    "{\"participants\": [\"Customer\", {\"name\": \"Agent\", \"role\": \"assistant\"}],\n"
    " \"first\": \"Customer\", \"last\": \"Agent\", \"alternate\": true, \"append\": true,\n"
    " \"system\": \"You are the assistant of a bank. Today's topic: {topic}.\",\n"
    " \"flow\": [[\"greeting\", \"problem\", \"clarifying question\", \"solution\"], [\"complaint\", \"apology\", \"escalation\"]],\n"
    " \"labels\": {\"mood\": \"{mood.label}\", \"resolution\": {\"of\": [\"resolved\", \"escalated\", \"open\"], \"about\": \"how the conversation ends\"}},\n"
    " \"turn_labels\": {\"intent\": {\"of\": [\"ask\", \"complain\", \"thank\", \"other\"], \"participant\": \"Customer\"}},\n"
    " \"record\": {\"id\": \"{id}\", \"topic\": \"{topic}\", \"style\": \"{template.name}\", \"labels\": \"{labels}\", \"temperature\": \"{param.temperature}\",\n"
    "   \"conversation\": [{\"speaker\": \"{turn.participant}\", \"text\": \"{turn.text}\", \"intent\": \"{turn.label.intent}\"}]},\n"
    " \"csv\": {\"row\": \"turn\", \"columns\": {\"id\": \"{id}\", \"turn\": \"{turn.number}\", \"speaker\": \"{turn.participant}\", \"text\": \"{turn.text}\", \"topic\": \"{topic}\"}}}";

static void test_contract(void **state)
{
    (void)state;
    World w;
    open_world(&w, contract);
    assert_no_fault(contract, &w.problems);
    assert_true(w.ok);
    const OutputFormat *f = &w.format;
    assert_int_equal(f->form.n_participants, 2);
    assert_text(f->form.participants[0].role, "user");
    assert_text(f->form.participants[1].name, "Agent");
    assert_int_equal(f->form.first, 0);
    assert_int_equal(f->form.last, 1);
    assert_int_equal(f->n_flows, 2);
    assert_int_equal(f->flows[0].n, 4);
    assert_text(f->flows[1].stages[2].text.source, "escalation");
    assert_int_equal(f->flows[1].stages[2].participant, ANYONE);
    assert_int_equal(f->n_labels, 2);
    assert_int_equal(f->labels[0].asked, -1);
    assert_int_equal(f->labels[0].drawn.segments[0].ref.id, NAME_INJECTION_LABEL);
    assert_int_equal(f->labels[1].asked, 0);
    assert_int_equal(f->form.n_labels, 1);
    assert_text(f->form.labels[0].about, "how the conversation ends");
    assert_int_equal(f->form.labels[0].participant, ANYONE);
    assert_int_equal(f->form.labels[0].n_of, 3);
    assert_int_equal(f->form.turn_labels[0].participant, 0);
    assert_true(f->has_system);
    assert_true(f->record_given);
    assert_int_equal(f->record.kind, RECORD_OBJECT);
    assert_int_equal(f->record.n, 6);
    assert_int_equal(f->record.children[0].kind, RECORD_VALUE);
    assert_int_equal(f->record.children[5].kind, RECORD_TURNS);
    assert_text(f->record.children[5].key, "conversation");
    assert_text(f->record.children[5].children[0].children[1].key, "text");
    assert_int_equal(f->record.children[5].children[0].children[2].ref.id, NAME_TURN_LABEL);
    assert_true(f->csv_given);
    assert_int_equal(f->csv_row, CSV_ROW_TURN);
    assert_int_equal(f->csv.n, 5);
    assert_true(record_mentions_turns(&f->record));
    close_world(&w);
}

static void test_defaults(void **state)
{
    (void)state;
    World w;
    open_world(&w, NULL);
    assert_true(w.ok);
    assert_text(w.format.form.participants[0].name, "User");
    assert_text(w.format.form.participants[1].role, "assistant");
    assert_true(w.format.form.alternate && w.format.append && !w.format.has_system && !w.format.csv_given && !w.format.record_given);
    assert_int_equal(w.format.n_labels, 1);
    assert_text(w.format.labels[0].name, "mood");
    static const char *const keys[] = {"id", "run", "index", "attempt", "source", "partition", "topic", "labels",
                                       "chunks", "template", "parameters", "model", "seed", "messages"};
    assert_int_equal(w.format.record.n, N_OF(keys));
    for (size_t i = 0; i < N_OF(keys); i++) assert_text(w.format.record.children[i].key, keys[i]);
    assert_int_equal(w.format.record.children[13].kind, RECORD_MESSAGES);
    assert_text(w.format.record.children[10].children[0].key, "temperature");
    close_world(&w);
}

static void test_forms(void **state)
{
    (void)state;
    World w;
    open_world(&w, "{\"participants\": [\"A\", \"B\", \"C\"], \"first\": null, \"last\": null, \"alternate\": false, \"append\": false, \"labels\": {}}");
    assert_true(w.ok);
    assert_int_equal(w.format.form.first, ANYONE);
    assert_int_equal(w.format.form.last, ANYONE);
    assert_int_equal(w.format.n_labels, 0);
    assert_text(w.format.form.participants[2].role, "assistant");
    close_world(&w);
    open_world(&w, "{\"participants\": [\"A\", \"B\", \"C\"]}");
    assert_int_equal(w.format.form.last, 2);
    close_world(&w);
    open_world(&w, "{\"flow\": [\"one\", {\"stage\": \"two {mood}\", \"participant\": \"Assistant\"}]}");
    assert_true(w.ok);
    assert_int_equal(w.format.n_flows, 1);
    assert_int_equal(w.format.flows[0].stages[1].participant, 1);
    assert_int_equal(w.format.flows[0].stages[1].text.n, 2);
    close_world(&w);
}

static void test_whole_file_is_the_record(void **state)
{
    (void)state;
    World w;
    open_world(&w, "{\"a\": {\"b\": [1, \"x {topic}\", null]}, \"data\": [{\"rows\": [[\"{turn.role}\", \"{turn.text}\"]]}], \"k\": \"{{topic}}\", \"n\": 1.50,"
                   " \"t\": [{\"n\": \"{turn.number}\", \"l\": [\"{turn.text}\"]}]}");
    assert_no_fault("record", &w.problems);
    const RecordNode *r = &w.format.record;
    assert_int_equal(r->children[0].children[0].children[0].kind, RECORD_CONSTANT);
    assert_int_equal(r->children[0].children[0].children[1].kind, RECORD_TEXT);
    assert_text(r->children[0].children[0].children[2].constant, "null");
    // The list that speaks of a turn itself is repeated, not one around it, and none inside it.
    assert_int_equal(r->children[1].kind, RECORD_ARRAY);
    assert_int_equal(r->children[1].children[0].children[0].kind, RECORD_TURNS);
    assert_int_equal(r->children[1].children[0].children[0].children[0].kind, RECORD_ARRAY);
    assert_int_equal(r->children[2].kind, RECORD_TEXT);
    assert_text(r->children[3].constant, "1.5");
    assert_int_equal(r->children[4].kind, RECORD_TURNS);
    assert_int_equal(r->children[4].children[0].children[1].kind, RECORD_ARRAY);
    assert_int_equal(w.format.form.n_participants, 2);
    close_world(&w);
}

static const Fault faults[] = {
    {"[]", "json", 1, 1, "not an object", "\"participants\""},
    {"\"{messages}\"", "json", 1, 1, "not an object", "one record"},
    {"{\"partcipants\": [\"A\", \"B\"]}", "json", 1, 2, "unknown key \"partcipants\"", "\"participants\""},
    {"{\"id\": \"{id}\"}", "json", 1, 1, "nothing of the conversation", "{messages}"},
    {"{\"id\": \"{id}\", \"labels\": {}}", "json", 1, 2, "unknown key \"id\"", "under \"record\""},
    {"{\"particpants\": [\"A\", \"B\"], \"record\": {\"m\": \"{messages}\"}}", "json", 1, 2, "unknown key \"particpants\"", "write \"participants\""},
    {"{\"end\": 1, \"append\": true}", "json", 1, 2, "\"end\" is reserved", "leave it out"},
    {"{\"participants\": \"A\"}", "json", 1, 18, "\"participants\" is a string", "two or more names"},
    {"{\"participants\": [\"A\"]}", "json", 1, 18, "needs two participants", "two or more"},
    {"{\"participants\": [\"A\", \"a\"]}", "json", 1, 24, "same name", "name of its own"},
    {"{\"participants\": [\"A\", \"B:\"]}", "json", 1, 24, "one line without a colon", "Customer"},
    {"{\"participants\": [\"A\", \"\"]}", "json", 1, 24, "one line without a colon", "Customer"},
    {"{\"participants\": [\"A\", 3]}", "json", 1, 24, "a number stands here", "a name, or {\"name\""},
    {"{\"participants\": [\"A\", {\"name\": \"B\", \"rolle\": \"x\"}]}", "json", 1, 38, "unknown key \"rolle\"", "write \"role\""},
    {"{\"participants\": [\"A\", {\"role\": \"x\"}]}", "json", 1, 24, "has no name", "{\"name\""},
    {"{\"participants\": [\"A\", {\"name\": \"B\", \"role\": \"\"}]}", "json", 1, 46, "role is empty", "assistant"},
    {"{\"participants\": [\"A\", {\"name\": \"B\", \"role\": 1}]}", "json", 1, 46, "\"role\" is a number", "a role as a string"},
    {"{\"participants\": [\"A\", {\"name\": \"B\", \"prompt\": \"x\"}]}", "json", 1, 38, "\"prompt\" is reserved for simulation", "leave it out"},
    {"{\"participants\": [\"A\", {\"name\": \"B\", \"model\": \"x\"}]}", "json", 1, 38, "\"model\" is reserved", "leave it out"},
    {"{\"participants\": [\"A\", {\"name\": \"B\", \"parameters\": {}}]}", "json", 1, 38, "\"parameters\" is reserved", "leave it out"},
    {"{\"participants\": [\"Anna\", \"Bob\"], \"first\": \"Ann\"}", "json", 1, 44, "nobody is named \"Ann\"", "write \"Anna\""},
    {"{\"participants\": [\"Anna\", \"Bob\"], \"last\": 2}", "json", 1, 43, "\"last\" is a number", "or null for any"},
    {"{\"alternate\": \"yes\"}", "json", 1, 15, "\"alternate\" is a string", "true or false"},
    {"{\"append\": 1}", "json", 1, 12, "\"append\" is a number", "true or false"},
    {"{\"system\": [\"x\"]}", "json", 1, 12, "\"system\" is a list", "as a string"},
    {"{\"system\": \"a {topik}\"}", "placeholder", 1, 15, "unknown name {topik}", "{topic}"},
    {"{\"system\": \"a {messages}\"}", "json", 1, 12, "begins with this text", "{conversation}"},
    {"{\"system\": \"{turn.text}\"}", "placeholder", 1, 13, "no value here", "list of one element"},
    {"{\"flow\": \"x\"}", "json", 1, 10, "\"flow\" is a string", "a list of stages"},
    {"{\"flow\": []}", "json", 1, 10, "a flow without stages", "a list of stages"},
    {"{\"flow\": [[\"a\"], []]}", "json", 1, 18, "a flow without stages", "a list of stages"},
    {"{\"flow\": [[\"a\"], \"b\"]}", "json", 1, 18, "a string stands here", "a list of stages"},
    {"{\"flow\": [\"a\", [\"b\"]]}", "json", 1, 16, "a list stands here", "a stage as a string"},
    {"{\"flow\": [\"a\", {\"stag\": \"b\"}]}", "json", 1, 17, "unknown key \"stag\"", "write \"stage\""},
    {"{\"flow\": [\"a\", {\"participant\": \"User\"}]}", "json", 1, 16, "\"stage\" is missing", "\"participant\""},
    {"{\"flow\": [\"a\", {\"stage\": \"b\", \"participant\": \"Usr\"}]}", "json", 1, 46, "nobody is named \"Usr\"", "write \"User\""},
    {"{\"flow\": [\"a {oops}\"]}", "placeholder", 1, 14, "unknown name {oops}", "oops"},
    {"{\"labels\": [\"mood\"]}", "json", 1, 12, "\"labels\" is a list", "{\"mood\": \"{mood.label}\"}"},
    {"{\"labels\": {\"a\": 3}}", "json", 1, 18, "neither a string nor an object", "{\"of\""},
    {"{\"labels\": {\"a\": {\"off\": [\"x\"]}}}", "json", 1, 19, "unknown key \"off\"", "write \"of\""},
    {"{\"labels\": {\"a\": {\"about\": \"x\"}}}", "json", 1, 18, "\"of\" is missing", "{\"of\""},
    {"{\"labels\": {\"a\": {\"of\": \"x\"}}}", "json", 1, 25, "\"of\" is a string", "a list of values"},
    {"{\"labels\": {\"a\": {\"of\": []}}}", "json", 1, 25, "no value to ask for", "a list of values"},
    {"{\"labels\": {\"a\": {\"of\": [1]}}}", "json", 1, 26, "a number stands here", "each value as a string"},
    {"{\"labels\": {\"a\": {\"of\": [\"x\", \"X\"]}}}", "json", 1, 31, "twice", "leave one out"},
    {"{\"labels\": {\"a\": {\"of\": [\" \"]}}}", "json", 1, 26, "one line of text", "a word"},
    {"{\"labels\": {\"a\": {\"of\": [\"x\"], \"participant\": \"User\"}}}", "json", 1, 32, "unknown key \"participant\"", "known here: of, about"},
    {"{\"labels\": {\"a\": {\"of\": [\"x\"], \"about\": 3}}}", "json", 1, 41, "\"about\" is a number", "a sentence"},
    {"{\"labels\": {\"a\": {\"of\": [\"x\"], \"about\": \"of {topic}\"}}}", "warning:json", 1, 32, "not filled in \"about\"", "without them"},
    {"{\"labels\": {\"user\": {\"of\": [\"x\"]}}}", "json", 1, 13, "a participant's name", "rename"},
    {"{\"labels\": {\"a:b\": {\"of\": [\"x\"]}}}", "json", 1, 13, "without a colon", "mood"},
    {"{\"labels\": {\"a\": \"{moood.label}\"}}", "placeholder", 1, 19, "unknown name {moood.label}", "write {mood.label}"},
    {"{\"labels\": {\"a\": \"{source}\"}}", "placeholder", 1, 19, "no value here", "record"},
    {"{\"turn_labels\": {\"a\": {\"of\": [\"x\"], \"participant\": \"Asistant\"}}}", "json", 1, 52, "nobody is named", "write \"Assistant\""},
    {"{\"turn_labels\": {\"a\": {\"of\": [\"x\"]}, \"b\": \"{turn.label.a}\"}}", "json", 1, 43, "cannot be made of a turn's label", "drawn from"},
    {"{\"record\": [\"{messages}\"]}", "json", 1, 12, "\"record\" is a list", "one record as an object"},
    {"{\"record\": {\"id\": \"{id}\"}}", "warning:json", 1, 2, "nothing of the conversation", "{turn.text}"},
    {"{\"record\": {\"m\": \"{messages}\", \"a\\u00e4\": \"\\n{topik}\"}}", "placeholder", 1, 12, "unknown name {topik}", "write {topic}"},
    {"{\"record\": {\"m\": \"{turn.text}\"}}", "placeholder", 1, 19, "no value here", "list of one element"},
    {"{\"record\": {\"m\": [\"x\", \"a {turn.text}\"]}}", "placeholder", 1, 27, "no value here", "list of one element"},
    {"{\"record\": {\"m\": \"{messages}\", \"p\": \"{param.topp}\"}}", "placeholder", 1, 38, "unknown name", "param.temperature"},
    {"{\"record\": {\"m\": \"{messages}\", \"p\": \"{label.x}\"}}", "placeholder", 1, 38, "unknown name {label.x}", "{labels}"},
    {"{\"csv\": []}", "json", 1, 9, "\"csv\" is a list", "\"columns\""},
    {"{\"csv\": {\"row\": \"turn\"}}", "json", 1, 9, "\"columns\" says nothing", "{turn.text}"},
    {"{\"csv\": {\"columns\": {}}}", "json", 1, 21, "\"columns\" says nothing", "{turn.text}"},
    {"{\"csv\": {\"row\": \"turns\", \"columns\": {\"a\": \"{id}\"}}}", "json", 1, 17, "neither a turn nor a conversation", "\"turn\" or \"conversation\""},
    {"{\"csv\": {\"rows\": \"turn\", \"columns\": {\"a\": \"{id}\"}}}", "json", 1, 10, "unknown key \"rows\"", "write \"row\""},
    {"{\"csv\": {\"columns\": {\"a\": \"{turn.text}\"}}}", "placeholder", 1, 28, "no value here", "list of one element"},
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

static void test_deep_and_wide_records_end(void **state)
{
    (void)state;
    Buf deep = {0};
    buf_add(&deep, S("{\"record\": {\"m\": \"{messages}\", \"d\": "));
    for (int i = 0; i < 1000; i++) buf_add_char(&deep, '[');
    for (int i = 0; i < 1000; i++) buf_add_char(&deep, ']');
    buf_add(&deep, S("}}"));
    buf_add_char(&deep, 0);
    World w;
    open_world(&w, deep.ptr);
    assert_false(w.ok);
    assert_int_equal(w.problems.n, 1);
    assert_non_null(strstr(w.problems.items[0].what, "nested too deep"));
    close_world(&w);
    buf_clear(&deep);
    buf_add(&deep, S("{\"record\": {\"m\": \"{messages}\", \"d\": [0"));
    for (int i = 0; i < 5000; i++) buf_add(&deep, S(",1"));
    buf_add(&deep, S("]}}"));
    buf_add_char(&deep, 0);
    open_world(&w, deep.ptr);
    assert_false(w.ok);
    assert_int_equal(w.problems.n, 1);
    assert_non_null(strstr(w.problems.items[0].what, "too many parts"));
    close_world(&w);
    buf_free(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract), cmocka_unit_test(test_defaults), cmocka_unit_test(test_forms),
        cmocka_unit_test(test_whole_file_is_the_record), cmocka_unit_test(test_faults), cmocka_unit_test(test_deep_and_wide_records_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
