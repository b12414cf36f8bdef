// SPDX-License-Identifier: Apache-2.0
//
// HTML's elements as Markdown: which tags begin a block, a heading, a list, a table, and which hold
// nothing that a reader sees.
#ifndef CONFAB_DOCUMENTS_HTML_TEXT_H
#define CONFAB_DOCUMENTS_HTML_TEXT_H

#include "documents/markdown_writer.h"
#include "documents/xml.h"

typedef struct HtmlText {
    MarkdownWriter *writer;
    unsigned depth;     // of elements that are open
    unsigned hidden;    // depth of the element whose content is not shown; 0: none
    unsigned quote;     // of the outermost blockquote; likewise
    unsigned link;      // of the link
    unsigned small;     // of what is raised or lowered
    MarkdownScript script;
    size_t mark;        // where that begins
    size_t letters, linked;  // bytes of text so far, and of links among them
    unsigned links, away;   // so far, and those among them that lead out of the page
    unsigned outside;       // and to other places on the network
    unsigned list;      // depth of the outermost list; 0: none
    size_t list_from;   // what was written before it
    size_t letters_before, linked_before;
    unsigned links_before, away_before;
    unsigned menu;      // depth of the outermost menu; 0: none
    size_t menu_from;
    unsigned links_before_menu;
} HtmlText;

XmlHandler html_text_handler(HtmlText *h);

// Reads a whole page into the writer: `bytes` in any encoding that they name, or UTF-8, or
// Windows-1252.
bool html_text_read(HtmlText *h, Str bytes, Deadline deadline, Error *e);

#endif
