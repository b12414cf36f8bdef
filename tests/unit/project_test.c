// SPDX-License-Identifier: Apache-2.0
#include "faults.h"
#include "project_folder.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

static const FolderFile rich[] = {
    {"config/output-format.json",
     "{\"participants\": [\"Customer\", {\"name\": \"Agent\", \"role\": \"assistant\"}],\n"
     " \"system\": \"Topic: {topic}.\",\n"
     " \"flow\": [[\"greeting\", \"{intent}\"], [\"complaint\", \"apology\"]],\n"
     " \"labels\": {\"mood\": \"{mood.label}\", \"resolution\": {\"of\": [\"resolved\", \"open\"]}},\n"
     " \"turn_labels\": {\"act\": {\"of\": [\"ask\", \"tell\"], \"participant\": \"Customer\"}},\n"
     " \"record\": {\"id\": \"{id}\", \"topic\": \"{topic}\", \"labels\": \"{labels}\", \"style\": \"{template.name}\", \"t\": \"{param.temperature}\",\n"
     "   \"age\": \"{persona.age}\", \"turns\": [{\"who\": \"{turn.participant}\", \"text\": \"{turn.text}\", \"act\": \"{turn.label.act}\"}]},\n"
     " \"csv\": {\"row\": \"turn\", \"columns\": {\"id\": \"{id}\", \"text\": \"{turn.text}\"}}}"},
    {"config/generation-paramters.json", "{\"temperature\": [0.2, 1.0], \"top_k\": [20, 60], \"stop\": [\"\\n\\n\"]}"},
    {"config/drawing.json", "{\"cross\": [\"intent\", \"mood\"], \"weights\": {\"topic\": {\"billing\": 2}}, \"examples\": {\"in_prompt\": 1},\n"
                            " \"partitions\": {\"eval\": {\"documents\": [\"ship.md\"], \"examples\": [2], \"injections\": {\"persona\": [\"Ann\"]}}}}"},
    {"config/chunk-strategy.json", "{\"*.txt\": {\"max_words\": 5}}"},
    {"examples/examples.txt", "[topic=billing mood=angry resolution=open]\nCustomer [act=tell]: My bill is wrong.\nAgent: Let me look.\n---\n"
                              "[resolution=resolved]\nCustomer [act=ask]: Where is it?\nAgent: On its way.\n"},
    {"prompting/system-prompt.txt", "You write dialogues between {participants}. {template}\n"},
    {"prompting/user-prompt.txt", "Write {exchanges} exchanges about {topic}:\n{knowledge}\n{persona} is {persona.age}, wants {intent}, {reaction}.\n{flow}\n{examples}\n{\"a\": 1} {{topic}}\n"},
    {"prompting/templates.txt", "[calm weight=2]\nBe calm and {mood}.\n---\nBe brief.\n"},
    {"prompting/injections/mood.txt", "angry\nhappy\n"},
    {"prompting/injections/intent.txt", "refund\ninfo\n"},
    {"prompting/injections/reaction.json", "[{\"value\": \"shouts\", \"when\": {\"mood\": [\"angry\"]}}, {\"value\": \"smiles\", \"when\": {\"mood\": [\"happy\"]}}]"},
    {"prompting/injections/persona.csv", "value,age,label\r\n\"Ann, a {mood} pilot\",34,Ann\r\nBob,41,Bob\r\n"},
    {"knowledge/billing/faq.txt", "Bills are sent monthly. They can be paid by card. Nothing else is needed.\n"},
    {"knowledge/shipping/ship.md", "# Shipping\n\nParcels take two days.\n"},
    {NULL, NULL},
};

static const FolderFile minimal[] = {
    {"prompting/system-prompt.txt", "You write dialogues."},
    {"prompting/user-prompt.txt", "Write one."},
    {NULL, NULL},
};

static void test_rich(void **state)
{
    (void)state;
    ProjectFolder f;
    folder_open(&f, rich, NULL);
    const Project *p = &f.project;
    assert_no_fault("rich", &f.problems);
    ProjectCounts counts = project_counts(p);
    assert_int_equal(counts.templates, 2);
    assert_int_equal(counts.examples, 2);
    assert_int_equal(counts.injections, 4);
    assert_int_equal(counts.values, 8);
    assert_int_equal(counts.topics, 2);
    assert_int_equal(counts.documents, 2);
    assert_true(counts.chunks >= 3);
    assert_true(p->reach.passage && p->reach.topic && p->reach.template && p->reach.flow && p->reach.examples);
    for (size_t i = 0; i < 4; i++) assert_true(p->reach.injections[i] && p->reach.told[i]);
    assert_true(p->appended && p->reach.output_format);
    const Segment *last = &p->user_prompt.segments[p->user_prompt.n - 1];
    assert_int_equal(last->ref.id, NAME_OUTPUT_FORMAT);
    assert_text(last[-1].text, "\n\n");
    assert_int_equal(p->drawing.n_cross, 2);
    assert_int_equal(p->document_partitions[0], 0);
    assert_int_equal(p->document_partitions[1], 1);
    assert_int_equal(p->examples.items[1].partition, 1);
    const Injection *persona = &p->injections.items[2];
    assert_text(persona->name, "persona");
    assert_int_equal(persona->values[0].partition, 1);
    assert_int_equal(persona->values[1].partition, 0);
    assert_int_equal(p->n_files, 14);
    assert_text(p->files[0].path, "config/chunk-strategy.json");
    assert_text(p->files[13].path, "prompting/user-prompt.txt");
    assert_memory_equal(&p->files[13].hash, &(Sha256[]){sha256(str_from(rich[6].text))}[0], sizeof(Sha256));
    assert_text(p->name, strrchr(f.path, '/') + 1);
    folder_close(&f);
}

static void test_minimal(void **state)
{
    (void)state;
    ProjectFolder f;
    folder_open(&f, minimal, NULL);
    assert_no_fault("minimal", &f.problems);
    assert_true(f.project.appended);
    assert_false(f.project.reach.topic);
    assert_int_equal(f.project.knowledge->n_documents, 0);
    assert_int_equal(f.project.n_files, 2);
    folder_close(&f);
    static const FolderFile mentioned[] = {{"prompting/system-prompt.txt", "{output_format}"}, {NULL, NULL}};
    folder_open(&f, minimal, mentioned);
    assert_false(f.project.appended);
    assert_true(f.project.reach.output_format);
    folder_close(&f);
    static const FolderFile switched_off[] = {{"config/output-format.json", "{\"append\": false}"}, {NULL, NULL}};
    folder_open(&f, minimal, switched_off);
    assert_false(f.project.appended || f.project.reach.output_format);
    folder_close(&f);
    static const FolderFile through_a_value[] = {{"prompting/user-prompt.txt", "{tail}"}, {"prompting/injections/tail.txt", "x {output_format}"}, {NULL, NULL}};
    folder_open(&f, minimal, through_a_value);
    assert_no_fault("through a value", &f.problems);
    assert_false(f.project.appended);
    folder_close(&f);
    static const FolderFile through_some[] = {{"prompting/user-prompt.txt", "{tail}"}, {"prompting/injections/tail.txt", "x {output_format}\ny"}, {NULL, NULL}};
    folder_open(&f, minimal, through_some);
    assert_false(f.project.appended);
    assert_int_equal(f.problems.n, 1);
    assert_string_equal(f.problems.items[0].what, "only some of the drawn values mention {output_format}");
    folder_close(&f);
    static const FolderFile through_all[] = {{"prompting/user-prompt.txt", "{tail}"}, {"prompting/injections/tail.txt", "x {end}\ny {end}"},
                                             {"prompting/injections/end.txt", "1 {output_format}\n{output_format} 2"}, {NULL, NULL}};
    folder_open(&f, minimal, through_all);
    assert_no_fault("through all values", &f.problems);
    folder_close(&f);
}

// ---- one fault in an otherwise whole folder -----------------------------------------------------

typedef struct FolderFault {
    const char *path, *text;         // replaces or adds this file; text NULL: it is removed
    const char *code, *file;
    unsigned line, column;
    const char *what, *hint;
} FolderFault;

static const FolderFault faults[] = {
    {"prompting/system-prompt.txt", NULL, "file", "prompting/system-prompt.txt", 0, 0, "missing", "who the model is"},
    {"prompting/user-prompt.txt", "\xEF\xBB\xBF{topik} {persona} {intent} {reaction} {flow} {examples} {knowledge}", "placeholder", "prompting/user-prompt.txt", 1, 1, "unknown name {topik}", "{topic}"},
    {"prompting/user-prompt.txt", "a\r\n{persona} {intent} {reaction} {flow} {examples} {knowledge}\r\n{persona.agee}", "placeholder", "prompting/user-prompt.txt", 3, 1, "unknown name", "{persona.age}"},
    {"prompting/user-prompt.txt", "caf\xE9", "utf-8", "prompting/user-prompt.txt", 1, 4, "not UTF-8", "UTF-8"},
    {"prompting/templates.txt", "Be {reaction}.\n---\nBe {mood} {template}.", "placeholder", "prompting/templates.txt", 3, 11, "lead back to themselves: {template} → {template}", "out"},
    {"prompting/injections/mood.txt", "angry\nhappy\n{intent} too", "when", "prompting/injections/reaction.json", 0, 0, "no value of reaction is left where mood is \"{intent} too\"", "without \"when\""},
    {"prompting/injections/intent.txt", "refund\n{template} {flow}", "placeholder", "prompting/injections/intent.txt", 2, 12, "lead back to themselves: {flow} → {intent} → {flow}", "out"},
    {"config/generation-parameters.json", "{}", "file", "config/generation-parameters.json", 0, 0, "both spellings", "keep one"},
    {"config/generation-paramters.json", "{\"temprature\": 1}", "json", "config/generation-paramters.json", 1, 2, "unknown parameter", "temperature"},
    {"config/generation-paramters.json", "{\"temperature\": [\"a\", 1]}", "json", "config/generation-paramters.json", 1, 18, "cannot be a string", "number"},
    {"config/generation-paramters.json", "{\"temperature\": 1", "json", "config/generation-paramters.json", 1, 17, "", "strict JSON"},
    {"config/output-format.json", "{\"participants\": [\"Customer\", \"Agent\"]", "json", "config/output-format.json", 1, 38, "", "strict JSON"},
    {"config/output-format.json", "{\"partcipants\": [\"Customer\", \"Agent\"]}", "json", "config/output-format.json", 1, 2, "unknown key \"partcipants\"", "\"participants\""},
    {"prompting/injections/reaction.json", "[{\"value\": \"x\", \"weight\": 0}]", "injection", "prompting/injections/reaction.json", 0, 0, "all values of reaction have weight 0", "above 0"},
    {"config/drawing.json", "{\"partitions\": {\"eval\": {\"documents\": [\"faq.txt\"]}}, \"deel\": 1}", "json", "config/drawing.json", 1, 54, "unknown key \"deel\"", "deal"},
    {"config/drawing.json", "{\"partitions\": {\"eval\": {\"documents\": [\"nothing.md\"]}}}", "warning:partition", "config/drawing.json", 1, 40, "\"nothing.md\" matches nothing", "correct"},
    {"config/drawing.json", "{\"partitions\": {\"eval\": {\"injections\": {\"mood\": [\"angry\", \"sad\"]}}}}", "warning:partition", "config/drawing.json", 1, 59, "\"sad\" matches nothing", "correct"},
    {"config/drawing.json", "{\"partitions\": {\"eval\": {\"examples\": [7]}}}", "warning:partition", "config/drawing.json", 1, 39, "\"7\" matches nothing", "correct"},
    {"config/drawing.json", "{\"partitions\": {\"eval\": {\"documents\": \"x\"}}}", "json", "config/drawing.json", 1, 39, "is a string", "a share"},
    {"config/drawing.json", "{\"partitions\": {\"eval\": {\"injections\": {\"intent\": 0}}}}", "warning:partition", "config/drawing.json", 0, 0, "the partition eval has no value of intent", "share"},
    {"config/drawing.json", "{\"partitions\": {\"eval\": {\"documents\": 1}}}", "partition", "config/drawing.json", 0, 0, "the partition train has no document", "share"},
    {"config/drawing.json", "{\"partitions\": {\"eval\": {\"injections\": {\"intent\": 1}}}}", "partition", "config/drawing.json", 0, 0, "the partition train has no value of intent", "share"},
    {"config/drawing.json", "{\"partitions\": {\"eval\": {\"examples\": 1}}}", "warning:partition", "config/drawing.json", 0, 0, "the partition train has no examples", "stays empty"},
    {"config/drawing.json", "{\"examples\": {\"as\": \"turns\"}}", "warning:unused", "", 0, 0, "{examples} stays empty", "as turns"},
    {"config/chunk-strategy.json", "{\"*.pdf\": {\"max_words\": 5}}", "warning:strategy", "config/chunk-strategy.json", 1, 2, "no document matches", ""},
    {"examples/examples.txt", "[mood=sad]\nCustomer: a\nAgent: b\n---\nCustomer: a\nAgent: b", "example", "examples/examples.txt", 1, 2, "there is no mood \"sad\"", ""},
    {"examples/examples.txt", "[resolution=open]\nCustomer: a\nAgent: b\n---\n[resolution=open]\nCustomer [act=ask]: a\nAgent: b", "warning:example", "examples/examples.txt", 0, 0, "1 of 2 examples lacks the label \"act\"", "`Name [act=…]: text`"},
    {"examples/examples.txt", "Customer [act=ask]: a\nAgent: b\n---\nCustomer [act=ask]: a\nAgent: b", "warning:example", "examples/examples.txt", 0, 0, "2 of 2 examples lack the label \"resolution\"", "[resolution=…]"},
    {"examples/examples.txt", NULL, "placeholder", "prompting/user-prompt.txt", 5, 1, "{examples} needs examples", "examples/examples.txt"},
    {"prompting/templates.txt", "\n\n", "placeholder", "prompting/system-prompt.txt", 1, 45, "{template} needs templates", "templates.txt"},
    {"prompting/injections/spare.txt", "a\nb", "warning:unused", "", 0, 0, "mention none of {spare}", "mention it"},
    {"prompting/injections/mood.csv", "a\nb", "injection", "prompting/injections/mood.txt", 0, 0, "two files are named mood", "rename"},
};

static void put_file(const char *folder, const char *path, const char *text)
{
    char full[400];
    snprintf(full, sizeof full, "%s/%s", folder, path);
    if (text)
        folder_write(folder, &(FolderFile){path, text});
    else
        unlink(full);
}

static const char *original(const char *path)
{
    for (const FolderFile *file = rich; file->path; file++)
        if (strcmp(file->path, path) == 0) return file->text;
    return NULL;
}

// The problem that is looked for; others may be there where the folder names what the change took away.
static Problems the_one(const Problems *all, const FolderFault *fault, bool warning)
{
    for (size_t k = 0; k < all->n; k++)
        if (strstr(all->items[k].what, fault->what) && all->items[k].warning == warning)
            return (Problems){.items = &all->items[k], .n = 1};
    return *all;
}

static void test_faults(void **state)
{
    (void)state;
    ProjectFolder f;
    folder_make(&f, rich, NULL);
    for (size_t i = 0; i < N_OF(faults); i++) {
        const FolderFault *fault = &faults[i];
        put_file(f.path, fault->path, fault->text);
        f.problems = (Problems){.arena = &f.arena};
        bool ok = folder_load(&f, NULL);
        bool warning = strncmp(fault->code, "warning:", 8) == 0;
        Fault expected = {fault->text ? fault->text : "(removed)", fault->code, fault->line, fault->column, fault->what, fault->hint};
        Problems one = the_one(&f.problems, fault, warning);
        assert_fault(&expected, &one);
        assert_string_equal(one.items[0].place.file, fault->file);
        if (ok != warning) fault_fail(expected.text, &f.problems, "the other outcome");
        size_t errors = 0;
        for (size_t k = 0; k < f.problems.n; k++)
            errors += !f.problems.items[k].warning && !strstr(f.problems.items[k].what, "and the project has none");
        if (errors > 1) fault_fail(expected.text, &f.problems, "one error alone");
        put_file(f.path, fault->path, original(fault->path));
        project_close(&f.project);
        arena_reset(&f.arena);
    }
    folder_close(&f);
}

static void test_everything_wrong_at_once(void **state)
{
    (void)state;
    static const FolderFile wrong[] = {
        {"prompting/system-prompt.txt", "{oops}"},
        {"prompting/templates.txt", "[a wieght=1]\nx"},
        {"prompting/injections/topic.txt", "x"},
        {"prompting/injections/mood.json", "[{\"vaule\": 1}]"},
        {"config/generation-paramters.json", "{\"temperature\": -1}"},
        {"config/drawing.json", "{\"deel\": 1}"},
        {"config/chunk-strategy.json", "{\"*\": {\"max_word\": 1}}"},
        {"config/output-format.json", "{\"alternate\": 3}"},
        {NULL, NULL},
    };
    static const char *const files[] = {"prompting/system-prompt.txt", "prompting/templates.txt", "prompting/injections/topic.txt",
                                        "prompting/injections/mood.json", "config/generation-paramters.json", "config/drawing.json",
                                        "config/chunk-strategy.json", "config/output-format.json", "prompting/user-prompt.txt"};
    ProjectFolder f;
    folder_make(&f, wrong, NULL);
    assert_false(folder_load(&f, NULL));
    for (size_t i = 0; i < N_OF(files); i++) {
        size_t n = 0;
        for (size_t k = 0; k < f.problems.n; k++) n += strcmp(f.problems.items[k].place.file, files[i]) == 0 && !f.problems.items[k].warning;
        if (n != 1) fault_fail(files[i], &f.problems, "one error in this file");
    }
    assert_int_equal(f.problems.errors, N_OF(files));
    folder_close(&f);
}

// A misspelt name is told where nothing has the right one.
static void test_strays(void **state)
{
    (void)state;
    static const FolderFile stray[] = {
        {"config/output_format.json", "{}"},       {"config/notes.json", "{}"},    {"config/generation-parameter.json", "{}"},
        {"prompting/injection/mood.txt", "a"},     {"prompting/user-prompt.old.txt", "x"},
        {"examples/.example.txt", "x"},            {"Knowledge/a.txt", "x"},       {NULL, NULL},
    };
    static const char *const told[][2] = {{"Knowledge", "rename it to knowledge"},
                                          {"config/generation-parameter.json", "rename it to generation-parameters.json"},
                                          {"config/output_format.json", "rename it to output-format.json"},
                                          {"prompting/injection", "rename it to injections"}};
    ProjectFolder f;
    folder_make(&f, minimal, stray);
    assert_true(folder_load(&f, NULL));
    assert_int_equal(f.problems.n, N_OF(told));
    for (size_t i = 0; i < N_OF(told); i++) {
        assert_true(f.problems.items[i].warning);
        assert_string_equal(f.problems.items[i].place.file, told[i][0]);
        assert_string_equal(f.problems.items[i].hint, told[i][1]);
    }
    folder_close(&f);
    folder_make(&f, minimal, (FolderFile[]){{"config/generation-parameter.json", "{}"}, {"config/generation-paramters.json", "{}"}, {NULL, NULL}});
    assert_true(folder_load(&f, NULL));
    assert_int_equal(f.problems.n, 0);
    folder_close(&f);
}

// ---- cycles and depth ---------------------------------------------------------------------------

static void test_cycles(void **state)
{
    (void)state;
    static const FolderFile cyclic[] = {
        {"prompting/user-prompt.txt", "{a}"},
        {"prompting/injections/a.txt", "plain\nsee {b}"},
        {"prompting/injections/b.json", "[\"x\", {\"value\": \"of {c.say}\", \"label\": \"l\"}]"},
        {"prompting/injections/c.csv", "name,say\nC,\"again {a}\""},
        {NULL, NULL},
    };
    ProjectFolder f;
    folder_make(&f, minimal, cyclic);
    assert_false(folder_load(&f, NULL));
    assert_int_equal(f.problems.n, 1);
    assert_string_equal(f.problems.items[0].what, "values lead back to themselves: {a} → {b} → {c.say} → {a}");
    assert_string_equal(f.problems.items[0].place.file, "prompting/injections/c.csv");
    assert_int_equal(f.problems.items[0].place.line, 2);
    assert_int_equal(f.problems.items[0].place.column, 10);
    folder_close(&f);
    // A label is never expanded, so it closes no circle.
    static const FolderFile by_label[] = {{"prompting/injections/c.csv", "name,say\nC,\"again {a.label}\""}, {NULL, NULL}};
    folder_make(&f, minimal, cyclic);
    folder_write(f.path, by_label);
    assert_true(folder_load(&f, NULL));
    folder_close(&f);
}

static bool load_chain(ProjectFolder *f, int length)
{
    folder_make(f, minimal, NULL);
    folder_write(f->path, &(FolderFile){"prompting/user-prompt.txt", "{v1}"});
    for (int i = 1; i <= length; i++) {
        char path[60], text[40];
        snprintf(path, sizeof path, "prompting/injections/v%d.txt", i);
        snprintf(text, sizeof text, i < length ? "a {v%d}" : "b {date}", i + 1);
        folder_write(f->path, &(FolderFile){path, text});
    }
    return folder_load(f, NULL);
}

static void test_depth(void **state)
{
    (void)state;
    ProjectFolder f;
    assert_true(load_chain(&f, 8));
    folder_close(&f);
    assert_false(load_chain(&f, 9));
    assert_int_equal(f.problems.n, 1);
    assert_non_null(strstr(f.problems.items[0].what, "more than 8 deep: {v1} → {v2} →"));
    assert_string_equal(f.problems.items[0].place.file, "prompting/injections/v1.txt");
    folder_close(&f);
    assert_false(load_chain(&f, 200));
    folder_close(&f);
}

// ---- reach and what records show ----------------------------------------------------------------

static void test_reach(void **state)
{
    (void)state;
    static const FolderFile files[] = {
        {"prompting/user-prompt.txt", "{topic} {a}"},
        {"prompting/injections/a.json", "[\"x\", {\"value\": \"y\", \"when\": {\"b\": [\"1\"]}}]"},
        {"prompting/injections/b.json", "[\"1\", {\"value\": \"2\", \"when\": {\"template\": [\"s\"]}}]"},
        {"prompting/injections/c.txt", "never"},
        {"prompting/templates.txt", "[s]\nstyle"},
        {"knowledge/doc.txt", "Words."},
        {"config/output-format.json",
         "{\"labels\": {\"c\": \"{c.label}\"},\n \"record\": {\"m\": \"{messages}\", \"b\": \"{b}\", \"c\": \"{c}\", \"s\": \"{template.name}\",\n"
         "  \"t\": \"{topic}\", \"d\": \"{document}\", \"k\": \"{chunk.id}\", \"i\": \"{index}\"}}"},
        {NULL, NULL},
    };
    ProjectFolder f;
    folder_open(&f, minimal, files);
    const Reach *r = &f.project.reach;
    assert_true(r->topic && r->told_topic && !r->document && !r->passage);
    assert_true(r->injections[0] && r->told[0] && r->injections[1] && !r->told[1] && !r->injections[2]);
    assert_true(r->template && !r->told_template);
    static const struct {
        unsigned line, column;
        const char *what, *hint;
    } warnings[] = {
        {0, 0, "mention none of {template}, {knowledge}, {c}, though the project has them", "is not drawn"},
        {2, 38, "shows {b}, which the model is never told", "leave it out"},
        {2, 50, "shows {c}", "stays null"},
        {2, 62, "shows {template.name}", "leave it out"},
        {3, 25, "shows {document}", "stays null"},
        {3, 44, "shows {chunk.id}", "stays null"},
        {1, 19, "shows {c.label}", "stays null"},
    };
    for (size_t i = 0; i < f.problems.n || i < N_OF(warnings); i++) {
        if (i >= f.problems.n || i >= N_OF(warnings)) fault_fail("reach", &f.problems, "seven warnings");
        Fault expected = {"reach", i ? "warning:untold" : "warning:unused", warnings[i].line, warnings[i].column, warnings[i].what, warnings[i].hint};
        Problems one = {.items = &f.problems.items[i], .n = 1};
        assert_fault(&expected, &one);
    }
    folder_close(&f);
}

static void test_mixed_types(void **state)
{
    (void)state;
    static const FolderFile parameter[] = {{"config/generation-paramters.json", "{\"x\": [\"a\", 1]}"}, {NULL, NULL}};
    ProjectFolder f;
    folder_make(&f, minimal, parameter);
    assert_false(folder_load(&f, NULL));
    assert_int_equal(f.problems.n, 1);
    assert_non_null(strstr(f.problems.items[0].what, "{param.x} has values of several types"));
    folder_close(&f);
    static const FolderFile hidden[] = {{"config/generation-paramters.json", "{\"x\": [\"a\", 1]}"},
                                        {"config/output-format.json", "{\"m\": \"{messages}\", \"x\": \"it is {param.x}\"}"},
                                        {NULL, NULL}};
    folder_open(&f, minimal, hidden);
    assert_no_fault("mixed text", &f.problems);
    folder_close(&f);
    static const FolderFile injection[] = {{"prompting/user-prompt.txt", "{v}"},
                                           {"prompting/injections/v.json", "[\"a\", {\"value\": 3}, {\"value\": null}]"},
                                           {"config/output-format.json", "{\"m\": \"{messages}\",\n \"x\": \"{v}\"}"},
                                           {NULL, NULL}};
    folder_make(&f, minimal, injection);
    assert_false(folder_load(&f, NULL));
    assert_int_equal(f.problems.n, 1);
    assert_int_equal(f.problems.items[0].place.line, 2);
    assert_int_equal(f.problems.items[0].place.column, 8);
    folder_close(&f);
}

// ---- partitions ---------------------------------------------------------------------------------

static void test_partition_is_chosen(void **state)
{
    (void)state;
    ProjectFolder f;
    folder_make(&f, rich, NULL);
    assert_true(folder_load(&f, "eval"));
    assert_int_equal(f.project.partition, 1);
    folder_close(&f);
    folder_make(&f, rich, NULL);
    assert_false(folder_load(&f, "evil"));
    assert_int_equal(f.problems.errors, 1);
    assert_int_equal(f.problems.items[0].kind, ERROR_USAGE);
    assert_string_equal(f.problems.items[0].hint, "write --partition eval");
    folder_close(&f);
    // What is only a warning for another partition is an error for the one that is to be drawn from.
    static const FolderFile empty[] = {{"config/drawing.json", "{\"partitions\": {\"eval\": {\"injections\": {\"intent\": 0}}}}"}, {NULL, NULL}};
    folder_make(&f, rich, empty);
    assert_false(folder_load(&f, "eval"));
    assert_non_null(strstr(f.problems.items[0].what, "the partition eval has no value of intent"));
    folder_close(&f);
}

// ---- hostile folders ----------------------------------------------------------------------------

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_huge_prompt(void **state)
{
    (void)state;
    ProjectFolder f;
    folder_make(&f, minimal, NULL);
    char path[200];
    snprintf(path, sizeof path, "%s/prompting/user-prompt.txt", f.path);
    assert_int_equal(truncate(path, 2000000000), 0);
    double start = seconds();
    assert_false(folder_load(&f, NULL));
    assert_true(seconds() - start < 1);
    assert_int_equal(f.problems.n, 1);
    assert_string_equal(f.problems.items[0].what, "the file is larger than 1 MB");
    assert_string_equal(f.problems.items[0].place.file, "prompting/user-prompt.txt");
    assert_int_equal(f.problems.items[0].kind, ERROR_PROJECT);
    folder_close(&f);
}

static void test_odd_files(void **state)
{
    (void)state;
    ProjectFolder f;
    char path[200];
    folder_make(&f, minimal, NULL);
    snprintf(path, sizeof path, "%s/prompting/user-prompt.txt", f.path);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/config/drawing.json", f.path);
    Error e;
    assert_true(file_make_folders(path, &e));
    snprintf(path, sizeof path, "%s/prompting/templates.txt", f.path);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_false(folder_load(&f, NULL));
    assert_int_equal(f.problems.n, 3);
    assert_string_equal(f.problems.items[0].what, "this is not an ordinary file");
    assert_string_equal(f.problems.items[1].place.file, "prompting/templates.txt");
    assert_string_equal(f.problems.items[2].what, "this is a folder, not a file");
    folder_close(&f);
}

static void test_no_folder(void **state)
{
    (void)state;
    Arena a = {0};
    Problems problems = {.arena = &a};
    Project p;
    assert_false(project_load("/tmp/confab-there-is-no-such-folder", NULL, &a, &p, &problems));
    assert_int_equal(problems.n, 1);
    assert_non_null(strstr(problems.items[0].what, "no such folder"));
    project_close(&p);
    arena_free(&a);
}

// A thousand faults and a thousand more in one large file must not take long to place.
static void test_many_faults_end(void **state)
{
    (void)state;
    Buf text = {0};
    buf_add_char(&text, '[');
    for (int i = 0; i < 30000; i++) buf_printf(&text, "%s{\"value\": \"a {oops%d}\", \"wrong\": 1}\n", i ? "," : "", i);
    buf_add_char(&text, ']');
    buf_add_char(&text, 0);
    FolderFile files[] = {{"prompting/injections/v.json", text.ptr}, {NULL, NULL}};
    ProjectFolder f;
    folder_make(&f, minimal, files);
    double start = seconds();
    assert_false(folder_load(&f, NULL));
    assert_true(seconds() - start < 20);
    assert_true(f.problems.full);
    assert_int_equal(f.problems.n, PROBLEMS_MAX);
    folder_close(&f);
    buf_free(&text);
}

// ---- finding projects, and what changed ---------------------------------------------------------

static void test_find(void **state)
{
    (void)state;
    static const FolderFile files[] = {{"bank/prompting/system-prompt.txt", ""}, {"airline/prompting/x", ""}, {"notes/x", ""}, {"file", ""}, {NULL, NULL}};
    ProjectFolder f;
    folder_make(&f, files, NULL);
    Str *names, found;
    Error e;
    assert_int_equal(project_names(f.path, &f.arena, &names), 2);
    assert_text(names[0], "airline");
    assert_text(names[1], "bank");
    assert_int_equal(project_names("/tmp/confab-no-such-root", &f.arena, &names), 0);
    assert_true(project_find(f.path, S("bank"), &f.arena, &found, &e));
    assert_true(str_ends(found, S("/bank")));
    assert_false(project_find(f.path, S("bnak"), &f.arena, &found, &e));
    assert_int_equal(e.kind, ERROR_USAGE);
    assert_string_equal(e.hint, "write \"bank\"");
    assert_false(project_find(f.path, S("zzz"), &f.arena, &found, &e));
    assert_string_equal(e.hint, "there are: airline, bank");
    assert_false(project_find(f.path, S("file"), &f.arena, &found, &e));
    assert_false(project_find("/tmp/confab-no-such-root", S("x"), &f.arena, &found, &e));
    assert_non_null(strstr(e.hint, "confab init x"));
    assert_false(project_find(f.path, S(""), &f.arena, &found, &e));
    assert_true(project_find(f.path, S("/tmp/"), &f.arena, &found, &e));
    assert_text(found, "/tmp/");
    assert_true(project_find(f.path, S("."), &f.arena, &found, &e));
    assert_false(project_find(f.path, S("./nowhere"), &f.arena, &found, &e));
    assert_non_null(strstr(e.what, "no folder ./nowhere"));
    folder_close(&f);
}

static void test_changed(void **state)
{
    (void)state;
    ProjectFolder before, after;
    static const FolderFile change[] = {{"prompting/user-prompt.txt", "Write two."}, {"prompting/injections/a.txt", "x"}, {NULL, NULL}};
    static const FolderFile gone[] = {{"prompting/templates.txt", "Be calm."}, {NULL, NULL}};
    folder_open(&before, minimal, gone);
    folder_open(&after, minimal, change);
    Str *paths;
    Arena a = {0};
    assert_int_equal(project_changed(&after.project, before.project.files, before.project.n_files, &a, &paths), 3);
    assert_text(paths[0], "prompting/injections/a.txt");
    assert_text(paths[1], "prompting/templates.txt");
    assert_text(paths[2], "prompting/user-prompt.txt");
    assert_int_equal(project_changed(&after.project, after.project.files, after.project.n_files, &a, &paths), 0);
    assert_int_equal(project_changed(&after.project, NULL, 0, &a, &paths), after.project.n_files);
    arena_free(&a);
    folder_close(&before);
    folder_close(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rich),
        cmocka_unit_test(test_minimal),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_everything_wrong_at_once), cmocka_unit_test(test_strays),
        cmocka_unit_test(test_cycles),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_reach),
        cmocka_unit_test(test_mixed_types),
        cmocka_unit_test(test_partition_is_chosen),
        cmocka_unit_test(test_huge_prompt),
        cmocka_unit_test(test_odd_files),
        cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_many_faults_end),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
