// SPDX-License-Identifier: Apache-2.0
//
// From what a tokenizer's file says to the block that vocabulary.h describes.
#ifndef CONFAB_TOKENS_VOCABULARY_BUILD_H
#define CONFAB_TOKENS_VOCABULARY_BUILD_H

#include "tokens/vocabulary_source.h"

// The block, of *size bytes, the caller's to free. NULL: its added tokens have more than VOCABULARY_IDS beginnings.
void *vocabulary_build(const VocabularySource *s, size_t *size);

#endif
