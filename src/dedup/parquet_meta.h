// SPDX-License-Identifier: Apache-2.0
//
// What a Parquet file says of itself: its leaf columns and where their pages lie. Format: Apache
// Parquet's parquet.thrift, in Thrift's compact protocol. Nothing of a file is believed: every number is
// checked against the file's size and the ceilings below before it is used.
#ifndef CONFAB_DEDUP_PARQUET_META_H
#define CONFAB_DEDUP_PARQUET_META_H

#include "base/arena.h"
#include "base/error.h"

enum {
    PARQUET_FOOTER_MAX = 256 << 20, // bytes; a footer of 10,000 row groups of 100 columns has some 100 MB
    PARQUET_PAGE_MAX = 256 << 20,   // bytes of a page, unpacked; writers make 1 MB
    PARQUET_COLUMNS = 10000,
    PARQUET_DEPTH = 64,             // of groups in each other
};

// ---- Thrift's compact protocol ------------------------------------------------------------------

typedef enum ThriftKind { KIND_STOP, KIND_TRUE, KIND_FALSE, KIND_BYTE, KIND_I16, KIND_I32, KIND_I64, KIND_DOUBLE,
                          KIND_BINARY, KIND_LIST, KIND_SET, KIND_MAP, KIND_STRUCT } ThriftKind;

typedef struct ThriftReader {
    const char *at, *end;
    bool bad;              // it is not what it should be, or cut off; all reads then give 0
} ThriftReader;

typedef struct ThriftMember {
    int id;                // 0 before the first one
    ThriftKind type;
} ThriftMember;

// The next field of a struct; false at its end. A field that is not read must be skipped.
bool read_thrift_field(ThriftReader *t, ThriftMember *field);
void read_thrift_skip(ThriftReader *t, ThriftKind type);
int64_t read_thrift_int(ThriftReader *t);
uint64_t read_thrift_varint(ThriftReader *t);
Str read_thrift_binary(ThriftReader *t);
size_t read_thrift_list(ThriftReader *t, ThriftKind *type);  // how many elements; not more than there are bytes

// ---- the file -----------------------------------------------------------------------------------

typedef enum ParquetType { PARQUET_BOOLEAN, PARQUET_INT32, PARQUET_INT64, PARQUET_INT96, PARQUET_FLOAT, PARQUET_DOUBLE,
                           PARQUET_BYTE_ARRAY, PARQUET_FIXED } ParquetType;

typedef struct ParquetLeaf {
    Str path;              // names joined by dots: "messages.list.element.content"
    Str name, top;         // the last of them, and the first
    const Str *names;      // all of them
    size_t n_names;
    ParquetType type;
    uint32_t width;        // bytes of a value of PARQUET_FIXED
    unsigned max_def, max_rep;
} ParquetLeaf;

typedef struct ParquetChunk {  // a leaf's pages of one row group
    int codec;
    int64_t values, from, size;  // entries; where its first page is, and the bytes of all
} ParquetChunk;

typedef struct ParquetGroup {
    int64_t rows;
    ParquetChunk *chunks;  // one a leaf
} ParquetGroup;

typedef struct ParquetMeta {
    ParquetLeaf *leaves;
    size_t n_leaves;
    ParquetGroup *groups;
    size_t n_groups;
    int64_t rows;
    Str schema;            // the list of its elements as in the file, for whoever writes it again
    Str key_values;        // likewise; absent: none
    int64_t version;
} ParquetMeta;

// Reads the footer of the open file into the arena.
bool parquet_meta_read(int fd, const char *path, Arena *a, ParquetMeta *out, Error *e);

bool parquet_fault(Error *e, const char *path, const char *what);  // false

#endif
