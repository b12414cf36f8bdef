// SPDX-License-Identifier: Apache-2.0
// The bodies that each API is sent, byte for byte, what is read from its answers, and the verdict.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "llm/adapter.h"
#include "llm/judge.h"

static Endpoint endpoint_of(Arena *a, const char *url, const char *model)
{
    Endpoint endpoint;
    Error e = {0};
    if (!endpoint_resolve(str_from(url), (Str){0}, S("sk-secret-key"), str_from(model), a, &endpoint, &e)) fail_msg("%s: %s", url, e.what);
    return endpoint;
}

// ---- requests -----------------------------------------------------------------------------------

static const ChatMessage messages[] = {
    {S_INIT("system"), S_INIT("Be \"brief\".")},
    {S_INIT("user"), S_INIT("Hi\n\xc3\xa9")},
    {S_INIT("assistant"), S_INIT("Hello")},
    {S_INIT("user"), S_INIT("Bye")},
};

static const ChatParam params[] = {
    {S_INIT("temperature"), S_INIT("0.7")},
    {S_INIT("stop"), S_INIT("\"END\"")},
    {S_INIT("max_tokens"), S_INIT("300")},
};

#define SCHEMA S("{\"type\":\"object\"}")
#define OPENAI_MESSAGES                                                                                                  \
    "[{\"role\":\"system\",\"content\":\"Be \\\"brief\\\".\"},{\"role\":\"user\",\"content\":\"Hi\\n\xc3\xa9\"},"        \
    "{\"role\":\"assistant\",\"content\":\"Hello\"},{\"role\":\"user\",\"content\":\"Bye\"}]"

typedef struct Golden {
    const char *url, *model;
    bool schema, seed;
    unsigned max_tokens;
    const char *body;
} Golden;

static const Golden goldens[] = {
    {"http://localhost:1", "m", false, false, 0,
     "{\"model\":\"m\",\"messages\":" OPENAI_MESSAGES ",\"temperature\":0.7,\"stop\":\"END\",\"max_tokens\":300}"},
    {"http://localhost:1", "m", true, true, 50,
     "{\"model\":\"m\",\"messages\":" OPENAI_MESSAGES ",\"temperature\":0.7,\"stop\":\"END\",\"max_tokens\":50,\"seed\":1,"
     "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":{\"type\":\"object\"}}}}"},
    {"https://api.openai.com", "gpt-4o", false, true, 50,
     "{\"model\":\"gpt-4o\",\"messages\":" OPENAI_MESSAGES ",\"temperature\":0.7,\"stop\":\"END\",\"max_completion_tokens\":50,\"seed\":1}"},
    {"https://api.mistral.ai", "mistral-small", false, true, 0,
     "{\"model\":\"mistral-small\",\"messages\":" OPENAI_MESSAGES ",\"temperature\":0.7,\"stop\":\"END\",\"max_tokens\":300,\"random_seed\":1}"},
    {"https://generativelanguage.googleapis.com", "gemini", false, true, 0,
     "{\"model\":\"gemini\",\"messages\":" OPENAI_MESSAGES ",\"temperature\":0.7,\"stop\":\"END\",\"max_tokens\":300}"},
    {"https://api.anthropic.com", "claude", true, true, 0,
     "{\"model\":\"claude\",\"system\":\"Be \\\"brief\\\".\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\\n\xc3\xa9\"},"
     "{\"role\":\"assistant\",\"content\":\"Hello\"},{\"role\":\"user\",\"content\":\"Bye\"}],\"temperature\":0.7,\"max_tokens\":300,"
     "\"stop_sequences\":[\"END\"],\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\"}}}}"},
    {"http://localhost:11434/api", "m", true, true, 50,
     "{\"model\":\"m\",\"messages\":" OPENAI_MESSAGES ",\"stream\":false,\"format\":{\"type\":\"object\"},"
     "\"options\":{\"temperature\":0.7,\"stop\":\"END\",\"num_predict\":50,\"seed\":1}}"},
    {"http://localhost:11434/api", "m", false, false, 0,
     "{\"model\":\"m\",\"messages\":" OPENAI_MESSAGES ",\"stream\":false,\"options\":{\"temperature\":0.7,\"stop\":\"END\",\"num_predict\":300}}"},
    {"http://localhost:3000/generate", "m", true, true, 50,
     "{\"inputs\":\"System: Be \\\"brief\\\".\\n\\nUser: Hi\\n\xc3\xa9\\n\\nAssistant: Hello\\n\\nUser: Bye\\n\\nAssistant:\","
     "\"parameters\":{\"details\":true,\"return_full_text\":false,\"temperature\":0.7,\"stop\":\"END\",\"max_new_tokens\":50,\"seed\":1,"
     "\"grammar\":{\"type\":\"json\",\"value\":{\"type\":\"object\"}}}}"},
};

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        const Golden *g = &goldens[i];
        Arena a = {0};
        Buf body = {0};
        Endpoint endpoint = endpoint_of(&a, g->url, g->model);
        // A seed wider than 31 bits is folded.
        ChatRequest request = {.messages = messages, .n_messages = 4, .params = params, .n_params = 3, .schema = g->schema ? SCHEMA : (Str){0},
                               .has_seed = g->seed, .seed = (UINT64_C(7) << 40) + 1, .max_tokens = g->max_tokens};
        assert_true(endpoint.adapter->write_request(&endpoint, &request, &body));
        Str got = buf_str(&body), want = str_from(g->body);
        if (!str_eq(got, want)) fail_msg("%s:\n got %.*s\nwant %s", g->url, STR_ARG(got), g->body);
        json_t *json = json_loadb(got.ptr, got.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(json);
        json_decref(json);
        buf_free(&body);
        arena_free(&a);
    }
}

// A project's own parameters at the places that a request also writes: no key stands twice.
static void test_own_parameters(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://localhost:1", "https://api.anthropic.com", "http://localhost:11434/api", "http://localhost:3000/generate"};
    static const ChatParam own[] = {
        {S_INIT("seed"), S_INIT("5")},
        {S_INIT("response_format"), S_INIT("{\"type\":\"json_object\"}")},
        {S_INIT("format"), S_INIT("\"json\"")},
        {S_INIT("grammar"), S_INIT("{}")},
        {S_INIT("details"), S_INIT("false")},
        {S_INIT("output_config"), S_INIT("{\"effort\": \"low\"}")},
        {S_INIT("stop_sequences"), S_INIT("[\"a\"]")},
        {S_INIT("max_completion_tokens"), S_INIT("9")},
        {S_INIT("min_p"), S_INIT("0.1")},
        {S_INIT("keep_alive"), S_INIT("\"5m\"")},
    };
    for (size_t u = 0; u < sizeof urls / sizeof *urls; u++) {
        for (int mask = 0; mask < 4; mask++) {
            Arena a = {0};
            Buf body = {0};
            Endpoint endpoint = endpoint_of(&a, urls[u], "m");
            ChatRequest request = {.messages = messages, .n_messages = 4, .params = own, .n_params = sizeof own / sizeof *own,
                                   .schema = mask & 1 ? SCHEMA : (Str){0}, .has_seed = true, .seed = 3, .max_tokens = mask & 2 ? 70 : 0};
            assert_true(endpoint.adapter->write_request(&endpoint, &request, &body));
            json_error_t error;
            json_t *json = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, &error);
            if (!json) fail_msg("%s: %s in %.*s", urls[u], error.text, STR_ARG(buf_str(&body)));
            json_decref(json);
            // Where the API has a seed, the project's own wins.
            if (u != 1) assert_true(str_contains(buf_str(&body), S("\"seed\":5")));
            else assert_true(str_contains(buf_str(&body), S("\"effort\": \"low\"")));
            buf_free(&body);
            arena_free(&a);
        }
    }
}

static void test_a_full_buffer_is_told(void **state)
{
    (void)state;
    Arena a = {0};
    Endpoint endpoint = endpoint_of(&a, "http://localhost:1", "m");
    ChatRequest request = {.messages = messages, .n_messages = 4};
    Buf body = {.max = 40};
    assert_false(endpoint.adapter->write_request(&endpoint, &request, &body));
    buf_free(&body);
    arena_free(&a);
}

static void test_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *url, *model, *name;
        bool taken;
    } rows[] = {
        {"http://localhost:1", "m", "top_k", true},
        {"http://localhost:1", "m", "some_new_thing", true},
        {"https://api.openai.com", "gpt-4o", "top_k", false},
        {"https://api.openai.com", "gpt-4o", "min_p", false},
        {"https://api.openai.com", "gpt-4o", "temperature", true},
        {"https://api.openai.com", "gpt-4o", "some_new_thing", true},
        {"https://api.openai.com", "o3-mini", "temperature", false},
        {"https://api.openai.com", "gpt-5", "top_p", false},
        {"https://api.openai.com", "gpt-5-2025-08-07", "temperature", false},
        {"https://api.openai.com", "gpt-5-chat-latest", "temperature", true},
        {"https://api.openai.com", "gpt-5.1", "temperature", true},
        {"https://api.openai.com", "ft:o4-mini:me", "temperature", false},
        {"https://openrouter.ai", "openai/gpt-4o", "top_k", true},
        {"https://x.openai.azure.com", "gpt-4o", "top_k", false},
        {"https://api.anthropic.com", "claude", "top_k", true},
        {"https://api.anthropic.com", "claude", "min_p", false},
        {"https://api.anthropic.com", "claude", "stop", true},
        {"http://localhost/api/chat", "m", "min_p", true},
        {"http://localhost/generate", "m", "min_p", false},
        {"https://api.groq.com", "m", "logit_bias", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Arena a = {0};
        Error e = {0};
        Endpoint endpoint = endpoint_of(&a, rows[i].url, rows[i].model);
        bool taken = adapter_check_param(&endpoint, str_from(rows[i].name), &e);
        if (taken != rows[i].taken) fail_msg("%s %s %s", rows[i].url, rows[i].model, rows[i].name);
        if (!taken) {
            assert_int_equal(e.kind, ERROR_PROJECT);
            assert_non_null(strstr(e.what, rows[i].name));
            assert_true(e.hint[0]);
        }
        arena_free(&a);
    }
}

// ---- replies ------------------------------------------------------------------------------------

typedef struct Reply {
    const Adapter *adapter;
    const char *body;
    const char *text;      // NULL: an error
    const char *finish;    // NULL: absent
    int64_t prompt, completion, cached;  // 0, 0: unknown
    bool cut, refused;
} Reply;

#define CHOICE(content, finish, usage) "{\"choices\":[{\"message\":{\"content\":" content "},\"finish_reason\":\"" finish "\"}],\"model\":\"m\"" usage "}"

static const Reply replies[] = {
    {&adapter_openai, CHOICE("\"hi\"", "stop", ",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":4}}"), "hi", "stop", 9, 2, 4, 0, 0},
    {&adapter_openai, CHOICE("\"hi\"", "length", ""), "hi", "length", 0, 0, 0, 1, 0},
    {&adapter_openai, CHOICE("\"\"", "content_filter", ""), "", "content_filter", 0, 0, 0, 0, 1},
    {&adapter_openai, CHOICE("null", "stop", ""), "", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]", "stop", ""), "ab", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("[]", "stop", ""), "", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("[1,{\"text\":false}]", "stop", ""), NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("17", "stop", ""), NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_openai, "{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"No.\"},\"finish_reason\":\"stop\"}]}", "", "stop", 0, 0, 0, 0, 1},
    {&adapter_openai, "{\"choices\":[{\"text\":\"old\",\"finish_reason\":\"stop\"}]}", "old", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, "[" CHOICE("\"hi\"", "stop", "") "]", "hi", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, "\xEF\xBB\xBF" CHOICE("\"hi\"", "stop", ""), "hi", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("\"hi\"", "stop", "") "} trailing", "hi", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("\"a\xff\"", "stop", ""), "a\xEF\xBF\xBD", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("\"a\\ud83d b\"", "stop", ""), "a\xEF\xBF\xBD b", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("\"a\\ud83d\\ude00\\udc00\"", "stop", ""), "a\xF0\x9F\x98\x80\xEF\xBF\xBD", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("\"a\nb\"", "stop", ""), "a\nb", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("\"first\",\"content\":\"last\"", "stop", ""), "last", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("\"hi\"", "stop", ",\"usage\":{\"prompt_tokens\":-5,\"completion_tokens\":2}"), "hi", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("\"hi\"", "stop", ",\"usage\":{\"prompt_tokens\":1e30,\"completion_tokens\":2}"), "hi", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("\"hi\"", "stop", ",\"usage\":{\"prompt_tokens\":1e999,\"completion_tokens\":99999999999999999999}"), "hi", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, CHOICE("\"hi\"", "stop", ",\"usage\":{\"prompt_tokens\":9.0,\"completion_tokens\":2.0}"), "hi", "stop", 9, 2, 0, 0, 0},
    {&adapter_openai, CHOICE("\"hi\"", "stop", ",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":400}}"), "hi", "stop", 9, 2, 9, 0, 0},
    {&adapter_openai, CHOICE("\"hi\"", "stop", ",\"usage\":\"many\""), "hi", "stop", 0, 0, 0, 0, 0},
    {&adapter_openai, "", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_openai, "null", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_openai, "<html>hello</html>", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_openai, "data: {\"choices\":[]}\n\n", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_openai, "{\"choices\":[{\"message\":{\"content\":\"cut o", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_openai, "{\"choices\":[]}", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_openai, "{\"choices\":[7]}", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_openai, "{\"id\":1}", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_anthropic, "{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}],\"stop_reason\":\"end_turn\",\"model\":\"c\","
                         "\"usage\":{\"input_tokens\":5,\"output_tokens\":3,\"cache_read_input_tokens\":20,\"cache_creation_input_tokens\":2}}", "ab", "end_turn", 27, 3, 20, 0, 0},
    {&adapter_anthropic, "{\"content\":[{\"type\":\"thinking\",\"thinking\":\"x\"},{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"max_tokens\"}", "a", "max_tokens", 0, 0, 0, 1, 0},
    {&adapter_anthropic, "{\"content\":[],\"stop_reason\":\"refusal\"}", "", "refusal", 0, 0, 0, 0, 1},
    {&adapter_anthropic, "{\"content\":[{\"type\":\"tool_use\",\"input\":{\"a\":1}}],\"stop_reason\":\"tool_use\"}", "{\"a\":1}", "tool_use", 0, 0, 0, 0, 0},
    {&adapter_anthropic, "{\"content\":[{\"type\":\"text\",\"text\":null}],\"stop_reason\":\"end_turn\"}", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_anthropic, "{\"content\":[]}", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_anthropic, "{\"content\":\"a\"}", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_anthropic, "{\"content\":[3],\"stop_reason\":\"end_turn\"}", "", "end_turn", 0, 0, 0, 0, 0},
    {&adapter_ollama, "{\"model\":\"q\",\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":7,\"eval_count\":8}", "a", "stop", 7, 8, 0, 0, 0},
    {&adapter_ollama, "{\"message\":{\"content\":\"a\"},\"done\":true,\"done_reason\":\"length\"}", "a", "length", 0, 0, 0, 1, 0},
    {&adapter_ollama, "{\"message\":{\"content\":\"a\"},\"done\":false}", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_ollama, "{\"message\":\"a\"}", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_tgi, "{\"generated_text\":\"a\",\"details\":{\"finish_reason\":\"length\",\"generated_tokens\":3,\"prefill\":[{},{}]}}", "a", "length", 2, 3, 0, 1, 0},
    {&adapter_tgi, "[{\"generated_text\":\"a\"}]", "a", NULL, 0, 0, 0, 0, 0},
    {&adapter_tgi, "{\"generated_text\":null}", NULL, NULL, 0, 0, 0, 0, 0},
    {&adapter_tgi, "[]", NULL, NULL, 0, 0, 0, 0, 0},
};

static void test_replies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        const Reply *r = &replies[i];
        Arena a = {0};
        Error e = {0};
        ChatReply reply;
        bool ok = r->adapter->read_reply(str_from(r->body), &a, &reply, &e);
        if (ok != (r->text != NULL)) fail_msg("%s: %s", r->body, ok ? "taken" : e.what);
        if (!ok) {
            assert_string_equal(e.code, "answer");
            assert_true(e.what[0]);
            arena_free(&a);
            continue;
        }
        assert_non_null(reply.text.ptr);
        if (!str_eq(reply.text, str_from(r->text))) fail_msg("%s: %.*s", r->body, STR_ARG(reply.text));
        assert_true(str_eq(reply.finish_reason, str_from(r->finish)) && (reply.finish_reason.ptr != NULL) == (r->finish != NULL));
        assert_int_equal(reply.cut, r->cut);
        assert_int_equal(reply.refused, r->refused);
        assert_int_equal(reply.usage.known, r->prompt > 0);
        assert_int_equal(reply.usage.prompt, r->prompt);
        assert_int_equal(reply.usage.completion, r->completion);
        assert_int_equal(reply.usage.cached, r->cached);
        arena_free(&a);
    }
}

static void test_nul_in_an_answer_stays(void **state)
{
    (void)state;
    Arena a = {0};
    ChatReply reply;
    static const char raw[] = "{\"choices\":[{\"message\":{\"content\":\"a\0b\"}}]}";
    assert_true(adapter_openai.read_reply((Str){raw, sizeof raw - 1}, &a, &reply, NULL));
    assert_true(str_eq(reply.text, (Str){"a\0b", 3}));
    assert_true(adapter_openai.read_reply(S("{\"choices\":[{\"message\":{\"content\":\"a\\u0000b\"}}]}"), &a, &reply, NULL));
    assert_true(str_eq(reply.text, (Str){"a\0b", 3}));
    arena_free(&a);
}

static void test_deep_json(void **state)
{
    (void)state;
    Arena a = {0};
    Buf deep = {0};
    Error e = {0};
    ChatReply reply;
    for (int i = 0; i < 100000; i++) buf_add_char(&deep, '[');
    assert_false(adapter_openai.read_reply(buf_str(&deep), &a, &reply, &e));
    assert_non_null(strstr(e.what, "deep"));
    buf_free(&deep);
    arena_free(&a);
}

static void test_models(void **state)
{
    (void)state;
    Arena a = {0};
    Str *names;
    size_t n;
    assert_true(adapter_openai.read_models(S("{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"x\":1},7]}"), &a, &names, &n, NULL));
    assert_int_equal(n, 2);
    assert_true(str_eq(names[1], S("b")));
    assert_true(adapter_ollama.read_models(S("{\"models\":[{\"name\":\"q:1b\"}]}"), &a, &names, &n, NULL));
    assert_true(n == 1 && str_eq(names[0], S("q:1b")));
    assert_true(adapter_tgi.read_models(S("{\"model_id\":\"org/m\"}"), &a, &names, &n, NULL));
    assert_true(n == 1 && str_eq(names[0], S("org/m")));
    assert_true(adapter_anthropic.read_models(S("{\"data\":[{\"id\":\"claude\"}]}"), &a, &names, &n, NULL));
    assert_false(adapter_openai.read_models(S("{\"ok\":true}"), &a, &names, &n, NULL));
    assert_false(adapter_tgi.read_models(S("{}"), &a, &names, &n, NULL));
    arena_free(&a);
}

static void test_usage(void **state)
{
    (void)state;
    assert_true(usage_from(10, 0, -1).known);
    assert_false(usage_from(0, 5, -1).known);
    assert_false(usage_from(-1, 5, -1).known);
    assert_false(usage_from(5, -1, -1).known);
    assert_false(usage_from(USAGE_MAX + 1, 5, 0).known);
    assert_int_equal(usage_from(10, 2, 99).cached, 10);
    assert_int_equal(usage_from(10, 2, -99).cached, 0);
}

// ---- verdicts -----------------------------------------------------------------------------------

typedef struct Case {
    int status;
    const char *body;
    bool schema;
    Verdict verdict;
    const char *cause;
} Case;

#define ERROR_BODY(code, message) "{\"error\":{\"message\":\"" message "\",\"type\":\"x\",\"param\":null,\"code\":\"" code "\"}}"

static const Case cases[] = {
    {200, CHOICE("\"hi\"", "stop", ""), false, ANSWERED, "answered"},
    {200, "<html>", false, RETRY, "unreadable answer"},
    {200, "", false, RETRY, "unreadable answer"},
    {200, "{\"error\":{\"code\":429,\"message\":\"slow down\"}}", false, THROTTLED, "rate limit"},
    {200, "{\"error\":{\"code\":502,\"message\":\"upstream\"}}", false, RETRY, "server error"},
    {200, "{\"error\":\"something\"}", false, RETRY, "server error"},
    {302, "", false, REFUSED, "redirected"},
    {400, ERROR_BODY("bad", "no"), false, FAILED, "bad request"},
    {400, ERROR_BODY("context_length_exceeded", "maximum context length is 4096"), true, FAILED, "bad request"},
    {400, ERROR_BODY("unsupported_parameter", "response_format is not supported"), true, NO_SCHEMA, "schema refused"},
    {400, ERROR_BODY("unsupported_parameter", "response_format is not supported"), false, FAILED, "bad request"},
    {400, "{\"error\":\"failed to parse grammar\"}", true, NO_SCHEMA, "schema refused"},
    {422, "{\"detail\":[{\"loc\":[\"body\",\"response_format\"],\"msg\":\"extra fields: response_format\"}]}", true, NO_SCHEMA, "schema refused"},
    {404, ERROR_BODY("", "No endpoints found that support structured outputs"), true, NO_SCHEMA, "schema refused"},
    {500, "{\"error\":{\"message\":\"json_schema to grammar failed\"}}", true, NO_SCHEMA, "schema refused"},
    {400, ERROR_BODY("content_filter", "The prompt was filtered by the content management policy"), false, FAILED, "content filter"},
    {400, ERROR_BODY("invalid_request_error", "Your credit balance is too low"), false, REFUSED, "no credit left"},
    {400, ERROR_BODY("API_KEY_INVALID", "API key not valid. Please pass a valid API key."), false, REFUSED, "refused key"},
    {401, ERROR_BODY("invalid_api_key", "Incorrect API key provided: sk-secret-key."), false, REFUSED, "refused key"},
    {401, "response_format", true, REFUSED, "refused key"},
    {402, "", false, REFUSED, "no credit left"},
    {403, "", false, REFUSED, "refused access"},
    {403, "{\"error\":{\"message\":\"your input was flagged\"}}", false, FAILED, "content filter"},
    {404, ERROR_BODY("model_not_found", "The model x does not exist"), false, REFUSED, "unknown model"},
    {404, "{\"error\":\"model 'x' not found, try pulling it first\"}", false, REFUSED, "unknown model"},
    {404, "<html>not here</html>", false, REFUSED, "unknown address"},
    {408, "", false, RETRY, "server busy"},
    {409, "", false, RETRY, "server busy"},
    {413, "", false, FAILED, "request too large"},
    {422, "{\"detail\":\"bad\"}", false, FAILED, "bad request"},
    {425, "", false, RETRY, "server busy"},
    {429, "", false, THROTTLED, "rate limit"},
    {429, ERROR_BODY("insufficient_quota", "You exceeded your current quota"), false, REFUSED, "no credit left"},
    {451, "", false, FAILED, "bad request"},
    {500, "", false, RETRY, "server error"},
    {500, "json_schema", false, RETRY, "server error"},
    {503, "", false, RETRY, "server error"},
    {505, "", false, FAILED, "bad request"},
    {529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}", false, THROTTLED, "overloaded"},
    {599, "", false, RETRY, "server error"},
};

static void test_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Case *c = &cases[i];
        Arena a = {0};
        Endpoint endpoint = endpoint_of(&a, "http://localhost:1", "m");
        HttpReply http = {.endpoint = &endpoint, .end = HTTP_DONE, .status = c->status, .body = str_from(c->body)};
        Judgement j;
        judge(&http, c->schema, 0, &a, &j);
        if (j.verdict != c->verdict || strcmp(j.cause, c->cause) != 0) fail_msg("%d %s: verdict %d, %s", c->status, c->body, j.verdict, j.cause);
        assert_int_equal(j.error.kind, j.verdict == ANSWERED ? ERROR_NONE : j.verdict == REFUSED ? ERROR_REFUSED : ERROR_UNREACHABLE);
        if (j.verdict != ANSWERED) assert_true(j.error.what[0]);
        assert_null(strstr(j.error.what, "sk-secret-key"));
        arena_free(&a);
    }
}

static void test_retry_after_counts(void **state)
{
    (void)state;
    Arena a = {0};
    Endpoint endpoint = endpoint_of(&a, "http://localhost:1", "m");
    HttpReply http = {.endpoint = &endpoint, .end = HTTP_DONE, .status = 503, .retry_after = "7"};
    Judgement j;
    judge(&http, false, 0, &a, &j);
    assert_int_equal(j.verdict, THROTTLED);
    assert_int_equal(j.retry_after, 7 * NANOS_PER_SECOND);
    http = (HttpReply){.endpoint = &endpoint, .end = HTTP_DONE, .status = 429};
    judge(&http, false, 0, &a, &j);
    assert_int_equal(j.retry_after, -1);
    arena_free(&a);
}

static void test_ends(void **state)
{
    (void)state;
    for (int end = HTTP_RESOLVE_FAILED; end < HTTP_ENDS; end++) {
        Arena a = {0};
        Endpoint endpoint = endpoint_of(&a, "http://localhost:1", "m");
        HttpReply http = {.endpoint = &endpoint, .end = (HttpEnd)end, .detail = "because"};
        Judgement j;
        judge(&http, false, 0, &a, &j);
        assert_int_equal(j.verdict, end == HTTP_TLS_FAILED ? REFUSED : RETRY);
        assert_int_equal(j.error.kind, ERROR_UNREACHABLE);
        assert_true(j.sick);
        assert_non_null(strstr(j.error.what, "because"));
        http.unsent = true;
        judge(&http, false, 0, &a, &j);
        if (end == HTTP_RESET) assert_false(j.sick);
        arena_free(&a);
    }
}

static void test_messages_are_harmless(void **state)
{
    (void)state;
    Arena a = {0};
    Endpoint endpoint = endpoint_of(&a, "http://localhost:1", "m");
    static const struct {
        const char *body, *says;
    } rows[] = {
        {"{\"error\":{\"message\":\"a\\u001b[2Jb\\nc <b>bold</b> 1 < 2\"}}", "a [2Jb c bold 1 < 2"},
        {"{\"error\":\"key sk-secret-key is bad\"}", "key **** is bad"},
        {"{\"message\":\"plain\"}", "plain"},
        {"{\"detail\":[{\"msg\":\"field required\"}]}", "field required"},
        {"[{\"error\":{\"message\":\"gemini\"}}]", "gemini"},
        {"upstream timed out", "upstream timed out"},
        {"<html><body>502</body></html>", ""},
        {"{\"error\":{\"message\":17}}", ""},
        {"{\"error\":", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        HttpReply http = {.endpoint = &endpoint, .end = HTTP_DONE, .status = 500, .body = str_from(rows[i].body)};
        Str message = judge_message(&http, &a);
        if (!str_eq(message, str_from(rows[i].says))) fail_msg("%s: %.*s", rows[i].body, STR_ARG(message));
    }
    Buf body = {0};
    buf_add(&body, S("{\"error\":{\"message\":\""));
    for (int i = 0; i < 50000; i++) buf_add(&body, S("\xc3\xa9"));
    buf_add(&body, S("\"}}"));
    HttpReply http = {.endpoint = &endpoint, .end = HTTP_DONE, .status = 500, .body = buf_str(&body)};
    assert_true(judge_message(&http, &a).len <= 300);
    buf_free(&body);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_own_parameters),
        cmocka_unit_test(test_a_full_buffer_is_told),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_nul_in_an_answer_stays),
        cmocka_unit_test(test_deep_json),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_retry_after_counts),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_messages_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
