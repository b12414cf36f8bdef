// SPDX-License-Identifier: Apache-2.0
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "http.h"

void reply_clear(Reply *r) {
    Buf headers = r->headers, body = r->body, pattern = r->pattern, tail = r->tail;
    headers.len = body.len = pattern.len = tail.len = 0;
    *r = (Reply){.status = 200, .version = S_INIT("HTTP/1.1"), .type = S_INIT("application/json"),
                 .headers = headers, .body = body, .pattern = pattern, .tail = tail};
}

void reply_free(Reply *r) {
    buf_free(&r->headers);
    buf_free(&r->body);
    buf_free(&r->pattern);
    buf_free(&r->tail);
}

void reply_header(Reply *r, const char *format, ...) {
    char line[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0) return;
    buf_add(&r->headers, (Str){line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1});
    buf_add(&r->headers, S("\r\n"));
}

static uint64_t body_length(const Reply *r) { return r->body.len + r->repeat + r->tail.len; }

static void add_framing(Buf *out, const Reply *r) {
    switch (r->framing) {
        case FRAME_LENGTH:
            buf_add(out, S("Content-Length: "));
            buf_uint(out, body_length(r) + (uint64_t)r->length_shift);
            buf_add(out, S("\r\n"));
            break;
        case FRAME_CHUNKED:
        case FRAME_CHUNKED_CUT:
        case FRAME_CHUNKED_BAD: buf_add(out, S("Transfer-Encoding: chunked\r\n")); break;
        case FRAME_NONE: break;
    }
}

static void add_head(Buf *out, const Reply *r) {
    buf_add(out, r->version);
    buf_char(out, ' ');
    buf_uint(out, (uint64_t)r->status);
    buf_char(out, ' ');
    buf_add(out, str_from(http_reason(r->status)));
    buf_add(out, S("\r\n"));
    if (r->type.ptr) {
        buf_add(out, S("Content-Type: "));
        buf_add(out, r->type);
        buf_add(out, S("\r\n"));
    }
    add_framing(out, r);
    if (r->end != END_KEEP && !r->keep_claim) buf_add(out, S("Connection: close\r\n"));
    buf_add(out, buf_str(&r->headers));
    if (!r->endless_head) buf_add(out, S("\r\n"));
}

// Two chunks and the end; cut: no end; bad: the second size is no number.
static void add_chunked(Buf *out, const Reply *r) {
    size_t half = r->body.len / 2, rest = r->body.len - half;
    if (half) buf_format(out, "%zx\r\n", half);
    buf_add(out, (Str){r->body.ptr, half});
    if (half) buf_add(out, S("\r\n"));
    if (r->framing == FRAME_CHUNKED_BAD) buf_add(out, S("zz not a size\r\n"));
    else if (rest) buf_format(out, "%zx\r\n", rest);
    buf_add(out, (Str){r->body.ptr + half, rest});
    if (rest) buf_add(out, S("\r\n"));
    if (r->framing == FRAME_CHUNKED) buf_add(out, S("0\r\n\r\n"));
}

static void add_answer(Buf *out, const Reply *r) {
    if (r->raw.ptr) {
        buf_add(out, r->raw);
        return;
    }
    size_t start = out->len;
    buf_add(out, r->before);
    add_head(out, r);
    size_t head = out->len;
    bool chunked = r->framing == FRAME_CHUNKED || r->framing == FRAME_CHUNKED_CUT || r->framing == FRAME_CHUNKED_BAD;
    if (chunked) add_chunked(out, r);
    else buf_add(out, buf_str(&r->body));
    if (r->cut == CUT_BEFORE_ALL) out->len = start;
    if (r->cut == CUT_IN_HEAD) out->len = start + (head - start) / 2;
    if (r->cut == CUT_IN_BODY) out->len = head + (out->len - head) / 2;
}

void wire_from_reply(Wire *w, const Reply *r) {
    Buf bytes = w->bytes;
    bytes.len = 0;
    *w = (Wire){.bytes = bytes, .repeat = r->repeat, .pattern = r->pattern.len, .pace_bytes = r->pace_bytes,
                .pace_ns = r->pace_ns, .end = r->end, .end_wait_ns = r->end_wait_ns};
    add_answer(&w->bytes, r);
    if (r->twice) add_answer(&w->bytes, r);
    w->lead = w->bytes.len;
    buf_add(&w->bytes, buf_str(&r->pattern));
    buf_add(&w->bytes, buf_str(&r->tail));
}

Str wire_next(const Wire *w) {
    const char *bytes = w->bytes.ptr;
    if (w->sent < w->lead) return (Str){bytes + w->sent, w->lead - (size_t)w->sent};
    uint64_t behind = w->sent - w->lead;
    if (behind < w->repeat) {
        size_t at = (size_t)(behind % w->pattern), room = w->pattern - at;
        uint64_t left = w->repeat - behind;
        return (Str){bytes + w->lead + at, left < room ? (size_t)left : room};
    }
    size_t tail = w->lead + w->pattern + (size_t)(behind - w->repeat);
    return (Str){bytes + tail, w->bytes.len - tail};
}

void wire_copy_rest(Wire *to, const Wire *from) {
    *to = *from;
    to->bytes = (Buf){0};
    size_t sent = from->sent < from->lead ? (size_t)from->sent : from->lead;
    to->lead -= sent;
    to->sent -= sent;
    size_t rest = from->bytes.len - sent;
    to->bytes.ptr = mem_resize(NULL, rest);
    to->bytes.cap = to->bytes.len = rest;
    if (rest) memcpy(to->bytes.ptr, from->bytes.ptr + sent, rest);
}

void wire_free(Wire *w) { buf_free(&w->bytes); }
