// SPDX-License-Identifier: Apache-2.0
//
// Words, as project-folder.md counts them: a word is a run of non-space; only a run that holds
// letters of a script written without spaces (Han, Kana, Thai, Lao, Khmer, Myanmar, Tibetan, Yi, …)
// is taken apart by Unicode segmentation (UAX #29 with ICU's dictionaries). There, punctuation
// belongs to the word before it, opening punctuation to the word behind it, so that the words of a
// run always cover the run.
//
// Space is what Python's str.isspace() and `\s` call space: Unicode White_Space and the four
// separators U+001C to U+001F.
//
// Text is valid UTF-8; offsets are bytes. Offsets that are handed in lie between letters.
#ifndef CONFAB_TEXT_WORDS_H
#define CONFAB_TEXT_WORDS_H

#include "base/str.h"

// ICU's word breaker, opened when the first run asks for it. {0} is ready; one thread at a time.
typedef struct Segmenter {
    void *breaker;
} Segmenter;

void segmenter_free(Segmenter *s);

size_t words_count(Segmenter *s, Str text);

// Goes over at most `n` words from `at`: *start is where the first begins, *end where the last
// ends (both STR_NONE when there is none). Returns how many it found.
size_t words_take(Segmenter *s, Str text, size_t at, size_t n, size_t *start, size_t *end);

// Offset where the last `n` words of the text begin (of all, when it has fewer; its end without words).
size_t words_tail(Segmenter *s, Str text, size_t n);

typedef struct WordIter {
    Segmenter *segmenter;
    Str text;
    size_t at;
} WordIter;

// The next word: false at the end.
bool words_next(WordIter *it, Str *word);

// ---- space --------------------------------------------------------------------------------------

bool space_is(uint32_t code_point);
size_t space_skip(Str text, size_t at);       // first byte from `at` that opens no space; or text.len
size_t space_find(Str text, size_t at);       // first byte from `at` that opens a space; or text.len
size_t space_len(Str text, size_t at);        // bytes of the space that begins at `at`; 0: none does
size_t space_skip_back(Str text, size_t at);  // end of the last non-space before `at`; 0: none
Str space_trim(Str text);                     // off both ends

// A script that is written without spaces between words.
bool script_without_spaces(uint32_t code_point);

#endif
