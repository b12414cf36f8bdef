// SPDX-License-Identifier: Apache-2.0
//
// What `confab chunks` shows: a row a document with its strategy, its chunks and a picture of their lengths,
// what is wrong with it below, and a picture of the lengths of all chunks. Pure: from the knowledge and its
// problems to text.
#ifndef CONFAB_CLI_CHUNK_TABLE_H
#define CONFAB_CLI_CHUNK_TABLE_H

#include "base/buf.h"
#include "knowledge/knowledge.h"

typedef struct ChunkTable {
    const Knowledge *knowledge;
    const Problems *problems;   // those of files in knowledge/ stand below their rows
    unsigned width;             // columns; 0: no bound (not a terminal), and no picture in the rows
    bool unicode;
} ChunkTable;

// Whether a problem stands in the table, so that nobody has to say it again.
bool chunk_table_has(const Error *problem);

// The whole table, ready for print_safe.
void chunk_table_render(const ChunkTable *t, Buf *out);

// Its rows as JSON, an array: {"document","strategy","maximum","unit","overlap","chunks","words","min","median","max",
// "warnings":[]}; a file that could not be read has "chunks" 0 and null where nothing is known.
void chunk_table_json(const ChunkTable *t, Buf *out);

#endif
