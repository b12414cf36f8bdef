// SPDX-License-Identifier: Apache-2.0
//
// Why an answer was not kept. The names are stable: the journal, `status --json` and the summary
// count by them. The message is one short line for a person; text of the answer in it is cut and
// has no control characters.
#ifndef CONFAB_CONVERSATION_FINDING_H
#define CONFAB_CONVERSATION_FINDING_H

#include "base/str.h"

typedef enum FindingReason {
    FINDING_NONE,
    FINDING_UNREADABLE,    // neither JSON of a known form nor `Name: text` lines
    FINDING_REFUSED,       // the API says so, or text without any turn
    FINDING_CUT,           // ended at its token limit before the asked exchanges were complete
    FINDING_EMPTY,         // no text at all, or JSON without a turn
    FINDING_PARTICIPANT,   // somebody speaks who does not take part
    FINDING_FIRST,         // the wrong one speaks first
    FINDING_LAST,          // the wrong one speaks last
    FINDING_ALTERNATE,     // somebody speaks twice in a row
    FINDING_EXCHANGES,     // more exchanges than the run's limit
    FINDING_EMPTY_TURN,
    FINDING_LABEL,         // an asked label is missing, or has a value that was not offered
    FINDING_PLACEHOLDER,   // {name} left over
    FINDING_PROMPT_LEAK,   // words of the prompt repeated
    FINDING_EXAMPLE_LEAK,  // words of a shown example repeated
    FINDING_DUPLICATE,     // too near one that is already kept
    FINDING_REASONS,       // how many there are
} FindingReason;

typedef struct Finding {
    FindingReason reason;
    size_t turn;  // from 1, that it is about; 0: the conversation
    char message[200];
} Finding;

const char *finding_name(FindingReason reason);           // "prompt_leak"; "none" for no finding
FindingReason finding_from_name(Str name);                // FINDING_NONE for an unknown one

// Fills *why (NULL where nobody asks) and returns false, so that `return finding_set(why, …);` reads as it acts.
bool finding_set(Finding *why, FindingReason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Says which turn it is about; false too, so that `return finding_set(…) || finding_at(why, turn);` does both.
bool finding_at(Finding *why, size_t turn);

#endif
