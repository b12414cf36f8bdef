// SPDX-License-Identifier: Apache-2.0
#include "llm/server_props.h"

#include "base/json.h"

static const Nanos TIMEOUT = 5 * NANOS_PER_SECOND;

bool server_may_tell(const Endpoint *endpoint) { return !endpoint->vendor && host_is_private(endpoint->host); }

// The reply's JSON, or NULL.
static json_t *read_reply(Transport *t, HttpReply *reply)
{
    json_t *root = NULL;
    if (reply->end == HTTP_DONE && reply->status == 200 && !json_read(reply->body, (Str){0}, &root, NULL)) root = NULL;
    t->release(t->self, reply);
    return root;
}

static json_t *post(Transport *t, const Endpoint *endpoint, Str path, Buf *body)
{
    HttpReply *reply;
    bool sent = http_post(t, endpoint, path, buf_str(body), TIMEOUT, &reply, NULL);
    buf_free(body);
    return sent ? read_reply(t, reply) : NULL;
}

bool server_props(Transport *t, const Endpoint *endpoint, ServerProps *out)
{
    HttpReply *reply;
    *out = (ServerProps){0};
    if (!http_get(t, endpoint, S("/props"), TIMEOUT, &reply, NULL)) return false;
    json_t *root = read_reply(t, reply), *settings = json_object_get(root, "default_generation_settings");
    out->told = json_is_string(json_object_get(root, "chat_template")) && json_is_object(settings);
    if (out->told) out->context = json_integer_value(json_object_get(settings, "n_ctx"));
    if (out->context < 0) out->context = 0;
    json_decref(root);
    return out->told;
}

bool server_render(Transport *t, const Endpoint *endpoint, const ChatMessage *messages, size_t n, Arena *a, Str *prompt)
{
    Buf body = {0};
    buf_add(&body, S("{\"messages\":["));
    for (size_t i = 0; i < n; i++) {
        buf_add(&body, i ? S(",{\"role\":") : S("{\"role\":"));
        json_write_string(&body, messages[i].role);
        buf_add(&body, S(",\"content\":"));
        json_write_string(&body, messages[i].content);
        buf_add_char(&body, '}');
    }
    buf_add(&body, S("]}"));
    json_t *root = post(t, endpoint, S("/apply-template"), &body), *text = json_object_get(root, "prompt");
    bool ok = json_is_string(text);
    if (ok) *prompt = arena_str(a, json_str(text));
    json_decref(root);
    return ok;
}

bool server_count_prompt(Transport *t, const Endpoint *endpoint, Str prompt, uint64_t *tokens)
{
    Buf body = {0};
    buf_add(&body, S("{\"add_special\":true,\"parse_special\":true,\"content\":"));
    json_write_string(&body, prompt);
    buf_add_char(&body, '}');
    json_t *root = post(t, endpoint, S("/tokenize"), &body), *list = json_object_get(root, "tokens");
    bool ok = json_is_array(list);
    *tokens = ok ? json_array_size(list) : 0;
    json_decref(root);
    return ok;
}
