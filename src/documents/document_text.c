// SPDX-License-Identifier: Apache-2.0
//
// Plain text and Markdown: what they hold is what they are.
#include "documents/document.h"

static bool extract(Extraction *x, Error *e)
{
    return document_decode(x->bytes, x->shown, x->arena, &x->text, e);
}

const DocumentType document_text = {
    .name = S_INIT("text"), .endings = " txt text", .extract = extract, .version = 2,
};

const DocumentType document_markdown = {
    .name = S_INIT("markdown"), .endings = " md markdown", .extract = extract, .markdown = true, .version = 2,
};
