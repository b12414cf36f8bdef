// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <errno.h>

#include "base/utf8.h"

static void copy_text(char *to, size_t size, Str s)
{
    s = utf8_cut(s, size - 1);
    if (s.len) memcpy(to, s.ptr, s.len);
    to[s.len] = 0;
}

static void format_text(char *to, size_t size, const char *format, va_list args)
{
    char text[2048];
    int n = vsnprintf(text, sizeof text, format, args);
    if (n < 0) n = 0;
    if ((size_t)n >= sizeof text) n = sizeof text - 1;
    copy_text(to, size, (Str){text, (size_t)n});
}

bool error_set(Error *e, ErrorKind kind, const char *code, const char *format, ...)
{
    if (!e) return false;
    *e = (Error){.kind = kind};
    copy_text(e->code, sizeof e->code, str_from(code));
    va_list args;
    va_start(args, format);
    format_text(e->what, sizeof e->what, format, args);
    va_end(args);
    return false;
}

bool error_hint(Error *e, const char *format, ...)
{
    if (!e) return false;
    va_list args;
    va_start(args, format);
    format_text(e->hint, sizeof e->hint, format, args);
    va_end(args);
    return false;
}

bool error_at_file(Error *e, Str file)
{
    if (!e) return false;
    e->place = (Place){0};
    copy_text(e->place.file, sizeof e->place.file, file);
    return false;
}

static unsigned count_letters(Str s)
{
    unsigned n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

bool error_at(Error *e, Str file, Str text, size_t offset)
{
    if (!e) return false;
    error_at_file(e, file);
    if (offset > text.len) offset = text.len;
    unsigned line = 1;
    size_t start = 0;
    for (size_t i = 0; i < offset; i++)
        if (text.ptr[i] == '\n') line++, start = i + 1;
    size_t length = str_find_char(str_slice(text, start, text.len), '\n');
    Str whole = str_slice(text, start, length == STR_NONE ? text.len : start + length);
    Str before = str_slice(text, start, offset);
    e->place.line = line;
    e->place.column = count_letters(before) + 1;
    // A long line is shown from a little before the place, so that the caret is always under it.
    enum { BEFORE = 60 };
    size_t from = 0;
    if (before.len > BEFORE) {
        from = before.len - BEFORE;
        while (from < before.len && ((unsigned char)before.ptr[from] & 0xC0) == 0x80) from++;
    }
    copy_text(e->place.text, sizeof e->place.text, str_slice(whole, from, from + 120));
    e->place.caret = count_letters(str_slice(before, from, before.len));
    return false;
}

bool error_errno(Error *e, const char *verb, const char *path)
{
    int number = errno;
    error_set(e, ERROR_FILE, "file", "cannot %s: %s", verb, strerror(number));
    error_at_file(e, str_from(path));
    if (number == ENOSPC || number == EDQUOT) error_hint(e, "free some space, then go on with `confab resume`");
    if (number == EACCES || number == EROFS || number == EPERM)
        error_hint(e, "check who may write and read there");
    return false;
}

static bool is_control(const unsigned char *p, size_t left, size_t *len)
{
    *len = 1;
    if (p[0] < 0x20 || p[0] == 0x7F) return true;
    if (p[0] == 0xC2 && left > 1 && p[1] >= 0x80 && p[1] < 0xA0) return *len = 2, true;
    if (p[0] == 0xE2 && left > 2 && p[1] == 0x80 && ((p[2] >= 0xAA && p[2] <= 0xAE) || p[2] == 0xA8 || p[2] == 0xA9))
        return *len = 3, true;
    if (p[0] == 0xE2 && left > 2 && p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9) return *len = 3, true;
    return false;
}

void print_safe(FILE *out, Str s, bool lines)
{
    size_t start = 0;
    for (size_t i = 0; i < s.len;) {
        size_t len;
        bool kept = lines && (s.ptr[i] == '\n' || s.ptr[i] == '\t');
        if (kept || !is_control((const unsigned char *)s.ptr + i, s.len - i, &len)) {
            i++;
            continue;
        }
        fwrite(s.ptr + start, 1, i - start, out);
        fputc(s.ptr[i] == '\t' ? ' ' : '?', out);
        start = i += len;
    }
    if (start < s.len) fwrite(s.ptr + start, 1, s.len - start, out);
}

static void print_place(const Place *place, FILE *out)
{
    if (!place->file[0]) return;
    fputs(" (", out);
    print_safe(out, str_from(place->file), false);
    if (place->line) fprintf(out, ":%u", place->line);
    if (place->column) fprintf(out, ":%u", place->column);
    fputc(')', out);
}

void error_print(const Error *e, FILE *out)
{
    fprintf(out, "%s[%s]: ", e->warning ? "warning" : "error", e->code[0] ? e->code : "internal");
    print_safe(out, str_from(e->what), false);
    print_place(&e->place, out);
    fputc('\n', out);
    if (e->place.text[0]) {
        int margin = fprintf(out, "%5u | ", e->place.line);
        print_safe(out, str_from(e->place.text), false);
        fprintf(out, "\n%*s^\n", margin + (int)e->place.caret, "");
    }
    if (e->hint[0]) {
        fputs("hint: ", out);
        print_safe(out, str_from(e->hint), false);
        fputc('\n', out);
    }
}

void problems_add(Problems *p, const Error *e)
{
    if (p->n >= PROBLEMS_MAX) {
        p->full = true;
        if (!e->warning) p->errors++;
        return;
    }
    p->items = arena_grow(p->arena, p->items, p->n, &p->cap, sizeof *p->items);
    p->items[p->n++] = *e;
    if (!e->warning) p->errors++;
}

Error *problems_new(Problems *p, bool warning, ErrorKind kind, const char *code, const char *format, ...)
{
    Error e = {.kind = kind, .warning = warning};
    copy_text(e.code, sizeof e.code, str_from(code));
    va_list args;
    va_start(args, format);
    format_text(e.what, sizeof e.what, format, args);
    va_end(args);
    problems_add(p, &e);
    if (!p->full) return &p->items[p->n - 1];
    // When the list is full the new one has no place; one behind the last is handed out as a scratch.
    p->items = arena_grow(p->arena, p->items, p->n, &p->cap, sizeof *p->items);
    p->items[p->n] = e;
    return &p->items[p->n];
}

void problems_print(const Problems *p, FILE *out)
{
    for (size_t i = 0; i < p->n; i++) error_print(&p->items[i], out);
    if (p->full) fprintf(out, "… and more: only the first %d are shown\n", PROBLEMS_MAX);
}
