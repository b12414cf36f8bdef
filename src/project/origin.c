// SPDX-License-Identifier: Apache-2.0
#include "project/origin.h"

#include "base/json.h"
#include "base/utf8.h"

static unsigned hex4(Str t, size_t at)
{
    unsigned n = 0;
    for (size_t i = at; i < at + 4 && i < t.len; i++) {
        char c = t.ptr[i];
        unsigned digit = str_is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a') + 10;
        n = n * 16 + (digit & 15);
    }
    return n;
}

// One letter or escape of a JSON string: moves *i behind it, returns how many bytes it became.
static size_t json_step(Str t, size_t *i)
{
    if (t.ptr[*i] != '\\') {
        (*i)++;
        return 1;
    }
    if (*i + 1 >= t.len || t.ptr[*i + 1] != 'u') {
        *i += 2;
        return 1;
    }
    char encoded[4];
    unsigned code = hex4(t, *i + 2);
    *i += 6;
    if (code >= 0xD800 && code < 0xDC00) {  // the other half follows, or jansson had refused it
        *i += 6;
        return 4;
    }
    return utf8_encode(code, encoded);
}

static size_t json_offset(const Origin *o, size_t at)
{
    if (o->start >= o->text.len || o->text.ptr[o->start] != '"') return o->start;
    size_t i = o->start + 1, decoded = 0;
    while (decoded < at && i < o->text.len && o->text.ptr[i] != '"') decoded += json_step(o->text, &i);
    return i;
}

// An array may have a million items, so an item's place is only looked for when something is wrong.
static size_t json_item_offset(const Origin *o, size_t at)
{
    char index[24];
    snprintf(index, sizeof index, "%zu", o->start);
    Str way[] = {str_from(index), S("value")};
    Origin item = *o;
    item.start = json_locate_parts(o->text, way, 1, false);
    if (item.start < o->text.len && o->text.ptr[item.start] == '{') item.start = json_locate_parts(o->text, way, 2, false);
    return json_offset(&item, at);
}

static size_t csv_offset(const Origin *o, size_t at)
{
    size_t i = o->start;
    if (i >= o->text.len || o->text.ptr[i] != '"') return i + at;
    for (i++; at > 0 && i < o->text.len; at--, i++)
        if (o->text.ptr[i] == '"') i++;
    return i;
}

// Walks lines: a comment line counts for nothing.
static size_t commented_offset(const Origin *o, size_t at)
{
    size_t i = o->start;
    for (;;) {
        Str rest = str_slice(o->text, i, o->text.len);
        size_t end = str_find_char(rest, '\n');
        size_t line = end == STR_NONE ? rest.len : end + 1;
        bool comment = str_starts(rest, S("# "));
        if (!comment && (at < line || end == STR_NONE)) return i + at;
        if (end == STR_NONE) return i;
        if (!comment) at -= line;
        i += line;
    }
}

size_t origin_offset(const Origin *origin, size_t at)
{
    size_t offset = origin->start + at;
    switch (origin->writing) {
    case WRITTEN_PLAIN: break;
    case WRITTEN_JSON: offset = json_offset(origin, at); break;
    case WRITTEN_JSON_ITEM: offset = json_item_offset(origin, at); break;
    case WRITTEN_CSV: offset = csv_offset(origin, at); break;
    case WRITTEN_COMMENTED: offset = commented_offset(origin, at); break;
    }
    return offset < origin->text.len ? offset : origin->text.len;
}

bool error_at_origin(Error *e, const Origin *origin, size_t at)
{
    return error_at(e, origin->file, origin->text, origin_offset(origin, at));
}
