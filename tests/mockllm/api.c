// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include "json.h"

static const Api *const apis[] = {&api_openai, &api_anthropic, &api_ollama, &api_tgi};

const Api *api_for(Str path) {
    for (size_t i = 0; i < sizeof apis / sizeof *apis; i++)
        if (str_ends(path, str_from(apis[i]->path))) return apis[i];
    return NULL;
}

static Str first_refused(Str body, const Str *refuse, size_t n) {
    JsonWalk w = json_walk(body, '{');
    for (Str key, value; n && json_member(&w, &key, &value);)
        for (size_t i = 0; i < n; i++)
            if (str_eq(key, refuse[i])) return key;
    return (Str){0};
}

bool api_read(const Api *api, Str body, Str *refuse, size_t n, Ask *ask, const char **problem) {
    *ask = (Ask){.api = api};
    if (!api->read(body, ask, problem)) return false;
    ask->refused = first_refused(body, refuse, n);
    ask->body_hash = hash_bytes(body, 2);
    ask->hash = hash_bytes(ask->messages, hash_bytes(ask->seed, 3));
    return true;
}

typedef struct ErrorKind {
    int status;
    const char *openai, *anthropic;
} ErrorKind;

static const ErrorKind kinds[] = {
    {400, "invalid_request_error", "invalid_request_error"}, {401, "invalid_request_error", "authentication_error"},
    {402, "insufficient_quota", "billing_error"},            {403, "permission_error", "permission_error"},
    {404, "invalid_request_error", "not_found_error"},       {413, "invalid_request_error", "request_too_large"},
    {429, "rate_limit_error", "rate_limit_error"},           {504, "server_error", "timeout_error"},
    {529, "overloaded_error", "overloaded_error"},
};

static const char *kind_of(int status, bool anthropic) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].status == status) return anthropic ? kinds[i].anthropic : kinds[i].openai;
    if (status < 500) return "invalid_request_error";
    return anthropic ? "api_error" : "server_error";
}

void api_error(Buf *out, const Api *api, int status, const char *code, const char *message) {
    if (api == &api_anthropic) {
        buf_format(out, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"%s\"}}", kind_of(status, true), message);
    } else if (api == &api_ollama) {
        buf_format(out, "{\"error\":\"%s\"}", message);
    } else if (api == &api_tgi) {
        const char *type = status == 429 ? "overloaded" : status == 422 || status == 400 ? "validation" : "generation";
        buf_format(out, "{\"error\":\"%s\",\"error_type\":\"%s\"}", message, type);
    } else {
        buf_format(out, "{\"error\":{\"message\":\"%s\",\"type\":\"%s\",\"param\":null,\"code\":", message, kind_of(status, false));
        if (code) buf_format(out, "\"%s\"}}", code);
        else buf_add(out, S("null}}"));
    }
}

// Eight bytes at a time: a word begins where a byte above a space follows one that is not (the
// byte before is the one below it in a little-endian lane).
uint64_t api_count_tokens(Str text) {
    uint64_t words = 0, before = 0;
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8) {
        uint64_t mask = mask_above_space(load8(text.ptr + i));
        words += mask_count(mask & ~(mask << 8 | before));
        before = mask >> 56;
    }
    for (; i < text.len; i++) {
        bool above = (unsigned char)text.ptr[i] > ' ';
        words += above && !before;
        before = above;
    }
    return words * 4 / 3;
}
