// SPDX-License-Identifier: Apache-2.0
//
// A simulated network with a model server behind it, as a Transport and a Clock: time stands still
// but for the waits. The server answers, refuses, stalls and breaks off by the seed, keeps a ledger
// of what it has answered and billed, and notes what must never happen.
#ifndef CONFAB_SIM_NET_H
#define CONFAB_SIM_NET_H

#include "base/random.h"
#include "llm/transport.h"

typedef struct NetSettings {
    Nanos latency_low, latency_high;
    double bad;          // share of answers that fail confab's checks
    double broken;       // share of requests that end in a fault of server or network
    double rate;         // requests a second the server allows; 0: any
    bool no_usage;       // answers do not say what they cost
} NetSettings;

typedef struct NetEvent NetEvent;

// What the server knows of one attempt of one iteration.
typedef struct NetRecord {
    uint64_t iteration;
    unsigned attempt;
    unsigned sent;       // how often it was asked
    bool delivered;      // a whole answer was handed to the engine
    uint64_t turn;       // … in this turn
} NetRecord;

typedef struct Net {
    NetSettings settings;
    Random random;
    Nanos now;
    NetEvent *events;
    size_t n_events, cap_events;
    NetRecord *records;
    size_t n_records, cap_records;
    double bucket;       // of the rate
    Nanos bucket_at;
    uint64_t requests, answers, throttled;
    uint64_t turn;       // set by the test
    bool asked_twice;    // an attempt was asked for after its answer had been delivered
    int64_t billed;      // tokens of all work done, delivered or not
    Nanos sends[4096];   // the latest moments, for limits of the user's
    size_t n_sends;
    Transport transport;
    Clock clock;
} Net;

void net_init(Net *n, uint64_t seed, const NetSettings *settings);
void net_free(Net *n);
void net_drop_all(Net *n);  // the process has died: nothing on its way arrives any more
NetRecord *net_record(Net *n, uint64_t iteration, unsigned attempt);

#endif
