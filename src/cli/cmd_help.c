// SPDX-License-Identifier: Apache-2.0
//
// confab help: the overview, a command's page, or the manual page as roff.
#include "cli/commands.h"

#include <unistd.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "cli/manpage.h"

enum { WIDEST = 100 };  // longer lines are hard to read

static int act(Cli *cli, Error *e)
{
    Buf b = {0};
    unsigned width = term_width(STDOUT_FILENO);
    if (width > WIDEST) width = WIDEST;
    if (settings_on(&cli->settings, OPTION_MAN)) {
        manpage_write(cli->commands, &b);
    } else if (cli->arguments.n == 0) {
        help_overview(cli->commands, width, &b);
    } else {
        const Command *c = command_find(cli->commands, cli->arguments.rest[0]);
        if (!c) {
            error_set(e, ERROR_USAGE, "usage", "there is no command \"%.*s\"", STR_ARG(cli->arguments.rest[0]));
            error_hint(e, "`confab help` lists the commands");
            return (int)e->kind;
        }
        help_command(c, width, &b);
    }
    cli_print(cli, &b);
    return 0;
}

const Command cmd_help = {
    .name = "help",
    .bit = ON_HELP,
    .arguments = "[COMMAND]",
    .max_arguments = 1,
    .summary = "show the help of confab or of a command",
    .details = "",
    .examples = "confab help run\nconfab help --man | man -l -",
    .act = act,
};
