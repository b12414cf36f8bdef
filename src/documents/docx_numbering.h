// SPDX-License-Identifier: Apache-2.0
//
// The lists of a Word document (word/numbering.xml): which are numbered, and what number comes next. Word numbers
// paragraphs wherever they stand, so a list that a text interrupts goes on behind it.
#ifndef CONFAB_DOCUMENTS_DOCX_NUMBERING_H
#define CONFAB_DOCUMENTS_DOCX_NUMBERING_H

#include "base/arena.h"
#include "documents/zip.h"

enum {
    DOCX_LIST_LEVELS = 9,
    DOCX_LISTS_MAX = 5000,
};

// How the items of a kind of list look.
typedef struct DocxListKind {
    unsigned id;
    bool numbered[DOCX_LIST_LEVELS];
    unsigned first[DOCX_LIST_LEVELS];   // the first item's number
} DocxListKind;

typedef struct DocxList {
    unsigned id, kind;
    unsigned next[DOCX_LIST_LEVELS];    // 0: none was given yet
} DocxList;

// Starts as {.zip, .arena}; the part is read when the first number is asked for.
typedef struct DocxNumbering {
    Zip *zip;
    Arena *arena;
    DocxListKind *kinds;
    DocxList *lists;
    size_t n_kinds, n_lists;
    bool read;
} DocxNumbering;

// The number of the next item of a list at a depth from 0; 0: it has a bullet. A part that is missing or broken has
// bullets only.
unsigned docx_number(DocxNumbering *n, unsigned list, unsigned depth);

#endif
