// SPDX-License-Identifier: Apache-2.0
//
// For tests of document types: the text of some bytes under a name, and archives made of a table of entries.
#ifndef CONFAB_TESTS_DOCUMENT_TEXT_H
#define CONFAB_TESTS_DOCUMENT_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "base/utf8.h"
#include "documents/document.h"

static Arena arena;

// The text of some bytes under a name, or the error's words behind "!".
static inline Str text_of(Str bytes, const char *name)
{
    Error e = {0};
    Extraction x = {.bytes = bytes, .shown = str_from(name), .arena = &arena, .path = "/nonexistent"};
    const DocumentType *type = document_type_of(bytes, str_from(name));
    if (!type) return S("!none");
    if (!type->extract(&x, &e)) return arena_printf(&arena, "!%s", e.what);
    assert_true(utf8_valid(x.text));
    return x.text;
}

static inline void assert_text(Str bytes, const char *name, const char *want)
{
    Str got = text_of(bytes, name);
    if (!str_eq(got, str_from(want))) fail_msg("%s:\n<%.*s>\nnot\n<%s>", name, STR_ARG(got), want);
}

static inline void assert_fault(Str bytes, const char *name, const char *want)
{
    Str got = text_of(bytes, name);
    if (!str_starts(got, S("!")) || !str_contains(got, str_from(want))) fail_msg("%s: <%.*s>, not <%s>", name, STR_ARG(str_slice(got, 0, 300)), want);
}

typedef struct Entry {
    const char *name;
    Str data;
} Entry;

static inline Str zip(const Entry *entries, size_t n, bool stored_first)
{
    size_t cap = 1 << 16, used = 0;
    for (size_t i = 0; i < n; i++) cap += entries[i].data.len + 1000;
    char *bytes = arena_alloc(&arena, cap);
    struct archive *a = archive_write_new();
    archive_write_set_format_zip(a);
    archive_write_set_options(a, stored_first ? "zip:compression=store" : "zip:compression=deflate");
    assert_int_equal(archive_write_open_memory(a, bytes, cap, &used), ARCHIVE_OK);
    for (size_t i = 0; i < n; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, entries[i].name);
        archive_entry_set_size(entry, (la_int64_t)entries[i].data.len);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
        archive_write_data(a, entries[i].data.ptr, entries[i].data.len);
        archive_entry_free(entry);
    }
    archive_write_close(a);
    archive_write_free(a);
    return (Str){bytes, used};
}

#endif
