// SPDX-License-Identifier: Apache-2.0
#include "project/when.h"

#include "base/json.h"

// ---- places -------------------------------------------------------------------------------------

enum { THE_VARIABLE = -1 };

// At the value's condition: at the variable's name, or at the value of that index.
static Error *when_problem(Problems *p, const Injection *in, const InjectionValue *value, const Condition *condition,
                           int64_t index, bool warning, const char *what)
{
    Error *e = problems_new(p, warning, ERROR_PROJECT, "when", "%s", what);
    if (p->full) return e;
    char item[24], number[24];
    snprintf(item, sizeof item, "%zu", value->start);
    snprintf(number, sizeof number, "%lld", (long long)index);
    Str way[] = {str_from(item), S("when"), condition->name, str_from(number)};
    bool key = index == THE_VARIABLE;
    error_at(e, in->file, in->text, json_locate_parts(in->text, way, key ? 3 : 4, key));
    return e;
}

// ---- names --------------------------------------------------------------------------------------

static bool variable_exists(const Names *names, Variable variable)
{
    if (variable.kind == VARIABLE_TEMPLATE) return names->templates;
    return variable.kind == VARIABLE_INJECTION || names->knowledge;
}

static Str nearest_label(const Injection *in, Str label)
{
    Str best = {0};
    unsigned limit = (unsigned)(label.len / 3 < 1 ? 1 : label.len / 3) + 1;
    for (size_t i = 0; i < in->n; i++) {
        unsigned distance = str_distance(label, in->values[i].label, limit);
        if (distance < limit) limit = distance, best = in->values[i].label;
    }
    return best;
}

static bool check_labels(const Injection *in, const InjectionValue *value, const Condition *condition,
                         const Injection *other, Problems *problems)
{
    bool ok = true;
    for (size_t i = 0; i < condition->n && !other->faulty; i++) {
        Str label = condition->values[i];
        if (injection_find(other, label) >= 0) continue;
        char what[200];
        snprintf(what, sizeof what, "%.*s has no value \"%.*s\"", (int)(other->name.len < 60 ? other->name.len : 60),
                 other->name.ptr, (int)(label.len < 80 ? label.len : 80), label.ptr);
        Error *e = when_problem(problems, in, value, condition, (int64_t)i, false, what);
        Str nearest = nearest_label(other, label);
        if (nearest.len)
            error_hint(e, "write \"%.*s\"", STR_ARG(nearest));
        else
            error_hint(e, "write a label of %.*s", STR_ARG(other->file));
        ok = false;
    }
    return ok;
}

static bool resolve_condition(const Injections *all, const Injection *in, const InjectionValue *value,
                              Condition *condition, const Names *names, Problems *problems)
{
    Str nearest;
    char what[200];
    int shown = (int)(condition->name.len < 80 ? condition->name.len : 80);
    if (!names_find_variable(names, condition->name, &condition->variable, &nearest)) {
        snprintf(what, sizeof what, "unknown variable \"%.*s\"", shown, condition->name.ptr);
        Error *e = when_problem(problems, in, value, condition, THE_VARIABLE, false, what);
        if (nearest.len)
            error_hint(e, "write \"%.*s\"", STR_ARG(nearest));
        else
            error_hint(e, "write topic, document, template or the name of a file in prompting/injections");
        return false;
    }
    if (!variable_exists(names, condition->variable)) {
        snprintf(what, sizeof what, "the project has no %.*s", shown, condition->name.ptr);
        error_hint(when_problem(problems, in, value, condition, THE_VARIABLE, false, what), "take the condition out, or add %s",
                   condition->variable.kind == VARIABLE_TEMPLATE ? "prompting/templates.txt" : "documents to knowledge/");
        return false;
    }
    if (condition->variable.kind != VARIABLE_INJECTION) return true;
    return check_labels(in, value, condition, &all->items[condition->variable.index], problems);
}

static void add_need(Injection *in, Variable variable, Arena *a)
{
    if (variable.kind == VARIABLE_TOPIC) in->needs_topic = true;
    if (variable.kind == VARIABLE_DOCUMENT) in->needs_document = true;
    if (variable.kind == VARIABLE_TEMPLATE) in->needs_template = true;
    if (variable.kind != VARIABLE_INJECTION) return;
    for (size_t i = 0; i < in->n_needs; i++)
        if (in->needs[i] == variable.index) return;
    // Few variables name many others; a copy for each is small.
    uint32_t *needs = arena_new(a, uint32_t, in->n_needs + 1);
    if (in->n_needs) memcpy(needs, in->needs, in->n_needs * sizeof *needs);
    needs[in->n_needs++] = variable.index;
    in->needs = needs;
}

static bool resolve(Injections *all, Injection *in, const Names *names, Arena *a, Problems *problems)
{
    bool ok = true;
    for (size_t i = 0; i < in->n; i++) {
        InjectionValue *value = &in->values[i];
        uint32_t kept = 0;
        for (uint32_t c = 0; c < value->n_when; c++) {
            if (!resolve_condition(all, in, value, &value->when[c], names, problems)) {
                ok = false;
                continue;
            }
            value->when[kept++] = value->when[c];
            add_need(in, value->when[c].variable, a);
        }
        in->conditional |= value->n_when > 0;
        value->n_when = kept;
    }
    return ok;
}

// ---- the order of drawing -----------------------------------------------------------------------

typedef struct Ordering {
    Injections *all;
    unsigned char *state;  // 0 not seen, 1 on the way, 2 done
    uint32_t *way;
    size_t depth, n;
    Problems *problems;
    bool ok;
} Ordering;

static void report_cycle(Ordering *o, uint32_t again)
{
    char cycle[300];
    size_t at = 0, first = 0;
    while (o->way[first] != again) first++;
    for (size_t i = first; i <= o->depth && at < sizeof cycle; i++) {
        Str name = o->all->items[i < o->depth ? o->way[i] : again].name;
        int more = snprintf(cycle + at, sizeof cycle - at, "%s%.*s", i > first ? " → " : "", STR_ARG(name));
        at += more > 0 ? (size_t)more : 0;
    }
    Error *e = problems_new(o->problems, false, ERROR_PROJECT, "when", "the conditions lead in a circle: %s", cycle);
    error_at_file(e, o->all->items[again].file);
    error_hint(e, "take one of these \"when\" out, so that one variable is drawn first");
    o->ok = false;
}

static void visit(Ordering *o, uint32_t index)
{
    const Injection *in = &o->all->items[index];
    o->state[index] = 1;
    o->way[o->depth++] = index;
    for (size_t i = 0; i < in->n_needs; i++) {
        uint32_t need = in->needs[i];
        if (o->state[need] == 1)
            report_cycle(o, need);
        else if (o->state[need] == 0)
            visit(o, need);
    }
    o->depth--;
    o->state[index] = 2;
    o->all->order[o->n++] = index;
}

bool when_compile(Injections *injections, const Names *names, Arena *a, Problems *problems)
{
    bool ok = true;
    for (size_t i = 0; i < injections->n; i++) ok &= resolve(injections, &injections->items[i], names, a, problems);
    injections->order = arena_new(a, uint32_t, injections->n + 1);
    Ordering o = {.all = injections,
                  .state = arena_new(a, unsigned char, injections->n + 1),
                  .way = arena_new(a, uint32_t, injections->n + 1),
                  .problems = problems,
                  .ok = true};
    for (uint32_t i = 0; i < injections->n; i++)
        if (o.state[i] == 0) visit(&o, i);
    return ok && o.ok;
}

// ---- values that do not exist -------------------------------------------------------------------

static bool value_exists(const WhenDomain *d, VariableKind kind, Str label)
{
    if (kind == VARIABLE_TEMPLATE) {
        for (size_t i = 0; i < d->n_templates; i++)
            if (str_eq(d->templates[i], label)) return true;
        return false;
    }
    for (size_t i = 0; i < d->n_documents; i++)
        if (str_eq(kind == VARIABLE_TOPIC ? d->documents[i].topic : d->documents[i].name, label)) return true;
    return false;
}

static Str nearest_value(const WhenDomain *d, VariableKind kind, Str label)
{
    if (kind == VARIABLE_TEMPLATE) return str_nearest(label, d->templates, d->n_templates);
    Str best = {0};
    unsigned limit = (unsigned)(label.len / 3 < 1 ? 1 : label.len / 3) + 1;
    for (size_t i = 0; i < d->n_documents; i++) {
        Str candidate = kind == VARIABLE_TOPIC ? d->documents[i].topic : d->documents[i].name;
        unsigned distance = str_distance(label, candidate, limit);
        if (distance < limit) limit = distance, best = candidate;
    }
    return best;
}

static void check_values(const Injection *in, const InjectionValue *value, const Condition *condition, const WhenDomain *d,
                         Problems *problems)
{
    for (size_t i = 0; i < condition->n; i++) {
        Str label = condition->values[i];
        if (value_exists(d, condition->variable.kind, label)) continue;
        char what[200];
        snprintf(what, sizeof what, "there is no %.*s \"%.*s\"", STR_ARG(condition->name),
                 (int)(label.len < 80 ? label.len : 80), label.ptr);
        Error *e = when_problem(problems, in, value, condition, (int64_t)i, true, what);
        Str nearest = nearest_value(d, condition->variable.kind, label);
        if (nearest.len) error_hint(e, "write \"%.*s\"", STR_ARG(nearest));
    }
}

void when_check_values(const Injections *injections, const WhenDomain *everything, Problems *problems)
{
    for (size_t i = 0; i < injections->n; i++) {
        const Injection *in = &injections->items[i];
        for (size_t v = 0; in->conditional && v < in->n && !problems->full; v++)
            for (uint32_t c = 0; c < in->values[v].n_when; c++)
                if (in->values[v].when[c].variable.kind != VARIABLE_INJECTION)
                    check_values(in, &in->values[v], &in->values[v].when[c], everything, problems);
    }
}
