// SPDX-License-Identifier: Apache-2.0
//
// A conversation as text.
#ifndef CONFAB_CONVERSATION_RENDER_H
#define CONFAB_CONVERSATION_RENDER_H

#include "conversation/form.h"

// Compact JSON in the shape that the schema asks for (shape.h). Absent labels are left out.
Str conversation_as_answer(const Conversation *conversation, const Form *form, Arena *a);

// `Name: text` lines, without a line break at the end.
Str conversation_transcript(const Conversation *conversation, const Form *form, Arena *a);

// The texts of all turns, a line break between them: what near-duplicates are compared by.
Str conversation_normal_text(const Conversation *conversation, Arena *a);

#endif
