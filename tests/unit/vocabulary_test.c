// SPDX-License-Identifier: Apache-2.0
//
// Vocabularies of a few tokens, read from what their makers' files look like; pieces by blocks and by the scanner;
// merges of a group and one by one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/random.h"
#include "base/utf8.h"
#include "tokens/tokens.h"
#include "tokens/vocabulary_build.h"
#include "tokens/vocabulary_read.h"

// ---- pieces -------------------------------------------------------------------------------------

static const char *const parts[] = {
    "the", "Tea", "x", "X", "HTTP", "camelCase", " ", "  ", "\t", " \t", "\n", "\n\n", "\r\n", "\n  \n", " \n", "1", "23", "4567", "!", "?!", "(", ")", "...",
    "'s", "'S", "'ll", "'RE", "'", "''", "it's", "I'd've", "/", "//", "\n/", "_", "-", "\"", "é", "É", "größer", "ö", "中", "文字", "，", "。", "かな", "Привет", "Ж",
    "ǅ", "ʰ", "\xCC\x81", "🙂", "\xC2\xA0", "\xE3\x80\x80", "½", "٣", "\xC5\xBF", "'\xC5\xBF", "\xE2\x80\x8D", "हिन्दी", "ไทย", "\x01", "\x7F", "supercalifragilistic",
};
enum { N_PARTS = sizeof parts / sizeof *parts };

static Str random_text(Random *r, size_t n, char *out, size_t cap)
{
    size_t len = 0;
    while (n--) {
        Str part = str_from(parts[random_below(r, N_PARTS)]);
        if (len + part.len > cap) break;
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
    }
    memset(out + len, 'x', SPLIT_PADDING);  // what stands behind the end must not count
    return (Str){out, len};
}

static void hold_same_pieces(SplitKind kind, ScanLevel level, Str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr, *end = p + text.len;
    BlockScan scan = block_scan_of(kind, level);
    Splitter split = splitter_of(kind);
    uint32_t ends[BATCH_PIECES];
    for (const unsigned char *at = p; at < end;) {
        size_t many = scan(at, end, ends, BATCH_PIECES);
        const unsigned char *from = at;
        for (size_t i = 0; i < many; i++) {
            size_t n = split(at, end), found = (size_t)(from + ends[i] - at);
            if (n != found)
                fail_msg("%s, level %d, at %zu: a piece of %zu bytes, found %zu, in: %.*s", split_name(kind), (int)level, (size_t)(at - p), n, found, STR_ARG(text));
            at += n;
        }
        if (at == from) at += split(at, end);
    }
}

static void test_blocks_give_the_scanners_pieces(void **state)
{
    (void)state;
    enum { CAP = 600 };
    char text[CAP + SPLIT_PADDING];
    Random r = random_from(11);
    static const SplitKind kinds[] = {SPLIT_CL100K, SPLIT_O200K, SPLIT_LLAMA3, SPLIT_QWEN2, SPLIT_TEKKEN, SPLIT_GPT2, SPLIT_SMOLLM, SPLIT_DEEPSEEK};
    for (unsigned round = 0; round < 1500; round++) {
        Str s = random_text(&r, 1 + random_below(&r, 80), text, CAP);
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            for (unsigned level = SCAN_PLAIN; level <= scan_level_best(); level++)
                if (block_scan_of(kinds[k], (ScanLevel)level)) hold_same_pieces(kinds[k], (ScanLevel)level, s);
    }
    assert_null(block_scan_of(SPLIT_SPACES, SCAN_PLAIN));
    assert_non_null(block_scan_of(SPLIT_O200K, SCAN_PLAIN));
}

// ---- a small vocabulary -------------------------------------------------------------------------

// Every byte, then some tokens: a .tiktoken file.
static Str small_tiktoken(Arena *a, const char *const *more, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Buf b = {0};
    for (unsigned i = 0; i < 256; i++) buf_printf(&b, "%c%c== %u\n", digits[i >> 2], digits[(i & 3) << 4], i);
    for (size_t i = 0; i < n; i++) {
        const unsigned char *t = (const unsigned char *)more[i];
        size_t len = strlen(more[i]);
        for (size_t at = 0; at < len; at += 3) {
            unsigned have = len - at < 3 ? (unsigned)(len - at) : 3;
            unsigned bits = (unsigned)t[at] << 16 | (have > 1 ? (unsigned)t[at + 1] << 8 : 0) | (have > 2 ? t[at + 2] : 0);
            for (unsigned k = 0; k < 4; k++) buf_add_char(&b, k <= have ? digits[bits >> (18 - 6 * k) & 63] : '=');
        }
        buf_printf(&b, " %zu\n", 256 + i);
    }
    Str text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

static void *build(Arena *a, Str text, size_t *size, Vocabulary *v)
{
    VocabularySource s;
    Error e;
    source_init(&s, a);
    s.split = SPLIT_CL100K;
    static const SpecialToken special[] = {{"<|end|>", 300}};
    assert_true(read_tiktoken(text, S("f"), special, 1, &s, &e));
    void *block = vocabulary_build(&s, size);
    assert_true(vocabulary_from_block(block, *size, v));
    return block;
}

static const char *const more[] = {"ab", "bc", "abc", "cd", "aa", "aaaa", "supercalifragilistic", "superfluous and unreached", " t", "he", " the"};
enum { MORE = sizeof more / sizeof *more };

static void hold_ids(Tokenizer *t, const char *text, const uint32_t *want, size_t n)
{
    IdList ids = {.keep = true};
    tokenizer_ids(t, str_from(text), &ids);
    assert_int_equal(ids.n, n);
    assert_memory_equal(ids.ids, want, n * sizeof *want);
    assert_int_equal(tokenizer_count(t, str_from(text)), n);
    id_list_free(&ids);
}

static void test_the_lowest_rank_merges_first(void **state)
{
    (void)state;
    Arena a = {0};
    Vocabulary v;
    Tokenizer t;
    Error e;
    size_t size;
    void *block = build(&a, small_tiktoken(&a, more, MORE), &size, &v);
    assert_true(tokenizer_init(&t, &v, &e));
    hold_ids(&t, "abcd", (uint32_t[]){258, 'd'}, 2);        // ab, then abc; cd comes too late
    hold_ids(&t, "bcd", (uint32_t[]){257, 'd'}, 2);
    hold_ids(&t, "aaaaa", (uint32_t[]){261, 'a'}, 2);       // the leftmost first
    hold_ids(&t, "supercalifragilistic", (uint32_t[]){262}, 1);  // a token that no merges give
    hold_ids(&t, " the", (uint32_t[]){266}, 1);
    hold_ids(&t, "<|end|>", (uint32_t[]){'<', '|', 'e', 'n', 'd', '|', '>'}, 7);
    hold_ids(&t, "", NULL, 0);
    hold_ids(&t, "\xFF", (uint32_t[]){0xEF, 0xBF, 0xBD}, 3);  // no UTF-8
    tokenizer_free(&t);
    free(block);
    arena_free(&a);
}

// SmolLM2's has none for some bytes that are no part of any text: they give nothing, alone or beside others.
static void test_bytes_without_a_token(void **state)
{
    (void)state;
    Arena a = {0};
    VocabularySource source;
    Vocabulary v;
    Error e;
    size_t size;
    source_init(&source, &a);
    source.split = SPLIT_SMOLLM;
    source.byte_level = true;
    assert_true(source_put(&source, 0, S("a"), &e));
    source.byte_ids['a'] = 0;
    void *block = vocabulary_build(&source, &size);
    assert_true(vocabulary_from_block(block, size, &v));
    for (unsigned level = SCAN_PLAIN; level <= scan_level_best(); level++) {
        Merger m;
        IdList ids = {.keep = true};
        merger_init(&m, &v, (ScanLevel)level);
        merge_piece(&m, "bcd", 3, &ids);
        assert_int_equal(ids.n, 0);
        merge_piece(&m, "xaxa", 4, &ids);
        assert_int_equal(ids.n, 2);
        id_list_free(&ids);
        merger_free(&m);
    }
    free(block);
    arena_free(&a);
}

// The digits that came with Unicode 17 are cut out as the others are, also where the block scan stops before them.
static void test_digits_of_a_newer_unicode(void **state)
{
    (void)state;
    static const char text[256] = "ab  \xF0\x91\xB7\xA0\xF0\x91\xB7\xA9!\xF0\x96\xBF\xB4? \xF0\x96\xBF\xB7 and much more text behind it, so that blocks are whole";
    static const size_t want[] = {2, 2, 4, 4, 1, 4, 1, 5};
    const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);
    for (size_t i = 0; i < sizeof want / sizeof *want; p += want[i++]) assert_int_equal(splitter_of(SPLIT_SMOLLM)(p, end), want[i]);
    for (unsigned level = SCAN_PLAIN; level <= scan_level_best(); level++) hold_same_pieces(SPLIT_SMOLLM, (ScanLevel)level, str_from(text));
}

// A run of them, with what is no piece's end between, takes no longer than its length.
static void test_many_digits_of_a_newer_unicode(void **state)
{
    (void)state;
    enum { N = 200000 };
    Buf b = {0};
    size_t pieces = 0;
    for (size_t i = 0; i < N; i++) buf_add(&b, i % 2 ? S("\xF0\x91\xB7\xA0") : S("!?\xF0\x96\xBF\xB4"));
    buf_reserve(&b, SPLIT_PADDING);
    memset(b.ptr + b.len, 0, SPLIT_PADDING);
    const unsigned char *p = (const unsigned char *)b.ptr, *end = p + b.len;
    clock_t start = clock();
    for (; p < end; pieces++) p += splitter_of(SPLIT_SMOLLM)(p, end);
    assert_int_equal(pieces, N + N / 2);
    assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
    buf_free(&b);
}

// Pieces of up to `longest` bytes, most of them short, one behind the other.
static size_t random_pieces(Random *r, char *text, size_t cap, size_t longest, uint32_t *ends)
{
    size_t n = 0, at = 0;
    for (size_t most = 1 + random_below(r, BATCH_PIECES); n < most; n++) {
        size_t len = 1 + random_below(r, random_below(r, 4) ? 15 : longest);
        if (at + len > cap) break;
        for (size_t k = 0; k < len; k++) text[at++] = "abcd the"[random_below(r, 8)];
        ends[n] = (uint32_t)at;
    }
    memset(text + at, 'a', SPLIT_PADDING);
    return n;
}

static void mark(Bpe *b, Batch *batch, Boundary *places)
{
    bpe_ask(b, batch);
    bpe_look(b, batch);
    bpe_mark(b, batch, 1000, 7, places);
}

// Side by side and one by one, kept before and new, on any machine and in C alone it is the same; also once the
// arena was full.
static void test_merges_agree(void **state)
{
    (void)state;
    enum { CAP = 16384, LONGEST = PIECE_LONG + 40 };
    Arena a = {0};
    Vocabulary v;
    Bpe b;
    Merger plain, best;
    size_t size, wiped = 0, before = 0;
    void *block = build(&a, small_tiktoken(&a, more, MORE), &size, &v);
    char *text = arena_alloc(&a, CAP + SPLIT_PADDING);
    Batch batch;
    uint32_t *ends = batch.ends;
    Boundary places[BATCH_PIECES];
    IdList together = {.keep = true}, one = {.keep = true}, other = {.keep = true};
    Random r = random_from(5);
    bpe_init(&b, &v, scan_level_best());
    merger_init(&plain, &v, SCAN_PLAIN);
    merger_init(&best, &v, scan_level_best());
    for (unsigned round = 0; round < 150; round++) {
        size_t n = random_pieces(&r, text, CAP, LONGEST, ends), at = 0;
        together.n = 0;
        batch.p = text;
        batch.n = n;
        // Sometimes what is marked is known, sometimes not.
        if (round % 2) mark(&b, &batch, places);
        bpe_batch(&b, &batch, &together);
        if (round % 2 == 0) mark(&b, &batch, places);
        wiped += b.cache.used < before;
        before = b.cache.used;
        for (size_t i = 0; i < n; i++) {
            uint32_t from = i ? ends[i - 1] : 0;
            one.n = other.n = 0;
            merge_piece(&plain, text + from, ends[i] - from, &one);
            merge_piece(&best, text + from, ends[i] - from, &other);
            assert_int_equal(places[i].end, 1000 + ends[i]);
            assert_int_equal(places[i].units, 7 + at + one.n);
            assert_memory_equal(together.ids + at, one.ids, one.n * sizeof *one.ids);
            assert_int_equal(other.n, one.n);
            assert_memory_equal(other.ids, one.ids, one.n * sizeof *one.ids);
            at += one.n;
        }
        assert_int_equal(together.n, at);
    }
    assert_true(wiped > 0);
    IdList counted = {0};
    bpe_piece(&b, "dcbadcbadcba and room behind it", 12, &counted);
    assert_int_equal(counted.n, 12);
    assert_null(counted.ids);
    id_list_free(&together);
    id_list_free(&one);
    id_list_free(&other);
    merger_free(&plain);
    merger_free(&best);
    bpe_free(&b);
    free(block);
    arena_free(&a);
}

static void test_all_pairs_are_found(void **state)
{
    (void)state;
    enum { N = 20000, IDS = 5000 };
    Random r = random_from(21);
    Pair *pairs = mem_alloc((N + 1) * sizeof *pairs);
    for (uint32_t i = 0; i < N; i++) pairs[i] = (Pair){(uint32_t)random_below(&r, IDS), i % IDS, i, (i * 7) % IDS};
    pairs[N] = (Pair){pairs[3].left, pairs[3].right, N, 42};  // named again
    PairShape shape;
    void *memory = pair_table_build(pairs, N + 1, IDS, N + 1, &shape);
    assert_true(pair_shape_is_sound(shape));
    PairTable t = pair_table_at(shape, memory);
    for (uint32_t i = N + 1; i-- > 0;) {
        uint64_t found = pair_find(&t, pairs[i].left, pairs[i].right);
        assert_true(found);
        if (i == N || pair_rank(shape, found) == i + 1) assert_int_equal(pair_id(shape, found), pairs[i].id);
        assert_true(pair_rank(shape, found) >= i + 1);  // a later one of the same two
    }
    size_t filtered = 0, absent = 0;
    for (uint32_t i = 0; i < N; i++) {
        uint32_t left = (uint32_t)random_below(&r, IDS), right = (uint32_t)random_below(&r, IDS);
        uint64_t found = pair_find(&t, left, right);
        if (found) assert_true(pairs[pair_rank(shape, found) - 1].left == left && pairs[pair_rank(shape, found) - 1].right == right);
        absent += !found;
        filtered += !pair_may_merge(&t, pair_product(shape, left, right));
    }
    assert_true(absent > N * 9 / 10 && filtered > absent * 8 / 10);
    free(memory);
    free(pairs);
}

static void test_damaged_blocks_are_harmless(void **state)
{
    (void)state;
    Arena a = {0};
    Vocabulary v, damaged;
    Error e;
    size_t size;
    unsigned char *block = build(&a, small_tiktoken(&a, more, MORE), &size, &v), *copy = aligned_alloc(64, (size + 63) / 64 * 64);
    uint64_t hash = vocabulary_hash(block, size);
    Random r = random_from(9);
    assert_false(vocabulary_from_block(block, size - 1, &damaged));
    assert_false(vocabulary_from_block(block, 16, &damaged));
    for (unsigned round = 0; round < 120; round++) {
        memcpy(copy, block, size);
        unsigned flips = 1 + (unsigned)random_below(&r, 400);
        // Half of them in the header, where most can go wrong.
        for (unsigned i = 0; i < flips; i++)
            copy[random_below(&r, round % 2 ? sizeof(VocabularyHeader) - PATTERN_BYTES : size)] ^= (unsigned char)(1u << random_below(&r, 8));
        assert_true(memcmp(copy, block, size) == 0 || vocabulary_hash(copy, size) != hash);
        Tokenizer t;
        if (!vocabulary_from_block(copy, size, &damaged) || !tokenizer_init(&t, &damaged, &e)) continue;
        tokenizer_count(&t, S("abcd the supercalifragilistic kettle <|end|> größer 中文\n\n 123 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
        for (uint32_t id = 0; id < 300; id++) token_bytes(&damaged, id);
        tokenizer_free(&t);
    }
    free(copy);
    free(block);
    arena_free(&a);
}

static void test_bad_sources_say_why(void **state)
{
    (void)state;
    static const char *const bad_tiktoken[] = {"", "IQ== x\n", "I 0\n", "IQ== 99999999\n", "IQ==\n", "I!== 0\n"};
    static const char *const bad_json[] = {
        "", "{}", "[]", "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{}}}", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1}}}",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]},\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false}}",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"dropout\":0.5}}",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}},\"normalizer\":{\"type\":\"Lowercase\"}}",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}},\"pre_tokenizer\":{\"type\":\"Whitespace\"}}",
    };
    Arena a = {0};
    VocabularySource s;
    for (size_t i = 0; i < sizeof bad_tiktoken / sizeof *bad_tiktoken; i++) {
        Error e = {0};
        source_init(&s, &a);
        assert_false(read_tiktoken(str_from(bad_tiktoken[i]), S("f"), NULL, 0, &s, &e));
        assert_true(e.what[0]);
    }
    for (size_t i = 0; i < sizeof bad_json / sizeof *bad_json; i++) {
        Error e = {0};
        source_init(&s, &a);
        if (read_tokenizer_json(str_from(bad_json[i]), S("f"), &s, &e)) fail_msg("taken: %s", bad_json[i]);
        assert_true(e.what[0]);
    }
    Error e = {0};
    source_init(&s, &a);
    assert_false(read_gguf(S("GGUF\x03\0\0\0\xFF\xFF\xFF\xFF"), S("f"), &s, &e));
    arena_free(&a);
}

// Few tokens, but each with beginnings of its own.
static void test_too_many_added_tokens_are_refused(void **state)
{
    (void)state;
    enum { N = VOCABULARY_IDS / 64 };
    Arena a = {0};
    VocabularySource s;
    Error e;
    size_t size;
    source_init(&s, &a);
    s.added = arena_new(&a, uint32_t, N);
    for (uint32_t i = 0; i < N; i++) {
        assert_true(source_put(&s, i, arena_printf(&a, "%06u%0100u", i, i), &e));
        s.added[s.n_added++] = i;
    }
    assert_null(vocabulary_build(&s, &size));
    s.n_added = N / 2;
    void *block = vocabulary_build(&s, &size);
    assert_non_null(block);
    free(block);
    arena_free(&a);
}

// ---- normal form --------------------------------------------------------------------------------

static void hold_nfc(const Nfc *n, const char *from, const char *to)
{
    Buf b = {0};
    assert_true(nfc_make(n, str_from(from), &b));
    assert_int_equal(b.len, strlen(to));
    assert_memory_equal(b.ptr, to, b.len);
    assert_false(nfc_is_plain(n, str_from(from)) && strcmp(from, to) != 0);
    buf_free(&b);
}

static void test_normal_form(void **state)
{
    (void)state;
    Nfc *n;
    Error e;
    assert_true(nfc_open(&n, &e));
    hold_nfc(n, "plain \xC3\xA9", "plain \xC3\xA9");
    hold_nfc(n, "e\xCC\x81", "\xC3\xA9");
    hold_nfc(n, "q\xCC\x95\xCC\x96", "q\xCC\x96\xCC\x95");  // marks in the order of their classes
    hold_nfc(n, "q\xCC\x95\xDF\xBD", "q\xCC\x95\xDF\xBD");  // U+07FD came with Unicode 11
    assert_true(nfc_is_plain(n, S("größer, 中文。 Привет")));
    assert_false(nfc_is_plain(n, S("e\xCC\x81")));
    nfc_close(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_give_the_scanners_pieces),
        cmocka_unit_test(test_the_lowest_rank_merges_first),
        cmocka_unit_test(test_bytes_without_a_token),
        cmocka_unit_test(test_digits_of_a_newer_unicode),
        cmocka_unit_test(test_many_digits_of_a_newer_unicode),
        cmocka_unit_test(test_merges_agree),
        cmocka_unit_test(test_all_pairs_are_found),
        cmocka_unit_test(test_damaged_blocks_are_harmless),
        cmocka_unit_test(test_bad_sources_say_why),
        cmocka_unit_test(test_too_many_added_tokens_are_refused),
        cmocka_unit_test(test_normal_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
