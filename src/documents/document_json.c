// SPDX-License-Identifier: Apache-2.0
//
// JSON and JSON Lines: values as "key: value" lines, nested ones indented, numbers and short words of an
// array on one line; each element of the outermost array, each line of a .jsonl, a paragraph.
#include "base/json.h"
#include "base/utf8.h"
#include "documents/document.h"

enum { DEPTH_SHOWN = 40 };  // deeper values are written on one line

static void write_value(Buf *b, json_t *value, unsigned depth);

static void write_scalar(Buf *b, json_t *value)
{
    if (json_is_string(value))
        buf_add(b, str_trim(json_str(value)));
    else
        json_write(b, value);
}

static bool is_nested(const json_t *value)
{
    return (json_is_object(value) && json_object_size(value)) || (json_is_array(value) && json_array_size(value));
}

// The first line of an array's element stands behind its dash.
static void new_line(Buf *b, unsigned depth)
{
    if (str_ends(buf_str(b), S("- "))) return;
    if (b->len && b->ptr[b->len - 1] != '\n') buf_add_char(b, '\n');
    for (unsigned i = 0; i < depth; i++) buf_add(b, S("  "));
}

// Numbers, or words that are short and hold no comma.
static bool is_row(const json_t *value)
{
    enum { WORD = 30 };
    size_t i;
    json_t *child;
    if (!json_is_array(value)) return false;
    json_array_foreach(value, i, child) {
        Str word = json_is_string(child) ? json_str(child) : (Str){0};
        if (is_nested(child) || word.len > WORD || str_find_char(word, ',') != STR_NONE || str_find_char(word, '\n') != STR_NONE) return false;
    }
    return true;
}

static void write_row(Buf *b, json_t *value)
{
    size_t i;
    json_t *child;
    json_array_foreach(value, i, child) {
        if (i) buf_add(b, S(", "));
        write_scalar(b, child);
    }
}

static void write_entry(Buf *b, Str name, json_t *value, unsigned depth)
{
    bool dash = str_eq(name, S("-")), row = is_nested(value) && is_row(value);
    new_line(b, depth);
    buf_add(b, name);
    if (is_nested(value) && !row && depth < DEPTH_SHOWN) {
        if (dash) buf_add_char(b, ' ');
        write_value(b, value, depth + 1);
    } else {
        buf_add_char(b, ' ');
        if (row) write_row(b, value);
        else write_scalar(b, value);
    }
}

static void write_value(Buf *b, json_t *value, unsigned depth)
{
    const char *key;
    json_t *child;
    size_t i;
    char name[256];
    if (!is_nested(value)) write_scalar(b, value);
    else if (is_row(value)) write_row(b, value);
    else if (json_is_object(value))
        json_object_foreach(value, key, child) {
            snprintf(name, sizeof name, "%.250s:", key);
            write_entry(b, str_from(name), child, depth);
        }
    else
        json_array_foreach(value, i, child) write_entry(b, S("-"), child, depth);
}

static void write_paragraph(Buf *b, json_t *value)
{
    if (b->len) buf_add(b, S("\n\n"));
    size_t start = b->len;
    write_value(b, value, 0);
    if (b->len == start && start) b->len -= 2;
}

static bool too_large(Extraction *x, Error *e)
{
    error_set(e, ERROR_FILE, "document", "the values are larger than %d MB when written out", 2 * (MARKDOWN_TEXT_MAX >> 20));
    error_hint(e, "split it into several files");
    return error_at_file(e, x->shown);
}

static bool result(Extraction *x, Buf *b, Error *e)
{
    bool full = b->full;
    // A key that was cut may end inside a letter.
    Buf clean = {0};
    if (!full) utf8_add_lossy(&clean, buf_str(b));
    if (!full) x->text = arena_str(x->arena, buf_str(&clean));
    buf_free(&clean);
    buf_free(b);
    return full ? too_large(x, e) : true;
}

static bool extract_json(Extraction *x, Error *e)
{
    enum { FILE_MAX = 8 << 20 };  // a tree of values is several times its text
    Str text;
    json_t *root, *child;
    size_t i;
    if (x->bytes.len > FILE_MAX) {
        error_set(e, ERROR_FILE, "document", "the JSON file is larger than %d MB", FILE_MAX >> 20);
        error_hint(e, "write one value a line and call it .jsonl");
        return error_at_file(e, x->shown);
    }
    if (!document_decode(x->bytes, x->shown, x->arena, &text, e)) return false;
    if (!json_read(text, x->shown, &root, e)) return false;
    Buf b = {.max = 2 * (size_t)MARKDOWN_TEXT_MAX};
    if (json_is_array(root))
        json_array_foreach(root, i, child) write_paragraph(&b, child);
    else
        write_paragraph(&b, root);
    json_decref(root);
    return result(x, &b, e);
}

static bool extract_lines(Extraction *x, Error *e)
{
    Str text, line;
    if (!document_decode(x->bytes, x->shown, x->arena, &text, e)) return false;
    Buf b = {.max = 2 * (size_t)MARKDOWN_TEXT_MAX};
    Str rest = text;
    while (str_cut(&rest, '\n', &line) && !b.full) {
        json_t *value;
        if (str_trim(line).len == 0) continue;
        if (!json_read(line, x->shown, &value, e)) {
            error_at(e, x->shown, text, (size_t)(line.ptr - text.ptr));
            buf_free(&b);
            return false;
        }
        write_paragraph(&b, value);
        json_decref(value);
    }
    return result(x, &b, e);
}

const DocumentType document_json = {
    .name = S_INIT("json"), .endings = " json", .extract = extract_json, .version = 2,
};

const DocumentType document_jsonl = {
    .name = S_INIT("jsonl"), .endings = " jsonl ndjson", .extract = extract_lines, .version = 2,
};
