// SPDX-License-Identifier: Apache-2.0
//
// mood.txt: one value a line, or, where a line `---` stands anywhere, blocks.
#include "project/blocks.h"
#include "project/injection_reader.h"

static bool is_comment(Str line) { return str_starts(line, S("# ")); }

static bool add_value(Injection *in, size_t *cap, Str text, size_t start, Writing writing, Arena *a, Problems *problems)
{
    InjectionValue *value = injection_add(in, cap, a, problems);
    if (!value) return false;
    value->label = text;
    value->value = (Value){.kind = VALUE_TEXT, .text = text};
    value->start = start;
    value->writing = writing;
    return true;
}

static bool read_lines(Injection *in, Arena *a, Problems *problems)
{
    size_t cap = 0;
    Str rest = in->text, line;
    while (str_cut(&rest, '\n', &line)) {
        Str value = str_trim(line);
        if (value.len == 0 || is_comment(line)) continue;
        size_t start = (size_t)(value.ptr - in->text.ptr);
        if (!add_value(in, &cap, value, start, WRITTEN_PLAIN, a, problems)) return false;
    }
    return true;
}

// The block from its first line that is neither blank nor a comment on.
static Str block_text(Str block)
{
    Str rest = block, line;
    while (str_cut(&rest, '\n', &line))
        if (str_trim(line).len && !is_comment(line)) return str_slice(block, (size_t)(line.ptr - block.ptr), block.len);
    return (Str){0};
}

static bool has_comments(Str block)
{
    Str rest = block, line;
    while (str_cut(&rest, '\n', &line))
        if (is_comment(line)) return true;
    return false;
}

static Str without_comments(Str block, Arena *a)
{
    char *bytes = arena_alloc(a, block.len + 1);
    size_t n = 0;
    Str rest = block, line;
    while (str_cut(&rest, '\n', &line)) {
        if (is_comment(line)) continue;
        memcpy(bytes + n, line.ptr, line.len);
        n += line.len;
        bytes[n++] = '\n';
    }
    return str_trim_end((Str){bytes, n});
}

static bool read_blocks(Injection *in, Arena *a, Problems *problems)
{
    Str *blocks;
    size_t n = blocks_split(in->text, a, &blocks), cap = 0;
    for (size_t i = 0; i < n; i++) {
        Str text = block_text(blocks[i]);
        if (text.len == 0) continue;
        size_t start = (size_t)(text.ptr - in->text.ptr);
        bool commented = has_comments(text);
        if (commented) text = without_comments(text, a);
        if (!add_value(in, &cap, text, start, commented ? WRITTEN_COMMENTED : WRITTEN_PLAIN, a, problems)) return false;
    }
    return true;
}

static bool read_txt(Injection *in, Arena *a, Problems *problems)
{
    return blocks_have_rule(in->text) ? read_blocks(in, a, problems) : read_lines(in, a, problems);
}

const InjectionReader injection_txt = {S_INIT("txt"), read_txt};
