// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

static void zsh_option(Buf *out, const Option *o)
{
    if (o->letter)
        buf_printf(out, "      '(-%c --%s)'{-%c,--%s%s}'[", o->letter, o->name, o->letter, o->name,
                   o->argument ? "=" : "");
    else
        buf_printf(out, "      '%s--%s%s[", o->rules & RULE_REPEATS ? "*" : "", o->name, o->argument ? "=" : "");
    // A colon or a bracket would end the description.
    for (const char *p = o->help; *p; p++) {
        if (*p == ':' || *p == '[' || *p == ']') buf_add_char(out, '\\');
        completion_quote(out, (const char[]){*p, 0}, false);
    }
    buf_add_char(out, ']');
    if (o->argument) {
        buf_printf(out, ":%s:", o->argument);
        if (o->choices) {
            buf_add_char(out, '(');
            completion_words(out, o->choices);
            buf_add_char(out, ')');
        } else if (o->type == ARG_PROJECT) {
            buf_add(out, S("_confab_projects"));
        } else if (o->type == ARG_FOLDER) {
            buf_add(out, S("_files -/"));
        } else if (o->type == ARG_FILE) {
            buf_add(out, S("_files"));
        }
    }
    buf_add(out, S("' \\\n"));
}

void completion_zsh(Commands all, Buf *out)
{
    buf_add(out, S("#compdef confab\n"
                   "# zsh completion for confab; made by `confab completion zsh`\n"
                   "_confab_projects() {\n"
                   "  local -a found\n"
                   "  found=(${CONFAB_PROJECTS:-projects}/*/prompting(N:h:t))\n"
                   "  _describe 'project' found\n"
                   "}\n"
                   "_confab() {\n"
                   "  local -a commands\n"
                   "  commands=(\n"));
    for (size_t i = 0; i < all.n; i++) {
        buf_printf(out, "    '%s:", all.items[i]->name);
        completion_quote(out, all.items[i]->summary, false);
        buf_add(out, S("'\n"));
    }
    buf_add(out, S("  )\n"
                   "  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
                   "    _describe 'command' commands\n"
                   "    return\n"
                   "  fi\n"
                   "  local cmd=$words[2]\n"
                   "  if [[ $cmd == -* ]]; then cmd=run; else shift words; (( CURRENT-- )); fi\n"
                   "  case $cmd in\n"));
    for (size_t i = 0; i < all.n; i++) {
        const Command *c = all.items[i];
        buf_printf(out, "    %s) _arguments -s \\\n", c->name);
        for (size_t k = 0; k < OPTION_COUNT; k++)
            if (option_table[k].name && (option_table[k].commands & c->bit)) zsh_option(out, &option_table[k]);
        buf_add(out, S("      '*:"));
        Buf fixed = {0};
        if (completion_arguments(&fixed, c, all)) buf_printf(out, "argument:(%.*s)' ;;\n", STR_ARG(buf_str(&fixed)));
        else buf_add(out, S("argument:' ;;\n"));
        buf_free(&fixed);
    }
    buf_add(out, S("  esac\n"
                   "}\n"
                   "if [ \"$funcstack[1]\" = _confab ]; then _confab \"$@\"; else compdef _confab confab; fi\n"));
}
