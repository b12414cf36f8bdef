// SPDX-License-Identifier: Apache-2.0
//
// Where token ids go: a growing list, or only their number.
#ifndef CONFAB_TOKENS_ID_LIST_H
#define CONFAB_TOKENS_ID_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct IdList {
    uint32_t *ids;
    size_t cap;
    uint64_t n;
    bool keep;             // false: count only
} IdList;

void id_list_reserve(IdList *list, size_t more);
void id_list_free(IdList *list);
void id_list_add_all(IdList *list, const uint32_t *ids, size_t n);

static inline void id_list_add(IdList *list, uint32_t id)
{
    if (list->keep) {
        if (list->n == list->cap) id_list_reserve(list, 1);
        list->ids[list->n] = id;
    }
    list->n++;
}

#endif
