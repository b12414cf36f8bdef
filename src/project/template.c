// SPDX-License-Identifier: Apache-2.0
#include "project/template.h"

typedef struct Compiler {
    Str source;
    const Origin *origin;
    const Names *names;
    unsigned scopes;
    Arena *arena;
    Problems *problems;
    Segment *segments;
    size_t n, cap;
    bool ok;
} Compiler;

static void add_segment(Compiler *c, Str text, Ref ref, size_t at)
{
    if (text.len == 0) return;
    c->segments = arena_grow(c->arena, c->segments, c->n, &c->cap, sizeof *c->segments);
    c->segments[c->n++] = (Segment){text, ref, at};
}

static void add_literal(Compiler *c, size_t from, size_t to)
{
    add_segment(c, str_slice(c->source, from, to), (Ref){0}, from);
}

// The length of the name in "{name}" at `at`, or 0 where no such thing stands there.
static size_t opened_name(Str s, size_t at)
{
    size_t n = name_length(str_slice(s, at + 1, s.len));
    return n && at + 1 + n < s.len && s.ptr[at + 1 + n] == '}' ? n : 0;
}

static size_t doubled_name(Str s, size_t at)
{
    if (at + 1 >= s.len || s.ptr[at + 1] != '{') return 0;
    size_t n = opened_name(s, at + 1);
    return n && at + n + 3 < s.len && s.ptr[at + n + 3] == '}' ? n : 0;
}

static bool resolve(Compiler *c, size_t at, size_t n, Ref *out)
{
    Error e;
    if (names_find(c->names, c->scopes, str_slice(c->source, at + 1, at + 1 + n), out, &e)) return true;
    if (e.kind == ERROR_NONE) return c->ok = false;
    // Nobody sees a place that is dropped, and looking for it in a large file takes time.
    if (!c->problems->full) error_at_origin(&e, c->origin, at);
    problems_add(c->problems, &e);
    return c->ok = false;
}

bool template_compile(Str source, const Origin *origin, const Names *names, unsigned scopes, Arena *a, Template *out,
                      Problems *problems)
{
    Compiler c = {source, origin, names, scopes, a, problems, NULL, 0, 0, true};
    size_t start = 0, at = 0;
    while (at < source.len) {
        const char *brace = memchr(source.ptr + at, '{', source.len - at);
        if (!brace) break;
        at = (size_t)(brace - source.ptr);
        size_t n;
        Ref ref;
        if ((n = doubled_name(source, at))) {
            add_literal(&c, start, at);
            add_literal(&c, at + 1, at + n + 3);
            start = at += n + 4;
        } else if ((n = opened_name(source, at)) && resolve(&c, at, n, &ref)) {
            add_literal(&c, start, at);
            add_segment(&c, str_slice(source, at, at + n + 2), ref, at);
            start = at += n + 2;
        } else {
            at += 1 + n;
        }
    }
    add_literal(&c, start, source.len);
    *out = (Template){.source = source, .segments = c.segments, .n = c.n, .origin = *origin};
    return c.ok;
}

bool template_scan(Str source, bool (*see)(void *ctx, Str name), void *ctx)
{
    for (size_t at = 0; at < source.len;) {
        const char *brace = memchr(source.ptr + at, '{', source.len - at);
        if (!brace) return false;
        at = (size_t)(brace - source.ptr);
        size_t n = doubled_name(source, at);
        if (n) {
            at += n + 4;
            continue;
        }
        n = opened_name(source, at);
        if (n && see(ctx, str_slice(source, at + 1, at + 1 + n))) return true;
        at += n ? n + 2 : 1;
    }
    return false;
}

Template template_literal(Str text, Arena *a)
{
    if (text.len == 0) return (Template){.source = text};
    Segment *segment = arena_new(a, Segment, 1);
    *segment = (Segment){.text = text};
    return (Template){.source = text, .segments = segment, .n = 1};
}

// ---- filling ------------------------------------------------------------------------------------

// Values that mention values many times grow by powers, even where they come to no text at all.
enum { SEGMENTS_MAX = 1000000 };

typedef struct Expansion {
    const ValueSource *source;
    Buf *out;
    Error *e;
    unsigned segments;  // filled so far
} Expansion;

static bool expand(Expansion *x, const Template *t, unsigned depth);

static bool expand_value(Expansion *x, const Value *value, unsigned depth)
{
    if (value->kind == VALUE_TEMPLATE) return expand(x, value->template, depth + 1);
    if (value->kind != VALUE_NULL) buf_add(x->out, value->text);
    return true;
}

static bool too_deep(const Template *t, Error *e)
{
    error_set(e, ERROR_PROJECT, "placeholder", "values mention values more than %d deep", TEMPLATE_DEPTH);
    error_hint(e, "write the innermost value's text where it is mentioned");
    return t->origin.file.len ? error_at_origin(e, &t->origin, 0) : false;
}

static bool too_large(const Buf *out, Error *e)
{
    error_set(e, ERROR_PROJECT, "placeholder", "the filled text is larger than %zu KB", out->max >> 10);
    return error_hint(e, "use smaller values, or mention them less often");
}

static bool expand(Expansion *x, const Template *t, unsigned depth)
{
    if (depth > TEMPLATE_DEPTH) return too_deep(t, x->e);
    for (size_t i = 0; i < t->n; i++) {
        const Segment *segment = &t->segments[i];
        Value value = {.kind = VALUE_TEXT, .text = segment->text};
        if (segment->ref.id != NAME_NONE && !x->source->value(x->source->ctx, segment->ref, &value))
            return error_set(x->e, ERROR_INTERNAL, "internal", "no value for %.*s", STR_ARG(segment->text));
        if (!expand_value(x, &value, depth)) return false;
        if (x->out->full || ++x->segments > SEGMENTS_MAX) return too_large(x->out, x->e);
    }
    return true;
}

bool template_expand(const Template *t, const ValueSource *source, Buf *out, Error *e)
{
    Expansion x = {source, out, e, 0};
    return expand(&x, t, 0);
}

bool value_expand(const Value *value, const ValueSource *source, Buf *out, Error *e)
{
    Expansion x = {source, out, e, 0};
    if (!expand_value(&x, value, 0)) return false;
    return !out->full || too_large(out, e);
}

// ---- looking ------------------------------------------------------------------------------------

bool template_mentions(const Template *t, NameId id)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->segments[i].ref.id == id) return true;
    return false;
}

bool template_single(const Template *t, Ref *out)
{
    if (t->n != 1 || t->segments[0].ref.id == NAME_NONE) return false;
    *out = t->segments[0].ref;
    return true;
}

Value value_from_template(const Template *t)
{
    if (t->n == 0) return (Value){.kind = VALUE_TEXT, .text = S("")};
    if (t->n == 1 && t->segments[0].ref.id == NAME_NONE) return (Value){.kind = VALUE_TEXT, .text = t->segments[0].text};
    return (Value){.kind = VALUE_TEMPLATE, .template = t};
}
