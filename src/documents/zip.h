// SPDX-License-Identifier: Apache-2.0
//
// Reads entries of a zip archive in memory (libarchive), as streams: nothing is unpacked to disk, so
// an entry's name is only ever compared. What unpacks to far more than it was is refused.
#ifndef CONFAB_DOCUMENTS_ZIP_H
#define CONFAB_DOCUMENTS_ZIP_H

#include "base/buf.h"
#include "documents/deadline.h"

enum {
    ZIP_TOTAL_MAX = 256 << 20,  // unpacked bytes looked at: what SAX reads in the time there is
    ZIP_RATIO_MAX = 100,        // unpacked to packed, beyond ZIP_FREE; XML packs 10 to 30 times
    ZIP_FREE = 4 << 20,
    ZIP_ENTRIES_MAX = 20000,    // looked through for one name
};

typedef struct Zip {
    Str bytes;          // the archive
    size_t unpacked;    // so far, over all calls
    Deadline deadline;
} Zip;

typedef struct ZipSink {
    bool (*take)(void *self, Str part);  // false: enough
    void *self;
} ZipSink;

typedef enum ZipResult { ZIP_ABSENT, ZIP_DONE, ZIP_FAILED } ZipResult;

bool zip_is(Str bytes);  // begins as one

// Hands the entry's bytes to the sink, part by part. ZIP_FAILED fills *e (without place).
ZipResult zip_read(Zip *z, Str name, ZipSink sink, Error *e);

// The whole of a small entry, at most `max` bytes; *out is the caller's to free, whatever comes back.
ZipResult zip_read_whole(Zip *z, Str name, size_t max, Buf *out, Error *e);

#endif
