// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "conversation/answer.h"
#include "conversation/check.h"
#include "conversation_forms.h"

static bool knows(void *self, Str name)
{
    (void)self;
    return str_eq(name, S("topic")) || str_eq(name, S("chunk.id")) || str_eq(name, S("persona.0")) || str_eq(name, S("max-x"));
}

// What the check finds in an answer; "none" where it is kept.
static const char *judge(const char *answer, const Form *form, const CheckContext *context)
{
    static const CheckContext nothing = {.is_placeholder = knows};
    Arena a = {0};
    Conversation c;
    Finding why = {0};
    if (answer_read(str_from(answer), form, 1, false, &a, &c, &why)) conversation_check(&c, form, context ? context : &nothing, &a, &why);
    arena_free(&a);
    return finding_name(why.reason);
}

static void test_order(void **state)
{
    (void)state;
    assert_string_equal(judge("Customer: hi\nAgent: ho", &plain, NULL), "none");
    assert_string_equal(judge("Agent: hi\nCustomer: ho\nAgent: so", &plain, NULL), "first");
    assert_string_equal(judge("Customer: hi\nAgent: ho\nCustomer: bye", &plain, NULL), "last");
    assert_string_equal(judge("Customer: hi\nCustomer: ho\nAgent: bye", &plain, NULL), "alternate");
    assert_string_equal(judge("[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]", &plain, NULL), "none");
    assert_string_equal(judge("[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"]", &plain, NULL), "exchanges");
    // Three participants, anybody first and last, twice in a row: 9 turns are 3 exchanges.
    assert_string_equal(judge("Front Desk: a\nFront Desk: b", &clinic, NULL), "none");
    assert_string_equal(judge("[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]", &clinic, NULL), "none");
    assert_string_equal(judge("[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"]", &clinic, NULL), "exchanges");
}

static void test_turns(void **state)
{
    (void)state;
    assert_string_equal(judge("Customer: hi\nAgent:", &plain, NULL), "empty_turn");
    assert_string_equal(judge("[\"hi\",\"\"]", &plain, NULL), "empty_turn");
    assert_string_equal(judge("[\"hi\",\"\\u00a0\\u200b\\u3000\"]", &plain, NULL), "empty_turn");
    assert_string_equal(judge("[{\"Customer\":\"hi\",\"Agent\":null}]", &plain, NULL), "empty_turn");
    assert_string_equal(judge("[\"?\",\"\\ud83d\\ude00\"]", &plain, NULL), "none");
    Conversation none = {0};
    Arena a = {0};
    Finding why = {0};
    CheckContext context = {0};
    assert_false(conversation_check(&none, &plain, &context, &a, &why));
    assert_int_equal(why.reason, FINDING_EMPTY);
    Turn stranger = {.participant = 2, .text = S("hi")};
    assert_false(conversation_check(&(Conversation){.turns = &stranger, .n_turns = 1}, &plain, &context, &a, &why));
    assert_int_equal(why.reason, FINDING_PARTICIPANT);
    arena_free(&a);
}

static void test_labels(void **state)
{
    (void)state;
    static const CheckContext handwritten = {.handwritten = true};
    const char *none = "Customer: hi\nAgent: ho", *both = "mood: VERY  ANGRY\nresolution: open\nCustomer: hi\nAgent: ho",
               *wrong = "mood: sad\nresolution: open\nCustomer: hi\nAgent: ho";
    assert_string_equal(judge(both, &labelled, NULL), "none");
    assert_string_equal(judge(none, &labelled, NULL), "label");
    assert_string_equal(judge(wrong, &labelled, NULL), "label");
    assert_string_equal(judge(none, &labelled, &handwritten), "none");
    assert_string_equal(judge(wrong, &labelled, &handwritten), "label");
    assert_string_equal(judge("Customer: hi\nintent: ask\nAgent: ho", &intent, NULL), "none");
    assert_string_equal(judge(none, &intent, NULL), "label");
    assert_string_equal(judge("[{\"speaker\":\"Customer\",\"text\":\"hi\",\"intent\":\"buy\"},{\"speaker\":\"Agent\",\"text\":\"ho\"}]", &intent, NULL), "label");
}

static void test_placeholders(void **state)
{
    (void)state;
    static const struct {
        const char *text, *found;
    } cases[] = {
        {"about {topic}.", "topic"}, {"{{topic}}", "topic"},     {"{x} {chunk.id}", "chunk.id"}, {"{persona.0}", "persona.0"}, {"{max-x}", "max-x"},
        {"{Topic}", NULL},           {"{ topic }", NULL},        {"{topic", NULL},               {"{topic.}", NULL},           {"{}", NULL},
        {"{0.topic}", NULL},         {"{\"topic\": 1}", NULL},   {"topic}", NULL},               {"{.topic}", NULL},           {"{", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str found = placeholder_left(str_from(cases[i].text), knows, NULL);
        if (!str_eq(found, str_from(cases[i].found))) fail_msg("%s: %.*s", cases[i].text, STR_ARG(found));
    }
    assert_string_equal(judge("Customer: hi\nAgent: it is about {topic}", &plain, NULL), "placeholder");
    assert_string_equal(judge("Customer: hi\nAgent: write {\"topic\": 1} or {name}", &plain, NULL), "none");
}

// ---- leaks --------------------------------------------------------------------------------------

#define TWELVE "one two three four five six seven eight nine ten eleven twelve"

static void test_prompt_leak(void **state)
{
    (void)state;
    Arena a = {0};
    LeakIndex prompts;
    const Str texts[] = {S("Write! One two, three FOUR five six seven \"eight\" nine ten\neleven -- twelve thirteen"), S("too short to leak"),
                         S("Don't you ever say that a price isn't final, even if it's true")};
    leak_index_build(&prompts, &a, texts, 3, LEAK_WORDS_PROMPT);
    assert_int_equal(prompts.n, 5);  // 14 words make 3 runs, 13 make 2
    CheckContext context = {.prompts = &prompts};
    assert_string_equal(judge("Customer: I say " TWELVE "\nAgent: ho", &plain, &context), "prompt_leak");
    assert_string_equal(judge("Customer: hi\nAgent: two three four five six seven eight nine ten eleven twelve thirteen", &plain, &context), "prompt_leak");
    assert_string_equal(judge("Customer: hi\nAgent: dont you ever say that a price isn’t final even if it’s", &plain, &context), "prompt_leak");
    // Eleven words, a word between, another order, and a run that goes over a turn.
    assert_string_equal(judge("Customer: one two three four five six seven eight nine ten eleven\nAgent: ho", &plain, &context), "none");
    assert_string_equal(judge("Customer: one two three four five six well seven eight nine ten eleven twelve\nAgent: ho", &plain, &context), "none");
    assert_string_equal(judge("Customer: two one three four five six seven eight nine ten eleven twelve\nAgent: ho", &plain, &context), "none");
    assert_string_equal(judge("Customer: one two three four five six\nAgent: seven eight nine ten eleven twelve", &plain, &context), "none");
    // What the passage or a drawn value says may be said.
    const Str passage = S("It says: " TWELVE "."), other = S("one two three four five six");
    context.passages = &passage, context.n_passages = 1;
    assert_string_equal(judge("Customer: I say " TWELVE "\nAgent: ho", &plain, &context), "none");
    assert_string_equal(judge("Customer: I say " TWELVE " thirteen\nAgent: ho", &plain, &context), "prompt_leak");
    context.passages = &other, context.drawn = &passage, context.n_drawn = 1;
    assert_string_equal(judge("Customer: I say " TWELVE "\nAgent: ho", &plain, &context), "none");
    arena_free(&a);
}

static void test_example_leak(void **state)
{
    (void)state;
    Arena a = {0};
    LeakIndex shown[2];
    const Str first = S("one two three four five six seven eight"), second[] = {S("a b c d"), S("e f g h")};
    leak_index_build(&shown[0], &a, &first, 1, LEAK_WORDS_EXAMPLE);
    leak_index_build(&shown[1], &a, second, 2, LEAK_WORDS_EXAMPLE);
    assert_int_equal(shown[0].n, 1);
    assert_int_equal(shown[1].n, 0);  // no run goes from one turn into the next
    const LeakIndex *examples[] = {&shown[1], &shown[0]};
    CheckContext context = {.examples = examples, .n_examples = 2};
    assert_string_equal(judge("Customer: hi\nAgent: " TWELVE, &plain, &context), "example_leak");
    assert_string_equal(judge("Customer: a b c d e f g h\nAgent: ho", &plain, &context), "none");
    context.n_examples = 1;  // one that was not shown
    assert_string_equal(judge("Customer: hi\nAgent: " TWELVE, &plain, &context), "none");
    context.n_examples = 2;
    const Str passage = S(TWELVE);
    context.drawn = &passage, context.n_drawn = 1;  // only the passage excuses an example
    assert_string_equal(judge("Customer: hi\nAgent: " TWELVE, &plain, &context), "example_leak");
    context.passages = &passage, context.n_passages = 1;
    assert_string_equal(judge("Customer: hi\nAgent: " TWELVE, &plain, &context), "none");
    context.n_passages = 0;
    const Str wanted[] = {S("Begin."), S("Begin with: " TWELVE)};
    context.asked = wanted, context.n_asked = 1;
    assert_string_equal(judge("Customer: hi\nAgent: " TWELVE, &plain, &context), "example_leak");
    context.n_asked = 2;  // … and the user prompt, which asked for it
    assert_string_equal(judge("Customer: hi\nAgent: " TWELVE, &plain, &context), "none");
    arena_free(&a);
}

// Against the obvious way: every run of a text compared with every run of another, word by word.
static void test_leak_find(void **state)
{
    (void)state;
    Arena a = {0};
    LeakIndex index;
    Buf text = {0};
    for (int i = 0; i < 3000; i++) buf_printf(&text, "w%d ", i * i % 1009);
    Str whole = buf_str(&text);
    leak_index_build(&index, &a, &whole, 1, 5);
    const LeakIndex *indices[] = {&index};
    LeakWords words = leak_words(whole, &a);
    assert_int_equal(words.n, 3000);
    for (size_t from = 0; from + 5 <= words.n; from += 97) {
        size_t start = from ? words.ends[from - 1] + 1 : 0;
        Str run = str_slice(words.normal, start, words.ends[from + 4]);
        LeakWords five = leak_words(run, &a);
        assert_true(str_eq(leak_find(indices, 1, &five, NULL, 0, &a), run));
        LeakWords four = leak_words(str_slice(words.normal, start, words.ends[from + 3]), &a);
        assert_null(leak_find(indices, 1, &four, NULL, 0, &a).ptr);
    }
    LeakWords strange = leak_words(S("w0 w1 w4 w9 x w16 w25 w36 w49"), &a);
    assert_null(leak_find(indices, 1, &strange, NULL, 0, &a).ptr);
    LeakIndex nothing;
    leak_index_build(&nothing, &a, NULL, 0, 5);
    indices[0] = &nothing;
    assert_null(leak_find(indices, 1, &words, NULL, 0, &a).ptr);
    buf_free(&text);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),        cmocka_unit_test(test_turns),        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_placeholders), cmocka_unit_test(test_prompt_leak),  cmocka_unit_test(test_example_leak),
        cmocka_unit_test(test_leak_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
