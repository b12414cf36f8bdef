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
    return str_eq(name, str_from(adapter_embeddings.name)) ? &adapter_embeddings : NULL;
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

void adapter_write_start(const Endpoint *endpoint, const ChatRequest *request, Buf *body)
{
    buf_add_char(body, '{');
    if (endpoint->model.ptr) {
        buf_add(body, S("\"model\":"));
        json_write_string(body, endpoint->model);
        buf_add_char(body, ',');
    }
    buf_add(body, S("\"messages\":"));
    adapter_write_messages(request, (Str){0}, body);
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

// What strict JSON forbids and servers send: a byte order mark, raw control characters, invalid
// UTF-8. The answer is paid, so it is read all the same.
static Str mend(Str body, Arena *arena)
{
    Buf valid = {0}, out = {0};
    if (str_starts(body, S("\xEF\xBB\xBF"))) body = str_slice(body, 3, body.len);
    utf8_add_lossy(&valid, body);
    bool in_string = false;
    for (size_t i = 0; i < valid.len; i++) {
        unsigned char c = (unsigned char)valid.ptr[i];
        if (c < 0x20) {
            if (in_string) buf_printf(&out, "\\u%04x", c);
            else buf_add_char(&out, ' ');
            continue;
        }
        buf_add_char(&out, (char)c);
        if (c == '"') in_string = !in_string;
        if (c == '\\' && in_string && i + 1 < valid.len && (unsigned char)valid.ptr[i + 1] >= 0x20) buf_add_char(&out, valid.ptr[++i]);
    }
    Str mended = arena_str(arena, buf_str(&out));
    buf_free(&valid);
    buf_free(&out);
    return mended;
}

static bool explain(Str body, SkimFault fault, size_t at, Error *e)
{
    Str t = str_trim(body);
    if (t.len == 0) return adapter_bad_reply(e, "the answer is empty");
    if (t.ptr[0] == '<') {
        adapter_bad_reply(e, "the answer is a web page, not JSON");
        return error_hint(e, "check the path of LLM_API_URL; a proxy or a login page may answer in its place");
    }
    if (str_starts(t, S("data:")) || str_starts(t, S("event:"))) return adapter_bad_reply(e, "the answer is a stream, which was not asked for");
    if (t.ptr[0] != '{' && t.ptr[0] != '[') return adapter_bad_reply(e, "the answer is not JSON");
    if (fault == SKIM_DEEP) return adapter_bad_reply(e, "the answer's JSON is nested too deep");
    if (fault == SKIM_CUT) return adapter_bad_reply(e, "the answer breaks off in the middle of its JSON");
    return error_set(e, ERROR_UNREACHABLE, "answer", "the answer is broken JSON from byte %zu on", at + 1);
}

bool adapter_parse(Str body, Arena *arena, Str *root, Error *e)
{
    size_t at;
    SkimFault fault = skim_check(body, root, &at);
    if (fault == SKIM_BROKEN) {
        size_t again;
        if (skim_check(mend(body, arena), root, &again) == SKIM_FINE) fault = SKIM_FINE;
    }
    if (fault == SKIM_FINE && (skim_is_object(*root) || skim_is_array(*root))) return true;
    return explain(body, fault, at, e);
}

Str adapter_unwrapped(Str root)
{
    size_t at = 0;
    Str first = root, second;
    if (!skim_next(root, &at, &first)) return root;
    return skim_next(root, &at, &second) ? root : first;
}

void adapter_read_end(Str reason, Arena *arena, ChatReply *reply)
{
    reply->finish_reason = adapter_short(reason, 64, arena);
    reply->cut = str_eq(reply->finish_reason, S("length")) || str_eq(reply->finish_reason, S("max_tokens"));
}

Str adapter_short(Str string, size_t max, Arena *arena) { return utf8_cut(skim_text(string, arena), max); }

bool adapter_read_names(Str list, Str key, Arena *arena, Str **names, size_t *n, Error *e)
{
    if (!skim_is_array(list)) return adapter_bad_reply(e, "the list of models has no list in it");
    size_t size = skim_count(list), at = 0;
    if (size > ADAPTER_MODELS_MAX) size = ADAPTER_MODELS_MAX;
    *names = arena_new(arena, Str, size ? size : 1);
    *n = 0;
    for (Str item; *n < size && skim_next(list, &at, &item);) {
        Str name = adapter_short(skim_is_object(item) ? skim_get(item, key) : item, 256, arena);
        if (name.len) (*names)[(*n)++] = name;
    }
    return true;
}
