// SPDX-License-Identifier: Apache-2.0
//
// Answers as `Name: text` lines. In front of a name may stand what models decorate it with: list
// signs and numbers, time stamps, Markdown's bold, headings and quotes; behind it a remark in brackets.
#ifndef CONFAB_CONVERSATION_ANSWER_LINES_H
#define CONFAB_CONVERSATION_ANSWER_LINES_H

#include "conversation/draft.h"

// Adds the turns and labels of the lines to the draft. False with a finding: refused when no line
// opens a turn, or participant.
bool lines_conversation(Str text, Draft *draft, Finding *why);

// Whether any line of the text opens a turn.
bool lines_open_turn(Str text, const Form *form);

// Fills labels that the draft lacks from `label: value` lines.
void lines_labels(Str text, Draft *draft);

#endif
