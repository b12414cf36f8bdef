// SPDX-License-Identifier: Apache-2.0
//
// confab version: its own version and those of the libraries it runs with.
#include "cli/commands.h"

#include <jansson.h>
#include <sqlite3.h>

#include "base/json.h"
#include "cli/cli.h"
#include "llm/libcurl.h"

static int act(Cli *cli, Error *e)
{
    bool libraries = cli->json || cli->verbose;
    if (libraries && !libcurl_load(e)) return (int)e->kind;
    Buf b = {0};
    const char *curl = libraries ? libcurl.version_info(CURLVERSION_NOW)->version : "";
    if (cli->json)
        buf_printf(&b, "{\"version\":1,\"confab\":\"%s\",\"libcurl\":\"%s\",\"sqlite\":\"%s\",\"jansson\":\"%s\"}\n", CONFAB_VERSION, curl,
                   sqlite3_libversion(), jansson_version_str());
    else
        buf_add(&b, S("confab " CONFAB_VERSION "\n"));
    if (cli->verbose && !cli->json)
        buf_printf(&b, "libcurl %s, SQLite %s, jansson %s\n", curl, sqlite3_libversion(), jansson_version_str());
    cli_print(cli, &b);
    return 0;
}

const Command cmd_version = {
    .name = "version",
    .bit = ON_VERSION,
    .arguments = "",
    .summary = "show the version",
    .details = "With --verbose or --json also the versions of the libraries in use.",
    .act = act,
};
