// SPDX-License-Identifier: Apache-2.0
//
// Vocabularies by name or path: the file that its makers publish is read once (vocabulary_read.h), built into a block
// (vocabulary_build.h), and the block kept beside it as NAME.vocabulary, which is mapped from then on.
#ifndef CONFAB_TOKENS_VOCABULARY_FILE_H
#define CONFAB_TOKENS_VOCABULARY_FILE_H

#include "base/error.h"
#include "tokens/vocabulary.h"

// One of the names that vocabulary_names lists ("o200k_base", "llama3"), or a path to a .tiktoken,
// tokenizer.json or .gguf file. `data` is the user's data folder; vocabularies lie below it in
// confab/vocabularies, where scripts/fetch-vocabularies.sh puts them. Not there: error (code
// "vocabulary"), which names that script.
bool vocabulary_open(Str name, Str data, Vocabulary *out, Error *e);
void vocabulary_close(Vocabulary *v);

bool vocabulary_known(Str name);   // one of the names
size_t vocabulary_names(const Str **out);

#endif
