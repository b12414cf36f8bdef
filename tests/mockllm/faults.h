// SPDX-License-Identifier: Apache-2.0
//
// Everything that can go wrong with an answer, as one constant table. A fault may bend the Answer
// before it takes an API's shape, wreck the Reply behind that, or both.
//
// Which request gets which fault follows from the seed, the request's bytes and how many times the
// same bytes came before: repeatable at any concurrency, and a retry may succeed.
#ifndef MOCKLLM_FAULTS_H
#define MOCKLLM_FAULTS_H

#include <pthread.h>

#include "api.h"
#include "options.h"
#include "reply.h"

typedef struct Fault Fault;

typedef struct FaultCase {
    const Fault *fault;
    const Options *options;
    const Api *api;
    uint64_t seed;      // of this occurrence
    int64_t unix_time;
    Buf *scratch;       // lives until the answer is rendered
} FaultCase;

struct Fault {
    const char *name;
    const char *group;
    const char *about;
    void (*bend)(const FaultCase *c, Answer *a);  // NULL: none
    void (*wreck)(const FaultCase *c, Reply *r);  // NULL: none
    int number;        // what the two make of these is theirs
    const char *text;
};

typedef struct FaultArrivals FaultArrivals;

typedef struct FaultPlan {
    const Options *options;
    const Fault **chosen;  // the faults in question
    size_t n;
    pthread_mutex_t lock;
    FaultArrivals *arrivals;
} FaultPlan;

bool faults_init(FaultPlan *p, const Options *o);  // false: a name is unknown (said on standard error)
void faults_free(FaultPlan *p);
void faults_list(void);

// The fault of this request, or NULL; *seed is for the fault's own use.
const Fault *faults_pick(FaultPlan *p, uint64_t request_hash, uint64_t *seed);

extern const Fault fault_table[];
extern const size_t fault_count;

#endif
