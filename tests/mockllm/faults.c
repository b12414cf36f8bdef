// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include <stdio.h>
#include <stdlib.h>

struct FaultArrivals {
    uint64_t *hashes;  // 0: free
    uint32_t *times;
    size_t n, cap;     // cap a power of two
};

// Beyond as many different requests none is remembered: 24 bytes each would grow without end.
enum { ARRIVALS_MAX = 1 << 24 };

static bool names(const StrList *list, const Fault *f) {
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->items[i], str_from(f->name)) || str_eq(list->items[i], str_from(f->group))) return true;
    return false;
}

static bool all_known(const StrList *list) {
    for (size_t i = 0; i < list->n; i++) {
        StrList one = {&list->items[i], 1};
        size_t f = 0;
        while (f < fault_count && !names(&one, &fault_table[f])) f++;
        if (f < fault_count) continue;
        fprintf(stderr, "mockllm: no such fault (see --list-faults): %.*s\n", (int)list->items[i].len, list->items[i].ptr);
        return false;
    }
    return true;
}

bool faults_init(FaultPlan *p, const Options *o) {
    *p = (FaultPlan){.options = o};
    pthread_mutex_init(&p->lock, NULL);
    p->arrivals = mem_zeroed(1, sizeof *p->arrivals);
    p->chosen = mem_zeroed(fault_count, sizeof *p->chosen);
    if (!all_known(&o->faults) || !all_known(&o->faults_exclude)) return false;
    for (size_t i = 0; i < fault_count; i++) {
        const Fault *f = &fault_table[i];
        bool wanted = o->faults.n == 0 || names(&o->faults, f);
        if (wanted && !names(&o->faults_exclude, f)) p->chosen[p->n++] = f;
    }
    return true;
}

void faults_free(FaultPlan *p) {
    if (p->arrivals) {
        free(p->arrivals->hashes);
        free(p->arrivals->times);
    }
    free(p->arrivals);
    free(p->chosen);
    pthread_mutex_destroy(&p->lock);
}

void faults_list(void) {
    for (size_t i = 0; i < fault_count; i++)
        printf("%-24s %-10s %s\n", fault_table[i].name, fault_table[i].group, fault_table[i].about);
}

static size_t slot_of(const FaultArrivals *a, uint64_t hash) {
    size_t slot = (size_t)hash & (a->cap - 1);
    while (a->hashes[slot] && a->hashes[slot] != hash) slot = (slot + 1) & (a->cap - 1);
    return slot;
}

static void arrivals_grow(FaultArrivals *a) {
    FaultArrivals old = *a;
    a->cap = old.cap ? old.cap * 2 : 4096;
    a->hashes = mem_zeroed(a->cap, sizeof *a->hashes);
    a->times = mem_zeroed(a->cap, sizeof *a->times);
    for (size_t i = 0; i < old.cap; i++) {
        if (!old.hashes[i]) continue;
        size_t slot = slot_of(a, old.hashes[i]);
        a->hashes[slot] = old.hashes[i];
        a->times[slot] = old.times[i];
    }
    free(old.hashes);
    free(old.times);
}

// How many times this request came before.
static uint32_t arrival_of(FaultPlan *p, uint64_t hash) {
    FaultArrivals *a = p->arrivals;
    uint32_t before = 0;
    if (!hash) hash = 1;
    pthread_mutex_lock(&p->lock);
    if (a->n * 2 >= a->cap && a->n < ARRIVALS_MAX) arrivals_grow(a);
    size_t slot = slot_of(a, hash);
    if (a->hashes[slot] || a->n < ARRIVALS_MAX) {
        a->n += a->hashes[slot] == 0;
        a->hashes[slot] = hash;
        before = a->times[slot]++;
    }
    pthread_mutex_unlock(&p->lock);
    return before;
}

const Fault *faults_pick(FaultPlan *p, uint64_t request_hash, uint64_t *seed) {
    const Options *o = p->options;
    if (o->fault_share <= 0 || !p->n) return NULL;
    uint64_t drawn = hash_mix(hash_mix(o->fault_seed + 11, request_hash), arrival_of(p, request_hash) + 1);
    if (unit_from(drawn) >= o->fault_share) return NULL;
    *seed = hash_mix(drawn, 12);
    return p->chosen[hash_mix(drawn, 13) % p->n];
}
