// SPDX-License-Identifier: Apache-2.0
#include "documents/zip.h"

#include <archive.h>
#include <archive_entry.h>

bool zip_is(Str bytes) { return str_starts(bytes, S("PK\x03\x04")); }

static ZipResult broken(struct archive *archive, Error *e)
{
    const char *text = archive_error_string(archive);
    error_set(e, ERROR_FILE, "zip", "the archive is broken: %s", text ? text : "unknown fault");
    return ZIP_FAILED;
}

static ZipResult refused(Error *e, const char *what)
{
    error_set(e, ERROR_FILE, "zip", "%s", what);
    error_hint(e, "open it in the program it comes from and save it anew, or save it as text");
    return ZIP_FAILED;
}

static ZipResult read_entry(Zip *z, struct archive *archive, ZipSink sink, Error *e)
{
    for (;;) {
        const void *part;
        size_t n;
        la_int64_t offset;
        int code = archive_read_data_block(archive, &part, &n, &offset);
        if (code == ARCHIVE_EOF) return ZIP_DONE;
        if (code < ARCHIVE_WARN) return broken(archive, e);
        z->unpacked += n;
        if (z->unpacked > ZIP_TOTAL_MAX || (z->unpacked > ZIP_FREE && z->unpacked / ZIP_RATIO_MAX > z->bytes.len))
            return refused(e, "the archive unpacks to far more than a document holds");
        if (deadline_passed(z->deadline)) return refused(e, "the document takes too long to read");
        if (!sink.take(sink.self, (Str){part, n})) return ZIP_DONE;
    }
}

static ZipResult find_entry(Zip *z, struct archive *archive, Str name, ZipSink sink, Error *e)
{
    for (size_t i = 0; i < ZIP_ENTRIES_MAX; i++) {
        struct archive_entry *entry;
        int code = archive_read_next_header(archive, &entry);
        if (code == ARCHIVE_EOF) return ZIP_ABSENT;
        if (code < ARCHIVE_WARN) return broken(archive, e);
        if (i % 64 == 0 && deadline_passed(z->deadline)) return refused(e, "the document takes too long to read");
        if (!str_eq(str_from(archive_entry_pathname(entry)), name)) continue;
        if (archive_entry_is_encrypted(entry)) return refused(e, "the document is protected by a password");
        return read_entry(z, archive, sink, e);
    }
    return refused(e, "the archive has too many entries for a document");
}

ZipResult zip_read(Zip *z, Str name, ZipSink sink, Error *e)
{
    struct archive *archive = archive_read_new();
    if (!archive) oom();
    archive_read_support_format_zip_seekable(archive);
    ZipResult result;
    if (archive_read_open_memory(archive, z->bytes.ptr, z->bytes.len) != ARCHIVE_OK)
        result = broken(archive, e);
    else
        result = find_entry(z, archive, name, sink, e);
    archive_read_free(archive);
    return result;
}

static bool take_part(void *self, Str part)
{
    Buf *b = self;
    buf_add(b, part);
    return !b->full;
}

ZipResult zip_read_whole(Zip *z, Str name, size_t max, Buf *out, Error *e)
{
    *out = (Buf){.max = max};
    ZipResult result = zip_read(z, name, (ZipSink){take_part, out}, e);
    return result == ZIP_DONE && out->full ? refused(e, "a part of the archive is larger than in any document") : result;
}
