// SPDX-License-Identifier: Apache-2.0
//
// The engine from inside, and what can become of one of its items: back to the pool, left for a later run,
// put off, given up. engine.c is the loop; engine_ask.c, engine_send.c and engine_reply.c follow a request
// from the plan to the verdict. Only the engine's own files include this.
#ifndef CONFAB_RUN_ENGINE_ITEM_H
#define CONFAB_RUN_ENGINE_ITEM_H

#include "run/engine.h"

enum {
    AHEAD_MAX = 256,       // items planned and durable before their slot is free: hides the disk's latency
    FAILURES_MAX = 6,      // tries of one attempt before its iteration is given up; about two minutes of backoff
    REFUSALS_MAX = 2,      // likewise where a key or model that worked is suddenly refused
    KIND_IN_A_ROW = 16,    // failures of one kind in a row that end the run
    KIND_AT_FIRST = 3,     // likewise before the first success: nothing speaks for the address
};

struct Engine {
    EngineParts parts;
    const RunSettings *settings;
    Item **pool;           // all items ever made; made when first needed
    size_t n_items, cap_items;
    ItemQueue free, asking, ready, answered;
    ItemQueue held;        // their next request waits for the budget
    ItemHeap backoff;
    unsigned in_flight, concurrency;
    uint64_t lowest_left;  // of the iterations that this process leaves unfinished
    Lanes lanes;
    RetryBudget retries;
    Budget budget;
    struct {               // answers that wait for their embedding (engine_embed.c)
        Lanes lanes;       // one
        ItemQueue ready;
        ItemHeap backoff;
        unsigned in_flight;
        size_t n;          // in all of these
        Nanos wait_until;
        bool dead;         // there are no embeddings to be had
    } embed;
    Arena scratch;         // for one reply
    Progress progress;
    Nanos began;
    Nanos told, noted;     // when the observer was called, when facts were put
    Nanos wait_until;      // what sending waits for; INT64_MAX: a reply
    bool stopping;         // nothing new is asked; what is on its way is awaited
    Nanos patience_ends;   // … until then; INT64_MAX: as long as it takes
    ErrorKind end;
    Error why;
    bool any_success;
    bool model_noted;
    const char *last_cause;
    unsigned in_a_row;     // of last_cause
};

static inline StepKey item_key(const Item *item) { return (StepKey){item->task.iteration, item->task.attempt, 0}; }
void engine_release(Engine *e, Item *item);  // to the pool
void engine_leave(Engine *e, Item *item);    // likewise, its iteration unfinished
void engine_back_off(Engine *e, Item *item, Nanos retry_after, Nanos now);
void engine_put_ask(Engine *e, Item *item, uint32_t tries);
// Says in the journal what a try without an answer may have cost; nothing of it is on its way any more.
void engine_note_failed(Engine *e, Item *item);
void engine_put_verdict(Engine *e, Item *item, VerdictRow *row, const KeptRow *kept_or_null);
// The iteration ends without a conversation.
void engine_give_up(Engine *e, Item *item, const char *reason, const char *message);
// "server error" as the journal and status --json name it: server_error.
void engine_reason(char out[24], const char *cause);

// Nothing new is asked from now on. The first reason given is the run's.
void engine_stop(Engine *e, ErrorKind end, const Error *why, Nanos patience);
void engine_tell(Engine *e, const Error *message);

#endif
