// SPDX-License-Identifier: Apache-2.0
//
// Many piece ends at once: 64 bytes are classified together and the ends found by arithmetic on the
// masks of their classes, without a branch a letter (the idea of simdjson's stage 1: Langdale, Lemire,
// "Parsing gigabytes of JSON per second", 2019). Holds for the split patterns that models use; what is
// rare in texts (digits of other scripts, blanks that are not ASCII, a capital behind a Chinese letter)
// ends a scan before it, and the pattern's own scanner goes on from there.
//
// Classification is written for AVX-512, AVX2, SSE2 and plain C, and chosen for the machine that runs.
#ifndef CONFAB_TOKENS_BLOCK_SCAN_H
#define CONFAB_TOKENS_BLOCK_SCAN_H

#include "tokens/pretokenise.h"

enum { BLOCK_BYTES = 64, SCAN_BYTES = 1 << 20 };  // SPLIT_PADDING is at least the first

// The ends of the pieces from p on, where a piece begins, counted from there, as far as they are certain: at
// most `cap`, for which `ends` has room, and of not much more than SCAN_BYTES. Returns how many; 0: ask the
// splitter for one piece. p < end; behind each place before `end` 64 bytes can be read.
typedef size_t (*BlockScan)(const unsigned char *p, const unsigned char *end, uint32_t *ends, size_t cap);

typedef enum ScanLevel { SCAN_PLAIN, SCAN_SSE2, SCAN_AVX2, SCAN_AVX512, SCAN_LEVELS } ScanLevel;

ScanLevel scan_level_best(void);                         // of this machine
BlockScan block_scan_of(SplitKind kind, ScanLevel level);  // NULL: none for this pattern, or not in this build

#endif
