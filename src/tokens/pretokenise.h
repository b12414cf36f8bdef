// SPDX-License-Identifier: Apache-2.0
//
// Cutting a text into the pieces that are then merged on their own: what a tokenizer's regular
// expression does. The patterns that models use are known by their exact text, and each has a
// scanner here that gives the same pieces without a regular expression; any other goes through PCRE2.
//
// A scanner looks at the text from a piece's start only, never behind it, so a text may be cut where
// a piece ends. `end` is taken as the end of the text.
#ifndef CONFAB_TOKENS_PRETOKENISE_H
#define CONFAB_TOKENS_PRETOKENISE_H

#include "base/error.h"

typedef enum SplitKind {
    SPLIT_NONE,      // the text is one piece
    SPLIT_GPT2,
    SPLIT_CL100K,
    SPLIT_O200K,
    SPLIT_LLAMA3,
    SPLIT_QWEN2,
    SPLIT_TEKKEN,
    SPLIT_DEEPSEEK,  // three patterns, one after another
    SPLIT_SMOLLM,    // each digit alone, then GPT-2's
    SPLIT_SPACES,    // before each first ▁ of a run; exact where no token has one behind another letter
    SPLIT_PATTERN,   // PCRE2
    SPLIT_COUNT,
} SplitKind;

// How far behind `end` a scanner may read (not use): the caller's buffer has these bytes.
enum { SPLIT_PADDING = 64 };

// The length of the piece at p, at least 1. p < end; p … end is valid UTF-8.
typedef size_t (*Splitter)(const unsigned char *p, const unsigned char *end);

Splitter splitter_of(SplitKind kind);  // NULL: none and pattern

// The kind of a tokenizer's patterns in their order (one, or several for a sequence);
// SPLIT_PATTERN when unknown.
SplitKind split_kind(const Str *patterns, size_t n);

const char *split_name(SplitKind kind);

#endif
