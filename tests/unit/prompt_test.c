// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/prompt.h"

static Arena arena;
static Error error;
static Prompter prompter;
static FILE *screen;
static int ends[2];

static int begin(void **state)
{
    (void)state;
    error = (Error){0};
    assert_int_equal(pipe(ends), 0);
    screen = tmpfile();
    prompter = (Prompter){.in = ends[0], .out = screen};
    return 0;
}

static int end(void **state)
{
    (void)state;
    close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
    fclose(screen);
    arena_free(&arena);
    return 0;
}

static void type(const char *keys)
{
    assert_int_equal(write(ends[1], keys, strlen(keys)), (ssize_t)strlen(keys));
}

static void close_input(void)
{
    close(ends[1]);
    ends[1] = -1;
}

static const char *seen(void)
{
    static char text[4096];
    rewind(screen);
    size_t n = fread(text, 1, sizeof text - 1, screen);
    text[n] = 0;
    return text;
}

static void test_default_and_asking_again(void **state)
{
    (void)state;
    Str answer;
    type("\n");
    assert_true(prompt_option(&prompter, OPTION_ITERATIONS, "Iterations", S("100"), &arena, &answer, &error));
    assert_true(str_eq(answer, S("100")));
    type("ten\n0\n  12 \n");
    assert_true(prompt_option(&prompter, OPTION_ITERATIONS, "Iterations", S("100"), &arena, &answer, &error));
    assert_true(str_eq(answer, S("12")));
    assert_non_null(strstr(seen(), "Iterations [100]: "));
    assert_non_null(strstr(seen(), "a whole number from 1"));
}

static void test_no_answer(void **state)
{
    (void)state;
    Str answer;
    type("half a line");
    close_input();
    assert_false(prompt_option(&prompter, OPTION_MAX_EXCHANGES, "Max Exchanges", S("6"), &arena, &answer, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.what, "--max-exchanges"));
    const char *text = seen();
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void test_interrupted(void **state)
{
    (void)state;
    static const volatile sig_atomic_t interrupted = 1;
    Str answer;
    prompter.interrupted = &interrupted;
    type("5\n");
    assert_false(prompt_option(&prompter, OPTION_ITERATIONS, "Iterations", S("100"), &arena, &answer, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPTED);
}

static void test_long_and_broken_lines(void **state)
{
    (void)state;
    static char line[3 * PROMPT_LINE_MAX];
    Str answer;
    memset(line, 'x', sizeof line - 2);
    line[sizeof line - 2] = '\n';
    type(line);
    type("\xff\xfe\n7\n");
    assert_true(prompt_option(&prompter, OPTION_ITERATIONS, "Iterations", S("100"), &arena, &answer, &error));
    assert_true(str_eq(answer, S("7")));
    assert_non_null(strstr(seen(), "too long"));
    assert_non_null(strstr(seen(), "not UTF-8"));
}

static void test_projects(void **state)
{
    (void)state;
    const Str names[] = {S("coffee-support"), S("tele\033com")};
    Str answer;
    type("cofee-support\n\n3\n1\n");
    assert_true(prompt_project(&prompter, names, 2, &arena, &answer, &error));
    assert_true(str_eq(answer, S("coffee-support")));
    assert_non_null(strstr(seen(), "did you mean coffee-support?"));
    assert_non_null(strstr(seen(), "2  tele?com"));
    type("coffee-support\n");
    assert_true(prompt_project(&prompter, names, 2, &arena, &answer, &error));
    type("../elsewhere/x\n");
    assert_true(prompt_project(&prompter, names, 0, &arena, &answer, &error));
    assert_true(str_eq(answer, S("../elsewhere/x")));
    // The only one there is, is meant by an empty answer.
    type("\n");
    assert_true(prompt_project(&prompter, names, 1, &arena, &answer, &error));
    assert_true(str_eq(answer, names[0]));
}

static void test_yes(void **state)
{
    (void)state;
    bool yes = true;
    type("\n");
    assert_true(prompt_yes(&prompter, "Start?", &yes, &error));
    assert_true(yes);
    type("maybe\nNo\n");
    assert_true(prompt_yes(&prompter, "Start?", &yes, &error));
    assert_false(yes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_default_and_asking_again, begin, end),
        cmocka_unit_test_setup_teardown(test_no_answer, begin, end),
        cmocka_unit_test_setup_teardown(test_interrupted, begin, end),
        cmocka_unit_test_setup_teardown(test_long_and_broken_lines, begin, end),
        cmocka_unit_test_setup_teardown(test_projects, begin, end),
        cmocka_unit_test_setup_teardown(test_yes, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
