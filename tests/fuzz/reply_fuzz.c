// SPDX-License-Identifier: Apache-2.0
//
// An API's answer of any bytes is read and judged. The first byte chooses the API and whether a
// schema was sent, the second the status; the rest is the body.
#include "fuzz.h"

#include "base/utf8.h"
#include "llm/adapter.h"
#include "llm/judge.h"

static const int statuses[] = {200, 200, 200, 201, 204, 302, 400, 401, 402, 403, 404, 413, 422, 429, 500, 501, 503, 529};

static const Str key = S_INIT("sk-secret-key");

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    size_t n, n_names;
    const Adapter *const *list = adapters(&n);
    Arena a = {0};
    Str *names;
    Endpoint endpoint = {.adapter = list[data[0] % n], .shown = S("http://localhost/v1"), .key = key, .loopback = true};
    HttpReply http = {.endpoint = &endpoint, .end = HTTP_DONE, .status = statuses[data[1] % (sizeof statuses / sizeof *statuses)],
                      .body = {(const char *)data + 2, size - 2}};
    Judgement judgement;
    judge(&http, data[0] & 0x40, 0, &a, &judgement);
    HOLD(judgement.cause);
    if (judgement.verdict == ANSWERED) {
        hold_reply(&judgement.reply);
    } else {
        HOLD(judgement.error.what[0]);
        HOLD(!str_contains(str_from(judgement.error.what), key));
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
