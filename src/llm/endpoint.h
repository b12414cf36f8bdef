// SPDX-License-Identifier: Apache-2.0
//
// Where a model is asked: an address, the API it speaks, a key, a model's name. Made once before
// the run from what a person set; constant from then on and shared by everybody.
//
// An address is taken with or without the API's path: `https://api.openai.com`, `…/v1`,
// `…/v1/chat/completions` and `api.openai.com` are one endpoint. A query string stays. Behind a
// '#', which no server ever sees, an address may carry settings for confab itself, joined by
// '&': weight=2, model=NAME, api=NAME (see endpoint_list).
//
// The key lives in the arena given to endpoint_resolve and in no text made here; endpoint_forget
// overwrites it.
#ifndef CONFAB_LLM_ENDPOINT_H
#define CONFAB_LLM_ENDPOINT_H

#include "base/arena.h"
#include "base/error.h"

typedef struct Adapter Adapter;
typedef struct Vendor Vendor;

typedef struct Endpoint {
    const Adapter *adapter;
    const Vendor *vendor;  // a known host, or NULL
    Str url;               // what is posted to; NUL behind it
    Str models_url;        // lists the models; NUL behind it; absent: the API has no list
    Str base;              // scheme://host[:port], NUL behind it
    Str host;              // lower case, brackets of IPv6 off; NUL behind it
    unsigned port;
    bool tls;
    bool loopback;         // 127.0.0.0/8, ::1, localhost: never leaves this machine
    Str key_header;        // the header up to the key, "Authorization: Bearer "
    Str key;               // absent: none
    Str model;             // absent: not chosen yet (models.h)
    double weight;         // share of the requests, above 0; 1 unless said
    Str shown;             // the address for people: never a key, query values hidden
} Endpoint;

enum { ENDPOINTS_MAX = 64 };  // more addresses in one run are a mistake

// `api`: an adapter's name, or absent to choose by host and path. `key`, `model` may be absent.
// All slices of *out lie in the arena. Errors: kind ERROR_USAGE, code "address" or "api" or "key".
bool endpoint_resolve(Str url, Str api, Str key, Str model, Arena *a, Endpoint *out, Error *e);

// Several: `urls` separated by commas (spaces around them are skipped), `keys` absent, one for
// all, or as many as addresses, separated by commas, an empty one meaning none.
bool endpoint_list(Str urls, Str api, Str keys, Str model, Arena *a, Endpoint **out, size_t *n, Error *e);

// True and *e a warning, when something about the endpoint should be said before the run: a key
// that travels unencrypted.
bool endpoint_warning(const Endpoint *endpoint, Error *e);

// The headers' and errors' one way to a text that may hold the key: every occurrence as "****".
Str endpoint_masked(const Endpoint *endpoint, Str text, Arena *a);

void endpoint_forget(Endpoint *endpoint);  // overwrites the key with zeros

bool host_is_loopback(Str host);
bool host_is_private(Str host);  // loopback too; RFC 1918, link-local, ULA, .local, names without a dot

#endif
