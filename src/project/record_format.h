// SPDX-License-Identifier: Apache-2.0
//
// The template of one record (or of one CSV row) as a tree, compiled from output-format.json.
#ifndef CONFAB_PROJECT_RECORD_FORMAT_H
#define CONFAB_PROJECT_RECORD_FORMAT_H

#include "project/json_node.h"
#include "project/template.h"

typedef enum RecordKind {
    RECORD_OBJECT,    // children, each with its key
    RECORD_ARRAY,     // children
    RECORD_TURNS,     // an array with children[0] for each turn
    RECORD_VALUE,     // exactly one placeholder: `ref`, whose value keeps its type
    RECORD_TEXT,      // mixed text: `text`, filled; null is empty, arrays and objects compact JSON
    RECORD_CONSTANT,  // `constant`, compact JSON
    RECORD_MESSAGES,  // the default record's messages:
                      // [{"role","name","content"}], after `system` (name null): the default record's
} RecordKind;

typedef struct RecordNode RecordNode;

struct RecordNode {
    RecordKind kind;
    Str key;              // in an object, or the CSV column
    Ref ref;
    Template text;        // of RECORD_VALUE too
    Str constant;
    RecordNode *children;
    size_t n;
};

// Compiles any JSON value. `in_turn`: one turn is meant already (a CSV row a turn), so {turn.…} may
// stand anywhere; else only inside an array of one element. Reports with places; false when
// anything was reported.
bool record_compile(const JsonNode *node, const Names *names, bool in_turn, Arena *a, RecordNode *out,
                    Problems *problems);

enum {
    RECORD_DEPTH_MAX = 60,    // deeper, no table and no reader follows
    RECORD_NODES_MAX = 2000,  // keys and list items of one record
};

// Calls `see` for each placeholder of the tree, in order.
void record_refs(const RecordNode *node, void (*see)(void *ctx, const Template *t, const Segment *s), void *ctx);

bool record_mentions_turns(const RecordNode *node);  // {turn.…}, {messages} or {conversation}

#endif
