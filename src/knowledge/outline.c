// SPDX-License-Identifier: Apache-2.0
#include "knowledge/outline.h"

typedef struct Fence {
    char mark;      // ` or ~; 0: outside
    size_t length;
} Fence;

static Str line_at(Str text, size_t at)
{
    size_t end = str_find_char(str_slice(text, at, text.len), '\n');
    return str_slice(text, at, end == STR_NONE ? text.len : at + end);
}

// Up to three spaces before a mark; more make it code.
static size_t indent(Str line)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] == ' ') n++;
    return n;
}

static size_t run_of(Str line, size_t at, char mark)
{
    size_t n = 0;
    while (at + n < line.len && line.ptr[at + n] == mark) n++;
    return n;
}

// Whether the line opens or closes fenced code; keeps *f.
static bool is_fence(Fence *f, Str line)
{
    size_t at = indent(line);
    if (at > 3 || at >= line.len) return false;
    char mark = line.ptr[at];
    if (mark != '`' && mark != '~') return false;
    size_t n = run_of(line, at, mark);
    if (n < 3) return false;
    if (f->mark) {
        bool closes = mark == f->mark && n >= f->length && str_trim(str_slice(line, at + n, line.len)).len == 0;
        if (closes) f->mark = 0;
        return closes;
    }
    if (mark == '`' && str_find_char(str_slice(line, at + n, line.len), '`') != STR_NONE) return false;
    *f = (Fence){mark, n};
    return true;
}

static bool atx(Str line, uint32_t *level, Str *text)
{
    size_t at = indent(line), n = run_of(line, at, '#');
    if (at > 3 || n < 1 || n > 6) return false;
    Str rest = str_slice(line, at + n, line.len);
    if (rest.len && rest.ptr[0] != ' ' && rest.ptr[0] != '\t') return false;
    rest = str_trim(rest);
    // Closing marks count only behind a space.
    size_t end = rest.len;
    while (end > 0 && rest.ptr[end - 1] == '#') end--;
    if (end < rest.len && (end == 0 || str_is_space(rest.ptr[end - 1]))) rest = str_trim(str_slice(rest, 0, end));
    *level = (uint32_t)n;
    *text = rest;
    return true;
}

// The line of = or - below a setext heading: its level, or 0.
static uint32_t underline(Str line)
{
    size_t at = indent(line);
    line = str_trim_end(line);
    if (at > 3 || at >= line.len) return 0;
    char mark = line.ptr[at];
    if ((mark != '=' && mark != '-') || run_of(line, at, mark) != line.len - at) return 0;
    return mark == '=' ? 1 : 2;
}

// What a setext heading cannot be: a list item, a quote, a table, a thematic break.
static bool plain_line(Str line)
{
    size_t at = indent(line);
    if (at > 3 || at >= line.len) return false;
    return !memchr("-*+>|#=", line.ptr[at], 7);
}

static void add_heading(Outline *out, Arena *a, Heading h)
{
    if (out->n == OUTLINE_MAX) return;
    // The heading above is the last one of a smaller level.
    uint32_t parent = (uint32_t)out->n;
    while (parent && out->items[parent - 1].level >= h.level) parent = out->items[parent - 1].parent;
    h.parent = parent;
    out->items = arena_grow(a, out->items, out->n, &out->cap, sizeof *out->items);
    out->items[out->n++] = h;
}

void outline_read(Str text, Outline *out, Arena *a)
{
    Fence fence = {0};
    Str before = {0};       // the paragraph's only line so far, for setext
    size_t paragraph = 0;   // lines of the open paragraph
    // YAML front matter is fenced by --- at the very start; its keys are no headings.
    size_t at = 0;
    if (str_starts(text, S("---\n"))) {
        size_t end = str_find(str_slice(text, 3, text.len), S("\n---\n"));
        if (end != STR_NONE) at = 3 + end + 5;
    }
    while (at < text.len) {
        Str line = line_at(text, at), title;
        uint32_t level;
        size_t next = at + line.len + 1;
        if (is_fence(&fence, line) || fence.mark) {
            paragraph = 0;
        } else if (atx(line, &level, &title)) {
            add_heading(out, a, (Heading){.start = at, .end = at + line.len, .text = title, .level = level});
            paragraph = 0;
        } else if (paragraph == 1 && (level = underline(line)) != 0 && plain_line(before)) {
            size_t start = (size_t)(before.ptr - text.ptr);
            add_heading(out, a, (Heading){.start = start, .end = at + line.len, .text = str_trim(before), .level = level});
            paragraph = 0;
        } else {
            paragraph = str_trim(line).len ? paragraph + 1 : 0;
            before = line;
        }
        at = next;
    }
}

uint32_t outline_at(const Outline *outline, size_t at)
{
    size_t low = 0, high = outline->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (outline->items[middle].start <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

bool block_next(Str text, size_t *at, Str *block)
{
    Fence fence = {0};
    size_t start = STR_NONE, end = 0;
    while (*at < text.len) {
        Str line = line_at(text, *at);
        bool blank = str_trim(line).len == 0;
        if (blank && !fence.mark && start != STR_NONE) break;
        is_fence(&fence, line);
        if (!blank && start == STR_NONE) start = *at;
        *at += line.len;
        if (!blank) end = *at;
        if (*at < text.len) ++*at;
    }
    if (start == STR_NONE) return false;
    *block = str_slice(text, start, end);
    return true;
}
