// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <math.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"

// jansson stops behind a key that stands twice; the person looks for where it begins.
static size_t key_start(Str text, size_t end)
{
    size_t at = end;
    while (at > 0 && (text.ptr[at - 1] != '"' || (at > 1 && text.ptr[at - 2] == '\\'))) at--;
    return at > 0 ? at - 1 : end;
}

bool json_read(Str text, Str file, json_t **out, Error *e)
{
    json_error_t error;
    *out = json_loadb(text.len ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (*out) return true;
    error_set(e, ERROR_PROJECT, "json", "%s", error.text);
    bool twice = json_error_code(&error) == json_error_duplicate_key;
    error_hint(e, twice ? "keep one of the two"
                        : "strict JSON: double quotes, no comments, no comma after the last item");
    // jansson's position is where it stopped reading, one behind the byte at fault.
    size_t at = error.position > 0 ? (size_t)error.position - 1 : 0;
    return error_at(e, file, text, twice ? key_start(text, at < text.len ? at : text.len) : at);
}

// ---- places -------------------------------------------------------------------------------------

static size_t skip_space(Str t, size_t i)
{
    while (i < t.len && memchr(" \t\r\n", t.ptr[i], 4)) i++;
    return i;
}

static size_t skip_string(Str t, size_t i)
{
    for (i++; i < t.len && t.ptr[i] != '"'; i++)
        if (t.ptr[i] == '\\') i++;
    return i + 1;
}

static size_t skip_value(Str t, size_t i)
{
    unsigned depth = 0;
    do {
        i = skip_space(t, i);
        if (i >= t.len) return t.len;
        char c = t.ptr[i];
        if (c == '"') {
            i = skip_string(t, i);
        } else if (c == '{' || c == '[') {
            depth++, i++;
        } else if (c == '}' || c == ']') {
            depth--, i++;
        } else if (c == ',' || c == ':') {
            i++;
        } else {
            while (i < t.len && !memchr(" \t\r\n,:]}", t.ptr[i], 8)) i++;
        }
    } while (depth);
    return i;
}

// Keys with escapes are compared undecoded: only the place of an error hangs on it.
static bool step_into(Str t, size_t *at, Str part, size_t *key_at)
{
    size_t i = skip_space(t, *at);
    if (i >= t.len || (t.ptr[i] != '{' && t.ptr[i] != '[')) return false;
    bool object = t.ptr[i++] == '{';
    uint64_t index = 0, wanted = 0;
    if (!object && !str_to_u64(part, &wanted)) return false;
    for (;; index++) {
        i = skip_space(t, i);
        if (i >= t.len || t.ptr[i] == '}' || t.ptr[i] == ']') return false;
        size_t start = i;
        bool found = !object && index == wanted;
        if (object) {
            size_t end = skip_string(t, i);
            found = str_eq(str_slice(t, i + 1, end - 1), part);
            i = skip_space(t, skip_space(t, end) + 1);
        }
        if (found) {
            *at = i;
            *key_at = start;
            return true;
        }
        i = skip_space(t, skip_value(t, i));
        if (i < t.len && t.ptr[i] == ',') i++;
    }
}

static size_t skip_mark(Str text) { return skip_space(text, str_starts(text, S("\xEF\xBB\xBF")) ? 3 : 0); }

size_t json_locate(Str text, const char *path, bool key)
{
    size_t at = skip_mark(text), key_at = at;
    Str rest = str_from(path), part;
    if (rest.len == 0) return at;
    while (str_cut(&rest, '/', &part))
        if (!step_into(text, &at, part, &key_at)) return 0;
    return key ? key_at : at;
}

size_t json_locate_parts(Str text, const Str *parts, size_t n, bool key)
{
    size_t at = skip_mark(text), key_at = at;
    for (size_t i = 0; i < n; i++)
        if (!step_into(text, &at, parts[i], &key_at)) return 0;
    return key ? key_at : at;
}

// ---- values -------------------------------------------------------------------------------------

Str json_str(const json_t *string)
{
    if (!json_is_string(string)) return (Str){0};
    return (Str){json_string_value(string), json_string_length(string)};
}

json_t *json_from_str(Str s)
{
    json_t *value = json_stringn(s.len ? s.ptr : "", s.len);
    if (value) return value;
    Buf clean = {0};
    utf8_add_lossy(&clean, s);
    value = json_stringn(clean.len ? clean.ptr : "", clean.len);
    buf_free(&clean);
    if (!value) oom();
    return value;
}

void json_write_double(Buf *b, double x)
{
    char text[40];
    if (!isfinite(x)) {  // JSON has no such number; jansson never reads one
        buf_add(b, S("null"));
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (digits == 17 || strtod(text, NULL) == x) break;
    }
    buf_add(b, str_from(text));
    if (!strpbrk(text, ".e")) buf_add(b, S(".0"));
}

static void write_escape(Buf *b, unsigned char c)
{
    static const char short_forms[] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\'};
    if (c < sizeof short_forms && short_forms[c]) {
        buf_add_char(b, '\\');
        buf_add_char(b, short_forms[c]);
    } else {
        buf_printf(b, "\\u%04x", c);
    }
}

static bool is_plain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\' && c != 0x7F; }

#ifdef __SSE2__

// Bit k: byte k of these 16 is not plain.
static unsigned marks_of(const char *bytes)
{
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1F)), x);
    __m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"')), slash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));
    __m128i del = _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7F));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(control, quote), _mm_or_si128(slash, del)));
}

size_t json_plain_end(Str s, size_t i)
{
    for (; i < s.len && s.len - i >= 16; i += 16) {
        unsigned marks = marks_of(s.ptr + i);
        if (marks) return i + (unsigned)__builtin_ctz(marks);
    }
    while (i < s.len && is_plain((unsigned char)s.ptr[i])) i++;
    return i < s.len ? i : s.len;
}

#else

size_t json_plain_end(Str s, size_t i)
{
    while (i < s.len && is_plain((unsigned char)s.ptr[i])) i++;
    return i < s.len ? i : s.len;
}

#endif

void json_write_string(Buf *b, Str s)
{
    Buf clean = {0};
    if (!utf8_valid(s)) {
        utf8_add_lossy(&clean, s);
        s = buf_str(&clean);
    }
    buf_add_char(b, '"');
    for (size_t i = 0;; i++) {
        size_t end = json_plain_end(s, i);
        buf_add(b, (Str){s.ptr + i, end - i});
        if (end == s.len) break;
        write_escape(b, (unsigned char)s.ptr[end]);
        i = end;
    }
    buf_add_char(b, '"');
    buf_free(&clean);
}

static void write_line(Buf *b, unsigned indent, unsigned depth)
{
    if (!indent) return;
    buf_add_char(b, '\n');
    for (unsigned i = 0; i < indent * depth; i++) buf_add_char(b, ' ');
}

static void write_value(Buf *b, const json_t *value, unsigned indent, unsigned depth)
{
    switch (json_typeof(value)) {
    case JSON_STRING: json_write_string(b, json_str(value)); return;
    case JSON_INTEGER: buf_printf(b, "%lld", (long long)json_integer_value(value)); return;
    case JSON_REAL: json_write_double(b, json_real_value(value)); return;
    case JSON_TRUE: buf_add(b, S("true")); return;
    case JSON_FALSE: buf_add(b, S("false")); return;
    case JSON_NULL: buf_add(b, S("null")); return;
    case JSON_ARRAY:
        buf_add_char(b, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i) buf_add_char(b, ',');
            write_line(b, indent, depth + 1);
            write_value(b, json_array_get(value, i), indent, depth + 1);
        }
        if (json_array_size(value)) write_line(b, indent, depth);
        buf_add_char(b, ']');
        return;
    case JSON_OBJECT: break;
    }
    const char *key;
    json_t *item, *object = (json_t *)(uintptr_t)value;
    bool first = true;
    buf_add_char(b, '{');
    json_object_foreach(object, key, item) {
        if (!first) buf_add_char(b, ',');
        first = false;
        write_line(b, indent, depth + 1);
        json_write_string(b, str_from(key));
        buf_add(b, indent ? S(": ") : S(":"));
        write_value(b, item, indent, depth + 1);
    }
    if (!first) write_line(b, indent, depth);
    buf_add_char(b, '}');
}

void json_write(Buf *b, const json_t *value) { write_value(b, value, 0, 0); }

void json_write_pretty(Buf *b, const json_t *value, unsigned indent) { write_value(b, value, indent, 0); }
