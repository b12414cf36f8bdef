// SPDX-License-Identifier: Apache-2.0
//
// A person's --rpm and --tpm: never more requests or tokens in any 60 seconds, and these evenly spaced.
// Pure, over an injected `now`.
//
// Requests follow the generic cell rate algorithm (ITU-T I.371). Tokens do too, and a sliding minute of
// seconds holds their limit exactly: what a request may cost counts from its sending, and is corrected,
// in the second of its sending, when its true cost is known.
#ifndef CONFAB_LLM_MINUTE_H
#define CONFAB_LLM_MINUTE_H

#include "base/clock.h"

enum { MINUTE_SLICES = 60 };

typedef struct Minute {
    uint64_t rpm, tpm;               // 0: no limit
    Nanos rpm_due, tpm_due;          // when the next is due by the even pace
    uint64_t slices[MINUTE_SLICES + 1];  // tokens, by second of sending
    int64_t slice_now;
    uint64_t slice_sum;
} Minute;

void minute_init(Minute *m, uint64_t rpm, uint64_t tpm, Nanos now);

typedef enum MinuteWait { MINUTE_FREE, MINUTE_RPM, MINUTE_TPM } MinuteWait;
// What a request of so many tokens waits for, and until when. A request larger than the limit goes
// when the minute is empty, or it would never go.
MinuteWait minute_may_send(Minute *m, Nanos now, uint64_t tokens, Nanos *when);

void minute_sent(Minute *m, Nanos now, uint64_t tokens);
// A request of `sent_at`, for which `held` tokens were counted, has used `used`.
void minute_used(Minute *m, Nanos now, Nanos sent_at, uint64_t held, uint64_t used);

#endif
