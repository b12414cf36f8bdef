// SPDX-License-Identifier: Apache-2.0
//
// What a limiter learns of a server from its refusals: window and pace, when to fall silent, when to try
// for more (limiter.h tells the whole of it). Only limiter.c includes this.
#ifndef CONFAB_LLM_LIMITER_LEARN_H
#define CONFAB_LLM_LIMITER_LEARN_H

#include "llm/limiter.h"

// After a refusal: nothing goes for a moment, then one request alone until it is known to have passed.
bool learn_is_silent(Limiter *l, Nanos now, Nanos *when, LimiterWait *why);
// Whether window and pace let a request go now; asking may raise them. False: *why, *when as in
// limiter_may_send.
bool learn_may_send(Limiter *l, Nanos now, Nanos *when, LimiterWait *why);
void learn_sent(Limiter *l, Nanos now);  // counted in l->sent already

// A request ended otherwise than by a refusal; of the probe it says that the silence is over.
void learn_passed(Limiter *l, Nanos now, const LimiterTicket *t);
// … was refused, with a Retry-After of `span` (0: none). Taken out of l->in_flight already.
void learn_refused(Limiter *l, Nanos now, const LimiterTicket *t, Nanos span);

#endif
