// SPDX-License-Identifier: Apache-2.0
//
// parquet: the columns of jsonl, messages as list<struct<role,content>>, labels as a struct of texts.
#include "output/export_formats.h"
#include "output/parquet.h"

enum { FACTS = 6 };  // id, split, source, topic, document, template

typedef struct State {
    Parquet *parquet;
    ParquetNode *nodes;
    Str *label_names;      // plain text
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

static size_t make_schema(State *s, const ExportPlan *plan)
{
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
    s->nodes = arena_new(&s->arena, ParquetNode, n + plan->n_labels + 2);
    memcpy(s->nodes, start, sizeof start);
    // A group without children is not allowed in Parquet.
    if (plan->n_labels) s->nodes[n++] = (ParquetNode){S("labels"), PARQUET_GROUP_NODE, PARQUET_REQUIRED, plan->n_labels};
    for (size_t i = 0; i < plan->n_labels; i++) {
        buf_clear(&s->text);
        json_slice_text(&s->text, plan->labels[i]);
        s->nodes[n++] = (ParquetNode){arena_str(&s->arena, buf_str(&s->text)), PARQUET_TEXT, PARQUET_OPTIONAL, 0};
    }
    s->nodes[n++] = (ParquetNode){S("metadata"), PARQUET_TEXT, PARQUET_OPTIONAL, 0};
    s->nodes[0].n_children = 1 + FACTS + (plan->n_labels > 0) + 1;
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
        export_label(row, f->plan->labels[i], &cursor, &f->line);
        optional(s, leaf++, (Str){f->line.ptr + start, f->line.len - start});
        f->line.len = start;
    }
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
