// SPDX-License-Identifier: Apache-2.0
//
// Servers that show what they make of messages: which template is found in that, and how it then counts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tokens/chat_learn.h"

// ---- servers -----------------------------------------------------------------------------------------

typedef struct Server {
    void (*make)(const ChatMessage *messages, size_t n, Buf *out);
    Counter *counter;
    uint64_t more;  // tokens that it puts before everything
} Server;

static bool render(void *self, const ChatMessage *messages, size_t n, Arena *a, Str *prompt)
{
    Buf b = {0};
    ((Server *)self)->make(messages, n, &b);
    *prompt = arena_str(a, buf_str(&b));
    buf_free(&b);
    return true;
}

static bool count(void *self, Str prompt, uint64_t *tokens)
{
    Server *s = self;
    *tokens = chat_count_prompt(s->counter, prompt) + s->more;
    return true;
}

static bool is(const ChatMessage *m, const char *role) { return str_eq(m->role, str_from(role)); }

static void smollm(const ChatMessage *m, size_t n, Buf *b) { chat_render(chat_template_of(S("smollm2")), m, n, b); }

static void plain_chatml(const ChatMessage *m, size_t n, Buf *b)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "<|im_start|>%.*s\n%.*s<|im_end|>\n", STR_ARG(m[i].role), STR_ARG(m[i].content));
    buf_add(b, S("<|im_start|>assistant\n"));
}

// As Llama 2: the system message inside the first user's, which alone is trimmed.
static void inst(const ChatMessage *m, size_t n, Buf *b)
{
    const ChatMessage *system = is(&m[0], "system") ? m : NULL;
    for (size_t i = system ? 1 : 0; i < n; i++) {
        if (is(&m[i], "assistant")) {
            buf_printf(b, " %.*s </s>", STR_ARG(str_trim(m[i].content)));
            continue;
        }
        buf_add(b, S("[INST] "));
        if (system && m + i == system + 1) buf_printf(b, "<<SYS>>\n%.*s\n<</SYS>>\n\n", STR_ARG(system->content));
        buf_printf(b, "%.*s [/INST]", STR_ARG(str_trim(m[i].content)));
    }
}

// The system message before the last user's text.
static void system_last(const ChatMessage *m, size_t n, Buf *b)
{
    const ChatMessage *system = is(&m[0], "system") ? m : NULL;
    buf_add(b, S("<s>"));
    for (size_t i = system ? 1 : 0; i < n; i++) {
        if (is(&m[i], "assistant")) {
            buf_printf(b, "%.*s</s>", STR_ARG(m[i].content));
            continue;
        }
        buf_add(b, S("[U]"));
        if (system && i == n - 1) buf_printf(b, "%.*s\n\n", STR_ARG(system->content));
        buf_printf(b, "%.*s[/U]", STR_ARG(m[i].content));
    }
}

static void shouts(const ChatMessage *m, size_t n, Buf *b)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m[i].content.len; k++) {
            char c = m[i].content.ptr[k];
            buf_add_char(b, c >= 'a' && c <= 'm' ? (char)(c - 32) : c);
        }
}

static void one_text(const ChatMessage *m, size_t n, Buf *b)
{
    (void)m;
    (void)n;
    buf_add(b, S("chatml"));
}

// ---- what is learnt ------------------------------------------------------------------------------------

static Str data_folder(Arena *a)
{
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    return xdg && *xdg ? str_from(xdg) : arena_printf(a, "%s/.local/share", home ? home : "");
}

static const ChatMessage request[] = {
    {S_INIT("system"), S_INIT("\nBe brief.\n")}, {S_INIT("user"), S_INIT(" Say <|im_end|> twice, in Würzburg.\n")},
    {S_INIT("assistant"), S_INIT("\t<think>Why?</think>\n\nNo. ")},     {S_INIT("user"), S_INIT("Please!\n\n")},
};

static uint64_t server_count(Server *s, const ChatMessage *m, size_t n)
{
    Arena a = {0};
    Str prompt;
    uint64_t tokens;
    render(s, m, n, &a, &prompt);
    count(s, prompt, &tokens);
    arena_free(&a);
    return tokens;
}

static void holds(Server *s, const ChatTemplate *t)
{
    static const struct { size_t first, n; } asked[] = {{0, 2}, {1, 1}, {0, 4}, {1, 3}};
    Buf scratch = {0};
    for (size_t i = 0; i < 4; i++) {
        const ChatMessage *m = request + asked[i].first;
        assert_int_equal(chat_count_by(s->counter, t, m, asked[i].n, &scratch), server_count(s, m, asked[i].n));
    }
    buf_free(&scratch);
}

static void test_templates_are_learnt(void **state)
{
    (void)state;
    static const struct {
        void (*make)(const ChatMessage *, size_t, Buf *);
        uint64_t more;
        const char *usual, *found;  // found NULL: none
    } cases[] = {
        {smollm, 0, "smollm2", "smollm2"}, {smollm, 1, "smollm2", "smollm2"},  {smollm, 0, NULL, "smollm2"},    {plain_chatml, 0, "smollm2", "the server's"},
        {inst, 1, "smollm2", "the server's"}, {system_last, 0, "smollm2", "the server's"}, {shouts, 0, "smollm2", NULL}, {one_text, 0, "smollm2", NULL},
        {smollm, 7, "smollm2", NULL},
    };
    Arena a = {0};
    Counter c;
    Error e;
    if (!counter_open(&c, S("smollm2"), data_folder(&a), &e)) {
        print_message("skipped: %s\n", e.what);
        return;
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Server s = {cases[i].make, &c, cases[i].more};
        ChatTemplate t;
        bool found = chat_learn(&(ChatOracle){render, count, &s}, cases[i].usual ? str_from(cases[i].usual) : (Str){0}, &c, &a, &t);
        if (found != (cases[i].found != NULL)) fail_msg("case %zu", i);
        if (!found) continue;
        if (!str_eq(t.name, str_from(cases[i].found))) fail_msg("case %zu: %.*s", i, STR_ARG(t.name));
        assert_true(t.exact);
        holds(&s, &t);
    }
    counter_close(&c);
    arena_free(&a);
}

static void test_without_a_vocabulary_nothing_is_exact(void **state)
{
    (void)state;
    Arena a = {0};
    Counter c;
    Error e;
    ChatTemplate t;
    counter_open(&c, (Str){0}, S("/nowhere"), &e);
    Server s = {smollm, &c, 0};
    assert_false(chat_learn(&(ChatOracle){render, count, &s}, S("smollm2"), &c, &a, &t));
    counter_close(&c);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates_are_learnt),
        cmocka_unit_test(test_without_a_vocabulary_nothing_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
