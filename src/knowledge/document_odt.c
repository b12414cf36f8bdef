// SPDX-License-Identifier: Apache-2.0
//
// OpenDocument text (ISO/IEC 26300, content.xml): headings, lists, tables, footnotes where they
// stand. Comments and deleted text are not read.
#include "knowledge/document.h"
#include "knowledge/xml.h"
#include "knowledge/zip.h"

typedef struct Odt {
    MarkdownWriter *writer;
    unsigned ignored;   // depth inside an element that is not read
    unsigned open;      // headings and paragraphs that are open
    unsigned notes;     // notes that are open
    bool citation;      // in a note's mark
} Odt;

static bool is_ignored(Str name)
{
    return str_eq(name, S("annotation")) || str_eq(name, S("tracked-changes")) || str_eq(name, S("forms")) ||
           str_eq(name, S("desc")) || str_eq(name, S("title")) || str_eq(name, S("sequence-decls"));
}

static void spaces(MarkdownWriter *w) { markdown_text(w, S(" ")); }

static void start(void *self, Str space, Str name, const XmlAttributes *a)
{
    Odt *d = self;
    MarkdownWriter *w = d->writer;
    (void)space;
    if (d->ignored || is_ignored(name)) {
        d->ignored++;
        return;
    }
    uint64_t level = 1;
    if (str_eq(name, S("h"))) {
        if (!str_to_u64(xml_attribute(a, "outline-level"), &level)) level = 1;
        markdown_heading(w, (unsigned)(level < 6 ? level : 6));
        d->open++;
    } else if (str_eq(name, S("p"))) {
        if (!d->notes) markdown_block(w);
        d->open++;
    } else if (str_eq(name, S("list"))) {
        markdown_list(w, false);
    } else if (str_eq(name, S("list-item"))) {
        markdown_item(w);
    } else if (str_eq(name, S("table"))) {
        markdown_table(w);
    } else if (str_eq(name, S("table-row"))) {
        markdown_row(w);
    } else if (str_eq(name, S("table-cell"))) {
        markdown_cell(w);
    } else if (str_eq(name, S("tab")) || str_eq(name, S("s"))) {
        spaces(w);
    } else if (str_eq(name, S("line-break"))) {
        markdown_line_break(w);
    } else if (str_eq(name, S("note"))) {
        d->notes++;
    } else if (str_eq(name, S("note-citation"))) {
        d->citation = true;
    } else if (str_eq(name, S("note-body"))) {
        markdown_text(w, S(" ("));
    }
}

static void end(void *self, Str space, Str name)
{
    Odt *d = self;
    MarkdownWriter *w = d->writer;
    (void)space;
    if (d->ignored) {
        d->ignored--;
        return;
    }
    if (str_eq(name, S("h")) || str_eq(name, S("p"))) {
        if (d->open) d->open--;
        if (d->notes) spaces(w);
        else markdown_block(w);
    } else if (str_eq(name, S("list"))) {
        markdown_list_end(w);
    } else if (str_eq(name, S("table"))) {
        markdown_table_end(w);
    } else if (str_eq(name, S("table-row"))) {
        markdown_row_end(w);
    } else if (str_eq(name, S("note"))) {
        if (d->notes) d->notes--;
    } else if (str_eq(name, S("note-citation"))) {
        d->citation = false;
    } else if (str_eq(name, S("note-body"))) {
        w->space = false;
        markdown_text(w, S(")"));
    }
}

static void text(void *self, Str s)
{
    Odt *d = self;
    if (d->open && !d->ignored && !d->citation) markdown_text(d->writer, s);
}

static bool extract_into(Extraction *x, Odt *d, Error *e)
{
    Zip zip = {.bytes = x->bytes, .deadline = deadline_start()};
    XmlReader reader;
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
    Odt d = {.writer = &w};
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
    .name = S_INIT("odt"), .endings = " odt ott", .recognise = recognise, .extract = extract, .markdown = true, .version = 1,
};
