// SPDX-License-Identifier: Apache-2.0
//
// PDF, through a child (see converter.h): poppler's pdftotext, or PDFium where it is to be used (see pdfium.h).
#include "documents/converter.h"
#include "documents/document.h"
#include "documents/pdf_boxes.h"
#include "documents/pdf_text.h"
#include "documents/pdfium.h"
#include "documents/pdfium_words.h"

static const char *reader_name(const Extraction *x) { return x->pdfium ? "PDFium" : "pdftotext"; }

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
    const char *reader = reader_name(x);
    if (str_contains(said, S("password"))) return fault(x, e, "the PDF is protected by a password", "save it without one");
    if (str_contains(said, S("emory")) || status == 128 + 6 || status == 128 + 9)
        return fault(x, e, "the PDF needs more memory than a document should", "print it to a new PDF, or save it as text");
    if (status > 128) error_set(e, ERROR_FILE, "pdf", "the PDF makes %s crash", reader);
    else error_set(e, ERROR_FILE, "pdf", "the PDF is broken: %s cannot read it", reader);
    error_hint(e, "print it to a new PDF, or save it as text");
    return error_at_file(e, x->shown);
}

static bool stuck(Extraction *x, Error *e)
{
    error_set(e, ERROR_FILE, "machine", "%s got stuck on the PDF and was ended", reader_name(x));
    error_hint(e, "print it to a new PDF, or save it as text");
    return error_at_file(e, x->shown);
}

static bool absent(Extraction *x, Error *e)
{
    if (x->pdfium) return machine_fault(x, e, "PDF files need confab-pdfium, which is gone", "install confab anew, or set CONFAB_PDFIUM=off");
    return machine_fault(x, e, "PDF files need pdftotext, which is not here", "install poppler-utils");
}

static bool use_result(Extraction *x, ConverterResult result, Str said, int status, Error *e)
{
    switch (result) {
    case CONVERTER_ABSENT: return absent(x, e);
    case CONVERTER_HUNG: return stuck(x, e);
    case CONVERTER_FULL: return fault(x, e, "the PDF holds more text than a document should", "split it into several files");
    case CONVERTER_REFUSED: return refused(x, e, said, status);
    case CONVERTER_OK: break;
    }
    return true;
}

static bool use_pages(Extraction *x, Str printed, PdfLayout layout, Error *e)
{
    x->text = pdf_text(printed, layout, x->arena, &x->pages, &x->n_pages);
    if (x->text.len) return true;
    return fault(x, e, "the PDF has no text, only pictures", "run it through OCR first");
}

// ---- by pdftotext -------------------------------------------------------------------------------

enum { USAGE = 99 };    // how a pdftotext that is not poppler's ends, as it knows no places

static bool take_boxes(void *boxes, Buf *out) { return pdf_boxes_take(boxes, out); }

// Words with their places, or, where their order within a line is pdftotext's to find, its own text.
static bool run(Extraction *x, PdfBoxes *boxes, Buf *out, Error *e)
{
    Buf said = {.max = 2000};
    int status;
    Converter c = {.program = "pdftotext", .arguments = {"-enc", "UTF-8", "-eol", "unix", NULL, "-"}, .input = x->path};
    if (boxes) c = (Converter){.program = "pdftotext", .arguments = {"-bbox-layout", "-enc", "UTF-8", NULL, "-"}, .input = x->path, .read = take_boxes, .ctx = boxes};
    ConverterResult result = converter_run(&c, out, &said, &status);
    bool unknown = boxes && result == CONVERTER_REFUSED && status == USAGE;
    if (unknown) boxes->unordered = true;
    bool ok = unknown || use_result(x, result, buf_str(&said), status, e);
    buf_free(&said);
    return ok;
}

static bool by_pdftotext(Extraction *x, Error *e)
{
    PdfBoxes boxes = {.pages = {.arena = x->arena, .text = {.max = MARKDOWN_TEXT_MAX}}};
    Buf piece = {.max = PDF_BOXES_PIECE_MAX}, plain = {.max = MARKDOWN_TEXT_MAX};
    bool ok = run(x, &boxes, &piece, e);
    if (ok && boxes.unordered) ok = run(x, NULL, &plain, e) && use_pages(x, buf_str(&plain), (PdfLayout){0}, e);
    else if (ok) ok = use_pages(x, buf_str(&boxes.pages.text), boxes.pages.layout, e);
    pdf_pages_free(&boxes.pages);
    buf_free(&piece);
    buf_free(&plain);
    return ok;
}

// ---- by PDFium ----------------------------------------------------------------------------------

static bool take_words(void *words, Buf *out) { return pdfium_words_take(words, out); }

static bool by_pdfium(Extraction *x, Error *e)
{
    PdfiumWords words = {.pages = {.arena = x->arena, .text = {.max = MARKDOWN_TEXT_MAX}}};
    Buf piece = {.max = PDFIUM_PIECE_MAX}, said = {.max = 2000};
    int status;
    Converter c = {.program = x->pdfium->child.ptr, .shared_library = x->pdfium->shared_library.ptr, .input = x->path, .read = take_words, .ctx = &words};
    ConverterResult result = converter_run(&c, &piece, &said, &status);
    bool ok = use_result(x, result, buf_str(&said), status, e) && use_pages(x, buf_str(&words.pages.text), words.pages.layout, e);
    pdf_pages_free(&words.pages);
    buf_free(&piece);
    buf_free(&said);
    return ok;
}

static bool extract(Extraction *x, Error *e) { return x->pdfium ? by_pdfium(x, e) : by_pdftotext(x, e); }

static bool recognise(Str bytes) { return str_starts(str_trim(str_slice(bytes, 0, 1024)), S("%PDF-")); }

const DocumentType document_pdf = {
    .name = S_INIT("pdf"), .endings = " pdf", .recognise = recognise, .extract = extract, .markdown = true, .version = 7,
};
