// SPDX-License-Identifier: Apache-2.0
//
// What a conversation must be (Form) and what one is (Conversation): plain values that the project
// folder fills, the model is asked with, its answer is checked against, and records are made of.
//
// An exchange is one round of the participants: a conversation of t turns among p participants
// has ceil(t / p) exchanges.
#ifndef CONFAB_CONVERSATION_FORM_H
#define CONFAB_CONVERSATION_FORM_H

#include "base/arena.h"
#include "base/str.h"

typedef struct Participant {
    Str name;
    Str role;  // user, assistant, or what the project says
} Participant;

// A label that is asked of the model together with the conversation.
typedef struct AskedLabel {
    Str name;
    const Str *of;     // the values it may have; at least one
    size_t n_of;
    Str about;         // what it means, for the model; may be absent
    int participant;   // of a turn label: only this one's turns have it; -1: everyone's
} AskedLabel;

enum { ANYONE = -1 };

typedef struct Form {
    const Participant *participants;  // two or more, names distinct ignoring case
    size_t n_participants;
    int first, last;                  // who speaks first and last; ANYONE
    bool alternate;                   // nobody speaks twice in a row
    unsigned max_exchanges;           // the run's limit, at least 1
    const AskedLabel *labels;         // of the conversation
    size_t n_labels;
    const AskedLabel *turn_labels;    // of each turn
    size_t n_turn_labels;
} Form;

typedef struct Turn {
    unsigned participant;  // index into the form's
    Str text;              // trimmed, valid UTF-8
    Str *labels;           // n_turn_labels values; absent where the turn has none
} Turn;

typedef struct Conversation {
    Turn *turns;
    size_t n_turns;
    Str *labels;           // n_labels values; absent where not given
} Conversation;

static inline unsigned form_exchanges(const Form *form, size_t turns)
{
    return (unsigned)((turns + form->n_participants - 1) / form->n_participants);
}

#endif
