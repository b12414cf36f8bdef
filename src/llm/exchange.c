// SPDX-License-Identifier: Apache-2.0
#include "llm/exchange.h"

#include <stddef.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "llm/adapter.h"

#if LIBCURL_VERSION_NUM < 0x075000
#error "libcurl 7.80 or newer is needed (CURLOPT_PREREQFUNCTION)"
#endif

enum {
    REQUEST_MAX = 64 << 20,  // a prompt of a million tokens is some 5 MB
    KEPT_BUFFER = 64 << 10,  // a resting exchange keeps no larger buffer
    RECEIVE_BUFFER = 8192,   // libcurl's, per transfer; most answers fit
};

static size_t on_header(char *line, size_t size, size_t n, void *context);
static size_t on_body(char *bytes, size_t size, size_t n, void *context);
static int on_connected(void *context, char *peer_ip, char *own_ip, int peer_port, int own_port);

// ---- lists --------------------------------------------------------------------------------------

void exchange_push(ExchangeList *list, Exchange *x)
{
    x->next = NULL;
    x->before = list->last;
    if (list->last) list->last->next = x;
    else list->first = x;
    list->last = x;
    list->n++;
}

void exchange_remove(ExchangeList *list, Exchange *x)
{
    if (x->before) x->before->next = x->next;
    else list->first = x->next;
    if (x->next) x->next->before = x->before;
    else list->last = x->before;
    x->next = x->before = NULL;
    list->n--;
}

void exchange_move(ExchangeList *from, ExchangeList *to, Exchange *x)
{
    exchange_remove(from, x);
    exchange_push(to, x);
}

void exchange_move_all(ExchangeList *from, ExchangeList *to)
{
    if (!from->first) return;
    from->first->before = to->last;
    if (to->last) to->last->next = from->first;
    else to->first = from->first;
    to->last = from->last;
    to->n += from->n;
    *from = (ExchangeList){0};
}

// ---- peers --------------------------------------------------------------------------------------

static bool add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = libcurl.slist_append(*list, line);
    if (longer) *list = longer;
    return longer != NULL;
}

static bool add_key(struct curl_slist **list, const Endpoint *endpoint)
{
    if (!endpoint->key.len) return true;
    size_t size = endpoint->key_header.len + endpoint->key.len + 1;
    char *line = mem_alloc(size);
    memcpy(line, endpoint->key_header.ptr, endpoint->key_header.len);
    memcpy(line + endpoint->key_header.len, endpoint->key.ptr, endpoint->key.len);
    line[size - 1] = '\0';
    bool ok = add_header(list, line);
    explicit_bzero(line, size);
    free(line);
    return ok;
}

// A name without digits-and-dots needs the resolver, of which libcurl starts a thread each.
static bool is_address(Str host)
{
    bool colon = str_find_char(host, ':') != STR_NONE, letters = false;
    for (size_t i = 0; i < host.len; i++)
        if (!str_is_digit(host.ptr[i]) && host.ptr[i] != '.') letters = true;
    return colon || !letters;
}

static uint64_t secrets_of(const Endpoint *endpoint)
{
    return hash64(endpoint->key, hash64(endpoint->key_header, hash64(endpoint->host, (uint64_t)(uintptr_t)endpoint->adapter)));
}

bool peer_is_of(const Peer *p, const Endpoint *endpoint) { return p->endpoint == endpoint && p->secrets == secrets_of(endpoint); }

bool peer_init(Peer *p, const Endpoint *endpoint)
{
    *p = (Peer){.endpoint = endpoint, .secrets = secrets_of(endpoint), .proven = is_address(endpoint->host)};
    bool ok = add_header(&p->headers, "Content-Type: application/json") && add_header(&p->headers, "Accept: application/json") &&
              add_header(&p->headers, "Expect:") && add_key(&p->headers, endpoint);
    for (const char *const *h = endpoint->adapter ? endpoint->adapter->headers : NULL; ok && h && *h; h++) ok = add_header(&p->headers, *h);
    if (!ok) peer_free(p);
    return ok;
}

void peer_free(Peer *p)
{
    for (struct curl_slist *line = p->headers; line; line = line->next) explicit_bzero(line->data, strlen(line->data));
    libcurl.slist_free_all(p->headers);
    p->headers = NULL;
}

// ---- one exchange -------------------------------------------------------------------------------

static bool set_fixed_options(CURL *easy, Exchange *x, const TransportOptions *options, CURLSH *share)
{
    const char *agent = options->user_agent ? options->user_agent : "confab/" CONFAB_VERSION;
    bool ok = libcurl.easy_setopt(easy, CURLOPT_PRIVATE, x) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_ERRORBUFFER, x->curl_says) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_HEADERDATA, x) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_WRITEDATA, x) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_PREREQDATA, x) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_SHARE, share) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_USERAGENT, agent) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip") == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_NOPROGRESS, 1L) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK;
    ok &= libcurl.easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) == CURLE_OK;
    if (options->ca_file) ok &= libcurl.easy_setopt(easy, CURLOPT_CAINFO, options->ca_file) == CURLE_OK;
#if LIBCURL_VERSION_NUM >= 0x075700
    // Otherwise a time-out in the resolver waits for its thread, and everything else with it.
    ok &= libcurl.easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
    ok &= libcurl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
#else
    ok &= libcurl.easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)) == CURLE_OK;
#endif
    return ok;
}

Exchange *exchange_new(const TransportOptions *options, const Clock *clock, CURLSH *share)
{
    Exchange *x = mem_alloc(sizeof *x);
    *x = (Exchange){.clock = clock, .easy = libcurl.easy_init()};
    x->body.max = HTTP_BODY_MAX + 1;  // with the NUL behind it
    if (x->easy && set_fixed_options(x->easy, x, options, share)) return x;
    exchange_free(x);
    return NULL;
}

void exchange_free(Exchange *x)
{
    if (!x) return;
    if (x->easy) libcurl.easy_cleanup(x->easy);
    buf_free(&x->request);
    buf_free(&x->body);
    buf_free(&x->url);
    free(x);
}

void exchange_rest(Exchange *x)
{
    if (x->request.cap > KEPT_BUFFER) buf_free(&x->request);
    if (x->body.cap > KEPT_BUFFER) buf_free(&x->body);
}

static bool set_url(Exchange *x, Str path_or_url)
{
    const Endpoint *endpoint = x->peer->endpoint;
    Str url = endpoint->url;
    if (path_or_url.ptr) {
        buf_clear(&x->url);
        if (str_starts(path_or_url, S("/"))) buf_add(&x->url, endpoint->base);
        buf_add(&x->url, path_or_url);
        buf_add_char(&x->url, '\0');
        url = (Str){x->url.ptr, x->url.len - 1};
        x->url_set = (Str){0};
    }
    // Setting an address makes libcurl copy and parse it anew.
    if (x->url_set.ptr == url.ptr && x->url_set.len == url.len) return true;
    bool ok = libcurl.easy_setopt(x->easy, CURLOPT_URL, url.ptr) == CURLE_OK;
    // Nothing in the environment may send requests for this machine to a proxy.
    ok &= libcurl.easy_setopt(x->easy, CURLOPT_PROXY, endpoint->loopback ? "" : NULL) == CURLE_OK;
    ok &= libcurl.easy_setopt(x->easy, CURLOPT_PIPEWAIT, endpoint->tls ? 1L : 0L) == CURLE_OK;
    x->url_set = ok && !path_or_url.ptr ? url : (Str){0};
    return ok;
}

static struct curl_slist *headers_with_item(Exchange *x, Str item)
{
    struct curl_slist *headers = x->peer->headers;
    if (!item.len || !x->peer->endpoint->loopback) return headers;
    for (size_t i = 0; i < item.len; i++)
        if ((unsigned char)item.ptr[i] < ' ' || item.ptr[i] == 0x7F) return headers;
    snprintf(x->item_text, sizeof x->item_text, "x-confab-item: %.*s", STR_ARG(item));
    x->item = (struct curl_slist){.data = x->item_text, .next = headers};
    return &x->item;
}

static bool set_body(Exchange *x, const HttpRequest *request, bool get)
{
    CURL *easy = x->easy;
    if (get) {
        x->get_set = true;
        return libcurl.easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    }
    buf_clear(&x->request);
    buf_add(&x->request, request->body);
    if (x->get_set && libcurl.easy_setopt(easy, CURLOPT_POST, 1L) != CURLE_OK) return false;
    x->get_set = false;
    return libcurl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->request.len) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_POSTFIELDS, x->request.len ? x->request.ptr : "") == CURLE_OK;
}

bool exchange_prepare(Exchange *x, Peer *peer, const HttpRequest *request, Error *e)
{
    bool get = str_eq(request->method, S("GET"));
    if (request->body.len > REQUEST_MAX)
        return error_set(e, ERROR_PROJECT, "request", "a request of %zu MB; at most %d", request->body.len >> 20, REQUEST_MAX >> 20);
    x->peer = peer;
    x->reply = (HttpReply){.tag = request->tag, .endpoint = peer->endpoint, .sent = clock_now(x->clock)};
    buf_clear(&x->body);
    x->header_bytes = 0;
    x->headers_ended = false;
    x->connected = x->last_byte = 0;
    x->stopped = HTTP_DONE;
    x->curl_says[0] = '\0';
    x->connect_timeout = request->connect_timeout;
    x->first_byte_timeout = request->first_byte_timeout;
    x->idle_timeout = request->idle_timeout;
    x->whole_timeout = request->whole_timeout;
    bool ok = set_url(x, request->path_or_url) && set_body(x, request, get) &&
              libcurl.easy_setopt(x->easy, CURLOPT_HTTPHEADER, headers_with_item(x, request->item)) == CURLE_OK;
    return ok || error_set(e, ERROR_INTERNAL, "request", "libcurl does not take the request to %.*s", STR_ARG(peer->endpoint->shown));
}

Nanos exchange_deadline(const Exchange *x, HttpEnd *end)
{
    Nanos deadline = INT64_MAX;
    *end = HTTP_TIMEOUT_WHOLE;
    if (x->whole_timeout) deadline = x->reply.sent + x->whole_timeout;
    Nanos other = INT64_MAX;
    HttpEnd kind = HTTP_TIMEOUT_CONNECT;
    if (!x->connected) {
        if (x->connect_timeout) other = x->reply.sent + x->connect_timeout;
    } else if (!x->reply.first_byte) {
        kind = HTTP_TIMEOUT_FIRST_BYTE;
        if (x->first_byte_timeout) other = x->connected + x->first_byte_timeout;
    } else {
        kind = HTTP_TIMEOUT_IDLE;
        if (x->idle_timeout) other = x->last_byte + x->idle_timeout;
    }
    if (other < deadline) *end = kind;
    return other < deadline ? other : deadline;
}

void exchange_connecting(Exchange *x, bool connecting)
{
    if (x->connecting == connecting) return;
    x->connecting = connecting;
    if (connecting) x->peer->connecting++;
    else x->peer->connecting--;
}

// ---- what libcurl calls -------------------------------------------------------------------------

// Called before each request goes out. A second time means that libcurl is about to repeat a
// request whose connection died; a paid request is repeated by the run alone, which counts.
static int on_connected(void *context, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    (void)peer_ip, (void)own_ip, (void)peer_port, (void)own_port;
    Exchange *x = context;
    if (x->connected) {
        x->stopped = HTTP_RESET;
        x->reply.unsent = true;
        return CURL_PREREQFUNC_ABORT;
    }
    x->connected = clock_now(x->clock);
    x->peer->proven = true;
    exchange_connecting(x, false);
    return CURL_PREREQFUNC_OK;
}

static void touch(Exchange *x)
{
    x->last_byte = clock_now(x->clock);
    if (!x->reply.first_byte) x->reply.first_byte = x->last_byte;
}

// A header that is kept: its name, and where its value goes in an HttpReply.
typedef struct KeptHeader {
    Str name;
    size_t offset, size;
} KeptHeader;

#define KEPT(name, field) {S_INIT(name), offsetof(HttpReply, field), sizeof(((HttpReply *)0)->field)}

static const KeptHeader kept[] = {
    KEPT("content-type", content_type),
    KEPT("date", date),
    KEPT("location", location),
    KEPT("retry-after", retry_after),
    KEPT("x-ratelimit-limit-requests", requests.limit),
    KEPT("x-ratelimit-remaining-requests", requests.remaining),
    KEPT("x-ratelimit-reset-requests", requests.reset),
    KEPT("x-ratelimit-limit-tokens", tokens.limit),
    KEPT("x-ratelimit-remaining-tokens", tokens.remaining),
    KEPT("x-ratelimit-reset-tokens", tokens.reset),
    KEPT("x-ratelimit-limit", requests.limit),
    KEPT("x-ratelimit-remaining", requests.remaining),
    KEPT("x-ratelimit-reset", requests.reset),
    KEPT("anthropic-ratelimit-requests-limit", requests.limit),
    KEPT("anthropic-ratelimit-requests-remaining", requests.remaining),
    KEPT("anthropic-ratelimit-requests-reset", requests.reset),
    KEPT("anthropic-ratelimit-tokens-limit", tokens.limit),
    KEPT("anthropic-ratelimit-tokens-remaining", tokens.remaining),
    KEPT("anthropic-ratelimit-tokens-reset", tokens.reset),
};

static void keep(char *to, size_t size, Str value, Str unit)
{
    int n = snprintf(to, size, "%.*s%.*s", STR_ARG(value), STR_ARG(unit));
    if (n < 0) to[0] = '\0';
    for (char *c = to; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F) *c = '?';
}

static void keep_header(HttpReply *reply, Str name, Str value)
{
    // The first letters of all that is kept; most headers end here.
    if (!name.len || !strchr("acdlrxACDLRX", name.ptr[0])) return;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (!str_eq_ignore_case(name, kept[i].name)) continue;
        // Milliseconds are finer than whole seconds, in whatever order the two come.
        if (str_eq(kept[i].name, S("retry-after")) && str_ends(str_from(reply->retry_after), S("ms"))) return;
        keep((char *)reply + kept[i].offset, kept[i].size, value, S(""));
        return;
    }
    if (str_eq_ignore_case(name, S("retry-after-ms"))) keep(reply->retry_after, sizeof reply->retry_after, value, S("ms"));
}

// An interim answer (1xx) was not the answer: what its headers said is dropped.
static void start_headers(HttpReply *reply)
{
    reply->content_type[0] = reply->retry_after[0] = reply->date[0] = reply->location[0] = '\0';
    reply->requests = reply->tokens = (HttpRate){0};
}

static size_t on_header(char *line, size_t size, size_t n, void *context)
{
    Exchange *x = context;
    Str text = {line, size * n};
    touch(x);
    x->header_bytes += text.len;
    if (x->header_bytes > HTTP_HEADERS_MAX) {
        x->stopped = HTTP_TOO_LARGE;
        return 0;
    }
    if (text.ptr[0] == '\r' || text.ptr[0] == '\n') x->headers_ended = true;
    if (str_starts(text, S("HTTP/"))) {
        x->headers_ended = false;
        start_headers(&x->reply);
        return text.len;
    }
    size_t colon = str_find_char(text, ':');
    if (colon != STR_NONE) keep_header(&x->reply, str_slice(text, 0, colon), str_trim(str_slice(text, colon + 1, text.len)));
    return text.len;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    Exchange *x = context;
    Str text = {bytes, size * n};
    touch(x);
    buf_add(&x->body, text);
    if (!x->body.full && x->body.len <= HTTP_BODY_MAX) return text.len;
    x->stopped = HTTP_TOO_LARGE;
    return 0;
}

// ---- the end ------------------------------------------------------------------------------------

static HttpEnd end_of(const Exchange *x, CURLcode result)
{
    if (x->stopped != HTTP_DONE) return x->stopped;
    switch (result) {
    // libcurl takes a connection that is closed within the headers for an answer without a body.
    case CURLE_OK: return x->headers_ended ? HTTP_DONE : HTTP_RESET;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return HTTP_RESOLVE_FAILED;
    case CURLE_COULDNT_CONNECT: return HTTP_CONNECT_FAILED;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return HTTP_TLS_FAILED;
    case CURLE_OPERATION_TIMEDOUT: return x->connected ? HTTP_TIMEOUT_WHOLE : HTTP_TIMEOUT_CONNECT;
    // libcurl has no code of its own for a chunk that is none.
    case CURLE_RECV_ERROR: return strstr(x->curl_says, "chunk") ? HTTP_MALFORMED : HTTP_RESET;
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return HTTP_RESET;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer of HTTP/0.9
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR: return HTTP_MALFORMED;  // our own callback says so in `stopped`
    default: return HTTP_FAILED;
    }
}

static void complete(Exchange *x, HttpEnd end, const char *detail)
{
    HttpReply *reply = &x->reply;
    long status = 0;
    exchange_connecting(x, false);
    // The next burst of requests asks the resolver again, a few at a time.
    if (end == HTTP_RESOLVE_FAILED) x->peer->proven = false;
    libcurl.easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    reply->end = end;
    reply->status = (int)status;
    reply->done = clock_now(x->clock);
    if (x->body.len > HTTP_BODY_MAX) x->body.len = HTTP_BODY_MAX;
    x->body.full = false;
    buf_add_char(&x->body, '\0');
    reply->body = (Str){x->body.ptr, x->body.len - 1};
    if (end != HTTP_DONE) keep(reply->detail, sizeof reply->detail, utf8_cut(str_from(detail), sizeof reply->detail - 1), S(""));
}

void exchange_finish(Exchange *x, CURLcode result)
{
    HttpEnd end = end_of(x, result);
    const char *detail = x->curl_says[0] ? x->curl_says : result == CURLE_OK ? "closed within the headers" : libcurl.easy_strerror(result);
    if (x->reply.unsent) detail = "the server had closed the kept connection";
    if (end == HTTP_TOO_LARGE) detail = x->header_bytes > HTTP_HEADERS_MAX ? "headers above 64 KB" : "an answer above 16 MB";
    complete(x, end, detail);
}

void exchange_time_out(Exchange *x, HttpEnd end) { complete(x, end, ""); }
