// SPDX-License-Identifier: Apache-2.0
#include "llm/judge.h"

#include "base/utf8.h"
#include "llm/adapter.h"

// What an API's error body says; in the arena.
typedef struct ApiError {
    Str message;   // absent: nothing readable
    Str words;     // message, code, type and parameter together, lower case, for matching
    int status;    // that the body itself names; 0: none
    bool found;    // the body is JSON with an error in it
} ApiError;

static void judge_status(const HttpReply *http, int status, const ApiError *api, bool schema_sent, Judgement *out);
static void judge_end(const HttpReply *http, Judgement *out);
static ApiError read_api_error(const HttpReply *http, Arena *arena);

static void settle(Judgement *out, Verdict verdict, const char *cause, bool sick)
{
    out->verdict = verdict;
    out->cause = cause;
    out->sick = sick;
}

static void say(const HttpReply *http, const ApiError *api, Judgement *out);

void judge(const HttpReply *http, bool schema_sent, Nanos wall_now, Arena *arena, Judgement *out)
{
    *out = (Judgement){.retry_after = -1};
    if (http->end != HTTP_DONE) {
        judge_end(http, out);
        return;
    }
    int status = http->status;
    if (status >= 200 && status < 300 && http->endpoint->adapter->read_reply(http->body, arena, &out->reply, &out->error)) {
        settle(out, ANSWERED, "answered", false);
        return;
    }
    ApiError api = read_api_error(http, arena);
    out->retry_after = retry_after_read(str_from(http->retry_after), str_from(http->date), wall_now);
    if (status >= 200 && status < 300) {
        // Some gateways send the error of the server behind them as a 200.
        if (!api.found) {
            settle(out, RETRY, "unreadable answer", true);
            return;
        }
        status = api.status >= 400 && api.status < 600 ? api.status : 502;
    }
    judge_status(http, status, &api, schema_sent, out);
    say(http, &api, out);
}

// ---- no whole answer ----------------------------------------------------------------------------

static void judge_end(const HttpReply *http, Judgement *out)
{
    const Endpoint *endpoint = http->endpoint;
    const char *text = http_end_text(http->end);
    switch (http->end) {
    case HTTP_RESOLVE_FAILED:
    case HTTP_CONNECT_FAILED:
    case HTTP_TIMEOUT_CONNECT: settle(out, RETRY, "connection", true); break;
    case HTTP_TIMEOUT_FIRST_BYTE:
    case HTTP_TIMEOUT_IDLE:
    case HTTP_TIMEOUT_WHOLE: settle(out, RETRY, "time-out", true); break;
    // A kept connection that the server closed meanwhile says nothing about its health.
    case HTTP_RESET: settle(out, RETRY, "connection lost", !http->unsent); break;
    case HTTP_TOO_LARGE:
    case HTTP_MALFORMED: settle(out, RETRY, "unreadable answer", true); break;
    case HTTP_TLS_FAILED: settle(out, REFUSED, "no secure connection", true); break;
    default: settle(out, RETRY, "request failed", true); break;
    }
    // A connection is no secure one because of a certificate or the address's scheme: no waiting
    // changes either.
    ErrorKind kind = ERROR_UNREACHABLE;
    if (http->detail[0]) error_set(&out->error, kind, "server", "%.*s: %s: %s", STR_ARG(endpoint->shown), text, http->detail);
    else error_set(&out->error, kind, "server", "%.*s: %s", STR_ARG(endpoint->shown), text);
    if (http->end == HTTP_TLS_FAILED) error_hint(&out->error, "check that LLM_API_URL begins with the right of http:// and https://; SSL_CERT_FILE names a certificate authority of your own");
    else if (http->end == HTTP_RESOLVE_FAILED) error_hint(&out->error, "check the host in LLM_API_URL");
    else if (http->end == HTTP_CONNECT_FAILED) error_hint(&out->error, "is the server running? `confab doctor` asks it");
}

// ---- statuses -----------------------------------------------------------------------------------

static bool says(const ApiError *api, const char *const *words)
{
    for (; *words; words++)
        if (str_contains(api->words, str_from(*words))) return true;
    return false;
}

static bool names_schema(const ApiError *api)
{
    static const char *const words[] = {"response_format", "json_schema", "json schema", "output_config", "output_format", "grammar",
                                        "structured output", "structured_output", "guided", "response format", "'format'", "\"format\"",
                                        "schema", NULL};
    return says(api, words);
}

static bool no_money(const ApiError *api)
{
    static const char *const words[] = {"insufficient_quota", "insufficient quota", "billing", "credit balance", "insufficient balance",
                                        "insufficient_balance", "insufficient credits", "payment required", "exceeded your current quota",
                                        "spend limit", "spending limit", "out of credits", NULL};
    return says(api, words);
}

static bool no_model(const ApiError *api)
{
    static const char *const words[] = {"model_not_found", "not found", "does not exist", "no such model", "unknown model",
                                        "invalid model", "model_not_available", "is not a valid model", NULL};
    return says(api, words) && str_contains(api->words, S("model"));
}

static bool filtered(const ApiError *api)
{
    static const char *const words[] = {"content_filter", "content filter", "content management policy", "content_policy", "flagged",
                                        "moderation", NULL};
    return says(api, words);
}

static bool bad_key(const ApiError *api)
{
    static const char *const words[] = {"invalid_api_key", "invalid api key", "incorrect api key", "api key not valid", "authentication_error",
                                        "api_key_invalid", NULL};
    return says(api, words);
}

static void judge_client_error(int status, const ApiError *api, bool schema_sent, Judgement *out)
{
    bool free_to_try = status != 401 && status != 402 && status != 403 && status != 429;
    if (schema_sent && free_to_try && names_schema(api)) settle(out, NO_SCHEMA, "schema refused", false);
    else if (status == 401 || bad_key(api)) settle(out, REFUSED, "refused key", false);
    else if (status == 402 || no_money(api)) settle(out, REFUSED, "no credit left", false);
    else if (status == 429) settle(out, THROTTLED, "rate limit", false);
    else if (filtered(api)) settle(out, FAILED, "content filter", false);
    else if (status == 403) settle(out, REFUSED, "refused access", false);
    else if (no_model(api)) settle(out, REFUSED, "unknown model", false);
    else if (status == 404) settle(out, REFUSED, "unknown address", false);
    else if (status == 408 || status == 409 || status == 425) settle(out, RETRY, "server busy", true);
    else settle(out, FAILED, status == 413 ? "request too large" : "bad request", false);
}

static void judge_status(const HttpReply *http, int status, const ApiError *api, bool schema_sent, Judgement *out)
{
    (void)http;
    if (status < 400) settle(out, REFUSED, status >= 300 ? "redirected" : "unexpected status", false);
    else if (status < 500) judge_client_error(status, api, schema_sent, out);
    else if (schema_sent && (status == 500 || status == 501) && names_schema(api)) settle(out, NO_SCHEMA, "schema refused", false);
    else if (status == 529 || (status == 503 && out->retry_after >= 0)) settle(out, THROTTLED, "overloaded", false);
    else if (status == 505) settle(out, FAILED, "bad request", false);
    else settle(out, RETRY, "server error", true);
}

// ---- what the body says -------------------------------------------------------------------------

static Str first_text(Str object, const char *const *keys)
{
    for (; *keys; keys++) {
        Str value = skim_get(object, str_from(*keys));
        if (skim_is_string(value) && value.len > 2) return value;
    }
    return (Str){0};
}

// FastAPI's validation errors are a list of objects with a message each.
static Str first_of_list(Str list)
{
    static const char *const keys[] = {"msg", "message", NULL};
    Str item = {0};
    size_t at = 0;
    if (!skim_next(list, &at, &item)) return (Str){0};
    return skim_is_string(item) ? item : first_text(item, keys);
}

static int status_in(Str error)
{
    int64_t n = skim_number(skim_get(error, S("code")), 0);
    if (n < 400) n = skim_number(skim_get(error, S("status")), 0);
    return n >= 400 && n < 600 ? (int)n : 0;
}

static void add_words(Buf *words, Str string, Arena *arena)
{
    buf_add_char(words, '\n');
    buf_add(words, skim_text(string, arena));
}

// {"error":{"message","type","param","code"}}, {"error":"…"}, {"detail":…}, {"message":…}.
static void find_message(Str root, Arena *arena, ApiError *out, Buf *words)
{
    static const char *const message_keys[] = {"message", "error_message", "detail", "error", NULL};
    static const char *const word_keys[] = {"code", "type", "param", "status", "error_type", NULL};
    root = adapter_unwrapped(root);  // Gemini's is a list of one
    Str error = skim_get(root, S("error"));
    Str object = skim_is_object(error) ? error : root, message = first_text(object, message_keys);
    if (!message.ptr) message = first_of_list(skim_get(root, S("detail")));
    out->message = skim_text(message, arena);
    out->found = error.ptr != NULL || message.ptr != NULL;
    out->status = status_in(object);
    if (!out->status) out->status = status_in(root);
    add_words(words, message, arena);
    for (const char *const *key = word_keys; *key; key++) add_words(words, skim_get(object, str_from(*key)), arena);
    // OpenRouter hands on what the provider behind it said.
    add_words(words, skim_get(skim_get(object, S("metadata")), S("raw")), arena);
}

// One line without control characters or markup.
static Str tidy(Str text, Arena *arena)
{
    Buf out = {0}, valid = {0};
    utf8_add_lossy(&valid, utf8_cut(text, 2000));
    Str t = buf_str(&valid);
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if (c == '<' && i + 1 < t.len && (str_is_alpha(t.ptr[i + 1]) || t.ptr[i + 1] == '/' || t.ptr[i + 1] == '!')) {
            size_t end = str_find_char(str_slice(t, i, t.len), '>');
            if (end != STR_NONE) {
                i += end;
                c = ' ';
            }
        }
        if (c < ' ' || c == 0x7F) c = ' ';
        if (c != ' ' || (out.len && out.ptr[out.len - 1] != ' ')) buf_add_char(&out, (char)c);
    }
    Str tidied = arena_str(arena, utf8_cut(str_trim(buf_str(&out)), 300));
    buf_free(&valid);
    buf_free(&out);
    return tidied;
}

static Str lower(Str s, Arena *arena)
{
    char *copy = arena_alloc(arena, s.len + 1);
    for (size_t i = 0; i < s.len; i++) copy[i] = (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] | 32 : s.ptr[i]);
    return (Str){copy, s.len};
}

enum { ERROR_BODY_MAX = 64 << 10 };  // an error message is short; a page behind it is not read

static ApiError read_api_error(const HttpReply *http, Arena *arena)
{
    ApiError out = {0};
    Str body = str_slice(http->body, 0, ERROR_BODY_MAX), plain = str_trim(body), root;
    Buf words = {0};
    bool json = plain.len && (plain.ptr[0] == '{' || plain.ptr[0] == '[');
    if (json && adapter_parse(body, arena, &root, NULL)) {
        find_message(root, arena, &out, &words);
    } else {
        if (plain.len && !json && str_find_char(plain, '\n') == STR_NONE && plain.ptr[0] != '<') out.message = plain;
        buf_add(&words, plain);
    }
    Str masked = endpoint_masked(http->endpoint, out.message, arena);
    out.message = masked.len ? tidy(masked, arena) : (Str){0};
    out.words = lower(buf_str(&words), arena);
    buf_free(&words);
    return out;
}

Str judge_message(const HttpReply *http, Arena *arena)
{
    return read_api_error(http, arena).message;
}

// ---- in words -----------------------------------------------------------------------------------

static void hint(const HttpReply *http, Judgement *out)
{
    const char *cause = out->cause;
    Error *e = &out->error;
    if (!strcmp(cause, "refused key")) {
        error_hint(e, http->endpoint->key.len ? "check LLM_API_KEY; it is not the one this server knows" : "set LLM_API_KEY");
    } else if (!strcmp(cause, "no credit left")) {
        error_hint(e, "the account has no credit; add some, then `confab resume`");
    } else if (!strcmp(cause, "unknown model")) {
        error_hint(e, "set LLM_NAME to a model that `confab doctor` lists");
    } else if (!strcmp(cause, "unknown address")) {
        error_hint(e, "check the path of LLM_API_URL, and LLM_NAME; `confab doctor` shows both");
    } else if (!strcmp(cause, "redirected")) {
        error_hint(e, "set LLM_API_URL to the address it redirects to, if you trust it");
    }
}

static void say(const HttpReply *http, const ApiError *api, Judgement *out)
{
    bool refused = out->verdict == REFUSED;
    const char *code = refused ? "refused" : "server";
    Str shown = http->endpoint->shown;
    char status[64];
    if (http->status >= 300 && http->status < 400 && http->location[0]) {
        error_set(&out->error, ERROR_REFUSED, code, "%.*s answers %d: it has moved to %s", STR_ARG(shown), http->status, http->location);
    } else {
        snprintf(status, sizeof status, "%d (%s)", http->status, out->cause);
        if (api->message.len) error_set(&out->error, refused ? ERROR_REFUSED : ERROR_UNREACHABLE, code, "%.*s answers %s: %.*s", STR_ARG(shown), status, STR_ARG(api->message));
        else error_set(&out->error, refused ? ERROR_REFUSED : ERROR_UNREACHABLE, code, "%.*s answers %s", STR_ARG(shown), status);
    }
    hint(http, out);
}
