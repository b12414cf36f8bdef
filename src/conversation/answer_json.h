// SPDX-License-Identifier: Apache-2.0
//
// Answers in JSON: an array, or an object that holds one and the labels.
#ifndef CONFAB_CONVERSATION_ANSWER_JSON_H
#define CONFAB_CONVERSATION_ANSWER_JSON_H

#include "conversation/draft.h"
#include "conversation/repair.h"

// Adds the turns and labels of the values to the draft. False with a finding where they are no
// conversation: unreadable, participant, empty.
bool json_conversation(const LooseText *json, Draft *draft, Finding *why);

#endif
