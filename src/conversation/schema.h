// SPDX-License-Identifier: Apache-2.0
//
// The JSON schema of an answer, for APIs and local servers that hold a model to one. Within what
// strict structured output takes (OpenAI's documentation): the root is an object, every object
// lists all its properties as required and allows no other. Labels stand behind the conversation,
// so that they describe what was written.
#ifndef CONFAB_CONVERSATION_SCHEMA_H
#define CONFAB_CONVERSATION_SCHEMA_H

#include "conversation/form.h"

typedef struct SchemaLimits {
    unsigned min_text, max_text;  // letters of a turn; 0: none (some APIs refuse length limits)
    Str pattern;                  // regular expression of a turn's whole text; absent: any
    bool no_counts;               // leave minItems and maxItems out
} SchemaLimits;

// Compact JSON text. `limits` may be NULL.
Str form_schema(const Form *form, unsigned exchanges, const SchemaLimits *limits, Arena *a);

#endif
