// SPDX-License-Identifier: Apache-2.0
//
// The independent witness: an append-only file with one line for each request that was fully
// answered or given up, so that a test can say what was paid for without asking confab. Fields,
// separated by one space, `-` where there is none:
//
//   received_mono_ns received_real_ns done_mono_ns done_real_ns outcome status fault
//   prompt_tokens completion_tokens bytes api request_hash item
//
// outcome: `sent` (the kernel took the last byte), `gone` (the client left before), `cut` (the
// mock itself broke the answer off, as a fault), `stopped` (the mock was ended).
// request_hash: 16 hex digits of the whole body; the same bytes give the same hash.
// item: the request's x-confab-item, other than printable bytes replaced by `_`.
//
// Lines are gathered and written with one write() to a descriptor opened O_APPEND, when 64 KiB are
// full, 10 ms after the first of them, and at the end. Each thread has a Ledger of its own on the
// same file. A line that cannot be written ends the process: a witness with gaps is none.
#ifndef MOCKLLM_LEDGER_H
#define MOCKLLM_LEDGER_H

#include "bytes.h"

enum { LEDGER_ITEM = 64 };

typedef struct LedgerLine {
    uint64_t received_mono, received_real;
    uint64_t hash, prompt_tokens, completion_tokens, bytes;
    const char *outcome, *fault, *api;  // NULL: none
    int status;
    char item[LEDGER_ITEM];  // "": none
} LedgerLine;

typedef struct Ledger {
    int fd;  // -1: no ledger
    Buf lines;
    uint64_t due;  // when the gathered lines must be written (monotonic ns), or UINT64_MAX
} Ledger;

bool ledger_open(Ledger *l, const char *path);  // NULL: one that drops everything
void ledger_item(LedgerLine *line, Str item);
void ledger_add(Ledger *l, const LedgerLine *line);
void ledger_flush(Ledger *l);
void ledger_close(Ledger *l);

#endif
