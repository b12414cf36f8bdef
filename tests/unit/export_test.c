// SPDX-License-Identifier: Apache-2.0
//
// Every text format against its golden files in data/export/<format>/; CONFAB_GOLDEN=write in the environment
// rewrites them. Parquet's pages are read by other programs in tests/loaders.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/path.h"
#include "output/export.h"

static char folder[64];
static Arena arena;

static const KeptItem items[] = {
    {0, {S_INIT("{\"id\":\"r-0\"}"), S_INIT("r-0,=1+1,\"say \"\"hi\"\"\"\r\n"),
         S_INIT("{\"topic\":\"tea\",\"document\":\"green.md\",\"mood\":\"calm\",\"@record\":{\"id\":\"r-0\",\"run\":\"r\",\"index\":0,\"attempt\":1,"
                "\"source\":\"generated\",\"partition\":\"train\",\"topic\":\"tea\",\"labels\":{\"mood\":\"calm\",\"age\":21},"
                "\"chunks\":[{\"document\":\"tea/green.md\"}],\"template\":null,\"parameters\":{\"temperature\":0.5},\"model\":\"m\",\"seed\":7,"
                "\"system\":\"Be kind.\"}}"),
         S_INIT("[{\"participant\":\"Ada\",\"role\":\"user\",\"text\":\"Hello \\\"you\\\"\\n<|im_end|>\",\"act\":\"ask\"},"
                "{\"participant\":\"Bot\",\"role\":\"assistant\",\"text\":\"Gr\xC3\xBC\xC3\x9F Gott\"},"
                "{\"participant\":\"Ada\",\"role\":\"user\",\"text\":\"One\"},{\"participant\":\"Ada\",\"role\":\"user\",\"text\":\"Two\"},"
                "{\"participant\":\"Bot\",\"role\":\"assistant\",\"text\":\"Done \\u00e9.\"}]"), {0}, {0}}},
    {1, {S_INIT("{\"id\":\"r-1\"}"), S_INIT("r-1,-5,\"@a, b\"\r\n"),
         S_INIT("{\"@record\":{\"id\":\"r-1\",\"run\":\"r\",\"index\":1,\"attempt\":2,\"source\":\"generated\",\"partition\":\"train\",\"topic\":null,"
                "\"labels\":{\"mood\":null,\"age\":30},\"chunks\":null,\"template\":\"short\",\"parameters\":{},\"model\":\"m\",\"seed\":8,\"system\":null}}"),
         S_INIT("[{\"participant\":\"Bot\",\"role\":\"assistant\",\"text\":\"Welcome\"},{\"participant\":\"Ada\",\"role\":\"critic\",\"text\":\"Hm\"},"
                "{\"participant\":\"Bot\",\"role\":\"assistant\",\"text\":\"Yes\"},{\"participant\":\"Ada\",\"role\":\"user\",\"text\":\"Bye\"}]"), {0}, {0}}},
    {(uint64_t)1 << 48, {S_INIT("{\"id\":\"r-e\"}"), S_INIT("r-e,,\r\n"),
         S_INIT("{\"@record\":{\"id\":\"r-e\",\"run\":\"r\",\"index\":null,\"attempt\":null,\"source\":\"handwritten\",\"partition\":\"train\",\"topic\":null,"
                "\"labels\":{\"mood\":\"angry\",\"age\":null},\"chunks\":null,\"template\":null,\"parameters\":null,\"model\":null,\"seed\":null,\"system\":null}}"),
         S_INIT("[{\"participant\":\"Ada\",\"role\":\"user\",\"text\":\"Only me\"}]"), {0}, {0}}},
};

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/confab-export-XXXXXX");
    return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    arena_free(&arena);
    return system(command);
}

static ExportPlan plan_of(const char *format, Str path)
{
    ExportPlan plan = {.format = export_format(str_from(format)), .path = path, .csv_header = S("id,a,b\r\n"),
                       .project = S("tea house"), .model = S("m"), .confab = S("0.1.0")};
    assert_non_null(plan.format);
    plan.folder = plan.format->folder;
    plan.parts[plan.n_parts++] = S("train");
    plan.labels[plan.n_labels++] = (ExportLabel){S("\"mood\""), EXPORT_TEXT};
    plan.labels[plan.n_labels++] = (ExportLabel){S("\"age\""), EXPORT_WHOLE};
    plan.turn_labels[plan.n_turn_labels++] = S("\"act\"");
    return plan;
}

static void write_rows(const ExportPlan *plan, uint64_t *unfit, uint64_t *trimmed)
{
    static Export x;
    ExportReader reader = {0};
    Error e = {0};
    const ExportRejected rejected[] = {{S("<think>no"), S("shape")}};
    assert_true(export_open(&x, plan, &e));
    for (size_t i = 0; i < 3; i++) {
        ExportRow row;
        export_read(&reader, &items[i], &row);
        row.split = plan->parts[i % plan->n_parts];
        if (i == 1) {
            row.prompt = S("[{\"role\":\"user\",\"content\":\"Write.\"}]");
            row.chosen = S("Ada: \"Hm\"");
            row.rejected = rejected;
            row.n_rejected = 1;
        }
        assert_true(export_row(&x, i % plan->n_parts, &row, &e));
    }
    assert_true(export_close(&x, &e));
    *unfit = *trimmed = 0;
    for (size_t i = 0; i < x.n_open; i++) {
        *unfit += x.files[i].unfit;
        *trimmed += x.files[i].trimmed;
    }
    export_abandon(&x);
    export_reader_free(&reader);
}

static Str read_file(const char *path)
{
    Str text = {0};
    Error e;
    if (!file_read(path, 1 << 20, &arena, &text, NULL, &e)) fail_msg("%s", e.what);
    return text;
}

static void compare(const char *path, const char *golden)
{
    Str got = read_file(path);
    if (getenv("CONFAB_GOLDEN")) {
        Error e;
        file_make_folders(arena_str(&arena, path_folder(str_from(golden))).ptr, &e);
        assert_true(file_write_whole(golden, got, &e));
    }
    Str want = read_file(golden);
    if (!str_eq(got, want)) fail_msg("%s differs:\n%.*s", golden, STR_ARG(got));
}

static void each_format_is_as_its_golden_file(void **state)
{
    (void)state;
    static const struct {
        const char *format, *file;  // "": the export itself
        uint64_t unfit, trimmed;
    } cases[] = {{"json", "", 0, 0}, {"csv", "", 0, 0}, {"jsonl", "", 0, 0}, {"openai", "", 1, 1}, {"sharegpt", "train.jsonl", 1, 1},
                 {"sharegpt", "dataset_info.json", 1, 1}, {"alpaca", "", 1, 1}, {"chatml", "", 0, 0}, {"dpo", "", 2, 0},
                 {"axolotl", "train.jsonl", 0, 0}, {"axolotl", "axolotl.yml", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[160], golden[512];
        uint64_t unfit, trimmed;
        snprintf(path, sizeof path, "%s/%s", folder, cases[i].format);
        ExportPlan plan = plan_of(cases[i].format, str_from(path));
        write_rows(&plan, &unfit, &trimmed);
        assert_int_equal(unfit, cases[i].unfit);
        assert_int_equal(trimmed, cases[i].trimmed);
        if (cases[i].file[0]) snprintf(path + strlen(path), 40, "/%s", cases[i].file);
        snprintf(golden, sizeof golden, "%s/export/%s/%s", TEST_DATA, cases[i].format,
                 cases[i].file[0] ? cases[i].file : "data");
        compare(path, golden);
    }
}

static void the_card_of_hf_is_as_its_golden_file(void **state)
{
    (void)state;
    char path[160], golden[512];
    uint64_t unfit, trimmed;
    snprintf(path, sizeof path, "%s/hf", folder);
    ExportPlan plan = plan_of("hf", str_from(path));
    plan.parts[plan.n_parts++] = S("test");
    write_rows(&plan, &unfit, &trimmed);
    snprintf(path, sizeof path, "%s/hf/data/test-00000-of-00001.parquet", folder);
    Str data = read_file(path);
    assert_true(str_starts(data, S("PAR1")) && str_ends(data, S("PAR1")));
    snprintf(path, sizeof path, "%s/hf/README.md", folder);
    Str card = read_file(path), line;
    // Sizes depend on the version of Zstandard.
    Buf steady = {0};
    while (str_cut(&card, '\n', &line))
        if (!str_contains(line, S("_bytes: ")) && !str_contains(line, S("_size: "))) {
            buf_add(&steady, line);
            buf_add_char(&steady, '\n');
        }
    Error e;
    snprintf(path, sizeof path, "%s/card", folder);
    assert_true(file_write_whole(path, buf_str(&steady), &e));
    buf_free(&steady);
    snprintf(golden, sizeof golden, "%s/export/hf/README.md", TEST_DATA);
    compare(path, golden);
}

static void compressed_is_the_same_text(void **state)
{
    (void)state;
    char path[160];
    uint64_t unfit, trimmed;
    snprintf(path, sizeof path, "%s/plain", folder);
    ExportPlan plan = plan_of("jsonl", str_from(path));
    write_rows(&plan, &unfit, &trimmed);
    Str plain = read_file(path);
    snprintf(path, sizeof path, "%s/packed", folder);
    plan.path = str_from(path);
    plan.zstd = true;
    write_rows(&plan, &unfit, &trimmed);
    Str packed = read_file(path);
    char *text = arena_alloc(&arena, plain.len + 1);
    assert_int_equal(ZSTD_decompress(text, plain.len + 1, packed.ptr, packed.len), plain.len);
    assert_memory_equal(text, plain.ptr, plain.len);
}

static void formulas_are_guarded(void **state)
{
    (void)state;
    char path[160];
    uint64_t unfit, trimmed;
    snprintf(path, sizeof path, "%s/safe", folder);
    ExportPlan plan = plan_of("csv", str_from(path));
    plan.csv_safe = plan.bom = true;
    write_rows(&plan, &unfit, &trimmed);
    assert_true(str_eq(read_file(path), S("\xEF\xBB\xBFid,a,b\r\nr-0,'=1+1,\"say \"\"hi\"\"\"\r\nr-1,-5,\"'@a, b\"\r\nr-e,,\r\n")));
}

static void a_failure_leaves_nothing(void **state)
{
    (void)state;
    char path[160];
    Error e;
    static Export x;
    snprintf(path, sizeof path, "%s/jsonl/below", folder);  // jsonl is a file
    ExportPlan plan = plan_of("parquet", str_from(path));
    assert_false(export_open(&x, &plan, &e));
    assert_int_equal(e.kind, ERROR_FILE);
    export_abandon(&x);
    snprintf(path, sizeof path, "%s/gone.jsonl", folder);
    plan = plan_of("jsonl", str_from(path));
    assert_true(export_open(&x, &plan, &e));
    export_abandon(&x);
    assert_false(file_exists(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_is_as_its_golden_file),
        cmocka_unit_test(the_card_of_hf_is_as_its_golden_file),
        cmocka_unit_test(compressed_is_the_same_text),
        cmocka_unit_test(formulas_are_guarded),
        cmocka_unit_test(a_failure_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
