// SPDX-License-Identifier: Apache-2.0
//
// What only shows when every part is read (project_parts.h).
#include "conversation/names.h"
#include "project/project_parts.h"

// ---- parts that no prompt mentions --------------------------------------------------------------

typedef struct NameList {
    char text[300];
    size_t n;
} NameList;

static void add_name(NameList *list, Str name)
{
    size_t at = strlen(list->text);
    snprintf(list->text + at, sizeof list->text - at, "%s{%.*s}", list->n++ ? ", " : "", STR_ARG(name));
}

static void warn_unused(const NameList *list, Problems *problems, const char *why, const char *hint)
{
    if (list->n == 0) return;
    error_hint(problems_new(problems, true, ERROR_PROJECT, "unused", "the prompts mention none of %s%s", list->text, why), "%s", hint);
}

void project_check_mentions(const Project *project, Problems *problems)
{
    const Reach *reach = &project->reach;
    bool as_turns = project->drawing.examples_as == EXAMPLES_AS_TURNS;
    NameList list = {.n = 0};
    if (project->styles.n && !reach->told_template) add_name(&list, S("template"));
    if (project->knowledge->n_chunks && !reach->passage) add_name(&list, S("knowledge"));
    if (project->examples.n && !reach->examples && !as_turns && project->drawing.examples_in_prompt)
        add_name(&list, S("examples"));
    if (project->format.n_flows && !reach->flow) add_name(&list, S("flow"));
    for (size_t i = 0; i < project->injections.n; i++)
        if (!reach->injections[i]) add_name(&list, project->injections.items[i].name);
    warn_unused(&list, problems, list.n == 1 ? ", though the project has it" : ", though the project has them",
                "what is not mentioned is not drawn; mention it where the model is to know it");
    if (reach->examples && as_turns)
        error_hint(problems_new(problems, true, ERROR_PROJECT, "unused", "{examples} stays empty"),
                   "config/drawing.json sends examples as turns: take the placeholder out, or write \"as\": \"text\"");
}

// ---- examples that lack what is asked -----------------------------------------------------------

static bool lacks_turn_label(const Conversation *c, const Form *form, size_t label)
{
    for (size_t t = 0; t < c->n_turns; t++)
        if (label_is_of(&form->turn_labels[label], c->turns[t].participant) && !c->turns[t].labels[label].ptr) return true;
    return false;
}

static void warn_lacking(const Project *project, const AskedLabel *label, size_t lacking, bool of_turn, Problems *problems)
{
    if (lacking == 0) return;
    Error *e = problems_new(problems, true, ERROR_PROJECT, "example", "%zu of %zu examples lack%s the label \"%.*s\"", lacking,
                            project->examples.n, lacking == 1 ? "s" : "", STR_ARG(label->name));
    error_at_file(e, S("examples/examples.txt"));
    error_hint(e, "shown to the model they teach it to leave that out: write %s[%.*s=…]%s",
               of_turn ? "`Name " : "", STR_ARG(label->name), of_turn ? ": text`" : " into the example's first line");
}

void project_check_examples(const Project *project, Problems *problems)
{
    const Examples *examples = &project->examples;
    const Form *form = &project->format.form;
    bool shown = project->reach.examples || project->drawing.examples_as == EXAMPLES_AS_TURNS;
    if (!shown || project->drawing.examples_in_prompt == 0) return;
    for (size_t l = 0; l < form->n_labels; l++) {
        size_t lacking = 0;
        for (size_t i = 0; i < examples->n; i++) lacking += !examples->items[i].conversation.labels[l].ptr;
        warn_lacking(project, &form->labels[l], lacking, false, problems);
    }
    for (size_t l = 0; l < form->n_turn_labels; l++) {
        size_t lacking = 0;
        for (size_t i = 0; i < examples->n; i++) lacking += lacks_turn_label(&examples->items[i].conversation, form, l);
        warn_lacking(project, &form->turn_labels[l], lacking, true, problems);
    }
}

// ---- records ------------------------------------------------------------------------------------

typedef struct RecordCheck {
    const Project *project;
    Arena *arena;
    Problems *problems;
} RecordCheck;

typedef enum Told { TOLD, TOLD_NOT_DRAWN, TOLD_NEVER } Told;

static Told one_of(bool told, bool drawn) { return told ? TOLD : drawn ? TOLD_NEVER : TOLD_NOT_DRAWN; }

static Told is_told(const Project *project, Ref ref)
{
    const Reach *reach = &project->reach;
    bool as_turns = project->drawing.examples_as == EXAMPLES_AS_TURNS;
    if (!ref_drawn(ref)) return TOLD;
    switch (ref.id) {
    case NAME_TOPIC: return one_of(reach->told_topic, reach->topic);
    case NAME_DOCUMENT: case NAME_DOCUMENT_SHA256: return one_of(reach->document && reach->told_topic, reach->document);
    case NAME_TEMPLATE: case NAME_TEMPLATE_NAME: return one_of(reach->told_template, reach->template);
    case NAME_FLOW: return one_of(reach->flow, reach->flow);
    case NAME_EXAMPLES: case NAME_EXAMPLES_IDS: return one_of(reach->examples || as_turns, true);
    case NAME_INJECTION: case NAME_INJECTION_LABEL: case NAME_INJECTION_COLUMN:
        return one_of(reach->told[ref.index], reach->injections[ref.index]);
    default: return one_of(reach->passage, reach->passage);
    }
}

static void warn_untold(void *ctx, const Template *t, const Segment *s)
{
    RecordCheck *c = ctx;
    Told told = is_told(c->project, s->ref);
    if (told == TOLD || !t->origin.file.len) return;
    Str name = ref_name(&c->project->names, s->ref, c->arena);
    Error *e = problems_new(c->problems, true, ERROR_PROJECT, "untold", "the record shows {%.*s}, which the model is never told",
                            STR_ARG(name));
    error_at_origin(e, &t->origin, s->at);
    if (told == TOLD_NOT_DRAWN)
        error_hint(e, "it is not drawn and stays null; mention it in a prompt, or leave it out here");
    else
        error_hint(e, "mention it in a prompt, or leave it out here");
}

// The kind of JSON value, as one letter; 0: null.
static char kind_of(const Value *value)
{
    if (value->kind == VALUE_NULL) return 0;
    if (value->kind != VALUE_JSON || value->text.len == 0) return 's';
    char c = value->text.ptr[0];
    return c == '-' || str_is_digit(c) ? 'n' : c == 't' || c == 'f' ? 'b' : c;
}

static bool is_mixed(const Project *project, Ref ref)
{
    if (ref.id == NAME_PARAM) return project->parameters.items[ref.index].type == TYPE_MIXED;
    if (ref.id != NAME_INJECTION) return false;
    const Injection *in = &project->injections.items[ref.index];
    char seen = 0;
    for (size_t i = 0; i < in->n; i++) {
        char kind = kind_of(&in->values[i].value);
        if (seen && kind && kind != seen) return true;
        if (kind) seen = kind;
    }
    return false;
}

static void check_type(RecordCheck *c, const Template *t)
{
    Ref ref;
    if (!template_single(t, &ref) || !is_mixed(c->project, ref)) return;
    Str name = ref_name(&c->project->names, ref, c->arena);
    Error *e = problems_new(c->problems, false, ERROR_PROJECT, "types", "{%.*s} has values of several types, and the record shows it",
                            STR_ARG(name));
    if (t->origin.file.len)
        error_at_origin(e, &t->origin, t->segments[0].at);
    else
        error_at_file(e, ref.id == NAME_PARAM ? c->project->parameters.file : c->project->injections.items[ref.index].file);
    error_hint(e, "write all of them as strings, or all as numbers, or show it inside of other text");
}

static void check_types(RecordCheck *c, const RecordNode *node)
{
    if (node->kind == RECORD_VALUE) check_type(c, &node->text);
    for (size_t i = 0; i < node->n; i++) check_types(c, &node->children[i]);
}

static void see_template(RecordCheck *c, const Template *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->segments[i].ref.id != NAME_NONE) warn_untold(c, t, &t->segments[i]);
}

void project_check_record(const Project *project, Arena *a, Problems *problems)
{
    RecordCheck c = {project, a, problems};
    const OutputFormat *format = &project->format;
    record_refs(&format->record, warn_untold, &c);
    record_refs(&format->csv, warn_untold, &c);
    see_template(&c, &format->system);
    check_types(&c, &format->record);
    for (size_t i = 0; i < format->n_labels; i++) {
        see_template(&c, &format->labels[i].drawn);
        check_type(&c, &format->labels[i].drawn);
    }
    for (size_t i = 0; i < format->n_turn_labels; i++) {
        see_template(&c, &format->turn_labels[i].drawn);
        check_type(&c, &format->turn_labels[i].drawn);
    }
}
