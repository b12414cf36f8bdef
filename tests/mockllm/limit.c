// SPDX-License-Identifier: Apache-2.0
#include "limit.h"

#include <math.h>

void limits_init(Limits *l, double rate, double burst, double token_rate, double token_burst, uint64_t now_ns) {
    pthread_mutex_init(&l->lock, NULL);
    l->requests = (Bucket){.rate = rate, .burst = burst, .level = burst, .last_ns = now_ns};
    l->tokens = (Bucket){.rate = token_rate, .burst = token_burst, .level = token_burst, .last_ns = now_ns};
}

void limits_free(Limits *l) { pthread_mutex_destroy(&l->lock); }

static void refill(Bucket *b, uint64_t now_ns) {
    if (now_ns <= b->last_ns) return;
    b->level = fmin(b->burst, b->level + (double)(now_ns - b->last_ns) * 1e-9 * b->rate);
    b->last_ns = now_ns;
}

// Seconds until `cost` may pass; 0: now.
static double wait_for(const Bucket *b, double cost) {
    double missing = fmin(cost, b->burst) - b->level;
    return b->rate <= 0 || missing <= 1e-9 ? 0 : missing / b->rate;
}

static double full_after(const Bucket *b) { return b->rate > 0 ? fmax(0, b->burst - b->level) / b->rate : 0; }

LimitView limits_take(Limits *l, double tokens, uint64_t now_ns) {
    pthread_mutex_lock(&l->lock);
    refill(&l->requests, now_ns);
    refill(&l->tokens, now_ns);
    double wait = fmax(wait_for(&l->requests, 1), wait_for(&l->tokens, tokens));
    if (wait <= 0) {
        l->requests.level -= 1;
        l->tokens.level -= tokens;  // may go below zero for one that is larger than the bucket
    }
    LimitView view = {.allowed = wait <= 0, .wait_s = wait,
                      .requests_left = fmax(0, floor(l->requests.level)), .tokens_left = fmax(0, floor(l->tokens.level)),
                      .requests_full_s = full_after(&l->requests), .tokens_full_s = full_after(&l->tokens)};
    pthread_mutex_unlock(&l->lock);
    return view;
}
