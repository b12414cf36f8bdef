// SPDX-License-Identifier: Apache-2.0
//
// A sandbox for a converter, entered between fork and exec, without a helper program: namespaces of its own
// (no other process, no user), a root that holds the system's programs and the one file, read-only, no way to gain
// rights, and a filter on what it may ask the kernel (no network among it). A machine may forbid the namespaces; the
// filter it has everywhere.
//
// All of it runs in a child that may only call what is safe there, so its strings are made before.
#ifndef CONFAB_DOCUMENTS_SANDBOX_H
#define CONFAB_DOCUMENTS_SANDBOX_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct Sandbox {
    char users[64], groups[64];             // what the kernel is told of both
    char input[PATH_MAX + 8];               // the one file, in the old root: SANDBOX_OLD and its path
    char folder[PATH_MAX + 8];              // the program's, likewise; "": one of the system's
    char library[PATH_MAX + 8];             // one that the program loads, likewise; "": none
} Sandbox;

#define SANDBOX_OLD "/.old"
#define SANDBOX_INPUT "/input"  // where the converter finds the file
#define SANDBOX_LIBRARY "/library"

// False: a path is too long. `folder`, `input` and `library` (or "") are absolute, without links.
bool sandbox_prepare(Sandbox *s, const char *folder, const char *input, const char *library);

// Like fork, into namespaces of its own; the child is the first process there, and ends for all in it.
// Below 0: this machine forbids that.
pid_t sandbox_fork(void);

// In that child. False: this machine forbids it.
bool sandbox_enter(const Sandbox *s);

// In a child that is about to become a converter. On a machine without such filters it takes the network away by a
// namespace.
void sandbox_filter(void);

#endif
