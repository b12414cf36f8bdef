// SPDX-License-Identifier: Apache-2.0
//
// Judging a conversation, read from an answer or from examples.txt, by "Checked" in
// project-folder.md. The first fault found is the finding; checks run from cheap to dear.
#ifndef CONFAB_CONVERSATION_CHECK_H
#define CONFAB_CONVERSATION_CHECK_H

#include "conversation/finding.h"
#include "conversation/form.h"
#include "conversation/leak.h"

// What one conversation is compared with. Everything may be left out ({0}).
typedef struct CheckContext {
    bool (*is_placeholder)(void *self, Str name);  // whether the project knows {name}
    void *self;
    const LeakIndex *prompts;          // the prompt files' own text, LEAK_WORDS_PROMPT
    const LeakIndex *const *examples;  // of each example that was shown, LEAK_WORDS_EXAMPLE
    size_t n_examples;
    const Str *passages;               // what may be repeated from prompts and examples alike
    size_t n_passages;
    const Str *drawn;                  // other drawn values: may be repeated from the prompts
    size_t n_drawn;
    const Str *asked;                  // the user prompt as sent, without the examples that it shows: may be
    size_t n_asked;                    // repeated although an example has it too
    bool handwritten;                  // asked labels may be missing
} CheckContext;

bool conversation_check(const Conversation *conversation, const Form *form, const CheckContext *context,
                        Arena *scratch, Finding *why);

// The first {name} in `text` that `is_placeholder` knows, without its braces; absent: none.
Str placeholder_left(Str text, bool (*is_placeholder)(void *self, Str name), void *self);

#endif
