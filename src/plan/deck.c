// SPDX-License-Identifier: Apache-2.0
#include "plan/deck.h"

#include <math.h>
#include <pthread.h>

#include "base/hash.h"
#include "base/random.h"

enum { CARDS_MIN = 100, CARDS_A_VALUE = 10 };  // of a weighted round

typedef struct Round {
    uint64_t number;
    bool filled;
    uint32_t *order;   // value of each card
    uint32_t *before;  // cards of its group earlier in the round
} Round;

// Two rounds: requests at the seam of two rounds come in any order.
struct DeckCache {
    pthread_mutex_t lock;
    Round rounds[2];
};

static bool weights_differ(const double *weights, size_t n);
static void share_out(Deck *d, const double *weights, Arena *a);
static void count_groups(Deck *d, Arena *a);
static const Round *round_of(const Deck *d, uint64_t number);
static void deal_round(const Deck *d, uint64_t number, Round *r);
static void deal_even(const Deck *d, uint64_t number, uint32_t *order);
static bool deal_majority(const Deck *d, uint64_t number, uint32_t *order);
static void deal_spread(const Deck *d, uint64_t number, uint32_t *order);

void deck_init(Deck *d, uint64_t seed, Str name, size_t n, const double *weights, const uint32_t *groups, Arena *a)
{
    *d = (Deck){.key = hash64(name, seed), .n = (uint32_t)n, .cards = (uint32_t)n, .groups = groups};
    if (weights && weights_differ(weights, n)) share_out(d, weights, a);
    else if (weights && n && weights[0] <= 0) d->cards = 0;
    if (groups) count_groups(d, a);
    if (d->cards <= 1) return;
    d->cache = mem_alloc(sizeof *d->cache);
    *d->cache = (DeckCache){0};
    pthread_mutex_init(&d->cache->lock, NULL);
}

void deck_free(Deck *d)
{
    DeckCache *cache = d->cache;
    *d = (Deck){0};
    if (!cache) return;
    for (int i = 0; i < 2; i++) {
        free(cache->rounds[i].order);
        free(cache->rounds[i].before);
    }
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

DeckCard deck_card(const Deck *d, uint64_t position)
{
    if (d->cards == 1) return (DeckCard){0, position};
    uint64_t number = position / d->cards;
    uint32_t at = (uint32_t)(position % d->cards);
    pthread_mutex_lock(&d->cache->lock);
    const Round *r = round_of(d, number);
    DeckCard card = {r->order[at], r->before[at]};
    pthread_mutex_unlock(&d->cache->lock);
    uint64_t share = d->groups ? d->shares[d->groups[card.value]] : d->counts ? d->counts[card.value] : 1;
    card.before += number * share;
    return card;
}

static const Round *round_of(const Deck *d, uint64_t number)
{
    Round *r = &d->cache->rounds[number & 1];
    if (!r->order) {
        r->order = mem_alloc(d->cards * sizeof *r->order);
        r->before = mem_alloc(d->cards * sizeof *r->before);
    }
    if (!r->filled || r->number != number) deal_round(d, number, r);
    return r;
}

static bool weights_differ(const double *weights, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (weights[i] < weights[0] || weights[i] > weights[0]) return true;
    return false;
}

typedef struct Remainder {
    double part;
    uint32_t value;
} Remainder;

static int by_remainder(const void *x, const void *y)
{
    const Remainder *a = x, *b = y;
    if (a->part > b->part) return -1;
    if (a->part < b->part) return 1;
    return a->value < b->value ? -1 : 1;
}

static void share_out(Deck *d, const double *weights, Arena *a)
{
    // Scaled by the largest first, so that no sum of finite weights is infinite.
    double largest = 0, sum = 0;
    size_t positive = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        if (weights[i] > largest) largest = weights[i];
        positive += weights[i] > 0;
    }
    for (uint32_t i = 0; i < d->n; i++) sum += weights[i] / largest;
    size_t total = positive * CARDS_A_VALUE > CARDS_MIN ? positive * CARDS_A_VALUE : CARDS_MIN;

    uint32_t *counts = arena_new(a, uint32_t, d->n);
    Remainder *rest = mem_alloc(d->n * sizeof *rest);
    size_t given = 0, waiting = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        if (weights[i] <= 0) continue;
        double quota = weights[i] / largest / sum * (double)total;
        // Remainders in billionths, so that a rounding error neither takes a whole card nor breaks a tie.
        double whole = floor(quota + 1e-9);
        counts[i] = whole < 1 ? 1 : (uint32_t)whole;
        given += counts[i];
        if (whole >= 1) rest[waiting++] = (Remainder){round((quota - whole) * 1e9), i};
    }
    qsort(rest, waiting, sizeof *rest, by_remainder);
    for (size_t i = 0; i < waiting && given < total; i++, given++) counts[rest[i].value]++;
    free(rest);
    d->counts = counts;
    d->cards = (uint32_t)given;
}

static void count_groups(Deck *d, Arena *a)
{
    uint32_t *shares = arena_new(a, uint32_t, d->n);
    for (uint32_t i = 0; i < d->n; i++) shares[d->groups[i]] += d->counts ? d->counts[i] : 1;
    d->shares = shares;
}

static void deal_round(const Deck *d, uint64_t number, Round *r)
{
    r->number = number;
    r->filled = true;
    if (!d->counts && d->n > 2) deal_even(d, number, r->order);
    else if (!deal_majority(d, number, r->order)) deal_spread(d, number, r->order);

    uint32_t *seen = mem_alloc(d->n * sizeof *seen);
    memset(seen, 0, d->n * sizeof *seen);
    for (uint32_t i = 0; i < d->cards; i++) {
        uint32_t value = r->order[i];
        r->before[i] = seen[d->groups ? d->groups[value] : value]++;
    }
    free(seen);
}

static Random random_of(const Deck *d, uint64_t number, uint64_t use)
{
    return random_from(hash_mix(hash_mix(d->key, number), use));
}

// The value that ends a round: a card of it, each as likely as another, whatever the round.
static uint32_t last_of(const Deck *d, uint64_t number)
{
    Random random = random_of(d, number, 1);
    uint32_t card = (uint32_t)random_below(&random, d->cards);
    if (!d->counts) return card;
    uint32_t value = 0;
    while (card >= d->counts[value]) card -= d->counts[value++];
    return value;
}

static void deal_even(const Deck *d, uint64_t number, uint32_t *order)
{
    uint32_t n = d->n, last = last_of(d, number);
    for (uint32_t i = 0; i < n; i++) order[i] = i;
    order[last] = n - 1;
    order[n - 1] = last;
    Random random = random_of(d, number, 0);
    random_shuffle(&random, order, n - 1);
    if (number == 0 || order[0] != last_of(d, number - 1)) return;
    uint32_t with = 1 + (uint32_t)random_below(&random, n - 2);
    uint32_t kept = order[0];
    order[0] = order[with];
    order[with] = kept;
}

// Where one value has half of the cards or more: each other card behind one of that value at
// least, the rest of that value's cards anywhere between. Two even values alternate so.
static bool deal_majority(const Deck *d, uint64_t number, uint32_t *order)
{
    uint32_t major = 0;
    for (uint32_t i = 1; d->counts && i < d->n; i++)
        if (d->counts[i] > d->counts[major]) major = i;
    if (!d->counts && d->n == 2) {
        // Which of two even values begins must be the same in every round.
        Random coin = random_of(d, 0, 2);
        major = (uint32_t)random_below(&coin, 2);
    }
    uint32_t has = d->counts ? d->counts[major] : 1;
    if (has < d->cards - has) return false;

    // A slot is either one spare card of the major value or a pair of it and another.
    uint32_t pairs = d->cards - has, spare = has - pairs, n = 0;
    uint32_t *slots = mem_alloc((pairs + spare + 1) * sizeof *slots);
    for (uint32_t value = 0; value < d->n; value++)
        for (uint32_t c = 0; value != major && c < (d->counts ? d->counts[value] : 1); c++) slots[n++] = value;
    for (uint32_t c = 0; c < spare; c++) slots[n++] = major;
    Random random = random_of(d, number, 0);
    random_shuffle(&random, slots, n);
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        order[at++] = major;
        if (slots[i] != major) order[at++] = slots[i];
    }
    free(slots);
    return true;
}

// What is left to deal of a round: how many cards of each value, kept in three ways.
typedef struct Rest {
    uint32_t n;
    uint32_t *left;      // of each value
    uint32_t *rank;      // values by what is left, most first
    uint32_t *where;     // place of each value in rank
    uint32_t *at_least;  // [c]: values with c cards or more
    uint32_t *tree;      // sums of `left` (Fenwick 1994), from 1
    uint32_t slots;      // cards to deal before the last
    uint32_t last;       // the value that ends the round
} Rest;

static void rest_init(Rest *rest, const Deck *d, uint32_t last);
static void rest_free(Rest *rest);
static void rest_take(Rest *rest, uint32_t value);
static uint32_t rest_pick(const Rest *rest, Random *random);
static bool can_follow(const Rest *rest, uint32_t value, uint32_t previous);

// Card by card, each with the chance of its share in what is left, but never one after which
// the rest could not be dealt without a repeat.
static void deal_spread(const Deck *d, uint64_t number, uint32_t *order)
{
    Rest rest;
    rest_init(&rest, d, last_of(d, number));
    Random random = random_of(d, number, 0);
    uint32_t previous = number ? last_of(d, number - 1) : UINT32_MAX;
    uint32_t at = 0;
    while (rest.slots > 0) {
        uint32_t value = 0;
        bool found = false;
        for (int tries = 0; tries < 8 && !found; tries++) {
            value = rest_pick(&rest, &random);
            found = can_follow(&rest, value, previous);
        }
        for (uint32_t i = 0; i < rest.n && !found; i++) {
            value = rest.rank[i];
            found = rest.left[value] > 0 && can_follow(&rest, value, previous);
        }
        if (!found) value = rest.rank[0];
        rest_take(&rest, value);
        rest.slots--;
        order[at++] = previous = value;
    }
    order[at] = rest.last;
    rest_free(&rest);
}

static void rest_init(Rest *rest, const Deck *d, uint32_t last)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < d->n; i++)
        if (d->counts[i] > most) most = d->counts[i];
    size_t words = 4 * (size_t)d->n + most + 3;
    uint32_t *memory = mem_alloc(words * sizeof *memory);
    memset(memory, 0, words * sizeof *memory);
    *rest = (Rest){.n = d->n, .left = memory, .rank = memory + d->n, .where = memory + 2 * (size_t)d->n,
                   .tree = memory + 3 * (size_t)d->n, .at_least = memory + 4 * (size_t)d->n + 1,
                   .slots = d->cards, .last = last};
    for (uint32_t i = 0; i < d->n; i++) {
        rest->left[i] = d->counts[i];
        rest->at_least[d->counts[i]]++;
    }
    for (uint32_t c = most; c > 0; c--) rest->at_least[c - 1] += rest->at_least[c];
    uint32_t *next = mem_alloc((most + 1) * sizeof *next);
    for (uint32_t c = 0; c <= most; c++) next[c] = rest->at_least[c + 1];
    for (uint32_t i = 0; i < d->n; i++) {
        rest->where[i] = next[d->counts[i]]++;
        rest->rank[rest->where[i]] = i;
    }
    free(next);
    for (uint32_t i = 1; i <= d->n; i++) {
        rest->tree[i] += d->counts[i - 1];
        uint32_t up = i + (i & (0 - i));
        if (up <= d->n) rest->tree[up] += rest->tree[i];
    }
    rest_take(rest, last);
    rest->slots--;
}

static void rest_free(Rest *rest) { free(rest->left); }

static void rest_take(Rest *rest, uint32_t value)
{
    uint32_t count = rest->left[value], to = --rest->at_least[count], from = rest->where[value];
    uint32_t other = rest->rank[to];
    rest->rank[to] = value;
    rest->rank[from] = other;
    rest->where[value] = to;
    rest->where[other] = from;
    rest->left[value] = count - 1;
    for (uint32_t i = value + 1; i <= rest->n; i += i & (0 - i)) rest->tree[i]--;
}

static uint32_t rest_pick(const Rest *rest, Random *random)
{
    uint32_t card = (uint32_t)random_below(random, rest->slots), at = 0, step = 1;
    while (step <= rest->n / 2) step *= 2;
    for (; step > 0; step /= 2) {
        if (at + step > rest->n || rest->tree[at + step] > card) continue;
        at += step;
        card -= rest->tree[at];
    }
    return at;
}

// Between `value` and the last card there will be slots - 1 others. A value fits at most every
// second of them, and not beside its like at either end.
static bool fits(const Rest *rest, uint32_t u, uint32_t value)
{
    int64_t count = (int64_t)rest->left[u] - (u == value);
    int64_t room = (int64_t)rest->slots - 1 - (u == value) - (u == rest->last);
    return count <= 0 || count <= (room + 1) / 2;
}

static bool can_follow(const Rest *rest, uint32_t value, uint32_t previous)
{
    if (value == previous) return false;
    if (rest->slots == 1 && value == rest->last) return false;
    // Of the values that are neither of the two named ones, the one with most is among the first three.
    for (uint32_t i = 0; i < 3 && i < rest->n; i++)
        if (!fits(rest, rest->rank[i], value)) return false;
    return fits(rest, value, value) && fits(rest, rest->last, value);
}
