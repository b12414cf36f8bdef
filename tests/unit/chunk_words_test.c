// SPDX-License-Identifier: Apache-2.0
//
// The `words` strategy against the same rule in Python's re (data/words_rule.py), on this tree's own
// texts and on made-up ones with everything that is awkward, and its promises on texts that the
// Python rule cannot count (scripts without spaces).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/random.h"
#include "base/utf8.h"
#include "knowledge/chunk.h"

typedef struct Case {
    Str text, separator, exclude;
    size_t max, overlap, min;
} Case;

typedef struct Cases {
    Arena arena;
    Case *items;
    size_t n, cap;
} Cases;

static void add_case(Cases *c, Case one)
{
    c->items = arena_grow(&c->arena, c->items, c->n, &c->cap, sizeof *c->items);
    c->items[c->n++] = one;
}

static void cut(const Case *c, ChunkList *list)
{
    Error e;
    Strategy s = {.kind = STRATEGY_WORDS, .unit = UNIT_WORDS, .max = c->max, .overlap = c->overlap, .min_words = c->min};
    Pattern *exclude = NULL;
    ChunkTools tools = {0};
    assert_true(pattern_compile(c->separator, &s.pattern, NULL, &e));
    if (c->exclude.ptr) {
        assert_true(pattern_compile(c->exclude, &exclude, NULL, &e));
        s.exclude = &exclude;
        s.n_exclude = 1;
    }
    if (!chunk_text(c->text, &s, NULL, &tools, list, &e)) fail_msg("%s", e.what);
    for (size_t i = 0; i < list->n; i++) chunk_words(c->text, &list->items[i], &tools);
    chunk_tools_free(&tools);
    pattern_free(s.pattern);
    pattern_free(exclude);
}

static void ask_python(const Cases *c, const char *answers)
{
    char command[512];
    snprintf(command, sizeof command, "python3 '%s/words_rule.py' > '%s'", TEST_DATA, answers);
    FILE *python = popen(command, "w");
    assert_non_null(python);
    Buf b = {0};
    for (size_t i = 0; i < c->n; i++) {
        const Case *one = &c->items[i];
        buf_clear(&b);
        buf_add(&b, S("{\"text\":"));
        json_write_string(&b, one->text);
        buf_add(&b, S(",\"separator\":"));
        json_write_string(&b, one->separator);
        buf_printf(&b, ",\"max\":%zu,\"overlap\":%zu,\"min\":%zu,\"exclude\":[", one->max, one->overlap, one->min);
        if (one->exclude.ptr) json_write_string(&b, one->exclude);
        buf_add(&b, S("]}\n"));
        fwrite(b.ptr, 1, b.len, python);
    }
    buf_free(&b);
    assert_int_equal(pclose(python), 0);
}

static void show(const Case *c, const json_t *want, const ChunkList *got)
{
    fprintf(stderr, "separator <%.*s> exclude <%.*s> max %zu overlap %zu min %zu\ntext <%.*s>\nwant ", STR_ARG(c->separator),
            STR_ARG(c->exclude), c->max, c->overlap, c->min, c->text.len > 4000 ? 4000 : (int)c->text.len, c->text.ptr);
    json_dumpf(want, stderr, JSON_COMPACT);
    fputs("\ngot  [", stderr);
    for (size_t i = 0; i < got->n; i++)
        fprintf(stderr, "%s[%zu,%zu,%u]", i ? "," : "", got->items[i].start, got->items[i].end, got->items[i].words);
    fputs("]\n", stderr);
    fail();
}

static void compare(const Cases *c)
{
    char answers[] = "/tmp/confab-words-XXXXXX";
    int fd = mkstemp(answers);
    assert_true(fd >= 0);
    close(fd);
    ask_python(c, answers);
    Arena a = {0};
    Str all, line;
    Error e;
    assert_true(file_read(answers, (size_t)1 << 30, &a, &all, NULL, &e));
    unlink(answers);
    for (size_t i = 0; i < c->n; i++) {
        assert_true(str_cut(&all, '\n', &line));
        json_t *want;
        assert_true(json_read(line, S("python"), &want, &e));
        ChunkList got = {.arena = &a};
        cut(&c->items[i], &got);
        bool same = json_array_size(want) == got.n;
        for (size_t k = 0; same && k < got.n; k++) {
            const json_t *w = json_array_get(want, k);
            same = (size_t)json_integer_value(json_array_get(w, 0)) == got.items[k].start &&
                   (size_t)json_integer_value(json_array_get(w, 1)) == got.items[k].end &&
                   (uint32_t)json_integer_value(json_array_get(w, 2)) == got.items[k].words;
        }
        if (!same) show(&c->items[i], want, &got);
        json_decref(want);
    }
    arena_free(&a);
}

// ---- real text ----------------------------------------------------------------------------------

static void test_real_text(void **state)
{
    (void)state;
    Cases c = {0};
    FileEntry *files;
    size_t n, used = 0;
    Error e;
    assert_true(path_list(SOURCE_ROOT "/src", 4, &c.arena, &files, &n, &e));
    static const size_t maxima[] = {500, 37, 100, 9};
    for (size_t i = 0; i < n && used < 40; i++) {
        if (!str_ends(files[i].path, S(".h"))) continue;
        Str text;
        Str path = path_join(&c.arena, S(SOURCE_ROOT "/src"), files[i].path);
        if (!file_read_text(path.ptr, 1 << 20, &c.arena, &text, NULL, &e)) continue;
        size_t max = maxima[used++ % 4];
        add_case(&c, (Case){text, PATTERN_SENTENCES, {0}, max, 0, 0});
        add_case(&c, (Case){text, PATTERN_SENTENCES, {0}, max, max / 5, max / 3});
        add_case(&c, (Case){text, S("\\n\\s*\\n"), {0}, max, max / 3, 0});
        add_case(&c, (Case){text, S("(?=\\n[a-z])"), {0}, max, 3, 5});
        add_case(&c, (Case){text, S("\\n\\Z|;"), S("#include"), max, 0, 0});
    }
    assert_true(used > 5);
    compare(&c);
    arena_free(&c.arena);
}

// ---- made-up text -------------------------------------------------------------------------------

static const char *const bits[] = {
    "word", "a", "Zwei", "наш", "café", "e\xCC\x81", "x", "3.14", "\xF0\x9F\x98\x80", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7",
    "longlonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglong", "\xE2\x80\x9Cq\xE2\x80\x9D", "\xEF\xBB\xBF",
    " ", " ", " ", " ", "  ", "\n", "\n\n", "\t", "\xC2\xA0", "\xE3\x80\x80", "\xC2\x85", "\x1C", "\xE2\x80\xA8", "\xE2\x80\x8B", "\xE1\xA0\x8E", "\v", "\f",
    ".", ". ", "! ", "? ", ".\n", "...", "!?", ". \xC2\xA0", ".\xE3\x80\x80", ",", ", ",
};

static Str made_up(Arena *a, Random *r, size_t pieces)
{
    Buf b = {0};
    for (size_t i = 0; i < pieces; i++) buf_add(&b, str_from(bits[random_below(r, sizeof bits / sizeof *bits)]));
    Str text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

static const Str separators[] = {
    S_INIT("(?<=[.!?])\\s+"), S_INIT("\\s+"), S_INIT("\\n\\n"), S_INIT("(?<=[.!?])"), S_INIT("(?=[A-Z])"), S_INIT("\\s*\\n\\s*"),
    S_INIT("(?m)^"), S_INIT("(?m)$"), S_INIT("nothing matches this"), S_INIT("[\\s.]+"), S_INIT("[^\\S\\n]+"), S_INIT("(?<!\\w)\\s"),
    S_INIT("\\b"), S_INIT("(?i)w?ORD"), S_INIT("(?P<x>a)(?P=x)?"), S_INIT(""), S_INIT("x*"), S_INIT("[^\\w\\s]"), S_INIT("(?a)\\W+"), S_INIT("\\u00e9|\\S\\v"),
};

static void test_made_up(void **state)
{
    (void)state;
    Cases c = {0};
    Random r = random_from(7);
    enum { N_SEPARATORS = sizeof separators / sizeof *separators };
    for (size_t i = 0; i < 1500; i++) {
        // Separators that are more than space count in a chunk's text; what they do is tested below.
        size_t which = i % 3 == 0 ? 0 : random_below(&r, 9);
        size_t max = 1 + random_below(&r, i % 2 ? 8 : 60);
        Case one = {made_up(&c.arena, &r, random_below(&r, 200)), separators[which], {0}, max, random_below(&r, max), random_below(&r, max + 1)};
        if (i % 5 == 0) one.exclude = random_below(&r, 2) ? S("caf|3") : S("^\\s*Zwei");
        add_case(&c, one);
    }
    compare(&c);
    arena_free(&c.arena);
}

// Any separator at all: its pieces are Python's, seen where the bound is out of reach.
static void test_separators(void **state)
{
    (void)state;
    Cases c = {0};
    Random r = random_from(11);
    for (size_t i = 0; i < 600; i++) {
        Str text = made_up(&c.arena, &r, random_below(&r, 100));
        add_case(&c, (Case){text, separators[i % (sizeof separators / sizeof *separators)], S("word|a|\xF0\x9F\x98\x80"), 100000, 0, 0});
    }
    compare(&c);
    arena_free(&c.arena);
}

// ---- promises -----------------------------------------------------------------------------------

static void assert_promises(const Case *c)
{
    Arena a = {0};
    ChunkList list = {.arena = &a};
    Segmenter segmenter = {0};
    cut(c, &list);
    size_t covered = 0;
    for (size_t i = 0; i < list.n; i++) {
        Str text = str_slice(c->text, list.items[i].start, list.items[i].end);
        assert_true(utf8_valid(text));
        assert_int_equal(space_trim(text).len, text.len);
        size_t words = words_count(&segmenter, text);
        if (words > c->max) fail_msg("%zu words where %zu is the most: %.*s", words, c->max, STR_ARG(text));
        // Nothing but space is left out between two chunks.
        if (list.items[i].start > covered)
            assert_int_equal(space_trim(str_slice(c->text, covered, list.items[i].start)).len, 0);
        assert_true(list.items[i].end > covered || i == 0);
        covered = list.items[i].end;
    }
    assert_int_equal(space_trim(str_slice(c->text, covered, c->text.len)).len, 0);
    segmenter_free(&segmenter);
    arena_free(&a);
}

static void test_scripts_without_spaces(void **state)
{
    (void)state;
    static const char *const letters[] = {"日本語", "の", "テスト", "です", "。", "「", "」", "中文", "分词", "ภาษาไทย", "ไม่มี", "ช่องว่าง",
                                          "ខ្មែរ", "ລາວ", "မြန်မာ", "abc", "42", "、", " ", "\n", "．", "!", "— "};
    Random r = random_from(3);
    for (size_t i = 0; i < 150; i++) {
        Buf b = {0};
        for (size_t k = random_below(&r, i % 10 == 0 ? 3000 : 200); k > 0; k--)
            buf_add(&b, str_from(letters[random_below(&r, sizeof letters / sizeof *letters)]));
        size_t max = 2 + random_below(&r, 40);
        Case c = {buf_str(&b), i % 2 ? S("(?<=[。．!])") : PATTERN_SENTENCES, {0}, max, i % 3 ? 0 : random_below(&r, max), 0};
        if (b.len) assert_promises(&c);
        buf_free(&b);
    }
}

// Separators that are words themselves: they stand in the chunk's text, so they count.
static void test_separators_count(void **state)
{
    (void)state;
    Random r = random_from(5);
    Arena a = {0};
    for (size_t i = 0; i < 300; i++) {
        size_t max = 2 + random_below(&r, 12);
        Case c = {made_up(&a, &r, 120), i % 2 ? S("word|Zwei") : S("[,x]\\s*"), {0}, max, 0, 0};
        Arena scratch = {0};
        ChunkList list = {.arena = &scratch};
        Segmenter segmenter = {0};
        cut(&c, &list);
        for (size_t k = 0; k < list.n; k++)
            assert_true(words_count(&segmenter, str_slice(c.text, list.items[k].start, list.items[k].end)) <= max);
        arena_free(&scratch);
    }
    arena_free(&a);
}

// A piece dropped behind the last chunk does not keep that from joining the one before; one between does.
static void test_min_words_and_exclude(void **state)
{
    (void)state;
    Cases c = {0};
    add_case(&c, (Case){S("One two three. Four five. Six. Drop it."), PATTERN_SENTENCES, S("Drop"), 5, 0, 3});
    add_case(&c, (Case){S("One two three four. Drop it. Six. Drop it."), PATTERN_SENTENCES, S("Drop"), 5, 0, 3});
    add_case(&c, (Case){S("Drop it. One two three four. Six."), PATTERN_SENTENCES, S("Drop"), 4, 0, 3});
    add_case(&c, (Case){S("a.b.c"), S("(?<=[.])"), S("c"), 1, 0, 3});
    compare(&c);
    arena_free(&c.arena);
}

static void test_long_text(void **state)
{
    (void)state;
    Buf b = {0};
    for (unsigned i = 0; i < 200000; i++) buf_printf(&b, "%s%u", i ? " " : "", i);
    Case c = {buf_str(&b), PATTERN_SENTENCES, {0}, 500, 50, 0};
    Arena a = {0};
    ChunkList list = {.arena = &a};
    cut(&c, &list);
    assert_int_equal(list.n, 400);
    for (size_t i = 0; i < list.n; i++) assert_int_equal(list.items[i].words, 500);
    buf_clear(&b);
    for (unsigned i = 0; i < 300000; i++) buf_add(&b, S("漢字"));
    c.text = buf_str(&b);
    list.n = 0;
    cut(&c, &list);
    assert_true(list.n > 100);
    buf_free(&b);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_text),        cmocka_unit_test(test_made_up),  cmocka_unit_test(test_separators),
        cmocka_unit_test(test_scripts_without_spaces), cmocka_unit_test(test_separators_count),
        cmocka_unit_test(test_min_words_and_exclude), cmocka_unit_test(test_long_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
