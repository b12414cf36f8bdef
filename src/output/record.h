// SPDX-License-Identifier: Apache-2.0
//
// One kept conversation as a record of the dataset, by output-format.json: a JSON value on one line
// and its CSV rows. A Recorder is compiled once for a project and is immutable after that.
//
// In a record a string that is exactly one placeholder keeps the value's type; in mixed text and in
// CSV null is empty, arrays and objects are compact JSON. A label follows the same rule.
//
// The default CSV has one row a conversation: the record with objects flattened ("labels.mood"),
// arrays as JSON, and a column `conversation` with the transcript, which takes the place of a key
// of that name at the record's top.
#ifndef CONFAB_OUTPUT_RECORD_H
#define CONFAB_OUTPUT_RECORD_H

#include "base/clock.h"
#include "journal/journal.h"
#include "project/project.h"

// What is known of an answer beside the conversation. {0} with `handwritten` for an example.
typedef struct AnswerFacts {
    bool handwritten;         // everything below is null then
    unsigned attempt;         // from 1
    Str finish_reason;        // absent: null
    Str model_reported;       // likewise
    Str prompt_sha256;        // hex
    Nanos wall;               // when the answer came: {time}
    bool usage_known;         // else {usage.…} is null
    int64_t prompt_tokens, completion_tokens;
    bool cost_known;          // else {cost} is null
    Money cost;
} AnswerFacts;

typedef struct RecordColumn RecordColumn;

typedef struct Recorder {
    const Project *project;
    const RecordColumn *columns;
    size_t n_columns;
    Str csv_header;           // the header row with its CRLF
} Recorder;

enum {
    // A record above this is not data but a fault: its answer was far smaller.
    RECORD_MAX = 64 << 20,
};

// In `a`. False when two CSV columns would have one name, or there would be none.
bool recorder_open(const Project *project, Arena *a, Recorder *out, Problems *problems);

// Appends the record to *json and, where `csv` is not NULL, its rows to *csv. `item` gives every
// name of SCOPE_PROMPT. Scratch memory is taken from `a`.
bool record_render(const Recorder *recorder, const ValueSource *item, const Conversation *conversation,
                   const AnswerFacts *facts, Arena *a, Buf *json, Buf *csv, Error *e);

// Appends, as one JSON object, what the default record says beside the messages, and "system" (the
// filled text, or null). The same keys whatever the project's own record is: for exports.
bool record_render_facts(const Recorder *recorder, const ValueSource *item, const Conversation *conversation,
                         const AnswerFacts *facts, Arena *a, Buf *json, Error *e);

#endif
