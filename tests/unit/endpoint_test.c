// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "llm/adapter.h"
#include "llm/endpoint.h"
#include "llm/vendor.h"

typedef struct Row {
    const char *given;
    const char *api;   // NULL: chosen
    const char *adapter;
    const char *url;
    const char *models;  // NULL: none
} Row;

static const Row rows[] = {
    {"http://localhost:8000", NULL, "openai", "http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1/models"},
    {"http://localhost:8000/", NULL, "openai", "http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1/models"},
    {"http://localhost:8000/v1", NULL, "openai", "http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1/models"},
    {"http://localhost:8000/v1/", NULL, "openai", "http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1/models"},
    {"http://localhost:8000/v1/chat/completions", NULL, "openai", "http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1/models"},
    {"localhost:8000", NULL, "openai", "http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1/models"},
    {"192.168.1.7:8080", NULL, "openai", "http://192.168.1.7:8080/v1/chat/completions", "http://192.168.1.7:8080/v1/models"},
    {"gpu-box:8080/v1", NULL, "openai", "http://gpu-box:8080/v1/chat/completions", "http://gpu-box:8080/v1/models"},
    {"[::1]:8080", NULL, "openai", "http://[::1]:8080/v1/chat/completions", "http://[::1]:8080/v1/models"},
    {"api.openai.com", NULL, "openai", "https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1/models"},
    {"HTTPS://API.OpenAI.com/v1", NULL, "openai", "https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1/models"},
    {"https://openrouter.ai", NULL, "openai", "https://openrouter.ai/api/v1/chat/completions", "https://openrouter.ai/api/v1/models"},
    {"https://openrouter.ai/api/v1", NULL, "openai", "https://openrouter.ai/api/v1/chat/completions", "https://openrouter.ai/api/v1/models"},
    {"https://generativelanguage.googleapis.com/v1beta/openai/", NULL, "openai",
     "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions", "https://generativelanguage.googleapis.com/v1beta/openai/models"},
    {"https://generativelanguage.googleapis.com", NULL, "openai", "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
     "https://generativelanguage.googleapis.com/v1beta/openai/models"},
    {"https://api.groq.com/openai", NULL, "openai", "https://api.groq.com/openai/v1/chat/completions", "https://api.groq.com/openai/v1/models"},
    {"https://me.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21", NULL, "openai",
     "https://me.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21", NULL},
    {"https://me.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21", NULL, "openai",
     "https://me.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21", NULL},
    {"https://me.openai.azure.com", NULL, "openai", "https://me.openai.azure.com/openai/v1/chat/completions", "https://me.openai.azure.com/openai/v1/models"},
    {"https://example.org/proxy", NULL, "openai", "https://example.org/proxy/v1/chat/completions", "https://example.org/proxy/v1/models"},
    {"https://example.org/api/paas/v4", NULL, "openai", "https://example.org/api/paas/v4/chat/completions", "https://example.org/api/paas/v4/models"},
    {"https://api.anthropic.com", NULL, "anthropic", "https://api.anthropic.com/v1/messages", "https://api.anthropic.com/v1/models"},
    {"https://api.anthropic.com/v1/messages", NULL, "anthropic", "https://api.anthropic.com/v1/messages", "https://api.anthropic.com/v1/models"},
    {"https://api.anthropic.com/v1/chat/completions", NULL, "openai", "https://api.anthropic.com/v1/chat/completions", "https://api.anthropic.com/v1/models"},
    {"http://127.0.0.1:9000", "anthropic", "anthropic", "http://127.0.0.1:9000/v1/messages", "http://127.0.0.1:9000/v1/models"},
    {"http://127.0.0.1:11434/api/chat", NULL, "ollama", "http://127.0.0.1:11434/api/chat", "http://127.0.0.1:11434/api/tags"},
    {"http://127.0.0.1:11434/api", NULL, "ollama", "http://127.0.0.1:11434/api/chat", "http://127.0.0.1:11434/api/tags"},
    {"http://127.0.0.1:11434", "ollama", "ollama", "http://127.0.0.1:11434/api/chat", "http://127.0.0.1:11434/api/tags"},
    {"http://127.0.0.1:11434", NULL, "openai", "http://127.0.0.1:11434/v1/chat/completions", "http://127.0.0.1:11434/v1/models"},
    {"http://127.0.0.1:3000/generate", NULL, "tgi", "http://127.0.0.1:3000/generate", "http://127.0.0.1:3000/info"},
    {"http://127.0.0.1:3000", "TGI", "tgi", "http://127.0.0.1:3000/generate", "http://127.0.0.1:3000/info"},
    {"http://127.0.0.1:3000#api=tgi", NULL, "tgi", "http://127.0.0.1:3000/generate", "http://127.0.0.1:3000/info"},
    {"  http://localhost:8000/v1\n", NULL, "openai", "http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1/models"},
};

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const Row *row = &rows[i];
        Arena a = {0};
        Endpoint endpoint;
        Error e = {0};
        if (!endpoint_resolve(str_from(row->given), str_from(row->api), (Str){0}, S("m"), &a, &endpoint, &e)) fail_msg("%s: %s", row->given, e.what);
        assert_string_equal(endpoint.adapter->name, row->adapter);
        assert_string_equal(endpoint.url.ptr, row->url);
        if (row->models) assert_string_equal(endpoint.models_url.ptr, row->models);
        else assert_null(endpoint.models_url.ptr);
        // What was resolved resolves to itself.
        Endpoint again;
        assert_true(endpoint_resolve(endpoint.url, str_from(endpoint.adapter->name), (Str){0}, S("m"), &a, &again, &e));
        assert_string_equal(again.url.ptr, row->url);
        arena_free(&a);
    }
}

static void test_bad_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "  ", "ftp://localhost", "file:///etc/passwd", "http://", "http:///v1", "http:/localhost",
                                      "http://user:secret@host/v1", "user@host", "http://host:0", "http://host:0/v1?key=hunter2secret", "http://host:70000", "http://host:x",
                                      "http://host:", "http://[::1", "http://[::zz]", "http://[::1]x", "http://a b/", "http://a\nb", "http://a/\"",
                                      "https://host/v1?key=hunter2secret", "https://host/v1?x=1&API_KEY=hunter2secret", "http://host#weight=0",
                                      "http://host#weight=x", "http://host#colour=red", "http://host#api=telepathy"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Arena a = {0};
        Endpoint endpoint;
        Error e = {0};
        if (endpoint_resolve(str_from(bad[i]), (Str){0}, (Str){0}, (Str){0}, &a, &endpoint, &e)) fail_msg("taken: %s", bad[i]);
        assert_int_equal(e.kind, ERROR_USAGE);
        assert_true(e.what[0]);
        // A credential is never repeated.
        assert_null(strstr(e.what, "secret"));
        assert_null(strstr(e.hint, "secret"));
        arena_free(&a);
    }
}

static void test_api_names(void **state)
{
    (void)state;
    Arena a = {0};
    Endpoint endpoint;
    Error e = {0};
    assert_false(endpoint_resolve(S("http://localhost"), S("olama"), (Str){0}, (Str){0}, &a, &endpoint, &e));
    assert_string_equal(e.code, "api");
    assert_non_null(strstr(e.hint, "ollama"));
    assert_true(endpoint_resolve(S("http://localhost"), S("auto"), (Str){0}, (Str){0}, &a, &endpoint, &e));
    size_t n;
    const Adapter *const *list = adapters(&n);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(adapter_named(str_from(list[i]->name)), list[i]);
        assert_true(list[i]->write_request && list[i]->read_reply && list[i]->key_header);
        assert_true((list[i]->models_path == NULL) == (list[i]->read_models == NULL));
    }
    arena_free(&a);
}

static void test_keys(void **state)
{
    (void)state;
    Arena a = {0};
    Endpoint endpoint;
    Error e = {0};
    assert_true(endpoint_resolve(S("https://me.openai.azure.com"), (Str){0}, S(" sk-123456\n"), S("m"), &a, &endpoint, &e));
    assert_string_equal(endpoint.key.ptr, "sk-123456");
    assert_string_equal(endpoint.key_header.ptr, "api-key: ");
    assert_true(str_eq(endpoint_masked(&endpoint, S("no sk-123456 and sk-123456."), &a), S("no **** and ****.")));
    assert_null(strstr(endpoint.shown.ptr, "sk-123456"));
    Str key = endpoint.key;
    endpoint_forget(&endpoint);
    for (size_t i = 0; i < key.len; i++) assert_int_equal(key.ptr[i], 0);
    assert_null(endpoint.key.ptr);
    static const char *const bad[] = {"a b", "a\r\nX-Evil: 1", "a\tb", "schl\xc3\xbcssel", "\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(endpoint_resolve(S("http://localhost"), (Str){0}, str_from(bad[i]), (Str){0}, &a, &endpoint, &e));
        assert_string_equal(e.code, "key");
        assert_null(strstr(e.what, bad[i]));
    }
    assert_true(endpoint_resolve(S("http://10.0.0.1:80"), (Str){0}, S("k"), S("m"), &a, &endpoint, &e));
    assert_true(endpoint_warning(&endpoint, &e) && e.warning);
    assert_true(endpoint_resolve(S("http://127.0.0.1:80"), (Str){0}, S("k"), S("m"), &a, &endpoint, &e));
    assert_false(endpoint_warning(&endpoint, &e));
    assert_true(endpoint_resolve(S("http://10.0.0.1:80"), (Str){0}, (Str){0}, S("m"), &a, &endpoint, &e));
    assert_false(endpoint_warning(&endpoint, &e));
    arena_free(&a);
}

static void test_several(void **state)
{
    (void)state;
    Arena a = {0};
    Endpoint *list;
    size_t n;
    Error e = {0};
    assert_true(endpoint_list(S("http://localhost:1#weight=2.5&model=big, https://b.example/v1"), (Str){0}, S("one,two"), S("m"), &a, &list, &n, &e));
    assert_int_equal(n, 2);
    assert_true(str_eq(list[0].key, S("one")) && str_eq(list[1].key, S("two")));
    assert_true(list[0].weight > 2.4 && list[1].weight < 1.1);
    assert_true(str_eq(list[0].model, S("big")) && str_eq(list[1].model, S("m")));
    assert_true(endpoint_list(S("http://localhost:1,http://localhost:2"), (Str){0}, S("both"), S("m"), &a, &list, &n, &e));
    assert_true(str_eq(list[0].key, S("both")) && str_eq(list[1].key, S("both")));
    assert_true(endpoint_list(S("http://localhost:1,http://localhost:2"), (Str){0}, S("a,"), S("m"), &a, &list, &n, &e));
    assert_null(list[1].key.ptr);
    assert_false(endpoint_list(S("http://localhost:1,http://localhost:2"), (Str){0}, S("a,b,c"), S("m"), &a, &list, &n, &e));
    assert_false(endpoint_list(S("http://localhost:1,,http://localhost:2"), (Str){0}, (Str){0}, S("m"), &a, &list, &n, &e));
    arena_free(&a);
}

static void test_hosts(void **state)
{
    (void)state;
    static const char *const here[] = {"localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.255.1.2", "::1", "0.0.0.0"};
    static const char *const near[] = {"10.1.2.3", "172.16.0.1", "172.31.9.9", "192.168.0.1", "169.254.1.1", "fe80::1", "fd00::1", "box", "box.local"};
    static const char *const far[] = {"128.0.0.1", "172.32.0.1", "172.15.0.1", "11.0.0.1", "2001:db8::1", "example.org", "localhost.example.org", "127.0.0.1.example.org"};
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) assert_true(host_is_loopback(str_from(here[i])) && host_is_private(str_from(here[i])));
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) assert_true(!host_is_loopback(str_from(near[i])) && host_is_private(str_from(near[i])));
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) assert_false(host_is_private(str_from(far[i])));
    assert_non_null(vendor_of(S("x.openai.azure.com")));
    assert_null(vendor_of(S(".openai.azure.com")));
    assert_null(vendor_of(S("api.openai.com.evil.example")));
}

static void test_random_addresses_end_in_an_error_or_an_endpoint(void **state)
{
    (void)state;
    static const char letters[] = "ah1:/.?#[]@&=%v- \n,\xff";
    Random random = random_from(3);
    for (int i = 0; i < 20000; i++) {
        Arena a = {0};
        Endpoint endpoint;
        Error e = {0};
        char text[24];
        size_t n = random_below(&random, sizeof text);
        for (size_t k = 0; k < n; k++) text[k] = letters[random_below(&random, sizeof letters - 1)];
        if (endpoint_resolve((Str){text, n}, (Str){0}, (Str){0}, (Str){0}, &a, &endpoint, &e)) {
            assert_true(str_starts(endpoint.url, S("http")));
            assert_true(endpoint.host.len > 0 && endpoint.port > 0);
            assert_int_equal(str_find_char(endpoint.url, '\n'), STR_NONE);
        } else {
            assert_true(e.what[0]);
        }
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_bad_addresses),
        cmocka_unit_test(test_api_names),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_random_addresses_end_in_an_error_or_an_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
