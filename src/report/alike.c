// SPDX-License-Identifier: Apache-2.0
#include "report/alike.h"

#include <math.h>

#include "base/random.h"

enum { ORDERS = 4 };
static const double smoothing = 0.1;

// ---- the sample ---------------------------------------------------------------------------------

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void free_text(AlikeText *t)
{
    free(t->words);
    free(t->items);
    *t = (AlikeText){0};
}

void alike_add(Alike *a, const Shingles *text)
{
    uint64_t place = a->seen++;
    if (place >= ALIKE_SAMPLE) {
        Random r = random_from(place);
        place = random_below(&r, a->seen);
        if (place >= ALIKE_SAMPLE) return;
    }
    AlikeText *t = &a->texts[place];
    free_text(t);
    t->n_words = (uint32_t)(text->n_words < ALIKE_WORDS ? text->n_words : ALIKE_WORDS);
    t->n_items = (uint32_t)(text->n < ALIKE_WORDS ? text->n : ALIKE_WORDS);
    t->words = mem_alloc(t->n_words * sizeof *t->words + 1);
    t->items = mem_alloc(t->n_items * sizeof *t->items + 1);
    if (t->n_words) memcpy(t->words, text->words, t->n_words * sizeof *t->words);
    if (t->n_items) memcpy(t->items, text->items, t->n_items * sizeof *t->items);
    if (t->n_items) qsort(t->items, t->n_items, sizeof *t->items, ascending);
}

void alike_free(Alike *a)
{
    for (size_t i = 0; i < ALIKE_SAMPLE; i++) free_text(&a->texts[i]);
}

// ---- BLEU ---------------------------------------------------------------------------------------

// How often an n-gram stands in one text, and the most it stands in any other.
typedef struct Gram {
    uint64_t hash;
    uint32_t most, second;    // of all texts; `second` of another text than `most`
    uint32_t owner;           // text of `most`
    uint32_t text, count;     // of the text that is read
} Gram;

typedef struct Grams {
    Gram *slots;
    size_t n, mask;
} Grams;

static Gram *find(const Grams *g, uint64_t hash)
{
    size_t at = (size_t)(hash >> 20) & g->mask;
    while (g->slots[at].hash && g->slots[at].hash != hash) at = (at + 1) & g->mask;
    return &g->slots[at];
}

static uint64_t gram_hash(const uint64_t *words, unsigned order)
{
    uint64_t hash = order;
    for (unsigned i = 0; i < order; i++) hash = (hash ^ words[i]) * 0x9FB21C651E98DF25u + (hash >> 29);
    return hash | 1;
}

static void grams_init(Grams *g, const AlikeText *texts, size_t n)
{
    size_t all = 0, slots = 64;
    for (size_t i = 0; i < n; i++) all += ORDERS * texts[i].n_words;
    while (slots < 2 * all) slots *= 2;
    *g = (Grams){.slots = mem_alloc(slots * sizeof *g->slots), .mask = slots - 1};
    memset(g->slots, 0, slots * sizeof *g->slots);
}

// Counts the text's n-grams of an order; `settle` is called for each different one.
static void count_text(const Grams *g, const AlikeText *t, uint32_t number, unsigned order,
                       void (*settle)(Gram *gram, uint32_t number, void *ctx), void *ctx)
{
    for (uint32_t i = 0; i + order <= t->n_words; i++) {
        Gram *gram = find(g, gram_hash(t->words + i, order));
        gram->hash = gram_hash(t->words + i, order);
        if (gram->text != number + 1) gram->count = 0;
        gram->text = number + 1;
        gram->count++;
    }
    for (uint32_t i = 0; i + order <= t->n_words; i++) {
        Gram *gram = find(g, gram_hash(t->words + i, order));
        if (!gram->count) continue;  // settled
        settle(gram, number, ctx);
        gram->count = 0;
    }
}

static void note_most(Gram *gram, uint32_t number, void *ctx)
{
    (void)ctx;
    if (gram->count > gram->most) {
        gram->second = gram->most;
        gram->most = gram->count;
        gram->owner = number;
    } else if (gram->count > gram->second) {
        gram->second = gram->count;
    }
}

static void add_clipped(Gram *gram, uint32_t number, void *ctx)
{
    uint32_t most = gram->owner == number ? gram->second : gram->most;
    *(double *)ctx += gram->count < most ? gram->count : most;
}

static double brevity(const AlikeText *texts, size_t n, size_t which)
{
    double length = texts[which].n_words, closest = -1;
    for (size_t i = 0; i < n; i++) {
        double other = texts[i].n_words, far = fabs(other - length), best = fabs(closest - length);
        if (i != which && (closest < 0 || far < best || (far <= best && other < closest))) closest = other;
    }
    return length > closest ? 1 : exp(1 - closest / length);
}

static double bleu_with(const Grams *g, const AlikeText *texts, size_t n, size_t which)
{
    const AlikeText *t = &texts[which];
    double sum = 0;
    for (unsigned order = 1; order <= ORDERS; order++) {
        double matches = 0, all = t->n_words >= order ? t->n_words - order + 1 : 1;
        count_text(g, t, (uint32_t)which, order, add_clipped, &matches);
        if (order == 1 && matches <= 0) return 0;
        sum += log((matches > 0 ? matches : smoothing) / all) / ORDERS;
    }
    return brevity(texts, n, which) * exp(sum);
}

static void count_all(Grams *g, const AlikeText *texts, size_t n)
{
    grams_init(g, texts, n);
    for (size_t i = 0; i < n; i++)
        for (unsigned order = 1; order <= ORDERS; order++) count_text(g, &texts[i], (uint32_t)i, order, note_most, NULL);
    for (size_t i = 0; i <= g->mask; i++) g->slots[i].text = 0;
}

double alike_bleu(const AlikeText *texts, size_t n, size_t which)
{
    Grams g;
    count_all(&g, texts, n);
    double bleu = bleu_with(&g, texts, n, which);
    free(g.slots);
    return bleu;
}

static double self_bleu(const AlikeText *texts, size_t n)
{
    Grams g;
    double sum = 0;
    if (n < 2) return -1;
    count_all(&g, texts, n);
    for (size_t i = 0; i < n; i++) sum += texts[i].n_words ? bleu_with(&g, texts, n, i) : 0;
    free(g.slots);
    return sum / (double)n;
}

// ---- neighbours ---------------------------------------------------------------------------------

static double similarity(const AlikeText *x, const AlikeText *y)
{
    size_t common = 0;
    for (uint32_t i = 0, k = 0; i < x->n_items && k < y->n_items;) {
        uint32_t a = x->items[i], b = y->items[k];
        common += a == b;
        i += a <= b;
        k += b <= a;
    }
    return jaccard(x->n_items, y->n_items, common);
}

static void find_neighbours(Alike *a, size_t n)
{
    double *nearest = mem_alloc(n * sizeof *nearest), sum = 0;
    for (size_t i = 0; i < n; i++) nearest[i] = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++) {
            double x = similarity(&a->texts[i], &a->texts[k]);
            nearest[i] = fmax(nearest[i], x);
            nearest[k] = fmax(nearest[k], x);
        }
    for (size_t i = 0; i < n; i++) {
        size_t step = (size_t)(nearest[i] * ALIKE_STEPS);
        a->nearest[step < ALIKE_STEPS ? step : ALIKE_STEPS - 1]++;
        sum += nearest[i];
    }
    a->nearest_mean = sum / (double)n;
    free(nearest);
}

void alike_finish(Alike *a)
{
    size_t n = a->seen < ALIKE_SAMPLE ? (size_t)a->seen : ALIKE_SAMPLE;
    a->n = n;
    a->nearest_mean = -1;
    a->self_bleu = self_bleu(a->texts, n < ALIKE_BLEU ? n : ALIKE_BLEU);
    if (n > 1) find_neighbours(a, n);
}
