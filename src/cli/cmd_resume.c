// SPDX-License-Identifier: Apache-2.0
//
// confab resume: goes on with a run that was interrupted, that a budget ended, or that gave up.
#include "cli/commands.h"

#include "cli/continue.h"

static int act(Cli *cli, Error *e)
{
    return continue_run(cli, false, e);
}

const Command cmd_resume = {
    .name = "resume",
    .bit = ON_RESUME,
    .arguments = "[RUN]",
    .max_arguments = 1,
    .summary = "go on with a run that is not finished",
    .details = "Nothing that was answered is asked again. RUN is a run's stamp or a path to one of its files; without it "
               "the newest run of the project. A project that changed since is named file by file and needs "
               "--accept-changes. A budget counts what the run has spent before.",
    .examples = "confab resume -p coffee-support\nconfab resume projects/coffee-support/generated/26-11-22-15h04m05s.json",
    .act = act,
};
