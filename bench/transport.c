// SPDX-License-Identifier: Apache-2.0
//
// What a request costs in src/llm alone: body written, sent, answered, read. Without an address the
// adapters are measured, with one also the transport:
//   transport [URL AT_ONCE REQUESTS]
#include <sys/resource.h>

#include "base/clock.h"
#include "llm/adapter.h"
#include "llm/judge.h"
#include "llm/transport.h"

static double seconds(Nanos from) { return (double)(clock_now(&system_clock) - from) / 1e9; }

static double cpu(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static char prompt_text[3000];
static const ChatParam params[] = {{S_INIT("temperature"), S_INIT("0.7")}, {S_INIT("top_p"), S_INIT("0.95")}};

static ChatRequest make_request(ChatMessage messages[2])
{
    for (size_t i = 0; i < sizeof prompt_text; i++) prompt_text[i] = i % 61 == 60 ? '\n' : i % 7 == 6 ? ' ' : (char)('a' + i % 26);
    messages[0] = (ChatMessage){S("system"), S("You write conversations.")};
    messages[1] = (ChatMessage){S("user"), {prompt_text, sizeof prompt_text}};
    return (ChatRequest){.messages = messages, .n_messages = 2, .params = params, .n_params = 2, .has_seed = true, .seed = 7, .max_tokens = 500};
}

static void measure_adapters(const Endpoint *endpoint, const ChatRequest *request)
{
    enum { N = 100000 };
    Buf body = {0};
    double begun = cpu();
    for (int i = 0; i < N; i++) {
        buf_clear(&body);
        endpoint->adapter->write_request(endpoint, request, &body);
    }
    printf("write a request of %zu bytes   %6.2f microseconds\n", body.len, (cpu() - begun) / N * 1e6);
    static char reply[1200];
    int n = snprintf(reply, sizeof reply,
                     "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"m\",\"choices\":[{\"index\":0,"
                     "\"message\":{\"role\":\"assistant\",\"content\":\"%.700s\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
                     "\"usage\":{\"prompt_tokens\":700,\"completion_tokens\":180,\"total_tokens\":880},\"system_fingerprint\":\"fp\"}",
                     "");
    Buf text = {0};
    buf_add(&text, str_slice((Str){reply, (size_t)n}, 0, str_find((Str){reply, (size_t)n}, S("\"content\":\"")) + 11));
    for (int i = 0; i < 14; i++) buf_add(&text, S("Customer: where is my order?\\nAgent: it left today.\\n"));
    buf_add(&text, str_slice((Str){reply, (size_t)n}, str_find((Str){reply, (size_t)n}, S("\",\"refusal\"")), (size_t)n));
    Arena arena = {0};
    HttpReply http = {.endpoint = endpoint, .end = HTTP_DONE, .status = 200, .body = buf_str(&text)};
    begun = cpu();
    unsigned answered = 0;
    for (int i = 0; i < N; i++) {
        Judgement judgement;
        arena_reset(&arena);
        judge(&http, false, 0, &arena, &judgement);
        answered += judgement.verdict == ANSWERED;
    }
    printf("judge an answer of %zu bytes   %6.2f microseconds (%u answered)\n", text.len, (cpu() - begun) / N * 1e6, answered);
    buf_free(&body);
    buf_free(&text);
    arena_free(&arena);
}

static void send_next(Transport *t, const Endpoint *endpoint, const ChatRequest *request, Buf *body, uint64_t tag)
{
    char item[24];
    int n = snprintf(item, sizeof item, "%llu", (unsigned long long)tag);
    buf_clear(body);
    endpoint->adapter->write_request(endpoint, request, body);
    HttpRequest http = {.endpoint = endpoint, .body = buf_str(body), .tag = tag, .item = {item, (size_t)n},
                        .connect_timeout = 10 * NANOS_PER_SECOND, .first_byte_timeout = 60 * NANOS_PER_SECOND,
                        .idle_timeout = 30 * NANOS_PER_SECOND, .whole_timeout = 120 * NANOS_PER_SECOND};
    t->send(t->self, &http, NULL);
}

static int measure_transport(const Endpoint *endpoint, const ChatRequest *request, uint64_t at_once, uint64_t total)
{
    Transport t;
    Error e = {0};
    Buf body = {0};
    Arena arena = {0};
    uint64_t sent = 0, done = 0, good = 0;
    if (!transport_open(NULL, &t, &e)) {
        error_print(&e, stderr);
        return 1;
    }
    double cpu_begun = cpu();
    Nanos begun = clock_now(&system_clock);
    while (sent < at_once && sent < total) send_next(&t, endpoint, request, &body, sent++);
    while (done < total) {
        HttpReply *replies[256];
        size_t n = t.wait(t.self, NANOS_PER_SECOND, replies, 256);
        for (size_t i = 0; i < n; i++, done++) {
            Judgement judgement;
            arena_reset(&arena);
            judge(replies[i], false, 0, &arena, &judgement);
            good += judgement.verdict == ANSWERED;
            t.release(t.self, replies[i]);
            if (sent < total) send_next(&t, endpoint, request, &body, sent++);
        }
    }
    double took = seconds(begun), used = cpu() - cpu_begun;
    printf("%llu requests, %llu at once: %.0f a second, %.1f microseconds of CPU each, %llu answered\n", (unsigned long long)total,
           (unsigned long long)at_once, (double)total / took, used / (double)total * 1e6, (unsigned long long)good);
    transport_close(&t);
    buf_free(&body);
    arena_free(&arena);
    return good == total ? 0 : 1;
}

int main(int argc, char **argv)
{
    Arena arena = {0};
    Endpoint endpoint;
    ChatMessage messages[2];
    Error e = {0};
    uint64_t at_once = 0, total = 0;
    if (!endpoint_resolve(argc > 1 ? str_from(argv[1]) : S("http://127.0.0.1:1"), (Str){0}, (Str){0}, S("mock-model"), &arena, &endpoint, &e)) {
        error_print(&e, stderr);
        return 2;
    }
    ChatRequest request = make_request(messages);
    if (argc == 4 && str_to_u64(str_from(argv[2]), &at_once) && str_to_u64(str_from(argv[3]), &total) && at_once)
        return measure_transport(&endpoint, &request, at_once, total);
    measure_adapters(&endpoint, &request);
    arena_free(&arena);
    return 0;
}
