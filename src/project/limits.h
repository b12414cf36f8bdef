// SPDX-License-Identifier: Apache-2.0
//
// How large the files of a project may be. A larger one is one clear error before it is read.
#ifndef CONFAB_PROJECT_LIMITS_H
#define CONFAB_PROJECT_LIMITS_H

enum {
    // A prompt of a megabyte is 250,000 tokens: beyond every context window that can answer.
    PROJECT_PROMPT_MAX = 1 << 20,
    // Settings that a person writes. A fault's place is found by reading from the start, a thousand
    // of them still in a second.
    PROJECT_CONFIG_MAX = 1 << 20,
    // Values, styles and examples may come out of a spreadsheet; they are all held in memory.
    PROJECT_FILE_MAX = 64 << 20,
};

#endif
