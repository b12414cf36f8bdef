// SPDX-License-Identifier: Apache-2.0
//
// Builds a document's text as Markdown while an extractor walks through it: blocks separated by a
// blank line, headings with #, lists, tables with |, code fenced. White space within a block is
// folded as a browser folds it; control characters go. The caller says where blocks begin; whatever
// is nested wrongly (an item without a list, a cell without a row) still gives readable text.
//
// A table that holds what no row can show (code, a table, a chapter's heading) only lays its text out: from there on
// its cells are blocks. So are rows of one cell above the others.
#ifndef CONFAB_DOCUMENTS_MARKDOWN_WRITER_H
#define CONFAB_DOCUMENTS_MARKDOWN_WRITER_H

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
    bool dropped;           // it is not written
    bool space;             // white space was seen behind its last letter
    bool code;              // white space stays
    MarkdownList lists[MARKDOWN_LISTS];
    unsigned depth;         // lists that are open
    bool table;             // one is open whose rows are shown
    unsigned layouts;       // tables around it, or around the text, that only lay out
    unsigned columns;       // of the row
    unsigned spare;         // further columns that the open cell reaches across
    uint16_t covered[MARKDOWN_COLUMNS];  // by column: rows below that a cell reaches down to
    bool header_done;       // the line below the table's first row is written
    bool tight;             // the last block was a list item or a row: no blank line before the next
    size_t code_from;       // where code begins in the cell
    Buf row;                // its cells, each ended by a line break
} MarkdownWriter;

void markdown_start(MarkdownWriter *w);
void markdown_free(MarkdownWriter *w);

void markdown_text(MarkdownWriter *w, Str text);      // folded
void markdown_line_break(MarkdownWriter *w);
void markdown_block(MarkdownWriter *w);               // ends the block that is open
void markdown_drop_block(MarkdownWriter *w);          // it will not be written, where it is short and neither heading nor sentence
void markdown_heading(MarkdownWriter *w, unsigned level);  // the next block is a heading; 1 to 6
void markdown_list(MarkdownWriter *w, bool ordered);
void markdown_list_end(MarkdownWriter *w);
void markdown_item(MarkdownWriter *w);                // the next block is an item
// An item at a depth (from 0) with its number (0: a bullet), for formats that number instead of nesting.
void markdown_item_at(MarkdownWriter *w, unsigned depth, unsigned number);
void markdown_code(MarkdownWriter *w);
void markdown_code_end(MarkdownWriter *w);
void markdown_table(MarkdownWriter *w);
void markdown_row(MarkdownWriter *w);
void markdown_cell(MarkdownWriter *w);                // the next text is a cell's
void markdown_span(MarkdownWriter *w, uint64_t columns, uint64_t rows);  // that the open cell reaches across; 0 is 1
void markdown_row_end(MarkdownWriter *w);
void markdown_table_end(MarkdownWriter *w);

// What was written behind a mark is raised or lowered: figures by their small forms, what else has figures behind ^ or _.
// The mark of a note comes between brackets.
typedef enum MarkdownScript { MARKDOWN_RAISED, MARKDOWN_LOWERED, MARKDOWN_NOTE } MarkdownScript;
size_t markdown_mark(const MarkdownWriter *w);
void markdown_script(MarkdownWriter *w, size_t mark, MarkdownScript script);

// Whether a line of plain text would be taken for a heading, the underline of one (not the first line of a block), or a
// fence: a backslash before it says that it is none.
bool markdown_is_mark(Str line, bool first);

// Ends whatever is open: one part of a document leaves nothing to the next.
void markdown_end_all(MarkdownWriter *w);

// Takes back what was written since, both between blocks.
size_t markdown_position(MarkdownWriter *w);
void markdown_rewind(MarkdownWriter *w, size_t position);

// Ends everything: the text, in the writer's buffer; valid UTF-8. `full`: the ceiling was met.
Str markdown_finish(MarkdownWriter *w, bool *full);

#endif
