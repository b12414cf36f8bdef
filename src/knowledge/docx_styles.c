// SPDX-License-Identifier: Apache-2.0
#include "knowledge/docx_styles.h"

#include "knowledge/xml.h"

typedef struct StylesReader {
    DocxStyles *styles;
    size_t cap;
    Str style;          // the id of the one being read; absent: none
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

static void add_style(StylesReader *r, unsigned level)
{
    DocxStyles *s = r->styles;
    if (!r->style.ptr || level == 0 || s->n == DOCX_STYLES_MAX) return;
    s->items = arena_grow(s->arena, s->items, s->n, &r->cap, sizeof *s->items);
    s->items[s->n++] = (DocxStyle){arena_str(s->arena, r->style), level};
}

static void read_styles(DocxStyles *s);

unsigned docx_style_level(DocxStyles *s, Str id)
{
    if (!s->read) read_styles(s);
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->items[i].id, id)) return s->items[i].level;
    return heading_level(id);
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
    if (str_eq(name, S("style"))) r->style = arena_str(r->styles->arena, xml_attribute(a, "styleId"));
    if (str_eq(name, S("name"))) add_style(r, heading_level(xml_attribute(a, "val")));
    if (str_eq(name, S("outlineLvl"))) add_style(r, outline_level(xml_attribute(a, "val")));
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
    Str name, level;
    size_t behind;
    if (!attribute(find_element(body, S("<w:name"), &behind), S("w:val"), &name) ||
        !attribute(find_element(body, S("<w:outlineLvl"), &behind), S("w:val"), &level))
        return false;
    add_style(r, heading_level(name));
    add_style(r, outline_level(level));
    return true;
}

static bool look_through(StylesReader *r, Str xml)
{
    if (!is_plain(xml)) return false;
    size_t behind;
    for (Str tag = find_element(xml, S("<w:style"), &behind); tag.ptr;) {
        Str id;
        if (!attribute(tag, S("w:styleId"), &id)) return false;
        xml = str_slice(xml, behind, xml.len);
        tag = find_element(xml, S("<w:style"), &behind);
        r->style = id;
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
        r.style = (Str){0};
        s->broken = !xml_read((XmlHandler){.start = style_start, .self = &r}, buf_str(&xml), s->zip->deadline, &s->fault);
    }
    buf_free(&xml);
}
