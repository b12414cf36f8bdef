// SPDX-License-Identifier: Apache-2.0
//
// Word (ECMA-376, WordprocessingML): paragraphs with their styles, numbered paragraphs as lists,
// tables, formulas, footnotes and endnotes at the end. Deleted and hidden text, comments, lists of
// contents, headers and footers are not read.
#include "documents/document.h"
#include "documents/docx_math.h"
#include "documents/docx_numbering.h"
#include "documents/docx_styles.h"
#include "documents/xml.h"
#include "documents/zip.h"

enum { NOTES_SHOWN = 100000 };

typedef struct Docx {
    MarkdownWriter *writer;
    Arena *arena;
    DocxStyles styles;
    DocxNumbering numbering;
    DocxStyle style;    // of the paragraph, with what it says itself
    bool opened;        // the paragraph's kind is settled
    bool in_paragraph_properties;
    bool hidden;        // the run is
    bool small;         // the run is raised or lowered
    MarkdownScript script;
    size_t mark;        // where the run begins
    bool in_text;       // w:t
    unsigned ignored;   // depth inside an element that is not read
    bool notes;         // reading footnotes.xml
    const char *note_kind;  // before a note's number
    bool footnotes, endnotes;  // some are referred to
    bool skip_note;     // separators have notes of their own
    Str main;           // the document's part, where it has another name than usual
} Docx;

// ---- document.xml -------------------------------------------------------------------------------

// What nearly all documents have is compared first, as every element asks.
static bool is_word(Str space)
{
    return str_eq(space, S("http://schemas.openxmlformats.org/wordprocessingml/2006/main")) || str_contains(space, S("wordprocessingml"));
}

static bool is_ignored(Str name)
{
    return str_eq(name, S("del")) || str_eq(name, S("Fallback")) || str_eq(name, S("instrText")) || str_eq(name, S("moveFrom")) ||
           str_eq(name, S("rt"));  // how a word is pronounced, written above it
}

static bool is_on(const XmlAttributes *a)
{
    Str value = xml_attribute(a, "val");
    return !str_eq(value, S("0")) && !str_eq(value, S("false"));
}

static void paragraph_property(Docx *d, Str name, const XmlAttributes *a)
{
    uint64_t n;
    Str value = xml_attribute(a, "val");
    if (str_eq(name, S("pStyle"))) d->style = docx_style(&d->styles, value);
    if (str_eq(name, S("ilvl")) && str_to_u64(value, &n)) d->style.depth = (unsigned)(n < 8 ? n : 8);
    if (str_eq(name, S("numId")) && str_to_u64(value, &n)) d->style.list = n < 1u << 31 ? (unsigned)n : 0;
    if (str_eq(name, S("outlineLvl")) && str_to_u64(value, &n) && n < 6) d->style.level = (unsigned)n + 1;
}

// At a paragraph's first content. Paragraphs of code that follow each other are one block.
static void open_paragraph(Docx *d)
{
    MarkdownWriter *w = d->writer;
    if (d->opened || d->notes) return;
    d->opened = true;
    if (d->style.code && !w->table) {
        markdown_code(w);
        return;
    }
    markdown_code_end(w);
    if (d->style.level)
        markdown_heading(w, d->style.level);
    else if (d->style.list && !d->style.contents)
        markdown_item_at(w, d->style.depth, docx_number(&d->numbering, d->style.list, d->style.depth));
}

static void note_mark(Docx *d, const char *kind, const XmlAttributes *a)
{
    Str id = xml_attribute(a, "id");
    uint64_t n;
    char mark[32];
    if (!str_to_u64(id, &n) || n > NOTES_SHOWN) return;
    snprintf(mark, sizeof mark, "[^%s%u]", kind, (unsigned)n);
    markdown_text(d->writer, str_from(mark));
}

static void start_note(Docx *d, const XmlAttributes *a)
{
    Str type = xml_attribute(a, "type");
    d->skip_note = type.ptr != NULL && !str_eq(type, S("normal"));
    markdown_block(d->writer);
    if (d->skip_note) return;
    note_mark(d, d->note_kind, a);
    markdown_text(d->writer, S(": "));
}

static void start_paragraph(Docx *d)
{
    MarkdownWriter *w = d->writer;
    if (!d->notes) markdown_block(w);
    if (!w->table)
        while (w->depth) markdown_list_end(w);
    d->style = (DocxStyle){0};
    d->opened = false;
}

static void run_property(Docx *d, Str name, const XmlAttributes *a)
{
    if (str_eq(name, S("vanish"))) {
        d->hidden = is_on(a);
    } else if (str_eq(name, S("vertAlign"))) {
        Str value = xml_attribute(a, "val");
        d->small = str_eq(value, S("superscript")) || str_eq(value, S("subscript"));
        d->script = str_eq(value, S("subscript")) ? MARKDOWN_LOWERED : MARKDOWN_RAISED;
    }
}

static void start_run(Docx *d)
{
    open_paragraph(d);
    d->hidden = d->small = false;
    d->mark = markdown_mark(d->writer);
}

static void span(Docx *d, const XmlAttributes *a)
{
    uint64_t n;
    if (str_to_u64(xml_attribute(a, "val"), &n)) markdown_span(d->writer, n, 1);
}

static void start(void *self, Str space, Str name, const XmlAttributes *a)
{
    Docx *d = self;
    MarkdownWriter *w = d->writer;
    if (d->ignored || is_ignored(name)) {
        d->ignored++;
        return;
    }
    if (!is_word(space)) {
        if (docx_is_math(space) && !d->style.contents && !d->skip_note) {
            open_paragraph(d);
            if (str_eq(name, S("t"))) d->in_text = true;
            docx_math_start(w, name, a);
        }
        return;
    }
    if (d->in_paragraph_properties) {
        paragraph_property(d, name, a);
    } else if (str_eq(name, S("r"))) {
        start_run(d);
    } else if (str_eq(name, S("t"))) {
        d->in_text = true;
    } else if (str_eq(name, S("p"))) {
        start_paragraph(d);
    } else if (str_eq(name, S("pPr"))) {
        d->in_paragraph_properties = true;
    } else if (str_eq(name, S("vanish")) || str_eq(name, S("vertAlign"))) {
        run_property(d, name, a);
    } else if (str_eq(name, S("tab")) || str_eq(name, S("ptab"))) {
        markdown_text(w, w->code ? S("\t") : S(" "));
    } else if (str_eq(name, S("br")) || str_eq(name, S("cr"))) {
        markdown_line_break(w);
    } else if (str_eq(name, S("noBreakHyphen"))) {
        markdown_text(w, S("-"));
    } else if (str_eq(name, S("tbl"))) {
        markdown_code_end(w);
        markdown_table(w);
    } else if (str_eq(name, S("tr"))) {
        markdown_row(w);
    } else if (str_eq(name, S("tc"))) {
        markdown_cell(w);
    } else if (str_eq(name, S("gridSpan"))) {
        span(d, a);
    } else if (str_eq(name, S("footnoteReference"))) {
        d->footnotes = true;
        note_mark(d, "", a);
    } else if (str_eq(name, S("endnoteReference"))) {
        d->endnotes = true;
        note_mark(d, "e", a);
    } else if (str_eq(name, S("footnote")) || str_eq(name, S("endnote"))) {
        start_note(d, a);
    }
}

static void end_run(Docx *d)
{
    if (d->small) markdown_script(d->writer, d->mark, d->script);
    d->hidden = d->small = false;
}

static void end_paragraph(Docx *d)
{
    open_paragraph(d);
    if (d->notes) markdown_text(d->writer, S(" "));
    else if (d->writer->code) markdown_line_break(d->writer);
    else markdown_block(d->writer);
}

static void end(void *self, Str space, Str name)
{
    Docx *d = self;
    if (d->ignored) {
        d->ignored--;
        return;
    }
    if (!is_word(space)) {
        if (docx_is_math(space) && !d->style.contents && !d->skip_note) {
            docx_math_end(d->writer, name);
            d->in_text = false;
        }
        return;
    }
    if (str_eq(name, S("t"))) d->in_text = false;
    else if (str_eq(name, S("pPr"))) d->in_paragraph_properties = false;
    else if (str_eq(name, S("r"))) end_run(d);
    else if (str_eq(name, S("p"))) end_paragraph(d);
    else if (str_eq(name, S("tbl"))) markdown_table_end(d->writer);
    else if (str_eq(name, S("tr"))) markdown_row_end(d->writer);
    else if (str_eq(name, S("footnote")) || str_eq(name, S("endnote"))) d->skip_note = false;
}

static void text(void *self, Str s)
{
    Docx *d = self;
    if (d->in_text && !d->ignored && !d->skip_note && !d->hidden && !d->style.contents) markdown_text(d->writer, s);
}

// ---- the archive --------------------------------------------------------------------------------

static ZipResult read_part(Zip *zip, const char *name, XmlHandler handler, Error *e)
{
    XmlReader reader;
    Error xml_error;
    xml_open(&reader, handler, zip->deadline);
    ZipResult result = zip_read(zip, str_from(name), (ZipSink){xml_take, &reader}, e);
    if (result == ZIP_ABSENT) {
        reader.fault = "absent";    // an empty document would be a fault of its own
        xml_close(&reader, &xml_error);
        return result;
    }
    if (!xml_close(&reader, &xml_error) && result == ZIP_DONE) {
        if (e) *e = xml_error;
        return ZIP_FAILED;
    }
    return result;
}

static void relation_start(void *self, Str space, Str name, const XmlAttributes *a)
{
    (void)space, (void)name;
    Docx *d = self;
    if (!str_ends(xml_attribute(a, "Type"), S("/officeDocument"))) return;
    Str target = xml_attribute(a, "Target");
    d->main = arena_str(d->arena, str_starts(target, S("/")) ? str_slice(target, 1, target.len) : target);
}

static ZipResult read_body(Zip *zip, Docx *d, XmlHandler body, Error *e)
{
    ZipResult result = read_part(zip, "word/document.xml", body, e);
    if (result != ZIP_ABSENT) return result;
    XmlHandler relations = {.start = relation_start, .self = d};
    result = read_part(zip, "_rels/.rels", relations, e);
    return result == ZIP_DONE && d->main.len ? read_part(zip, d->main.ptr, body, e) : result == ZIP_DONE ? ZIP_ABSENT : result;
}

static bool extract_into(Extraction *x, Docx *d, Error *e)
{
    Zip zip = {.bytes = x->bytes, .deadline = deadline_start()};
    XmlHandler body = {start, end, text, d};
    d->styles = (DocxStyles){.zip = &zip, .arena = d->arena};
    d->numbering = (DocxNumbering){.zip = &zip, .arena = d->arena};
    ZipResult result = read_body(&zip, d, body, e);
    if (result == ZIP_ABSENT) {
        error_set(e, ERROR_FILE, "document", "the archive is no Word document: word/document.xml is missing");
        error_hint(e, "save it from Word as .docx");
    }
    if (result != ZIP_DONE || !docx_styles_sound(&d->styles, e)) return false;
    markdown_end_all(d->writer);
    d->style = (DocxStyle){0};
    d->notes = true;
    d->in_text = d->in_paragraph_properties = false;
    d->ignored = 0;
    bool footnotes = d->footnotes, endnotes = d->endnotes;  // notes may refer to notes
    d->note_kind = "";
    if (footnotes && read_part(&zip, "word/footnotes.xml", body, e) == ZIP_FAILED) return false;
    d->note_kind = "e";
    return !endnotes || read_part(&zip, "word/endnotes.xml", body, e) != ZIP_FAILED;
}

static bool extract(Extraction *x, Error *e)
{
    MarkdownWriter w;
    markdown_start(&w);
    Docx d = {.writer = &w, .arena = x->arena};
    bool ok = extract_into(x, &d, e) && document_markdown_result(x, &w, e);
    if (!ok) error_at_file(e, x->shown);
    markdown_free(&w);
    return ok;
}

// The names of all entries stand at an archive's end.
static bool recognise(Str bytes)
{
    enum { DIRECTORY = 64 << 10 };
    size_t from = bytes.len > DIRECTORY ? bytes.len - DIRECTORY : 0;
    return zip_is(bytes) && !str_contains(str_slice(bytes, 0, 256), S("mimetypeapplication/")) &&
           str_contains(str_slice(bytes, from, bytes.len), S("word/document.xml"));
}

const DocumentType document_docx = {
    .name = S_INIT("docx"), .endings = " docx docm dotx", .recognise = recognise, .extract = extract, .markdown = true, .version = 2,
};
