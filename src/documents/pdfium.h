// SPDX-License-Identifier: Apache-2.0
//
// PDFium as the reader of PDF files: more than twice as fast as pdftotext, where the machine has its library
// (libpdfium.so). confab neither links nor loads it: confab-pdfium (pdfium_child.c), which lies beside confab or in
// libexec/confab, does so as a converter's child (converter.h).
#ifndef CONFAB_DOCUMENTS_PDFIUM_H
#define CONFAB_DOCUMENTS_PDFIUM_H

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"

enum { PDFIUM_VERSION = 1 };    // raised when the same library's words give another text: the cache's key

typedef struct Pdfium {
    Str shared_library, child;  // paths, NUL behind them
    Hash128 identity;       // of the library's contents, once it was asked for; 0: not yet
} Pdfium;

// The libpdfium.so that the dynamic loader would find (LD_LIBRARY_PATH, its cache, the system's folders); absent: none.
Str pdfium_find_library(Arena *a);
// confab-pdfium, by where this program lies; absent: it was not installed.
Str pdfium_find_child(Arena *a);

// What tells one library from another: what was read with one is not taken for what the other would give.
Hash128 pdfium_identity(Pdfium *p);

// Loads the library in a child, without a document. False, with what to do about it: it cannot be used.
bool pdfium_check(const Pdfium *p, Error *e);

#endif
