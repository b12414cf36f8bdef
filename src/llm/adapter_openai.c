// SPDX-License-Identifier: Apache-2.0
//
// OpenAI chat completions, and what speaks it: vLLM, llama.cpp, Ollama, LM Studio, TGI, OpenRouter,
// Azure, Gemini's compatible endpoint. Shape: OpenAI API reference, "Create chat completion".
// Parameters pass as they are named; what a known host refuses stands in vendor.c.
#include "base/json.h"
#include "llm/vendor.h"

static bool write_request(const Endpoint *endpoint, const ChatRequest *request, Buf *body);
static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e);
static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e);

static const ParamRule params[] = {
    {S_INIT("num_predict"), S_INIT("max_tokens"), {0}},
    {S_INIT("max_new_tokens"), S_INIT("max_tokens"), {0}},
    {S_INIT("stop_sequences"), S_INIT("stop"), {0}},
};

const Adapter adapter_openai = {
    .name = "openai",
    .title = "the OpenAI API",
    .prefix = "/v1",
    .path = "/chat/completions",
    .models_path = "/models",
    .key_header = "Authorization: Bearer ",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .takes_schema = true,
    .takes_seed = true,
    .write_request = write_request,
    .read_reply = read_reply,
    .read_models = read_models,
};

static bool not_format(Str name) { return !str_eq(name, S("response_format")); }

static bool write_request(const Endpoint *endpoint, const ChatRequest *request, Buf *body)
{
    const Vendor *vendor = endpoint->vendor;
    const char *bound = vendor && vendor->max_tokens_name ? vendor->max_tokens_name(endpoint->model) : "max_tokens";
    bool seed = !vendor || !vendor->no_seed;
    Str seed_name = adapter_param_name(endpoint, S("seed"));
    buf_add_char(body, '{');
    if (endpoint->model.ptr) {
        buf_add(body, S("\"model\":"));
        json_write_string(body, endpoint->model);
        buf_add_char(body, ',');
    }
    buf_add(body, S("\"messages\":"));
    adapter_write_messages(request, (Str){0}, body);
    // The schema and a project's own response_format are one place; what the run asks for wins.
    ParamPlace place = {.wanted = request->schema.ptr ? not_format : NULL, .bound = bound,
                        .seed = seed && seed_name.ptr ? seed_name.ptr : NULL};
    adapter_write_params(endpoint, request, &place, body);
    if (request->schema.ptr) {
        buf_add(body, S(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":"));
        buf_add(body, request->schema);
        buf_add(body, S("}}"));
    }
    buf_add_char(body, '}');
    return !body->full;
}

// Content is a string, null, or a list of parts of which the text ones count.
static bool read_content(const json_t *content, Arena *arena, Str *text)
{
    *text = S("");
    if (!content || json_is_null(content)) return true;
    if (json_is_string(content)) {
        *text = arena_str(arena, json_str(content));
        return true;
    }
    if (!json_is_array(content)) return false;
    size_t n = json_array_size(content), used = 0;
    Str *parts = arena_new(arena, Str, n ? n : 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *part = json_array_get(content, i);
        if (!json_is_object(part)) return false;
        const json_t *piece = json_object_get(part, "text");
        if (json_is_string(piece)) parts[used++] = json_str(piece);
        else if (piece) return false;
    }
    if (used) *text = arena_concat(arena, parts, used);
    return true;
}

static Usage read_usage(const json_t *usage)
{
    const json_t *details = json_object_get(usage, "prompt_tokens_details");
    return usage_from(adapter_count(json_object_get(usage, "prompt_tokens")),
                      adapter_count(json_object_get(usage, "completion_tokens")),
                      adapter_count(json_object_get(details, "cached_tokens")));
}

static bool read_choice(const json_t *choice, Arena *arena, ChatReply *reply, Error *e)
{
    const json_t *message = json_object_get(choice, "message");
    const json_t *content = json_is_object(message) ? json_object_get(message, "content") : json_object_get(choice, "text");
    if (!json_is_object(message) && !content) return adapter_bad_reply(e, "the answer's choice has no message");
    if (!read_content(content, arena, &reply->text)) return adapter_bad_reply(e, "the answer's content is neither text nor a list of texts");
    reply->finish_reason = adapter_short(json_object_get(choice, "finish_reason"), 64, arena);
    reply->refusal = adapter_short(json_object_get(message, "refusal"), 300, arena);
    reply->cut = str_eq(reply->finish_reason, S("length")) || str_eq(reply->finish_reason, S("max_tokens"));
    reply->refused = reply->refusal.len > 0 || str_eq(reply->finish_reason, S("content_filter")) ||
                     str_eq(reply->finish_reason, S("refusal"));
    return true;
}

static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e)
{
    *reply = (ChatReply){0};
    json_t *root = adapter_parse(body, e);
    if (!root) return false;
    const json_t *answer = adapter_unwrapped(root);
    const json_t *choices = json_object_get(answer, "choices");
    bool ok = false;
    if (!json_is_array(choices)) {
        adapter_bad_reply(e, "the answer has no choices");
    } else if (json_array_size(choices) == 0) {
        adapter_bad_reply(e, "the answer's choices are empty");
    } else {
        ok = read_choice(json_array_get(choices, 0), arena, reply, e);
    }
    if (ok) {
        reply->model_reported = adapter_short(json_object_get(answer, "model"), 256, arena);
        reply->usage = read_usage(json_object_get(answer, "usage"));
    }
    json_decref(root);
    return ok;
}

static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e)
{
    json_t *root = adapter_parse(body, e);
    if (!root) return false;
    const json_t *data = json_is_array(root) ? root : json_object_get(root, "data");
    bool ok = adapter_read_names(data, "id", arena, names, n, e);
    json_decref(root);
    return ok;
}
