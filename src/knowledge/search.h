// SPDX-License-Identifier: Apache-2.0
//
// Full-text search over a project's chunks: SQLite's FTS5 with BM25 (knowledge/bm25.h), over
// the words' normal form, so that case, punctuation and scripts without spaces make no difference.
// The index lies in .confab/knowledge/search.sqlite, is built when it is first asked for, and anew
// when any chunk has changed; where the folder cannot be written it is built in memory.
#ifndef CONFAB_KNOWLEDGE_SEARCH_H
#define CONFAB_KNOWLEDGE_SEARCH_H

#include "knowledge/knowledge.h"

enum {
    SEARCH_HITS_MAX = 1000,
    SEARCH_TERMS = 12,      // rarest words of a passage that it is compared by
};

typedef struct Search {
    const Knowledge *k;
    void *db;               // sqlite3 *
    void *find, *frequency; // statements
} Search;

typedef struct Hit {
    uint32_t chunk;         // index into Knowledge.chunks
    double score;           // BM25, larger is better
} Hit;

bool search_open(Search *s, const Knowledge *k, const char *project, bool no_cache, Error *e);
void search_close(Search *s);

// Chunks with any of the words, best first; of equals the first. At most `max` (and
// SEARCH_HITS_MAX); *n how many. Text is words, never a query language.
bool search_words(Search *s, Str text, Hit *hits, size_t max, size_t *n, Error *e);

// Chunks that share a passage's rarest words, those aside that the chunks beside it repeat by overlap; without itself; of one topic (`topic` not NULL) only.
// The same for the same knowledge. Scratch is the caller's.
bool search_related(Search *s, const Chunk *chunk, const Topic *topic, Hit *hits, size_t max, size_t *n, Arena *scratch, Error *e);

#endif
