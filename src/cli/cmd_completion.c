// SPDX-License-Identifier: Apache-2.0
//
// confab completion: a completion script for a shell.
#include "cli/commands.h"

#include "cli/cli.h"
#include "cli/completion.h"

static int act(Cli *cli, Error *e)
{
    const Shell *shell = shell_find(cli->arguments.rest[0]);
    if (!shell) {
        error_set(e, ERROR_USAGE, "usage", "no completion for \"%.*s\"", STR_ARG(cli->arguments.rest[0]));
        error_hint(e, "known shells: bash, zsh, fish");
        return (int)e->kind;
    }
    Buf b = {0};
    shell->write(cli->commands, &b);
    cli_print(cli, &b);
    return 0;
}

const Command cmd_completion = {
    .name = "completion",
    .bit = ON_COMPLETION,
    .arguments = "SHELL",
    .min_arguments = 1,
    .max_arguments = 1,
    .summary = "print a completion script for bash, zsh or fish",
    .details = "",
    .examples = "confab completion bash > ~/.local/share/bash-completion/completions/confab\n"
                "confab completion zsh > \"${fpath[1]}/_confab\"\n"
                "confab completion fish > ~/.config/fish/completions/confab.fish",
    .act = act,
};
