// SPDX-License-Identifier: Apache-2.0
#include "schema.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

typedef enum { FILL_NULL, FILL_CHOICE, FILL_OBJECT, FILL_ARRAY, FILL_STRING, FILL_INTEGER, FILL_NUMBER, FILL_BOOL } Fill;

struct Schema {
    Fill fill;
    size_t min, max;   // string: code points (max 0: none); array: elements
    double low, high;  // numbers
    int64_t multiple;
    size_t n;          // of the following, each with its own memory
    Schema **kids;     // properties, or prefix items
    char **texts;      // properties: `"name":`; choices: the JSON text
    bool *required;
    size_t n_rest;
    Schema **rest;     // items behind the prefix, taken in turn
};

// Ceilings against a schema that refers to itself or asks for a mountain.
enum { MAX_DEPTH = 24, MAX_NODES = 5000, MAX_ELEMENTS = 10000, MAX_LENGTH = 1000000, MAX_ANSWER = 32 << 20 };

typedef struct Compiler {
    json_t *root;
    size_t nodes;
} Compiler;

static Schema *compile(Compiler *c, json_t *from, int depth);

static void schema_free(Schema *s) {
    if (!s) return;
    for (size_t i = 0; i < s->n; i++) {
        if (s->kids) schema_free(s->kids[i]);
        if (s->texts) free(s->texts[i]);
    }
    for (size_t i = 0; i < s->n_rest; i++) schema_free(s->rest[i]);
    free(s->rest);
    free(s->kids);
    free(s->texts);
    free(s->required);
    free(s);
}

const Schema *schema_find(SchemaCache *cache, Str text) {
    uint64_t hash = hash_bytes(text, 1);
    size_t slot = hash % SCHEMA_SLOTS;
    if (cache->slots[slot].schema && cache->slots[slot].hash == hash) return cache->slots[slot].schema;
    json_t *root = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!root) return NULL;
    Compiler c = {.root = root};
    Schema *schema = json_is_object(root) ? compile(&c, root, 0) : NULL;
    json_decref(root);
    if (!schema) return NULL;
    schema_free(cache->slots[slot].schema);
    cache->slots[slot].hash = hash;
    cache->slots[slot].schema = schema;
    return schema;
}

void schema_cache_free(SchemaCache *cache) {
    for (size_t i = 0; i < SCHEMA_SLOTS; i++) schema_free(cache->slots[i].schema);
}

static size_t size_of(json_t *object, const char *key, size_t otherwise, size_t ceiling) {
    json_t *v = json_object_get(object, key);
    if (!json_is_number(v)) return otherwise;
    double n = json_number_value(v);
    return n <= 0 ? 0 : n > (double)ceiling ? ceiling : (size_t)n;
}

static double bound_of(json_t *object, const char *key, const char *exclusive, double step, double otherwise) {
    json_t *v = json_object_get(object, key);
    if (json_is_number(v)) return json_number_value(v);
    v = json_object_get(object, exclusive);
    return json_is_number(v) ? json_number_value(v) + step : otherwise;
}

// "#/$defs/name": members of members of the whole document.
static json_t *resolve(json_t *root, const char *ref) {
    if (ref[0] != '#') return NULL;
    json_t *at = root;
    for (const char *p = ref + 1; at && *p == '/';) {
        const char *end = strchr(++p, '/');
        size_t len = end ? (size_t)(end - p) : strlen(p);
        char *key = str_copy((Str){p, len});
        at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10)) : json_object_get(at, key);
        free(key);
        p += len;
    }
    return at;
}

static void compile_choices(Schema *s, json_t *list, json_t *single) {
    s->fill = FILL_CHOICE;
    s->n = single ? 1 : json_array_size(list);
    s->texts = mem_zeroed(s->n, sizeof *s->texts);
    for (size_t i = 0; i < s->n; i++) {
        json_t *value = single ? single : json_array_get(list, i);
        s->texts[i] = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        if (!s->texts[i]) s->texts[i] = str_copy(S("null"));
    }
}

static bool lists(json_t *array, const char *name) {
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item) if (json_is_string(item) && strcmp(json_string_value(item), name) == 0) return true;
    return false;
}

static void compile_object(Compiler *c, Schema *s, json_t *from, int depth) {
    json_t *properties = json_object_get(from, "properties"), *required = json_object_get(from, "required"), *value;
    const char *name;
    size_t n = json_object_size(properties);
    s->fill = FILL_OBJECT;
    s->kids = mem_zeroed(n, sizeof *s->kids);
    s->texts = mem_zeroed(n, sizeof *s->texts);
    s->required = mem_zeroed(n, sizeof *s->required);
    json_object_foreach(properties, name, value) {
        Buf key = {0};
        buf_char(&key, '"');
        buf_json(&key, str_from(name));
        buf_add(&key, S("\":"));
        s->texts[s->n] = str_copy(buf_str(&key));
        buf_free(&key);
        s->required[s->n] = !json_is_array(required) || lists(required, name);
        s->kids[s->n++] = compile(c, value, depth + 1);
    }
}

// Alternatives of an array's items are taken in turn: a conversation's speakers then alternate.
static void compile_rest(Compiler *c, Schema *s, json_t *items, int depth) {
    json_t *list = json_object_get(items, "anyOf");
    if (!json_array_size(list)) list = json_object_get(items, "oneOf");
    if (!json_is_object(items)) return;
    size_t n = json_array_size(list);
    s->n_rest = n ? n : 1;
    s->rest = mem_zeroed(s->n_rest, sizeof *s->rest);
    for (size_t i = 0; i < s->n_rest; i++) s->rest[i] = compile(c, n ? json_array_get(list, i) : items, depth + 1);
}

static void compile_array(Compiler *c, Schema *s, json_t *from, int depth) {
    json_t *prefix = json_object_get(from, "prefixItems"), *items = json_object_get(from, "items");
    s->fill = FILL_ARRAY;
    s->n = json_array_size(prefix);
    s->kids = mem_zeroed(s->n, sizeof *s->kids);
    for (size_t i = 0; i < s->n; i++) s->kids[i] = compile(c, json_array_get(prefix, i), depth + 1);
    compile_rest(c, s, items, depth);
    size_t usual = s->n ? s->n : 1;
    s->max = size_of(from, "maxItems", MAX_ELEMENTS, MAX_ELEMENTS);
    s->min = size_of(from, "minItems", usual < s->max ? usual : s->max, MAX_ELEMENTS);
    if (!json_object_get(from, "maxItems")) s->max = s->n_rest ? s->min + 2 : s->min;
    if (s->max < s->min) s->max = s->min;
}

static void compile_scalar(Schema *s, json_t *from, const char *type) {
    bool integer = strcmp(type, "integer") == 0;
    if (integer || strcmp(type, "number") == 0) {
        double step = integer ? 1 : 1e-6;
        s->fill = integer ? FILL_INTEGER : FILL_NUMBER;
        s->low = bound_of(from, "minimum", "exclusiveMinimum", step, 0);
        s->high = bound_of(from, "maximum", "exclusiveMaximum", -step, s->low + 100);
        s->multiple = (int64_t)size_of(from, "multipleOf", 1, MAX_LENGTH);
    } else if (strcmp(type, "boolean") == 0) {
        s->fill = FILL_BOOL;
    } else if (strcmp(type, "null") == 0) {
        s->fill = FILL_NULL;
    } else {
        s->fill = FILL_STRING;
        s->min = size_of(from, "minLength", 0, MAX_LENGTH);
        s->max = size_of(from, "maxLength", 0, MAX_LENGTH);
    }
}

static json_t *first_alternative(Compiler *c, json_t *from) {
    static const char *const keys[] = {"anyOf", "oneOf", "allOf"};
    json_t *ref = json_object_get(from, "$ref");
    if (json_is_string(ref)) return resolve(c->root, json_string_value(ref));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *first = json_array_get(json_object_get(from, keys[i]), 0);
        if (first) return first;
    }
    return NULL;
}

static Schema *compile(Compiler *c, json_t *from, int depth) {
    Schema *s = mem_zeroed(1, sizeof *s);
    if (depth > MAX_DEPTH || ++c->nodes > MAX_NODES) return s;
    for (int hops = 0; hops < MAX_DEPTH; hops++) {
        json_t *other = first_alternative(c, from);
        if (!other) break;
        from = other;
    }
    json_t *type = json_object_get(from, "type"), *choices = json_object_get(from, "enum"),
           *constant = json_object_get(from, "const");
    if (json_is_array(type)) type = json_array_get(type, 0);
    const char *name = json_is_string(type) ? json_string_value(type) : "";
    if (constant) compile_choices(s, NULL, constant);
    else if (json_array_size(choices)) compile_choices(s, choices, NULL);
    else if (strcmp(name, "object") == 0 || json_object_get(from, "properties")) compile_object(c, s, from, depth);
    else if (strcmp(name, "array") == 0 || json_object_get(from, "items")) compile_array(c, s, from, depth);
    else compile_scalar(s, from, name);
    return s;
}

static void fill_integer(Buf *out, const Schema *s, Voice *v) {
    double low = fmax(s->low, -9e15), high = fmin(s->high, 9e15);
    int64_t from = (int64_t)ceil(low), to = (int64_t)floor(high);
    uint64_t span = to > from ? (uint64_t)(to - from) : 0;
    int64_t n = from + (int64_t)(span ? rng_next(&v->base) % (span + 1) : 0);
    if (s->multiple > 1 && n % s->multiple) {
        n -= n % s->multiple;
        if (n < from) n += s->multiple;
    }
    buf_format(out, "%lld", (long long)n);
}

static void fill_object(Buf *out, const Schema *s, Voice *v) {
    bool first = true;
    buf_char(out, '{');
    for (size_t i = 0; i < s->n; i++) {
        if (!s->required[i] && voice_below(v, 2) == 0) continue;
        if (!first) buf_char(out, ',');
        first = false;
        buf_add(out, str_from(s->texts[i]));
        schema_fill(out, s->kids[i], v);
    }
    buf_char(out, '}');
}

static void fill_array(Buf *out, const Schema *s, Voice *v) {
    size_t n = s->min + voice_below(v, (uint32_t)(s->max - s->min + 1));
    static const Schema any = {.fill = FILL_STRING};
    buf_char(out, '[');
    for (size_t i = 0; i < n && out->len < MAX_ANSWER; i++) {
        if (i) buf_char(out, ',');
        schema_fill(out, i < s->n ? s->kids[i] : s->n_rest ? s->rest[(i - s->n) % s->n_rest] : &any, v);
    }
    buf_char(out, ']');
}

void schema_fill(Buf *out, const Schema *s, Voice *v) {
    switch (s->fill) {
        case FILL_NULL: buf_add(out, S("null")); break;
        case FILL_CHOICE: buf_add(out, str_from(s->texts[voice_below(v, (uint32_t)s->n)])); break;
        case FILL_OBJECT: fill_object(out, s, v); break;
        case FILL_ARRAY: fill_array(out, s, v); break;
        case FILL_INTEGER: fill_integer(out, s, v); break;
        case FILL_NUMBER: buf_format(out, "%.10g", s->low + (s->high - s->low) * unit_from(rng_next(&v->base))); break;
        case FILL_BOOL: buf_add(out, voice_below(v, 2) ? S("true") : S("false")); break;
        case FILL_STRING:
            buf_char(out, '"');
            prose_text(out, v, s->min, s->max);
            buf_char(out, '"');
            break;
    }
}
