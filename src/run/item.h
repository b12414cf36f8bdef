// SPDX-License-Identifier: Apache-2.0
//
// A conversation on its way, and the queues it waits in. Items come from a pool made once, so the
// memory of a run does not grow with its iterations. An item is in one queue at a time, or out
// with the transport:
//
//   free ─► asking ─► ready ─► (on its way) ─► answered ─► free   (with --dedup-semantic: answered, embedded, answered)
//                       ▲            │              │
//                       └── backoff ◄┘              └─► next attempt: asking
//
// asking and answered wait for the journal, ready for the limiter, backoff for a moment.
#ifndef CONFAB_RUN_ITEM_H
#define CONFAB_RUN_ITEM_H

#include "llm/limiter.h"
#include "llm/transport.h"
#include "plan/plan.h"
#include "run/budget.h"
#include "run/fit.h"
#include "run/pending.h"

typedef struct Item Item;
struct Item {
    Item *next;            // in a queue
    Task task;
    Arena arena;           // everything of this attempt; reset with the next
    PlanItem plan;
    Fitted fitted;         // how the prompt was made to fit
    Buf body;              // of the request
    size_t index;          // in the pool; the request's tag
    size_t lane;           // which endpoint it was written for and sent to
    uint64_t failed_on;    // a bit for each endpoint that failed this attempt
    LimiterTicket sent;    // of that endpoint's limiter
    Nanos sent_at;
    bool with_schema;      // as it was written
    unsigned room;         // how often its answer's allowance was doubled
    int64_t max_tokens;    // the answer's allowance
    uint32_t failures;     // tries of this attempt that failed; throttled ones do not count
    uint32_t throttles;    // in a row
    Spending at_most;      // reserved
    Str prompt_sha256;     // hex, in the arena
    Ticket ticket;         // what it waits for in asking and answered
    HttpReply *reply;      // held until judged; NULL: `stored` counts
    bool settled;          // its answer is booked and its tickets have ended, while it waits for its embedding
    VerdictRow paid;       // … which is booked here
    enum { EMBED_NONE, EMBED_WAITS, EMBED_OUT } embed;
    Str text;              // to be embedded, in the arena
    const float *vector;   // its embedding, in the arena; NULL: none yet
    unsigned halvings, embed_failures, embed_throttles;
    int64_t embed_tokens;  // paid for it
    AnswerRow stored;      // of an answer that an earlier process received
    Nanos due;             // in backoff
};

// First in, first out.
typedef struct ItemQueue {
    Item *first, *last;
    size_t n;
} ItemQueue;

void queue_push(ItemQueue *q, Item *item);
void queue_push_front(ItemQueue *q, Item *item);
Item *queue_pop(ItemQueue *q);  // NULL when empty

// The earliest due first: a binary heap over a fixed array.
typedef struct ItemHeap {
    Item **items;
    size_t n, cap;
} ItemHeap;

void heap_push(ItemHeap *h, Item *item);
Item *heap_pop(ItemHeap *h);
static inline Item *heap_first(const ItemHeap *h) { return h->n ? h->items[0] : NULL; }
void heap_free(ItemHeap *h);

#endif
