// SPDX-License-Identifier: Apache-2.0
#include "llm/discover.h"

#include "llm/adapter.h"

const UsualServer usual_servers[] = {{"Ollama", 11434}, {"llama.cpp", 8080}, {"LM Studio", 1234}, {"vLLM", 8000}};
const size_t n_usual_servers = sizeof usual_servers / sizeof *usual_servers;

// A web server of another kind at the port answers something else.
static bool is_model_server(const HttpReply *reply, Arena *a, FoundServer *found)
{
    if (reply->end != HTTP_DONE) return false;
    if (reply->status == 401) return found->wants_key = true;
    return reply->status == 200 && adapter_openai.read_models(reply->body, a, &found->models, &found->n_models, NULL);
}

static size_t ask_all(Transport *t, const UsualServer *usual, size_t n, Nanos timeout, Arena *a, Endpoint *endpoints)
{
    size_t asked = 0;
    for (size_t i = 0; i < n; i++) {
        Str url = arena_printf(a, "http://127.0.0.1:%u", usual[i].port);
        HttpRequest request = {.endpoint = &endpoints[i], .method = S("GET"), .tag = i, .whole_timeout = timeout};
        if (!endpoint_resolve(url, S("openai"), (Str){0}, (Str){0}, a, &endpoints[i], NULL)) continue;
        request.path_or_url = endpoints[i].models_url;
        if (t->send(t->self, &request, NULL)) asked++;
    }
    return asked;
}

size_t discover(Transport *t, const UsualServer *usual, size_t n, Nanos timeout, Arena *a, FoundServer **out)
{
    Endpoint *endpoints = arena_new(a, Endpoint, n ? n : 1);
    FoundServer *found = arena_new(a, FoundServer, n ? n : 1);
    bool *there = arena_new(a, bool, n ? n : 1);
    size_t asked = ask_all(t, usual, n, timeout, a, endpoints), count = 0;
    while (asked) {
        HttpReply *reply;
        if (t->wait(t->self, -1, &reply, 1) == 0) continue;
        there[reply->tag] = is_model_server(reply, a, &found[reply->tag]);
        t->release(t->self, reply);
        asked--;
    }
    for (size_t i = 0; i < n; i++) {
        if (!there[i]) continue;
        found[count] = found[i];
        found[count].title = usual[i].title;
        found[count++].url = endpoints[i].base;
    }
    *out = found;
    return count;
}
