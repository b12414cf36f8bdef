// SPDX-License-Identifier: Apache-2.0
//
// One request and its reply on a libcurl easy handle: what transport.c moves about. An exchange is
// made once and used for many requests; handle, buffers and the options that do not change stay.
#ifndef CONFAB_LLM_EXCHANGE_H
#define CONFAB_LLM_EXCHANGE_H

#include "base/buf.h"
#include "llm/libcurl.h"
#include "llm/transport.h"

// What all exchanges with one endpoint share.
typedef struct Peer {
    const Endpoint *endpoint;
    uint64_t secrets;            // a hash of what the headers were made from
    struct curl_slist *headers;  // the key among them; zeroed on free
    bool proven;                 // a connection has been made, or the host needs no resolver
    unsigned connecting;         // exchanges under way that are not connected yet
} Peer;

typedef struct Exchange Exchange;
struct Exchange {
    HttpReply reply;             // first, so that a reply leads back to its exchange
    CURL *easy;
    const Clock *clock;
    Peer *peer;
    Exchange *next, *before;     // in the one list that the exchange is in
    unsigned multi;              // index of the multi handle it runs on
    Buf request, body;
    size_t header_bytes;
    bool headers_ended;          // an empty line came behind them
    struct curl_slist item;      // the head of the header list, when the request has an item
    char item_text[96];
    Str url_set;                 // what CURLOPT_URL was last given; NUL behind it
    Buf url;                     // its bytes, when not the endpoint's own
    bool get_set;
    bool connecting;             // counted in the peer's
    Nanos connect_timeout, first_byte_timeout, idle_timeout, whole_timeout;
    Nanos connected, last_byte;  // 0: not yet
    HttpEnd stopped;             // why a callback ended it; HTTP_DONE: none did
    char curl_says[CURL_ERROR_SIZE];
};

// Exchanges in order; each is in one list at a time.
typedef struct ExchangeList {
    Exchange *first, *last;
    size_t n;
} ExchangeList;

void exchange_push(ExchangeList *list, Exchange *x);
void exchange_remove(ExchangeList *list, Exchange *x);
void exchange_move(ExchangeList *from, ExchangeList *to, Exchange *x);
void exchange_move_all(ExchangeList *from, ExchangeList *to);  // behind what `to` holds

// Whether it is the one for this endpoint as it now is; an endpoint may have been made anew at the
// same place in memory.
bool peer_is_of(const Peer *p, const Endpoint *endpoint);
bool peer_init(Peer *p, const Endpoint *endpoint);
void peer_free(Peer *p);

// NULL when libcurl gives no handle.
Exchange *exchange_new(const TransportOptions *options, const Clock *clock, CURLSH *share);
void exchange_free(Exchange *x);

// Makes the handle ready for a request; the caller adds it to a multi handle.
bool exchange_prepare(Exchange *x, Peer *peer, const HttpRequest *request, Error *e);

// The moment at which a time-out ends it, and which one; INT64_MAX: none.
Nanos exchange_deadline(const Exchange *x, HttpEnd *end);

// Completes the reply: from libcurl's result, or because of a time-out.
void exchange_finish(Exchange *x, CURLcode result);
void exchange_time_out(Exchange *x, HttpEnd end);

void exchange_connecting(Exchange *x, bool connecting);  // counts it in or out; safe twice

void exchange_rest(Exchange *x);  // after release: gives large buffers back

#endif
