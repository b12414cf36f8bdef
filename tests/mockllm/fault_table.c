// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

static void status(const FaultCase *c, Reply *r) {
    r->status = c->fault->number;
    r->body.len = 0;
    r->type = S("application/json");
    r->framing = FRAME_LENGTH;
    api_error(&r->body, c->api, r->status, c->fault->text, c->fault->about);
}

const Fault fault_table[] = {
    {"status-500", "status", "An internal error occurred.", NULL, status, 500, NULL},
};
const size_t fault_count = sizeof fault_table / sizeof *fault_table;
