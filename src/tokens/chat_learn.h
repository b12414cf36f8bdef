// SPDX-License-Identifier: Apache-2.0
//
// Which chat template does a server use? Its owner may have given it another than the model's usual one. Where
// the server shows what it makes of messages, a few of ours tell: the usual template is held against them, then
// every other that is known, and where none fits the marks between the texts are taken as they come. What is found
// must then give other messages' prompts letter for letter, and count as many tokens as the server does.
#ifndef CONFAB_TOKENS_CHAT_LEARN_H
#define CONFAB_TOKENS_CHAT_LEARN_H

#include "tokens/chat_template.h"

// The server, which a test replaces. False: it does not answer.
typedef struct ChatOracle {
    bool (*render)(void *self, const ChatMessage *messages, size_t n, Arena *a, Str *prompt);
    bool (*count)(void *self, Str prompt, uint64_t *tokens);
    void *self;
} ChatOracle;

// `usual` may be absent. *out has its texts in the arena. False: no template gives what the server makes, or `c`
// counts otherwise than it: nothing is exact then.
bool chat_learn(const ChatOracle *oracle, Str usual, Counter *c, Arena *a, ChatTemplate *out);

#endif
