// SPDX-License-Identifier: Apache-2.0
//
// Text Generation Inference's /generate: a prompt in, a text out; the text only when details are
// not asked for. Shape: TGI's OpenAPI description, GenerateRequest and GenerateResponse.
#include "api.h"
#include "json.h"

static void read_parameters(Str parameters, Ask *ask) {
    JsonWalk w = json_walk(parameters, '{');
    for (Str key, value; json_member(&w, &key, &value);) {
        if (str_eq(key, S("seed"))) ask->seed = value;
        else if (str_eq(key, S("max_new_tokens"))) json_number(value, &ask->max_tokens);
        else if (str_eq(key, S("details"))) ask->details = str_eq(value, S("true"));
        else if (str_eq(key, S("grammar")) && str_eq(json_string(json_get(value, S("type"))), S("json")))
            ask->schema = json_get(value, S("value"));
    }
}

static bool tgi_read(Str body, Ask *ask, const char **problem) {
    JsonWalk w = json_walk(body, '{');
    for (Str key, value; json_member(&w, &key, &value);) {
        if (str_eq(key, S("inputs"))) ask->messages = value;
        else if (str_eq(key, S("stream"))) ask->stream = str_eq(value, S("true"));
        else if (str_eq(key, S("parameters"))) read_parameters(value, ask);
    }
    ask->model = S("mock-model");
    if (!json_ended(&w)) *problem = "Failed to parse the request body as JSON";
    else if (ask->messages.len < 3 || ask->messages.ptr[0] != '"') *problem = "Input validation error: `inputs` cannot be empty";
    else return true;
    return false;
}

static void render_details(Buf *out, const Answer *a) {
    buf_format(out, ",\"details\":{\"finish_reason\":\"%s\",\"generated_tokens\":", a->finish == FINISH_LENGTH ? "length" : "eos_token");
    buf_add(out, a->completion_tokens);
    buf_add(out, S(",\"seed\":"));
    buf_add(out, a->ask->seed.ptr ? a->ask->seed : S("null"));
    buf_add(out, S(",\"prefill\":[],\"tokens\":[]}"));
}

static void tgi_render(Buf *out, const Answer *a) {
    Str text = a->refusal.ptr ? a->refusal : a->content;
    buf_char(out, '{');
    if (a->envelope == ENVELOPE_DUPLICATE_KEYS) buf_add(out, S("\"generated_text\":\"the first of two\","));
    if (a->envelope == ENVELOPE_NULL_CONTENT || a->envelope == ENVELOPE_WRONG_TYPES) {
        buf_add(out, a->envelope == ENVELOPE_NULL_CONTENT ? S("\"generated_text\":null") : S("\"generated_text\":[1]"));
    } else if (a->envelope == ENVELOPE_NO_CHOICES || a->envelope == ENVELOPE_EMPTY_CHOICES) {
        buf_add(out, S("\"model\":\"mock-model\""));
    } else {
        buf_add(out, S("\"generated_text\":\""));
        if (a->raw_content) buf_add(out, text);
        else buf_json(out, text);
        buf_char(out, '"');
    }
    if (a->ask->details && a->envelope != ENVELOPE_NO_USAGE) render_details(out, a);
    buf_char(out, '}');
}

const Api api_tgi = {"tgi", "/generate", tgi_read, tgi_render, NULL, NULL};
