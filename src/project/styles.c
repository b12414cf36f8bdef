// SPDX-License-Identifier: Apache-2.0
#include "project/styles.h"

#include "project/blocks.h"

typedef struct Reader {
    Str text, file;
    Arena *arena;
    Styles *out;
    Problems *problems;
    bool ok;
} Reader;

static Error *fault(Reader *r, Str at, const char *what)
{
    Error *e = problems_new(r->problems, false, ERROR_PROJECT, "template", "%s", what);
    if (!r->problems->full) error_at(e, r->file, r->text, (size_t)(at.ptr - r->text.ptr));
    r->ok = false;
    return e;
}

// "name", or "name weight=2": the name goes up to the first word with a '='.
static Str split_name(Str inside, Str *settings)
{
    size_t equals = str_find_char(inside, '=');
    size_t end = equals == STR_NONE ? inside.len : equals;
    while (equals != STR_NONE && end > 0 && !str_is_space(inside.ptr[end - 1])) end--;
    *settings = str_slice(inside, end, inside.len);
    return str_trim(str_slice(inside, 0, end));
}

static void read_setting(Reader *r, Str setting, Style *style)
{
    Str value = setting, key;
    str_cut(&value, '=', &key);
    if (!str_eq(key, S("weight"))) {
        error_hint(fault(r, setting, "unknown setting in the template's first line"), "write [name weight=2]");
    } else if (!str_to_double(value, &style->weight) || style->weight < 0) {
        style->weight = 1;
        error_hint(fault(r, setting, "the weight is not a number of at least 0"), "write [name weight=2]");
    }
}

static void read_label(Reader *r, Str line, Style *style)
{
    Str settings, setting;
    Str name = split_name(str_slice(line, 1, line.len - 1), &settings);
    if (name.len == 0)
        error_hint(fault(r, line, "the template's first line has no name"), "write [name] or [name weight=2]");
    else
        style->name = name;
    while (str_cut(&settings, ' ', &setting))
        if (setting.len) read_setting(r, setting, style);
}

static bool is_label(Str line) { return line.len >= 2 && line.ptr[0] == '[' && line.ptr[line.len - 1] == ']'; }

static void read_block(Reader *r, Str block, size_t number)
{
    Style style = {.weight = 1, .name = arena_printf(r->arena, "template-%zu", number)};
    Str rest = block, line;
    str_cut(&rest, '\n', &line);
    Str first = str_trim_end(line);
    bool labelled = is_label(first);
    if (labelled) read_label(r, first, &style);
    style.raw = labelled ? rest : block;
    while (style.raw.len && (style.raw.ptr[0] == '\n' || style.raw.ptr[0] == '\r')) style.raw.ptr++, style.raw.len--;
    if (str_trim(style.raw).len == 0) {
        bool ruled = blocks_have_rule(r->text);
        error_hint(fault(r, block, "the template has no text"),
                   ruled ? "write it below the line in brackets"
                         : "write it right below the line in brackets, or separate templates by lines ---");
        return;
    }
    style.origin = (Origin){r->file, r->text, (size_t)(style.raw.ptr - r->text.ptr), WRITTEN_PLAIN};
    if (styles_find(r->out, style.name) >= 0)
        error_hint(fault(r, block, "two templates have the same name"), "give this one another name in brackets");
    r->out->items[r->out->n++] = style;
}

static void check_weights(Reader *r)
{
    for (size_t i = 0; i < r->out->n; i++)
        if (r->out->items[i].weight > 0) return;
    if (r->out->n) error_hint(fault(r, r->text, "all templates have weight 0"), "give at least one a weight above 0");
}

bool styles_read(Str text, Str file, Arena *a, Styles *out, Problems *problems)
{
    *out = (Styles){0};
    Reader r = {.text = text, .file = file, .arena = a, .out = out, .problems = problems, .ok = true};
    Str *blocks;
    size_t n = blocks_split(text, a, &blocks);
    out->items = arena_new(a, Style, n + 1);
    for (size_t i = 0; i < n; i++) read_block(&r, blocks[i], i + 1);
    check_weights(&r);
    return r.ok;
}

bool styles_compile(Styles *styles, const Names *names, Arena *a, Problems *problems)
{
    bool ok = true;
    for (size_t i = 0; i < styles->n; i++) {
        Style *style = &styles->items[i];
        ok &= template_compile(style->raw, &style->origin, names, SCOPE_PROMPT, a, &style->text, problems);
    }
    return ok;
}

int64_t styles_find(const Styles *styles, Str name)
{
    for (size_t i = 0; i < styles->n; i++)
        if (str_eq(styles->items[i].name, name)) return (int64_t)i;
    return -1;
}
