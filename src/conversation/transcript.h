// SPDX-License-Identifier: Apache-2.0
//
// examples.txt: handwritten conversations as `Name: text` lines. Blocks are separated by a line
// `---`, or by blank lines where no such line exists. Only a participant's name opens a turn; any
// other line continues it. A first line `[topic=billing mood="very angry"]` gives values, a bracket behind a
// name, `Customer [intent=ask]: text`, that turn's asked labels.
#ifndef CONFAB_CONVERSATION_TRANSCRIPT_H
#define CONFAB_CONVERSATION_TRANSCRIPT_H

#include "base/error.h"
#include "conversation/check.h"

typedef struct TranscriptValue {
    Str name, value;
    size_t offset;  // of the name, in the file
} TranscriptValue;

typedef struct Transcript {
    Str text;                 // the block, without separators and outer blank lines
    size_t offset;            // of the block in the file
    unsigned line;            // from 1
    TranscriptValue *values;  // of the bracketed line, in its order, names distinct
    size_t n_values;
    Conversation conversation;  // asked labels filled from `values` where they name one
} Transcript;

typedef struct Transcripts {
    Transcript *items;
    size_t n;
    bool ruled;  // separated by `---`
} Transcripts;

// Reads the whole file and checks every block against the form (context may be NULL: the form's
// rules alone). Each fault becomes an error in *problems (code "example", at its line); blocks with
// a fault are not in *out. Everything lives in the arena or is a slice of `text`.
// Returns whether there was no fault.
bool transcripts_read(Str text, Str file, const Form *form, const CheckContext *context, Arena *a, Transcripts *out,
                      Problems *problems);

#endif
