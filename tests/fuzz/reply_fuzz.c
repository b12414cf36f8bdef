// SPDX-License-Identifier: Apache-2.0
//
// An API's answer of any bytes is read and judged. The first byte chooses the API and whether a
// schema was sent, the second the status; the rest is the body.
#include "fuzz.h"

#include "base/json.h"
#include "base/utf8.h"
#include "llm/adapter.h"
#include "llm/judge.h"

static const int statuses[] = {200, 200, 200, 201, 204, 302, 400, 401, 402, 403, 404, 413, 422, 429, 500, 501, 503, 529};

static const Str secret = S_INIT("sk-secret-key");

static void hold_reply(const ChatReply *reply)
{
    HOLD(reply->text.ptr && utf8_valid(reply->text));
    HOLD(utf8_valid(reply->finish_reason) && reply->finish_reason.len <= 64);
    HOLD(utf8_valid(reply->model_reported) && reply->model_reported.len <= 256);
    HOLD(utf8_valid(reply->refusal));
    HOLD(reply->usage.prompt >= 0 && reply->usage.prompt <= USAGE_MAX);
    HOLD(reply->usage.completion >= 0 && reply->usage.completion <= USAGE_MAX);
    HOLD(reply->usage.cached >= 0 && reply->usage.cached <= reply->usage.prompt);
    HOLD(reply->usage.known || (reply->usage.prompt == 0 && reply->usage.completion == 0));
}

static void hold_same(Str value, json_t *json, Arena *a);

static void hold_same_object(Str object, json_t *json, Arena *a)
{
    const char *name;
    json_t *item;
    json_object_foreach(json, name, item) {
        Str key = str_from(name);
        // Keys are compared as written, so one with an escape is not found, or another is.
        if (str_find_char(object, '\\') == STR_NONE) hold_same(skim_get(object, key), item, a);
    }
}

static void hold_same(Str value, json_t *json, Arena *a)
{
    Str element;
    size_t at = 0;
    HOLD(value.ptr);
    if (json_is_string(json)) {
        HOLD(str_eq(skim_text(value, a), json_str(json)));
    } else if (json_is_integer(json)) {
        HOLD(skim_number(value, json_integer_value(json) + 1) == json_integer_value(json));
    } else if (json_is_array(json)) {
        for (size_t i = 0; i < json_array_size(json); i++) {
            HOLD(skim_next(value, &at, &element));
            hold_same(element, json_array_get(json, i), a);
        }
        HOLD(!skim_next(value, &at, &element));
    } else if (json_is_object(json)) {
        hold_same_object(value, json, a);
    }
}

// What jansson reads, skim reads alike.
static void hold_like_jansson(Str body, Arena *a)
{
    json_error_t error;
    Str value;
    size_t at;
    // jansson passes over some NUL bytes between tokens.
    if (!body.len || memchr(body.ptr, '\0', body.len)) return;
    json_t *json = json_loadb(body.ptr, body.len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DISABLE_EOF_CHECK, &error);
    SkimFault fault = skim_check(body, &value, &at);
    HOLD(at <= body.len);
    if (json && fault != SKIM_DEEP) {
        HOLD(fault == SKIM_FINE);
        hold_same(value, json, a);
    }
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    size_t n, n_names;
    const Adapter *const *list = adapters(&n);
    Arena a = {0};
    Str *names;
    Endpoint endpoint = {.adapter = list[data[0] % n], .shown = S("http://localhost/v1"), .key = secret, .loopback = true};
    HttpReply http = {.endpoint = &endpoint, .end = HTTP_DONE, .status = statuses[data[1] % (sizeof statuses / sizeof *statuses)],
                      .body = {(const char *)data + 2, size - 2}};
    hold_like_jansson(http.body, &a);
    Judgement judgement;
    judge(&http, data[0] & 0x40, 0, &a, &judgement);
    HOLD(judgement.cause);
    if (judgement.verdict == ANSWERED) {
        hold_reply(&judgement.reply);
    } else {
        HOLD(judgement.error.what[0]);
        HOLD(!str_contains(str_from(judgement.error.what), secret));
        HOLD(utf8_valid(str_from(judgement.error.what)));
    }
    Str message = judge_message(&http, &a);
    HOLD(message.len <= 300 && utf8_valid(message));
    if (endpoint.adapter->read_models(http.body, &a, &names, &n_names, NULL)) HOLD(n_names <= ADAPTER_MODELS_MAX);
    // Headers are a server's bytes too.
    if (size < 200) {
        retry_after_read(http.body, http.body, INT64_C(1795359845) * NANOS_PER_SECOND);
        HOLD(rate_reset_read(http.body, INT64_C(1795359845) * NANOS_PER_SECOND) >= -1);
    }
    arena_free(&a);
    return 0;
}
