// SPDX-License-Identifier: Apache-2.0
#include "llm/skim.h"

#include "base/json.h"
#include "base/utf8.h"

// ---- the whole text once ------------------------------------------------------------------------

static size_t skip_space(Str t, size_t i)
{
    while (i < t.len && (t.ptr[i] == ' ' || t.ptr[i] == '\n' || t.ptr[i] == '\t' || t.ptr[i] == '\r')) i++;
    return i;
}

static bool is_hex(char c) { return str_is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); }

static SkimFault check_escape(Str t, size_t *i)
{
    size_t at = *i + 1;
    if (at >= t.len) return SKIM_CUT;
    char c = t.ptr[at];
    if (c != 'u') {
        *i = at + 1;
        return memchr("\"\\/bfnrt", c, 8) ? SKIM_FINE : SKIM_BROKEN;
    }
    for (int k = 1; k <= 4; k++) {
        if (at + (size_t)k >= t.len) return SKIM_CUT;
        if (!is_hex(t.ptr[at + (size_t)k])) return SKIM_BROKEN;
    }
    *i = at + 5;
    return SKIM_FINE;
}

// *i is at the opening quote, and then behind the closing one.
static SkimFault check_string(Str t, size_t *i)
{
    size_t at = *i + 1;
    while ((at = json_plain_end(t, at)) < t.len) {
        unsigned char c = (unsigned char)t.ptr[at];
        if (c == '"') {
            *i = at + 1;
            return SKIM_FINE;
        }
        if (c == '\\') {
            SkimFault fault = check_escape(t, &at);
            *i = at;
            if (fault != SKIM_FINE) return fault;
        } else if (c < 0x20) {
            *i = at;
            return SKIM_BROKEN;
        } else {
            at++;
        }
    }
    *i = at;
    return SKIM_CUT;
}

static size_t skip_digits(Str t, size_t i)
{
    while (i < t.len && str_is_digit(t.ptr[i])) i++;
    return i;
}

static SkimFault check_number(Str t, size_t *i)
{
    size_t at = *i + (t.ptr[*i] == '-'), from = at;
    at = skip_digits(t, at);
    bool ok = at > from && (t.ptr[from] != '0' || at == from + 1);
    if (ok && at < t.len && t.ptr[at] == '.') {
        from = ++at;
        at = skip_digits(t, at);
        ok = at > from;
    }
    if (ok && at < t.len && (t.ptr[at] | 32) == 'e') {
        at++;
        if (at < t.len && (t.ptr[at] == '+' || t.ptr[at] == '-')) at++;
        from = at;
        at = skip_digits(t, at);
        ok = at > from;
    }
    *i = at;
    return ok ? SKIM_FINE : at >= t.len ? SKIM_CUT : SKIM_BROKEN;
}

static SkimFault check_word(Str t, size_t *i)
{
    static const Str words[] = {S_INIT("null"), S_INIT("true"), S_INIT("false")};
    Str rest = str_slice(t, *i, t.len);
    for (size_t k = 0; k < 3; k++) {
        if (str_starts(rest, words[k])) {
            *i += words[k].len;
            return SKIM_FINE;
        }
        if (rest.len && str_starts(words[k], rest)) return SKIM_CUT;
    }
    return SKIM_BROKEN;
}

static SkimFault check_scalar(Str t, size_t *i)
{
    char c = t.ptr[*i];
    if (c == '"') return check_string(t, i);
    return c == '-' || str_is_digit(c) ? check_number(t, i) : check_word(t, i);
}

// A key and its colon; *i is then at the value.
static SkimFault check_key(Str t, size_t *i)
{
    if (*i >= t.len) return SKIM_CUT;
    if (t.ptr[*i] != '"') return SKIM_BROKEN;
    SkimFault fault = check_string(t, i);
    if (fault != SKIM_FINE) return fault;
    *i = skip_space(t, *i);
    if (*i >= t.len) return SKIM_CUT;
    if (t.ptr[*i] != ':') return SKIM_BROKEN;
    *i = skip_space(t, *i + 1);
    return SKIM_FINE;
}

// Behind a value: closes what ends here, and moves to the next value. *done: the outermost is closed.
static SkimFault check_after(Str t, size_t *i, const char *open, unsigned *depth, bool *done)
{
    for (;;) {
        if (*depth == 0) {
            *done = true;
            return SKIM_FINE;
        }
        *i = skip_space(t, *i);
        if (*i >= t.len) return SKIM_CUT;
        char c = t.ptr[*i];
        if (c == ',') {
            *i = skip_space(t, *i + 1);
            return open[*depth - 1] == '{' ? check_key(t, i) : SKIM_FINE;
        }
        if (c != (open[*depth - 1] == '{' ? '}' : ']')) return SKIM_BROKEN;
        --*depth;
        ++*i;
    }
}

static SkimFault check_value(Str t, size_t *i)
{
    char open[SKIM_DEPTH_MAX];
    unsigned depth = 0;
    for (bool done = false; !done;) {
        if (*i >= t.len) return SKIM_CUT;
        char c = t.ptr[*i];
        SkimFault fault = SKIM_FINE;
        if (c == '{' || c == '[') {
            if (depth == SKIM_DEPTH_MAX) return SKIM_DEEP;
            open[depth++] = c;
            *i = skip_space(t, *i + 1);
            bool empty = *i < t.len && t.ptr[*i] == (c == '{' ? '}' : ']');
            if (!empty) {
                if (c == '{') fault = check_key(t, i);
                if (fault != SKIM_FINE) return fault;
                continue;
            }
        } else {
            fault = check_scalar(t, i);
        }
        if (fault == SKIM_FINE) fault = check_after(t, i, open, &depth, &done);
        if (fault != SKIM_FINE) return fault;
    }
    return SKIM_FINE;
}

SkimFault skim_check(Str text, Str *value, size_t *at)
{
    size_t begin = skip_space(text, 0), i = begin;
    *value = (Str){0};
    *at = begin;
    if (begin == text.len) return SKIM_EMPTY;
    SkimFault fault = check_value(text, &i);
    *at = i < text.len ? i : text.len;
    if (fault != SKIM_FINE) return fault;
    *value = str_slice(text, begin, i);
    size_t bad = utf8_first_invalid(*value);
    if (bad == STR_NONE) return SKIM_FINE;
    *at = begin + bad;
    *value = (Str){0};
    return SKIM_BROKEN;
}

// ---- values of checked text ---------------------------------------------------------------------

static size_t skip_string(Str t, size_t i)
{
    for (i = json_plain_end(t, i + 1); i < t.len; i = json_plain_end(t, i)) {
        if (t.ptr[i] == '"') return i + 1;
        i += t.ptr[i] == '\\' ? 2 : 1;
    }
    return t.len;
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
            depth -= depth > 0;
            i++;
        } else if (c == ',' || c == ':') {
            i++;
        } else {
            while (i < t.len && !memchr(" \t\r\n,:]}", t.ptr[i], 8)) i++;
        }
    } while (depth);
    return i;
}

void skim_get_each(Str object, const Str *keys, Str *values, size_t n)
{
    memset(values, 0, n * sizeof *values);
    if (!skim_is_object(object)) return;
    for (size_t i = skip_space(object, 1); i < object.len && object.ptr[i] == '"';) {
        size_t key_at = i + 1, key_end = skip_string(object, i);
        i = skip_space(object, skip_space(object, key_end) + 1);
        size_t end = skip_value(object, i);
        for (size_t k = 0; k < n; k++)
            if (key_end - key_at == keys[k].len + 1 && memcmp(object.ptr + key_at, keys[k].ptr, keys[k].len) == 0)
                values[k] = str_slice(object, i, end);
        i = skip_space(object, end);
        if (i < object.len && object.ptr[i] == ',') i = skip_space(object, i + 1);
    }
}

Str skim_get(Str object, Str key)
{
    Str value;
    skim_get_each(object, &key, &value, 1);
    return value;
}

bool skim_next(Str array, size_t *at, Str *element)
{
    if (!skim_is_array(array)) return false;
    size_t i = skip_space(array, *at ? *at : 1);
    if (i < array.len && array.ptr[i] == ',') i = skip_space(array, i + 1);
    if (i >= array.len || array.ptr[i] == ']') return false;
    *at = skip_value(array, i);
    *element = str_slice(array, i, *at);
    return true;
}

size_t skim_count(Str array)
{
    size_t n = 0, at = 0;
    Str element;
    while (skim_next(array, &at, &element)) n++;
    return n;
}

static uint32_t hex4(const char *p)
{
    uint32_t n = 0;
    for (int i = 0; i < 4; i++) n = n * 16 + (uint32_t)(str_is_digit(p[i]) ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
    return n;
}

// The letter of the escape at s[*i], which moves behind it.
static uint32_t unescape(Str s, size_t *i)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    char c = s.ptr[*i + 1];
    if (c != 'u') {
        *i += 2;
        const char *letter = memchr(letters, c, 8);
        return letter ? (uint32_t)(unsigned char)values[letter - letters] : 0xFFFD;
    }
    uint32_t unit = hex4(s.ptr + *i + 2);
    *i += 6;
    if (unit < 0xD800 || unit > 0xDFFF) return unit;
    bool pair = unit <= 0xDBFF && *i + 6 <= s.len && s.ptr[*i] == '\\' && s.ptr[*i + 1] == 'u';
    uint32_t low = pair ? hex4(s.ptr + *i + 2) : 0;
    if (low < 0xDC00 || low > 0xDFFF) return 0xFFFD;
    *i += 6;
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

Str skim_text(Str string, Arena *a)
{
    if (!skim_is_string(string) || string.len < 2) return (Str){0};
    Str s = str_slice(string, 1, string.len - 1);
    char *out = arena_alloc(a, s.len + 1);  // no escape is shorter than what it stands for
    size_t n = 0;
    for (size_t i = 0; i < s.len;) {
        const char *slash = memchr(s.ptr + i, '\\', s.len - i);
        size_t plain = slash ? (size_t)(slash - s.ptr) - i : s.len - i;
        memcpy(out + n, s.ptr + i, plain);
        n += plain;
        i += plain;
        if (slash) n += utf8_encode(unescape(s, &i), out + n);
    }
    return (Str){out, n};
}

int64_t skim_number(Str number, int64_t otherwise)
{
    int64_t whole;
    double real;
    if (str_to_i64(number, &whole)) return whole;
    if (!number.len || !(str_is_digit(number.ptr[0]) || number.ptr[0] == '-') || !str_to_double(number, &real)) return otherwise;
    return real > -9e18 && real < 9e18 ? (int64_t)real : otherwise;
}
