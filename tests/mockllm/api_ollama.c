// SPDX-License-Identifier: Apache-2.0
//
// Ollama's own chat. Shape: Ollama docs/api.md, "Generate a chat completion". As there, an answer
// is streamed as one JSON object a line unless the request says "stream": false.
#include "api.h"
#include "json.h"

static void read_options(Str options, Ask *ask) {
    ask->seed = json_get(options, S("seed"));
    json_number(json_get(options, S("num_predict")), &ask->max_tokens);
}

static bool ollama_read(Str body, Ask *ask, const char **problem) {
    ask->stream = true;
    JsonWalk w = json_walk(body, '{');
    for (Str key, value; json_member(&w, &key, &value);) {
        if (str_eq(key, S("model"))) ask->model = json_string(value);
        else if (str_eq(key, S("messages"))) ask->messages = value;
        else if (str_eq(key, S("stream"))) ask->stream = !str_eq(value, S("false"));
        else if (str_eq(key, S("options"))) read_options(value, ask);
        else if (str_eq(key, S("format"))) {
            ask->json = str_eq(json_string(value), S("json"));
            if (value.ptr[0] == '{') ask->schema = value;
        }
    }
    if (!json_ended(&w)) *problem = "invalid JSON in request";
    else if (!ask->model.len) *problem = "model is required";
    else if (!ask->messages.len || ask->messages.ptr[0] != '[') *problem = "messages must be a list";
    else return true;
    return false;
}

static void render_message(Buf *out, const Answer *a, Str text) {
    buf_add(out, S("{\"model\":\""));
    buf_add(out, a->model);
    buf_add(out, S("\",\"created_at\":\"2026-01-02T03:04:05.000000Z\""));
    if (a->envelope == ENVELOPE_NO_CHOICES) return;
    if (a->envelope == ENVELOPE_EMPTY_CHOICES) {
        buf_add(out, S(",\"message\":{}"));
        return;
    }
    buf_add(out, S(",\"message\":{\"role\":\"assistant\",\"content\":"));
    if (a->envelope == ENVELOPE_DUPLICATE_KEYS) buf_add(out, S("\"the first of two\",\"content\":"));
    if (a->envelope == ENVELOPE_NULL_CONTENT || a->envelope == ENVELOPE_WRONG_TYPES) {
        buf_add(out, a->envelope == ENVELOPE_NULL_CONTENT ? S("null}") : S("[1]}"));
        return;
    }
    buf_char(out, '"');
    if (a->raw_content) buf_add(out, text);
    else buf_json(out, text);
    buf_add(out, S("\"}"));
}

static void render_end(Buf *out, const Answer *a) {
    buf_format(out, ",\"done_reason\":\"%s\",\"done\":true", a->finish == FINISH_LENGTH ? "length" : "stop");
    if (a->envelope != ENVELOPE_NO_USAGE) {
        buf_add(out, S(",\"total_duration\":1000000,\"load_duration\":1000,\"prompt_eval_count\":"));
        buf_add(out, a->prompt_tokens);
        buf_add(out, S(",\"prompt_eval_duration\":1000,\"eval_count\":"));
        buf_add(out, a->completion_tokens);
        buf_add(out, S(",\"eval_duration\":900000"));
    }
    buf_char(out, '}');
}

static Str text_of(const Answer *a) { return a->refusal.ptr ? a->refusal : a->content; }

static void ollama_render(Buf *out, const Answer *a) {
    render_message(out, a, text_of(a));
    render_end(out, a);
}

static void ollama_stream(Buf *out, const Answer *a) {
    render_message(out, a, text_of(a));
    buf_add(out, S(",\"done\":false}\n"));
    render_message(out, a, S(""));
    render_end(out, a);
    buf_char(out, '\n');
}

const Api api_ollama = {"ollama", "/api/chat", ollama_read, ollama_render, ollama_stream, "application/x-ndjson"};
