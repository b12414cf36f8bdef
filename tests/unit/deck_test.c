// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "plan/deck.h"

static Arena arena;

static int free_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static Deck make(uint64_t seed, Str name, size_t n, const double *weights)
{
    Deck d;
    deck_init(&d, seed, name, n, weights, NULL, &arena);
    return d;
}

static void count(const Deck *d, uint64_t from, uint64_t n, unsigned *counts)
{
    memset(counts, 0, d->n * sizeof *counts);
    for (uint64_t i = from; i < from + n; i++) counts[deck_card(d, i).value]++;
}

static unsigned repeats(const Deck *d, uint64_t n)
{
    unsigned found = 0;
    for (uint64_t i = 1; i < n; i++) found += deck_card(d, i).value == deck_card(d, i - 1).value;
    return found;
}

static void a_round_has_every_value_once(void **state)
{
    (void)state;
    for (size_t n = 1; n < 40; n++) {
        Deck d = make(7, S("mood"), n, NULL);
        assert_int_equal(d.cards, n);
        unsigned counts[40];
        for (unsigned round = 0; round < 20; round++) {
            count(&d, round * n, n, counts);
            for (size_t i = 0; i < n; i++) assert_int_equal(counts[i], 1);
        }
        deck_free(&d);
    }
}

static void weights_hold_by_largest_remainder(void **state)
{
    (void)state;
    const struct {
        size_t n;
        double weights[5];
        unsigned expected[5];
    } cases[] = {
        {2, {3, 1}, {75, 25}},
        {3, {1, 1, 2}, {25, 25, 50}},
        {3, {0.07, 0.43, 0.5}, {7, 43, 50}},
        {3, {2, 2, 1.5}, {37, 36, 27}},           // 36.36, 36.36, 27.27: the odd card to the first
        {3, {4, 1, 1}, {67, 17, 16}},             // 66.67, 16.67, 16.67: the odd cards to the first two
        {3, {1000, 1, 0}, {99, 1, 0}},            // one at least, none for nothing
        {4, {1e308, 1e308, 5e307, 0}, {40, 40, 20, 0}},
        {5, {5, 4, 3, 2, 1}, {33, 27, 20, 13, 7}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        Deck d = make(1, S("x"), cases[c].n, cases[c].weights);
        unsigned counts[5];
        for (unsigned round = 0; round < 3; round++) {
            count(&d, (uint64_t)round * d.cards, d.cards, counts);
            for (size_t i = 0; i < cases[c].n; i++) assert_int_equal(counts[i], cases[c].expected[i]);
        }
        deck_free(&d);
    }
}

static void many_weighted_values_get_ten_cards_each(void **state)
{
    (void)state;
    double weights[200];
    for (size_t i = 0; i < 200; i++) weights[i] = 1;
    weights[3] = 50;
    Deck d = make(1, S("x"), 200, weights);
    unsigned counts[200];
    count(&d, 0, d.cards, counts);
    assert_in_range(d.cards, 2000, 2010);
    assert_in_range(counts[3], 400, 402);
    for (size_t i = 0; i < 200; i++)
        if (i != 3) assert_in_range(counts[i], 8, 9);
    assert_int_equal(repeats(&d, 5 * d.cards), 0);
    deck_free(&d);
}

static void equal_weights_are_no_weights(void **state)
{
    (void)state;
    Deck d = make(1, S("x"), 3, (double[]){2, 2, 2});
    assert_int_equal(d.cards, 3);
    deck_free(&d);
    d = make(1, S("x"), 3, (double[]){0, 0, 0});
    assert_int_equal(d.cards, 0);
    deck_free(&d);
}

static void no_value_twice_in_a_row(void **state)
{
    (void)state;
    const double weights[][6] = {
        {1, 1, 1, 1, 1, 1}, {1, 2, 3, 4, 5, 6}, {49, 30, 21, 0, 0, 0}, {49, 49, 2, 0, 0, 0}, {50, 49, 1, 0, 0, 0},
        {50, 25, 25, 0, 0, 0}, {1, 1, 0, 0, 0, 0}, {33, 33, 34, 0, 0, 0}, {48, 48, 1, 1, 1, 1}, {50, 50, 0, 0, 0, 0},
        {49.4, 49.4, 1.2, 0, 0, 0},
    };
    for (size_t c = 0; c < sizeof weights / sizeof *weights; c++)
        for (uint64_t seed = 0; seed < 30; seed++) {
            Deck d = make(seed, S("x"), 6, weights[c]);
            unsigned found = repeats(&d, 1500);
            if (found) fail_msg("case %zu seed %d: %u repeats", c, (int)seed, found);
            deck_free(&d);
        }
    for (size_t n = 2; n < 30; n++)
        for (uint64_t seed = 0; seed < 10; seed++) {
            Deck d = make(seed, S("x"), n, NULL);
            assert_int_equal(repeats(&d, 40 * n), 0);
            deck_free(&d);
        }
}

static void a_majority_repeats_no_more_than_it_must(void **state)
{
    (void)state;
    // 75 cards in 26 runs at most: 49 repeats a round, none of them of another value.
    Deck d = make(3, S("x"), 3, (double[]){75, 15, 10});
    unsigned major = 0, other = 0;
    for (uint64_t i = 1; i < 1000; i++) {
        uint32_t now = deck_card(&d, i).value, was = deck_card(&d, i - 1).value;
        if (now == was) now == 0 ? major++ : other++;
    }
    assert_int_equal(other, 0);
    assert_in_range(major, 490, 510);
    deck_free(&d);
}

static void any_position_can_be_asked_for(void **state)
{
    (void)state;
    const double weights[] = {5, 3, 2, 2};
    const double *kinds[] = {NULL, weights};
    for (int k = 0; k < 2; k++) {
        Deck walked = make(11, S("topic"), 4, kinds[k]);
        uint32_t seen[1000];
        uint64_t counts[4] = {0};
        for (uint64_t i = 0; i < 1000; i++) {
            DeckCard card = deck_card(&walked, i);
            seen[i] = card.value;
            assert_int_equal(card.before, counts[card.value]++);
        }
        // Backwards, in jumps, from a deck that has dealt nothing yet.
        Deck jumped = make(11, S("topic"), 4, kinds[k]);
        for (uint64_t i = 1000; i-- > 0;) assert_int_equal(deck_card(&jumped, i).value, seen[i]);
        for (uint64_t i = 0; i < 1000; i++) assert_int_equal(deck_card(&jumped, i * 617 % 1000).value, seen[i * 617 % 1000]);
        deck_free(&walked);
        deck_free(&jumped);
    }
}

static void far_positions_count_what_came_before(void **state)
{
    (void)state;
    Deck d = make(5, S("topic"), 2, (double[]){3, 1});
    uint64_t far = UINT64_C(5000000000);  // a whole number of rounds
    DeckCard card = deck_card(&d, far);
    uint64_t expected = far / 100 * (card.value == 0 ? 75 : 25);
    assert_true(card.before == expected);
    deck_free(&d);
}

static void groups_are_counted_together(void **state)
{
    (void)state;
    // Combinations of two topics and three moods; a topic's documents go on whatever the mood.
    uint32_t groups[] = {0, 0, 0, 1, 1, 1};
    Deck d;
    deck_init(&d, 9, S("topic mood"), 6, (double[]){2, 1, 1, 1, 1, 0}, groups, &arena);
    uint64_t counts[2] = {0};
    for (uint64_t i = 0; i < 500; i++) {
        DeckCard card = deck_card(&d, i);
        assert_int_equal(card.before, counts[groups[card.value]]++);
    }
    assert_int_not_equal(counts[1], 0);
    deck_free(&d);
}

static void seed_and_name_make_the_order(void **state)
{
    (void)state;
    Deck a = make(1, S("mood"), 8, NULL), b = make(1, S("mood"), 8, NULL);
    Deck other_seed = make(2, S("mood"), 8, NULL), other_name = make(1, S("tone"), 8, NULL);
    unsigned same_seed = 0, same_name = 0;
    for (uint64_t i = 0; i < 800; i++) {
        uint32_t value = deck_card(&a, i).value;
        assert_int_equal(value, deck_card(&b, i).value);
        same_seed += value == deck_card(&other_seed, i).value;
        same_name += value == deck_card(&other_name, i).value;
    }
    assert_in_range(same_seed, 60, 140);
    assert_in_range(same_name, 60, 140);
    deck_free(&a), deck_free(&b), deck_free(&other_seed), deck_free(&other_name);
}

static void decks_know_nothing_of_each_other(void **state)
{
    (void)state;
    for (size_t n = 3; n < 8; n++) {
        Deck a = make(6, S("mood"), n, NULL), b = make(6, S("tone"), n, NULL);
        unsigned pairs[8][8] = {{0}}, rounds = 400 * (unsigned)n;
        for (uint64_t i = 0; i < rounds * n; i++) pairs[deck_card(&a, i).value][deck_card(&b, i).value]++;
        // Each pair is expected 400 times; 5 standard deviations are 100.
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) assert_in_range(pairs[i][j], 300, 500);
        deck_free(&a), deck_free(&b);
    }
}

static void every_order_comes_up(void **state)
{
    (void)state;
    // Which value lies first, and which last, is even over rounds; so is every neighbourhood.
    Deck d = make(4, S("x"), 5, NULL);
    unsigned first[5] = {0}, last[5] = {0}, pairs[5][5] = {{0}};
    for (uint64_t round = 0; round < 5000; round++) {
        first[deck_card(&d, round * 5).value]++;
        last[deck_card(&d, round * 5 + 4).value]++;
        for (uint64_t i = 1; i < 5; i++) pairs[deck_card(&d, round * 5 + i - 1).value][deck_card(&d, round * 5 + i).value]++;
    }
    for (int i = 0; i < 5; i++) {
        assert_in_range(first[i], 900, 1100);
        assert_in_range(last[i], 900, 1100);
        for (int j = 0; j < 5; j++)
            if (i != j) assert_in_range(pairs[i][j], 880, 1120);
    }
    deck_free(&d);
}

static void the_order_never_changes(void **state)
{
    (void)state;
    // What a seed gives is a promise to people who repeat a run: a changed hash is a changed contract.
    const double weights[] = {1, 2, 3, 4, 5, 6, 7};
    const double majority[] = {9, 1, 1, 1, 1, 1, 1};
    const double *kinds[] = {NULL, weights, majority};
    const uint64_t expected[] = {UINT64_C(0xaa568d7e510940dc), UINT64_C(0x8a5de597eceb82f4), UINT64_C(0x653ad96d3c77fb6c)};
    for (int k = 0; k < 3; k++) {
        Deck d = make(42, S("mood"), 7, kinds[k]);
        uint64_t hash = 0;
        for (uint64_t i = 0; i < 500; i++) hash = hash_mix(hash, deck_card(&d, i).value);
        if (hash != expected[k]) fail_msg("kind %d: 0x%llx", k, (unsigned long long)hash);
        deck_free(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_has_every_value_once),
        cmocka_unit_test(weights_hold_by_largest_remainder),
        cmocka_unit_test(many_weighted_values_get_ten_cards_each),
        cmocka_unit_test(equal_weights_are_no_weights),
        cmocka_unit_test(no_value_twice_in_a_row),
        cmocka_unit_test(a_majority_repeats_no_more_than_it_must),
        cmocka_unit_test(any_position_can_be_asked_for),
        cmocka_unit_test(far_positions_count_what_came_before),
        cmocka_unit_test(groups_are_counted_together),
        cmocka_unit_test(seed_and_name_make_the_order),
        cmocka_unit_test(decks_know_nothing_of_each_other),
        cmocka_unit_test(every_order_comes_up),
        cmocka_unit_test(the_order_never_changes),
    };
    return cmocka_run_group_tests(tests, NULL, free_arena);
}
