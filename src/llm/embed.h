// SPDX-License-Identifier: Apache-2.0
//
// Texts as vectors (embeddings): where they are asked for, how the request is written and the reply
// read. Pure; embedder.h sends, and so does the run's engine.
//
// An endpoint of embeddings is an Endpoint like any other, with adapter_embeddings. judge.h judges its
// replies; the text of one that is ANSWERED is the list of vectors, which embed_read reads.
#ifndef CONFAB_LLM_EMBED_H
#define CONFAB_LLM_EMBED_H

#include "base/buf.h"
#include "llm/judge.h"

enum {
    EMBED_TEXT_MAX = 24 << 10,   // bytes of a text that are sent: about 8,000 tokens, what today's models read
    EMBED_HALVINGS = 7,          // of a text that the model says is too long: down to 192 bytes
    EMBED_DIMENSIONS = 16384,    // of a vector; more is a mistake
};

// `url` as for endpoint_resolve, also that of the chat. Errors as there.
bool embed_endpoint(Str url, Str key, Str model, Arena *a, Endpoint *out, Error *e);

// The embeddings that lie beside a chat endpoint; `model` may be absent. False with an error (kind
// ERROR_USAGE) where the API is known to have none.
bool embed_endpoint_beside(const Endpoint *chat, Str model, Arena *a, Endpoint *out, Error *e);

// What of a text is sent: its first EMBED_TEXT_MAX bytes, halved so many times.
Str embed_cut(Str text, unsigned halvings);

// Appends the body. False when its ceiling was reached.
bool embed_write(const Endpoint *endpoint, const Str *texts, size_t n, Buf *body);

// Reads the list of a reply to n texts: n vectors one behind the other, in the order of the texts, in the
// arena. *dimensions: how many there must be; 0: any number, which it then is. NULL with an error
// (code "embedding").
float *embed_read(Str list, size_t n, size_t *dimensions, Arena *a, Error *e);

// Whether a judgement says that the text was longer than the model reads.
bool embed_is_too_long(const Judgement *j);

// The most tokens a text can have.
static inline int64_t embed_tokens_most(Str text) { return (int64_t)text.len + 8; }

// An error about embeddings, whoever it comes from, with a hint that names their settings.
void embed_explain(Error *e);

#endif
