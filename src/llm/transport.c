// SPDX-License-Identifier: Apache-2.0
//
// Two sides. The caller's thread builds requests and takes replies; a thread of the transport's own
// drives libcurl, so that reading and judging one answer never keeps another from the network.
// An exchange is in exactly one list, whose side alone touches it: resting and given are the
// caller's, what is in the wire is the thread's, and both reach `fresh` and `done` under the mutex.
#include "llm/transport.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/thread.h"
#include "llm/wire.h"

typedef struct Post {
    TransportOptions options;
    const Clock *clock;
    CURLSH *share;
    Peer *peers[ENDPOINTS_MAX + 16];
    size_t n_peers;
    ExchangeList resting, given;
    int bell;               // rung when `done` fills while the caller sleeps, and by wake
    atomic_bool woken;      // wake was called

    Wire *wire;
    pthread_t thread;
    bool threaded;
    pthread_mutex_t mutex;  // guards what follows
    pthread_cond_t stopped;
    ExchangeList fresh;     // sent, not yet taken over by the thread
    ExchangeList done;      // replies that the caller has not seen
    bool thread_sleeps, caller_sleeps;
    bool stopping;          // cancel_all waits for the thread
    bool closing;
} Post;

static bool post_send(void *self, const HttpRequest *request, Error *e);
static size_t post_wait(void *self, Nanos timeout, HttpReply **out, size_t max);
static void post_release(void *self, HttpReply *reply);
static void post_cancel_all(void *self);
static void post_wake(void *self);

static void *drive(void *arg);

const char *http_end_text(HttpEnd end)
{
    static const char *const texts[HTTP_ENDS] = {
        [HTTP_DONE] = "answered",
        [HTTP_RESOLVE_FAILED] = "the host is not known",
        [HTTP_CONNECT_FAILED] = "no connection",
        [HTTP_TLS_FAILED] = "no secure connection",
        [HTTP_TIMEOUT_CONNECT] = "no connection within the time allowed",
        [HTTP_TIMEOUT_FIRST_BYTE] = "no answer within the time allowed",
        [HTTP_TIMEOUT_IDLE] = "the answer stopped coming",
        [HTTP_TIMEOUT_WHOLE] = "the answer was not whole within the time allowed",
        [HTTP_RESET] = "the connection was closed before the answer was whole",
        [HTTP_TOO_LARGE] = "the answer is too large",
        [HTTP_MALFORMED] = "the answer is not HTTP",
        [HTTP_FAILED] = "the request failed",
    };
    return end < HTTP_ENDS && texts[end] ? texts[end] : "unknown";
}

// ---- open and close -----------------------------------------------------------------------------

static bool open_handles(Post *p)
{
    p->share = libcurl.share_init();
    p->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    p->wire = wire_open(p->clock, p->options.max_connections);
    return p->share && libcurl.share_setopt(p->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
           libcurl.share_setopt(p->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK && p->bell >= 0 && p->wire;
}

bool transport_open(const TransportOptions *options, Transport *out, Error *e)
{
    *out = (Transport){0};
    signal(SIGPIPE, SIG_IGN);
    if (!libcurl_load(e)) return false;
    if (libcurl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return error_set(e, ERROR_INTERNAL, "curl", "libcurl does not start");
    Post *p = mem_alloc(sizeof *p);
    *p = (Post){.bell = -1};
    if (options) p->options = *options;
    p->clock = p->options.clock ? p->options.clock : &system_clock;
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->stopped, NULL);
    *out = (Transport){post_send, post_wait, post_release, post_cancel_all, post_wake, p};
    p->threaded = open_handles(p) && thread_start(&p->thread, "network", drive, p);
    if (p->threaded) return true;
    transport_close(out);
    return error_set(e, ERROR_INTERNAL, "curl", "libcurl, epoll or the system gives no handle");
}

static void end_thread(Post *p)
{
    if (!p->threaded) return;
    pthread_mutex_lock(&p->mutex);
    p->closing = true;
    pthread_mutex_unlock(&p->mutex);
    wire_wake(p->wire);
    pthread_join(p->thread, NULL);
}

static void free_list(ExchangeList *list)
{
    for (Exchange *x = list->first, *next; x; x = next) {
        next = x->next;
        exchange_free(x);
    }
}

void transport_close(Transport *transport)
{
    Post *p = transport->self;
    if (!p) return;
    end_thread(p);
    if (p->wire) wire_stop_all(p->wire, &p->resting);
    free_list(&p->fresh);
    free_list(&p->done);
    free_list(&p->given);
    free_list(&p->resting);
    wire_close(p->wire);
    for (size_t i = 0; i < p->n_peers; i++) {
        peer_free(p->peers[i]);
        free(p->peers[i]);
    }
    if (p->share) libcurl.share_cleanup(p->share);
    if (p->bell >= 0) close(p->bell);
    pthread_cond_destroy(&p->stopped);
    pthread_mutex_destroy(&p->mutex);
    free(p);
    *transport = (Transport){0};
    libcurl.global_cleanup();
}

// ---- the caller's side --------------------------------------------------------------------------

static Peer *peer_of(Post *p, const Endpoint *endpoint)
{
    for (size_t i = 0; i < p->n_peers; i++)
        if (peer_is_of(p->peers[i], endpoint)) return p->peers[i];
    if (p->n_peers == sizeof p->peers / sizeof *p->peers) return NULL;
    Peer *peer = mem_alloc(sizeof *peer);
    if (peer_init(peer, endpoint)) return p->peers[p->n_peers++] = peer;
    free(peer);
    return NULL;
}

static Exchange *new_exchange(Post *p)
{
    Exchange *x = exchange_new(&p->options, p->clock, p->share);
    if (x && wire_adopt(p->wire, x->easy)) return x;
    exchange_free(x);
    return NULL;
}

static void hand_over(Post *p, Exchange *x)
{
    pthread_mutex_lock(&p->mutex);
    exchange_push(&p->fresh, x);
    bool sleeps = p->thread_sleeps;
    p->thread_sleeps = false;
    pthread_mutex_unlock(&p->mutex);
    if (sleeps) wire_wake(p->wire);
}

static bool post_send(void *self, const HttpRequest *request, Error *e)
{
    Post *p = self;
    Peer *peer = peer_of(p, request->endpoint);
    if (!peer) return error_set(e, ERROR_INTERNAL, "request", "too many endpoints");
    Exchange *x = p->resting.last;
    if (x) exchange_remove(&p->resting, x);
    else x = new_exchange(p);
    if (!x) return error_set(e, ERROR_INTERNAL, "curl", "libcurl gives no handle");
    if (!exchange_prepare(x, peer, request, e)) {
        exchange_push(&p->resting, x);
        return false;
    }
    hand_over(p, x);
    return true;
}

// What is done, or else how the caller goes to sleep.
static size_t take_done(Post *p, HttpReply **out, size_t max, bool may_sleep)
{
    size_t n = 0;
    pthread_mutex_lock(&p->mutex);
    for (; n < max && p->done.first; n++) {
        Exchange *x = p->done.first;
        exchange_move(&p->done, &p->given, x);
        out[n] = &x->reply;
    }
    p->caller_sleeps = n == 0 && may_sleep;
    pthread_mutex_unlock(&p->mutex);
    return n;
}

// False: a signal came, and whoever set a flag in its handler is to be heard at once.
static bool sleep_until(Post *p, Nanos deadline)
{
    Nanos now = clock_now(p->clock);
    Nanos left = deadline == INT64_MAX ? 0 : deadline > now ? deadline - now : 0;
    struct timespec span = {.tv_sec = left / NANOS_PER_SECOND, .tv_nsec = left % NANOS_PER_SECOND};
    struct pollfd bell = {.fd = p->bell, .events = POLLIN};
    uint64_t count;
    if (ppoll(&bell, 1, deadline == INT64_MAX ? NULL : &span, NULL) < 0) return errno != EINTR;
    ssize_t got = read(p->bell, &count, sizeof count);
    (void)got;
    return true;
}

static size_t post_wait(void *self, Nanos timeout, HttpReply **out, size_t max)
{
    Post *p = self;
    Nanos now = clock_now(p->clock);
    Nanos deadline = timeout < 0 || timeout > INT64_MAX - now ? INT64_MAX : now + timeout;
    for (;;) {
        size_t n = take_done(p, out, max, timeout != 0);
        bool woken = atomic_exchange(&p->woken, false);
        if (n || woken || timeout == 0) return n;
        if (!sleep_until(p, deadline)) timeout = 0;
        if (deadline != INT64_MAX && clock_now(p->clock) >= deadline) timeout = 0;
    }
}

static void post_release(void *self, HttpReply *reply)
{
    Post *p = self;
    Exchange *x = (Exchange *)(void *)reply;
    exchange_rest(x);
    exchange_move(&p->given, &p->resting, x);
}

static void post_cancel_all(void *self)
{
    Post *p = self;
    pthread_mutex_lock(&p->mutex);
    p->stopping = true;
    wire_wake(p->wire);
    while (p->stopping) pthread_cond_wait(&p->stopped, &p->mutex);
    exchange_move_all(&p->done, &p->resting);
    pthread_mutex_unlock(&p->mutex);
}

static void ring(Post *p)
{
    const uint64_t one = 1;
    // Full means that it rings already.
    ssize_t written = write(p->bell, &one, sizeof one);
    (void)written;
}

static void post_wake(void *self)
{
    Post *p = self;
    int saved = errno;
    atomic_store(&p->woken, true);
    ring(p);
    errno = saved;
}

// ---- the thread's side --------------------------------------------------------------------------

// False: the transport closes.
static bool take_over(Post *p)
{
    ExchangeList fresh = {0};
    pthread_mutex_lock(&p->mutex);
    exchange_move_all(&p->fresh, &fresh);
    if (p->stopping) {
        wire_stop_all(p->wire, &p->done);
        exchange_move_all(&fresh, &p->done);
        p->stopping = false;
        pthread_cond_signal(&p->stopped);
    }
    bool closing = p->closing;
    p->thread_sleeps = true;
    pthread_mutex_unlock(&p->mutex);
    while (fresh.first) {
        Exchange *x = fresh.first;
        exchange_remove(&fresh, x);
        wire_add(p->wire, x);
    }
    return !closing;
}

static void hand_back(Post *p, ExchangeList *ended)
{
    if (!ended->n) return;
    pthread_mutex_lock(&p->mutex);
    exchange_move_all(ended, &p->done);
    bool sleeps = p->caller_sleeps;
    p->caller_sleeps = false;
    pthread_mutex_unlock(&p->mutex);
    if (sleeps) ring(p);
}

static void *drive(void *arg)
{
    Post *p = arg;
    ExchangeList ended = {0};
    while (take_over(p)) {
        wire_turn(p->wire, &ended);
        hand_back(p, &ended);
    }
    return NULL;
}

// ---- one at a time ------------------------------------------------------------------------------

static bool ask_one(Transport *t, const HttpRequest *request, HttpReply **out, Error *e)
{
    if (!t->send(t->self, request, e)) return false;
    while (t->wait(t->self, -1, out, 1) == 0) {
    }
    return true;
}

bool http_get(Transport *t, const Endpoint *endpoint, Str path_or_url, Nanos timeout, HttpReply **out, Error *e)
{
    HttpRequest request = {.endpoint = endpoint, .method = S("GET"), .path_or_url = path_or_url, .whole_timeout = timeout};
    return ask_one(t, &request, out, e);
}

bool http_post(Transport *t, const Endpoint *endpoint, Str path_or_url, Str body, Nanos timeout, HttpReply **out, Error *e)
{
    HttpRequest request = {.endpoint = endpoint, .path_or_url = path_or_url, .body = body, .whole_timeout = timeout};
    return ask_one(t, &request, out, e);
}
