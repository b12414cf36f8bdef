// SPDX-License-Identifier: Apache-2.0
//
// One confab a run: a lock file beside the journal, held with flock as long as the process lives,
// with the holder's number and host written inside for the message to the second.
#ifndef CONFAB_JOURNAL_LOCK_H
#define CONFAB_JOURNAL_LOCK_H

#include "base/error.h"

// The descriptor to hold, or -1 with an error (code "locked" when another has it).
int lock_take(const char *path, Error *e);
void lock_release(int fd);
bool lock_is_held(const char *path);  // by anybody; takes nothing and makes no file

#endif
