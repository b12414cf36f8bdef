// SPDX-License-Identifier: Apache-2.0
#include "llm/embed.h"

#include "base/utf8.h"
#include "llm/adapter.h"

bool embed_endpoint(Str url, Str key, Str model, Arena *a, Endpoint *out, Error *e)
{
    // Somebody may give the address that is set for the chat.
    Str chat = str_from(adapter_openai.path);
    size_t at = str_find(url, chat);
    if (at != STR_NONE) url = arena_concat(a, (Str[]){str_slice(url, 0, at), str_slice(url, at + chat.len, url.len)}, 2);
    return endpoint_resolve(url, str_from(adapter_embeddings.name), key, model, a, out, e);
}

bool embed_endpoint_beside(const Endpoint *chat, Str model, Arena *a, Endpoint *out, Error *e)
{
    if (chat->adapter == &adapter_openai) return embed_endpoint(chat->url, chat->key, model, a, out, e);
    // Ollama's other API has them.
    if (chat->adapter == &adapter_ollama) return embed_endpoint(chat->base, chat->key, model, a, out, e);
    error_set(e, ERROR_USAGE, "embedding", "%s has no embeddings", chat->adapter->title);
    return error_hint(e, "name an OpenAI-like API that has them with --embeddings-url");
}

Str embed_cut(Str text, unsigned halvings) { return utf8_cut(text, (size_t)EMBED_TEXT_MAX >> halvings); }

bool embed_write(const Endpoint *endpoint, const Str *texts, size_t n, Buf *body)
{
    Arena a = {0};
    ChatMessage *messages = arena_new(&a, ChatMessage, n ? n : 1);
    for (size_t i = 0; i < n; i++) messages[i].content = texts[i];
    bool ok = endpoint->adapter->write_request(endpoint, &(ChatRequest){.messages = messages, .n_messages = n}, body);
    arena_free(&a);
    return ok;
}

static float *bad(Error *e, const char *what)
{
    error_set(e, ERROR_UNREACHABLE, "embedding", "the server's list of embeddings is no such list: %s", what);
    return NULL;
}

static bool read_vector(Str list, size_t dimensions, float *out)
{
    Str number;
    size_t at = 0, i = 0;
    for (double x; skim_next(list, &at, &number); i++) {
        if (i == dimensions || !str_to_double(number, &x) || x > 1e30 || x < -1e30) return false;
        out[i] = (float)x;
    }
    return i == dimensions;
}

float *embed_read(Str list, size_t n, size_t *dimensions, Arena *a, Error *e)
{
    Str item, first;
    size_t at = 0, read = 0;
    if (skim_count(list) != n) return bad(e, "as many are needed as there were texts");
    if (n && !*dimensions && skim_next(list, &at, &first)) *dimensions = skim_count(skim_get(first, S("embedding")));
    if (!*dimensions || *dimensions > EMBED_DIMENSIONS) return bad(e, "vectors have from 1 to 16384 numbers");
    float *vectors = arena_new(a, float, n * *dimensions);
    bool *seen = arena_new(a, bool, n);
    for (at = 0; skim_next(list, &at, &item); read++) {
        int64_t index = skim_number(skim_get(item, S("index")), (int64_t)read);
        if (index < 0 || (uint64_t)index >= n || seen[index]) return bad(e, "the indices are not those of the texts");
        seen[index] = true;
        if (!read_vector(skim_get(item, S("embedding")), *dimensions, vectors + (size_t)index * *dimensions))
            return bad(e, "a vector is not as many numbers as the others");
    }
    return vectors;
}

bool embed_is_too_long(const Judgement *j)
{
    static const char *const words[] = {"too long", "too large", "maximum context", "context length", "max_tokens", "maximum length",
                                        "exceed", "tokens limit", "input length", "context size", NULL};
    if (j->verdict == FAILED && strcmp(j->cause, "request too large") == 0) return true;
    if (j->verdict != FAILED && (j->verdict != RETRY || strcmp(j->cause, "server error") != 0)) return false;
    for (const char *const *word = words; *word; word++)
        if (strstr(j->error.what, *word)) return true;
    return false;
}

void embed_explain(Error *e)
{
    error_hint(e, "this was asked for embeddings; --embeddings-url and --embeddings-model choose who gives them");
}
