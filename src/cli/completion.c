// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

const Shell shells[SHELL_COUNT] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};

const Shell *shell_find(Str name)
{
    for (size_t i = 0; i < SHELL_COUNT; i++)
        if (str_eq(name, str_from(shells[i].name))) return &shells[i];
    return NULL;
}

void completion_quote(Buf *out, const char *text, bool backslash)
{
    for (; *text; text++) {
        if (*text == '\'')
            buf_add(out, backslash ? S("\\'") : S("'\\''"));
        else
            buf_add_char(out, *text);
    }
}

void completion_words(Buf *out, const char *choices)
{
    for (; *choices; choices++) buf_add_char(out, *choices == '|' ? ' ' : *choices);
}

bool completion_arguments(Buf *out, const Command *c, Commands all)
{
    if (c->bit == ON_COMPLETION) {
        for (size_t i = 0; i < SHELL_COUNT; i++) buf_printf(out, "%s%s", i ? " " : "", shells[i].name);
        return true;
    }
    if (c->bit == ON_HELP) {
        for (size_t i = 0; i < all.n; i++) buf_printf(out, "%s%s", i ? " " : "", all.items[i]->name);
        return true;
    }
    return false;
}
