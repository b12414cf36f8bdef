// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

static const Command *const list[] = {
    &cmd_run, &cmd_init, &cmd_validate, &cmd_preview, &cmd_chunks, &cmd_search, &cmd_estimate, &cmd_tokens,
    &cmd_resume, &cmd_retry, &cmd_status, &cmd_list, &cmd_show, &cmd_export,   &cmd_report, &cmd_dedup, &cmd_doctor,
    &cmd_config, &cmd_completion, &cmd_help, &cmd_version,
};

Commands commands_all(void)
{
    return (Commands){list, sizeof list / sizeof *list};
}
