// SPDX-License-Identifier: Apache-2.0
//
// PDF files by PDFium: what is made of the words that confab-pdfium prints, what its faults are called, and which text
// the cache gives to which reader. A script stands in for confab-pdfium; e2e's pdfium test runs the real one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "documents/document.h"
#include "documents/pdfium.h"
#include "documents/pdfium_words.h"
#include "knowledge/knowledge.h"

static Arena arena;

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

// ---- words --------------------------------------------------------------------------------------

// The document's text of what the child printed, in pieces of `step` bytes.
static Str text_of(Str printed, size_t step)
{
    PdfiumWords w = {.pages = {.arena = &arena, .text = {.max = 100000}}};
    Buf piece = {.max = PDFIUM_PIECE_MAX};
    for (size_t at = 0; at < printed.len; at += step) {
        buf_add(&piece, str_slice(printed, at, at + step));
        assert_true(pdfium_words_take(&w, &piece));
    }
    uint64_t *pages;
    uint32_t n;
    Str text = pdf_text(buf_str(&w.pages.text), w.pages.layout, &arena, &pages, &n);
    pdf_pages_free(&w.pages);
    buf_free(&piece);
    return text;
}

static void assert_words(const char *printed, const char *want)
{
    Str all = str_from(printed);
    for (size_t step = 1; step < 2 * all.len; step = step * 3 + 1) {
        Str got = text_of(all, step);
        if (!str_eq(got, str_from(want))) fail_msg("<%.*s>\nnot\n<%s>", STR_ARG(got), want);
    }
}

static void test_words(void **state)
{
    (void)state;
    // An exponent, a word in another font that touches, a hyphen at a line's end, a paragraph below.
    assert_words("n1000 1000 3000 2000 Fees\ns3001 900 3200 1500 2\ns3500 1000 6000 2000 are\ns6300 1000 9000 2000 impor-\nn1000 2200 4000 3200 tant.\n"
                 "n1000 4500 4000 5500 Call\ns4300 4500 6000 5500 us.\np\n",
                 "Fees2 are important.\n\nCall us.");
    // Leaders go, cells of a line that is no table are words, and what stands high in a heading's font is a paragraph.
    assert_words("n1000 1000 3000 2800 Contents\nn1000 3000 3000 4000 Fees\ns3400 3000 3600 4000 .\ns4400 3000 4600 4000 .\ns5400 3000 5600 4000 .\ns6400 3000 6600 4000 .\n"
                 "s7400 3000 7600 4000 .\nn9000 3000 9500 4000 12\nn1000 4200 3000 5200 Name\nn8000 4200 9000 5200 Sum\np\n",
                 "Contents\n\nFees 12 Name Sum");
    // The accents of old fonts: composed where there is such a letter.
    assert_words("n1000 1000 3000 2000 Dro\xCC\x88ge\ns3300 1000 5000 2000 G\xCC\x83\np\n", "Dr\xC3\xB6ge G\xCC\x83");
    // Hebrew comes in the order in which it is read; places run to the left.
    assert_words("n8000 1000 9000 2000 \xD7\x90\ns6500 1000 7500 2000 \xD7\x91\np\n", "\xD7\x90 \xD7\x91");
    // Text that runs upwards is held together by what PDFium says.
    assert_words("n1000 5000 2000 9000 Axis\ns1000 1000 2000 4500 title\nn3000 1000 5000 2000 Text.\np\n", "Axis title\n\nText.");
}

static void test_table(void **state)
{
    (void)state;
    static const char *const cells[][2] = {{"Animal", "Price"}, {"Gnat", "13.65"}, {"Gnu", "92.50"}, {"Emu", "7.10"}, {"Ape", "8.25"}, {"Cat", "3.99"}};
    Buf b = {0};
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 2; k++)
            buf_printf(&b, "n%d %d %d %d %s\n", 1000 + 7000 * k, 6000 + 1200 * i, 1000 + 7000 * k + 500 * (int)strlen(cells[i][k]), 7000 + 1200 * i, cells[i][k]);
    buf_add(&b, S("p\n"));
    Str got = text_of(buf_str(&b), b.len);
    if (!str_eq(got, S("| Animal | Price |\n| --- | --- |\n| Gnat | 13.65 |\n| Gnu | 92.50 |\n| Emu | 7.10 |\n| Ape | 8.25 |\n| Cat | 3.99 |"))) fail_msg("<%.*s>", STR_ARG(got));
    buf_free(&b);
}

static void add_block(Buf *b, int left, int top, const char *name)
{
    for (int line = 0; line < 2; line++)
        for (int word = 0; word < 3; word++)
            buf_printf(b, "%c%d %d %d %d %s%d\n", word ? 's' : 'n', left + 3000 * word, top + 1200 * line, left + 3000 * word + 2500, top + 1200 * line + 1000, name, 3 * line + word);
}

// A header that is drawn last, and columns from the right.
static void test_order(void **state)
{
    (void)state;
    Buf b = {0};
    add_block(&b, 20000, 30000, "d");
    add_block(&b, 20000, 10000, "c");
    add_block(&b, 1000, 30000, "b");
    add_block(&b, 1000, 10000, "a");
    buf_add(&b, S("n1000 1000 12000 2000 Head\ns12500 1000 29000 2000 line\np\n"));
    Str got = text_of(buf_str(&b), b.len), want = S("Head line\n\na0 a1 a2 a3 a4 a5\n\nb0 b1 b2 b3 b4 b5\n\nc0 c1 c2 c3 c4 c5\n\nd0 d1 d2 d3 d4 d5");
    if (!str_eq(got, want)) fail_msg("<%.*s>", STR_ARG(got));
    // Columns that are drawn in order stay, whatever lies higher.
    buf_clear(&b);
    add_block(&b, 1000, 20000, "a");
    add_block(&b, 20000, 10000, "b");
    buf_add(&b, S("p\n"));
    got = text_of(buf_str(&b), b.len);
    if (!str_eq(got, S("a0 a1 a2 a3 a4 a5\n\nb0 b1 b2 b3 b4 b5"))) fail_msg("<%.*s>", STR_ARG(got));
    buf_free(&b);
}

static void add_text(Buf *b, int *top, int size, const char *text)
{
    int left = 1000;
    char mark = 'n';
    Str rest = str_from(text), word;
    *top += 2 * size;
    for (int right; str_cut(&rest, ' ', &word); mark = 's', left = right + size / 3) {
        right = left + size * (int)word.len / 2;
        buf_printf(b, "%c%d %d %d %d %.*s\n", mark, left, *top, right, *top + size, STR_ARG(word));
    }
}

static void test_headings(void **state)
{
    (void)state;
    Buf b = {0};
    int top = 0;
    const char *prose = "Fees are low for every customer who asks, and they stay so for as long as the customer wishes.";
    add_text(&b, &top, 2000, "Acme Handbook");
    add_text(&b, &top, 1000, prose);
    // A number that a wide gap parts from its heading, as LaTeX prints it.
    buf_printf(&b, "n1000 %d 1700 %d 1\ns3500 %d 8000 %d Prices\n", top + 3000, top + 4400, top + 3000, top + 4400);
    top += 3400;
    add_text(&b, &top, 1000, prose);
    add_text(&b, &top, 1000, "# no heading");
    add_text(&b, &top, 1000, prose);
    buf_add(&b, S("p\n"));
    Str got = text_of(buf_str(&b), b.len);
    Str want = arena_printf(&arena, "# Acme Handbook\n\n%s\n\n## 1 Prices\n\n%s\n\n\\# no heading\n\n%s", prose, prose, prose);
    if (!str_eq(got, want)) fail_msg("<%.*s>\nnot\n<%.*s>", STR_ARG(got), STR_ARG(want));
    buf_free(&b);
}

// What a child may print that a document has taken over.
static void test_words_broken(void **state)
{
    (void)state;
    static const char *const all[] = {"n1 2 3\n", "n- - - - x\n", "n99999999999 1 1 1 x\n", "s1 1 1 1 \n", "n-5 9 -900000000 -7 y\n", "p\np\n", "\n\n\n", "x1 1 1 1 z\n",
                                      "n5 5 5 5 \xCC\x80\xCC\x80\xFF\xCD\n", "n0 0 0 0 .\n"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        PdfiumWords w = {.pages = {.arena = &arena, .text = {.max = 30000}}};
        Buf piece = {.max = PDFIUM_PIECE_MAX};
        bool more = true;
        for (int k = 0; k < 30000 && more; k++) {
            buf_add(&piece, str_from(all[i]));
            more = pdfium_words_take(&w, &piece);
        }
        buf_add(&piece, S("p\n"));
        pdfium_words_take(&w, &piece);
        assert_true(w.pages.text.len <= 30000);
        pdf_pages_free(&w.pages);
        buf_free(&piece);
    }
}

// ---- a child ------------------------------------------------------------------------------------

typedef struct Fake {
    char folder[64];
    Pdfium pdfium;
} Fake;

static Str put(const Fake *f, const char *name, Str bytes)
{
    Error e;
    Str path = path_join(&arena, str_from(f->folder), str_from(name));
    assert_true(file_make_folders(arena_cstr(&arena, path_folder(path)), &e) && file_write_whole(path.ptr, bytes, &e));
    return path;
}

static Fake fake(const char *script)
{
    Fake f = {.folder = "/tmp/confab-pdfium-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
    f.pdfium = (Pdfium){.shared_library = put(&f, "lib/libpdfium.so", S("one")), .child = put(&f, "bin/confab-pdfium", str_from(script))};
    assert_int_equal(chmod(f.pdfium.child.ptr, 0755), 0);
    return f;
}

static void drop(Fake *f)
{
    assert_int_equal(system(arena_printf(&arena, "rm -rf '%s'", f->folder).ptr), 0);
}

static void test_child(void **state)
{
    (void)state;
    static const struct {
        const char *script, *want;
    } cases[] = {
        {"#!/bin/sh\necho \"n1 1 9 9 $(cat $1)-$(cat $2)\"\nsleep 0.1\necho p\n", "one-%PDF-1.4"},
        {"#!/bin/sh\nexec >&- 2>&-\nsleep 30\n", "!PDFium got stuck"},
        {"#!/bin/sh\nexec yes 'n1 1 2 2 more'\n", "!the PDF holds more text"},
        {"#!/bin/sh\nprintf '%400000s' x\n", "!the PDF holds more text"},
        {"#!/bin/sh\necho password >&2\nexit 1\n", "!the PDF is protected"},
        {"#!/bin/sh\nkill -SEGV $$\n", "!the PDF makes PDFium crash"},
        {"#!/bin/sh\nkill -ABRT $$\n", "!the PDF needs more memory"},
        {"#!/bin/sh\nexit 1\n", "!the PDF is broken: PDFium"},
        {"#!/bin/sh\necho p\n", "!the PDF has no text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Fake f = fake(cases[i].script);
        Error e = {0};
        Str path = put(&f, "input.pdf", S("%PDF-1.4"));
        Extraction x = {.shown = S("input.pdf"), .arena = &arena, .path = path.ptr, .pdfium = &f.pdfium};
        Str got = document_pdf.extract(&x, &e) ? x.text : arena_printf(&arena, "!%s", e.what);
        if (!str_starts(got, str_from(cases[i].want))) fail_msg("%s gave %.*s", cases[i].script, STR_ARG(str_slice(got, 0, 200)));
        drop(&f);
    }
}

static void test_check(void **state)
{
    (void)state;
    Error e;
    Fake f = fake("#!/bin/sh\nif test $2 = --check; then exit 0; fi\nexit 1\n");
    assert_true(pdfium_check(&f.pdfium, &e));
    put(&f, "bin/confab-pdfium", S("#!/bin/sh\necho '/library: undefined symbol: FPDF_LoadPage' >&2\nexit 3\n"));
    assert_int_equal(chmod(f.pdfium.child.ptr, 0755), 0);
    assert_false(pdfium_check(&f.pdfium, &e));
    assert_non_null(strstr(e.what, "libpdfium.so cannot be used as PDFium: undefined symbol: FPDF_LoadPage; pdftotext reads"));
    assert_non_null(strstr(e.hint, "CONFAB_PDFIUM=off"));
    put(&f, "bin/confab-pdfium", S("#!/bin/sh\nexec sleep 9\n"));
    assert_int_equal(chmod(f.pdfium.child.ptr, 0755), 0);
    assert_false(pdfium_check(&f.pdfium, &e));
    assert_non_null(strstr(e.what, "it hangs"));
    put(&f, "bin/confab-pdfium", S("#!/bin/sh\nexec yes\n"));
    assert_int_equal(chmod(f.pdfium.child.ptr, 0755), 0);
    assert_false(pdfium_check(&f.pdfium, &e));
    assert_non_null(strstr(e.what, "it prints what nobody asked for"));
    Pdfium none = {.shared_library = S("/nonexistent/libpdfium.so"), .child = f.pdfium.child};
    assert_false(pdfium_check(&none, &e));
    assert_non_null(strstr(e.what, "it is not there"));
    none = (Pdfium){.shared_library = f.pdfium.shared_library};
    assert_false(pdfium_check(&none, &e));
    assert_non_null(strstr(e.what, "not installed"));
    drop(&f);
}

// The real child, and a library that is none.
static void test_wrong_library(void **state)
{
    (void)state;
    Error e;
    Pdfium p = {.shared_library = S("/proc/self/exe"), .child = S(PDFIUM_CHILD)};
    assert_false(pdfium_check(&p, &e));
    Fake f = fake("");
    p.shared_library = f.pdfium.shared_library;
    assert_false(pdfium_check(&p, &e));
    assert_non_null(strstr(e.what, "cannot be used"));
    drop(&f);
}

// ---- the cache ----------------------------------------------------------------------------------

// The text of the one document, the first warning behind it.
static Str open_project(const Fake *f, Pdfium *p)
{
    Knowledge k;
    Str text = S("none");
    Error e;
    Problems problems = {.arena = &arena};
    Pdfium copy = p ? *p : (Pdfium){0};
    copy.identity = (Hash128){0};
    assert_true(knowledge_open(&k, &(KnowledgeOptions){.project = f->folder, .pdfium = p ? &copy : NULL}, &arena, &problems));
    if (k.n_documents && !knowledge_document_text(&k, &k.documents[0], &arena, &text, &e)) text = str_from(e.what);
    text = arena_printf(&arena, "%.*s%s%s", STR_ARG(text), problems.n ? "; " : "", problems.n ? problems.items[0].what : "");
    knowledge_close(&k);
    return text;
}

static void assert_open(const Fake *f, Pdfium *p, const char *want)
{
    Str got = open_project(f, p);
    if (!str_starts(got, str_from(want))) fail_msg("<%.*s> not <%s>", STR_ARG(got), want);
}

static void set_child(const Fake *f, const char *script)
{
    put(f, "bin/confab-pdfium", str_from(script));
    assert_int_equal(chmod(f->pdfium.child.ptr, 0755), 0);
}

static void test_cache(void **state)
{
    (void)state;
    static const char first[] = "#!/bin/sh\necho 'n1 1 9 9 first'\necho p\n", second[] = "#!/bin/sh\necho 'n1 1 9 9 second'\necho p\n", none[] = "#!/bin/sh\nexit 3\n";
    Fake f = fake(first);
    char *path = strdup(getenv("PATH"));
    assert_non_null(path);
    Str tool = put(&f, "tools/pdftotext", S("#!/bin/sh\necho '<page><word >other</word></page>'\n"));
    assert_int_equal(chmod(tool.ptr, 0755), 0);
    setenv("PATH", arena_printf(&arena, "%s/tools:%s", f.folder, path).ptr, 1);
    put(&f, "knowledge/a/x.pdf", S("%PDF-1.4"));
    assert_open(&f, &f.pdfium, "first");
    // Nothing is loaded for what is there.
    set_child(&f, none);
    assert_open(&f, &f.pdfium, "first");
    // Another reader's text is not taken, nor another library's; and each finds its own again.
    assert_open(&f, NULL, "other");
    set_child(&f, second);
    put(&f, "lib/libpdfium.so", S("two"));
    assert_open(&f, &f.pdfium, "second");
    // One that cannot be used is told of.
    set_child(&f, none);
    put(&f, "lib/libpdfium.so", S("three"));
    Str got = open_project(&f, &f.pdfium);
    assert_true(str_starts(got, S("other; ")) && str_contains(got, S("cannot be used as PDFium")));
    // A fault is the reader's own too.
    set_child(&f, "#!/bin/sh\ntest $2 = --check && exit 0\nkill -SEGV $$\n");
    assert_open(&f, &f.pdfium, "none; the PDF makes PDFium crash");
    set_child(&f, second);
    assert_open(&f, &f.pdfium, "none; the PDF makes PDFium crash");
    assert_open(&f, NULL, "other");
    assert_open(&f, &f.pdfium, "second");
    setenv("PATH", path, 1);
    free(path);
    drop(&f);
}

static void test_find_library(void **state)
{
    (void)state;
    Fake f = fake("");
    const char *before = getenv("LD_LIBRARY_PATH");
    Str kept = before ? arena_str(&arena, str_from(before)) : (Str){0};
    setenv("LD_LIBRARY_PATH", arena_printf(&arena, "relative:/nonexistent:%s/lib", f.folder).ptr, 1);
    assert_true(str_eq(pdfium_find_library(&arena), f.pdfium.shared_library));
    if (kept.ptr) setenv("LD_LIBRARY_PATH", kept.ptr, 1);
    else unsetenv("LD_LIBRARY_PATH");
    drop(&f);
    assert_false(str_eq(pdfium_find_library(&arena), f.pdfium.shared_library));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_words, teardown),   cmocka_unit_test_teardown(test_table, teardown),
        cmocka_unit_test_teardown(test_headings, teardown),
        cmocka_unit_test_teardown(test_order, teardown),   cmocka_unit_test_teardown(test_words_broken, teardown),
        cmocka_unit_test_teardown(test_child, teardown),   cmocka_unit_test_teardown(test_check, teardown),
        cmocka_unit_test_teardown(test_wrong_library, teardown),
        cmocka_unit_test_teardown(test_cache, teardown),   cmocka_unit_test_teardown(test_find_library, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
