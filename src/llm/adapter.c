// SPDX-License-Identifier: Apache-2.0
#include "llm/adapter.h"

#include "base/json.h"
#include "base/utf8.h"
#include "llm/vendor.h"

static const Adapter *const all[] = {&adapter_openai, &adapter_anthropic, &adapter_ollama, &adapter_tgi};

const Adapter *const *adapters(size_t *n)
{
    *n = sizeof all / sizeof *all;
    return all;
}

const Adapter *adapter_named(Str name)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_eq_ignore_case(name, str_from(all[i]->name))) return all[i];
    return NULL;
}

// ---- parameters ---------------------------------------------------------------------------------

static const ParamRule *find_rule(const ParamRule *rules, size_t n, Str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(rules[i].name, name)) return &rules[i];
    return NULL;
}

static const ParamRule *rule_of(const Endpoint *endpoint, Str name)
{
    const ParamRule *rule = NULL;
    if (endpoint->vendor) rule = find_rule(endpoint->vendor->params, endpoint->vendor->n_params, name);
    return rule ? rule : find_rule(endpoint->adapter->params, endpoint->adapter->n_params, name);
}

static bool model_refuses(const Endpoint *endpoint, Str name)
{
    const Vendor *vendor = endpoint->vendor;
    return vendor && vendor->model_refuses && vendor->model_refuses(endpoint->model, name);
}

Str adapter_param_name(const Endpoint *endpoint, Str name)
{
    if (model_refuses(endpoint, name)) return (Str){0};
    const ParamRule *rule = rule_of(endpoint, name);
    return rule ? rule->sent : name;
}

bool adapter_check_param(const Endpoint *endpoint, Str name, Error *e)
{
    if (adapter_param_name(endpoint, name).ptr) return true;
    const ParamRule *rule = rule_of(endpoint, name);
    if (model_refuses(endpoint, name)) {
        error_set(e, ERROR_PROJECT, "parameter", "the model %.*s at %s does not take %.*s", STR_ARG(endpoint->model),
                  endpoint->vendor->title, STR_ARG(name));
        return error_hint(e, "leave %.*s out for this model, or set LLM_NAME to another", STR_ARG(name));
    }
    const char *title = endpoint->vendor ? endpoint->vendor->title : endpoint->adapter->title;
    error_set(e, ERROR_PROJECT, "parameter", "%s does not take the parameter %.*s", title, STR_ARG(name));
    if (rule && rule->hint.ptr) return error_hint(e, "%.*s", STR_ARG(rule->hint));
    return error_hint(e, "leave %.*s out for this API", STR_ARG(name));
}

static bool is_bound(Str sent)
{
    return str_eq(sent, S("max_tokens")) || str_eq(sent, S("max_completion_tokens")) || str_eq(sent, S("num_predict")) ||
           str_eq(sent, S("max_new_tokens"));
}

static bool is_seed(Str sent) { return str_eq(sent, S("seed")) || str_eq(sent, S("random_seed")); }

Str adapter_param(const Endpoint *endpoint, const ChatRequest *request, Str sent_name)
{
    for (size_t i = 0; i < request->n_params; i++)
        if (str_eq(adapter_param_name(endpoint, request->params[i].name), sent_name)) return request->params[i].json;
    return (Str){0};
}

static void write_member(Buf *body, Str name, bool *first)
{
    if (!*first) buf_add_char(body, ',');
    *first = false;
    json_write_string(body, name);
    buf_add_char(body, ':');
}

bool adapter_write_params(const Endpoint *endpoint, const ChatRequest *request, const ParamPlace *place, Buf *body)
{
    bool first = place->first, seed_given = false;
    size_t before = body->len;
    for (size_t i = 0; i < request->n_params; i++) {
        Str name = adapter_param_name(endpoint, request->params[i].name);
        if (!name.ptr) continue;
        if (is_seed(name)) seed_given = true;
        if ((is_bound(name) && request->max_tokens) || (place->wanted && !place->wanted(name))) continue;
        write_member(body, name, &first);
        buf_add(body, request->params[i].json);
    }
    if (place->bound && request->max_tokens) {
        write_member(body, str_from(place->bound), &first);
        buf_add_u64(body, request->max_tokens);
    }
    if (place->seed && request->has_seed && !seed_given) {
        write_member(body, str_from(place->seed), &first);
        buf_add_u64(body, chat_seed(request->seed));
    }
    return body->len > before;
}

void adapter_write_messages(const ChatRequest *request, Str but, Buf *body)
{
    buf_add_char(body, '[');
    bool first = true;
    for (size_t i = 0; i < request->n_messages; i++) {
        const ChatMessage *message = &request->messages[i];
        if (but.ptr && str_eq(message->role, but)) continue;
        buf_add(body, first ? S("{\"role\":") : S(",{\"role\":"));
        first = false;
        json_write_string(body, message->role);
        buf_add(body, S(",\"content\":"));
        json_write_string(body, message->content);
        buf_add_char(body, '}');
    }
    buf_add_char(body, ']');
}

// ---- replies ------------------------------------------------------------------------------------

bool adapter_bad_reply(Error *e, const char *what) { return error_set(e, ERROR_UNREACHABLE, "answer", "%s", what); }

static bool is_hex(char c) { return str_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// The number of \uXXXX at t[i], or UINT32_MAX.
static uint32_t escape_at(Str t, size_t i)
{
    if (i + 6 > t.len || t.ptr[i] != '\\' || t.ptr[i + 1] != 'u') return UINT32_MAX;
    uint32_t n = 0;
    for (size_t k = i + 2; k < i + 6; k++) {
        char c = t.ptr[k];
        if (!is_hex(c)) return UINT32_MAX;
        n = n * 16 + (uint32_t)(str_is_digit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return n;
}

// Copies one escape of a string; half a surrogate pair becomes U+FFFD.
static size_t mend_escape(Str t, size_t i, Buf *out)
{
    uint32_t unit = escape_at(t, i);
    size_t n = unit == UINT32_MAX ? 2 : 6;
    if (unit >= 0xD800 && unit <= 0xDFFF) {
        uint32_t low = escape_at(t, i + 6);
        if (unit <= 0xDBFF && low >= 0xDC00 && low <= 0xDFFF) {
            n = 12;
        } else {
            buf_add(out, S("\\ufffd"));
            return i + 6;
        }
    }
    buf_add(out, str_slice(t, i, i + n));
    return i + n;
}

// A number that does not fit becomes -1, which every count refuses.
static size_t mend_number(Str t, size_t i, Buf *out)
{
    size_t end = i;
    while (end < t.len && (str_is_digit(t.ptr[end]) || memchr("+-.eE", t.ptr[end], 5))) end++;
    Str number = str_slice(t, i, end);
    int64_t whole;
    double real;
    bool fits = str_to_i64(number, &whole) ||
                (number.len < 64 && (str_find_char(number, '.') != STR_NONE || str_find_char(number, 'e') != STR_NONE ||
                                     str_find_char(number, 'E') != STR_NONE) && str_to_double(number, &real));
    buf_add(out, fits ? number : S("-1"));
    return end;
}

// What strict JSON forbids and servers send: a byte order mark, raw control characters, invalid
// UTF-8, half surrogate pairs, numbers out of range. The answer is paid, so it is read all the same.
static void mend(Str body, Buf *out)
{
    Buf valid = {0};
    if (str_starts(body, S("\xEF\xBB\xBF"))) body = str_slice(body, 3, body.len);
    utf8_add_lossy(&valid, body);
    Str t = buf_str(&valid);
    bool in_string = false;
    for (size_t i = 0; i < t.len;) {
        unsigned char c = (unsigned char)t.ptr[i];
        if (in_string && c == '\\') {
            i = mend_escape(t, i, out);
        } else if (!in_string && (str_is_digit((char)c) || c == '-')) {
            i = mend_number(t, i, out);
        } else if (c < 0x20) {
            if (in_string) buf_printf(out, "\\u%04x", c);
            else buf_add_char(out, ' ');
            i++;
        } else {
            if (c == '"') in_string = !in_string;
            buf_add_char(out, (char)c);
            i++;
        }
    }
    buf_free(&valid);
}

// No sane answer nests deeper; each level is a call of the parser.
enum { DEPTH_MAX = 256 };

static bool too_deep(Str t)
{
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (in_string) {
            if (c == '\\') i++;
            else if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if ((c == '{' || c == '[') && ++depth > DEPTH_MAX) {
            return true;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    return false;
}

static bool explain(Str body, const json_error_t *error, Error *e)
{
    Str t = str_trim(body);
    if (t.len == 0) return adapter_bad_reply(e, "the answer is empty");
    if (t.ptr[0] == '<') {
        adapter_bad_reply(e, "the answer is a web page, not JSON");
        return error_hint(e, "check the path of LLM_API_URL; a proxy or a login page may answer in its place");
    }
    if (str_starts(t, S("data:")) || str_starts(t, S("event:"))) return adapter_bad_reply(e, "the answer is a stream, which was not asked for");
    if (t.ptr[0] != '{' && t.ptr[0] != '[') return adapter_bad_reply(e, "the answer is not JSON");
    if (error->position >= 0 && (size_t)error->position >= body.len) return adapter_bad_reply(e, "the answer breaks off in the middle of its JSON");
    // Behind "near" jansson quotes the answer, cut wherever it happens to end.
    Str text = str_from(error->text);
    size_t near = str_find(text, S(" near "));
    if (near != STR_NONE) text.len = near;
    return error_set(e, ERROR_UNREACHABLE, "answer", "the answer is broken JSON: %.*s", STR_ARG(text));
}

json_t *adapter_parse(Str body, Error *e)
{
    json_error_t error = {.position = -1};
    json_t *root = NULL;
    if (too_deep(body)) {
        adapter_bad_reply(e, "the answer's JSON is nested too deep");
        return NULL;
    }
    if (body.len) root = json_loadb(body.ptr, body.len, JSON_ALLOW_NUL, &error);
    if (!root && body.len) {
        Buf mended = {0};
        json_error_t again;
        mend(body, &mended);
        size_t flags = JSON_ALLOW_NUL | JSON_DISABLE_EOF_CHECK;
        if (mended.len) root = json_loadb(mended.ptr, mended.len, flags, &again);
        buf_free(&mended);
    }
    if (!root) explain(body, &error, e);
    return root;
}

const json_t *adapter_unwrapped(const json_t *root)
{
    return json_is_array(root) && json_array_size(root) == 1 ? json_array_get(root, 0) : root;
}

int64_t adapter_count(const json_t *number)
{
    if (json_is_integer(number)) return json_integer_value(number);
    if (!json_is_real(number)) return -1;
    double x = json_real_value(number);
    return x >= 0 && x <= (double)USAGE_MAX ? (int64_t)x : -1;
}

Str adapter_short(const json_t *string, size_t max, Arena *arena)
{
    Str s = json_str(string);
    return s.ptr ? arena_str(arena, utf8_cut(s, max)) : s;
}

bool adapter_read_names(const json_t *list, const char *key, Arena *arena, Str **names, size_t *n, Error *e)
{
    if (!json_is_array(list)) return adapter_bad_reply(e, "the list of models has no list in it");
    size_t size = json_array_size(list);
    if (size > ADAPTER_MODELS_MAX) size = ADAPTER_MODELS_MAX;
    *names = arena_new(arena, Str, size ? size : 1);
    *n = 0;
    for (size_t i = 0; i < size; i++) {
        const json_t *item = json_array_get(list, i);
        Str name = adapter_short(json_is_object(item) ? json_object_get(item, key) : item, 256, arena);
        if (name.len) (*names)[(*n)++] = name;
    }
    return true;
}
