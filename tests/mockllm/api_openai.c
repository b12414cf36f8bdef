// SPDX-License-Identifier: Apache-2.0
//
// OpenAI chat completions, as vLLM, llama.cpp, Azure and many others speak it.
// Shape: OpenAI API reference, "Create chat completion"; guided_json is vLLM's, json_schema llama.cpp's.
#include "api.h"
#include "json.h"

static void read_format(Str format, Ask *ask) {
    Str type = json_string(json_get(format, S("type")));
    if (str_eq(type, S("json_schema"))) ask->schema = json_path(format, "json_schema.schema");
    if (str_eq(type, S("json_object"))) {
        ask->json = true;
        ask->schema = json_get(format, S("schema"));
    }
}

static bool openai_read(Str body, Ask *ask, const char **problem) {
    JsonWalk w = json_walk(body, '{');
    for (Str key, value; json_member(&w, &key, &value);) {
        if (str_eq(key, S("model"))) ask->model = json_string(value);
        else if (str_eq(key, S("messages"))) ask->messages = value;
        else if (str_eq(key, S("seed"))) ask->seed = value;
        else if (str_eq(key, S("stream"))) ask->stream = str_eq(value, S("true"));
        else if (str_eq(key, S("response_format"))) read_format(value, ask);
        else if (str_eq(key, S("guided_json")) || str_eq(key, S("json_schema"))) ask->schema = value;
        else if (str_eq(key, S("max_tokens")) || str_eq(key, S("max_completion_tokens"))) json_number(value, &ask->max_tokens);
    }
    if (!json_ended(&w)) *problem = "The body is not a JSON object.";
    else if (ask->messages.len < 3 || ask->messages.ptr[0] != '[') *problem = "'messages' must be a list that is not empty.";
    else if (!ask->model.ptr) *problem = "You must provide a model parameter.";
    else return true;
    return false;
}

static const char *finish_name(Finish finish) {
    return finish == FINISH_LENGTH ? "length" : finish == FINISH_FILTER ? "content_filter" : "stop";
}

static void render_text(Buf *out, const Answer *a) {
    if (a->envelope == ENVELOPE_NULL_CONTENT || a->refusal.ptr) {
        buf_add(out, S("null"));
        return;
    }
    if (a->envelope == ENVELOPE_WRONG_TYPES) {
        buf_add(out, S("[1,{\"text\":false}]"));
        return;
    }
    buf_char(out, '"');
    if (a->raw_content) buf_add(out, a->content);
    else buf_json(out, a->content);
    buf_char(out, '"');
}

static void render_choices(Buf *out, const Answer *a) {
    if (a->envelope == ENVELOPE_NO_CHOICES) return;
    if (a->envelope == ENVELOPE_EMPTY_CHOICES) {
        buf_add(out, S(",\"choices\":[]"));
        return;
    }
    buf_add(out, S(",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","));
    if (a->envelope == ENVELOPE_DUPLICATE_KEYS) buf_add(out, S("\"content\":\"the first of two\","));
    buf_add(out, S("\"content\":"));
    render_text(out, a);
    buf_add(out, S(",\"refusal\":"));
    if (a->refusal.ptr) {
        buf_char(out, '"');
        buf_json(out, a->refusal);
        buf_char(out, '"');
    } else {
        buf_add(out, S("null"));
    }
    buf_add(out, S("},\"logprobs\":null,\"finish_reason\":\""));
    buf_add(out, str_from(finish_name(a->finish)));
    buf_add(out, S("\"}]"));
}

static void render_usage(Buf *out, const Answer *a) {
    buf_add(out, S(",\"usage\":{\"prompt_tokens\":"));
    buf_add(out, a->prompt_tokens);
    buf_add(out, S(",\"completion_tokens\":"));
    buf_add(out, a->completion_tokens);
    buf_add(out, S(",\"total_tokens\":"));
    buf_add(out, a->total_tokens);
    buf_char(out, '}');
}

static void render_head(Buf *out, const Answer *a, Str object) {
    buf_add(out, S("{\"id\":\"chatcmpl-"));
    buf_uint(out, a->ask->hash);
    buf_add(out, S("\",\"object\":\""));
    buf_add(out, object);
    buf_add(out, S("\",\"created\":"));
    buf_uint(out, 1700000000 + a->ask->hash % 10000000);
    if (a->envelope == ENVELOPE_WRONG_TYPES) {
        buf_add(out, S(",\"model\":17"));
    } else {
        buf_add(out, S(",\"model\":\""));
        buf_add(out, a->model);
        buf_char(out, '"');
    }
}

static void openai_render(Buf *out, const Answer *a) {
    render_head(out, a, S("chat.completion"));
    render_choices(out, a);
    if (a->envelope != ENVELOPE_NO_USAGE) render_usage(out, a);
    buf_add(out, S(",\"system_fingerprint\":\"fp_mockllm\"}"));
}

// A piece of a streamed answer: about 40 bytes, never inside a UTF-8 sequence.
static size_t piece_length(Str left) {
    size_t n = left.len < 40 ? left.len : 40;
    while (n < left.len && ((unsigned char)left.ptr[n] & 0xc0) == 0x80) n++;
    return n;
}

static void openai_stream(Buf *out, const Answer *a) {
    for (Str left = a->content; left.len;) {
        size_t n = piece_length(left);
        buf_add(out, S("data: "));
        render_head(out, a, S("chat.completion.chunk"));
        buf_add(out, S(",\"choices\":[{\"index\":0,\"delta\":{\"content\":\""));
        buf_json(out, (Str){left.ptr, n});
        buf_add(out, S("\"},\"finish_reason\":null}]}\n\n"));
        left = (Str){left.ptr + n, left.len - n};
    }
    buf_add(out, S("data: "));
    render_head(out, a, S("chat.completion.chunk"));
    buf_format(out, ",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"%s\"}]", finish_name(a->finish));
    render_usage(out, a);
    buf_add(out, S("}\n\ndata: [DONE]\n\n"));
}

const Api api_openai = {"openai", "/chat/completions", openai_read, openai_render, openai_stream, "text/event-stream"};
