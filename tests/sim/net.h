// SPDX-License-Identifier: Apache-2.0
//
// A simulated network with model servers behind it, as a Transport and a Clock: time stands still
// but for the waits. It keeps a ledger of what was answered and billed, and notes what must never
// happen.
#ifndef CONFAB_SIM_NET_H
#define CONFAB_SIM_NET_H

#include "server.h"

enum { NET_SERVERS = 3 };

typedef struct NetEvent NetEvent;

// What the servers know of one attempt of one iteration.
typedef struct NetRecord {
    uint64_t iteration;
    unsigned attempt;
    unsigned sent;       // how often it was asked
    bool delivered;      // a whole answer was handed to the engine
    uint64_t turn;       // … in this turn
} NetRecord;

typedef struct Net {
    Server servers[NET_SERVERS];
    size_t n_servers;
    ContentSettings content;
    Nanos latency_low, latency_high;
    double unsendable;   // share of requests for which there is no memory to send them
    Random random;
    Nanos now;
    NetEvent *events;
    size_t n_events, cap_events;
    NetRecord *records;
    size_t n_records, cap_records;
    uint32_t *index;     // of the records, by iteration and attempt: an open hash
    size_t n_index;
    uint64_t requests, answers;
    uint64_t turn;       // set by the test
    bool asked_twice;    // an attempt was asked for after its answer had been delivered
    Bill billed;         // all work done, delivered or not
    Transport transport;
    Clock clock;
} Net;

void net_init(Net *n, uint64_t seed);
void net_free(Net *n);
void net_drop_all(Net *n);  // the process has died: nothing on its way arrives any more
void net_forget_sights(Net *n);  // each process holds the user's limits for itself
NetRecord *net_record(Net *n, uint64_t iteration, unsigned attempt);  // made if it is not there

// Whether no more than `limit` requests, or tokens, came to the server in any minute that ended with
// its latest request; one request alone may be above the limit of tokens.
bool net_within_rpm(const Server *s, size_t limit);
bool net_within_tpm(const Server *s, int64_t limit);

#endif
