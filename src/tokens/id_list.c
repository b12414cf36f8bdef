// SPDX-License-Identifier: Apache-2.0
#include "tokens/id_list.h"

#include <string.h>

#include "base/arena.h"

void id_list_reserve(IdList *list, size_t more)
{
    if (list->n + more <= list->cap) return;
    size_t cap = list->cap ? list->cap * 2 : 256;
    while (cap < list->n + more) cap *= 2;
    list->ids = mem_realloc(list->ids, cap * sizeof *list->ids);
    list->cap = cap;
}

void id_list_free(IdList *list)
{
    free(list->ids);
    *list = (IdList){.keep = list->keep};
}

void id_list_add_all(IdList *list, const uint32_t *ids, size_t n)
{
    if (list->keep && n) {
        id_list_reserve(list, n);
        memcpy(list->ids + list->n, ids, n * sizeof *ids);
    }
    list->n += n;
}
