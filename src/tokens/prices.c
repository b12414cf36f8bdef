// SPDX-License-Identifier: Apache-2.0
#include "tokens/prices.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"

// ---- reading prices.json ------------------------------------------------------------------------

static const char *const row_keys[] = {"tokenizer", "window", "max_output", "input", "cached_input", "output", "batch"};
enum { N_ROW_KEYS = sizeof row_keys / sizeof *row_keys };

#define PRICE_MAX 1e6   // of a million tokens: a dollar a token
#define TOKENS_MAX 1e9  // no model holds more

typedef struct Reader {
    Str text, file;
    Arena *a;
    Error *e;
} Reader;

static bool fault(Reader *r, const Str *path, size_t n, const char *what, const char *hint)
{
    error_set(r->e, ERROR_USAGE, "prices", "%s", what);
    error_hint(r->e, "%s", hint);
    return error_at(r->e, r->file, r->text, json_locate_parts(r->text, path, n, true));
}

static bool read_number(Reader *r, Str model, const char *key, const json_t *value, double most, double *out)
{
    const Str path[] = {S("models"), model, str_from(key)};
    if (!json_is_number(value)) return fault(r, path, 3, "this must be a number", "write it without quotes, like 0.5");
    *out = json_number_value(value);
    if (*out < 0 || *out > most) return fault(r, path, 3, "this number is out of range", "prices are per million tokens");
    return true;
}

static bool read_price(Reader *r, Str model, const char *key, const json_t *row, int64_t *out)
{
    const json_t *value = json_object_get(row, key);
    double x;
    if (!value) return true;
    if (!read_number(r, model, key, value, PRICE_MAX, &x)) return false;
    *out = (int64_t)(x * 1e9 + 0.5);
    return true;
}

static bool read_tokens(Reader *r, Str model, const char *key, const json_t *row, int64_t *out)
{
    const json_t *value = json_object_get(row, key);
    double x;
    if (!value) return true;
    if (!read_number(r, model, key, value, TOKENS_MAX, &x)) return false;
    *out = (int64_t)x;
    return true;
}

static bool check_keys(Reader *r, Str model, const json_t *row)
{
    const char *key;
    json_t *value;
    Str known[N_ROW_KEYS];
    for (size_t i = 0; i < N_ROW_KEYS; i++) known[i] = str_from(row_keys[i]);
    json_object_foreach((json_t *)row, key, value) {
        const Str path[] = {S("models"), model, str_from(key)};
        size_t i = 0;
        while (i < N_ROW_KEYS && !str_eq(known[i], path[2])) i++;
        if (i < N_ROW_KEYS) continue;
        Str near = str_nearest(path[2], known, N_ROW_KEYS);
        char hint[160];
        snprintf(hint, sizeof hint, near.ptr ? "did you mean \"%.*s\"?" : "tokenizer, window, max_output, input, cached_input, output, batch%.*s",
                 STR_ARG(near));
        return fault(r, path, 3, "unknown key", hint);
    }
    return true;
}

static ModelFacts built_in(Str name);

static bool read_row(Reader *r, Str model, const json_t *row, ModelFacts *out)
{
    const Str path[] = {S("models"), model};
    if (!json_is_object(row)) return fault(r, path, 2, "a model's row must be an object", "{\"input\": 0.5, \"output\": 1.5}");
    if (!check_keys(r, model, row)) return false;
    *out = path_is_glob(model) ? (ModelFacts){0} : built_in(model);
    out->name = model;
    Pricing *p = &out->pricing;
    bool in = json_object_get(row, "input"), to = json_object_get(row, "output");
    if (in != to) return fault(r, path, 2, "a model has a price only with both input and output", "give both");
    double batch = 0;
    const json_t *share = json_object_get(row, "batch"), *tokenizer = json_object_get(row, "tokenizer");
    if (!read_price(r, model, "input", row, &p->input) || !read_price(r, model, "output", row, &p->output)) return false;
    if (in) *p = (Pricing){true, p->input, p->input, p->output};
    if (!read_price(r, model, "cached_input", row, &p->cached_input) || !read_tokens(r, model, "window", row, &out->window) ||
        !read_tokens(r, model, "max_output", row, &out->max_output) ||
        (share && !read_number(r, model, "batch", share, 1, &batch)))
        return false;
    if (share) out->batch = (unsigned)(batch * 100 + 0.5);
    if (json_is_string(tokenizer)) out->tokenizer = arena_str(r->a, json_str(tokenizer));
    return true;
}

static bool read_all(Reader *r, const json_t *root, Prices *out)
{
    const json_t *models = json_object_get(root, "models"), *currency = json_object_get(root, "currency");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)root, key, value) {
        Str path = str_from(key);
        if (!str_eq(path, S("models")) && !str_eq(path, S("currency"))) return fault(r, &path, 1, "unknown key", "currency and models");
    }
    if (!json_is_object(models)) return fault(r, NULL, 0, "there is no object \"models\"", "{\"models\": {\"name\": {\"input\": 0.5, \"output\": 1.5}}}");
    if (json_is_string(currency)) out->currency = arena_str(r->a, json_str(currency));
    ModelFacts *rows = arena_new(r->a, ModelFacts, json_object_size(models) + 1);
    out->own = rows;
    json_object_foreach((json_t *)models, key, value) {
        if (!read_row(r, arena_str(r->a, str_from(key)), value, &rows[out->n_own])) return false;
        out->n_own++;
    }
    return true;
}

bool prices_load(Str file, Arena *a, Prices *out, Error *e)
{
    *out = (Prices){.currency = S("USD")};
    if (!file.ptr || !file_exists(arena_cstr(a, file))) return true;
    Reader r = {.file = file, .a = a, .e = e};
    json_t *root;
    if (!file_read_text(arena_cstr(a, file), PRICES_FILE_MAX, a, &r.text, NULL, e) || !json_read(r.text, file, &root, e)) return false;
    bool ok = json_is_object(root) ? read_all(&r, root, out) : fault(&r, NULL, 0, "this is no object", "{\"models\": {}}");
    json_decref(root);
    return ok;
}

// ---- finding ------------------------------------------------------------------------------------

// A version of the row's model: "-2024-08-06", "-20250929", "@20250929", "-latest".
static bool is_version(Str rest)
{
    if (rest.len < 2 || (rest.ptr[0] != '-' && rest.ptr[0] != '@')) return false;
    if (str_eq(rest, S("-latest"))) return true;
    size_t digits = 0;
    for (size_t i = 1; i < rest.len; i++) {
        if (str_is_digit(rest.ptr[i]))
            digits++;
        else if (rest.ptr[i] != '-')
            return false;
    }
    return digits >= 4;
}

// How well a row's name fits: 0 not at all, more is better.
static size_t fit(Str row, Str model)
{
    if (str_eq(row, model)) return SIZE_MAX;
    if (!path_is_glob(row)) return str_starts(model, row) && is_version(str_slice(model, row.len, model.len)) ? SIZE_MAX - 1 : 0;
    return path_glob(row, model) ? 1 + row.len : 0;
}

enum { NAME_MAX_LEN = 256 };  // longer names are nobody's

// The name in lower case and behind the maker's prefix; the buffer is the caller's.
static Str plain_name(Str model, char lower[NAME_MAX_LEN])
{
    size_t slash = str_rfind_char(model, '/');
    if (slash != STR_NONE) model = str_slice(model, slash + 1, model.len);
    if (model.len > NAME_MAX_LEN) model.len = 0;
    for (size_t i = 0; i < model.len; i++)
        lower[i] = (char)(model.ptr[i] >= 'A' && model.ptr[i] <= 'Z' ? model.ptr[i] + 32 : model.ptr[i]);
    return (Str){lower, model.len};
}

static ModelFacts from_row(const PriceRow *row)
{
    const int64_t unit = 100000;  // a ten-thousandth in billionths
    ModelFacts f = {.name = str_from(row->name), .tokenizer = str_from(row->tokenizer), .window = row->window,
                    .max_output = row->max_output, .batch = (unsigned)row->batch};
    if (row->input >= 0) f.pricing = (Pricing){true, row->input * unit, row->cached_input * unit, row->output * unit};
    return f;
}

static ModelFacts built_in(Str model)
{
    char lower[NAME_MAX_LEN];
    Str name = plain_name(model, lower);
    size_t best = 0;
    const PriceRow *found = NULL;
    for (size_t i = 0; i < price_table_n; i++) {
        size_t f = fit(str_from(price_table[i].name), name);
        if (f <= best) continue;
        best = f;
        found = &price_table[i];
    }
    return found ? from_row(found) : (ModelFacts){0};
}

ModelFacts prices_of(const Prices *prices, Str model)
{
    size_t best = 0;
    const ModelFacts *found = NULL;
    for (size_t i = 0; i < prices->n_own; i++) {
        size_t f = fit(prices->own[i].name, model);
        if (f <= best) continue;
        best = f;
        found = &prices->own[i];
    }
    ModelFacts known = built_in(model);
    if (!found) return known;
    ModelFacts own = *found;
    if (!own.tokenizer.ptr) own.tokenizer = known.tokenizer;
    if (!own.window) own.window = known.window;
    if (!own.max_output) own.max_output = known.max_output;
    if (!own.pricing.known) own.pricing = known.pricing;
    return own;
}

Pricing pricing_batch(const ModelFacts *facts)
{
    Pricing p = facts->pricing;
    if (!p.known || !facts->batch) return (Pricing){0};
    return (Pricing){true, p.input * facts->batch / 100, p.cached_input * facts->batch / 100, p.output * facts->batch / 100};
}
