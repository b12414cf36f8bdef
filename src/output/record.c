// SPDX-License-Identifier: Apache-2.0
#include "output/record.h"

#include "base/json.h"
#include "conversation/render.h"
#include "output/csv.h"
#include "output/money.h"

enum { NO_LABEL = -1 };

struct RecordColumn {
    Str name;
    const RecordNode *node;  // NULL: a label or the transcript
    int32_t label;           // index into the project's labels; NO_LABEL
};

// ---- columns ------------------------------------------------------------------------------------

typedef struct ColumnList {
    const OutputFormat *format;
    Arena *arena;
    RecordColumn *items;
    size_t n, cap;
} ColumnList;

static void flatten(ColumnList *list, const RecordNode *node, Str name);
static void add_column(ColumnList *list, Str name, const RecordNode *node, int32_t label);
static bool check_columns(const ColumnList *list, Problems *problems);

bool recorder_open(const Project *project, Arena *a, Recorder *out, Problems *problems)
{
    const OutputFormat *format = &project->format;
    ColumnList list = {.format = format, .arena = a};
    if (format->csv_given) {
        for (size_t i = 0; i < format->csv.n; i++)
            add_column(&list, format->csv.children[i].key, &format->csv.children[i], NO_LABEL);
    } else {
        if (format->record.kind == RECORD_OBJECT) flatten(&list, &format->record, (Str){0});
        else add_column(&list, S("record"), &format->record, NO_LABEL);
        add_column(&list, S("conversation"), NULL, NO_LABEL);
    }
    Buf header = {0};
    CsvLine line = csv_line(&header);
    for (size_t i = 0; i < list.n; i++) csv_field(&line, list.items[i].name);
    csv_end(&line);
    *out = (Recorder){.project = project, .columns = list.items, .n_columns = list.n,
                      .csv_header = arena_str(a, buf_str(&header))};
    buf_free(&header);
    return check_columns(&list, problems);
}

static void add_column(ColumnList *list, Str name, const RecordNode *node, int32_t label)
{
    list->items = arena_grow(list->arena, list->items, list->n, &list->cap, sizeof *list->items);
    list->items[list->n++] = (RecordColumn){name, node, label};
}

static Str dotted(Arena *a, Str name, Str key)
{
    return name.len ? arena_printf(a, "%.*s.%.*s", STR_ARG(name), STR_ARG(key)) : key;
}

static void flatten(ColumnList *list, const RecordNode *node, Str name)
{
    if (node->kind == RECORD_OBJECT) {
        for (size_t i = 0; i < node->n; i++)
            flatten(list, &node->children[i], dotted(list->arena, name, node->children[i].key));
    } else if (node->kind == RECORD_VALUE && node->ref.id == NAME_LABELS) {
        for (size_t i = 0; i < list->format->n_labels; i++)
            add_column(list, dotted(list->arena, name, list->format->labels[i].name), NULL, (int32_t)i);
    } else if (!str_eq(name, S("conversation"))) {
        add_column(list, name, node, NO_LABEL);
    }
}

static bool check_columns(const ColumnList *list, Problems *problems)
{
    bool ok = true;
    for (size_t i = 0; i < list->n; i++)
        for (size_t j = 0; j < i; j++) {
            if (!str_eq(list->items[i].name, list->items[j].name)) continue;
            Error *e = problems_new(problems, false, ERROR_PROJECT, "csv", "two CSV columns would be named %.*s",
                                    STR_ARG(list->items[i].name));
            error_at_file(e, list->format->file);
            error_hint(e, "another key in the record, or columns of your own in \"csv\"");
            ok = false;
            break;
        }
    if (list->n) return ok;
    Error *e = problems_new(problems, false, ERROR_PROJECT, "csv", "the CSV has no columns");
    error_at_file(e, list->format->file);
    return error_hint(e, "at least one column in \"csv\"");
}

// ---- values -------------------------------------------------------------------------------------

typedef struct Render {
    const Project *project;
    const ValueSource *item;
    const Conversation *conversation;
    const AnswerFacts *facts;
    const Turn *turn;      // the one that is spoken of
    size_t turn_number;    // from 1
    Arena *arena;
    Buf text;              // filled texts on their way
    Error *e;
} Render;

static bool record_value(void *ctx, Ref ref, Value *out);
static bool turn_value(Render *r, Ref ref, Value *out);
static bool label_value_of(Render *r, const Label *label, const Str *asked, Value *out);
static bool labels_value(Render *r, Value *out);
static bool messages_value(Render *r, bool names, Value *out);

static Value text_or_null(Str text) { return (Value){.kind = text.ptr ? VALUE_TEXT : VALUE_NULL, .text = text}; }

static Value number_or_null(Render *r, bool known, int64_t n)
{
    if (!known) return (Value){.kind = VALUE_NULL};
    return (Value){.kind = VALUE_JSON, .text = n < 0 ? arena_printf(r->arena, "%lld", (long long)n) : arena_u64(r->arena, (uint64_t)n)};
}

static Value cost_value(Render *r)
{
    if (!r->facts->cost_known) return (Value){.kind = VALUE_NULL};
    return (Value){.kind = VALUE_JSON, .text = money_text(r->facts->cost, r->arena)};
}

static Value time_value(Render *r)
{
    if (r->facts->handwritten) return (Value){.kind = VALUE_NULL};
    char time[STAMP_SIZE + 8];
    clock_utc(r->facts->wall, time);
    return text_or_null(arena_str(r->arena, str_from(time)));
}

static bool record_value(void *ctx, Ref ref, Value *out)
{
    Render *r = ctx;
    const AnswerFacts *facts = r->facts;
    const OutputFormat *format = &r->project->format;
    switch (ref.id) {
    case NAME_CONVERSATION:
        *out = text_or_null(conversation_transcript(r->conversation, &format->form, r->arena));
        return true;
    case NAME_MESSAGES: return messages_value(r, false, out);
    case NAME_LABELS: return labels_value(r, out);
    case NAME_LABEL: return label_value_of(r, &format->labels[ref.index], r->conversation->labels, out);
    case NAME_SOURCE: *out = text_or_null(facts->handwritten ? S("handwritten") : S("generated")); return true;
    case NAME_ATTEMPT: *out = number_or_null(r, !facts->handwritten, facts->attempt); return true;
    case NAME_FINISH_REASON: *out = text_or_null(facts->finish_reason); return true;
    case NAME_MODEL_REPORTED: *out = text_or_null(facts->model_reported); return true;
    case NAME_PROMPT_SHA256: *out = text_or_null(facts->prompt_sha256); return true;
    case NAME_TIME: *out = time_value(r); return true;
    case NAME_USAGE_PROMPT_TOKENS: *out = number_or_null(r, facts->usage_known, facts->prompt_tokens); return true;
    case NAME_USAGE_COMPLETION_TOKENS: *out = number_or_null(r, facts->usage_known, facts->completion_tokens); return true;
    case NAME_COST: *out = cost_value(r); return true;
    case NAME_TURN_NUMBER: case NAME_TURN_PARTICIPANT: case NAME_TURN_ROLE: case NAME_TURN_TEXT:
    case NAME_TURN_LABEL: return turn_value(r, ref, out);
    default: return r->item->value(r->item->ctx, ref, out);
    }
}

static bool turn_value(Render *r, Ref ref, Value *out)
{
    if (!r->turn) return false;
    const Participant *participant = &r->project->format.form.participants[r->turn->participant];
    switch (ref.id) {
    case NAME_TURN_NUMBER: *out = number_or_null(r, true, (int64_t)r->turn_number); return true;
    case NAME_TURN_PARTICIPANT: *out = text_or_null(participant->name); return true;
    case NAME_TURN_ROLE: *out = text_or_null(participant->role); return true;
    case NAME_TURN_TEXT: *out = text_or_null(r->turn->text); return true;
    default: return label_value_of(r, &r->project->format.turn_labels[ref.index], r->turn->labels, out);
    }
}

// Fills a template into a text of the arena.
static bool fill(Render *r, const Template *t, Value *out)
{
    ValueSource source = {record_value, r};
    size_t start = r->text.len;
    bool ok = template_expand(t, &source, &r->text, r->e);
    *out = (Value){.kind = VALUE_TEXT, .text = arena_str(r->arena, str_slice(buf_str(&r->text), start, r->text.len))};
    r->text.len = start;
    return ok;
}

// A value with its type, placeholders filled.
static bool typed_value(Render *r, Ref ref, Value *out)
{
    ValueSource source = {record_value, r};
    if (!source.value(source.ctx, ref, out)) {
        if (r->e->kind == ERROR_NONE) error_set(r->e, ERROR_INTERNAL, "internal", "a record's placeholder has no value");
        return false;
    }
    return out->kind != VALUE_TEMPLATE || fill(r, out->template, out);
}

static bool label_value_of(Render *r, const Label *label, const Str *asked, Value *out)
{
    if (label->asked >= 0) {
        *out = text_or_null(asked ? asked[label->asked] : (Str){0});
        return true;
    }
    Ref ref;
    if (template_single(&label->drawn, &ref)) return typed_value(r, ref, out);
    return fill(r, &label->drawn, out);
}

static void add_json(Buf *json, const Value *value)
{
    if (value->kind == VALUE_NULL) buf_add(json, S("null"));
    else if (value->kind == VALUE_JSON) buf_add(json, value->text);
    else json_write_string(json, value->text);
}

static Value json_from(Render *r, Buf *json)
{
    Value value = {.kind = VALUE_JSON, .text = arena_str(r->arena, buf_str(json))};
    buf_free(json);
    return value;
}

static bool labels_value(Render *r, Value *out)
{
    const OutputFormat *format = &r->project->format;
    Buf json = {0};
    bool ok = true;
    buf_add_char(&json, '{');
    for (size_t i = 0; i < format->n_labels && ok; i++) {
        Value value;
        ok = label_value_of(r, &format->labels[i], r->conversation->labels, &value);
        if (i) buf_add_char(&json, ',');
        json_write_string(&json, format->labels[i].name);
        buf_add_char(&json, ':');
        if (ok) add_json(&json, &value);
    }
    buf_add_char(&json, '}');
    *out = json_from(r, &json);
    return ok;
}

static void add_message(Buf *json, bool names, Str role, Str name, Str content)
{
    buf_add(json, json->ptr[json->len - 1] == '[' ? S("{\"role\":") : S(",{\"role\":"));
    json_write_string(json, role);
    if (names) {
        buf_add(json, S(",\"name\":"));
        if (name.ptr) json_write_string(json, name);
        else buf_add(json, S("null"));
    }
    buf_add(json, S(",\"content\":"));
    json_write_string(json, content);
    buf_add_char(json, '}');
}

static bool messages_value(Render *r, bool names, Value *out)
{
    const OutputFormat *format = &r->project->format;
    Value system = {0};
    if (format->has_system && !fill(r, &format->system, &system)) return false;
    Buf json = {0};
    buf_add_char(&json, '[');
    if (format->has_system) add_message(&json, names, S("system"), (Str){0}, system.text);
    for (size_t i = 0; i < r->conversation->n_turns; i++) {
        const Turn *turn = &r->conversation->turns[i];
        const Participant *participant = &format->form.participants[turn->participant];
        add_message(&json, names, participant->role, participant->name, turn->text);
    }
    buf_add_char(&json, ']');
    *out = json_from(r, &json);
    return true;
}

// ---- writing ------------------------------------------------------------------------------------

static bool write_node(Render *r, const RecordNode *node, Buf *json);
static bool write_csv(Render *r, const Recorder *recorder, Buf *csv);

bool record_render(const Recorder *recorder, const ValueSource *item, const Conversation *conversation,
                   const AnswerFacts *facts, Arena *a, Buf *json, Buf *csv, Error *e)
{
    Error none = {0};
    Render r = {.project = recorder->project, .item = item, .conversation = conversation, .facts = facts, .arena = a,
                .text = {.max = RECORD_MAX}, .e = e ? e : &none};
    r.e->kind = ERROR_NONE;
    size_t start = json->len;
    bool ok = write_node(&r, &recorder->project->format.record, json) && (!csv || write_csv(&r, recorder, csv));
    buf_free(&r.text);
    if (ok && (json->full || (csv && csv->full) || json->len - start > RECORD_MAX))
        return error_set(e, ERROR_PROJECT, "record", "a record is larger than %d MB", RECORD_MAX >> 20);
    return ok;
}

bool record_render_facts(const Recorder *recorder, const ValueSource *item, const Conversation *conversation,
                         const AnswerFacts *facts, Arena *a, Buf *json, Error *e)
{
    const OutputFormat *format = &recorder->project->format;
    Render r = {.project = recorder->project, .item = item, .conversation = conversation, .facts = facts, .arena = a,
                .text = {.max = RECORD_MAX}, .e = e};
    RecordNode node = format->usual;
    while (node.n && node.children[node.n - 1].kind == RECORD_MESSAGES) node.n--;
    Value system = {.kind = VALUE_NULL};
    bool ok = write_node(&r, &node, json) && (!format->has_system || fill(&r, &format->system, &system));
    json->len--;  // its closing brace
    buf_add(json, S(",\"system\":"));
    add_json(json, &system);
    buf_add_char(json, '}');
    buf_free(&r.text);
    return ok;
}

// The value of a node that has no children.
static bool leaf_value(Render *r, const RecordNode *node, Value *out)
{
    switch (node->kind) {
    case RECORD_VALUE: return typed_value(r, node->ref, out);
    case RECORD_TEXT: return fill(r, &node->text, out);
    case RECORD_MESSAGES: return messages_value(r, true, out);
    default: *out = (Value){.kind = VALUE_JSON, .text = node->constant}; return true;
    }
}

static bool write_turns(Render *r, const RecordNode *child, Buf *json)
{
    const Turn *outer = r->turn;
    size_t outer_number = r->turn_number;
    bool ok = true;
    for (size_t i = 0; i < r->conversation->n_turns && ok; i++) {
        if (i) buf_add_char(json, ',');
        r->turn = &r->conversation->turns[i];
        r->turn_number = i + 1;
        ok = write_node(r, child, json);
    }
    r->turn = outer;
    r->turn_number = outer_number;
    return ok;
}

static bool write_children(Render *r, const RecordNode *node, Buf *json)
{
    for (size_t i = 0; i < node->n; i++) {
        if (i) buf_add_char(json, ',');
        if (node->kind == RECORD_OBJECT) {
            json_write_string(json, node->children[i].key);
            buf_add_char(json, ':');
        }
        if (!write_node(r, &node->children[i], json)) return false;
    }
    return true;
}

// How deep it goes is bounded by the reader of the file.
static bool write_node(Render *r, const RecordNode *node, Buf *json)
{
    if (node->kind == RECORD_OBJECT || node->kind == RECORD_ARRAY || node->kind == RECORD_TURNS) {
        bool object = node->kind == RECORD_OBJECT;
        buf_add_char(json, object ? '{' : '[');
        bool ok = node->kind == RECORD_TURNS ? write_turns(r, &node->children[0], json) : write_children(r, node, json);
        buf_add_char(json, object ? '}' : ']');
        return ok;
    }
    Value value;
    if (!leaf_value(r, node, &value)) return false;
    add_json(json, &value);
    return true;
}

// ---- CSV ----------------------------------------------------------------------------------------

// As text: a constant string without its quotes, null as nothing.
static Str plain(Render *r, const Value *value)
{
    if (value->kind == VALUE_NULL || str_eq(value->text, S("null"))) return value->kind == VALUE_TEXT ? value->text : (Str){0};
    if (value->kind != VALUE_JSON || value->text.ptr[0] != '"') return value->text;
    json_t *string = json_loadb(value->text.ptr, value->text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    Str text = arena_str(r->arena, json_str(string));
    json_decref(string);
    return text;
}

static bool column_text(Render *r, const RecordColumn *column, Str *out)
{
    Value value;
    const RecordNode *node = column->node;
    if (column->label != NO_LABEL) {
        const Label *label = &r->project->format.labels[column->label];
        if (!label_value_of(r, label, r->conversation->labels, &value)) return false;
    } else if (!node) {
        if (!typed_value(r, (Ref){.id = NAME_CONVERSATION}, &value)) return false;
    } else if (node->kind == RECORD_OBJECT || node->kind == RECORD_ARRAY || node->kind == RECORD_TURNS) {
        Buf json = {0};
        bool ok = write_node(r, node, &json);
        value = json_from(r, &json);
        if (!ok) return false;
    } else if (!leaf_value(r, node, &value)) {
        return false;
    }
    *out = plain(r, &value);
    return true;
}

static bool write_row(Render *r, const Recorder *recorder, Buf *csv)
{
    CsvLine line = csv_line(csv);
    for (size_t i = 0; i < recorder->n_columns; i++) {
        Str text;
        if (!column_text(r, &recorder->columns[i], &text)) return false;
        csv_field(&line, text);
    }
    csv_end(&line);
    return true;
}

static bool write_csv(Render *r, const Recorder *recorder, Buf *csv)
{
    const OutputFormat *format = &recorder->project->format;
    if (!format->csv_given || format->csv_row == CSV_ROW_CONVERSATION) return write_row(r, recorder, csv);
    for (size_t i = 0; i < r->conversation->n_turns; i++) {
        r->turn = &r->conversation->turns[i];
        r->turn_number = i + 1;
        if (!write_row(r, recorder, csv)) return false;
    }
    return true;
}
