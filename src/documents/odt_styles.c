// SPDX-License-Identifier: Apache-2.0
#include "documents/odt_styles.h"

static void add_style(OdtStyles *s, OdtFamily family, Str name, Str parent)
{
    s->open = NULL;
    if (s->n == ODT_STYLES_MAX || s->sorted || name.len == 0) return;
    s->items = arena_grow(s->arena, s->items, s->n, &s->cap, sizeof *s->items);
    s->open = &s->items[s->n++];
    *s->open = (OdtStyle){.family = family, .name = arena_str(s->arena, name), .parent = arena_str(s->arena, parent)};
}

// "super 58%", "-33% 58%", "12%": raised where it does not begin below the line.
static void set_position(OdtStyle *style, Str position)
{
    if (!style || position.len == 0) return;
    style->lowered = str_starts(position, S("sub")) || position.ptr[0] == '-';
    style->raised = !style->lowered && !str_starts(position, S("0%"));
}

static void set_level(OdtStyle *style, const XmlAttributes *a)
{
    uint64_t level;
    // Without a format it shows no number.
    bool shown = xml_attribute(a, "num-format").len > 0;
    if (style && shown && str_to_u64(xml_attribute(a, "level"), &level) && level >= 1 && level <= ODT_LIST_LEVELS) style->numbered[level - 1] = true;
}

static bool is_typewriter(Str font)
{
    static const Str parts[] = {S_INIT("Courier"), S_INIT("Mono"), S_INIT("Consolas"), S_INIT("Menlo"), S_INIT("Fixed")};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (str_contains(font, parts[i])) return true;
    return false;
}

void odt_styles_start(OdtStyles *s, Str name, const XmlAttributes *a)
{
    if (str_eq(name, S("style"))) {
        OdtFamily family = str_eq(xml_attribute(a, "family"), S("text")) ? ODT_SPAN : ODT_PARAGRAPH;
        if (family == ODT_SPAN || str_eq(xml_attribute(a, "family"), S("paragraph")))
            add_style(s, family, xml_attribute(a, "name"), xml_attribute(a, "parent-style-name"));
        else
            s->open = NULL;
    } else if (str_eq(name, S("list-style"))) {
        add_style(s, ODT_LIST, xml_attribute(a, "name"), (Str){0});
    } else if (str_eq(name, S("list-level-style-number"))) {
        set_level(s->open, a);
    } else if (str_eq(name, S("text-properties")) && s->open) {
        if (s->open->family == ODT_SPAN) set_position(s->open, xml_attribute(a, "text-position"));
        s->open->typewriter = is_typewriter(xml_attribute(a, "font-name"));
    }
}

static int by_name(const void *x, const void *y)
{
    const OdtStyle *a = x, *b = y;
    return a->family != b->family ? (a->family > b->family) - (a->family < b->family) : str_cmp(a->name, b->name);
}

OdtStyle *odt_style(OdtStyles *s, OdtFamily family, Str name)
{
    if (!s->sorted && s->n) qsort(s->items, s->n, sizeof *s->items, by_name);
    s->sorted = true;
    s->open = NULL;
    OdtStyle key = {.family = family, .name = name};
    return s->n ? bsearch(&key, s->items, s->n, sizeof *s->items, by_name) : NULL;
}

typedef bool Test(Str name, const OdtStyle *style);

// Whether a paragraph's style, or one that it is made from, is such a one.
static bool descends_from(OdtStyles *s, Str name, Test *test)
{
    enum { GENERATIONS = 10 };  // a cycle ends as well
    for (int i = 0; i < GENERATIONS && name.len; i++) {
        const OdtStyle *style = odt_style(s, ODT_PARAGRAPH, name);
        if (test(name, style)) return true;
        name = style ? style->parent : (Str){0};
    }
    return false;
}

static bool is_title(Str name, const OdtStyle *style)
{
    (void)style;
    return str_eq(name, S("Title"));
}

static bool is_code(Str name, const OdtStyle *style)
{
    return str_starts(name, S("Preformatted")) || str_eq(name, S("Source_20_Code")) || (style && style->typewriter);
}

bool odt_is_title(OdtStyles *s, Str paragraph) { return descends_from(s, paragraph, is_title); }
bool odt_is_code(OdtStyles *s, Str paragraph) { return descends_from(s, paragraph, is_code); }

// The names of LibreOffice's own, "Numbering 1" and so on.
static const Str numbering = S_INIT("Numbering");

bool odt_is_numbered(OdtStyles *s, Str list, unsigned level)
{
    const OdtStyle *style = odt_style(s, ODT_LIST, list);
    if (!style) return str_starts(list, numbering);
    return level < ODT_LIST_LEVELS && style->numbered[level];
}

Str odt_kept_name(const OdtStyle *list, Str name)
{
    return list ? list->name : str_starts(name, numbering) ? numbering : (Str){0};
}
