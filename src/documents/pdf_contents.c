// SPDX-License-Identifier: Apache-2.0
#include "documents/pdf_contents.h"

#include "documents/pdf_tables.h"

// Behind the leader of a line ("....", ". . . ."), or STR_NONE.
static size_t behind_leader(Str line)
{
    enum { FEWEST = 5 };
    size_t dots = 0, end = STR_NONE;
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '.') dots++;
        else if (line.ptr[i] != ' ') dots = 0;
        if (dots >= FEWEST) end = i + 1;
    }
    return end;
}

bool pdf_is_contents(Str page, size_t pages)
{
    enum { PROSE = 80, FEWEST = 5, PRINTED = 2 };   // printed pages on one of the file, at most
    size_t leaders = 0, numbers = 0, lines = 0, prose = 0, counted = 0, wrong = 0;
    uint64_t before = 0, last_page = UINT64_MAX, n;
    if (!str_contains(page, S(". .")) && !str_contains(page, S("...."))) return false;
    for (Str line; str_cut(&page, '\n', &line);) {
        line = str_trim(line);
        if (line.len == 0) continue;
        size_t end = behind_leader(line);
        Str last = str_trim(str_slice(line, end == STR_NONE ? 0 : end, line.len));
        bool number = str_to_u64(last, &n);
        lines++;
        leaders += end != STR_NONE;
        numbers += end == STR_NONE && pdf_is_figure(line);
        prose += end == STR_NONE && line.len > PROSE;
        if (!number) continue;
        counted++;
        // A part of a work may begin anywhere.
        if (end != STR_NONE && last_page == UINT64_MAX) last_page = n < UINT64_MAX / 2 ? n + PRINTED * pages : 0;
        wrong += n < before || n > last_page;
        before = n;
    }
    return leaders >= FEWEST && (leaders + numbers) * 2 >= lines && prose * 10 <= lines && counted >= FEWEST && wrong * 5 <= counted;
}

static bool is_heading(Str line)
{
    static const Str headings[] = {S_INIT("contents"), S_INIT("table of contents"), S_INIT("index"), S_INIT("inhalt"), S_INIT("inhaltsverzeichnis"),
                                   S_INIT("table des matières"), S_INIT("sommaire"), S_INIT("índice"), S_INIT("contenido"), S_INIT("indice"),
                                   S_INIT("sommario"), S_INIT("sumário"), S_INIT("inhoud"), S_INIT("inhoudsopgave"), S_INIT("spis treści")};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        if (str_eq_ignore_case(line, headings[i])) return true;
    return false;
}

Str pdf_above_contents(Str page)
{
    Str rest = page, line;
    while (str_cut(&rest, '\n', &line) && behind_leader(line) == STR_NONE)
        if (is_heading(str_trim(line))) return str_slice(page, 0, (size_t)(line.ptr - page.ptr));
    return (Str){0};
}
