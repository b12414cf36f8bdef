// SPDX-License-Identifier: Apache-2.0
//
// Reading a JSON file of the project with a place for every complaint: a JsonNode is a value and
// the way to it, so an error about it points at its line and column in the file.
#ifndef CONFAB_PROJECT_JSON_NODE_H
#define CONFAB_PROJECT_JSON_NODE_H

#include "base/json.h"
#include "project/origin.h"

typedef struct JsonFile {
    Str file;      // as shown in errors
    Str text;
    json_t *root;  // json_decref by whoever opened it
} JsonFile;

typedef struct JsonNode {
    const JsonFile *file;
    const struct JsonNode *parent;  // NULL: the root
    Str key;                        // in an object
    size_t index;                   // in an array
    const json_t *value;            // NULL: absent
} JsonNode;

JsonNode json_node_root(const JsonFile *file);
JsonNode json_node_get(const JsonNode *object, const char *key);  // value NULL where it is absent
JsonNode json_node_member(const JsonNode *object, const char *key, const json_t *value);
JsonNode json_node_at(const JsonNode *array, size_t index);

size_t json_node_offset(const JsonNode *node, bool key);  // of the value, or of its key
Origin json_node_origin(const JsonNode *node);            // of a string

// A new problem at the value (or at its key), code "json" unless said; never NULL.
Error *json_node_problem(Problems *p, const JsonNode *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
Error *json_node_key_problem(Problems *p, const JsonNode *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
Error *json_node_warning(Problems *p, const JsonNode *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Each key of the object that is not among `known` is an error that names the nearest one.
// True when all are known.
bool json_node_keys(Problems *p, const JsonNode *object, const Str *known, size_t n);
// With a hint for keys that are near to none.
bool json_node_keys_hint(Problems *p, const JsonNode *object, const Str *known, size_t n, const char *otherwise);

// A value of the type, or a problem that says what to write instead (`wanted`: "a list of names")
// and false. An absent value leaves *out as it is and is true.
bool json_node_object(Problems *p, const JsonNode *node, const char *wanted);
bool json_node_array(Problems *p, const JsonNode *node, const char *wanted);
bool json_node_string(Problems *p, const JsonNode *node, const char *wanted, Str *out);
bool json_node_bool(Problems *p, const JsonNode *node, bool *out);
bool json_node_count(Problems *p, const JsonNode *node, unsigned min, unsigned max, unsigned *out);
bool json_node_weight(Problems *p, const JsonNode *node, double *out);  // 0 or more, finite

const char *json_type_name(const json_t *value);  // "a string", "a number", "null", …

#endif
