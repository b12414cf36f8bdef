// SPDX-License-Identifier: Apache-2.0
//
// Parquet files that pyarrow and DuckDB wrote (data/parquet/make.py), read and written again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/random.h"
#include "dedup/parquet_column.h"
#include "dedup/parquet_rewrite.h"
#include "dedup/parquet_text.h"

static const char *data_file(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, TEST_DATA "/parquet/%s.parquet", name);
    return path;
}

static void all_texts(const char *path, Str field, Buf *out)
{
    ParquetText *p;
    RecordText record = {0};
    Error e;
    if (!parquet_text_open(path, field, &p, &e)) fail_msg("%s: %s", path, e.what);
    for (int round = 0; round < 2; round++) {
        buf_clear(out);
        while (parquet_text_next(p, &record, &e)) {
            buf_printf(out, "[%.*s]%s", STR_ARG(buf_str(&record.text)), record.handwritten ? "h" : "");
            if (record.scored) buf_printf(out, "%g", record.score);
        }
        if (e.kind) fail_msg("%s: %s", path, e.what);
        parquet_text_rewind(p);
    }
    buf_free(&record.text);
    parquet_text_close(p);
}

static const char *const writers[] = {"snappy", "zstd-2", "gzip", "plain", "small-pages", "delta", "duckdb", "duckdb-2"};
enum { WRITERS = sizeof writers / sizeof *writers };

#define Q(i) "[Question " #i " \xC3\xA9\n"
static const char conversations[] = Q(0) "]0" Q(1) "Answer.]0.5" Q(2) "Answer.Answer.]h1" Q(3) "]1.5[]2[]2.5" Q(6) "]3" Q(7) "Answer.]" Q(8) "Answer.Answer.]4";

static void test_what_every_writer_wrote(void **state)
{
    (void)state;
    Buf found = {0};
    for (size_t i = 0; i < WRITERS; i++) {
        all_texts(data_file(writers[i]), (Str){0}, &found);
        if (!str_eq(buf_str(&found), str_from(conversations))) fail_msg("%s: %.*s", writers[i], STR_ARG(buf_str(&found)));
    }
    all_texts(data_file("text"), (Str){0}, &found);
    assert_true(str_eq(buf_str(&found), S("[one][][yes]")));
    all_texts(data_file("list"), (Str){0}, &found);
    assert_true(str_eq(buf_str(&found), S("[a\nb][][c]")));
    all_texts(data_file("snappy"), S("tags"), &found);
    assert_true(str_starts(buf_str(&found), S("[]0[]0.5[t0\nt1]h1[]1.5")));
    all_texts(data_file("snappy"), S("messages.list.element.role"), &found);
    assert_true(str_starts(buf_str(&found), S("[user\nassistant]0")));
    buf_free(&found);
}

static void test_what_is_wrong(void **state)
{
    (void)state;
    ParquetText *p;
    RecordText record = {0};
    Error e;
    assert_false(parquet_text_open(data_file("snappy"), S("nothing"), &p, &e));
    assert_int_equal(e.kind, ERROR_USAGE);
    assert_non_null(strstr(e.hint, "id, messages, source"));
    assert_false(parquet_text_open(data_file("snappy"), S("n"), &p, &e));  // no text
    assert_true(parquet_text_open(data_file("brotli"), (Str){0}, &p, &e));
    assert_false(parquet_text_next(p, &record, &e));
    assert_int_equal(e.kind, ERROR_FILE);
    assert_non_null(strstr(e.hint, "Snappy"));
    parquet_text_close(p);
    assert_false(parquet_text_open("/dev/null", (Str){0}, &p, &e));
    buf_free(&record.text);
}

// ---- writing ------------------------------------------------------------------------------------

static bool add(void *ctx, Str bytes, Error *e)
{
    (void)e;
    buf_add(ctx, bytes);
    return true;
}

// Every entry of a column of the rows that `keeps` names, in a form that can be compared.
static void column_of(const char *path, size_t leaf, unsigned keeps, Buf *out)
{
    ParquetText *p;
    ParquetEntry x;
    Error e;
    assert_true(parquet_text_open(path, (Str){0}, &p, &e));
    const ParquetMeta *meta = parquet_text_meta(p);
    ParquetColumn *c = parquet_column_new(parquet_text_file(p), path, meta, leaf);
    unsigned row = 0;
    for (size_t g = 0; g < meta->n_groups; g++) {
        parquet_column_start(c, g);
        while (parquet_column_next(c, &x, &e)) {
            row += x.rep == 0;
            if (!(keeps >> (row - 1) & 1)) continue;
            buf_printf(out, "%u %u ", x.rep, x.def);
            if (x.present) buf_add(out, x.value);
            buf_add_char(out, '\n');
        }
        assert_int_equal(e.kind, ERROR_NONE);
    }
    parquet_column_free(c);
    parquet_text_close(p);
}

static void test_rows_written_again(void **state)
{
    (void)state;
    static const unsigned choices[] = {0x1FF, 0x0AB, 0x1F0, 0x001, 0};
    char written[] = "/tmp/confab-parquet-XXXXXX";
    close(mkstemp(written));
    for (size_t w = 0; w < WRITERS; w++)
        for (size_t k = 0; k < sizeof choices / sizeof *choices; k++) {
            ParquetText *p;
            ParquetOut out;
            Buf bytes = {0};
            Error e;
            const char *path = data_file(writers[w]);
            uint8_t keeps[2] = {(uint8_t)choices[k], (uint8_t)(choices[k] >> 8)};
            assert_true(parquet_text_open(path, (Str){0}, &p, &e));
            size_t leaves = parquet_text_meta(p)->n_leaves;
            assert_int_equal(leaves, 9);
            assert_true(parquet_out_begin(&out, add, &bytes, &e));
            assert_true(parquet_out_add(&out, parquet_text_file(p), path, parquet_text_meta(p), keeps, 0, &e));
            assert_true(parquet_out_end(&out, parquet_text_meta(p), &e));
            parquet_out_free(&out);
            parquet_text_close(p);
            assert_true(file_write_whole(written, buf_str(&bytes), &e));
            for (size_t leaf = 0; leaf < leaves; leaf++) {
                Buf before = {0}, after = {0};
                column_of(data_file(writers[w]), leaf, choices[k], &before);
                column_of(written, leaf, ~0u, &after);
                assert_true(str_eq(buf_str(&before), buf_str(&after)));
                buf_free(&before);
                buf_free(&after);
            }
            buf_free(&bytes);
        }
    remove(written);
}

// Every bit of small files turned over: an error or rows, never more.
static void test_damaged_files(void **state)
{
    (void)state;
    char path[] = "/tmp/confab-parquet-XXXXXX";
    Arena a = {0};
    Error e;
    Random random = random_from(3);
    RecordText record = {0};
    close(mkstemp(path));
    for (size_t w = 0; w < WRITERS; w++) {
        Str whole;
        assert_true(file_read(data_file(writers[w]), 1 << 20, &a, &whole, NULL, &e));
        char *bytes = arena_cstr(&a, whole);
        for (unsigned i = 0; i < 150; i++) {
            size_t at = random_below(&random, whole.len), len = i % 10 ? whole.len : at;
            char kept = bytes[at];
            ParquetText *p;
            bytes[at] = (char)(bytes[at] ^ 1 << i % 8);
            assert_true(file_write_whole(path, (Str){bytes, len}, &e));
            bytes[at] = kept;
            if (!parquet_text_open(path, (Str){0}, &p, &e)) continue;
            for (unsigned rows = 0; rows < 1000 && parquet_text_next(p, &record, &e);) rows++;
            parquet_text_close(p);
        }
    }
    buf_free(&record.text);
    arena_free(&a);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_every_writer_wrote),
        cmocka_unit_test(test_what_is_wrong),
        cmocka_unit_test(test_rows_written_again),
        cmocka_unit_test(test_damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
