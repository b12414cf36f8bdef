// SPDX-License-Identifier: Apache-2.0
//
// What is asked of a model and what it answers, in no API's words: plain values. Slices point
// into the memory of whoever made them (a reply's into the arena it was read into).
#ifndef CONFAB_LLM_CHAT_H
#define CONFAB_LLM_CHAT_H

#include "base/str.h"

typedef struct ChatMessage {
    Str role;     // system, user, assistant
    Str content;
} ChatMessage;

// An inference parameter as drawn: the name as the project spells it, the value as JSON text.
typedef struct ChatParam {
    Str name;
    Str json;
} ChatParam;

typedef struct ChatRequest {
    const ChatMessage *messages;
    size_t n_messages;
    const ChatParam *params;
    size_t n_params;
    Str schema;           // JSON schema as JSON text, or absent
    bool has_seed;        // a parameter "seed" among params wins over it
    uint64_t seed;        // sent as chat_seed(seed), where the API takes one
    unsigned max_tokens;  // bound of the completion; 0: not sent. It replaces the parameters
                          // max_tokens and max_completion_tokens where it is not 0
} ChatRequest;

// The narrowest seed among the APIs is a positive 32-bit integer.
static inline uint64_t chat_seed(uint64_t seed) { return seed & 0x7fffffff; }

typedef struct Usage {
    int64_t prompt, completion;  // tokens
    int64_t cached;              // of the prompt's, read from the server's cache
    bool known;                  // false: the numbers are 0, the caller counts for itself
} Usage;

// No request has more tokens than this; a larger or negative number is a server's mistake.
#define USAGE_MAX INT64_C(100000000)

// Unknown when a number is absurd: negative, above USAGE_MAX, or a prompt of no tokens at all.
// `cached` is only clamped into 0…prompt. -1 for a number that is not given.
Usage usage_from(int64_t prompt, int64_t completion, int64_t cached);

typedef struct ChatReply {
    Str text;            // the answer; may be empty, never absent. Valid UTF-8, NUL may occur
    Str finish_reason;   // as the API says it, at most 64 bytes; absent where it does not
    Str model_reported;  // at most 256 bytes; absent where the API does not say
    Str refusal;         // the API's own words about a refusal; mostly absent
    Usage usage;
    bool cut;            // the answer stopped at a bound of length
    bool refused;        // the API says that the model refused, or a content filter stepped in
} ChatReply;

#endif
