// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include "cli/event.h"

void cli_say(Cli *cli, const char *format, ...)
{
    if (cli->quiet || cli->events) return;
    Buf b = {0};
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_printf(&b, "%s\n", text);
    print_safe(cli->err, buf_str(&b), true);
    buf_free(&b);
}

void cli_report(Cli *cli, const Error *e)
{
    if (cli->events) {
        Buf b = {0};
        event_message(e, &b);
        fwrite(b.ptr, 1, b.len, cli->err);
        buf_free(&b);
    } else if (!(e->warning && cli->quiet)) {
        error_print(e, cli->err);
    }
}

void cli_report_all(Cli *cli, const Problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) cli_report(cli, &problems->items[i]);
    if (problems->full) cli_say(cli, "There is more that is wrong; the first %d are shown.", PROBLEMS_MAX);
}

int cli_reported(ErrorKind kind, Error *e)
{
    *e = (Error){.kind = kind};
    return (int)kind;
}

bool cli_may_ask(const Cli *cli)
{
    return cli->term.input && cli->term.error && !cli->events && !settings_on(&cli->settings, OPTION_NO_INPUT);
}

void cli_print(Cli *cli, Buf *b)
{
    if (b->len) fwrite(b->ptr, 1, b->len, cli->out);
    buf_free(b);
}
