// SPDX-License-Identifier: Apache-2.0
//
// What a tokenizer's file says, whatever its form: tokens, merges, how texts are split.
#ifndef CONFAB_TOKENS_VOCABULARY_SOURCE_H
#define CONFAB_TOKENS_VOCABULARY_SOURCE_H

#include "base/error.h"
#include "tokens/vocabulary.h"

typedef struct Merge {
    uint32_t left, right, id;  // the rank is the place in the list
} Merge;

typedef struct VocabularySource {
    Arena *arena;
    Str *tokens;             // the bytes by id; absent: no piece of a text has this id
    size_t n_tokens, cap_tokens;
    Merge *merges;           // none: two tokens merge where both together are one; its id is the rank
    size_t n_merges;
    uint32_t *added;         // ids found in the text itself
    size_t n_added;
    bool rank_by_bytes;      // there is no merge list
    bool whole_first;        // a piece that is a token is that token, whatever its merges give
    bool byte_level;
    SplitKind split;
    NormaliserKind normaliser;
    uint32_t unknown;
    uint32_t byte_ids[256];
    Str pattern;
} VocabularySource;

void source_init(VocabularySource *s, Arena *a);
bool source_put(VocabularySource *s, uint32_t id, Str bytes, Error *e);  // makes room; bytes are not copied

// One letter of GPT-2's alphabet for bytes back to its byte; -1: none.
int byte_of_letter(uint32_t code_point);

#endif
