// SPDX-License-Identifier: Apache-2.0
#include "tokens/vocabulary_source.h"

void source_init(VocabularySource *s, Arena *a)
{
    *s = (VocabularySource){.arena = a, .unknown = NO_TOKEN};
    for (size_t i = 0; i < 256; i++) s->byte_ids[i] = NO_TOKEN;
}

bool source_put(VocabularySource *s, uint32_t id, Str bytes, Error *e)
{
    if (bytes.len > VOCABULARY_TOKEN) return error_set(e, ERROR_USAGE, "vocabulary", "token %u is longer than is sensible", id);
    if (id >= VOCABULARY_IDS) return error_set(e, ERROR_USAGE, "vocabulary", "token %u is beyond what is sensible", id);
    while (id >= s->cap_tokens) s->tokens = arena_grow(s->arena, s->tokens, s->cap_tokens, &s->cap_tokens, sizeof *s->tokens);
    if (id >= s->n_tokens) s->n_tokens = (size_t)id + 1;
    s->tokens[id] = bytes;
    return true;
}

// Visible Latin-1 letters stand for themselves, the other 68 bytes for U+0100 and those behind it.
int byte_of_letter(uint32_t c)
{
    if ((c >= '!' && c <= '~') || (c >= 0xA1 && c <= 0xAC) || (c >= 0xAE && c <= 0xFF)) return (int)c;
    if (c < 0x100 || c >= 0x100 + 68) return -1;
    uint32_t n = c - 0x100;
    if (n <= 32) return (int)n;
    if (n <= 32 + 34) return (int)(n - 33 + 127);
    return 0xAD;
}
