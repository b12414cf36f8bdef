// SPDX-License-Identifier: Apache-2.0
#include "project/blocks.h"

static bool is_rule(Str line) { return str_eq(str_trim_end(line), S("---")); }

bool blocks_have_rule(Str text)
{
    Str rest = text, line;
    while (str_cut(&rest, '\n', &line))
        if (is_rule(line)) return true;
    return false;
}

typedef struct Blocks {
    Arena *arena;
    Str *items;
    size_t n, cap;
} Blocks;

// Lines `from` … `to` without the blank ones around them.
static void add_block(Blocks *b, Str text, size_t from, size_t to)
{
    while (from < to) {
        Str rest = str_slice(text, from, to);
        size_t end = str_find_char(rest, '\n');
        size_t line = end == STR_NONE ? rest.len : end + 1;
        if (str_trim(str_slice(rest, 0, line)).len) break;
        from += line;
    }
    Str block = str_trim_end(str_slice(text, from, to));
    if (block.len == 0) return;
    b->items = arena_grow(b->arena, b->items, b->n, &b->cap, sizeof *b->items);
    b->items[b->n++] = block;
}

size_t blocks_split(Str text, Arena *a, Str **out)
{
    Blocks b = {.arena = a};
    bool ruled = blocks_have_rule(text);
    size_t start = 0, at = 0;
    Str rest = text, line;
    while (str_cut(&rest, '\n', &line)) {
        size_t next = at + line.len + 1;
        if (ruled ? is_rule(line) : str_trim(line).len == 0) {
            add_block(&b, text, start, at);
            start = next < text.len ? next : text.len;
        }
        at = next;
    }
    add_block(&b, text, start, text.len);
    *out = b.items;
    return b.n;
}
