// SPDX-License-Identifier: Apache-2.0
//
// The JSON that the model is asked for, decided in one place: the schema demands it, the
// instructions describe it, and examples are shown in it.
//
//   exchanges  {"conversation":[{"Customer":"…","Agent":"…"}, …], "mood":"…"}
//   turns      {"conversation":[{"speaker":"Customer","text":"…","intent":"…"}, …], "mood":"…"}
//
// Exchanges give alternation for free, but only fit two participants who take strict turns from
// the first to the last and whose turns have no labels.
#ifndef CONFAB_CONVERSATION_SHAPE_H
#define CONFAB_CONVERSATION_SHAPE_H

#include "conversation/form.h"

typedef struct AnswerShape {
    bool exchanges;
    Str list;              // key of the array: "conversation", unless a label has that name
    Str speaker, text;     // keys of a turn likewise
} AnswerShape;

AnswerShape form_shape(const Form *form);

typedef struct TurnRange {
    size_t min, max;
} TurnRange;

// How many turns a conversation of so many exchanges may have under the form's rules.
TurnRange form_turns(const Form *form, unsigned exchanges);

#endif
