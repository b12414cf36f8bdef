// SPDX-License-Identifier: Apache-2.0
//
// The processor time that one document may take in this process, so that no file, however built,
// holds a run up: the contract gives two seconds, and some of them belong to reading and cutting.
#ifndef CONFAB_DOCUMENTS_DEADLINE_H
#define CONFAB_DOCUMENTS_DEADLINE_H

#include <time.h>

#include "base/error.h"

enum { DEADLINE_MS = 1300 };

typedef struct Deadline {
    int64_t until;  // thread's processor time, nanoseconds
} Deadline;

static inline int64_t deadline_cpu(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline Deadline deadline_start(void) { return (Deadline){deadline_cpu() + (int64_t)DEADLINE_MS * 1000000}; }
static inline bool deadline_passed(Deadline d) { return deadline_cpu() > d.until; }

#endif
