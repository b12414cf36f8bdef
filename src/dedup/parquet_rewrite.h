// SPDX-License-Identifier: Apache-2.0
//
// A Parquet file with some of the rows of others: the same schema and metadata, the same row groups, of
// each column the entries of the kept rows. Whatever a column means, its levels and values are copied; the
// pages are written anew (version 1, PLAIN, Zstandard), without statistics.
#ifndef CONFAB_DEDUP_PARQUET_REWRITE_H
#define CONFAB_DEDUP_PARQUET_REWRITE_H

#include "base/buf.h"
#include "dedup/parquet_meta.h"

typedef struct ParquetOut {
    bool (*write)(void *ctx, Str bytes, Error *e);
    void *ctx;
    uint64_t at;           // bytes written
    Buf groups;            // of the footer
    size_t n_groups;
    uint64_t rows;
} ParquetOut;

bool parquet_out_begin(ParquetOut *out, bool (*write)(void *ctx, Str bytes, Error *e), void *ctx, Error *e);
// The rows of a file that `keeps` (a bit a row, the first of this file at bit `first`) names.
bool parquet_out_add(ParquetOut *out, int fd, const char *path, const ParquetMeta *meta, const uint8_t *keeps, uint64_t first, Error *e);
// The footer, with the schema of `meta`, which all files must share.
bool parquet_out_end(ParquetOut *out, const ParquetMeta *meta, Error *e);
void parquet_out_free(ParquetOut *out);

#endif
