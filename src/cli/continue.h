// SPDX-License-Identifier: Apache-2.0
//
// Going on with an old run: what `resume` and `retry` share. The run's identity (iterations, seed,
// exchanges, partition, model) comes from its journal; address, key, concurrency and budgets from
// the settings of now.
#ifndef CONFAB_CLI_CONTINUE_H
#define CONFAB_CLI_CONTINUE_H

#include "cli/cli.h"

// Returns the exit code.
int continue_run(Cli *cli, bool retry_failed, Error *e);

#endif
