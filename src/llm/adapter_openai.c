// SPDX-License-Identifier: Apache-2.0
//
// OpenAI chat completions, and what speaks it: vLLM, llama.cpp, Ollama, LM Studio, TGI, OpenRouter,
// Azure, Gemini's compatible endpoint. Shape: OpenAI API reference, "Create chat completion".
// Parameters pass as they are named; what a known host refuses stands in vendor.c.
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
    adapter_write_start(endpoint, request, body);
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
static bool read_content(Str content, Arena *arena, Str *text)
{
    *text = S("");
    if (skim_is_null(content)) return true;
    if (skim_is_string(content)) {
        *text = skim_text(content, arena);
        return true;
    }
    if (!skim_is_array(content)) return false;
    Str *parts = arena_new(arena, Str, skim_count(content) + 1), part;
    size_t used = 0, at = 0;
    while (skim_next(content, &at, &part)) {
        Str piece = skim_get(part, S("text"));
        if (!skim_is_object(part) || (piece.ptr && !skim_is_string(piece))) return false;
        if (piece.ptr) parts[used++] = skim_text(piece, arena);
    }
    if (used) *text = arena_concat(arena, parts, used);
    return true;
}

static Usage read_usage(Str usage)
{
    static const Str keys[] = {S_INIT("prompt_tokens"), S_INIT("completion_tokens"), S_INIT("prompt_tokens_details")};
    Str values[3];
    skim_get_each(usage, keys, values, 3);
    return usage_from(skim_number(values[0], -1), skim_number(values[1], -1),
                      skim_number(skim_get(values[2], S("cached_tokens")), -1));
}

static bool read_choice(Str choice, Arena *arena, ChatReply *reply, Error *e)
{
    static const Str choice_keys[] = {S_INIT("message"), S_INIT("text"), S_INIT("finish_reason")};
    static const Str message_keys[] = {S_INIT("content"), S_INIT("refusal")};
    Str parts[3], said[2];
    skim_get_each(choice, choice_keys, parts, 3);
    skim_get_each(parts[0], message_keys, said, 2);
    bool has_message = skim_is_object(parts[0]);
    Str content = has_message ? said[0] : parts[1];
    if (!has_message && !content.ptr) return adapter_bad_reply(e, "the answer's choice has no message");
    if (!read_content(content, arena, &reply->text)) return adapter_bad_reply(e, "the answer's content is neither text nor a list of texts");
    adapter_read_end(parts[2], arena, reply);
    reply->refusal = adapter_short(said[1], 300, arena);
    reply->refused = reply->refusal.len > 0 || str_eq(reply->finish_reason, S("content_filter")) ||
                     str_eq(reply->finish_reason, S("refusal"));
    return true;
}

static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e)
{
    Str root, choice;
    size_t at = 0;
    *reply = (ChatReply){0};
    if (!adapter_parse(body, arena, &root, e)) return false;
    static const Str keys[] = {S_INIT("choices"), S_INIT("model"), S_INIT("usage")};
    Str values[3];
    skim_get_each(adapter_unwrapped(root), keys, values, 3);
    Str choices = values[0];
    if (!skim_is_array(choices)) return adapter_bad_reply(e, "the answer has no choices");
    if (!skim_next(choices, &at, &choice)) return adapter_bad_reply(e, "the answer's choices are empty");
    if (!read_choice(choice, arena, reply, e)) return false;
    reply->model_reported = adapter_short(values[1], 256, arena);
    reply->usage = read_usage(values[2]);
    return true;
}

static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e)
{
    Str root;
    if (!adapter_parse(body, arena, &root, e)) return false;
    return adapter_read_names(skim_is_array(root) ? root : skim_get(root, S("data")), S("id"), arena, names, n, e);
}
