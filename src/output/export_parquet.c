// SPDX-License-Identifier: Apache-2.0
//
// parquet: the columns of jsonl, messages as list<struct<role,content>>, labels as a struct, turn_labels as a list of such.
#include "output/export_formats.h"
#include "output/parquet.h"

enum { FACTS = 6 };  // id, split, source, topic, document, template

typedef struct State {
    Parquet *parquet;
    ParquetNode *nodes;
    Arena arena;
    Buf text;
} State;

static void close_file(ExportFile *f)
{
    State *s = f->state;
    if (!s) return;
    parquet_free(s->parquet);
    buf_free(&s->text);
    arena_free(&s->arena);
    free(s);
    f->state = NULL;
}

static ParquetNode label_node(State *s, Str raw_key, ParquetKind kind)
{
    buf_clear(&s->text);
    json_slice_text(&s->text, raw_key);
    return (ParquetNode){arena_str(&s->arena, buf_str(&s->text)), kind, PARQUET_OPTIONAL, 0};
}

static size_t add_turn_labels(State *s, const ExportPlan *plan, size_t n)
{
    s->nodes[n++] = (ParquetNode){S("turn_labels"), PARQUET_LIST, PARQUET_REQUIRED, 1};
    s->nodes[n++] = (ParquetNode){S("list"), PARQUET_GROUP_NODE, PARQUET_REPEATED, 1};
    s->nodes[n++] = (ParquetNode){S("element"), PARQUET_GROUP_NODE, PARQUET_REQUIRED, plan->n_turn_labels};
    for (size_t i = 0; i < plan->n_turn_labels; i++) s->nodes[n++] = label_node(s, plan->turn_labels[i], PARQUET_TEXT);
    return n;
}

static size_t make_schema(State *s, const ExportPlan *plan)
{
    static const ParquetKind kinds[] = {[EXPORT_NULL] = PARQUET_TEXT, [EXPORT_FLAG] = PARQUET_FLAG, [EXPORT_WHOLE] = PARQUET_WHOLE,
                                        [EXPORT_REAL] = PARQUET_REAL, [EXPORT_TEXT] = PARQUET_TEXT};
    static const ParquetNode start[] = {
        {S_INIT("schema"), PARQUET_GROUP_NODE, PARQUET_REQUIRED, 0},
        {S_INIT("messages"), PARQUET_LIST, PARQUET_REQUIRED, 1},
        {S_INIT("list"), PARQUET_GROUP_NODE, PARQUET_REPEATED, 1},
        {S_INIT("element"), PARQUET_GROUP_NODE, PARQUET_REQUIRED, 2},
        {S_INIT("role"), PARQUET_TEXT, PARQUET_REQUIRED, 0},
        {S_INIT("content"), PARQUET_TEXT, PARQUET_REQUIRED, 0},
        {S_INIT("id"), PARQUET_TEXT, PARQUET_OPTIONAL, 0},
        {S_INIT("split"), PARQUET_TEXT, PARQUET_OPTIONAL, 0},
        {S_INIT("source"), PARQUET_TEXT, PARQUET_OPTIONAL, 0},
        {S_INIT("topic"), PARQUET_TEXT, PARQUET_OPTIONAL, 0},
        {S_INIT("document"), PARQUET_TEXT, PARQUET_OPTIONAL, 0},
        {S_INIT("template"), PARQUET_TEXT, PARQUET_OPTIONAL, 0},
    };
    size_t n = sizeof start / sizeof *start;
    s->nodes = arena_new(&s->arena, ParquetNode, n + plan->n_labels + plan->n_turn_labels + 5);
    memcpy(s->nodes, start, sizeof start);
    // A group without children is not allowed in Parquet.
    if (plan->n_labels) s->nodes[n++] = (ParquetNode){S("labels"), PARQUET_GROUP_NODE, PARQUET_REQUIRED, plan->n_labels};
    for (size_t i = 0; i < plan->n_labels; i++) s->nodes[n++] = label_node(s, plan->labels[i].key, kinds[plan->labels[i].type]);
    if (plan->n_turn_labels) n = add_turn_labels(s, plan, n);
    s->nodes[n++] = (ParquetNode){S("metadata"), PARQUET_TEXT, PARQUET_OPTIONAL, 0};
    s->nodes[0].n_children = (size_t)1 + FACTS + (plan->n_labels > 0) + (plan->n_turn_labels > 0) + 1;
    return n;
}

static bool begin(ExportFile *f, Error *e)
{
    State *s = mem_alloc(sizeof *s);
    *s = (State){0};
    f->state = s;
    size_t n = make_schema(s, f->plan);
    return parquet_open(&s->parquet, &f->sink, s->nodes, n, e);
}

static void optional(State *s, size_t leaf, Str raw)
{
    buf_clear(&s->text);
    json_slice_text(&s->text, raw);
    bool null = json_slice_is_null(raw);
    parquet_text(s->parquet, leaf, 0, !null, null ? (Str){0} : buf_str(&s->text));
}

// A label of the column's type; what is not of it (no row of the data this was made from) is a null.
static void label(State *s, size_t leaf, ExportType type, Str raw)
{
    int64_t whole;
    double real;
    if (json_slice_is_null(raw)) parquet_null(s->parquet, leaf, 0, 0);
    else if (type == EXPORT_FLAG) parquet_flag(s->parquet, leaf, 0, 1, raw.ptr[0] == 't');
    else if (type == EXPORT_WHOLE && str_to_i64(raw, &whole)) parquet_whole(s->parquet, leaf, 0, 1, whole);
    else if (type == EXPORT_REAL && str_to_double(raw, &real)) parquet_real(s->parquet, leaf, 0, 1, real);
    else if (type == EXPORT_WHOLE || type == EXPORT_REAL) parquet_null(s->parquet, leaf, 0, 0);
    else optional(s, leaf, raw);
}

static void turn_label(State *s, size_t leaf, const ExportRow *row, Str raw_key)
{
    for (size_t i = 0; i < row->n; i++) {
        Str raw = export_turn_label(&row->messages[i], raw_key);
        bool null = json_slice_is_null(raw);
        buf_clear(&s->text);
        json_slice_text(&s->text, raw);
        parquet_text(s->parquet, leaf, i > 0, null ? 1 : 2, null ? (Str){0} : buf_str(&s->text));
    }
    if (!row->n) parquet_null(s->parquet, leaf, 0, 0);
}

static bool row(ExportFile *f, const ExportRow *row, Error *e)
{
    State *s = f->state;
    size_t leaf = 0;
    f->rows++;
    for (size_t i = 0; i < row->n; i++) {
        buf_clear(&s->text);
        json_slice_text(&s->text, row->messages[i].content);
        parquet_text(s->parquet, 0, i > 0, 1, export_role(row->messages[i].role));
        parquet_text(s->parquet, 1, i > 0, 1, buf_str(&s->text));
    }
    if (!row->n)
        for (size_t i = 0; i < 2; i++) parquet_text(s->parquet, i, 0, 0, (Str){0});
    leaf = 2;
    optional(s, leaf++, row->id);
    parquet_text(s->parquet, leaf++, 0, 1, row->split);
    parquet_text(s->parquet, leaf++, 0, 1, row->handwritten ? S("handwritten") : S("generated"));
    optional(s, leaf++, row->topic);
    optional(s, leaf++, row->document);
    optional(s, leaf++, row->template);
    Str cursor = {0};
    for (size_t i = 0; i < f->plan->n_labels; i++) {
        size_t start = f->line.len;
        export_label(row, &f->plan->labels[i], &cursor, &f->line);
        label(s, leaf++, f->plan->labels[i].type, (Str){f->line.ptr + start, f->line.len - start});
        f->line.len = start;
    }
    for (size_t i = 0; i < f->plan->n_turn_labels; i++) turn_label(s, leaf++, row, f->plan->turn_labels[i]);
    export_metadata(row, &f->line);
    parquet_text(s->parquet, leaf++, 0, 1, buf_str(&f->line));
    buf_clear(&f->line);
    return parquet_row(s->parquet, e);
}

static bool end(ExportFile *f, Error *e)
{
    State *s = f->state;
    const Str pairs[] = {S("confab.project"), f->plan->project};
    return parquet_close(s->parquet, pairs, 1, e);
}

const ExportFormat export_parquet = {.name = "parquet", .ending = ".parquet", .begin = begin, .row = row, .end = end,
                                     .close = close_file};
