// SPDX-License-Identifier: Apache-2.0
//
// The shapes that LLM APIs speak. A request that generates text is read into an Ask; an Answer is
// what the model said, before it takes the shape of one API. Each API is one row of a constant
// table with three functions: read an Ask, render an Answer, render an error.
#ifndef MOCKLLM_API_H
#define MOCKLLM_API_H

#include "bytes.h"

typedef struct Api Api;

// All slices point into the request's body.
typedef struct Ask {
    const Api *api;
    Str model;      // inside of the JSON string, escapes as they are
    Str messages;   // the raw JSON that the answer depends on, with the seed
    Str seed;
    Str schema;     // raw JSON schema, or absent
    Str tool;       // the tool's name: answer as a call of it
    Str refused;    // a field that --refuse names and the request carries
    bool json;      // JSON asked for without a schema
    bool details;         // TGI alone: the token counts are wanted
    bool stream;
    uint64_t max_tokens;  // 0: not given
    uint64_t body_hash;   // of the whole body: the request as a ledger knows it
    uint64_t hash;        // of messages and seed: what the answer is made from
} Ask;

typedef enum { FINISH_STOP, FINISH_LENGTH, FINISH_FILTER, FINISH_REFUSAL } Finish;

// How an envelope may be malformed on purpose.
typedef enum {
    ENVELOPE_WHOLE,
    ENVELOPE_NO_USAGE,
    ENVELOPE_NO_CHOICES,     // the member that holds the text is missing
    ENVELOPE_EMPTY_CHOICES,  // it is there, an empty list
    ENVELOPE_NULL_CONTENT,
    ENVELOPE_WRONG_TYPES,    // text where a number should be, numbers for text
    ENVELOPE_DUPLICATE_KEYS,
} Envelope;

typedef struct Answer {
    const Ask *ask;
    Str content;            // the text, unescaped
    Str refusal;            // absent: none
    Str model;              // as in Ask
    Str prompt_tokens, completion_tokens, total_tokens;  // raw JSON
    Finish finish;
    Envelope envelope;
    bool raw_content;       // content goes between the quotes without escaping
} Answer;

struct Api {
    const char *name;
    const char *path;  // a request's path ends with it
    // False: *problem says what is wrong with the body, for a 400.
    bool (*read)(Str body, Ask *ask, const char **problem);
    void (*render)(Buf *out, const Answer *answer);
    void (*stream)(Buf *out, const Answer *answer);  // NULL: this API has no streams
    const char *stream_type;
};

// The API whose path `path` (without query) ends with, or NULL.
const Api *api_for(Str path);

// Fills everything of *ask but `refused`. `refuse` are top-level fields (n of them) not taken here.
bool api_read(const Api *api, Str body, Str *refuse, size_t n, Ask *ask, const char **problem);

// The body of an error answer; `code` may be NULL. `api` NULL is taken as the first row (OpenAI).
void api_error(Buf *out, const Api *api, int status, const char *code, const char *message);

uint64_t api_count_tokens(Str text);  // words * 4 / 3, words being runs of bytes above a space

extern const Api api_openai, api_anthropic, api_ollama, api_tgi;

#endif
