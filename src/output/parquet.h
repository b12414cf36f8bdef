// SPDX-License-Identifier: Apache-2.0
//
// Writing Parquet (parquet-format 2.10: "File format", Encodings.md, LogicalTypes.md) for columns of text, whole numbers,
// reals and truth values, also in structs and lists. Values are PLAIN, levels RLE, pages of version 1 compressed with Zstandard, each column chunk
// with the count of its nulls and its least and greatest value. A row group is written once its values pass
// PARQUET_GROUP bytes; until then its compressed pages are held, so memory does not grow with rows.
//
// A schema is a list of nodes, depth first. A row is given leaf by leaf: for each leaf every value it has in
// the row, with its levels (Dremel's repetition and definition levels; Melnik and others 2010), then
// parquet_row.
#ifndef CONFAB_OUTPUT_PARQUET_H
#define CONFAB_OUTPUT_PARQUET_H

#include "base/arena.h"
#include "output/sink.h"

typedef enum ParquetKind { PARQUET_GROUP_NODE, PARQUET_LIST, PARQUET_TEXT, PARQUET_FLAG, PARQUET_WHOLE, PARQUET_REAL } ParquetKind;
typedef enum ParquetRepetition { PARQUET_REQUIRED, PARQUET_OPTIONAL, PARQUET_REPEATED } ParquetRepetition;

typedef struct ParquetNode {
    Str name;
    ParquetKind kind;
    ParquetRepetition repetition;
    size_t n_children;      // of the root and of groups and lists; they follow
} ParquetNode;

enum {
    PARQUET_GROUP = 32 << 20,  // bytes of values in a row group: large enough to compress, small enough to hold
    PARQUET_PAGE = 1 << 20,    // the size the format's own documents advise
    PARQUET_DEPTH = 8,
};

typedef struct Parquet Parquet;

// nodes[0] is the root. The names must outlive the writer. Writes the magic bytes to `sink`.
bool parquet_open(Parquet **out, Sink *sink, const ParquetNode *nodes, size_t n, Error *e);
size_t parquet_leaves(const Parquet *p);

// A value of the row that is open. An absent text is a null (or an empty list): `definition` below the leaf's
// highest. The text is copied.
void parquet_text(Parquet *p, size_t leaf, unsigned repetition, unsigned definition, Str text);
void parquet_null(Parquet *p, size_t leaf, unsigned repetition, unsigned definition);
void parquet_flag(Parquet *p, size_t leaf, unsigned repetition, unsigned definition, bool value);
void parquet_whole(Parquet *p, size_t leaf, unsigned repetition, unsigned definition, int64_t value);
void parquet_real(Parquet *p, size_t leaf, unsigned repetition, unsigned definition, double value);
bool parquet_row(Parquet *p, Error *e);     // ends the row
// The last group and the footer. `metadata`: pairs of key and value.
bool parquet_close(Parquet *p, const Str *metadata, size_t n_pairs, Error *e);
void parquet_free(Parquet *p);              // NULL is allowed

#endif
