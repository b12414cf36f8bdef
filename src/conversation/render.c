// SPDX-License-Identifier: Apache-2.0
#include "conversation/render.h"

#include "base/json.h"
#include "conversation/shape.h"

static void add_labels(Buf *b, const AskedLabel *labels, size_t n, const Str *values)
{
    for (size_t i = 0; values && i < n; i++) {
        if (!values[i].ptr) continue;
        buf_add_char(b, ',');
        json_write_string(b, labels[i].name);
        buf_add_char(b, ':');
        json_write_string(b, values[i]);
    }
}

// A turn as a member of its exchange. A new exchange begins where nobody's turn is left in the open one.
static void add_to_exchange(Buf *b, const Form *form, const Conversation *c, size_t i)
{
    bool begins = i == 0 || c->turns[i].participant <= c->turns[i - 1].participant;
    if (begins && i) buf_add(b, S("},"));
    buf_add_char(b, begins ? '{' : ',');
    json_write_string(b, form->participants[c->turns[i].participant].name);
    buf_add_char(b, ':');
    json_write_string(b, c->turns[i].text);
    if (i + 1 == c->n_turns) buf_add_char(b, '}');
}

static void add_turn(Buf *b, const Form *form, const AnswerShape *shape, const Turn *turn)
{
    buf_add_char(b, '{');
    json_write_string(b, shape->speaker);
    buf_add_char(b, ':');
    json_write_string(b, form->participants[turn->participant].name);
    buf_add_char(b, ',');
    json_write_string(b, shape->text);
    buf_add_char(b, ':');
    json_write_string(b, turn->text);
    add_labels(b, form->turn_labels, form->n_turn_labels, turn->labels);
    buf_add_char(b, '}');
}

static Str take(Buf *b, Arena *a)
{
    Str text = arena_str(a, buf_str(b));
    buf_free(b);
    return text;
}

Str conversation_as_answer(const Conversation *c, const Form *form, Arena *a)
{
    AnswerShape shape = form_shape(form);
    Buf b = {0};
    buf_add_char(&b, '{');
    json_write_string(&b, shape.list);
    buf_add(&b, S(":["));
    for (size_t i = 0; i < c->n_turns; i++) {
        if (shape.exchanges) {
            add_to_exchange(&b, form, c, i);
            continue;
        }
        if (i) buf_add_char(&b, ',');
        add_turn(&b, form, &shape, &c->turns[i]);
    }
    buf_add_char(&b, ']');
    add_labels(&b, form->labels, form->n_labels, c->labels);
    buf_add_char(&b, '}');
    return take(&b, a);
}

Str conversation_transcript(const Conversation *c, const Form *form, Arena *a)
{
    Buf b = {0};
    for (size_t i = 0; i < c->n_turns; i++) {
        if (i) buf_add_char(&b, '\n');
        buf_add(&b, form->participants[c->turns[i].participant].name);
        buf_add(&b, S(": "));
        buf_add(&b, c->turns[i].text);
    }
    return take(&b, a);
}

Str conversation_normal_text(const Conversation *c, Arena *a)
{
    Buf b = {0};
    for (size_t i = 0; i < c->n_turns; i++) {
        if (i) buf_add_char(&b, '\n');
        buf_add(&b, c->turns[i].text);
    }
    return take(&b, a);
}
