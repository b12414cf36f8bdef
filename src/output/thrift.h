// SPDX-License-Identifier: Apache-2.0
//
// Writing Apache Thrift's compact protocol (thrift-compact-protocol.md of the Thrift project), as far as Parquet's
// footers and page headers need it: structs, lists, numbers, binaries, booleans. Fields are written in
// ascending order of their ids.
#ifndef CONFAB_OUTPUT_THRIFT_H
#define CONFAB_OUTPUT_THRIFT_H

#include "base/buf.h"

enum { THRIFT_DEPTH = 16 };  // structs inside each other; Parquet's deepest is 6

typedef enum ThriftType { THRIFT_I32 = 5, THRIFT_BINARY = 8, THRIFT_STRUCT = 12 } ThriftType;  // of list items

typedef struct Thrift {
    Buf *out;
    int last[THRIFT_DEPTH];  // the last field id of each open struct
    int depth;
} Thrift;                    // {.out = buf} is a struct that is open

void thrift_varint(Buf *out, uint64_t n);
void thrift_i32(Thrift *t, int field, int32_t n);
void thrift_i64(Thrift *t, int field, int64_t n);
void thrift_bool(Thrift *t, int field, bool value);
void thrift_binary(Thrift *t, int field, Str s);
void thrift_begin(Thrift *t, int field);           // a struct in a field
void thrift_end(Thrift *t);                        // of a struct; the outermost too
void thrift_list(Thrift *t, int field, ThriftType type, size_t n);
void thrift_item_begin(Thrift *t);                 // a struct in a list; thrift_end closes it
void thrift_item_i32(Thrift *t, int32_t n);
void thrift_item_binary(Thrift *t, Str s);

#endif
