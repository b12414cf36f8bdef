// SPDX-License-Identifier: Apache-2.0
//
// prompting/injections/: the variables of the prompts and their possible values, read from .txt,
// .json and .csv files. Read in two steps, since values mention names that other files define:
// injections_read gives names, columns, labels and weights; injections_compile, once all names
// are known, compiles the values. What their `when` says is when.h's.
// Everything lives in the arena given to injections_read.
#ifndef CONFAB_PROJECT_INJECTIONS_H
#define CONFAB_PROJECT_INJECTIONS_H

#include "project/template.h"

// One variable of a `when`, which must have one of these values (labels; a topic; a file's name;
// a template's name).
typedef struct Condition {
    Str name;                  // as written
    Variable variable;
    const Str *values;
    size_t n;
} Condition;

typedef struct InjectionValue {
    Str label;
    double weight;             // 0 or more, finite; drawing.json's `weights` already applied
    Value value;               // VALUE_TEXT, VALUE_TEMPLATE, VALUE_JSON or VALUE_NULL
    Value *fields;             // n_columns of them: VALUE_TEXT, VALUE_TEMPLATE or VALUE_JSON (a number)
    Condition *when;           // all must hold
    uint32_t n_when;
    uint32_t partition;        // which partition owns it (partitions.h)
    Writing writing;           // how and where it is written (injection_origin)
    size_t start;
    const size_t *starts;      // of the fields' cells
} InjectionValue;

typedef struct Column {
    Str name;
    bool number;               // every row's cell is a JSON number
} Column;

typedef struct Injection {
    Str name;
    Str file;                  // "prompting/injections/mood.txt"
    Str text;                  // the whole file
    InjectionValue *values;
    size_t n;
    Column *columns;           // of a CSV file
    size_t n_columns;
    bool faulty;               // its file has faults, which were reported: no further one hangs on its values
    bool conditional;          // some value has a `when`: drawn at random by weight, not dealt
    uint32_t *needs;           // injections that its `when`s name, each once
    size_t n_needs;
    bool needs_topic, needs_document, needs_template;  // its `when`s name these
} Injection;

typedef struct Injections {
    Injection *items;          // sorted by name
    size_t n;
    uint32_t *order;           // all of them, each behind those that its `when`s name
} Injections;

enum {
    INJECTIONS_MAX = 1000,           // files; more are not variables of a prompt
    INJECTION_VALUES_MAX = 1000000,  // of one file; a deck holds a card for each
};

// Reads <folder>/prompting/injections. A missing folder gives none. False when anything is wrong;
// what could be read is in *out all the same.
bool injections_read(const char *folder, Arena *a, Injections *out, Problems *problems);

// Compiles the values. Then when_compile (when.h) resolves their conditions and sets `order`.
bool injections_compile(Injections *injections, const Names *names, Arena *a, Problems *problems);

// The drawn label of a variable: a topic, a file's name, a template's name, an injection's label.
typedef struct LabelSource {
    Str (*label)(void *ctx, Variable variable);
    void *ctx;
} LabelSource;

// Whether every condition of the value holds for what was drawn so far.
bool injection_value_fits(const InjectionValue *value, const LabelSource *drawn);

// The value of a label; -1: none.
int64_t injection_find(const Injection *injection, Str label);

Origin injection_origin(const Injection *injection, const InjectionValue *value);  // of the value

#endif
