// SPDX-License-Identifier: Apache-2.0
//
// examples/examples.txt: handwritten conversations. Shown to the model, added to the dataset.
#ifndef CONFAB_PROJECT_EXAMPLES_H
#define CONFAB_PROJECT_EXAMPLES_H

#include "project/drawing.h"
#include "project/output_format.h"

// A value from the bracketed first line.
typedef struct ExampleValue {
    Variable variable;
    Str label;           // a topic, a file's name, a template's name, an injection's label
    uint32_t value;      // index of the style or of the injection value
} ExampleValue;

typedef struct Example {
    unsigned number;            // from 1, in the order of the file
    Conversation conversation;
    ExampleValue *values;       // all other drawn values are null
    size_t n_values;
    uint32_t partition;
    unsigned line;              // where it begins, from 1
} Example;

typedef struct Examples {
    Example *items;
    size_t n;
} Examples;

enum { EXAMPLES_MAX = 100000 };  // what a person writes by hand, and then some

// What bracketed values are checked against.
typedef struct ExampleContext {
    const OutputFormat *format;
    const Injections *injections;
    const Styles *styles;
    const Partitions *partitions;
    const Names *names;
    const Str *topics;
    size_t n_topics;
    const Str *documents;       // files' names
    size_t n_documents;
    unsigned max_exchanges;     // the run's limit; 0: not known yet
} ExampleContext;

bool examples_read(Str text, Str file, const ExampleContext *context, Arena *a, Examples *out, Problems *problems);

// The bracketed value of a variable, or NULL.
const ExampleValue *example_value(const Example *example, Variable variable);

#endif
