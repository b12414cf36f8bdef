// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <stdio.h>
#include <time.h>

typedef struct Head {
    size_t length;
    uint64_t body;
    bool has_length, chunked;
} Head;

static HttpResult bad(HttpRequest *r, int status, const char *problem) {
    r->status = status;
    r->problem = problem;
    return HTTP_BAD;
}

static Str trim(Str s) {
    while (s.len && (*s.ptr == ' ' || *s.ptr == '\t')) s.ptr++, s.len--;
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) s.len--;
    return s;
}

static bool read_request_line(HttpRequest *r, Str line) {
    const char *end = line.ptr + line.len;
    const char *first = memchr(line.ptr, ' ', line.len);
    if (!first || first == line.ptr) return false;
    const char *target = first + 1, *second = memchr(target, ' ', (size_t)(end - target));
    if (!second || end - second != 9 || memcmp(second, " HTTP/1.", 8) != 0) return false;
    r->close = end[-1] == '0';
    r->method = (Str){line.ptr, (size_t)(first - line.ptr)};
    r->path = (Str){target, (size_t)(second - target)};
    const char *question = memchr(target, '?', r->path.len);
    if (question) {
        r->query = (Str){question + 1, (size_t)(second - question - 1)};
        r->path.len = (size_t)(question - target);
    }
    return r->path.len > 0;
}

static bool read_length(Head *head, Str value) {
    uint64_t n;
    if (!str_to_u64(value, &n) || (head->has_length && n != head->body)) return false;
    head->has_length = true;
    head->body = n;
    return true;
}

// The few headers that matter, told apart by their length first.
static bool read_header(HttpRequest *r, Head *head, Str name, Str value) {
    static const Str bearer = S_INIT("Bearer ");
    switch (name.len) {
        case 6:
            if (str_eq_nocase(name, S("expect"))) r->expects_continue = str_eq_nocase(value, S("100-continue"));
            break;
        case 7:
            if (str_eq_nocase(name, S("api-key"))) r->key = value;
            break;
        case 9:
            if (str_eq_nocase(name, S("x-api-key"))) r->key = value;
            break;
        case 10:
            if (!str_eq_nocase(name, S("connection"))) break;
            if (str_eq_nocase(value, S("close"))) r->close = true;
            if (str_eq_nocase(value, S("keep-alive"))) r->close = false;
            break;
        case 13:
            if (str_eq_nocase(name, S("x-confab-item"))) r->item = value;
            else if (str_eq_nocase(name, S("authorization")) && value.len > bearer.len &&
                     str_eq_nocase((Str){value.ptr, bearer.len}, bearer))
                r->key = (Str){value.ptr + bearer.len, value.len - bearer.len};
            break;
        case 14:
            if (str_eq_nocase(name, S("content-length"))) return read_length(head, value);
            break;
        case 17:
            if (str_eq_nocase(name, S("transfer-encoding"))) head->chunked = str_eq_nocase(value, S("chunked"));
            else if (str_eq_nocase(name, S("anthropic-version"))) r->version = value;
            break;
        default: break;
    }
    return true;
}

// PART while the blank line has not come.
static HttpResult read_head(HttpRequest *r, Head *head, const char *data, size_t len) {
    size_t seen = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
    const char *end = memmem(data, seen, "\r\n\r\n", 4);
    if (!end) return len >= HTTP_HEAD_MAX ? bad(r, 431, "The headers are too large.") : HTTP_PART;
    head->length = (size_t)(end - data) + 4;
    for (const char *line = data, *next; line < end + 2; line = next + 2) {
        next = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
        Str text = {line, (size_t)(next - line)};
        if (line == data) {
            if (!read_request_line(r, text)) return bad(r, 400, "The request line is not HTTP/1.1.");
            continue;
        }
        const char *colon = memchr(line, ':', text.len);
        if (!colon || colon == line) return bad(r, 400, "A header has no name.");
        Str name = {line, (size_t)(colon - line)}, value = trim((Str){colon + 1, (size_t)(next - colon - 1)});
        if (!read_header(r, head, name, value)) return bad(r, 400, "Content-Length is not one number.");
    }
    return HTTP_WHOLE;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Decodes one chunk, or the trailer behind the last. PART: more bytes are needed; BAD: not chunked.
// *last is set by the chunk of size 0, once its trailer is there.
static HttpResult read_chunk(char *body, size_t len, size_t max_body, HttpChunks *c, bool *last) {
    char *line = body + c->read, *end = memmem(line, len - c->read, "\r\n", 2);
    if (!end) return len - c->read > 4096 ? HTTP_BAD : HTTP_PART;
    size_t size = 0, digits = 0;
    for (int d; digits < 8 && (d = hex_digit(line[digits])) >= 0; digits++) size = size * 16 + (size_t)d;
    char behind = line[digits];
    if (digits == 0 || (behind != '\r' && behind != ';' && behind != ' ') || size > max_body) return HTTP_BAD;
    size_t start = (size_t)(end + 2 - body);
    if (size == 0) {
        char *blank = memmem(end, len - (size_t)(end - body), "\r\n\r\n", 4);
        if (!blank) return len - start > 4096 ? HTTP_BAD : HTTP_PART;
        c->read = (size_t)(blank + 4 - body);
        *last = true;
        return HTTP_WHOLE;
    }
    if (len < start || len - start < size + 2) return HTTP_PART;
    if (memcmp(body + start + size, "\r\n", 2) != 0) return HTTP_BAD;
    memmove(body + c->written, body + start, size);
    c->written += size;
    c->read = start + size + 2;
    return HTTP_WHOLE;
}

static HttpResult read_chunked(HttpRequest *r, const Head *head, char *data, size_t len, size_t max_body, HttpChunks *c) {
    char *body = data + head->length;
    for (bool last = false; !last;) {
        HttpResult result = read_chunk(body, len - head->length, max_body, c, &last);
        if (result == HTTP_PART) return HTTP_PART;
        if (result == HTTP_BAD) return bad(r, 400, "The chunked body is broken.");
        // The raw bytes have a ceiling of their own: extensions could make a small body long.
        if (c->written > max_body || c->read > 2 * max_body + HTTP_HEAD_MAX) return bad(r, 413, "The request is too large.");
    }
    r->body = (Str){body, c->written};
    r->length = head->length + c->read;
    return HTTP_WHOLE;
}

HttpResult http_read(char *data, size_t len, size_t max_body, HttpChunks *chunks, HttpRequest *r) {
    Head head = {0};
    *r = (HttpRequest){0};
    HttpResult result = read_head(r, &head, data, len);
    if (result != HTTP_WHOLE) return result;
    if (head.chunked && head.has_length) return bad(r, 400, "Content-Length and chunked together.");
    if (head.chunked) return read_chunked(r, &head, data, len, max_body, chunks);
    if (head.body > max_body) return bad(r, 413, "The request is too large.");
    r->length = head.length + (size_t)head.body;
    if (len < r->length) {
        r->needed = r->length;
        return HTTP_PART;
    }
    r->body = (Str){data + head.length, (size_t)head.body};
    return HTTP_WHOLE;
}

typedef struct Reason {
    int status;
    const char *text;
} Reason;

const char *http_reason(int status) {
    static const Reason reasons[] = {
        {200, "OK"}, {204, "No Content"}, {301, "Moved Permanently"}, {302, "Found"}, {307, "Temporary Redirect"},
        {308, "Permanent Redirect"}, {400, "Bad Request"}, {401, "Unauthorized"}, {402, "Payment Required"},
        {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"}, {408, "Request Timeout"}, {409, "Conflict"},
        {413, "Content Too Large"}, {415, "Unsupported Media Type"}, {418, "I'm a teapot"}, {422, "Unprocessable Content"},
        {424, "Failed Dependency"}, {425, "Too Early"}, {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"}, {500, "Internal Server Error"}, {501, "Not Implemented"},
        {502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"}, {507, "Insufficient Storage"},
        {508, "Loop Detected"}, {529, "Site is overloaded"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status) return reasons[i].text;
    return "Unknown";
}

void http_date(Buf *out, int64_t unix_seconds) {
    time_t when = (time_t)unix_seconds;
    struct tm t;
    char text[64];
    gmtime_r(&when, &t);
    buf_add(out, (Str){text, strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &t)});
}
