// SPDX-License-Identifier: Apache-2.0
#include "dedup/diversity.h"

#include "base/utf8.h"
#include "text/normalise.h"

enum { FIRST_BITS = 8 };

// ---- counting what is different -----------------------------------------------------------------

static bool sampled(const Distinct *d, uint64_t hash) { return (hash & (((uint64_t)1 << d->halved) - 1)) == 0; }

// Places follow from the upper half, the sample from the lowest bits.
static size_t place(const Distinct *d, uint64_t hash) { return (size_t)(hash >> 32) & (((size_t)1 << d->bits) - 1); }

static bool insert(Distinct *d, uint64_t hash)
{
    size_t mask = ((size_t)1 << d->bits) - 1, i = place(d, hash);
    while (d->slots[i] && d->slots[i] != hash) i = (i + 1) & mask;
    if (d->slots[i]) return false;
    d->slots[i] = hash;
    d->n++;
    return true;
}

static void rebuild(Distinct *d, unsigned bits)
{
    uint64_t *old = d->slots;
    size_t n = d->bits ? (size_t)1 << d->bits : 0;
    d->slots = mem_alloc(sizeof *d->slots << bits);
    memset(d->slots, 0, sizeof *d->slots << bits);
    d->bits = bits;
    d->n = 0;
    for (size_t i = 0; i < n; i++)
        if (old[i] && sampled(d, old[i])) insert(d, old[i]);
    free(old);
}

static void make_room(Distinct *d)
{
    if (d->bits == 0) rebuild(d, FIRST_BITS);
    while ((d->n + 1) * 4 > (size_t)3 << d->bits) {
        if (d->bits == DISTINCT_BITS) d->halved++;
        rebuild(d, d->bits < DISTINCT_BITS ? d->bits + 1 : d->bits);
    }
}

DistinctNews distinct_add(Distinct *d, uint64_t hash)
{
    if (!hash) hash = (uint64_t)1 << 63;
    if (!sampled(d, hash)) return DISTINCT_UNSAMPLED;
    make_room(d);
    if (!sampled(d, hash)) return DISTINCT_UNSAMPLED;
    return insert(d, hash) ? DISTINCT_NEW : DISTINCT_KNOWN;
}

double distinct_count(const Distinct *d) { return (double)d->n * (double)((uint64_t)1 << d->halved); }

void distinct_free(Distinct *d)
{
    free(d->slots);
    *d = (Distinct){0};
}

// ---- openers ------------------------------------------------------------------------------------

static Str opener_of(Str opening, Buf *normal)
{
    Str rest, word;
    // The first words are in the first bytes, however long the turn is.
    normalise(utf8_cut(opening, 1024), normal);
    rest = buf_str(normal);
    size_t end = 0;
    for (int i = 0; i < OPENER_WORDS && normal_next(&rest, &word); i++) end = (size_t)(word.ptr + word.len - normal->ptr);
    return utf8_cut((Str){normal->ptr, end}, OPENER_MAX - 1);
}

static void count_opener(Diversity *d, Str opening)
{
    Buf normal = {0};
    Str text = opener_of(opening, &normal);
    uint64_t hash = hash64(text, 0);
    Opener *least = d->openers;
    unsigned i = 0;
    for (; text.len && i < d->n_openers && d->openers[i].hash != hash; i++)
        if (d->openers[i].n < least->n) least = &d->openers[i];
    if (text.len && i < d->n_openers) {
        d->openers[i].n++;
    } else if (text.len) {
        uint64_t over = d->n_openers < OPENERS ? 0 : least->n;
        if (d->n_openers < OPENERS) least = &d->openers[d->n_openers++];
        *least = (Opener){.hash = hash, .n = over + 1, .over = over};
        memcpy(least->text, text.ptr, text.len);
    }
    buf_free(&normal);
}

static int commonest_first(const void *a, const void *b)
{
    const Opener *x = *(const Opener *const *)a, *y = *(const Opener *const *)b;
    uint64_t n = x->n - x->over, m = y->n - y->over;
    return n != m ? (n < m ? 1 : -1) : strcmp(x->text, y->text);
}

size_t diversity_openers(const Diversity *d, const Opener **out, size_t max)
{
    const Opener *all[OPENERS];
    size_t n = 0;
    for (unsigned i = 0; i < d->n_openers; i++)
        if (d->openers[i].n - d->openers[i].over > 1) all[n++] = &d->openers[i];
    if (n) qsort(all, n, sizeof *all, commonest_first);
    if (n > max) n = max;
    for (size_t i = 0; i < n; i++) out[i] = all[i];
    return n;
}

// ---- the meter ----------------------------------------------------------------------------------

void diversity_init(Diversity *d) { *d = (Diversity){.last_window = -1}; }

void diversity_free(Diversity *d)
{
    for (unsigned i = 0; i < 3; i++) distinct_free(&d->different[i]);
    distinct_free(&d->shingles);
}

typedef struct Counted {
    size_t all, sampled, fresh;
} Counted;

static void tally(Counted *c, DistinctNews news)
{
    c->sampled += news != DISTINCT_UNSAMPLED;
    c->fresh += news == DISTINCT_NEW;
}

// Places are scattered over a megabyte: each is fetched a few runs before it is looked at, or the
// look waits for memory.
static Counted add_runs(Distinct *set, const Shingles *text, unsigned words)
{
    enum { AHEAD = 8 };
    uint64_t waiting[AHEAD];
    Counted c = {0};
    WordRun run = word_run(words);
    for (size_t i = 0; i < text->n_words; i++) {
        uint64_t hash = word_run_next(&run, text->words[i], i >= words ? text->words[i - words] : 0);
        if (i + 1 < words) continue;
        if (set->bits) __builtin_prefetch(&set->slots[place(set, hash)], 1);
        if (c.all >= AHEAD) tally(&c, distinct_add(set, waiting[c.all % AHEAD]));
        waiting[c.all++ % AHEAD] = hash;
    }
    for (size_t i = c.all > AHEAD ? c.all - AHEAD : 0; i < c.all; i++) tally(&c, distinct_add(set, waiting[i % AHEAD]));
    return c;
}

static void count_new(Diversity *d, const Shingles *text)
{
    Counted c = add_runs(&d->shingles, text, SHINGLE_WORDS);
    d->sampled += c.sampled;
    d->fresh += c.fresh;
    if (d->texts % DIVERSITY_WINDOW) return;
    d->last_window = d->sampled ? (double)d->fresh / (double)d->sampled : -1;
    d->sampled = d->fresh = 0;
}

void diversity_add(Diversity *d, const Shingles *text, Str opening)
{
    d->texts++;
    for (unsigned words = 1; words <= 3; words++) d->runs[words - 1] += add_runs(&d->different[words - 1], text, words).all;
    count_new(d, text);
    count_opener(d, opening);
}

double diversity_distinct(const Diversity *d, unsigned words)
{
    uint64_t all = d->runs[words - 1];
    double share = all ? distinct_count(&d->different[words - 1]) / (double)all : -1;
    return share > 1 ? 1 : share;
}

double diversity_new(const Diversity *d)
{
    if (d->last_window >= 0) return d->last_window;
    return d->sampled ? (double)d->fresh / (double)d->sampled : -1;
}
