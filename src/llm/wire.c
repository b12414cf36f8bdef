// SPDX-License-Identifier: Apache-2.0
#include "llm/wire.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

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

typedef struct Multi {
    CURLM *handle;
    Wire *wire;
    unsigned index;
    unsigned running;
    Nanos due;      // libcurl's timer; INT64_MAX: none
    Nanos look;     // when all its transfers are looked at; INT64_MAX: their sockets tell
    bool touched;   // may have ended transfers
} Multi;

// A socket that curl opened through us. libcurl lets go of a socket after each request and takes it
// up again with the next; its place in the epoll is kept in between, which saves two calls a request.
typedef struct Watch {
    bool ours;        // from on_open to on_close
    bool idle;        // libcurl has let go of it
    uint16_t multi;
    uint32_t events;  // what the epoll has; 0: nothing
} Watch;

struct Wire {
    const Clock *clock;
    int epoll, wake;
    Watch *watches;   // by file number
    size_t n_watches;
    Multi multis[MULTIS_MAX];
    unsigned n_multis;
    unsigned max_running;
    ExchangeList waiting;   // for room, or for a peer's first connections
    ExchangeList running, ended;
    Nanos next_scan;        // for time-outs; INT64_MAX: nothing to look for
    bool woken;
};

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *seen);
static int on_timer(CURLM *handle, long ms, void *context);
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address);
static int on_close(void *context, curl_socket_t fd);

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

static bool open_epoll(Wire *w)
{
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    return w->epoll >= 0 && w->wake >= 0 && epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->wake, &event) == 0;
}

Wire *wire_open(const Clock *clock, unsigned max_running)
{
    Wire *w = mem_alloc(sizeof *w);
    *w = (Wire){.clock = clock, .next_scan = INT64_MAX};
    unsigned most = MULTIS_MAX * MULTI_SIZE;
    w->max_running = raise_file_limit(max_running == 0 || max_running > most ? most : max_running);
    if (open_epoll(w)) return w;
    wire_close(w);
    return NULL;
}

void wire_close(Wire *w)
{
    if (!w) return;
    for (unsigned i = 0; i < w->n_multis; i++) libcurl.multi_cleanup(w->multis[i].handle);
    if (w->wake >= 0) close(w->wake);
    if (w->epoll >= 0) close(w->epoll);
    free(w->watches);
    free(w);
}

bool wire_adopt(Wire *w, CURL *easy)
{
    return libcurl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_OPENSOCKETDATA, w) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, w) == CURLE_OK;
}

// ---- starting -----------------------------------------------------------------------------------

static Multi *multi_new(Wire *w)
{
    if (w->n_multis == MULTIS_MAX) return NULL;
    Multi *m = &w->multis[w->n_multis];
    *m = (Multi){.handle = libcurl.multi_init(), .wire = w, .index = w->n_multis, .due = INT64_MAX, .look = INT64_MAX};
    if (!m->handle) return NULL;
    // Pinned: by default libcurl keeps four connections for each transfer that is under way, and
    // closes kept ones whenever the number of transfers falls.
    libcurl.multi_setopt(m->handle, CURLMOPT_MAXCONNECTS, (long)MULTI_SIZE);
    libcurl.multi_setopt(m->handle, CURLMOPT_SOCKETFUNCTION, on_socket);
    libcurl.multi_setopt(m->handle, CURLMOPT_SOCKETDATA, m);
    libcurl.multi_setopt(m->handle, CURLMOPT_TIMERFUNCTION, on_timer);
    libcurl.multi_setopt(m->handle, CURLMOPT_TIMERDATA, m);
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
    exchange_move(&w->waiting, &w->running, x);
    exchange_connecting(x, true);
    plan_scan(w, x, x->reply.sent);
    if (m) {
        x->multi = m->index;
        m->running++;
        if (libcurl.multi_add_handle(m->handle, x->easy) == CURLM_OK) return;
        m->running--;
    }
    exchange_move(&w->running, &w->ended, x);
    exchange_finish(x, CURLE_FAILED_INIT);
}

void wire_add(Wire *w, Exchange *x)
{
    exchange_push(&w->waiting, x);
    if (may_start(w, x)) start(w, x);
    else plan_scan(w, x, x->reply.sent);
}

static void start_waiting(Wire *w)
{
    for (Exchange *x = w->waiting.first, *next; x && w->running.n < w->max_running; x = next) {
        next = x->next;
        if (may_start(w, x)) start(w, x);
    }
}

// ---- waiting ------------------------------------------------------------------------------------

static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    Wire *w = context;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    if ((size_t)fd >= w->n_watches) {
        size_t n = 2 * (size_t)fd + 64;
        w->watches = mem_realloc(w->watches, n * sizeof *w->watches);
        memset(w->watches + w->n_watches, 0, (n - w->n_watches) * sizeof *w->watches);
        w->n_watches = n;
    }
    w->watches[fd] = (Watch){.ours = true};
    return fd;
}

// Closing takes it out of the epoll.
static int on_close(void *context, curl_socket_t fd)
{
    Wire *w = context;
    if ((size_t)fd < w->n_watches) w->watches[fd] = (Watch){0};
    return close(fd);
}

static Watch *watch_of(Wire *w, curl_socket_t fd)
{
    return (size_t)fd < w->n_watches && w->watches[fd].ours ? &w->watches[fd] : NULL;
}

static void set_events(const Wire *w, curl_socket_t fd, unsigned multi, uint32_t events, bool known)
{
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)multi << 32 | (uint32_t)fd};
    if (epoll_ctl(w->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
        epoll_ctl(w->epoll, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

static void drop_events(const Wire *w, curl_socket_t fd) { epoll_ctl(w->epoll, EPOLL_CTL_DEL, fd, NULL); }

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *seen)
{
    (void)easy;
    Multi *m = context;
    Wire *w = m->wire;
    Watch *watch = watch_of(w, fd);
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (watch) {
        watch->idle = what == CURL_POLL_REMOVE;
        if (watch->idle || (watch->events == events && watch->multi == m->index)) return 0;
        set_events(w, fd, m->index, events, watch->events != 0);
        watch->events = events;
        watch->multi = (uint16_t)m->index;
    } else if (what == CURL_POLL_REMOVE) {
        drop_events(w, fd);
        libcurl.multi_assign(m->handle, fd, NULL);
    } else {
        set_events(w, fd, m->index, events, seen != NULL);
        if (!seen) libcurl.multi_assign(m->handle, fd, m);
    }
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
    if (libcurl.multi_socket_action(m->handle, fd, what, &running) != CURLM_OK) m->look = clock_now(m->wire->clock) + LOOK_EVERY;
}

static void look_at_all(Multi *m, Nanos now)
{
    int running;
    m->touched = true;
    libcurl.multi_perform(m->handle, &running);
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
        for (CURLMsg *message; (message = libcurl.multi_info_read(m->handle, &left));) {
            if (message->msg != CURLMSG_DONE) continue;
            // Removing the handle frees the message.
            CURLcode result = message->data.result;
            CURL *easy = message->easy_handle;
            char *context = NULL;
            libcurl.easy_getinfo(easy, CURLINFO_PRIVATE, &context);
            libcurl.multi_remove_handle(m->handle, easy);
            Exchange *x = (void *)context;
            m->running--;
            exchange_finish(x, result);
            exchange_move(&w->running, &w->ended, x);
        }
    }
}

static void stop_running(Wire *w, Exchange *x)
{
    Multi *m = &w->multis[x->multi];
    libcurl.multi_remove_handle(m->handle, x->easy);
    m->running--;
}

static void scan_list(Wire *w, ExchangeList *list, Nanos now)
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
        exchange_move(list, &w->ended, x);
    }
}

static void scan(Wire *w, Nanos now)
{
    if (now < w->next_scan) return;
    w->next_scan = INT64_MAX;
    scan_list(w, &w->running, now);
    scan_list(w, &w->waiting, now);
}

static Nanos next_due(const Wire *w)
{
    Nanos due = w->next_scan;
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
        curl_socket_t fd = (curl_socket_t)(uint32_t)events[i].data.u64;
        Watch *watch = watch_of(w, fd);
        if (watch && watch->idle) {
            // The server closed a kept connection, which libcurl finds out before it uses it.
            drop_events(w, fd);
            watch->events = 0;
            continue;
        }
        int what = 0;
        if (events[i].events & EPOLLIN) what |= CURL_CSELECT_IN;
        if (events[i].events & EPOLLOUT) what |= CURL_CSELECT_OUT;
        if (events[i].events & (EPOLLERR | EPOLLHUP)) what |= CURL_CSELECT_ERR;
        act(&w->multis[events[i].data.u64 >> 32], fd, what);
    }
}

void wire_turn(Wire *w, ExchangeList *ended)
{
    Nanos now = clock_now(w->clock);
    do {
        // What was added since the last turn starts here, before anything waits.
        run_timers(w, now);
        take_ended(w);
        take_events(w, epoll_timeout(w->ended.n ? now : next_due(w), now));
        now = clock_now(w->clock);
        run_timers(w, now);
        take_ended(w);
        scan(w, now);
        start_waiting(w);
    } while (!w->ended.n && !w->woken);
    w->woken = false;
    exchange_move_all(&w->ended, ended);
}

void wire_stop_all(Wire *w, ExchangeList *out)
{
    for (Exchange *x = w->running.first; x; x = x->next) {
        stop_running(w, x);
        exchange_connecting(x, false);
    }
    exchange_move_all(&w->running, out);
    exchange_move_all(&w->waiting, out);
    exchange_move_all(&w->ended, out);
}

void wire_wake(Wire *w)
{
    const uint64_t one = 1;
    // Full means that a wake is pending already.
    ssize_t written = write(w->wake, &one, sizeof one);
    (void)written;
}
