// SPDX-License-Identifier: Apache-2.0
//
// OpenDocument text (ISO/IEC 26300, content.xml): headings, lists, tables, footnotes where they
// stand. Comments, deleted text, lists of contents and indexes are not read.
#include "documents/document.h"
#include "documents/odt_styles.h"
#include "documents/xml.h"
#include "documents/zip.h"

enum { REPEATED_MAX = 20 };     // cells; more fill a page up

typedef struct Odt {
    MarkdownWriter *writer;
    OdtStyles styles;
    Str lists[ODT_LIST_LEVELS]; // styles of the lists that are open
    unsigned depth;     // elements that are open
    unsigned ignored;   // depth inside an element that is not read
    unsigned open;      // headings and paragraphs that are open
    unsigned notes;     // notes that are open
    unsigned small;     // depth of the span that is raised or lowered
    MarkdownScript script;
    size_t mark;        // where it begins
    uint64_t repeated;  // of the cell that is open
    bool citation;      // in a note's mark
} Odt;

static bool is_ignored(Str space, Str name)
{
    static const Str names[] = {S_INIT("annotation"),     S_INIT("tracked-changes"),    S_INIT("forms"),       S_INIT("sequence-decls"), S_INIT("table-of-content"),
                                S_INIT("illustration-index"), S_INIT("table-index"), S_INIT("object-index"), S_INIT("user-index"), S_INIT("alphabetical-index")};
    // Of a picture; a field of that name shows the document's title.
    if ((str_eq(name, S("desc")) || str_eq(name, S("title"))) && !str_contains(space, S(":text:"))) return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(name, names[i])) return true;
    return false;
}

// White space as XML has it: one space, in code as well.
static void add_text(Odt *d, Str s)
{
    MarkdownWriter *w = d->writer;
    for (size_t i = 0, from = 0; w->code && i < s.len; from = i) {
        while (i < s.len && !str_is_space(s.ptr[i])) i++;
        markdown_text(w, str_slice(s, from, i));
        if (i < s.len) markdown_text(w, S(" "));
        while (i < s.len && str_is_space(s.ptr[i])) i++;
    }
    if (!w->code) markdown_text(w, s);
}

static void add_spaces(Odt *d, const XmlAttributes *a)
{
    enum { MOST = 200 };
    uint64_t n;
    if (!str_to_u64(xml_attribute(a, "c"), &n)) n = 1;
    for (uint64_t i = 0; i < n && i < MOST; i++) markdown_text(d->writer, S(" "));
}

static void start_heading(Odt *d, const XmlAttributes *a)
{
    uint64_t level;
    if (!str_to_u64(xml_attribute(a, "outline-level"), &level)) level = 1;
    markdown_code_end(d->writer);
    markdown_heading(d->writer, (unsigned)(level < 6 ? level : 6));
    d->open++;
}

// Paragraphs of code that follow each other are one block.
static void start_paragraph(Odt *d, const XmlAttributes *a)
{
    MarkdownWriter *w = d->writer;
    Str style = xml_attribute(a, "style-name");
    d->open++;
    if (d->notes) return;
    if (!w->table && odt_is_code(&d->styles, style)) {
        markdown_code(w);
        return;
    }
    markdown_code_end(w);
    markdown_block(w);
    if (w->depth == 0 && !w->table && odt_is_title(&d->styles, style)) markdown_heading(w, 1);
}

// An inner list without a style has the outer one's.
static void start_list(Odt *d, const XmlAttributes *a)
{
    MarkdownWriter *w = d->writer;
    unsigned depth = w->depth;
    Str name = xml_attribute(a, "style-name");
    if (!name.len && depth && depth <= ODT_LIST_LEVELS) name = d->lists[depth - 1];
    markdown_code_end(w);
    markdown_list(w, odt_is_numbered(&d->styles, name, depth));
    const OdtStyle *style = odt_style(&d->styles, ODT_LIST, name);
    if (depth < ODT_LIST_LEVELS) d->lists[depth] = odt_kept_name(style, name);
    bool goes_on = str_eq(xml_attribute(a, "continue-numbering"), S("true")) || xml_attribute(a, "continue-list").len;
    if (depth == 0 && style && goes_on) w->lists[0].number = style->last;
}

static void end_list(Odt *d)
{
    MarkdownWriter *w = d->writer;
    markdown_code_end(w);
    markdown_block(w);
    OdtStyle *style = w->depth == 1 ? odt_style(&d->styles, ODT_LIST, d->lists[0]) : NULL;
    if (style) style->last = w->lists[0].number;
    markdown_list_end(w);
}

static void start_item(Odt *d, const XmlAttributes *a)
{
    MarkdownWriter *w = d->writer;
    uint64_t n;
    markdown_code_end(w);
    markdown_item(w);
    if (w->depth && w->depth <= MARKDOWN_LISTS && str_to_u64(xml_attribute(a, "start-value"), &n) && n && n < 1u << 30)
        w->lists[w->depth - 1].number = (unsigned)n - 1;
}

static void start_cell(Odt *d, const XmlAttributes *a)
{
    markdown_cell(d->writer);
    if (!str_to_u64(xml_attribute(a, "number-columns-repeated"), &d->repeated) || d->repeated > REPEATED_MAX) d->repeated = 1;
}

static void end_cell(Odt *d)
{
    for (; d->repeated > 1; d->repeated--) markdown_cell(d->writer);
}

static void start_span(Odt *d, const XmlAttributes *a)
{
    const OdtStyle *style = d->small ? NULL : odt_style(&d->styles, ODT_SPAN, xml_attribute(a, "style-name"));
    if (!style || (!style->raised && !style->lowered)) return;
    d->small = d->depth;
    d->script = style->raised ? MARKDOWN_RAISED : MARKDOWN_LOWERED;
    d->mark = markdown_mark(d->writer);
}

static void start(void *self, Str space, Str name, const XmlAttributes *a)
{
    Odt *d = self;
    MarkdownWriter *w = d->writer;
    d->depth++;
    if (d->ignored || is_ignored(space, name)) {
        d->ignored++;
        return;
    }
    if (str_eq(name, S("h"))) {
        start_heading(d, a);
    } else if (str_eq(name, S("p"))) {
        start_paragraph(d, a);
    } else if (str_eq(name, S("span"))) {
        start_span(d, a);
    } else if (str_eq(name, S("list"))) {
        start_list(d, a);
    } else if (str_eq(name, S("list-item"))) {
        start_item(d, a);
    } else if (str_eq(name, S("table"))) {
        markdown_code_end(w);
        markdown_table(w);
    } else if (str_eq(name, S("table-row"))) {
        markdown_row(w);
    } else if (str_eq(name, S("table-cell")) || str_eq(name, S("covered-table-cell"))) {
        start_cell(d, a);
    } else if (str_eq(name, S("s"))) {
        add_spaces(d, a);
    } else if (str_eq(name, S("tab"))) {
        markdown_text(w, w->code ? S("\t") : S(" "));
    } else if (str_eq(name, S("line-break"))) {
        markdown_line_break(w);
    } else if (str_eq(name, S("note"))) {
        d->notes++;
    } else if (str_eq(name, S("note-citation"))) {
        d->citation = true;
    } else if (str_eq(name, S("note-body"))) {
        markdown_text(w, S(" ("));
    } else if (str_eq(name, S("ruby-text"))) {
        markdown_text(w, S("("));
    } else if (!d->open) {
        odt_styles_start(&d->styles, name, a);
    }
}

static void end_paragraph(Odt *d)
{
    MarkdownWriter *w = d->writer;
    if (d->open) d->open--;
    if (d->notes) markdown_text(w, S(" "));
    else if (w->code) markdown_line_break(w);
    else markdown_block(w);
}

static void end(void *self, Str space, Str name)
{
    Odt *d = self;
    MarkdownWriter *w = d->writer;
    (void)space;
    if (d->small == d->depth && d->small) {
        markdown_script(w, d->mark, d->script);
        d->small = 0;
    }
    if (d->depth) d->depth--;
    if (d->ignored) {
        d->ignored--;
        return;
    }
    if (str_eq(name, S("h")) || str_eq(name, S("p"))) {
        end_paragraph(d);
    } else if (str_eq(name, S("list"))) {
        end_list(d);
    } else if (str_eq(name, S("table"))) {
        markdown_table_end(w);
    } else if (str_eq(name, S("table-row"))) {
        markdown_row_end(w);
    } else if (str_eq(name, S("table-cell")) || str_eq(name, S("covered-table-cell"))) {
        end_cell(d);
    } else if (str_eq(name, S("note"))) {
        if (d->notes) d->notes--;
    } else if (str_eq(name, S("note-citation"))) {
        d->citation = false;
    } else if (str_eq(name, S("note-body"))) {
        w->space = false;
        markdown_text(w, S(")"));
    } else if (str_eq(name, S("ruby-text"))) {
        markdown_text(w, S(")"));
    }
}

static void text(void *self, Str s)
{
    Odt *d = self;
    if (d->open && !d->ignored && !d->citation) add_text(d, s);
}

static void style_start(void *self, Str space, Str name, const XmlAttributes *a)
{
    (void)space;
    odt_styles_start(&((Odt *)self)->styles, name, a);
}

// A part that is missing or broken only leaves paragraphs as they are.
static void read_styles(Zip *zip, Odt *d)
{
    XmlReader reader;
    Error unused;
    xml_open(&reader, (XmlHandler){.start = style_start, .self = d}, zip->deadline);
    zip_read(zip, S("styles.xml"), (ZipSink){xml_take, &reader}, &unused);
    xml_close(&reader, &unused);
    d->styles.open = NULL;
}

static bool extract_into(Extraction *x, Odt *d, Error *e)
{
    Zip zip = {.bytes = x->bytes, .deadline = deadline_start()};
    XmlReader reader;
    read_styles(&zip, d);
    xml_open(&reader, (XmlHandler){start, end, text, d}, zip.deadline);
    ZipResult result = zip_read(&zip, S("content.xml"), (ZipSink){xml_take, &reader}, e);
    Error xml_error;
    bool ok = xml_close(&reader, &xml_error);
    if (result == ZIP_ABSENT) {
        error_set(e, ERROR_FILE, "document", "the archive is no OpenDocument text: content.xml is missing");
        return error_hint(e, "save it as .odt");
    }
    if (result == ZIP_DONE && !ok && e) *e = xml_error;
    return result == ZIP_DONE && ok;
}

static bool extract(Extraction *x, Error *e)
{
    MarkdownWriter w;
    markdown_start(&w);
    Odt d = {.writer = &w, .styles = {.arena = x->arena}};
    bool ok = extract_into(x, &d, e) && document_markdown_result(x, &w, e);
    if (!ok) error_at_file(e, x->shown);
    markdown_free(&w);
    return ok;
}

// The first entry is the type, stored unpacked.
static bool recognise(Str bytes)
{
    return zip_is(bytes) && str_contains(str_slice(bytes, 0, 256), S("mimetypeapplication/vnd.oasis.opendocument.text"));
}

const DocumentType document_odt = {
    .name = S_INIT("odt"), .endings = " odt ott", .recognise = recognise, .extract = extract, .markdown = true, .version = 2,
};
