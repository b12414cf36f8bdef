// SPDX-License-Identifier: Apache-2.0
//
// The one place that judges what came back: whether it is an answer, what may heal by asking
// again, what stops the run. Pure: no clock, no I/O.
//
//   2xx with a readable reply                                  ANSWERED
//   2xx with an unreadable one, 408 409 425 5xx, resets, time-outs   RETRY
//   429, 529; 503 with Retry-After                             THROTTLED
//   401 402 403 404, 3xx, no money left, no such model, TLS    REFUSED
//   400…599 that names the schema, while one was sent          NO_SCHEMA
//   every other 4xx, 505                                       FAILED
// An error object inside a 200 is judged by the status it names.
#ifndef CONFAB_LLM_JUDGE_H
#define CONFAB_LLM_JUDGE_H

#include "llm/chat.h"
#include "llm/rate.h"
#include "llm/transport.h"

typedef enum Verdict {
    ANSWERED,   // reply holds it; whether the conversation is good is not asked here
    RETRY,      // may heal: ask again after a backoff
    THROTTLED,  // the server is busy or counts requests: slow down, then ask again
    REFUSED,    // key, account, model or address: nothing will work
    FAILED,     // this request will never work, others may
    NO_SCHEMA,  // ask again without the schema
} Verdict;

typedef struct Judgement {
    Verdict verdict;
    const char *cause;   // a constant word for counting: "answered", "rate limit", "server error",
                         // "time-out", "connection", "unreadable answer", "refused key", …
    Nanos retry_after;   // span the server asks for; -1: none
    bool sick;           // speaks against the endpoint's health: the breaker counts it
    ChatReply reply;     // of ANSWERED
    Error error;         // of all others; kind as the run's exit would be
} Judgement;

// `schema_sent`: the request carried one. The reply's slices lie in `arena`.
void judge(const HttpReply *http, bool schema_sent, Nanos wall_now, Arena *arena, Judgement *out);

// What an API's error body says, in one line: its message (and code), control characters and
// markup off, the key masked, at most 300 bytes. Absent: it says nothing readable.
Str judge_message(const HttpReply *http, Arena *arena);

#endif
