// SPDX-License-Identifier: Apache-2.0
//
// The files of a project folder with any bytes in them. The first byte chooses which file the rest
// is. Every reader must end, keep to its ceilings, and give each fault a place inside the file.
#include "fuzz.h"

#include "base/utf8.h"
#include "project/csv_read.h"
#include "project/examples.h"
#include "project/injection_reader.h"
#include "project/parameters.h"
#include "project/reach.h"
#include "project/styles.h"
#include "project/when.h"

static const Str columns[] = {S_INIT("say"), S_INIT("age")};
static const InjectionName injection_names[] = {{S_INIT("mood"), NULL, 0}, {S_INIT("persona"), columns, 2}};
static const Str parameter_names[] = {S_INIT("temperature")};
static const Str topics[] = {S_INIT("billing"), S_INIT("fees")};
static const Str documents[] = {S_INIT("billing/a.md"), S_INIT("fees/b.md")};

typedef struct World {
    Arena arena;
    Problems problems;
    Str text;
    InjectionValue moods[2], people[1];
    Value fields[2];
    Column columns[2];
    Injection items[2];
    Style style_items[1];
    Injections injections;
    Styles styles;
    Names names;
} World;

static void world_open(World *w, Str text)
{
    *w = (World){.text = text,
                 .moods = {{.label = S("angry"), .weight = 1}, {.label = S("happy"), .weight = 1}},
                 .fields = {{.kind = VALUE_TEXT, .text = S("hello")}, {.kind = VALUE_JSON, .text = S("34")}},
                 .columns = {{S("say"), false}, {S("age"), true}},
                 .style_items = {{.name = S("calm"), .weight = 1}}};
    w->people[0] = (InjectionValue){.label = S("Ann"), .weight = 1, .fields = w->fields};
    w->items[0] = (Injection){.name = S("mood"), .values = w->moods, .n = 2};
    w->items[1] = (Injection){.name = S("persona"), .values = w->people, .n = 1, .columns = w->columns, .n_columns = 2};
    w->injections = (Injections){.items = w->items, .n = 2};
    w->styles = (Styles){w->style_items, 1};
    w->problems.arena = &w->arena;
    w->names = (Names){.injections = injection_names, .n_injections = 2, .parameters = parameter_names, .n_parameters = 1,
                       .n_participants = 2, .knowledge = true, .templates = true, .flow = true, .examples = true};
}

static void hold_problems(const World *w)
{
    HOLD(w->problems.n <= PROBLEMS_MAX);
    size_t lines = 1;
    for (size_t i = 0; i < w->text.len; i++) lines += w->text.ptr[i] == '\n';
    for (size_t i = 0; i < w->problems.n; i++) {
        const Error *e = &w->problems.items[i];
        HOLD(e->what[0] && e->code[0]);
        HOLD(utf8_valid(str_from(e->what)) && utf8_valid(str_from(e->hint)));
        HOLD(e->place.line <= lines);
    }
}

static bool give(void *ctx, Ref ref, Value *out)
{
    const World *w = ctx;
    *out = (Value){.kind = VALUE_TEXT, .text = S("{topic}")};
    if (ref.id == NAME_INJECTION && ref.index < w->injections.n && w->injections.items[ref.index].n)
        *out = w->injections.items[ref.index].values[0].value;
    return true;
}

static void fill(World *w, const Template *t)
{
    Buf out = {.max = 1 << 16};
    Error e = {.kind = ERROR_NONE};
    ValueSource source = {give, w};
    if (!template_expand(t, &source, &out, &e)) HOLD(e.kind != ERROR_NONE);
    HOLD(out.len <= 1 << 16);
    buf_free(&out);
}

static void fuzz_template(World *w)
{
    Template t;
    Origin origin = {S("prompting/user-prompt.txt"), w->text, 0, WRITTEN_PLAIN};
    template_compile(w->text, &origin, &w->names, SCOPE_PROMPT, &w->arena, &t, &w->problems);
    size_t end = 0;
    for (size_t i = 0; i < t.n; i++) {
        HOLD(t.segments[i].at >= end && t.segments[i].text.len > 0);
        end = t.segments[i].at + t.segments[i].text.len;
        HOLD(end <= w->text.len);
    }
    fill(w, &t);
}

static void fuzz_injection(World *w, const InjectionReader *reader)
{
    Injection in = {.name = S("mood"), .file = S("prompting/injections/mood"), .text = w->text};
    bool ok = reader->read(&in, &w->arena, &w->problems);
    HOLD(ok || w->problems.errors);
    Str *names = arena_new(&w->arena, Str, in.n_columns + 1);
    for (size_t c = 0; c < in.n_columns; c++) names[c] = in.columns[c].name;
    InjectionName name = {in.name, names, in.n_columns};
    w->names.injections = &name;
    w->names.n_injections = 1;
    w->injections = (Injections){.items = &in, .n = 1};
    bool compiled = injections_compile(&w->injections, &w->names, &w->arena, &w->problems);
    compiled &= when_compile(&w->injections, &w->names, &w->arena, &w->problems);
    for (size_t i = 0; i < in.n; i++) {
        HOLD(in.values[i].weight >= 0);
        Origin origin = injection_origin(&in, &in.values[i]);
        HOLD(origin_offset(&origin, 3) <= w->text.len);
    }
    if (!ok || !compiled) return;
    OutputFormat format = {0};
    Template empty = {0};
    ReachParts parts = {{&empty, &empty}, &w->styles, &w->injections, &format, &w->names};
    if (reach_check(&parts, &w->arena, &w->problems))
        for (size_t i = 0; i < in.n; i++)
            if (in.values[i].value.kind == VALUE_TEMPLATE) fill(w, in.values[i].value.template);
    Partition train = {.name = S("train"), .injections = arena_new(&w->arena, PartitionPart, 1)};
    Partitions partitions = {.items = &train, .n = 1, .n_injections = 1};
    WhenDocument seen[] = {{S("billing"), S("a.md")}, {S("fees"), S("b.md")}};
    WhenDomain domain = {seen, 2, topics, 2, &partitions, 0};
    when_check_values(&w->injections, &domain, &w->problems);
    when_check(&w->injections, &w->names, &domain, false, &w->arena, &w->problems);
}

static void fuzz_styles(World *w)
{
    Styles styles;
    bool ok = styles_read(w->text, S("prompting/templates.txt"), &w->arena, &styles, &w->problems);
    ok = styles_compile(&styles, &w->names, &w->arena, &w->problems) && ok;
    HOLD(ok == (w->problems.errors == 0));
    for (size_t i = 0; i < styles.n; i++) fill(w, &styles.items[i].text);
}

static void fuzz_parameters(World *w)
{
    Parameters parameters;
    bool ok = parameters_read(w->text, S("config/generation-paramters.json"), &w->arena, &parameters, &w->problems);
    HOLD(ok == (w->problems.errors == 0));
    for (size_t i = 0; ok && i < parameters.n; i++) {
        Random r = random_from(i);
        Buf out = {0};
        parameter_draw(&parameters.items[i], &r, &out);
        Error e;
        json_t *value;
        HOLD(json_read(buf_str(&out), S("drawn"), &value, &e));
        json_decref(value);
        buf_free(&out);
    }
}

static bool open_json(World *w, JsonFile *file, Str name)
{
    Error e;
    *file = (JsonFile){.file = name, .text = w->text};
    return json_read(w->text, name, &file->root, &e);
}

static void see_segment(void *ctx, const Template *t, const Segment *s)
{
    (void)t;
    HOLD(s->ref.id != NAME_NONE);
    (*(size_t *)ctx)++;
}

static void fuzz_format(World *w)
{
    JsonFile file;
    if (!open_json(w, &file, S("config/output-format.json"))) return;
    OutputFormat format;
    bool ok = output_format_read(&file, &w->injections, &w->arena, &format, &w->problems);
    HOLD(format.form.n_participants >= 2);
    HOLD(format.form.first >= ANYONE && format.form.first < (int)format.form.n_participants);
    Str *labels = arena_new(&w->arena, Str, format.n_labels + 1), *turns = arena_new(&w->arena, Str, format.n_turn_labels + 1);
    for (size_t i = 0; i < format.n_labels; i++) labels[i] = format.labels[i].name;
    for (size_t i = 0; i < format.n_turn_labels; i++) turns[i] = format.turn_labels[i].name;
    w->names.labels = labels, w->names.n_labels = format.n_labels;
    w->names.turn_labels = turns, w->names.n_turn_labels = format.n_turn_labels;
    w->names.n_participants = format.form.n_participants;
    ok = output_format_compile(&file, &format, &w->names, &w->arena, &w->problems) && ok;
    HOLD(ok == (w->problems.errors == 0));
    size_t refs = 0;
    record_refs(&format.record, see_segment, &refs);
    record_refs(&format.csv, see_segment, &refs);
    Template empty = {0};
    ReachParts parts = {{&empty, &empty}, &w->styles, &w->injections, &format, &w->names};
    reach_check(&parts, &w->arena, &w->problems);
    json_decref(file.root);
}

static void fuzz_drawing(World *w)
{
    JsonFile file;
    if (!open_json(w, &file, S("config/drawing.json"))) return;
    DrawingContext context = {&w->injections, &w->styles, &w->names, topics, 2, documents, 2};
    Drawing drawing;
    bool ok = drawing_read(&file, &context, &w->arena, &drawing, &w->problems);
    HOLD(ok == (w->problems.errors == 0));
    HOLD(drawing.partitions.n >= 1 && drawing.passages >= 1 && drawing.min_exchanges >= 1);
    HOLD(partition_of_document(&drawing.partitions, documents[0], S("a.md")) < drawing.partitions.n);
    HOLD(partition_of_value(&drawing.partitions, 1, S("persona"), S("Ann")) < drawing.partitions.n);
    json_decref(file.root);
}

static void fuzz_examples(World *w)
{
    static const Participant participants[] = {{S_INIT("Customer"), S_INIT("user")}, {S_INIT("Agent"), S_INIT("assistant")}};
    OutputFormat format = {.form = {.participants = participants, .n_participants = 2, .last = 1, .alternate = true}};
    Partition train = {.name = S("train")};
    Partitions partitions = {.items = &train, .n = 1};
    ExampleContext context = {&format, &w->injections, &w->styles, &partitions, &w->names, topics, 2, documents, 2, 0};
    Examples examples;
    bool ok = examples_read(w->text, S("examples/examples.txt"), &context, &w->arena, &examples, &w->problems);
    HOLD(ok == (w->problems.errors == 0));
    for (size_t i = 0; i < examples.n; i++) HOLD(examples.items[i].conversation.n_turns > 0);
}

static void fuzz_csv(World *w)
{
    CsvTable table;
    csv_read(w->text, S("f.csv"), &w->arena, &table, &w->problems);
    for (size_t r = 0; r < table.n; r++) {
        HOLD(table.rows[r].n == table.rows[0].n);
        for (size_t c = 0; c < table.rows[r].n; c++) HOLD(table.rows[r].cells[c].start <= w->text.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    Str text = {(const char *)data + 1, size - 1};
    if (!utf8_valid(text)) return 0;  // file_read_text lets nothing else in
    World *w = mem_alloc(sizeof *w);
    world_open(w, text);
    switch (data[0] % 10) {
    case 0: fuzz_template(w); break;
    case 1: fuzz_injection(w, &injection_txt); break;
    case 2: fuzz_injection(w, &injection_json); break;
    case 3: fuzz_injection(w, &injection_csv); break;
    case 4: fuzz_styles(w); break;
    case 5: fuzz_parameters(w); break;
    case 6: fuzz_format(w); break;
    case 7: fuzz_drawing(w); break;
    case 8: fuzz_examples(w); break;
    default: fuzz_csv(w); break;
    }
    hold_problems(w);
    arena_free(&w->arena);
    free(w);
    return 0;
}
