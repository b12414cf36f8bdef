// SPDX-License-Identifier: Apache-2.0
//
// The part of opening the knowledge that goes document by document: taking over what the store has,
// extracting and cutting what is new, and writing the store. Private to knowledge.c.
#ifndef CONFAB_KNOWLEDGE_READING_H
#define CONFAB_KNOWLEDGE_READING_H

#include "base/buf.h"
#include "knowledge/ahead.h"
#include "knowledge/knowledge.h"
#include "knowledge/store.h"

// Where a document's text is found.
typedef struct Source {
    Str held;           // in memory, where it could not be cached; absent: read `path`
    Str path;           // the file itself, or its converted text
    uint64_t size;      // of that file
    int64_t mtime_ns;   // of the file itself; 0: a converted text, which never changes
    bool plain;
} Source;

struct KnowledgeStore {
    Source *sources;    // by document
};

// A document that is extracted before its turn.
typedef struct AheadDocument {
    size_t document;    // of the list
    Str path, shown;
    Sha256 sha256;
    bool pdf;           // by its bytes; else it is left to its turn
    const Pdfium *pdfium;  // who reads it
} AheadDocument;

// While the knowledge is read.
typedef struct Reading {
    Knowledge *k;
    const KnowledgeOptions *options;
    Arena *project;
    Problems *problems;
    ChunkTools tools;
    bool *failed;           // NULL, or by strategy, the default behind the others: a pattern failed on a document
    Str root, folder;   // the project, and its knowledge/
    StoreIndex old, new;
    Buf strings;        // of the new index
    size_t cap_chunks, cap_headings, cap_rows;
    Pdfium *pdfium;     // reads PDF files; NULL: pdftotext
    bool tried;         // it was seen that it can
    uint64_t counter;   // identity of what counts tokens, once it was asked for
    bool changed;       // the new index differs from the old one
    Arena stored;       // the old index
    Arena scratch;      // of one document
    Ahead *ahead;       // NULL: one after the other
    AheadDocument *early;
    size_t n_early, next_early;
    Arena early_names;
    Arena *taken;       // of the document in hand, when it came from there
} Reading;

// Before the first: has those converted side by side that are new and need a child process.
void reading_begin(Reading *r, const FileEntry *files, size_t n);
void reading_end(Reading *r);

// Document i of the list (named, nothing more), appended to r->k when it can be read.
void reading_document(Reading *r, size_t i, const FileEntry *file);
void reading_save(Reading *r);

// What could not be read: skipped with a warning, or with --strict an error.
void reading_skip(Reading *r, Error *e);
Str reading_shown(Reading *r, const FileEntry *file);  // its name for errors, in scratch

#endif
