// SPDX-License-Identifier: Apache-2.0
//
// Runs a converter (pdftotext, confab-pdfium) as a child: never linked, since files from anywhere are what breaks
// such programs. It gets no environment, no terminal, no file but its input, limits on memory and
// files, and a sandbox (sandbox.h); where the machine allows that only to bubblewrap, bubblewrap's. It is
// killed when it is silent for too long, and dies with confab.
#ifndef CONFAB_DOCUMENTS_CONVERTER_H
#define CONFAB_DOCUMENTS_CONVERTER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum {
    CONVERTER_SILENT_MS = 1500,      // without a byte of output: it hangs
    CONVERTER_TOTAL_MS = 60 * 1000,  // of a thousand pages that do come
    CONVERTER_MEMORY = 48 << 20,     // of the child's own data; with its programs below 64 MB. Manuals of 1,000 pages take 35
    CONVERTER_ARGUMENTS = 12,
};

typedef struct Converter {
    const char *program;                         // found on the PATH, or a path
    const char *shared_library;                  // a file that it loads: its first argument; or NULL
    const char *arguments[CONVERTER_ARGUMENTS];  // before the input and behind it; NULL: the input's place; ends with a second NULL
    const char *input;                           // the file
    bool (*read)(void *ctx, Buf *out);           // called when something came: may take it off the front; false: too much. Or NULL
    void *ctx;
} Converter;

typedef enum ConverterResult {
    CONVERTER_OK,
    CONVERTER_ABSENT,   // no such program
    CONVERTER_REFUSED,  // it ended with an error: *status, and what it said in `said`
    CONVERTER_HUNG,
    CONVERTER_FULL,     // more output than `out` may hold
} ConverterResult;

// Runs it, its output into `out` (with a ceiling), the start of what it says into `said`.
ConverterResult converter_run(const Converter *c, Buf *out, Buf *said, int *status);

#endif
