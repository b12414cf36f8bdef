// SPDX-License-Identifier: Apache-2.0
//
// Web pages: what a reader sees, as Markdown.
#include "documents/document.h"
#include "documents/html_text.h"

bool document_markdown_result(Extraction *x, MarkdownWriter *w, Error *e)
{
    bool full;
    Str text = markdown_finish(w, &full);
    if (full) {
        error_set(e, ERROR_FILE, "document", "the document holds more than %d MB of text", MARKDOWN_TEXT_MAX >> 20);
        error_hint(e, "split it into several files");
        return error_at_file(e, x->shown);
    }
    x->text = arena_str(x->arena, text);
    return true;
}

static bool recognise(Str bytes)
{
    Str head = str_trim(str_slice(bytes, str_starts(bytes, S("\xEF\xBB\xBF")) ? 3 : 0, 512));
    return str_eq_ignore_case(str_slice(head, 0, 14), S("<!doctype html")) || str_eq_ignore_case(str_slice(head, 0, 5), S("<html"));
}

enum { PAGE_MAX = 8 << 20 };  // the parser holds several times a page that never closes its first tag

static bool extract(Extraction *x, Error *e)
{
    MarkdownWriter w;
    if (x->bytes.len > PAGE_MAX) {
        error_set(e, ERROR_FILE, "document", "the page is larger than %d MB", PAGE_MAX >> 20);
        error_hint(e, "split it into several files");
        return error_at_file(e, x->shown);
    }
    markdown_start(&w);
    HtmlText h = {.writer = &w};
    bool ok = html_text_read(&h, x->bytes, deadline_start(), e) && document_markdown_result(x, &w, e);
    if (!ok) error_at_file(e, x->shown);
    markdown_free(&w);
    return ok;
}

const DocumentType document_html = {
    .name = S_INIT("html"), .endings = " html htm xhtml", .recognise = recognise, .extract = extract, .markdown = true, .version = 4,
};
