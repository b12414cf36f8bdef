// SPDX-License-Identifier: Apache-2.0
#include "output/split.h"

#include "base/hash.h"

// ---- shares -------------------------------------------------------------------------------------

static bool name_is_plain(Str name)
{
    if (!name.len || name.len > 64) return false;
    for (size_t i = 0; i < name.len; i++)
        if (!str_is_alpha(name.ptr[i]) && !str_is_digit(name.ptr[i]) && name.ptr[i] != '_') return false;
    return true;
}

static bool share_error(Str part, Error *e)
{
    error_set(e, ERROR_USAGE, "usage", "--split: \"%.*s\" is not a name and its share", STR_ARG(part));
    return error_hint(e, "write train=0.8,val=0.1,test=0.1; names are letters, digits and _");
}

bool split_parse(Str text, Arena *a, SplitShare out[SPLIT_PARTS], size_t *n, Error *e)
{
    Str part;
    double sum = 0;
    for (*n = 0; str_cut(&text, ',', &part);) {
        size_t at = str_find_char(part, '=');
        double share;
        Str name = str_trim(str_slice(part, 0, at == STR_NONE ? 0 : at));
        if (at == STR_NONE || !name_is_plain(name) || !str_to_double(str_trim(str_slice(part, at + 1, part.len)), &share) ||
            !(share > 0))
            return share_error(part, e);
        if (*n == SPLIT_PARTS) return error_set(e, ERROR_USAGE, "usage", "--split: at most %d parts", SPLIT_PARTS);
        for (size_t i = 0; i < *n; i++)
            if (str_eq(out[i].name, name))
                return error_set(e, ERROR_USAGE, "usage", "--split: the part %.*s stands twice", STR_ARG(name));
        out[(*n)++] = (SplitShare){arena_str(a, name), share};
        sum += share;
    }
    for (size_t i = 0; i < *n; i++) out[i].share /= sum;
    return true;
}

// ---- numbers and sets ---------------------------------------------------------------------------

static void grow(Interner *in)
{
    Interner larger = {.slots = in->slots ? 2 * in->slots : 64, .n = in->n};
    larger.hashes = mem_alloc(larger.slots * sizeof *larger.hashes);
    larger.numbers = mem_alloc(larger.slots * sizeof *larger.numbers);
    memset(larger.hashes, 0, larger.slots * sizeof *larger.hashes);
    for (size_t i = 0; i < in->slots; i++) {
        if (!in->hashes[i]) continue;
        size_t at = in->hashes[i] & (larger.slots - 1);
        while (larger.hashes[at]) at = (at + 1) & (larger.slots - 1);
        larger.hashes[at] = in->hashes[i];
        larger.numbers[at] = in->numbers[i];
    }
    interner_free(in);
    *in = larger;
}

uint32_t intern(Interner *in, Str text)
{
    if (2 * (in->n + 1) > in->slots) grow(in);
    uint64_t hash = hash64(text, 0) | 1;
    size_t at = hash & (in->slots - 1);
    while (in->hashes[at] && in->hashes[at] != hash) at = (at + 1) & (in->slots - 1);
    if (!in->hashes[at]) {
        in->hashes[at] = hash;
        in->numbers[at] = (uint32_t)in->n++;
    }
    return in->numbers[at];
}

void interner_free(Interner *in)
{
    free(in->hashes);
    free(in->numbers);
    *in = (Interner){0};
}

uint32_t sets_add(Sets *s)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 256;
        s->parent = mem_realloc(s->parent, s->cap * sizeof *s->parent);
    }
    s->parent[s->n] = (uint32_t)s->n;
    return (uint32_t)s->n++;
}

uint32_t sets_find(Sets *s, uint32_t i)
{
    while (s->parent[i] != i) i = s->parent[i] = s->parent[s->parent[i]];
    return i;
}

void sets_join(Sets *s, uint32_t a, uint32_t b)
{
    a = sets_find(s, a);
    b = sets_find(s, b);
    if (a != b) s->parent[a > b ? a : b] = a > b ? b : a;
}

void sets_free(Sets *s)
{
    free(s->parent);
    *s = (Sets){0};
}

// ---- giving out ---------------------------------------------------------------------------------

typedef struct Dealing {
    const SplitRow *rows;
    size_t n_groups, n_strata;
    const uint8_t *given;     // of each group; NULL: all are free
    const SplitShare *shares;
    size_t n_shares;
    uint64_t seed;
    uint32_t *firsts;         // of each group, and behind the last: where its rows begin in `members`
    uint32_t *members;
    double *lack;             // of each part and stratum: rows
    double total[SPLIT_PARTS];
} Dealing;

static uint8_t given_to(const Dealing *d, uint32_t g) { return d->given ? d->given[g] : SPLIT_FREE; }
static uint32_t size_of(const Dealing *d, uint32_t g) { return d->firsts[g + 1] - d->firsts[g]; }

static int larger_first(const void *a, const void *b, void *ctx)
{
    const Dealing *d = ctx;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    bool x_free = given_to(d, x) == SPLIT_FREE, y_free = given_to(d, y) == SPLIT_FREE;
    // Where the part is given nothing can be weighed: the others make up for it.
    if (x_free != y_free) return x_free ? 1 : -1;
    if (size_of(d, x) != size_of(d, y)) return size_of(d, x) < size_of(d, y) ? 1 : -1;
    uint64_t p = hash_mix(d->seed, x), q = hash_mix(d->seed, y);
    return p < q ? -1 : p > q;
}

static size_t neediest(const Dealing *d, uint32_t g)
{
    size_t best = 0;
    double most = 0;
    for (size_t k = 0; k < d->n_shares; k++) {
        double need = 0;
        for (uint32_t i = d->firsts[g]; i < d->firsts[g + 1]; i++) need += d->lack[k * d->n_strata + d->rows[d->members[i]].stratum];
        // Of equal need, the part that lacks most for its size: a small part is not left empty.
        need += 1e-6 * d->total[k] / d->shares[k].share;
        if (k == 0 || need > most) {
            most = need;
            best = k;
        }
    }
    return best;
}

// Counting sort: the rows of each group, in their order.
static void gather(Dealing *d, size_t n)
{
    memset(d->firsts, 0, (d->n_groups + 1) * sizeof *d->firsts);
    for (size_t i = 0; i < n; i++) d->firsts[d->rows[i].group + 1]++;
    for (size_t g = 0; g < d->n_groups; g++) d->firsts[g + 1] += d->firsts[g];
    for (size_t i = 0; i < n; i++) d->members[d->firsts[d->rows[i].group]++] = (uint32_t)i;
    for (size_t g = d->n_groups; g > 0; g--) d->firsts[g] = d->firsts[g - 1];
    d->firsts[0] = 0;
}

static void deal(Dealing *d, uint32_t g, uint8_t *out)
{
    size_t k = given_to(d, g);
    if (k == SPLIT_FREE) k = neediest(d, g);
    for (uint32_t i = d->firsts[g]; i < d->firsts[g + 1]; i++) {
        uint32_t row = d->members[i];
        out[row] = (uint8_t)k;
        if (k < d->n_shares) d->lack[k * d->n_strata + d->rows[row].stratum] -= 1;
    }
    if (k < d->n_shares) d->total[k] -= size_of(d, g);
}

void split_assign(const SplitRow *rows, size_t n, size_t n_groups, size_t n_strata, const uint8_t *given, const SplitShare *shares,
                  size_t n_shares, uint64_t seed, uint8_t *out)
{
    Dealing d = {.rows = rows, .n_groups = n_groups, .n_strata = n_strata, .given = given, .shares = shares, .n_shares = n_shares, .seed = seed};
    d.firsts = mem_alloc((n_groups + 1) * sizeof *d.firsts);
    d.members = mem_alloc((n + 1) * sizeof *d.members);
    d.lack = mem_alloc((n_shares * n_strata + 1) * sizeof *d.lack);
    memset(d.lack, 0, (n_shares * n_strata + 1) * sizeof *d.lack);
    gather(&d, n);
    for (size_t k = 0; k < n_shares; k++) {
        for (size_t i = 0; i < n; i++) d.lack[k * n_strata + rows[i].stratum] += shares[k].share;
        d.total[k] = shares[k].share * (double)n;
    }
    uint32_t *order = mem_alloc((n_groups + 1) * sizeof *order);
    for (size_t g = 0; g < n_groups; g++) order[g] = (uint32_t)g;
    qsort_r(order, n_groups, sizeof *order, larger_first, &d);
    for (size_t g = 0; g < n_groups; g++) deal(&d, order[g], out);
    free(order);
    free(d.firsts);
    free(d.members);
    free(d.lack);
}
