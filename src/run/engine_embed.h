// SPDX-License-Identifier: Apache-2.0
//
// An answer on its way to be compared by meaning: once its words are found to be new, its embedding is
// asked for, and it is assessed again when that has come. Nobody waits for it meanwhile. Without it
// nothing is decided: where no embeddings are to be had any more, the run ends, and what was answered
// is judged when it is resumed. Only the engine's own files include this.
#ifndef CONFAB_RUN_ENGINE_EMBED_H
#define CONFAB_RUN_ENGINE_EMBED_H

#include "run/engine_item.h"

void engine_embed_init(Engine *e, const LimiterConfig *config, Nanos now);
void engine_embed_free(Engine *e);
// What the embedding of an answer of so many tokens may cost at most.
Spending engine_embed_most(const Engine *e, int64_t max_tokens);
// True: the answer waits for its embedding and comes to engine_assess again.
bool engine_embed(Engine *e, Item *item, const ChatReply *reply);
void engine_send_embeddings(Engine *e, Nanos now);
bool engine_is_embedding(const HttpReply *reply);
void engine_take_embedding(Engine *e, HttpReply *reply, Nanos now);
void engine_drop_embeddings(Engine *e);  // nobody waits for them any more

#endif
