// SPDX-License-Identifier: Apache-2.0
//
// confab estimate --sample N: N prompts of the run, spread over it, are asked one after the other with the allowance
// and the schema that the run would send, and what the answers took replaces what was guessed. The answers are thrown
// away; they are paid for like any others.
#ifndef CONFAB_CLI_CMD_ESTIMATE_SAMPLE_H
#define CONFAB_CLI_CMD_ESTIMATE_SAMPLE_H

#include "cli/launch.h"

// After launch_plan_estimate; starts the embedded model where that is the model. Completes l->estimate.
bool estimate_ask_sample(Launch *l, unsigned n, Error *e);

#endif
