// SPDX-License-Identifier: Apache-2.0
//
// One kept conversation as every export format sees it: the same keys whatever the project's own
// record looks like. Read from a journal's row without copying: all texts are slices of the row, raw
// JSON (json_slice.h), and live as long as it.
#ifndef CONFAB_OUTPUT_EXPORT_ROW_H
#define CONFAB_OUTPUT_EXPORT_ROW_H

#include "base/json_slice.h"
#include "journal/journal.h"

typedef struct ExportMessage {
    Str role;         // raw: "\"user\""
    Str name;         // raw; null for the system message
    Str content;      // raw
    Str turn;         // raw: all of it; the turn's labels stand behind its text,
    size_t labels_at; // here
} ExportMessage;

// What a column of labels holds. EXPORT_NULL: nothing but null so far.
typedef enum ExportType { EXPORT_NULL, EXPORT_FLAG, EXPORT_WHOLE, EXPORT_REAL, EXPORT_TEXT } ExportType;
ExportType export_type_of(Str raw);                        // whole numbers beyond 64 bits are text
ExportType export_type_join(ExportType a, ExportType b);   // of a column that has both

typedef struct ExportRejected {
    Str text;         // the model's answer as it came
    Str reason;       // plain
} ExportRejected;

typedef struct ExportRow {
    uint64_t iteration;
    bool handwritten;
    Str split;        // plain text
    Str record, csv;  // as the dataset has them
    // Raw JSON; absent where the row does not say.
    Str id, run, index, attempt, source, partition, topic, document, template, model, seed;
    Str labels, parameters, chunks;   // objects, and an array
    Str drawn;        // the whole row of the journal
    ExportMessage *messages;  // the system message first, where there is one
    size_t n;
    bool has_system;
    // Only for the format dpo, put there by whoever has them; plain text but for `prompt`.
    Str prompt;       // raw: [{"role","content"}]
    Str chosen;
    const ExportRejected *rejected;
    size_t n_rejected;
} ExportRow;

typedef struct ExportReader {
    ExportMessage *messages;  // used again for the next row
    size_t cap;
} ExportReader;               // {0} is ready

void export_read(ExportReader *r, const KeptItem *item, ExportRow *out);
void export_reader_free(ExportReader *r);

// What chat templates know: user, assistant, system or tool. Any other role is "user".
Str export_role(Str raw);

// A dialogue of user and assistant in turns, for formats that know nothing else: turns of one role in a
// row are joined by a blank line, an opening turn of the assistant and a closing one of the user are
// left out, since nobody could learn from them. False when nothing is left.
typedef struct ExportPairs {
    Str system;       // plain text; absent: none
    Str *texts;       // plain; user and assistant by turns, even in number
    size_t n;
    bool trimmed;     // a turn was left out
} ExportPairs;
bool export_pairs(const ExportRow *row, Arena *a, ExportPairs *out);

#endif
