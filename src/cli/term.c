// SPDX-License-Identifier: Apache-2.0
#include "cli/term.h"

#include <sys/ioctl.h>
#include <unistd.h>

static const char *get_variable(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

const Environment process_environment = {get_variable, NULL};

// POSIX: the first that is set and not empty of LC_ALL, LC_CTYPE, LANG names the character set.
static bool locale_is_utf8(const Environment *env)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Str value = str_from(environment_get(env, names[i]));
        if (!value.len) continue;
        size_t dot = str_rfind_char(value, '.');
        Str set = dot == STR_NONE ? value : str_slice(value, dot + 1, value.len);
        set = str_slice(set, 0, str_find_char(set, '@'));
        return str_eq_ignore_case(set, S("UTF-8")) || str_eq_ignore_case(set, S("UTF8"));
    }
    return false;
}

void term_from_environment(Term *t, const Environment *env)
{
    Str no_color = str_from(environment_get(env, "NO_COLOR"));
    Str kind = str_from(environment_get(env, "TERM"));
    t->unicode = locale_is_utf8(env);
    t->moves = t->error && kind.len && !str_eq(kind, S("dumb"));
    t->colour = t->moves && no_color.len == 0;
}

void term_open(Term *t, const Environment *env)
{
    *t = (Term){.input = isatty(STDIN_FILENO), .output = isatty(STDOUT_FILENO), .error = isatty(STDERR_FILENO)};
    term_from_environment(t, env);
}

unsigned term_width(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return TERM_WIDTH;
}
