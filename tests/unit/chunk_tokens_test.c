// SPDX-License-Identifier: Apache-2.0
//
// The `tokens` strategy: what its map says of any slice is what counting the slice anew gives, for every
// tokenizer that is there and for the estimate; no chunk passes its bound; nothing is lost. A vocabulary
// that is not there is skipped by name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "base/random.h"
#include "base/utf8.h"
#include "knowledge/chunk.h"
#include "knowledge/knowledge.h"

static const char *const tokenizers[] = {"", "o200k_base", "cl100k_base", "smollm2", "llama3", "qwen2.5", "tekken", "deepseek-v3", "gemma2"};
enum { N_TOKENIZERS = sizeof tokenizers / sizeof *tokenizers };

static bool open_counter(Counter *c, const char *name, Arena *a)
{
    Error e;
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    Str data = xdg && *xdg ? str_from(xdg) : arena_printf(a, "%s/.local/share", home ? home : "");
    if (counter_open(c, str_from(name), data, &e)) return true;
    print_message("skipped: %s\n", e.what);
    return false;
}

// Prose, code, scripts without spaces, emoji of several letters, long runs: repeated unevenly.
static Str sample(Arena *a)
{
    static const char *const parts[] = {
        "The grinder's burrs aren't sharp; don't use 1234567 grams.\n\n", "    if (x == NULL) return -1;  // none\r\n", "El caf\xC3\xA9 est\xC3\xA1 fr\xC3\xADo. ",
        "\xE6\x88\x91\xE4\xBB\xAC\xE5\x96\x9D\xE5\x92\x96\xE5\x95\xA1\xEF\xBC\x8C\xE7\x84\xB6\xE5\x90\x8E\xE5\x9B\x9E\xE5\xAE\xB6\xE3\x80\x82", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7\xE2\x80\x8D\xF0\x9F\x91\xA6 ", "\t\t\n \n   ",
        "\xE0\xB8\x81\xE0\xB8\xB2\xE0\xB9\x81\xE0\xB8\x9F\xE0\xB8\xA3\xE0\xB9\x89\xE0\xB8\xAD\xE0\xB8\x99 ", "antidisestablishmentarianismus", "================ ", "HTTPServerError and iPhone15Pro. ", "a", "!!!???\n", "https://example.org/a?b=c&d=%20 ",
        "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82, \xD0\xBC\xD0\xB8\xD1\x80! ", "<|im_end|>",
    };
    Buf b = {0};
    Random random = random_from(11);
    while (b.len < 9000) {
        // An added token makes tokenizers that look for such count whole; so in one part only.
        size_t i = (size_t)random_below(&random, sizeof parts / sizeof *parts - (b.len < 7000));
        for (uint64_t n = random_below(&random, 3) + 1; n > 0; n--) buf_add(&b, str_from(parts[i]));
    }
    Str text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

static size_t letter_at(Str text, size_t at)
{
    while (at < text.len && !letter_starts(text, at)) at++;
    return at;
}

static void hold_map(Counter *c, const char *name, Str text, int rounds)
{
    TokenMap m = {.counter = c};
    Random random = random_from(3);
    token_map_begin(&m, text);
    for (int i = 0; i < rounds; i++) {
        size_t from = letter_at(text, (size_t)random_below(&random, text.len));
        size_t to = letter_at(text, from + (size_t)random_below(&random, i % 7 == 0 ? text.len : 300));
        Str slice = space_trim(str_slice(text, from, to));
        if (slice.len == 0) continue;
        from = (size_t)(slice.ptr - text.ptr);
        size_t want = (size_t)counter_count(c, slice), got = token_map_count(&m, from, from + slice.len, SIZE_MAX);
        if (got != want) fail_msg("%s: %zu, not %zu tokens: <%.*s>", name, got, want, STR_ARG(slice));
        size_t limit = want / 2, some = token_map_count(&m, from, from + slice.len, limit);
        assert_true(some > limit || want <= limit);
        for (size_t most = limit / 2; most <= want + 1; most += want / 3 + 1) {
            size_t end = space_skip_back(text, letter_at(text, from + (size_t)random_below(&random, slice.len) + 1));
            assert_true(token_map_fits(&m, from, end, most) == (counter_count(c, str_slice(text, from, end)) <= most));
        }
        if (!m.open || want < 2) continue;
        size_t cut = token_map_cut(&m, from, from + slice.len, limit);
        assert_true(cut >= from && cut < from + slice.len && letter_starts(text, cut));
        m.keep = i % 5 == 0 ? from : m.keep;
    }
    token_map_free(&m);
}

static void test_map(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TOKENIZERS; i++) {
        Arena a = {0};
        Counter c;
        if (open_counter(&c, tokenizers[i], &a)) {
            Str text = sample(&a);
            hold_map(&c, tokenizers[i], str_slice(text, 0, letter_at(text, 6500)), 300);
            hold_map(&c, tokenizers[i], text, 60);
            hold_map(&c, tokenizers[i], S("ab cd"), 20);
            hold_map(&c, tokenizers[i], S("x"), 5);
            counter_close(&c);
        }
        arena_free(&a);
    }
}

// ---- chunks -------------------------------------------------------------------------------------

static void hold_chunks(Counter *c, const char *name, Str text, size_t max, size_t overlap, bool whole)
{
    Error e;
    Arena a = {0};
    Strategy s = {.kind = STRATEGY_TOKENS, .unit = UNIT_TOKENS, .max = max, .overlap = overlap};
    ChunkTools tools = {.tokens = {.counter = c, .whole = whole}};
    ChunkList list = {.arena = &a};
    assert_true(pattern_compile(PATTERN_SENTENCES, &s.pattern, NULL, &e));
    if (!chunk_text(text, &s, NULL, &tools, &list, &e)) fail_msg("%s", e.what);
    size_t end = 0, tokens = 0;
    for (size_t i = 0; i < list.n; i++) {
        Str slice = str_slice(text, list.items[i].start, list.items[i].end);
        size_t n = (size_t)counter_count(c, slice);
        if (n > max) fail_msg("%s: a chunk of %zu tokens where %zu is the most: <%.*s>", name, n, max, STR_ARG(slice));
        tokens += n;
        assert_true(utf8_valid(slice) && chunk_words(text, &list.items[i], &tools) == words_count(&tools.segmenter, slice));
        assert_true(list.items[i].end > end);
        if (list.items[i].start >= end) {
            assert_int_equal(space_trim(str_slice(text, end, list.items[i].start)).len, 0);
        } else {
            assert_true(overlap > 0);
            Str repeated = space_trim(str_slice(text, list.items[i].start, end));
            if (counter_count(c, repeated) > overlap) fail_msg("%s: <%.*s> is repeated, %zu tokens; at most %zu, bound %zu%s", name, STR_ARG(repeated), (size_t)counter_count(c, repeated), overlap, max, whole ? ", whole" : "");
        }
        end = list.items[i].end;
    }
    assert_int_equal(space_trim(str_slice(text, end, text.len)).len, 0);
    // Chunks are well filled: sentences here are short beside the bound.
    if (max >= 300 && max <= 512 && !whole && list.n > 3 && tokens < (list.n - 1) * max * 6 / 10)
        fail_msg("%s: only %zu tokens in %zu chunks of %zu: <%.40s>", name, tokens, list.n, max, text.ptr);
    pattern_free(s.pattern);
    chunk_tools_free(&tools);
    arena_free(&a);
}

static void test_chunks(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TOKENIZERS; i++) {
        Arena a = {0};
        Counter c;
        if (open_counter(&c, tokenizers[i], &a)) {
            Str text = sample(&a), start = str_slice(text, 0, letter_at(text, 4000));
            hold_chunks(&c, tokenizers[i], text, 300, 0, false);
            hold_chunks(&c, tokenizers[i], text, 512, 50, false);
            hold_chunks(&c, tokenizers[i], text, 40, 12, false);
            hold_chunks(&c, tokenizers[i], start, 40, 12, true);
            hold_chunks(&c, tokenizers[i], start, 24, 23, false);
            counter_close(&c);
        }
        arena_free(&a);
    }
}

// One run without an end to any piece: in time, in memory, within the bound.
static void test_long_runs(void **state)
{
    (void)state;
    static const char *const names[] = {"", "o200k_base"};
    static const char *const letters[] = {"xQ", "\xE5\x92\x96", "="};
    for (size_t n = 0; n < 2; n++) {
        Arena a = {0};
        Counter c;
        if (!open_counter(&c, names[n], &a)) {
            arena_free(&a);
            continue;
        }
        for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
            Buf b = {0};
            while (b.len < 70000) buf_add(&b, str_from(letters[i]));
            hold_chunks(&c, names[n], buf_str(&b), 500, 50, false);
            hold_chunks(&c, names[n], buf_str(&b), 100000, 0, false);
            buf_free(&b);
        }
        counter_close(&c);
        arena_free(&a);
    }
}

// A run much longer than a chunk is looked at as far as each chunk needs, not to its end for every one of them.
static void test_time_of_long_runs(void **state)
{
    (void)state;
    enum { LONG = 4 << 20, SECONDS = 10 };  // an estimate takes 0.1 s; to its end each time, minutes
    static const char *const letters[] = {"x", " ", "\xE5\x92\x96", "="};
    Counter estimate = {0};
    Strategy s = {.kind = STRATEGY_TOKENS, .unit = UNIT_TOKENS, .max = 500, .overlap = 50};
    Error e;
    assert_true(pattern_compile(PATTERN_SENTENCES, &s.pattern, NULL, &e));
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        Arena a = {0};
        Buf b = {0};
        ChunkTools tools = {.tokens = {.counter = &estimate}};
        ChunkList list = {.arena = &a};
        while (b.len < LONG) buf_add(&b, str_from(letters[i]));
        buf_add(&b, S(" end"));
        clock_t start = clock();
        assert_true(chunk_text(buf_str(&b), &s, NULL, &tools, &list, &e));
        if (clock() - start > SECONDS * CLOCKS_PER_SEC) fail_msg("a run of <%s> takes %.1f s", letters[i], (double)(clock() - start) / CLOCKS_PER_SEC);
        assert_true(list.n > 0 && list.items[list.n - 1].end == b.len);
        chunk_tools_free(&tools);
        buf_free(&b);
        arena_free(&a);
    }
    pattern_free(s.pattern);
}

// ---- the cache ----------------------------------------------------------------------------------

static Counter *give(void *self) { return self; }

static size_t chunks_by(Counter *c, const char *folder, Arena *a)
{
    Knowledge k;
    Problems p = {.arena = a};
    TokenSource source = c ? (TokenSource){give, c} : (TokenSource){0};
    bool ok = knowledge_open(&k, &(KnowledgeOptions){.project = folder, .tokens = source}, a, &p);
    size_t n = ok ? k.n_chunks : SIZE_MAX;
    knowledge_close(&k);
    return n;
}

static void test_another_tokenizer_cuts_anew(void **state)
{
    (void)state;
    Arena a = {0};
    Error e;
    Counter exact, estimate = {0};
    char folder[] = "/tmp/confab-tokens-XXXXXX", command[128];
    assert_non_null(mkdtemp(folder));
    Buf digits = {0};
    while (digits.len < 4000) buf_add(&digits, S("12345678 "));
    assert_true(file_make_folders(path_join(&a, str_from(folder), S("knowledge")).ptr, &e));
    assert_true(file_make_folders(path_join(&a, str_from(folder), S("config")).ptr, &e));
    assert_true(file_write_whole(path_join(&a, str_from(folder), S("knowledge/d.txt")).ptr, buf_str(&digits), &e));
    assert_true(file_write_whole(path_join(&a, str_from(folder), S("config/chunk-strategy.json")).ptr, S("{\"*\": {\"strategy\": \"tokens\", \"max_tokens\": 50}}"), &e));
    size_t guessed = chunks_by(&estimate, folder, &a);
    assert_true(guessed > 10 && guessed < SIZE_MAX);
    if (open_counter(&exact, "smollm2", &a)) {
        size_t counted = chunks_by(&exact, folder, &a);
        assert_int_not_equal(counted, guessed);
        assert_int_equal(chunks_by(&exact, folder, &a), counted);
        counter_close(&exact);
    }
    assert_int_equal(chunks_by(&estimate, folder, &a), guessed);
    assert_int_equal(chunks_by(NULL, folder, &a), SIZE_MAX);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
    buf_free(&digits);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_long_runs),
        cmocka_unit_test(test_time_of_long_runs),
        cmocka_unit_test(test_another_tokenizer_cuts_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
