// SPDX-License-Identifier: Apache-2.0
#include "dedup/json_scan.h"

#include "base/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static bool cut(JsonScan *s)
{
    s->cut = true;
    return false;
}

char json_scan_peek(JsonScan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t')) s->at++;
    return s->at < s->end ? *s->at : 0;
}

bool json_scan_char(JsonScan *s, char c)
{
    char next = json_scan_peek(s);
    if (s->at == s->end) return cut(s);
    if (next != c) return false;
    s->at++;
    return true;
}

// The next quote or backslash, or `end`.
static const char *quote_or_backslash(const char *p, const char *end)
{
#if defined(__SSE2__)
    for (; end - p >= 16; p += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    while (p < end && *p != '"' && *p != '\\') p++;
    return p;
}

bool json_scan_string(JsonScan *s, JsonText *out)
{
    if (!json_scan_char(s, '"')) return false;
    const char *start = s->at, *p = start;
    bool escaped = false;
    while ((p = quote_or_backslash(p, s->end)) < s->end && *p == '\\') {
        escaped = true;
        if (s->end - p < 2) return cut(s);
        p += 2;
    }
    if (p >= s->end) return cut(s);
    *out = (JsonText){{start, (size_t)(p - start)}, escaped};
    s->at = p + 1;
    return true;
}

static bool skip_word(JsonScan *s)
{
    const char *start = s->at;
    while (s->at < s->end && ((*s->at >= '0' && *s->at <= '9') || str_is_alpha(*s->at) || *s->at == '-' || *s->at == '+' || *s->at == '.'))
        s->at++;
    // A number that ends with the text may go on behind it.
    return s->at == s->end ? cut(s) : s->at > start;
}

bool json_scan_skip(JsonScan *s)
{
    char closing[SCAN_DEPTH];
    size_t depth = 0;
    JsonText text;
    do {
        char c = json_scan_peek(s);
        if (s->at == s->end) return cut(s);
        if (c == '{' || c == '[') {
            if (depth == SCAN_DEPTH) return false;
            closing[depth++] = c == '{' ? '}' : ']';
            s->at++;
        } else if (c == '}' || c == ']') {
            if (depth == 0 || closing[--depth] != c) return false;
            s->at++;
        } else if (c == '"') {
            if (!json_scan_string(s, &text)) return false;
        } else if (depth && (c == ',' || c == ':')) {
            s->at++;
        } else if (!skip_word(s)) {
            return false;
        }
    } while (depth);
    return true;
}

static bool next_of(JsonScan *s, bool *first, char open, char close, bool *failed)
{
    *failed = true;
    if (*first && !json_scan_char(s, open)) return false;
    char c = json_scan_peek(s);
    if (s->at == s->end) return cut(s);
    if (c == close) {
        s->at++;
        *failed = false;
        return false;
    }
    if (!*first && !json_scan_char(s, ',')) return false;
    *first = false;
    *failed = false;
    return true;
}

bool json_scan_element(JsonScan *s, bool *first, bool *failed) { return next_of(s, first, '[', ']', failed); }

bool json_scan_member(JsonScan *s, bool *first, JsonText *key, bool *failed)
{
    if (!next_of(s, first, '{', '}', failed)) return false;
    *failed = !json_scan_string(s, key) || !json_scan_char(s, ':');
    return !*failed;
}

// ---- what a string says -------------------------------------------------------------------------

// Four hex digits at p, or UTF8_BAD.
static uint32_t hex4(const char *p, const char *end)
{
    uint32_t value = 0;
    if (end - p < 4) return UTF8_BAD;
    for (int i = 0; i < 4; i++) {
        char c = p[i], low = (char)(c | 0x20);
        uint32_t digit = str_is_digit(c) ? (uint32_t)(c - '0') : low >= 'a' && low <= 'f' ? (uint32_t)(low - 'a' + 10) : 16;
        if (digit > 15) return UTF8_BAD;
        value = value << 4 | digit;
    }
    return value;
}

// Behind "\u": adds the letter and returns where reading goes on.
static const char *add_unicode(const char *p, const char *end, Buf *out)
{
    char bytes[4];
    uint32_t c = hex4(p, end);
    p += c == UTF8_BAD ? 0 : 4;
    if (c >= 0xD800 && c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        uint32_t low = hex4(p + 2, end);
        if (low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            p += 6;
        }
    }
    unsigned n = c == UTF8_BAD ? 0 : utf8_encode(c, bytes);
    buf_add(out, n ? (Str){bytes, n} : S("\xEF\xBF\xBD"));
    return p;
}

void json_scan_text(JsonText text, Buf *out)
{
    const char *p = text.raw.ptr, *end = p + text.raw.len;
    if (!text.escaped) {
        buf_add(out, text.raw);
        return;
    }
    while (p < end) {
        const char *next = quote_or_backslash(p, end);
        buf_add(out, (Str){p, (size_t)(next - p)});
        if (next == end || next + 1 == end) return;
        p = next + 2;
        switch (next[1]) {
        case 'n': buf_add_char(out, '\n'); break;
        case 't': buf_add_char(out, '\t'); break;
        case 'r': buf_add_char(out, '\r'); break;
        case 'b': buf_add_char(out, '\b'); break;
        case 'f': buf_add_char(out, '\f'); break;
        case 'u': p = add_unicode(p, end, out); break;
        default: buf_add_char(out, next[1]);
        }
    }
}

bool json_text_is(JsonText text, Str word) { return !text.escaped && str_eq(text.raw, word); }
