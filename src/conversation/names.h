// SPDX-License-Identifier: Apache-2.0
//
// What a model wrote for a name, matched to what the project calls it. Case and spacing are
// forgiven: letters are compared folded, white space does not count, nor does a "-" or "_" between
// two letters. An exact match comes first; a forgiven one counts only where it is the only one.
#ifndef CONFAB_CONVERSATION_NAMES_H
#define CONFAB_CONVERSATION_NAMES_H

#include "conversation/form.h"

enum { NOBODY = -1 };

bool names_alike(Str a, Str b);

int form_participant(const Form *form, Str name);  // index, or NOBODY
// Likewise, or the only participant whose role this is.
int form_speaker(const Form *form, Str name);

int label_find(const AskedLabel *labels, size_t n, Str name);  // index, or NOBODY
// The value as the project writes it (a slice of label->of), or an absent Str.
Str label_value(const AskedLabel *label, Str value);

// Whether a turn label is one that this participant's turns have.
static inline bool label_is_of(const AskedLabel *label, unsigned participant)
{
    return label->participant == ANYONE || (unsigned)label->participant == participant;
}

#endif
