// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "timers.h"

enum {
    EVENTS = 256,
    READ_ROOM = 1 << 18,      // one read; larger than nearly every request
    SEND_BUDGET = 1 << 18,    // bytes a connection may send before others have their turn
    PIPELINE_MAX = 1 << 20,   // bytes taken in while an answer is under way
    KEEP_ROOM = 1 << 14,      // a larger input buffer is given back when it is empty
    BACKLOG = 4096,
};
static const uint64_t LINGER_NS = 2000000000;  // how long a closed connection may still drain

typedef enum { CONN_IDLE, CONN_WAITING, CONN_SENDING, CONN_HANGING, CONN_ENDING } State;

typedef struct Conn {
    Timer timer;  // first, so that a Timer is its Conn
    struct Conn *next, *previous;
    int fd;
    State state;
    bool dead, readable, continued, answered;  // readable: left unread; answered: all but the end is done
    Buf in;
    size_t needed;
    HttpChunks chunks;
    Wire wire;
    Passage passage;
    uint64_t bytes;  // of the answer under way
    TlsSession *tls;
} Conn;

struct Loop {
    Service service;
    Shared *shared;
    Tls *tls;
    int epoll, listener, wake;
    bool listening, coarse;  // coarse: no epoll_pwait2 here, so milliseconds
    atomic_bool stop;
    Timers timers;
    Conn *conns, *dead;
    Wire wire;   // of the answer at hand; copied only when it cannot be sent at once
    char *room;  // what a read fills
};

typedef enum { PUSH_DONE, PUSH_BLOCKED, PUSH_PACED, PUSH_FAILED } Push;

static void take_connections(Loop *l);
static void on_event(Loop *l, Conn *c, uint32_t events);
static void on_timer(Loop *l, Conn *c);
static void conn_close(Loop *l, Conn *c, const char *outcome);
static void conn_read(Loop *l, Conn *c, bool to_the_end);

static bool listen_on(Loop *l, uint16_t *port, bool shared_port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    int on = 1;
    l->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->listener < 0) return false;
    setsockopt(l->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(l->listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // inherited by what it accepts
    if (shared_port) setsockopt(l->listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(l->listener, (struct sockaddr *)&at, sizeof at) || listen(l->listener, BACKLOG)) return false;
    if (getsockname(l->listener, (struct sockaddr *)&at, &size)) return false;
    *port = ntohs(at.sin_port);
    return true;
}

static bool watch(Loop *l, int fd, uint32_t events, void *tag) {
    struct epoll_event event = {.events = events, .data.ptr = tag};
    return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

Loop *loop_open(Shared *shared, Tls *tls, size_t thread, uint16_t *port) {
    Loop *l = mem_zeroed(1, sizeof *l);
    l->shared = shared;
    l->tls = tls;
    l->listener = -1;
    l->room = mem_resize(NULL, READ_ROOM);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    l->listening = true;
    bool ok = l->epoll >= 0 && l->wake >= 0 && listen_on(l, port, shared->threads > 1) &&
              watch(l, l->listener, EPOLLIN, &l->listener) && watch(l, l->wake, EPOLLIN, &l->wake);
    if (!ok) fprintf(stderr, "mockllm: cannot listen: %s\n", strerror(errno));
    if (!service_init(&l->service, shared, thread)) ok = false;
    if (ok) return l;
    loop_close(l);
    return NULL;
}

static int wait_events(Loop *l, struct epoll_event *events) {
    uint64_t due = timers_next(&l->timers), now = clock_mono_ns();
    if (l->service.ledger.due < due) due = l->service.ledger.due;
    uint64_t left = due == UINT64_MAX ? UINT64_MAX : due > now ? due - now : 0;
    if (!l->coarse) {
        struct timespec span = {.tv_sec = (time_t)(left / 1000000000), .tv_nsec = (long)(left % 1000000000)};
        int n = epoll_pwait2(l->epoll, events, EVENTS, left == UINT64_MAX ? NULL : &span, NULL);
        if (n >= 0 || errno != ENOSYS) return n;
        l->coarse = true;
    }
    uint64_t ms = left / 1000000 + (left % 1000000 != 0);
    return epoll_wait(l->epoll, events, EVENTS, left == UINT64_MAX ? -1 : ms < 60000 ? (int)ms : 60000);
}

static void conn_free(Loop *l, Conn *c) {
    tls_end(c->tls);
    close(c->fd);
    buf_free(&c->in);
    wire_free(&c->wire);
    free(c);
    atomic_fetch_sub(&l->shared->connections, 1);
}

// The dead are freed behind the batch, since it may still hold events of theirs.
static void bury(Loop *l) {
    if (!l->dead) return;
    for (Conn *c = l->dead, *next; c; c = next) {
        next = c->next;
        conn_free(l, c);
    }
    l->dead = NULL;
    if (!l->listening) l->listening = watch(l, l->listener, EPOLLIN, &l->listener);
}

void loop_run(Loop *l) {
    struct epoll_event events[EVENTS];
    while (!atomic_load(&l->stop)) {
        int n = wait_events(l, events);
        for (int i = 0; i < n; i++) {
            void *tag = events[i].data.ptr;
            if (tag == &l->listener) take_connections(l);
            else if (tag != &l->wake) on_event(l, tag, events[i].events);
        }
        uint64_t now = clock_mono_ns();
        for (Timer *t; (t = timers_pop(&l->timers, now));) on_timer(l, (Conn *)t);
        if (now >= l->service.ledger.due) ledger_flush(&l->service.ledger);
        bury(l);
    }
}

void loop_stop(Loop *l) {
    uint64_t one = 1;
    atomic_store(&l->stop, true);
    if (write(l->wake, &one, sizeof one) < 0) return;  // the counter is full only if it was woken before
}

void loop_close(Loop *l) {
    while (l->conns) conn_close(l, l->conns, "stopped");
    l->listening = true;
    bury(l);
    service_free(&l->service);
    if (l->listener >= 0) close(l->listener);
    if (l->epoll >= 0) close(l->epoll);
    if (l->wake >= 0) close(l->wake);
    timers_free(&l->timers);
    wire_free(&l->wire);
    free(l->room);
    free(l);
}

static void conn_open(Loop *l, int fd) {
    Conn *c = mem_zeroed(1, sizeof *c);
    c->fd = fd;
    c->tls = l->tls ? tls_accept(l->tls, fd) : NULL;
    c->next = l->conns;
    if (c->next) c->next->previous = c;
    l->conns = c;
    atomic_fetch_add(&l->shared->connections, 1);
    if (!watch(l, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, c)) conn_close(l, c, "gone");
}

static void take_connections(Loop *l) {
    for (int i = 0; i < EVENTS; i++) {
        int fd = accept4(l->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            conn_open(l, fd);
            continue;
        }
        // No descriptor is left: listen again when a connection has ended.
        if (errno == EMFILE || errno == ENFILE) {
            epoll_ctl(l->epoll, EPOLL_CTL_DEL, l->listener, NULL);
            l->listening = false;
        }
        return;
    }
}

static void conn_close(Loop *l, Conn *c, const char *outcome) {
    if (c->dead) return;
    service_done(&l->service, &c->passage, outcome, c->bytes);
    c->dead = true;
    timer_drop(&l->timers, &c->timer);
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    if (c->previous) c->previous->next = c->next;
    else l->conns = c->next;
    if (c->next) c->next->previous = c->previous;
    c->previous = NULL;
    c->next = l->dead;
    l->dead = c;
}

static void conn_reset(Loop *l, Conn *c) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    conn_close(l, c, "cut");
}

static Push push(Conn *c, Wire *w) {
    size_t budget = w->pace_bytes ? w->pace_bytes : SEND_BUDGET;
    for (;;) {
        Str bytes = wire_next(w);
        if (!bytes.len) return PUSH_DONE;
        if (!budget) return PUSH_PACED;
        if (bytes.len > budget) bytes.len = budget;
        ssize_t n = tls_write(c->tls, c->fd, bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN ? PUSH_BLOCKED : PUSH_FAILED;
        w->sent += (uint64_t)n;
        c->bytes += (uint64_t)n;
        budget -= (size_t)n;
    }
}

static void wait_until(Loop *l, Conn *c, State state, uint64_t due) {
    c->state = state;
    timer_set(&l->timers, &c->timer, due);
}

// Later than any `now` that timers are being popped for, so that each pass over them ends.
static uint64_t in(uint64_t span_ns) { return clock_mono_ns() + span_ns + 1; }

// All bytes are with the kernel.
static void conn_finish(Loop *l, Conn *c, End end) {
    switch (end) {
        case END_KEEP:
            service_done(&l->service, &c->passage, "sent", c->bytes);
            c->state = CONN_IDLE;
            break;
        case END_CLOSE:
            service_done(&l->service, &c->passage, c->passage.breaks ? "cut" : "sent", c->bytes);
            shutdown(c->fd, SHUT_WR);
            wait_until(l, c, CONN_ENDING, in(LINGER_NS));
            break;
        case END_RESET: conn_reset(l, c); break;
        case END_HANG: c->state = CONN_HANGING; break;
    }
}

// After a push of the connection's own wire or of the loop's.
static void settle(Loop *l, Conn *c, Wire *w, Push result) {
    if (result == PUSH_FAILED) {
        conn_close(l, c, "gone");
        return;
    }
    if (result != PUSH_DONE && w != &c->wire) wire_copy_rest(&c->wire, w);
    if (result == PUSH_BLOCKED) c->state = CONN_SENDING;
    if (result == PUSH_PACED) wait_until(l, c, CONN_WAITING, in(w->pace_ns));
    if (result != PUSH_DONE) return;
    End end = w->end;
    uint64_t wait = w->end_wait_ns;
    if (wait && !c->answered) {
        c->answered = true;
        if (w != &c->wire) wire_copy_rest(&c->wire, w);
        wait_until(l, c, CONN_WAITING, in(wait));
        return;
    }
    wire_free(&c->wire);
    conn_finish(l, c, end);
}

static void send_reply(Loop *l, Conn *c) {
    Reply *r = &l->service.reply;
    wire_from_reply(&l->wire, r);
    c->bytes = 0;
    c->answered = false;
    if (r->wait_ns) {
        wire_copy_rest(&c->wire, &l->wire);
        wait_until(l, c, CONN_WAITING, c->passage.line.received_mono + r->wait_ns);
        return;
    }
    settle(l, c, &l->wire, push(c, &l->wire));
}

static void want_more(Conn *c, const HttpRequest *r) {
    c->needed = r->needed;
    if (!r->expects_continue || c->continued) return;
    c->continued = true;
    if (tls_write(c->tls, c->fd, S("HTTP/1.1 100 Continue\r\n\r\n")) < 0) return;  // the reads will tell
}

// Answers the whole requests at the front of `data`, one after the other; returns the bytes used.
static size_t serve(Loop *l, Conn *c, char *data, size_t len) {
    size_t used = 0;
    while (!c->dead && c->state == CONN_IDLE && used < len && len - used >= c->needed) {
        HttpRequest r;
        HttpResult result = http_read(data + used, len - used, (size_t)l->shared->options->max_body, &c->chunks, &r);
        if (result == HTTP_PART) {
            want_more(c, &r);
            break;
        }
        c->chunks = (HttpChunks){0};
        c->needed = 0;
        c->continued = false;
        if (result == HTTP_WHOLE) service_answer(&l->service, &r, &c->passage);
        else service_refuse(&l->service, r.status, r.problem, &c->passage);
        used = result == HTTP_WHOLE ? used + r.length : len;
        send_reply(l, c);
    }
    return used;
}

static void serve_kept(Loop *l, Conn *c) {
    size_t used = serve(l, c, c->in.ptr, c->in.len);
    c->in.len -= used;
    if (c->in.len) memmove(c->in.ptr, c->in.ptr + used, c->in.len);
    else if (c->in.cap > KEEP_ROOM) buf_free(&c->in);
}

// An answer ended outside of a read: what came in meanwhile is next.
static void resume(Loop *l, Conn *c) {
    if (c->dead || c->state != CONN_IDLE) return;
    if (c->in.len) serve_kept(l, c);
    if (!c->dead && c->state == CONN_IDLE && c->readable) conn_read(l, c, true);
}

static void feed(Loop *l, Conn *c, size_t n) {
    if (c->state == CONN_ENDING) return;
    if (c->in.len) {
        buf_add(&c->in, (Str){l->room, n});
        if (c->state == CONN_IDLE) serve_kept(l, c);
        return;
    }
    size_t used = serve(l, c, l->room, n);
    if (used == n || c->dead) return;
    if (c->needed) buf_need(&c->in, c->needed);
    buf_add(&c->in, (Str){l->room + used, n - used});
}

// A short read means that the socket is empty, so that the usual request takes one call; not so
// under TLS, nor when the end of the stream is already known to be behind.
static void conn_read(Loop *l, Conn *c, bool to_the_end) {
    c->readable = false;
    while (!c->dead) {
        bool busy = c->state != CONN_IDLE && c->state != CONN_ENDING;
        if (busy && c->in.len >= PIPELINE_MAX) {
            c->readable = true;
            return;
        }
        ssize_t n = tls_read(c->tls, c->fd, l->room, READ_ROOM);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            conn_close(l, c, "gone");
            return;
        }
        feed(l, c, (size_t)n);
        if (n < READ_ROOM && !c->tls && !to_the_end) return;
    }
}

static void on_event(Loop *l, Conn *c, uint32_t events) {
    if (c->dead) return;
    bool end = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    if (c->state == CONN_SENDING && ((events & EPOLLOUT) || c->tls)) {
        settle(l, c, &c->wire, push(c, &c->wire));
        resume(l, c);
    }
    if (!c->dead && ((events & EPOLLIN) || end || c->tls)) conn_read(l, c, end);
}

static void on_timer(Loop *l, Conn *c) {
    if (c->state == CONN_ENDING) {
        conn_close(l, c, "gone");
        return;
    }
    settle(l, c, &c->wire, push(c, &c->wire));
    resume(l, c);
}
