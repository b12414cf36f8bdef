// SPDX-License-Identifier: Apache-2.0
#include "output/export.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"

// ---- files --------------------------------------------------------------------------------------

void export_part_path(const ExportPlan *plan, size_t i, Buf *out)
{
    const ExportFormat *format = plan->format;
    if (format->in_folder) buf_add(out, str_from(format->in_folder));
    buf_add(out, plan->parts[i]);
    buf_add(out, str_from(format->behind ? format->behind : format->ending));
    if (plan->zstd && format->text) buf_add(out, S(".zst"));
}

static bool open_file(Export *x, size_t i, Error *e)
{
    const ExportPlan *plan = x->plan;
    ExportFile *f = &x->files[i];
    Buf path = {0};
    *f = (ExportFile){.plan = plan};
    if (plan->path.ptr) buf_add(&path, plan->path);
    if (plan->folder) {
        buf_add_char(&path, '/');
        export_part_path(plan, i, &path);
    }
    buf_add_char(&path, 0);
    bool ok = true;
    if (plan->path.ptr) {
        char folder[4096];
        snprintf(folder, sizeof folder, "%.*s", STR_ARG(path_folder(str_from(path.ptr))));
        ok = file_make_folders(folder, e);
        if (ok && file_is_folder(path.ptr)) {
            error_set(e, ERROR_FILE, "file", "cannot write %s: it is a folder", path.ptr);
            ok = error_hint(e, "name a file in it");
        }
    }
    ok = ok && sink_open(&f->sink, plan->path.ptr ? path.ptr : NULL, STDOUT_FILENO, plan->zstd && plan->format->text, e);
    if (ok) x->n_open = i + 1;
    buf_free(&path);
    return ok && (!plan->format->begin || plan->format->begin(f, e)) && export_flush(f, e);
}

bool export_open(Export *x, const ExportPlan *plan, Error *e)
{
    *x = (Export){.plan = plan};
    size_t files = plan->folder ? plan->n_parts : 1;
    for (size_t i = 0; i < files; i++)
        if (!open_file(x, i, e)) return false;
    return true;
}

bool export_row(Export *x, size_t part, const ExportRow *row, Error *e)
{
    ExportFile *f = &x->files[x->plan->folder ? part : 0];
    arena_reset(&f->arena);
    if (!x->plan->format->row(f, row, e) || !export_flush(f, e)) return false;
    if (!f->sink.closed_pipe) return true;
    e->kind = ERROR_NONE;  // the reader has enough
    return false;
}

bool export_flush(ExportFile *f, Error *e)
{
    bool ok = f->line.len == 0 || sink_add(&f->sink, buf_str(&f->line), e);
    buf_clear(&f->line);
    return ok;
}

bool export_close(Export *x, Error *e)
{
    const ExportFormat *format = x->plan->format;
    for (size_t i = 0; i < x->n_open; i++) {
        ExportFile *f = &x->files[i];
        if (format->end && !format->end(f, e)) return false;
        if (!export_flush(f, e)) return false;
    }
    for (size_t i = 0; i < x->n_open; i++) {
        if (!sink_close(&x->files[i].sink, e)) return false;
        struct stat st;
        if (x->plan->path.ptr && stat(x->files[i].sink.file.path, &st) == 0) x->files[i].bytes = (uint64_t)st.st_size;
    }
    return !x->plan->folder || !format->beside || format->beside(x->plan, x->files, e);
}

void export_abandon(Export *x)
{
    for (size_t i = 0; i < x->n_open; i++) {
        ExportFile *f = &x->files[i];
        if (x->plan->format->close) x->plan->format->close(f);
        sink_abandon(&f->sink);
        buf_free(&f->line);
        arena_free(&f->arena);
    }
    x->n_open = 0;
}

bool export_write_beside(const ExportPlan *plan, const char *name, Str text, Error *e)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%.*s/%s", STR_ARG(plan->path), name);
    if (n < 0 || (size_t)n >= sizeof path) return error_set(e, ERROR_FILE, "file", "the path of %s is too long", name);
    return file_write_whole(path, text, e);
}

// ---- parts of rows ------------------------------------------------------------------------------

void export_messages(const ExportRow *row, Buf *out)
{
    buf_add_char(out, '[');
    for (size_t i = 0; i < row->n; i++) {
        buf_add(out, i ? S(",{\"role\":\"") : S("{\"role\":\""));
        buf_add(out, export_role(row->messages[i].role));
        buf_add(out, S("\",\"content\":"));
        buf_add(out, row->messages[i].content.ptr ? row->messages[i].content : S("\"\""));
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

// `cursor` is where the last label was found: they come in the same order, so that the next is at hand.
static Str find_label(const ExportRow *row, Str raw_key, Str *cursor)
{
    JsonWalk w = {.text = row->labels};
    Str key, value;
    if (cursor->ptr) w.at = (size_t)(cursor->ptr + cursor->len - row->labels.ptr);
    for (int round = 0; round < 2; round++) {
        while (json_walk_member(&w, &key, &value))
            if (str_eq(key, raw_key)) return *cursor = value;
        if (!cursor->ptr) break;
        w = (JsonWalk){.text = row->labels};
    }
    return (Str){0};
}

void export_label(const ExportRow *row, const ExportLabel *label, Str *cursor, Buf *out)
{
    Str value = find_label(row, label->key, cursor);
    if (json_slice_is_null(value)) {
        buf_add(out, S("null"));
    } else if (label->type == EXPORT_TEXT && value.ptr[0] != '"') {
        json_write_string(out, value);
    } else {
        buf_add(out, value);
        // Readers that look at a few rows must not take the column for one of whole numbers.
        if (label->type == EXPORT_REAL && export_type_of(value) == EXPORT_WHOLE) buf_add(out, S(".0"));
    }
}

Str export_turn_label(const ExportMessage *message, Str raw_key)
{
    JsonWalk w = {.text = message->turn, .at = message->labels_at};  // as if the walk had come there
    Str key, value, found = {0};
    while (message->labels_at && json_walk_member(&w, &key, &value))
        if (str_eq(key, raw_key)) found = value;
    return found;
}

static void add_turn_labels(const ExportPlan *plan, const ExportRow *row, Buf *out)
{
    buf_add(out, S(",\"turn_labels\":["));
    for (size_t i = 0; i < row->n; i++) {
        buf_add(out, i ? S(",{") : S("{"));
        for (size_t k = 0; k < plan->n_turn_labels; k++) {
            Str value = export_turn_label(&row->messages[i], plan->turn_labels[k]);
            if (k) buf_add_char(out, ',');
            buf_add(out, plan->turn_labels[k]);
            buf_add_char(out, ':');
            if (json_slice_is_null(value)) buf_add(out, S("null"));
            else if (value.ptr[0] == '"') buf_add(out, value);
            else json_write_string(out, value);
        }
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

static void add_raw(Buf *out, Str before, Str raw)
{
    buf_add(out, before);
    buf_add(out, raw.ptr ? raw : S("null"));
}

void export_metadata(const ExportRow *row, Buf *out)
{
    add_raw(out, S("{\"run\":"), row->run);
    add_raw(out, S(",\"index\":"), row->index);
    add_raw(out, S(",\"attempt\":"), row->attempt);
    add_raw(out, S(",\"partition\":"), row->partition);
    add_raw(out, S(",\"model\":"), row->model);
    add_raw(out, S(",\"seed\":"), row->seed);
    add_raw(out, S(",\"parameters\":"), row->parameters);
    add_raw(out, S(",\"chunks\":"), row->chunks);
    buf_add_char(out, '}');
}

// A raw value as a string or null, so that a column has one type.
static void add_text(Buf *out, Str before, Str raw)
{
    buf_add(out, before);
    if (json_slice_is_null(raw)) buf_add(out, S("null"));
    else if (raw.ptr[0] == '"') buf_add(out, raw);
    else json_write_string(out, raw);
}

void export_facts(ExportFile *f, const ExportRow *row, Buf *out)
{
    const ExportPlan *plan = f->plan;
    add_text(out, S(",\"id\":"), row->id);
    buf_add(out, S(",\"split\":"));
    json_write_string(out, row->split);
    buf_add(out, row->handwritten ? S(",\"source\":\"handwritten\"") : S(",\"source\":\"generated\""));
    add_text(out, S(",\"topic\":"), row->topic);
    add_text(out, S(",\"document\":"), row->document);
    add_text(out, S(",\"template\":"), row->template);
    buf_add(out, S(",\"labels\":{"));
    Str cursor = {0};
    for (size_t i = 0; i < plan->n_labels; i++) {
        if (i) buf_add_char(out, ',');
        buf_add(out, plan->labels[i].key);
        buf_add_char(out, ':');
        export_label(row, &plan->labels[i], &cursor, out);
    }
    buf_add_char(out, '}');
    if (plan->n_turn_labels) add_turn_labels(plan, row, out);
    buf_add(out, S(",\"metadata\":"));
    size_t start = out->len;
    export_metadata(row, out);
    // Written behind its place first, then escaped into it.
    Str metadata = arena_str(&f->arena, (Str){out->ptr + start, out->len - start});
    out->len = start;
    json_write_string(out, metadata);
}
