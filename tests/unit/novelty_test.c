// SPDX-License-Identifier: Apache-2.0
//
// What counts as new in a run: handwritten examples, what the journal kept, openings, repeated turns,
// meanings, and topics that have nothing new left.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "plan/plan.h"
#include "project_folder.h"
#include "run/facts.h"
#include "run/novelty.h"

typedef struct World {
    ProjectFolder folder;
    Arena arena;
    Plan *plan;
    Journal *journal;
    RunSettings settings;
    Novelty *novelty;
} World;

static const FolderFile files[] = {
    {"prompting/system-prompt.txt", "You write chats.\n"},
    {"prompting/user-prompt.txt", "Topic {topic}: {knowledge}\n"},
    {"knowledge/tea/a.txt", "Tea is drunk hot in the morning.\n"},
    {"knowledge/milk/b.txt", "Milk comes from cows and oats alike.\n"},
    {"config/output-format.json", "{\"participants\": [\"Customer\", \"Agent\"]}\n"},
    {NULL, NULL},
};

static void world_open(World *w, const char *examples)
{
    const FolderFile more[] = {{examples ? "examples/examples.txt" : NULL, examples}, {NULL, NULL}};
    Error e;
    char path[128];
    *w = (World){.settings = {.iterations = 10, .max_exchanges = 3, .seed = 1, .dedup = true, .dedup_threshold = 0.8, .dedup_scope = S("run")}};
    folder_open(&w->folder, files, more);
    PlanSettings settings = {.seed = 1, .max_exchanges = 3, .model = S("m"), .run = S("26-11-22-15h04m05s")};
    assert_true(plan_open(&w->folder.project, &settings, &w->arena, &w->plan, &w->folder.problems));
    snprintf(path, sizeof path, "%s/run.db", w->folder.path);
    assert_true(journal_create(path, &(JournalOptions){0}, &w->journal, &e));
}

static void novelty_again(World *w)
{
    Error e;
    novelty_close(w->novelty);
    assert_true(journal_flush(w->journal, &e));
    NoveltyParts parts = {w->plan, &w->settings, "26-11-22-15h04m05s", w->journal};
    if (!novelty_open(&parts, &w->novelty, &e)) fail_msg("%s", e.what);
}

static void world_close(World *w)
{
    novelty_close(w->novelty);
    journal_close(w->journal, NULL);
    plan_close(w->plan);
    arena_free(&w->arena);
    folder_close(&w->folder);
}

static void keep(World *w, uint64_t iteration, const char *text)
{
    Error e;
    VerdictRow row = {.final = true, .reason = S("kept")};
    assert_true(novelty_add(w->novelty, iteration, str_from(text), &e));
    journal_verdict(w->journal, (StepKey){iteration, 1, 0}, &row, &(KeptRow){.record = S("{}"), .text = str_from(text)});
}

static bool is_new(World *w, const char *text, SeenMatch *match, Finding *why)
{
    *why = (Finding){0};
    return novelty_look(w->novelty, str_from(text), match, why);
}

#define LONG "where is my order now please tell me\nit left our house on monday morning and comes by train"

static void test_words(void **state)
{
    (void)state;
    World w;
    SeenMatch match;
    Finding why;
    world_open(&w, NULL);
    novelty_again(&w);
    assert_true(is_new(&w, LONG, &match, &why));
    keep(&w, 3, LONG);
    assert_false(is_new(&w, LONG, &match, &why));
    assert_true(match.exact && match.id == 3);
    assert_string_equal(why.message, "the same words as conversation 3");
    assert_false(is_new(&w, LONG " today", &match, &why));
    assert_true(match.similarity >= 0.8 && match.similarity < 1);
    assert_non_null(strstr(why.message, "like conversation 3"));
    assert_true(is_new(&w, "something else altogether\nindeed it is not the same at all", &match, &why));
    assert_true(match.similarity == 0);
    // What a resumed run knows is what the journal kept.
    novelty_again(&w);
    assert_false(is_new(&w, LONG, &match, &why));
    assert_int_equal(match.id, 3);
    world_close(&w);
}

static void test_handwritten(void **state)
{
    (void)state;
    World w;
    SeenMatch match;
    Finding why;
    world_open(&w, "Customer: where is my order now please tell me\nAgent: it left our house on monday morning and comes by train\n");
    novelty_again(&w);
    assert_false(is_new(&w, LONG, &match, &why));
    assert_int_equal(match.id >> NOVELTY_ID_BITS, FROM_HANDWRITTEN);
    assert_string_equal(why.message, "the same words as handwritten example 1");
    // They say nothing about how diverse the run is.
    assert_true(novelty_same_openings(w.novelty) < 0);
    world_close(&w);
}

static void test_openings_and_repeated_turns(void **state)
{
    (void)state;
    static const char same[] = "please tell me where is my order now\nsomebody signed for the parcel an hour ago in the house beside yours";
    static const char repeats[] = "how do I grind for a moka pot\nsomewhat coarser than for espresso I would say\nand for tea\n"
                                  "somewhat coarser than for espresso I would say";
    World w;
    SeenMatch match;
    Finding why;
    for (int reject = 0; reject < 2; reject++) {
        world_open(&w, NULL);
        w.settings.dedup_openers = reject;
        novelty_again(&w);
        assert_true(is_new(&w, LONG, &match, &why));
        keep(&w, 0, LONG);
        assert_int_equal(is_new(&w, same, &match, &why), !reject);
        if (reject) assert_string_equal(why.message, "opens like conversation 0");
        if (!reject) keep(&w, 1, same);
        assert_int_equal(is_new(&w, repeats, &match, &why), !reject);
        if (reject) assert_string_equal(why.message, "line 4 says again what line 2 says");
        if (!reject) {
            keep(&w, 2, repeats);
            assert_true(novelty_same_openings(w.novelty) > 0.33 && novelty_same_openings(w.novelty) < 0.34);
            assert_true(novelty_repeating(w.novelty) > 0.33 && novelty_repeating(w.novelty) < 0.34);
        }
        world_close(&w);
    }
}

static void test_without_dedup_it_is_measured(void **state)
{
    (void)state;
    World w;
    SeenMatch match;
    Finding why;
    world_open(&w, NULL);
    w.settings.dedup = false;
    for (int resumed = 0; resumed < 2; resumed++) {
        novelty_again(&w);
        for (uint64_t i = 0; !resumed && i < 4; i++) {
            assert_true(is_new(&w, LONG, &match, &why));
            assert_true(match.similarity == 0);
            keep(&w, i, LONG);
        }
        assert_true(diversity_distinct(novelty_diversity(w.novelty), 3) < 0.3);
        assert_true(novelty_same_openings(w.novelty) < 0);
        assert_int_equal(novelty_diversity(w.novelty)->texts, 4);
    }
    world_close(&w);
}

static void test_a_topic_is_exhausted(void **state)
{
    (void)state;
    World w;
    Error tell;
    PlanItem item = {.drawn = {.topic = 0}}, other = {.drawn = {.topic = 1}};
    unsigned told = 0;
    world_open(&w, NULL);
    novelty_again(&w);
    for (unsigned i = 1; i <= NOVELTY_EXHAUSTED + 2; i++) {
        item.drawn.iteration = i;
        item.drawn.attempt = 1;
        // The count survives a restart, and one whose verdict was lost counts once.
        if (i == 7) novelty_again(&w);
        if (i == 9) assert_false(novelty_judged(w.novelty, &item, true, &tell));
        assert_int_equal(novelty_judged(w.novelty, &item, true, &tell), i >= NOVELTY_EXHAUSTED);
        told += tell.kind != ERROR_NONE;
        assert_false(novelty_judged(w.novelty, &other, i % 2, &tell));
    }
    assert_int_equal(told, 1);
    // One new answer, and there is hope again.
    assert_false(novelty_judged(w.novelty, &item, false, &tell));
    assert_false(novelty_judged(w.novelty, &item, true, &tell));
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_handwritten),
        cmocka_unit_test(test_openings_and_repeated_turns),
        cmocka_unit_test(test_without_dedup_it_is_measured),
        cmocka_unit_test(test_a_topic_is_exhausted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
