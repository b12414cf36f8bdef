// SPDX-License-Identifier: Apache-2.0
//
// A project's knowledge: its documents, by topic, and the chunks they are cut into. Opening lists
// knowledge/, extracts what has changed since the last time (the rest comes from the cache under
// .confab/knowledge/), cuts by config/chunk-strategy.json and reports what could not be read.
//
// Owned by whoever opened it; strings live in the project's arena. Texts are not held in memory: a
// passage is read from its file, or from the converted text in the cache, when it is asked for; a
// file that has changed in the meantime is an error. Two runs over the same files give the same chunks in the same order:
// by topic, then by name, both as bytes.
//
// A document of one folder deeper has the topic "billing/refunds"; a file directly in knowledge/
// has the topic "general". The same path twice (general/x.md and x.md) is an error.
#ifndef CONFAB_KNOWLEDGE_KNOWLEDGE_H
#define CONFAB_KNOWLEDGE_KNOWLEDGE_H

#include "base/error.h"
#include "base/hash.h"
#include "documents/pdfium.h"
#include "knowledge/chunk.h"
#include "knowledge/strategy.h"

enum {
    KNOWLEDGE_DEPTH = 16,             // folders below knowledge/; deeper is a mistake or a loop
    KNOWLEDGE_DOCUMENTS = 1000000,    // documents of one project
    DOCUMENT_MAX = 64 << 20,          // bytes of a document's file, which is held whole, beside some 13 MB
};

typedef struct Document {
    Str path;               // "billing/faq.md": topic and name; how the contract names it
    Str topic, name;
    Str file;               // below knowledge/; differs from path for the topic "general" only
    Str type;               // "text", "markdown", "pdf", …
    Sha256 sha256;          // of the file's bytes
    uint64_t text_len;      // bytes of the extracted text
    double weight;          // from the strategy; 0 or more
    const Strategy *strategy;
    uint32_t first_chunk, n_chunks;
    uint32_t pages;         // 0 where the type has none
} Document;

typedef struct Topic {
    Str name;
    uint32_t first_document, n_documents;  // neighbours in Knowledge.documents; those without chunks too
} Topic;

typedef struct Chunk {
    uint32_t document;      // index into Knowledge.documents
    uint32_t number;        // from 1, within its document
    uint64_t start, end;    // bytes of the document's extracted text
    uint32_t words;
    uint32_t page;          // from 1, where the chunk begins; 0: none
    uint32_t heading;       // index + 1 into Knowledge.headings; 0: none
} Chunk;

typedef struct KnowledgeHeading {
    Str text;
    uint32_t parent;        // index + 1; 0: top
} KnowledgeHeading;

typedef struct Knowledge {
    Topic *topics;
    size_t n_topics;
    Document *documents;    // without those that could not be read
    size_t n_documents;
    Chunk *chunks;          // all, documents in order
    size_t n_chunks;
    KnowledgeHeading *headings;
    size_t n_headings;
    Strategies strategies;
    struct KnowledgeStore *store;  // its own: texts, cache
} Knowledge;

// Who counts the tokens of the `tokens` strategy: asked once, when the first document needs it. What it
// gives is the source's, and must last until the knowledge is open. Which tokenizer it is belongs to the
// cache's key.
typedef struct TokenSource {
    Counter *(*open)(void *self);
    void *self;
} TokenSource;

typedef struct KnowledgeOptions {
    const char *project;           // the project's folder
    TokenSource tokens;            // {0}: a document that asks for tokens is an error
    bool strict;                   // what cannot be read is an error, not a warning
    bool no_cache;                 // neither read nor write .confab/knowledge/
    Pdfium *pdfium;                // who reads PDF files; NULL: pdftotext, as also where it cannot be used, with a warning
} KnowledgeOptions;

// False when an error was added to *problems (strategy file, pattern, strict); what could be read
// is there all the same, so that one call reports everything. A missing knowledge/ gives none.
bool knowledge_open(Knowledge *k, const KnowledgeOptions *options, Arena *project, Problems *problems);
void knowledge_close(Knowledge *k);

// The text of a chunk, of a whole document; in arena `a`, or the project's where there is no cache.
bool knowledge_chunk_text(const Knowledge *k, const Chunk *chunk, Arena *a, Str *out, Error *e);
bool knowledge_document_text(const Knowledge *k, const Document *d, Arena *a, Str *out, Error *e);

// 16 hex digits that name document and range; the same on every machine.
Str knowledge_chunk_id(const Knowledge *k, const Chunk *chunk, Arena *a);
const Chunk *knowledge_chunk_by_id(const Knowledge *k, Str id);  // NULL: none

// Headings above a chunk, outermost first; returns how many were written (at most max).
size_t knowledge_heading_path(const Knowledge *k, const Chunk *chunk, Str *out, size_t max);

const Document *knowledge_find(const Knowledge *k, Str path);    // by topic/file, or by the file alone where only one has that name; NULL: none

// For `confab chunks`.
typedef struct ChunkStatistics {
    uint32_t chunks, min, median, max;  // words a chunk
    uint64_t words;
} ChunkStatistics;

ChunkStatistics knowledge_statistics(const Knowledge *k, const Document *d, Arena *scratch);

// Paths of documents that no key of the strategy file matches, for strategy_add_missing.
size_t knowledge_missing(const Knowledge *k, Arena *a, Str **paths);

#endif
