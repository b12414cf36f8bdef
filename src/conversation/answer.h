// SPDX-License-Identifier: Apache-2.0
//
// From the bytes a model answered to a Conversation, by "The answer of the model" in
// project-folder.md. Every form named there is read, and no other; what is set aside (reasoning,
// code fences, prose around the JSON) never becomes part of a turn.
//
//   answer.c        what is set aside, which form it is, what a cut-off answer is worth
//   answer_json.c   arrays and objects, read with repair.h
//   answer_lines.c  `Name: text` lines
//
// Time and memory are linear in the answer, whatever its bytes are.
#ifndef CONFAB_CONVERSATION_ANSWER_H
#define CONFAB_CONVERSATION_ANSWER_H

#include "conversation/finding.h"
#include "conversation/form.h"

// Reads an answer to a form. `exchanges` is the number that was asked for; `cut` says that the API
// reports the answer as ended by its token limit (an answer that visibly ends in the middle of a
// turn counts as cut as well). Of a cut-off answer only the asked exchanges are kept, and only if
// they are complete and no label is missing.
// False with a finding: unreadable, refused, cut, empty, participant. The texts of *out are slices
// of `text`, of the form (labels' values) and of the arena.
bool answer_read(Str text, const Form *form, unsigned exchanges, bool cut, Arena *a, Conversation *out, Finding *why);

#endif
