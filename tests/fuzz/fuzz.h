// SPDX-License-Identifier: Apache-2.0
//
// What every harness defines and replay.c or libFuzzer calls.
#ifndef CONFAB_TESTS_FUZZ_H
#define CONFAB_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Like assert, whatever NDEBUG says.
#define HOLD(condition) \
    ((condition) ? (void)0 : (fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition), abort()))

#endif
