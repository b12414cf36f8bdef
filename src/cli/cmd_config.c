// SPDX-License-Identifier: Apache-2.0
//
// confab config: every setting with its value, and with --origin where it came from. Keys masked.
#include "cli/commands.h"

#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/access.h"
#include "cli/locate.h"

static void add_json_text(Buf *b, const char *key, Str value)
{
    buf_printf(b, ",\"%s\":", key);
    if (value.ptr)
        json_write_string(b, value);
    else
        buf_add(b, S("null"));
}

static void render_json(Cli *cli, Buf *b)
{
    const Settings *s = &cli->settings;
    bool first = true;
    buf_add(b, S("{\"version\":1,\"settings\":["));
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *o = option_get(id);
        if (!o->variable) continue;
        buf_printf(b, "%s{\"variable\":\"%s\"", first ? "" : ",", o->variable);
        first = false;
        add_json_text(b, "flag", o->name ? arena_printf(&cli->arena, "--%s", o->name) : (Str){0});
        add_json_text(b, "value", access_shown(s, id, &cli->arena));
        add_json_text(b, "origin", str_from(setting_origin_name(s->items[id].origin)));
        add_json_text(b, "file", s->items[id].file);
        if (s->items[id].line)
            buf_printf(b, ",\"line\":%u}", s->items[id].line);
        else
            buf_add(b, S(",\"line\":null}"));
    }
    buf_add(b, S("]}\n"));
}

// The columns that variables and their values need; a long value pushes only its own line.
static void find_columns(Cli *cli, int *names, int *values)
{
    enum { VALUE_LEAST = 8, VALUE_MOST = 40 };
    *names = 0;
    *values = VALUE_LEAST;
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const char *name = option_get(id)->variable;
        if (!name) continue;
        int n = (int)strlen(name), v = (int)utf8_count(access_shown(&cli->settings, id, &cli->arena));
        if (n > *names) *names = n;
        if (v > *values && v <= VALUE_MOST) *values = v;
    }
}

static void render_text(Cli *cli, Buf *b)
{
    const Settings *s = &cli->settings;
    bool origin = settings_on(s, OPTION_ORIGIN);
    int names, values;
    find_columns(cli, &names, &values);
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *o = option_get(id);
        const Setting *setting = &s->items[id];
        if (!o->variable) continue;
        Str value = access_shown(s, id, &cli->arena);
        if (!origin) {
            buf_printf(b, "%s=%.*s\n", o->variable, STR_ARG(value));
            continue;
        }
        int fill = values - (int)utf8_count(value);
        buf_printf(b, "%-*s  %.*s%*s  %.*s\n", names, o->variable, STR_ARG(value), fill > 0 ? fill : 0, "",
                   STR_ARG(access_origin(setting, &cli->arena)));
    }
}

static int act(Cli *cli, Error *e)
{
    Str folder;
    Access access;
    Error why = {0};
    Problems problems = {.arena = &cli->arena};
    if (!locate_project_if_any(cli, &folder, e)) return (int)e->kind;
    Buf b = {0};
    if (cli->json)
        render_json(cli, &b);
    else
        render_text(cli, &b);
    print_safe(cli->out, buf_str(&b), true);
    buf_free(&b);
    // What a run would refuse is said here too, but it is no reason not to look at it.
    if (!access_resolve(&cli->settings, &cli->arena, &access, &problems, &why)) {
        why.warning = true;
        problems_add(&problems, &why);
    }
    cli_report_all(cli, &problems);
    return 0;
}

const Command cmd_config = {
    .name = "config",
    .bit = ON_CONFIG,
    .arguments = "",
    .summary = "show every setting and where it comes from",
    .details = "A value is taken from the first of: flag, environment, the project's .env, user config, default. Keys are "
               "shown masked.",
    .examples = "confab config --origin -p coffee-support",
    .act = act,
};
