// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "run/budget.h"
#include "run/item.h"
#include "run/pending.h"

static void test_budget(void **state)
{
    (void)state;
    Budget b = {.cap = {.tokens = 100}};
    Spending worst = {40, 7};
    assert_true(budget_reserve(&b, worst));
    assert_true(budget_reserve(&b, worst));
    assert_false(budget_reserve(&b, worst));
    assert_false(budget_exhausted(&b, worst));
    budget_settle(&b, worst, (Spending){10, 1});
    assert_true(budget_reserve(&b, worst));
    budget_settle(&b, worst, (Spending){40, 7});
    budget_settle(&b, worst, (Spending){40, 7});
    assert_int_equal(b.spent.tokens, 90);
    assert_int_equal(b.spent.cost, 15);
    assert_int_equal(b.reserved.tokens, 0);
    assert_true(budget_exhausted(&b, worst));
    assert_false(budget_exhausted(&b, (Spending){10, 0}));
    // No sum overflows where there is no cap.
    Budget open = {0};
    assert_true(budget_reserve(&open, (Spending){INT64_MAX / 2, INT64_MAX / 2}));
}

static void test_pricing(void **state)
{
    (void)state;
    Pricing p = {true, 2500000000, 1250000000, 10000000000};  // $2.50, $1.25 and $10 a million
    assert_int_equal(pricing_cost(&p, 1000000, 0, 0), 2500000000);
    assert_int_equal(pricing_cost(&p, 1000, 400, 100), 600 * 2500 + 400 * 1250 + 100 * 10000);
    assert_int_equal(pricing_cost(&p, 10, 50, 0), 10 * 1250);     // no more is cached than there was
    assert_int_equal(pricing_cost(&(Pricing){true, 1, 1, 1}, 1, 0, 0), 1);  // rounded up, never free
    assert_int_equal(pricing_cost(&(Pricing){0}, 1000, 0, 1000), 0);
    assert_true(pricing_cost(&p, INT64_C(1) << 40, 0, 0) > 0);
}

static void test_queues(void **state)
{
    (void)state;
    Item items[3] = {0};
    ItemQueue q = {0};
    for (size_t i = 0; i < 3; i++) queue_push(&q, &items[i]);
    assert_int_equal(q.n, 3);
    assert_ptr_equal(queue_pop(&q), &items[0]);
    assert_ptr_equal(queue_pop(&q), &items[1]);
    queue_push(&q, &items[0]);
    assert_ptr_equal(queue_pop(&q), &items[2]);
    assert_ptr_equal(queue_pop(&q), &items[0]);
    assert_null(queue_pop(&q));

    enum { N = 200 };
    Item many[N] = {0};
    ItemHeap h = {0};
    Random r = random_from(1);
    for (size_t i = 0; i < N; i++) {
        many[i].due = (Nanos)random_below(&r, 50);
        heap_push(&h, &many[i]);
    }
    Nanos last = 0;
    for (size_t i = 0; i < N; i++) {
        Item *item = heap_pop(&h);
        assert_true(item->due >= last);
        last = item->due;
    }
    assert_null(heap_pop(&h));
    heap_free(&h);
}

static void ask(Journal *j, uint64_t iteration, unsigned attempt)
{
    journal_ask(j, (StepKey){iteration, attempt, 0}, &(AskRow){.tokens_at_most = 50, .tries = 1});
}

static void judge_row(Journal *j, uint64_t iteration, unsigned attempt, bool final, const char *reason)
{
    ask(j, iteration, attempt);
    journal_answer(j, (StepKey){iteration, attempt, 0}, &(AnswerRow){.status = 200});
    journal_verdict(j, (StepKey){iteration, attempt, 0}, &(VerdictRow){.final = final, .reason = str_from(reason)}, NULL);
}

static void expect(Pending *p, Task want)
{
    Task got;
    assert_true(pending_next(p, &got));
    assert_int_equal(got.iteration, want.iteration);
    assert_int_equal(got.attempt, want.attempt);
    assert_int_equal(got.last_attempt, want.last_attempt);
    assert_int_equal(got.answered, want.answered);
    assert_int_equal(got.tokens_lost, want.tokens_lost);
}

static void test_pending(void **state)
{
    (void)state;
    char folder[] = "/tmp/confab-run-XXXXXX", path[64], command[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/j.db", folder);
    Error e;
    Journal *j;
    assert_true(journal_create(path, &(JournalOptions){0}, &j, &e));
    judge_row(j, 10, 1, true, "kept");
    judge_row(j, 11, 1, false, "order");     // its next attempt was never asked
    judge_row(j, 12, 1, false, "order");
    ask(j, 12, 2);                           // asked, never answered
    ask(j, 13, 1);
    journal_answer(j, (StepKey){13, 1, 0}, &(AnswerRow){.status = 200});
    judge_row(j, 15, 1, true, "order");      // given up; 14 was never asked
    assert_true(journal_flush(j, &e));

    Pending p;
    PendingOptions options = {.start = 10, .iterations = 8, .attempts = 3};
    assert_true(pending_from_journal(&p, j, &options, &e));
    expect(&p, (Task){.iteration = 13, .attempt = 1, .last_attempt = 3, .answered = true});
    expect(&p, (Task){.iteration = 11, .attempt = 2, .last_attempt = 3});
    expect(&p, (Task){.iteration = 12, .attempt = 2, .last_attempt = 3, .tokens_lost = 50});
    expect(&p, (Task){.iteration = 14, .attempt = 1, .last_attempt = 3});
    expect(&p, (Task){.iteration = 16, .attempt = 1, .last_attempt = 3});
    expect(&p, (Task){.iteration = 17, .attempt = 1, .last_attempt = 3});
    assert_true(pending_empty(&p));
    pending_free(&p);

    options.retry_failed = true;
    options.watermark = 14;  // does not hide what is to be retried
    assert_true(pending_from_journal(&p, j, &options, &e));
    Task task;
    bool retried = false;
    while (pending_next(&p, &task)) retried |= task.iteration == 15 && task.attempt == 2 && task.last_attempt == 4;
    assert_true(retried);
    pending_free(&p);
    assert_true(journal_close(j, &e));
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_pricing),
        cmocka_unit_test(test_queues),
        cmocka_unit_test(test_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
