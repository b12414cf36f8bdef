// SPDX-License-Identifier: Apache-2.0
#include "knowledge/html_text.h"

#include "base/utf8.h"

typedef enum Tag {
    TAG_INLINE, TAG_BLOCK, TAG_BREAK, TAG_HEADING, TAG_LIST, TAG_NUMBERED, TAG_ITEM, TAG_CODE, TAG_TABLE, TAG_ROW, TAG_CELL, TAG_HIDDEN,
} Tag;

static Tag tag_of(Str name)
{
    static const struct {
        Str name;
        Tag tag;
    } tags[] = {
        {S_INIT("p"), TAG_BLOCK},          {S_INIT("div"), TAG_BLOCK},        {S_INIT("td"), TAG_CELL},
        {S_INIT("th"), TAG_CELL},          {S_INIT("tr"), TAG_ROW},           {S_INIT("li"), TAG_ITEM},
        {S_INIT("br"), TAG_BREAK},         {S_INIT("ul"), TAG_LIST},          {S_INIT("ol"), TAG_NUMBERED},
        {S_INIT("table"), TAG_TABLE},      {S_INIT("pre"), TAG_CODE},         {S_INIT("script"), TAG_HIDDEN},
        {S_INIT("style"), TAG_HIDDEN},     {S_INIT("section"), TAG_BLOCK},    {S_INIT("article"), TAG_BLOCK},
        {S_INIT("header"), TAG_BLOCK},     {S_INIT("footer"), TAG_BLOCK},     {S_INIT("main"), TAG_BLOCK},
        {S_INIT("aside"), TAG_BLOCK},      {S_INIT("blockquote"), TAG_BLOCK}, {S_INIT("dl"), TAG_BLOCK},
        {S_INIT("dt"), TAG_BLOCK},         {S_INIT("dd"), TAG_BLOCK},         {S_INIT("hr"), TAG_BLOCK},
        {S_INIT("figure"), TAG_BLOCK},     {S_INIT("figcaption"), TAG_BLOCK}, {S_INIT("address"), TAG_BLOCK},
        {S_INIT("form"), TAG_BLOCK},       {S_INIT("fieldset"), TAG_BLOCK},   {S_INIT("details"), TAG_BLOCK},
        {S_INIT("summary"), TAG_BLOCK},    {S_INIT("caption"), TAG_BLOCK},    {S_INIT("center"), TAG_BLOCK},
        {S_INIT("menu"), TAG_LIST},        {S_INIT("dir"), TAG_LIST},         {S_INIT("body"), TAG_BLOCK},
        {S_INIT("nav"), TAG_HIDDEN},       {S_INIT("noscript"), TAG_HIDDEN},  {S_INIT("template"), TAG_HIDDEN},
        {S_INIT("svg"), TAG_HIDDEN},       {S_INIT("iframe"), TAG_HIDDEN},    {S_INIT("object"), TAG_HIDDEN},
        {S_INIT("select"), TAG_HIDDEN},    {S_INIT("textarea"), TAG_HIDDEN},  {S_INIT("title"), TAG_HIDDEN},
        {S_INIT("head"), TAG_HIDDEN},      {S_INIT("button"), TAG_HIDDEN},    {S_INIT("video"), TAG_HIDDEN},
        {S_INIT("audio"), TAG_HIDDEN},     {S_INIT("canvas"), TAG_HIDDEN},    {S_INIT("rp"), TAG_HIDDEN},
    };
    if (name.len == 2 && (name.ptr[0] | 0x20) == 'h' && name.ptr[1] >= '1' && name.ptr[1] <= '6') return TAG_HEADING;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (name.len == tags[i].name.len && str_eq_ignore_case(name, tags[i].name)) return tags[i].tag;
    return TAG_INLINE;
}

static bool is_hidden(Tag tag, const XmlAttributes *attributes)
{
    if (tag == TAG_HIDDEN || xml_attribute(attributes, "hidden").ptr) return true;
    // A page's own furniture: menus, decoration, the sign beside a heading that links to it.
    Str role = xml_attribute(attributes, "role");
    if (str_eq(role, S("navigation")) || str_eq(role, S("search")) || str_eq(xml_attribute(attributes, "aria-hidden"), S("true"))) return true;
    if (str_eq(xml_attribute(attributes, "class"), S("headerlink"))) return true;
    Str style = xml_attribute(attributes, "style");
    return str_contains(style, S("display:none")) || str_contains(style, S("display: none"));
}

static void start(void *self, Str space, Str name, const XmlAttributes *attributes)
{
    (void)space;
    HtmlText *h = self;
    h->depth++;
    if (h->hidden) return;
    MarkdownWriter *w = h->writer;
    Tag tag = tag_of(name);
    if (is_hidden(tag, attributes)) {
        h->hidden = h->depth;
        return;
    }
    switch (tag) {
    case TAG_BLOCK: markdown_block(w); break;
    case TAG_BREAK: markdown_line_break(w); break;
    case TAG_HEADING: markdown_heading(w, (unsigned)(name.ptr[1] - '0')); break;
    case TAG_LIST: markdown_list(w, false); break;
    case TAG_NUMBERED: markdown_list(w, true); break;
    case TAG_ITEM: markdown_item(w); break;
    case TAG_CODE: markdown_code(w); break;
    case TAG_TABLE: markdown_table(w); break;
    case TAG_ROW: markdown_row(w); break;
    case TAG_CELL: markdown_cell(w); break;
    default: break;
    }
}

static void end(void *self, Str space, Str name)
{
    (void)space;
    HtmlText *h = self;
    bool shown = !h->hidden;
    if (h->hidden == h->depth) h->hidden = 0;
    if (h->depth) h->depth--;
    if (!shown) return;
    MarkdownWriter *w = h->writer;
    switch (tag_of(name)) {
    case TAG_BLOCK:
    case TAG_HEADING:
    case TAG_ITEM: markdown_block(w); break;
    case TAG_LIST:
    case TAG_NUMBERED: markdown_list_end(w); break;
    case TAG_CODE: markdown_code_end(w); break;
    case TAG_TABLE: markdown_table_end(w); break;
    case TAG_ROW: markdown_row_end(w); break;
    default: break;
    }
}

static void text(void *self, Str s)
{
    HtmlText *h = self;
    if (!h->hidden) markdown_text(h->writer, s);
}

XmlHandler html_text_handler(HtmlText *h) { return (XmlHandler){start, end, text, h}; }

// Whether the page names its encoding where a browser looks for it.
static bool names_encoding(Str bytes)
{
    Str head = str_slice(bytes, 0, 1024);
    return str_contains(head, S("charset")) || str_contains(head, S("encoding="));
}

bool html_text_read(HtmlText *h, Str bytes, Deadline deadline, Error *e)
{
    const char *encoding = NULL;
    if (str_starts(bytes, S("\xEF\xBB\xBF"))) bytes = str_slice(bytes, 3, bytes.len);
    if (utf8_valid(bytes)) encoding = "UTF-8";
    else if (!str_starts(bytes, S("\xFF\xFE")) && !str_starts(bytes, S("\xFE\xFF")) && !names_encoding(bytes)) encoding = "ISO-8859-1";
    XmlReader reader;
    html_open(&reader, html_text_handler(h), encoding, deadline);
    xml_feed(&reader, bytes);
    return xml_close(&reader, e);
}
