// SPDX-License-Identifier: Apache-2.0
#include "tokens/prices.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "tokens/chat_template.h"
#include "tokens/vocabulary_file.h"

// ---- reading prices.json ------------------------------------------------------------------------

static const char *const row_keys[] = {"tokenizer", "chat_template", "window", "max_output", "input", "cached_input", "output", "batch"};
enum { N_ROW_KEYS = sizeof row_keys / sizeof *row_keys, CURRENCY_MAX = 8 };
enum { NAME_MAX_LEN = 256 };  // longer names are nobody's

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
    const Str path[] = {S("models"), model, str_from(key)};
    double x;
    if (!value) return true;
    if (!read_number(r, model, key, value, TOKENS_MAX, &x)) return false;
    if (!json_is_integer(value) || x < 1) return fault(r, path, 3, "this must be a whole number of tokens", "leave it out where it is not known");
    *out = (int64_t)x;
    return true;
}

static void list_names(const Str *names, size_t n, char *out, size_t size)
{
    for (size_t i = 0, at = 0; i < n && at < size; i++) at += (size_t)snprintf(out + at, size - at, i ? ", %.*s" : "%.*s", STR_ARG(names[i]));
}

// One of the names; a tokenizer may be a path too.
static bool read_name(Reader *r, Str model, const char *key, const json_t *row, const Str *names, size_t n, Str *out)
{
    const json_t *value = json_object_get(row, key);
    const Str path[] = {S("models"), model, str_from(key)};
    bool tokenizer = str_eq(path[2], S("tokenizer"));
    char hint[320];
    size_t i = 0;
    if (!value) return true;
    Str name = json_is_string(value) ? json_str(value) : (Str){0};
    *out = arena_str(r->a, name);
    while (i < n && !str_eq(names[i], name)) i++;
    if (i < n || (tokenizer && str_find_char(name, '/') != STR_NONE)) return true;
    Str near = str_nearest(name, names, n);
    if (near.ptr)
        snprintf(hint, sizeof hint, "did you mean \"%.*s\"?", STR_ARG(near));
    else
        list_names(names, n, hint, sizeof hint);
    return fault(r, path, 3, tokenizer ? "this is no tokenizer; a file is given as a path with a /" : "there is no such chat template", hint);
}

static bool read_names(Reader *r, Str model, const json_t *row, ModelFacts *out)
{
    const Str *tokenizers, *chats;
    Str chat = {0}, tokenizer = {0};
    size_t n_tokenizers = vocabulary_names(&tokenizers), n_chats = chat_template_names(&chats);
    if (!read_name(r, model, "tokenizer", row, tokenizers, n_tokenizers, &tokenizer) ||
        !read_name(r, model, "chat_template", row, chats, n_chats, &chat))
        return false;
    if (tokenizer.ptr) out->tokenizer = out->chat = tokenizer;
    if (chat.ptr) out->chat = chat;
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
        snprintf(hint, sizeof hint, near.ptr ? "did you mean \"%.*s\"?" : "tokenizer, chat_template, window, max_output, input, cached_input, output, batch%.*s",
                 STR_ARG(near));
        return fault(r, path, 3, "unknown key", hint);
    }
    return true;
}

static ModelFacts built_in(Str name);

static bool read_prices(Reader *r, Str model, const json_t *row, ModelFacts *out)
{
    const Str path[] = {S("models"), model};
    Pricing *p = &out->pricing;
    bool in = json_object_get(row, "input"), to = json_object_get(row, "output");
    const json_t *share = json_object_get(row, "batch");
    double batch = 0;
    if (in != to) return fault(r, path, 2, "a model has a price only with both input and output", "give both");
    if (!read_price(r, model, "input", row, &p->input) || !read_price(r, model, "output", row, &p->output)) return false;
    if (in) *p = (Pricing){true, p->input, p->input, p->output};
    if (!p->known && (share || json_object_get(row, "cached_input")))
        return fault(r, path, 2, "this model has no price of input and output", "give both");
    if (!read_price(r, model, "cached_input", row, &p->cached_input) || (share && !read_number(r, model, "batch", share, 1, &batch))) return false;
    if (share) out->batch = (unsigned)(batch * 100 + 0.5);
    return true;
}

static Str lower(Arena *a, Str s)
{
    char *out = arena_alloc(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++) out[i] = (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] + 32 : s.ptr[i]);
    return (Str){out, s.len};
}

static bool read_row(Reader *r, Str model, const json_t *row, ModelFacts *out)
{
    const Str path[] = {S("models"), model};
    if (!json_is_object(row)) return fault(r, path, 2, "a model's row must be an object", "{\"input\": 0.5, \"output\": 1.5}");
    if (!check_keys(r, model, row)) return false;
    *out = path_is_glob(model) ? (ModelFacts){0} : built_in(model);
    out->name = lower(r->a, model);
    return read_names(r, model, row, out) && read_prices(r, model, row, out) && read_tokens(r, model, "window", row, &out->window) &&
           read_tokens(r, model, "max_output", row, &out->max_output);
}

static bool read_currency(Reader *r, const json_t *currency, Str *out)
{
    const Str path = S("currency");
    if (!currency) return true;
    Str name = json_is_string(currency) ? json_str(currency) : (Str){0};
    if (!name.len || name.len > CURRENCY_MAX) return fault(r, &path, 1, "this must be the short name of a currency", "\"USD\"");
    *out = arena_str(r->a, name);
    return true;
}

static bool read_all(Reader *r, const json_t *root, Prices *out)
{
    const json_t *models = json_object_get(root, "models");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)root, key, value) {
        Str path = str_from(key);
        if (!str_eq(path, S("models")) && !str_eq(path, S("currency"))) return fault(r, &path, 1, "unknown key", "currency and models");
    }
    if (!json_is_object(models)) return fault(r, NULL, 0, "there is no object \"models\"", "{\"models\": {\"name\": {\"input\": 0.5, \"output\": 1.5}}}");
    if (!read_currency(r, json_object_get(root, "currency"), &out->currency)) return false;
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

// The name in lower case; the buffer is the caller's.
static Str lower_name(Str model, char buffer[NAME_MAX_LEN])
{
    if (model.len > NAME_MAX_LEN) model.len = 0;
    for (size_t i = 0; i < model.len; i++)
        buffer[i] = (char)(model.ptr[i] >= 'A' && model.ptr[i] <= 'Z' ? model.ptr[i] + 32 : model.ptr[i]);
    return (Str){buffer, model.len};
}

// What stands behind the maker's prefix.
static Str plain_name(Str name)
{
    size_t slash = str_rfind_char(name, '/');
    return slash == STR_NONE ? name : str_slice(name, slash + 1, name.len);
}

static ModelFacts from_row(const PriceRow *row)
{
    const int64_t unit = 100000;  // a ten-thousandth in billionths
    ModelFacts f = {.name = str_from(row->name), .tokenizer = str_from(row->tokenizer), .window = row->window,
                    .max_output = row->max_output, .batch = (unsigned)row->batch, .chat = str_from(row->chat ? row->chat : row->tokenizer)};
    if (row->input >= 0) f.pricing = (Pricing){true, row->input * unit, row->cached_input * unit, row->output * unit};
    return f;
}

static ModelFacts built_in(Str model)
{
    char buffer[NAME_MAX_LEN];
    Str name = plain_name(lower_name(model, buffer));
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

// The user's row that fits best, its whole name better than what stands behind the maker's.
static const ModelFacts *own_row(const Prices *prices, Str model)
{
    char buffer[NAME_MAX_LEN];
    Str whole = lower_name(model, buffer);
    const ModelFacts *found = NULL;
    for (int plain = 0; plain < 2 && !found; plain++) {
        size_t best = 0;
        for (size_t i = 0; i < prices->n_own; i++) {
            size_t f = fit(prices->own[i].name, plain ? plain_name(whole) : whole);
            if (f <= best) continue;
            best = f;
            found = &prices->own[i];
        }
    }
    return found;
}

ModelFacts prices_of(const Prices *prices, Str model)
{
    const ModelFacts *found = own_row(prices, model);
    ModelFacts known = built_in(model);
    if (!found) return known;
    ModelFacts own = *found;
    if (!own.tokenizer.ptr) own.tokenizer = known.tokenizer;
    if (!own.chat.ptr) own.chat = known.chat;
    if (!own.window) own.window = known.window;
    if (!own.max_output) own.max_output = known.max_output;
    if (!own.pricing.known) own.pricing = known.pricing;
    if (!own.batch) own.batch = known.batch;
    return own;
}

Pricing pricing_batch(const ModelFacts *facts)
{
    Pricing p = facts->pricing;
    if (!p.known || !facts->batch) return (Pricing){0};
    return (Pricing){true, p.input * facts->batch / 100, p.cached_input * facts->batch / 100, p.output * facts->batch / 100};
}
