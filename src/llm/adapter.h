// SPDX-License-Identifier: Apache-2.0
//
// An LLM API as one constant struct: how a ChatRequest becomes a body, how a body becomes a
// ChatReply, which parameters it does not take. Each stands in its own file and is listed once
// in adapter.c; adding one touches these two places (and its row of known hosts, vendor.h).
//
// An adapter knows nothing of HTTP statuses or time: judge.h decides what a reply means.
#ifndef CONFAB_LLM_ADAPTER_H
#define CONFAB_LLM_ADAPTER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "llm/chat.h"
#include "llm/endpoint.h"
#include "llm/skim.h"

// A parameter that this API spells otherwise, or does not take.
typedef struct ParamRule {
    Str name;    // as a project may write it
    Str sent;    // the name to send instead; absent: not taken
    Str hint;    // for the error where it is not taken; absent: none
} ParamRule;

struct Adapter {
    const char *name;          // what --api takes
    const char *title;         // for people: "OpenAI chat completions"
    const char *prefix;        // where the API lies when an address names no path: "/v1"
    const char *path;          // behind the prefix: "/chat/completions"
    const char *models_path;   // the list of models, likewise; NULL: the API has none
    const char *key_header;    // the key's header up to the key: "Authorization: Bearer "
    const char *const *headers;  // further fixed headers, NULL-terminated
    const ParamRule *params;   // n_params rows
    size_t n_params;
    bool takes_schema;         // has a place for a JSON schema at all
    bool takes_seed;
    unsigned default_max_tokens;  // sent when the request says 0; 0: the API needs none

    // Appends the body. False when *body's ceiling was reached.
    bool (*write_request)(const Endpoint *endpoint, const ChatRequest *request, Buf *body);

    // Reads the body of a 2xx answer. An error (code "answer") says what is wrong with it: no
    // JSON, no choices, text of the wrong type. Missing or absurd usage is no error. The reply's
    // slices lie in `arena`.
    bool (*read_reply)(Str body, Arena *arena, ChatReply *reply, Error *e);

    // Names in the order listed, at most ADAPTER_MODELS_MAX. NULL exactly when models_path is.
    bool (*read_models)(Str body, Arena *arena, Str **names, size_t *n, Error *e);
};

enum { ADAPTER_MODELS_MAX = 2000 };  // OpenRouter lists some 500; more is no list for a person

extern const Adapter adapter_openai, adapter_anthropic, adapter_ollama, adapter_tgi;
extern const Adapter adapter_embeddings;  // embed.h's; not among adapters()

// All adapters, the default first.
const Adapter *const *adapters(size_t *n);
const Adapter *adapter_named(Str name);  // NULL: none of that name

// Before the run: whether a parameter can be sent to this endpoint's model. False: *e (kind
// ERROR_PROJECT, code "parameter") says why not; the caller adds the place. Names confab has
// never heard of pass: they may be an extension of the server.
bool adapter_check_param(const Endpoint *endpoint, Str name, Error *e);

// The name to send for a parameter; absent where the API is known not to take it.
Str adapter_param_name(const Endpoint *endpoint, Str name);

// ---- for the adapters' own files ----------------------------------------------------------------

// Checks a reply forgivingly, for it is paid: invalid UTF-8 becomes U+FFFD, of duplicate keys the
// last counts, text behind the JSON is left. *root is for skim.h: a slice of the body, or of a
// mended copy in the arena. False: *e says what came instead (a web page, a stream, a cut body, …).
bool adapter_parse(Str body, Arena *arena, Str *root, Error *e);

// Appends `"name":value` for each parameter that is sent under a name that `wanted` (may be NULL:
// all) takes, then the bound of the completion under `bound` and the seed under `seed` (each NULL:
// not), each behind a comma but the first where `first` says so. True: something was written.
typedef struct ParamPlace {
    bool (*wanted)(Str sent_name);
    const char *bound, *seed;
    bool first;   // nothing stands before it, so it begins without a comma
} ParamPlace;

bool adapter_write_params(const Endpoint *endpoint, const ChatRequest *request, const ParamPlace *place, Buf *body);

// The value of the parameter sent under that name, or absent.
Str adapter_param(const Endpoint *endpoint, const ChatRequest *request, Str sent_name);

// Appends {"model":…,"messages":[…] with all messages, for the adapter to go on; an endpoint whose
// model is not chosen has none.
void adapter_write_start(const Endpoint *endpoint, const ChatRequest *request, Buf *body);

// Appends [{"role":…,"content":…},…] without the messages of role `but` (absent: all).
void adapter_write_messages(const ChatRequest *request, Str but, Buf *body);

// Reads [{"<key>": "name"}, …] or ["name", …]; for read_models.
bool adapter_read_names(Str list, Str key, Arena *arena, Str **names, size_t *n, Error *e);

// Why the completion ended, as the API says it: whether it was cut off for its length.
void adapter_read_end(Str reason, Arena *arena, ChatReply *reply);

// The answer itself, where a gateway wrapped it in a list of one.
Str adapter_unwrapped(Str root);

bool adapter_bad_reply(Error *e, const char *what);  // the error of read_reply; returns false
Str adapter_short(Str string, size_t max, Arena *arena);  // a JSON string's text, cut; or absent

#endif
