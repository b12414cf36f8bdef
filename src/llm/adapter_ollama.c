// SPDX-License-Identifier: Apache-2.0
//
// Ollama's own /api/chat. Shape: Ollama's docs/api.md, "Generate a chat completion". Parameters
// of the model go into `options`, a schema into `format`.
#include "llm/adapter.h"

static bool write_request(const Endpoint *endpoint, const ChatRequest *request, Buf *body);
static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e);
static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e);

static const ParamRule params[] = {
    {S_INIT("max_tokens"), S_INIT("num_predict"), {0}},
    {S_INIT("max_completion_tokens"), S_INIT("num_predict"), {0}},
    {S_INIT("repetition_penalty"), S_INIT("repeat_penalty"), {0}},
    {S_INIT("stop_sequences"), S_INIT("stop"), {0}},
    {S_INIT("logit_bias"), {0}, {0}},
    {S_INIT("reasoning_effort"), {0}, S_INIT("write \"think\"")},
    {S_INIT("response_format"), {0}, S_INIT("leave it out; --structured sends a schema")},
};

const Adapter adapter_ollama = {
    .name = "ollama",
    .title = "the Ollama API",
    .prefix = "/api",
    .path = "/chat",
    .models_path = "/tags",
    .key_header = "Authorization: Bearer ",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .takes_schema = true,
    .takes_seed = true,
    .write_request = write_request,
    .read_reply = read_reply,
    .read_models = read_models,
};

static bool is_top_level(Str name)
{
    static const Str names[] = {S_INIT("think"), S_INIT("keep_alive"), S_INIT("logprobs"), S_INIT("top_logprobs"), S_INIT("tools")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(name, names[i])) return true;
    return false;
}

static bool is_option(Str name) { return !is_top_level(name) && !str_eq(name, S("format")); }

static bool write_request(const Endpoint *endpoint, const ChatRequest *request, Buf *body)
{
    adapter_write_start(endpoint, request, body);
    buf_add(body, S(",\"stream\":false"));
    Str format = request->schema.ptr ? request->schema : adapter_param(endpoint, request, S("format"));
    if (format.ptr) {
        buf_add(body, S(",\"format\":"));
        buf_add(body, format);
    }
    adapter_write_params(endpoint, request, &(ParamPlace){.wanted = is_top_level}, body);
    buf_add(body, S(",\"options\":{"));
    adapter_write_params(endpoint, request, &(ParamPlace){.wanted = is_option, .bound = "num_predict", .seed = "seed", .first = true}, body);
    buf_add(body, S("}}"));
    return !body->full;
}

static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e)
{
    Str root;
    *reply = (ChatReply){0};
    if (!adapter_parse(body, arena, &root, e)) return false;
    Str answer = adapter_unwrapped(root), content = skim_get(skim_get(answer, S("message")), S("content"));
    if (str_eq(skim_get(answer, S("done")), S("false"))) return adapter_bad_reply(e, "the answer is a part of a stream, which was not asked for");
    if (!skim_is_string(content)) return adapter_bad_reply(e, "the answer has no message");
    reply->text = skim_text(content, arena);
    adapter_read_end(skim_get(answer, S("done_reason")), arena, reply);
    reply->model_reported = adapter_short(skim_get(answer, S("model")), 256, arena);
    reply->usage = usage_from(skim_number(skim_get(answer, S("prompt_eval_count")), -1), skim_number(skim_get(answer, S("eval_count")), -1), -1);
    return true;
}

static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e)
{
    Str root;
    return adapter_parse(body, arena, &root, e) && adapter_read_names(skim_get(root, S("models")), S("name"), arena, names, n, e);
}
