// SPDX-License-Identifier: Apache-2.0
//
// Whole requests against what the models' own chat templates make of them (data/chat-expected.txt, which
// bench/chat_counts.py made). A vocabulary that is not there is skipped by name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "tokens/chat_template.h"
#include "tokens/prices.h"

static Str data_folder(Arena *a)
{
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (xdg && *xdg) return str_from(xdg);
    return arena_printf(a, "%s/.local/share", home ? home : "");
}

typedef struct Lists {
    Arena a;
    json_t *root;
    Str expected;
} Lists;

// Other files than the ones here: CONFAB_CHAT_MESSAGES and CONFAB_CHAT_EXPECTED.
static const char *file_of(const char *variable, const char *file) { return getenv(variable) ? getenv(variable) : file; }

static void open_lists(Lists *l)
{
    Error e;
    Str text;
    *l = (Lists){0};
    assert_true(file_read(file_of("CONFAB_CHAT_MESSAGES", TEST_DATA "/chat-messages.json"), 1 << 24, &l->a, &text, NULL, &e));
    assert_true(file_read(file_of("CONFAB_CHAT_EXPECTED", TEST_DATA "/chat-expected.txt"), 1 << 24, &l->a, &l->expected, NULL, &e));
    assert_true(json_read(text, S("chat-messages.json"), &l->root, &e));
    assert_true(json_array_size(l->root) >= 40);
}

static uint64_t count_list(Counter *c, Str name, const json_t *list, Arena *a, Buf *scratch)
{
    size_t n = json_array_size(list);
    ChatMessage *messages = arena_new(a, ChatMessage, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *m = json_array_get(list, i);
        messages[i] = (ChatMessage){json_str(json_object_get(m, "role")), json_str(json_object_get(m, "content"))};
    }
    return chat_count(c, name, messages, n, scratch);
}

// A line of the file: the template's name, then a count a list, or - where the template refuses it.
static unsigned hold_line(Str line, Lists *l)
{
    Str name, word, vocabulary;
    Counter c;
    Error e;
    Buf scratch = {0};
    unsigned wrong = 0;
    str_cut(&line, ' ', &name);
    vocabulary = str_starts(name, S("llama3")) ? S("llama3") : name;
    if (!counter_open(&c, vocabulary, data_folder(&l->a), &e)) {
        print_message("skipped: %s\n", e.what);
        return 0;
    }
    for (size_t i = 0; str_cut(&line, ' ', &word); i++) {
        uint64_t expected;
        if (str_eq(word, S("-"))) continue;
        assert_true(str_to_u64(word, &expected));
        uint64_t n = count_list(&c, str_eq(name, S("llama3.3")) ? S("llama3.1") : name, json_array_get(l->root, i), &l->a, &scratch);
        if (n != expected && wrong++ < 3)
            print_message("%.*s, list %zu: %llu, not %llu\n", STR_ARG(name), i, (unsigned long long)n, (unsigned long long)expected);
    }
    counter_close(&c);
    buf_free(&scratch);
    return wrong;
}

static void test_requests_count_as_templates_do(void **state)
{
    (void)state;
    Lists l;
    Str line;
    unsigned lines = 0, wrong = 0;
    open_lists(&l);
    for (Str rest = l.expected; str_cut(&rest, '\n', &line);)
        if (line.len) lines++, wrong += hold_line(line, &l);
    assert_int_equal(wrong, 0);
    assert_true(lines >= 11);
    json_decref(l.root);
    arena_free(&l.a);
}

static void test_names(void **state)
{
    (void)state;
    const Str *names;
    size_t n = chat_template_names(&names);
    for (size_t i = 0; i < n; i++) assert_non_null(chat_template_of(names[i]));
    assert_null(chat_template_of(S("nobody")));
    assert_null(chat_template_of((Str){0}));
    assert_true(chat_is_exact(S("llama3.1")) && chat_is_exact(S("o200k_base")) && chat_is_exact(S("tekken")));
    assert_false(chat_is_exact(S("openai")) || chat_is_exact(S("o200k_harmony")) || chat_is_exact((Str){0}));
}

// Each model of the table whose tokenizer is known has a template of that tokenizer's.
static void test_models_have_templates(void **state)
{
    (void)state;
    Prices none = {0};
    for (size_t i = 0; i < price_table_n; i++) {
        ModelFacts m = prices_of(&none, str_from(price_table[i].name));
        if (!m.tokenizer.ptr) continue;
        if (!chat_template_of(m.chat)) fail_msg("%s has no chat template", price_table[i].name);
    }
    assert_true(str_eq(prices_of(&none, S("llama-3-8b-instruct")).chat, S("llama3")));
    assert_true(str_eq(prices_of(&none, S("meta-llama/Llama-3.3-70B-Instruct")).chat, S("llama3.1")));
    assert_true(str_eq(prices_of(&none, S("llama3.2:3b")).chat, S("llama3.1")));
    assert_true(str_eq(prices_of(&none, S("Qwen/Qwen3-4B-Thinking-2507")).chat, S("qwen3-thinking")));
    assert_true(str_eq(prices_of(&none, S("Qwen/Qwen3-4B-Instruct-2507")).chat, S("qwen3")));
    assert_true(str_eq(prices_of(&none, S("gpt-4.1-mini")).chat, S("o200k_base")));
    assert_true(str_eq(prices_of(&none, S("gpt-5-mini")).chat, S("openai")));
    assert_true(str_eq(prices_of(&none, S("deepseek-chat")).chat, S("deepseek-v3.1")));
}

// Marks of templates in a text that a person gave are text to OpenAI's models, to others what they look like.
static void test_marks_in_texts(void **state)
{
    (void)state;
    Arena a = {0};
    Buf scratch = {0};
    Counter c;
    Error e;
    const ChatMessage plain[] = {{S("user"), S("Say it.")}}, marked[] = {{S("user"), S("Say <|endoftext|>.")}};
    if (counter_open(&c, S("o200k_base"), data_folder(&a), &e)) {
        assert_int_equal(chat_count(&c, S("o200k_base"), plain, 1, &scratch), 3 + 4 + 3);
        assert_true(chat_count(&c, S("o200k_base"), marked, 1, &scratch) > 3 + 4 + 5);
        assert_false(c.tokenizer.added);
        counter_close(&c);
    }
    if (counter_open(&c, S("o200k_harmony"), data_folder(&a), &e)) {
        chat_count(&c, S("o200k_harmony"), plain, 1, &scratch);
        assert_false(c.tokenizer.added);  // as it was
        counter_close(&c);
    }
    buf_free(&scratch);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_count_as_templates_do),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_models_have_templates),
        cmocka_unit_test(test_marks_in_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
