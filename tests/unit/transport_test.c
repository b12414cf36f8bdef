// SPDX-License-Identifier: Apache-2.0
// The libcurl transport and the judge, against the mock API with every fault it knows.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "llm/discover.h"
#include "llm/judge.h"
#include "llm/models.h"
#include "llm/transport.h"

#define MS NANOS_PER_MS

// ---- a mock API as a child ----------------------------------------------------------------------

typedef struct Mock {
    pid_t pid;
    unsigned port;
    char file[40];  // where it writes the port
} Mock;

static Mock launch_mock(const char *const *more)
{
    Mock mock = {.file = "/tmp/confab-transport-XXXXXX"};
    int fd = mkstemp(mock.file);
    assert_true(fd >= 0);
    close(fd);
    unlink(mock.file);
    const char *argv[32] = {MOCKLLM, "--die-with-parent", "--port-file", mock.file};
    size_t n = 4;
    for (; more && *more; more++) argv[n++] = *more;
    mock.pid = fork();
    assert_true(mock.pid >= 0);
    if (mock.pid == 0) {
        if (freopen("/dev/null", "w", stdout)) execv(MOCKLLM, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return mock;
}

static void await_mock(Mock *mock)
{
    for (int i = 0; i < 2000 && !mock->port; i++) {
        FILE *f = fopen(mock->file, "r");
        if (f) {
            if (fscanf(f, "%u", &mock->port) != 1) mock->port = 0;
            fclose(f);
        }
        if (!mock->port) usleep(5000);
    }
    unlink(mock->file);
    assert_true(mock->port > 0);
}

static Mock start_mock(const char *const *more)
{
    Mock mock = launch_mock(more);
    await_mock(&mock);
    return mock;
}

static void stop_mock(Mock *mock)
{
    kill(mock->pid, SIGKILL);
    waitpid(mock->pid, NULL, 0);
}

// ---- a transport and an endpoint ----------------------------------------------------------------

typedef struct World {
    Arena arena;
    Mock mock;
    Transport transport;
    Endpoint endpoint;
} World;

static Endpoint endpoint_at(World *w, const char *scheme, unsigned port, const char *key)
{
    Endpoint endpoint;
    Error e = {0};
    Str url = arena_printf(&w->arena, "%s://127.0.0.1:%u", scheme, port);
    if (!endpoint_resolve(url, (Str){0}, str_from(key), S("mock-model"), &w->arena, &endpoint, &e)) fail_msg("%s", e.what);
    return endpoint;
}

static World begin(const char *const *options)
{
    World w = {.mock = start_mock(options)};
    Error e = {0};
    if (!transport_open(NULL, &w.transport, &e)) fail_msg("%s", e.what);
    w.endpoint = endpoint_at(&w, "http", w.mock.port, NULL);
    return w;
}

static void finish(World *w)
{
    transport_close(&w->transport);
    stop_mock(&w->mock);
    arena_free(&w->arena);
}

#define BODY S("{\"model\":\"mock-model\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}")

// Longer than a busy machine needs for anything that comes by itself.
#define AMPLE (60 * NANOS_PER_SECOND)

static void send_with(World *w, const Endpoint *endpoint, uint64_t tag, Nanos connect, Nanos first_byte, Nanos idle, Nanos whole)
{
    HttpRequest request = {.endpoint = endpoint, .body = BODY, .tag = tag, .item = S("7"), .connect_timeout = connect,
                           .first_byte_timeout = first_byte, .idle_timeout = idle, .whole_timeout = whole};
    Error e = {0};
    if (!w->transport.send(w->transport.self, &request, &e)) fail_msg("%s", e.what);
}

static void send_one(World *w, const Endpoint *endpoint, uint64_t tag) { send_with(w, endpoint, tag, AMPLE, AMPLE, AMPLE, AMPLE); }

static HttpReply *next_reply(World *w)
{
    HttpReply *reply = NULL;
    Nanos begun = clock_now(&system_clock);
    while (w->transport.wait(w->transport.self, 100 * MS, &reply, 1) == 0)
        if (clock_now(&system_clock) - begun > AMPLE) fail_msg("no reply in a minute");
    return reply;
}

static void release(World *w, HttpReply *reply) { w->transport.release(w->transport.self, reply); }

// ---- tests --------------------------------------------------------------------------------------

static void test_an_answer(void **state)
{
    (void)state;
    World w = begin(NULL);
    for (uint64_t i = 0; i < 3; i++) {
        send_one(&w, &w.endpoint, 40 + i);
        HttpReply *reply = next_reply(&w);
        Judgement judgement;
        assert_int_equal(reply->tag, 40 + i);
        assert_int_equal(reply->end, HTTP_DONE);
        assert_int_equal(reply->status, 200);
        assert_ptr_equal(reply->endpoint, &w.endpoint);
        assert_true(str_starts(str_from(reply->content_type), S("application/json")));
        assert_true(reply->sent <= reply->first_byte && reply->first_byte <= reply->done);
        assert_int_equal(reply->body.ptr[reply->body.len], '\0');
        judge(reply, false, 0, &w.arena, &judgement);
        assert_int_equal(judgement.verdict, ANSWERED);
        assert_true(judgement.reply.text.len > 0 && judgement.reply.usage.known);
        release(&w, reply);
    }
    finish(&w);
}

static void test_many_at_once(void **state)
{
    (void)state;
    enum { N = 600 };
    World w = begin((const char *[]){"--delay-ms", "1-40", NULL});
    bool seen[N] = {false};
    for (uint64_t i = 0; i < N; i++) send_one(&w, &w.endpoint, i);
    for (size_t left = N; left;) {
        HttpReply *replies[32];
        size_t n = w.transport.wait(w.transport.self, AMPLE, replies, 32);
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++, left--) {
            assert_int_equal(replies[i]->end, HTTP_DONE);
            assert_false(seen[replies[i]->tag]);
            seen[replies[i]->tag] = true;
            release(&w, replies[i]);
        }
    }
    finish(&w);
}

// What each fault must end in.
typedef struct Expected {
    const char *fault;
    HttpEnd end;
    Verdict verdict;
} Expected;

static const Expected faults[] = {
    {"status-400", HTTP_DONE, FAILED},
    {"status-401", HTTP_DONE, REFUSED},
    {"status-402", HTTP_DONE, REFUSED},
    {"status-403", HTTP_DONE, REFUSED},
    {"status-404", HTTP_DONE, REFUSED},
    {"status-405", HTTP_DONE, FAILED},
    {"status-408", HTTP_DONE, RETRY},
    {"status-409", HTTP_DONE, RETRY},
    {"status-413", HTTP_DONE, FAILED},
    {"status-415", HTTP_DONE, FAILED},
    {"status-422", HTTP_DONE, FAILED},
    {"status-425", HTTP_DONE, RETRY},
    {"status-429", HTTP_DONE, THROTTLED},
    {"status-500", HTTP_DONE, RETRY},
    {"status-503", HTTP_DONE, RETRY},
    {"status-529", HTTP_DONE, THROTTLED},
    {"quota-429", HTTP_DONE, REFUSED},
    {"context-400", HTTP_DONE, FAILED},
    {"filter-400", HTTP_DONE, FAILED},
    {"parameter-400", HTTP_DONE, FAILED},
    {"retry-after-one", HTTP_DONE, THROTTLED},
    {"retry-after-503", HTTP_DONE, THROTTLED},
    {"html-502", HTTP_DONE, RETRY},
    {"hang", HTTP_TIMEOUT_FIRST_BYTE, RETRY},
    {"drip", HTTP_DONE, ANSWERED},
    {"drip-forever", HTTP_TIMEOUT_WHOLE, RETRY},
    {"stall-head", HTTP_TIMEOUT_IDLE, RETRY},
    {"stall-body", HTTP_TIMEOUT_IDLE, RETRY},
    {"close-at-once", HTTP_RESET, RETRY},
    {"close-head", HTTP_RESET, RETRY},
    {"close-body", HTTP_RESET, RETRY},
    {"reset-at-once", HTTP_RESET, RETRY},
    {"reset-body", HTTP_RESET, RETRY},
    {"length-short", HTTP_DONE, RETRY},
    {"length-long", HTTP_RESET, RETRY},
    {"length-absurd", HTTP_RESET, RETRY},
    {"length-garbage", HTTP_MALFORMED, RETRY},
    {"chunk-bad", HTTP_MALFORMED, RETRY},
    {"chunk-cut", HTTP_RESET, RETRY},
    {"chunked", HTTP_DONE, ANSWERED},
    {"early-hints", HTTP_DONE, ANSWERED},
    {"endless-body", HTTP_TOO_LARGE, RETRY},
    {"endless-head", HTTP_TOO_LARGE, RETRY},
    {"endless-chunks", HTTP_TOO_LARGE, RETRY},
    {"gzip-bomb", HTTP_TOO_LARGE, RETRY},
    {"gzip-lie", HTTP_MALFORMED, RETRY},
    {"two-answers", HTTP_DONE, ANSWERED},
    {"http-1.0", HTTP_DONE, ANSWERED},
    {"http-0.9", HTTP_MALFORMED, RETRY},
    {"not-http", HTTP_MALFORMED, RETRY},
    {"sse-no-end", HTTP_TIMEOUT_IDLE, RETRY},
    {"redirect-302", HTTP_DONE, REFUSED},
    {"redirect-308", HTTP_DONE, REFUSED},
    {"redirect-file", HTTP_DONE, REFUSED},
    {"empty-200", HTTP_DONE, RETRY},
    {"status-204", HTTP_DONE, RETRY},
    {"html-200", HTTP_DONE, RETRY},
    {"html-as-json", HTTP_DONE, RETRY},
    {"type-lie", HTTP_DONE, ANSWERED},
    {"json-cut", HTTP_DONE, RETRY},
    {"json-null", HTTP_DONE, RETRY},
    {"json-tail", HTTP_DONE, ANSWERED},
    {"json-array", HTTP_DONE, ANSWERED},
    {"bom", HTTP_DONE, ANSWERED},
    {"utf-16", HTTP_DONE, RETRY},
    {"deep-json", HTTP_DONE, RETRY},
    {"error-200", HTTP_DONE, RETRY},
    {"huge-content", HTTP_TOO_LARGE, RETRY},
    {"invalid-utf8", HTTP_DONE, ANSWERED},
    {"nul-raw", HTTP_DONE, ANSWERED},
    {"lone-surrogate", HTTP_DONE, ANSWERED},
    {"choices-missing", HTTP_DONE, RETRY},
    {"choices-empty", HTTP_DONE, RETRY},
    {"content-null", HTTP_DONE, ANSWERED},
};

enum { FAULTS = sizeof faults / sizeof *faults };

static unsigned check_fault(const Expected *expected, const HttpReply *reply, Arena *arena)
{
    Judgement judgement;
    judge(reply, false, clock_wall(&system_clock), arena, &judgement);
    if (reply->end != expected->end || judgement.verdict != expected->verdict) {
        print_message("%s: end %d (%s), verdict %d, %s\n", expected->fault, reply->end, reply->detail, judgement.verdict, judgement.error.what);
        return 1;
    }
    if (judgement.verdict == ANSWERED || judgement.error.what[0]) return 0;
    print_message("%s: says nothing\n", expected->fault);
    return 1;
}

// Only the time that is to run out is short: whatever the machine does, that end and no other comes.
static void send_faulty(World *w, const Endpoint *endpoint, uint64_t tag)
{
    HttpEnd end = faults[tag % FAULTS].end;
    send_with(w, endpoint, tag, AMPLE, end == HTTP_TIMEOUT_FIRST_BYTE ? 1200 * MS : AMPLE, end == HTTP_TIMEOUT_IDLE ? 900 * MS : AMPLE,
              end == HTTP_TIMEOUT_WHOLE ? 2500 * MS : AMPLE);
}

// One server a fault, all at once; each that answers is asked twice in a row, the second time on
// whatever the first has left of the connection.
static void test_faults(void **state)
{
    (void)state;
    World w = begin(NULL);
    Mock mocks[FAULTS];
    Endpoint endpoints[FAULTS];
    unsigned wrong = 0;
    for (size_t i = 0; i < FAULTS; i++) mocks[i] = launch_mock((const char *[]){"--fault", faults[i].fault, "--late-ms", "100", NULL});
    for (size_t i = 0; i < FAULTS; i++) {
        await_mock(&mocks[i]);
        endpoints[i] = endpoint_at(&w, "http", mocks[i].port, NULL);
    }
    transport_close(&w.transport);
    assert_true(transport_open(NULL, &w.transport, NULL));
    for (size_t i = 0; i < FAULTS; i++) send_faulty(&w, &endpoints[i], i);
    for (size_t left = FAULTS; left; left--) {
        HttpReply *reply = next_reply(&w);
        uint64_t tag = reply->tag;
        wrong += check_fault(&faults[tag % FAULTS], reply, &w.arena);
        bool again = tag < FAULTS && reply->end != HTTP_TIMEOUT_FIRST_BYTE && reply->end != HTTP_TIMEOUT_IDLE && reply->end != HTTP_TIMEOUT_WHOLE;
        release(&w, reply);
        if (again) send_faulty(&w, &endpoints[tag], tag + FAULTS), left++;
    }
    for (size_t i = 0; i < FAULTS; i++) stop_mock(&mocks[i]);
    finish(&w);
    assert_int_equal(wrong, 0);
}

static void test_nobody_there(void **state)
{
    (void)state;
    World w = begin(NULL);
    Endpoint nobody = endpoint_at(&w, "http", 1, NULL), tls = endpoint_at(&w, "https", w.mock.port, NULL), unknown = nobody;
    Error e = {0};
    send_one(&w, &nobody, 1);
    HttpReply *reply = next_reply(&w);
    assert_int_equal(reply->end, HTTP_CONNECT_FAILED);
    release(&w, reply);
    send_with(&w, &tls, 2, 300 * MS, AMPLE, AMPLE, AMPLE);
    reply = next_reply(&w);
    assert_true(reply->end == HTTP_TLS_FAILED || reply->end == HTTP_TIMEOUT_CONNECT);
    release(&w, reply);
    assert_true(endpoint_resolve(S("http://no-such-host.invalid/v1"), (Str){0}, (Str){0}, S("m"), &w.arena, &unknown, &e));
    // More than may connect at once, so that some wait for the first to fail.
    for (uint64_t i = 0; i < 40; i++) send_with(&w, &unknown, i, 300 * MS, AMPLE, AMPLE, AMPLE);
    for (int i = 0; i < 40; i++) {
        reply = next_reply(&w);
        assert_true(reply->end == HTTP_RESOLVE_FAILED || reply->end == HTTP_TIMEOUT_CONNECT);
        release(&w, reply);
    }
    finish(&w);
}

static void test_a_certificate_that_does_not_verify(void **state)
{
    (void)state;
    World w = begin((const char *[]){"--tls-self-signed", NULL});
    Endpoint tls = endpoint_at(&w, "https", w.mock.port, NULL);
    Judgement judgement;
    send_one(&w, &tls, 1);
    HttpReply *reply = next_reply(&w);
    assert_int_equal(reply->end, HTTP_TLS_FAILED);
    judge(reply, false, 0, &w.arena, &judgement);
    assert_int_equal(judgement.verdict, REFUSED);
    release(&w, reply);
    finish(&w);
}

static void test_a_certificate_that_verifies(void **state)
{
    (void)state;
    char folder[] = "/tmp/confab-tls-XXXXXX", command[400], cert[64], key[64];
    assert_non_null(mkdtemp(folder));
    snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    snprintf(key, sizeof key, "%s/key.pem", folder);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout %s -out %s -days 2 -subj /CN=127.0.0.1 "
             "-addext subjectAltName=IP:127.0.0.1 2>/dev/null",
             key, cert);
    if (system(command) != 0) {
        rmdir(folder);
        skip();
    }
    World w = begin((const char *[]){"--tls-cert", cert, "--tls-key", key, NULL});
    transport_close(&w.transport);
    assert_true(transport_open(&(TransportOptions){.ca_file = cert}, &w.transport, NULL));
    Endpoint tls = endpoint_at(&w, "https", w.mock.port, "sk-1");
    for (uint64_t i = 0; i < 20; i++) {
        HttpRequest request = {.endpoint = &tls, .body = BODY, .tag = i, .whole_timeout = AMPLE};
        assert_true(w.transport.send(w.transport.self, &request, NULL));
    }
    for (int i = 0; i < 20; i++) {
        HttpReply *reply = next_reply(&w);
        if (reply->end != HTTP_DONE) fail_msg("%s", reply->detail);
        assert_int_equal(reply->status, 200);
        release(&w, reply);
    }
    finish(&w);
    unlink(cert);
    unlink(key);
    rmdir(folder);
}

static void test_cancel_and_wake(void **state)
{
    (void)state;
    World w = begin((const char *[]){"--delay-ms", "5000", NULL});
    HttpReply *reply = NULL;
    for (uint64_t i = 0; i < 200; i++) send_one(&w, &w.endpoint, i);
    assert_int_equal(w.transport.wait(w.transport.self, 20 * MS, &reply, 1), 0);
    w.transport.cancel_all(w.transport.self);
    Nanos begun = clock_now(&system_clock);
    assert_int_equal(w.transport.wait(w.transport.self, 20 * MS, &reply, 1), 0);
    w.transport.wake(w.transport.self);
    assert_int_equal(w.transport.wait(w.transport.self, 10 * NANOS_PER_SECOND, &reply, 1), 0);
    assert_true(clock_now(&system_clock) - begun < 5 * NANOS_PER_SECOND);
    // It can be used again.
    Endpoint nobody = endpoint_at(&w, "http", 1, NULL);
    send_one(&w, &nobody, 9);
    reply = next_reply(&w);
    assert_int_equal(reply->tag, 9);
    release(&w, reply);
    finish(&w);
}

// A server that answers one request on a connection, reads the next and closes without a word: what
// libcurl would repeat on a new connection by itself.
typedef struct Closer {
    int listener;
    unsigned port;
    unsigned requests;
} Closer;

static bool read_request(int fd)
{
    char text[4096];
    size_t n = 0;
    while (n < sizeof text - 1) {
        ssize_t got = read(fd, text + n, sizeof text - 1 - n);
        if (got <= 0) return false;
        n += (size_t)got;
        text[n] = '\0';
        const char *body = strstr(text, "\r\n\r\n");
        if (body && strstr(body, "hello")) return true;
    }
    return false;
}

static void *serve_closer(void *context)
{
    Closer *c = context;
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    for (int fd; (fd = accept(c->listener, NULL, NULL)) >= 0;) {
        if (read_request(fd)) {
            c->requests++;
            assert_true(write(fd, answer, sizeof answer - 1) > 0);
            if (read_request(fd)) c->requests++;
        }
        close(fd);
    }
    return NULL;
}

static void test_nothing_is_sent_twice(void **state)
{
    (void)state;
    World w = begin(NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    Closer closer = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    pthread_t thread;
    assert_int_equal(bind(closer.listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(closer.listener, 8), 0);
    assert_int_equal(getsockname(closer.listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve_closer, &closer), 0);
    Endpoint endpoint = endpoint_at(&w, "http", ntohs(address.sin_port), NULL);
    send_one(&w, &endpoint, 1);
    HttpReply *reply = next_reply(&w);
    assert_int_equal(reply->end, HTTP_DONE);
    release(&w, reply);
    send_one(&w, &endpoint, 2);
    reply = next_reply(&w);
    assert_int_equal(reply->end, HTTP_RESET);
    assert_true(reply->unsent);
    release(&w, reply);
    transport_close(&w.transport);
    shutdown(closer.listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(closer.listener);
    assert_int_equal(closer.requests, 2);
    stop_mock(&w.mock);
    arena_free(&w.arena);
}

static void test_models_and_discovery(void **state)
{
    (void)state;
    World w = begin((const char *[]){"--models", "first,second", "--key", "secret-key-1", NULL});
    Endpoint known = endpoint_at(&w, "http", w.mock.port, "secret-key-1");
    Str *names;
    size_t n;
    Error e = {0};
    assert_true(models_list(&w.transport, &known, AMPLE, &w.arena, &names, &n, &e));
    assert_int_equal(n, 2);
    assert_true(str_eq(names[1], S("second")));
    known.model = (Str){0};
    assert_false(models_choose(&w.transport, &known, AMPLE, &w.arena, &e));
    assert_non_null(strstr(e.what, "first, second"));
    assert_non_null(strstr(e.hint, "LLM_NAME"));
    assert_false(models_list(&w.transport, &w.endpoint, AMPLE, &w.arena, &names, &n, &e));
    assert_int_equal(e.kind, ERROR_REFUSED);
    UsualServer usual[] = {{"nobody", 1}, {"mock", w.mock.port}};
    FoundServer *found;
    assert_int_equal(discover(&w.transport, usual, 2, AMPLE, &w.arena, &found), 1);
    assert_string_equal(found[0].title, "mock");
    assert_true(found[0].wants_key);
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_a_certificate_that_does_not_verify),
        cmocka_unit_test(test_a_certificate_that_verifies),
        cmocka_unit_test(test_cancel_and_wake),
        cmocka_unit_test(test_nothing_is_sent_twice),
        cmocka_unit_test(test_models_and_discovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
