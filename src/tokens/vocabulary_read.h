// SPDX-License-Identifier: Apache-2.0
//
// Vocabularies as their makers publish them: .tiktoken (a line a token: its bytes as base64, its rank),
// tokenizer.json of the kind BPE (Hugging Face tokenizers), and the tokenizer inside a GGUF model
// file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). What a file asks for and this
// program does not know is an error, never a guess.
#ifndef CONFAB_TOKENS_VOCABULARY_READ_H
#define CONFAB_TOKENS_VOCABULARY_READ_H

#include "tokens/vocabulary_source.h"

typedef struct SpecialToken {
    const char *text;
    uint32_t id;
} SpecialToken;

// Everything goes into the source's arena. `shown` is the file's name for errors.
bool read_tiktoken(Str text, Str shown, const SpecialToken *special, size_t n_special, VocabularySource *out, Error *e);
bool read_tokenizer_json(Str text, Str shown, VocabularySource *out, Error *e);
bool read_gguf(Str bytes, Str shown, VocabularySource *out, Error *e);

#endif
