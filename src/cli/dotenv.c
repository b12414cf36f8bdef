// SPDX-License-Identifier: Apache-2.0
#include "cli/dotenv.h"

#include "base/buf.h"

typedef struct Line {
    Str file;
    unsigned number;
    Arena *arena;
    Error *e;
} Line;

static bool bad_line(const Line *l, const char *what, const char *hint)
{
    if (!l->e) return false;
    error_set(l->e, ERROR_USAGE, "env", "%s", what);
    error_at_file(l->e, l->file);
    l->e->place.line = l->number;
    return error_hint(l->e, "%s", hint);
}

static bool is_name(Str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!(str_is_alpha(s.ptr[i]) || s.ptr[i] == '_' || (i > 0 && str_is_digit(s.ptr[i])))) return false;
    return s.len > 0;
}

// After a closing quote only a comment may follow.
static bool check_rest(const Line *l, Str rest)
{
    rest = str_trim(rest);
    return rest.len == 0 || rest.ptr[0] == '#' ||
           bad_line(l, "there is text behind the closing quote", "write a quote inside \"…\" as \\\"");
}

static bool read_single(const Line *l, Str text, Str *value)
{
    size_t end = str_find_char(text, '\'');
    if (end == STR_NONE) return bad_line(l, "the quote is not closed", "end the value with ' on the same line");
    *value = str_slice(text, 0, end);
    return check_rest(l, str_slice(text, end + 1, text.len));
}

static bool read_double(const Line *l, Str text, Str *value)
{
    char *out = arena_alloc(l->arena, text.len + 1);
    size_t n = 0, i = 0;
    for (; i < text.len && text.ptr[i] != '"'; i++) {
        char c = text.ptr[i];
        if (c == '\\' && i + 1 < text.len) {
            c = text.ptr[++i];
            if (c == 'n') c = '\n';
            else if (c == 't') c = '\t';
            else if (c != '"' && c != '\\' && c != '$')
                return bad_line(l, "unknown escape in \"…\"", "known are \\n \\t \\\" \\\\ \\$; in '…' a backslash is plain");
        }
        out[n++] = c;
    }
    if (i == text.len) return bad_line(l, "the quote is not closed", "end the value with \" on the same line");
    *value = (Str){out, n};
    return check_rest(l, str_slice(text, i + 1, text.len));
}

static Str plain_value(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '#' && (i == 0 || str_is_space(text.ptr[i - 1]))) return str_trim(str_slice(text, 0, i));
    return str_trim(text);
}

static bool read_line(const Line *l, Str text, DotenvLine *out)
{
    if (str_starts(text, S("export ")) || str_starts(text, S("export\t"))) text = str_trim(str_slice(text, 7, text.len));
    size_t equals = str_find_char(text, '=');
    if (equals == STR_NONE) return bad_line(l, "the line has no =", "write NAME=value, or # before a comment");
    out->name = str_trim(str_slice(text, 0, equals));
    out->line = l->number;
    if (!is_name(out->name)) return bad_line(l, "this is no name of a variable", "letters, digits and _ before the =");
    Str value = str_trim(str_slice(text, equals + 1, text.len));
    if (value.len && value.ptr[0] == '\'') return read_single(l, str_slice(value, 1, value.len), &out->value);
    if (value.len && value.ptr[0] == '"') return read_double(l, str_slice(value, 1, value.len), &out->value);
    out->value = plain_value(value);
    return true;
}

bool dotenv_parse(Str text, Str file, Arena *a, DotenvLine **out, size_t *n, Error *e)
{
    Line l = {file, 0, a, e};
    size_t cap = 0;
    Str raw;
    *out = NULL;
    *n = 0;
    while (str_cut(&text, '\n', &raw)) {
        l.number++;
        raw = str_trim(raw);
        if (raw.len == 0 || raw.ptr[0] == '#') continue;
        DotenvLine line;
        if (!read_line(&l, raw, &line)) return false;
        for (size_t i = 0; i < *n; i++)
            if (str_eq((*out)[i].name, line.name)) return bad_line(&l, "the name is set twice", "keep one of the lines");
        *out = arena_grow(a, *out, *n, &cap, sizeof **out);
        (*out)[(*n)++] = line;
    }
    return true;
}
