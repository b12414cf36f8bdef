// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/json.h"

// ---- what it says -------------------------------------------------------------------------------

static const char *const words[] = {"order",  "coffee", "parcel", "refund", "morning", "ticket", "number", "weather", "window", "garden",
                                    "letter", "market", "bridge", "silver", "winter",  "engine", "pencil", "yellow",  "planet", "summer"};

static void add_sentence(Random *random, Buf *b)
{
    for (int i = 0; i < 12; i++) {
        if (i) buf_add_char(b, ' ');
        buf_add(b, str_from(words[random_below(random, sizeof words / sizeof *words)]));
    }
}

// Two exchanges, as the project of the simulation asks; or one of the ways to get it wrong.
void server_conversation(const ContentSettings *content, uint64_t iteration, unsigned attempt, Buf *b)
{
    Random own = random_from(hash_mix(hash_mix(content->seed, iteration), attempt));
    bool bad = random_unit(&own) < content->bad, repeated = random_unit(&own) < content->repeated;
    uint64_t how = random_below(&own, 4), which = random_below(&own, 3), last = random_below(&own, 2);
    Random said = repeated ? random_from(hash_mix(content->seed, which)) : own;
    if (bad && how == 0) {
        buf_add(b, S("I would rather not."));
        return;
    }
    buf_add(b, S("{\"conversation\":["));
    for (int i = 0; i < (bad && how == 1 ? 9 : 2); i++) {
        buf_add(b, i ? S(",{\"Customer\":\"") : S("{\"Customer\":\""));
        if (i == 0 && !repeated) buf_printf(b, "case %llu try %u ", (unsigned long long)iteration, attempt);
        add_sentence(&said, b);
        buf_add(b, bad && how == 2 ? S("\",\"Stranger\":\"") : S("\",\"Agent\":\""));
        if (!(bad && how == 3)) add_sentence(&said, b);
        if (i == 1 && repeated && last) buf_add(b, S(" indeed"));
        buf_add(b, S("\"}"));
    }
    buf_add(b, S("]}"));
}

static int64_t asked_max_tokens(Str body)
{
    size_t at = str_find(body, S("\"max_tokens\":"));
    return at == STR_NONE ? 100 : strtoll(body.ptr + at + 13, NULL, 10);
}

static Str answer_body(const ContentSettings *content, uint64_t iteration, unsigned attempt, const Bill *bill)
{
    Buf text = {0}, body = {0};
    server_conversation(content, iteration, attempt, &text);
    buf_add(&body, S("{\"model\":\"sim\",\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":"));
    json_write_string(&body, buf_str(&text));
    buf_add(&body, S("},\"finish_reason\":\"stop\"}]"));
    if (!content->no_usage)
        buf_printf(&body, ",\"usage\":{\"prompt_tokens\":%lld,\"completion_tokens\":%lld}", (long long)bill->prompt,
                   (long long)bill->completion);
    buf_add(&body, S("}"));
    buf_free(&text);
    return buf_str(&body);
}

// ---- whether it says it -------------------------------------------------------------------------

static Str copy(const char *text)
{
    size_t len = strlen(text);
    char *bytes = mem_alloc(len + 1);
    memcpy(bytes, text, len + 1);
    return (Str){bytes, len};
}

static bool fail(HttpReply *r, HttpEnd end, int status, const char *body)
{
    r->end = end;
    r->status = status;
    r->body = copy(body);
    return false;
}

static bool over_the_rate(Server *s, Nanos now)
{
    if (s->settings.rate <= 0) return false;
    s->bucket += (double)(now - s->bucket_at) / 1e9 * s->settings.rate;
    s->bucket_at = now;
    if (s->bucket > 5) s->bucket = 5;
    if (s->bucket < 1) return true;
    s->bucket -= 1;
    return false;
}

// A fault of server or network. Some of them come after the work was done, and billed.
static bool break_reply(HttpReply *r, Random *random, const Bill *work, Bill *bill)
{
    static const int statuses[] = {500, 502, 503, 429, 408, 400, 422};
    static const HttpEnd ends[] = {HTTP_CONNECT_FAILED, HTTP_RESET, HTTP_TIMEOUT_FIRST_BYTE, HTTP_TIMEOUT_IDLE, HTTP_MALFORMED};
    uint64_t how = random_below(random, 14);
    if (how == 2 || how == 3) snprintf(r->retry_after, sizeof r->retry_after, "%u", (unsigned)random_below(random, 4));
    if (how < 7) return fail(r, HTTP_DONE, statuses[how], "{\"error\":{\"message\":\"simulated\"}}");
    if (how == 7) return fail(r, HTTP_CONNECT_FAILED, 0, "");
    if (how < 12) {
        *bill = *work;
        return fail(r, ends[how - 7], 0, "");
    }
    fail(r, HTTP_DONE, 200, how == 12 ? "<html>a page</html>" : "{\"choices\":[]}");
    return true;
}

bool server_reply(Server *s, const ContentSettings *content, Random *random, Nanos now, const HttpRequest *request,
                  uint64_t iteration, unsigned attempt, HttpReply *r, Bill *bill)
{
    const ServerSettings *settings = &s->settings;
    *bill = (Bill){0};
    if (now >= settings->out_from && now < settings->out_until) return fail(r, HTTP_CONNECT_FAILED, 0, "");
    if (now < settings->refuses_until) return fail(r, HTTP_DONE, 401, "{\"error\":{\"message\":\"invalid api key\"}}");
    if (settings->no_schema && str_contains(request->body, S("response_format")))
        return fail(r, HTTP_DONE, 400, "{\"error\":{\"message\":\"response_format is not supported\"}}");
    if (over_the_rate(s, now)) return fail(r, HTTP_DONE, 429, "{\"error\":{\"message\":\"too many requests\"}}");
    Bill work = {.prompt = (int64_t)request->body.len / 5 + 1,
                 .completion = 1 + (int64_t)random_below(random, (uint64_t)asked_max_tokens(request->body))};
    if (random_unit(random) < settings->broken) return break_reply(r, random, &work, bill);
    *bill = work;
    r->end = HTTP_DONE;
    r->status = 200;
    r->body = answer_body(content, iteration, attempt, &work);
    return true;
}
