// SPDX-License-Identifier: Apache-2.0
//
// `labels` and `turn_labels` of output-format.json. A string is a label that was drawn; an object
// with `of` is asked of the model and goes into the Form.
#ifndef CONFAB_PROJECT_LABELS_H
#define CONFAB_PROJECT_LABELS_H

#include "conversation/form.h"
#include "project/injections.h"
#include "project/json_node.h"

typedef struct Label {
    Str name;
    int32_t asked;       // index into form.labels (form.turn_labels of a turn label); -1: drawn
    Template drawn;      // of a drawn one
} Label;

enum { LABELS_MAX = 256 };  // each is in every prompt and in the schema

typedef struct LabelList {
    Label *items;        // in the order of the file
    size_t n;
    AskedLabel *asked;
    size_t n_asked;
} LabelList;

// `node` may be absent: no labels. `of_turns`: an asked label may name a participant of the form.
bool labels_read(const JsonNode *node, const Form *form, bool of_turns, Arena *a, LabelList *out, Problems *problems);

// Compiles those that are drawn.
bool labels_compile(const JsonNode *node, bool of_turns, const Names *names, Arena *a, Label *labels, size_t n,
                    Problems *problems);

// One label for each injection.
void labels_of_injections(const Injections *injections, Arena *a, LabelList *out);

#endif
