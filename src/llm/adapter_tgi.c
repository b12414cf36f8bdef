// SPDX-License-Identifier: Apache-2.0
//
// Text Generation Inference's own /generate, which knows no messages: they are rendered as plain
// text with the roles' names. Where the server's chat template matters, its OpenAI API is the
// better way. Shape: TGI's OpenAPI document, GenerateRequest and GenerateResponse.
#include "base/json.h"
#include "llm/adapter.h"

static bool write_request(const Endpoint *endpoint, const ChatRequest *request, Buf *body);
static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e);
static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e);

static const ParamRule params[] = {
    {S_INIT("max_tokens"), S_INIT("max_new_tokens"), {0}},
    {S_INIT("max_completion_tokens"), S_INIT("max_new_tokens"), {0}},
    {S_INIT("repeat_penalty"), S_INIT("repetition_penalty"), {0}},
    {S_INIT("stop_sequences"), S_INIT("stop"), {0}},
    {S_INIT("min_p"), {0}, S_INIT("use top_p or typical_p")},
    {S_INIT("presence_penalty"), {0}, S_INIT("use frequency_penalty or repetition_penalty")},
    {S_INIT("logit_bias"), {0}, {0}},
    {S_INIT("reasoning_effort"), {0}, {0}},
    {S_INIT("response_format"), {0}, S_INIT("leave it out; --structured sends a grammar")},
};

const Adapter adapter_tgi = {
    .name = "tgi",
    .title = "the TGI API",
    .prefix = "",
    .path = "/generate",
    .models_path = "/info",
    .key_header = "Authorization: Bearer ",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .takes_schema = true,
    .takes_seed = true,
    .write_request = write_request,
    .read_reply = read_reply,
    .read_models = read_models,
};

static Str role_title(Str role)
{
    if (str_eq(role, S("user"))) return S("User");
    if (str_eq(role, S("assistant"))) return S("Assistant");
    return S("System");
}

static void write_inputs(const ChatRequest *request, Buf *body)
{
    Buf text = {0};
    for (size_t i = 0; i < request->n_messages; i++) {
        buf_add(&text, role_title(request->messages[i].role));
        buf_add(&text, S(": "));
        buf_add(&text, request->messages[i].content);
        buf_add(&text, S("\n\n"));
    }
    buf_add(&text, S("Assistant:"));
    json_write_string(body, buf_str(&text));
    buf_free(&text);
}

static bool not_fixed(Str name)
{
    return !str_eq(name, S("details")) && !str_eq(name, S("return_full_text")) && !str_eq(name, S("grammar"));
}

static bool write_request(const Endpoint *endpoint, const ChatRequest *request, Buf *body)
{
    buf_add(body, S("{\"inputs\":"));
    write_inputs(request, body);
    buf_add(body, S(",\"parameters\":{\"details\":true,\"return_full_text\":false"));
    adapter_write_params(endpoint, request, &(ParamPlace){.wanted = not_fixed, .bound = "max_new_tokens", .seed = "seed"}, body);
    Str grammar = adapter_param(endpoint, request, S("grammar"));
    if (request->schema.ptr) {
        buf_add(body, S(",\"grammar\":{\"type\":\"json\",\"value\":"));
        buf_add(body, request->schema);
        buf_add_char(body, '}');
    } else if (grammar.ptr) {
        buf_add(body, S(",\"grammar\":"));
        buf_add(body, grammar);
    }
    buf_add(body, S("}}"));
    return !body->full;
}

static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e)
{
    Str root;
    *reply = (ChatReply){0};
    if (!adapter_parse(body, arena, &root, e)) return false;
    Str answer = adapter_unwrapped(root), text = skim_get(answer, S("generated_text")), details = skim_get(answer, S("details"));
    if (!skim_is_string(text)) return adapter_bad_reply(e, "the answer has no generated_text");
    reply->text = skim_text(text, arena);
    adapter_read_end(skim_get(details, S("finish_reason")), arena, reply);
    // The prompt's tokens are listed only where the server was started to list them.
    reply->usage = usage_from((int64_t)skim_count(skim_get(details, S("prefill"))), skim_number(skim_get(details, S("generated_tokens")), -1), -1);
    return true;
}

static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e)
{
    Str root;
    if (!adapter_parse(body, arena, &root, e)) return false;
    *names = arena_new(arena, Str, 1);
    (*names)[0] = adapter_short(skim_get(root, S("model_id")), 256, arena);
    *n = (*names)[0].len ? 1 : 0;
    return *n || adapter_bad_reply(e, "the server's description names no model");
}
