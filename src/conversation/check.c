// SPDX-License-Identifier: Apache-2.0
#include "conversation/check.h"

#include "base/utf8.h"
#include "conversation/names.h"
#include "text/words.h"

static bool check_order(const Conversation *c, const Form *form, Finding *why);
static bool check_turns(const Conversation *c, const Form *form, Finding *why);
static bool check_labels(const Conversation *c, const Form *form, bool may_miss, Finding *why);
static bool check_placeholders(const Conversation *c, const CheckContext *context, Finding *why);
static bool check_leaks(const Conversation *c, const CheckContext *context, Arena *scratch, Finding *why);

bool conversation_check(const Conversation *c, const Form *form, const CheckContext *context, Arena *scratch, Finding *why)
{
    return check_turns(c, form, why) && check_order(c, form, why) && check_labels(c, form, context->handwritten, why) &&
           check_placeholders(c, context, why) && check_leaks(c, context, scratch, why);
}

// ---- turns --------------------------------------------------------------------------------------

// White space of any script, and what has no width at all.
static bool is_blank(Str text)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t letter = utf8_next(text, &at);
        bool invisible = (letter >= 0x200B && letter <= 0x200F) || letter == 0x2060 || letter == 0xFEFF;
        if (!invisible && !space_is(letter)) return false;
    }
    return true;
}

static bool check_turns(const Conversation *c, const Form *form, Finding *why)
{
    if (c->n_turns == 0) return finding_set(why, FINDING_EMPTY, "no turn");
    for (size_t i = 0; i < c->n_turns; i++) {
        unsigned who = c->turns[i].participant;
        if (who >= form->n_participants) return finding_set(why, FINDING_PARTICIPANT, "turn %zu: unknown participant", i + 1);
        if (is_blank(c->turns[i].text))
            return finding_set(why, FINDING_EMPTY_TURN, "turn %zu (%.*s) is empty", i + 1, STR_ARG(form->participants[who].name)) ||
                   finding_at(why, i + 1);
    }
    return true;
}

static bool check_order(const Conversation *c, const Form *form, Finding *why)
{
    const Participant *who = form->participants;
    unsigned first = c->turns[0].participant, last = c->turns[c->n_turns - 1].participant;
    if (form->first != ANYONE && first != (unsigned)form->first)
        return finding_set(why, FINDING_FIRST, "%.*s speaks first, not %.*s", STR_ARG(who[first].name), STR_ARG(who[form->first].name)) ||
               finding_at(why, 1);
    for (size_t i = 1; form->alternate && i < c->n_turns; i++)
        if (c->turns[i].participant == c->turns[i - 1].participant)
            return finding_set(why, FINDING_ALTERNATE, "turn %zu: %.*s speaks twice in a row", i + 1,
                               STR_ARG(who[c->turns[i].participant].name)) ||
                   finding_at(why, i + 1);
    if (form->last != ANYONE && last != (unsigned)form->last)
        return finding_set(why, FINDING_LAST, "%.*s speaks last, not %.*s", STR_ARG(who[last].name), STR_ARG(who[form->last].name)) ||
               finding_at(why, c->n_turns);
    unsigned exchanges = form_exchanges(form, c->n_turns);
    if (exchanges > form->max_exchanges)
        return finding_set(why, FINDING_EXCHANGES, "%u exchanges, at most %u", exchanges, form->max_exchanges);
    return true;
}

// ---- labels -------------------------------------------------------------------------------------

static bool check_label(const AskedLabel *label, Str value, bool may_miss, size_t turn, Finding *why)
{
    char where[32] = "";
    if (turn) snprintf(where, sizeof where, "turn %zu: ", turn);
    if (!value.ptr)
        return may_miss || finding_set(why, FINDING_LABEL, "%slabel \"%.*s\" is missing", where, STR_ARG(label->name));
    for (size_t i = 0; i < label->n_of; i++)
        if (str_eq(label->of[i], value)) return true;
    return finding_set(why, FINDING_LABEL, "%slabel \"%.*s\" is \"%.*s\", which is not offered", where, STR_ARG(label->name),
                       STR_ARG(utf8_cut(value, 60)));
}

static bool check_labels(const Conversation *c, const Form *form, bool may_miss, Finding *why)
{
    for (size_t i = 0; i < form->n_labels; i++)
        if (!check_label(&form->labels[i], c->labels[i], may_miss, 0, why)) return false;
    for (size_t t = 0; form->n_turn_labels && t < c->n_turns; t++)
        for (size_t i = 0; i < form->n_turn_labels; i++) {
            const AskedLabel *label = &form->turn_labels[i];
            if (label_is_of(label, c->turns[t].participant) && !check_label(label, c->turns[t].labels[i], may_miss, t + 1, why))
                return finding_at(why, t + 1);
        }
    return true;
}

// ---- placeholders -------------------------------------------------------------------------------

static bool is_name_start(char c) { return str_is_alpha(c) || c == '_'; }

// End of one part of a name that begins at `at`; `at` itself where none does.
static size_t part_end(Str s, size_t at, bool first)
{
    size_t i = at;
    if (i >= s.len) return at;
    if (is_name_start(s.ptr[i])) {
        while (i < s.len && (is_name_start(s.ptr[i]) || str_is_digit(s.ptr[i]) || s.ptr[i] == '-')) i++;
    } else if (!first) {
        while (i < s.len && str_is_digit(s.ptr[i])) i++;
    }
    return i;
}

// The name between a brace at `at` and its closing one, by the contract's syntax; absent: none.
static Str name_in_braces(Str s, size_t at)
{
    for (size_t from = at + 1, i = from;;) {
        size_t end = part_end(s, i, i == from);
        if (end == i || end >= s.len) return (Str){0};
        if (s.ptr[end] == '}') return str_slice(s, from, end);
        if (s.ptr[end] != '.') return (Str){0};
        i = end + 1;
    }
}

Str placeholder_left(Str text, bool (*is_placeholder)(void *self, Str name), void *self)
{
    for (size_t at = 0; at < text.len; at++) {
        size_t brace = str_find_char(str_slice(text, at, text.len), '{');
        if (brace == STR_NONE) break;
        at += brace;
        Str name = name_in_braces(text, at);
        if (name.ptr && is_placeholder(self, name)) return name;
    }
    return (Str){0};
}

static bool check_placeholders(const Conversation *c, const CheckContext *context, Finding *why)
{
    for (size_t i = 0; context->is_placeholder && i < c->n_turns; i++) {
        Str name = placeholder_left(c->turns[i].text, context->is_placeholder, context->self);
        if (name.ptr)
            return finding_set(why, FINDING_PLACEHOLDER, "turn %zu: {%.*s} is left over", i + 1, STR_ARG(name)) || finding_at(why, i + 1);
    }
    return true;
}

// ---- leaks --------------------------------------------------------------------------------------

static bool check_leaks(const Conversation *c, const CheckContext *context, Arena *scratch, Finding *why)
{
    bool any = context->prompts && context->prompts->n;
    for (size_t i = 0; i < context->n_examples && !any; i++) any = context->examples[i]->n > 0;
    if (!any) return true;
    size_t n = context->n_passages + context->n_drawn;
    // passages, drawn values, the user prompt: the first two may come from the prompts' words, the
    // passages and the user prompt (which asked for them) from an example's.
    Str *allowed = arena_new(scratch, Str, n + context->n_asked);
    if (context->n_drawn) memcpy(allowed, context->drawn, context->n_drawn * sizeof *allowed);
    Str *passages = allowed + context->n_drawn;
    if (context->n_passages) memcpy(passages, context->passages, context->n_passages * sizeof *allowed);
    if (context->n_asked) memcpy(passages + context->n_passages, context->asked, context->n_asked * sizeof *allowed);
    for (size_t t = 0; t < c->n_turns; t++) {
        LeakWords words = leak_words(c->turns[t].text, scratch);
        Str run = leak_find(&context->prompts, context->prompts ? 1 : 0, &words, allowed, n, scratch);
        if (run.ptr) return finding_set(why, FINDING_PROMPT_LEAK, "turn %zu repeats the prompt: \"%.*s\"", t + 1, STR_ARG(run));
        run = leak_find(context->examples, context->n_examples, &words, passages, context->n_passages + context->n_asked, scratch);
        if (run.ptr) return finding_set(why, FINDING_EXAMPLE_LEAK, "turn %zu repeats an example: \"%.*s\"", t + 1, STR_ARG(run));
    }
    return true;
}
