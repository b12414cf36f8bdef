// SPDX-License-Identifier: Apache-2.0
#include "documents/html_text.h"

#include "base/utf8.h"
#include "documents/document.h"

typedef enum Tag {
    TAG_INLINE, TAG_BLOCK, TAG_BREAK, TAG_HEADING, TAG_LIST, TAG_NUMBERED, TAG_ITEM, TAG_CODE, TAG_TABLE, TAG_ROW, TAG_CELL, TAG_HIDDEN,
    TAG_PAGE, TAG_QUOTE, TAG_QUOTED, TAG_FOOTER, TAG_LINK, TAG_RAISED, TAG_LOWERED, TAG_RUBY, TAG_IMAGE, TAG_MATH, TAG_TERMS,
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
        {S_INIT("header"), TAG_BLOCK},     {S_INIT("footer"), TAG_FOOTER},    {S_INIT("main"), TAG_PAGE},
        {S_INIT("aside"), TAG_BLOCK},      {S_INIT("blockquote"), TAG_QUOTE}, {S_INIT("dl"), TAG_TERMS},
        {S_INIT("dt"), TAG_BLOCK},         {S_INIT("dd"), TAG_BLOCK},         {S_INIT("hr"), TAG_BLOCK},
        {S_INIT("figure"), TAG_BLOCK},     {S_INIT("figcaption"), TAG_BLOCK}, {S_INIT("address"), TAG_BLOCK},
        {S_INIT("form"), TAG_BLOCK},       {S_INIT("fieldset"), TAG_BLOCK},   {S_INIT("details"), TAG_BLOCK},
        {S_INIT("summary"), TAG_BLOCK},    {S_INIT("caption"), TAG_BLOCK},    {S_INIT("center"), TAG_BLOCK},
        {S_INIT("menu"), TAG_LIST},        {S_INIT("dir"), TAG_LIST},         {S_INIT("body"), TAG_PAGE},
        {S_INIT("nav"), TAG_HIDDEN},       {S_INIT("noscript"), TAG_HIDDEN},  {S_INIT("template"), TAG_HIDDEN},
        {S_INIT("svg"), TAG_HIDDEN},       {S_INIT("iframe"), TAG_HIDDEN},    {S_INIT("object"), TAG_HIDDEN},
        {S_INIT("select"), TAG_HIDDEN},    {S_INIT("textarea"), TAG_HIDDEN},  {S_INIT("title"), TAG_HIDDEN},
        {S_INIT("head"), TAG_HIDDEN},      {S_INIT("button"), TAG_HIDDEN},    {S_INIT("video"), TAG_HIDDEN},
        {S_INIT("audio"), TAG_HIDDEN},     {S_INIT("canvas"), TAG_HIDDEN},    {S_INIT("rp"), TAG_HIDDEN},
        {S_INIT("a"), TAG_LINK},           {S_INIT("sup"), TAG_RAISED},       {S_INIT("sub"), TAG_LOWERED},
        {S_INIT("q"), TAG_QUOTED},         {S_INIT("rt"), TAG_RUBY},          {S_INIT("img"), TAG_IMAGE},
        {S_INIT("math"), TAG_MATH},        {S_INIT("annotation"), TAG_HIDDEN}, {S_INIT("annotation-xml"), TAG_HIDDEN},
        {S_INIT("html"), TAG_PAGE},
    };
    if (name.len == 2 && (name.ptr[0] | 0x20) == 'h' && name.ptr[1] >= '1' && name.ptr[1] <= '6') return TAG_HEADING;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (name.len == tags[i].name.len && str_eq_ignore_case(name, tags[i].name)) return tags[i].tag;
    return TAG_INLINE;
}

// Whether a list of words parted by spaces has one of these.
static bool has_word(Str list, const Str *words, size_t n)
{
    Str word;
    while (str_cut(&list, ' ', &word))
        for (size_t i = 0; word.len && i < n; i++)
            if (str_eq(word, words[i])) return true;
    return false;
}

// A page's own furniture: menus, lists of its contents, signs that link to a heading, numbers of code's lines.
static bool is_furniture_class(Str value)
{
    static const Str classes[] = {
        S_INIT("headerlink"),      S_INIT("toc"),           S_INIT("table-of-contents"), S_INIT("navheader"),   S_INIT("navfooter"),
        S_INIT("navbar"),          S_INIT("navigation"),    S_INIT("breadcrumb"),        S_INIT("breadcrumbs"), S_INIT("pagination"),
        S_INIT("sphinxsidebar"),   S_INIT("linenos"),       S_INIT("lineno"),            S_INIT("linenodiv"),   S_INIT("menubar"),
        S_INIT("mw-editsection"),  S_INIT("navbox"),        S_INIT("noprint"),           S_INIT("sr-only"),     S_INIT("visually-hidden"),
        S_INIT("MathJax_Preview"), S_INIT("skip-link"),     S_INIT("toctitle"),          S_INIT("toc-title"),   S_INIT("list-of-figures"),
        S_INIT("list-of-tables"),  S_INIT("site-nav"),      S_INIT("site-footer"),       S_INIT("docnav"),      S_INIT("mini-toc"),
    };
    return has_word(value, classes, sizeof classes / sizeof *classes);
}

static bool is_furniture_role(Str value)
{
    static const Str roles[] = {S_INIT("navigation"), S_INIT("search"), S_INIT("contentinfo"), S_INIT("menu"), S_INIT("menubar"),
                                S_INIT("doc-toc"), S_INIT("doc-pagebreak"), S_INIT("doc-backlink")};
    return has_word(value, roles, sizeof roles / sizeof *roles);
}

static bool is_furniture_id(Str value)
{
    static const Str ids[] = {S_INIT("toc"), S_INIT("TOC"), S_INIT("table-of-contents"), S_INIT("skip-link"), S_INIT("nav-path")};
    return has_word(value, ids, sizeof ids / sizeof *ids);
}

static bool hides(Tag tag, Str name, Str value)
{
    if (str_eq(name, S("class"))) return is_furniture_class(value) || (tag == TAG_CELL && str_eq(value, S("gutter")));
    // A heading or an item may be called anything.
    if (str_eq(name, S("id"))) return tag != TAG_HEADING && tag != TAG_ITEM && is_furniture_id(value);
    if (str_eq(name, S("style"))) return str_contains(value, S("display:none")) || str_contains(value, S("display: none"));
    if (str_eq(name, S("role"))) return is_furniture_role(value);
    if (str_eq(name, S("hidden"))) return !str_eq_ignore_case(value, S("until-found"));  // shown to whoever looks for it
    return str_eq(name, S("aria-hidden")) && str_eq(value, S("true"));
}

static bool is_hidden(Tag tag, const XmlAttributes *attributes)
{
    if (tag == TAG_HIDDEN) return true;
    if (tag == TAG_PAGE) return false;
    Str name, value;
    for (int at = 0; xml_attributes_next(attributes, &at, &name, &value);)
        if (hides(tag, name, value)) return true;
    return false;
}

// ---- what reads otherwise than it is written ----------------------------------------------------

static void open_small(HtmlText *h, MarkdownScript script)
{
    if (h->small) return;
    h->small = h->depth;
    h->script = script;
    h->mark = markdown_mark(h->writer);
}

static void open_link(HtmlText *h, const XmlAttributes *a)
{
    static const Str notes[] = {S_INIT("noteref"), S_INIT("doc-noteref"), S_INIT("footnote-ref"), S_INIT("footnote-reference")};
    static const Str ways[] = {S_INIT("next"), S_INIT("prev"), S_INIT("previous"), S_INIT("up"), S_INIT("contents"), S_INIT("start")};
    bool leads = false, note = false;
    Str name, value;
    for (int at = 0; xml_attributes_next(a, &at, &name, &value);) {
        if (str_eq(name, S("href"))) {
            leads = true;
            // "#" alone is a button's, as of questions that open.
            h->away += !str_starts(value, S("#")) || value.len == 1;
            h->outside += str_contains(value, S("://"));
        }
        // "Next: …, Previous: …" leads on from page to page.
        if (str_eq(name, S("rel")) && has_word(value, ways, sizeof ways / sizeof *ways)) markdown_drop_block(h->writer);
        if (str_eq(name, S("class")) || str_eq(name, S("role")) || str_eq(name, S("epub:type"))) note |= has_word(value, notes, sizeof notes / sizeof *notes);
    }
    if (!leads) return;
    h->links++;
    if (!h->link) h->link = h->depth;
    if (h->small && h->script == MARKDOWN_RAISED) h->script = MARKDOWN_NOTE;
    else if (note) open_small(h, MARKDOWN_NOTE);
}

// Formulas and emoji that are pictures.
static void show_image(HtmlText *h, const XmlAttributes *a)
{
    enum { EMOJI = 16 };    // bytes
    static const Str formulas[] = {S_INIT("math"), S_INIT("tex"), S_INIT("latex"), S_INIT("formula"), S_INIT("mwe-math-fallback-image-inline"),
                                   S_INIT("mwe-math-fallback-image-display")};
    Str alt = xml_attribute(a, "alt");
    if (alt.len == 0) return;
    bool emoji = (unsigned char)alt.ptr[0] >= 0xE2 && alt.len <= EMOJI;
    if (emoji || has_word(xml_attribute(a, "class"), formulas, sizeof formulas / sizeof *formulas)) markdown_text(h->writer, alt);
}

// A formula whose TeX is given is shown as that.
static bool show_formula(HtmlText *h, const XmlAttributes *a)
{
    Str tex = xml_attribute(a, "alttext");
    if (tex.len == 0) return false;
    markdown_text(h->writer, S("$"));
    markdown_text(h->writer, str_trim(tex));
    markdown_text(h->writer, S("$"));
    return true;
}

static void span(MarkdownWriter *w, const XmlAttributes *a)
{
    Str name, value;
    uint64_t n, columns = 1, rows = 1;
    for (int at = 0; xml_attributes_next(a, &at, &name, &value);) {
        if (str_eq(name, S("colspan")) && str_to_u64(value, &n)) columns = n;
        if (str_eq(name, S("rowspan")) && str_to_u64(value, &n)) rows = n;
    }
    markdown_span(w, columns, rows);
}

static void open_list(HtmlText *h)
{
    if (h->list || h->writer->table || h->writer->code) return;
    h->list = h->depth;
    h->list_from = markdown_position(h->writer);
    h->letters_before = h->letters;
    h->linked_before = h->linked;
    h->links_before = h->links;
    h->away_before = h->away;
}

// A list of nothing but links into the page is its contents, or an index.
static void close_list(HtmlText *h)
{
    enum { FEWEST = 3 };
    if (h->list <= h->depth) return;
    h->list = 0;
    size_t letters = h->letters - h->letters_before, linked = h->linked - h->linked_before;
    bool leads = h->links - h->links_before >= FEWEST && h->away == h->away_before && linked * 10 >= letters * 8;
    if (leads && !h->writer->table) markdown_rewind(h->writer, h->list_from);
}

// A table or list of class "menu" leads to other pages, or is a restaurant's: its links tell, but within a table that
// would be too late.
static bool is_menu(Tag tag, const XmlAttributes *a)
{
    return (tag == TAG_TABLE || tag == TAG_LIST) && str_eq(xml_attribute(a, "class"), S("menu"));
}

static void open_menu(HtmlText *h, Tag tag, const XmlAttributes *a)
{
    if (h->menu || h->writer->code || !is_menu(tag, a)) return;
    h->menu = h->depth;
    h->menu_from = markdown_position(h->writer);
    h->links_before_menu = h->links;
}

static void close_menu(HtmlText *h)
{
    if (h->menu <= h->depth) return;
    h->menu = 0;
    if (h->links > h->links_before_menu && !h->writer->table) markdown_rewind(h->writer, h->menu_from);
}

// ---- elements -----------------------------------------------------------------------------------

static void start(void *self, Str space, Str name, const XmlAttributes *attributes)
{
    (void)space;
    HtmlText *h = self;
    h->depth++;
    if (h->hidden) return;
    MarkdownWriter *w = h->writer;
    Tag tag = tag_of(name);
    if (is_hidden(tag, attributes) || (w->table && is_menu(tag, attributes)) || (tag == TAG_FOOTER && !h->quote) || (tag == TAG_MATH && show_formula(h, attributes))) {
        h->hidden = h->depth;
        return;
    }
    switch (tag) {
    case TAG_QUOTE:
        if (!h->quote) h->quote = h->depth;
        markdown_block(w);
        break;
    case TAG_FOOTER:
    case TAG_PAGE:
    case TAG_BLOCK: markdown_block(w); break;
    case TAG_BREAK: markdown_line_break(w); break;
    case TAG_HEADING: markdown_heading(w, (unsigned)(name.ptr[1] - '0')); break;
    case TAG_LIST:
    case TAG_NUMBERED:
        open_menu(h, tag, attributes);
        open_list(h);
        markdown_list(w, tag == TAG_NUMBERED);
        break;
    case TAG_TERMS:
        open_list(h);
        markdown_block(w);
        break;
    case TAG_ITEM: markdown_item(w); break;
    case TAG_CODE: markdown_code(w); break;
    case TAG_TABLE:
        open_menu(h, tag, attributes);
        markdown_table(w);
        break;
    case TAG_ROW: markdown_row(w); break;
    case TAG_CELL:
        markdown_cell(w);
        span(w, attributes);
        break;
    case TAG_QUOTED: markdown_text(w, S("\xE2\x80\x9C")); break;
    case TAG_RUBY: markdown_text(w, S("(")); break;
    case TAG_LINK: open_link(h, attributes); break;
    case TAG_RAISED: open_small(h, MARKDOWN_RAISED); break;
    case TAG_LOWERED: open_small(h, MARKDOWN_LOWERED); break;
    case TAG_IMAGE: show_image(h, attributes); break;
    default: break;
    }
}

static void close_depth(HtmlText *h)
{
    if (h->small == h->depth) {
        markdown_script(h->writer, h->mark, h->script);
        h->small = 0;
    }
    if (h->link == h->depth) h->link = 0;
    if (h->quote == h->depth) h->quote = 0;
    if (h->depth) h->depth--;
}

static void end(void *self, Str space, Str name)
{
    (void)space;
    HtmlText *h = self;
    bool shown = !h->hidden;
    if (h->hidden == h->depth) h->hidden = 0;
    close_depth(h);
    if (!shown) return;
    MarkdownWriter *w = h->writer;
    switch (tag_of(name)) {
    case TAG_BLOCK:
    case TAG_PAGE:
    case TAG_FOOTER:
    case TAG_QUOTE:
    case TAG_HEADING:
    case TAG_ITEM: markdown_block(w); break;
    case TAG_LIST:
    case TAG_NUMBERED:
        markdown_list_end(w);
        close_list(h);
        close_menu(h);
        break;
    case TAG_TERMS:
        markdown_block(w);
        close_list(h);
        break;
    case TAG_CODE: markdown_code_end(w); break;
    case TAG_TABLE:
        markdown_table_end(w);
        close_menu(h);
        break;
    case TAG_ROW: markdown_row_end(w); break;
    case TAG_QUOTED: markdown_text(w, S("\xE2\x80\x9D")); break;
    case TAG_RUBY: markdown_text(w, S(")")); break;
    default: break;
    }
}

static void text(void *self, Str s)
{
    HtmlText *h = self;
    if (h->hidden) return;
    size_t n = str_trim(s).len;
    h->letters += n;
    if (h->link) h->linked += n;
    markdown_text(h->writer, s);
}

XmlHandler html_text_handler(HtmlText *h) { return (XmlHandler){start, end, text, h}; }

// ---- encodings ----------------------------------------------------------------------------------

enum { DECODED_MAX = 12 << 20 };    // bytes; a byte that is wrong becomes three

// The encoding that the page names, where a browser looks for it; absent: none.
static Str named_encoding(Str bytes)
{
    static const Str signs[] = {S_INIT("charset"), S_INIT("encoding")};
    Str head = str_slice(bytes, 0, 1024);
    for (size_t i = 0; i < 2; i++) {
        size_t at = str_find(head, signs[i]);
        if (at == STR_NONE) continue;
        size_t from = at + signs[i].len, end;
        while (from < head.len && memchr("= \"'", head.ptr[from], 4)) from++;
        for (end = from; end < head.len && !memchr(" \"'>;?/", head.ptr[end], 7);) end++;
        if (end > from) return str_slice(head, from, end);
    }
    return (Str){0};
}

// What pages call by these names is Windows-1252 (WHATWG, Encoding, 4.2).
static bool is_windows_1252(Str encoding)
{
    static const Str names[] = {S_INIT("iso-8859-1"), S_INIT("windows-1252"), S_INIT("us-ascii"), S_INIT("ascii"), S_INIT("latin1"), S_INIT("cp1252")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_ignore_case(encoding, names[i])) return true;
    return encoding.len == 0;
}

// The page in UTF-8, or in the encoding that it names and libxml2 knows (*encoding); as it is, in the arena, or in `decoded`.
static bool decode(Str bytes, Arena *a, Buf *decoded, Str *page, const char **encoding, Error *e)
{
    *encoding = "UTF-8";
    *page = str_slice(bytes, str_starts(bytes, S("\xEF\xBB\xBF")) ? 3 : 0, bytes.len);
    if (str_starts(bytes, S("\xFF\xFE")) || str_starts(bytes, S("\xFE\xFF"))) return document_decode(bytes, (Str){0}, a, page, e);
    if (utf8_valid(*page)) return true;
    Str name = named_encoding(*page);
    if (name.len == 0 && !document_is_windows_1252(*page, (Str){0}, e)) return false;
    decoded->max = DECODED_MAX;
    // Some bytes that are wrong make no other encoding of it.
    if (str_eq_ignore_case(name, S("utf-8"))) utf8_add_lossy(decoded, *page);
    else if (is_windows_1252(name)) document_add_windows_1252(decoded, *page);
    else *encoding = NULL;
    if (*encoding) *page = buf_str(decoded);
    if (!decoded->full) return true;
    error_set(e, ERROR_FILE, "document", "the page is larger than %d MB in UTF-8", DECODED_MAX >> 20);
    return error_hint(e, "split it into several files");
}

bool html_text_read(HtmlText *h, Str bytes, Deadline deadline, Error *e)
{
    const char *encoding;
    Arena a = {0};
    Buf decoded = {0};
    Str page;
    bool ok = decode(bytes, &a, &decoded, &page, &encoding, e);
    if (ok) {
        XmlReader reader;
        html_open(&reader, html_text_handler(h), encoding, deadline);
        xml_feed(&reader, page);
        ok = xml_close(&reader, e);
    }
    arena_free(&a);
    buf_free(&decoded);
    return ok;
}
