// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "output/dataset.h"
#include "output/money.h"
#include "output/run_file.h"

static Arena arena;
static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/confab-dataset-XXXXXX");
    return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    arena_free(&arena);
    return system(command) == 0 ? 0 : 1;
}

// Gives `n` rows, then ends, or fails at row `fail_at` (from 1).
typedef struct Rows {
    unsigned n, given, fail_at;
    char json[64], csv[64];
} Rows;

static bool next_row(void *ctx, DatasetRow *row, Error *e)
{
    Rows *rows = ctx;
    if (rows->given == rows->n) return false;
    rows->given++;
    if (rows->given == rows->fail_at) return error_set(e, ERROR_FILE, "journal", "the journal cannot be read");
    int a = snprintf(rows->json, sizeof rows->json, "{\"id\":%u,\"text\":\"a\\nb\"}", rows->given);
    int b = snprintf(rows->csv, sizeof rows->csv, "%u,\"a\nb\"\r\n", rows->given);
    *row = (DatasetRow){{rows->json, (size_t)a}, {rows->csv, (size_t)b}};
    return true;
}

static bool write_rows(Rows *rows, DatasetFiles *files, Error *e)
{
    DatasetSource source = {next_row, rows};
    return dataset_write(folder, "26-11-22-15h04m05s", S("id,text\r\n"), &source, files, e);
}

static Str read_back(const char *path)
{
    Str text;
    Error e;
    assert_true(file_read(path, 64 << 20, &arena, &text, NULL, &e));
    return text;
}

static unsigned count_files(void)
{
    char command[128], line[16] = "";
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(fgets(line, sizeof line, pipe));
    pclose(pipe);
    return (unsigned)strtoul(line, NULL, 10);
}

static void both_files_hold_every_row(void **state)
{
    (void)state;
    Rows rows = {.n = 3};
    DatasetFiles files;
    Error e;
    assert_true(write_rows(&rows, &files, &e));
    assert_int_equal(files.rows, 3);
    assert_true(str_ends(str_from(files.json_path), S("/26-11-22-15h04m05s.json")));
    Str json = read_back(files.json_path);
    assert_true(str_eq(json, S("[\n{\"id\":1,\"text\":\"a\\nb\"},\n{\"id\":2,\"text\":\"a\\nb\"},\n{\"id\":3,\"text\":\"a\\nb\"}\n]\n")));
    json_t *value;
    assert_true(json_read(json, S("x"), &value, &e));
    assert_int_equal(json_array_size(value), 3);
    json_decref(value);
    assert_true(str_eq(read_back(files.csv_path), S("id,text\r\n1,\"a\nb\"\r\n2,\"a\nb\"\r\n3,\"a\nb\"\r\n")));
    assert_int_equal(count_files(), 2);
}

static void no_rows_make_valid_files(void **state)
{
    (void)state;
    Rows rows = {0};
    DatasetFiles files;
    Error e;
    assert_true(write_rows(&rows, &files, &e));
    assert_true(str_eq(read_back(files.json_path), S("[]\n")));
    assert_true(str_eq(read_back(files.csv_path), S("id,text\r\n")));
}

static void a_failure_leaves_what_was_there(void **state)
{
    (void)state;
    Rows first = {.n = 2}, failing = {.n = 100000, .fail_at = 90000};
    DatasetFiles files;
    Error e;
    assert_true(write_rows(&first, &files, &e));
    Str json = read_back(files.json_path), csv = read_back(files.csv_path);
    assert_false(write_rows(&failing, &files, &e));
    assert_string_equal(e.code, "journal");
    assert_true(str_eq(read_back(files.json_path), json));
    assert_true(str_eq(read_back(files.csv_path), csv));
    assert_int_equal(count_files(), 2);
}

static void a_full_disk_leaves_what_was_there(void **state)
{
    (void)state;
    Rows first = {.n = 2}, large = {.n = 200000};
    DatasetFiles files;
    Error e;
    assert_true(write_rows(&first, &files, &e));
    Str json = read_back(files.json_path), csv = read_back(files.csv_path);
    // A file of more than a megabyte fails with EFBIG, as a full disk fails with ENOSPC.
    struct rlimit was, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = (struct rlimit){1 << 20, was.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    bool ok = write_rows(&large, &files, &e);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_false(ok);
    assert_int_equal(e.kind, ERROR_FILE);
    assert_true(str_eq(read_back(files.json_path), json));
    assert_true(str_eq(read_back(files.csv_path), csv));
    assert_int_equal(count_files(), 2);
}

static void a_folder_in_the_way_is_found_before_anything_is_replaced(void **state)
{
    (void)state;
    Rows first = {.n = 2}, second = {.n = 3};
    DatasetFiles files;
    Error e;
    assert_true(write_rows(&first, &files, &e));
    Str json = read_back(files.json_path);
    unlink(files.csv_path);
    assert_int_equal(mkdir(files.csv_path, 0777), 0);
    assert_false(write_rows(&second, &files, &e));
    assert_true(str_eq(read_back(files.json_path), json));
    rmdir(files.csv_path);
}

static void too_long_a_path_is_an_error(void **state)
{
    (void)state;
    static char path[5000];
    memset(path, 'a', sizeof path - 1);
    Rows rows = {0};
    DatasetFiles files;
    Error e;
    DatasetSource source = {next_row, &rows};
    assert_false(dataset_write(path, "x", S("a\r\n"), &source, &files, &e));
    assert_int_equal(e.kind, ERROR_FILE);
}

static void many_rows_take_no_more_memory(void **state)
{
    (void)state;
    struct rusage before, after;
    Rows rows = {.n = 400000};
    DatasetFiles files;
    Error e;
    getrusage(RUSAGE_SELF, &before);
    assert_true(write_rows(&rows, &files, &e));
    getrusage(RUSAGE_SELF, &after);
    struct stat st;
    assert_int_equal(stat(files.json_path, &st), 0);
    assert_true(st.st_size > 10 << 20);
    assert_true(after.ru_maxrss - before.ru_maxrss < 6 << 10);
}

static void money_is_exact(void **state)
{
    (void)state;
    const struct {
        Money money;
        const char *text;
    } cases[] = {{0, "0.0"}, {1, "0.000000001"}, {1250000000, "1.25"}, {12345678901, "12.345678901"},
                 {1000000000, "1.0"}, {-500000000, "-0.5"}, {INT64_MIN, "-9223372036.854775808"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str text = money_text(cases[i].money, &arena);
        assert_true(str_eq(text, str_from(cases[i].text)));
    }
}

static void a_run_file_says_everything(void **state)
{
    (void)state;
    const RunFileHash hashes[] = {{S("prompting/user-prompt.txt"), S("00ff")}, {S("knowledge/a \"b\".md"), S("11")}};
    const RunFileReason reasons[] = {{S("order"), 2}, {S("duplicate"), 1}};
    RunFile run = {.version = S("0.1.0"), .stamp = S("26-11-22-15h04m05s"), .project = S("coffee"), .complete = true,
                   .seed = UINT64_MAX, .started = 0, .ended = NANOS_PER_SECOND, .settings_json = S("{\"attempts\":3}"),
                   .model = S("m"), .address = S("http://localhost:1/v1"), .api = S("openai"), .files = hashes, .n_files = 2,
                   .asked = 5, .kept = 4, .handwritten = 1, .failed = 1, .requests = 9, .rejected = reasons, .n_rejected = 2,
                   .prompt_tokens = 10, .completion_tokens = 20, .currency = S("USD"), .cost = 1500,
                   .time = 1500 * NANOS_PER_MS};
    Buf text = {0};
    run_file_render(&run, &text);
    assert_true(str_eq(buf_str(&text),
                       S("{\n\"version\":1,\"confab\":\"0.1.0\",\n\"run\":\"26-11-22-15h04m05s\",\"project\":\"coffee\",\"complete\":true,\n"
                         "\"seed\":18446744073709551615,\"started\":\"1970-01-01T00:00:00Z\",\"ended\":\"1970-01-01T00:00:01Z\",\n"
                         "\"settings\":{\"attempts\":3},\n\"model\":{\"asked\":\"m\",\"reported\":null},\n"
                         "\"server\":{\"address\":\"http://localhost:1/v1\",\"api\":\"openai\",\"reported\":null},\n"
                         "\"files\":{\n  \"prompting/user-prompt.txt\":\"00ff\",\n  \"knowledge/a \\\"b\\\".md\":\"11\"},\n"
                         "\"counts\":{\"asked\":5,\"kept\":4,\"handwritten\":1,\"failed\":1,\"rejected\":{\"order\":2,\"duplicate\":1},\"requests\":9},\n"
                         "\"tokens\":{\"prompt\":10,\"completion\":20,\"cached\":0,\"estimated\":false},\n"
                         "\"cost\":{\"currency\":\"USD\",\"amount\":0.0000015},\n\"estimate\":null,\n\"seconds\":1.5\n}\n")));
    buf_clear(&text);
    run.currency = (Str){0};
    run.seed = 7;
    run_file_render(&run, &text);
    assert_true(str_contains(buf_str(&text), S("\"cost\":null")));
    json_t *value;
    Error e;
    assert_true(json_read(str_trim(buf_str(&text)), S("x"), &value, &e));
    json_decref(value);
    char path[128];
    snprintf(path, sizeof path, "%s/a.run.json", folder);
    assert_true(run_file_write(path, &run, &e));
    assert_true(str_eq(read_back(path), buf_str(&text)));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_files_hold_every_row),
        cmocka_unit_test(no_rows_make_valid_files),
        cmocka_unit_test(a_failure_leaves_what_was_there),
        cmocka_unit_test(a_full_disk_leaves_what_was_there),
        cmocka_unit_test(a_folder_in_the_way_is_found_before_anything_is_replaced),
        cmocka_unit_test(too_long_a_path_is_an_error),
        cmocka_unit_test(many_rows_take_no_more_memory),
        cmocka_unit_test(money_is_exact),
        cmocka_unit_test(a_run_file_says_everything),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
