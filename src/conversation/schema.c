// SPDX-License-Identifier: Apache-2.0
#include "conversation/schema.h"

#include "base/json.h"
#include "conversation/names.h"
#include "conversation/shape.h"

static void add_exchange(Buf *b, const Form *form, const SchemaLimits *limits);
static void add_turn(Buf *b, const Form *form, const AnswerShape *shape, const SchemaLimits *limits);
static void add_label(Buf *b, const AskedLabel *label);

// {"type":"object","properties":{ … },"required":[ … ],"additionalProperties":false} around
// properties that are added one by one.
typedef struct ObjectSchema {
    Buf *b;
    Str names[3];            // of the properties before the labels
    size_t n_names;
} ObjectSchema;

static ObjectSchema object_open(Buf *b)
{
    buf_add(b, S("{\"type\":\"object\",\"properties\":{"));
    return (ObjectSchema){.b = b};
}

// The caller adds the property's schema behind this.
static void object_property(ObjectSchema *o, Str name)
{
    if (o->n_names) buf_add_char(o->b, ',');
    json_write_string(o->b, name);
    buf_add_char(o->b, ':');
    o->names[o->n_names++] = name;
}

static bool has_label(const AskedLabel *label, int participant)
{
    return participant == ANYONE || label_is_of(label, (unsigned)participant);
}

// Adds the labels that this participant's turns have (ANYONE: all) and ends the object.
static void object_close(ObjectSchema *o, const AskedLabel *labels, size_t n, int participant)
{
    Buf *b = o->b;
    for (size_t i = 0; i < n; i++) {
        if (!has_label(&labels[i], participant)) continue;
        buf_add_char(b, ',');
        json_write_string(b, labels[i].name);
        buf_add_char(b, ':');
        add_label(b, &labels[i]);
    }
    buf_add(b, S("},\"required\":["));
    for (size_t i = 0; i < o->n_names; i++) {
        if (i) buf_add_char(b, ',');
        json_write_string(b, o->names[i]);
    }
    for (size_t i = 0; i < n; i++) {
        if (!has_label(&labels[i], participant)) continue;
        buf_add_char(b, ',');
        json_write_string(b, labels[i].name);
    }
    buf_add(b, S("],\"additionalProperties\":false}"));
}

Str form_schema(const Form *form, unsigned exchanges, const SchemaLimits *limits, Arena *a)
{
    static const SchemaLimits none = {0};
    if (!limits) limits = &none;
    AnswerShape shape = form_shape(form);
    TurnRange range = shape.exchanges ? (TurnRange){exchanges, exchanges} : form_turns(form, exchanges);
    Buf b = {0};
    ObjectSchema root = object_open(&b);
    object_property(&root, shape.list);
    buf_add(&b, S("{\"type\":\"array\",\"items\":"));
    if (shape.exchanges)
        add_exchange(&b, form, limits);
    else
        add_turn(&b, form, &shape, limits);
    if (!limits->no_counts) buf_printf(&b, ",\"minItems\":%zu,\"maxItems\":%zu", range.min, range.max);
    buf_add_char(&b, '}');
    object_close(&root, form->labels, form->n_labels, ANYONE);
    Str schema = arena_str(a, buf_str(&b));
    buf_free(&b);
    return schema;
}

static void add_text(Buf *b, const SchemaLimits *limits)
{
    buf_add(b, S("{\"type\":\"string\""));
    if (limits->min_text) buf_printf(b, ",\"minLength\":%u", limits->min_text);
    if (limits->max_text) buf_printf(b, ",\"maxLength\":%u", limits->max_text);
    if (limits->pattern.len) {
        buf_add(b, S(",\"pattern\":"));
        json_write_string(b, limits->pattern);
    }
    buf_add_char(b, '}');
}

static void add_exchange(Buf *b, const Form *form, const SchemaLimits *limits)
{
    ObjectSchema exchange = object_open(b);
    for (size_t i = 0; i < 2; i++) {
        object_property(&exchange, form->participants[i].name);
        add_text(b, limits);
    }
    object_close(&exchange, NULL, 0, ANYONE);
}

// One participant's turn, or with ANYONE everybody's.
static void add_turn_of(Buf *b, const Form *form, const AnswerShape *shape, const SchemaLimits *limits, int participant)
{
    ObjectSchema turn = object_open(b);
    object_property(&turn, shape->speaker);
    buf_add(b, S("{\"type\":\"string\",\"enum\":["));
    for (size_t i = 0; i < form->n_participants; i++) {
        if (participant != ANYONE && i != (size_t)participant) continue;
        if (participant == ANYONE && i) buf_add_char(b, ',');
        json_write_string(b, form->participants[i].name);
    }
    buf_add(b, S("]}"));
    object_property(&turn, shape->text);
    add_text(b, limits);
    object_close(&turn, form->turn_labels, form->n_turn_labels, participant);
}

// Where a label belongs to one participant, each participant's turns have their own schema.
static void add_turn(Buf *b, const Form *form, const AnswerShape *shape, const SchemaLimits *limits)
{
    bool differ = false;
    for (size_t i = 0; i < form->n_turn_labels; i++) differ |= form->turn_labels[i].participant != ANYONE;
    if (!differ) {
        add_turn_of(b, form, shape, limits, ANYONE);
        return;
    }
    buf_add(b, S("{\"anyOf\":["));
    for (size_t i = 0; i < form->n_participants; i++) {
        if (i) buf_add_char(b, ',');
        add_turn_of(b, form, shape, limits, (int)i);
    }
    buf_add(b, S("]}"));
}

static void add_label(Buf *b, const AskedLabel *label)
{
    buf_add(b, S("{\"type\":\"string\""));
    if (label->about.len) {
        buf_add(b, S(",\"description\":"));
        json_write_string(b, label->about);
    }
    buf_add(b, S(",\"enum\":["));
    for (size_t i = 0; i < label->n_of; i++) {
        if (i) buf_add_char(b, ',');
        json_write_string(b, label->of[i]);
    }
    buf_add(b, S("]}"));
}
