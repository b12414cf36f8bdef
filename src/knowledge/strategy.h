// SPDX-License-Identifier: Apache-2.0
//
// config/chunk-strategy.json as values: which file is cut how. Reading reports every fault with its
// place; patterns are compiled here, so that a broken one is an error of the file, not of the run.
// Everything lives in the project's arena but the compiled patterns (strategies_free).
#ifndef CONFAB_KNOWLEDGE_STRATEGY_H
#define CONFAB_KNOWLEDGE_STRATEGY_H

#include "base/error.h"
#include "knowledge/strategy_text.h"
#include "text/pattern.h"

typedef enum ChunkUnit { UNIT_WORDS, UNIT_TOKENS, UNIT_CHARACTERS } ChunkUnit;

typedef enum StrategyKind {
    STRATEGY_WORDS,
    STRATEGY_TOKENS,
    STRATEGY_CHARACTERS,
    STRATEGY_MARKDOWN,
    STRATEGY_SEPARATOR,
    STRATEGY_WHOLE,
    STRATEGY_KINDS,
} StrategyKind;

typedef struct PageRange {
    uint32_t first, last;  // from 1, both included
} PageRange;

typedef struct Strategy {
    Str key;                // as written; absent: the built-in default
    size_t key_offset;      // of the key in the file, for warnings
    StrategyKind kind;
    ChunkUnit unit;         // of max and overlap; markdown and separator: of the maximum that is given
    size_t max;             // upper bound; 0: none (whole, and separator where none is given)
    size_t overlap;         // less than max
    size_t min_words;
    Str separator;
    Pattern *pattern;       // the separator
    Pattern **exclude;
    size_t pattern_place, *exclude_places;  // of their first bytes in the file; 0: of the default separator
    size_t n_exclude;
    const PageRange *pages;  // none: every page
    size_t n_pages;
    double weight;          // of the document; 0 or more
    uint64_t hash;          // of everything here that changes chunks
} Strategy;

typedef struct Strategies {
    Strategy *items;    // in the file's order
    size_t n;
    uint32_t *exact;    // all items, sorted by key
    uint32_t *globs;    // items whose key is a glob
    size_t n_globs;
    Strategy standard;  // for a file that no key matches
    Str file, text;     // for errors: the file's shown name and its text
} Strategies;

extern const Str strategy_names[STRATEGY_KINDS];

// Reads the text of the file (shown as `file` in errors); absent text gives the defaults alone.
// False when there was an error; all of them are in *problems.
bool strategies_read(Strategies *out, Str text, Str file, Arena *project, Problems *problems);
void strategies_free(Strategies *s);

// The one for a document: `path` is topic/file, `name` the file alone. An exact key beats a glob,
// more literal letters beat fewer, then the first.
const Strategy *strategy_for(const Strategies *s, Str path, Str name);

// Whether a key matches a document at all.
bool strategy_key_matches(Str key, Str path, Str name);

// Where in the file to look for what `pattern`, one of s (or NULL), did to a text: there, or at the key.
size_t strategy_place(const Strategy *s, const Pattern *pattern);

// The item whose key is exactly this, or NULL.
const Strategy *strategy_exact(const Strategies *s, Str key);

#endif
