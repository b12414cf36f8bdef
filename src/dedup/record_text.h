// SPDX-License-Identifier: Apache-2.0
//
// What of a record is compared: the texts of its turns, a line break between them. A turn that is the
// system's says nothing about the conversation and is left out.
//
// A record is an object with one of (in this order) the field that was named, `messages`,
// `conversation`, `conversations`, `dialogue`, `turns`, `text`; or itself a string or an array of turns.
// Such a field is a string, or an array of strings and objects; of an object the text is in `content`,
// `value`, `text`, `message` or `utterance`, or else all its strings are, and the speaker's role in
// `role` or `from`. `content` may be an array of parts.
#ifndef CONFAB_DEDUP_RECORD_TEXT_H
#define CONFAB_DEDUP_RECORD_TEXT_H

#include "dedup/json_scan.h"

typedef struct RecordText {
    Buf text;
    bool found;          // there was a conversation
    bool handwritten;    // "source": "handwritten"
    bool scored;         // it has a number as `score`, `quality` or `rating`
    double score;
} RecordText;

// The field that holds the text, of those that a record has: the rank of a name, 0 the best, STR_NONE none.
// Where one is named only that counts.
size_t record_text_rank(Str name, Str field);
bool record_text_is_score(Str name);
bool record_text_is_text(Str name);   // of a turn: "content", "value", …
bool record_text_is_role(Str name);   // "role", "from"
bool record_text_is_system(Str role);

// How often a text shows that it is none of the best: a turn that comes again, an end in the middle of a
// sentence, a placeholder left over.
unsigned record_text_faults(Str text);

// Reads the value at the cursor and moves behind it. False: it is not JSON (or cut off). `field` may
// be absent.
bool record_text_read(JsonScan *s, Str field, RecordText *out);

#endif
