// SPDX-License-Identifier: Apache-2.0
#include "project/json_node.h"

#include <math.h>

JsonNode json_node_root(const JsonFile *file) { return (JsonNode){.file = file, .value = file->root}; }

JsonNode json_node_get(const JsonNode *object, const char *key)
{
    return json_node_member(object, key, json_object_get(object->value, key));
}

JsonNode json_node_member(const JsonNode *object, const char *key, const json_t *value)
{
    return (JsonNode){.file = object->file, .parent = object, .key = str_from(key), .value = value};
}

JsonNode json_node_at(const JsonNode *array, size_t index)
{
    return (JsonNode){.file = array->file, .parent = array, .index = index, .value = json_array_get(array->value, index)};
}

// ---- places -------------------------------------------------------------------------------------

// Nobody writes settings deeper; what lies below has the place of its ancestor.
enum { WAY_MAX = 64 };

size_t json_node_offset(const JsonNode *node, bool key)
{
    Str way[WAY_MAX] = {{0}};
    char numbers[WAY_MAX][24];
    size_t depth = 0;
    for (const JsonNode *at = node; at->parent; at = at->parent) depth++;
    for (; depth > WAY_MAX; depth--) node = node->parent;
    size_t i = depth;
    for (const JsonNode *at = node; at->parent; at = at->parent) {
        i--;
        way[i] = at->key;
        if (at->key.ptr) continue;
        snprintf(numbers[i], sizeof numbers[i], "%zu", at->index);
        way[i] = str_from(numbers[i]);
    }
    // A key written with escapes is not found; then what it stands in is near enough.
    size_t offset = json_locate_parts(node->file->text, way, depth, key);
    while (offset == 0 && depth > 0) offset = json_locate_parts(node->file->text, way, --depth, false);
    return offset;
}

Origin json_node_origin(const JsonNode *node)
{
    return (Origin){node->file->file, node->file->text, json_node_offset(node, false), WRITTEN_JSON};
}

static Error *new_problem(Problems *p, const JsonNode *node, bool key, bool warning, const char *format, va_list args)
{
    char what[sizeof((Error *)0)->what];
    vsnprintf(what, sizeof what, format, args);
    Error *e = problems_new(p, warning, ERROR_PROJECT, "json", "%s", what);
    // Nobody sees a place that was dropped, and looking for it in a large file takes time.
    if (!p->full) error_at(e, node->file->file, node->file->text, json_node_offset(node, key));
    return e;
}

Error *json_node_problem(Problems *p, const JsonNode *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Error *e = new_problem(p, node, false, false, format, args);
    va_end(args);
    return e;
}

Error *json_node_key_problem(Problems *p, const JsonNode *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Error *e = new_problem(p, node, true, false, format, args);
    va_end(args);
    return e;
}

Error *json_node_warning(Problems *p, const JsonNode *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Error *e = new_problem(p, node, true, true, format, args);
    va_end(args);
    return e;
}

// ---- keys and types -----------------------------------------------------------------------------

static void list_known(const Str *known, size_t n, char *out, size_t size)
{
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; i < n && at < size; i++) {
        int more = snprintf(out + at, size - at, "%s%.*s", i ? ", " : "", STR_ARG(known[i]));
        if (more > 0) at += (size_t)more;
    }
}

bool json_node_keys(Problems *p, const JsonNode *object, const Str *known, size_t n)
{
    char list[240], hint[270];
    list_known(known, n, list, sizeof list);
    snprintf(hint, sizeof hint, "known here: %s", list);
    return json_node_keys_hint(p, object, known, n, hint);
}

bool json_node_keys_hint(Problems *p, const JsonNode *object, const Str *known, size_t n, const char *otherwise)
{
    bool ok = true;
    const char *key;
    json_t *value, *items = (json_t *)(uintptr_t)object->value;
    json_object_foreach(items, key, value) {
        Str name = str_from(key);
        bool found = false;
        for (size_t i = 0; i < n && !found; i++) found = str_eq(known[i], name);
        if (found) continue;
        JsonNode member = json_node_member(object, key, value);
        Error *e = json_node_key_problem(p, &member, "unknown key \"%s\"", key);
        Str nearest = str_nearest(name, known, n);
        if (nearest.len)
            error_hint(e, "write \"%.*s\"", STR_ARG(nearest));
        else
            error_hint(e, "%s", otherwise);
        ok = false;
    }
    return ok;
}

const char *json_type_name(const json_t *value)
{
    if (!value) return "nothing";
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a string";
    case JSON_INTEGER:
    case JSON_REAL: return "a number";
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_NULL: return "null";
    }
    return "something else";
}

static bool wrong_type(Problems *p, const JsonNode *node, const char *wanted)
{
    Error *e = node->key.ptr ? json_node_problem(p, node, "\"%.*s\" is %s", STR_ARG(node->key), json_type_name(node->value))
                             : json_node_problem(p, node, "%s stands here", json_type_name(node->value));
    error_hint(e, "write %s", wanted);
    return false;
}

bool json_node_object(Problems *p, const JsonNode *node, const char *wanted)
{
    return !node->value || json_is_object(node->value) || wrong_type(p, node, wanted);
}

bool json_node_array(Problems *p, const JsonNode *node, const char *wanted)
{
    return !node->value || json_is_array(node->value) || wrong_type(p, node, wanted);
}

bool json_node_string(Problems *p, const JsonNode *node, const char *wanted, Str *out)
{
    if (!node->value) return true;
    if (!json_is_string(node->value)) return wrong_type(p, node, wanted);
    *out = json_str(node->value);
    return true;
}

bool json_node_bool(Problems *p, const JsonNode *node, bool *out)
{
    if (!node->value) return true;
    if (!json_is_boolean(node->value)) return wrong_type(p, node, "true or false");
    *out = json_is_true(node->value);
    return true;
}

bool json_node_count(Problems *p, const JsonNode *node, unsigned min, unsigned max, unsigned *out)
{
    if (!node->value) return true;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a whole number from %u to %u", min, max);
    if (!json_is_integer(node->value)) return wrong_type(p, node, wanted);
    json_int_t n = json_integer_value(node->value);
    if (n < (json_int_t)min || n > (json_int_t)max) {
        Error *e = json_node_problem(p, node, "%lld is out of range", (long long)n);
        error_hint(e, "write %s", wanted);
        return false;
    }
    *out = (unsigned)n;
    return true;
}

bool json_node_weight(Problems *p, const JsonNode *node, double *out)
{
    if (!node->value) return true;
    if (!json_is_number(node->value)) return wrong_type(p, node, "a number, 0 or more");
    double weight = json_number_value(node->value);
    if (!(weight >= 0) || !isfinite(weight)) {
        Error *e = json_node_problem(p, node, "the weight %g is below 0", weight);
        error_hint(e, "write 0 to leave it out, or a number above 0");
        return false;
    }
    *out = weight;
    return true;
}
