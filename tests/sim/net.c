// SPDX-License-Identifier: Apache-2.0
#include "net.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"

struct NetEvent {
    Nanos at;
    HttpReply *reply;
    uint64_t iteration;
    unsigned attempt;
    bool answer;
};

// ---- the server ---------------------------------------------------------------------------------

static const char *const words[] = {"order",  "coffee", "parcel", "refund", "morning", "ticket", "number", "weather", "window", "garden",
                                    "letter", "market", "bridge", "silver", "winter",  "engine", "pencil", "yellow",  "planet", "summer"};

static void add_sentence(Net *n, Buf *b)
{
    for (int i = 0; i < 12; i++) {
        if (i) buf_add_char(b, ' ');
        buf_add(b, str_from(words[random_below(&n->random, sizeof words / sizeof *words)]));
    }
}

// Two exchanges, as the project of the simulation asks; or one of the ways to get it wrong.
static void add_conversation(Net *n, Buf *b)
{
    bool bad = random_unit(&n->random) < n->settings.bad;
    uint64_t how = random_below(&n->random, 4);
    if (bad && how == 0) {
        buf_add(b, S("I would rather not."));
        return;
    }
    buf_add(b, S("{\"conversation\":["));
    for (int i = 0; i < (bad && how == 1 ? 9 : 2); i++) {
        buf_add(b, i ? S(",{\"Customer\":\"") : S("{\"Customer\":\""));
        add_sentence(n, b);
        buf_add(b, bad && how == 2 ? S("\",\"Stranger\":\"") : S("\",\"Agent\":\""));
        if (!(bad && how == 3)) add_sentence(n, b);
        buf_add(b, S("\"}"));
    }
    buf_add(b, S("]}"));
}

static int64_t asked_max_tokens(Str body)
{
    size_t at = str_find(body, S("\"max_tokens\":"));
    return at == STR_NONE ? 100 : strtoll(body.ptr + at + 13, NULL, 10);
}

static Str answer_body(Net *n, Str request)
{
    Buf text = {0}, body = {0};
    add_conversation(n, &text);
    int64_t prompt = (int64_t)request.len / 5 + 1;
    int64_t completion = 1 + (int64_t)random_below(&n->random, (uint64_t)asked_max_tokens(request));
    n->billed += prompt + completion;
    buf_add(&body, S("{\"model\":\"sim\",\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":"));
    json_write_string(&body, buf_str(&text));
    buf_add(&body, S("},\"finish_reason\":\"stop\"}]"));
    if (!n->settings.no_usage)
        buf_printf(&body, ",\"usage\":{\"prompt_tokens\":%lld,\"completion_tokens\":%lld}", (long long)prompt, (long long)completion);
    buf_add(&body, S("}"));
    buf_free(&text);
    return buf_str(&body);
}

static Str copy(const char *text)
{
    size_t len = strlen(text);
    char *bytes = mem_alloc(len + 1);
    memcpy(bytes, text, len + 1);
    return (Str){bytes, len};
}

// False: over the server's rate.
static bool allowed(Net *n)
{
    if (n->settings.rate <= 0) return true;
    n->bucket += (double)(n->now - n->bucket_at) / 1e9 * n->settings.rate;
    n->bucket_at = n->now;
    if (n->bucket > 5) n->bucket = 5;
    if (n->bucket < 1) return false;
    n->bucket -= 1;
    return true;
}

// A fault of server or network. Some of them come after the work was done, and billed.
static void break_reply(Net *n, HttpReply *r, Str request)
{
    static const int statuses[] = {500, 502, 503, 429, 408, 400, 422};
    uint64_t how = random_below(&n->random, 14);
    r->end = HTTP_DONE;
    if (how < 7) {
        r->status = statuses[how];
        if (how == 2) snprintf(r->retry_after, sizeof r->retry_after, "%u", (unsigned)random_below(&n->random, 4));
        r->body = copy("{\"error\":{\"message\":\"simulated\"}}");
        return;
    }
    static const HttpEnd ends[] = {HTTP_CONNECT_FAILED, HTTP_RESET, HTTP_TIMEOUT_FIRST_BYTE, HTTP_TIMEOUT_IDLE, HTTP_MALFORMED};
    if (how < 12) {
        r->end = ends[how - 7];
        if (r->end != HTTP_CONNECT_FAILED) free((char *)(uintptr_t)answer_body(n, request).ptr);
        r->body = copy("");
        return;
    }
    r->status = 200;
    r->body = how == 12 ? copy("<html>a page</html>") : copy("{\"choices\":[]}");
}

// ---- the transport ------------------------------------------------------------------------------

NetRecord *net_record(Net *n, uint64_t iteration, unsigned attempt)
{
    for (size_t i = n->n_records; i-- > 0;)
        if (n->records[i].iteration == iteration && n->records[i].attempt == attempt) return &n->records[i];
    if (n->n_records == n->cap_records) {
        n->cap_records = n->cap_records ? n->cap_records * 2 : 256;
        n->records = mem_realloc(n->records, n->cap_records * sizeof *n->records);
    }
    n->records[n->n_records] = (NetRecord){.iteration = iteration, .attempt = attempt};
    return &n->records[n->n_records++];
}

static bool net_send(void *self, const HttpRequest *request, Error *e)
{
    (void)e;
    Net *n = self;
    NetEvent event = {0};
    Str rest = request->item, iteration, attempt;
    uint64_t a = 0;
    str_cut(&rest, '-', &iteration);
    str_cut(&rest, '-', &attempt);
    str_to_u64(iteration, &event.iteration);
    str_to_u64(attempt, &a);
    event.attempt = (unsigned)a;
    NetRecord *record = net_record(n, event.iteration, event.attempt);
    record->sent++;
    n->asked_twice |= record->delivered;
    n->requests++;
    n->sends[n->n_sends++ % 4096] = n->now;
    HttpReply *r = mem_alloc(sizeof *r);
    *r = (HttpReply){.tag = request->tag, .endpoint = request->endpoint, .sent = n->now};
    uint64_t span = (uint64_t)(n->settings.latency_high - n->settings.latency_low + 1);
    event.at = n->now + n->settings.latency_low + (Nanos)random_below(&n->random, span);
    if (!allowed(n)) {
        r->end = HTTP_DONE;
        r->status = 429;
        r->body = copy("{\"error\":{\"message\":\"too many requests\"}}");
        n->throttled++;
    } else if (random_unit(&n->random) < n->settings.broken) {
        break_reply(n, r, request->body);
    } else {
        r->end = HTTP_DONE;
        r->status = 200;
        r->body = answer_body(n, request->body);
        n->answers++;
    }
    event.answer = r->end == HTTP_DONE && r->status == 200;
    r->first_byte = r->done = event.at;
    event.reply = r;
    if (n->n_events == n->cap_events) {
        n->cap_events = n->cap_events ? n->cap_events * 2 : 64;
        n->events = mem_realloc(n->events, n->cap_events * sizeof *n->events);
    }
    n->events[n->n_events++] = event;
    return true;
}

static Nanos next_event(const Net *n)
{
    Nanos at = INT64_MAX;
    for (size_t i = 0; i < n->n_events; i++)
        if (n->events[i].at < at) at = n->events[i].at;
    return at;
}

static size_t net_wait(void *self, Nanos timeout, HttpReply **out, size_t max)
{
    Net *n = self;
    Nanos until = timeout < 0 ? INT64_MAX : n->now + timeout, next = next_event(n);
    if (next > until || next == INT64_MAX) {
        if (until != INT64_MAX) n->now = until;
        return 0;
    }
    if (next > n->now) n->now = next;
    size_t given = 0;
    for (size_t i = 0; i < n->n_events && given < max;) {
        if (n->events[i].at > n->now) {
            i++;
            continue;
        }
        if (n->events[i].answer) {
            NetRecord *record = net_record(n, n->events[i].iteration, n->events[i].attempt);
            record->delivered = true;
            record->turn = n->turn;
        }
        out[given++] = n->events[i].reply;
        n->events[i] = n->events[--n->n_events];
    }
    return given;
}

static void net_release(void *self, HttpReply *reply)
{
    (void)self;
    free((char *)(uintptr_t)reply->body.ptr);
    free(reply);
}

void net_drop_all(Net *n)
{
    for (size_t i = 0; i < n->n_events; i++) net_release(n, n->events[i].reply);
    n->n_events = 0;
}

static void net_cancel_all(void *self) { net_drop_all(self); }

static void net_wake(void *self) { (void)self; }

static Nanos net_now(void *self) { return ((Net *)self)->now; }

static Nanos net_wall(void *self) { return ((Net *)self)->now + INT64_C(1795000000) * NANOS_PER_SECOND; }

void net_init(Net *n, uint64_t seed, const NetSettings *settings)
{
    *n = (Net){.settings = *settings, .random = random_from(seed), .now = NANOS_PER_SECOND};
    n->transport = (Transport){net_send, net_wait, net_release, net_cancel_all, net_wake, n};
    n->clock = (Clock){net_now, net_wall, n};
}

void net_free(Net *n)
{
    net_drop_all(n);
    free(n->events);
    free(n->records);
}
