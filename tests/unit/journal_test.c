// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "journal/journal.h"
#include "journal/lock.h"
#include "journal/store.h"

static char folder[64], path[96];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/confab-journal-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/run.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static const AskRow ask = {.wall = 1, .tokens_at_most = 100, .prompt_sha256 = S_INIT("ab"), .tries = 1};
static const AnswerRow answer = {.wall = 2, .status = 200, .endpoint = S_INIT("http://x"), .raw = S_INIT("{\0}")};

static void put_kept(Journal *j, uint64_t iteration)
{
    StepKey key = {iteration, 1, 0};
    char record[64];
    int n = snprintf(record, sizeof record, "{\"i\":%llu}", (unsigned long long)iteration);
    journal_ask(j, key, &ask);
    journal_answer(j, key, &answer);
    journal_verdict(j, key, &(VerdictRow){.final = true, .reason = S("kept")},
                    &(KeptRow){.record = {record, (size_t)n}, .csv = S("a,b\r\n")});
}

static bool collect(void *ctx, const IterationState *state)
{
    IterationState *all = ctx;
    all[state->iteration] = *state;
    return state->iteration < 9;
}

static void check_states(Journal *j)
{
    Error e;
    IterationState all[10] = {0};
    assert_true(journal_each_iteration(j, 0, collect, all, &e));
    assert_true(all[0].final && all[0].kept);
    assert_true(all[1].judged && !all[1].final && !all[1].kept);
    assert_int_equal(all[2].attempt, 2);
    assert_true(!all[2].answered && !all[2].judged);
    assert_true(all[3].answered && !all[3].judged);
    assert_int_equal(all[4].tries, 3);

    JournalSums sums;
    assert_true(journal_sum(j, &sums, &e));
    assert_int_equal(sums.kept, 3);
    assert_int_equal(sums.rejected, 2);
    assert_int_equal(sums.failed, 0);
    assert_int_equal(sums.requests, 10);
    assert_int_equal(sums.tokens_lost, 55);
    assert_int_equal(sums.prompt_tokens, 20);
    assert_int_equal(sums.cost, 9);
    assert_string_equal(sums.reasons[0].name, "order");

    Arena a = {0};
    AnswerRow got;
    assert_true(journal_get_answer(j, (StepKey){3, 1, 0}, &a, &got, &e));
    assert_int_equal(got.raw.len, 3);
    assert_memory_equal(got.raw.ptr, "{\0}", 3);
    assert_false(journal_get_answer(j, (StepKey){4, 1, 0}, &a, &got, &e));
    assert_int_equal(e.kind, ERROR_NONE);
    Str value;
    assert_true(journal_get_fact(j, S("seed"), &a, &value));
    assert_true(str_eq(value, S("7")));
    assert_false(journal_get_fact(j, S("nothing"), &a, &value));
    arena_free(&a);

    KeptReader *r = journal_read_kept(j, &e);
    KeptItem item;
    uint64_t order[] = {0, 5, 6};
    for (size_t i = 0; i < 3; i++) {
        assert_true(kept_next(r, &item, &e));
        assert_int_equal(item.iteration, order[i]);
    }
    assert_true(str_eq(item.row.record, S("{\"i\":6}")));
    assert_false(kept_next(r, &item, &e));
    assert_int_equal(e.kind, ERROR_NONE);
    kept_close(r);
}

static void fill(Journal *j)
{
    journal_fact(j, S("seed"), S("6"));
    journal_fact(j, S("seed"), S("7"));
    put_kept(j, 6);
    put_kept(j, 0);
    VerdictRow rejected = {.reason = S("order"), .prompt_tokens = 10, .cost = 1};
    journal_ask(j, (StepKey){1, 1, 0}, &ask);
    journal_answer(j, (StepKey){1, 1, 0}, &answer);
    journal_verdict(j, (StepKey){1, 1, 0}, &rejected, NULL);
    journal_ask(j, (StepKey){2, 1, 0}, &ask);
    journal_verdict(j, (StepKey){2, 1, 0}, &rejected, NULL);
    journal_ask(j, (StepKey){2, 2, 0}, &ask);
    journal_ask(j, (StepKey){3, 1, 0}, &ask);
    journal_answer(j, (StepKey){3, 1, 0}, &answer);
    AskRow again = ask;
    again.tries = 3;
    again.tokens_lost = 55;
    again.cost_lost = 7;
    journal_ask(j, (StepKey){4, 1, 0}, &ask);
    journal_ask(j, (StepKey){4, 1, 0}, &again);
    put_kept(j, 5);
}

static void rows_come_back(bool threaded)
{
    Error e;
    Journal *j;
    assert_true(journal_create(path, &(JournalOptions){.threaded = threaded}, &j, &e));
    fill(j);
    assert_true(journal_flush(j, &e));
    check_states(j);
    assert_true(journal_close(j, &e));
    assert_false(journal_create(path, &(JournalOptions){.threaded = threaded}, &j, &e));
    assert_int_equal(e.kind, ERROR_FILE);
    assert_true(journal_open(path, &(JournalOptions){.threaded = threaded}, &j, &e));
    check_states(j);
    Journal *reader;
    assert_true(journal_open_to_read(path, &reader, &e));
    check_states(reader);
    assert_true(journal_close(reader, &e));
    assert_true(journal_close(j, &e));
}

static void test_rows_come_back(void **state)
{
    (void)state;
    rows_come_back(false);
}

static void test_rows_come_back_threaded(void **state)
{
    (void)state;
    rows_come_back(true);
}

// A process killed at once has every row it was told is durable.
static void test_durable_survives_a_kill(void **state)
{
    (void)state;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        Error e;
        Journal *j;
        if (!journal_create(path, &(JournalOptions){.threaded = true}, &j, &e)) _exit(1);
        for (uint64_t i = 0; i < 300; i++) {
            put_kept(j, i);
            Ticket safe = journal_durable(j);
            if (write(pipes[1], &safe, sizeof safe) < 0) _exit(1);
        }
        _exit(9);  // no close, no flush
    }
    close(pipes[1]);
    Ticket safe = 0, next;
    while (read(pipes[0], &next, sizeof next) == sizeof next) safe = next;
    close(pipes[0]);
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 9);
    Error e;
    Journal *j;
    assert_true(journal_open(path, &(JournalOptions){0}, &j, &e));
    KeptReader *r = journal_read_kept(j, &e);
    KeptItem item;
    uint64_t n = 0;
    while (kept_next(r, &item, &e)) assert_int_equal(item.iteration, n++);
    kept_close(r);
    assert_true(n >= safe / 3);
    assert_true(journal_close(j, &e));
}

// Reads between writes, with no flush by the caller: each sees what was put last, and the log of a
// process that is then killed holds everything.
static void put_and_get_then_die(void)
{
    enum { ROUNDS = 60 };
    Journal *j;
    Error e;
    Arena a = {0};
    bool ok = journal_create(path, &(JournalOptions){.threaded = true}, &j, &e);
    for (int i = 0; ok && i < ROUNDS; i++) {
        Str value, count = arena_printf(&a, "%d", i);
        journal_fact(j, S("count"), count);
        ok = journal_get_fact(j, S("count"), &a, &value) && str_eq(value, count);
        put_kept(j, (uint64_t)i);
        ok = ok && !journal_get_vector(j, (uint64_t)i, &a, &value);
    }
    ok = ok && journal_flush(j, &e);
    _exit(ok ? 0 : 1);
}

static void test_reads_between_writes(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) put_and_get_then_die();
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    Journal *j;
    Error e;
    JournalSums sums;
    assert_true(journal_open(path, &(JournalOptions){.threaded = true}, &j, &e));
    assert_true(journal_sum(j, &sums, &e));
    assert_int_equal(sums.kept, 60);
    assert_true(journal_close(j, &e));
}

static void test_a_failed_write_is_said(void **state)
{
    (void)state;
    Error e;
    Journal *j;
    assert_true(journal_create(path, &(JournalOptions){0}, &j, &e));
    put_kept(j, 0);
    assert_true(journal_flush(j, &e));
    Ticket safe = journal_durable(j);
    // Another program that holds the file for writing for longer than confab waits.
    char command[512];
    snprintf(command, sizeof command,
             "python3 -c \"import sqlite3,time; c=sqlite3.connect('%s'); c.execute('BEGIN EXCLUSIVE'); "
             "open('%s/held','w'); time.sleep(3)\" & while [ ! -e %s/held ]; do sleep 0.02; done",
             path, folder, folder);
    assert_int_equal(system(command), 0);
    put_kept(j, 1);
    assert_false(journal_flush(j, &e));
    assert_int_equal(e.kind, ERROR_FILE);
    assert_true(journal_failed(j, &e));
    put_kept(j, 2);
    assert_false(journal_flush(j, &e));
    assert_int_equal(journal_durable(j), safe);
    assert_false(journal_close(j, &e));
}

// ---- sums ---------------------------------------------------------------------------------------

static void put_failed(Journal *j, uint64_t iteration, const char *reason, unsigned attempts)
{
    for (unsigned attempt = 1; attempt <= attempts; attempt++) {
        StepKey key = {iteration, attempt, 0};
        journal_ask(j, key, &ask);
        journal_verdict(j, key, &(VerdictRow){.final = attempt == attempts, .reason = str_from(reason), .prompt_tokens = 10, .completion_tokens = 3,
                                              .cached_tokens = 2, .tokens_known = true, .cost = 7}, NULL);
    }
}

static JournalSums sums_of(Journal *j)
{
    Error e;
    JournalSums sums;
    assert_true(journal_flush(j, &e));
    assert_true(journal_sum(j, &sums, &e));
    return sums;
}

// The sums of settled iterations and of all rows must be one.
static void check_sums(Journal *j)
{
    Error e;
    Arena a = {0};
    Str settled = {0};
    JournalSums quick = sums_of(j);
    journal_get_fact(j, S("settled"), &a, &settled);
    journal_fact(j, S("settled"), S(""));
    JournalSums whole = sums_of(j);
    assert_memory_equal(&quick, &whole, sizeof quick);
    journal_fact(j, S("settled"), settled);
    assert_true(journal_flush(j, &e));
    arena_free(&a);
}

static void test_sums_of_settled_iterations(void **state)
{
    (void)state;
    Error e;
    Journal *j;
    Arena a = {0};
    Str settled;
    assert_true(journal_create(path, &(JournalOptions){0}, &j, &e));
    check_sums(j);
    for (uint64_t i = 3; i < 9; i++) put_kept(j, i);
    put_failed(j, 9, "empty", 3);
    put_failed(j, 10, "unknown_participant", 2);
    journal_fact(j, S("watermark"), S("10"));
    check_sums(j);
    assert_true(journal_get_fact(j, S("settled"), &a, &settled) && str_starts(settled, S("10 6 1 ")));
    journal_fact(j, S("watermark"), S("11"));
    check_sums(j);
    assert_true(journal_close(j, &e));
    // `confab retry`: what had been given up, and settled, is asked for again, and kept.
    assert_true(journal_open(path, &(JournalOptions){0}, &j, &e));
    assert_int_equal(sums_of(j).failed, 2);
    journal_ask(j, (StepKey){9, 4, 0}, &ask);
    assert_int_equal(sums_of(j).failed, 1);
    check_sums(j);
    journal_verdict(j, (StepKey){9, 4, 0}, &(VerdictRow){.final = true, .reason = S("kept")}, &(KeptRow){.record = S("{}")});
    journal_fact(j, S("watermark"), S("9"));
    check_sums(j);
    journal_fact(j, S("watermark"), S("12"));
    check_sums(j);
    assert_int_equal(sums_of(j).kept, 7);
    assert_int_equal(sums_of(j).rejected, 5);
    // What cannot be read is summed anew.
    journal_fact(j, S("settled"), S("12 1 2 x"));
    assert_int_equal(sums_of(j).kept, 7);
    assert_true(journal_close(j, &e));
    arena_free(&a);
}

static void test_what_is_no_journal(void **state)
{
    (void)state;
    Error e;
    Journal *j;
    assert_false(journal_open(path, &(JournalOptions){0}, &j, &e));
    assert_true(file_write_whole(path, S("this is not a database, only a text that is long enough to be read as one"), &e));
    assert_false(journal_open(path, &(JournalOptions){0}, &j, &e));
    assert_string_equal(e.code, "journal");
    assert_non_null(strstr(e.hint, "not a journal"));
}

static void test_lock(void **state)
{
    (void)state;
    Error e;
    int fd = lock_take(path, &e);
    assert_true(fd >= 0);
    assert_true(lock_is_held(path));
    assert_int_equal(lock_take(path, &e), -1);
    assert_string_equal(e.code, "locked");
    char who[32];
    snprintf(who, sizeof who, "process %ld", (long)getpid());
    assert_non_null(strstr(e.what, who));
    lock_release(fd);
    assert_false(lock_is_held(path));
    fd = lock_take(path, &e);
    assert_true(fd >= 0);
    lock_release(fd);
}

static atomic_int holders, taken;

static void *take_and_remove(void *most)
{
    Error e;
    for (int i = 0; i < 4000; i++) {
        int fd = lock_take(path, &e);
        if (fd < 0) continue;
        int now = atomic_fetch_add(&holders, 1) + 1;
        if (now > *(int *)most) *(int *)most = now;
        taken++;
        sched_yield();
        atomic_fetch_sub(&holders, 1);
        remove(path);
        lock_release(fd);
    }
    return NULL;
}

static void test_a_lock_removed_by_its_holder_has_one_holder(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    int most[THREADS] = {0};
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, take_and_remove, &most[i]), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_true(taken > 0);
    for (int i = 0; i < THREADS; i++) assert_true(most[i] <= 1);
}

static void *begin(void *store)
{
    return store_begin(store, NULL) ? store : NULL;
}

// In a child process: another thread is in the middle of a transaction. Returns only when nobody minds.
static void look_at_a_store_that_is_written(void)
{
    Store store;
    pthread_t thread;
    int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDERR_FILENO);
    if (!store_open(&store, path, STORE_CREATE, NULL, NULL) || pthread_create(&thread, NULL, begin, &store) != 0) _exit(1);
    pthread_join(thread, NULL);
    store_statement(&store, STORE_GET_FACT, NULL);
    _exit(0);
}

static void test_two_threads_are_never_in_one_store(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0) look_at_a_store_that_is_written();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    Store store;
    Error e;
    char other[112];
    snprintf(other, sizeof other, "%s/alone.db", folder);
    assert_true(store_open(&store, other, STORE_CREATE, NULL, &e));
    assert_true(store_begin(&store, &e) && store_fact(&store, S("a"), S("b"), &e) && store_end(&store, true, &e));
    assert_non_null(store_statement(&store, STORE_GET_FACT, &e));
    store_close(&store);
}

static void count(void *n) { ++*(unsigned *)n; }

static void test_what_is_gathered_is_one_transaction(void **state)
{
    (void)state;
    Error e;
    Journal *j;
    Arena a = {0};
    Str value;
    unsigned written = 0;
    JournalOptions options = {.threaded = true, .on_durable = count, .ctx = &written};
    assert_true(journal_create(path, &options, &j, &e));
    journal_gather(j);
    for (int i = 0; i < 100; i++) journal_fact(j, S("a"), S("b"));
    assert_int_equal(journal_durable(j), 0);
    assert_true(journal_get_fact(j, S("a"), &a, &value));
    assert_int_equal(written, 1);
    // A read ends it, and so does a close.
    journal_gather(j);
    journal_fact(j, S("c"), S("d"));
    assert_true(journal_close(j, &e));
    assert_true(journal_open(path, &options, &j, &e));
    assert_true(journal_get_fact(j, S("c"), &a, &value));
    assert_true(journal_close(j, &e));
    arena_free(&a);
}

static void test_who_is_in_a_hurry_need_not_flush(void **state)
{
    (void)state;
    Error e;
    Journal *j;
    assert_true(journal_create(path, &(JournalOptions){.threaded = true}, &j, &e));
    Ticket last = 0;
    for (int i = 0; i < 300; i++) {
        last = journal_fact(j, S("a"), S("b"));
        if (i % 3 == 0) journal_hurry(j);
    }
    // With a hurry or without, what was put gets there by itself.
    while (journal_durable(j) < last) usleep(1000);
    journal_hurry(j);
    last = journal_fact(j, S("c"), S("d"));
    journal_hurry(j);
    while (journal_durable(j) < last) usleep(1000);
    last = journal_fact(j, S("e"), S("f"));
    while (journal_durable(j) < last) usleep(1000);
    assert_true(journal_close(j, &e));
}

static void look_at_mask(void *out) { pthread_sigmask(SIG_SETMASK, NULL, out); }

// on_durable is called on the journal's thread.
static void test_signals_are_not_for_the_journal_s_thread(void **state)
{
    (void)state;
    Error e;
    Journal *j;
    sigset_t mask;
    sigemptyset(&mask);
    JournalOptions options = {.threaded = true, .on_durable = look_at_mask, .ctx = &mask};
    assert_true(journal_create(path, &options, &j, &e));
    journal_fact(j, S("a"), S("b"));
    assert_true(journal_flush(j, &e) && journal_close(j, &e));
    assert_true(sigismember(&mask, SIGINT) && sigismember(&mask, SIGUSR1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_come_back_threaded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_durable_survives_a_kill, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reads_between_writes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_write_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sums_of_settled_iterations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_journal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_lock_removed_by_its_holder_has_one_holder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_threads_are_never_in_one_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_gathered_is_one_transaction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_is_in_a_hurry_need_not_flush, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_signals_are_not_for_the_journal_s_thread, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
