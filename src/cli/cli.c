// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/event.h"
#include "cli/wrap.h"

static void say(Cli *cli, Str text, size_t indent)
{
    if (cli->quiet || cli->events) return;
    Buf b = {0};
    wrap_lines(&b, text, indent, cli_width(cli));
    print_safe(cli->err, buf_str(&b), true);
    buf_free(&b);
}

void cli_say(Cli *cli, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say(cli, str_from(text), 0);
}

void cli_tell(Cli *cli, const char *label, Str text)
{
    enum { LABELS = 9 };
    Buf b = {0};
    buf_printf(&b, "%-*s%.*s", LABELS, label, STR_ARG(text));
    say(cli, buf_str(&b), LABELS);
    buf_free(&b);
}

unsigned cli_width(const Cli *cli)
{
    return cli->term.error ? term_width(STDERR_FILENO) : 0;
}

// The line of a file and its caret stay as they are, one above the other.
static void print_wrapped(Cli *cli, const Error *e)
{
    enum { HINT = 6 };
    char *text = NULL;
    size_t len = 0;
    unsigned width = cli_width(cli);
    FILE *f = width ? open_memstream(&text, &len) : NULL;
    if (!f) {
        error_print(e, cli->err);
        return;
    }
    error_print(e, f);
    fclose(f);
    Buf b = {0};
    Str rest = {text, len}, line;
    while (rest.len && str_cut(&rest, '\n', &line)) {
        bool copied = line.len && line.ptr[0] == ' ';
        wrap_lines(&b, line, str_starts(line, S("hint: ")) ? HINT : 0, copied ? 0 : width);
    }
    fwrite(b.ptr, 1, b.len, cli->err);
    buf_free(&b);
    free(text);
}

void cli_report(Cli *cli, const Error *e)
{
    if (cli->events) {
        Buf b = {0};
        event_message(e, &b);
        fwrite(b.ptr, 1, b.len, cli->err);
        buf_free(&b);
    } else if (!(e->warning && cli->quiet)) {
        print_wrapped(cli, e);
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

void cli_show(Cli *cli, Str text)
{
    Buf b = {0};
    wrap_lines(&b, text, 0, cli->term.output ? term_width(STDOUT_FILENO) : 0);
    print_safe(cli->out, buf_str(&b), true);
    buf_free(&b);
}

void cli_print(Cli *cli, Buf *b)
{
    if (b->len) fwrite(b->ptr, 1, b->len, cli->out);
    buf_free(b);
}
