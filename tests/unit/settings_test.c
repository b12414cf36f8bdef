// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "cli/access.h"
#include "cli/dotenv.h"

static Arena arena;
static Error error;
static Problems problems;
static Settings settings;
static Arguments arguments;
static char folder[64];
static const char *variables[16][2];
static size_t n_variables;

static const char *get(void *ctx, const char *name)
{
    (void)ctx;
    for (size_t i = 0; i < n_variables; i++)
        if (str_eq(str_from(variables[i][0]), str_from(name))) return variables[i][1];
    return NULL;
}

static const Environment environment = {get, NULL};

static void set_variable(const char *name, const char *value)
{
    variables[n_variables][0] = name;
    variables[n_variables++][1] = value;
}

static void put(const char *name, const char *text)
{
    Str path = path_join(&arena, str_from(folder), str_from(name));
    assert_true(file_make_folders(arena_cstr(&arena, path_folder(path)), &error));
    assert_true(file_write_whole(path.ptr, str_from(text), &error));
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/confab-settings-XXXXXX");
    assert_non_null(mkdtemp(folder));
    problems = (Problems){.arena = &arena};
    error = (Error){0};
    arguments = (Arguments){0};
    n_variables = 0;
    set_variable("HOME", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    static const char *const files[] = {".env", "key", "inside/.env", "inside/key", "inside", ".config/confab/config",
                                        ".config/confab", ".config"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        remove(path_join(&arena, str_from(folder), str_from(files[i])).ptr);
    assert_int_equal(rmdir(folder), 0);
    arena_free(&arena);
    return 0;
}

static void flag(OptionId id, const char *value)
{
    arguments.given[id] = true;
    arguments.value[id] = str_from(value);
}

static bool load(void)
{
    error = (Error){0};
    if (!settings_load(&settings, &arguments, &environment, NULL, &arena, &problems, &error)) return false;
    return settings_add_project(&settings, path_join(&arena, str_from(folder), S("inside")), &error);
}

static void assert_setting(OptionId id, const char *value, SettingOrigin origin)
{
    if (!str_eq(settings_str(&settings, id), str_from(value)))
        fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(settings_str(&settings, id)), value);
    assert_int_equal(settings.items[id].origin, origin);
}

static void assert_failure(bool ok, const char *what)
{
    assert_false(ok);
    assert_int_equal(error.kind, ERROR_USAGE);
    if (!strstr(error.what, what)) fail_msg("\"%s\" does not say \"%s\"", error.what, what);
}

static void test_order(void **state)
{
    (void)state;
    assert_true(load());
    assert_setting(OPTION_ATTEMPTS, "3", FROM_DEFAULT);
    assert_false(settings_has(&settings, OPTION_ITERATIONS));
    put(".config/confab/config", "CONFAB_ATTEMPTS=4\n");
    assert_true(load());
    assert_setting(OPTION_ATTEMPTS, "4", FROM_USER);
    put("inside/.env", "# ours\nCONFAB_ATTEMPTS=5\nOTHER=x\n");
    assert_true(load());
    assert_setting(OPTION_ATTEMPTS, "5", FROM_PROJECT);
    assert_int_equal(settings.items[OPTION_ATTEMPTS].line, 2);
    assert_true(str_eq(setting_place(&settings, OPTION_ATTEMPTS, &arena), S("CONFAB_ATTEMPTS (.env:2)")));
    set_variable("CONFAB_ATTEMPTS", "6");
    assert_true(load());
    assert_setting(OPTION_ATTEMPTS, "6", FROM_ENVIRONMENT);
    flag(OPTION_ATTEMPTS, "7");
    assert_true(load());
    assert_setting(OPTION_ATTEMPTS, "7", FROM_FLAG);
    assert_int_equal(settings_whole(&settings, OPTION_ATTEMPTS, 0), 7);
    assert_int_equal(settings_whole(&settings, OPTION_ITERATIONS, 42), 42);
    settings_set(&settings, OPTION_ITERATIONS, S("9"));
    assert_setting(OPTION_ITERATIONS, "9", FROM_PERSON);
}

static void test_checked_everywhere(void **state)
{
    (void)state;
    set_variable("CONFAB_ATTEMPTS", "many");
    assert_failure(load(), "CONFAB_ATTEMPTS is \"many\"");
    n_variables--;
    put("inside/.env", "\nCONFAB_ATTEMPTS=0\n");
    assert_failure(load(), "CONFAB_ATTEMPTS");
    assert_string_equal(error.place.file, ".env");
    assert_int_equal(error.place.line, 2);
    put("inside/.env", "LLM_API_URI=http://x\n");
    assert_failure(load(), "not a variable of confab");
    assert_non_null(strstr(error.hint, "LLM_API_URL"));
    put("inside/.env", "CONFAB_YES=1\n");
    assert_failure(load(), "a project's .env cannot set CONFAB_YES");
    put("inside/.env", "CONFAB_MODEL_SERVER=/tmp/x\n");
    assert_failure(load(), "cannot set CONFAB_MODEL_SERVER");
    put("inside/.env", "CONFAB_TRUST_PROJECT=1\n");
    assert_failure(load(), "cannot set CONFAB_TRUST_PROJECT");
    // Set to nothing is not set.
    put("inside/.env", "CONFAB_ATTEMPTS=\n");
    set_variable("CONFAB_ATTEMPTS", "");
    assert_true(load());
    assert_setting(OPTION_ATTEMPTS, "3", FROM_DEFAULT);
    // A switch in the environment.
    set_variable("CONFAB_STRICT", "yes");
    assert_true(load());
    assert_true(settings_on(&settings, OPTION_STRICT));
}

static void test_misspelt_variable_is_named(void **state)
{
    (void)state;
    char *names[] = {"LLM_API_URI=http://x", "PATH=/bin", "CONFAB_SEED=1", "LLM_CACHE_FOLDER_OF_ANOTHER_PROGRAM=1", "LLM_NAMES=", NULL};
    assert_true(settings_load(&settings, &arguments, &environment, names, &arena, &problems, &error));
    assert_int_equal(problems.n, 1);
    assert_true(problems.items[0].warning);
    assert_non_null(strstr(problems.items[0].hint, "LLM_API_URL"));
}

static void assert_dotenv(const char *text, const char *name, const char *value)
{
    DotenvLine *lines;
    size_t n;
    assert_true(dotenv_parse(str_from(text), S(".env"), &arena, &lines, &n, &error));
    assert_int_equal(n, 1);
    assert_true(str_eq(lines[0].name, str_from(name)));
    if (!str_eq(lines[0].value, str_from(value))) fail_msg("%s gives \"%.*s\"", text, STR_ARG(lines[0].value));
}

static void test_dotenv(void **state)
{
    (void)state;
    assert_dotenv("A=b", "A", "b");
    assert_dotenv("\n# c\n  export A = b c  # why\n", "A", "b c");
    assert_dotenv("A=b#c", "A", "b#c");
    assert_dotenv("A=", "A", "");
    assert_dotenv("A=#nothing", "A", "");
    assert_dotenv("A='b # \\n $x' # why", "A", "b # \\n $x");
    assert_dotenv("A=\"b\\n\\\"c\\\" \\\\ \\$\"", "A", "b\n\"c\" \\ $");
    assert_dotenv("exported=1", "exported", "1");
    assert_dotenv("A=x=y", "A", "x=y");
    static const char *const wrong[] = {"A", "=b", "1A=b", "A B=c", "A='b", "A=\"b", "A=\"b\\q\"", "A='b' c", "A=1\nA=2", "A=\"b\\"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        DotenvLine *lines;
        size_t n;
        assert_failure(dotenv_parse(str_from(wrong[i]), S(".env"), &arena, &lines, &n, &error), "");
        assert_true(error.place.line > 0);
        assert_string_equal(error.place.text, "");
    }
}

static bool resolve(Access *access)
{
    problems.n = 0;
    return load() && access_resolve(&settings, &arena, access, &problems, &error);
}

static void test_address_is_needed(void **state)
{
    (void)state;
    Access access;
    assert_true(resolve(&access));
    assert_null(access.url.ptr);
    set_variable("LLM_API_KEY", "sk-secretsecretsecret");
    assert_failure(resolve(&access), "LLM_API_KEY is set, but LLM_API_URL is not");
    assert_null(strstr(error.what, "secret"));
    n_variables--;
    set_variable("LLM_NAME", "gpt");
    assert_failure(resolve(&access), "LLM_NAME is set");
    n_variables--;
    flag(OPTION_MODEL, "gpt");
    assert_failure(resolve(&access), "--model is set");
    set_variable("LLM_API_URL", "http://localhost:1");
    assert_true(resolve(&access));
    assert_true(str_eq(access.model, S("gpt")));
}

static void test_key_stays_home(void **state)
{
    (void)state;
    Access access;
    put("inside/.env", "LLM_API_URL=https://elsewhere.example/v1?key=hidden\n");
    set_variable("LLM_API_KEY", "sk-secretsecretsecret");
    assert_failure(resolve(&access), "would send your key");
    assert_null(strstr(error.what, "secretsecret"));
    assert_null(strstr(error.what, "hidden"));
    assert_string_equal(error.place.file, ".env");
    flag(OPTION_TRUST_PROJECT, "on");
    assert_true(resolve(&access));
    arguments.given[OPTION_TRUST_PROJECT] = false;
    // The person's own address: the key may go there, and so may the project's.
    set_variable("LLM_API_URL", "https://mine.example");
    assert_true(resolve(&access));
    n_variables -= 2;
    put("inside/.env", "LLM_API_URL=https://elsewhere.example\nLLM_API_KEY=project-key\n");
    assert_true(resolve(&access));
    assert_true(str_eq(access.key, S("project-key")));
    // The environment's key wins over the project's, and is then the person's.
    set_variable("LLM_API_KEY", "mine");
    assert_failure(resolve(&access), "would send your key");
    n_variables--;
    // A file of the person named by the project is the person's key, also through "..".
    put("key", "mine\n");
    put("inside/.env", "LLM_API_URL=https://elsewhere.example\nLLM_API_KEY_FILE=../key\n");
    assert_failure(resolve(&access), "would send your key");
    put("inside/key", " theirs\n");
    put("inside/.env", "LLM_API_URL=https://elsewhere.example\nLLM_API_KEY_FILE=key\n");
    assert_true(resolve(&access));
    assert_true(str_eq(access.key, S("theirs")));
}

static void test_key_file(void **state)
{
    (void)state;
    Access access;
    put("key", "sk-0123456789\n");
    const char *path = path_join(&arena, str_from(folder), S("key")).ptr;
    set_variable("LLM_API_URL", "http://localhost:1");
    set_variable("LLM_API_KEY_FILE", path);
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(resolve(&access));
    assert_int_equal(problems.n, 0);
    assert_true(str_eq(access.key, S("sk-0123456789")));
    assert_int_equal(chmod(path, 0644), 0);
    assert_true(resolve(&access));
    assert_int_equal(problems.n, 1);
    assert_true(problems.items[0].warning);
    put("key", "two\r\nlines\n");
    assert_failure(resolve(&access), "holds no key");
    put("key", "\n");
    assert_failure(resolve(&access), "holds no key");
    set_variable("LLM_API_KEY", "also");
    assert_failure(resolve(&access), "are both set");
    n_variables -= 2;
    set_variable("LLM_API_KEY_FILE", "/nowhere/at/all");
    assert_failure(resolve(&access), "cannot open");
    n_variables--;
    set_variable("LLM_API_KEY", "evil\r\nX-Header: 1");
    assert_failure(resolve(&access), "holds no key");
    assert_null(strstr(error.what, "evil"));
    n_variables--;
    // A user config with a key in it is a key file too.
    put(".config/confab/config", "LLM_API_KEY=mine\n");
    assert_true(resolve(&access));
    assert_int_equal(problems.n, 1);
    assert_int_equal(chmod(path_join(&arena, str_from(folder), S(".config/confab/config")).ptr, 0600), 0);
    assert_true(resolve(&access));
    assert_int_equal(problems.n, 0);
}

static void assert_masked(Str (*mask)(Str, Arena *), const char *text, const char *want)
{
    Str got = mask(str_from(text), &arena);
    if (!str_eq(got, str_from(want))) fail_msg("%s is shown as %.*s", text, STR_ARG(got));
}

static void test_masks(void **state)
{
    (void)state;
    assert_masked(access_mask_key, "sk-0123456789abcdefWXYZ", "sk-…WXYZ");
    assert_masked(access_mask_key, "0123456789abcdefWXYZ", "…WXYZ");
    assert_masked(access_mask_key, "short", "…");
    assert_masked(access_mask_key, "short,0123456789abcdefWXYZ,", "…,…WXYZ,");
    assert_masked(access_mask_url, "http://localhost:8080/v1", "http://localhost:8080/v1");
    assert_masked(access_mask_url, "https://me:secret@host/v1?api-version=1&key=abc#weight=2", "https://…@host/v1?api-version=…&key=…#weight=2");
    assert_masked(access_mask_url, "http://a?x,http://b@c", "http://a?…,http://…@c");
    assert_masked(access_mask_url, "user:pass@host", "…@host");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, begin, end),
        cmocka_unit_test_setup_teardown(test_checked_everywhere, begin, end),
        cmocka_unit_test_setup_teardown(test_misspelt_variable_is_named, begin, end),
        cmocka_unit_test_setup_teardown(test_dotenv, begin, end),
        cmocka_unit_test_setup_teardown(test_address_is_needed, begin, end),
        cmocka_unit_test_setup_teardown(test_key_stays_home, begin, end),
        cmocka_unit_test_setup_teardown(test_key_file, begin, end),
        cmocka_unit_test_setup_teardown(test_masks, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
