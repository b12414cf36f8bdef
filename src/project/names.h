// SPDX-License-Identifier: Apache-2.0
//
// The placeholders of project-folder.md: every `{name}` that a prompt, a template, an injection
// value or the output format may hold, and how a name as written becomes a Ref.
//
// A Ref is what the rest of confab works with: which value is meant, with indices instead of
// names. What project folders add to the fixed table (injections and their columns, parameters,
// participants, labels) is in a Names, which the project fills before anything is compiled.
#ifndef CONFAB_PROJECT_NAMES_H
#define CONFAB_PROJECT_NAMES_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

typedef enum NameId {
    NAME_NONE,  // literal text

    // Everywhere.
    NAME_TOPIC, NAME_DOCUMENT, NAME_KNOWLEDGE,
    NAME_CHUNK_ID, NAME_CHUNK_NUMBER, NAME_CHUNK_PAGE, NAME_CHUNK_HEADING, NAME_CHUNK_START, NAME_CHUNK_END,
    NAME_DOCUMENT_SHA256, NAME_CHUNKS,
    NAME_TEMPLATE, NAME_TEMPLATE_NAME,
    NAME_FLOW,
    NAME_EXAMPLES, NAME_EXAMPLES_IDS,
    NAME_MAX_EXCHANGES, NAME_EXCHANGES,
    NAME_PARTICIPANTS,
    NAME_PARTICIPANT,         // index: from 0, {participant.1} is 0
    NAME_OUTPUT_FORMAT,
    NAME_INJECTION,           // index: injection
    NAME_INJECTION_LABEL,     // index: injection
    NAME_INJECTION_COLUMN,    // index: injection, field: its column
    NAME_PARAM,               // index: parameter
    NAME_ID, NAME_INDEX, NAME_RUN, NAME_SEED, NAME_PARTITION, NAME_MODEL, NAME_DATE,

    // In the output format only.
    NAME_CONVERSATION, NAME_MESSAGES, NAME_LABELS,
    NAME_LABEL,               // index: into OutputFormat.labels
    NAME_SOURCE, NAME_ATTEMPT, NAME_FINISH_REASON, NAME_MODEL_REPORTED, NAME_PROMPT_SHA256, NAME_TIME,
    NAME_USAGE_PROMPT_TOKENS, NAME_USAGE_COMPLETION_TOKENS, NAME_COST,

    // Where the output format speaks of one turn.
    NAME_TURN_NUMBER, NAME_TURN_PARTICIPANT, NAME_TURN_ROLE, NAME_TURN_TEXT,
    NAME_TURN_LABEL,          // index: into OutputFormat.turn_labels

    NAME_COUNT
} NameId;

typedef struct Ref {
    NameId id;
    uint32_t index;  // injection, participant, parameter or label, where the name has one
    uint32_t field;  // CSV column
} Ref;

static inline bool ref_eq(Ref a, Ref b) { return a.id == b.id && a.index == b.index && a.field == b.field; }

// Which names a place may hold; combined by |.
typedef enum Scope {
    SCOPE_PROMPT = 1,  // the table of project-folder.md
    SCOPE_RECORD = 2,  // what the output format adds
    SCOPE_TURN = 4,    // {turn.…}
} Scope;

Scope name_scope(NameId id);

// What is drawn under a name of its own: keys of `when`, of `weights`, of `cross`, and of the
// bracketed first line of an example.
typedef enum VariableKind { VARIABLE_TOPIC, VARIABLE_DOCUMENT, VARIABLE_TEMPLATE, VARIABLE_INJECTION } VariableKind;

typedef struct Variable {
    VariableKind kind;
    uint32_t index;  // injection
} Variable;

typedef struct InjectionName {
    Str name;
    const Str *columns;  // of a CSV file
    size_t n_columns;
} InjectionName;

// What this project knows. Points into the project's arena.
typedef struct Names {
    const InjectionName *injections;
    size_t n_injections;
    const Str *parameters;
    size_t n_parameters;
    size_t n_participants;
    const Str *labels;
    size_t n_labels;
    const Str *turn_labels;
    size_t n_turn_labels;
    bool knowledge, templates, flow, examples;  // the parts that exist
    bool parameters_unread;  // their file has faults, which were reported: {param.…} gives no further one
} Names;

// The length of the name that `s` begins with: [A-Za-z_][A-Za-z0-9_-]* with parts joined by dots,
// a later part may also be a number. 0: none.
size_t name_length(Str s);
bool name_valid(Str s);  // the whole of s is a name

// Finds a name. False: *e (which may be NULL) (code "placeholder", kind ERROR_PROJECT, no place yet) says that it is
// unknown, unknown here, or needs a part that is absent, and names the nearest known ones. Its kind
// is ERROR_NONE where there is nothing to say about it.
bool names_find(const Names *names, unsigned scopes, Str name, Ref *out, Error *e);

// Finds a variable by its name; false when there is none. `nearest` (may be NULL) is then the
// nearest one's name, or absent.
bool names_find_variable(const Names *names, Str name, Variable *out, Str *nearest);
Str variable_name(const Names *names, Variable variable);

// Whether an injection may not have this name: it is in the table above, or would hide one.
bool name_reserved(Str name);

// The name of a Ref, without braces: "persona.age". In the caller's arena.
Str ref_name(const Names *names, Ref ref, Arena *a);

// Whether the value is drawn for each conversation from the project's parts (topic, document,
// passage, template, flow, examples, injections): what a record may show only if prompts tell it.
bool ref_drawn(Ref ref);

#endif
