// SPDX-License-Identifier: Apache-2.0
//
// Builds a document's text as Markdown while an extractor walks through it: blocks separated by a
// blank line, headings with #, lists, tables with |, code fenced. White space within a block is
// folded as a browser folds it; control characters go. The caller says where blocks begin; whatever
// is nested wrongly (an item without a list, a cell without a row) still gives readable text.
#ifndef CONFAB_KNOWLEDGE_MARKDOWN_WRITER_H
#define CONFAB_KNOWLEDGE_MARKDOWN_WRITER_H

#include "base/arena.h"
#include "base/buf.h"

enum {
    MARKDOWN_TEXT_MAX = 16 << 20,  // bytes written: a shelf of novels; more is an attack or a mistake
    MARKDOWN_LISTS = 8,            // depth that is shown
    MARKDOWN_COLUMNS = 100,        // of a table; further cells join the last
};

typedef struct MarkdownList {
    bool ordered;
    unsigned number;
} MarkdownList;

typedef struct MarkdownWriter {
    Buf out;
    Buf line;               // the block, or cell, that is being written
    unsigned heading;       // its level; 0: none
    bool item;              // it opens a list item
    bool space;             // white space was seen behind its last letter
    bool code;              // white space stays
    MarkdownList lists[MARKDOWN_LISTS];
    unsigned depth;         // lists that are open
    unsigned tables;        // tables that are open; an inner one is text of the outer's cell
    unsigned columns;       // of the row
    bool header_done;       // the line below the table's first row is written
    bool tight;             // the last block was a list item or a row: no blank line before the next
    Buf row;
} MarkdownWriter;

void markdown_start(MarkdownWriter *w);
void markdown_free(MarkdownWriter *w);

void markdown_text(MarkdownWriter *w, Str text);      // folded
void markdown_line_break(MarkdownWriter *w);
void markdown_block(MarkdownWriter *w);               // ends the block that is open
void markdown_heading(MarkdownWriter *w, unsigned level);  // the next block is a heading; 1 to 6
void markdown_list(MarkdownWriter *w, bool ordered);
void markdown_list_end(MarkdownWriter *w);
void markdown_item(MarkdownWriter *w);                // the next block is an item
// An item at a depth (from 0), for formats that number instead of nesting.
void markdown_item_at(MarkdownWriter *w, unsigned depth);
void markdown_code(MarkdownWriter *w);
void markdown_code_end(MarkdownWriter *w);
void markdown_table(MarkdownWriter *w);
void markdown_row(MarkdownWriter *w);
void markdown_cell(MarkdownWriter *w);                // the next text is a cell's
void markdown_row_end(MarkdownWriter *w);
void markdown_table_end(MarkdownWriter *w);

// Ends everything: the text, in the writer's buffer; valid UTF-8. `full`: the ceiling was met.
Str markdown_finish(MarkdownWriter *w, bool *full);

#endif
