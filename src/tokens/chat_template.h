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
    bool keeps_system;    // but not around a system message
    bool drops_thinking;  // of an earlier answer only what follows </think>
    bool exact;           // the whole count is the server's prompt_tokens
    unsigned more;        // tokens that the server puts before everything
} ChatTemplate;

// NULL where none is known of this name: each message is then counted with 4 tokens more.
const ChatTemplate *chat_template_of(Str name);
size_t chat_template_names(const Str **out);

// A request that sends no schema counts exactly so.
bool chat_is_exact(Str name);

// What a server may count more than chat_count does with the right vocabulary where that is not exact.
enum { CHAT_SLACK = 64, CHAT_SLACK_MESSAGE = 8 };

// Whether it puts marks around texts; those of OpenAI's rule have none to show.
bool chat_has_marks(const ChatTemplate *t);
// The prompt that a template with marks makes of messages, added to *out.
void chat_render(const ChatTemplate *t, const ChatMessage *messages, size_t n, Buf *out);
// A rendered prompt's tokens: marks are tokens of their own, also where the same in a text would be text.
uint64_t chat_count_prompt(Counter *c, Str prompt);

// `t` NULL: none is known. `scratch` is emptied and used.
uint64_t chat_count_by(Counter *c, const ChatTemplate *t, const ChatMessage *messages, size_t n, Buf *scratch);
uint64_t chat_count(Counter *c, Str name, const ChatMessage *messages, size_t n, Buf *scratch);

#endif
