// SPDX-License-Identifier: Apache-2.0
//
// Document types: how the bytes of a file become text. One constant row each, in a file of its own
// (document_<type>.c), listed once in document_types.c. Extraction trusts nothing: every buffer has
// a ceiling, every loop ends, and what it refuses it says why.
//
// What comes out is valid UTF-8 with LF line ends, without NUL; types that know structure write
// Markdown (headings with #, lists, tables with |).
#ifndef CONFAB_DOCUMENTS_DOCUMENT_H
#define CONFAB_DOCUMENTS_DOCUMENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "documents/markdown_writer.h"

struct Pdfium;

typedef struct Extraction {
    Str bytes;          // the file
    const char *path;   // where it lies, for a converter that reads it itself
    Str shown;          // for errors: "knowledge/billing/faq.pdf"
    const struct Pdfium *pdfium;  // who reads PDF files (pdfium.h); NULL: pdftotext
    Arena *arena;       // holds whatever `text` points to, when it is not the bytes themselves
    Str text;           // the result
    uint64_t *pages;    // where each page's text begins, from page 1; NULL: a type without pages
    uint32_t n_pages;
} Extraction;

typedef struct DocumentType {
    Str name;
    const char *endings;                  // lower case, each behind a space: " md markdown"
    bool (*recognise)(Str bytes);         // by content, before any name is looked at; or NULL
    bool (*extract)(Extraction *x, Error *e);
    bool markdown;                        // the text is Markdown: headings mean something
    uint32_t version;                     // raised when the same bytes give another text: the cache's key
} DocumentType;

extern const DocumentType *const document_types[];
extern const size_t n_document_types;

extern const DocumentType document_text, document_markdown, document_html, document_docx, document_odt, document_epub,
    document_csv, document_json, document_jsonl, document_srt, document_vtt, document_pdf;

// The type of a file by its first bytes and its name; NULL: none.
const DocumentType *document_type_of(Str bytes, Str name);
const DocumentType *document_type_named(Str name);

// What caches go by: a type as it reads now, and all of them, for what none of them could read.
uint64_t document_type_key(const DocumentType *type);
const DocumentType *document_type_by_key(uint64_t key);
uint64_t document_types_key(void);

// Reads bytes as text: UTF-8, UTF-16 with a byte order mark or plainly alternating zeros, else
// Windows-1252, where it looks like that; anything else is an error that names the byte. CRLF becomes LF, one line break at
// the very end goes. The result is the bytes themselves or lies in the arena.
bool document_decode(Str bytes, Str shown, Arena *a, Str *text, Error *e);

// False: the bytes are words in some other encoding (of Cyrillic, Chinese, …), which nobody named.
bool document_is_windows_1252(Str bytes, Str shown, Error *e);

// Appends bytes of Windows-1252 as UTF-8; those that stand for no letter as U+FFFD.
void document_add_windows_1252(Buf *b, Str bytes);

// Ends a writer and makes its text the result; false where it was too much.
bool document_markdown_result(Extraction *x, MarkdownWriter *w, Error *e);

#endif
