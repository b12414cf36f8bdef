// SPDX-License-Identifier: Apache-2.0
//
// A disk in memory as an SQLite VFS ("sim"), which can lose power. Until a file is synced its writes
// lie in a cache; at a power loss each cached sector of 512 bytes reaches the disk or does not, by
// the seed. A kill of the process loses nothing. Writes and syncs can be made to fail.
#ifndef CONFAB_SIM_DISK_H
#define CONFAB_SIM_DISK_H

#include "base/random.h"

typedef struct Disk Disk;

// One disk at a time is behind the VFS.
Disk *disk_new(uint64_t seed);
void disk_reset(Disk *d, uint64_t seed);  // an empty one in its place, with all files closed
void disk_free(Disk *d);

// The n-th write or sync from now on fails (0: none), as a full disk or with an I/O error, and so
// does every later one until disk_mend.
void disk_fail_after(Disk *d, uint64_t n, bool full);
void disk_mend(Disk *d);
bool disk_has_failed(const Disk *d);

void disk_lose_power(Disk *d);   // with all files closed; cached writes are lost or torn
uint64_t disk_operations(const Disk *d);

#endif
