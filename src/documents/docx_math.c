// SPDX-License-Identifier: Apache-2.0
#include "documents/docx_math.h"

bool docx_is_math(Str space)
{
    return str_eq(space, S("http://schemas.openxmlformats.org/officeDocument/2006/math")) ||
           str_eq(space, S("http://purl.oclc.org/ooxml/officeDocument/math"));
}

typedef struct MathPart {
    Str name, before, after;
} MathPart;

static const MathPart *part_of(Str name)
{
    static const MathPart parts[] = {
        {S_INIT("oMath"), S_INIT(" $"), S_INIT("$ ")},   {S_INIT("num"), S_INIT("\\frac{"), S_INIT("}")}, {S_INIT("den"), S_INIT("{"), S_INIT("}")},
        {S_INIT("sup"), S_INIT("^{"), S_INIT("}")},      {S_INIT("sub"), S_INIT("_{"), S_INIT("}")},      {S_INIT("rad"), S_INIT("\\sqrt{"), S_INIT("}")},
        {S_INIT("d"), S_INIT("("), S_INIT(")")},         {S_INIT("fName"), S_INIT(""), S_INIT(" ")},      {S_INIT("mr"), S_INIT(" "), S_INIT(";")},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (str_eq(name, parts[i].name)) return &parts[i];
    return NULL;
}

void docx_math_start(MarkdownWriter *w, Str name, const XmlAttributes *a)
{
    const MathPart *part = part_of(name);
    if (part) markdown_text(w, part->before);
    // The sign of a sum or an integral, where it is not Word's own.
    if (str_eq(name, S("chr"))) markdown_text(w, xml_attribute(a, "val"));
}

void docx_math_end(MarkdownWriter *w, Str name)
{
    const MathPart *part = part_of(name);
    if (part) markdown_text(w, part->after);
}
