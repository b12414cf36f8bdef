// SPDX-License-Identifier: Apache-2.0
#include "cli/pdf_reader.h"

#include <limits.h>

#include "documents/converter.h"

Pdfium *pdf_reader(Cli *cli)
{
    Str named = settings_str(&cli->settings, OPTION_PDFIUM);
    if (str_eq(named, S("off"))) return NULL;
    Pdfium found = {.shared_library = named.ptr ? named : pdfium_find_library(&cli->arena), .child = pdfium_find_child(&cli->arena)};
    char path[PATH_MAX];
    // What somebody named is tried all the same, so that they hear why it is not used.
    if (!found.shared_library.ptr || (!named.ptr && !found.child.ptr)) return NULL;
    found.shared_library = arena_str(&cli->arena, realpath(arena_cstr(&cli->arena, found.shared_library), path) ? str_from(path) : found.shared_library);
    Pdfium *p = arena_new(&cli->arena, Pdfium, 1);
    *p = found;
    return p;
}

// "pdftotext version 22.12.0"
static PdfReaderState pdftotext_state(Cli *cli)
{
    Buf none = {.max = 1000}, said = {.max = 1000};
    int status;
    Converter c = {.program = "pdftotext", .arguments = {"-v"}, .input = "/proc/self/exe"};
    PdfReaderState state = {.name = converter_run(&c, &none, &said, &status) == CONVERTER_ABSENT ? NULL : "pdftotext"};
    Str line, rest = buf_str(&said), before = S("pdftotext version ");
    if (str_cut(&rest, '\n', &line) && str_starts(line, before)) state.version = arena_str(&cli->arena, str_slice(line, before.len, line.len));
    buf_free(&none);
    buf_free(&said);
    return state;
}

PdfReaderState pdf_reader_state(Cli *cli)
{
    enum { SHOWN = 6 };     // bytes of the hash
    Error e;
    Pdfium *p = pdf_reader(cli);
    if (!p) return pdftotext_state(cli);
    if (!pdfium_check(p, &e)) {
        e.warning = true;
        cli_report(cli, &e);
        return pdftotext_state(cli);
    }
    Hash128 identity = pdfium_identity(p);
    return (PdfReaderState){.name = "PDFium", .shared_library = p->shared_library, .version = hash_hex(&cli->arena, (const unsigned char *)&identity, SHOWN)};
}
