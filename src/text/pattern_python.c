// SPDX-License-Identifier: Apache-2.0
#include "text/pattern_python.h"

// Python's white space and all the rest, as the inside of a class.
#define SPACES "\\x{9}-\\x{d}\\x{1c}-\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
#define NO_SPACES                                                                                        \
    "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"      \
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{10ffff}"

typedef struct Reader {
    Str source;
    size_t at;
    PythonPattern *out;
} Reader;

static char peek(const Reader *r, size_t ahead)
{
    return r->at + ahead < r->source.len ? r->source.ptr[r->at + ahead] : 0;
}

static void put(Reader *r, Str s, size_t taken)
{
    uint32_t origin = (uint32_t)r->at;
    for (size_t i = 0; i < s.len; i++) buf_add(&r->out->origins, (Str){(const char *)&origin, sizeof origin});
    buf_add(&r->out->text, s);
    r->at += taken;
}

static void copy(Reader *r, size_t n)
{
    for (size_t end = r->at + n; r->at < end && r->at < r->source.len;) put(r, str_slice(r->source, r->at, r->at + 1), 1);
}

static void copy_through(Reader *r, Str end)
{
    size_t found = str_find(str_slice(r->source, r->at, r->source.len), end);
    copy(r, found == STR_NONE ? r->source.len - r->at : found + end.len);
}

// \uXXXX and \UXXXXXXXX: true when all digits are there.
static bool unicode_escape(Reader *r, unsigned digits)
{
    char text[16] = "\\x{";
    for (unsigned i = 0; i < digits; i++) {
        char c = peek(r, 2 + i);
        if (!str_is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f')) return false;
        text[3 + i] = c;
    }
    text[3 + digits] = '}';
    put(r, str_from(text), 2 + digits);
    return true;
}

// What Python's escape is in PCRE2's words; absent: the same in both.
static Str other_words(const Reader *r, bool in_class)
{
    bool ascii = r->out->ascii;
    switch (peek(r, 1)) {
    case 'Z': return in_class ? (Str){0} : S("\\z");
    case 'v': return S("\\x0b");
    case 's': return ascii ? (Str){0} : in_class ? S(SPACES) : S("[" SPACES "]");
    case 'S': return ascii ? (Str){0} : in_class ? S(NO_SPACES) : S("[" NO_SPACES "]");
    default: return (Str){0};
    }
}

static void escape(Reader *r, bool in_class)
{
    Str other = other_words(r, in_class);
    if (other.ptr)
        put(r, other, 2);
    else if (peek(r, 1) == 'Q')
        copy_through(r, S("\\E"));
    else if (!(peek(r, 1) == 'u' && unicode_escape(r, 4)) && !(peek(r, 1) == 'U' && unicode_escape(r, 8)))
        copy(r, 2);
}

static void class(Reader *r)
{
    copy(r, 1);
    if (peek(r, 0) == '^') copy(r, 1);
    if (peek(r, 0) == ']') copy(r, 1);
    while (r->at < r->source.len && peek(r, 0) != ']') {
        if (peek(r, 0) == '\\')
            escape(r, true);
        else if (peek(r, 0) == '[' && peek(r, 1) == ':')
            copy_through(r, S(":]"));
        else
            copy(r, 1);
    }
    copy(r, 1);
}

// Flags at the very start: a and u are Python's own.
static void leading_flags(Reader *r)
{
    while (peek(r, 0) == '(' && peek(r, 1) == '?') {
        size_t n = 2;
        while (peek(r, n) && memchr("aimsux", peek(r, n), 6)) n++;
        if (n == 2 || peek(r, n) != ')') return;
        Str flags = str_slice(r->source, r->at + 2, r->at + n);
        put(r, S("(?"), 2);
        for (size_t i = 0; i < flags.len; i++) {
            r->out->ascii |= flags.ptr[i] == 'a';
            if (flags.ptr[i] == 'a' || flags.ptr[i] == 'u')
                r->at++;
            else
                copy(r, 1);
        }
        copy(r, 1);
    }
}

static bool up_to(const Reader *r)
{
    size_t n = 2;
    if (peek(r, 1) != ',' || !str_is_digit(peek(r, 2))) return false;
    while (str_is_digit(peek(r, n))) n++;
    return peek(r, n) == '}';
}

void python_pattern(Str source, PythonPattern *out)
{
    *out = (PythonPattern){0};
    Reader r = {.source = source, .out = out};
    leading_flags(&r);
    while (r.at < source.len) {
        char c = peek(&r, 0);
        if (c == '\\')
            escape(&r, false);
        else if (c == '[')
            class(&r);
        else if (c == '{' && up_to(&r))
            put(&r, S("{0"), 1);
        else if (c == '(' && peek(&r, 1) == '?' && peek(&r, 2) == '#')
            copy_through(&r, S(")"));
        else
            copy(&r, 1);
    }
}

void python_pattern_free(PythonPattern *p)
{
    buf_free(&p->text);
    buf_free(&p->origins);
}

size_t python_pattern_origin(const PythonPattern *p, size_t at, size_t source_len)
{
    uint32_t origin;
    if (at >= p->text.len) return source_len;
    memcpy(&origin, p->origins.ptr + at * sizeof origin, sizeof origin);
    return origin;
}
