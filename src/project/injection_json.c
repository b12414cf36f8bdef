// SPDX-License-Identifier: Apache-2.0
//
// mood.json: an array of strings, or of objects {"value", "label", "weight", "when"}.
#include "project/injection_reader.h"
#include "project/json_node.h"

static const Str keys[] = {S_INIT("value"), S_INIT("label"), S_INIT("weight"), S_INIT("when")};
static const char item_wanted[] = "a string, or {\"value\": …, \"label\": …, \"weight\": …, \"when\": {…}}";

static Str compact(const json_t *value, Arena *a)
{
    Buf b = {0};
    json_write(&b, value);
    Str copy = arena_str(a, buf_str(&b));
    buf_free(&b);
    return copy;
}

static Value read_value(const json_t *json, Arena *a)
{
    if (json_is_null(json)) return (Value){.kind = VALUE_NULL};
    if (json_is_string(json)) return (Value){.kind = VALUE_TEXT, .text = arena_str(a, json_str(json))};
    return (Value){.kind = VALUE_JSON, .text = compact(json, a)};
}

static bool read_condition(const JsonNode *node, Condition *out, Arena *a, Problems *problems)
{
    static const char wanted[] = "a list of values, such as [\"billing\"]";
    if (!json_node_array(problems, node, wanted)) return false;
    size_t n = json_array_size(node->value);
    if (n == 0) {
        error_hint(json_node_problem(problems, node, "an empty list keeps the value for no conversation"), "write %s", wanted);
        return false;
    }
    Str *values = arena_new(a, Str, n);
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        JsonNode item = json_node_at(node, i);
        if (json_node_string(problems, &item, "the value's label as a string", &values[i]))
            values[i] = arena_str(a, values[i]);
        else
            ok = false;
    }
    *out = (Condition){.name = arena_str(a, node->key), .values = values, .n = n};
    return ok;
}

static bool read_when(const JsonNode *node, InjectionValue *value, Arena *a, Problems *problems)
{
    if (!json_node_object(problems, node, "an object, such as {\"topic\": [\"billing\"]}")) return false;
    if (!node->value) return true;
    bool ok = true;
    value->when = arena_new(a, Condition, json_object_size(node->value));
    const char *key;
    json_t *item, *object = (json_t *)(uintptr_t)node->value;
    json_object_foreach(object, key, item) {
        JsonNode member = json_node_member(node, key, item);
        if (read_condition(&member, &value->when[value->n_when], a, problems))
            value->n_when++;
        else
            ok = false;
    }
    return ok;
}

static bool read_object(const JsonNode *item, InjectionValue *value, Arena *a, Problems *problems)
{
    bool ok = json_node_keys(problems, item, keys, sizeof keys / sizeof *keys);
    JsonNode node = json_node_get(item, "value");
    if (!node.value) {
        // A misspelt key was reported already; one error for one slip.
        if (ok) error_hint(json_node_problem(problems, item, "\"value\" is missing"), "write %s", item_wanted);
        return false;
    }
    value->value = read_value(node.value, a);
    value->label = json_is_string(node.value) ? value->value.text : compact(node.value, a);
    JsonNode label = json_node_get(item, "label"), weight = json_node_get(item, "weight"), when = json_node_get(item, "when");
    Str text = {0};
    ok &= json_node_string(problems, &label, "the label as a string", &text);
    if (label.value && json_is_string(label.value)) value->label = arena_str(a, text);
    ok &= json_node_weight(problems, &weight, &value->weight);
    ok &= read_when(&when, value, a, problems);
    return ok;
}

static bool read_item(const JsonNode *item, InjectionValue *value, Arena *a, Problems *problems)
{
    value->writing = WRITTEN_JSON_ITEM;
    value->start = item->index;
    if (json_is_object(item->value)) return read_object(item, value, a, problems);
    if (!json_is_string(item->value)) {
        error_hint(json_node_problem(problems, item, "%s stands here", json_type_name(item->value)), "write %s", item_wanted);
        return false;
    }
    value->value = read_value(item->value, a);
    value->label = value->value.text;
    return true;
}

static bool read_root(const JsonFile *file, Injection *in, Arena *a, Problems *problems)
{
    JsonNode root = json_node_root(file);
    if (!json_node_array(problems, &root, "a list of strings, or of objects with \"value\"")) return false;
    bool ok = true;
    size_t n = json_array_size(root.value), cap = 0;
    for (size_t i = 0; i < n && !problems->full; i++) {
        JsonNode item = json_node_at(&root, i);
        InjectionValue *value = injection_add(in, &cap, a, problems);
        if (!value) return false;
        if (!read_item(&item, value, a, problems)) in->n--, ok = false;
    }
    return ok;
}

static bool read_json(Injection *in, Arena *a, Problems *problems)
{
    JsonFile file = {.file = in->file, .text = in->text};
    Error e;
    if (!json_read(in->text, in->file, &file.root, &e)) {
        problems_add(problems, &e);
        return false;
    }
    bool ok = read_root(&file, in, a, problems);
    json_decref(file.root);
    return ok;
}

const InjectionReader injection_json = {S_INIT("json"), read_json};
