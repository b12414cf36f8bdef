// SPDX-License-Identifier: Apache-2.0
//
// Against ids that tiktoken 0.14 and tokenizers 0.23 gave for tokens-sample.txt. A vocabulary that is
// not there is skipped by name: scripts/fetch-vocabularies.sh and fetch-model.sh fetch them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "tokens/chat_template.h"

static Str data_folder(Arena *a)
{
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (xdg && *xdg) return str_from(xdg);
    return arena_printf(a, "%s/.local/share", home ? home : "");
}

static bool open_counter(Counter *c, Str name, Arena *a)
{
    Error e;
    if (counter_open(c, name, data_folder(a), &e)) return true;
    print_message("skipped: %s\n", e.what);
    return false;
}

static Str ids_as_text(const IdList *ids, Buf *b)
{
    buf_clear(b);
    for (uint64_t i = 0; i < ids->n; i++) buf_printf(b, i ? " %u" : "%u", ids->ids[i]);
    return buf_str(b);
}

static void hold_expected(Str line, Str sample, Arena *a)
{
    Str name, count, sum;
    Counter c;
    Buf b = {0};
    IdList ids = {.keep = true};
    uint64_t n;
    str_cut(&line, ' ', &name);
    str_cut(&line, ' ', &count);
    str_cut(&line, ' ', &sum);
    assert_true(str_to_u64(count, &n));
    if (!open_counter(&c, name, a)) return;
    tokenizer_ids(&c.tokenizer, sample, &ids);
    Str text = ids_as_text(&ids, &b);
    Sha256 digest = sha256(text);
    if (!str_starts(text, line)) fail_msg("%.*s: ids begin %.200s", STR_ARG(name), text.ptr);
    assert_int_equal(ids.n, n);
    if (!str_eq(hash_hex(a, digest.bytes, sizeof digest.bytes), sum)) fail_msg("%.*s: other ids", STR_ARG(name));
    assert_int_equal(counter_count(&c, sample), n);
    // In any parts it is the same text.
    Random random = random_from(7);
    ids.n = 0;
    for (size_t at = 0; at < sample.len;) {
        size_t part = random_below(&random, 40);
        tokenizer_feed(&c.tokenizer, str_slice(sample, at, at + part), &ids);
        at += part;
    }
    tokenizer_end(&c.tokenizer, &ids);
    Sha256 again = sha256(ids_as_text(&ids, &b));
    assert_memory_equal(again.bytes, digest.bytes, sizeof digest.bytes);
    counter_close(&c);
    id_list_free(&ids);
    buf_free(&b);
}

static void test_ids_are_the_peers(void **state)
{
    (void)state;
    Arena a = {0};
    Error e;
    Str sample, expected, line;
    assert_true(file_read(TEST_DATA "/tokens-sample.txt", 1 << 20, &a, &sample, NULL, &e));
    assert_true(file_read(TEST_DATA "/tokens-expected.txt", 1 << 20, &a, &expected, NULL, &e));
    while (str_cut(&expected, '\n', &line))
        if (line.len) hold_expected(line, sample, &a);
    arena_free(&a);
}

// More text than a window holds, so that it is cut.
static void test_windows_do_not_show(void **state)
{
    (void)state;
    Arena a = {0};
    Buf text = {0};
    Counter c;
    static const Str names[] = {S_INIT("o200k_base"), S_INIT("smollm2")};
    static const Str words[] = {S_INIT("tea "), S_INIT("The  kettle\n"), S_INIT("it's "), S_INIT("\n\n"), S_INIT("\nNext"), S_INIT("12345 "),
                                S_INIT("größer "), S_INIT("茶。\n"), S_INIT("  \n"), S_INIT("!!!\n")};
    Random random = random_from(3);
    while (text.len < 600000) buf_add(&text, words[random_below(&random, sizeof words / sizeof *words)]);
    for (size_t i = 0; i < 2; i++) {
        if (!open_counter(&c, names[i], &a)) {
            arena_free(&a);
            continue;
        }
        uint64_t whole, n = counter_count(&c, buf_str(&text));
        c.tokenizer.cuts = false;
        whole = counter_count(&c, buf_str(&text));
        assert_int_equal(n, whole);
        counter_close(&c);
    }
    buf_free(&text);
    arena_free(&a);
}

static void test_a_long_letter(void **state)
{
    (void)state;
    Arena a = {0};
    Counter c;
    if (!open_counter(&c, S("smollm2"), &a)) {
        arena_free(&a);
        return;
    }
    char *letters = arena_alloc(&a, 200000);
    memset(letters, 'a', 200000);
    uint64_t n = counter_count(&c, (Str){letters, 200000});
    assert_true(n > 10000 && n < 200000);
    counter_close(&c);
    arena_free(&a);
}

// What the server counted for these messages.
static void test_a_request(void **state)
{
    (void)state;
    Arena a = {0};
    Counter c;
    Buf scratch = {0};
    if (!open_counter(&c, S("smollm2"), &a)) {
        arena_free(&a);
        return;
    }
    const ChatMessage with[] = {{S("system"), S("Be brief.")}, {S("user"), S("Hello")}};
    Str text = S("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n");
    assert_int_equal(chat_count(&c, S("smollm2"), with, 2, &scratch), counter_count(&c, text));
    uint64_t alone = chat_count(&c, S("smollm2"), with + 1, 1, &scratch);
    assert_true(alone > chat_count(&c, S("smollm2"), with, 2, &scratch));  // the template's own system message is longer
    assert_true(chat_is_exact(S("smollm2")) && chat_is_exact(S("o200k_base")) && !chat_is_exact((Str){0}));
    buf_free(&scratch);
    counter_close(&c);
    arena_free(&a);
}

// What llama.cpp's server counted with a Qwen2.5 model (llama.cpp leaves marks uncomposed, so none are here).
static void test_requests_to_qwen(void **state)
{
    (void)state;
    Arena a = {0};
    Counter c;
    Buf scratch = {0};
    if (!open_counter(&c, S("qwen2.5"), &a)) {
        arena_free(&a);
        return;
    }
    const ChatMessage hello[] = {{S("user"), S("Hello")}};
    const ChatMessage brief[] = {{S("system"), S("Be brief.")}, {S("user"), S("Hello")}};
    const ChatMessage clerk[] = {{S("system"), S("You are a clerk.\n\n1. Talk.\n2. End.")},
                                 {S("user"), S("A \"quoted\" {json} [text]\r\nwith\ttabs and it's they'LL")},
                                 {S("assistant"), S("ok")},
                                 {S("user"), S("…")}};
    const ChatMessage silent[] = {{S("system"), S("")}, {S("user"), S("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")}};
    assert_int_equal(chat_count(&c, S("qwen2.5"), hello, 1, &scratch), 30);
    assert_int_equal(chat_count(&c, S("qwen2.5"), brief, 2, &scratch), 17);
    assert_int_equal(chat_count(&c, S("qwen2.5"), clerk, 4, &scratch), 57);
    assert_int_equal(chat_count(&c, S("qwen2.5"), silent, 2, &scratch), 20);
    buf_free(&scratch);
    counter_close(&c);
    arena_free(&a);
}

// tiktoken's ids, with special tokens allowed and not.
static void test_special_tokens_of_harmony(void **state)
{
    (void)state;
    Arena a = {0};
    Counter c;
    Buf b = {0};
    IdList ids = {.keep = true};
    Str text = S("<|startoftext|><|start|>assistant<|channel|>final <|constrain|>json<|message|>Hi<|end|><|call|><|return|><|endoftext|><|endofprompt|>");
    if (!open_counter(&c, S("o200k_harmony"), &a)) {
        arena_free(&a);
        return;
    }
    tokenizer_ids(&c.tokenizer, S("<|start|>x"), &ids);
    assert_true(str_eq(ids_as_text(&ids, &b), S("27 91 5236 91 29 87")));
    ids.n = 0;
    tokenizer_find_added(&c.tokenizer, true);
    tokenizer_ids(&c.tokenizer, text, &ids);
    assert_true(str_eq(ids_as_text(&ids, &b), S("199998 200006 173781 200005 17196 220 200003 4108 200008 12194 200007 200012 200002 199999 200018")));
    id_list_free(&ids);
    buf_free(&b);
    counter_close(&c);
    arena_free(&a);
}

static void test_without_a_vocabulary(void **state)
{
    (void)state;
    Counter c;
    Error e;
    assert_false(counter_open(&c, S("o200k_base"), S("/nowhere"), &e));
    assert_string_equal(e.code, "vocabulary");
    assert_non_null(strstr(e.hint, "fetch-vocabularies"));
    assert_false(c.exact);
    uint64_t n = counter_count(&c, S("The kettle is on the stove, and the tea is nearly ready."));
    assert_in_range(n, 11, 16);
    assert_int_equal(counter_count(&c, S("")), 0);
    assert_true(counter_open(&c, (Str){0}, S("/nowhere"), &e));
    assert_false(counter_open(&c, S("/nowhere/x.json"), S("/nowhere"), &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_are_the_peers),
        cmocka_unit_test(test_windows_do_not_show),
        cmocka_unit_test(test_a_long_letter),
        cmocka_unit_test(test_a_request),
        cmocka_unit_test(test_requests_to_qwen),
        cmocka_unit_test(test_special_tokens_of_harmony),
        cmocka_unit_test(test_without_a_vocabulary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
