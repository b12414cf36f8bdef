// SPDX-License-Identifier: Apache-2.0
//
// Speed of cutting one long string: chunking STRATEGY MAXIMUM FILE MB… repeats the file's text to
// each size and prints MB/s (best of three), the chunks, and the largest chunk counted anew.
#include <time.h>

#include "base/file.h"
#include "base/utf8.h"
#include "knowledge/chunk.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// About four bytes a token, like a tokenizer's count but for nothing: what is left is cutting.
static size_t count_quarter(void *self, Str text)
{
    (void)self;
    return (text.len + 3) / 4;
}

static size_t largest(Str text, const Strategy *s, const ChunkList *list, ChunkTools *tools)
{
    size_t most = 0;
    for (size_t i = 0; i < list->n; i++) {
        Str slice = str_slice(text, list->items[i].start, list->items[i].end);
        size_t n = s->unit == UNIT_WORDS ? words_count(&tools->segmenter, slice)
                   : s->unit == UNIT_TOKENS ? count_quarter(NULL, slice) : letters_count(slice);
        if (n > most) most = n;
    }
    return most;
}

int main(int argc, char **argv)
{
    Arena a = {0};
    Error e;
    Str one;
    uint64_t max, megabytes;
    static const TokenCounter counter = {count_quarter, NULL};
    if (argc < 5 || !str_to_u64(str_from(argv[2]), &max) || !file_read_text(argv[3], 1 << 30, &a, &one, NULL, &e)) return 2;
    Strategy s = {.max = (size_t)max, .weight = 1};
    for (int i = 0; i < STRATEGY_KINDS; i++)
        if (str_eq(strategy_names[i], str_from(argv[1]))) s.kind = (StrategyKind)i;
    s.unit = s.kind == STRATEGY_CHARACTERS ? UNIT_CHARACTERS : s.kind == STRATEGY_TOKENS ? UNIT_TOKENS : UNIT_WORDS;
    if (s.kind == STRATEGY_TOKENS) s.overlap = s.max / 10;
    if (!pattern_compile(PATTERN_SENTENCES, &s.pattern, NULL, &e)) return 1;
    for (int arg = 4; arg < argc && str_to_u64(str_from(argv[arg]), &megabytes); arg++) {
        Buf b = {0};
        while (b.len < megabytes * 1000000) {
            buf_add(&b, one);
            buf_add(&b, S("\n\n"));
        }
        Str text = utf8_cut(buf_str(&b), (size_t)megabytes * 1000000);
        ChunkTools tools = {.counter = &counter};
        double best = 1e9;
        Arena scratch = {0};
        ChunkList list = {0};
        for (int round = 0; round < 3; round++) {
            arena_free(&scratch);
            list = (ChunkList){.arena = &scratch};
            double start = now();
            if (!chunk_text(text, &s, NULL, &tools, &list, &e)) return 1;
            double spent = now() - start;
            if (spent < best) best = spent;
        }
        printf("%-12s %5llu MB  %8.0f MB/s  %8zu chunks  largest %zu\n", argv[1], (unsigned long long)megabytes, (double)text.len / best / 1e6, list.n,
               largest(text, &s, &list, &tools));
        chunk_tools_free(&tools);
        arena_free(&scratch);
        buf_free(&b);
    }
    pattern_free(s.pattern);
    arena_free(&a);
    return 0;
}
