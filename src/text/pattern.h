// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions: PCRE2 with UTF, UCP and its compiler to machine code, reading what Python's
// `re` reads. Where the two differ, the pattern is read as Python reads it:
//   \Z              the very end of the text (PCRE2's \z)
//   \v              vertical tab alone
//   \s \S           Python's white space (see words.h), in a class too
//   \uXXXX \UXXXXXXXX
//   {,n}            up to n
//   (?a…) (?u…) at the very start: ASCII classes, Unicode classes
//   ^ with (?m)     also behind a line break at the very end
// What only PCRE2 has (\K, \h, \R, \Q…\E, (?|…), POSIX classes, lookbehinds of several lengths) stays.
//
// A match that explodes is an error: each start has a ceiling of steps, and whoever searches or
// splits a text spends at most PATTERN_MS without getting on.
#ifndef CONFAB_TEXT_PATTERN_H
#define CONFAB_TEXT_PATTERN_H

#include "base/error.h"

enum {
    PATTERN_MS = 60,          // processor time for 64 KiB of text, of the 100 ms that an error may take
    PATTERN_MAX = 16 * 1024,  // bytes of a pattern: nobody writes more by hand
};

typedef struct Pattern Pattern;  // owned by whoever compiled it; one thread at a time

// On failure *e says what is wrong (code "pattern", no place), and *offset (may be NULL) is the
// byte of `source` at fault. The default separator is known and runs without PCRE2.
bool pattern_compile(Str source, Pattern **out, size_t *offset, Error *e);
void pattern_free(Pattern *p);  // NULL is fine

typedef enum PatternResult { PATTERN_NONE, PATTERN_FOUND, PATTERN_FAILED } PatternResult;

typedef struct PatternMatch {
    size_t start, end;
} PatternMatch;

// The first match at or behind `from` in valid UTF-8, which is all seen by lookbehinds. With
// `advance`, not an empty one at `from` itself. PATTERN_FAILED fills *e: too many steps, too slow.
PatternResult pattern_find(Pattern *p, Str text, size_t from, bool advance, PatternMatch *match, Error *e);

// The parts of a text between the matches, as Python's re.split (3.7 and later) gives them without
// its groups: empty matches split too, and there is always one part more than matches.
typedef struct Split {
    Pattern *pattern;
    Str text;
    size_t at;       // where the next part begins
    bool advance;    // the last match was empty
    bool done;
    size_t block;            // of the default separator: where the block that was looked at last ends
    uint64_t places, blank;  // in that block: where a space may follow a stop, from the next part on; white space
} Split;

static inline Split split_from(Pattern *pattern, Str text) { return (Split){.pattern = pattern, .text = text}; }

// PATTERN_FOUND with the next part, PATTERN_NONE behind the last one.
PatternResult split_next(Split *s, PatternMatch *part, Error *e);

// The same pattern in PCRE2 even where a faster way is known; for tests.
bool pattern_compile_plain(Str source, Pattern **out, size_t *offset, Error *e);

#define PATTERN_SENTENCES S("(?<=[.!?])\\s+")  // the default separator

#endif
