// SPDX-License-Identifier: Apache-2.0
#include "project/parameters.h"

#include <math.h>

#include "project/json_node.h"
#include "project/parameter_table.h"

static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10};

typedef struct Reader {
    Arena *arena;
    Problems *problems;
    const KnownParameter *known;  // of the parameter being read; NULL: an unknown one
    bool ok;
} Reader;

static Error *fault(Reader *r, const JsonNode *node, const char *what)
{
    r->ok = false;
    return json_node_problem(r->problems, node, "%s", what);
}

static ParameterTakes takes(const Reader *r) { return r->known ? r->known->takes : TAKES_ANYTHING; }

static bool always_real(const Reader *r) { return takes(r) == TAKES_REAL; }

static Str compact(const json_t *value, bool real, Arena *a)
{
    Buf b = {0};
    if (real && json_is_integer(value))
        json_write_double(&b, (double)json_integer_value(value));
    else
        json_write(&b, value);
    Str copy = arena_str(a, buf_str(&b));
    buf_free(&b);
    return copy;
}

static ParameterType type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL: return TYPE_NULL;
    case JSON_TRUE:
    case JSON_FALSE: return TYPE_BOOLEAN;
    case JSON_INTEGER: return TYPE_INTEGER;
    case JSON_REAL: return TYPE_REAL;
    case JSON_STRING: return TYPE_STRING;
    case JSON_ARRAY: return TYPE_ARRAY;
    case JSON_OBJECT: return TYPE_OBJECT;
    }
    return TYPE_NULL;
}

// ---- one value ----------------------------------------------------------------------------------

static bool check_bounds(Reader *r, const JsonNode *node)
{
    const KnownParameter *k = r->known;
    double x = json_number_value(node->value);
    if (!k || k->max < k->min || (x >= k->min && x <= k->max)) return true;
    Error *e = json_node_problem(r->problems, node, "%.*s cannot be %g", STR_ARG(k->name), x);
    r->ok = false;
    if (k->max >= 1e6)
        error_hint(e, "write a number of at least %g", k->min);
    else
        error_hint(e, "write a number from %g to %g", k->min, k->max);
    return false;
}

static const char *taken(ParameterTakes what)
{
    switch (what) {
    case TAKES_REAL: return "a number, or two for a range";
    case TAKES_INTEGER: return "a whole number, or two for a range";
    case TAKES_BOOLEAN: return "true or false";
    case TAKES_STRING: return "a string";
    case TAKES_LIST: return "a list";
    case TAKES_OBJECT: return "{\"value\": {…}}";
    case TAKES_ANYTHING: return "a value";
    }
    return "a value";
}

// Whether a known parameter takes such a value. null takes a parameter back where a server has one of its own.
static bool check_value(Reader *r, const JsonNode *node)
{
    const json_t *v = node->value;
    bool fits = json_is_null(v);
    switch (takes(r)) {
    case TAKES_ANYTHING: fits = true; break;
    case TAKES_REAL: fits |= json_is_number(v); break;
    case TAKES_INTEGER: fits |= json_is_integer(v); break;
    case TAKES_BOOLEAN: fits |= json_is_boolean(v); break;
    case TAKES_STRING: fits |= json_is_string(v); break;
    case TAKES_LIST: fits |= json_is_array(v) || json_is_string(v); break;
    case TAKES_OBJECT: fits |= json_is_object(v); break;
    }
    if (fits) return !json_is_number(v) || check_bounds(r, node);
    Error *e = json_node_problem(r->problems, node, "%.*s cannot be %s", STR_ARG(r->known->name),
                                 json_is_real(v) ? "a number with a fraction" : json_type_name(v));
    error_hint(e, "write %s", taken(r->known->takes));
    return r->ok = false;
}

static void read_fixed(Reader *r, const JsonNode *node, Parameter *out)
{
    if (!check_value(r, node)) return;
    out->kind = PARAMETER_FIXED;
    out->type = type_of(node->value);
    out->json = compact(node->value, false, r->arena);
}

// ---- ranges -------------------------------------------------------------------------------------

static bool check_range(Reader *r, const JsonNode *node, const JsonNode *min, const JsonNode *max)
{
    bool ok = check_value(r, min);
    ok = check_value(r, max) && ok;
    if (!ok) return false;
    if (json_number_value(min->value) <= json_number_value(max->value)) return true;
    error_hint(fault(r, node, "the range is upside down"), "write the smaller number first");
    return false;
}

static void read_range(Reader *r, const JsonNode *node, const JsonNode *min, const JsonNode *max, Parameter *out)
{
    if (!check_range(r, node, min, max)) return;
    if (json_is_integer(min->value) && json_is_integer(max->value) && !always_real(r)) {
        out->kind = PARAMETER_INTEGER;
        out->type = TYPE_INTEGER;
        out->low = json_integer_value(min->value);
        out->high = json_integer_value(max->value);
        return;
    }
    out->kind = PARAMETER_REAL;
    out->type = TYPE_REAL;
    out->min = json_number_value(min->value);
    out->max = json_number_value(max->value);
    if (!isfinite(out->max - out->min)) error_hint(fault(r, node, "the range is too wide"), "write smaller numbers");
}

static unsigned decimals_of(double x)
{
    for (unsigned d = 0; d < 10; d++) {
        double scaled = x * tens[d];
        if (fabs(scaled - nearbyint(scaled)) < 1e-9 * fmax(1, fabs(scaled))) return d;
    }
    return 10;
}

enum { STEPS_LIMIT = 1000000000 };  // further steps are finer than any server's reading of a number

static void read_steps(Reader *r, const JsonNode *node, const JsonNode *min, const JsonNode *max, const JsonNode *step,
                       Parameter *out)
{
    if (!check_range(r, node, min, max)) return;
    if (!json_is_number(step->value) || json_number_value(step->value) <= 0) {
        error_hint(fault(r, step, "the step is not a number above 0"), "write such as 0.1");
        return;
    }
    bool integers = json_is_integer(min->value) && json_is_integer(max->value) && json_is_integer(step->value);
    if (takes(r) == TAKES_INTEGER && !integers) {
        error_hint(fault(r, step, "the parameter takes whole numbers only"), "write a whole number");
        return;
    }
    out->min = json_number_value(min->value);
    out->max = json_number_value(max->value);
    out->step = json_number_value(step->value);
    out->low = json_integer_value(min->value);
    out->high = json_integer_value(max->value);
    double n = floor((out->max - out->min) / out->step + 1e-9) + 1;
    if (!(n <= STEPS_LIMIT)) {
        error_hint(fault(r, step, "the step is too small for the range"), "write a larger one");
        return;
    }
    out->kind = PARAMETER_STEPS;
    out->type = integers && !always_real(r) ? TYPE_INTEGER : TYPE_REAL;
    out->n = (size_t)n;
    unsigned a = decimals_of(out->min), b = decimals_of(out->step);
    out->decimals = a > b ? a : b;
}

// ---- choices ------------------------------------------------------------------------------------

static ParameterType common_type(ParameterType a, ParameterType b)
{
    bool numbers = (a == TYPE_INTEGER || a == TYPE_REAL) && (b == TYPE_INTEGER || b == TYPE_REAL);
    if (a == b || b == TYPE_NULL) return a;
    if (a == TYPE_NULL) return b;
    return numbers ? TYPE_REAL : TYPE_MIXED;
}

static bool read_choices(Reader *r, const JsonNode *list, Parameter *out)
{
    size_t n = json_array_size(list->value);
    if (n == 0) {
        error_hint(fault(r, list, "an empty list has nothing to draw"), "write the values to draw from");
        return false;
    }
    bool ok = true;
    out->kind = PARAMETER_CHOICE;
    out->type = TYPE_NULL;
    for (size_t i = 0; i < n; i++) {
        JsonNode item = json_node_at(list, i);
        ok &= check_value(r, &item);
        out->type = common_type(out->type, type_of(item.value));
    }
    if (!ok) out->type = TYPE_NULL;  // reported already; no further fault hangs on it
    // One type a key: among numbers with fractions a whole one is written as 1.0.
    if (out->type == TYPE_INTEGER && always_real(r)) out->type = TYPE_REAL;
    Str *choices = arena_new(r->arena, Str, n);
    for (size_t i = 0; i < n; i++)
        choices[i] = compact(json_array_get(list->value, i), out->type == TYPE_REAL, r->arena);
    out->choices = choices;
    out->n = n;
    return ok;
}

static void read_weights(Reader *r, const JsonNode *list, Parameter *out)
{
    if (!json_node_array(r->problems, list, "a list of numbers, one for each choice")) {
        r->ok = false;
        return;
    }
    size_t n = json_array_size(list->value);
    if (n != out->n) {
        Error *e = json_node_problem(r->problems, list, "%zu weights for %zu choices", n, out->n);
        error_hint(e, "write one weight for each choice");
        r->ok = false;
        return;
    }
    double *weights = arena_new(r->arena, double, n), sum = 0;
    for (size_t i = 0; i < n; i++) {
        JsonNode item = json_node_at(list, i);
        r->ok &= json_node_weight(r->problems, &item, &weights[i]);
        sum += weights[i];
    }
    if (sum <= 0 && r->ok) error_hint(fault(r, list, "all weights are 0"), "give at least one choice a weight above 0");
    out->weights = weights;
}

// ---- one parameter ------------------------------------------------------------------------------

static const Str range_keys[] = {S_INIT("min"), S_INIT("max"), S_INIT("step")};
static const Str choice_keys[] = {S_INIT("choices"), S_INIT("weights")};
static const Str value_keys[] = {S_INIT("value")};

static void read_object(Reader *r, const JsonNode *node, Parameter *out)
{
    JsonNode value = json_node_get(node, "value"), choices = json_node_get(node, "choices");
    JsonNode min = json_node_get(node, "min"), max = json_node_get(node, "max"), step = json_node_get(node, "step");
    if (value.value) {
        r->ok &= json_node_keys(r->problems, node, value_keys, 1);
        out->kind = PARAMETER_FIXED;
        out->type = type_of(value.value);
        out->json = compact(value.value, false, r->arena);
    } else if (choices.value) {
        r->ok &= json_node_keys(r->problems, node, choice_keys, 2);
        JsonNode weights = json_node_get(node, "weights");
        if (!json_node_array(r->problems, &choices, "a list of values"))
            r->ok = false;
        else if (read_choices(r, &choices, out) && weights.value)
            read_weights(r, &weights, out);
    } else if (min.value && max.value) {
        r->ok &= json_node_keys(r->problems, node, range_keys, 3);
        if (!json_is_number(min.value) || !json_is_number(max.value))
            error_hint(fault(r, node, "min and max must be numbers"), "write {\"min\": 0.2, \"max\": 1.0, \"step\": 0.1}");
        else if (step.value)
            read_steps(r, node, &min, &max, &step, out);
        else
            read_range(r, node, &min, &max, out);
    } else {
        error_hint(fault(r, node, "an object that says neither what to send nor what to draw"),
                   "{\"value\": …} sends anything unchanged; {\"min\", \"max\", \"step\"} and {\"choices\", \"weights\"} draw");
    }
}

static void read_array(Reader *r, const JsonNode *node, Parameter *out)
{
    JsonNode first = json_node_at(node, 0), second = json_node_at(node, 1);
    if (takes(r) == TAKES_LIST)
        read_fixed(r, node, out);
    else if (json_array_size(node->value) == 2 && json_is_number(first.value) && json_is_number(second.value))
        read_range(r, node, &first, &second, out);
    else
        read_choices(r, node, out);
}

static bool check_name(Reader *r, const JsonNode *node)
{
    const char *instead = parameter_forbidden(node->key);
    r->known = parameter_known(node->key);
    Error *e;
    if (instead) {
        e = json_node_key_problem(r->problems, node, "\"%.*s\" is not drawn", STR_ARG(node->key));
        error_hint(e, "%s", instead);
        return r->ok = false;
    }
    const KnownParameter *near = r->known ? NULL : parameter_near_miss(node->key);
    if (near) {
        e = json_node_key_problem(r->problems, node, "unknown parameter \"%.*s\"", STR_ARG(node->key));
        error_hint(e, "write \"%.*s\"", STR_ARG(near->name));
        return r->ok = false;
    }
    return true;
}

static void read_parameter(Reader *r, const JsonNode *node, Parameters *out)
{
    Parameter parameter = {.name = arena_str(r->arena, node->key), .json = S_INIT("null")};
    bool named = check_name(r, node);
    if (!named) return;
    if (json_is_object(node->value))
        read_object(r, node, &parameter);
    else if (json_is_array(node->value))
        read_array(r, node, &parameter);
    else
        read_fixed(r, node, &parameter);
    out->items[out->n++] = parameter;
}

bool parameters_read(Str text, Str file, Arena *a, Parameters *out, Problems *problems)
{
    *out = (Parameters){.file = file};
    JsonFile json = {.file = file, .text = text};
    Error e;
    if (!json_read(text, file, &json.root, &e)) {
        problems_add(problems, &e);
        return false;
    }
    Reader r = {.arena = a, .problems = problems, .ok = true};
    JsonNode root = json_node_root(&json);
    if (json_node_object(problems, &root, "an object, such as {\"temperature\": [0.2, 1.0]}")) {
        out->items = arena_new(a, Parameter, json_object_size(json.root) + 1);
        const char *key;
        json_t *value;
        json_object_foreach(json.root, key, value) {
            JsonNode node = json_node_member(&root, key, value);
            read_parameter(&r, &node, out);
        }
    } else {
        r.ok = false;
    }
    json_decref(json.root);
    return r.ok;
}

const Parameter *parameters_find(const Parameters *parameters, Str name)
{
    for (size_t i = 0; i < parameters->n; i++)
        if (str_eq(parameters->items[i].name, name)) return &parameters->items[i];
    return NULL;
}

// ---- drawing ------------------------------------------------------------------------------------

static double round_to(double x, unsigned decimals)
{
    double scaled = x * tens[decimals];
    return fabs(scaled) < 9e15 ? nearbyint(scaled) / tens[decimals] : x;
}

static void draw_real(const Parameter *p, Random *r, Buf *out)
{
    double x = round_to(p->min + (p->max - p->min) * random_unit(r), 4);
    // Rounding must not leave the range: [0.00001, 0.00002] has no number of 4 decimals.
    if (x < p->min) x = p->min;
    if (x > p->max) x = p->max;
    json_write_double(out, x);
}

static void draw_integer(const Parameter *p, Random *r, Buf *out)
{
    uint64_t span = (uint64_t)p->high - (uint64_t)p->low + 1;
    uint64_t n = span ? random_below(r, span) : random_next(r);  // 0: all of int64
    buf_printf(out, "%lld", (long long)(int64_t)((uint64_t)p->low + n));
}

static void draw_step(const Parameter *p, Random *r, Buf *out)
{
    uint64_t k = random_below(r, p->n);
    if (p->type == TYPE_INTEGER) {
        // Unsigned, so that no sum overflows on its way to a number that lies within the range.
        uint64_t above = k * (uint64_t)p->step, span = (uint64_t)p->high - (uint64_t)p->low;
        buf_printf(out, "%lld", (long long)(int64_t)((uint64_t)p->low + (above < span ? above : span)));
        return;
    }
    double x = round_to(p->min + p->step * (double)k, p->decimals);
    json_write_double(out, x > p->max ? p->max : x);
}

static void draw_choice(const Parameter *p, Random *r, Buf *out)
{
    size_t chosen = 0;
    if (!p->weights) {
        chosen = (size_t)random_below(r, p->n);
    } else {
        double sum = 0;
        for (size_t i = 0; i < p->n; i++) sum += p->weights[i];
        double at = random_unit(r) * sum;
        for (size_t i = 0; i < p->n; i++) {
            if (p->weights[i] <= 0) continue;
            chosen = i;
            if (at < p->weights[i]) break;
            at -= p->weights[i];
        }
    }
    buf_add(out, p->choices[chosen]);
}

void parameter_draw(const Parameter *parameter, Random *r, Buf *out)
{
    switch (parameter->kind) {
    case PARAMETER_FIXED: buf_add(out, parameter->json); return;
    case PARAMETER_REAL: draw_real(parameter, r, out); return;
    case PARAMETER_INTEGER: draw_integer(parameter, r, out); return;
    case PARAMETER_STEPS: draw_step(parameter, r, out); return;
    case PARAMETER_CHOICE: draw_choice(parameter, r, out); return;
    }
}
