// SPDX-License-Identifier: Apache-2.0
//
// config/drawing.json: how values are dealt. Absent: the defaults.
#ifndef CONFAB_PROJECT_DRAWING_H
#define CONFAB_PROJECT_DRAWING_H

#include "project/partitions.h"
#include "project/styles.h"

typedef enum Deal { DEAL_TOPIC, DEAL_DOCUMENT, DEAL_CHUNK } Deal;
typedef enum ExamplesAs { EXAMPLES_AS_TEXT, EXAMPLES_AS_TURNS } ExamplesAs;

typedef struct NamedWeight {
    Str name;        // a topic; <topic>/<file>
    double weight;
} NamedWeight;

typedef struct Drawing {
    Deal deal;
    const Variable *cross;         // topic, template and injections without `when`; 0 or at least 2
    size_t n_cross;
    const NamedWeight *topics;     // weights of topics; others have 1
    size_t n_topics;
    const NamedWeight *documents;  // weights that replace the strategy's
    size_t n_documents;
    unsigned passages;             // at least 1
    unsigned min_exchanges;        // at least 1
    unsigned examples_in_prompt;
    ExamplesAs examples_as;
    bool examples_add;
    Partitions partitions;
} Drawing;

enum {
    PASSAGES_MAX = 64,
    EXCHANGES_MAX = 1000,          // of one conversation: no model answers more in one piece
    EXAMPLES_IN_PROMPT_MAX = 1000,
    CROSS_MAX = 1000000,           // combinations in one deck
};

// What the file may name. Weights of templates and injection values are written into them.
typedef struct DrawingContext {
    Injections *injections;
    Styles *styles;
    const Names *names;
    const Str *topics;
    size_t n_topics;
    const Str *documents;          // <topic>/<file>
    size_t n_documents;
} DrawingContext;

// `file` NULL: absent, the defaults. False when anything is wrong.
bool drawing_read(const JsonFile *file, const DrawingContext *context, Arena *a, Drawing *out, Problems *problems);

double drawing_topic_weight(const Drawing *drawing, Str topic);
bool drawing_document_weight(const Drawing *drawing, Str path, double *out);  // false: not given

#endif
