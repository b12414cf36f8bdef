// SPDX-License-Identifier: Apache-2.0
#include "project/examples.h"

#include "conversation/names.h"
#include "conversation/transcript.h"

typedef struct Reader {
    Str text, file;
    const ExampleContext *context;
    Arena *arena;
    Problems *problems;
    bool ok;
} Reader;

static Error *fault(Reader *r, const TranscriptValue *value, const char *what, Str detail)
{
    Error *e = problems_new(r->problems, false, ERROR_PROJECT, "example", "%s \"%.*s\"", what, STR_ARG(str_slice(detail, 0, 200)));
    if (!r->problems->full) error_at(e, r->file, r->text, value->offset);
    r->ok = false;
    return e;
}

static bool is_one_of(const Str *list, size_t n, Str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i], s)) return true;
    return false;
}

static void unknown_value(Reader *r, const TranscriptValue *value, Str nearest, Str variable)
{
    char what[120];
    snprintf(what, sizeof what, "there is no %.*s", (int)(variable.len < 80 ? variable.len : 80), variable.ptr);
    Error *e = fault(r, value, what, value->value);
    if (nearest.len)
        error_hint(e, "write %.*s=%.*s", STR_ARG(variable), STR_ARG(nearest));
    else
        error_hint(e, "write a value that the project has, in quotes where it has spaces");
}

static bool check_listed(Reader *r, const TranscriptValue *value, const Str *list, size_t n)
{
    if (is_one_of(list, n, value->value)) return true;
    unknown_value(r, value, str_nearest(value->value, list, n), value->name);
    return false;
}

static bool check_style(Reader *r, const TranscriptValue *value, uint32_t *index)
{
    const Styles *styles = r->context->styles;
    int64_t found = styles_find(styles, value->value);
    *index = (uint32_t)found;
    if (found >= 0) return true;
    Str *names = arena_new(r->arena, Str, styles->n + 1);
    for (size_t i = 0; i < styles->n; i++) names[i] = styles->items[i].name;
    unknown_value(r, value, str_nearest(value->value, names, styles->n), value->name);
    return false;
}

static bool check_injection(Reader *r, const TranscriptValue *value, const Injection *in, uint32_t *index)
{
    int64_t found = injection_find(in, value->value);
    *index = (uint32_t)found;
    if (found >= 0) return true;
    if (in->faulty) return false;
    Str *labels = arena_new(r->arena, Str, in->n + 1);
    for (size_t i = 0; i < in->n; i++) labels[i] = in->values[i].label;
    unknown_value(r, value, str_nearest(value->value, labels, in->n), value->name);
    return false;
}

static bool check_value(Reader *r, const TranscriptValue *value, Variable variable, uint32_t *index)
{
    const ExampleContext *c = r->context;
    switch (variable.kind) {
    case VARIABLE_TOPIC: return check_listed(r, value, c->topics, c->n_topics);
    case VARIABLE_DOCUMENT: return check_listed(r, value, c->documents, c->n_documents);
    case VARIABLE_TEMPLATE: return check_style(r, value, index);
    case VARIABLE_INJECTION: return check_injection(r, value, &c->injections->items[variable.index], index);
    }
    return false;
}

static void unknown_name(Reader *r, const TranscriptValue *value, Str nearest)
{
    const Form *form = &r->context->format->form;
    if (nearest.len == 0) {
        Str *names = arena_new(r->arena, Str, form->n_labels + 1);
        for (size_t i = 0; i < form->n_labels; i++) names[i] = form->labels[i].name;
        nearest = str_nearest(value->name, names, form->n_labels);
    }
    Error *e = fault(r, value, "nothing is named", value->name);
    if (nearest.len)
        error_hint(e, "write %.*s=%.*s", STR_ARG(nearest), STR_ARG(value->value));
    else
        error_hint(e, "write topic, document, template, the name of an injection or of a label that is asked");
}

static void read_values(Reader *r, const Transcript *transcript, Example *out)
{
    const Form *form = &r->context->format->form;
    out->values = arena_new(r->arena, ExampleValue, transcript->n_values + 1);
    for (size_t i = 0; i < transcript->n_values; i++) {
        const TranscriptValue *value = &transcript->values[i];
        Variable variable;
        Str nearest;
        bool is_variable = names_find_variable(r->context->names, value->name, &variable, &nearest);
        uint32_t index = 0;
        if (is_variable && check_value(r, value, variable, &index))
            out->values[out->n_values++] = (ExampleValue){variable, value->value, index};
        else if (!is_variable && label_find(form->labels, form->n_labels, value->name) == NOBODY)
            unknown_name(r, value, nearest);
    }
}

static bool is_placeholder(void *self, Str name)
{
    Ref ref;
    return names_find(self, SCOPE_PROMPT | SCOPE_RECORD | SCOPE_TURN, name, &ref, NULL);
}

bool examples_read(Str text, Str file, const ExampleContext *context, Arena *a, Examples *out, Problems *problems)
{
    *out = (Examples){0};
    Reader r = {text, file, context, a, problems, true};
    Form form = context->format->form;
    form.max_exchanges = context->max_exchanges ? context->max_exchanges : EXCHANGES_MAX;
    CheckContext check = {.is_placeholder = is_placeholder, .self = (void *)(uintptr_t)context->names, .handwritten = true};
    Transcripts transcripts;
    bool read = transcripts_read(text, file, &form, &check, a, &transcripts, problems);
    if (transcripts.n > EXAMPLES_MAX) {
        Error *e = problems_new(problems, false, ERROR_PROJECT, "example", "%zu examples", transcripts.n);
        error_at_file(e, file);
        error_hint(e, "keep at most %d", EXAMPLES_MAX);
        return false;
    }
    out->items = arena_new(a, Example, transcripts.n + 1);
    for (size_t i = 0; i < transcripts.n; i++) {
        const Transcript *transcript = &transcripts.items[i];
        Example *example = &out->items[out->n++];
        *example = (Example){.number = (unsigned)out->n, .conversation = transcript->conversation, .line = transcript->line};
        example->partition = partition_of_example(context->partitions, example->number);
        read_values(&r, transcript, example);
    }
    return read && r.ok;
}

const ExampleValue *example_value(const Example *example, Variable variable)
{
    for (size_t i = 0; i < example->n_values; i++) {
        const ExampleValue *value = &example->values[i];
        if (value->variable.kind == variable.kind && value->variable.index == variable.index) return value;
    }
    return NULL;
}
