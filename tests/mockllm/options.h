// SPDX-License-Identifier: Apache-2.0
//
// What the command line says, read once at the start and constant from then on. One table in
// options.c holds every option with its help. Lists and file contents live as long as Options.
#ifndef MOCKLLM_OPTIONS_H
#define MOCKLLM_OPTIONS_H

#include "bytes.h"

typedef struct StrList {
    Str *items;
    size_t n;
} StrList;

typedef enum { RETRY_AFTER_NONE, RETRY_AFTER_SECONDS, RETRY_AFTER_DATE } RetryAfter;

// How long an answer waits: between low and high, evenly, or lognormal around a median.
typedef struct Delay {
    double low_ms, high_ms;
    double median_ms, sigma;  // median 0: not lognormal
} Delay;

typedef struct Options {
    uint64_t port, threads, exchanges, max_body, endless_limit, fault_seed, late_ms, dimensions;
    char *port_file, *ledger, *tls_cert, *tls_key, *fixed_body;
    Str key;                 // absent: any key, or none
    StrList models, participants, labels, refuse;
    StrList fixed;           // contents of the --fixed files
    StrList faults, faults_exclude;
    Str fixed_body_bytes;
    Delay delay;
    double rate, rate_burst, token_rate, token_burst, fault_share, duplicate_rate;
    RetryAfter retry_after;
    bool ratelimit_headers, honour_max_tokens, strict_model, check_json, die_with_parent;
    bool list_faults, help, faults_given;
} Options;

// False: a line on standard error says what is wrong.
bool options_read(Options *o, int argc, char **argv);
void options_help(void);
void options_free(Options *o);

#endif
