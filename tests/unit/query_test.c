// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <unistd.h>

#include "journal/query.h"

static char path[64];
static KeptQuery *query;

static KeptRow row_of(uint64_t i, char *drawn, size_t size)
{
    snprintf(drawn, size, "{\"topic\":\"%s\",\"mood\":\"%s\",\"@record\":{\"labels\":{\"it's\":1,\"end\":\"%s\"}}}", i % 2 ? "billing" : "tea",
             i % 3 ? "calm" : "angry", i < 5 ? "open" : "closed");
    return (KeptRow){S("{}"), S("a\r\n"), str_from(drawn), S("[{\"text\":\"hello\"},{\"text\":\"there\"}]"), S("hello\nthere"), {0}};
}

static int make_journal(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/confab-query-XXXXXX");
    if (!mkdtemp(path)) return 1;
    snprintf(path + strlen(path), 8, "/a.db");
    Journal *j;
    Error e;
    if (!journal_create(path, &(JournalOptions){0}, &j, &e)) return 1;
    char drawn[256];
    for (uint64_t i = 0; i < 10; i++) {
        KeptRow row = row_of(i, drawn, sizeof drawn);
        journal_verdict(j, (StepKey){i * 2, 1, 0}, &(VerdictRow){.final = true, .reason = S("kept")}, &row);
    }
    journal_flush(j, &e);
    if (!journal_close(j, &e) || !kept_query_open(path, &query, &e)) return 1;
    KeptRow added = row_of(1, drawn, sizeof drawn);
    return kept_query_add(query, &added, &e) ? 0 : 1;
}

static int remove_journal(void **state)
{
    (void)state;
    kept_query_close(query);
    char command[160];
    path[strlen(path) - 5] = 0;
    snprintf(command, sizeof command, "rm -r %s", path);
    return system(command);
}

static size_t matches(const char *expression)
{
    uint64_t *found;
    size_t n;
    Error e = {0};
    if (!kept_query_where(query, str_from(expression), &found, &n, &e)) fail_msg("%s: %s", expression, e.what);
    for (size_t i = 1; i < n; i++) assert_true(found[i - 1] < found[i]);
    free(found);
    return n;
}

static void conditions_find_rows(void **state)
{
    (void)state;
    assert_int_equal(matches("1"), 11);
    assert_int_equal(matches("topic = 'billing'"), 6);
    assert_int_equal(matches("topic = 'billing' and source = 'generated'"), 5);
    assert_int_equal(matches("source = 'handwritten' -- a remark"), 1);
    assert_int_equal(matches("\"index\" < 8 and turns >= 2"), 4);
    assert_int_equal(matches("mood = 'angry'"), 4);
    assert_int_equal(matches("\"end\" = 'open' and text like 'hello%'"), 6);
    assert_int_equal(matches("topic in (select topic from conversations where mood = 'angry' and topic = 'tea')"), 5);
    assert_int_equal(matches("0"), 0);
}

static void nothing_else_can_be_done(void **state)
{
    (void)state;
    const char *const bad[] = {
        "", "topik = 1", "1) --", "1); drop table kept; --", "1) union select iteration from kept --",
        "exists (select 1 from fact)", "exists (select 1 from sqlite_schema)", "exists (select record from main.kept where csv = 1)",
        "(select sql from sqlite_temp_schema) is null", "load_extension('x') is null",
        "exists (with recursive r(n) as (select 1 union all select n + 1 from r) select 1 from r where n < 0)",
        "(select * from pragma_database_list) is null", "(select csv from temp.added) is null",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t *found = NULL;
        size_t n;
        Error e = {0};
        if (kept_query_where(query, str_from(bad[i]), &found, &n, &e)) fail_msg("was allowed: %s", bad[i]);
        assert_int_equal(e.kind, ERROR_USAGE);
    }
    assert_int_equal(matches("1"), 11);
}

static bool count(void *ctx, const KeptItem *item, Error *e)
{
    (void)e;
    uint64_t *n = ctx;
    assert_null(item->row.record.ptr);
    assert_int_equal(item->row.csv.len, 3);
    if (item->iteration >= QUERY_ADDED) assert_int_equal(*n, 8);
    return ++*n < 20;
}

static void rows_come_in_order_with_the_asked_columns(void **state)
{
    (void)state;
    uint64_t n = 0, all;
    Error e;
    assert_true(kept_query_each(query, 4, KEPT_CSV, count, &n, &e));
    assert_int_equal(n, 9);
    assert_true(kept_query_count(query, &all, &e));
    assert_int_equal(all, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_find_rows),
        cmocka_unit_test(nothing_else_can_be_done),
        cmocka_unit_test(rows_come_in_order_with_the_asked_columns),
    };
    return cmocka_run_group_tests(tests, make_journal, remove_journal);
}
