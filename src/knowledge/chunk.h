// SPDX-License-Identifier: Apache-2.0
//
// Cuts one document's text by a strategy into chunks: byte ranges of that text, each from its first
// word to its last. The rules are those of project-folder.md; the bound is never exceeded: a
// chunk's own text, counted anew, has no more words, letters or tokens than its maximum.
//
// Where the contract leaves it open:
//  - A chunk counts as the sum of its pieces' words, or as the words of its slice, whichever is
//    more (a separator that is itself words counts, since it stands in the slice).
//  - What is repeated by `overlap` gives way from its front: whole pieces whole, the last words of
//    a long piece word by word. Nothing is repeated across a piece that `exclude` dropped.
//  - `characters` and `tokens` pack pieces as `words` does; a longer piece is cut at the last space
//    within the bound (of tokens: that lies between two), else between two letters as a reader sees
//    them (UAX #29 clusters), else between two code points; every cut but the first leaves room for
//    what is repeated.
//  - A chunk's tokens are those of its text alone, without what a chat template puts around it.
//  - `markdown` makes a chunk of each section; a section that is too long is cut at blank lines
//    outside code, a paragraph that is too long as `words`, `characters` or `tokens` would (the unit
//    of the maximum that is given). A heading without a text of its own joins the section below it.
//    `exclude` drops whole sections.
//  - `separator` cuts a piece that is too long only where a maximum is written. `whole` knows one
//    piece, the document.
#ifndef CONFAB_KNOWLEDGE_CHUNK_H
#define CONFAB_KNOWLEDGE_CHUNK_H

#include "knowledge/outline.h"
#include "knowledge/strategy.h"
#include "knowledge/token_map.h"
#include "text/letters.h"
#include "text/words.h"

typedef struct ChunkRange {
    size_t start, end;  // bytes of the text; never empty
    uint32_t words;     // 0: not counted yet, ask chunk_words
    uint32_t heading;   // line of the text's outline: 0 none, else index + 1 into Outline
} ChunkRange;

// Grow in the caller's arena. `passed` counts what `exclude` dropped.
typedef struct ChunkList {
    Arena *arena;
    ChunkRange *items;
    size_t n, cap;
    size_t dropped;     // pieces that `exclude` dropped
} ChunkList;

// What a chunker needs beside the text; one for many documents.
typedef struct ChunkTools {
    Segmenter segmenter;
    Clusters clusters;
    TokenMap tokens;    // without a counter the `tokens` strategy is an error
    const Pattern *failed;  // NULL, or the pattern of the strategy on which the last text failed
} ChunkTools;

void chunk_tools_free(ChunkTools *t);

// `text` is valid UTF-8. `outline` may be NULL (plain text); it gives the ranges' headings, and the
// `markdown` strategy its sections. False when a pattern failed or tokens cannot be counted.
bool chunk_text(Str text, const Strategy *s, const Outline *outline, ChunkTools *tools, ChunkList *out, Error *e);

// The words of a chunk of `text`, kept in it. Cutting by tokens or letters does not need them, and
// Unicode segmentation can take longer than the cutting.
uint32_t chunk_words(Str text, ChunkRange *chunk, ChunkTools *tools);

#endif
