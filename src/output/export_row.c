// SPDX-License-Identifier: Apache-2.0
#include "output/export_row.h"

static void read_facts(Str facts, ExportRow *out, Str *system)
{
    const struct {
        Str key;
        Str *slot;
    } keys[] = {{S("id"), &out->id},           {S("run"), &out->run},         {S("index"), &out->index},
                {S("attempt"), &out->attempt}, {S("source"), &out->source},   {S("partition"), &out->partition},
                {S("topic"), &out->topic},     {S("labels"), &out->labels},   {S("chunks"), &out->chunks},
                {S("template"), &out->template}, {S("parameters"), &out->parameters}, {S("model"), &out->model},
                {S("seed"), &out->seed},       {S("system"), system}};
    JsonWalk w = {.text = facts};
    Str key, value;
    size_t next = 0;
    const size_t n = sizeof keys / sizeof *keys;
    while (json_walk_member(&w, &key, &value)) {
        Str name = str_slice(key, 1, key.len - 1);
        // The keys come in this order, so the first comparison nearly always finds it.
        for (size_t i = 0; i < n; i++) {
            size_t at = (next + i) % n;
            if (!str_eq(name, keys[at].key)) continue;
            *keys[at].slot = value;
            next = at + 1;
            break;
        }
    }
}

static ExportMessage *add(ExportReader *r, ExportRow *out)
{
    if (out->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 32;
        r->messages = mem_realloc(r->messages, r->cap * sizeof *r->messages);
    }
    r->messages[out->n] = (ExportMessage){0};
    return &r->messages[out->n++];
}

static void read_turn(ExportMessage *m, Str turn)
{
    JsonWalk w = {.text = turn};
    Str key, value;
    while (json_walk_member(&w, &key, &value)) {
        if (str_eq(key, S("\"participant\"")) && !m->name.ptr) m->name = value;
        else if (str_eq(key, S("\"role\"")) && !m->role.ptr) m->role = value;
        else if (str_eq(key, S("\"text\"")) && !m->content.ptr) m->content = value;
        if (!m->content.ptr) continue;
        m->turn = turn;
        m->labels_at = w.at;
        return;
    }
}

void export_read(ExportReader *r, const KeptItem *item, ExportRow *out)
{
    *out = (ExportRow){.iteration = item->iteration, .record = item->row.record, .csv = item->row.csv, .drawn = item->row.drawn};
    Str system = {0}, turn;
    read_facts(json_slice_member(item->row.drawn, S("@record")), out, &system);
    out->document = json_slice_member(item->row.drawn, S("document"));
    out->handwritten = str_eq(out->source, S("\"handwritten\""));
    if (!json_slice_is_null(system)) {
        *add(r, out) = (ExportMessage){.role = S("\"system\""), .content = system};
        out->has_system = true;
    }
    JsonWalk w = {.text = item->row.conversation};
    while (json_walk_item(&w, &turn)) read_turn(add(r, out), turn);
    out->messages = r->messages;
}

void export_reader_free(ExportReader *r) { free(r->messages); }

ExportType export_type_of(Str raw)
{
    int64_t whole;
    double real;
    if (json_slice_is_null(raw)) return EXPORT_NULL;
    if (str_eq(raw, S("true")) || str_eq(raw, S("false"))) return EXPORT_FLAG;
    if (raw.ptr[0] == '"') return EXPORT_TEXT;
    if (str_to_i64(raw, &whole)) return EXPORT_WHOLE;
    bool exact = str_find_char(raw, '.') != STR_NONE || str_find_char(raw, 'e') != STR_NONE || str_find_char(raw, 'E') != STR_NONE;
    return exact && str_to_double(raw, &real) ? EXPORT_REAL : EXPORT_TEXT;
}

ExportType export_type_join(ExportType a, ExportType b)
{
    if (a == EXPORT_NULL || a == b) return b;
    if (b == EXPORT_NULL) return a;
    bool numbers = (a == EXPORT_WHOLE || a == EXPORT_REAL) && (b == EXPORT_WHOLE || b == EXPORT_REAL);
    return numbers ? EXPORT_REAL : EXPORT_TEXT;
}

Str export_role(Str raw)
{
    static const Str known[] = {S_INIT("assistant"), S_INIT("system"), S_INIT("tool")};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (raw.len == known[i].len + 2 && memcmp(raw.ptr + 1, known[i].ptr, known[i].len) == 0) return known[i];
    return S("user");
}

bool export_pairs(const ExportRow *row, Arena *a, ExportPairs *out)
{
    Buf text = {0};
    *out = (ExportPairs){.texts = arena_new(a, Str, row->n)};
    size_t i = 0;
    if (row->has_system) {
        json_slice_text(&text, row->messages[i++].content);
        out->system = arena_str(a, buf_str(&text));
    }
    while (i < row->n && str_eq(export_role(row->messages[i].role), S("assistant"))) {
        i++;
        out->trimmed = true;
    }
    while (i < row->n) {
        bool assistant = str_eq(export_role(row->messages[i].role), S("assistant"));
        buf_clear(&text);
        for (; i < row->n && str_eq(export_role(row->messages[i].role), S("assistant")) == assistant; i++) {
            if (text.len) buf_add(&text, S("\n\n"));
            json_slice_text(&text, row->messages[i].content);
        }
        out->texts[out->n++] = arena_str(a, buf_str(&text));
    }
    out->trimmed |= out->n % 2 == 1;
    out->n -= out->n % 2;
    buf_free(&text);
    return out->n > 0;
}
