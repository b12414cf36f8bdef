// SPDX-License-Identifier: Apache-2.0
//
// From an answer to bytes on the wire. A Reply says what goes out, honest or broken on purpose; a
// Wire is the same as bytes, with the rules by which the event loop sends them:
//
//   lead (head and body) · pattern repeated for `repeat` bytes · tail · then the end
//
// so that an endless or 100 MB answer takes a few kilobytes of memory.
#ifndef MOCKLLM_REPLY_H
#define MOCKLLM_REPLY_H

#include "bytes.h"

typedef enum {
    END_KEEP,   // the connection stays open for the next request
    END_CLOSE,  // FIN behind the last byte
    END_RESET,  // RST instead
    END_HANG,   // nothing more, until the client closes
} End;

typedef enum { FRAME_LENGTH, FRAME_CHUNKED, FRAME_CHUNKED_CUT, FRAME_CHUNKED_BAD, FRAME_NONE } Framing;
typedef enum { CUT_NOWHERE, CUT_BEFORE_ALL, CUT_IN_HEAD, CUT_IN_BODY } Cut;

typedef struct Reply {
    int status;
    Str version;          // "HTTP/1.1"
    Str type;             // Content-Type; absent: none
    Buf headers;          // further lines, each with CRLF
    Buf body;
    Framing framing;
    int64_t length_shift;  // added to the honest Content-Length
    Str before;           // sent before the head
    Str raw;              // given: sent instead of head and body
    bool keep_claim;      // no `Connection: close`, whatever the end
    Buf pattern;          // repeated for `repeat` bytes behind the body; counts as body
    uint64_t repeat;
    Buf tail;
    bool endless_head;    // the pattern stands in the head: no blank line before it
    Cut cut;
    bool twice;           // the whole answer two times
    uint64_t wait_ns;     // before the first byte
    size_t pace_bytes;    // as many bytes ...
    uint64_t pace_ns;     // ... at most every so often; 0: at once
    End end;
    uint64_t end_wait_ns;
} Reply;

typedef struct Wire {
    Buf bytes;  // lead, pattern, tail one behind the other
    size_t lead, pattern;
    uint64_t repeat, sent;
    size_t pace_bytes;
    uint64_t pace_ns, end_wait_ns;
    End end;
} Wire;

void reply_clear(Reply *r);  // an empty 200 of JSON, buffers kept
void reply_free(Reply *r);
void reply_header(Reply *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

void wire_from_reply(Wire *w, const Reply *r);  // overwrites *w, keeping its buffer
Str wire_next(const Wire *w);                   // what to send now; empty: all is sent
void wire_copy_rest(Wire *to, const Wire *from);  // *to gets memory of its own, of what is not yet sent
void wire_free(Wire *w);

#endif
