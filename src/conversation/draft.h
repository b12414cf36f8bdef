// SPDX-License-Identifier: Apache-2.0
//
// A conversation while it is read: turns are added one by one, labels are filled where they are
// still missing. Everything lives in the draft's arena or is a slice of the answer.
#ifndef CONFAB_CONVERSATION_DRAFT_H
#define CONFAB_CONVERSATION_DRAFT_H

#include "conversation/finding.h"
#include "conversation/form.h"

typedef struct Draft {
    const Form *form;
    Arena *arena;
    Turn *turns;
    size_t n_turns, cap;
    Str *labels;      // n_labels, absent where not yet given
    bool cut;         // the text ends inside the conversation
    bool last_open;   // the last turn is not complete
    bool guessed;     // a turn did not say who speaks
} Draft;

Draft draft_new(const Form *form, Arena *a);
Turn *draft_turn(Draft *draft, unsigned participant, Str text);
// Who speaks next where nobody is named: in turn, from `first`.
unsigned draft_next(const Draft *draft);
bool draft_lacks_label(const Draft *draft);

// Fills a label by its name in the answer; true if it is one that is asked for. A value that is not
// offered is kept as it is, for the check to name it. The first value given stays.
bool draft_label(Draft *draft, Str name, Str value);
bool draft_turn_label(Draft *draft, Turn *turn, Str name, Str value);

// The text behind "Name:" where a participant's name opens the line; *speaker is NOBODY if none does.
Str line_speaker(const Form *form, Str line, int *speaker);

#endif
