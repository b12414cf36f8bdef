// SPDX-License-Identifier: Apache-2.0
#include "project/names.h"

typedef enum Part { PART_NONE, PART_KNOWLEDGE, PART_TEMPLATES, PART_FLOW, PART_EXAMPLES } Part;

typedef struct FixedName {
    Str name;
    NameId id;
    Scope scope;
    Part needs;
    bool drawn;
} FixedName;

static const FixedName fixed_names[] = {
    {S_INIT("topic"), NAME_TOPIC, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("document"), NAME_DOCUMENT, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("knowledge"), NAME_KNOWLEDGE, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("chunk.id"), NAME_CHUNK_ID, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("chunk.number"), NAME_CHUNK_NUMBER, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("chunk.page"), NAME_CHUNK_PAGE, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("chunk.heading"), NAME_CHUNK_HEADING, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("chunk.start"), NAME_CHUNK_START, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("chunk.end"), NAME_CHUNK_END, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("document.sha256"), NAME_DOCUMENT_SHA256, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("chunks"), NAME_CHUNKS, SCOPE_PROMPT, PART_KNOWLEDGE, true},
    {S_INIT("template"), NAME_TEMPLATE, SCOPE_PROMPT, PART_TEMPLATES, true},
    {S_INIT("template.name"), NAME_TEMPLATE_NAME, SCOPE_PROMPT, PART_TEMPLATES, true},
    {S_INIT("flow"), NAME_FLOW, SCOPE_PROMPT, PART_FLOW, true},
    {S_INIT("examples"), NAME_EXAMPLES, SCOPE_PROMPT, PART_EXAMPLES, true},
    {S_INIT("examples.ids"), NAME_EXAMPLES_IDS, SCOPE_PROMPT, PART_EXAMPLES, true},
    {S_INIT("max_exchanges"), NAME_MAX_EXCHANGES, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("exchanges"), NAME_EXCHANGES, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("participants"), NAME_PARTICIPANTS, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("output_format"), NAME_OUTPUT_FORMAT, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("id"), NAME_ID, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("index"), NAME_INDEX, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("run"), NAME_RUN, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("seed"), NAME_SEED, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("partition"), NAME_PARTITION, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("model"), NAME_MODEL, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("date"), NAME_DATE, SCOPE_PROMPT, PART_NONE, false},
    {S_INIT("conversation"), NAME_CONVERSATION, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("messages"), NAME_MESSAGES, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("labels"), NAME_LABELS, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("source"), NAME_SOURCE, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("attempt"), NAME_ATTEMPT, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("finish_reason"), NAME_FINISH_REASON, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("model.reported"), NAME_MODEL_REPORTED, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("prompt.sha256"), NAME_PROMPT_SHA256, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("time"), NAME_TIME, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("usage.prompt_tokens"), NAME_USAGE_PROMPT_TOKENS, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("usage.completion_tokens"), NAME_USAGE_COMPLETION_TOKENS, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("cost"), NAME_COST, SCOPE_RECORD, PART_NONE, false},
    {S_INIT("turn.number"), NAME_TURN_NUMBER, SCOPE_TURN, PART_NONE, false},
    {S_INIT("turn.participant"), NAME_TURN_PARTICIPANT, SCOPE_TURN, PART_NONE, false},
    {S_INIT("turn.role"), NAME_TURN_ROLE, SCOPE_TURN, PART_NONE, false},
    {S_INIT("turn.text"), NAME_TURN_TEXT, SCOPE_TURN, PART_NONE, false},
};
enum { FIXED_NAMES = sizeof fixed_names / sizeof *fixed_names };

// The first words of names that go on with something of the project's.
static const Str families[] = {S_INIT("param"), S_INIT("participant"), S_INIT("label"),
                               S_INIT("turn"),  S_INIT("chunk"),       S_INIT("usage")};
enum { FAMILIES = sizeof families / sizeof *families };

static const FixedName *fixed_find(Str name)
{
    for (size_t i = 0; i < FIXED_NAMES; i++)
        if (str_eq(fixed_names[i].name, name)) return &fixed_names[i];
    return NULL;
}

static const FixedName *fixed_of(NameId id)
{
    for (size_t i = 0; i < FIXED_NAMES; i++)
        if (fixed_names[i].id == id) return &fixed_names[i];
    return NULL;
}

Scope name_scope(NameId id)
{
    if (id == NAME_LABEL) return SCOPE_RECORD;
    if (id == NAME_TURN_LABEL) return SCOPE_TURN;
    const FixedName *fixed = fixed_of(id);
    return fixed ? fixed->scope : SCOPE_PROMPT;
}

bool ref_drawn(Ref ref)
{
    if (ref.id == NAME_INJECTION || ref.id == NAME_INJECTION_LABEL || ref.id == NAME_INJECTION_COLUMN) return true;
    const FixedName *fixed = fixed_of(ref.id);
    return fixed && fixed->drawn;
}

// ---- how a name is written ----------------------------------------------------------------------

static bool name_letter(char c) { return str_is_alpha(c) || str_is_digit(c) || c == '_' || c == '-'; }

static size_t first_part(Str s)
{
    if (s.len == 0 || !(str_is_alpha(s.ptr[0]) || s.ptr[0] == '_')) return 0;
    size_t n = 1;
    while (n < s.len && name_letter(s.ptr[n])) n++;
    return n;
}

static size_t later_part(Str s)
{
    size_t n = 0;
    if (s.len && str_is_digit(s.ptr[0])) {
        while (n < s.len && str_is_digit(s.ptr[n])) n++;
        return n < s.len && name_letter(s.ptr[n]) ? 0 : n;
    }
    return first_part(s);
}

size_t name_length(Str s)
{
    size_t n = first_part(s);
    while (n && n < s.len && s.ptr[n] == '.') {
        size_t more = later_part(str_slice(s, n + 1, s.len));
        if (!more) return n;
        n += 1 + more;
    }
    return n;
}

bool name_valid(Str s) { return s.len > 0 && name_length(s) == s.len; }

bool name_reserved(Str name)
{
    if (fixed_find(name)) return true;
    size_t dot = str_find_char(name, '.');
    Str head = dot == STR_NONE ? name : str_slice(name, 0, dot);
    for (size_t i = 0; i < FAMILIES; i++)
        if (str_eq(head, families[i])) return true;
    return false;
}

// ---- finding ------------------------------------------------------------------------------------

static int64_t index_of(const Str *names, size_t n, Str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], name)) return (int64_t)i;
    return -1;
}

static bool find_injection(const Names *names, Str name, Ref *out)
{
    for (size_t i = 0; i < names->n_injections; i++) {
        const InjectionName *injection = &names->injections[i];
        if (!str_starts(name, injection->name)) continue;
        Str rest = str_slice(name, injection->name.len, name.len);
        *out = (Ref){NAME_INJECTION, (uint32_t)i, 0};
        if (rest.len == 0) return true;
        if (rest.ptr[0] != '.') continue;
        rest = str_slice(rest, 1, rest.len);
        out->id = NAME_INJECTION_LABEL;
        if (str_eq(rest, S("label"))) return true;
        int64_t column = index_of(injection->columns, injection->n_columns, rest);
        if (column < 0) continue;
        *out = (Ref){NAME_INJECTION_COLUMN, (uint32_t)i, (uint32_t)column};
        return true;
    }
    return false;
}

static bool find_listed(Str name, Str prefix, NameId id, const Str *list, size_t n, Ref *out)
{
    if (!str_starts(name, prefix)) return false;
    int64_t index = index_of(list, n, str_slice(name, prefix.len, name.len));
    *out = (Ref){id, (uint32_t)index, 0};
    return index >= 0;
}

static bool find_participant(const Names *names, Str name, Ref *out)
{
    uint64_t number;
    if (!str_starts(name, S("participant.")) || !str_to_u64(str_slice(name, 12, name.len), &number)) return false;
    *out = (Ref){NAME_PARTICIPANT, (uint32_t)(number - 1), 0};
    return number >= 1 && number <= names->n_participants;
}

static bool find_any(const Names *names, Str name, Ref *out)
{
    const FixedName *fixed = fixed_find(name);
    if (fixed) *out = (Ref){fixed->id, 0, 0};
    return fixed || find_participant(names, name, out) ||
           find_listed(name, S("param."), NAME_PARAM, names->parameters, names->n_parameters, out) ||
           find_listed(name, S("label."), NAME_LABEL, names->labels, names->n_labels, out) ||
           find_listed(name, S("turn.label."), NAME_TURN_LABEL, names->turn_labels, names->n_turn_labels, out) ||
           find_injection(names, name, out);
}

static bool part_exists(const Names *names, Part part)
{
    switch (part) {
    case PART_NONE: return true;
    case PART_KNOWLEDGE: return names->knowledge;
    case PART_TEMPLATES: return names->templates;
    case PART_FLOW: return names->flow;
    case PART_EXAMPLES: return names->examples;
    }
    return true;
}

static bool absent_part(const FixedName *fixed, Error *e)
{
    static const char *const what[][2] = {
        [PART_NONE] = {"", ""},
        [PART_KNOWLEDGE] = {"documents", "put a text file into knowledge/<topic>/"},
        [PART_TEMPLATES] = {"templates", "write some into prompting/templates.txt"},
        [PART_FLOW] = {"a flow", "add \"flow\" to config/output-format.json"},
        [PART_EXAMPLES] = {"examples", "write some into examples/examples.txt"},
    };
    error_set(e, ERROR_PROJECT, "placeholder", "{%.*s} needs %s, and the project has none", STR_ARG(fixed->name),
              what[fixed->needs][0]);
    return error_hint(e, "%s, or take the placeholder out", what[fixed->needs][1]);
}

static bool not_here(Str name, Scope scope, unsigned scopes, Error *e)
{
    error_set(e, ERROR_PROJECT, "placeholder", "{%.*s} has no value here", STR_ARG(name));
    if (scope == SCOPE_TURN && (scopes & SCOPE_RECORD))
        return error_hint(e, "{turn.…} stands inside a list of one element, which is repeated for each turn");
    return error_hint(e, "it belongs into the record of config/output-format.json; write {{%.*s}} for the text itself",
                      STR_ARG(name));
}

static bool unknown_name(const Names *names, unsigned scopes, Str name, Error *e);

bool names_find(const Names *names, unsigned scopes, Str name, Ref *out, Error *e)
{
    *out = (Ref){0};
    if (!find_any(names, name, out)) {
        *out = (Ref){0};
        if (names->parameters_unread && str_starts(name, S("param."))) return e && (*e = (Error){0}, false);
        return unknown_name(names, scopes, name, e);
    }
    Scope scope = name_scope(out->id);
    const FixedName *fixed = fixed_find(name);
    bool here = scope & scopes;
    if (here && (!fixed || part_exists(names, fixed->needs))) return true;
    *out = (Ref){0};
    return here ? absent_part(fixed, e) : not_here(name, scope, scopes, e);
}

// ---- the nearest known names --------------------------------------------------------------------

enum { NEAREST = 3 };

typedef struct Nearest {
    Str wanted;
    char names[NEAREST][128];
    unsigned distance[NEAREST];
    size_t n;
} Nearest;

static void nearest_see(Nearest *nearest, const char *prefix, Str name, const char *middle, Str column)
{
    char text[128];
    snprintf(text, sizeof text, "%s%.*s%s%.*s", prefix, STR_ARG(name), middle, STR_ARG(column));
    unsigned limit = (unsigned)(nearest->wanted.len / 3);
    if (limit < 1) limit = 1;
    unsigned distance = str_distance(nearest->wanted, str_from(text), limit);
    // {mod} for {mood.label}: a beginning counts as near, behind every slip of the pen.
    if (distance > limit) {
        if (nearest->wanted.len < 3 || !str_starts(str_from(text), nearest->wanted)) return;
        distance = 50;
    }
    size_t at = nearest->n < NEAREST ? nearest->n++ : NEAREST - 1;
    if (at == NEAREST - 1 && nearest->names[at][0] && nearest->distance[at] <= distance) return;
    while (at > 0 && nearest->distance[at - 1] > distance) {
        memcpy(nearest->names[at], nearest->names[at - 1], sizeof text);
        nearest->distance[at] = nearest->distance[at - 1];
        at--;
    }
    memcpy(nearest->names[at], text, sizeof text);
    nearest->distance[at] = distance;
}

static void see_injections(const Names *names, Nearest *nearest)
{
    for (size_t i = 0; i < names->n_injections; i++) {
        const InjectionName *injection = &names->injections[i];
        nearest_see(nearest, "", injection->name, "", (Str){0});
        nearest_see(nearest, "", injection->name, ".label", (Str){0});
        for (size_t c = 0; c < injection->n_columns; c++)
            nearest_see(nearest, "", injection->name, ".", injection->columns[c]);
    }
}

static void see_list(const Str *list, size_t n, const char *prefix, Nearest *nearest)
{
    for (size_t i = 0; i < n; i++) nearest_see(nearest, prefix, list[i], "", (Str){0});
}

static void find_nearest(const Names *names, unsigned scopes, Nearest *nearest)
{
    for (size_t i = 0; i < FIXED_NAMES; i++)
        if ((fixed_names[i].scope & scopes) && part_exists(names, fixed_names[i].needs))
            nearest_see(nearest, "", fixed_names[i].name, "", (Str){0});
    see_injections(names, nearest);
    see_list(names->parameters, names->n_parameters, "param.", nearest);
    for (size_t i = 0; i < names->n_participants; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        nearest_see(nearest, "participant.", str_from(number), "", (Str){0});
    }
    if (scopes & SCOPE_RECORD) see_list(names->labels, names->n_labels, "label.", nearest);
    if (scopes & SCOPE_TURN) see_list(names->turn_labels, names->n_turn_labels, "turn.label.", nearest);
}

// What a family offers, for a name of it that nothing is near to.
static bool family_hint(const Names *names, Str name, Error *e)
{
    if (str_starts(name, S("participant.")))
        return error_hint(e, "the project has %zu participants: {participant.1} … {participant.%zu}", names->n_participants,
                          names->n_participants), true;
    if (str_starts(name, S("param."))) {
        if (names->n_parameters == 0)
            return error_hint(e, "config/generation-paramters.json has no parameter of that name"), true;
        return error_hint(e, "write one of config/generation-paramters.json, such as {param.%.*s}",
                          STR_ARG(names->parameters[0])), true;
    }
    return false;
}

static bool unknown_name(const Names *names, unsigned scopes, Str name, Error *e)
{
    if (!e) return false;
    error_set(e, ERROR_PROJECT, "placeholder", "unknown name {%.*s}", STR_ARG(name));
    Nearest nearest = {.wanted = name};
    find_nearest(names, scopes, &nearest);
    if (nearest.n == 1) return error_hint(e, "write {%s}", nearest.names[0]);
    if (nearest.n == 2) return error_hint(e, "write {%s} or {%s}", nearest.names[0], nearest.names[1]);
    if (nearest.n >= 3)
        return error_hint(e, "write {%s}, {%s} or {%s}", nearest.names[0], nearest.names[1], nearest.names[2]);
    if (family_hint(names, name, e)) return false;
    return error_hint(e, "put a file %.*s.txt into prompting/injections/, or write {{%.*s}} for the text itself",
                      STR_ARG(name), STR_ARG(name));
}

// ---- variables and names of Refs ----------------------------------------------------------------

static const Str variable_names[] = {
    [VARIABLE_TOPIC] = S_INIT("topic"),
    [VARIABLE_DOCUMENT] = S_INIT("document"),
    [VARIABLE_TEMPLATE] = S_INIT("template"),
};

bool names_find_variable(const Names *names, Str name, Variable *out, Str *nearest)
{
    if (nearest) *nearest = (Str){0};
    for (int kind = VARIABLE_TOPIC; kind <= VARIABLE_TEMPLATE; kind++) {
        *out = (Variable){(VariableKind)kind, 0};
        if (str_eq(variable_names[kind], name)) return true;
    }
    for (size_t i = 0; i < names->n_injections; i++) {
        *out = (Variable){VARIABLE_INJECTION, (uint32_t)i};
        if (str_eq(names->injections[i].name, name)) return true;
    }
    if (!nearest) return false;
    unsigned best = (unsigned)(name.len / 3 < 1 ? 1 : name.len / 3) + 1;
    for (size_t i = 0; i < 3 + names->n_injections; i++) {
        Str candidate = i < 3 ? variable_names[i] : names->injections[i - 3].name;
        unsigned distance = str_distance(name, candidate, best);
        if (distance < best) best = distance, *nearest = candidate;
    }
    return false;
}

Str variable_name(const Names *names, Variable variable)
{
    return variable.kind == VARIABLE_INJECTION ? names->injections[variable.index].name : variable_names[variable.kind];
}

Str ref_name(const Names *names, Ref ref, Arena *a)
{
    switch (ref.id) {
    case NAME_PARTICIPANT: return arena_printf(a, "participant.%u", ref.index + 1);
    case NAME_INJECTION: return names->injections[ref.index].name;
    case NAME_INJECTION_LABEL: return arena_printf(a, "%.*s.label", STR_ARG(names->injections[ref.index].name));
    case NAME_INJECTION_COLUMN:
        return arena_printf(a, "%.*s.%.*s", STR_ARG(names->injections[ref.index].name),
                            STR_ARG(names->injections[ref.index].columns[ref.field]));
    case NAME_PARAM: return arena_printf(a, "param.%.*s", STR_ARG(names->parameters[ref.index]));
    case NAME_LABEL: return arena_printf(a, "label.%.*s", STR_ARG(names->labels[ref.index]));
    case NAME_TURN_LABEL: return arena_printf(a, "turn.label.%.*s", STR_ARG(names->turn_labels[ref.index]));
    default: {
        const FixedName *fixed = fixed_of(ref.id);
        return fixed ? fixed->name : (Str){0};
    }
    }
}
