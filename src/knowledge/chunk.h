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
//    within the bound, else between two letters as a reader sees them (UAX #29 clusters), else
//    between two code points.
//  - `separator` and `markdown` cut a piece or section that is too long as `words`, `characters` or
//    `tokens` would; `separator` only where a maximum is written.
#ifndef CONFAB_KNOWLEDGE_CHUNK_H
#define CONFAB_KNOWLEDGE_CHUNK_H

#include "knowledge/strategy.h"
#include "text/words.h"

// How tokens are counted; the caller's, who knows the model.
typedef struct TokenCounter {
    size_t (*count)(void *self, Str text);
    void *self;
} TokenCounter;

typedef struct ChunkRange {
    size_t start, end;  // bytes of the text; never empty
    uint32_t words;
    uint32_t heading;   // line of the text's outline: 0 none, else index + 1 into Outline
} ChunkRange;

// The headings of a text in Markdown form, in order, each with the one above it.
typedef struct Heading {
    size_t start, end;  // of the whole heading's lines
    Str text;           // without marks and trailing #; a slice of the text
    uint32_t level;     // from 1
    uint32_t parent;    // 0 none, else index + 1
} Heading;

typedef struct Outline {
    Heading *items;
    size_t n, cap;
} Outline;

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
    const TokenCounter *counter;  // NULL: the `tokens` strategy is an error
} ChunkTools;

void chunk_tools_free(ChunkTools *t);

// `text` is valid UTF-8. `outline` may be NULL (plain text); it gives the ranges' headings, and the
// `markdown` strategy its sections. False when a pattern failed or tokens cannot be counted.
bool chunk_text(Str text, const Strategy *s, const Outline *outline, ChunkTools *tools, ChunkList *out, Error *e);

// Headings of Markdown: ATX and setext, outside code fences and HTML comments.
void outline_read(Str text, Outline *out, Arena *a);

#endif
