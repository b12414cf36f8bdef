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
} RecordText;

// Reads the value at the cursor and moves behind it. False: it is not JSON (or cut off). `field` may
// be absent.
bool record_text_read(JsonScan *s, Str field, RecordText *out);

#endif
