// SPDX-License-Identifier: Apache-2.0
#include "documents/docx_numbering.h"

#include "documents/xml.h"

enum { PART_MAX = 8 << 20 };    // bytes; real ones have some ten thousand

typedef struct NumberingReader {
    DocxNumbering *numbering;
    size_t cap_kinds, cap_lists;
    DocxListKind *kind;     // the one being read
    DocxList *list;         // likewise
    unsigned level;
} NumberingReader;

static unsigned number(const XmlAttributes *a, const char *name)
{
    uint64_t n;
    return str_to_u64(xml_attribute(a, name), &n) && n < 1u << 31 ? (unsigned)n : 0;
}

static void add_kind(NumberingReader *r, unsigned id)
{
    DocxNumbering *n = r->numbering;
    r->list = NULL;
    r->kind = NULL;
    if (n->n_kinds == DOCX_LISTS_MAX) return;
    n->kinds = arena_grow(n->arena, n->kinds, n->n_kinds, &r->cap_kinds, sizeof *n->kinds);
    r->kind = &n->kinds[n->n_kinds++];
    *r->kind = (DocxListKind){.id = id};
}

static void add_list(NumberingReader *r, unsigned id)
{
    DocxNumbering *n = r->numbering;
    r->list = NULL;
    r->kind = NULL;
    if (n->n_lists == DOCX_LISTS_MAX) return;
    n->lists = arena_grow(n->arena, n->lists, n->n_lists, &r->cap_lists, sizeof *n->lists);
    r->list = &n->lists[n->n_lists++];
    *r->list = (DocxList){.id = id};
}

static void start(void *self, Str space, Str name, const XmlAttributes *a)
{
    NumberingReader *r = self;
    (void)space;
    if (str_eq(name, S("abstractNum"))) add_kind(r, number(a, "abstractNumId"));
    else if (str_eq(name, S("num"))) add_list(r, number(a, "numId"));
    else if (str_eq(name, S("abstractNumId")) && r->list) r->list->kind = number(a, "val");
    else if (str_eq(name, S("lvl")) || str_eq(name, S("lvlOverride"))) r->level = number(a, "ilvl");
    if (r->level >= DOCX_LIST_LEVELS) return;
    Str value = xml_attribute(a, "val");
    if (r->kind && str_eq(name, S("numFmt"))) r->kind->numbered[r->level] = !str_eq(value, S("bullet")) && !str_eq(value, S("none"));
    if (r->kind && str_eq(name, S("start"))) r->kind->first[r->level] = number(a, "val");
    if (r->list && str_eq(name, S("startOverride"))) r->list->next[r->level] = number(a, "val");
}

static void read_part(DocxNumbering *n)
{
    Buf xml;
    Error unused;
    NumberingReader r = {.numbering = n};
    n->read = true;
    bool ok = zip_read_whole(n->zip, S("word/numbering.xml"), PART_MAX, &xml, &unused) == ZIP_DONE &&
              xml_read((XmlHandler){.start = start, .self = &r}, buf_str(&xml), n->zip->deadline, &unused);
    if (!ok) n->n_lists = n->n_kinds = 0;
    buf_free(&xml);
}

static const DocxListKind *kind_of(const DocxNumbering *n, const DocxList *list)
{
    for (size_t i = 0; i < n->n_kinds; i++)
        if (n->kinds[i].id == list->kind) return &n->kinds[i];
    return NULL;
}

unsigned docx_number(DocxNumbering *n, unsigned id, unsigned depth)
{
    if (!n->read) read_part(n);
    DocxList *list = NULL;
    for (size_t i = 0; i < n->n_lists && !list; i++)
        if (n->lists[i].id == id) list = &n->lists[i];
    const DocxListKind *kind = list ? kind_of(n, list) : NULL;
    if (!kind || depth >= DOCX_LIST_LEVELS || !kind->numbered[depth]) return 0;
    unsigned now = list->next[depth] ? list->next[depth] : kind->first[depth] ? kind->first[depth] : 1;
    list->next[depth] = now + 1;
    for (unsigned below = depth + 1; below < DOCX_LIST_LEVELS; below++) list->next[below] = 0;
    return now;
}
