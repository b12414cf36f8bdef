// SPDX-License-Identifier: Apache-2.0
//
// The engine from inside, for engine.c (the loop), engine_send.c (from a task to a request on its
// way) and engine_reply.c (from a reply to a verdict).
#ifndef CONFAB_RUN_ENGINE_INTERNAL_H
#define CONFAB_RUN_ENGINE_INTERNAL_H

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

// ---- engine.c -----------------------------------------------------------------------------------

// Nothing new is asked from now on. The first reason given is the run's.
void engine_stop(Engine *e, ErrorKind end, const Error *why, Nanos patience);
void engine_tell(Engine *e, const Error *message);
void engine_release(Engine *e, Item *item);  // to the pool
void engine_leave(Engine *e, Item *item);    // likewise, its iteration unfinished
static inline StepKey item_key(const Item *item) { return (StepKey){item->task.iteration, item->task.attempt, 0}; }

// ---- engine_send.c ------------------------------------------------------------------------------

void engine_plan_more(Engine *e, Nanos now);
// Plans the item's task and puts its ask; false when the budget has no room (the item is held).
bool engine_ask(Engine *e, Item *item, Nanos now);
// Says in the journal what a try without an answer may have cost; nothing of it is on its way any more.
void engine_note_failed(Engine *e, Item *item);
void engine_ask_again(Engine *e, Item *item);  // the same request once more; its try was counted
void engine_send_ready(Engine *e, Nanos now);
// Gives back what an item reserved and says in the journal that it was not sent.
void engine_withdraw(Engine *e, Item *item);

// ---- engine_embed.c -----------------------------------------------------------------------------

void engine_embed_init(Engine *e, const LimiterConfig *config, Nanos now);
void engine_embed_free(Engine *e);
// What the embedding of an answer of so many tokens may cost at most.
Spending engine_embed_most(const Engine *e, int64_t max_tokens);
// True: the answer waits for its embedding and comes to engine_assess again.
bool engine_embed(Engine *e, Item *item, const ChatReply *reply);
void engine_send_embeddings(Engine *e, Nanos now);
bool engine_is_embedding(const HttpReply *reply);
void engine_take_embedding(Engine *e, HttpReply *reply, Nanos now);
void engine_drop_embeddings(Engine *e);  // nobody waits for them any more

// ---- engine_reply.c -----------------------------------------------------------------------------

void engine_take_reply(Engine *e, HttpReply *reply, Nanos now);
void engine_assess(Engine *e, Item *item, Nanos now);  // its answer is durable
// A request that could not be sent: later, where memory was short; else its iteration ends.
void engine_unsent(Engine *e, Item *item, const Error *why, Nanos now);
// The iteration ends without a conversation.
void engine_give_up(Engine *e, Item *item, const char *reason, const char *message, Nanos now);

#endif
