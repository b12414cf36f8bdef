// SPDX-License-Identifier: Apache-2.0
#include "project/drawing.h"

typedef struct Reader {
    const DrawingContext *context;
    Arena *arena;
    Drawing *out;
    Problems *problems;
    bool ok;
} Reader;

static Error *fault(Reader *r, const JsonNode *node, const char *what)
{
    r->ok = false;
    return json_node_problem(r->problems, node, "%s", what);
}

// One of a few words. Returns its index, or -1 with a problem.
static int read_word(Reader *r, const JsonNode *node, const Str *words, size_t n, const char *wanted)
{
    Str word;
    if (!json_node_string(r->problems, node, wanted, &word)) return r->ok = false, -1;
    for (size_t i = 0; i < n; i++)
        if (str_eq(words[i], word)) return (int)i;
    Error *e = json_node_problem(r->problems, node, "unknown value \"%.*s\"", STR_ARG(word));
    Str nearest = str_nearest(word, words, n);
    if (nearest.len)
        error_hint(e, "write \"%.*s\"", STR_ARG(nearest));
    else
        error_hint(e, "write %s", wanted);
    r->ok = false;
    return -1;
}

static void read_deal(Reader *r, const JsonNode *node)
{
    static const Str words[] = {S_INIT("topic"), S_INIT("document"), S_INIT("chunk")};
    if (!node->value) return;
    int word = read_word(r, node, words, 3, "\"topic\", \"document\" or \"chunk\"");
    if (word >= 0) r->out->deal = (Deal)word;
}

// ---- cross --------------------------------------------------------------------------------------

static size_t values_of(const Reader *r, Variable variable)
{
    const DrawingContext *c = r->context;
    if (variable.kind == VARIABLE_TOPIC) return c->n_topics;
    if (variable.kind == VARIABLE_TEMPLATE) return c->styles->n;
    return c->injections->items[variable.index].n;
}

static bool find_variable(Reader *r, const JsonNode *node, Str name, bool key, Variable *out)
{
    Str nearest;
    if (names_find_variable(r->context->names, name, out, &nearest)) return true;
    Error *e = (key ? json_node_key_problem : json_node_problem)(r->problems, node, "unknown variable \"%.*s\"", STR_ARG(name));
    if (nearest.len)
        error_hint(e, "write \"%.*s\"", STR_ARG(nearest));
    else
        error_hint(e, "write topic, document, template or the name of a file in prompting/injections");
    return r->ok = false;
}

static bool fits_cross(Reader *r, const JsonNode *node, Variable variable, const Variable *seen, size_t n_seen)
{
    if (variable.kind == VARIABLE_DOCUMENT) {
        error_hint(fault(r, node, "documents are dealt within their topic"), "write \"topic\", or leave it out");
        return false;
    }
    if (variable.kind == VARIABLE_INJECTION && r->context->injections->items[variable.index].conditional) {
        error_hint(fault(r, node, "a variable with \"when\" is drawn, not dealt"), "leave it out, or take its \"when\" out");
        return false;
    }
    if (values_of(r, variable) == 0) {
        error_hint(fault(r, node, "the project has no such values"), "leave it out");
        return false;
    }
    for (size_t i = 0; i < n_seen; i++) {
        if (seen[i].kind != variable.kind || seen[i].index != variable.index) continue;
        error_hint(fault(r, node, "the variable stands here twice"), "leave one out");
        return false;
    }
    return true;
}

static void read_cross(Reader *r, const JsonNode *node)
{
    static const char wanted[] = "a list of variables, such as [\"intent\", \"mood\"]";
    if (!json_node_array(r->problems, node, wanted)) r->ok = false;
    size_t n = json_is_array(node->value) ? json_array_size(node->value) : 0;
    if (n == 0) return;
    Variable *cross = arena_new(r->arena, Variable, n);
    size_t kept = 0, product = 1;
    for (size_t i = 0; i < n; i++) {
        JsonNode item = json_node_at(node, i);
        Str name = {0};
        Variable variable;
        if (!json_node_string(r->problems, &item, "a variable's name", &name))
            r->ok = false;
        else if (find_variable(r, &item, name, false, &variable) && fits_cross(r, &item, variable, cross, kept)) {
            cross[kept++] = variable;
            product = product > CROSS_MAX ? product : product * values_of(r, variable);
        }
    }
    if (n == 1) error_hint(fault(r, node, "one variable alone has nothing to be combined with"), "name two or more, or none");
    if (product > CROSS_MAX) error_hint(fault(r, node, "more than 1000000 combinations"), "cross fewer variables");
    r->out->cross = cross;
    r->out->n_cross = n == 1 ? 0 : kept;
}

// ---- weights ------------------------------------------------------------------------------------

static void unknown_value(Reader *r, const JsonNode *node, bool warning, Str nearest, const char *hint)
{
    Error *e = (warning ? json_node_warning : json_node_key_problem)(r->problems, node, "there is no %.*s \"%.*s\"",
                                                                     STR_ARG(node->parent->key), STR_ARG(node->key));
    if (nearest.len)
        error_hint(e, "write \"%.*s\"", STR_ARG(nearest));
    else
        error_hint(e, "%s", hint);
    if (!warning) r->ok = false;
}

static void set_style_weight(Reader *r, const JsonNode *node, double weight)
{
    Styles *styles = r->context->styles;
    int64_t index = styles_find(styles, node->key);
    if (index >= 0) {
        styles->items[index].weight = weight;
        return;
    }
    Str *names = arena_new(r->arena, Str, styles->n + 1);
    for (size_t i = 0; i < styles->n; i++) names[i] = styles->items[i].name;
    unknown_value(r, node, false, str_nearest(node->key, names, styles->n), "write a name of prompting/templates.txt");
}

static void set_value_weight(Reader *r, const JsonNode *node, uint32_t injection, double weight)
{
    Injection *in = &r->context->injections->items[injection];
    bool found = false;
    for (size_t i = 0; i < in->n; i++) {
        if (!str_eq(in->values[i].label, node->key)) continue;
        in->values[i].weight = weight;
        found = true;
    }
    if (found || in->faulty) return;
    Str *labels = arena_new(r->arena, Str, in->n + 1);
    for (size_t i = 0; i < in->n; i++) labels[i] = in->values[i].label;
    unknown_value(r, node, false, str_nearest(node->key, labels, in->n), "write a label of the variable's file");
}

typedef struct WeightList {
    NamedWeight *items;
    size_t n;
    double sum;
} WeightList;

static void read_named(Reader *r, const JsonNode *node, double weight, const Str *known, size_t n_known, WeightList *list)
{
    bool found = false;
    for (size_t i = 0; i < n_known && !found; i++) found = str_eq(known[i], node->key);
    if (!found) unknown_value(r, node, true, str_nearest(node->key, known, n_known), "nothing has this weight");
    list->items[list->n++] = (NamedWeight){arena_str(r->arena, node->key), weight};
}

static void read_weight(Reader *r, const JsonNode *node, Variable variable, WeightList *list)
{
    double weight = 1;
    if (!json_node_weight(r->problems, node, &weight)) {
        r->ok = false;
        return;
    }
    const DrawingContext *c = r->context;
    switch (variable.kind) {
    case VARIABLE_TOPIC: read_named(r, node, weight, c->topics, c->n_topics, list); return;
    case VARIABLE_DOCUMENT: read_named(r, node, weight, c->documents, c->n_documents, list); return;
    case VARIABLE_TEMPLATE: set_style_weight(r, node, weight); return;
    case VARIABLE_INJECTION: set_value_weight(r, node, variable.index, weight); return;
    }
}

// Whether everything that could be dealt has weight 0 now.
static bool nothing_left(const Reader *r, Variable variable, const WeightList *list)
{
    const DrawingContext *c = r->context;
    bool topics = variable.kind == VARIABLE_TOPIC;
    if (topics || variable.kind == VARIABLE_DOCUMENT) {
        const Str *known = topics ? c->topics : c->documents;
        size_t n = topics ? c->n_topics : c->n_documents;
        for (size_t i = 0; i < n; i++) {
            double weight = 1;
            for (size_t k = 0; k < list->n; k++)
                if (str_eq(list->items[k].name, known[i])) weight = list->items[k].weight;
            if (weight > 0) return false;
        }
        return n > 0;
    }
    if (variable.kind == VARIABLE_TEMPLATE) {
        for (size_t i = 0; i < c->styles->n; i++)
            if (c->styles->items[i].weight > 0) return false;
        return c->styles->n > 0;
    }
    const Injection *in = &c->injections->items[variable.index];
    for (size_t i = 0; i < in->n; i++)
        if (in->values[i].weight > 0) return false;
    return in->n > 0;
}

static void read_variable_weights(Reader *r, const JsonNode *node)
{
    Variable variable;
    if (!find_variable(r, node, node->key, true, &variable)) return;
    if (!json_node_object(r->problems, node, "an object, such as {\"billing\": 2}")) {
        r->ok = false;
        return;
    }
    WeightList list = {.items = arena_new(r->arena, NamedWeight, json_object_size(node->value) + 1)};
    bool was_ok = r->ok;
    const char *key;
    json_t *value, *object = (json_t *)(uintptr_t)node->value;
    json_object_foreach(object, key, value) {
        JsonNode member = json_node_member(node, key, value);
        read_weight(r, &member, variable, &list);
    }
    if (r->ok == was_ok && nothing_left(r, variable, &list))
        error_hint(fault(r, node, "all weights are 0"), "give at least one a weight above 0");
    if (variable.kind == VARIABLE_TOPIC) r->out->topics = list.items, r->out->n_topics = list.n;
    if (variable.kind == VARIABLE_DOCUMENT) r->out->documents = list.items, r->out->n_documents = list.n;
}

static void read_weights(Reader *r, const JsonNode *node)
{
    if (!json_node_object(r->problems, node, "an object, such as {\"topic\": {\"billing\": 2}}")) {
        r->ok = false;
        return;
    }
    const char *key;
    json_t *value, *object = (json_t *)(uintptr_t)node->value;
    json_object_foreach(object, key, value) {
        JsonNode member = json_node_member(node, key, value);
        read_variable_weights(r, &member);
    }
}

// ---- the rest -----------------------------------------------------------------------------------

static void read_examples(Reader *r, const JsonNode *node)
{
    static const Str keys[] = {S_INIT("in_prompt"), S_INIT("as"), S_INIT("add")};
    static const Str ways[] = {S_INIT("text"), S_INIT("turns")};
    if (!node->value) return;
    if (!json_node_object(r->problems, node, "an object, such as {\"in_prompt\": 2, \"as\": \"text\", \"add\": true}")) {
        r->ok = false;
        return;
    }
    r->ok &= json_node_keys(r->problems, node, keys, sizeof keys / sizeof *keys);
    JsonNode in_prompt = json_node_get(node, "in_prompt"), as = json_node_get(node, "as"), add = json_node_get(node, "add");
    r->ok &= json_node_count(r->problems, &in_prompt, 0, EXAMPLES_IN_PROMPT_MAX, &r->out->examples_in_prompt);
    r->ok &= json_node_bool(r->problems, &add, &r->out->examples_add);
    int way = as.value ? read_word(r, &as, ways, 2, "\"text\" or \"turns\"") : -1;
    if (way >= 0) r->out->examples_as = (ExamplesAs)way;
}

static void read_root(Reader *r, const JsonNode *root)
{
    static const Str keys[] = {S_INIT("deal"),     S_INIT("cross"),         S_INIT("weights"), S_INIT("passages"),
                               S_INIT("min_exchanges"), S_INIT("examples"), S_INIT("partitions")};
    r->ok &= json_node_keys(r->problems, root, keys, sizeof keys / sizeof *keys);
    JsonNode deal = json_node_get(root, "deal"), cross = json_node_get(root, "cross");
    JsonNode weights = json_node_get(root, "weights"), passages = json_node_get(root, "passages");
    JsonNode exchanges = json_node_get(root, "min_exchanges"), examples = json_node_get(root, "examples");
    read_deal(r, &deal);
    read_cross(r, &cross);
    read_weights(r, &weights);
    r->ok &= json_node_count(r->problems, &passages, 1, PASSAGES_MAX, &r->out->passages);
    r->ok &= json_node_count(r->problems, &exchanges, 1, EXCHANGES_MAX, &r->out->min_exchanges);
    read_examples(r, &examples);
}

bool drawing_read(const JsonFile *file, const DrawingContext *context, Arena *a, Drawing *out, Problems *problems)
{
    *out = (Drawing){.deal = DEAL_TOPIC, .passages = 1, .min_exchanges = 1, .examples_in_prompt = 2, .examples_add = true};
    Reader r = {context, a, out, problems, true};
    JsonNode partitions = {0};
    JsonNode root = {0};
    if (file) {
        root = json_node_root(file);
        if (json_node_object(problems, &root, "an object, such as {\"deal\": \"topic\"}")) {
            read_root(&r, &root);
            partitions = json_node_get(&root, "partitions");
        } else {
            r.ok = false;
        }
    }
    return partitions_read(&partitions, context->injections, a, &out->partitions, problems) && r.ok;
}

double drawing_topic_weight(const Drawing *drawing, Str topic)
{
    for (size_t i = 0; i < drawing->n_topics; i++)
        if (str_eq(drawing->topics[i].name, topic)) return drawing->topics[i].weight;
    return 1;
}

bool drawing_document_weight(const Drawing *drawing, Str path, double *out)
{
    for (size_t i = 0; i < drawing->n_documents; i++) {
        if (!str_eq(drawing->documents[i].name, path)) continue;
        *out = drawing->documents[i].weight;
        return true;
    }
    return false;
}
