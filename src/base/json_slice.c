// SPDX-License-Identifier: Apache-2.0
#include "base/json_slice.h"

#include "base/utf8.h"

static size_t skip_space(Str s, size_t at)
{
    while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\n' || s.ptr[at] == '\t' || s.ptr[at] == '\r')) at++;
    return at;
}

// From the opening quote to behind the closing one, or STR_NONE.
static size_t skip_string(Str s, size_t at)
{
    for (size_t from = at + 1; from < s.len;) {
        const char *quote = memchr(s.ptr + from, '"', s.len - from);
        if (!quote) return STR_NONE;
        size_t end = (size_t)(quote - s.ptr), slashes = 0;
        while (end - slashes > at + 1 && s.ptr[end - slashes - 1] == '\\') slashes++;
        if (slashes % 2 == 0) return end + 1;
        from = end + 1;
    }
    return STR_NONE;
}

// What a byte means between values: most bytes mean nothing.
enum { PLAIN, QUOTE, OPENS, CLOSES, PARTS };
static const unsigned char meaning[256] = {['"'] = QUOTE, ['{'] = OPENS, ['['] = OPENS, ['}'] = CLOSES, [']'] = CLOSES,
                                           [','] = PARTS, [' '] = PARTS, ['\t'] = PARTS, ['\n'] = PARTS, ['\r'] = PARTS};

// From the first byte of a value to behind its last, or STR_NONE. Brackets are counted, not
// matched: that is enough to stay inside, and valid JSON has them in pairs.
static size_t skip_value(Str s, size_t at)
{
    size_t depth = 0;
    for (; at < s.len; at++) {
        switch (meaning[(unsigned char)s.ptr[at]]) {
        case PLAIN: break;
        case QUOTE:
            if ((at = skip_string(s, at)) == STR_NONE || !depth) return at;
            at--;
            break;
        case OPENS: depth++; break;
        case CLOSES:
            if (!depth) return at;
            if (!--depth) return at + 1;
            break;
        default:
            if (!depth) return at;
        }
    }
    return depth ? STR_NONE : at;
}

// Moves to the next value of the array or object that opens with `open`; false at its end.
static bool step(JsonWalk *w, char open)
{
    if (w->ended) return false;
    w->ended = true;
    bool first = w->at == 0;
    size_t at = skip_space(w->text, w->at);
    if (at >= w->text.len) return false;
    if (w->text.ptr[at] != (first ? open : ',')) return false;
    at = skip_space(w->text, at + 1);
    if (at >= w->text.len || w->text.ptr[at] == ']' || w->text.ptr[at] == '}') return false;
    w->at = at;
    w->ended = false;
    return true;
}

static bool take(JsonWalk *w, Str *value)
{
    size_t end = skip_value(w->text, w->at);
    w->ended = end == STR_NONE || end == w->at;
    if (w->ended) return false;
    *value = str_slice(w->text, w->at, end);
    w->at = end;
    return true;
}

bool json_walk_item(JsonWalk *w, Str *value) { return step(w, '[') && take(w, value); }

bool json_walk_member(JsonWalk *w, Str *key, Str *value)
{
    if (!step(w, '{') || !take(w, key)) return false;
    w->at = skip_space(w->text, w->at);
    if (key->ptr[0] != '"' || w->at >= w->text.len || w->text.ptr[w->at] != ':') {
        w->ended = true;
        return false;
    }
    w->at = skip_space(w->text, w->at + 1);
    return take(w, value);
}

Str json_slice_member(Str object, Str key)
{
    JsonWalk w = {.text = object};
    Str name, value;
    while (json_walk_member(&w, &name, &value))
        if (name.len == key.len + 2 && memcmp(name.ptr + 1, key.ptr, key.len) == 0) return value;
    return (Str){0};
}

static unsigned hex4(Str s, size_t at)
{
    unsigned value = 0;
    for (size_t i = at; i < at + 4 && i < s.len; i++) {
        char c = s.ptr[i];
        value = value << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value & 0xFFFF;
}

// The escape at `at` (its backslash); gives the offset behind it.
static size_t unescape(Buf *out, Str s, size_t at)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char c = at + 1 < s.len ? s.ptr[at + 1] : '\\';
    if (c != 'u') {
        const char *known = memchr(from, c, sizeof from - 1);
        buf_add_char(out, known ? to[known - from] : c);
        return at + 2;
    }
    unsigned point = hex4(s, at + 2);
    at += 6;
    if (point >= 0xD800 && point < 0xDC00 && at + 5 < s.len && s.ptr[at] == '\\' && s.ptr[at + 1] == 'u') {
        unsigned low = hex4(s, at + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            at += 6;
        }
    }
    char letter[4];
    unsigned n = utf8_encode(point, letter);
    buf_add(out, n ? (Str){letter, n} : S("\xEF\xBF\xBD"));
    return at;
}

void json_slice_text(Buf *out, Str raw)
{
    if (json_slice_is_null(raw)) return;
    if (raw.len < 2 || raw.ptr[0] != '"') {
        buf_add(out, raw);
        return;
    }
    Str s = str_slice(raw, 1, raw.len - 1);
    size_t at = 0;
    while (at < s.len) {
        const char *slash = memchr(s.ptr + at, '\\', s.len - at);
        size_t end = slash ? (size_t)(slash - s.ptr) : s.len;
        buf_add(out, str_slice(s, at, end));
        at = slash ? unescape(out, s, end) : end;
    }
}
