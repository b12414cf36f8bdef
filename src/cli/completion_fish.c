// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

static void fish_option(Buf *out, const Option *o, Commands all)
{
    buf_add(out, S("complete -c confab -n '"));
    bool first = true;
    if (o->commands & ON_RUN) {
        buf_add(out, S("not __fish_seen_subcommand_from $__confab_commands; or "));
    }
    buf_add(out, S("__fish_seen_subcommand_from"));
    for (size_t i = 0; i < all.n; i++)
        if (o->commands & all.items[i]->bit) {
            buf_printf(out, " %s", all.items[i]->name);
            first = false;
        }
    if (first) buf_add(out, S(" ''"));
    buf_printf(out, "' -l %s", o->name);
    if (o->letter) buf_printf(out, " -s %c", o->letter);
    if (o->choices) {
        buf_add(out, S(" -x -a '"));
        completion_words(out, o->choices);
        buf_add_char(out, '\'');
    } else if (o->type == ARG_PROJECT) {
        buf_add(out, S(" -x -a '(__confab_projects)'"));
    } else if (o->type == ARG_FOLDER) {
        buf_add(out, S(" -x -a '(__fish_complete_directories)'"));
    } else if (o->type == ARG_FILE) {
        buf_add(out, S(" -r -F"));
    } else if (o->argument) {
        buf_add(out, S(" -x"));
    }
    buf_add(out, S(" -d '"));
    completion_quote(out, o->help, true);
    buf_add(out, S("'\n"));
}

void completion_fish(Commands all, Buf *out)
{
    buf_add(out, S("# fish completion for confab; made by `confab completion fish`\n"
                   "function __confab_projects\n"
                   "    set -l root projects\n"
                   "    set -q CONFAB_PROJECTS; and set root $CONFAB_PROJECTS\n"
                   "    for d in $root/*/prompting\n"
                   "        basename (dirname $d)\n"
                   "    end\n"
                   "end\n"
                   "set -g __confab_commands"));
    for (size_t i = 0; i < all.n; i++) buf_printf(out, " %s", all.items[i]->name);
    buf_add(out, S("\ncomplete -c confab -f\n"));
    for (size_t i = 0; i < all.n; i++) {
        const Command *c = all.items[i];
        buf_printf(out, "complete -c confab -n 'not __fish_seen_subcommand_from $__confab_commands' -a %s -d '", c->name);
        completion_quote(out, c->summary, true);
        buf_add(out, S("'\n"));
        Buf fixed = {0};
        if (completion_arguments(&fixed, c, all))
            buf_printf(out, "complete -c confab -n '__fish_seen_subcommand_from %s' -a '%.*s'\n", c->name,
                       STR_ARG(buf_str(&fixed)));
        buf_free(&fixed);
    }
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (option_table[i].name) fish_option(out, &option_table[i], all);
}
