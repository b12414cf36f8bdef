// SPDX-License-Identifier: Apache-2.0
//
// What a llama.cpp server tells about itself: how much a slot of it holds, and how its chat template, which its
// owner may have chosen, turns messages into a prompt. Other servers answer 404, and are not asked again.
//
// Source: the README of llama.cpp's server (/props, /apply-template, /tokenize).
#ifndef CONFAB_LLM_SERVER_PROPS_H
#define CONFAB_LLM_SERVER_PROPS_H

#include "llm/chat.h"
#include "llm/transport.h"

typedef struct ServerProps {
    bool told;        // it is such a server
    int64_t context;  // tokens of prompt and answer; 0: not told
} ServerProps;

// Only a server at home is worth asking: a private host that is no known API.
bool server_may_tell(const Endpoint *endpoint);

// For all three nothing else is in flight. False: no answer, or another one than such a server gives.
bool server_props(Transport *t, const Endpoint *endpoint, ServerProps *out);
bool server_render(Transport *t, const Endpoint *endpoint, const ChatMessage *messages, size_t n, Arena *a, Str *prompt);
bool server_count_prompt(Transport *t, const Endpoint *endpoint, Str prompt, uint64_t *tokens);

#endif
