// SPDX-License-Identifier: Apache-2.0
//
// The list of commands. Adding one touches its own cmd_<verb>.c, a row here and in commands.c, and
// its bit in options.h.
#ifndef CONFAB_CLI_COMMANDS_H
#define CONFAB_CLI_COMMANDS_H

#include "cli/command.h"

// One a file.
extern const Command cmd_run, cmd_init, cmd_validate, cmd_preview, cmd_chunks, cmd_search, cmd_estimate, cmd_resume, cmd_retry,
    cmd_status, cmd_list, cmd_show, cmd_export, cmd_report, cmd_doctor, cmd_config, cmd_completion, cmd_help, cmd_version, cmd_tokens, cmd_dedup;

Commands commands_all(void);

#endif
