// SPDX-License-Identifier: Apache-2.0
//
// Answers as models give them: what was written, and the conversation it is, as `Name: text`
// joined by " / " with the labels behind; or "!" and the finding's name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/utf8.h"
#include "conversation/answer.h"
#include "conversation/names.h"
#include "conversation/render.h"
#include "conversation_forms.h"

typedef struct Case {
    const Form *form;
    const char *written, *meant;
} Case;

#define HI "Customer: hi / Agent: hello"

static const Participant with_brackets[] = {{S_INIT("Kunde (neu)"), S_INIT("user")}, {S_INIT("Bot (KI)"), S_INIT("assistant")}};
static const Form bracketed = {.participants = with_brackets, .n_participants = 2, .first = 0, .last = 1, .alternate = true, .max_exchanges = 4};

static const Case cases[] = {
    // JSON: the two shapes that are asked for.
    {&plain, "{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}", HI},
    {&plain, "{\"conversation\":[{\"speaker\":\"Customer\",\"text\":\"hi\"},{\"speaker\":\"Agent\",\"text\":\"hello\"}]}", HI},
    {&labelled, "{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}],\"mood\":\"calm\",\"resolution\":\"open\"}",
     HI " [mood=calm] [resolution=open]"},
    {&intent, "{\"conversation\":[{\"speaker\":\"Customer\",\"text\":\"hi\",\"intent\":\"ask\"},{\"speaker\":\"Agent\",\"text\":\"hello\"}]}",
     "Customer: hi (intent=ask) / Agent: hello"},
    // Arrays of objects and strings.
    {&plain, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]", HI},
    {&plain, "[{\"Customer\":\"hi\"},{\"Agent\":\"hello\"}]", HI},
    {&plain, "[{\"Customer\":\"hi\",\"Agent\":\"hello\",\"customer\":\"ok\"}]", HI " / Customer: ok"},
    {&plain, "[\"hi\",\"hello\"]", HI},
    {&plain, "[\"hi\",\"hello\",\"ok\",\"bye\"]", HI " / Customer: ok / Agent: bye"},
    {&clinic, "[\"a\",\"b\",\"c\",\"d\"]", "Patient: a / Dr. Müller: b / Front Desk: c / Patient: d"},
    {&plain, "[\"Customer: hi\",\"Agent: hello\"]", HI},
    {&plain, "[{\"Customer\":\"hi\"},\"hello\"]", HI},
    {&plain, "[[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]]", HI},
    {&plain, "[{\"role\":\"Customer\",\"content\":\"hi\"},{\"role\":\"Agent\",\"content\":\"hello\"}]", HI},
    {&plain, "[{\"who\":\"customer\",\"says\":\"hi\"},{\"who\":\"AGENT\",\"says\":\"hello\"}]", HI},
    {&plain, "[{\"text\":\"hi\",\"by\":\"Customer\",\"time\":\"10:02\"},{\"text\":\"hello\",\"by\":\"Agent\",\"time\":\"10:03\"}]", HI},
    {&plain, "[{\"turn\":1,\"speaker\":\"Customer\",\"utterance\":\"hi\"},{\"turn\":2,\"speaker\":\"Agent\",\"utterance\":\"hello\"}]", HI},
    {&plain, "[{\"speaker\":\"Customer\",\"text\":\"Customer: hi\"},{\"speaker\":\"Agent\",\"text\":\"hello\"}]", HI},
    // Names: case, spacing, roles.
    {&clinic, "[{\"speaker\":\"front_desk\",\"text\":\"a\"},{\"speaker\":\"DR. MÜLLER\",\"text\":\"b\"},{\"speaker\":\"Dr.Müller\",\"text\":\"c\"}]",
     "Front Desk: a / Dr. Müller: b / Dr. Müller: c"},
    {&plain, "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"hello\"}]", HI},
    {&plain, "[{\"name\":\"Customer\",\"role\":\"customer\",\"content\":\"hi\"},{\"name\":\"Agent\",\"role\":\"assistant\",\"content\":\"hello\"}]", HI},
    {&clinic, "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"hello\"}]", "!participant"},
    {&plain, "[{\"user\":\"hi\",\"assistant\":\"hello\"}]", HI},
    // Objects around the array.
    {&plain, "{\"messages\":[{\"role\":\"Customer\",\"content\":\"hi\"},{\"role\":\"Agent\",\"content\":\"hello\"}]}", HI},
    {&plain, "{\"topic\":\"x\",\"tags\":[\"a\",\"b\"],\"dialogue\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}", HI},
    {&plain, "{\"tags\":[\"a\"],\"whatever\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}", HI},
    {&plain, "{\"name\":\"A chat\",\"whatever\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}", HI},
    {&plain, "{\"result\":{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}}", HI},
    {&plain, "{\"conversation\":\"Customer: hi\\nAgent: hello\"}", HI},
    {&plain, "{\"Customer\":\"hi\",\"Agent\":\"hello\"}", HI},
    {&plain, "{\"conversation\":{\"Customer\":\"hi\",\"Agent\":\"hello\"}}", HI},
    {&plain, "{\"Customer\":\"hi\",\"Agent\":\"hello\"}\n{\"Customer\":\"ok\",\"Agent\":\"bye\"}", HI " / Customer: ok / Agent: bye"},
    {&plain, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]\n\n[{\"Customer\":\"other\",\"Agent\":\"version\"}]", HI},
    {&plain, "{\"exchange_1\":{\"Customer\":\"hi\",\"Agent\":\"hello\"},\"exchange_2\":{\"Customer\":\"ok\",\"Agent\":\"bye\"}}", HI " / Customer: ok / Agent: bye"},
    {&plain, "{\"1\":{\"speaker\":\"Customer\",\"text\":\"hi\"},\"2\":{\"speaker\":\"Agent\",\"text\":\"hello\"}}", HI},
    {&plain, "{\"round 1\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}],\"round 2\":[{\"Customer\":\"ok\",\"Agent\":\"bye\"}]}", HI " / Customer: ok / Agent: bye"},
    {&plain, "{\"conversation\":{\"tags\":[\"a\"],\"greeting\":{\"Customer\":\"hi\",\"Agent\":\"hello\"},\"end\":{\"Customer\":\"ok\",\"Agent\":\"bye\"}}}", HI " / Customer: ok / Agent: bye"},
    {&plain, "{\"turns\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}],\"draft 1\":[{\"Customer\":\"a\"}],\"draft 2\":[{\"Customer\":\"b\"}]}", HI},
    {&labelled, "{\"a\":{\"Customer\":\"hi\"},\"b\":{\"Agent\":\"hello\"},\"mood\":\"calm\",\"labels\":{\"resolution\":\"open\"}}", HI " [mood=calm] [resolution=open]"},
    // Labels.
    {&labelled, "{\"mood\":\"Very-Angry\",\"labels\":{\"Resolution\":\"RESOLVED\"},\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}",
     HI " [mood=very angry] [resolution=resolved]"},
    {&labelled, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"},{\"mood\":\"calm\",\"resolution\":\"open\"}]", HI " [mood=calm] [resolution=open]"},
    {&labelled, "[{\"Customer\":\"hi\",\"Agent\":\"hello\",\"mood\":\"calm\",\"Resolution\":\"open\"}]", HI " [mood=calm] [resolution=open]"},
    {&labelled, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]\n{\"mood\":\"calm\",\"resolution\":\"open\"}", HI " [mood=calm] [resolution=open]"},
    {&labelled, "{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}],\"mood\":\"furious\",\"resolution\":null}", HI " [mood=furious]"},
    {&labelled, "mood: calm\n[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]\n**Resolution:** open", HI " [mood=calm] [resolution=open]"},
    {&intent, "[{\"Customer\":\"hi\",\"intent\":\"ASK\",\"Agent\":\"hello\"}]", "Customer: hi (intent=ask) / Agent: hello"},
    // What is set aside.
    {&plain, "```json\n[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]\n```", HI},
    {&plain, "Sure! As [1] asks, here is {it}:\n\n```\n{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}\n```\nLet me know!", HI},
    {&plain, "<think>[{\"Customer\":\"no\",\"Agent\":\"no\"}]</think>[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]", HI},
    {&plain, "Customer: no\nAgent: no</think>\n[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]", HI},
    {&plain, "Well. <Think>hm</think> <thinking>hm</thinking>\nCustomer: hi\nAgent: hello", HI},
    {&plain, "{\"conversation\": [{\"Customer\": string, \"Agent\": string}, ...]}\n\n{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}", HI},
    {&labelled, "{\"conversation\": [{\"Customer\": string, \"Agent\": string}, ...], \"mood\": \"calm\" | \"very angry\", \"resolution\": \"resolved\" | \"open\"}\n"
                "{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}],\"mood\":\"very angry\",\"resolution\":\"open\"}", HI " [mood=very angry] [resolution=open]"},
    // A tag that somebody speaks of.
    {&plain, "[{\"Customer\":\"why <think>?\",\"Agent\":\"hello\"},{\"Customer\":\"ok\",\"Agent\":\"bye\"}]",
     "Customer: why <think>? / Agent: hello / Customer: ok / Agent: bye"},
    {&plain, "[{\"Customer\":\"why </think>?\",\"Agent\":\"hello\"},{\"Customer\":\"ok\",\"Agent\":\"bye\"}]",
     "Customer: why </think>? / Agent: hello / Customer: ok / Agent: bye"},
    {&plain, "Customer: why <think>?\nAgent: hello", "Customer: why <think>? / Agent: hello"},
    {&plain, "I see.</think>{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}", HI},
    // Broken JSON.
    {&plain, "[{'Customer': 'hi', 'Agent': 'hello'},]", HI},
    {&plain, "{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}", HI},
    {&plain, "\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}", HI},
    {&plain, "[{\"Customer\":\"say \"hi\" now\",\"Agent\":\"hello\"}]", "Customer: say \"hi\" now / Agent: hello"},
    {&plain, "[{\\\"Customer\\\": \\\"hi\\\", \\\"Agent\\\": \\\"hello\\\"}]", HI},
    {&plain, "\"{\\\"conversation\\\":[{\\\"Customer\\\":\\\"hi\\\",\\\"Agent\\\":\\\"hello\\\"}]}\"", HI},
    // Lines and JSON.
    {&plain, "Customer: Anna Lee\nAgent: Bob\n\n[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]", HI},
    {&plain, "Customer: pick one of [\"a\", \"b\"]\nAgent: a", "Customer: pick one of [\"a\", \"b\"] / Agent: a"},
    {&plain, "Customer: send {\"Customer\": \"x\"}\nAgent: ok", "Customer: send {\"Customer\": \"x\"} / Agent: ok"},
    // Lines.
    {&plain, "Customer: hi\nAgent: hello", HI},
    {&plain, "customer :hi\r\nAGENT: hello\r\n", HI},
    {&plain, "**Customer:** hi\n\n**Agent:** hello", HI},
    {&plain, "**Customer**: hi\n**Agent**: hello", HI},
    {&plain, "**Customer: hi**\n*Agent:* hello", HI},
    {&plain, "__Customer__: hi\n### Agent: hello", HI},
    {&plain, "1. Customer: hi\n2. Agent: hello", HI},
    {&plain, "1) **Customer:** hi\n2) **Agent:** hello", HI},
    {&plain, "- Customer: hi\n- Agent: hello", HI},
    {&plain, "> Customer: hi\n> Agent: hello", HI},
    {&plain, "[10:02] Customer: hi\n[10:03] Agent: hello", HI},
    {&plain, "10:02:15 - Customer: hi\n10:03 PM Agent: hello", HI},
    {&plain, "(10:02 am) Customer: hi\n2026-11-22 10:03 Agent: hello", HI},
    {&plain, "Customer (annoyed): hi\nAgent [10:03]: hello", HI},
    {&plain, "User: hi\nAssistant: hello", HI},
    {&bracketed, "**Kunde (neu):** hi\n- Bot (KI): hello", "Kunde (neu): hi / Bot (KI): hello"},
    {&plain, "Customer:\nhi\n\nAgent:\nhello", HI},
    {&plain, "Customer：hi\nAgent：hello", HI},
    {&plain, "Here is the conversation:\n\nCustomer: hi\nAgent: hello\n\nLet me know if you want another.", HI},
    {&plain, "```\nCustomer: hi\nAgent: hello\n```\nEnjoy!", HI},
    {&plain, "Customer: hi\n\nAgent: hello\n\n---\n\nI hope this helps.", HI},
    {&plain, "Customer: hi\n\nAgent: hello\n\n*End of conversation*", HI},
    {&plain, "Customer: hi\n\nAgent: hello\n\n(Note: this is one exchange.)\n", HI},
    {&plain, "Customer: hi\n\nAgent: hello\n\nIt ends here.", "Customer: hi / Agent: hello\n\nIt ends here."},
    {&plain, "**Exchange 1**\nCustomer: hi\nAgent: hello\n\n**Exchange 2**\nCustomer: ok\nAgent: bye", HI " / Customer: ok / Agent: bye"},
    {&plain, "Customer: I have two questions.\n1. When?\n2. Where?\nAgent: At 10:02: here.",
     "Customer: I have two questions.\n1. When?\n2. Where? / Agent: At 10:02: here."},
    {&plain, "Customer: hi\n\nAgent: Note the address:\n\nName: Ann Lee\nStreet: Elm Road 5", "Customer: hi / Agent: Note the address:\n\nName: Ann Lee\nStreet: Elm Road 5"},
    {&plain, "Customer: what is {\"a\": [1]}?\nAgent: JSON", "Customer: what is {\"a\": [1]}? / Agent: JSON"},
    {&labelled, "mood: calm\n\nCustomer: hi\nAgent: hello\n\nresolution: open", HI " [mood=calm] [resolution=open]"},
    {&labelled, "Customer: hi\n\nAgent: hello\n\n**Labels:**\n- **Mood:** Very angry.\n- **Resolution:** `open`", HI " [mood=very angry] [resolution=open]"},
    {&labelled, "Customer: hi\nAgent: hello\nMood: dull", HI " [mood=dull]"},
    {&labelled, "Customer: my\nmood: is dull\nAgent: hello", "Customer: my\nmood: is dull / Agent: hello"},
    {&intent, "Customer: hi\nintent: ask\nAgent: hello", "Customer: hi (intent=ask) / Agent: hello"},
    // Nothing to keep.
    {&plain, "", "!empty"},
    {&plain, " \n ", "!empty"},
    {&plain, "[]", "!empty"},
    {&plain, "{\"conversation\":[]}", "!empty"},
    {&plain, "{\"conversation\":[{\"Customer\":\"string\",\"Agent\":\"string\"}]}", "!empty"},
    {&plain, "{\"conversation\":[{\"Customer\":\"string\",\"Agent\":\"string\"}]}\n{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}]}", HI},
    {&plain, "[{\"Customer\":\"of what type?\",\"Agent\":\"string\"}]", "Customer: of what type? / Agent: string"},
    {&plain, "<think>Customer: hi", "!empty"},
    {&plain, "I'm sorry, but I can't help with that.", "!refused"},
    {&plain, "Here is my answer: none.", "!refused"},
    {&plain, "{\"error\":\"I can't\"}", "!unreadable"},
    {&plain, "[1, 2]", "!refused"},
    {&plain, "[{\"text\":\"hi\"},{\"text\":\"hello\"}]", "!unreadable"},
    {&plain, "[{\"from\":\"Customer\",\"to\":\"Agent\",\"text\":\"hi\"}]", "!unreadable"},
    {&plain, "[{\"speaker\":\"Customer\",\"text\":\"Agent\"}]", "!unreadable"},
    {&plain, "[{\"speaker\":\"Customer\",\"text\":\"Customer\"}]", "!unreadable"},
    {&plain, "[{\"speaker\":\"Customer\",\"a\":\"x\",\"b\":\"y\"}]", "!unreadable"},
    {&plain, "[{\"Customer\":[\"hi\"],\"Agent\":\"hello\"}]", "!unreadable"},
    {&plain, "[{\"speaker\":\"Manager\",\"text\":\"hi\"}]", "!participant"},
    {&plain, "[{\"Customer\":\"hi\",\"Agent\":\"hello\",\"Manager\":\"yo\"}]", "!participant"},
    {&plain, "Customer: hi\nAgent: hello\nManager: I take over from here.\nAgent: ok", "!participant"},
    {&plain, "**Customer:** hi\n\n**Manager:** I take over from here.\n\n**Agent:** hello", "!participant"},
};

static void describe(const Conversation *c, const Form *form, Buf *b)
{
    for (size_t i = 0; i < c->n_turns; i++) {
        if (i) buf_add(b, S(" / "));
        buf_add(b, form->participants[c->turns[i].participant].name);
        buf_add(b, S(": "));
        buf_add(b, c->turns[i].text);
        for (size_t l = 0; l < form->n_turn_labels; l++)
            if (c->turns[i].labels[l].ptr)
                buf_printf(b, " (%.*s=%.*s)", STR_ARG(form->turn_labels[l].name), STR_ARG(c->turns[i].labels[l]));
    }
    for (size_t l = 0; l < form->n_labels; l++)
        if (c->labels[l].ptr) buf_printf(b, " [%.*s=%.*s]", STR_ARG(form->labels[l].name), STR_ARG(c->labels[l]));
}

static bool reads_as(Str written, const Form *form, unsigned exchanges, bool cut, const char *meant)
{
    Arena a = {0};
    Buf b = {0};
    Conversation c;
    Finding why = {0};
    char *copy = mem_alloc(written.len);  // of exactly this size, so that a sanitizer sees a read behind it
    if (written.len) memcpy(copy, written.ptr, written.len);
    if (answer_read((Str){copy, written.len}, form, exchanges, cut, &a, &c, &why))
        describe(&c, form, &b);
    else
        buf_printf(&b, "!%s", finding_name(why.reason));
    bool same = str_eq(buf_str(&b), str_from(meant));
    if (!same) print_error("written %.*s\nmeant   %s\nread    %.*s %s\n\n", STR_ARG(written), meant, STR_ARG(buf_str(&b)), why.message);
    free(copy);
    buf_free(&b);
    arena_free(&a);
    return same;
}

static void test_cases(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        wrong += !reads_as(str_from(cases[i].written), cases[i].form, 1, false, cases[i].meant);
    assert_int_equal(wrong, 0);
}

static void test_cut(void **state)
{
    (void)state;
    static const struct {
        const Form *form;
        unsigned exchanges;
        bool cut;
        const char *written, *meant;
    } cut[] = {
        {&plain, 1, true, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"},{\"Customer\":\"o", HI},
        {&plain, 1, true, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"},{\"Customer\":\"ok\",\"Agent\":\"bye\"},{", HI},
        {&plain, 2, true, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"},{\"Customer\":\"o", "!cut"},
        {&plain, 1, true, "[{\"Customer\":\"hi\",\"Agent\":\"hel", "!cut"},
        {&plain, 1, true, "[{\"Customer\":\"hi\",\"Agent\":", "!cut"},
        // Closed although the API says cut: nothing of the conversation is missing.
        {&plain, 2, true, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"}] I hope", HI},
        // Cut although the API does not say so.
        {&plain, 1, false, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"},{\"Customer\":\"o", HI},
        {&plain, 2, false, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"},{\"Customer\":\"o", "!cut"},
        {&plain, 2, false, "[{\"Customer\":\"hi\",\"Agent\":\"hello\"}", HI},
        {&labelled, 1, true, "{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}],\"mood\":\"calm\",\"reso", "!cut"},
        {&labelled, 1, true, "{\"conversation\":[{\"Customer\":\"hi\",\"Agent\":\"hello\"}],\"mood\":\"calm\",\"resolution\":\"open\"", HI " [mood=calm] [resolution=open]"},
        {&intent, 1, true, "[{\"speaker\":\"Customer\",\"text\":\"hi\",\"intent\":\"ask\"},{\"speaker\":\"Agent\",\"text\":\"hello\"}",
         "Customer: hi (intent=ask) / Agent: hello"},
        {&plain, 1, true, "Customer: hi\nAgent: hello\nCustomer: o", HI},
        {&plain, 1, true, "Customer: hi\nAgent: hello\n", HI},
        {&plain, 1, true, "Customer: hi\nAgent: hello", "!cut"},
        {&plain, 1, true, "Sure, here", "!cut"},
        {&plain, 1, true, "<think>Customer: hi", "!cut"},
        {&plain, 1, true, "", "!cut"},
        {&clinic, 1, true, "[\"a\",\"b\",\"c\",\"d", "Patient: a / Dr. Müller: b / Front Desk: c"},
        {&clinic, 1, true, "[\"a\",\"b\",\"c", "!cut"},
    };
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++)
        wrong += !reads_as(str_from(cut[i].written), cut[i].form, cut[i].exchanges, cut[i].cut, cut[i].meant);
    assert_int_equal(wrong, 0);
}

static void test_bytes(void **state)
{
    (void)state;
    assert_true(reads_as(S("[{\"Customer\":\"h\xFFi\",\"Agent\":\"hello\"}]"), &plain, 1, false, "Customer: h\xEF\xBF\xBDi / Agent: hello"));
}

// What is rendered in the shape asked for is read back as what it was.
static void test_round_trip(void **state)
{
    (void)state;
    static const Form *const forms[] = {&plain, &labelled, &intent, &every_intent, &clinic};
    static const Str pieces[] = {S_INIT("a"), S_INIT(" b "), S_INIT("\""), S_INIT("\n"), S_INIT("{c}"), S_INIT("é"), S_INIT(", \"Agent\": \""), S_INIT("]}")};
    Random r = random_from(11);
    for (unsigned round = 0; round < 2000; round++) {
        Arena a = {0};
        const Form *form = forms[round % 5];
        Turn turns[8] = {{0}};
        Str labels[2] = {moods[random_below(&r, 2)], ends[random_below(&r, 2)]};
        Conversation c = {.turns = turns, .n_turns = 2 * (1 + random_below(&r, 4)), .labels = labels}, back;
        for (size_t i = 0; i < c.n_turns; i++) {
            Str parts[5] = {S("x")};
            for (size_t p = 1; p < 4; p++) parts[p] = pieces[random_below(&r, 8)];
            parts[4] = S("y");
            turns[i] = (Turn){.participant = form == &clinic ? (unsigned)random_below(&r, 3) : i % 2, .text = arena_concat(&a, parts, 5)};
            turns[i].labels = arena_new(&a, Str, 1);
            if (form->n_turn_labels && label_is_of(&form->turn_labels[0], turns[i].participant)) turns[i].labels[0] = intents[i / 2 % 2];
        }
        Finding why;
        Str answer = conversation_as_answer(&c, form, &a);
        Buf want = {0}, got = {0};
        if (!answer_read(answer, form, 1, false, &a, &back, &why)) fail_msg("%.*s: %s", STR_ARG(answer), why.message);
        describe(&c, form, &want), describe(&back, form, &got);
        if (!str_eq(buf_str(&want), buf_str(&got))) fail_msg("%.*s\n%.*s", STR_ARG(buf_str(&want)), STR_ARG(buf_str(&got)));
        buf_free(&want), buf_free(&got);
        arena_free(&a);
    }
}

static void test_hostile(void **state)
{
    (void)state;
    static const char *const units[] = {
        "[", "{\"a\":", "<think>", "</think>", "<", "Customer: hi\n", "Customer: hi\nMood: x\n", "mood: calm\n", "\n", " \n", ":", "*", "**", "1. ", "[10:02] ",
        "```\n", "---\n", "Exchange 1\n", "(", "Customer (", "[{", "[\"", "{\"a\":\"", "[] ", "{} ", "[{}] ", "{\"conversation\":", "\"Customer: x\",",
        "{\"Customer\":\"x\"},", "Manager: x\n", "> ", "# ", "\xFF", "=",
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        static const char *const heads[] = {"", "Customer: hi\nAgent: ho\n", "[\"hi\", ", "{\"conversation\":\"Customer: "};
        for (size_t h = 0; h < sizeof heads / sizeof *heads; h++) {
            Arena a = {0};
            Buf b = {0};
            Conversation c;
            Finding why = {0};
            buf_add(&b, str_from(heads[h]));
            while (b.len < 60000) buf_add(&b, str_from(units[i]));
            if (!answer_read(buf_str(&b), &labelled, 2, i % 2, &a, &c, &why)) {
                assert_int_not_equal(why.reason, FINDING_NONE);
                assert_true(utf8_valid(str_from(why.message)));
            }
            buf_free(&b);
            arena_free(&a);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(form_participant(&clinic, S("frontdesk")), 2);
    assert_int_equal(form_participant(&clinic, S("Front-Desk ")), 2);
    assert_int_equal(form_participant(&clinic, S("Front Des")), NOBODY);
    assert_int_equal(form_participant(&clinic, S("")), NOBODY);
    assert_int_equal(form_speaker(&clinic, S("user")), 0);
    assert_int_equal(form_speaker(&clinic, S("assistant")), NOBODY);
    assert_false(names_alike(S("a-1"), S("a1")));
    assert_true(names_alike(S("follow up"), S("Follow-Up")));
    assert_false(names_alike((Str){"a\0b", 3}, S("a")));
    const Participant close[] = {{S("Ann B"), S("")}, {S("AnnB"), S("")}};
    Form form = {.participants = close, .n_participants = 2};
    assert_int_equal(form_participant(&form, S("AnnB")), 1);
    assert_int_equal(form_participant(&form, S("annb")), NOBODY);
    for (int i = 1; i < FINDING_REASONS; i++) assert_int_equal(finding_from_name(str_from(finding_name((FindingReason)i))), i);
    assert_int_equal(finding_from_name(S("nonsense")), FINDING_NONE);
    Finding why;
    assert_false(finding_set(&why, FINDING_CUT, "a\nb\x1b %s", "é"));
    assert_string_equal(why.message, "a b  é");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),      cmocka_unit_test(test_cut),     cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_hostile), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
