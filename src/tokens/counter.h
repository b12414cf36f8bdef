// SPDX-License-Identifier: Apache-2.0
//
// Counting for whoever does not care how: exactly where the tokenizer's vocabulary is there, else an
// estimate. Whoever shows an estimate marks it with ≈.
#ifndef CONFAB_TOKENS_COUNTER_H
#define CONFAB_TOKENS_COUNTER_H

#include "tokens/tokens.h"

typedef struct Counter {
    bool exact;
    Vocabulary vocabulary;  // where exact
    Tokenizer tokenizer;
} Counter;  // one thread at a time

// `tokenizer` is a name or path as vocabulary_open takes it; absent: an estimate. False when it is
// named but cannot be used: *e says why, and the counter estimates all the same.
bool counter_open(Counter *c, Str tokenizer, Str data, Error *e);
void counter_close(Counter *c);

uint64_t counter_count(Counter *c, Str text);

// Tokens of a text by its letters alone. Measured against o200k_base, cl100k_base, Llama 3 and Qwen 3 on 300 parts of
// 4 KB each of English documentation, source code and 24 other languages: within GUESS_ERROR percent for 95 of 100
// parts of prose, 86 to 93 of code and 96 of other languages; all parts of a kind together are off by -15 to +2 percent.
uint64_t tokens_guess(Str text);
enum { GUESS_ERROR = 30, TOKENS_GUESS_SCALE = 12 };

// What the next thing that it looks at counts, a run of letters or one other letter, in twelfths of a
// token; *at is then behind it.
uint32_t tokens_guess_next(Str text, size_t *at);

#endif
