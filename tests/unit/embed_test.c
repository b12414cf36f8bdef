// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"
#include "llm/adapter.h"
#include "llm/embedder.h"

static Endpoint endpoint_of(const char *url, Arena *a)
{
    Endpoint x;
    Error e;
    assert_true(embed_endpoint(str_from(url), (Str){0}, S("m"), a, &x, &e));
    return x;
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://localhost:8000", "http://localhost:8000/v1/embeddings"},
        {"http://localhost:8000/v1", "http://localhost:8000/v1/embeddings"},
        {"http://localhost:8000/v1/embeddings", "http://localhost:8000/v1/embeddings"},
        {"http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1/embeddings"},
        {"https://x.example/openai/v1/chat/completions?api-version=1", "https://x.example/openai/v1/embeddings?api-version=1"},
    };
    Arena a = {0};
    Error e;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_string_equal(endpoint_of(cases[i][0], &a).url.ptr, cases[i][1]);
    Endpoint chat, beside;
    assert_true(endpoint_resolve(S("http://localhost:11434/api/chat"), S("ollama"), S("k"), S("c"), &a, &chat, &e));
    assert_true(embed_endpoint_beside(&chat, S("m"), &a, &beside, &e));
    assert_string_equal(beside.url.ptr, "http://localhost:11434/v1/embeddings");
    assert_true(str_eq(beside.key, S("k")) && str_eq(beside.model, S("m")));
    assert_true(endpoint_resolve(S("https://api.anthropic.com"), (Str){0}, S("k"), S("c"), &a, &chat, &e));
    assert_false(embed_endpoint_beside(&chat, S("m"), &a, &beside, &e));
    assert_string_equal(e.code, "embedding");
    arena_free(&a);
}

static void test_request_and_reply(void **state)
{
    (void)state;
    Arena a = {0};
    Buf body = {0};
    Error e;
    ChatReply reply;
    size_t dimensions = 0;
    Endpoint x = endpoint_of("http://localhost:1", &a);
    assert_true(embed_write(&x, (Str[]){S("a \"b\""), S("c\n")}, 2, &body));
    assert_true(str_eq(buf_str(&body), S("{\"model\":\"m\",\"input\":[\"a \\\"b\\\"\",\"c\\n\"]}")));
    buf_free(&body);
    // In whatever order they come.
    Str answer = S("{\"data\":[{\"index\":1,\"embedding\":[3,4e0]},{\"embedding\":[1,-2.5],\"index\":0}],\"usage\":{\"prompt_tokens\":5}}");
    assert_true(x.adapter->read_reply(answer, &a, &reply, &e));
    assert_true(reply.usage.known && reply.usage.prompt == 5);
    float *v = embed_read(reply.text, 2, &dimensions, &a, &e);
    assert_non_null(v);
    assert_int_equal(dimensions, 2);
    assert_true(v[0] == 1 && v[1] == -2.5f && v[2] == 3 && v[3] == 4);
    static const char *const wrong[] = {
        "[{\"embedding\":[1,2]}]", "[{\"embedding\":[1,2]},{\"embedding\":[1]}]", "[{\"index\":0,\"embedding\":[1,2]},{\"index\":0,\"embedding\":[1,2]}]",
        "[{\"index\":0,\"embedding\":[1,2]},{\"index\":7,\"embedding\":[1,2]}]", "[{\"embedding\":[1,\"x\"]},{\"embedding\":[1,2]}]",
        "[{\"embedding\":\"AAAA\"},{\"embedding\":[1,2]}]", "[{\"embedding\":[1,1e99]},{\"embedding\":[1,2]}]", "[1,2]",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        dimensions = 2;
        assert_null(embed_read(str_from(wrong[i]), 2, &dimensions, &a, &e));
        assert_string_equal(e.code, "embedding");
    }
    dimensions = 0;
    assert_null(embed_read(S("[{\"embedding\":[]}]"), 1, &dimensions, &a, &e));
    assert_false(x.adapter->read_reply(S("{\"choices\":[]}"), &a, &reply, &e));
    arena_free(&a);
}

// ---- many, over a transport that answers by itself ----------------------------------------------

// Answers a request for n texts with the vectors (length, first byte); texts longer than `longest` are
// refused, and the first `failures` requests fail.
typedef struct Fake {
    Transport transport;
    const Endpoint *endpoint;
    size_t longest;
    unsigned failures, requests;
    int failure;           // status
    bool wrong;
    size_t n;
    struct {
        HttpReply reply;
        Buf body;
    } replies[64];
} Fake;

static bool answer(Fake *f, Str request, Buf *out)
{
    json_t *root;
    Error e;
    assert_true(json_read(request, S("request"), &root, &e));
    json_t *input = json_object_get(root, "input");
    bool fits = true;
    buf_add(out, S("{\"data\":["));
    for (size_t i = 0; i < json_array_size(input); i++) {
        Str text = json_str(json_array_get(input, i));
        fits &= text.len <= f->longest;
        buf_printf(out, "%s{\"index\":%zu,\"embedding\":[%zu,%d]}", i ? "," : "", i, text.len, f->wrong ? 0 : text.ptr[0]);
    }
    buf_add(out, S("]}"));
    json_decref(root);
    if (fits) return true;
    buf_clear(out);
    buf_add(out, S("{\"error\":{\"message\":\"This model's maximum context length is 8 tokens\"}}"));
    return false;
}

static bool fake_send(void *self, const HttpRequest *request, Error *e)
{
    Fake *f = self;
    (void)e;
    size_t i = f->n++;
    f->replies[i].reply = (HttpReply){.tag = request->tag, .endpoint = f->endpoint, .end = HTTP_DONE};
    f->replies[i].body = (Buf){0};
    bool fails = f->requests++ < f->failures;
    bool good = !fails && answer(f, request->body, &f->replies[i].body);
    f->replies[i].reply.status = fails ? f->failure : good ? 200 : 400;
    f->replies[i].reply.body = buf_str(&f->replies[i].body);
    return true;
}

static size_t fake_wait(void *self, Nanos timeout, HttpReply **out, size_t max)
{
    Fake *f = self;
    (void)timeout;
    if (!f->n || !max) return 0;
    *out = &f->replies[--f->n].reply;
    return 1;
}

static void fake_release(void *self, HttpReply *reply)
{
    Fake *f = self;
    for (size_t i = 0; i < 64; i++)
        if (&f->replies[i].reply == reply) buf_free(&f->replies[i].body);
}

static void fake_cancel(void *self)
{
    Fake *f = self;
    while (f->n) buf_free(&f->replies[--f->n].body);
}

// Time that passes while somebody looks at it, so that no test waits for a backoff.
static Nanos fast(void *self) { return *(Nanos *)self += 200 * NANOS_PER_MS; }

static float *embed_all(Fake *f, const Str *texts, size_t n, Arena *a, Error *e)
{
    Nanos now = NANOS_PER_SECOND;
    Clock clock = {fast, fast, &now};
    Endpoint x = endpoint_of("http://localhost:1", a);
    f->transport = (Transport){fake_send, fake_wait, fake_release, fake_cancel, NULL, f};
    f->endpoint = &x;
    Embedder *b = embedder_new(&(EmbedderOptions){.transport = &f->transport, .clock = &clock, .endpoint = &x, .concurrency = 4, .timeout = NANOS_PER_SECOND});
    float *v = embedder_all(b, texts, n, a, e);
    if (v) assert_int_equal(embedder_dimensions(b), 2);
    if (v) assert_true(embedder_tokens(b) > 0);
    embedder_free(b);
    return v;
}

enum { MANY = 2500 };

static void test_many(void **state)
{
    (void)state;
    Arena a = {0};
    Error e;
    Str texts[MANY];
    static const Fake faults[] = {
        {.longest = 1000},
        {.longest = 1000, .failures = 5, .failure = 500},
        {.longest = 1000, .failures = 20, .failure = 429},
    };
    for (size_t i = 0; i < MANY; i++) texts[i] = arena_printf(&a, "%c%0*d", (int)('a' + i % 26), (int)(i % 40) + 1, 7);
    for (size_t k = 0; k < sizeof faults / sizeof *faults; k++) {
        Fake *f = mem_alloc(sizeof *f);
        *f = faults[k];
        float *v = embed_all(f, texts, MANY, &a, &e);
        assert_non_null(v);
        for (size_t i = 0; i < MANY; i++) assert_true(v[2 * i] == (float)texts[i].len && v[2 * i + 1] == (float)texts[i].ptr[0]);
        free(f);
    }
    arena_free(&a);
}

static void test_a_text_that_is_too_long_is_cut(void **state)
{
    (void)state;
    Arena a = {0};
    Error e;
    char large[5000];
    memset(large, 'x', sizeof large);
    Str texts[] = {S("one"), {large, sizeof large}, S("three")};
    Fake *f = mem_alloc(sizeof *f);
    *f = (Fake){.longest = 2000};
    float *v = embed_all(f, texts, 3, &a, &e);
    assert_non_null(v);
    assert_true(v[0] == 3 && v[2] > 1000 && v[2] <= 2000 && v[4] == 5);
    // No halving helps.
    *f = (Fake){.longest = 2};
    assert_null(embed_all(f, texts, 3, &a, &e));
    assert_true(e.kind != ERROR_NONE);
    free(f);
    arena_free(&a);
}

static void test_what_does_not_heal(void **state)
{
    (void)state;
    Arena a = {0};
    Error e;
    Str text = S("one");
    Fake *f = mem_alloc(sizeof *f);
    *f = (Fake){.longest = 10, .failures = 1, .failure = 401};
    assert_null(embed_all(f, &text, 1, &a, &e));
    assert_int_equal(e.kind, ERROR_REFUSED);
    assert_int_equal(f->requests, 1);
    *f = (Fake){.longest = 10, .failures = 1000, .failure = 500};
    assert_null(embed_all(f, &text, 1, &a, &e));
    assert_int_equal(e.kind, ERROR_UNREACHABLE);
    assert_true(f->requests < 10);
    assert_non_null(strstr(e.hint, "--embeddings-url"));
    free(f);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_request_and_reply),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_a_text_that_is_too_long_is_cut),
        cmocka_unit_test(test_what_does_not_heal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
