// SPDX-License-Identifier: Apache-2.0
//
// Prompts that do not fit: fewer examples, then a smaller passage, then an error with the numbers. And what an answer
// and a run may take.
#include "project_folder.h"

#include "run/allowance.h"
#include "run/fit.h"
#include "run/forecast.h"

static const FolderFile files[] = {
    {"prompting/system-prompt.txt", "You write for {participants}."},
    {"prompting/user-prompt.txt", "Like these:\n{examples}\nAbout:\n{knowledge}\nEnd."},
    {"config/output-format.json", "{\"participants\":[\"Customer\",\"Agent\"],\"append\":false}"},
    {"examples/examples.txt", "Customer: One kettle boils.\nAgent: Two kettles boil.\n---\nCustomer: Three cups stand.\nAgent: Four cups stand."},
    {"knowledge/tea/green.md", "The first sentence is about water. The second sentence is about leaves. The third sentence is about cups. "
                               "The fourth sentence is about time. The fifth sentence is about taste. The sixth sentence is about price.\n"},
    {0},
};

typedef struct Fixture {
    ProjectFolder folder;
    Plan *plan;
    Arena item;
    Counter counter;
    Gauge gauge;
} Fixture;

static void fixture_open(Fixture *f)
{
    *f = (Fixture){0};
    folder_make(&f->folder, files, NULL);
    PlanSettings settings = {.seed = 7, .max_exchanges = 2, .model = S("tiny"), .run = S("26-11-22-15h04m05s"), .wall = INT64_C(1795359845) * NANOS_PER_SECOND};
    if (!folder_load(&f->folder, NULL) || !plan_open(&f->folder.project, &settings, &f->folder.arena, &f->plan, &f->folder.problems)) {
        problems_print(&f->folder.problems, stderr);
        fail_msg("no plan");
    }
    f->gauge = (Gauge){.counter = &f->counter};
}

static void fixture_close(Fixture *f)
{
    plan_close(f->plan);
    arena_free(&f->item);
    gauge_free(&f->gauge);
    folder_close(&f->folder);
}

static bool fit(Fixture *f, int64_t window, PlanItem *item, Fitted *fitted, Error *e)
{
    f->gauge.window = window;
    return fit_item(f->plan, 0, 1, &f->gauge, &f->item, item, fitted, e);
}

static void test_smaller_windows_take_more_away(void **state)
{
    (void)state;
    Fixture f;
    PlanItem item;
    Fitted fitted;
    Error e = {0};
    fixture_open(&f);
    assert_true(fit(&f, 0, &item, &fitted, &e));
    assert_true(fitted.room == INT64_MAX && item.n_shown == 2);
    size_t whole = item.knowledge.len;
    int64_t answer = allowance(&item, plan_form(f.plan), false, 0);
    // From a window that holds all down to one that holds nothing: never more, and in this order.
    int64_t window = answer + 2 * fitted.prompt;
    size_t examples = 2, passage = whole;
    bool fewer = false, shorter = false;
    for (; window > 0 && fit(&f, window, &item, &fitted, &e); window -= 2) {
        int64_t careful = fitted.most;
        assert_int_equal(careful, fitted.prompt + fitted.prompt * GUESS_ERROR / 100);
        assert_true(careful + allowance(&item, plan_form(f.plan), false, 0) <= window);
        assert_int_equal(fitted.room, window - careful);
        assert_true(item.n_shown <= examples && item.knowledge.len <= passage && item.knowledge.len > 0);
        if (item.knowledge.len < whole) assert_int_equal(item.n_shown, 0);
        examples = item.n_shown;
        passage = item.knowledge.len;
        fewer |= examples == 1;
        shorter |= passage < whole;
    }
    assert_true(fewer && shorter && window > 0);
    assert_string_equal(e.code, "context");
    assert_non_null(strstr(e.what, "the model holds"));
    assert_true(e.hint[0]);
    // The numbers are those of what did not fit: a prompt whose passage is gone would, and is none.
    for (; window > 0 && !fit(&f, window, &item, &fitted, &e); window -= 2) {
        long long needs, prompt, room, holds;
        assert_int_equal(sscanf(e.what, "iteration 0 needs %lld tokens, %lld for its prompt and %lld for the answer, but the model holds %lld", &needs, &prompt, &room, &holds), 4);
        assert_true(needs == prompt + room && needs > holds && holds == window);
    }
    fixture_close(&f);
}

static void test_allowance_doubles_up_to_its_ceiling(void **state)
{
    (void)state;
    Fixture f;
    PlanItem item;
    Fitted fitted;
    Error e;
    fixture_open(&f);
    assert_true(fit(&f, 0, &item, &fitted, &e));
    const Form *form = plan_form(f.plan);
    int64_t once = allowance(&item, form, false, 0);
    assert_int_equal(allowance(&item, form, false, 1), 2 * once);
    assert_int_equal(allowance(&item, form, false, 40), ALLOWANCE_MAX);
    assert_true(allowance(&item, form, true, 0) < once);
    ChatParam own[] = {{S("max_tokens"), S("77")}};
    item.params = own;
    item.n_params = 1;
    assert_int_equal(allowance(&item, form, false, 0), 77);
    Pricing pricing = {.known = true, .input = 1000, .output = 2000};
    assert_int_equal(spending_at_most(&item, 10, 5, &pricing).tokens,
                     15 + CHAT_SLACK + CHAT_SLACK_MESSAGE * (int64_t)item.n_messages + (int64_t)item.schema.len);
    fixture_close(&f);
}

static void test_a_forecast_is_compared(void **state)
{
    (void)state;
    Arena a = {0};
    Forecast f = {.known = true, .cost_known = true, .prompt = 1000, .completion_low = 100, .completion_high = 200, .cost_low = 10, .cost_high = 20,
                  .seconds_low = 10, .seconds_high = 20};
    Forecast again = forecast_from(forecast_fact(&f, &a));
    assert_true(again.known && again.cost_known && again.prompt == 1000 && again.completion_high == 200 && again.cost_high == 20 && again.seconds_low == 10 && again.seconds_high == 20);
    assert_false(forecast_from(S("")).known || forecast_from(S("[1")).known);
    JournalSums sums = {.kept = 4, .failed = 1, .prompt_tokens = 550, .completion_tokens = 75, .cost = 20};
    ForecastError off = forecast_error(&f, &sums, 12, 10);  // half of the run
    assert_true(off.prompt > 0.099 && off.prompt < 0.101);
    assert_true(off.completion == 0);
    assert_true(off.cost > 0.99 && off.cost < 1.01);
    Buf b = {0};
    forecast_render_json(&f, &off, &b);
    assert_true(str_contains(buf_str(&b), S("\"off\":{\"prompt\":0.1,\"completion\":0.0,\"cost\":1.0,\"time\":0.2}")));
    assert_true(str_contains(buf_str(&b), S("\"seconds\":{\"low\":10.0,\"high\":20.0}")));
    assert_true(forecast_error(&f, &(JournalSums){0}, 0, 10).prompt == 0);
    buf_free(&b);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smaller_windows_take_more_away),
        cmocka_unit_test(test_allowance_doubles_up_to_its_ceiling),
        cmocka_unit_test(test_a_forecast_is_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
