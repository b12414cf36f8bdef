// SPDX-License-Identifier: Apache-2.0
#include "cli/manpage.h"

#include "cli/help.h"

// roff reads a backslash as an escape, '-' as a hyphen, and a '.' or "'" at the start of a line as
// a request.
static void add_roff(Buf *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool at_start = i == 0 || text.ptr[i - 1] == '\n';
        if (at_start && (c == '.' || c == '\'')) buf_add(out, S("\\&"));
        if (c == '\\')
            buf_add(out, S("\\e"));
        else if (c == '-')
            buf_add(out, S("\\-"));
        else if (c == '\'')
            buf_add(out, S("\\(aq"));
        else
            buf_add_char(out, c);
    }
}

static void add_roff_c(Buf *out, const char *text)
{
    add_roff(out, str_from(text));
}

static void add_option(Buf *out, const Option *o)
{
    Buf text = {0};
    buf_add(out, S(".TP\n\\fB"));
    if (o->name && o->letter) buf_printf(out, "\\-%c\\fR, \\fB", o->letter);
    if (o->name) {
        buf_add(out, S("\\-\\-"));
        add_roff_c(out, o->name);
        if (o->argument) buf_printf(out, "\\fR \\fI%s", o->argument);
    } else {
        add_roff_c(out, o->variable);
    }
    buf_add(out, S("\\fR\n"));
    buf_add(&text, str_from(o->help));
    help_values(o, &text);
    add_roff(out, buf_str(&text));
    if (o->name && o->variable) {
        buf_add(out, S(".\nVariable: \\fB"));
        add_roff_c(out, o->variable);
        buf_add(out, S("\\fR"));
    }
    buf_add(out, S(".\n"));
    buf_free(&text);
}

static void add_command(Buf *out, const Command *c)
{
    buf_add(out, S(".SS \"confab "));
    add_roff_c(out, c->name);
    if (c->arguments[0]) buf_printf(out, " %s", c->arguments);
    buf_add(out, S("\"\n"));
    add_roff_c(out, c->details[0] ? c->details : c->summary);
    buf_add(out, S("\n"));
    bool any = false;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const Option *o = &option_table[i];
        if (!o->name || help_is_common(o) || !(o->commands & c->bit)) continue;
        buf_add(out, any ? S(", ") : S("\n.br\nFlags: "));
        buf_add(out, S("\\fB\\-\\-"));
        add_roff_c(out, o->name);
        buf_add(out, S("\\fR"));
        any = true;
    }
    buf_add(out, any ? S(".\n") : S(""));
}

static void add_examples(Buf *out, Commands all)
{
    buf_add(out, S(".SH EXAMPLES\n.nf\n"));
    for (size_t i = 0; i < all.n; i++) {
        if (!all.items[i]->examples) continue;
        add_roff_c(out, all.items[i]->examples);
        buf_add_char(out, '\n');
    }
    buf_add(out, S(".fi\n"));
}

static const char exit_codes[] =
    ".SH EXIT STATUS\n"
    ".TP\n0\nall iterations done\n"
    ".TP\n1\ninternal error\n"
    ".TP\n2\nusage, or input missing\n"
    ".TP\n3\nthe project folder is wrong\n"
    ".TP\n4\nthe API refused the key, the account or the model\n"
    ".TP\n5\nthe API could not be reached or kept failing\n"
    ".TP\n6\nfinished, some conversations missing\n"
    ".TP\n7\na budget ended the run; resumable\n"
    ".TP\n8\ndisk or file\n"
    ".TP\n130, 143\ninterrupted; resumable\n";

static const char files[] =
    ".SH FILES\n"
    ".TP\n\\fIprojects/<name>/\\fR\na project: config, examples, knowledge, prompting, and what was generated\n"
    ".TP\n\\fIprojects/<name>/.env\\fR\nvariables of the project, \\fBNAME=value\\fR a line\n"
    ".TP\n\\fI~/.config/confab/config\\fR\nvariables of the user, in the same form\n";

void manpage_write(Commands all, Buf *out)
{
    buf_add(out, S(".TH CONFAB 1 \"\" \"confab " CONFAB_VERSION "\" \"User Commands\"\n"
                   ".SH NAME\nconfab \\- turns a project folder into a labelled dataset of conversations\n"
                   ".SH SYNOPSIS\n\\fBconfab\\fR\n.br\n\\fBconfab\\fR \\fICOMMAND\\fR [\\fIflags\\fR]\n"
                   ".SH DESCRIPTION\n"
                   "confab plans each conversation from the project's prompts, knowledge and injections, asks a "
                   "language model for it, checks the answer, and writes the labelled dataset as JSON and CSV.\n"
                   "Without a command it asks for what is missing and runs.\n"
                   ".SH COMMANDS\n"));
    for (size_t i = 0; i < all.n; i++) add_command(out, all.items[i]);
    buf_add(out, S(".SH OPTIONS\nFlags stand anywhere after the command and cannot be abbreviated. A value is taken "
                   "from the first of: flag, environment, the project\\(aqs .env, the user\\(aqs config, default.\n"));
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (option_table[i].name) add_option(out, &option_table[i]);
    buf_add(out, S(".SH ENVIRONMENT\nBeside the variables of the options above:\n"));
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (!option_table[i].name) add_option(out, &option_table[i]);
    buf_add(out, S(".TP\n\\fBNO_COLOR\\fR\nno colours when set and not empty.\n"
                   ".TP\n\\fBCURL_CA_BUNDLE\\fR, \\fBSSL_CERT_FILE\\fR\na file of certificates (PEM) to trust instead of the "
                   "system\\(aqs: that of a company\\(aqs own certificate authority.\n"
                   ".TP\n\\fBHTTPS_PROXY\\fR, \\fBALL_PROXY\\fR, \\fBNO_PROXY\\fR\nas curl reads them.\n"));
    buf_add(out, (Str){exit_codes, sizeof exit_codes - 1});
    buf_add(out, (Str){files, sizeof files - 1});
    add_examples(out, all);
}
