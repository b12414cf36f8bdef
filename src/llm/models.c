// SPDX-License-Identifier: Apache-2.0
#include "llm/models.h"

#include "llm/adapter.h"
#include "llm/judge.h"

bool models_list(Transport *t, const Endpoint *endpoint, Nanos timeout, Arena *a, Str **names, size_t *n, Error *e)
{
    HttpReply *reply;
    *n = 0;
    if (!endpoint->models_url.ptr) return error_set(e, ERROR_USAGE, "model", "%.*s lists no models", STR_ARG(endpoint->shown));
    if (!http_get(t, endpoint, endpoint->models_url, timeout, &reply, e)) return false;
    bool ok = false;
    if (reply->end == HTTP_DONE && reply->status >= 200 && reply->status < 300) {
        ok = endpoint->adapter->read_models(reply->body, a, names, n, e);
    } else {
        Judgement judgement;
        judge(reply, false, 0, a, &judgement);
        if (e) *e = judgement.error;
    }
    t->release(t->self, reply);
    return ok;
}

static Str joined(const Str *names, size_t n, Arena *a)
{
    enum { SHOWN = 12 };
    Buf text = {0};
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        if (i) buf_add(&text, S(", "));
        buf_add(&text, names[i]);
    }
    if (n > SHOWN) buf_printf(&text, " and %zu more", n - SHOWN);
    Str result = arena_str(a, buf_str(&text));
    buf_free(&text);
    return result;
}

bool models_choose(Transport *t, Endpoint *endpoint, Nanos timeout, Arena *a, Error *e)
{
    Str *names;
    size_t n;
    if (endpoint->model.len) return true;
    if (!endpoint->models_url.ptr) {
        error_set(e, ERROR_USAGE, "model", "no model is named, and %.*s lists none", STR_ARG(endpoint->shown));
        return error_hint(e, "set LLM_NAME to the model's name");
    }
    if (!models_list(t, endpoint, timeout, a, &names, &n, e)) return false;
    if (n == 1) {
        endpoint->model = names[0];
        return true;
    }
    if (n == 0) {
        error_set(e, ERROR_USAGE, "model", "%.*s has no model", STR_ARG(endpoint->shown));
        return error_hint(e, "load one in the server, or set LLM_NAME");
    }
    error_set(e, ERROR_USAGE, "model", "%.*s has %zu models: %.*s", STR_ARG(endpoint->shown), n, STR_ARG(joined(names, n, a)));
    return error_hint(e, "set LLM_NAME to one of them");
}
