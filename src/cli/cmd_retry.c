// SPDX-License-Identifier: Apache-2.0
//
// confab retry: asks again for the conversations that a run gave up.
#include "cli/commands.h"

#include "cli/continue.h"

static int act(Cli *cli, Error *e)
{
    return continue_run(cli, true, e);
}

const Command cmd_retry = {
    .name = "retry",
    .bit = ON_RETRY,
    .arguments = "[RUN]",
    .max_arguments = 1,
    .summary = "ask again for what a run gave up",
    .details = "Each iteration that failed gets as many further attempts as the run gave it; what is pending is asked for too. RUN is as in "
               "`confab resume`.",
    .examples = "confab retry -p coffee-support",
    .act = act,
};
