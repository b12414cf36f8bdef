// SPDX-License-Identifier: Apache-2.0
//
// What it costs to ask, for each conversation of a growing run, whether it was seen, and to add it:
//
//   L=build/release/src; cc -O2 -D_GNU_SOURCE -Isrc bench/dedup_online.c $L/dedup/libconfab_dedup.a
//     $L/text/libconfab_text.a $L/base/libconfab_base.a -licuuc -lpcre2-8 -ljansson -lxxhash -lcrypto -lm
//     -o /tmp/dedup_online && /tmp/dedup_online [conversations, default 1000000]      (all on one line)
//
// With a word more, `/tmp/dedup_online 10000000 write`, it writes the conversations as JSONL instead.
// Conversations have about 650 bytes; one in ten is nearly one of the last thousand. Prints, at each
// tenth of the way, microseconds of processor time a conversation over the last 10,000.
#include <time.h>

#include "base/clock.h"
#include "base/random.h"
#include "dedup/seen.h"

enum { WORDS = 112, VOCABULARY = 20000, WORD_MAX = 12, KEPT = 1000, STRETCH = 10000 };

typedef struct Writer {
    Random random;
    char words[VOCABULARY][WORD_MAX];
    uint16_t recent[KEPT][WORDS];
    uint64_t n;
} Writer;

static void make_words(Writer *w)
{
    for (size_t i = 0; i < VOCABULARY; i++) {
        size_t len = 2 + random_below(&w->random, 7);
        for (size_t k = 0; k < len; k++) w->words[i][k] = (char)('a' + random_below(&w->random, 26));
    }
}

static Str next_text(Writer *w, char *out)
{
    uint16_t *words = w->recent[w->n % KEPT];
    bool near = w->n > KEPT && random_below(&w->random, 10) == 0;
    if (near) memcpy(words, w->recent[random_below(&w->random, KEPT)], sizeof w->recent[0]);
    for (size_t i = 0; i < WORDS; i++)
        if (!near || random_below(&w->random, 60) == 0) {
            double x = random_unit(&w->random);
            words[i] = (uint16_t)(x * x * VOCABULARY);
        }
    size_t len = 0;
    for (size_t i = 0; i < WORDS; i++) {
        size_t n = strlen(w->words[words[i]]);
        memcpy(out + len, w->words[words[i]], n);
        len += n;
        out[len++] = ' ';
    }
    w->n++;
    return (Str){out, len};
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void write_all(Writer *w, uint64_t n)
{
    char text[WORDS * (WORD_MAX + 1)];
    for (uint64_t i = 0; i < n; i++) {
        Str s = next_text(w, text);
        printf("{\"id\":%llu,\"messages\":[{\"role\":\"user\",\"content\":\"%.*s\"}]}\n", (unsigned long long)i, STR_ARG(s));
    }
}

int main(int argc, char **argv)
{
    uint64_t n = 1000000, seen_before = 0;
    if (argc > 1 && !str_to_u64(str_from(argv[1]), &n)) return 2;
    Writer *w = mem_alloc(sizeof *w);
    memset(w, 0, sizeof *w);
    w->random = random_from(1);
    make_words(w);
    if (argc > 2) {
        write_all(w, n);
        return 0;
    }
    Seen *seen = seen_new(&(SeenOptions){.threshold = 0.8});
    char(*texts)[WORDS * (WORD_MAX + 1)] = mem_alloc(STRETCH * sizeof *texts);
    Str *items = mem_alloc(STRETCH * sizeof *items);
    printf("%10s %10s %14s %8s\n", "seen", "kept", "us each", "MB");
    for (uint64_t done = 0; done < n; done += STRETCH) {
        for (size_t i = 0; i < STRETCH; i++) items[i] = next_text(w, texts[i]);
        double began = seconds();
        for (size_t i = 0; i < STRETCH; i++) {
            SeenMatch match;
            Error e;
            if (!seen_look(seen, items[i], &match) && !seen_add(seen, done + i, &e)) return 1;
        }
        double took = seconds() - began;
        if ((done + STRETCH) * 10 / n == seen_before * 10 / n) continue;
        seen_before = done + STRETCH;
        printf("%10llu %10zu %14.2f %8zu\n", (unsigned long long)seen_before, seen_count(seen), took / STRETCH * 1e6,
               seen_bytes(seen) >> 20);
    }
    seen_free(seen);
    return 0;
}
