// SPDX-License-Identifier: Apache-2.0
//
// What extraction and cutting gave, kept under <project>/.confab/knowledge/ so that the next start
// only looks at what has changed:
//   index            one row a file: size, time, hash, type, strategy; its chunks and headings
//   text-<hash>-<n>  a converted document's text, by the SHA-256 of its bytes and its converter's version
// The index is written whole, by rename, with a checksum; one that is broken, or of another version
// or byte order, is as if it were not there. What cannot be written is no error: it is done again.
#ifndef CONFAB_KNOWLEDGE_STORE_H
#define CONFAB_KNOWLEDGE_STORE_H

#include "base/hash.h"
#include "base/path.h"

typedef struct StoredText {
    uint64_t at, len;       // in the index's strings
} StoredText;

typedef struct StoredDocument {
    StoredText file;        // below knowledge/
    uint64_t size;
    int64_t mtime_ns;
    Sha256 sha256;
    uint64_t type;          // hash of the type's name and version, and of another reader than the usual one; 0: no type
    uint64_t strategy;      // hash of strategy and token counter
    uint64_t text_len;
    uint64_t first_chunk, first_heading;
    uint32_t n_chunks, n_headings, pages;
    uint32_t plain;         // the text is the file's own bytes
    StoredText fault, hint; // why it could not be read; then nothing else counts
} StoredDocument;

typedef struct StoredChunk {
    uint64_t start, end;
    uint32_t words, page, heading, unused;
} StoredChunk;

typedef struct StoredHeading {
    StoredText text;
    uint32_t parent, unused;
} StoredHeading;

typedef struct StoreIndex {
    StoredDocument *documents;
    StoredChunk *chunks;
    StoredHeading *headings;
    const char *strings;
    size_t n_documents, n_chunks, n_headings, n_strings;
    uint32_t *slots;        // documents by hash of file, open addressing; index + 1
    size_t n_slots;
} StoreIndex;

// Loads the index of a project into the arena; nothing there gives an empty one.
void store_load(StoreIndex *index, Str project, Arena *a);

// The row of a file that has not changed since; NULL: there is none.
const StoredDocument *store_find(const StoreIndex *index, const FileEntry *file);
static inline Str store_text(const StoreIndex *index, StoredText t) { return (Str){index->strings + t.at, t.len}; }

// Writes an index (slots aside); false where the folder cannot be written.
bool store_save(const StoreIndex *index, Str project, Arena *scratch);

// A converted text: its path, and whether it could be written. `version`: of who converted it.
Str store_text_path(Str project, Sha256 sha, uint32_t version, Arena *a);
bool store_put_text(Str path, Str text);

// Removes the converted texts that are not among `kept` (paths, sorted here).
void store_clean(Str project, Str *kept, size_t n, Arena *scratch);

#endif
