// SPDX-License-Identifier: Apache-2.0
//
// PDF, through poppler's pdftotext as a child (see converter.h).
#include "knowledge/converter.h"
#include "knowledge/document.h"
#include "knowledge/pdf_tables.h"
#include "knowledge/pdf_text.h"

enum { LAYOUT_SILENT_MS = 500 };    // of two seconds for a document, the first way of printing may have taken 1500

// `code` "machine" is for faults that another machine, or another moment, may not have.
static bool machine_fault(Extraction *x, Error *e, const char *what, const char *hint)
{
    error_set(e, ERROR_FILE, "machine", "%s", what);
    error_hint(e, "%s", hint);
    return error_at_file(e, x->shown);
}

static bool fault(Extraction *x, Error *e, const char *what, const char *hint)
{
    error_set(e, ERROR_FILE, "pdf", "%s", what);
    error_hint(e, "%s", hint);
    return error_at_file(e, x->shown);
}

static bool refused(Extraction *x, Error *e, Str said, int status)
{
    if (str_contains(said, S("password"))) return fault(x, e, "the PDF is protected by a password", "save it without one");
    if (str_contains(said, S("emory")) || status == 128 + 6 || status == 128 + 9)
        return fault(x, e, "the PDF needs more memory than a document should", "print it to a new PDF, or save it as text");
    if (status > 128) return fault(x, e, "the PDF makes pdftotext crash", "print it to a new PDF, or save it as text");
    return fault(x, e, "the PDF is broken: pdftotext cannot read it", "print it to a new PDF, or save it as text");
}

// ---- tables -------------------------------------------------------------------------------------

// Pages from `first` to before `end`, once more. What fails here only leaves tables as they are.
static void lay_out_range(Extraction *x, PdfLayout *layout, size_t first, size_t end)
{
    char from[24], to[24];
    snprintf(from, sizeof from, "%zu", first + 1);
    snprintf(to, sizeof to, "%zu", end);
    Buf out = {.max = MARKDOWN_TEXT_MAX}, said = {.max = 2000};
    int status;
    Converter c = {.program = "pdftotext", .arguments = {"-layout", "-f", from, "-l", to, "-enc", "UTF-8", "-eol", "unix", NULL, "-"},
                   .input = x->path, .silent_ms = LAYOUT_SILENT_MS};
    if (converter_run(&c, &out, &said, &status) == CONVERTER_OK) {
        Str rest = arena_str(x->arena, buf_str(&out)), page;
        for (size_t i = first; i < end && str_cut(&rest, '\f', &page); i++) layout->pages[i] = page;
    }
    buf_free(&out);
    buf_free(&said);
}

// Lays out the pages that may hold tables. A new start costs as much as a page or two, so these are taken along.
static PdfLayout lay_out(Extraction *x, Str printed)
{
    enum { TAKEN_ALONG = 1, RANGES = 32 };
    PdfLayout layout = {.n = 1};
    for (size_t i = 0; i < printed.len; i++) layout.n += printed.ptr[i] == '\f';
    if (layout.n > PDF_PAGES_MAX) return (PdfLayout){0};
    layout.pages = arena_new(x->arena, Str, layout.n);
    size_t first = 0, end = 0, ranges = 0;
    Str page;
    for (size_t i = 0; str_cut(&printed, '\f', &page); i++) {
        if (!pdf_tables_likely(page)) continue;
        if (end && i > end + TAKEN_ALONG && ranges < RANGES) {
            lay_out_range(x, &layout, first, end);
            ranges++;
            end = 0;
        }
        if (end == 0) first = i;
        end = i + 1;
    }
    if (end) lay_out_range(x, &layout, first, end);
    return layout;
}

static bool use_output(Extraction *x, ConverterResult result, Buf *out, Buf *said, int status, Error *e)
{
    switch (result) {
    case CONVERTER_ABSENT: return machine_fault(x, e, "PDF files need pdftotext, which is not here", "install poppler-utils");
    case CONVERTER_HUNG: return machine_fault(x, e, "pdftotext got stuck on the PDF and was ended", "print it to a new PDF, or save it as text");
    case CONVERTER_FULL: return fault(x, e, "the PDF holds more text than a document should", "split it into several files");
    case CONVERTER_REFUSED: return refused(x, e, buf_str(said), status);
    case CONVERTER_OK: break;
    }
    PdfLayout layout = lay_out(x, buf_str(out));
    x->text = pdf_text(buf_str(out), layout, x->arena, &x->pages, &x->n_pages);
    if (x->text.len) return true;
    return fault(x, e, "the PDF has no text, only pictures", "run it through OCR first");
}

static bool extract(Extraction *x, Error *e)
{
    Buf out = {.max = MARKDOWN_TEXT_MAX}, said = {.max = 2000};
    int status;
    Converter c = {.program = "pdftotext", .arguments = {"-enc", "UTF-8", "-eol", "unix", NULL, "-"}, .input = x->path};
    ConverterResult result = converter_run(&c, &out, &said, &status);
    bool ok = use_output(x, result, &out, &said, status, e);
    buf_free(&out);
    buf_free(&said);
    return ok;
}

static bool recognise(Str bytes) { return str_starts(str_trim(str_slice(bytes, 0, 1024)), S("%PDF-")); }

const DocumentType document_pdf = {
    .name = S_INIT("pdf"), .endings = " pdf", .recognise = recognise, .extract = extract, .version = 3,
};
