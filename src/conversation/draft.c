// SPDX-License-Identifier: Apache-2.0
#include "conversation/draft.h"

#include "conversation/names.h"

Draft draft_new(const Form *form, Arena *a)
{
    return (Draft){.form = form, .arena = a, .labels = arena_new(a, Str, form->n_labels)};
}

Turn *draft_turn(Draft *draft, unsigned participant, Str text)
{
    draft->turns = arena_grow(draft->arena, draft->turns, draft->n_turns, &draft->cap, sizeof *draft->turns);
    Turn *turn = &draft->turns[draft->n_turns++];
    *turn = (Turn){.participant = participant, .text = str_trim(text)};
    if (draft->form->n_turn_labels) turn->labels = arena_new(draft->arena, Str, draft->form->n_turn_labels);
    return turn;
}

unsigned draft_next(const Draft *draft)
{
    if (draft->n_turns == 0) return draft->form->first == ANYONE ? 0 : (unsigned)draft->form->first;
    return (draft->turns[draft->n_turns - 1].participant + 1) % (unsigned)draft->form->n_participants;
}

bool draft_lacks_label(const Draft *draft)
{
    for (size_t i = 0; i < draft->form->n_labels; i++)
        if (!draft->labels[i].ptr) return true;
    return false;
}

static void fill(Str *slot, const AskedLabel *label, Str value)
{
    if (slot->ptr) return;
    value = str_trim(value);
    Str offered = label_value(label, value);
    *slot = offered.ptr ? offered : value.ptr ? value : S("");
}

bool draft_label(Draft *draft, Str name, Str value)
{
    int i = label_find(draft->form->labels, draft->form->n_labels, name);
    if (i == NOBODY) return false;
    fill(&draft->labels[i], &draft->form->labels[i], value);
    return true;
}

bool draft_turn_label(Draft *draft, Turn *turn, Str name, Str value)
{
    int i = label_find(draft->form->turn_labels, draft->form->n_turn_labels, name);
    if (i == NOBODY) return false;
    const AskedLabel *label = &draft->form->turn_labels[i];
    if (turn && label_is_of(label, turn->participant)) fill(&turn->labels[i], label, value);
    return true;
}

Str line_speaker(const Form *form, Str line, int *speaker)
{
    size_t colon = str_find_char(line, ':');
    *speaker = colon == STR_NONE ? NOBODY : form_participant(form, str_trim(str_slice(line, 0, colon)));
    return *speaker == NOBODY ? line : str_slice(line, colon + 1, line.len);
}
