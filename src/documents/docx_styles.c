// SPDX-License-Identifier: Apache-2.0
#include "documents/docx_styles.h"

#include "documents/xml.h"

typedef struct StylesReader {
    DocxStyles *styles;
    size_t cap;
    DocxStyle *style;   // the one being read; NULL: none
    bool lists;         // some style has items
} StylesReader;

static unsigned heading_level(Str name)
{
    if (str_eq_ignore_case(name, S("title"))) return 1;
    if (name.len < 8 || !str_eq_ignore_case(str_slice(name, 0, 7), S("heading"))) return 0;
    char digit = name.ptr[name.len - 1];
    return digit >= '1' && digit <= '6' ? (unsigned)(digit - '0') : 0;
}

static unsigned outline_level(Str value)
{
    uint64_t level;
    return str_to_u64(value, &level) && level < 6 ? (unsigned)level + 1 : 0;
}

static bool is_code(Str name)
{
    static const Str names[] = {S_INIT("html preformatted"), S_INIT("source code"), S_INIT("sourcecode"), S_INIT("preformatted text"), S_INIT("code"),
                                S_INIT("code block"), S_INIT("macro text"), S_INIT("macro")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_ignore_case(name, names[i])) return true;
    return false;
}

// "toc 1", "index 2", "table of figures", "TOC Heading".
static bool is_contents(Str name)
{
    Str last = name.len ? str_slice(name, name.len - 1, name.len) : name;
    bool numbered = name.len && str_is_digit(*last.ptr);
    return (numbered && (str_eq_ignore_case(str_slice(name, 0, 4), S("toc ")) || str_eq_ignore_case(str_slice(name, 0, 6), S("index ")))) ||
           str_eq_ignore_case(name, S("table of figures")) || str_eq_ignore_case(name, S("toc heading"));
}

static void add_style(StylesReader *r, Str id)
{
    DocxStyles *s = r->styles;
    r->style = NULL;
    if (!id.ptr || s->n == DOCX_STYLES_MAX) return;
    s->items = arena_grow(s->arena, s->items, s->n, &r->cap, sizeof *s->items);
    r->style = &s->items[s->n++];
    *r->style = (DocxStyle){.id = arena_str(s->arena, id)};
}

static void set_name(StylesReader *r, Str name)
{
    DocxStyle *style = r->style;
    if (!style || !name.ptr) return;
    unsigned level = heading_level(name);
    if (level) style->level = level;
    style->code = is_code(name);
    style->contents = is_contents(name);
}

static void set_outline(StylesReader *r, Str level)
{
    unsigned n = outline_level(level);
    if (r->style && n) r->style->level = n;
}

static void set_list(StylesReader *r, Str id, Str depth)
{
    uint64_t n;
    if (r->style && str_to_u64(id, &n) && n < 1u << 31) r->style->list = (unsigned)n;
    if (r->style && str_to_u64(depth, &n)) r->style->depth = n < 8 ? (unsigned)n : 8;
}

static void set_base(StylesReader *r, Str id)
{
    if (r->style && id.ptr) r->style->based_on = arena_str(r->styles->arena, id);
}

static void read_styles(DocxStyles *s);

static const DocxStyle *find_style(const DocxStyles *s, Str id)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->items[i].id, id)) return &s->items[i];
    return NULL;
}

DocxStyle docx_style(DocxStyles *s, Str id)
{
    enum { GENERATIONS = 10 };  // a cycle ends as well
    if (!s->read) read_styles(s);
    const DocxStyle *own = find_style(s, id), *above = own;
    if (!own) return (DocxStyle){.id = id, .level = heading_level(id)};
    DocxStyle style = *own;
    for (int i = 0; i < GENERATIONS && above->based_on.ptr && (above = find_style(s, above->based_on)) != NULL; i++) {
        if (!style.level) style.level = above->level;
        if (!style.list) style.list = above->list, style.depth = style.depth ? style.depth : above->depth;
        style.code |= above->code;
        style.contents |= above->contents;
    }
    return style;
}

bool docx_styles_sound(const DocxStyles *s, Error *e)
{
    if (s->broken && e) *e = s->fault;
    return !s->broken;
}

// ---- as XML -------------------------------------------------------------------------------------

static void style_start(void *self, Str space, Str name, const XmlAttributes *a)
{
    StylesReader *r = self;
    if (!str_contains(space, S("wordprocessingml"))) return;
    if (str_eq(name, S("style"))) add_style(r, xml_attribute(a, "styleId"));
    if (str_eq(name, S("name"))) set_name(r, xml_attribute(a, "val"));
    if (str_eq(name, S("basedOn"))) set_base(r, xml_attribute(a, "val"));
    if (str_eq(name, S("outlineLvl"))) set_outline(r, xml_attribute(a, "val"));
    if (str_eq(name, S("numId"))) set_list(r, xml_attribute(a, "val"), (Str){0});
    if (str_eq(name, S("ilvl"))) set_list(r, (Str){0}, xml_attribute(a, "val"));
}

// ---- as Word writes it --------------------------------------------------------------------------

// Comments, CDATA, a DTD, or UTF-16.
static bool has_more_than_elements(Str xml)
{
    if (str_find_char(xml, 0) != STR_NONE) return true;
    for (size_t at = 0, next; (next = str_find_char(str_slice(xml, at, xml.len), '!')) != STR_NONE; at += next + 1)
        if (at + next && xml.ptr[at + next - 1] == '<') return true;
    return false;
}

// Whether every `<` opens or ends an element and the prefix w means Word's namespace throughout.
static bool is_plain(Str xml)
{
    size_t bound = str_find(xml, S("xmlns:w=\"http"));
    if (bound == STR_NONE || has_more_than_elements(xml)) return false;
    Str rest = str_slice(xml, bound + 9, xml.len);
    size_t quote = str_find_char(rest, '"');
    if (quote == STR_NONE || !str_contains(str_slice(rest, 0, quote), S("wordprocessingml"))) return false;
    rest = str_slice(rest, quote, rest.len);
    return !str_contains(rest, S("xmlns:w=")) && !str_contains(rest, S("wordprocessingml"));
}

// The first element of that name (`<w:name`) in a part of the file: its attributes. Absent: there is none.
static Str find_element(Str part, Str name, size_t *behind)
{
    for (size_t from = 0; from < part.len;) {
        size_t at = str_find(str_slice(part, from, part.len), name);
        if (at == STR_NONE) break;
        from += at + name.len;
        if (from < part.len && !str_is_space(part.ptr[from])) continue;  // a longer name, or one without attributes
        Str rest = str_slice(part, from, part.len);
        size_t end = str_find_char(rest, '>');
        *behind = from + (end == STR_NONE ? rest.len : end);
        return str_slice(rest, 0, end == STR_NONE ? rest.len : end);
    }
    return (Str){0};
}

static bool is_simple(Str attributes)
{
    size_t quotes = 0;
    for (size_t i = 0; i < attributes.len; i++) {
        if (attributes.ptr[i] == '&' || attributes.ptr[i] == '\'') return false;
        quotes += attributes.ptr[i] == '"';
    }
    return quotes % 2 == 0;     // else it was cut off, at a > within a value
}

// False: it is written in a way that only a parser should judge. Absent where the element has no such attribute.
static bool attribute(Str attributes, Str name, Str *value)
{
    *value = (Str){0};
    if (!attributes.ptr) return true;
    if (!is_simple(attributes)) return false;
    size_t at = str_find(attributes, name);
    if (at == STR_NONE) return true;
    Str rest = str_slice(attributes, at + name.len, attributes.len);
    if (at == 0 || !str_is_space(attributes.ptr[at - 1]) || !str_starts(rest, S("=\""))) return false;
    rest = str_slice(rest, 2, rest.len);
    size_t quote = str_find_char(rest, '"');
    *value = str_slice(rest, 0, quote == STR_NONE ? 0 : quote);
    return quote != STR_NONE;
}

// What one style says, from behind its tag to the next style's.
static bool look_at_style(StylesReader *r, Str body)
{
    static const Str names[] = {S_INIT("<w:name"), S_INIT("<w:basedOn"), S_INIT("<w:outlineLvl"), S_INIT("<w:numId"), S_INIT("<w:ilvl")};
    enum { N = sizeof names / sizeof *names, LISTS = 3 };
    Str values[N] = {{0}};
    size_t behind, n = r->lists ? N : LISTS;
    for (size_t i = 0; i < n; i++)
        if (!attribute(find_element(body, names[i], &behind), S("w:val"), &values[i])) return false;
    set_name(r, values[0]);
    set_base(r, values[1]);
    set_outline(r, values[2]);
    set_list(r, values[3], values[4]);
    return true;
}

static bool look_through(StylesReader *r, Str xml)
{
    if (!is_plain(xml)) return false;
    r->lists = str_contains(xml, S("<w:numPr"));
    size_t behind;
    for (Str tag = find_element(xml, S("<w:style"), &behind); tag.ptr;) {
        Str id;
        if (!attribute(tag, S("w:styleId"), &id)) return false;
        xml = str_slice(xml, behind, xml.len);
        tag = find_element(xml, S("<w:style"), &behind);
        add_style(r, id);
        if (!look_at_style(r, tag.ptr ? str_slice(xml, 0, (size_t)(tag.ptr - xml.ptr)) : xml)) return false;
    }
    return true;
}

static void read_styles(DocxStyles *s)
{
    Buf xml;
    StylesReader r = {.styles = s};
    ZipResult result = zip_read_whole(s->zip, S("word/styles.xml"), DOCX_STYLES_BYTES, &xml, &s->fault);
    s->read = true;
    s->broken = result == ZIP_FAILED;
    if (result == ZIP_DONE && !look_through(&r, buf_str(&xml))) {
        s->n = 0;
        r.style = NULL;
        s->broken = !xml_read((XmlHandler){.start = style_start, .self = &r}, buf_str(&xml), s->zip->deadline, &s->fault);
    }
    buf_free(&xml);
}
