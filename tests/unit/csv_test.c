// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "output/csv.h"

static void expect_row(const Str *fields, size_t n, const char *expected)
{
    Buf out = {0};
    CsvLine line = csv_line(&out);
    for (size_t i = 0; i < n; i++) csv_field(&line, fields[i]);
    csv_end(&line);
    buf_add_char(&out, '\0');
    assert_string_equal(out.ptr, expected);
    buf_free(&out);
}

static void plain_fields_stay_as_they_are(void **state)
{
    (void)state;
    expect_row((Str[]){S("a"), S("1.5"), S(""), S("Grüße")}, 4, "a,1.5,,Grüße\r\n");
}

static void what_csv_reads_is_quoted(void **state)
{
    (void)state;
    expect_row((Str[]){S("a,b"), S("say \"no\""), S("two\nlines"), S("\r")}, 4,
               "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",\"\r\"\r\n");
    expect_row((Str[]){S("\""), S("\"\"")}, 2, "\"\"\"\",\"\"\"\"\"\"\r\n");
}

static void outer_white_space_is_kept(void **state)
{
    (void)state;
    expect_row((Str[]){S(" a"), S("a\t"), S("a b")}, 3, "\" a\",\"a\t\",a b\r\n");
}

static void a_lone_empty_field_is_a_row(void **state)
{
    (void)state;
    expect_row((Str[]){S("")}, 1, "\"\"\r\n");
    expect_row((Str[]){{0}}, 1, "\"\"\r\n");
    expect_row((Str[]){S(""), S("")}, 2, ",\r\n");
}

static void rows_follow_each_other(void **state)
{
    (void)state;
    Buf out = {0};
    for (int i = 0; i < 2; i++) {
        CsvLine line = csv_line(&out);
        csv_field(&line, (Str){0});
        csv_end(&line);
    }
    assert_true(str_eq(buf_str(&out), S("\"\"\r\n\"\"\r\n")));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_fields_stay_as_they_are), cmocka_unit_test(what_csv_reads_is_quoted),
        cmocka_unit_test(outer_white_space_is_kept),     cmocka_unit_test(a_lone_empty_field_is_a_row),
        cmocka_unit_test(rows_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
