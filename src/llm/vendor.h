// SPDX-License-Identifier: Apache-2.0
//
// What is known about public hosts, as a table: where below the host their API lies, which
// adapter speaks to it, what it refuses. Any other host gets the adapter's own defaults.
#ifndef CONFAB_LLM_VENDOR_H
#define CONFAB_LLM_VENDOR_H

#include "llm/adapter.h"

struct Vendor {
    const char *title;
    Str host;                // the host, or with a leading '.' the end of it
    const Adapter *adapter;
    const char *base_path;   // in place of the adapter's leading "/v1"; NULL: as the adapter has it
    const char *key_header;  // NULL: the adapter's
    const ParamRule *params; // before the adapter's own
    size_t n_params;
    bool no_seed;            // the API refuses a seed
    // The name of the bound for this model; NULL: max_tokens.
    const char *(*max_tokens_name)(Str model);
    // Whether `name` is a parameter that this model refuses although the API has it; NULL: none.
    bool (*model_refuses)(Str model, Str name);
};

const Vendor *vendor_of(Str host);  // NULL: unknown

#endif
