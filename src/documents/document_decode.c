// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "documents/document.h"

static bool not_text(Str bytes, size_t at, const char *why, Str shown, Error *e)
{
    error_set(e, ERROR_FILE, "encoding", "byte 0x%02X at offset %zu is %s", (unsigned char)bytes.ptr[at], at, why);
    error_hint(e, "save the file as UTF-8");
    return error_at_file(e, shown);
}

// Drops CR before LF, and one line break at the end. `text` is the bytes as they are, or already a
// copy in the arena (then `own` is where they may be changed).
static Str line_ends(Str text, char *own, Arena *a)
{
    const char *cr = text.len ? memchr(text.ptr, '\r', text.len) : NULL;
    if (cr) {
        if (!own) {
            own = arena_alloc(a, text.len + 1);
            memcpy(own, text.ptr, text.len);
        }
        size_t to = (size_t)(cr - text.ptr);
        for (size_t from = to; from < text.len; from++)
            if (!(own[from] == '\r' && from + 1 < text.len && own[from + 1] == '\n')) own[to++] = own[from];
        text = (Str){own, to};
    }
    return str_ends(text, S("\n")) ? str_slice(text, 0, text.len - 1) : text;
}

// Which UTF-16 the bytes are: 'L', 'B', or 0. Without a mark, when the zeros of ASCII letters stand
// on one side only and are many.
static char utf16_order(Str bytes, size_t *start)
{
    *start = 2;
    if (str_starts(bytes, S("\xFF\xFE"))) return 'L';
    if (str_starts(bytes, S("\xFE\xFF"))) return 'B';
    *start = 0;
    size_t n = bytes.len < 4096 ? bytes.len & ~(size_t)1 : 4096, zeros[2] = {0};
    for (size_t i = 0; i < n; i++) zeros[i & 1] += bytes.ptr[i] == 0;
    if (n < 4 || bytes.len % 2) return 0;
    if (zeros[1] * 3 >= n / 2 && zeros[0] == 0) return 'L';
    if (zeros[0] * 3 >= n / 2 && zeros[1] == 0) return 'B';
    return 0;
}

static uint32_t unit_at(Str bytes, size_t at, char order)
{
    unsigned a = (unsigned char)bytes.ptr[at], b = (unsigned char)bytes.ptr[at + 1];
    return order == 'L' ? a | b << 8 : a << 8 | b;
}

// The letter at `at`, and behind it. What is no letter comes back as it is.
static uint32_t letter_at(Str bytes, size_t *at, char order)
{
    uint32_t c = unit_at(bytes, *at, order);
    *at += 2;
    if (c < 0xD800 || c >= 0xDC00 || *at + 1 >= bytes.len) return c;
    uint32_t low = unit_at(bytes, *at, order);
    if (low < 0xDC00 || low >= 0xE000) return c;
    *at += 2;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

// Twice over the bytes, so that no more is held than the text.
static bool from_utf16(Str bytes, size_t start, char order, Str shown, Arena *a, Str *text, Error *e)
{
    char letter[4];
    size_t n = 0, at = start;
    while (at + 1 < bytes.len) {
        size_t before = at;
        uint32_t c = letter_at(bytes, &at, order);
        unsigned len = utf8_encode(c, letter);
        if (len == 0 || c == 0) return not_text(bytes, before, c ? "half a letter of UTF-16" : "no text in UTF-16", shown, e);
        n += len;
    }
    if (at < bytes.len) return not_text(bytes, at, "half a unit of UTF-16", shown, e);
    char *to = arena_alloc(a, n + 1);
    n = 0;
    for (at = start; at + 1 < bytes.len;) {
        unsigned len = utf8_encode(letter_at(bytes, &at, order), letter);
        memcpy(to + n, letter, len);
        n += len;
    }
    *text = line_ends((Str){to, n}, to, a);
    return true;
}

// 80–9F of Windows-1252; 0: not assigned.
static const uint16_t upper[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
};

static uint32_t windows_letter(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 0x80 && byte < 0xA0 ? upper[byte - 0x80] : byte;
}

// Where words of another encoding's letters begin: in Windows-1252 a letter beyond ASCII stands among others of ASCII,
// in Cyrillic or Chinese encodings whole words are such bytes. STR_NONE: most do not.
static size_t foreign_words(Str bytes)
{
    enum { RUN = 3, FEWEST = 6 };
    size_t high = 0, in_runs = 0, first = STR_NONE;
    for (size_t i = 0; i < bytes.len;) {
        size_t from = i;
        bool same = true;   // a rule of dashes or dots
        for (; i < bytes.len && (unsigned char)bytes.ptr[i] >= 0x80; i++) same &= bytes.ptr[i] == bytes.ptr[from];
        if (!same && i - from >= RUN) {
            in_runs += i - from;
            if (first == STR_NONE) first = from;
        }
        high += same && i - from > 1 ? 0 : i - from;
        i += i == from;
    }
    return high >= FEWEST && in_runs * 2 > high ? first : STR_NONE;
}

bool document_is_windows_1252(Str bytes, Str shown, Error *e)
{
    size_t foreign = foreign_words(bytes);
    return foreign == STR_NONE || not_text(bytes, foreign, "neither UTF-8 nor, by the look of its neighbours, Windows-1252", shown, e);
}

void document_add_windows_1252(Buf *b, Str bytes)
{
    for (size_t i = 0, from = 0; i < bytes.len; from = ++i) {
        while (i < bytes.len && (unsigned char)bytes.ptr[i] < 0x80) i++;
        buf_add(b, str_slice(bytes, from, i));
        if (i == bytes.len) return;
        char letter[4];
        uint32_t c = windows_letter(bytes.ptr[i]);
        buf_add(b, (Str){letter, utf8_encode(c ? c : 0xFFFD, letter)});
    }
}

static bool from_windows_1252(Str bytes, Str shown, Arena *a, Str *text, Error *e)
{
    char letter[4];
    size_t n = 0;
    if (!document_is_windows_1252(bytes, shown, e)) return false;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        uint32_t c = windows_letter(bytes.ptr[i]);
        bool control = byte < 0x20 && !memchr("\t\n\r\f\x1A", byte, 5);
        if (c == 0 || control) return not_text(bytes, i, "neither UTF-8 nor Windows-1252", shown, e);
        n += byte < 0x80 ? 1 : utf8_encode(c, letter);
    }
    char *to = arena_alloc(a, n + 1);
    n = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned len = utf8_encode(windows_letter(bytes.ptr[i]), letter);
        memcpy(to + n, letter, len);
        n += len;
    }
    *text = line_ends((Str){to, n}, to, a);
    return true;
}

bool document_decode(Str bytes, Str shown, Arena *a, Str *text, Error *e)
{
    size_t start;
    char order = utf16_order(bytes, &start);
    if (order) return from_utf16(bytes, start, order, shown, a, text, e);
    size_t zero = bytes.len ? str_find_char(bytes, 0) : STR_NONE;
    if (zero != STR_NONE) return not_text(bytes, zero, "not text", shown, e);
    if (!utf8_valid(bytes)) return from_windows_1252(bytes, shown, a, text, e);
    if (str_starts(bytes, S("\xEF\xBB\xBF"))) bytes = str_slice(bytes, 3, bytes.len);
    *text = line_ends(bytes, NULL, a);
    return true;
}
