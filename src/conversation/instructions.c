// SPDX-License-Identifier: Apache-2.0
#include "conversation/instructions.h"

#include "base/json.h"
#include "conversation/shape.h"

static void add_sketch(Buf *b, const Form *form, const AnswerShape *shape);
static void add_rules(Buf *b, const Form *form, const AnswerShape *shape, unsigned exchanges);
static void add_label_notes(Buf *b, const Form *form, const AskedLabel *labels, size_t n);

Str form_instructions(const Form *form, unsigned exchanges, Arena *a)
{
    AnswerShape shape = form_shape(form);
    Buf b = {0};
    buf_add(&b, S("Answer with JSON only, in this form:\n"));
    add_sketch(&b, form, &shape);
    add_rules(&b, form, &shape, exchanges);
    add_label_notes(&b, form, form->labels, form->n_labels);
    add_label_notes(&b, form, form->turn_labels, form->n_turn_labels);
    Str text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

Str form_participants(const Form *form, Arena *a)
{
    Buf b = {0};
    for (size_t i = 0; i < form->n_participants; i++) {
        if (i) buf_add(&b, i + 1 == form->n_participants ? S(" and ") : S(", "));
        buf_add(&b, form->participants[i].name);
    }
    Str text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

static void add_values(Buf *b, const AskedLabel *label)
{
    buf_add(b, S(", "));
    json_write_string(b, label->name);
    buf_add(b, S(": "));
    for (size_t i = 0; i < label->n_of; i++) {
        if (i) buf_add(b, S(" | "));
        json_write_string(b, label->of[i]);
    }
}

static void add_sketch(Buf *b, const Form *form, const AnswerShape *shape)
{
    buf_add_char(b, '{');
    json_write_string(b, shape->list);
    buf_add(b, S(": [{"));
    if (!shape->exchanges) {
        json_write_string(b, shape->speaker);
        buf_add(b, S(": "));
    }
    for (size_t i = 0; i < form->n_participants; i++) {
        if (i) buf_add(b, shape->exchanges ? S(", ") : S(" | "));
        json_write_string(b, form->participants[i].name);
        if (shape->exchanges) buf_add(b, S(": string"));
    }
    if (!shape->exchanges) {
        buf_add(b, S(", "));
        json_write_string(b, shape->text);
        buf_add(b, S(": string"));
        for (size_t i = 0; i < form->n_turn_labels; i++) add_values(b, &form->turn_labels[i]);
    }
    buf_add(b, S("}, ...]"));
    for (size_t i = 0; i < form->n_labels; i++) add_values(b, &form->labels[i]);
    buf_add(b, S("}\n"));
}

static void add_count(Buf *b, size_t n, const char *what)
{
    buf_printf(b, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static void add_rules(Buf *b, const Form *form, const AnswerShape *shape, unsigned exchanges)
{
    const Participant *who = form->participants;
    buf_add(b, S("The conversation has exactly "));
    add_count(b, exchanges, "exchange");
    if (shape->exchanges) {
        buf_printf(b, "; in %s %.*s speaks, then %.*s answers.", exchanges == 1 ? "it" : "each",
                   STR_ARG(who[0].name), STR_ARG(who[1].name));
        return;
    }
    TurnRange range = form_turns(form, exchanges);
    buf_add(b, S(", which is "));
    if (range.min != range.max) buf_printf(b, "%zu to ", range.min);
    add_count(b, range.max, "turn");
    buf_add_char(b, '.');
    if (form->first != ANYONE) buf_printf(b, " %.*s speaks first.", STR_ARG(who[form->first].name));
    if (form->last != ANYONE) buf_printf(b, " %.*s speaks last.", STR_ARG(who[form->last].name));
    if (form->alternate) buf_add(b, S(" Nobody speaks twice in a row."));
}

// What a label means, and whose turns have it.
static void add_label_notes(Buf *b, const Form *form, const AskedLabel *labels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool bound = labels[i].participant != ANYONE;
        if (!labels[i].about.len && !bound) continue;
        buf_add_char(b, '\n');
        json_write_string(b, labels[i].name);
        if (bound) buf_printf(b, " (only in turns of %.*s)", STR_ARG(form->participants[labels[i].participant].name));
        if (labels[i].about.len) {
            buf_add(b, S(": "));
            buf_add(b, labels[i].about);
        }
        if (!str_ends(labels[i].about, S("."))) buf_add_char(b, '.');
    }
}
