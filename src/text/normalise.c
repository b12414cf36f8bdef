// SPDX-License-Identifier: Apache-2.0
#include "text/normalise.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/utf8.h"
#include "text/words.h"

// A word without an end would be held whole; longer ones are compared in parts of this many bytes.
enum { WORD_MAX = 1024 };

static bool is_mark(int8_t type) { return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_COMBINING_SPACING_MARK; }

static bool is_word(UChar32 c, int8_t type)
{
    (void)c;
    return u_isalpha(c) || type == U_DECIMAL_DIGIT_NUMBER || type == U_LETTER_NUMBER || type == U_OTHER_NUMBER || is_mark(type);
}

// NFC of the held word; what does not fit the window (it cannot grow, but ICU may say so) stays.
static void compose(Buf *word)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    UChar wide[WORD_MAX + 8], composed[WORD_MAX + 8];
    char narrow[4 * (WORD_MAX + 8)];
    int32_t n = 0, m, bytes = 0;
    u_strFromUTF8(wide, WORD_MAX + 8, &n, word->ptr, (int32_t)word->len, &status);
    m = unorm2_normalize(nfc, wide, n, composed, WORD_MAX + 8, &status);
    u_strToUTF8(narrow, (int32_t)sizeof narrow, &bytes, composed, m, &status);
    if (U_FAILURE(status)) return;
    buf_clear(word);
    buf_add(word, (Str){narrow, (size_t)bytes});
}

static void flush_word(Normaliser *n)
{
    n->apostrophe = false;
    if (n->word.len == 0) return;
    if (n->marks) compose(&n->word);
    if (n->any) buf_add_char(n->out, ' ');
    buf_add(n->out, buf_str(&n->word));
    buf_clear(&n->word);
    n->any = true;
    n->marks = false;
}

static void add_letter(Normaliser *n, UChar32 c, int8_t type)
{
    char bytes[4];
    bool mark = is_mark(type), alone = script_without_spaces((uint32_t)c);
    if (mark && n->word.len == 0) return;  // a mark without a letter says nothing
    if ((alone && !mark) || n->word.len > WORD_MAX - 8) flush_word(n);
    // A letter behind a lone one opens a word of its own: "漢a" is two.
    if (!alone && !mark && n->word.len) {
        size_t first = 0;
        if (script_without_spaces(utf8_next(buf_str(&n->word), &first))) flush_word(n);
    }
    n->apostrophe = false;
    n->marks |= mark && !alone;
    UChar32 folded = u_foldCase(c, U_FOLD_CASE_DEFAULT);
    buf_add(&n->word, (Str){bytes, utf8_encode((uint32_t)folded, bytes)});
}

static void add_code_point(Normaliser *n, UChar32 c)
{
    if (c == '\'' || c == 0x2019) {
        if (n->apostrophe || n->word.len == 0) flush_word(n);
        else n->apostrophe = true;
        return;
    }
    int8_t type = u_charType(c);
    if (is_word(c, type))
        add_letter(n, c, type);
    else if (type != U_FORMAT_CHAR)  // a soft hyphen or a joiner stands inside a word
        flush_word(n);
}

static bool ascii_word(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Words of ASCII letters alone, the bulk of most text, straight into the output. Stops at the first
// byte that needs more thought. Called with no word open.
static size_t ascii_words(Normaliser *n, Str s, size_t i)
{
    while (i < s.len) {
        size_t start = i;
        while (i < s.len && ascii_word((unsigned char)s.ptr[i])) i++;
        size_t len = i - start;
        bool ends = i < s.len && (unsigned char)s.ptr[i] < 0x80 && s.ptr[i] != '\'';
        if (len && (!ends || len > WORD_MAX - 8)) return start;
        if (!len && (i == s.len || !ends)) return start;
        if (len) {
            if (n->any) buf_add_char(n->out, ' ');
            if (!buf_reserve(n->out, len)) return i;
            char *to = n->out->ptr + n->out->len;
            for (size_t k = 0; k < len; k++) {
                char c = s.ptr[start + k];
                to[k] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
            }
            n->out->len += len;
            n->any = true;
        }
        while (i < s.len && (unsigned char)s.ptr[i] < 0x80 && !ascii_word((unsigned char)s.ptr[i]) && s.ptr[i] != '\'') i++;
    }
    return i;
}

static unsigned letter_bytes(unsigned char lead)
{
    return lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
}

static void feed_letter(Normaliser *n, Str s, size_t *i)
{
    uint32_t c = utf8_next(s, i);
    if (c == UTF8_BAD)
        flush_word(n);
    else
        add_code_point(n, (UChar32)c);
}

// Goes on with a letter that the part before cut; returns how much of `part` that took.
static size_t feed_held(Normaliser *n, Str part)
{
    size_t used = 0;
    while (n->n_held && used < part.len) {
        unsigned want = letter_bytes((unsigned char)n->held[0]);
        unsigned char c = (unsigned char)part.ptr[used];
        bool more = (c & 0xC0) == 0x80 && n->n_held < want;
        if (more) n->held[n->n_held++] = part.ptr[used++];
        if (more && n->n_held < want) continue;
        Str letter = {n->held, n->n_held};
        n->n_held = 0;
        for (size_t i = 0; i < letter.len;) feed_letter(n, letter, &i);
    }
    return used;
}

void normalise_feed(Normaliser *n, Str part)
{
    for (size_t i = feed_held(n, part); i < part.len;) {
        if (n->word.len == 0 && !n->apostrophe) {
            i = ascii_words(n, part, i);
            if (i >= part.len) break;
        }
        unsigned want = letter_bytes((unsigned char)part.ptr[i]);
        if (part.len - i < want) {
            size_t k = 1;
            while (i + k < part.len && ((unsigned char)part.ptr[i + k] & 0xC0) == 0x80) k++;
            if (i + k == part.len) {
                memcpy(n->held, part.ptr + i, k);
                n->n_held = (unsigned)k;
                return;
            }
        }
        feed_letter(n, part, &i);
    }
}

void normalise_end(Normaliser *n)
{
    Str letter = {n->held, n->n_held};
    n->n_held = 0;
    for (size_t i = 0; i < letter.len;) feed_letter(n, letter, &i);
    flush_word(n);
    buf_free(&n->word);
}

void normalise(Str text, Buf *out)
{
    Normaliser n = {.out = out};
    normalise_feed(&n, text);
    normalise_end(&n);
}

bool normal_next(Str *rest, Str *word)
{
    while (str_cut(rest, ' ', word))
        if (word->len) return true;
    return false;
}
