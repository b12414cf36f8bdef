// SPDX-License-Identifier: Apache-2.0
//
// What the rows of the fault table do; each reads its parameters from FaultCase.fault (`number`
// and `text`), as its line says. Faults with `bend_` change what the model says, those with
// `wreck_` what goes out.
#ifndef MOCKLLM_FAULT_ACTIONS_H
#define MOCKLLM_FAULT_ACTIONS_H

#include "faults.h"

void bend_envelope(const FaultCase *c, Answer *a);   // number: an Envelope
void bend_usage(const FaultCase *c, Answer *a);      // text: every count
void bend_model(const FaultCase *c, Answer *a);      // text: the model's name
void bend_insert(const FaultCase *c, Answer *a);     // text: bytes put in the middle of the content
void bend_insert_raw(const FaultCase *c, Answer *a); // the same unescaped; number 1: a NUL byte
void bend_wrap(const FaultCase *c, Answer *a);       // text: "before\vafter"
void bend_replace(const FaultCase *c, Answer *a);    // text: the content, `number` times
void bend_deep(const FaultCase *c, Answer *a);       // number: arrays one in the other as content
void bend_cut(const FaultCase *c, Answer *a);        // number: Finish; the content ends after 60%
void bend_refuse(const FaultCase *c, Answer *a);     // text: the refusal

void wreck_status(const FaultCase *c, Reply *r);      // number: status; text: error code or NULL
void wreck_retry_after(const FaultCase *c, Reply *r); // number: status; text: header's value
void wreck_retry_date(const FaultCase *c, Reply *r);  // number: seconds from now, on a 429
void wreck_redirect(const FaultCase *c, Reply *r);    // number: status; text: Location
void wreck_body(const FaultCase *c, Reply *r);        // text: the body
void wreck_html(const FaultCase *c, Reply *r);        // number: status; text: Content-Type
void wreck_type(const FaultCase *c, Reply *r);        // text: Content-Type
void wreck_header(const FaultCase *c, Reply *r);      // text: a header line; number 1: instead of a length
void wreck_before(const FaultCase *c, Reply *r);      // text: bytes before the answer
void wreck_wrap_body(const FaultCase *c, Reply *r);   // text: "before\vafter"
void wreck_cut_json(const FaultCase *c, Reply *r);
void wreck_utf16(const FaultCase *c, Reply *r);
void wreck_deep(const FaultCase *c, Reply *r);        // number: arrays one in the other
void wreck_no_content(const FaultCase *c, Reply *r);
void wreck_length(const FaultCase *c, Reply *r);      // number: added to Content-Length; then closed if above 0
void wreck_framing(const FaultCase *c, Reply *r);     // number: Framing
void wreck_version(const FaultCase *c, Reply *r);     // text: no length, closed behind the body
void wreck_raw(const FaultCase *c, Reply *r);         // text: all that is sent, then closed
void wreck_twice(const FaultCase *c, Reply *r);
void wreck_late(const FaultCase *c, Reply *r);        // --late-ms before the first byte
void wreck_drip(const FaultCase *c, Reply *r);        // number: pieces over twice --late-ms; 0: a byte each --late-ms
void wreck_end(const FaultCase *c, Reply *r);         // number: Cut * 8 + End
void wreck_endless(const FaultCase *c, Reply *r);     // number: 0 body, 1 headers, 2 chunks; text: pattern
void wreck_sse(const FaultCase *c, Reply *r);
void wreck_bomb(const FaultCase *c, Reply *r);        // number: MiB that it inflates to
void wreck_huge(const FaultCase *c, Reply *r);        // number: MB of content (with bend_huge)
void bend_huge(const FaultCase *c, Answer *a);

#endif
