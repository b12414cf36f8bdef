// SPDX-License-Identifier: Apache-2.0
//
// Embeddings as OpenAI's API gives them, and what speaks it: vLLM, llama.cpp, Ollama, TEI, LM Studio.
// Shape: OpenAI API reference, "Create embeddings". The contents of the messages are the texts; the
// reply's text is the list of vectors as it came, for embed.h. No chat API, so adapters() does not
// list it.
#include "base/json.h"
#include "llm/adapter.h"

static bool write_request(const Endpoint *endpoint, const ChatRequest *request, Buf *body);
static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e);
static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e);

const Adapter adapter_embeddings = {
    .name = "embeddings",
    .title = "the OpenAI API's embeddings",
    .prefix = "/v1",
    .path = "/embeddings",
    .models_path = "/models",
    .key_header = "Authorization: Bearer ",
    .write_request = write_request,
    .read_reply = read_reply,
    .read_models = read_models,
};

static bool write_request(const Endpoint *endpoint, const ChatRequest *request, Buf *body)
{
    buf_add_char(body, '{');
    if (endpoint->model.ptr) {
        buf_add(body, S("\"model\":"));
        json_write_string(body, endpoint->model);
        buf_add_char(body, ',');
    }
    buf_add(body, S("\"input\":["));
    for (size_t i = 0; i < request->n_messages; i++) {
        if (i) buf_add_char(body, ',');
        json_write_string(body, request->messages[i].content);
    }
    buf_add(body, S("]}"));
    return !body->full;
}

static bool read_reply(Str body, Arena *arena, ChatReply *reply, Error *e)
{
    Str root;
    *reply = (ChatReply){0};
    if (!adapter_parse(body, arena, &root, e)) return false;
    reply->text = skim_get(root, S("data"));
    if (!skim_is_array(reply->text)) return adapter_bad_reply(e, "no list of embeddings");
    reply->model_reported = adapter_short(skim_get(root, S("model")), 256, arena);
    Str usage = skim_get(root, S("usage"));
    int64_t prompt = skim_number(skim_get(usage, S("prompt_tokens")), -1);
    if (prompt < 0) prompt = skim_number(skim_get(usage, S("total_tokens")), -1);
    reply->usage = usage_from(prompt, 0, -1);
    return true;
}

static bool read_models(Str body, Arena *arena, Str **names, size_t *n, Error *e)
{
    return adapter_openai.read_models(body, arena, names, n, e);
}
