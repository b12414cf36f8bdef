// SPDX-License-Identifier: Apache-2.0
//
// What a whole request counts: the texts of its messages and the marks that a model's chat template
// puts around them. A template is named as the tokenizer that it belongs to, or as the model where models of one
// tokenizer differ (llama3, llama3.1). Where a server adds what no client can know, the sum is not exact, and
// chat_is_exact says so.
//
// Sources: the `chat_template` of each tokenizer_config.json, which bench/chat_counts.py runs for the figures that a
// test holds; for OpenAI's models the counting rule of its cookbook ("How to count tokens with tiktoken"), which holds
// for those up to gpt-4.1; for gpt-oss the harmony format.
#ifndef CONFAB_TOKENS_CHAT_TEMPLATE_H
#define CONFAB_TOKENS_CHAT_TEMPLATE_H

#include "llm/chat.h"
#include "tokens/counter.h"

// Where the system message goes, which only the first message can be.
typedef enum SystemPlace {
    SYSTEM_ITSELF,  // a message like the others
    SYSTEM_FIRST,   // at the head of the first message behind it
    SYSTEM_LAST,    // at the head of the last message
} SystemPlace;

// What stands around a text.
typedef struct ChatMarks {
    Str before, after;
} ChatMarks;

typedef struct ChatTemplate {
    Str name;
    Str begin;            // before everything
    SystemPlace place;
    ChatMarks system, user, assistant;
    Str no_system;        // in the place of a system message where there is none, marks included
    Str prompt;           // behind everything: the answer begins
    bool trims;           // white space around texts is dropped, as Python's strip does
    bool drops_thinking;  // of an earlier answer only what follows </think>
    bool exact;           // the whole count is the server's prompt_tokens
} ChatTemplate;

// NULL where none is known of this name: each message is then counted with 4 tokens more.
const ChatTemplate *chat_template_of(Str name);
size_t chat_template_names(const Str **out);

// A request that sends no schema counts exactly so.
bool chat_is_exact(Str name);

// What a server may count more than chat_count does with the right vocabulary where that is not exact.
enum { CHAT_SLACK = 64, CHAT_SLACK_MESSAGE = 8 };

// `scratch` is emptied and used.
uint64_t chat_count(Counter *c, Str name, const ChatMessage *messages, size_t n, Buf *scratch);

#endif
