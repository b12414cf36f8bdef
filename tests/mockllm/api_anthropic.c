// SPDX-License-Identifier: Apache-2.0
//
// Anthropic messages. Shape: Anthropic API reference, "Create a Message"; structured answers come
// either through output_config.format or as the call of a tool with an input_schema.
#include "api.h"
#include "json.h"

// The tool that tool_choice names, else the first; its input_schema is what to fill.
static void read_tools(Str tools, Str choice, Ask *ask) {
    Str wanted = json_string(json_get(choice, S("name")));
    JsonWalk w = json_walk(tools, '[');
    for (Str tool; json_element(&w, &tool);) {
        Str name = json_string(json_get(tool, S("name")));
        if (wanted.ptr && !str_eq(name, wanted)) continue;
        ask->tool = name;
        ask->schema = json_get(tool, S("input_schema"));
        return;
    }
}

static bool anthropic_read(Str body, Ask *ask, const char **problem) {
    Str tools = {0}, choice = {0};
    JsonWalk w = json_walk(body, '{');
    for (Str key, value; json_member(&w, &key, &value);) {
        if (str_eq(key, S("model"))) ask->model = json_string(value);
        else if (str_eq(key, S("messages"))) ask->messages = value;
        else if (str_eq(key, S("stream"))) ask->stream = str_eq(value, S("true"));
        else if (str_eq(key, S("max_tokens"))) json_number(value, &ask->max_tokens);
        else if (str_eq(key, S("output_config"))) ask->schema = json_path(value, "format.schema");
        else if (str_eq(key, S("tools"))) tools = value;
        else if (str_eq(key, S("tool_choice"))) choice = value;
        else if (str_eq(key, S("metadata"))) ask->seed = value;  // the API has no seed
    }
    if (tools.ptr && !str_eq(json_string(json_get(choice, S("type"))), S("none"))) read_tools(tools, choice, ask);
    if (!json_ended(&w)) *problem = "The body is not a JSON object.";
    else if (ask->messages.len < 3 || ask->messages.ptr[0] != '[') *problem = "messages: at least one message is required";
    else if (!ask->model.ptr) *problem = "model: Field required";
    else if (!ask->max_tokens) *problem = "max_tokens: Field required";
    else return true;
    return false;
}

static const char *stop_reason(const Answer *a) {
    switch (a->finish) {
        case FINISH_LENGTH: return "max_tokens";
        case FINISH_FILTER:
        case FINISH_REFUSAL: return "refusal";
        case FINISH_STOP: break;
    }
    return a->ask->tool.ptr ? "tool_use" : "end_turn";
}

static void render_block(Buf *out, const Answer *a) {
    bool whole = a->finish == FINISH_STOP && a->content.len && a->content.ptr[0] == '{';
    if (a->ask->tool.ptr && whole && a->envelope == ENVELOPE_WHOLE && !a->raw_content) {
        buf_format(out, "{\"type\":\"tool_use\",\"id\":\"toolu_%llu\",\"name\":\"", (unsigned long long)a->ask->hash);
        buf_add(out, a->ask->tool);
        buf_add(out, S("\",\"input\":"));
        buf_add(out, a->content);
        buf_char(out, '}');
        return;
    }
    Str text = a->refusal.ptr ? a->refusal : a->content;
    buf_add(out, S("{\"type\":\"text\",\"text\":"));
    if (a->envelope == ENVELOPE_NULL_CONTENT || a->envelope == ENVELOPE_WRONG_TYPES) {
        buf_add(out, a->envelope == ENVELOPE_NULL_CONTENT ? S("null}") : S("[1]}"));
        return;
    }
    if (a->envelope == ENVELOPE_DUPLICATE_KEYS) buf_add(out, S("\"the first of two\",\"text\":"));
    buf_char(out, '"');
    if (a->raw_content) buf_add(out, text);
    else buf_json(out, text);
    buf_add(out, S("\"}"));
}

static void render_usage(Buf *out, const Answer *a) {
    buf_add(out, S(",\"usage\":{\"input_tokens\":"));
    buf_add(out, a->prompt_tokens);
    buf_add(out, S(",\"output_tokens\":"));
    buf_add(out, a->completion_tokens);
    buf_char(out, '}');
}

static void render_head(Buf *out, const Answer *a) {
    buf_format(out, "{\"id\":\"msg_%llu\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"", (unsigned long long)a->ask->hash);
    buf_add(out, a->model);
    buf_char(out, '"');
}

static void anthropic_render(Buf *out, const Answer *a) {
    render_head(out, a);
    if (a->envelope != ENVELOPE_NO_CHOICES) {
        buf_add(out, S(",\"content\":["));
        if (a->envelope != ENVELOPE_EMPTY_CHOICES) render_block(out, a);
        buf_char(out, ']');
    }
    buf_format(out, ",\"stop_reason\":\"%s\",\"stop_sequence\":null", stop_reason(a));
    if (a->envelope != ENVELOPE_NO_USAGE) render_usage(out, a);
    buf_char(out, '}');
}

static void anthropic_stream(Buf *out, const Answer *a) {
    buf_add(out, S("event: message_start\ndata: {\"type\":\"message_start\",\"message\":"));
    render_head(out, a);
    buf_add(out, S(",\"content\":[],\"stop_reason\":null"));
    render_usage(out, a);
    buf_add(out, S("}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
                   "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
                   "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                   "\"delta\":{\"type\":\"text_delta\",\"text\":\""));
    buf_json(out, a->content);
    buf_add(out, S("\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
                   "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\""));
    buf_add(out, str_from(stop_reason(a)));
    buf_add(out, S("\"}"));
    render_usage(out, a);
    buf_add(out, S("}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
}

const Api api_anthropic = {"anthropic", "/messages", anthropic_read, anthropic_render, anthropic_stream, "text/event-stream"};
