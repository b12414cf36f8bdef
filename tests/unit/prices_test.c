// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tokens/prices.h"

typedef struct Fixture {
    Arena a;
    char path[64];
    Prices prices;
    Error e;
} Fixture;

static bool load(Fixture *f, const char *json)
{
    snprintf(f->path, sizeof f->path, "/tmp/confab-prices-%ld.json", (long)getpid());
    Error e;
    assert_true(file_write_whole(f->path, str_from(json), &e));
    bool ok = prices_load(str_from(f->path), &f->a, &f->prices, &f->e);
    unlink(f->path);
    return ok;
}

static void test_built_in(void **state)
{
    (void)state;
    Fixture f = {0};
    assert_true(prices_load((Str){0}, &f.a, &f.prices, &f.e));
    ModelFacts m = prices_of(&f.prices, S("gpt-4o"));
    assert_true(m.pricing.known);
    assert_int_equal(m.pricing.input, INT64_C(2500000000));
    assert_int_equal(m.pricing.cached_input, INT64_C(1250000000));
    assert_int_equal(m.pricing.output, INT64_C(10000000000));
    assert_int_equal(m.window, 128000);
    assert_true(str_eq(m.tokenizer, S("o200k_base")));
    assert_int_equal(pricing_batch(&m).output, INT64_C(5000000000));
    // Dated versions and makers' prefixes are the same model, a relative with another name is not.
    assert_true(str_eq(prices_of(&f.prices, S("gpt-4o-2024-08-06")).name, S("gpt-4o")));
    assert_true(str_eq(prices_of(&f.prices, S("openai/GPT-4o-mini-2024-07-18")).name, S("gpt-4o-mini")));
    assert_null(prices_of(&f.prices, S("gpt-4o-super")).name.ptr);
    assert_null(prices_of(&f.prices, S("gpt-4o-")).name.ptr);
    // What is not known is not free.
    assert_false(prices_of(&f.prices, S("nobody-knows")).pricing.known);
    m = prices_of(&f.prices, S("meta-llama/Llama-3.3-70B-Instruct"));
    assert_false(m.pricing.known);
    assert_true(str_eq(m.tokenizer, S("llama3")));
    assert_int_equal(m.window, 131072);
    assert_true(str_eq(prices_of(&f.prices, S("gpt-4")).tokenizer, S("cl100k_base")));
    arena_free(&f.a);
}

static void test_table_is_sane(void **state)
{
    (void)state;
    for (size_t i = 0; i < price_table_n; i++) {
        const PriceRow *r = &price_table[i];
        for (const char *p = r->name; *p; p++) assert_false(*p >= 'A' && *p <= 'Z');
        assert_true(r->window > 1000);
        assert_true(r->input < 0 || (r->cached_input <= r->input && (r->input <= r->output || strstr(r->name, "embed"))));
        for (size_t k = 0; k < i; k++) assert_string_not_equal(r->name, price_table[k].name);
    }
}

static void test_own_rows(void **state)
{
    (void)state;
    Fixture f = {0};
    assert_true(load(&f, "{\"currency\": \"EUR\", \"models\": {\"mine\": {\"input\": 0.5, \"output\": 1.5, \"window\": 32768, \"batch\": 0.5},"
                         "\"home-*\": {\"input\": 0, \"output\": 0}, \"gpt-4o\": {\"input\": 3, \"cached_input\": 1, \"output\": 9},"
                         "\"gpt-4.1\": {\"window\": 5000}}}"));
    assert_true(str_eq(f.prices.currency, S("EUR")));
    ModelFacts m = prices_of(&f.prices, S("mine"));
    assert_int_equal(m.pricing.input, 500000000);
    assert_int_equal(m.pricing.cached_input, 500000000);  // without a price of its own, a cached token costs the same
    assert_int_equal(m.window, 32768);
    assert_int_equal(m.batch, 50);
    m = prices_of(&f.prices, S("home-7b"));
    assert_true(m.pricing.known);
    assert_int_equal(m.pricing.output, 0);
    m = prices_of(&f.prices, S("gpt-4o"));
    assert_int_equal(m.pricing.input, INT64_C(3000000000));
    assert_int_equal(m.window, 128000);
    m = prices_of(&f.prices, S("gpt-4.1"));
    assert_int_equal(m.window, 5000);
    assert_int_equal(m.pricing.output, INT64_C(8000000000));
    assert_int_equal(m.batch, 50);
    // Letters' case and the maker's prefix do not count here either.
    assert_int_equal(prices_of(&f.prices, S("Mine")).window, 32768);
    assert_int_equal(prices_of(&f.prices, S("me/MINE-2026-01-02")).window, 32768);
    assert_true(prices_of(&f.prices, S("lab/Home-8b")).pricing.known);
    arena_free(&f.a);
}

static void test_own_tokenizers(void **state)
{
    (void)state;
    Fixture f = {0};
    assert_true(load(&f, "{\"models\": {\"a\": {\"tokenizer\": \"llama3\"}, \"b\": {\"tokenizer\": \"llama3\", \"chat_template\": \"llama3.1\"},"
                         "\"c\": {\"tokenizer\": \"./my/tokenizer.json\", \"chat_template\": \"qwen3\"}, \"lab/x\": {\"window\": 1000},"
                         "\"X\": {\"window\": 2000}, \"gpt-4o*\": {\"window\": 3000}}}"));
    assert_true(str_eq(prices_of(&f.prices, S("a")).chat, S("llama3")));
    assert_true(str_eq(prices_of(&f.prices, S("b")).chat, S("llama3.1")));
    assert_true(str_eq(prices_of(&f.prices, S("c")).chat, S("qwen3")));
    assert_false(prices_of(&f.prices, S("a")).pricing.known);
    // The whole name is nearer than what stands behind the prefix.
    assert_int_equal(prices_of(&f.prices, S("lab/x")).window, 1000);
    assert_int_equal(prices_of(&f.prices, S("other/x")).window, 2000);
    // What a glob does not name stays as it is built in.
    ModelFacts m = prices_of(&f.prices, S("gpt-4o-mini"));
    assert_true(m.window == 3000 && m.batch == 50 && m.pricing.known && str_eq(m.chat, S("o200k_base")));
    arena_free(&f.a);
}

static void test_bad_files(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "[]", "{}", "{\"models\": 1}", "{\"models\": {\"a\": 1}}", "{\"models\": {\"a\": {\"input\": 1}}}",
        "{\"models\": {\"a\": {\"input\": \"1\", \"output\": 1}}}", "{\"models\": {\"a\": {\"input\": -1, \"output\": 1}}}",
        "{\"models\": {\"a\": {\"inptu\": 1, \"output\": 1}}}", "{\"models\": {}, \"modles\": {}}", "{\"models\": {\"a\": {}, \"a\": {}}}",
        "{\"models\": {\"a\": {\"tokenizer\": 1}}}", "{\"models\": {\"a\": {\"tokenizer\": \"lama3\"}}}",
        "{\"models\": {\"a\": {\"chat_template\": \"llama9\"}}}", "{\"models\": {\"a\": {\"window\": 0.5}}}", "{\"models\": {\"a\": {\"window\": 0}}}",
        "{\"models\": {\"a\": {\"cached_input\": 1}}}", "{\"models\": {\"a\": {\"batch\": 0.5}}}", "{\"models\": {}, \"currency\": 1}",
        "{\"models\": {}, \"currency\": \"\"}", "{\"models\": {\"a\": {\"input\": 1, \"output\": 1, \"batch\": 2}}}",
        "{\"models\": {\"a\": {\"max_output\": \"1\"}}}", "{\"models\": {\"a\": {\"input\": 1e9, \"output\": 1e9}}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Fixture f = {0};
        assert_false(load(&f, bad[i]));
        assert_true(f.e.kind != ERROR_NONE && f.e.place.line == 1);
        arena_free(&f.a);
    }
    Fixture f = {0};
    assert_false(load(&f, bad[7]));
    assert_non_null(strstr(f.e.hint, "\"input\""));
    assert_false(load(&f, bad[11]));
    assert_non_null(strstr(f.e.hint, "\"llama3\""));
    arena_free(&f.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in),
        cmocka_unit_test(test_table_is_sane),
        cmocka_unit_test(test_own_rows),
        cmocka_unit_test(test_own_tokenizers),
        cmocka_unit_test(test_bad_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
