// SPDX-License-Identifier: Apache-2.0
#include "documents/pdfium.h"

#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "documents/converter.h"
#include "documents/pdfium_words.h"
#include "documents/sandbox.h"

#define LIBRARY "libpdfium.so"
enum {
    LOADER_CACHE_MAX = 16 << 20,
    LIBRARY_MAX = 1 << 28,  // bytes; those that draw and run scripts as well have 30 MB
};

// ---- finding ------------------------------------------------------------------------------------

static Str in_folders(Str folders, Arena *a)
{
    Str folder;
    while (str_cut(&folders, ':', &folder)) {
        Str path = path_join(a, folder, S(LIBRARY));
        if (str_starts(folder, S("/")) && access(path.ptr, R_OK) == 0) return path;
    }
    return (Str){0};
}

// The loader's cache names libraries and their paths, each with a NUL behind it.
static Str in_loader_cache(Arena *a)
{
    static const char name[] = "/" LIBRARY;
    const Str wanted = {name, sizeof name};
    Arena scratch = {0};
    Str rest = {0}, found = {0};
    if (!file_read("/etc/ld.so.cache", LOADER_CACHE_MAX, &scratch, &rest, NULL, NULL)) rest = (Str){0};
    for (size_t at; !found.ptr && (at = str_find(rest, wanted)) != STR_NONE; rest = str_slice(rest, at + wanted.len, rest.len)) {
        Str before = str_slice(rest, 0, at);
        size_t zero = str_rfind_char(before, 0);
        Str path = str_slice(rest, zero == STR_NONE ? 0 : zero + 1, at + wanted.len - 1);
        if (str_starts(path, S("/"))) found = arena_str(a, path);
        if (found.ptr && access(found.ptr, R_OK) < 0) found = (Str){0};
    }
    arena_free(&scratch);
    return found;
}

Str pdfium_find_library(Arena *a)
{
    Str found = in_folders(str_from(getenv("LD_LIBRARY_PATH")), a);
    if (!found.ptr) found = in_loader_cache(a);
    return found.ptr ? found : in_folders(S("/usr/local/lib:/lib:/usr/lib:/lib64:/usr/lib64"), a);
}

Str pdfium_find_child(Arena *a)
{
    static const char *const places[] = {"confab-pdfium", "../libexec/confab/confab-pdfium"};
    char own[4096];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own);
    if (n <= 0 || n == sizeof own) return (Str){0};
    Str folder = path_folder((Str){own, (size_t)n});
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        Str path = path_join(a, folder, str_from(places[i]));
        if (access(path.ptr, X_OK) == 0) return path;
    }
    return (Str){0};
}

// ---- which, and whether it can be used ----------------------------------------------------------

Hash128 pdfium_identity(Pdfium *p)
{
    Arena scratch = {0};
    Str bytes;
    if (p->identity.low == 0 && file_read(p->shared_library.ptr, LIBRARY_MAX, &scratch, &bytes, NULL, NULL)) p->identity = hash128(bytes);
    arena_free(&scratch);
    return p->identity;
}

static bool unusable(const Pdfium *p, Str said, Error *e)
{
    size_t end = str_find_char(said, '\n');
    Str why = str_trim(str_slice(said, 0, end)), place = S(SANDBOX_LIBRARY ": ");
    if (str_starts(why, place)) why = str_slice(why, place.len, why.len);
    error_set(e, ERROR_FILE, "pdfium", "%.*s cannot be used as PDFium%s%.*s; pdftotext reads the PDF files", STR_ARG(p->shared_library), why.len ? ": " : "", STR_ARG(why));
    return error_hint(e, "name another libpdfium.so with CONFAB_PDFIUM, or CONFAB_PDFIUM=off");
}

bool pdfium_check(const Pdfium *p, Error *e)
{
    Buf none = {.max = 1000}, said = {.max = 1000};
    int status;
    if (!p->child.ptr) return unusable(p, S("confab-pdfium is not installed"), e);
    if (!file_exists(p->shared_library.ptr)) return unusable(p, S("it is not there"), e);
    // It has no input; what is shown of one is the library itself.
    Converter c = {.program = p->child.ptr, .shared_library = p->shared_library.ptr, .arguments = {"--check"}, .input = p->shared_library.ptr};
    ConverterResult result = converter_run(&c, &none, &said, &status);
    Str why = result == CONVERTER_HUNG ? S("it hangs") : result == CONVERTER_FULL ? S("it prints what nobody asked for") : status > 128 ? S("it crashes") : buf_str(&said);
    if (result != CONVERTER_OK) unusable(p, why, e);
    buf_free(&none);
    buf_free(&said);
    return result == CONVERTER_OK;
}
