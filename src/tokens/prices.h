// SPDX-License-Identifier: Apache-2.0
//
// What is known about models by name: whose tokenizer they use, how much they hold, what they cost.
//
// The built-in rows (price_table.c) say when and where they were read. The user's prices.json, in the
// folder of the user config, comes first and may name any model:
//
//   {"currency": "USD", "models": {
//     "my-model": {"tokenizer": "llama3", "chat_template": "llama3.1", "window": 32768, "max_output": 4096,
//                  "input": 0.5, "cached_input": 0.05, "output": 1.5, "batch": 0.5},
//     "home-*":   {"input": 0, "output": 0}}}
//
// Prices are per million tokens; `batch` is the share of them that a batch API takes. A key is a
// model's name or a glob (`*`, `?`); an exact name beats a glob, a glob with more letters another.
// A row of the user's replaces only what it names; what is left out stays as the built-in row has it, but a new price of
// input is that of cached input too unless the row says so. Where no chat_template is named it is the tokenizer's own
// (tokens/chat_template.h).
//
// A name also stands for its dated versions (gpt-4o for gpt-4o-2024-08-06), and for itself behind
// a maker's prefix (openai/gpt-4o), in the user's rows too. Letters' case does not count. What nothing names is
// unknown: never free.
#ifndef CONFAB_TOKENS_PRICES_H
#define CONFAB_TOKENS_PRICES_H

#include "base/arena.h"
#include "base/error.h"

// Per million tokens in billionths of the currency.
typedef struct Pricing {
    bool known;
    int64_t input, cached_input, output;
} Pricing;

typedef struct ModelFacts {
    Str name;            // a name or a glob, in lower case; absent: nothing is known of this model
    Str tokenizer;       // as vocabulary_open takes it; absent: not known
    Str chat;            // the chat template's name; absent: not known
    int64_t window;      // tokens of prompt and answer together; 0: not known
    int64_t max_output;  // tokens of an answer; 0: not known
    Pricing pricing;
    unsigned batch;      // percent of the price by the batch API; 0: not known
} ModelFacts;

typedef struct Prices {
    const ModelFacts *own;  // the user's
    size_t n_own;
    Str currency;
} Prices;

enum { PRICES_FILE_MAX = 1 << 20 };  // a few thousand models

// `file` is the user's prices.json; absent, or not there: the built-in rows alone. Everything lives in
// the arena, the built-in rows for ever. Errors name file, line and column.
bool prices_load(Str file, Arena *a, Prices *out, Error *e);

// {0} for a name that nothing knows.
ModelFacts prices_of(const Prices *prices, Str model);

Pricing pricing_batch(const ModelFacts *facts);  // not known where there is no batch price

// ---- the built-in rows, for prices.c and tests -----------------------------------------------------

// Prices in ten-thousandths of a dollar per million tokens; input below 0: no price is known.
typedef struct PriceRow {
    const char *name;
    const char *tokenizer;
    int32_t window, max_output;
    int32_t input, cached_input, output;
    int32_t batch;
    const char *chat;  // its chat template, where that is not the tokenizer's own
} PriceRow;

extern const PriceRow price_table[];
extern const size_t price_table_n;
extern const char price_table_date[], price_table_source[];

#endif
