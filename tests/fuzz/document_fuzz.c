// SPDX-License-Identifier: Apache-2.0
//
// Every extractor. The first byte says which, and whether the rest is a file as it stands or a part
// that is to be packed into an archive around it; what comes out must be valid UTF-8 without NUL.
// FUZZ_EXTRACTOR=0 … 13 in the environment keeps a run at one of them, whatever the first byte is.
#include <archive.h>
#include <archive_entry.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "documents/document.h"
#include "documents/pdf_boxes.h"
#include "documents/pdfium_words.h"
#include "knowledge/chunk.h"

static Str packed(Arena *a, const char *mimetype, const char *name, Str part)
{
    size_t cap = 2 * part.len + 4096, used = 0;
    char *bytes = arena_alloc(a, cap);
    struct archive *archive = archive_write_new();
    archive_write_set_format_zip(archive);
    archive_write_set_options(archive, "zip:compression=store");
    archive_write_open_memory(archive, bytes, cap, &used);
    const char *names[] = {"mimetype", name};
    Str data[] = {str_from(mimetype), part};
    for (int i = 0; i < 2; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, names[i]);
        archive_entry_set_size(entry, (la_int64_t)data[i].len);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_write_header(archive, entry);
        archive_write_data(archive, data[i].ptr, data[i].len);
        archive_entry_free(entry);
    }
    archive_write_close(archive);
    archive_write_free(archive);
    return (Str){bytes, used};
}

static void check(Str text)
{
    HOLD(utf8_valid(text) && (text.len == 0 || !memchr(text.ptr, 0, text.len)));
}

static void take_boxes(PdfBoxes *boxes, Str first, Str second)
{
    Buf piece = {0};
    buf_add(&piece, first);
    pdf_boxes_take(boxes, &piece);
    buf_add(&piece, second);
    pdf_boxes_take(boxes, &piece);
    buf_free(&piece);
}

// What confab-pdfium prints, in two pieces.
static void read_words(Str printed, Extraction *x)
{
    PdfiumWords words = {.pages = {.arena = x->arena, .text = {.max = 1 << 20}}};
    Buf piece = {.max = PDFIUM_PIECE_MAX};
    buf_add(&piece, str_slice(printed, 0, printed.len / 2));
    pdfium_words_take(&words, &piece);
    buf_add(&piece, str_slice(printed, printed.len / 2, printed.len));
    pdfium_words_take(&words, &piece);
    x->text = pdf_text(buf_str(&words.pages.text), words.pages.layout, x->arena, &x->pages, &x->n_pages);
    pdf_pages_free(&words.pages);
    buf_free(&piece);
}

static void check_pages(const Extraction *x)
{
    for (uint32_t i = 0; i < x->n_pages; i++) HOLD(x->pages[i] <= x->text.len && (i == 0 || x->pages[i] >= x->pages[i - 1]));
    check(x->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const DocumentType *const types[] = {&document_text, &document_html, &document_docx, &document_odt,  &document_epub,
                                                &document_csv,  &document_json, &document_jsonl, &document_srt, &document_vtt};
    enum { N = sizeof types / sizeof *types };
    if (size == 0 || size > 1 << 18) return 0;
    Arena a = {0};
    Error e = {0};
    Str rest = {(const char *)data + 1, size - 1};
    const char *only = getenv("FUZZ_EXTRACTOR");
    uint64_t which = data[0];
    if (only && !str_to_u64(str_from(only), &which)) return 0;
    which %= N + 4;
    Extraction x = {.bytes = rest, .shown = S("fuzz"), .path = "/nonexistent", .arena = &a};
    const DocumentType *type = which < N ? types[which] : which == N ? &document_docx : which == N + 1 ? &document_odt : NULL;
    if (which == N) x.bytes = packed(&a, "", "word/document.xml", rest);
    if (which == N + 1) x.bytes = packed(&a, "application/vnd.oasis.opendocument.text", "content.xml", rest);
    if (which == N + 3) {
        read_words(rest, &x);
        check_pages(&x);
    } else if (!type) {
        Str printed, laid_out = rest;  // of a page, a byte of one between them; or words with their places, in two pieces
        str_cut(&laid_out, '\x01', &printed);
        PdfBoxes boxes = {.pages = {.arena = &a, .text = {.max = 1 << 20}}};
        if (str_starts(printed, S("<"))) take_boxes(&boxes, printed, laid_out);
        if (boxes.pages.layout.n) x.text = pdf_text(buf_str(&boxes.pages.text), boxes.pages.layout, &a, &x.pages, &x.n_pages);
        else x.text = pdf_text(printed, (PdfLayout){.pages = &laid_out, .n = 1}, &a, &x.pages, &x.n_pages);
        // Nothing is known of sizes: what looks like a heading is text.
        Outline outline = {0};
        if (!boxes.pages.layout.n) outline_read(x.text, &outline, &a);
        HOLD(outline.n == 0);
        pdf_pages_free(&boxes.pages);
        check_pages(&x);
    } else if (type->extract(&x, &e)) {
        check(x.text);
        Outline outline = {0};
        outline_read(x.text, &outline, &a);
    } else {
        HOLD(e.kind != ERROR_NONE && e.what[0]);
    }
    arena_free(&a);
    return 0;
}
