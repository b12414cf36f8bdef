// SPDX-License-Identifier: Apache-2.0
//
// The strategy file with everything that can be wrong in it, the other strategies, and a project's
// knowledge on disk.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/utf8.h"
#include "documents/document.h"
#include "knowledge/knowledge.h"

// ---- the strategy file --------------------------------------------------------------------------

static void test_strategy_faults(void **state)
{
    (void)state;
    static const struct {
        const char *text, *what, *hint;
        unsigned column;    // of the place; 0: not looked at
        bool warning;
    } cases[] = {
        {"[]", "this file is an object", "write", 1, false},
        {"{\"a/b\": 5}", "the strategy of a file is an object", "", 9, false},
        {"{\"a/b\": {\"max_word\": 5}}", "unknown parameter \"max_word\"", "max_words", 10, false},
        {"{\"a/b\": {\"strateg\": \"words\"}}", "unknown parameter", "strategy", 10, false},
        {"{\"a/b\": {\"strategy\": \"word\"}}", "unknown strategy \"word\"", "words", 22, false},
        {"{\"a/b\": {\"strategy\": 1}}", "strategy is a name", "one of", 22, false},
        {"{\"a/b\": {\"max_words\": 0}}", "out of range", "from 1", 23, false},
        {"{\"a/b\": {\"max_words\": -5}}", "out of range", "", 23, false},
        {"{\"a/b\": {\"max_words\": 2.5}}", "whole number", "", 23, false},
        {"{\"a/b\": {\"max_words\": \"9\"}}", "whole number", "without quotes", 23, false},
        {"{\"a/b\": {\"max_words\": 99999999999999}}", "out of range", "", 23, false},
        {"{\"a/b\": {\"max_words\": 10, \"overlap\": 10}}", "less than the maximum", "0 to 9", 38, false},
        {"{\"a/b\": {\"overlap\": 500}}", "less than the maximum of 500", "", 21, false},
        {"{\"a/b\": {\"max_words\": 10, \"min_words\": 11}}", "more than the maximum", "", 40, false},
        {"{\"a/b\": {\"separator\": \"ab(c\"}}", "cannot be read", "", 28, false},
        {"{\"a/b\": {\"separator\": \"\\\\s\\u00e9(\"}}", "cannot be read", "", 34, false},
        {"{\"a/b\": {\"separator\": 5}}", "pattern in quotes", "", 23, false},
        {"{\"a/b\": {\"exclude\": \"x\"}}", "exclude is a list", "", 21, false},
        {"{\"a/b\": {\"exclude\": [\"a\", \"(\"]}}", "cannot be read", "", 29, false},
        {"{\"a/b\": {\"exclude\": [7]}}", "patterns in quotes", "", 22, false},
        {"{\"a/b\": {\"pages\": \"3-\"}}", "page numbers", "", 19, false},
        {"{\"a/b\": {\"pages\": \"0\"}}", "page numbers", "", 19, false},
        {"{\"a/b\": {\"pages\": \"7-3\"}}", "page numbers", "", 19, false},
        {"{\"a/b\": {\"pages\": 3}}", "page numbers", "", 19, false},
        {"{\"a/b\": {\"weight\": -1}}", "at least 0", "", 20, false},
        {"{\"a/b\": {\"strategy\": \"markdown\", \"max_words\": 9, \"max_tokens\": 9}}", "more than one maximum", "", 50, false},
        {"{\"a/b\": {\"max_tokens\": 9}}", "max_tokens is not used by the strategy words", "tokens", 10, true},
        {"{\"a/b\": {\"strategy\": \"whole\", \"max_words\": 9}}", "not used by the strategy whole", "", 31, true},
        {"{\"a/b\": {}, \"a/b\": {}}", "duplicate", "", 0, false},
        {"{\"a/b\": {\"max_words\": 5,}}", "", "", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena a = {0};
        Problems p = {.arena = &a};
        Strategies s;
        bool ok = strategies_read(&s, str_from(cases[i].text), S("config/chunk-strategy.json"), &a, &p);
        assert_int_equal(ok, cases[i].warning);
        if (p.n != 1) fail_msg("%s: %zu problems", cases[i].text, p.n);
        if (!strstr(p.items[0].what, cases[i].what) || !strstr(p.items[0].hint, cases[i].hint))
            fail_msg("%s: %s (%s)", cases[i].text, p.items[0].what, p.items[0].hint);
        if (cases[i].column && p.items[0].place.column != cases[i].column)
            fail_msg("%s: column %u", cases[i].text, p.items[0].place.column);
        assert_int_equal(p.items[0].warning, cases[i].warning);
        strategies_free(&s);
        arena_free(&a);
    }
}

static void test_strategy_values(void **state)
{
    (void)state;
    Arena a = {0};
    Problems p = {.arena = &a};
    Strategies s;
    Str text = S("{\"billing/faq.md\": {\"strategy\": \"markdown\", \"max_characters\": 900, \"overlap\": 10, \"weight\": 2.5},\n"
                 " \"*.pdf\": {\"pages\": \"3-7, 9\", \"exclude\": [\"^Copyright\"]},\n"
                 " \"billing/*.md\": {\"max_words\": 20}, \"billing/f*.md\": {\"max_words\": 21}, \"faq.md\": {\"max_words\": 22},\n"
                 " \"**\": {\"strategy\": \"tokens\"}, \"*\": {\"max_words\": 1}}");
    assert_true(strategies_read(&s, text, S("f"), &a, &p));
    assert_int_equal(p.n, 0);
    const Strategy *one = strategy_for(&s, S("billing/faq.md"), S("faq.md"));
    assert_int_equal(one->kind, STRATEGY_MARKDOWN);
    assert_int_equal(one->unit, UNIT_CHARACTERS);
    assert_int_equal(one->max, 900);
    assert_true(one->weight > 2.4 && one->weight < 2.6);
    one = strategy_for(&s, S("x/y.pdf"), S("y.pdf"));
    assert_int_equal(one->n_pages, 2);
    assert_int_equal(one->pages[0].last, 7);
    assert_int_equal(one->pages[1].first, 9);
    assert_int_equal(one->n_exclude, 1);
    assert_int_equal(one->max, 500);
    assert_int_equal(strategy_for(&s, S("billing/fees.md"), S("fees.md"))->max, 21);
    assert_int_equal(strategy_for(&s, S("billing/x.md"), S("x.md"))->max, 20);
    assert_int_equal(strategy_for(&s, S("other/faq.md"), S("faq.md"))->max, 22);
    // Of two globs with as many literal letters, the first.
    assert_int_equal(strategy_for(&s, S("a/b.txt"), S("b.txt"))->kind, STRATEGY_TOKENS);
    strategies_free(&s);

    // What is not used, of which the file's author is warned, has no effect.
    assert_true(strategies_read(&s, S("{\"*\": {\"strategy\": \"whole\", \"max_words\": 3}}"), S("f"), &a, &p));
    assert_int_equal(p.n, 1);
    assert_int_equal(s.items[0].max, 0);
    strategies_free(&s);

    assert_true(strategies_read(&s, (Str){0}, S("f"), &a, &p));
    one = strategy_for(&s, S("a/b"), S("b"));
    assert_ptr_equal(one, &s.standard);
    assert_int_equal(one->max, 500);
    strategies_free(&s);
    arena_free(&a);
}

static void test_add_missing(void **state)
{
    (void)state;
    static const struct {
        const char *text, *start, *end;
    } cases[] = {
        {"", "{\n  \"a/b.txt\": {", "},\n  \"c\\\"d\": {\"max_words\": 500, \"overlap\": 0, \"separator\": \"(?<=[.!?])\\\\s+\"}\n}\n"},
        {"{}", "{\n  \"a/b.txt\": {", "}\n}"},
        {"{\n}\n", "{\n  \"a/b.txt\": {", "}\n}\n"},
        {"{ \"x\" : {\"max_words\":  7} }", "{ \"x\" : {\"max_words\":  7}, \"a/b.txt\": {", "} }"},
        {"{\n\t\"x\": {},\n\n\t\"y\": {\"exclude\": [\"]}\\\"\"]}\n}\n", "{\n\t\"x\": {},\n\n\t\"y\": {\"exclude\": [\"]}\\\"\"]},\n\t\"a/b.txt\": {", "}\n}\n"},
        {"{\"x\":{}}", "{\"x\":{}, \"a/b.txt\": {", "}}"},
    };
    const Str paths[] = {S("a/b.txt"), S("c\"d")};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena a = {0};
        Problems p = {.arena = &a};
        Strategies s;
        Str out = strategy_add_missing(&a, str_from(cases[i].text), paths, 2);
        if (!str_starts(out, str_from(cases[i].start)) || !str_ends(out, str_from(cases[i].end))) fail_msg("<%s> became\n%s", cases[i].text, out.ptr);
        assert_true(strategies_read(&s, out, S("f"), &a, &p));
        assert_int_equal(s.items[s.n - 1].max, 500);
        strategies_free(&s);
        arena_free(&a);
    }
}

// ---- strategies ---------------------------------------------------------------------------------

// The chunks of a text by one entry's JSON, joined by '|'.
static Str cut(Arena *a, const char *entry, const char *text, bool markdown)
{
    Problems p = {.arena = a};
    Strategies s;
    Str file = arena_printf(a, "{\"*\": %s}", entry), body = str_from(text);
    if (!strategies_read(&s, file, S("f"), a, &p)) fail_msg("%s", p.items[0].what);
    Outline outline = {0};
    ChunkList list = {.arena = a};
    Counter counter = {0};  // an estimate
    ChunkTools tools = {.tokens.counter = &counter};
    Error e;
    if (markdown) outline_read(body, &outline, a);
    if (!chunk_text(body, strategy_for(&s, S("a/b"), S("b")), markdown ? &outline : NULL, &tools, &list, &e)) fail_msg("%s", e.what);
    Buf b = {0};
    for (size_t i = 0; i < list.n; i++) {
        if (i) buf_add_char(&b, '|');
        buf_add(&b, str_slice(body, list.items[i].start, list.items[i].end));
    }
    chunk_tools_free(&tools);
    strategies_free(&s);
    Str out = arena_str(a, buf_str(&b));
    buf_free(&b);
    return out;
}

static void test_strategies(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *text, *want;
        bool markdown;
    } cases[] = {
        {"{\"max_words\": 4}", "One two. Three four. Five.\n\nSix seven eight nine ten. End.", "One two. Three four.|Five.|Six seven eight nine|ten. End.", false},
        {"{\"max_words\": 4, \"overlap\": 1}", "A b. C. D e f. G.", "A b. C.|C. D e f.|f. G.", false},
        {"{\"max_words\": 5, \"min_words\": 2}", "A b c d e. F. G h i. J k l m. N.", "A b c d e.|F. G h i.|J k l m. N.", false},
        {"{\"max_words\": 5, \"min_words\": 2}", "A b c d. E f g h i. J.", "A b c d.|E f g h i.|J.", false},
        {"{\"max_words\": 9, \"exclude\": [\"^Drop\"]}", "A b. Drop this. C d.", "A b.|C d.", false},
        {"{\"max_words\": 9, \"overlap\": 3, \"exclude\": [\"^Drop\"]}", "A b. Drop this. C d.", "A b.|C d.", false},
        {"{\"strategy\": \"whole\"}", "  all of. it \n\n here\n", "all of. it \n\n here", false},
        {"{\"strategy\": \"whole\"}", " \n", "", false},
        {"{\"strategy\": \"separator\", \"separator\": \"\\n---\\n\"}", "a b\n---\n\n---\nc d e", "a b|c d e", false},
        {"{\"strategy\": \"separator\", \"separator\": \"\\n---\\n\", \"max_words\": 2}", "a b\n---\nc d e", "a b|c d|e", false},
        {"{\"strategy\": \"characters\", \"max_characters\": 10}", "Ab. Cd. Efghi jklmn opq. Rs.", "Ab. Cd.|Efghi|jklmn opq.|Rs.", false},
        {"{\"strategy\": \"characters\", \"max_characters\": 4}", "abcdefghij", "abcd|efgh|ij", false},
        {"{\"strategy\": \"characters\", \"max_characters\": 4}", "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9|\xC3\xA9", false},
        {"{\"strategy\": \"characters\", \"max_characters\": 3}", "ab\x65\xCC\x81", "ab|\x65\xCC\x81", false},
        {"{\"strategy\": \"characters\", \"max_characters\": 12, \"overlap\": 6}", "aa bb cc dd ee ff gg", "aa bb cc dd|cc dd ee ff|ee ff gg", false},
        {"{\"strategy\": \"tokens\", \"max_tokens\": 3}", "Abc de. Fgh ij. Klmnopqrstuvwxyz.", "Abc de.|Fgh ij.|Klmnopqrstuvwxyz|.", false},
        {"{\"strategy\": \"tokens\", \"max_tokens\": 2}", "Klmnopqrstuvwxyz", "Klmnopqrstuvw|xyz", false},
        {"{\"strategy\": \"tokens\", \"max_tokens\": 4, \"overlap\": 2}", "aa bb cc dd ee ff gg", "aa bb cc dd|cc dd ee ff|ee ff gg", false},
        {"{\"strategy\": \"markdown\"}", "intro\n\n# A\n\ntext a\n\n## B\n\ntext b\n\n# C\n## D\nd", "intro|# A\n\ntext a|## B\n\ntext b|# C\n## D\nd", true},
        {"{\"strategy\": \"markdown\"}", "A\n===\n\ntext\n\nB\n---\n```\n# no heading\n```\nx", "A\n===\n\ntext|B\n---\n```\n# no heading\n```\nx", true},
        {"{\"strategy\": \"markdown\", \"max_words\": 5}", "# A\n\none two three\n\nfour. Five six seven eight nine. Ten", "# A\n\none two three|four.|Five six seven eight nine.|Ten", true},
        {"{\"strategy\": \"markdown\", \"exclude\": [\"^## Changes\"]}", "# A\n\na\n\n## Changes\n\nb\n\n## C\n\nc", "# A\n\na|## C\n\nc", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena a = {0};
        Str got = cut(&a, cases[i].entry, cases[i].text, cases[i].markdown);
        if (!str_eq(got, str_from(cases[i].want))) fail_msg("%s <%s> gave\n%s\nnot\n%s", cases[i].entry, cases[i].text, got.ptr, cases[i].want);
        arena_free(&a);
    }
}

// ---- on disk ------------------------------------------------------------------------------------

typedef struct Folder {
    Arena arena;
    char path[64];
} Folder;

static void put(Folder *f, const char *name, Str text)
{
    Error e;
    Str path = path_join(&f->arena, str_from(f->path), str_from(name));
    assert_true(file_make_folders(arena_cstr(&f->arena, path_folder(path)), &e));
    assert_true(file_write_whole(path.ptr, text, &e));
}

static void folder_open(Folder *f)
{
    *f = (Folder){.path = "/tmp/confab-knowledge-XXXXXX"};
    assert_non_null(mkdtemp(f->path));
}

static void folder_close(Folder *f)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->path);
    assert_int_equal(system(command), 0);
    arena_free(&f->arena);
}

static Counter *give_counter(void *self) { return self; }

static bool open_knowledge(Folder *f, Knowledge *k, Problems *p, bool strict)
{
    *p = (Problems){.arena = &f->arena};
    Counter counter = {0};
    return knowledge_open(k, &(KnowledgeOptions){.project = f->path, .tokens = {give_counter, &counter}, .strict = strict}, &f->arena, p);
}

static bool has_problem(const Problems *p, const char *file, const char *what)
{
    for (size_t i = 0; i < p->n; i++)
        if (strstr(p->items[i].place.file, file) && strstr(p->items[i].what, what)) return true;
    return false;
}

static void test_knowledge(void **state)
{
    (void)state;
    Folder f;
    Knowledge k;
    Problems p;
    Error e;
    folder_open(&f);
    put(&f, "knowledge/notes.txt", S("\xEF\xBB\xBFNote one.\r\nNote two.\r\n"));
    put(&f, "knowledge/billing/refunds/how.md", S("# Refunds\n\n## When\n\nWithin ten days.\n"));
    put(&f, "knowledge/billing/fees.txt", S("Fees are low. They stay low."));
    put(&f, "knowledge/billing/latin.txt", S("Caf\xE9 \x80 5"));
    put(&f, "knowledge/billing/wide.txt", S("\xFF\xFEh\0i\0 \0=\xD8\0\xDE"));
    put(&f, "knowledge/.hidden/x.txt", S("no"));
    put(&f, "config/chunk-strategy.json", S("{\"billing/fees.txt\": {\"max_words\": 3}, \"billing/fee.txt\": {}}"));
    assert_true(open_knowledge(&f, &k, &p, false));
    assert_int_equal(k.n_documents, 5);
    assert_int_equal(k.n_topics, 3);
    assert_true(str_eq(k.topics[0].name, S("billing")) && k.topics[0].n_documents == 3);
    assert_true(str_eq(k.topics[1].name, S("billing/refunds")));
    assert_true(str_eq(k.topics[2].name, S("general")));
    assert_int_equal(p.n, 1);
    assert_true(p.items[0].warning && strstr(p.items[0].hint, "billing/fees.txt"));
    const Document *d = knowledge_find(&k, S("billing/fees.txt"));
    assert_non_null(d);
    assert_int_equal(d->n_chunks, 2);
    const Chunk *c = &k.chunks[d->first_chunk + 1];
    Str text, path[4];
    assert_true(knowledge_chunk_text(&k, c, &f.arena, &text, &e));
    assert_true(str_eq(text, S("They stay low.")));
    assert_int_equal(c->number, 2);
    Str id = knowledge_chunk_id(&k, c, &f.arena);
    assert_int_equal(id.len, 16);
    assert_ptr_equal(knowledge_chunk_by_id(&k, id), c);
    d = knowledge_find(&k, S("billing/refunds/how.md"));
    assert_int_equal(knowledge_heading_path(&k, &k.chunks[d->first_chunk], path, 4), 2);
    assert_true(str_eq(path[0], S("Refunds")) && str_eq(path[1], S("When")));
    assert_true(knowledge_document_text(&k, knowledge_find(&k, S("general/notes.txt")), &f.arena, &text, &e));
    assert_true(str_eq(text, S("Note one.\nNote two.")));
    assert_true(knowledge_document_text(&k, knowledge_find(&k, S("billing/latin.txt")), &f.arena, &text, &e));
    assert_true(str_eq(text, S("Café € 5")));
    assert_true(knowledge_document_text(&k, knowledge_find(&k, S("billing/wide.txt")), &f.arena, &text, &e));
    assert_true(str_eq(text, S("hi \xF0\x9F\x98\x80")));
    Str *missing;
    assert_int_equal(knowledge_missing(&k, &f.arena, &missing), 4);
    ChunkStatistics s = knowledge_statistics(&k, knowledge_find(&k, S("billing/fees.txt")), &f.arena);
    assert_true(s.chunks == 2 && s.min == 3 && s.max == 3 && s.words == 6);
    knowledge_close(&k);
    folder_close(&f);
}

static void test_unreadable(void **state)
{
    (void)state;
    Folder f;
    Knowledge k;
    Problems p;
    folder_open(&f);
    put(&f, "knowledge/a/good.txt", S("Good."));
    put(&f, "knowledge/a/binary.txt", S("a\0b"));
    put(&f, "knowledge/a/odd.txt", S("odd \x81 byte"));
    put(&f, "knowledge/a/picture.png", S("\x89PNG"));
    put(&f, "knowledge/a/empty.txt", S(""));
    put(&f, "secret.txt", S("secret"));
    char path[200], target[200];
    snprintf(path, sizeof path, "%s/knowledge/a/link.txt", f.path);
    snprintf(target, sizeof target, "%s/secret.txt", f.path);
    assert_int_equal(symlink(target, path), 0);
    snprintf(path, sizeof path, "%s/knowledge/a/fifo.txt", f.path);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/knowledge/a/large.txt", f.path);
    put(&f, "knowledge/a/large.txt", S("x"));
    assert_int_equal(truncate(path, (off_t)2 << 30), 0);
    assert_true(open_knowledge(&f, &k, &p, false));
    assert_int_equal(k.n_documents, 2);
    assert_true(has_problem(&p, "binary.txt", "not text"));
    assert_true(has_problem(&p, "odd.txt", "0x81 at offset 4"));
    assert_true(has_problem(&p, "picture.png", "not a document"));
    assert_true(has_problem(&p, "link.txt", "out of knowledge/"));
    assert_true(has_problem(&p, "fifo.txt", "regular"));
    assert_true(has_problem(&p, "large.txt", "larger"));
    assert_true(has_problem(&p, "empty.txt", "no text"));
    knowledge_close(&k);
    assert_false(open_knowledge(&f, &k, &p, true));
    assert_int_equal(k.n_documents, 2);
    knowledge_close(&k);
    put(&f, "knowledge/general/x.txt", S("1"));
    put(&f, "knowledge/x.txt", S("2"));
    assert_false(open_knowledge(&f, &k, &p, false));
    assert_true(has_problem(&p, "x.txt", "two files"));
    knowledge_close(&k);
    put(&f, "config/chunk-strategy.json", S("{\"*\": {\"separator\": \"(o+)+$\"}}"));
    put(&f, "knowledge/a/good.txt", S("oooooooooooooooooooooooooooooooooooooooooooooooo!"));
    assert_false(open_knowledge(&f, &k, &p, false));
    assert_true(has_problem(&p, "chunk-strategy.json", "too many steps"));
    knowledge_close(&k);
    folder_close(&f);
}

static void test_no_knowledge(void **state)
{
    (void)state;
    Folder f;
    Knowledge k;
    Problems p;
    folder_open(&f);
    assert_true(open_knowledge(&f, &k, &p, true));
    assert_int_equal(k.n_documents, 0);
    assert_int_equal(p.n, 0);
    knowledge_close(&k);
    folder_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strategy_faults), cmocka_unit_test(test_strategy_values), cmocka_unit_test(test_add_missing),
        cmocka_unit_test(test_strategies),      cmocka_unit_test(test_knowledge),       cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_no_knowledge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
