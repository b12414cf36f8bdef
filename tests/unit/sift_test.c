// SPDX-License-Identifier: Apache-2.0
//
// Which records are kept, in which order and bytes, what the clusters say, and decontamination.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "dedup/contain.h"
#include "dedup/sift.h"

typedef struct Got {
    Buf kept, clusters, hits;
} Got;

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/confab-sift-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"a.jsonl", "b.jsonl", "a.json", "b.json", "a.csv", "b.csv", "eval.jsonl"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) remove(names[i]);
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

static bool keep(void *ctx, Str s, Error *e)
{
    (void)e;
    buf_add(&((Got *)ctx)->kept, s);
    return true;
}

static bool cluster(void *ctx, Str s, Error *e)
{
    (void)e;
    buf_add(&((Got *)ctx)->clusters, s);
    return true;
}

static bool hit(void *ctx, Str s, Error *e)
{
    (void)e;
    buf_add(&((Got *)ctx)->hits, s);
    return true;
}

static void write_file(const char *name, const char *text)
{
    Error e;
    assert_true(file_write_whole(name, str_from(text), &e));
}

static SiftReport sift_all(SiftOptions options, Got *got)
{
    SiftReport report;
    Error e;
    buf_clear(&got->kept), buf_clear(&got->clusters), buf_clear(&got->hits);
    if (options.threshold <= 0) options.threshold = 0.8;
    if (!sift(&options, &(SiftSink){keep, cluster, hit, got}, &report, &e)) fail_msg("%s", e.what);
    buf_add_char(&got->kept, 0), buf_add_char(&got->clusters, 0), buf_add_char(&got->hits, 0);
    return report;
}

static void free_got(Got *got) { buf_free(&got->kept), buf_free(&got->clusters), buf_free(&got->hits); }

#define LONG "we can send the grinder back to you on monday if that is soon enough for your shop"
#define SHORT "we can send the grinder back to you on monday if that is soon enough for your"

static void test_bytes_and_order_stay(void **state)
{
    (void)state;
    Got got = {0};
    const char *names[] = {"a.jsonl", "b.jsonl"};
    write_file("a.jsonl", "{\"text\": \"" SHORT "\"}\n\n{\"text\":\"else\"}\n{\"text\":\"ELSE!\"}");
    write_file("b.jsonl", "{\"id\":7,\"text\":\"" LONG "\"}\n{ \"text\" : \"new\" }\n");
    SiftReport r = sift_all((SiftOptions){.files = names, .n_files = 2}, &got);
    assert_string_equal(got.kept.ptr, "{\"text\": \"" SHORT "\"}\n{\"text\":\"else\"}\n{ \"text\" : \"new\" }\n");
    assert_string_equal(got.clusters.ptr,
        "{\"cluster\":0,\"kept\":0,\"members\":[{\"row\":0,\"file\":\"a.jsonl\",\"similarity\":1.0},"
        "{\"row\":0,\"file\":\"b.jsonl\",\"similarity\":0.9285714285714286}]}\n"
        "{\"cluster\":1,\"kept\":1,\"members\":[{\"row\":1,\"file\":\"a.jsonl\",\"similarity\":1.0},"
        "{\"row\":2,\"file\":\"a.jsonl\",\"similarity\":1.0}]}\n");
    assert_int_equal(r.records, 5);
    assert_int_equal(r.kept, 3);
    assert_int_equal(r.exact, 1);
    assert_int_equal(r.near, 1);
    assert_int_equal(r.clusters, 2);
    assert_int_equal(r.similar[18], 1);

    sift_all((SiftOptions){.files = names, .n_files = 2, .keep = SIFT_LONGEST}, &got);
    assert_string_equal(got.kept.ptr, "{\"text\":\"ELSE!\"}\n{\"id\":7,\"text\":\"" LONG "\"}\n{ \"text\" : \"new\" }\n");
    free_got(&got);
}

static void test_handwritten_ones_are_kept(void **state)
{
    (void)state;
    Got got = {0};
    const char *names[] = {"a.json"};
    write_file("a.json", "[\n {\"text\":\"" LONG "\"},\n {\"text\":\"x\"},\n {\"text\":\"" SHORT "\",\"source\":\"handwritten\"}\n]\n");
    SiftReport r = sift_all((SiftOptions){.files = names, .n_files = 1, .keep = SIFT_HANDWRITTEN}, &got);
    assert_string_equal(got.kept.ptr, "[\n {\"text\":\"x\"},\n {\"text\":\"" SHORT "\",\"source\":\"handwritten\"}\n]\n");
    assert_int_equal(r.kept, 2);
    assert_non_null(strstr(got.clusters.ptr, "\"kept\":2"));
    free_got(&got);
}

static void test_arrays_and_csv_stay_whole(void **state)
{
    (void)state;
    Got got = {0};
    const char *arrays[] = {"a.json", "b.json"}, *tables[] = {"a.csv", "b.csv"};
    write_file("a.json", "[\"same\", \"one\"]");
    write_file("b.json", "[ \"same\",\n \"two\", \"one\" ]\n");
    sift_all((SiftOptions){.files = arrays, .n_files = 2}, &got);
    assert_string_equal(got.kept.ptr, "[\"same\", \"one\",\n \"two\" ]\n");
    write_file("a.json", "[]");
    sift_all((SiftOptions){.files = arrays, .n_files = 2}, &got);
    assert_string_equal(got.kept.ptr, "[ \"same\",\n \"two\", \"one\" ]\n");
    write_file("a.csv", "id,text\r\n1,\"a, b\"\r\n2,\"A B\"");
    write_file("b.csv", "id,text\r\n3,c\r\n4,a b\r\n");
    sift_all((SiftOptions){.files = tables, .n_files = 2}, &got);
    assert_string_equal(got.kept.ptr, "id,text\r\n1,\"a, b\"\r\n3,c\r\n");
    free_got(&got);
}

static void test_formats_must_agree(void **state)
{
    (void)state;
    SiftReport report;
    Error e;
    const char *mixed[] = {"a.json", "a.csv"}, *columns[] = {"a.csv", "b.csv"};
    write_file("a.json", "[\"x\"]");
    write_file("a.csv", "text\nx\n");
    write_file("b.csv", "text,id\nx,1\n");
    assert_false(sift(&(SiftOptions){.files = mixed, .n_files = 2, .threshold = 0.8}, &(SiftSink){0}, &report, &e));
    assert_int_equal(e.kind, ERROR_USAGE);
    assert_false(sift(&(SiftOptions){.files = columns, .n_files = 2, .threshold = 0.8}, &(SiftSink){0}, &report, &e));
    assert_int_equal(e.kind, ERROR_USAGE);
}

// Whatever is kept, no two of it are near each other, and every dropped one is near what it names.
static void test_kept_ones_are_far_from_each_other(void **state)
{
    (void)state;
    enum { N = 150, WORDS = 60 };
    static const SiftKeep orders[] = {SIFT_FIRST, SIFT_LONGEST};
    Random r = random_from(12);
    Buf b = {0};
    Got got = {0};
    const char *names[] = {"a.jsonl"};
    unsigned words[WORDS] = {0};
    for (unsigned i = 0; i < N; i++) {
        for (unsigned k = 0; k < WORDS; k++)
            if (i % 5 == 0 || random_below(&r, 60) == 0) words[k] = (unsigned)random_below(&r, 3000);
        buf_add(&b, S("{\"text\":\""));
        for (unsigned k = 0; k < WORDS - random_below(&r, 4); k++) buf_printf(&b, "w%u ", words[k]);
        buf_add(&b, S("\"}\n"));
    }
    buf_add_char(&b, 0);
    write_file("a.jsonl", b.ptr);
    for (size_t o = 0; o < 2; o++) {
        SiftReport first = sift_all((SiftOptions){.files = names, .n_files = 1, .keep = orders[o]}, &got);
        assert_true(first.near > 30);
        got.kept.len--;
        buf_add_char(&got.kept, 0);
        write_file("b.jsonl", got.kept.ptr);
        const char *again[] = {"b.jsonl"};
        // With bounded memory, all of it in files, it is the same.
        Got bounded = {0};
        SiftReport same = sift_all((SiftOptions){.files = names, .n_files = 1, .memory = 1, .keep = orders[o]}, &bounded);
        assert_string_equal(bounded.kept.ptr, got.kept.ptr);
        assert_string_equal(bounded.clusters.ptr, got.clusters.ptr);
        assert_int_equal(same.near, first.near);
        assert_int_equal(same.kept, first.kept);
        free_got(&bounded);
        SiftReport second = sift_all((SiftOptions){.files = again, .n_files = 1}, &got);
        assert_int_equal(second.kept, second.records);
        assert_int_equal(second.records, first.kept);
    }
    buf_free(&b);
    free_got(&got);
}

// What a text means is the number behind its first letter.
static const float *embed_number(void *ctx, const Str *texts, size_t n, size_t *dimensions, Arena *a, Error *e)
{
    (void)e;
    *dimensions = 24;
    *(size_t *)ctx += n;
    float *out = arena_new(a, float, 24 * n);
    for (size_t i = 0; i < n; i++) {
        uint64_t meaning = 0;
        for (size_t k = 1; k < texts[i].len && str_is_digit(texts[i].ptr[k]); k++) meaning = 10 * meaning + (uint64_t)(texts[i].ptr[k] - '0');
        Random r = random_from(meaning / 3 + 1);  // three numbers that follow each other mean nearly the same
        for (size_t k = 0; k < 24; k++) out[24 * i + k] = (float)random_below(&r, 1000) - 500 + (float)(meaning % 3) * (k % 2 ? 40.0f : -40.0f);
    }
    return out;
}

// In all orders and for all that can come together: the same words, nearly the same, the same meaning, and what is near to
// one that was dropped for its meaning.
static void test_meanings_in_little_memory(void **state)
{
    (void)state;
    enum { N = 1300, WORDS = 30 };
    static const SiftKeep orders[] = {SIFT_FIRST, SIFT_LONGEST};
    Random r = random_from(13);
    Buf b = {0};
    Got got = {0}, bounded = {0};
    const char *names[] = {"a.jsonl"};
    unsigned words[WORDS] = {0};
    for (unsigned i = 0; i < N; i++) {
        for (unsigned k = 0; k < WORDS; k++)
            if (i % 4 == 0 || random_below(&r, 30) == 0) words[k] = (unsigned)random_below(&r, 3000);
        buf_printf(&b, "{\"text\":\"m%u ", (unsigned)random_below(&r, 1500));
        for (unsigned k = 0; k < WORDS - random_below(&r, 4); k++) buf_printf(&b, "w%u ", words[k]);
        buf_add(&b, S("\"}\n"));
    }
    buf_add_char(&b, 0);
    write_file("a.jsonl", b.ptr);
    for (size_t o = 0; o < 2; o++) {
        size_t asked = 0, asked_again = 0;
        SiftOptions options = {.files = names, .n_files = 1, .keep = orders[o], .embed = embed_number, .embed_ctx = &asked, .semantic_threshold = 0.9};
        SiftReport first = sift_all(options, &got);
        assert_true(first.near > 150 && first.meaning > 100 && first.kept > 200);
        options.memory = 1;
        options.embed_ctx = &asked_again;
        SiftReport same = sift_all(options, &bounded);
        assert_string_equal(bounded.kept.ptr, got.kept.ptr);
        assert_string_equal(bounded.clusters.ptr, got.clusters.ptr);
        assert_int_equal(same.meaning, first.meaning);
        assert_int_equal(same.near, first.near);
        assert_int_equal(asked_again, asked);
    }
    buf_free(&b);
    free_got(&got), free_got(&bounded);
}

// ---- decontamination ----------------------------------------------------------------------------

static void test_what_an_evaluation_set_has_is_dropped(void **state)
{
    (void)state;
    Got got = {0};
    const char *names[] = {"a.jsonl"}, *against[] = {"b.jsonl", "eval.jsonl"};
    write_file("b.jsonl", "{\"text\":\"a b c\"}\n");
    write_file("eval.jsonl", "{\"text\":\"one two three four five six seven eight nine ten eleven twelve thirteen fourteen\"}\n"
                             "{\"text\":\"What is the capital city of great Britain?\"}\n");
    write_file("a.jsonl",
               "{\"text\":\"so: Two three four, five six seven eight nine ten eleven twelve thirteen fourteen! and on\"}\n"
               "{\"text\":\"two three four five six seven eight nine ten eleven twelve thirteen\"}\n"
               "{\"text\":\"He asked: what is the capital city of Great Britain\"}\n"
               "{\"text\":\"a b c\"}\n");
    for (size_t memory = 0; memory < 2; memory++) {
        SiftReport r = sift_all((SiftOptions){.files = names, .n_files = 1, .against = against, .n_against = 2, .memory = memory}, &got);
        assert_int_equal(r.contaminated, 2);
        assert_int_equal(r.kept, 2);
        assert_int_equal(r.against, 3);
        assert_int_equal(r.against_short, 1);
        assert_string_equal(got.hits.ptr,
            "{\"row\":0,\"file\":\"a.jsonl\",\"against\":{\"row\":0,\"file\":\"eval.jsonl\"},\"words\":"
            "\"two three four five six seven eight nine ten eleven twelve thirteen fourteen\"}\n"
            "{\"row\":2,\"file\":\"a.jsonl\",\"against\":{\"row\":1,\"file\":\"eval.jsonl\"},\"words\":"
            "\"what is the capital city of great britain\"}\n");
    }
    free_got(&got);
}

static void test_contain_against_plain_search(void **state)
{
    (void)state;
    Random r = random_from(2);
    for (int round = 0; round < 300; round++) {
        unsigned needle[40], text[60];
        size_t n = 8 + random_below(&r, 30), m = 8 + random_below(&r, 50);
        Buf a = {0}, b = {0};
        for (size_t i = 0; i < n; i++) needle[i] = (unsigned)random_below(&r, 3);
        for (size_t i = 0; i < m; i++) text[i] = (unsigned)random_below(&r, 3);
        if (round % 2) memcpy(text + random_below(&r, m - 7), needle, 8 * sizeof *text);
        for (size_t i = 0; i < n; i++) buf_printf(&a, "%u ", needle[i]);
        for (size_t i = 0; i < m; i++) buf_printf(&b, "%u ", text[i]);
        size_t words = n < CONTAIN_WORDS ? n : CONTAIN_WORDS;
        bool expected = false;
        for (size_t i = 0; i + words <= m; i++)
            for (size_t k = 0; k + words <= n; k++) expected |= memcmp(text + i, needle + k, words * sizeof *text) == 0;
        Contain c = {0};
        Shingles s = {0};
        ContainHit found;
        contain_add(&c, buf_str(&a));
        shingles_words(&s, buf_str(&b));
        assert_int_equal(contain_find(&c, &s, &found), expected);
        if (expected) assert_true(found.at + found.words <= m);
        shingles_free(&s);
        contain_free(&c);
        buf_free(&a), buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_and_order_stay),
        cmocka_unit_test(test_handwritten_ones_are_kept),
        cmocka_unit_test(test_arrays_and_csv_stay_whole),
        cmocka_unit_test(test_formats_must_agree),
        cmocka_unit_test(test_kept_ones_are_far_from_each_other),
        cmocka_unit_test(test_meanings_in_little_memory),
        cmocka_unit_test(test_what_an_evaluation_set_has_is_dropped),
        cmocka_unit_test(test_contain_against_plain_search),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
