// SPDX-License-Identifier: Apache-2.0
//
// What the model "says" to a request: the schema filled, a fixed file, or `Name: text` lines; the
// same request (messages and seed) always gets the same words. One Writer a thread owns all memory
// that an Answer points into; the next answer_make overwrites it.
#ifndef MOCKLLM_ANSWER_H
#define MOCKLLM_ANSWER_H

#include <stdatomic.h>

#include "api.h"
#include "options.h"
#include "schema.h"

typedef struct Writer {
    const Options *options;
    atomic_uint_fast64_t *turn;  // counts answers over all threads, for --fixed in turn
    SchemaCache schemas;
    Buf content;
    char prompt[24], completion[24], total[24];
} Writer;

typedef struct Tokens {
    uint64_t prompt, completion;
} Tokens;

void answer_make(Writer *w, const Ask *ask, Answer *answer, Tokens *tokens);
void writer_free(Writer *w);

// The body of an answer to POST /v1/embeddings; false: *problem says what the body lacks. Texts
// that share words get near vectors (each word adds to a few places, then unit length).
bool embeddings_make(Buf *out, Str body, size_t dimensions, const char **problem);

#endif
