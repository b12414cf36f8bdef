// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include "project/blocks.h"
#include "project/styles.h"

static const InjectionName injections[] = {{S_INIT("mood"), NULL, 0}};
static const Names names = {.injections = injections, .n_injections = 1, .n_participants = 2, .templates = true};

typedef struct World {
    Arena arena;
    Problems problems;
    Styles styles;
} World;

static bool read_text(World *w, const char *text)
{
    *w = (World){0};
    w->problems.arena = &w->arena;
    return styles_read(str_from(text), S("prompting/templates.txt"), &w->arena, &w->styles, &w->problems);
}

static void test_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *blocks[4];
    } cases[] = {
        {"", {0}},
        {"\n\n \n", {0}},
        {"---\n---", {0}},
        {"a", {"a"}},
        {"a\nb\n\nc", {"a\nb", "c"}},
        {"\n\na\n\n\n\nb\n\n", {"a", "b"}},
        {"a\n\nb\n---\nc", {"a\n\nb", "c"}},
        {"---\na\n--- \n\n\nb\n  \n---", {"a", "b"}},
        {"a\n----\nb", {"a\n----\nb"}},
        {"a\n ---\nb", {"a\n ---\nb"}},
        {"  indented\n\n", {"  indented"}},
        {"a\n \t \nb", {"a", "b"}},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        Arena a = {0};
        Str *blocks;
        size_t n = blocks_split(str_from(cases[i].text), &a, &blocks), want = 0;
        while (want < 4 && cases[i].blocks[want]) want++;
        if (n != want) fail_msg("'%s': %zu blocks, want %zu", cases[i].text, n, want);
        for (size_t k = 0; k < n; k++) assert_text(blocks[k], cases[i].blocks[k]);
        arena_free(&a);
    }
}

static void test_read(void **state)
{
    (void)state;
    World w;
    assert_true(read_text(&w, "[calm weight=2.5]\nBe {mood}.\n\nSecond one.\n---\nNo label\n---\n[in a hurry]\n\n  Short {{x}}.\n---\n[not a label] text"));
    assert_true(styles_compile(&w.styles, &names, &w.arena, &w.problems));
    assert_no_fault("styles", &w.problems);
    assert_int_equal(w.styles.n, 4);
    assert_text(w.styles.items[0].name, "calm");
    assert_true(w.styles.items[0].weight > 2.4 && w.styles.items[0].weight < 2.6);
    assert_text(w.styles.items[0].raw, "Be {mood}.\n\nSecond one.");
    assert_int_equal(w.styles.items[0].text.n, 3);
    assert_text(w.styles.items[1].name, "template-2");
    assert_text(w.styles.items[2].name, "in a hurry");
    assert_text(w.styles.items[2].raw, "  Short {{x}}.");
    assert_text(w.styles.items[3].raw, "[not a label] text");
    assert_int_equal(styles_find(&w.styles, S("calm")), 0);
    assert_int_equal(styles_find(&w.styles, S("template-4")), 3);
    assert_int_equal(styles_find(&w.styles, S("none")), -1);
    arena_free(&w.arena);
    assert_true(read_text(&w, ""));
    assert_int_equal(w.styles.n, 0);
    arena_free(&w.arena);
}

static void test_faults(void **state)
{
    (void)state;
    static const Fault cases[] = {
        {"[calm]\n\nText without rules", "template", 1, 1, "has no text", "right below the line in brackets"},
        {"[calm]\n---\ntext", "template", 1, 1, "has no text", "below the line in brackets"},
        {"one\n---\n[calm wieght=2]\ntext", "template", 3, 7, "unknown setting", "[name weight=2]"},
        {"[calm weight=much]\ntext", "template", 1, 7, "not a number", "[name weight=2]"},
        {"[calm weight=-1]\ntext", "template", 1, 7, "at least 0", "[name weight=2]"},
        {"[calm weight=]\ntext", "template", 1, 7, "not a number", "[name weight=2]"},
        {"[weight=2]\ntext", "template", 1, 1, "no name", "[name]"},
        {"[]\ntext", "template", 1, 1, "no name", "[name]"},
        {"[a]\nx\n---\n[a]\ny", "template", 4, 1, "same name", "another name"},
        {"[a weight=0]\nx\n---\n[b weight=0]\ny", "template", 1, 1, "all templates have weight 0", "above 0"},
        {"[a]\nBe {mod}.", "placeholder", 2, 4, "unknown name {mod}", "write {mood}"},
        {"[a]\nx\n---\n[b]\n\nline\nand {turn.text}", "placeholder", 7, 5, "no value here", "record"},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        World w;
        bool ok = read_text(&w, cases[i].text);
        ok = styles_compile(&w.styles, &names, &w.arena, &w.problems) && ok;
        assert_false(ok);
        assert_fault(&cases[i], &w.problems);
        arena_free(&w.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks), cmocka_unit_test(test_read), cmocka_unit_test(test_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
