// SPDX-License-Identifier: Apache-2.0
//
// What the server allows: a token bucket for requests and one for LLM tokens, shared by all
// threads. A refused request costs nothing. Pure over the `now` that is passed in.
#ifndef MOCKLLM_LIMIT_H
#define MOCKLLM_LIMIT_H

#include <pthread.h>

#include "bytes.h"

typedef struct Bucket {
    double rate, burst;  // a second; rate 0: no limit
    double level;
    uint64_t last_ns;
} Bucket;

typedef struct Limits {
    pthread_mutex_t lock;
    Bucket requests, tokens;
} Limits;

typedef struct LimitView {  // after a request was let in or refused
    bool allowed;
    double wait_s;                       // refused: until the next may pass
    double requests_left, tokens_left;
    double requests_full_s, tokens_full_s;  // until the buckets are full again
} LimitView;

void limits_init(Limits *l, double rate, double burst, double token_rate, double token_burst, uint64_t now_ns);
void limits_free(Limits *l);
// A request larger than the token bucket passes when that is full.
LimitView limits_take(Limits *l, double tokens, uint64_t now_ns);

#endif
