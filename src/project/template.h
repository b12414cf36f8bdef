// SPDX-License-Identifier: Apache-2.0
//
// A text with placeholders, compiled once into literal pieces and Refs, and filled for each
// conversation. `{{name}}` is a literal `{name}`; a brace that opens no name stays as it is.
//
// Values may be templates again (a style, an injection value, a flow's stage): they are filled
// with the same ValueSource, at most TEMPLATE_DEPTH deep. Whatever else a value holds (a passage,
// an example, a model's answer) is appended byte for byte and never looked at.
#ifndef CONFAB_PROJECT_TEMPLATE_H
#define CONFAB_PROJECT_TEMPLATE_H

#include "base/buf.h"
#include "project/names.h"
#include "project/origin.h"

enum { TEMPLATE_DEPTH = 8 };

typedef struct Segment {
    Str text;      // literal text; of a placeholder, as written with its braces
    Ref ref;       // NAME_NONE: literal
    size_t at;     // byte offset in `source`
} Segment;

typedef struct Template {
    Str source;                // as written
    const Segment *segments;
    size_t n;
    Origin origin;             // where it was written, for errors that are found later
} Template;

typedef enum ValueKind {
    VALUE_NULL,      // nothing in mixed text
    VALUE_TEXT,      // text, as it is
    VALUE_JSON,      // a number, true, false, an array or an object as compact JSON
    VALUE_TEMPLATE,  // text with placeholders of its own
} ValueKind;

typedef struct Value {
    ValueKind kind;
    Str text;                  // of VALUE_TEXT and VALUE_JSON
    const Template *template;  // of VALUE_TEMPLATE
} Value;

// Gives the value of a Ref, which stays valid until the expansion ends. False: there is no such
// value here, which is a fault of the caller (code "internal").
typedef struct ValueSource {
    bool (*value)(void *ctx, Ref ref, Value *out);
    void *ctx;
} ValueSource;

// Compiles `source`. Every placeholder that is unknown, or not of `scopes`, is reported with its
// place and becomes literal text. Segments are in `a`, texts point into `source`.
// False when anything was reported.
bool template_compile(Str source, const Origin *origin, const Names *names, unsigned scopes, Arena *a, Template *out,
                      Problems *problems);

// Calls `see` with each name in braces as template_compile would read it, known or not, until it
// returns true. Returns whether it did.
bool template_scan(Str source, bool (*see)(void *ctx, Str name), void *ctx);

// A text that is taken literally, whatever braces it holds.
Template template_literal(Str text, Arena *a);

// Appends the filled text. False when values nest deeper than TEMPLATE_DEPTH, the buffer is full
// (give it a ceiling: values that mention values grow by powers), or the source has no value.
bool template_expand(const Template *t, const ValueSource *source, Buf *out, Error *e);

// Appends one value as text, filled where it is a template.
bool value_expand(const Value *value, const ValueSource *source, Buf *out, Error *e);

bool template_mentions(const Template *t, NameId id);  // itself, not through values
static inline bool template_is_literal(const Template *t)
{
    return t->n == 0 || (t->n == 1 && t->segments[0].ref.id == NAME_NONE);
}

// Whether the text is exactly one placeholder, so that a record keeps its value's type.
bool template_single(const Template *t, Ref *out);

// A text as the cheapest Value that fills alike: VALUE_TEXT where it has no placeholder.
Value value_from_template(const Template *t);

#endif
