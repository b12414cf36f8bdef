// SPDX-License-Identifier: Apache-2.0
#include "knowledge/strategy_text.h"

#include "base/json.h"
#include "base/utf8.h"

static size_t json_space(Str t, size_t i)
{
    while (i < t.len && memchr(" \t\r\n", t.ptr[i], 4)) i++;
    return i;
}

static size_t json_string_end(Str t, size_t i)
{
    for (i++; i < t.len && t.ptr[i] != '"'; i++)
        if (t.ptr[i] == '\\') i++;
    return i < t.len ? i + 1 : t.len;
}

static size_t json_value_end(Str t, size_t i)
{
    size_t depth = 0;
    for (; i < t.len; ) {
        char c = t.ptr[i];
        if (c == '"') {
            i = json_string_end(t, i);
            if (depth == 0) return i;
            continue;
        }
        if (c == '{' || c == '[') depth++;
        if ((c == '}' || c == ']') && (depth == 0 || --depth == 0)) return depth == 0 && (c == '}' || c == ']') ? i + 1 : i;
        if (depth == 0 && c != '{' && c != '[' && memchr(",}] \t\r\n", c, 7)) return i;
        i++;
    }
    return t.len;
}

static size_t object_start(Str text)
{
    return json_space(text, str_starts(text, S("\xEF\xBB\xBF")) ? 3 : 0);
}

bool entry_next(Str text, size_t *at, EntryPlace *place)
{
    size_t i = *at;
    if (i == 0) {
        i = object_start(text);
        if (i >= text.len || text.ptr[i] != '{') return false;
        i++;
    }
    i = json_space(text, i);
    if (i < text.len && text.ptr[i] == ',') i = json_space(text, i + 1);
    if (i >= text.len || text.ptr[i] != '"') return false;
    place->key = i;
    i = json_space(text, json_string_end(text, i));
    place->value = json_space(text, i + 1);
    place->end = *at = json_value_end(text, place->value);
    return true;
}

static unsigned hex4(Str t, size_t i)
{
    unsigned n = 0;
    for (size_t k = i; k < i + 4 && k < t.len; k++) {
        char c = t.ptr[k];
        n = n * 16 + (unsigned)(str_is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return n;
}

size_t json_string_place(Str text, size_t quote, size_t offset)
{
    size_t i = quote + 1, decoded = 0;
    while (i < text.len && text.ptr[i] != '"' && decoded < offset) {
        size_t taken = 1, made = 1;
        if (text.ptr[i] == '\\' && i + 1 < text.len && text.ptr[i + 1] == 'u') {
            unsigned unit = hex4(text, i + 2);
            bool pair = unit >= 0xD800 && unit < 0xDC00;
            taken = pair ? 12 : 6;
            made = pair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
        } else if (text.ptr[i] == '\\') {
            taken = 2;
        }
        if (decoded + made > offset) break;
        i += taken;
        decoded += made;
    }
    return i;
}

// ---- adding -------------------------------------------------------------------------------------

// What stands between the outermost brace (or the comma) and a key, as the file has it.
static Str indentation(Str text, size_t open, const EntryPlace *first)
{
    return str_slice(text, open + 1, first->key);
}

static void add_entry(Buf *b, Str path)
{
    json_write_string(b, path);
    buf_add(b, S(": {\"max_words\": 500, \"overlap\": 0, \"separator\": \"(?<=[.!?])\\\\s+\"}"));
}

static Str new_file(Arena *a, const Str *paths, size_t n)
{
    Buf b = {0};
    buf_add(&b, S("{"));
    for (size_t i = 0; i < n; i++) {
        buf_add(&b, i ? S(",\n  ") : S("\n  "));
        add_entry(&b, paths[i]);
    }
    buf_add(&b, S("\n}\n"));
    Str text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

Str strategy_add_missing(Arena *a, Str text, const Str *paths, size_t n)
{
    size_t open = object_start(text), at = 0, count = 0;
    if (str_trim(text).len == 0) return new_file(a, paths, n);
    if (n == 0) return arena_str(a, text);
    EntryPlace first = {0}, last = {0}, place;
    for (; entry_next(text, &at, &place); count++) {
        if (count == 0) first = place;
        last = place;
    }
    Str gap = count ? indentation(text, open, &first) : S("\n  ");
    size_t cut = count ? last.end : open + 1;
    Buf b = {0};
    buf_add(&b, str_slice(text, 0, cut));
    for (size_t i = 0; i < n; i++) {
        if (count || i) buf_add_char(&b, ',');
        // A file on one line without a space behind its brace still gets one behind each comma.
        buf_add(&b, count && gap.len == 0 ? S(" ") : gap);
        add_entry(&b, paths[i]);
    }
    if (!count) buf_add_char(&b, '\n');
    buf_add(&b, str_slice(text, count ? cut : json_space(text, cut), text.len));
    Str out = arena_str(a, buf_str(&b));
    buf_free(&b);
    return out;
}
