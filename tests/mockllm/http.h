// SPDX-License-Identifier: Apache-2.0
//
// One HTTP/1.1 request out of a byte buffer (RFC 9112). Slices point into that buffer. The parse
// starts over on each call until the request is whole, so nothing is kept between reads but the
// state of a chunked body, which is decoded in place.
#ifndef MOCKLLM_HTTP_H
#define MOCKLLM_HTTP_H

#include "bytes.h"

enum { HTTP_HEAD_MAX = 65536 };  // request line and headers; more is answered 431

typedef struct HttpChunks {
    size_t read, written;  // offsets behind the head: raw bytes decoded, body bytes they gave
} HttpChunks;

typedef struct HttpRequest {
    Str method, path, query;
    Str key;          // of Authorization: Bearer, x-api-key or api-key
    Str item;         // x-confab-item
    Str version;      // anthropic-version
    Str body;
    size_t length;    // bytes of the whole request, once HTTP_WHOLE
    size_t needed;    // HTTP_PART: no use to call again with fewer bytes (0: unknown)
    bool close;       // the client wants the connection closed behind the answer
    bool expects_continue;
    int status;       // HTTP_BAD: what to answer
    const char *problem;
} HttpRequest;

typedef enum { HTTP_PART, HTTP_WHOLE, HTTP_BAD } HttpResult;

// `data` must be writable (chunked bodies are moved in place) and the same bytes, perhaps moved
// and with more behind them, on the next call with the same *chunks ({0} for a new request).
HttpResult http_read(char *data, size_t len, size_t max_body, HttpChunks *chunks, HttpRequest *r);

const char *http_reason(int status);
void http_date(Buf *out, int64_t unix_seconds);  // IMF-fixdate

#endif
