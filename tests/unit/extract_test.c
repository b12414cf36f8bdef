// SPDX-License-Identifier: Apache-2.0
//
// What real documents are made of, and what a reader should get of it: a small piece of each.
#include "base/buf.h"
#include "documents/pdf_boxes.h"
#include "documents/pdf_tables.h"
#include "documents/pdf_text.h"
#include "knowledge/outline.h"

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
    Str words = str_slice(S("words words words words words words words words words words words words words words words words words words words words "
                            "words words words words words words words words words words words words words words words words words words"), 0, 209);
    assert_html(arena_printf(&arena, "<table><tr><td>menu</td><td><p>%.*s</p><p>more</p></td></tr></table>", STR_ARG(words)).ptr,
                arena_printf(&arena, "menu\n\n%.*s\n\nmore", STR_ARG(words)).ptr);
    assert_html("<ul><li><h3>One</h3><p>text</p></li></ul>", "### One\n\n  text");
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
    assert_html("<p>Next: <a rel='next' href='b'>B</a>, Up: <a href='a'>A</a></p><h1>T <a rel='up' href='a'>A</a></h1><table class='menu'><tr><td><a href='b'>B</a></td></tr></table>", "# T A");
    assert_html("<ul><li><a href='#a'>One</a><ol><li><a href='#b'>Two</a></ol><li><a href='#c'>Three</a></ul><p>text", "text");
    assert_html("<ul><li><a href='#a'>One</a><li><a href='b'>Two</a><li><a href='#c'>Three</a></ul><ul><li><a href='#d'>a</a> said<li>b<li>c</ul>", "- One\n- Two\n- Three\n\n- a said\n- b\n- c");
    // No whole page is furniture, nor a sentence that has such a link, nor what leads nowhere.
    assert_text(S("<html class='toc'><body class='navigation' style='display:none'><main id='toc'><p>text</main>"), "x.html", "text");
    assert_html("<p>As the <a rel='prev' href='a'>last chapter</a> told, it goes on.</p><p>Up: <a rel='up' href='a'>A</a></p>", "As the last chapter told, it goes on.");
    assert_html("<ul><li><a href='#'>How?</a><li><a href='#'>When?</a><li><a href='#'>Why?</a></ul><div class='lot'>A vase</div>", "- How?\n- When?\n- Why?\n\nA vase");
    assert_html("<table class='menu'><tr><td>Soup</td><td>4.50</td></tr></table><ul class='menu'><li>Tea<li>Cake</ul><ul class='menu'><li><a href='b'>B</a>: more of it</ul><p>end",
                "| Soup | 4.50 |\n| --- | --- |\n\n- Tea\n- Cake\n\nend");
    assert_html("<p hidden>no</p><p hidden='until-found'>yes", "yes");
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

// A page of contents may begin with a preface, and a chapter may be a list of places elsewhere.
static void test_epub_links(void **state)
{
    (void)state;
    Buf preface = {0};
    for (int i = 0; i < 40; i++) buf_add(&preface, S(" This is the preface."));
    Entry epub[] = {{"mimetype", S("application/epub+zip")},
                    {"META-INF/container.xml", S("<container><rootfiles><rootfile full-path=\"p.opf\"/></rootfiles></container>")},
                    {"p.opf", S("<package><manifest><item id=\"i\" href=\"index.xhtml\"/><item id=\"l\" href=\"list.xhtml\"/></manifest>"
                                "<spine><itemref idref=\"i\"/><itemref idref=\"l\"/></spine><guide><reference type=\"toc\" href=\"index.xhtml\"/></guide></package>")},
                    {"index.xhtml", arena_printf(&arena, "<html><body><p>%.*s</p><a href='list.xhtml'>Links</a></body></html>", STR_ARG(buf_str(&preface)))},
                    {"list.xhtml", S("<html><body><p><a href='https://a.org'>A parser</a><p><a href='https://b.org'>A server</a><p><a href='https://c.org'>A shell</a>"
                                     "<p><a href='https://d.org'>A pager</a><p><a href='https://e.org'>An editor</a></body></html>")}};
    assert_text(zip(epub, 5, true), "x.epub", arena_printf(&arena, "%.*s\n\nLinks\n\nA parser\n\nA server\n\nA shell\n\nA pager\n\nAn editor", STR_ARG(str_trim(buf_str(&preface)))).ptr);
    buf_free(&preface);
}

// ---- Word ---------------------------------------------------------------------------------------

#define W "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" xmlns:m=\"http://schemas.openxmlformats.org/officeDocument/2006/math\""
#define RUN(text) "<w:r><w:t xml:space=\"preserve\">" text "</w:t></w:r>"
#define P(properties, text) "<w:p><w:pPr>" properties "</w:pPr>" RUN(text) "</w:p>"
#define STYLED(style, text) P("<w:pStyle w:val=\"" style "\"/>", text)
#define ITEM(depth, list, text) P("<w:numPr><w:ilvl w:val=\"" depth "\"/><w:numId w:val=\"" list "\"/></w:numPr>", text)

static void assert_docx(const char *body, const char *want)
{
    Entry entries[] = {
        {"[Content_Types].xml", S("<Types/>")},
        {"word/document.xml", arena_printf(&arena, "<w:document " W "><w:body>%s</w:body></w:document>", body)},
        {"word/styles.xml", S("<w:styles " W ">"
                              "<w:style w:styleId=\"Own\"><w:name w:val=\"My Head\"/><w:basedOn w:val=\"Head\"/></w:style>"
                              "<w:style w:styleId=\"Head\"><w:name w:val=\"heading 2\"/></w:style>"
                              "<w:style w:styleId=\"Steps\"><w:name w:val=\"List Number\"/><w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr></w:style>"
                              "<w:style w:styleId=\"Loop\"><w:name w:val=\"Loop\"/><w:basedOn w:val=\"Loop\"/></w:style>"
                              "<w:style w:styleId=\"Toc\"><w:name w:val=\"toc 1\"/></w:style><w:style w:styleId=\"Src\"><w:name w:val=\"HTML Preformatted\"/></w:style></w:styles>")},
        {"word/numbering.xml", S("<w:numbering " W "><w:abstractNum w:abstractNumId=\"7\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"decimal\"/></w:lvl>"
                                 "<w:lvl w:ilvl=\"1\"><w:start w:val=\"1\"/><w:numFmt w:val=\"lowerLetter\"/></w:lvl></w:abstractNum>"
                                 "<w:abstractNum w:abstractNumId=\"8\"><w:lvl w:ilvl=\"0\"><w:numFmt w:val=\"bullet\"/></w:lvl></w:abstractNum>"
                                 "<w:num w:numId=\"1\"><w:abstractNumId w:val=\"7\"/></w:num><w:num w:numId=\"2\"><w:abstractNumId w:val=\"8\"/></w:num>"
                                 "<w:num w:numId=\"3\"><w:abstractNumId w:val=\"7\"/><w:lvlOverride w:ilvl=\"0\"><w:startOverride w:val=\"5\"/></w:lvlOverride></w:num></w:numbering>")},
        {"word/endnotes.xml", S("<w:endnotes " W "><w:endnote w:id=\"1\"><w:p>" RUN("Late.") "</w:p></w:endnote></w:endnotes>")},
        {"word/footnotes.xml", S("<w:footnotes " W "><w:footnote w:id=\"1\"><w:p>" RUN("Low.") "</w:p></w:footnote></w:footnotes>")},
    };
    assert_text(zip(entries, 6, false), "x.docx", want);
}

static void test_docx_lists(void **state)
{
    (void)state;
    assert_docx(ITEM("0", "1", "a") ITEM("1", "1", "b") ITEM("1", "1", "c") ITEM("0", "1", "d") ITEM("1", "1", "e") P("", "text") ITEM("0", "1", "f"),
                "1. a\n  1. b\n  2. c\n2. d\n  1. e\n\ntext\n\n3. f");
    assert_docx(ITEM("0", "2", "a") ITEM("0", "3", "b") ITEM("0", "9", "c") STYLED("Steps", "d") ITEM("0", "0", "e"), "- a\n5. b\n- c\n1. d\n\ne");
}

static void test_docx_paragraphs(void **state)
{
    (void)state;
    assert_docx(STYLED("Own", "One") STYLED("Loop", "two") STYLED("Toc", "One\t3"), "## One\n\ntwo");
    assert_docx(STYLED("Src", "if x:") STYLED("Src", "") STYLED("Src", "    y  = 1") P("", "text"), "```\nif x:\n\n    y  = 1\n```\n\ntext");
    assert_docx("<w:p><w:r><w:footnoteReference w:id=\"1\"/></w:r>" RUN("a") "<w:r><w:endnoteReference w:id=\"1\"/></w:r></w:p>", "[^1]a[^e1]\n\n[^1]: Low.\n\n[^e1]: Late.");
    assert_docx("<w:p>" RUN("m") "<w:r><w:rPr><w:vertAlign w:val=\"superscript\"/></w:rPr><w:t>2</w:t></w:r>" RUN(" on")
                "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:rPr><w:vanish w:val=\"0\"/></w:rPr><w:t>ly</w:t></w:r></w:p>", "m² only");
    assert_docx("<w:p><w:r><w:ruby><w:rt><w:r><w:t>kan</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>", "漢");
}

static void test_docx_formulas(void **state)
{
    (void)state;
    assert_docx("<w:p>" RUN("So") "<m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup><m:r><m:t>=</m:t></m:r>"
                "<m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:rad><m:deg/><m:e><m:r><m:t>b</m:t></m:r></m:e></m:rad></m:den></m:f></m:oMath>" RUN("holds.") "</w:p>",
                "So $x^{2}=\\frac{a}{\\sqrt{b}}$ holds.");
}

static void test_docx_tables(void **state)
{
    (void)state;
#define CELL(properties, text) "<w:tc><w:tcPr>" properties "</w:tcPr><w:p>" RUN(text) "</w:p></w:tc>"
    assert_docx("<w:tbl><w:tr>" CELL("<w:gridSpan w:val=\"2\"/>", "both") CELL("", "c") "</w:tr><w:tr>" CELL("", "1") CELL("", "2") CELL("", "3") "</w:tr></w:tbl>" P("", "end"),
                "| both |  | c |\n| --- | --- | --- |\n| 1 | 2 | 3 |\n\nend");
    assert_docx("<w:tbl><w:tr><w:tc>" STYLED("Src", "if x:") STYLED("Src", "  y") "</w:tc></w:tr></w:tbl>" P("", "end"), "if x: y\n\nend");
}

// ---- OpenDocument -------------------------------------------------------------------------------

static void assert_odt(const char *styles, const char *body, const char *want)
{
#define OPEN "xmlns:office=\"urn:o:office:\" xmlns:text=\"urn:o:text:1.0\" xmlns:table=\"urn:o:table:\" xmlns:style=\"urn:o:style:\" xmlns:svg=\"urn:o:svg:\""
    Entry odt[] = {{"mimetype", S("application/vnd.oasis.opendocument.text")},
                   {"content.xml", arena_printf(&arena, "<office:document-content " OPEN "><office:automatic-styles>%s</office:automatic-styles><office:body>%s</office:body>"
                                                        "</office:document-content>", styles, body)},
                   {"styles.xml", S("<office:document-styles " OPEN "><office:styles><text:list-style style:name=\"Numbers\"><text:list-level-style-number text:level=\"1\" "
                                    "style:num-format=\"1\"/><text:list-level-style-number text:level=\"2\" style:num-format=\"\"/></text:list-style></office:styles></office:document-styles>")}};
    assert_text(zip(odt, 3, true), "x.odt", want);
}

static void test_odt_lists(void **state)
{
    (void)state;
#define LI(inside) "<text:list-item><text:p>" inside "</text:p></text:list-item>"
    assert_odt("", "<text:list text:style-name=\"Numbers\"><text:list-item><text:p>a</text:p><text:list>" LI("b") "</text:list></text:list-item>" LI("c") "</text:list><text:p>text</text:p>"
                   "<text:list text:style-name=\"Numbers\" text:continue-numbering=\"true\">" LI("d") "<text:list-item text:start-value=\"9\"><text:p>e</text:p></text:list-item></text:list>"
                   "<text:list text:style-name=\"Unknown\">" LI("f") "</text:list><text:list text:style-name=\"Numbering_20_1\">" LI("g") "</text:list>",
               "1. a\n  - b\n2. c\n\ntext\n\n3. d\n9. e\n\n- f\n\n1. g");
}

static void test_odt_styles(void **state)
{
    (void)state;
    assert_odt("<style:style style:name=\"P1\" style:family=\"paragraph\" style:parent-style-name=\"Title\"/>"
               "<style:style style:name=\"P2\" style:family=\"paragraph\" style:parent-style-name=\"P2\"/>"
               "<style:style style:name=\"P3\" style:family=\"paragraph\"><style:text-properties style:font-name=\"Courier New\"/></style:style>"
               "<style:style style:name=\"T1\" style:family=\"text\"><style:text-properties style:text-position=\"super 58%\"/></style:style>"
               "<style:style style:name=\"T2\" style:family=\"text\"><style:text-properties style:text-position=\"-33% 58%\"/></style:style>",
               "<text:p text:style-name=\"P1\">Head</text:p><text:table-of-content><text:index-body><text:p>Head 1</text:p></text:index-body></text:table-of-content>"
               "<text:p text:style-name=\"P2\">m<text:span text:style-name=\"T1\">2</text:span> H<text:span text:style-name=\"T2\">2</text:span>O <text:title>field</text:title><svg:title>no</svg:title></text:p>"
               "<text:p text:style-name=\"Preformatted_20_Text\">if\n  x:</text:p><text:p text:style-name=\"P3\"><text:s text:c=\"4\"/>y<text:tab/>z</text:p>"
               "<text:p>a<text:line-break/> b</text:p><text:p><text:ruby><text:ruby-base>漢</text:ruby-base><text:ruby-text>kan</text:ruby-text></text:ruby></text:p>",
               "# Head\n\nm² H₂O field\n\n```\nif x:\n    y\tz\n```\n\na\nb\n\n漢(kan)");
}

static void test_odt_tables(void **state)
{
    (void)state;
#define TD(attributes, text) "<table:table-cell " attributes "><text:p>" text "</text:p></table:table-cell>"
    assert_odt("", "<table:table><table:table-row>" TD("table:number-columns-spanned=\"2\"", "both") "<table:covered-table-cell/>" TD("", "c") "</table:table-row>"
                   "<table:table-row>" TD("table:number-columns-repeated=\"2\"", "") TD("", "3") "</table:table-row></table:table>",
               "| both |  | c |\n| --- | --- | --- |\n|  |  | 3 |");
}

// ---- encodings ----------------------------------------------------------------------------------

// Words of another encoding are no Windows-1252, though each of their bytes is.
static void test_encodings(void **state)
{
    (void)state;
    assert_fault(S("1\n00:00:01,000 --> 00:00:02,000\n\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0!\n"), "x.srt", "byte 0xCF at offset 32 is neither");
    assert_fault(S("<html><body><p>\xC4\xE3\xBA\xC3 \xCA\xC0\xBD\xE7</p>"), "x.html", "byte 0xC4");
    assert_text(S("<html><meta charset=\"gb2312\"><body><p>\xC4\xE3\xBA\xC3</p>"), "x.html", "你好");
    assert_text(S("\x97\x97\x97\x97\x97\x97\x97\x97\nd\xE9j\xE0 \xAB na\xEFve\x85\xBB"), "x.txt", "————————\ndéjà « naïve…»");
    assert_text(S("\x93\xC9t\xE9\x94 \x96 \xE0"), "x.txt", "“Été” – à");
}

// ---- tables of values ---------------------------------------------------------------------------

static void test_csv_headers(void **state)
{
    (void)state;
    assert_text(S("# version=1, made by hand\n# more\nname,fee\na,1\n"), "x.csv", "name: a\nfee: 1");
    assert_text(S("Fees of the year\n\nname;fee\na;1,5\n"), "x.csv", "Fees of the year\n\nname: a\nfee: 1,5");
    assert_text(S("5.1,3.5,setosa\n4.9,3.0,setosa\n"), "x.csv", "5.1\n3.5\nsetosa\n\n4.9\n3.0\nsetosa");
    assert_text(S("1,Ann\n2,Bob\n"), "x.csv", "1\nAnn\n\n2\nBob");
    assert_text(S("2010-01-01,x\n2010-01-02,y\n"), "x.csv", "2010-01-01\nx\n\n2010-01-02\ny");
    assert_text(S("land,1990,2000\na,1,2\n"), "x.csv", "land: a\n1990: 1\n2000: 2");
    assert_text(S("#id,name\n1,a\n"), "x.csv", "#id: 1\nname: a");
    assert_text(S("one\ntwo\n"), "x.csv", "one: two");
    assert_text(S("# only\n"), "x.csv", "");
    assert_text(S("# by hand\n# time, load\n0,1.5\n1,2.5\n"), "x.csv", "time: 0\nload: 1.5\n\ntime: 1\nload: 2.5");
    assert_text(S("# made by hand\n0,1.5\n"), "x.csv", "0\n1.5");
}

static void test_json_arrays(void **state)
{
    (void)state;
    assert_text(S("{\"a\": [1, 2.5, null], \"b\": [\"x\", \"y z\"], \"c\": [\"one, two\", \"three\"], \"d\": [[1, 2], [3, [4]]], \"e\": []}"), "x.json",
                "a: 1, 2.5, null\nb: x, y z\nc:\n  - one, two\n  - three\nd:\n  - 1, 2\n  - - 3\n    - 4\ne: []");
    assert_text(S("{\"a\": [{\"x\": 1, \"y\": [{\"z\": 2}]}, {\"x\": \"- \"}]}\n[1, 2]\n"), "x.jsonl", "a:\n  - x: 1\n    y:\n      - z: 2\n  - x: -\n\n1, 2");
}

// ---- PDF ----------------------------------------------------------------------------------------

static void assert_printed(const char *printed, const char *want)
{
    uint64_t *pages;
    uint32_t n;
    Str got = pdf_text(str_from(printed), (PdfLayout){0}, &arena, &pages, &n);
    if (!str_eq(got, str_from(want))) fail_msg("<%.*s>\nnot\n<%s>", STR_ARG(got), want);
}

static void test_pdf_hyphens(void **state)
{
    (void)state;
    // The document's other words tell.
    assert_printed("A data-driven and an important thing is data-\ndriven and impor-\ntant, an im-\nportant one as un-\nknown.\n\f",
                   "A data-driven and an important thing is data-driven and important, an important one as unknown.");
    // One that parts no words: what nothing is known of is left.
    assert_printed("low-level and high-end things are low-\nlevel and high-\nend and never-\nheard, Gimp-\nPrint of 2000-\n2012 and on.\n\f",
                   "low-level and high-end things are low-level and high-end and never-heard, Gimp-Print of 2000-2012 and on.");
    // Before a capital a hyphen stays, unless the word stands elsewhere in one piece.
    assert_printed("GNUPLOT is GNU-\nPLOT from Marquardt-\nLevenberg and a 10-\nfold, or -\nso.\n\f", "GNUPLOT is GNUPLOT from Marquardt-Levenberg and a 10-fold, or - so.");
}

static void test_pdf_contents(void **state)
{
    (void)state;
    assert_printed("It goes\n\fon, and\n\fEnds.\n\ftwo, \n\fb) three\n\f", "It goes on, and\n\nEnds.\n\ntwo,\n\nb) three");
    const char *contents = "Contents\n1 Start . . . . . . 1\n1.1 Install ........ 2\n2 Use . . . . . . 5\n2.1 Open . . . . . . 7\n2.2 Close . . . . . 9\n3\nIndex . . . . . 12\n";
    assert_printed(arena_printf(&arena, "Title\n\f%s\fText.\n\f\f\f\f", contents).ptr, "Title\n\nText.");
    assert_printed(arena_printf(&arena, "The Manual\nby Ann\n%s\fText.\n\f\f\f\f\f", contents).ptr, "The Manual by Ann\n\nText.");
    // A list of prices is none, nor is a page that has some dots in it.
    assert_printed("Coffee ..... 3.50\nTea ..... 2.90\nCake ..... 4.10\nMilk ..... 1.20\nSoup ..... 6.00\nBread ..... 2.00\n\f",
                   "Coffee 3.50 Tea 2.90 Cake 4.10 Milk 1.20 Soup 6.00 Bread 2.00");
    assert_printed(arena_printf(&arena, "%.*sIndex\n\fText.\n\f\f\f\f\f", STR_ARG(str_slice(str_from(contents), 9, strlen(contents)))).ptr, "Text.");
    assert_printed("9 Late ..... 109\n9.1 Of it ..... 110\n9.2 Too ..... 111\n9.3 And ..... 112\n9.4 End ..... 113\n\f\fText.\n\f", "Text.");
    assert_printed("Tea ..... 3\nMilk ..... 3\nCake ..... 4\nSoup ..... 6\nRice ..... 9\nFish ..... 14\n\f", "Tea 3 Milk 3 Cake 4 Soup 6 Rice 9 Fish 14");
    assert_printed("Founded ..... 1950\nMoved ..... 1962\nSold ..... 1980\nBought ..... 1991\nClosed ..... 2004\n\f\f", "Founded 1950 Moved 1962 Sold 1980 Bought 1991 Closed 2004");
    assert_printed("Ann ..... 7\nBob ..... 3\nEve ..... 9\nMia ..... 2\nTom ..... 8\nZoe ..... 1\n\f", "Ann 7 Bob 3 Eve 9 Mia 2 Tom 8 Zoe 1");
}

// ---- headings -----------------------------------------------------------------------------------

// A page of words with their places: each line in a flow of its own, or (a size below 0) in that of the line before.
typedef struct Printed {
    int size;
    const char *text;
} Printed;

static void add_flow(Buf *out, const Printed *line, int *top)
{
    int size = line->size < 0 ? -line->size : line->size, left = 10;
    Str rest = str_from(line->text), word;
    if (line->size > 0) buf_add(out, S("<flow><block>"));
    buf_add(out, S("<line>"));
    *top += 2 * size;
    for (int right; str_cut(&rest, ' ', &word); left = right + size / 3) {
        right = left + size * (int)word.len / 2;
        buf_printf(out, "<word xMin=\"%d\" yMin=\"%d\" xMax=\"%d\" yMax=\"%d\">%.*s</word>", left, *top, right, *top + size, STR_ARG(word));
    }
    buf_add(out, S("</line>"));
}

// `n` pages, a line without text between them.
static Str text_of_pages(const Printed *lines, size_t n)
{
    Buf page = {0};
    PdfBoxes b = {.pages = {.arena = &arena, .text = {.max = 100000}}};
    int top = 0;
    uint64_t *pages;
    uint32_t n_pages;
    buf_add(&page, S("<page>"));
    for (size_t i = 0; i < n; i++) {
        if (lines[i].text) {
            add_flow(&page, &lines[i], &top);
            continue;
        }
        buf_add(&page, S("</page><page>"));
        top = 0;
    }
    buf_add(&page, S("</page>"));
    assert_true(pdf_boxes_take(&b, &page));
    Str got = pdf_text(buf_str(&b.pages.text), b.pages.layout, &arena, &pages, &n_pages);
    pdf_pages_free(&b.pages);
    buf_free(&page);
    return got;
}

#define PROSE "Fees are low for every customer who asks, and they stay so for as long as the customer wishes."
#define SMALL "The rest of this paragraph is as long as the others, so that there is a body to compare with here."

static void assert_pages(const Printed *lines, size_t n, const char *want)
{
    Str got = text_of_pages(lines, n);
    if (!str_eq(got, str_from(want))) fail_msg("<%.*s>\nnot\n<%s>", STR_ARG(got), want);
}
#define ASSERT_PAGES(lines, want) assert_pages(lines, sizeof(lines) / sizeof *(lines), want)

static void test_pdf_headings(void **state)
{
    (void)state;
    // The title, without the names below it; a number that stands apart; lines of one heading, and a hyphen between them;
    // a heading in the flow of its text, and one that a page ends with.
    static const Printed book[] = {
        {24, "Acme Handbook"}, {14, "Jane Doe"}, {14, "May 2, 2020"}, {10, PROSE},    {18, "1"},    {18, "First Steps"}, {10, PROSE},
        {14, "1.1 How cus-"},  {-14, "tomers pay"}, {10, PROSE},      {-14, "1.2 Late fees"}, {-10, PROSE}, {-10, SMALL}, {18, "Chapter 2"}, {0, NULL},
        {10, "prices are low in every month of the year, and lower still for those who come back."}};
    ASSERT_PAGES(book, "# Acme Handbook\n\nJane Doe\n\nMay 2, 2020\n\n" PROSE "\n\n## 1 First Steps\n\n" PROSE "\n\n### 1.1 How customers pay\n\n" PROSE
                       "\n\n### 1.2 Late fees\n\n" PROSE " " SMALL "\n\n## Chapter 2\n\nprices are low in every month of the year, and lower still for those who come back.");
}

static void test_pdf_no_headings(void **state)
{
    (void)state;
    // All in one size, a drop cap, and a larger word within a line.
    static const Printed plain[] = {{10, "Acme Handbook"}, {10, PROSE}, {30, "T"}, {10, SMALL}};
    ASSERT_PAGES(plain, "Acme Handbook\n\n" PROSE "\n\nT\n\n" SMALL);
    // A paragraph in large letters, a sentence, a formula, a date, a line that reads on.
    static const Printed large[] = {{10, PROSE}, {20, PROSE}, {-20, SMALL}, {10, SMALL}, {-15, "A + B = C * D"}, {-10, PROSE}, {-13, "All of this is so."}, {-10, PROSE}, {-10, SMALL}};
    assert_false(str_contains(text_of_pages(large, sizeof large / sizeof *large), S("#")));
    static const Printed inside[] = {{10, PROSE}, {-10, "what they pay is the same for everyone who comes to us with"}, {-12, "Jabberwocky Fonts"}, {-10, SMALL}, {10, PROSE}};
    assert_false(str_contains(text_of_pages(inside, sizeof inside / sizeof *inside), S("#")));
    // Slides and drawings: nothing to compare with, nothing below.
    static const Printed slide[] = {{20, "Our plan"}, {14, "Grow"}, {14, "Sell"}, {10, "in all the shops of the whole country"}};
    assert_false(str_contains(text_of_pages(slide, sizeof slide / sizeof *slide), S("#")));
    static const Printed drawing[] = {{10, PROSE}, {10, SMALL}, {10, PROSE}, {14, "Mass"}, {14, "Speed"}, {14, "Joule"}, {10, "x"}};
    assert_false(str_contains(text_of_pages(drawing, sizeof drawing / sizeof *drawing), S("#")));
    // What many pages repeat.
    static const Printed notes[] = {{10, PROSE}, {14, "Note"}, {10, SMALL}, {0, NULL}, {10, SMALL}, {14, "Note"}, {10, PROSE}, {0, NULL}, {10, SMALL}, {10, PROSE}, {14, "Note"}, {10, SMALL},
                                    {0, NULL},   {10, PROSE},  {10, SMALL}, {10, PROSE}, {14, "Note"}, {10, SMALL}};
    assert_false(str_contains(text_of_pages(notes, sizeof notes / sizeof *notes), S("#")));
}

// Text that Markdown would take for something else stays what it is.
static void test_pdf_escapes(void **state)
{
    (void)state;
    assert_printed("# A comment\n\n#include <a.h>\n\nOne\n---\nTwo\n===\n\n---\n\n```\nx\n\n#\n\n\xE2\x80\xA2 # item\n\n1986. A year\n\f---\n\n=\xC2\xAD\n==\n\f",
                   "\\# A comment\n\n#include <a.h>\n\nOne\n\\---\nTwo\n\\===\n\n---\n\n\\``` x\n\n\\#\n\n- # item\n\n1986. A year\n\n\\---\n\n===");
    Outline outline = {0};
    outline_read(S("\\# A comment\n\n#include <a.h>\n\nOne\n\\---\nTwo\n\\===\n\n---\n\n\\``` x\n\n\\#\n\n- # item\n\n1986. A year\n\n\\---\n\n==="), &outline, &arena);
    assert_int_equal(outline.n, 0);
}

// A word may claim to end left of where it begins, as far as it likes.
static void test_pdf_words_that_end_before_they_begin(void **state)
{
    (void)state;
    Buf page = {0};
    buf_add(&page, S("<doc>\n<page>\n<flow>\n<block>\n"));
    for (int i = 0; i < 12; i++)
        buf_printf(&page, "<line><word xMin=\"%s\" yMin=\"%d\" xMax=\"0.000001\" yMax=\"%d\">%d.5</word></line>\n", i % 2 ? "999999" : "0", 12 * (i / 2), 12 * (i / 2) + 10, i);
    buf_add(&page, S("</block></flow></page></doc>\n"));
    PdfBoxes b = {.pages = {.arena = &arena, .text = {.max = 1000}}};
    assert_true(pdf_boxes_take(&b, &page));
    assert_int_equal(b.pages.layout.n, 1);
    assert_true(b.pages.layout.pages[0].len > 0 && b.pages.layout.pages[0].len < 20000);
    pdf_pages_free(&b.pages);
    buf_free(&page);
}

// Tables without end are not all held.
static void test_pdf_many_tables(void **state)
{
    (void)state;
    enum { PAGES = 200, ROWS = 500 };
    PdfPages p = {.arena = &arena, .text = {.max = 16 << 20}};
    for (int i = 0; i < PAGES; i++) {
        for (int k = 0; k < 2 * ROWS; k++) {
            float left = k % 2 ? 3000 : 0, top = (float)(12 * (k / 2));
            PdfWord *w = pdf_pages_add(&p, (PdfBox){left, top, left + 30, top + 10}, k % 2 ? PDF_NEW_CELL : PDF_NEW_LINE);
            buf_printf(&p.letters, "%d.5", k);
            w->len = (uint32_t)(p.letters.len - w->at);
        }
        pdf_pages_end(&p);
    }
    size_t held = 0, n = 0;
    for (size_t i = 0; i < p.layout.n; i++) held += p.layout.pages[i].len, n += p.layout.pages[i].len > 0;
    if (p.layout.n != PAGES || n == 0 || n == PAGES || held > PDF_LAYOUT_MAX + (1 << 20)) fail_msg("%zu pages laid out, %zu bytes", n, held);
    pdf_pages_free(&p);
}

// A drawing made of letters, and columns that stand too near to be told apart.
static void test_pdf_unclear_tables(void **state)
{
    (void)state;
    static const struct {
        const char *page;
        size_t tables;
    } cases[] = {
        {"0.8 +||    ++||   |\n0.6 +||    ++||   |\n0.4 +||    ++||   +\n0.2 +||    ++||   |\n", 0},
        {"Status   V1      V2 V3\nP        23646   50 333\nCC       26174   38 37.5\nCC       27723   25 26.5\n", 0},
        {"Status   V1      V2\nP        23646   50 333\nCC       26174   38 500\nCC       27723   25 000\n", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PdfTable *tables;
        assert_int_equal(pdf_tables_find(str_from(cases[i].page), &arena, &tables), cases[i].tables);
    }
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
    assert_text(S("1\n00:00:01 --> 00:00:02\na\nb\n\n2\n00:00:02 --> 00:00:03\n<i></i>\n\n3\n00:00:03 --> 00:00:04\nb\nc\n"), "x.srt", "a b c");
    assert_text(S("WEBVTT\n\n00:01.000 --> 00:02.000\nsaid\n\nSTYLE\nno\n"), "x.vtt", "said");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_html_small_letters, teardown), cmocka_unit_test_teardown(test_html_tables, teardown),
        cmocka_unit_test_teardown(test_html_layouts, teardown),       cmocka_unit_test_teardown(test_html_code, teardown),
        cmocka_unit_test_teardown(test_html_furniture, teardown),     cmocka_unit_test_teardown(test_html_encodings, teardown),
        cmocka_unit_test_teardown(test_html_long, teardown),          cmocka_unit_test_teardown(test_epub_spine, teardown),
        cmocka_unit_test_teardown(test_epub_links, teardown),
        cmocka_unit_test_teardown(test_docx_lists, teardown),         cmocka_unit_test_teardown(test_docx_paragraphs, teardown),
        cmocka_unit_test_teardown(test_docx_formulas, teardown),      cmocka_unit_test_teardown(test_docx_tables, teardown),
        cmocka_unit_test_teardown(test_odt_lists, teardown),          cmocka_unit_test_teardown(test_odt_styles, teardown),
        cmocka_unit_test_teardown(test_odt_tables, teardown),         cmocka_unit_test_teardown(test_subtitles, teardown),
        cmocka_unit_test_teardown(test_pdf_hyphens, teardown),
        cmocka_unit_test_teardown(test_pdf_headings, teardown), cmocka_unit_test_teardown(test_pdf_no_headings, teardown),
        cmocka_unit_test_teardown(test_pdf_escapes, teardown),        cmocka_unit_test_teardown(test_pdf_contents, teardown),
        cmocka_unit_test_teardown(test_pdf_unclear_tables, teardown), cmocka_unit_test_teardown(test_pdf_words_that_end_before_they_begin, teardown),
        cmocka_unit_test_teardown(test_encodings, teardown),        cmocka_unit_test_teardown(test_pdf_many_tables, teardown),
        cmocka_unit_test_teardown(test_csv_headers, teardown),        cmocka_unit_test_teardown(test_json_arrays, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
