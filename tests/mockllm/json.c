// SPDX-License-Identifier: Apache-2.0
#include "json.h"

static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static const char *skip_space(const char *p, const char *end) {
    while (p < end && is_space(*p)) p++;
    return p;
}

// p at the opening quote; returns behind the closing one, or NULL.
static const char *skip_string(const char *p, const char *end) {
    for (p++; p < end; p++) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        if (!quote) return NULL;
        const char *back = quote;
        while (back > p && back[-1] == '\\') back--;
        if ((quote - back) % 2 == 0) return quote + 1;
        p = quote;
    }
    return NULL;
}

static const char *skip_nested(const char *p, const char *end) {
    for (size_t depth = 0; p < end;) {
        switch (*p) {
            case '"':
                if (!(p = skip_string(p, end))) return NULL;
                continue;
            case '{':
            case '[': depth++; break;
            case '}':
            case ']':
                if (--depth == 0) return p + 1;
                break;
            default: break;
        }
        p++;
    }
    return NULL;
}

static const char *skip_scalar(const char *p, const char *end) {
    const char *start = p;
    while (p < end && *p != ',' && *p != '}' && *p != ']' && *p != ':' && *p != '"' && !is_space(*p)) p++;
    return p > start ? p : NULL;
}

static const char *skip_value(const char *p, const char *end) {
    if (p >= end) return NULL;
    if (*p == '"') return skip_string(p, end);
    if (*p == '{' || *p == '[') return skip_nested(p, end);
    return skip_scalar(p, end);
}

JsonWalk json_walk(Str text, char open) {
    if (!text.ptr) return (JsonWalk){.broken = true};
    JsonWalk w = {.at = text.ptr, .end = text.ptr + text.len};
    w.at = skip_space(w.at, w.end);
    w.broken = w.at >= w.end || *w.at != open;
    if (!w.broken) w.at++;
    return w;
}

static bool broken(JsonWalk *w) {
    w->broken = true;
    return false;
}

// At the start of a member or element, or at the closing bracket.
static bool at_item(JsonWalk *w) {
    if (w->broken || w->done) return false;
    w->at = skip_space(w->at, w->end);
    if (w->at >= w->end) return broken(w);
    if (*w->at != '}' && *w->at != ']') return true;
    if (w->more) return broken(w);
    w->at++;
    w->done = true;
    return false;
}

bool json_element(JsonWalk *w, Str *value) {
    if (!at_item(w)) return false;
    const char *end = skip_value(w->at, w->end);
    if (!end) return broken(w);
    *value = (Str){w->at, (size_t)(end - w->at)};
    w->at = skip_space(end, w->end);
    if (w->at >= w->end) return broken(w);
    w->more = *w->at == ',';
    if (w->more) w->at++;
    else if (*w->at != '}' && *w->at != ']') return broken(w);
    return true;
}

bool json_member(JsonWalk *w, Str *key, Str *value) {
    if (!at_item(w)) return false;
    if (*w->at != '"') return broken(w);
    const char *end = skip_string(w->at, w->end);
    if (!end) return broken(w);
    *key = (Str){w->at + 1, (size_t)(end - w->at - 2)};
    w->at = skip_space(end, w->end);
    if (w->at >= w->end || *w->at != ':') return broken(w);
    w->at = skip_space(w->at + 1, w->end);
    w->more = false;
    if (w->at < w->end && (*w->at == '}' || *w->at == ']')) return broken(w);
    return json_element(w, value);
}

bool json_ended(const JsonWalk *w) {
    return !w->broken && w->done && skip_space(w->at, w->end) == w->end;
}

Str json_get(Str object, Str wanted) {
    JsonWalk w = json_walk(object, '{');
    for (Str key, value; json_member(&w, &key, &value);)
        if (str_eq(key, wanted)) return value;
    return (Str){0};
}

Str json_path(Str object, const char *path) {
    while (object.ptr) {
        const char *dot = strchr(path, '.');
        if (!dot) return json_get(object, str_from(path));
        object = json_get(object, (Str){path, (size_t)(dot - path)});
        path = dot + 1;
    }
    return object;
}

Str json_string(Str raw) {
    if (raw.len < 2 || raw.ptr[0] != '"') return (Str){0};
    return (Str){raw.ptr + 1, raw.len - 2};
}

bool json_number(Str raw, uint64_t *out) { return str_to_u64(raw, out); }

static unsigned hex_four(const char *p) {
    unsigned n = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 0;
        n = n * 16 + digit;
    }
    return n;
}

static void add_utf8(Buf *out, unsigned code) {
    if (code < 0x80) {
        buf_char(out, (char)code);
        return;
    }
    if (code < 0x800) {
        buf_char(out, (char)(0xc0 | code >> 6));
    } else {
        if (code < 0x10000) {
            buf_char(out, (char)(0xe0 | code >> 12));
        } else {
            buf_char(out, (char)(0xf0 | code >> 18));
            buf_char(out, (char)(0x80 | (code >> 12 & 63)));
        }
        buf_char(out, (char)(0x80 | (code >> 6 & 63)));
    }
    buf_char(out, (char)(0x80 | (code & 63)));
}

// One \uXXXX at s.ptr[i] == 'u', or a pair of them; returns how many bytes it took.
static size_t unescape_unicode(Buf *out, Str s, size_t i) {
    if (s.len - i < 5) return s.len - i;
    unsigned code = hex_four(s.ptr + i + 1);
    bool pair = code >= 0xd800 && code < 0xdc00 && s.len - i >= 11 && s.ptr[i + 5] == '\\' && s.ptr[i + 6] == 'u';
    if (pair) code = 0x10000 + ((code & 0x3ff) << 10) + (hex_four(s.ptr + i + 7) & 0x3ff);
    add_utf8(out, code);
    return pair ? 11 : 5;
}

void json_unescape(Buf *out, Str s) {
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '\\' || i + 1 == s.len) {
            buf_char(out, s.ptr[i]);
            continue;
        }
        char c = s.ptr[++i];
        const char *known = memchr(from, c, sizeof from - 1);
        if (c == 'u') i += unescape_unicode(out, s, i) - 1;
        else buf_char(out, known ? to[known - from] : c);
    }
}
