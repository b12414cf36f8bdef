// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include "base/utf8.h"
#include "cli/wrap.h"

enum { FLAG_COLUMN = 28, SUMMARY_COLUMN = 14 };

bool help_is_common(const Option *o)
{
    return o->commands == ON_ALL;
}

void help_flag(const Option *o, Buf *out)
{
    if (!o->name) {
        buf_add(out, str_from(o->variable));
        return;
    }
    if (o->letter) buf_printf(out, "-%c, ", o->letter);
    buf_printf(out, "--%s", o->name);
    if (o->argument) buf_printf(out, " %s", o->argument);
}

static void add_choices(const Option *o, Buf *out)
{
    Str rest = str_from(o->choices), choice;
    for (bool first = true; str_cut(&rest, '|', &choice); first = false) {
        if (!first) buf_add(out, rest.ptr ? S(", ") : S(" or "));
        buf_add(out, choice);
    }
}

void help_values(const Option *o, Buf *out)
{
    if (!o->choices && !o->fallback) return;
    buf_add(out, S(" ("));
    if (o->choices) add_choices(o, out);
    if (o->choices && o->fallback) buf_add(out, S("; "));
    if (o->fallback) buf_printf(out, "default %s", o->fallback);
    buf_add(out, S(")"));
}

// A left column and a text beside it, or below it where the left is too long.
static void add_row(Buf *out, Str left, Str text, size_t column, unsigned width)
{
    buf_printf(out, "  %.*s", STR_ARG(left));
    size_t at = 2 + utf8_count(left);
    if (at + 2 > column) {
        buf_add_char(out, '\n');
        at = 0;
    }
    buf_printf(out, "%*s", (int)(column - at), "");
    wrap_words(out, text, column, column, width);
}

static void add_option(Buf *out, const Option *o, unsigned width)
{
    Buf left = {0}, text = {0};
    if (o->name && !o->letter) buf_add(&left, S("    "));
    help_flag(o, &left);
    buf_add(&text, str_from(o->help));
    help_values(o, &text);
    if (o->name && o->variable) buf_printf(&text, " [%s]", o->variable);
    add_row(out, buf_str(&left), buf_str(&text), FLAG_COLUMN, width);
    buf_free(&left);
    buf_free(&text);
}

typedef enum Group { GROUP_OWN, GROUP_COMMON, GROUP_VARIABLES } Group;

static void add_group(Buf *out, const char *title, const Command *c, Group group, unsigned width)
{
    bool any = false;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const Option *o = &option_table[i];
        Group is = !o->name ? GROUP_VARIABLES : help_is_common(o) ? GROUP_COMMON : GROUP_OWN;
        if (!(o->commands & c->bit) || is != group) continue;
        if (!any) buf_printf(out, "\n%s:\n", title);
        any = true;
        add_option(out, o, width);
    }
}

static void add_examples(Buf *out, const char *examples)
{
    if (!examples) return;
    buf_add(out, S("\nExamples:\n"));
    Str rest = str_from(examples), line;
    while (str_cut(&rest, '\n', &line)) buf_printf(out, "  %.*s\n", STR_ARG(line));
}

void help_command(const Command *c, unsigned width, Buf *out)
{
    if (width < 40) width = 40;
    buf_printf(out, "confab %s - %s\n\n", c->name, c->summary);
    buf_printf(out, "Usage: confab %s%s%s [flags]\n", c->name, c->arguments[0] ? " " : "", c->arguments);
    if (c->details[0]) {
        buf_add_char(out, '\n');
        wrap_words(out, str_from(c->details), 0, 0, width);
    }
    add_group(out, "Flags", c, GROUP_OWN, width);
    add_group(out, "Flags of every command", c, GROUP_COMMON, width);
    add_group(out, "Further variables", c, GROUP_VARIABLES, width);
    add_examples(out, c->examples);
}

void help_overview(Commands all, unsigned width, Buf *out)
{
    if (width < 40) width = 40;
    buf_add(out, S("confab - turns a project folder into a labelled dataset of conversations\n\n"
                   "Usage: confab                     ask what is missing, then run\n"
                   "       confab COMMAND [flags]\n\nCommands:\n"));
    for (size_t i = 0; i < all.n; i++)
        add_row(out, str_from(all.items[i]->name), str_from(all.items[i]->summary), SUMMARY_COLUMN, width);
    buf_add_char(out, '\n');
    wrap_words(out, S("`confab help COMMAND` shows a command's flags. Each value is taken from the first of: flag, "
                       "environment, the project's .env, ~/.config/confab/config, default; `confab config --origin` "
                       "shows which."), 0, 0, width);
    wrap_words(out, S("A model's address is named by LLM_API_URL, its key by LLM_API_KEY, its name by LLM_NAME; "
                       "without an address the embedded model serves."), 0, 0, width);
}
