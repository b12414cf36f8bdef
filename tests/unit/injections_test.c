// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "project/csv_read.h"
#include "project/injections.h"
#include "project/when.h"

// What lies in prompting/injections/.
typedef struct File {
    const char *name, *text;
} File;

typedef struct World {
    char folder[64];
    Arena arena;
    Problems problems;
    Injections injections;
    Names names;
} World;

static void open_world(World *w, const File *files, size_t n)
{
    *w = (World){0};
    w->problems.arena = &w->arena;
    snprintf(w->folder, sizeof w->folder, "/tmp/confab-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    char path[400];
    Error e;
    snprintf(path, sizeof path, "%s/prompting/injections/deeper", w->folder);
    for (size_t i = 0; i < n && files[i].name; i++) {
        bool deeper = strchr(files[i].name, '/');
        path[strlen(w->folder) + sizeof "/prompting/injections" - 1] = deeper ? '/' : 0;
        assert_true(file_make_folders(path, &e));
        char file[500];
        snprintf(file, sizeof file, "%s/prompting/injections/%s", w->folder, files[i].name);
        FILE *out = fopen(file, "wb");
        assert_non_null(out);
        fputs(files[i].text, out);
        fclose(out);
    }
}

static void close_world(World *w)
{
    char command[128];
    arena_free(&w->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", w->folder);
    assert_int_equal(system(command), 0);
}

static bool load(World *w)
{
    bool ok = injections_read(w->folder, &w->arena, &w->injections, &w->problems);
    size_t n = w->injections.n;
    InjectionName *injections = arena_new(&w->arena, InjectionName, n + 1);
    for (size_t i = 0; i < n; i++) {
        const Injection *in = &w->injections.items[i];
        Str *columns = arena_new(&w->arena, Str, in->n_columns + 1);
        for (size_t c = 0; c < in->n_columns; c++) columns[c] = in->columns[c].name;
        injections[i] = (InjectionName){in->name, columns, in->n_columns};
    }
    w->names = (Names){.injections = injections, .n_injections = n, .n_participants = 2, .knowledge = true, .templates = true};
    ok &= injections_compile(&w->injections, &w->names, &w->arena, &w->problems);
    return when_compile(&w->injections, &w->names, &w->arena, &w->problems) && ok;
}

// ---- values -------------------------------------------------------------------------------------

static void test_txt(void **state)
{
    (void)state;
    static const File files[] = {
        {"mood.txt", "angry\n# a comment\n\n  happy  \n#no comment\nvery {tone}\n"},
        {"tone.txt", "# first\nquiet\n\nand slow\n# inside\nreally\n---\n\n---\n# only a comment\n---\nloud {{x}}"},
    };
    World w;
    open_world(&w, files, 2);
    assert_true(load(&w));
    assert_no_fault("txt", &w.problems);
    assert_int_equal(w.injections.n, 2);
    const Injection *mood = &w.injections.items[0], *tone = &w.injections.items[1];
    assert_text(mood->name, "mood");
    assert_int_equal(mood->n, 4);
    assert_text(mood->values[1].label, "happy");
    assert_text(mood->values[2].label, "#no comment");
    assert_text(mood->values[3].label, "very {tone}");
    assert_int_equal(mood->values[3].value.kind, VALUE_TEMPLATE);
    assert_int_equal(mood->values[0].value.kind, VALUE_TEXT);
    assert_int_equal(tone->n, 2);
    assert_text(tone->values[0].value.text, "quiet\n\nand slow\nreally");
    assert_text(tone->values[1].label, "loud {{x}}");
    assert_int_equal(tone->values[1].value.kind, VALUE_TEMPLATE);
    assert_int_equal(injection_find(mood, S("happy")), 1);
    assert_int_equal(injection_find(mood, S("sad")), -1);
    close_world(&w);
}

static void test_json(void **state)
{
    (void)state;
    static const File files[] = {{"mood.json", "[\"angry\", {\"value\": \"happy {topic}\", \"label\": \"glad\", \"weight\": 2.5},\n"
                                               " {\"value\": 7}, {\"value\": null}, {\"value\": {\"a\": [1, true]}, \"label\": \"deep\"},\n"
                                               " {\"value\": \"\", \"label\": \"nothing\"}, {\"value\": \"late\", \"when\": {\"topic\": [\"a\", \"b\"]}}]"}};
    World w;
    open_world(&w, files, 1);
    assert_true(load(&w));
    assert_no_fault("json", &w.problems);
    const Injection *in = &w.injections.items[0];
    assert_int_equal(in->n, 7);
    assert_text(in->values[0].label, "angry");
    assert_text(in->values[1].label, "glad");
    assert_true(in->values[1].weight > 2.4);
    assert_int_equal(in->values[1].value.kind, VALUE_TEMPLATE);
    assert_int_equal(in->values[2].value.kind, VALUE_JSON);
    assert_text(in->values[2].label, "7");
    assert_int_equal(in->values[3].value.kind, VALUE_NULL);
    assert_text(in->values[4].value.text, "{\"a\":[1,true]}");
    assert_text(in->values[5].label, "nothing");
    assert_true(in->conditional);
    assert_true(in->needs_topic && !in->needs_document && !in->needs_template);
    assert_int_equal(in->values[6].n_when, 1);
    close_world(&w);
}

static void test_csv(void **state)
{
    (void)state;
    static const File files[] = {{"persona.csv", "name,age,value,label,weight,note\r\n"
                                                 "Ann,34,\"Ann, a \"\"pilot\"\" of {topic}\",ann,2,007\r\n"
                                                 "\r\n"
                                                 "Bob,4.5,Bob,,,\"two\r\nlines\"\r\n"},
                                 {"simple.csv", "city\nRome\nOslo"}};
    World w;
    open_world(&w, files, 2);
    assert_true(load(&w));
    assert_no_fault("csv", &w.problems);
    const Injection *in = &w.injections.items[0];
    assert_int_equal(in->n, 2);
    assert_int_equal(in->n_columns, 6);
    assert_true(in->columns[1].number && !in->columns[0].number && !in->columns[4].number && !in->columns[5].number);
    assert_text(in->values[0].label, "ann");
    assert_text(in->values[1].label, "Bob");
    assert_true(in->values[0].weight > 1.9);
    assert_true(in->values[1].weight < 1.1);
    assert_int_equal(in->values[0].value.kind, VALUE_TEMPLATE);
    assert_text(in->values[0].value.template->source, "Ann, a \"pilot\" of {topic}");
    assert_int_equal(in->values[0].fields[1].kind, VALUE_JSON);
    assert_text(in->values[1].fields[1].text, "4.5");
    assert_text(in->values[1].fields[5].text, "two\nlines");
    assert_text(w.injections.items[1].values[1].label, "Oslo");
    close_world(&w);
}

// ---- faults -------------------------------------------------------------------------------------

typedef struct FileFault {
    File files[3];
    const char *code;
    unsigned line, column;
    const char *what, *hint;
} FileFault;

static const FileFault faults[] = {
    {{{"mood.txt", ""}}, "injection", 0, 0, "mood.txt has no values", "at least one"},
    {{{"mood.txt", "# only\n\n"}}, "injection", 0, 0, "no values", "at least one"},
    {{{"mood.txt", "---\n---"}}, "injection", 0, 0, "no values", "at least one"},
    {{{"my mood.txt", "a"}}, "injection", 0, 0, "\"my mood\" is not a name", "such as my_mood"},
    {{{"1st.txt", "a"}}, "injection", 0, 0, "is not a name", "v1st"},
    {{{"topic.txt", "a"}}, "injection", 0, 0, "{topic} already means something else", "my_topic"},
    {{{"chunk.id.txt", "a"}}, "injection", 0, 0, "already means", "my_chunk_id"},
    {{{"messages.txt", "a"}}, "injection", 0, 0, "already means", "rename"},
    {{{"mood.yaml", "a"}}, "injection", 0, 0, "not a kind of file", ".txt, .json or .csv"},
    {{{"README", "a"}}, "injection", 0, 0, "not a kind of file", "begin it with a dot"},
    {{{"deeper/mood.txt", "a"}}, "injection", 0, 0, "folder of its own", "prompting/injections"},
    {{{"mood.txt", "a"}, {"mood.csv", "x\na"}}, "injection", 0, 0, "two files are named mood", "mood.csv"},
    {{{"mood.txt", "a"}, {"mood.label.txt", "x"}}, "injection", 0, 0, "{mood.label} already means a field", "rename"},
    {{{"user.csv", "mood\nx"}, {"user.mood.txt", "x"}}, "injection", 0, 0, "already means a field", "user.csv"},
    {{{"mood.txt", "a\nb\na"}}, "warning:injection", 3, 1, "same label", "weight"},
    {{{"mood.txt", "a\xFF"}}, "utf-8", 1, 2, "not UTF-8", "UTF-8"},
    {{{"mood.txt", "good\nvery {tone}"}}, "placeholder", 2, 6, "unknown name {tone}", "tone.txt"},
    {{{"mood.txt", "a\n---\nfirst\n# note\nsecond {oops}"}}, "placeholder", 5, 8, "unknown name {oops}", "oops"},
    // JSON
    {{{"mood.json", "{}"}}, "json", 1, 1, "an object stands here", "a list of strings"},
    {{{"mood.json", "[]"}}, "injection", 0, 0, "no values", "at least one"},
    {{{"mood.json", "[\"a\",]"}}, "json", 1, 6, "", "strict JSON"},
    {{{"mood.json", "[3]"}}, "json", 1, 2, "a number stands here", "{\"value\": …"},
    {{{"mood.json", "[[\"a\"]]"}}, "json", 1, 2, "a list stands here", "a string, or"},
    {{{"mood.json", "[\"a\", {\"label\": \"x\"}]"}}, "json", 1, 7, "\"value\" is missing", "{\"value\": …"},
    {{{"mood.json", "[{\"vaule\": \"x\"}]"}}, "json", 1, 3, "unknown key \"vaule\"", "write \"value\""},
    {{{"mood.json", "[{\"value\": \"x\", \"colour\": 1}]"}}, "json", 1, 17, "unknown key", "known here: value, label, weight, when"},
    {{{"mood.json", "[{\"value\": \"x\", \"weight\": -1}]"}}, "json", 1, 27, "below 0", "write 0"},
    {{{"mood.json", "[{\"value\": \"x\", \"weight\": \"a\"}]"}}, "json", 1, 27, "\"weight\" is a string", "a number, 0 or more"},
    {{{"mood.json", "[{\"value\": \"x\", \"weight\": 0}]"}}, "injection", 0, 0, "all values of mood have weight 0", "above 0"},
    {{{"mood.json", "[{\"value\": \"x\", \"label\": 3}]"}}, "json", 1, 26, "\"label\" is a number", "as a string"},
    {{{"mood.json", "[{\"value\": \"\"}]"}}, "injection", 1, 13, "has no label", "give it a label"},
    {{{"mood.json", "[\"a\", {\"value\": \"x {oops}\"}]"}}, "placeholder", 1, 20, "unknown name {oops}", "oops"},
    {{{"mood.json", "[\"\\u00e4 {oops}\"]"}}, "placeholder", 1, 10, "unknown name {oops}", "oops"},
    {{{"mood.json", "[\"a\", {\"value\": \"x\", \"when\": []}]"}}, "json", 1, 30, "\"when\" is a list", "{\"topic\": [\"billing\"]}"},
    {{{"mood.json", "[\"a\", {\"value\": \"x\", \"when\": {\"topic\": \"b\"}}]"}}, "json", 1, 40, "\"topic\" is a string", "a list of values"},
    {{{"mood.json", "[\"a\", {\"value\": \"x\", \"when\": {\"topic\": []}}]"}}, "json", 1, 40, "no conversation", "a list of values"},
    {{{"mood.json", "[\"a\", {\"value\": \"x\", \"when\": {\"topic\": [3]}}]"}}, "json", 1, 41, "a number stands here", "as a string"},
    {{{"mood.json", "[\"a\", {\"value\": \"x\", \"when\": {\"topik\": [\"b\"]}}]"}}, "when", 1, 31, "unknown variable \"topik\"", "write \"topic\""},
    {{{"mood.json", "[\"a\", {\"value\": \"x\", \"when\": {\"tone\": [\"lood\"]}}]"}, {"tone.txt", "loud"}}, "when", 1, 40, "tone has no value \"lood\"", "write \"loud\""},
    {{{"mood.json", "[\"a\", {\"value\": \"x\", \"when\": {\"mood\": [\"a\"]}}]"}}, "when", 0, 0, "in a circle: mood → mood", "take one"},
    {{{"a.json", "[\"1\", {\"value\": \"2\", \"when\": {\"b\": [\"1\"]}}]"}, {"b.json", "[\"1\", {\"value\": \"2\", \"when\": {\"c\": [\"1\"]}}]"},
      {"c.json", "[\"1\", {\"value\": \"2\", \"when\": {\"a\": [\"1\"]}}]"}}, "when", 0, 0, "in a circle: a → b → c → a", "drawn first"},
    // CSV
    {{{"p.csv", "name,age"}}, "injection", 0, 0, "no values", "at least one"},
    {{{"p.csv", "name,age\nAnn"}}, "csv", 2, 1, "the row has 1 cells, the header has 2", "a comma for each empty cell"},
    {{{"p.csv", "name,age\nAnn,3,4"}}, "csv", 2, 1, "the row has 3 cells", "in quotes"},
    {{{"p.csv", "name,age\n\"Ann,3"}}, "csv", 2, 1, "never closed", "close it"},
    {{{"p.csv", "name,age\n\"Ann\" x,3"}}, "csv", 2, 6, "behind a closing quote", "comma"},
    {{{"p.csv", "name,age\nAn\"n,3"}}, "csv", 2, 3, "a quote inside", "double the quote"},
    {{{"p.csv", "name,name\na,b"}}, "csv", 1, 6, "two columns of one name", "\"name\""},
    {{{"p.csv", "name,\na,b"}}, "csv", 1, 6, "without a name", "first row"},
    {{{"p.csv", "value;age\na;3"}}, "warning:csv", 1, 1, "no placeholder can name", "commas between"},
    {{{"p.csv", "name,first name\na,b"}}, "warning:csv", 1, 6, "no placeholder can name", "letters"},
    {{{"p.csv", "name,weight\na,b"}}, "csv", 2, 3, "the weight b is not a number", "leave the cell empty"},
    {{{"p.csv", "name,weight\na,-1"}}, "csv", 2, 3, "not a number of at least 0", "for 1"},
    {{{"p.csv", "name,weight\na,0\nb,0"}}, "injection", 0, 0, "weight 0", "above 0"},
    {{{"p.csv", "name,age\n,3"}}, "injection", 2, 1, "no label", "label"},
    {{{"p.csv", "name,say\na,\"x \"\"y\"\" {oops}\""}}, "placeholder", 2, 12, "unknown name {oops}", "oops"},
    {{{"p.csv", "name,say\na {oops},b"}}, "placeholder", 2, 3, "unknown name {oops}", "oops"},
    {{{"p.csv", "name,say\na,b {p.sya}"}}, "placeholder", 2, 5, "unknown name {p.sya}", "{p.say}"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(faults); i++) {
        const FileFault *f = &faults[i];
        World w;
        open_world(&w, f->files, 3);
        bool ok = load(&w);
        assert_int_equal(ok, strncmp(f->code, "warning:", 8) == 0);
        Fault expected = {f->files[0].text, f->code, f->line, f->column, f->what, f->hint};
        assert_fault(&expected, &w.problems);
        assert_non_null(strstr(w.problems.items[0].place.file, "prompting/injections/"));
        close_world(&w);
    }
}

static void test_link_out_of_the_folder(void **state)
{
    (void)state;
    static const File files[] = {{"mood.txt", "a"}};
    World w;
    open_world(&w, files, 1);
    char path[200];
    snprintf(path, sizeof path, "%s/prompting/injections/secret.txt", w.folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_false(load(&w));
    assert_int_equal(w.problems.n, 1);
    assert_non_null(strstr(w.problems.items[0].what, "leads out of the folder"));
    close_world(&w);
}

static void test_no_folder(void **state)
{
    (void)state;
    World w;
    open_world(&w, NULL, 0);
    assert_true(load(&w));
    assert_int_equal(w.injections.n, 0);
    close_world(&w);
}

// ---- when ---------------------------------------------------------------------------------------

static Str one_label(void *ctx, Variable variable)
{
    const char *const *labels = ctx;
    return str_from(labels[variable.kind == VARIABLE_INJECTION ? 3 + variable.index : (size_t)variable.kind]);
}

static void test_fits_and_order(void **state)
{
    (void)state;
    static const File files[] = {{"a.json", "[{\"value\": \"x\", \"when\": {\"topic\": [\"billing\", \"fees\"], \"z\": [\"1\"]}}, \"y\"]"},
                                 {"z.txt", "1\n2"}};
    World w;
    open_world(&w, files, 2);
    assert_true(load(&w));
    assert_int_equal(w.injections.order[0], 1);
    assert_int_equal(w.injections.order[1], 0);
    const InjectionValue *value = &w.injections.items[0].values[0];
    const char *yes[] = {"fees", NULL, NULL, NULL, "1"}, *no[] = {"fees", NULL, NULL, NULL, "2"}, *none[] = {NULL, NULL, NULL, NULL, "1"};
    assert_true(injection_value_fits(value, &(LabelSource){one_label, yes}));
    assert_false(injection_value_fits(value, &(LabelSource){one_label, no}));
    assert_false(injection_value_fits(value, &(LabelSource){one_label, none}));
    assert_true(injection_value_fits(&w.injections.items[0].values[1], &(LabelSource){one_label, none}));
    close_world(&w);
}

static const WhenDocument documents[] = {{S_INIT("billing"), S_INIT("a.md")}, {S_INIT("billing"), S_INIT("b.md")}, {S_INIT("fees"), S_INIT("a.md")}};
static const Str templates[] = {S_INIT("calm"), S_INIT("hasty")};

typedef struct Left {
    File files[3];
    const char *what;  // NULL: a value is always left
} Left;

static const Left left[] = {
    {{{"m.json", "[{\"value\": \"x\", \"when\": {\"topic\": [\"billing\"]}}, {\"value\": \"y\", \"when\": {\"topic\": [\"fees\"]}}]"}}, NULL},
    {{{"m.json", "[{\"value\": \"x\", \"when\": {\"topic\": [\"billing\"]}}]"}}, "where topic is \"fees\""},
    {{{"m.json", "[\"always\", {\"value\": \"x\", \"when\": {\"topic\": [\"billing\"]}}]"}}, NULL},
    {{{"m.json", "[{\"value\": \"always\", \"weight\": 0}, {\"value\": \"x\", \"when\": {\"topic\": [\"billing\"]}}]"}}, "topic is \"fees\""},
    {{{"m.json", "[{\"value\": \"x\", \"when\": {\"document\": [\"a.md\"]}}, {\"value\": \"y\", \"when\": {\"topic\": [\"billing\"]}}]"}}, NULL},
    {{{"m.json", "[{\"value\": \"x\", \"when\": {\"document\": [\"b.md\"]}}, {\"value\": \"y\", \"when\": {\"topic\": [\"billing\"]}}]"}}, "topic is \"fees\""},
    {{{"m.json", "[{\"value\": \"x\", \"when\": {\"template\": [\"calm\"], \"topic\": [\"fees\"]}}, {\"value\": \"y\", \"when\": {\"topic\": [\"billing\"]}}]"}},
     "template is \"hasty\""},
    // t is loud only on fees, so m needs a value for loud on fees alone.
    {{{"m.json", "[{\"value\": \"x\", \"when\": {\"t\": [\"soft\"]}}, {\"value\": \"y\", \"when\": {\"t\": [\"loud\"], \"topic\": [\"fees\"]}}]"},
      {"t.json", "[\"soft\", {\"value\": \"loud\", \"when\": {\"topic\": [\"fees\"]}}]"}}, NULL},
    {{{"m.json", "[{\"value\": \"x\", \"when\": {\"t\": [\"soft\"]}}, {\"value\": \"y\", \"when\": {\"t\": [\"loud\"], \"topic\": [\"fees\"]}}]"},
      {"t.json", "[\"soft\", \"loud\"]"}}, "topic is \"billing\" and t is \"loud\""},
    {{{"m.json", "[{\"value\": \"x\", \"when\": {\"t\": [\"b\"]}}]"}, {"t.txt", "a\nb\nc"}}, "where t is \"a\""},
};

static void test_something_is_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(left); i++) {
        World w;
        open_world(&w, left[i].files, 3);
        assert_true(load(&w));
        Partition train = {.name = S("train"), .injections = arena_new(&w.arena, PartitionPart, 4)};
        Partitions partitions = {.items = &train, .n = 1, .n_injections = w.injections.n};
        WhenDomain domain = {documents, 3, templates, 2, &partitions, 0};
        bool ok = when_check(&w.injections, &w.names, &domain, false, &w.arena, &w.problems);
        if (ok != !left[i].what) fault_fail(left[i].files[0].text, &w.problems, left[i].what ? left[i].what : "nothing");
        if (left[i].what && !strstr(w.problems.items[0].what, left[i].what)) fault_fail(left[i].files[0].text, &w.problems, left[i].what);
        close_world(&w);
    }
}

// Twenty variables of fifty values would be 50^20 combinations.
static void test_many_combinations_end(void **state)
{
    (void)state;
    World w;
    open_world(&w, NULL, 0);
    char path[200], when[2000] = "";
    snprintf(path, sizeof path, "%s/prompting/injections", w.folder);
    Error e;
    assert_true(file_make_folders(path, &e));
    for (int v = 0; v < 20; v++) {
        snprintf(path, sizeof path, "%s/prompting/injections/v%d.txt", w.folder, v);
        FILE *out = fopen(path, "wb");
        for (int i = 0; i < 50; i++) fprintf(out, "%d\n", i);
        fclose(out);
        size_t at = strlen(when);
        snprintf(when + at, sizeof when - at, "%s\"v%d\": [\"0\",\"1\",\"2\",\"3\",\"4\",\"5\"]", v ? "," : "", v);
    }
    snprintf(path, sizeof path, "%s/prompting/injections/z.json", w.folder);
    FILE *out = fopen(path, "wb");
    // The first value fits wherever v0 … v19 are all below 6; the others cover the rest, one by one.
    fprintf(out, "[{\"value\": \"all\", \"when\": {%s}}", when);
    for (int v = 0; v < 20; v++) {
        fprintf(out, ",{\"value\": \"not%d\", \"when\": {\"v%d\": [\"6\"", v, v);
        for (int i = 7; i < 50; i++) fprintf(out, ",\"%d\"", i);
        fprintf(out, "]}}");
    }
    fprintf(out, "]");
    fclose(out);
    assert_true(load(&w));
    Partition train = {.name = S("train"), .injections = arena_new(&w.arena, PartitionPart, 30)};
    Partitions partitions = {.items = &train, .n = 1, .n_injections = w.injections.n};
    WhenDomain domain = {documents, 3, templates, 2, &partitions, 0};
    assert_true(when_check(&w.injections, &w.names, &domain, false, &w.arena, &w.problems));
    assert_int_equal(w.problems.n, 1);
    assert_true(w.problems.items[0].warning);
    close_world(&w);
}

static void test_csv_cells(void **state)
{
    (void)state;
    Arena a = {0};
    Problems p = {.arena = &a};
    CsvTable t;
    assert_true(csv_read(S("a,b\n\"x\"\"y\",\"1\n2\"\n\n,\n"), S("f.csv"), &a, &t, &p));
    assert_int_equal(t.n, 3);
    assert_text(t.rows[1].cells[0].text, "x\"y");
    assert_text(t.rows[1].cells[1].text, "1\n2");
    assert_text(t.rows[2].cells[1].text, "");
    assert_true(csv_read(S(""), S("f.csv"), &a, &t, &p));
    assert_int_equal(t.n, 0);
    char wide[3000];
    memset(wide, ',', sizeof wide);
    assert_false(csv_read((Str){wide, sizeof wide}, S("f.csv"), &a, &t, &p));
    assert_non_null(strstr(p.items[0].what, "more than 1000 columns"));
    // A row of another width is left out behind other faults too.
    assert_false(csv_read(S("a,b\nx\"y,1\n\n1\n2,3\n4,5,6\n"), S("f.csv"), &a, &t, &p));
    assert_int_equal(t.n, 3);
    assert_text(t.rows[2].cells[0].text, "2");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_txt),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_csv_cells),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_link_out_of_the_folder),
        cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_fits_and_order),
        cmocka_unit_test(test_something_is_left),
        cmocka_unit_test(test_many_combinations_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
