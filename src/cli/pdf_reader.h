// SPDX-License-Identifier: Apache-2.0
//
// Who reads PDF files, by CONFAB_PDFIUM: the library that it names; none ("off"); or, where it is not set, the one that
// the dynamic loader would find. Everybody else's PDF files are pdftotext's.
#ifndef CONFAB_CLI_PDF_READER_H
#define CONFAB_CLI_PDF_READER_H

#include "cli/cli.h"
#include "documents/pdfium.h"

// For KnowledgeOptions and ProjectOptions, in the cli's arena; NULL: pdftotext.
Pdfium *pdf_reader(Cli *cli);

// What would read a PDF now, having tried it. A library that cannot be used is warned of.
typedef struct PdfReaderState {
    const char *name;       // "PDFium", "pdftotext"; NULL: none
    Str version;            // of pdftotext; of PDFium, which tells none, the start of its library's hash. Absent: not known
    Str shared_library;     // of PDFium, else absent
} PdfReaderState;

PdfReaderState pdf_reader_state(Cli *cli);

#endif
