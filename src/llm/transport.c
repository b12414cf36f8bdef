// SPDX-License-Identifier: Apache-2.0
//
// Many libcurl multi handles behind one epoll. The cost of a request in a multi handle grows with
// the connections it holds (measured: 27–39 thousand requests a second at 64, 16 thousand at 1,024),
// so each holds at most MULTI_SIZE and a new request takes the first with room: few requests
// in flight use few handles, whose kept connections stay warm.
//
// An exchange is in exactly one list: resting, waiting (for room or for a peer's first connections),
// running, ended (its reply not yet handed out), or with the caller.
#include "llm/transport.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "llm/exchange.h"

enum {
    MULTI_SIZE = 128,
    MULTIS_MAX = 128,
    FIRST_CONNECTIONS = 16,  // under way at once to a host that never answered: one thread each
    OTHER_FILES = 64,        // open files that the rest of the program needs
    MULTI_FILES = 2,         // that libcurl opens for each multi handle
    EVENTS = 512,
};

#define SCAN_MIN (INT64_C(2) * NANOS_PER_MS)
#define SCAN_MAX (INT64_C(250) * NANOS_PER_MS)
#define LOOK_EVERY (INT64_C(10) * NANOS_PER_MS)

typedef struct List {
    Exchange *first, *last;
    size_t n;
} List;

typedef struct Wire Wire;

typedef struct Multi {
    CURLM *handle;
    Wire *wire;
    unsigned index;
    unsigned running;
    Nanos due;      // libcurl's timer; INT64_MAX: none
    Nanos look;     // when all its transfers are looked at; INT64_MAX: their sockets tell
    bool touched;   // may have ended transfers
} Multi;

struct Wire {
    TransportOptions options;
    const Clock *clock;
    CURLSH *share;
    int epoll, wake;
    Multi multis[MULTIS_MAX];
    unsigned n_multis;
    unsigned max_running;
    Peer *peers[ENDPOINTS_MAX + 16];
    size_t n_peers;
    List resting, waiting, running, ended, given;
    Nanos next_scan;        // for time-outs; INT64_MAX: nothing to look for
    bool woken;
};

static bool wire_send(void *self, const HttpRequest *request, Error *e);
static size_t wire_wait(void *self, Nanos timeout, HttpReply **out, size_t max);
static void wire_release(void *self, HttpReply *reply);
static void wire_cancel_all(void *self);
static void wire_wake(void *self);

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *seen);
static int on_timer(CURLM *handle, long ms, void *context);

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

// ---- lists --------------------------------------------------------------------------------------

static void list_push(List *list, Exchange *x)
{
    x->next = NULL;
    x->before = list->last;
    if (list->last) list->last->next = x;
    else list->first = x;
    list->last = x;
    list->n++;
}

static void list_remove(List *list, Exchange *x)
{
    if (x->before) x->before->next = x->next;
    else list->first = x->next;
    if (x->next) x->next->before = x->before;
    else list->last = x->before;
    x->next = x->before = NULL;
    list->n--;
}

static void list_move(List *from, List *to, Exchange *x)
{
    list_remove(from, x);
    list_push(to, x);
}

// ---- open and close -----------------------------------------------------------------------------

static unsigned raise_file_limit(unsigned wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
    rlim_t need = (rlim_t)wanted + OTHER_FILES + MULTI_FILES * (wanted / MULTI_SIZE + 1);
    if (limit.rlim_cur < need) {
        limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= need) return wanted;
    if (limit.rlim_cur <= 2 * OTHER_FILES) return OTHER_FILES;
    unsigned files = (unsigned)(limit.rlim_cur - OTHER_FILES);
    return files - MULTI_FILES * (files / MULTI_SIZE + 1);
}

static bool open_handles(Wire *w)
{
    w->share = curl_share_init();
    if (!w->share || curl_share_setopt(w->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) != CURLSHE_OK ||
        curl_share_setopt(w->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK)
        return false;
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    return w->epoll >= 0 && w->wake >= 0 && epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->wake, &event) == 0;
}

bool transport_open(const TransportOptions *options, Transport *out, Error *e)
{
    *out = (Transport){0};
    signal(SIGPIPE, SIG_IGN);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return error_set(e, ERROR_INTERNAL, "curl", "libcurl does not start");
    Wire *w = mem_alloc(sizeof *w);
    *w = (Wire){.epoll = -1, .wake = -1, .next_scan = INT64_MAX};
    if (options) w->options = *options;
    w->clock = w->options.clock ? w->options.clock : &system_clock;
    unsigned wanted = w->options.max_connections;
    if (wanted == 0 || wanted > MULTIS_MAX * MULTI_SIZE) wanted = MULTIS_MAX * MULTI_SIZE;
    w->max_running = raise_file_limit(wanted);
    *out = (Transport){wire_send, wire_wait, wire_release, wire_cancel_all, wire_wake, w};
    if (open_handles(w)) return true;
    transport_close(out);
    return error_set(e, ERROR_INTERNAL, "curl", "libcurl or epoll gives no handle");
}

static void free_list(List *list)
{
    for (Exchange *x = list->first, *next; x; x = next) {
        next = x->next;
        exchange_free(x);
    }
}

void transport_close(Transport *transport)
{
    Wire *w = transport->self;
    if (!w) return;
    wire_cancel_all(w);
    free_list(&w->given);
    free_list(&w->resting);
    for (unsigned i = 0; i < w->n_multis; i++) curl_multi_cleanup(w->multis[i].handle);
    for (size_t i = 0; i < w->n_peers; i++) {
        peer_free(w->peers[i]);
        free(w->peers[i]);
    }
    if (w->share) curl_share_cleanup(w->share);
    if (w->wake >= 0) close(w->wake);
    if (w->epoll >= 0) close(w->epoll);
    free(w);
    *transport = (Transport){0};
    curl_global_cleanup();
}

// ---- sending ------------------------------------------------------------------------------------

static Peer *peer_of(Wire *w, const Endpoint *endpoint)
{
    for (size_t i = 0; i < w->n_peers; i++)
        if (peer_is_of(w->peers[i], endpoint)) return w->peers[i];
    if (w->n_peers == sizeof w->peers / sizeof *w->peers) return NULL;
    Peer *peer = mem_alloc(sizeof *peer);
    if (peer_init(peer, endpoint)) return w->peers[w->n_peers++] = peer;
    free(peer);
    return NULL;
}

static Multi *multi_new(Wire *w)
{
    if (w->n_multis == MULTIS_MAX) return NULL;
    Multi *m = &w->multis[w->n_multis];
    *m = (Multi){.handle = curl_multi_init(), .wire = w, .index = w->n_multis, .due = INT64_MAX, .look = INT64_MAX};
    if (!m->handle) return NULL;
    // Pinned: by default libcurl keeps four connections for each transfer that is under way, and
    // closes kept ones whenever the number of transfers falls.
    curl_multi_setopt(m->handle, CURLMOPT_MAXCONNECTS, (long)MULTI_SIZE);
    curl_multi_setopt(m->handle, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(m->handle, CURLMOPT_SOCKETDATA, m);
    curl_multi_setopt(m->handle, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(m->handle, CURLMOPT_TIMERDATA, m);
    w->n_multis++;
    return m;
}

static Multi *multi_with_room(Wire *w)
{
    for (unsigned i = 0; i < w->n_multis; i++)
        if (w->multis[i].running < MULTI_SIZE) return &w->multis[i];
    return multi_new(w);
}

// A time-out is found at the latest a tenth of it too late.
static void plan_scan(Wire *w, const Exchange *x, Nanos now)
{
    Nanos spans[] = {x->connect_timeout, x->first_byte_timeout, x->idle_timeout, x->whole_timeout};
    Nanos step = INT64_MAX;
    for (size_t i = 0; i < 4; i++)
        if (spans[i] > 0 && spans[i] / 10 < step) step = spans[i] / 10;
    if (step == INT64_MAX) return;
    if (step < SCAN_MIN) step = SCAN_MIN;
    if (step > SCAN_MAX) step = SCAN_MAX;
    if (now + step < w->next_scan) w->next_scan = now + step;
}

static bool may_start(const Wire *w, const Exchange *x)
{
    return w->running.n < w->max_running && (x->peer->proven || x->peer->connecting < FIRST_CONNECTIONS);
}

static void start(Wire *w, Exchange *x)
{
    Multi *m = multi_with_room(w);
    list_move(&w->waiting, &w->running, x);
    exchange_connecting(x, true);
    plan_scan(w, x, x->reply.sent);
    if (m) {
        x->multi = m->index;
        m->running++;
        if (curl_multi_add_handle(m->handle, x->easy) == CURLM_OK) return;
        m->running--;
    }
    list_move(&w->running, &w->ended, x);
    exchange_finish(x, CURLE_FAILED_INIT);
}

static bool wire_send(void *self, const HttpRequest *request, Error *e)
{
    Wire *w = self;
    Peer *peer = peer_of(w, request->endpoint);
    if (!peer) return error_set(e, ERROR_INTERNAL, "request", "too many endpoints");
    Exchange *x = w->resting.last;
    if (x) list_remove(&w->resting, x);
    else x = exchange_new(&w->options, w->clock, w->share);
    if (!x) return error_set(e, ERROR_INTERNAL, "curl", "libcurl gives no handle");
    if (!exchange_prepare(x, peer, request, e)) {
        list_push(&w->resting, x);
        return false;
    }
    list_push(&w->waiting, x);
    if (may_start(w, x)) start(w, x);
    else plan_scan(w, x, x->reply.sent);
    return true;
}

static void start_waiting(Wire *w)
{
    for (Exchange *x = w->waiting.first, *next; x && w->running.n < w->max_running; x = next) {
        next = x->next;
        if (may_start(w, x)) start(w, x);
    }
}

// ---- waiting ------------------------------------------------------------------------------------

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *seen)
{
    (void)easy;
    Multi *m = context;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(m->wire->epoll, EPOLL_CTL_DEL, fd, NULL);
        curl_multi_assign(m->handle, fd, NULL);
        return 0;
    }
    struct epoll_event event = {.data.u64 = (uint64_t)m->index << 32 | (uint32_t)fd};
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    int operation = seen ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(m->wire->epoll, operation, fd, &event) != 0)
        epoll_ctl(m->wire->epoll, operation == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    if (!seen) curl_multi_assign(m->handle, fd, m);
    return 0;
}

static int on_timer(CURLM *handle, long ms, void *context)
{
    (void)handle;
    Multi *m = context;
    m->due = ms < 0 ? INT64_MAX : ms == 0 ? 0 : clock_now(m->wire->clock) + ms * NANOS_PER_MS;
    return 0;
}

static void act(Multi *m, curl_socket_t fd, int what)
{
    int running;
    m->touched = true;
    // Without memory libcurl may be unable to say which socket to wait for. The requests are on their
    // way, and may be paid: they are looked at until they have ended.
    if (curl_multi_socket_action(m->handle, fd, what, &running) != CURLM_OK) m->look = clock_now(m->wire->clock) + LOOK_EVERY;
}

static void look_at_all(Multi *m, Nanos now)
{
    int running;
    m->touched = true;
    curl_multi_perform(m->handle, &running);
    m->look = m->running ? now + LOOK_EVERY : INT64_MAX;
}

static void run_timers(Wire *w, Nanos now)
{
    for (unsigned i = 0; i < w->n_multis; i++) {
        Multi *m = &w->multis[i];
        if (m->look <= now) look_at_all(m, now);
        if (m->due > now) continue;
        m->due = INT64_MAX;
        act(m, CURL_SOCKET_TIMEOUT, 0);
    }
}

static void take_ended(Wire *w)
{
    for (unsigned i = 0; i < w->n_multis; i++) {
        Multi *m = &w->multis[i];
        if (!m->touched) continue;
        m->touched = false;
        int left;
        for (CURLMsg *message; (message = curl_multi_info_read(m->handle, &left));) {
            if (message->msg != CURLMSG_DONE) continue;
            // Removing the handle frees the message.
            CURLcode result = message->data.result;
            CURL *easy = message->easy_handle;
            char *context = NULL;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
            curl_multi_remove_handle(m->handle, easy);
            Exchange *x = (void *)context;
            m->running--;
            exchange_finish(x, result);
            list_move(&w->running, &w->ended, x);
        }
    }
}

static void stop_running(Wire *w, Exchange *x)
{
    Multi *m = &w->multis[x->multi];
    curl_multi_remove_handle(m->handle, x->easy);
    m->running--;
}

static void scan_list(Wire *w, List *list, Nanos now)
{
    for (Exchange *x = list->first, *next; x; x = next) {
        HttpEnd end;
        next = x->next;
        if (exchange_deadline(x, &end) > now) {
            plan_scan(w, x, now);
            continue;
        }
        if (list == &w->running) stop_running(w, x);
        exchange_time_out(x, end);
        list_move(list, &w->ended, x);
    }
}

static void scan(Wire *w, Nanos now)
{
    if (now < w->next_scan) return;
    w->next_scan = INT64_MAX;
    scan_list(w, &w->running, now);
    scan_list(w, &w->waiting, now);
}

static Nanos next_due(const Wire *w, Nanos deadline)
{
    Nanos due = w->next_scan < deadline ? w->next_scan : deadline;
    for (unsigned i = 0; i < w->n_multis; i++) {
        if (w->multis[i].due < due) due = w->multis[i].due;
        if (w->multis[i].look < due) due = w->multis[i].look;
    }
    return due;
}

// In whole milliseconds rounded up, so that a timer is due when the call returns.
static int epoll_timeout(Nanos due, Nanos now)
{
    if (due == INT64_MAX) return -1;
    if (due <= now) return 0;
    Nanos ms = (due - now + NANOS_PER_MS - 1) / NANOS_PER_MS;
    return ms > 60000 ? 60000 : (int)ms;
}

static void take_events(Wire *w, int timeout)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(w->epoll, events, EVENTS, timeout);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u64 == UINT64_MAX) {
            uint64_t count;
            w->woken = read(w->wake, &count, sizeof count) > 0;
            continue;
        }
        int what = 0;
        if (events[i].events & EPOLLIN) what |= CURL_CSELECT_IN;
        if (events[i].events & EPOLLOUT) what |= CURL_CSELECT_OUT;
        if (events[i].events & (EPOLLERR | EPOLLHUP)) what |= CURL_CSELECT_ERR;
        act(&w->multis[events[i].data.u64 >> 32], (curl_socket_t)(uint32_t)events[i].data.u64, what);
    }
    // A signal ends the wait, so that whoever set a flag in its handler is heard at once.
    if (n < 0 && errno == EINTR) w->woken = true;
}

static size_t give(Wire *w, HttpReply **out, size_t max)
{
    size_t n = 0;
    for (; n < max && w->ended.first; n++) {
        Exchange *x = w->ended.first;
        list_move(&w->ended, &w->given, x);
        out[n] = &x->reply;
    }
    return n;
}

static size_t wire_wait(void *self, Nanos timeout, HttpReply **out, size_t max)
{
    Wire *w = self;
    Nanos now = clock_now(w->clock);
    Nanos deadline = timeout < 0 || timeout > INT64_MAX - now ? INT64_MAX : now + timeout;
    for (;;) {
        // What was sent since the last call starts here, before anything waits.
        run_timers(w, now);
        take_ended(w);
        Nanos due = w->ended.n ? now : next_due(w, deadline);
        take_events(w, epoll_timeout(due, now));
        now = clock_now(w->clock);
        run_timers(w, now);
        take_ended(w);
        scan(w, now);
        if (w->waiting.n) start_waiting(w);
        if (w->ended.n || w->woken || now >= deadline) break;
    }
    w->woken = false;
    return give(w, out, max);
}

// ---- the rest of the seam -----------------------------------------------------------------------

static void wire_release(void *self, HttpReply *reply)
{
    Wire *w = self;
    Exchange *x = (Exchange *)(void *)reply;
    exchange_rest(x);
    list_move(&w->given, &w->resting, x);
}

static void wire_cancel_all(void *self)
{
    Wire *w = self;
    while (w->running.first) {
        Exchange *x = w->running.first;
        stop_running(w, x);
        exchange_connecting(x, false);
        list_move(&w->running, &w->resting, x);
    }
    while (w->waiting.first) list_move(&w->waiting, &w->resting, w->waiting.first);
    while (w->ended.first) list_move(&w->ended, &w->resting, w->ended.first);
}

static void wire_wake(void *self)
{
    const uint64_t one = 1;
    int saved = errno;
    // Full means that a wake is pending already.
    ssize_t written = write(((Wire *)self)->wake, &one, sizeof one);
    (void)written;
    errno = saved;
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
