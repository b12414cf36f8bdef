// SPDX-License-Identifier: Apache-2.0
#include "conversation/quoted.h"

#include "base/json.h"
#include "base/utf8.h"
#include "conversation/repair.h"

static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
static bool is_closer(char c) { return c == '}' || c == ']'; }
static bool is_word(char c) { return str_is_alpha(c) || str_is_digit(c) || c == '_' || c == '-' || (unsigned char)c >= 0x80; }

size_t json_skip_space(Str t, size_t at)
{
    while (at < t.len && is_space(t.ptr[at])) at++;
    return at;
}

// ---- quotes -------------------------------------------------------------------------------------

typedef enum Quote { QUOTE_NONE, QUOTE_DOUBLE, QUOTE_SINGLE, QUOTE_BACK, QUOTE_CURLY, QUOTE_CURLY_SINGLE } Quote;

static Quote quote_at(Str t, size_t at, size_t *len)
{
    *len = 1;
    if (at >= t.len) return QUOTE_NONE;
    switch (t.ptr[at]) {
    case '"': return QUOTE_DOUBLE;
    case '\'': return QUOTE_SINGLE;
    case '`': return QUOTE_BACK;
    case '\xE2': break;
    default: return QUOTE_NONE;
    }
    if (at + 3 > t.len || t.ptr[at + 1] != '\x80') return QUOTE_NONE;
    *len = 3;
    switch (t.ptr[at + 2]) {
    case '\x9C':  // “
    case '\x9D':  // ”
    case '\x9E': return QUOTE_CURLY;
    case '\x98':  // ‘
    case '\x99': return QUOTE_CURLY_SINGLE;
    default: return QUOTE_NONE;
    }
}

size_t quote_len(Str t, size_t at)
{
    size_t len;
    return quote_at(t, at, &len) ? len : 0;
}

// Whether a string that `opening` began may be ended by the quote at `at`.
static bool may_end(Str t, size_t at, Quote opening, size_t *len)
{
    Quote quote = quote_at(t, at, len);
    return quote && (quote == opening || (opening == QUOTE_CURLY && quote == QUOTE_DOUBLE) ||
                     (opening == QUOTE_CURLY_SINGLE && quote == QUOTE_SINGLE));
}

// ---- keys ---------------------------------------------------------------------------------------

static bool colon_at(Str t, size_t at, size_t *after)
{
    at = json_skip_space(t, at);
    Str rest = str_slice(t, at, t.len);
    size_t len = str_starts(rest, S(":")) ? 1 : str_starts(rest, S("=>")) ? 2 : str_starts(rest, S("=")) ? 1
               : str_starts(rest, S("：")) ? 3 : 0;
    *after = at + len;
    return len > 0;
}

bool quoted_word(Str t, size_t at, Quoted *out)
{
    size_t len;
    Quote opening = quote_at(t, at, &len);
    *out = (Quoted){.from = at + len};
    for (size_t i = out->from; i < t.len && i - at < LOOSE_KEY && t.ptr[i] != '\n'; i++) {
        if (may_end(t, i, opening, &len)) {
            out->to = i;
            out->after = i + len;
            return true;
        }
        if (t.ptr[i] != '\\') continue;
        out->escapes = true;
        i++;
    }
    return false;
}

bool key_at(Str t, size_t at, KeySpan *out)
{
    Quoted q;
    if (quote_len(t, at)) {
        if (!quoted_word(t, at, &q)) return false;
        *out = (KeySpan){.from = q.from, .to = q.to};
        return colon_at(t, q.after, &out->after);
    }
    size_t i = at;
    while (i < t.len && i - at < LOOSE_KEY && is_word(t.ptr[i]) && !quote_len(t, i)) i++;
    if (i == at || str_is_digit(t.ptr[at]) || t.ptr[at] == '-') return false;
    *out = (KeySpan){.from = at, .to = i};
    i += quote_len(t, i);  // Customer": the opening quote is missing
    return colon_at(t, i, &out->after) && !(out->after < t.len && t.ptr[out->after] == '/');
}

static bool is_literal(Str word)
{
    static const Str literals[] = {S_INIT("true"), S_INIT("false"), S_INIT("null"), S_INIT("True"), S_INIT("False"), S_INIT("None")};
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++)
        if (str_eq(word, literals[i])) return true;
    return false;
}

// Something that begins a value and is hardly ever the next word of a sentence.
static bool value_at(Str t, size_t at)
{
    at = json_skip_space(t, at);
    if (at >= t.len || quote_len(t, at)) return true;
    char c = t.ptr[at];
    if (c == '{' || c == '[' || c == '-' || str_is_digit(c)) return true;
    size_t end = at;
    while (end < t.len && end - at < 6 && str_is_alpha(t.ptr[end])) end++;
    return is_literal(str_slice(t, at, end));
}

bool member_at(Str t, size_t at)
{
    KeySpan key;
    return key_at(t, at, &key) && value_at(t, key.after);
}

// ---- where a string ends ------------------------------------------------------------------------

static bool comment_at(Str t, size_t at)
{
    return at + 1 < t.len && t.ptr[at] == '/' && (t.ptr[at + 1] == '/' || t.ptr[at + 1] == '*');
}

// What may stand behind a comma: the next member or item, a closer (the comma is one too many), a
// comment, an ellipsis, the end.
static bool next_at(Str t, size_t at, bool member)
{
    at = json_skip_space(t, at);
    if (at >= t.len) return true;
    char c = t.ptr[at];
    if (is_closer(c) || c == '{' || c == '[' || c == '#' || c == ',' || comment_at(t, at)) return true;
    Str rest = str_slice(t, at, t.len);
    if (str_starts(rest, S("...")) || str_starts(rest, S("…"))) return true;
    return member_at(t, at) || (!member && value_at(t, at));
}

// Whether the quote before `after` ends a string.
static bool ends_string(Str t, size_t after, bool member, size_t depth)
{
    size_t i = json_skip_space(t, after);
    if (i >= t.len) return true;
    bool new_line = memchr(t.ptr + after, '\n', i - after) != NULL;
    char c = t.ptr[i];
    if (c == ',') return next_at(t, i + 1, member);
    if (is_closer(c)) {
        size_t closed = 0;
        for (; i < t.len && (is_closer(t.ptr[i]) || is_space(t.ptr[i])); i++) closed += is_closer(t.ptr[i]);
        if (i >= t.len || closed >= depth) return true;
        c = t.ptr[i];
        if (c == ',') return next_at(t, i + 1, false);
        return c == '{' || c == '[' || quote_len(t, i) || comment_at(t, i);
    }
    if (comment_at(t, i)) return true;
    if (c == '{' || c == '[') return member_at(t, json_skip_space(t, i + 1));
    if (c == ':' && !member) return value_at(t, i + 1);
    if (quote_len(t, i) && !member && new_line) return true;
    return (quote_len(t, i) || new_line) && member_at(t, i);
}

// A quote inside the string opens the next key: then the string's own closing quote is missing, and
// it ended before the comma, the line break or the bracket there. STR_NONE: no such thing.
static size_t missing_end(Str t, size_t from, size_t quote)
{
    if (!member_at(t, quote)) return STR_NONE;
    size_t i = quote;
    bool new_line = false;
    while (i > from && is_space(t.ptr[i - 1])) new_line |= t.ptr[--i] == '\n';
    if (i > from && t.ptr[i - 1] == ',') return i - 1;
    if (new_line) return i;
    if (i <= from || t.ptr[i - 1] != '{') return STR_NONE;
    i--;
    while (i > from && (is_space(t.ptr[i - 1]) || t.ptr[i - 1] == ',')) i--;
    return i > from && t.ptr[i - 1] == '}' ? i - 1 : STR_NONE;
}

// The text ended: where it ends in brackets, those are the brackets of the JSON and only the quote is missing.
static Quoted ended(Str t, Quoted q, size_t depth)
{
    Str tail = str_trim_end(str_slice(t, q.from, t.len));
    if (str_ends(tail, S("```"))) tail = str_trim_end(str_slice(tail, 0, tail.len - 3));
    size_t closers = 0;
    while (tail.len && (is_closer(tail.ptr[tail.len - 1]) || is_space(tail.ptr[tail.len - 1])))
        closers += is_closer(tail.ptr[--tail.len]);
    q.open = closers == 0 || closers > depth;
    q.to = q.after = q.open ? t.len : q.from + tail.len;
    return q;
}

Quoted quoted_read(Str t, size_t at, bool member, size_t depth)
{
    size_t len;
    Quote opening = quote_at(t, at, &len);
    Quoted q = {.from = at + len};
    for (size_t i = q.from; i < t.len;) {
        if (opening == QUOTE_DOUBLE && (i = json_plain_end(t, i)) == t.len) break;
        char c = t.ptr[i];
        if (c == '\\') {
            q.escapes = true;
            i += 2;
            continue;
        }
        if (!may_end(t, i, opening, &len)) {
            i++;
            continue;
        }
        q.to = i;
        q.after = i + len;
        if (ends_string(t, q.after, member, depth)) return q;
        size_t missing = missing_end(t, q.from, i);
        if (missing != STR_NONE) {
            q.to = q.after = missing;
            return q;
        }
        i += len;
    }
    return ended(t, q, depth);
}

static bool quoted_key_at(Str t, size_t at)
{
    KeySpan key;
    at = json_skip_space(t, at);
    return quote_len(t, at) && key_at(t, at, &key);
}

Quoted bare_read(Str t, size_t at, bool member, size_t depth, bool *quoted)
{
    Quoted q = {.from = at};
    size_t i = at, len;
    *quoted = false;
    for (; i < t.len && t.ptr[i] != '\n' && !is_closer(t.ptr[i]); i++) {
        if (t.ptr[i] == ',' && (!member || next_at(t, i + 1, true) || quoted_key_at(t, i + 1))) break;
        q.escapes |= t.ptr[i] == '\\';
        if (i == at || !(len = quote_len(t, i)) || !ends_string(t, i + len, member, depth)) continue;
        *quoted = true;
        q.to = i;
        q.after = i + len;
        return q;
    }
    q.open = i >= t.len;
    q.after = i;
    while (i > at && is_space(t.ptr[i - 1])) i--;
    q.to = i;
    return q;
}

// ---- what a string says -------------------------------------------------------------------------

static bool hex4(Str t, size_t at, size_t end, uint32_t *out)
{
    if (at > end || end - at < 4) return false;
    *out = 0;
    for (size_t i = at; i < at + 4; i++) {
        char c = t.ptr[i], low = (char)(c | 0x20);
        if (!str_is_digit(c) && (low < 'a' || low > 'f')) return false;
        *out = *out * 16 + (uint32_t)(str_is_digit(c) ? c - '0' : low - 'a' + 10);
    }
    return true;
}

// Decodes the escape whose backslash is at `at` into `out` (4 bytes of room); returns its length.
static size_t decode_escape(Str t, size_t at, size_t end, char *out, size_t *n)
{
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    *n = 0;
    if (at + 1 >= end) return 1;  // the text was cut off behind it
    char c = t.ptr[at + 1];
    const char *known = c ? strchr(plain, c) : NULL;
    uint32_t unit, low;
    if (known) {
        out[(*n)++] = meant[known - plain];
        return 2;
    }
    if (c == 'u' && hex4(t, at + 2, end, &unit)) {
        size_t len = 6;
        if (unit >= 0xD800 && unit < 0xDC00 && at + 7 < end && t.ptr[at + 6] == '\\' && t.ptr[at + 7] == 'u' &&
            hex4(t, at + 8, end, &low) && low >= 0xDC00 && low < 0xE000) {
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            len = 12;
        }
        *n = unit ? utf8_encode(unit, out) : 0;
        if (*n == 0) *n = utf8_encode(0xFFFD, out);
        return len;
    }
    if (str_is_alpha(c) || str_is_digit(c)) {
        out[(*n)++] = '\\';
        return 1;
    }
    return 1;  // \' and the like: the backslash goes, the letter stays
}

Str quoted_text(Str t, const Quoted *q, Arena *a)
{
    Str whole = str_slice(t, q->from, q->to);
    if (!q->escapes) return whole;
    char *text = arena_alloc(a, whole.len + 1);
    size_t len = 0;
    for (size_t i = q->from; i < q->to;) {
        if (t.ptr[i] != '\\') {
            text[len++] = t.ptr[i++];
            continue;
        }
        size_t n;
        i += decode_escape(t, i, q->to, text + len, &n);
        len += n;
    }
    return (Str){text, len};
}
