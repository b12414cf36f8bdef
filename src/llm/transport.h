// SPDX-License-Identifier: Apache-2.0
//
// Requests out, replies in: a seam. The run engine sees only struct Transport, behind which lie
// libcurl (transport_open) or a simulation.
//
// Ownership. send copies what it needs of the request; only the Endpoint must outlive the
// transport. A reply belongs to the transport and is valid until release, which every reply
// that wait hands out needs. Everything happens in one thread, but `wake`, which any thread and
// any signal handler may call.
//
// Every request sent gives exactly one reply, whatever happens to it, unless cancel_all ends it.
// Nothing is ever sent twice behind the caller's back: where libcurl would repeat a request
// on a connection that the server had closed, the reply is HTTP_RESET with `unsent` set.
#ifndef CONFAB_LLM_TRANSPORT_H
#define CONFAB_LLM_TRANSPORT_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "llm/endpoint.h"

// An answer's ceiling after decompression. The longest completions today are some 128 k tokens,
// about 1 MB as JSON; 16 times that is an attack or a mistake.
#define HTTP_BODY_MAX ((size_t)16 << 20)
#define HTTP_HEADERS_MAX ((size_t)64 << 10)  // real APIs send 1–4 KB

typedef struct HttpRequest {
    const Endpoint *endpoint;
    Str method;       // "GET" or "POST"; absent: POST
    Str path_or_url;  // absent: the endpoint's own address; "/x": below its host; or a whole URL
    Str body;         // of a POST
    uint64_t tag;     // comes back in the reply
    Str item;         // value of the header x-confab-item, sent to loopback only; may be absent
    // Spans; 0: none. connect counts from send, first_byte from connected, idle from the last
    // byte that came, whole from send.
    Nanos connect_timeout, first_byte_timeout, idle_timeout, whole_timeout;
} HttpRequest;

typedef enum HttpEnd {
    HTTP_DONE,                // a whole answer: status, headers, body
    HTTP_RESOLVE_FAILED,      // no such host
    HTTP_CONNECT_FAILED,
    HTTP_TLS_FAILED,          // handshake, or the certificate does not verify
    HTTP_TIMEOUT_CONNECT,
    HTTP_TIMEOUT_FIRST_BYTE,
    HTTP_TIMEOUT_IDLE,
    HTTP_TIMEOUT_WHOLE,
    HTTP_RESET,               // closed before the answer was whole
    HTTP_TOO_LARGE,           // HTTP_BODY_MAX or HTTP_HEADERS_MAX
    HTTP_MALFORMED,           // not HTTP, bad chunks, bad compression
    HTTP_FAILED,              // anything else; detail says what
    HTTP_ENDS
} HttpEnd;

const char *http_end_text(HttpEnd end);  // "no answer within the time allowed", …

// One kind of limit as the server's headers tell it, raw; empty: not told. Read by rate.h.
typedef struct HttpRate {
    char limit[24], remaining[24], reset[40];
} HttpRate;

typedef struct HttpReply {
    uint64_t tag;
    const Endpoint *endpoint;
    HttpEnd end;
    bool unsent;            // HTTP_RESET on a kept connection before any byte came back: most
                            // likely the server never read it
    int status;             // 0 unless a status line came
    Str body;               // what came, also of an incomplete answer; NUL behind it
    char content_type[64];
    char retry_after[64];   // raw, also from retry-after-ms (then with "ms" behind it)
    char date[40];          // the server's own clock
    char location[200];     // of a redirection, which is never followed
    HttpRate requests, tokens;
    Nanos sent, first_byte, done;  // the transport's clock; 0: did not happen
    char detail[160];       // of a failure, for people; no key, no body
} HttpReply;

typedef struct Transport {
    // False: the request could not even be built (bad URL, body above 64 MB); *e says why.
    bool (*send)(void *self, const HttpRequest *request, Error *e);
    // Waits until a reply is there, `timeout` has passed (0: only looks; below 0: no bound) or
    // wake was called; gives up to `max` replies. 0: none came.
    size_t (*wait)(void *self, Nanos timeout, HttpReply **out, size_t max);
    void (*release)(void *self, HttpReply *reply);
    void (*cancel_all)(void *self);  // everything in flight ends without a reply; released replies stay
    void (*wake)(void *self);        // wait returns soon; from any thread or signal handler
    void *self;
} Transport;

typedef struct TransportOptions {
    const Clock *clock;        // NULL: the system's
    unsigned max_connections;  // most requests at once; 0: 16,384
    const char *ca_file;       // certificates to trust instead of the system's; NULL: those
    const char *user_agent;    // NULL: confab/VERSION
} TransportOptions;

// The libcurl implementation; transport_close ends what is in flight and zeroes the keys.
// Opening raises the process's soft limit of open files as far as max_connections needs and the
// hard limit allows (what does not fit waits in a queue), and sets SIGPIPE to be ignored, which
// OpenSSL needs.
bool transport_open(const TransportOptions *options, Transport *out, Error *e);
void transport_close(Transport *transport);

// One request and its reply, waiting up to `timeout`; for doctor, discovery and model lists, on a
// transport with nothing else in flight. Release *out. False only where send fails.
bool http_get(Transport *t, const Endpoint *endpoint, Str path_or_url, Nanos timeout, HttpReply **out, Error *e);
bool http_post(Transport *t, const Endpoint *endpoint, Str path_or_url, Str body, Nanos timeout, HttpReply **out, Error *e);

#endif
