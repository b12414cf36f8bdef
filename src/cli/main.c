// SPDX-License-Identifier: Apache-2.0
//
// confab: reads the command line and the settings, and hands over to a command.
#include <errno.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/signals.h"

extern char **environ;

static bool go_to_folder(const Arguments *arguments, Arena *a, Error *e)
{
    if (!arguments->given[OPTION_DIRECTORY]) return true;
    const char *folder = arena_cstr(a, arguments->value[OPTION_DIRECTORY]);
    if (chdir(folder) == 0) return true;
    int number = errno;
    error_set(e, ERROR_USAGE, "usage", "cannot go to the folder: %s", strerror(number));
    return error_at_file(e, str_from(folder));
}

static bool prepare(Cli *cli, int argc, char **argv, Error *e)
{
    Problems problems = {.arena = &cli->arena};
    cli->commands = commands_all();
    cli->environment = process_environment;
    term_open(&cli->term, &cli->environment);
    if (!arguments_parse(cli->commands, argc, argv, &cli->arena, &cli->arguments, e)) return false;
    if (cli->arguments.given[OPTION_HELP]) {
        // The page of the command that the flag stands behind.
        cli->arguments.rest[0] = str_from(cli->arguments.command->name);
        cli->arguments.n = cli->arguments.command->bit != ON_HELP && argc > 1 && argv[1][0] != '-';
        cli->arguments.command = command_find(cli->commands, S("help"));
        return true;
    }
    bool ok = go_to_folder(&cli->arguments, &cli->arena, e) &&
              settings_load(&cli->settings, &cli->arguments, &cli->environment, environ, &cli->arena, &problems, e);
    cli->quiet = settings_on(&cli->settings, OPTION_QUIET);
    cli->verbose = settings_on(&cli->settings, OPTION_VERBOSE);
    cli->json = settings_on(&cli->settings, OPTION_JSON);
    cli->events = (cli->arguments.command->bit & option_get(OPTION_PROGRESS)->commands) &&
                  str_eq(settings_str(&cli->settings, OPTION_PROGRESS), S("json"));
    cli_report_all(cli, &problems);
    return ok;
}

// Standard output may have been closed by who read it, which is no fault, or be full, which is one.
static int close_output(Cli *cli, int code)
{
    errno = 0;
    bool failed = fflush(cli->out) != 0 || ferror(cli->out);
    // Where requests were sent no signal tells of it: SIGPIPE is ignored then.
    if (!failed || errno == EPIPE || signals_pipe_closed()) return code;
    Error e = {0};
    error_set(&e, ERROR_FILE, "file", "cannot write to standard output");
    cli_report(cli, &e);
    return ERROR_FILE;
}

int main(int argc, char **argv)
{
    Cli *cli = mem_alloc(sizeof *cli);
    Error e = {0};
    int code;
    *cli = (Cli){.out = stdout, .err = stderr};
    // Unset, glibc looks the zone's file up again at every conversion, which doubles the reading of zip entries.
    setenv("TZ", ":/etc/localtime", 0);
    signals_install();
    if (prepare(cli, argc, argv, &e))
        code = cli->arguments.command->act(cli, &e);
    else
        code = (int)e.kind;
    if (e.what[0]) cli_report(cli, &e);
    code = close_output(cli, code);
    arena_free(&cli->arena);
    free(cli);
    return code;
}
