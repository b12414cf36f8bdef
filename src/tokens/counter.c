// SPDX-License-Identifier: Apache-2.0
#include "tokens/counter.h"

#include "base/utf8.h"
#include "tokens/letter_class.h"
#include "tokens/vocabulary_file.h"

bool counter_open(Counter *c, Str tokenizer, Str data, Error *e)
{
    *c = (Counter){0};
    if (!tokenizer.len) return true;
    if (!vocabulary_open(tokenizer, data, &c->vocabulary, e)) return false;
    if (!tokenizer_init(&c->tokenizer, &c->vocabulary, e)) {
        vocabulary_close(&c->vocabulary);
        return false;
    }
    return c->exact = true;
}

void counter_close(Counter *c)
{
    if (!c->exact) return;
    tokenizer_free(&c->tokenizer);
    vocabulary_close(&c->vocabulary);
    *c = (Counter){0};
}

uint64_t counter_count(Counter *c, Str text) { return c->exact ? tokenizer_count(&c->tokenizer, text) : tokens_guess(text); }

// A word of ASCII is a token and a bit, by its length; other alphabets take more, and letters of
// scripts without spaces nearly one each.
uint32_t tokens_guess_next(Str text, size_t *at)
{
    size_t run = 0;
    for (; *at < text.len && str_is_alpha(text.ptr[*at]); ++*at) run++;
    if (run) return (uint32_t)(run <= 7 ? 12 : 12 + 2 * (run - 7));
    uint32_t c = utf8_next(text, at);
    if (c == UTF8_BAD || c >= 0x80) return c >= 0x2E80 && c != UTF8_BAD ? 10 : 6;
    if (c == ' ') return *at < text.len && text.ptr[*at] == ' ';
    return str_is_digit((char)c) ? 5 : 8;
}

uint64_t tokens_guess(Str text)
{
    uint64_t twelfths = 0;
    for (size_t at = 0; at < text.len;) twelfths += tokens_guess_next(text, &at);
    return (twelfths + TOKENS_GUESS_SCALE - 1) / TOKENS_GUESS_SCALE;
}
