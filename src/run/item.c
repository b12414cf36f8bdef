// SPDX-License-Identifier: Apache-2.0
#include "run/item.h"

void queue_push(ItemQueue *q, Item *item)
{
    item->next = NULL;
    if (q->last)
        q->last->next = item;
    else
        q->first = item;
    q->last = item;
    q->n++;
}

void queue_push_front(ItemQueue *q, Item *item)
{
    item->next = q->first;
    q->first = item;
    if (!q->last) q->last = item;
    q->n++;
}

Item *queue_pop(ItemQueue *q)
{
    Item *item = q->first;
    if (!item) return NULL;
    q->first = item->next;
    if (!q->first) q->last = NULL;
    item->next = NULL;
    q->n--;
    return item;
}

void heap_push(ItemHeap *h, Item *item)
{
    if (h->n == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 64;
        h->items = mem_realloc(h->items, h->cap * sizeof(Item *));
    }
    size_t at = h->n++;
    for (; at > 0 && h->items[(at - 1) / 2]->due > item->due; at = (at - 1) / 2) h->items[at] = h->items[(at - 1) / 2];
    h->items[at] = item;
}

Item *heap_pop(ItemHeap *h)
{
    if (h->n == 0) return NULL;
    Item *first = h->items[0], *last = h->items[--h->n];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= h->n) break;
        if (child + 1 < h->n && h->items[child + 1]->due < h->items[child]->due) child++;
        if (h->items[child]->due >= last->due) break;
        h->items[at] = h->items[child];
        at = child;
    }
    if (h->n) h->items[at] = last;
    return first;
}

void heap_free(ItemHeap *h)
{
    free(h->items);
    *h = (ItemHeap){0};
}
