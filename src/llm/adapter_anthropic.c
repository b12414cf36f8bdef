// SPDX-License-Identifier: Apache-2.0
//
// Anthropic messages. Shape: Anthropic API reference, "Messages" and "Structured outputs"
// (output_config.format). System messages go into `system`; a bound of the completion is required.
#include "base/json.h"
#include "llm/adapter.h"

static bool write_request(const Endpoint *endpoint, const ChatRequest *request, Buf *body);
static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e);
static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e);

static const char *const headers[] = {"anthropic-version: 2023-06-01", NULL};

static const ParamRule params[] = {
    {S_INIT("stop"), S_INIT("stop_sequences"), {0}},
    {S_INIT("max_completion_tokens"), S_INIT("max_tokens"), {0}},
    {S_INIT("seed"), {0}, S_INIT("this API has no seed")},
    {S_INIT("min_p"), {0}, S_INIT("use top_p or top_k")},
    {S_INIT("typical_p"), {0}, S_INIT("use top_p or top_k")},
    {S_INIT("frequency_penalty"), {0}, {0}},
    {S_INIT("presence_penalty"), {0}, {0}},
    {S_INIT("repetition_penalty"), {0}, {0}},
    {S_INIT("repeat_penalty"), {0}, {0}},
    {S_INIT("logit_bias"), {0}, {0}},
    {S_INIT("logprobs"), {0}, {0}},
    {S_INIT("top_logprobs"), {0}, {0}},
    {S_INIT("response_format"), {0}, S_INIT("leave it out; --structured sends a schema")},
    {S_INIT("reasoning_effort"), {0}, S_INIT("write \"output_config\": {\"value\": {\"effort\": …}}")},
};

const Adapter adapter_anthropic = {
    .name = "anthropic",
    .title = "the Anthropic API",
    .prefix = "/v1",
    .path = "/messages",
    .models_path = "/models",
    .key_header = "x-api-key: ",
    .headers = headers,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .takes_schema = true,
    .default_max_tokens = 4096,
    .write_request = write_request,
    .read_reply = read_reply,
    .read_models = read_models,
};

// Written by write_request itself, for they need another form than the parameter has.
static bool plain(Str name) { return !str_eq(name, S("stop_sequences")) && !str_eq(name, S("output_config")); }

static void write_system(const ChatRequest *request, Buf *body)
{
    Buf text = {0};
    for (size_t i = 0; i < request->n_messages; i++) {
        if (!str_eq(request->messages[i].role, S("system"))) continue;
        if (text.len) buf_add(&text, S("\n\n"));
        buf_add(&text, request->messages[i].content);
    }
    if (text.len) {
        buf_add(body, S(",\"system\":"));
        json_write_string(body, buf_str(&text));
    }
    buf_free(&text);
}

static void write_stop(Str json, Buf *body)
{
    bool list = str_starts(str_trim(json), S("["));
    if (!json.ptr || str_eq(str_trim(json), S("null"))) return;
    buf_add(body, list ? S(",\"stop_sequences\":") : S(",\"stop_sequences\":["));
    buf_add(body, json);
    if (!list) buf_add_char(body, ']');
}

// A project's own output_config keeps its members beside the format.
static void write_output(Str own, Str schema, Buf *body)
{
    Str members = str_trim(own);
    bool object = members.len >= 2 && members.ptr[0] == '{' && members.ptr[members.len - 1] == '}';
    members = object ? str_trim(str_slice(members, 1, members.len - 1)) : (Str){0};
    if (!schema.ptr && !own.ptr) return;
    if (!schema.ptr) {
        buf_add(body, S(",\"output_config\":"));
        buf_add(body, own);
        return;
    }
    buf_add(body, S(",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":"));
    buf_add(body, schema);
    buf_add_char(body, '}');
    if (members.len) {
        buf_add_char(body, ',');
        buf_add(body, members);
    }
    buf_add_char(body, '}');
}

static bool write_request(const Endpoint *endpoint, const ChatRequest *request, Buf *body)
{
    buf_add(body, S("{\"model\":"));
    json_write_string(body, endpoint->model);
    write_system(request, body);
    buf_add(body, S(",\"messages\":"));
    adapter_write_messages(request, S("system"), body);
    ParamPlace place = {.wanted = plain, .bound = "max_tokens"};
    adapter_write_params(endpoint, request, &place, body);
    if (!request->max_tokens && !adapter_param(endpoint, request, S("max_tokens")).ptr) {
        buf_add(body, S(",\"max_tokens\":"));
        buf_add_u64(body, adapter_anthropic.default_max_tokens);
    }
    write_stop(adapter_param(endpoint, request, S("stop_sequences")), body);
    write_output(adapter_param(endpoint, request, S("output_config")), request->schema, body);
    buf_add_char(body, '}');
    return !body->full;
}

static bool read_blocks(Str content, Arena *arena, Str *text, Error *e)
{
    Str *parts = arena_new(arena, Str, skim_count(content) + 1), block;
    size_t used = 0, at = 0;
    while (skim_next(content, &at, &block)) {
        Str type = skim_get(block, S("type")), piece = skim_get(block, S("text")), input = skim_get(block, S("input"));
        if (str_eq(type, S("\"text\""))) {
            if (!skim_is_string(piece)) return adapter_bad_reply(e, "a block of the answer's content has no text");
            parts[used++] = skim_text(piece, arena);
        } else if (str_eq(type, S("\"tool_use\"")) && input.ptr) {
            parts[used++] = input;
        }
    }
    *text = used ? arena_concat(arena, parts, used) : S("");
    return true;
}

static Usage read_usage(Str usage)
{
    int64_t fresh = skim_number(skim_get(usage, S("input_tokens")), -1);
    int64_t written = skim_number(skim_get(usage, S("cache_creation_input_tokens")), -1);
    int64_t cached = skim_number(skim_get(usage, S("cache_read_input_tokens")), -1);
    if (fresh < 0 || fresh > USAGE_MAX || written > USAGE_MAX || cached > USAGE_MAX) return (Usage){0};
    return usage_from(fresh + (written > 0 ? written : 0) + (cached > 0 ? cached : 0),
                      skim_number(skim_get(usage, S("output_tokens")), -1), cached);
}

static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e)
{
    Str root;
    *reply = (ChatReply){0};
    if (!adapter_parse(body, arena, &root, e)) return false;
    Str answer = adapter_unwrapped(root), content = skim_get(answer, S("content"));
    adapter_read_end(skim_get(answer, S("stop_reason")), arena, reply);
    reply->refused = str_eq(reply->finish_reason, S("refusal"));
    if (!skim_is_array(content)) return adapter_bad_reply(e, "the answer has no content");
    if (!read_blocks(content, arena, &reply->text, e)) return false;
    // A refusal may come without any block; any other answer without one says nothing.
    if (skim_count(content) == 0 && !reply->finish_reason.ptr) return adapter_bad_reply(e, "the answer's content is empty");
    reply->cut |= str_eq(reply->finish_reason, S("model_context_window_exceeded"));
    reply->model_reported = adapter_short(skim_get(answer, S("model")), 256, arena);
    reply->usage = read_usage(skim_get(answer, S("usage")));
    return true;
}

static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e)
{
    Str root;
    return adapter_parse(body, arena, &root, e) && adapter_read_names(skim_get(root, S("data")), S("id"), arena, names, n, e);
}
