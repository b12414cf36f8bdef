// SPDX-License-Identifier: Apache-2.0
//
// Goes over the records of a file, one at a time, with the bytes each is made of, so that a record can
// be written again exactly as it was. Formats:
//
//   JSON    an array of records
//   JSONL   a record a line (.jsonl, .ndjson, or a file that begins with an object)
//   CSV     RFC 4180 with a header row; the text is in the named column, or in `conversation`,
//           `messages`, `text` (.csv, or .tsv with tabs). With columns for a conversation (`id`,
//           `conversation_id`, `dialogue_id`), a turn (`turn`, `turn_number`, …) and its text, each row
//           is a turn, and the rows of one conversation that follow each other are one record
//   Parquet a record a row (parquet_text.h); what is kept is written by parquet_rewrite.h
//
// A file is read in pieces; memory grows to the largest record, at most RECORD_MAX.
#ifndef CONFAB_DEDUP_RECORDS_H
#define CONFAB_DEDUP_RECORDS_H

#include "base/error.h"
#include "dedup/record_text.h"

enum { RECORD_MAX = 256 << 20 };  // bytes; a longer one is a file of another kind

typedef enum RecordFormat { RECORDS_JSON, RECORDS_JSONL, RECORDS_CSV, RECORDS_PARQUET } RecordFormat;

typedef struct Record {
    uint64_t row;        // from 0
    uint64_t offset;     // of `bytes` in the file; for records_at
    Str before;          // between the record before and this one (behind the file's head for the first)
    Str bytes;           // as in the file; JSONL and CSV with their line break. Of Parquet: the text
    Str text;            // what is compared
    bool handwritten;
    bool scored;         // has a score of its own
    double score;
} Record;                // valid until the next call

typedef struct RecordReader RecordReader;

// `path` must stay valid. `field`: name of the field or column; absent: the usual ones.
bool records_open(const char *path, Str field, RecordReader **out, Error *e);
void records_close(RecordReader *r);  // NULL is fine
bool records_next(RecordReader *r, Record *out, Error *e);  // false at the end, or with e->kind set
void records_rewind(RecordReader *r);
// Before the first record, where records_at will be called: of a Parquet file the texts are then put into
// an unnamed file in `folder` (NULL: $TMPDIR or /tmp).
void records_spool(RecordReader *r, const char *folder);
// One record again, by its offset and length. `row` and `before` are not filled.
bool records_at(RecordReader *r, uint64_t offset, size_t len, Record *out, Error *e);

struct ParquetText;
const struct ParquetText *records_parquet(const RecordReader *r);  // NULL: another format
RecordFormat records_format(const RecordReader *r);
Str records_head(const RecordReader *r);  // what comes before all records: "[", the header row
Str records_tail(const RecordReader *r);  // what comes after them; once records_next has ended

#endif
