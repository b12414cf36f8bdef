// SPDX-License-Identifier: Apache-2.0
#include "documents/document.h"

#include "base/hash.h"
#include "base/path.h"

// Those that are recognised by content come first, in the order in which they are asked.
const DocumentType *const document_types[] = {
    &document_pdf,  &document_docx, &document_odt,   &document_epub, &document_html, &document_markdown,
    &document_text, &document_csv,  &document_json,  &document_jsonl, &document_srt, &document_vtt,
};
const size_t n_document_types = sizeof document_types / sizeof *document_types;

static bool has_ending(const DocumentType *type, Str ending)
{
    Str rest = str_from(type->endings), one;
    while (str_cut(&rest, ' ', &one))
        if (one.len && str_eq_ignore_case(one, ending)) return true;
    return false;
}

const DocumentType *document_type_of(Str bytes, Str name)
{
    Str ending = path_ending(name);
    for (size_t i = 0; i < n_document_types; i++)
        if (document_types[i]->recognise && document_types[i]->recognise(bytes)) return document_types[i];
    // A file without an ending (README) is text, if its bytes are.
    if (!ending.ptr) return &document_text;
    for (size_t i = 0; i < n_document_types; i++)
        if (has_ending(document_types[i], ending)) return document_types[i];
    return NULL;
}

const DocumentType *document_type_named(Str name)
{
    for (size_t i = 0; i < n_document_types; i++)
        if (str_eq(document_types[i]->name, name)) return document_types[i];
    return NULL;
}

uint64_t document_type_key(const DocumentType *type) { return hash64(type->name, type->version); }

const DocumentType *document_type_by_key(uint64_t key)
{
    for (size_t i = 0; i < n_document_types; i++)
        if (document_type_key(document_types[i]) == key) return document_types[i];
    return NULL;
}

uint64_t document_types_key(void)
{
    uint64_t key = 0;
    for (size_t i = 0; i < n_document_types; i++) key = hash_mix(key, document_type_key(document_types[i]));
    return key;
}
