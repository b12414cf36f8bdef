// SPDX-License-Identifier: Apache-2.0
//
// Speed of cutting one long string: chunking-bench STRATEGY MAXIMUM[+OVERLAP] FILE MB… repeats the file's
// text to each size and prints MB/s (best of five), the chunks, and the largest chunk counted anew. For
// `tokens` also the speed of counting alone, in turn, so that both find the tokenizer equally warm; the
// vocabulary is named by $TOKENIZER (o200k_base).
#include <time.h>

#include "base/file.h"
#include "base/utf8.h"
#include "knowledge/chunk.h"

enum { ROUNDS = 5 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t largest(Str text, const Strategy *s, const ChunkList *list, ChunkTools *tools)
{
    size_t most = 0;
    for (size_t i = 0; i < list->n; i++) {
        Str slice = str_slice(text, list->items[i].start, list->items[i].end);
        size_t n = s->unit == UNIT_WORDS ? words_count(&tools->segmenter, slice)
                   : s->unit == UNIT_TOKENS ? (size_t)counter_count(tools->tokens.counter, slice) : letters_count(slice);
        if (n > most) most = n;
    }
    return most;
}

static Str repeated(Buf *b, Str one, size_t size)
{
    while (b->len < size) {
        buf_add(b, one);
        buf_add(b, S("\n\n"));
    }
    return utf8_cut(buf_str(b), size);
}

static bool open_counter(Counter *c, Arena *a)
{
    Error e;
    const char *xdg = getenv("XDG_DATA_HOME"), *name = getenv("TOKENIZER");
    Str data = xdg ? str_from(xdg) : arena_printf(a, "%s/.local/share", getenv("HOME"));
    if (counter_open(c, str_from(name ? name : "o200k_base"), data, &e)) return true;
    error_print(&e, stderr);
    return false;
}

static void least(double *best, double start)
{
    double spent = now() - start;
    if (spent < *best) *best = spent;
}

static bool measure(const char *name, const Strategy *s, Counter *counter, Str text)
{
    ChunkTools tools = {.tokens.counter = counter};
    Arena scratch = {0};
    ChunkList list = {0};
    Error e;
    double best = 1e9, alone = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        arena_free(&scratch);
        list = (ChunkList){.arena = &scratch};
        double start = now();
        if (!chunk_text(text, s, NULL, &tools, &list, &e)) return false;
        least(&best, start);
        start = now();
        if (s->unit == UNIT_TOKENS) counter_count(counter, text);
        least(&alone, start);
    }
    printf("%-12s %5zu MB  %8.0f MB/s  %8zu chunks  largest %zu", name, text.len / 1000000, (double)text.len / best / 1e6, list.n,
           largest(text, s, &list, &tools));
    if (s->unit == UNIT_TOKENS) printf("  counting alone %.0f MB/s: %.0f%%", (double)text.len / alone / 1e6, 100 * alone / best);
    printf("\n");
    chunk_tools_free(&tools);
    arena_free(&scratch);
    return true;
}

int main(int argc, char **argv)
{
    Arena a = {0};
    Error e;
    Str one, max, overlap;
    uint64_t most, again = 0, megabytes;
    Counter counter = {0};
    if (argc < 5 || !file_read_text(argv[3], 1 << 30, &a, &one, NULL, &e)) return 2;
    overlap = str_from(argv[2]);
    if (!str_cut(&overlap, '+', &max) || !str_to_u64(max, &most) || (overlap.len && !str_to_u64(overlap, &again))) return 2;
    Strategy s = {.max = (size_t)most, .overlap = (size_t)again, .weight = 1};
    for (int i = 0; i < STRATEGY_KINDS; i++)
        if (str_eq(strategy_names[i], str_from(argv[1]))) s.kind = (StrategyKind)i;
    s.unit = s.kind == STRATEGY_CHARACTERS ? UNIT_CHARACTERS : s.kind == STRATEGY_TOKENS ? UNIT_TOKENS : UNIT_WORDS;
    if (!pattern_compile(PATTERN_SENTENCES, &s.pattern, NULL, &e) || (s.unit == UNIT_TOKENS && !open_counter(&counter, &a))) return 1;
    for (int arg = 4; arg < argc && str_to_u64(str_from(argv[arg]), &megabytes); arg++) {
        Buf b = {0};
        if (!measure(argv[1], &s, &counter, repeated(&b, one, (size_t)megabytes * 1000000))) return 1;
        buf_free(&b);
    }
    pattern_free(s.pattern);
    counter_close(&counter);
    arena_free(&a);
    return 0;
}
