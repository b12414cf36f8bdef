// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

static void bash_values(Buf *out)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const Option *o = &option_table[i];
        if (!o->name || o->type == ARG_SWITCH) continue;
        buf_printf(out, "    --%s", o->name);
        if (o->letter) buf_printf(out, "|-%c", o->letter);
        buf_add(out, S(") "));
        if (o->choices) {
            buf_add(out, S("COMPREPLY=($(compgen -W '"));
            completion_words(out, o->choices);
            buf_add(out, S("' -- \"$cur\"))"));
        } else if (o->type == ARG_PROJECT) {
            buf_add(out, S("COMPREPLY=($(compgen -W \"$(_confab_projects)\" -- \"$cur\"))"));
        } else if (o->type == ARG_FOLDER) {
            buf_add(out, S("COMPREPLY=($(compgen -d -- \"$cur\"))"));
        } else if (o->type == ARG_FILE) {
            buf_add(out, S("COMPREPLY=($(compgen -f -- \"$cur\"))"));
        } else {
            buf_add(out, S("COMPREPLY=()"));
        }
        buf_add(out, S("; return ;;\n"));
    }
}

void completion_bash(Commands all, Buf *out)
{
    buf_add(out, S("# bash completion for confab; made by `confab completion bash`\n"
                   "_confab_projects() {\n"
                   "  local d\n"
                   "  for d in \"${CONFAB_PROJECTS:-projects}\"/*/; do\n"
                   "    [ -d \"$d/prompting\" ] && basename \"$d\"\n"
                   "  done\n"
                   "}\n"
                   "_confab() {\n"
                   "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd=${COMP_WORDS[1]}\n"
                   "  COMPREPLY=()\n"
                   "  if [ \"$COMP_CWORD\" -eq 1 ] && [ \"${cur#-}\" = \"$cur\" ]; then\n"
                   "    COMPREPLY=($(compgen -W '"));
    for (size_t i = 0; i < all.n; i++) buf_printf(out, "%s%s", i ? " " : "", all.items[i]->name);
    buf_add(out, S("' -- \"$cur\")); return\n"
                   "  fi\n"
                   "  case $prev in\n"));
    bash_values(out);
    buf_add(out, S("  esac\n"
                   "  case $cmd in -*) cmd=run ;; esac\n"
                   "  local words=\n"
                   "  case $cmd in\n"));
    for (size_t i = 0; i < all.n; i++) {
        const Command *c = all.items[i];
        buf_printf(out, "    %s) words='", c->name);
        if (completion_arguments(out, c, all)) buf_add_char(out, ' ');
        for (size_t k = 0; k < OPTION_COUNT; k++)
            if (option_table[k].name && (option_table[k].commands & c->bit)) buf_printf(out, "--%s ", option_table[k].name);
        buf_add(out, S("' ;;\n"));
    }
    buf_add(out, S("  esac\n"
                   "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                   "}\n"
                   "complete -F _confab confab\n"));
}
