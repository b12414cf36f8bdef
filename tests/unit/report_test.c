// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

#include "base/hash.h"
#include "base/json.h"
#include "report/numbers.h"
#include "report/page.h"
#include "report/plot.h"

static void near_to(double got, double want)
{
    if (fabs(got - want) > 1e-9) fail_msg("%.12g is not %.12g", got, want);
}

static void tallies_count_and_measure(void **state)
{
    (void)state;
    Arena a = {0};
    Tally t = {0};
    const Str values[] = {S("b"), S("a"), S("b"), S("c"), S("b"), S("a")};
    for (size_t i = 0; i < 6; i++) tally_add(&t, &a, values[i]);
    tally_sort(&t);
    assert_int_equal(t.n_values, 3);
    assert_true(str_eq(t.values[0].name, S("b")) && t.values[0].n == 3);
    // Entropy of 3/6, 2/6, 1/6 by log2(3), as scipy.stats.entropy gives it.
    near_to(tally_evenness(&t), 0.9206198357143051);
    for (unsigned i = 0; i < 1000; i++) tally_add(&t, &a, arena_printf(&a, "%u", i));
    assert_int_equal(t.n_values, TALLY_VALUES);
    assert_int_equal(t.total, 1006);
    assert_int_equal(t.others, 1006 - 6 - (TALLY_VALUES - 3));
    arena_free(&a);
}

static void percentiles_are_nearest_ranks(void **state)
{
    (void)state;
    static Wholes w;
    static Sample s;
    assert_int_equal(wholes_percentile(&w, 0.5), 0);
    for (uint64_t x = 1; x <= 10; x++) {
        wholes_add(&w, x);
        sample_add(&s, (double)(11 - x), 0);
    }
    assert_int_equal(wholes_percentile(&w, 0.5), 5);
    assert_int_equal(wholes_percentile(&w, 0.95), 10);
    near_to(wholes_mean(&w), 5.5);
    near_to(sample_percentile(&s, 0.5), 5);
    near_to(sample_percentile(&s, 0), 1);
    wholes_add(&w, UINT64_MAX / 2);
    assert_int_equal(wholes_percentile(&w, 1), WHOLE_MAX);
    for (unsigned i = 0; i < 100000; i++) sample_add(&s, i % 100, 0);
    assert_true(fabs(sample_percentile(&s, 0.5) - 50) < 5);
}

static Report *report_of(const Str *texts, size_t n)
{
    Report *r = mem_alloc(sizeof *r);
    report_init(r);
    r->project = S("</title><script>alert(1)</script>");
    r->run = S("26-11-22-15h04m05s");
    r->model = S("m & m");
    r->state = S("complete");
    for (size_t i = 0; i < n; i++) {
        const ReportTurn turns[] = {{S("user"), S("<b>Eve"), texts[i]}, {S("assistant"), S("Bot"), S("\x1b[31m\xE2\x80\xAE ok")}};
        const ReportPair labels[] = {{S("mood"), i % 2 ? S("calm") : S("<img src=x>")}}, parameters[] = {{S("temperature"), S("0.5")}};
        report_add(r, &(ReportRow){.id = S("x-1"), .turns = turns, .n_turns = 2, .labels = labels, .n_labels = 1,
                                   .parameters = parameters, .n_parameters = 1, .text = texts[i], .sample = true});
        report_answer(r, &(ReportAnswer){.kept = true, .attempt = 1, .wall = (Nanos)(i + 1) * NANOS_PER_SECOND, .latency = NANOS_PER_MS * 200});
    }
    report_answer(r, &(ReportAnswer){.reason = S("shape"), .attempt = 1, .wall = 1});
    report_finish(r);
    return r;
}

static void drop(Report *r)
{
    report_free(r);
    free(r);
}

static void measures_are_the_references(void **state)
{
    (void)state;
    // Reference: Python, sets of n-grams over text.split(), the definitions of metrics.h.
    const Str texts[] = {S("the cat sat on the mat"), S("the cat sat on the mat again"), S("a dog ran")};
    Report *r = report_of(texts, 3);
    near_to(diversity_distinct(&r->diversity, 1), 9.0 / 16);
    near_to(diversity_distinct(&r->diversity, 2), 8.0 / 13);
    near_to(diversity_distinct(&r->diversity, 3), 6.0 / 10);
    // 2 + 3 runs of five, 3 of them different; the short text has none.
    near_to(report_repeated(r), 1 - 3.0 / 5);
    near_to(report_mattr(r), -1);
    near_to((double)r->words.sum, 16);
    drop(r);
    // 60 words, every third new: words w0 w0 w0 w1 w1 w1 …
    Buf b = {0};
    for (unsigned i = 0; i < 60; i++) buf_printf(&b, "w%u ", i / 3);
    const Str long_text = buf_str(&b);
    r = report_of(&long_text, 1);
    double sum = 0;
    for (unsigned start = 0; start <= 10; start++) sum += (start + 49) / 3 - start / 3 + 1;
    near_to(report_mattr(r), sum / 11 / 50);
    assert_true(report_compression(r) > 1);
    drop(r);
    buf_free(&b);
}

// nltk 3.10: sentence_bleu(references, hypothesis, smoothing_function=SmoothingFunction().method1)
static void self_bleu_is_the_reference(void **state)
{
    (void)state;
    const Str texts[] = {S("the cat sat on the mat today"), S("the cat sat on a mat"), S("a dog ran over the old mat"), S("quite other words")};
    static const double want[] = {0.4347208719449914, 0.4760116549244004, 0.043472087194499145, 0.0};
    AlikeText list[4];
    Shingles s[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        shingles_words(&s[i], texts[i]);
        list[i] = (AlikeText){.words = s[i].words, .n_words = (uint32_t)s[i].n_words};
    }
    for (size_t i = 0; i < 4; i++) near_to(alike_bleu(list, 4, i), want[i]);
    for (size_t i = 0; i < 4; i++) shingles_free(&s[i]);
}

static void courses_are_joined_when_they_are_full(void **state)
{
    (void)state;
    static Series s;
    static Timeline t;
    double points[SERIES_POINTS], seconds, sum = 0;
    for (unsigned i = 0; i < 100000; i++) series_add(&s, i);
    size_t n = series_points(&s, points);
    assert_true(n > SERIES_POINTS / 2 && n <= SERIES_POINTS);
    near_to(points[0], (s.step - 1) / 2.0);
    for (size_t i = 0; i + 1 < n; i++) assert_true(points[i] < points[i + 1]);
    assert_int_equal(timeline_rates(&t, points, &seconds), 0);
    // Every second for ten hours, from the end and the beginning to the middle.
    for (int64_t i = 0; i < 18000; i++) {
        timeline_add(&t, (100000 + i) * NANOS_PER_SECOND);
        timeline_add(&t, (100000 + 35999 - i) * NANOS_PER_SECOND);
    }
    n = timeline_rates(&t, points, &seconds);
    assert_true(n > SERIES_POINTS / 2 && n <= SERIES_POINTS && seconds >= 35999 && seconds < 37200);
    for (size_t i = 0; i < n; i++) sum += points[i] * seconds / (double)n / 60;
    assert_true(fabs(sum - 36000) < 1e-6 && fabs(points[n / 2] - 60) < 1);
    // Few events do not make a comb: twelve, one every second, are three points.
    t = (Timeline){0};
    for (int64_t i = 0; i < 12; i++) timeline_add(&t, (1000 + i) * NANOS_PER_SECOND);
    n = timeline_rates(&t, points, &seconds);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) assert_true(points[i] > 50 && points[i] < 75);
}

static void coverage_tells_what_never_came(void **state)
{
    (void)state;
    Arena a = {0};
    Coverage c;
    CoverageValue values[] = {{S("a"), S("a"), 0.5, 0}, {S("b"), S("b"), 0.25, 0}, {S("c"), S("c"), -1, 0}, {S("d"), S("d"), -1, 0}};
    coverage_init(&c, S("v"), "injection", values, 4, &a);
    const Str draws[] = {S("a"), S("b"), S("a"), S("e"), S("d")};
    for (size_t i = 0; i < 5; i++) coverage_count(&c, draws[i]);
    assert_int_equal(coverage_seen(&c), 3);
    assert_int_equal(c.unknown, 1);
    near_to(coverage_entropy(&c), 1.5);
    near_to(coverage_entropy_most(&c), 2);
    near_to(coverage_share(&c, hash64(S("b"), 0)), 0.25);
    near_to(coverage_share(&c, hash64(S("x"), 0)), -1);
    arena_free(&a);
}

static void numbers_are_json(void **state)
{
    (void)state;
    const Str texts[] = {S("one two three"), S("four five six")};
    Report *r = report_of(texts, 2);
    Buf b = {0};
    json_t *value;
    Error e;
    report_json(r, &b);
    assert_true(json_read(buf_str(&b), S("report"), &value, &e));
    json_t *metrics = json_object_get(value, "metrics");
    assert_int_equal(json_integer_value(json_object_get(value, "version")), 1);
    assert_int_equal(json_integer_value(json_object_get(metrics, "conversations")), 2);
    near_to(json_number_value(json_object_get(metrics, "yield")), 2.0 / 3);
    near_to(json_number_value(json_object_get(metrics, "evenness.mood")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(value, "rejected"), "shape")), 1);
    const char *key;
    json_t *number;
    json_object_foreach(metrics, key, number) assert_true(json_is_number(number));
    json_decref(value);
    buf_free(&b);
    drop(r);
}

static void a_page_holds_no_markup_of_others(void **state)
{
    (void)state;
    const Str texts[] = {S("<script>steal()</script> & \"quotes\""), S("\" onload='x' <svg/onload=1>")};
    Report *r = report_of(texts, 2);
    Buf b = {0};
    report_page(r, &b);
    Str page = buf_str(&b);
    const char *const never[] = {"<script", "<img", "<svg/", "<b>Eve", "\x1b", "\xE2\x80\xAE", "http://", "https://", "url(", "onload='"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (str_contains(page, str_from(never[i]))) fail_msg("the page has %s", never[i]);
    assert_true(str_contains(page, S("default-src 'none'")));
    assert_true(str_contains(page, S("&lt;script&gt;steal()&lt;/script&gt; &amp; &quot;quotes&quot;")));
    assert_true(str_contains(page, S("m &amp; m")));
    buf_free(&b);
    drop(r);
    r = report_of(texts, 0);  // an empty run has a page too, without headings over nothing
    report_page(r, &b);
    assert_true(str_contains(buf_str(&b), S("No conversation was kept.")));
    assert_false(str_contains(buf_str(&b), S("id=\"lengths\"")));
    assert_true(str_ends(buf_str(&b), S("</html>\n")));
    buf_free(&b);
    drop(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tallies_count_and_measure),
        cmocka_unit_test(percentiles_are_nearest_ranks),
        cmocka_unit_test(measures_are_the_references),
        cmocka_unit_test(self_bleu_is_the_reference),
        cmocka_unit_test(courses_are_joined_when_they_are_full),
        cmocka_unit_test(coverage_tells_what_never_came),
        cmocka_unit_test(numbers_are_json),
        cmocka_unit_test(a_page_holds_no_markup_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
