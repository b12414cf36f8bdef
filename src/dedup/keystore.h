// SPDX-License-Identifier: Apache-2.0
//
// Arrays of 32-bit keys, added and never taken away: in memory up to a bound, beyond it in an
// unnamed file that is mapped, so that the system pages out what nobody asks for.
#ifndef CONFAB_DEDUP_KEYSTORE_H
#define CONFAB_DEDUP_KEYSTORE_H

#include "base/error.h"

typedef struct KeyPlace {
    uint32_t block, from;
} KeyPlace;

typedef struct KeyBlock {
    uint32_t *keys;
    size_t mapped;       // bytes of a mapping of the file; 0: of memory
} KeyBlock;

typedef struct KeyStore {
    size_t memory;       // most bytes in memory; 0: no bound
    const char *folder;  // of the file; NULL: $TMPDIR or /tmp
    KeyBlock *blocks;
    size_t n, cap;
    size_t used, room;   // keys of the newest block
    size_t in_memory;    // bytes
    int file;            // -1: none yet
    uint64_t file_size;
} KeyStore;

// A new file without a name in `folder` (NULL: $TMPDIR or /tmp); -1: *e says why.
int keystore_unnamed(const char *folder, Error *e);

void keystore_init(KeyStore *s, size_t memory, const char *folder);
void keystore_free(KeyStore *s);

// Room for n more keys, to be filled by the caller; NULL when the file failed.
uint32_t *keystore_add(KeyStore *s, size_t n, KeyPlace *place, Error *e);

// Lets go of the pages of the file that were looked at; they come back when they are asked for.
void keystore_rest(const KeyStore *s);

static inline const uint32_t *keystore_get(const KeyStore *s, KeyPlace p) { return s->blocks[p.block].keys + p.from; }

#endif
