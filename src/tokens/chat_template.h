// SPDX-License-Identifier: Apache-2.0
//
// What a whole request counts: the texts of its messages and the marks that a model's chat template
// puts around them, by family. Where the server adds what no client can know (a date, a schema as
// text), the sum is not exact, and chat_is_exact says so.
//
// Sources: the `chat_template` of each family's tokenizer_config.json; for OpenAI's models the
// counting rule of its cookbook ("How to count tokens with tiktoken").
#ifndef CONFAB_TOKENS_CHAT_TEMPLATE_H
#define CONFAB_TOKENS_CHAT_TEMPLATE_H

#include "llm/chat.h"
#include "tokens/counter.h"

typedef struct ChatTemplate {
    Str tokenizer;        // the family
    Str begin;            // before everything
    Str system;           // put in where the first message is no system message; absent: none
    Str before_role, after_role, after_content;
    Str assistant;        // what the role is called; absent: assistant
    Str prompt;           // behind everything: the answer begins
    bool trims;           // white space around contents is dropped
    bool no_system;       // a system message stands at the head of the first user message
    bool exact;           // the whole count is the server's prompt_tokens
} ChatTemplate;

// The family's template; NULL where none is known: each message is then counted with 4 tokens more.
const ChatTemplate *chat_template_of(Str tokenizer);

// A request that sends no schema counts exactly so.
bool chat_is_exact(Str tokenizer);

// `scratch` is emptied and used.
uint64_t chat_count(Counter *c, Str tokenizer, const ChatMessage *messages, size_t n, Buf *scratch);

#endif
