// SPDX-License-Identifier: Apache-2.0
//
// The records of a Parquet file: of each row what record_text.h takes of a record. The text is a column of
// strings, a list of strings, or a list of structs with a role and a text; a string that holds JSON is
// read as such.
#ifndef CONFAB_DEDUP_PARQUET_TEXT_H
#define CONFAB_DEDUP_PARQUET_TEXT_H

#include "dedup/parquet_meta.h"
#include "dedup/record_text.h"

typedef struct ParquetText ParquetText;

// `path` must stay valid. `field`: as for records_open.
bool parquet_text_open(const char *path, Str field, ParquetText **out, Error *e);
void parquet_text_close(ParquetText *p);  // NULL is fine
bool parquet_text_next(ParquetText *p, RecordText *out, Error *e);  // false at the end, or with e->kind set
void parquet_text_rewind(ParquetText *p);

int parquet_text_file(const ParquetText *p);
const ParquetMeta *parquet_text_meta(const ParquetText *p);

#endif
