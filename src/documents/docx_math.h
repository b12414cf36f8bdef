// SPDX-License-Identifier: Apache-2.0
//
// Word's formulas (ECMA-376, Office Math) as TeX, as far as they are built of fractions, roots, powers and indices; what
// else they have, its text.
#ifndef CONFAB_DOCUMENTS_DOCX_MATH_H
#define CONFAB_DOCUMENTS_DOCX_MATH_H

#include "documents/markdown_writer.h"
#include "documents/xml.h"

bool docx_is_math(Str space);

void docx_math_start(MarkdownWriter *w, Str name, const XmlAttributes *a);
void docx_math_end(MarkdownWriter *w, Str name);

#endif
