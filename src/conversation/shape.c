// SPDX-License-Identifier: Apache-2.0
#include "conversation/shape.h"

#include "conversation/names.h"

// The first of three names that no label has.
static Str free_name(const Str names[3], const AskedLabel *labels, size_t n)
{
    size_t i = 0;
    while (i < 2 && label_find(labels, n, names[i]) != NOBODY) i++;
    return names[i];
}

AnswerShape form_shape(const Form *form)
{
    static const Str list[3] = {S_INIT("conversation"), S_INIT("turns"), S_INIT("messages")};
    static const Str speaker[3] = {S_INIT("speaker"), S_INIT("participant"), S_INIT("name")};
    static const Str text[3] = {S_INIT("text"), S_INIT("content"), S_INIT("message")};
    return (AnswerShape){
        .exchanges = form->alternate && form->first == 0 && form->last == 1 && form->n_participants == 2 && form->n_turn_labels == 0,
        .list = free_name(list, form->labels, form->n_labels),
        .speaker = free_name(speaker, form->turn_labels, form->n_turn_labels),
        .text = free_name(text, form->turn_labels, form->n_turn_labels),
    };
}

TurnRange form_turns(const Form *form, unsigned exchanges)
{
    size_t p = form->n_participants, e = exchanges ? exchanges : 1;
    TurnRange range = {.min = (e - 1) * p + 1, .max = e * p};
    // Two who take strict turns: who speaks first and last settles whether their number is even.
    if (p == 2 && form->alternate && form->first != ANYONE && form->last != ANYONE)
        range.min = range.max = form->first == form->last ? range.min : range.max;
    return range;
}
