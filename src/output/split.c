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

typedef struct Group {
    uint64_t order;      // of equals
    uint32_t first, n;   // its rows, in the order of groups
    uint8_t given;       // a part, or SPLIT_FREE
} Group;

static int larger_first(const void *a, const void *b)
{
    const Group *x = a, *y = b;
    // Where the part is given nothing can be weighed: the others make up for it.
    if ((x->given == SPLIT_FREE) != (y->given == SPLIT_FREE)) return x->given == SPLIT_FREE ? 1 : -1;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static size_t neediest(const SplitRow *rows, const uint32_t *members, const Group *g, const double *lack, size_t n_strata,
                       const SplitShare *shares, size_t n_shares, const double *total)
{
    size_t best = 0;
    double most = 0;
    for (size_t k = 0; k < n_shares; k++) {
        double need = 0;
        for (uint32_t i = 0; i < g->n; i++) need += lack[k * n_strata + rows[members[g->first + i]].stratum];
        // Of equal need, the part that lacks most for its size: a small part is not left empty.
        need += 1e-6 * total[k] / shares[k].share;
        if (k == 0 || need > most) {
            most = need;
            best = k;
        }
    }
    return best;
}

void split_assign(const SplitRow *rows, size_t n, size_t n_groups, size_t n_strata, const uint8_t *given, const SplitShare *shares,
                  size_t n_shares, uint64_t seed, uint8_t *out)
{
    Group *groups = mem_alloc((n_groups + 1) * sizeof *groups);
    uint32_t *members = mem_alloc((n + 1) * sizeof *members);
    double *lack = mem_alloc((n_shares * n_strata + 1) * sizeof *lack), total[SPLIT_PARTS];
    memset(groups, 0, (n_groups + 1) * sizeof *groups);
    memset(lack, 0, (n_shares * n_strata + 1) * sizeof *lack);
    for (size_t i = 0; i < n; i++) groups[rows[i].group].n++;
    for (size_t g = 0, at = 0; g < n_groups; at += groups[g++].n) {
        groups[g].first = (uint32_t)at;
        groups[g].order = hash_mix(seed, g);
        groups[g].given = given ? given[g] : SPLIT_FREE;
    }
    for (size_t g = 0; g < n_groups; g++) groups[g].n = 0;
    for (size_t i = 0; i < n; i++) {
        Group *g = &groups[rows[i].group];
        members[g->first + g->n++] = (uint32_t)i;
    }
    for (size_t k = 0; k < n_shares; k++) {
        for (size_t i = 0; i < n; i++) lack[k * n_strata + rows[i].stratum] += shares[k].share;
        total[k] = shares[k].share * (double)n;
    }
    qsort(groups, n_groups, sizeof *groups, larger_first);
    for (size_t g = 0; g < n_groups; g++) {
        size_t k = groups[g].given;
        if (k == SPLIT_FREE) k = neediest(rows, members, &groups[g], lack, n_strata, shares, n_shares, total);
        for (uint32_t i = 0; i < groups[g].n; i++) {
            uint32_t row = members[groups[g].first + i];
            out[row] = (uint8_t)k;
            if (k < n_shares) lack[k * n_strata + rows[row].stratum] -= 1;
        }
        if (k < n_shares) total[k] -= groups[g].n;
    }
    free(groups);
    free(members);
    free(lack);
}
