// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/arguments.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/manpage.h"
#include "cli/option_values.h"

static const Command command_run = {.name = "run", .bit = ON_RUN, .arguments = "", .summary = "write", .details = "Writes."};
static const Command command_preview = {.name = "preview", .bit = ON_PREVIEW, .arguments = "", .summary = "show", .details = ""};
static const Command command_resume = {.name = "resume", .bit = ON_RESUME, .arguments = "[RUN]", .max_arguments = 1,
                                       .summary = "go on", .details = ""};
static const Command command_init = {.name = "init", .bit = ON_INIT, .arguments = "NAME", .min_arguments = 1, .max_arguments = 1,
                                     .summary = "begin", .details = ""};
static const Command command_help = {.name = "help", .bit = ON_HELP, .arguments = "[COMMAND]", .max_arguments = 1,
                                     .summary = "help", .details = ""};
static const Command command_version = {.name = "version", .bit = ON_VERSION, .arguments = "", .summary = "version", .details = ""};
static const Command *const list[] = {&command_run, &command_preview, &command_resume, &command_init, &command_help, &command_version};
static const Commands all = {list, sizeof list / sizeof *list};

static Arena arena;
static Arguments got;
static Error error;

static int forget(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

// Parses words separated by '|', without the program's name.
static bool parse(const char *line)
{
    enum { WORDS = 32 };
    char *argv[WORDS] = {arena_cstr(&arena, S("confab"))};
    int argc = 1;
    Str rest = str_from(line), word;
    while (line[0] && str_cut(&rest, '|', &word)) argv[argc++] = arena_cstr(&arena, word);
    char **kept = arena_new(&arena, char *, WORDS);
    memcpy(kept, argv, sizeof argv);
    error = (Error){0};
    return arguments_parse(all, argc, kept, &arena, &got, &error);
}

static void assert_value(OptionId id, const char *want)
{
    assert_true(got.given[id]);
    assert_true(str_eq(got.value[id], str_from(want)));
}

static void assert_refused(const char *line, const char *what, const char *hint)
{
    assert_false(parse(line));
    assert_int_equal(error.kind, ERROR_USAGE);
    if (!strstr(error.what, what)) fail_msg("%s: \"%s\" does not say \"%s\"", line, error.what, what);
    if (!strstr(error.hint, hint)) fail_msg("%s: hint \"%s\" does not say \"%s\"", line, error.hint, hint);
}

static void test_forms(void **state)
{
    (void)state;
    assert_true(parse("run|-p|coffee|-n|100|-x6|--seed=7|-qv"));
    assert_ptr_equal(got.command, &command_run);
    assert_value(OPTION_PROJECT, "coffee");
    assert_value(OPTION_ITERATIONS, "100");
    assert_value(OPTION_MAX_EXCHANGES, "6");
    assert_value(OPTION_SEED, "7");
    assert_value(OPTION_QUIET, "on");
    assert_value(OPTION_VERBOSE, "on");
    assert_false(got.given[OPTION_YES]);

    assert_true(parse("resume|--yes|26-11-22-15h04m05s|-j|4"));
    assert_int_equal(got.n, 1);
    assert_true(str_eq(got.rest[0], S("26-11-22-15h04m05s")));

    assert_true(parse("init|--|--odd"));
    assert_true(str_eq(got.rest[0], S("--odd")));

    assert_true(parse("run|--endpoint|http://a|--endpoint|http://b"));
    assert_value(OPTION_ENDPOINT, "http://a,http://b");
    assert_true(parse("run|-n|5|--iterations=5"));
}

static void test_bare(void **state)
{
    (void)state;
    assert_true(parse(""));
    assert_ptr_equal(got.command, &command_run);
    assert_true(parse("-p|x|--yes"));
    assert_ptr_equal(got.command, &command_run);
    assert_true(parse("--version"));
    assert_ptr_equal(got.command, &command_version);
    assert_true(parse("-h"));
    assert_ptr_equal(got.command, &command_help);
    // Help is given whatever else is missing.
    assert_true(parse("init|--help"));
    assert_true(got.given[OPTION_HELP]);
}

static void test_refused(void **state)
{
    (void)state;
    assert_refused("rnu", "no command \"rnu\"", "confab run");
    assert_refused("coffee-support", "no command", "-p");
    assert_refused("run|--iteration|5", "no flag --iteration", "--iterations");
    assert_refused("run|--max", "no flag --max", "--max-");
    assert_refused("run|--api-key|sk-1", "no flag --api-key", "LLM_API_KEY");
    assert_refused("run|-z", "no flag -z", "confab help run");
    assert_refused("run|-iterations|5", "does not take --indices", "preview");
    assert_refused("preview|-n|5", "`confab preview` does not take --iterations", "run");
    assert_refused("run|--yes=on", "takes no value", "alone");
    assert_refused("run|-n", "--iterations needs a value", "how many");
    assert_refused("run|--model|--yes", "--model needs a value", "");
    assert_refused("run|--model=", "--model is empty", "");
    assert_refused("run|-n|5|-n|6", "given twice", "keep one");
    assert_refused("run|coffee", "no use for \"coffee\"", "-p coffee");
    assert_refused("-p|x|preview", "no use for \"preview\"", "flags stand after the command");
    assert_refused("init", "needs NAME", "confab init NAME");
    assert_refused("init|a|b", "no use for \"b\"", "");
    assert_refused("run|--structured|maybe", "auto, on or off", "");
    assert_refused("run|--progress|jsn", "but must be", "json");
}

static void test_values(void **state)
{
    (void)state;
    assert_refused("run|-n|0", "a whole number from 1 to 1000000000", "");
    assert_refused("run|-n|-5", "\"-5\"", "");
    assert_refused("run|-n|ten", "\"ten\"", "");
    assert_refused("run|-n|1.5", "whole number", "");
    assert_refused("run|-n|99999999999999999999", "whole number", "");
    assert_refused("run|--attempts|101", "from 1 to 100", "");
    assert_refused("run|--max-cost|nan", "a number", "");
    assert_refused("run|--max-cost|-1", "a number", "");
    assert_refused("run|--max-time|soon", "a time such as", "");
    assert_refused("preview|-i|2-1", "a list of indices", "");
    assert_refused("preview|-i|0-99999999", "a list of indices", "");
    assert_refused("preview|-i|1,,2", "a list of indices", "");
    assert_true(parse("run|--seed|9007199254740992"));
    assert_refused("run|--seed|18446744073709551615", "whole number", "");
    assert_true(parse("run|--max-cost|0.25|--max-time|1h30m"));
}

static void collect(void *self, uint64_t index)
{
    buf_printf(self, "%llu ", (unsigned long long)index);
}

static void test_meanings(void **state)
{
    (void)state;
    double seconds;
    assert_true(option_span(S("90"), &seconds) && seconds > 89.9 && seconds < 90.1);
    assert_true(option_span(S("1h30m"), &seconds) && seconds > 5399 && seconds < 5401);
    assert_true(option_span(S("0.5s"), &seconds) && seconds > 0.4 && seconds < 0.6);
    static const char *const wrong[] = {"", "0", "-1", "1m1h", "1h30", "5x", "h", "1 h", "1e9d", "1..5s"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert_false(option_span(str_from(wrong[i]), &seconds));
    bool on;
    assert_true(option_switch(S("Yes"), &on) && on);
    assert_true(option_switch(S("0"), &on) && !on);
    assert_false(option_switch(S("perhaps"), &on));
    Buf b = {0};
    assert_true(option_indices(S("3,0-2,18446744073709551615"), 10, collect, &b));
    assert_true(str_eq(buf_str(&b), S("3 0 1 2 18446744073709551615 ")));
    assert_false(option_indices(S("0-10"), 10, NULL, NULL));
    buf_free(&b);
}

static void test_table(void **state)
{
    (void)state;
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *o = option_get(id);
        assert_true(o->name || o->variable);
        assert_non_null(o->help);
        assert_true(o->commands != 0);
        assert_true((o->type == ARG_SWITCH) == (o->argument == NULL));
        if (o->name) assert_int_equal(option_by_name(str_from(o->name)), id);
        if (o->letter) assert_int_equal(option_by_letter(o->letter), id);
        if (o->variable) assert_int_equal(option_by_variable(str_from(o->variable)), id);
        if (o->fallback) assert_true(option_check(o, str_from(o->fallback), S("default"), NULL));
        // Every long flag of run is a variable too, but those that say how one call is answered.
        bool one_call = id == OPTION_JSON || id == OPTION_HELP || id == OPTION_DIRECTORY || id == OPTION_QUIET || id == OPTION_VERBOSE;
        if (o->name && (o->commands & ON_RUN) && !one_call) assert_non_null(o->variable);
        // A key can never stand on a command line, where every user of the machine sees it.
        if (o->type == ARG_SECRET) assert_null(o->name);
    }
}

static size_t widest_line(Str text)
{
    size_t widest = 0;
    Str line;
    while (str_cut(&text, '\n', &line))
        if (line.len > widest) widest = line.len;
    return widest;
}

static void test_pages(void **state)
{
    (void)state;
    Buf b = {0};
    for (size_t i = 0; i < all.n; i++) help_command(all.items[i], 72, &b);
    help_overview(all, 72, &b);
    assert_true(widest_line(buf_str(&b)) <= 72);
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        if (option_get(id)->name && (option_get(id)->commands & (ON_RUN | ON_PREVIEW)))
            assert_true(str_contains(buf_str(&b), str_from(option_get(id)->name)));
    assert_true(str_contains(buf_str(&b), S("-n, --iterations N")));
    assert_true(str_contains(buf_str(&b), S("LLM_API_KEY")));
    buf_clear(&b);
    manpage_write(all, &b);
    assert_true(str_starts(buf_str(&b), S(".TH CONFAB 1")));
    assert_true(str_contains(buf_str(&b), S("\\fB\\-n\\fR, \\fB\\-\\-iterations\\fR \\fIN\\fR")));
    Str text = buf_str(&b), line;
    while (str_cut(&text, '\n', &line)) {
        // A line that begins with a dot must be a request that man knows.
        static const char *const known[] = {".TH", ".SH", ".SS", ".TP", ".br", ".nf", ".fi"};
        bool request = line.len && line.ptr[0] == '.', fine = !request;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) fine = fine || str_starts(line, str_from(known[i]));
        assert_true(fine);
    }
    buf_free(&b);
}

static void test_completions(void **state)
{
    (void)state;
    assert_null(shell_find(S("tcsh")));
    for (size_t i = 0; i < SHELL_COUNT; i++) {
        Buf b = {0};
        assert_ptr_equal(shell_find(str_from(shells[i].name)), &shells[i]);
        shells[i].write(all, &b);
        assert_true(str_contains(buf_str(&b), S("iterations")));
        assert_true(str_contains(buf_str(&b), S("auto bar plain json none")));
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_forms, forget),    cmocka_unit_test_teardown(test_bare, forget),
        cmocka_unit_test_teardown(test_refused, forget),  cmocka_unit_test_teardown(test_values, forget),
        cmocka_unit_test_teardown(test_meanings, forget), cmocka_unit_test_teardown(test_table, forget),
        cmocka_unit_test_teardown(test_pages, forget),    cmocka_unit_test_teardown(test_completions, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
