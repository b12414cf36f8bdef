// SPDX-License-Identifier: Apache-2.0
//
// Goes over the entries of a column of a Parquet file, page by page: at most one page and the row group's
// dictionary are in memory. An entry is a repetition level, a definition level, and where that is the
// highest a value (Melnik and others, "Dremel", 2010). A row begins with each entry of repetition 0.
//
// Read are data pages of both versions; the encodings PLAIN, dictionary, RLE (of booleans),
// DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY and BYTE_STREAM_SPLIT; packed by Snappy,
// gzip, Zstandard or not at all.
#ifndef CONFAB_DEDUP_PARQUET_COLUMN_H
#define CONFAB_DEDUP_PARQUET_COLUMN_H

#include "base/buf.h"
#include "dedup/parquet_meta.h"

typedef struct ParquetEntry {
    unsigned rep, def;
    bool present;          // there is a value
    Str value;             // its bytes, little-endian for numbers; a boolean is one byte. Valid until the next page
} ParquetEntry;

typedef struct ParquetColumn ParquetColumn;

// `leaf`, `meta` and `path` must outlive it.
ParquetColumn *parquet_column_new(int fd, const char *path, const ParquetMeta *meta, size_t leaf);
void parquet_column_free(ParquetColumn *c);  // NULL is fine

const ParquetLeaf *parquet_column_leaf(const ParquetColumn *c);

// Begins at a row group.
void parquet_column_start(ParquetColumn *c, size_t group);
// The next entry; false at the group's end, or with e->kind set.
bool parquet_column_next(ParquetColumn *c, ParquetEntry *out, Error *e);

#endif
