// SPDX-License-Identifier: Apache-2.0
//
// Whether some value is left for every combination (when.h).
//
// For one variable V the others that decide about it are given values one after the other, in the
// order of drawing, so only combinations that can be drawn are looked at. A branch ends as soon as
// a value of V is certain to fit. Labels that no condition names behave alike, so of those only
// the first is tried.
#include "project/when.h"

typedef struct Search {
    const Injections *all;
    const Names *names;
    const WhenDomain *domain;
    const Injection *subject;     // V
    Variable *variables;          // what decides about V, in the order of drawing
    size_t n;
    Str *labels;                  // what each has in this branch; absent: not yet
    size_t steps;                 // labels compared, values looked at
} Search;

static size_t position(const Search *s, Variable variable)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->variables[i].kind == variable.kind && s->variables[i].index == variable.index) return i;
    return STR_NONE;
}

static bool condition_names(Search *s, const Condition *condition, Str label)
{
    s->steps += condition->n;
    for (size_t i = 0; i < condition->n; i++)
        if (str_eq(condition->values[i], label)) return true;
    return false;
}

typedef enum Fit { FIT_NOT, FIT_OPEN, FIT_CERTAIN } Fit;

static Fit fit(Search *s, const InjectionValue *value)
{
    Fit result = FIT_CERTAIN;
    for (uint32_t c = 0; c < value->n_when; c++) {
        size_t at = position(s, value->when[c].variable);
        Str label = at == STR_NONE ? (Str){0} : s->labels[at];
        if (!label.ptr)
            result = FIT_OPEN;
        else if (!condition_names(s, &value->when[c], label))
            return FIT_NOT;
    }
    return result;
}

static bool usable(const Search *s, const Injection *in, const InjectionValue *value)
{
    uint32_t index = (uint32_t)(in - s->all->items);
    return value->weight > 0 && partition_uses_value(s->domain->partitions, s->domain->partition, index, value->partition);
}

// The best fit of any value of `in` in this branch.
static Fit best_fit(Search *s, const Injection *in)
{
    Fit best = FIT_NOT;
    s->steps += in->n;
    for (size_t i = 0; i < in->n && best != FIT_CERTAIN; i++) {
        if (!usable(s, in, &in->values[i])) continue;
        Fit f = fit(s, &in->values[i]);
        if (f > best) best = f;
    }
    return best;
}

static bool named_by(Search *s, const Injection *in, Variable variable, Str label)
{
    s->steps += in->n;
    for (size_t i = 0; i < in->n; i++)
        for (uint32_t c = 0; c < in->values[i].n_when; c++) {
            const Condition *condition = &in->values[i].when[c];
            if (condition->variable.kind == variable.kind && condition->variable.index == variable.index &&
                condition_names(s, condition, label))
                return true;
        }
    return false;
}

// Whether any condition that matters for V names this label.
static bool is_named(Search *s, Variable variable, Str label)
{
    if (named_by(s, s->subject, variable, label)) return true;
    for (size_t i = 0; i < s->n; i++)
        if (s->variables[i].kind == VARIABLE_INJECTION &&
            named_by(s, &s->all->items[s->variables[i].index], variable, label))
            return true;
    return false;
}

static bool search(Search *s, size_t at);

typedef struct Tried {
    bool unnamed;  // a label that no condition names
    Str last;      // equal labels mostly stand together
} Tried;

// False where the branch with this label leaves V without a value.
static bool try_label(Search *s, size_t at, Str label, Tried *tried)
{
    if (tried->last.ptr && str_eq(tried->last, label)) return true;
    tried->last = label;
    if (!is_named(s, s->variables[at], label)) {
        if (tried->unnamed) return true;
        tried->unnamed = true;
    }
    if (s->steps > WHEN_STEPS_MAX) return true;
    s->labels[at] = label;
    bool ok = search(s, at + 1);
    if (ok) s->labels[at] = (Str){0};
    return ok;
}

static bool try_documents(Search *s, size_t at, bool topics)
{
    size_t topic_at = position(s, (Variable){VARIABLE_TOPIC, 0});
    Str topic = topics || topic_at == STR_NONE ? (Str){0} : s->labels[topic_at];
    Tried tried = {0};
    for (size_t i = 0; i < s->domain->n_documents; i++) {
        const WhenDocument *document = &s->domain->documents[i];
        if (topic.ptr && !str_eq(topic, document->topic)) continue;
        if (!try_label(s, at, topics ? document->topic : document->name, &tried)) return false;
    }
    return true;
}

static bool try_templates(Search *s, size_t at)
{
    Tried tried = {0};
    for (size_t i = 0; i < s->domain->n_templates; i++)
        if (!try_label(s, at, s->domain->templates[i], &tried)) return false;
    return true;
}

static bool try_values(Search *s, size_t at, const Injection *in)
{
    Tried tried = {0};
    for (size_t i = 0; i < in->n; i++) {
        const InjectionValue *value = &in->values[i];
        if (usable(s, in, value) && fit(s, value) == FIT_CERTAIN && !try_label(s, at, value->label, &tried)) return false;
    }
    return true;
}

static bool search(Search *s, size_t at)
{
    if (s->steps > WHEN_STEPS_MAX) return true;
    Fit best = best_fit(s, s->subject);
    if (best != FIT_OPEN) return best == FIT_CERTAIN;
    switch (s->variables[at].kind) {
    case VARIABLE_TOPIC: return try_documents(s, at, true);
    case VARIABLE_DOCUMENT: return try_documents(s, at, false);
    case VARIABLE_TEMPLATE: return try_templates(s, at);
    case VARIABLE_INJECTION: return try_values(s, at, &s->all->items[s->variables[at].index]);
    }
    return true;
}

// ---- one variable after the other ---------------------------------------------------------------

static void mark_needs(const Injections *all, const Injection *in, bool *needed, bool fixed[3])
{
    fixed[VARIABLE_TOPIC] |= in->needs_topic;
    fixed[VARIABLE_DOCUMENT] |= in->needs_document;
    fixed[VARIABLE_TEMPLATE] |= in->needs_template;
    for (size_t i = 0; i < in->n_needs; i++) {
        if (needed[in->needs[i]]) continue;
        needed[in->needs[i]] = true;
        mark_needs(all, &all->items[in->needs[i]], needed, fixed);
    }
}

static void find_variables(Search *s, Arena *scratch)
{
    bool *needed = arena_new(scratch, bool, s->all->n + 1), fixed[3] = {false, false, false};
    mark_needs(s->all, s->subject, needed, fixed);
    s->variables = arena_new(scratch, Variable, s->all->n + 3);
    s->labels = arena_new(scratch, Str, s->all->n + 3);
    for (int kind = VARIABLE_TOPIC; kind <= VARIABLE_TEMPLATE; kind++)
        if (fixed[kind]) s->variables[s->n++] = (Variable){(VariableKind)kind, 0};
    for (size_t i = 0; i < s->all->n; i++)
        if (needed[s->all->order[i]]) s->variables[s->n++] = (Variable){VARIABLE_INJECTION, s->all->order[i]};
}

static void report(const Search *s, bool warning, Problems *problems)
{
    char combination[300] = "";
    size_t at = 0;
    for (size_t i = 0; i < s->n && at < sizeof combination; i++) {
        if (!s->labels[i].ptr) continue;
        int more = snprintf(combination + at, sizeof combination - at, "%s%.*s is \"%.*s\"", at ? " and " : " where ",
                            STR_ARG(variable_name(s->names, s->variables[i])),
                            (int)(s->labels[i].len < 60 ? s->labels[i].len : 60), s->labels[i].ptr);
        at += more > 0 ? (size_t)more : 0;
    }
    Str partition = s->domain->partitions->items[s->domain->partition].name;
    bool train = s->domain->partition == PARTITION_TRAIN;
    Error *e = problems_new(problems, warning, ERROR_PROJECT, "when", "no value of %.*s is left%s%s%.*s",
                            STR_ARG(s->subject->name), combination, train ? "" : " in the partition ",
                            train ? 0 : (int)partition.len, partition.ptr);
    error_at_file(e, s->subject->file);
    error_hint(e, "add a value without \"when\", or one for this case");
}

bool when_check(const Injections *injections, const Names *names, const WhenDomain *domain, bool warning,
                Arena *scratch, Problems *problems)
{
    bool ok = true;
    for (size_t i = 0; i < injections->n; i++)
        if (injections->items[i].faulty) return true;  // what is missing may be what could not be read
    for (size_t i = 0; i < injections->n; i++) {
        Search s = {.all = injections, .names = names, .domain = domain, .subject = &injections->items[i]};
        if (!s.subject->conditional) continue;
        find_variables(&s, scratch);
        if (!search(&s, 0)) {
            report(&s, warning, problems);
            ok = false;
        } else if (s.steps > WHEN_STEPS_MAX) {
            Error *e = problems_new(problems, true, ERROR_PROJECT, "when",
                                    "too many combinations to know that one value of %.*s is always left",
                                    STR_ARG(s.subject->name));
            error_at_file(e, s.subject->file);
            error_hint(e, "add a value without \"when\"");
        }
    }
    return ok;
}
