// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/term.h"

typedef struct Variables {
    const char *term, *no_color, *lc_all, *lc_ctype, *lang;
} Variables;

static const char *get(void *ctx, const char *name)
{
    const Variables *v = ctx;
    Str n = str_from(name);
    if (str_eq(n, S("TERM"))) return v->term;
    if (str_eq(n, S("NO_COLOR"))) return v->no_color;
    if (str_eq(n, S("LC_ALL"))) return v->lc_all;
    if (str_eq(n, S("LC_CTYPE"))) return v->lc_ctype;
    if (str_eq(n, S("LANG"))) return v->lang;
    return NULL;
}

static Term look(Variables v, bool error_is_terminal)
{
    Environment env = {get, &v};
    Term t = {.error = error_is_terminal};
    term_from_environment(&t, &env);
    return t;
}

static void test_colours(void **state)
{
    (void)state;
    assert_true(look((Variables){.term = "xterm"}, true).colour);
    assert_false(look((Variables){.term = "xterm"}, false).colour);
    assert_false(look((Variables){.term = "xterm", .no_color = "1"}, true).colour);
    assert_true(look((Variables){.term = "xterm", .no_color = "1"}, true).moves);
    // no-color.org: set and not empty.
    assert_true(look((Variables){.term = "xterm", .no_color = ""}, true).colour);
    assert_false(look((Variables){.term = "dumb"}, true).moves);
    assert_false(look((Variables){0}, true).moves);
}

static void test_letters(void **state)
{
    (void)state;
    assert_true(look((Variables){.lang = "de_DE.UTF-8"}, true).unicode);
    assert_true(look((Variables){.lang = "C.utf8"}, true).unicode);
    assert_true(look((Variables){.lang = "de_DE.UTF-8@euro"}, true).unicode);
    assert_false(look((Variables){.lang = "C"}, true).unicode);
    assert_false(look((Variables){0}, true).unicode);
    assert_false(look((Variables){.lang = "en_US.UTF-8", .lc_all = "POSIX"}, true).unicode);
    assert_true(look((Variables){.lang = "C", .lc_ctype = "en_US.UTF-8"}, true).unicode);
    assert_true(look((Variables){.lang = "en_US.UTF-8", .lc_all = ""}, true).unicode);
    assert_false(look((Variables){.lang = "de_DE.ISO-8859-1"}, true).unicode);
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(term_width(-1), TERM_WIDTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
