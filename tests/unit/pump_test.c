// SPDX-License-Identifier: Apache-2.0
//
// Rows through the reader's thread: the same as without it, in order, whatever the caller stops at.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/buf.h"
#include "output/pump.h"

enum { ROWS = 3000, TEXT = 1000 };  // several batches, more than are on their way at a time

static char path[64];
static KeptQuery *query;

static int make_journal(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/confab-pump-XXXXXX");
    if (!mkdtemp(path)) return 1;
    snprintf(path + strlen(path), 8, "/a.db");
    Journal *j;
    Error e;
    if (!journal_create(path, &(JournalOptions){0}, &j, &e)) return 1;
    Buf text = {0};
    for (uint64_t i = 0; i < ROWS; i++) {
        buf_clear(&text);
        // One row is larger than a batch, some are empty.
        for (size_t k = 0; k < (i == 1000 ? 2 * PUMP_BATCH : i % 7 ? TEXT : 0); k++) buf_add_char(&text, (char)('a' + (i + k) % 26));
        KeptRow row = {.record = S("{}"), .csv = S(""), .drawn = S("{}"), .conversation = S("[]"), .text = buf_str(&text)};
        journal_verdict(j, (StepKey){i, 1, 0}, &(VerdictRow){.final = true, .reason = S("kept")}, &row);
    }
    buf_free(&text);
    journal_flush(j, &e);
    return journal_close(j, &e) && kept_query_open(path, &query, &e) ? 0 : 1;
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

typedef struct Seen {
    uint64_t n, bytes, stop;
    bool fails;
} Seen;

static bool see(void *ctx, const KeptItem *item, Error *e)
{
    Seen *s = ctx;
    assert_int_equal(item->iteration, s->n);
    assert_null(item->row.record.ptr);
    assert_true(str_eq(item->row.drawn, S("{}")));
    assert_int_equal(item->row.text.len, s->n == 1000 ? 2 * PUMP_BATCH : s->n % 7 ? TEXT : 0);
    if (item->row.text.len) assert_int_equal(item->row.text.ptr[item->row.text.len - 1], 'a' + (char)((s->n + item->row.text.len - 1) % 26));
    s->bytes += item->row.text.len;
    if (++s->n < s->stop) return true;
    return s->fails ? error_set(e, ERROR_FILE, "full", "the disk is full") : false;
}

static void all_rows_come_in_order(void **state)
{
    (void)state;
    Seen s = {.stop = UINT64_MAX};
    Error e;
    assert_true(pump_each(query, KEPT_DRAWN | KEPT_TEXT, see, &s, &e));
    assert_int_equal(s.n, ROWS);
    assert_true(s.bytes > 4 * PUMP_BATCHES * (uint64_t)PUMP_BATCH / 2);
}

static void the_caller_may_stop_anywhere(void **state)
{
    (void)state;
    static const uint64_t stops[] = {1, 2, 300, 1000, 1001, 1500, ROWS};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        Seen s = {.stop = stops[i]};
        Error e;
        assert_true(pump_each(query, KEPT_DRAWN | KEPT_TEXT, see, &s, &e));
        assert_int_equal(s.n, stops[i]);
        s = (Seen){.stop = stops[i], .fails = true};
        assert_false(pump_each(query, KEPT_DRAWN | KEPT_TEXT, see, &s, &e));
        assert_int_equal(e.kind, ERROR_FILE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows_come_in_order),
        cmocka_unit_test(the_caller_may_stop_anywhere),
    };
    return cmocka_run_group_tests(tests, make_journal, remove_journal);
}
