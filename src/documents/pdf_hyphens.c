// SPDX-License-Identifier: Apache-2.0
#include "documents/pdf_hyphens.h"

#include "base/hash.h"

enum {
    WORD_MAX = 60,          // bytes; longer ones are no words
    SLOTS_MAX = 1 << 20,
};

// Letters of Latin, Greek and Cyrillic; dashes, quotation marks and all other scripts part words.
static size_t letter_len(Str s, size_t at)
{
    unsigned char c = (unsigned char)s.ptr[at];
    if (str_is_alpha(s.ptr[at])) return 1;
    return c >= 0xC3 && c < 0xE0 && at + 1 < s.len ? 2 : 0;
}

// The end of the word that begins at `at`: letters, with hyphens among them. Equal to `at`: there is none.
static size_t word_end(Str s, size_t at)
{
    size_t end = at;
    for (size_t n; at < s.len; at += n) {
        bool hyphen = s.ptr[at] == '-' && end == at && end > 0;
        n = hyphen ? 1 : letter_len(s, at);
        if (n == 0) break;
        if (!hyphen) end = at + n;
    }
    return end;
}

static uint32_t hash_of(Str first, Str second, const char *between)
{
    char word[2 * WORD_MAX + 2];
    size_t n = 0;
    for (size_t i = 0; i < first.len; i++) word[n++] = (char)(str_is_alpha(first.ptr[i]) ? first.ptr[i] | 0x20 : first.ptr[i]);
    for (; *between; between++) word[n++] = *between;
    for (size_t i = 0; i < second.len; i++) word[n++] = (char)(str_is_alpha(second.ptr[i]) ? second.ptr[i] | 0x20 : second.ptr[i]);
    uint32_t hash = (uint32_t)hash64((Str){word, n}, 0);
    return hash ? hash : 1;
}

static size_t slot_of(const PdfHyphens *h, uint32_t hash)
{
    size_t slot = hash & (h->n_slots - 1);
    while (h->words[slot] && h->words[slot] != hash) slot = (slot + 1) & (h->n_slots - 1);
    return slot;
}

static bool knows(const PdfHyphens *h, Str first, Str second, const char *between)
{
    return first.len <= WORD_MAX && second.len <= WORD_MAX && h->words[slot_of(h, hash_of(first, second, between))] != 0;
}

// The word that a line ends with; absent: it ends with none.
static Str last_word(Str line)
{
    Str last = {0};
    for (size_t at = 0; at < line.len;) {
        size_t end = word_end(line, at);
        if (end > at && end == line.len) last = str_slice(line, at, end);
        at = end > at ? end : at + 1;
    }
    return last;
}

typedef enum Evidence { NONE, PARTED, OWN } Evidence;

static Evidence evidence(const PdfHyphens *h, Str before, Str after)
{
    Str first = last_word(str_slice(before, before.len > 2 * WORD_MAX ? before.len - 2 * WORD_MAX : 0, before.len - 1));
    Str second = str_slice(after, 0, word_end(after, 0));
    if (first.len == 0 || second.len == 0) return OWN;  // of figures
    if (knows(h, first, second, "")) return PARTED;
    return knows(h, first, second, "-") || str_find_char(first, '-') != STR_NONE ? OWN : NONE;
}

// The next line end behind a hyphen that a small letter follows: the text up to it, and what follows.
static bool next_candidate(Str text, size_t *at, Str *before, Str *after)
{
    for (size_t found; (found = str_find(str_slice(text, *at, text.len), S("-\n"))) != STR_NONE;) {
        size_t hyphen = *at + found;
        *at = hyphen + 2;
        if (hyphen == 0 || *at >= text.len || letter_len(text, *at) == 0) continue;
        size_t from = hyphen > 2 * WORD_MAX ? hyphen - 2 * WORD_MAX : 0;
        *before = str_slice(text, from, hyphen + 1);
        *after = str_slice(text, *at, *at + 2 * WORD_MAX);
        return true;
    }
    return false;
}

// All words but the pieces at such line ends.
static void add_words(PdfHyphens *h, Str text)
{
    size_t room = h->n_slots / 4 * 3;
    bool piece = false;
    for (size_t at = 0; at < text.len && room;) {
        size_t end = word_end(text, at);
        if (end == at) {
            piece &= str_is_space(text.ptr[at]);
            at++;
            continue;
        }
        bool parted = str_starts(str_slice(text, end, text.len), S("-\n"));
        if (!piece && !parted && end - at <= WORD_MAX) {
            uint32_t hash = hash_of(str_slice(text, at, end), (Str){0}, "");
            size_t slot = slot_of(h, hash);
            room -= h->words[slot] == 0;
            h->words[slot] = hash;
        }
        piece = parted;
        at = end + (size_t)parted;
    }
}

PdfHyphens pdf_hyphens(Str text, Arena *a)
{
    PdfHyphens h = {0};
    Str before, after;
    size_t at = 0, parted = 0, own = 0;
    if (!next_candidate(text, &at, &before, &after)) return h;
    for (h.n_slots = 1 << 10; h.n_slots < text.len / 4 && h.n_slots < SLOTS_MAX;) h.n_slots *= 2;
    h.words = arena_new(a, uint32_t, h.n_slots);
    add_words(&h, text);
    for (at = 0; next_candidate(text, &at, &before, &after);) {
        Evidence e = evidence(&h, before, after);
        parted += e == PARTED;
        own += e == OWN;
    }
    h.own = own > parted;
    return h;
}

bool pdf_hyphen_stays(const PdfHyphens *h, Str before, Str after)
{
    char next = after.len ? after.ptr[0] : 'A';
    bool small = (next >= 'a' && next <= 'z') || (unsigned char)next >= 0xC3;
    Evidence e = h->n_slots ? evidence(h, before, after) : NONE;
    return e == OWN || (e == NONE && (h->own || !small));
}
