// SPDX-License-Identifier: Apache-2.0
//
// The text of {output_format}: what to answer, in words and as a sketch of the shape. The sketch is
// no valid JSON and says `string` where text goes, so that a copy of it never passes for a
// conversation.
#ifndef CONFAB_CONVERSATION_INSTRUCTIONS_H
#define CONFAB_CONVERSATION_INSTRUCTIONS_H

#include "conversation/form.h"

Str form_instructions(const Form *form, unsigned exchanges, Arena *a);

// "Customer and Agent", "Ann, Ben and Cem": the value of {participants}.
Str form_participants(const Form *form, Arena *a);

#endif
