// SPDX-License-Identifier: Apache-2.0
//
// What real documents are made of, and what a reader should get of it: a small piece of each.
#include "base/buf.h"

#include "document_text.h"

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

// ---- web pages ----------------------------------------------------------------------------------

static void assert_html(const char *body, const char *want)
{
    assert_text(arena_printf(&arena, "<html><body>%s</body></html>", body), "x.html", want);
}

static void test_html_small_letters(void **state)
{
    (void)state;
    assert_html("<p>10<sup>6</sup> m<sup>-2</sup>, H<sub>2</sub>O, x<sup>n+1</sup>, 1<sup>er</sup></p>", "10⁶ m⁻², H₂O, x^n+1, 1er");
    assert_html("<p>So it is.<sup><a href='#f1'>3</a></sup> Or <a class='noteref' href='#f2'>*</a>, <sup><a href='#f4'>[4]</a></sup></p>", "So it is.[3] Or [*], [4]");
    assert_html("<p>He said <q>no</q>. <ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby></p>", "He said “no”. 漢字(かんじ)");
}

static void test_html_tables(void **state)
{
    (void)state;
    assert_html("<table><caption>Fees</caption><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>", "Fees\n\n| a | b |\n| --- | --- |\n| 1 | 2 |");
    assert_html("<table><tr><th colspan=2>both</th><th>c</th></tr><tr><td rowspan=2>1</td><td>2</td><td>3</td></tr><tr><td>4</td><td>5</td></tr></table>",
                "| both |  | c |\n| --- | --- | --- |\n| 1 | 2 | 3 |\n|  | 4 | 5 |");
    assert_html("<table><tr><td colspan=2>x<tr><td>1<td>2<tr><td rowspan=0>3<td>4</table>", "| x |  |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |");
    assert_html("<table><tr><td>k</td><td><ul><li>one</li><li>two</li></ul></td></tr><tr><td>1</td><td><pre>x = 1</pre></td></tr></table>",
                "| k | one; two |\n| --- | --- |\n| 1 | x = 1 |");
    assert_html("<table><tr><td>one</td></tr><tr><td>two</td></tr></table><p>end", "one\n\ntwo\n\nend");
}

// Tables that only lay a page out.
static void test_html_layouts(void **state)
{
    (void)state;
    assert_html("<table><tr><td>left</td><td><h1>Title</h1><p>text</p><table><tr><td>a</td><td>b</td></tr></table><ul><li>c</li></ul></td></tr></table><p>end",
                "left\n\n# Title\n\ntext\n\n| a | b |\n| --- | --- |\n\n- c\n\nend");
    assert_html("<table><tr><td class='linenos'><pre>1\n2</pre></td><td class='code'><pre>if x:\n&nbsp;   y</pre></td></tr></table>", "```\nif x:\n    y\n```");
    assert_html("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>see <pre>x\n  y</pre></td></tr></table>", "| a | b |\n| --- | --- |\n\n1\n\nsee\n\n```\nx\n  y\n```");
}

static void test_html_code(void **state)
{
    (void)state;
    assert_html("<pre><div>a {</div><div>  b<br>  c</div>}</pre>", "```\na {\n  b\n  c\n}\n```");
    assert_html("<p># apt update</p><p>a<br>---<br># b<br>#c</p><p>```", "\\# apt update\n\na\n\\---\n\\# b\n#c\n\n\\```");
}

static void test_html_furniture(void **state)
{
    (void)state;
    assert_html("<div class='a toc'>1. One</div><h2>One<a class='anchor'>¶</a></h2><div id='nav-path'>up</div><p>text</p><footer>© us</footer>", "## One\n\ntext");
    assert_html("<blockquote>said<footer>Ann</footer></blockquote><h2 id='toc'>C #</h2>", "said\n\nAnn\n\n## C");
    assert_html("<p>I <img class='emoji' alt='❤️'> <img alt='a photo'>you, <img class='math' alt='x^2'> <math alttext='\\alpha'><mi>a</mi></math></p>", "I ❤️ you, x^2 $\\alpha$");
    assert_html("<math><semantics><mi>y</mi><annotation encoding='application/x-tex'>y</annotation></semantics></math>", "y");
}

static void test_html_encodings(void **state)
{
    (void)state;
    assert_text(S("<p>\x93so\x94 \x80"), "x.html", "“so” €");
    assert_text(S("<html><meta charset=\"ISO-8859-1\"><p>\x96 caf\xE9"), "x.html", "– café");
    assert_text(S("<html><meta charset=\"utf-8\"><p>caf\xC3\xA9 \xE9 caf\xC3\xA9"), "x.html", "café \xEF\xBF\xBD café");
    assert_text(S("<html><meta charset='iso-8859-1'><p>caf\xC3\xA9"), "x.html", "café");
    assert_text(S("\xFF\xFE<\0p\0>\0h\0i\0"), "x.html", "hi");
}

// Wherever the parts end in which libxml2 gets a page.
static void test_html_long(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 60; shift += 7) {
        Buf page = {0};
        for (size_t i = 0; i < shift; i++) buf_add_char(&page, 'x');
        for (size_t i = 0; i < 3000; i++) buf_add(&page, S("<p><b class=\"one two three\" title=\"a > b\"><i class=\"pre\">w</i></b></p>\n"));
        Str got = text_of(buf_str(&page), "x.html");
        if (got.len < 8990 || got.ptr[0] == '!') fail_msg("%zu: %zu <%.*s>", shift, got.len, STR_ARG(str_slice(got, 0, 99)));
        buf_free(&page);
    }
}

// ---- books --------------------------------------------------------------------------------------

static void test_epub_spine(void **state)
{
    (void)state;
    Entry epub[] = {{"mimetype", S("application/epub+zip")},
                    {"META-INF/container.xml", S("<container><rootfiles><rootfile full-path=\"OEBPS/p.opf\"/></rootfiles></container>")},
                    {"OEBPS/p.opf", S("<package><manifest><item id=\"n\" properties=\"nav\" href=\"nav.xhtml\"/><item id=\"l\" href=\"list.xhtml\"/>"
                                      "<item id=\"a\" href=\"../text/./one.xhtml\"/><item id=\"b\" href=\"../text/one.xhtml#two\"/><item id=\"c\" href=\"toc.xhtml\"/></manifest>"
                                      "<spine><itemref idref=\"n\"/><itemref idref=\"c\"/><itemref idref=\"l\"/><itemref idref=\"a\"/><itemref idref=\"b\"/></spine>"
                                      "<guide><reference type=\"toc\" href=\"toc.xhtml#x\"/></guide></package>")},
                    {"OEBPS/nav.xhtml", S("<html><body><h1>Navigation</h1></body></html>")},
                    {"OEBPS/toc.xhtml", S("<html><body><h1>Contents</h1></body></html>")},
                    {"OEBPS/list.xhtml", S("<html><body><h1>List</h1><p><a href='1'>Chapter One</a><p><a href='2'>Chapter Two</a><p><a href='3'>Chapter Three</a>"
                                           "<p><a href='4'>Chapter Four</a><p><a href='5'>Chapter Five</a></body></html>")},
                    {"text/one.xhtml", S("<html><body><h1>First</h1><table><tr><td>open<ul><li>item</body></html>")}};
    assert_text(zip(epub, 7, true), "x.epub", "# First\n\nopen; item");
}

// ---- subtitles ----------------------------------------------------------------------------------

static void test_subtitles(void **state)
{
    (void)state;
    assert_text(S("1\n00:00:01,000 --> 00:00:02,000\n- Yes?\n- No &amp; no.\n\n2\n00:00:02,000 --> 00:00:03,000\n>> ANN: 2 < 3, i < 4 > x\n\n3\n00:00:03,100 --> 00:00:04,000\n-5 degrees\n"),
                "x.srt", "Yes?\n\nNo & no.\n\nANN: 2 < 3, i < 4 > x -5 degrees");
    assert_text(S("1\n00:00:01,000 --> 00:00:02,000\none\n\ntwo\n\n2\n00:00:02,000 --> 00:00:03,000\nthree\n"), "x.srt", "one two three");
    assert_text(S("1\n00:00:01 --> 00:00:02\none\n\n2\n00:00:02 --> 00:00:03\n7\n"), "x.srt", "one 7");
    // Captions that roll.
    assert_text(S("WEBVTT\n\n00:01.000 --> 00:02.000\n \nso <00:01.500><c>it is</c>\n\n00:02.000 --> 00:02.010\nso it is\n \n\n00:02.010 --> 00:03.000\nso it is\nand on\n\n"
                  "00:09.000 --> 00:10.000\nand on\n"),
                "x.vtt", "so it is and on\n\nand on");
    assert_text(S("WEBVTT\n\n00:01.000 --> 00:02.000\nsaid\n\nSTYLE\nno\n"), "x.vtt", "said");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_html_small_letters, teardown), cmocka_unit_test_teardown(test_html_tables, teardown),
        cmocka_unit_test_teardown(test_html_layouts, teardown),       cmocka_unit_test_teardown(test_html_code, teardown),
        cmocka_unit_test_teardown(test_html_furniture, teardown),     cmocka_unit_test_teardown(test_html_encodings, teardown),
        cmocka_unit_test_teardown(test_html_long, teardown),          cmocka_unit_test_teardown(test_epub_spine, teardown),
        cmocka_unit_test_teardown(test_subtitles, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
