// SPDX-License-Identifier: Apache-2.0
#include "fault_actions.h"

#include "http.h"

// What bend_huge leaves in the text for wreck_huge to find; no answer contains it by itself.
static const Str huge_mark = S_INIT("@@huge-content@@");
enum { PATTERN_BYTES = 1 << 16 };  // patterns are repeated to about this, so that a send takes many

void bend_envelope(const FaultCase *c, Answer *a) { a->envelope = (Envelope)c->fault->number; }

void bend_usage(const FaultCase *c, Answer *a) {
    a->prompt_tokens = a->completion_tokens = a->total_tokens = str_from(c->fault->text);
}

void bend_model(const FaultCase *c, Answer *a) { a->model = str_from(c->fault->text); }

// A place near the middle that is not inside a UTF-8 sequence.
static size_t middle_of(Str s) {
    size_t at = s.len / 2;
    while (at > 0 && ((unsigned char)s.ptr[at] & 0xc0) == 0x80) at--;
    return at;
}

// What the insertion lands in is prose inside JSON strings more often than not, but never within an escape.
static void insert(const FaultCase *c, Answer *a, Str bytes, bool raw) {
    size_t at = middle_of(a->content);
    Str before = {a->content.ptr, at}, after = {a->content.ptr + at, a->content.len - at};
    if (raw) buf_json(c->scratch, before);
    else buf_add(c->scratch, before);
    buf_add(c->scratch, bytes);
    if (raw) buf_json(c->scratch, after);
    else buf_add(c->scratch, after);
    a->content = buf_str(c->scratch);
    a->raw_content = raw;
}

void bend_insert(const FaultCase *c, Answer *a) { insert(c, a, str_from(c->fault->text), false); }

void bend_insert_raw(const FaultCase *c, Answer *a) {
    insert(c, a, c->fault->number ? (Str){"\0", 1} : str_from(c->fault->text), true);
}

static void wrap(Buf *out, const char *around, Str inside) {
    const char *cut = strchr(around, '\v');
    buf_add(out, (Str){around, (size_t)(cut - around)});
    buf_add(out, inside);
    buf_add(out, str_from(cut + 1));
}

void bend_wrap(const FaultCase *c, Answer *a) {
    wrap(c->scratch, c->fault->text, a->content);
    a->content = buf_str(c->scratch);
}

void bend_replace(const FaultCase *c, Answer *a) {
    buf_repeat(c->scratch, str_from(c->fault->text), (size_t)c->fault->number);
    a->content = (Str){c->scratch->len ? c->scratch->ptr : "", c->scratch->len};
}

static void nest(Buf *out, size_t depth) {
    buf_repeat(out, S("["), depth);
    buf_repeat(out, S("]"), depth);
}

void bend_deep(const FaultCase *c, Answer *a) {
    nest(c->scratch, (size_t)c->fault->number);
    a->content = buf_str(c->scratch);
}

void bend_cut(const FaultCase *c, Answer *a) {
    size_t at = a->content.len * 3 / 5;
    while (at > 0 && ((unsigned char)a->content.ptr[at] & 0xc0) == 0x80) at--;
    a->content.len = at;
    a->finish = (Finish)c->fault->number;
}

void bend_refuse(const FaultCase *c, Answer *a) {
    a->refusal = str_from(c->fault->text);
    a->finish = FINISH_REFUSAL;
}

void bend_huge(const FaultCase *c, Answer *a) {
    (void)c;
    a->content = huge_mark;
}

void wreck_huge(const FaultCase *c, Reply *r) {
    const char *mark = memmem(r->body.ptr, r->body.len, huge_mark.ptr, huge_mark.len);
    static const Str word = S_INIT("filler ");
    if (!mark) return;
    size_t at = (size_t)(mark - r->body.ptr), behind = at + huge_mark.len;
    buf_add(&r->tail, (Str){r->body.ptr + behind, r->body.len - behind});
    r->body.len = at;
    buf_repeat(&r->pattern, word, PATTERN_BYTES / word.len);
    r->repeat = (uint64_t)c->fault->number * 1000000;
    r->framing = FRAME_LENGTH;
}

void wreck_status(const FaultCase *c, Reply *r) {
    r->status = c->fault->number;
    r->type = S("application/json");
    r->framing = FRAME_LENGTH;
    r->body.len = 0;
    api_error(&r->body, c->api, r->status, c->fault->text, c->fault->about);
}

static void busy(const FaultCase *c, Reply *r, int status) {
    r->status = status;
    r->type = S("application/json");
    r->framing = FRAME_LENGTH;
    r->body.len = 0;
    api_error(&r->body, c->api, status, "rate_limit_exceeded", "Too many requests, try again later.");
}

void wreck_retry_after(const FaultCase *c, Reply *r) {
    busy(c, r, c->fault->number);
    reply_header(r, "Retry-After: %s", c->fault->text);
}

void wreck_retry_date(const FaultCase *c, Reply *r) {
    busy(c, r, 429);
    buf_add(&r->headers, S("Retry-After: "));
    http_date(&r->headers, c->unix_time + c->fault->number);
    buf_add(&r->headers, S("\r\n"));
}

void wreck_redirect(const FaultCase *c, Reply *r) {
    r->status = c->fault->number;
    r->body.len = 0;
    r->framing = FRAME_LENGTH;
    reply_header(r, "Location: %s", c->fault->text);
}

void wreck_body(const FaultCase *c, Reply *r) {
    r->body.len = 0;
    buf_add(&r->body, str_from(c->fault->text));
    r->framing = FRAME_LENGTH;
}

void wreck_html(const FaultCase *c, Reply *r) {
    r->status = c->fault->number;
    r->type = str_from(c->fault->text);
    r->framing = FRAME_LENGTH;
    r->body.len = 0;
    buf_add(&r->body, S("<!DOCTYPE html>\n<html><head><title>Please wait</title></head><body>\n"
                        "<h1>The page is being prepared</h1><p>Sign in to the network to go on: {\"choices\": []}</p>\n"
                        "</body></html>\n"));
}

void wreck_type(const FaultCase *c, Reply *r) { r->type = str_from(c->fault->text); }

void wreck_header(const FaultCase *c, Reply *r) {
    reply_header(r, "%s", c->fault->text);
    if (c->fault->number) r->framing = FRAME_NONE, r->end = END_CLOSE;
}

void wreck_before(const FaultCase *c, Reply *r) { r->before = str_from(c->fault->text); }

void wreck_wrap_body(const FaultCase *c, Reply *r) {
    Buf wrapped = {0};
    wrap(&wrapped, c->fault->text, buf_str(&r->body));
    buf_free(&r->body);
    r->body = wrapped;
}

void wreck_cut_json(const FaultCase *c, Reply *r) {
    (void)c;
    r->body.len = r->body.len * 2 / 3;
}

void wreck_utf16(const FaultCase *c, Reply *r) {
    Buf wide = {0};
    (void)c;
    for (size_t i = 0; i < r->body.len; i++) {
        buf_char(&wide, r->body.ptr[i]);
        buf_char(&wide, '\0');
    }
    buf_free(&r->body);
    r->body = wide;
}

void wreck_deep(const FaultCase *c, Reply *r) {
    r->body.len = 0;
    nest(&r->body, (size_t)c->fault->number);
    r->framing = FRAME_LENGTH;
}

void wreck_no_content(const FaultCase *c, Reply *r) {
    (void)c;
    r->status = 204;
    r->type = (Str){0};
    r->body.len = 0;
    r->framing = FRAME_NONE;
}

void wreck_length(const FaultCase *c, Reply *r) {
    int64_t shift = c->fault->number;
    if (shift < 0 && (size_t)-shift > r->body.len) shift = -(int64_t)r->body.len;
    r->framing = FRAME_LENGTH;
    r->length_shift = shift;
    if (shift > 0) r->end = END_CLOSE;
}

void wreck_framing(const FaultCase *c, Reply *r) {
    r->framing = (Framing)c->fault->number;
    if (r->framing == FRAME_CHUNKED_CUT) r->end = END_CLOSE;
}

void wreck_version(const FaultCase *c, Reply *r) {
    r->version = str_from(c->fault->text);
    r->framing = FRAME_NONE;
    r->end = END_CLOSE;
}

void wreck_raw(const FaultCase *c, Reply *r) {
    r->raw = str_from(c->fault->text);
    r->end = END_CLOSE;
}

void wreck_twice(const FaultCase *c, Reply *r) {
    (void)c;
    r->twice = true;
}

static uint64_t late_ns(const FaultCase *c) { return c->options->late_ms * 1000000; }

void wreck_late(const FaultCase *c, Reply *r) { r->wait_ns += late_ns(c); }

void wreck_drip(const FaultCase *c, Reply *r) {
    size_t pieces = (size_t)c->fault->number;
    r->pace_bytes = pieces ? (r->body.len + 256) / pieces + 1 : 1;
    r->pace_ns = pieces ? late_ns(c) * 2 / pieces : late_ns(c);
}

// The last bytes before a reset get a moment to arrive: a reset overtakes what is unread.
void wreck_end(const FaultCase *c, Reply *r) {
    r->cut = (Cut)(c->fault->number / 8);
    r->end = (End)(c->fault->number % 8);
    r->framing = FRAME_LENGTH;
    r->keep_claim = true;
    if (r->end == END_RESET && r->cut != CUT_BEFORE_ALL) r->end_wait_ns = 20000000;
}

void wreck_endless(const FaultCase *c, Reply *r) {
    Str pattern = str_from(c->fault->text);
    buf_repeat(&r->pattern, pattern, PATTERN_BYTES / pattern.len);
    r->repeat = c->options->endless_limit;
    r->framing = FRAME_NONE;
    r->end = END_CLOSE;
    r->endless_head = c->fault->number == 1;
    r->body.len = c->fault->number == 0 ? r->body.len / 2 : 0;
    if (c->fault->number == 2) reply_header(r, "Transfer-Encoding: chunked");
}

void wreck_sse(const FaultCase *c, Reply *r) {
    (void)c;
    r->type = S("text/event-stream");
    r->framing = FRAME_NONE;
    r->body.len = 0;
    buf_add(&r->body, S("data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":"
                        "{\"role\":\"assistant\",\"content\":\"Customer: \"}}]}\n\n: still here\n\n"));
    r->end = END_HANG;
}

// Bits go into DEFLATE from the low end of each byte; Huffman codes with their high bit first.
typedef struct Bits {
    unsigned char bytes[32];
    size_t n;
} Bits;

static void put_bits(Bits *b, unsigned code, int length) {
    for (int i = length - 1; i >= 0; i--, b->n++) b->bytes[b->n / 8] |= (unsigned char)((code >> i & 1) << b->n % 8);
}

// RFC 1951 by hand: one block of fixed codes, a space, then copies of 258 bytes from one byte back.
// A copy takes 13 bits (length 285: 11000101, distance 0: 00000), so that 8 copies are 13 bytes
// which repeat, wherever they begin: a gigabyte needs 6.5 MB and no memory.
void wreck_bomb(const FaultCase *c, Reply *r) {
    enum { COPIES = 16, PERIOD = 13, PER_PERIOD = 8 * 258 };
    Bits bits = {.n = 0};
    put_bits(&bits, 6, 3);  // last block 1, type 01 from its low bit
    put_bits(&bits, 0x30 + ' ', 8);
    for (int i = 0; i < COPIES; i++) put_bits(&bits, 0xc5 << 5, 13);
    r->body.len = 0;
    buf_add(&r->body, (Str){"\x1f\x8b\x08\0\0\0\0\0\0\x03", 10});
    buf_add(&r->body, (Str){(const char *)bits.bytes, 2});
    buf_repeat(&r->pattern, (Str){(const char *)bits.bytes + 2, PERIOD}, PATTERN_BYTES / PERIOD);
    r->repeat = ((uint64_t)c->fault->number << 20) / PER_PERIOD * PERIOD;
    r->framing = FRAME_LENGTH;
    r->end = END_CLOSE;
    reply_header(r, "Content-Encoding: gzip");
}
