// SPDX-License-Identifier: Apache-2.0
//
// What a simulated model server answers. What it says to an attempt of an iteration follows from the
// seed and these two numbers alone, so that a test knows what a kept conversation must say; whether it
// answers at all is drawn.
#ifndef CONFAB_SIM_SERVER_H
#define CONFAB_SIM_SERVER_H

#include "base/buf.h"
#include "base/random.h"
#include "llm/transport.h"

enum { SERVER_SIGHTS = 1024 };

typedef struct ServerSettings {
    double rate;             // requests a second that it allows; 0: any
    double broken;           // share of requests that end in a fault of server or network
    Nanos out_from, out_until;  // in between nobody connects
    Nanos refuses_until;     // until then the key is refused
    bool no_schema;          // it refuses structured output
} ServerSettings;

typedef struct ContentSettings {
    uint64_t seed;
    double bad;              // share of answers that fail confab's checks
    double repeated;         // share that say (nearly) what others say
    bool no_usage;           // answers do not say what they cost
} ContentSettings;

typedef struct Bill {
    int64_t prompt, completion;  // tokens
} Bill;

typedef struct Server {
    Endpoint endpoint;
    ServerSettings settings;
    double bucket;           // of the rate
    Nanos bucket_at;
    // The latest requests, for limits of the user's.
    struct {
        Nanos at;
        int64_t tokens;      // 0: nothing was worked on
    } seen[SERVER_SIGHTS];
    size_t n_seen;
} Server;

// The conversation in the text of the answer; it begins with the two numbers, unless it is a
// repeated one.
void server_conversation(const ContentSettings *content, uint64_t iteration, unsigned attempt, Buf *out);

// Fills the reply's end, status, headers and body (from malloc), and says what was worked on, and so
// is billed, delivered or not. True: a whole answer.
bool server_reply(Server *s, const ContentSettings *content, Random *random, Nanos now, const HttpRequest *request,
                  uint64_t iteration, unsigned attempt, HttpReply *reply, Bill *bill);

#endif
