// SPDX-License-Identifier: Apache-2.0
//
// What the server answers to a request, knowing nothing of sockets: routes, key, limits, faults,
// delays, and the counts of /_stats. Shared is one for all threads; a Service is one a thread and
// owns the Reply it fills.
#ifndef MOCKLLM_SERVICE_H
#define MOCKLLM_SERVICE_H

#include <stdatomic.h>

#include "answer.h"
#include "faults.h"
#include "http.h"
#include "ledger.h"
#include "limit.h"
#include "reply.h"

enum { STATUS_MAX = 600 };

typedef struct Counts {  // of one thread; others only read
    atomic_uint_fast64_t by_status[STATUS_MAX];
    atomic_uint_fast64_t generations, others, limited, sent, gone, cut, prompt_tokens, completion_tokens;
} Counts;

typedef struct Shared {
    const Options *options;
    FaultPlan faults;
    Limits limits;
    atomic_uint_fast64_t turn;
    atomic_int_fast64_t in_flight, max_in_flight, connections;
    uint64_t started_ns;
    Counts *counts;  // one a thread
    size_t threads;
} Shared;

typedef struct Service {
    Shared *shared;
    Counts *counts;
    Writer writer;
    Reply reply;
    Ledger ledger;
} Service;

// A request on its way: what its ledger line will say. Only generations (POST to one of the APIs)
// have a line and count as in flight.
typedef struct Passage {
    LedgerLine line;
    bool generation;
    bool breaks;  // a fault that is to break the answer off
} Passage;

bool shared_init(Shared *s, const Options *o);
void shared_free(Shared *s);
bool service_init(Service *s, Shared *shared, size_t thread);
void service_free(Service *s);

void service_answer(Service *s, const HttpRequest *r, Passage *p);  // the answer is in s->reply
void service_refuse(Service *s, int status, const char *problem, Passage *p);  // not even HTTP

// To be called once for each Passage: outcome as in ledger.h.
void service_done(Service *s, Passage *p, const char *outcome, uint64_t bytes);

#endif
