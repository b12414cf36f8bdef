// SPDX-License-Identifier: Apache-2.0
#include "net.h"

#include "base/arena.h"
#include "base/hash.h"

struct NetEvent {
    Nanos at;
    HttpReply *reply;
    uint64_t iteration;
    unsigned attempt;
    bool answer;
};

// ---- the ledger ---------------------------------------------------------------------------------

static size_t slot_of(const Net *n, uint64_t iteration, unsigned attempt)
{
    size_t at = (size_t)hash_mix(iteration, attempt) & (n->n_index - 1);
    for (; n->index[at]; at = (at + 1) & (n->n_index - 1)) {
        const NetRecord *r = &n->records[n->index[at] - 1];
        if (r->iteration == iteration && r->attempt == attempt) break;
    }
    return at;
}

static void grow_ledger(Net *n)
{
    n->cap_records = n->cap_records ? n->cap_records * 2 : 128;
    n->records = mem_realloc(n->records, n->cap_records * sizeof *n->records);
    n->n_index = n->cap_records * 2;
    n->index = mem_realloc(n->index, n->n_index * sizeof *n->index);
    memset(n->index, 0, n->n_index * sizeof *n->index);
    for (size_t i = 0; i < n->n_records; i++)
        n->index[slot_of(n, n->records[i].iteration, n->records[i].attempt)] = (uint32_t)i + 1;
}

NetRecord *net_record(Net *n, uint64_t iteration, unsigned attempt)
{
    if (n->n_records == n->cap_records) grow_ledger(n);
    size_t at = slot_of(n, iteration, attempt);
    if (!n->index[at]) {
        n->records[n->n_records++] = (NetRecord){.iteration = iteration, .attempt = attempt};
        n->index[at] = (uint32_t)n->n_records;
    }
    return &n->records[n->index[at] - 1];
}

void net_forget_sights(Net *n)
{
    for (size_t i = 0; i < n->n_servers; i++) n->servers[i].n_seen = 0;
}

static void see(Server *s, Nanos now, const Bill *bill)
{
    s->seen[s->n_seen % SERVER_SIGHTS].at = now;
    s->seen[s->n_seen++ % SERVER_SIGHTS].tokens = bill->prompt + bill->completion;
}

bool net_within_rpm(const Server *s, size_t limit)
{
    if (s->n_seen <= limit || limit >= SERVER_SIGHTS) return true;
    Nanos newest = s->seen[(s->n_seen - 1) % SERVER_SIGHTS].at, oldest = s->seen[(s->n_seen - 1 - limit) % SERVER_SIGHTS].at;
    return newest - oldest >= 60 * NANOS_PER_SECOND;
}

bool net_within_tpm(const Server *s, int64_t limit)
{
    int64_t sum = 0;
    size_t with = 0;
    if (s->n_seen == 0) return true;
    Nanos newest = s->seen[(s->n_seen - 1) % SERVER_SIGHTS].at;
    for (size_t i = 0; i < s->n_seen && i < SERVER_SIGHTS; i++) {
        size_t at = (s->n_seen - 1 - i) % SERVER_SIGHTS;
        if (newest - s->seen[at].at >= 60 * NANOS_PER_SECOND) break;
        sum += s->seen[at].tokens;
        with += s->seen[at].tokens > 0;
    }
    return sum <= limit || with <= 1;
}

// ---- the transport ------------------------------------------------------------------------------

static Server *server_of(Net *n, const Endpoint *endpoint)
{
    for (size_t i = 0; i + 1 < n->n_servers; i++)
        if (str_eq(n->servers[i].endpoint.url, endpoint->url)) return &n->servers[i];
    return &n->servers[n->n_servers - 1];
}

static bool net_send(void *self, const HttpRequest *request, Error *e)
{
    Net *n = self;
    NetEvent event = {0};
    if (n->unsendable > 0 && random_unit(&n->random) < n->unsendable) return error_set(e, ERROR_INTERNAL, "curl", "simulated");
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
    HttpReply *r = mem_alloc(sizeof *r);
    *r = (HttpReply){.tag = request->tag, .endpoint = request->endpoint, .sent = n->now};
    event.at = n->now + n->latency_low + (Nanos)random_below(&n->random, (uint64_t)(n->latency_high - n->latency_low + 1));
    Server *server = server_of(n, request->endpoint);
    Bill bill;
    event.answer = server_reply(server, &n->content, &n->random, n->now, request, event.iteration, event.attempt, r, &bill);
    n->billed.prompt += bill.prompt;
    n->billed.completion += bill.completion;
    n->answers += event.answer;
    see(server, n->now, &bill);
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

void net_init(Net *n, uint64_t seed)
{
    *n = (Net){.random = random_from(seed), .now = NANOS_PER_SECOND};
    n->transport = (Transport){net_send, net_wait, net_release, net_cancel_all, net_wake, n};
    n->clock = (Clock){net_now, net_wall, n};
}

void net_free(Net *n)
{
    net_drop_all(n);
    free(n->events);
    free(n->records);
    free(n->index);
}
