// SPDX-License-Identifier: Apache-2.0
//
// An answer of any bytes is read and checked. The first byte chooses form, exchanges and whether it
// was cut off; the rest is the answer.
#include "fuzz.h"

#include "../unit/conversation_forms.h"
#include "base/utf8.h"
#include "conversation/answer.h"
#include "conversation/check.h"
#include "conversation/render.h"

static const Form *const forms[] = {&plain, &labelled, &intent, &every_intent, &clinic};

static bool is_placeholder(void *self, Str name)
{
    (void)self;
    return str_eq(name, S("topic")) || str_eq(name, S("chunk.id"));
}

static void hold_whole(const Conversation *c, const Form *form)
{
    HOLD(c->n_turns > 0);
    for (size_t i = 0; i < c->n_turns; i++) {
        HOLD(c->turns[i].participant < form->n_participants);
        HOLD(utf8_valid(c->turns[i].text));
        HOLD(str_eq(c->turns[i].text, str_trim(c->turns[i].text)));
        HOLD(!form->n_turn_labels || c->turns[i].labels);
    }
    HOLD(!form->n_labels || c->labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    const Form *form = forms[data[0] % 5];
    bool cut = data[0] & 0x40;
    unsigned exchanges = 1 + (data[0] >> 3) % 4;
    Arena a = {0};
    Conversation c, again;
    Finding why = {0};
    LeakIndex prompt, example;
    const Str prompt_text = S("you write a conversation between a customer and an agent about the shop and its prices"),
              example_text = S("hello is my order ready at five today or not");
    leak_index_build(&prompt, &a, &prompt_text, 1, LEAK_WORDS_PROMPT);
    leak_index_build(&example, &a, &example_text, 1, LEAK_WORDS_EXAMPLE);
    const LeakIndex *examples[] = {&example};
    CheckContext context = {.is_placeholder = is_placeholder, .prompts = &prompt, .examples = examples, .n_examples = 1};
    Str text = {(const char *)data + 1, size - 1};
    if (answer_read(text, form, exchanges, cut, &a, &c, &why)) {
        hold_whole(&c, form);
        bool kept = conversation_check(&c, form, &context, &a, &why);
        HOLD(kept || why.reason != FINDING_NONE);
        Str answer = conversation_as_answer(&c, form, &a);
        conversation_transcript(&c, form, &a);
        if (kept && answer_read(answer, form, exchanges, false, &a, &again, &why)) {
            hold_whole(&again, form);
            HOLD(again.n_turns == c.n_turns);
        }
    } else {
        HOLD(why.reason != FINDING_NONE);
        HOLD(utf8_valid(str_from(why.message)));
    }
    arena_free(&a);
    return 0;
}
