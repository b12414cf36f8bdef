// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include <math.h>

#include "project/parameters.h"

typedef struct World {
    Arena arena;
    Problems problems;
    Parameters parameters;
    bool ok;
} World;

static World read_text(const char *text)
{
    World w = {0};
    Arena *arena = mem_alloc(sizeof *arena);
    *arena = (Arena){0};
    w.problems.arena = arena;
    w.ok = parameters_read(str_from(text), S("config/generation-paramters.json"), arena, &w.parameters, &w.problems);
    return w;
}

static void close_world(World *w)
{
    arena_free(w->problems.arena);
    free(w->problems.arena);
}

static void test_faults(void **state)
{
    (void)state;
    static const Fault cases[] = {
        {"[1, 2]", "json", 1, 1, "a list stands here", "write an object"},
        {"{\"temprature\": 0.7}", "json", 1, 2, "unknown parameter \"temprature\"", "write \"temperature\""},
        {"{\"top-p\": 0.7}", "json", 1, 2, "unknown parameter", "write \"top_p\""},
        {"{\"topK\": 7}", "json", 1, 2, "unknown parameter", "write \"top_k\""},
        {"{\"max_token\": 7}", "json", 1, 2, "unknown parameter", "write \"max_tokens\""},
        {"{\"frequency_penality\": 1}", "json", 1, 2, "unknown parameter", "write \"frequency_penalty\""},
        {"{\n  \"model\": \"x\"}", "json", 2, 3, "\"model\" is not drawn", "--model"},
        {"{\"messages\": []}", "json", 1, 2, "not drawn", "prompting/"},
        {"{\"stream\": true}", "json", 1, 2, "not drawn", "confab decides"},
        {"{\"n\": 3}", "json", 1, 2, "not drawn", "--iterations"},
        {"{\"temperature\": -0.1}", "json", 1, 17, "temperature cannot be -0.1", "at least 0"},
        {"{\"temperature\": [-1, 1]}", "json", 1, 18, "temperature cannot be -1", "at least 0"},
        {"{\"temperature\": [1.0, 0.2]}", "json", 1, 17, "upside down", "smaller number first"},
        {"{\"temperature\": \"hot\"}", "json", 1, 17, "cannot be a string", "a number, or two for a range"},
        {"{\"temperature\": true}", "json", 1, 17, "cannot be true", "a number"},
        {"{\"top_p\": 1.5}", "json", 1, 11, "top_p cannot be 1.5", "from 0 to 1"},
        {"{\"top_p\": [0.5, 1.1]}", "json", 1, 17, "top_p cannot be 1.1", "from 0 to 1"},
        {"{\"top_p\": {\"min\": 0, \"max\": 2, \"step\": 1}}", "json", 1, 29, "top_p cannot be 2", "from 0 to 1"},
        {"{\"max_tokens\": 0}", "json", 1, 16, "cannot be 0", "at least 1"},
        {"{\"max_tokens\": 10.5}", "json", 1, 16, "a number with a fraction", "a whole number"},
        {"{\"max_tokens\": [10, 20.5]}", "json", 1, 21, "fraction", "a whole number"},
        {"{\"stop\": 3}", "json", 1, 10, "stop cannot be a number", "write a list"},
        {"{\"response_format\": \"json\"}", "json", 1, 21, "cannot be a string", "{\"value\": {…}}"},
        {"{\"x\": []}", "json", 1, 7, "nothing to draw", "values to draw from"},
        {"{\"x\": {\"choices\": []}}", "json", 1, 19, "nothing to draw", "values to draw from"},
        {"{\"x\": {\"choices\": 3}}", "json", 1, 19, "\"choices\" is a number", "a list of values"},
        {"{\"x\": {\"choices\": [1, 2], \"weights\": [1]}}", "json", 1, 38, "1 weights for 2 choices", "one weight for each"},
        {"{\"x\": {\"choices\": [1, 2], \"weights\": [1, -1]}}", "json", 1, 42, "below 0", "write 0"},
        {"{\"x\": {\"choices\": [1, 2], \"weights\": [0, 0]}}", "json", 1, 38, "all weights are 0", "above 0"},
        {"{\"x\": {\"choices\": [1, 2], \"weights\": \"a\"}}", "json", 1, 38, "\"weights\" is a string", "a list of numbers"},
        {"{\"x\": {\"choices\": [1, 2], \"weight\": [1, 1]}}", "json", 1, 27, "unknown key \"weight\"", "write \"weights\""},
        {"{\"x\": {\"value\": 1, \"min\": 0}}", "json", 1, 20, "unknown key \"min\"", "known here: value"},
        {"{\"x\": {\"min\": 0, \"max\": 1, \"steps\": 1}}", "json", 1, 28, "unknown key \"steps\"", "write \"step\""},
        {"{\"x\": {\"min\": 0, \"max\": 1, \"step\": 0}}", "json", 1, 36, "not a number above 0", "0.1"},
        {"{\"x\": {\"min\": 0, \"max\": 1, \"step\": 1e-12}}", "json", 1, 36, "too small", "larger"},
        {"{\"x\": {\"min\": 0}}", "json", 1, 7, "neither what to send", "{\"value\": …}"},
        {"{\"x\": {\"min\": \"a\", \"max\": 1}}", "json", 1, 7, "must be numbers", "\"min\": 0.2"},
        {"{\"x\": {}}", "json", 1, 7, "neither what to send", "draw"},
        {"{\"x\": [-1e308, 1e308]}", "json", 1, 7, "too wide", "smaller"},
        {"{\"top_k\": {\"min\": 1, \"max\": 9, \"step\": 0.5}}", "json", 1, 40, "whole numbers only", "whole number"},
        {"{\"x\": 1,}", "json", 1, 9, "", "strict JSON"},
        {"{\"x\": 1, \"x\": 2}", "json", 1, 10, "duplicate", "keep one"},
        {"{'x': 1}", "json", 1, 2, "", "double quotes"},
        {"{\"x\": NaN}", "json", 1, 9, "", "strict JSON"},
        {"", "json", 1, 1, "", "strict JSON"},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        World w = read_text(cases[i].text);
        assert_false(w.ok);
        assert_fault(&cases[i], &w.problems);
        close_world(&w);
    }
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        ParameterKind kind;
        ParameterType type;
        const char *first;   // what is drawn first from key 7; NULL: not said
    } cases[] = {
        {"{\"temperature\": 0.7}", PARAMETER_FIXED, TYPE_REAL, "0.7"},
        {"{\"temperature\": 1}", PARAMETER_FIXED, TYPE_INTEGER, "1"},
        {"{\"x\": \"y\"}", PARAMETER_FIXED, TYPE_STRING, "\"y\""},
        {"{\"x\": true}", PARAMETER_FIXED, TYPE_BOOLEAN, "true"},
        {"{\"temperature\": null}", PARAMETER_FIXED, TYPE_NULL, "null"},
        {"{\"x\": {\"value\": [1, 2]}}", PARAMETER_FIXED, TYPE_ARRAY, "[1,2]"},
        {"{\"temperature\": {\"value\": \"as it is\"}}", PARAMETER_FIXED, TYPE_STRING, "\"as it is\""},
        {"{\"logit_bias\": {\"value\": {\"50256\": -100}}}", PARAMETER_FIXED, TYPE_OBJECT, "{\"50256\":-100}"},
        {"{\"stop\": [\"a\", \"b\"]}", PARAMETER_FIXED, TYPE_ARRAY, "[\"a\",\"b\"]"},
        {"{\"stop\": \"a\"}", PARAMETER_FIXED, TYPE_STRING, "\"a\""},
        {"{\"stop\": []}", PARAMETER_FIXED, TYPE_ARRAY, "[]"},
        {"{\"temperature\": [0.2, 1.0]}", PARAMETER_REAL, TYPE_REAL, NULL},
        {"{\"temperature\": [0, 1]}", PARAMETER_REAL, TYPE_REAL, NULL},
        {"{\"min_p\": [0, 1]}", PARAMETER_REAL, TYPE_REAL, NULL},
        {"{\"presence_penalty\": [-2, 2]}", PARAMETER_REAL, TYPE_REAL, NULL},
        {"{\"top_k\": [20, 60]}", PARAMETER_INTEGER, TYPE_INTEGER, NULL},
        {"{\"y\": [1, 1]}", PARAMETER_INTEGER, TYPE_INTEGER, "1"},
        {"{\"y\": [1, 2.0]}", PARAMETER_REAL, TYPE_REAL, NULL},
        {"{\"y\": {\"min\": 1, \"max\": 5}}", PARAMETER_INTEGER, TYPE_INTEGER, NULL},
        {"{\"temperature\": {\"min\": 0.2, \"max\": 1.0, \"step\": 0.1}}", PARAMETER_STEPS, TYPE_REAL, NULL},
        {"{\"y\": {\"min\": 4, \"max\": 4, \"step\": 2}}", PARAMETER_STEPS, TYPE_INTEGER, "4"},
        {"{\"x\": [\"a\", \"b\", \"c\"]}", PARAMETER_CHOICE, TYPE_STRING, NULL},
        {"{\"x\": [1, 2, 3]}", PARAMETER_CHOICE, TYPE_INTEGER, NULL},
        {"{\"temperature\": [0, 0.5, 1]}", PARAMETER_CHOICE, TYPE_REAL, NULL},
        {"{\"x\": [\"a\", null]}", PARAMETER_CHOICE, TYPE_STRING, NULL},
        {"{\"x\": [\"a\", 1]}", PARAMETER_CHOICE, TYPE_MIXED, NULL},
        {"{\"x\": [\"a\"]}", PARAMETER_CHOICE, TYPE_STRING, "\"a\""},
        {"{\"temperature\": [1]}", PARAMETER_CHOICE, TYPE_REAL, "1.0"},
        {"{\"x\": {\"choices\": [\"a\", \"b\"], \"weights\": [0, 2]}}", PARAMETER_CHOICE, TYPE_STRING, "\"b\""},
        {"{\"top_a\": 0.5}", PARAMETER_FIXED, TYPE_REAL, "0.5"},
        {"{\"something_of_a_new_server\": 0.5}", PARAMETER_FIXED, TYPE_REAL, "0.5"},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        World w = read_text(cases[i].text);
        assert_no_fault(cases[i].text, &w.problems);
        assert_int_equal(w.parameters.n, 1);
        const Parameter *p = &w.parameters.items[0];
        if (p->kind != cases[i].kind || p->type != cases[i].type) fail_msg("%s: kind %d type %d", cases[i].text, (int)p->kind, (int)p->type);
        Buf out = {0};
        Random r = random_from(7);
        parameter_draw(p, &r, &out);
        if (cases[i].first) assert_text(buf_str(&out), cases[i].first);
        buf_free(&out);
        close_world(&w);
    }
}

static double draw_number(const Parameter *p, Random *r)
{
    Buf out = {0};
    parameter_draw(p, r, &out);
    double x = NAN;
    assert_true(str_to_double(buf_str(&out), &x));
    buf_free(&out);
    return x;
}

static void test_ranges_are_even(void **state)
{
    (void)state;
    World w = read_text("{\"temperature\": [0.2, 1.0], \"top_k\": [20, 29], \"top_p\": {\"min\": 0.1, \"max\": 1.0, \"step\": 0.1},"
                        " \"tiny\": [0.00001, 0.00002], \"wide\": [-9223372036854775808, 9223372036854775807],"
                        " \"odd\": {\"min\": 1, \"max\": 10, \"step\": 4}}");
    assert_no_fault("ranges", &w.problems);
    Random r = random_from(1);
    enum { DRAWS = 10000 };
    unsigned tenths[10] = {0}, whole[10] = {0}, steps[11] = {0}, odd[12] = {0};
    for (size_t i = 0; i < DRAWS; i++) {
        double t = draw_number(&w.parameters.items[0], &r);
        assert_true(t >= 0.2 && t <= 1.0);
        assert_true(fabs(t * 1e4 - nearbyint(t * 1e4)) < 1e-6);
        tenths[(size_t)fmin(9, (t - 0.2) / 0.08)]++;
        double k = draw_number(&w.parameters.items[1], &r);
        assert_true(k >= 20 && k <= 29);
        whole[(size_t)k - 20]++;
        steps[(size_t)nearbyint(draw_number(&w.parameters.items[2], &r) * 10)]++;
        double tiny = draw_number(&w.parameters.items[3], &r);
        assert_true(tiny >= 0.00001 && tiny <= 0.00002);
        draw_number(&w.parameters.items[4], &r);
        odd[(size_t)draw_number(&w.parameters.items[5], &r)]++;
    }
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(tenths[i], 850, 1150);
        assert_in_range(whole[i], 850, 1150);
        assert_in_range(steps[i + 1], 850, 1150);
    }
    assert_int_equal(odd[1] + odd[5] + odd[9], DRAWS);
    close_world(&w);
}

static void test_weights_hold(void **state)
{
    (void)state;
    World w = read_text("{\"x\": {\"choices\": [\"a\", \"b\", \"c\"], \"weights\": [3, 0, 1]}}");
    Random r = random_from(5);
    unsigned a = 0, b = 0;
    for (size_t i = 0; i < 10000; i++) {
        Buf out = {0};
        parameter_draw(&w.parameters.items[0], &r, &out);
        a += str_eq(buf_str(&out), S("\"a\""));
        b += str_eq(buf_str(&out), S("\"b\""));
        buf_free(&out);
    }
    assert_int_equal(b, 0);
    assert_in_range(a, 7300, 7700);
    close_world(&w);
}

// What a key draws must never change: datasets are repeated from their seed.
static void test_draws_are_pinned(void **state)
{
    (void)state;
    World w = read_text("{\"temperature\": [0.2, 1.0], \"top_k\": [20, 60], \"x\": [\"a\", \"b\", \"c\"],"
                        " \"top_p\": {\"min\": 0.5, \"max\": 1.0, \"step\": 0.05}}");
    static const char *const expected[] = {"0.7933", "60", "\"a\"", "0.65"};
    for (size_t i = 0; i < 4; i++) {
        Random r = random_from(42 + i);
        Buf out = {0};
        parameter_draw(&w.parameters.items[i], &r, &out);
        assert_text(buf_str(&out), expected[i]);
        buf_free(&out);
    }
    assert_non_null(parameters_find(&w.parameters, S("top_k")));
    assert_null(parameters_find(&w.parameters, S("top_q")));
    close_world(&w);
}

static void test_every_fault_is_told(void **state)
{
    (void)state;
    World w = read_text("{\"temprature\": 1, \"top_p\": 2, \"model\": \"x\", \"top_k\": [9, 1], \"fine\": 3}");
    assert_int_equal(w.problems.n, 4);
    assert_false(w.ok);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),       cmocka_unit_test(test_kinds),            cmocka_unit_test(test_ranges_are_even),
        cmocka_unit_test(test_weights_hold), cmocka_unit_test(test_draws_are_pinned), cmocka_unit_test(test_every_fault_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
