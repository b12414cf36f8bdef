// SPDX-License-Identifier: Apache-2.0
//
// Every document type on a small document of its own making, and what attacks get.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/utf8.h"
#include "documents/converter.h"
#include "documents/deadline.h"
#include "documents/document.h"
#include "documents/pdf_boxes.h"
#include "documents/pdf_tables.h"
#include "documents/pdf_text.h"
#include "documents/sandbox.h"
#include "knowledge/ahead.h"
#include "knowledge/knowledge.h"
#include "knowledge/search.h"
#include "knowledge/store.h"

#include "document_text.h"

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

// ---- text, tables, values -----------------------------------------------------------------------

static void test_encodings(void **state)
{
    (void)state;
    assert_text(S("a\r\nb\r\n"), "x.txt", "a\nb");
    assert_text(S("\xEF\xBB\xBF# T\n\n"), "x.md", "# T\n");
    assert_text(S("\xFE\xFF\0h\0\xE9"), "x.txt", "hé");
    assert_text(S("h\0i\0 \0t\0h\0e\0r\0e\0"), "x.txt", "hi there");
    assert_text(S("na\xEFve \x93quoted\x94"), "x.txt", "naïve “quoted”");
    assert_fault(S("\xFF\xFEh\0\0\xD8"), "x.txt", "half a letter");
    assert_fault(S("abc\x90"), "x.txt", "byte 0x90 at offset 3");
    assert_fault(S("a\0b"), "x.txt", "not text");
    assert_text(S("no ending"), "README", "no ending");
    assert_text(S("x"), "x.exe", "!none");
}

static void test_tables_and_values(void **state)
{
    (void)state;
    assert_text(S("name,fee\r\n\"Basic, small\",5\r\nPlus,\"\"\"9\"\"\"\r\n"), "x.csv", "name: Basic, small\nfee: 5\n\nname: Plus\nfee: \"9\"");
    assert_text(S("a;b\n1;2,5\n"), "x.csv", "a: 1\nb: 2,5");
    assert_text(S("a\tb\n1\t2\n"), "x.tsv", "a: 1\nb: 2");
    assert_text(S("a,b\n\"open,2\n"), "x.csv", "a: open,2");
    assert_text(S("{\"title\": \"Fees\", \"n\": [1, {\"x\": null}], \"e\": {}}"), "x.json", "title: Fees\nn:\n  - 1\n  - x: null\ne: {}");
    assert_text(S("[\"a\", {\"b\": 1.5}]"), "x.json", "a\n\nb: 1.5");
    assert_fault(S("{\"a\": 1,}"), "x.json", "");
    assert_text(S("{\"a\":1}\n\n{\"a\":2}\n"), "x.jsonl", "a: 1\n\na: 2");
    assert_fault(S("{\"a\":1}\nnope\n"), "x.jsonl", "");
    assert_text(S("1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i>\nthere.\n\n2\n00:00:02,100 --> 00:00:03,000\n{\\an8}Go on.\n\n3\n00:00:09,000 --> 00:00:10,000\nLater.\n"),
                "x.srt", "Hello there. Go on.\n\nLater.");
    assert_text(S("WEBVTT\n\nNOTE hidden\n\nid\n00:01.000 --> 00:02.000 align:start\n<v Ann>Hi.\n\n00:02.000 --> 00:03.000\n<v Bob>Yes.</v>\n"), "x.vtt", "Ann: Hi.\n\nBob: Yes.");
}

static void test_html(void **state)
{
    (void)state;
    assert_text(S("<!DOCTYPE html><html><head><title>t</title><style>p{}</style></head><body><nav>menu</nav><h1>Fees &amp; <b>more</b></h1>"
                  "<p>One\n two<br>three&nbsp;four<script>alert('x')</script></p><ul><li>a<li>b<ol><li>c</ol></ul><pre>x\n  y</pre>"
                  "<table><tr><th>k<th>v|w<tr><td>1<td><p>2</p><p>3</p></table><p hidden>no</p><p>end"),
                "x.html", "# Fees & more\n\nOne two\nthree four\n\n- a\n- b\n  1. c\n\n```\nx\n  y\n```\n\n| k | v\\|w |\n| --- | --- |\n| 1 | 2 3 |\n\nend");
    assert_text(S("<html><meta charset='iso-8859-2'><p>\xB3\xF3\xBF</html>"), "x.htm", "łóż");
    assert_text(S("<p>caf\xE9"), "x.html", "café");
    assert_text(S("<html><p>by content"), "x.txt", "by content");
    assert_text(S("<div role=navigation>menu</div><h2>Fees<a class=headerlink href=#f>\xC2\xB6</a></h2><p>Low<i aria-hidden=true>*</i>"), "x.html", "## Fees\n\nLow");
    assert_text(S(""), "x.html", "");
    Buf deep = {0};
    for (int i = 0; i < 100000; i++) buf_add(&deep, S("<div><table><tr><td><ul><li>"));
    Str got = text_of(buf_str(&deep), "x.html");
    assert_true(got.len < 100);
    buf_free(&deep);
}

// ---- archives -----------------------------------------------------------------------------------

#define W "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""

#define STYLES(inside) "<w:styles " W ">" inside "</w:styles>"

static Str docx_with(Str body, Str styles)
{
    Entry entries[] = {
        {"[Content_Types].xml", S("<Types/>")},
        {"word/document.xml", body},
        {"word/styles.xml", styles},
        {"word/footnotes.xml", S("<w:footnotes " W "><w:footnote w:type=\"separator\" w:id=\"0\"><w:p><w:r><w:t>no</w:t></w:r></w:p></w:footnote>"
                                 "<w:footnote w:id=\"2\"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>")},
        {"../../../etc/passwd", S("root::0:0")},
    };
    return zip(entries, 5, false);
}

static Str docx(Str body)
{
    return docx_with(body, S(STYLES("<w:style w:styleId=\"berschrift1\"><w:name w:val=\"heading 1\"/></w:style>")));
}

// Styles are looked through where they are written as Word writes them, and parsed where they are not: both find the same.
static void test_docx_styles(void **state)
{
    (void)state;
    static const Str two[] = {
        S_INIT(STYLES("<w:style w:type=\"paragraph\" w:styleId=\"x\"><w:name w:val=\"heading 2\"/></w:style>")),
        S_INIT(STYLES("<w:style w:styleId=\"y\"><w:name w:val=\"y\"/></w:style><w:style w:styleId=\"x\"><w:pPr><w:outlineLvl w:val=\"1\"/></w:pPr></w:style>")),
        S_INIT(STYLES("<w:style w:styleId='x'><w:name w:val='heading 2'/></w:style>")),
        S_INIT(STYLES("<!-- <w:style w:styleId=\"x\"><w:name w:val=\"heading 1\"/> --><w:style w:styleId=\"x\"><w:name w:val=\"heading 2\"/></w:style>")),
        S_INIT(STYLES("<w:style w:styleId=\"&#120;\"><w:name w:val=\"heading 2\"/></w:style>")),
        S_INIT(STYLES("<w:style w:basedOn=\"a>b\" w:styleId=\"x\"><w:name w:val=\"heading 2\"/></w:style>")),
        S_INIT(STYLES("<w:style\nw:styleId=\"x\"><w:name\tw:val=\"heading 2\"/></w:style>")),
        S_INIT("<q:styles xmlns:q=\"http://purl.oclc.org/ooxml/wordprocessingml/main\"><q:style q:styleId=\"x\"><q:name q:val=\"heading 2\"/></q:style></q:styles>"),
    };
    static const Str none[] = {
        S_INIT(STYLES("<w:style w:styleId=\"xy\"><w:name w:val=\"heading 2\"/></w:style>")),
        S_INIT(STYLES("<w:style w:styleId=\"x\"><w:aliases w:val=\"heading 2\"/><w:link><w:outlineLvl w:val=\"9\"/></w:link></w:style>")),
        S_INIT(STYLES("<w:latentStyles><w:lsdException w:name=\"heading 2\"/></w:latentStyles>")),
        S_INIT(STYLES("<w:style w:styleId=\"x")),
        S_INIT(""),
    };
    Str body = S("<w:document " W "><w:body><w:p><w:pPr><w:pStyle w:val=\"x\"/></w:pPr><w:r><w:t>T</w:t></w:r></w:p></w:body></w:document>");
    for (size_t i = 0; i < sizeof two / sizeof *two; i++) assert_text(docx_with(body, two[i]), "x.docx", "## T");
    for (size_t i = 0; i + 2 < sizeof none / sizeof *none; i++) assert_text(docx_with(body, none[i]), "x.docx", "T");
    for (size_t i = sizeof none / sizeof *none - 2; i < sizeof none / sizeof *none; i++) text_of(docx_with(body, none[i]), "x.docx");
}

static void test_docx(void **state)
{
    (void)state;
    Str body = S("<?xml version=\"1.0\"?><w:document " W "><w:body>"
                 "<w:p><w:pPr><w:pStyle w:val=\"berschrift1\"/></w:pPr><w:r><w:t>Fees</w:t></w:r></w:p>"
                 "<w:p><w:r><w:t xml:space=\"preserve\">One </w:t></w:r><w:r><w:t>two</w:t><w:br/><w:t>three</w:t><w:footnoteReference w:id=\"2\"/></w:r><w:del><w:r><w:t>gone</w:t></w:r></w:del></w:p>"
                 "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr><w:r><w:t>a</w:t></w:r></w:p>"
                 "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"1\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr><w:r><w:t>b</w:t></w:r></w:p>"
                 "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>k</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>v</w:t></w:r></w:p></w:tc></w:tr>"
                 "<w:tr><w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>2</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
                 "<w:p><w:r><w:t>End &lt;&#169;</w:t></w:r></w:p></w:body></w:document>");
    const char *want = "# Fees\n\nOne two\nthree[^2]\n\n- a\n  - b\n\n| k | v |\n| --- | --- |\n| 1 | 2 |\n\nEnd <©\n\n[^2]: A note.";
    assert_text(docx(body), "x.docx", want);
    assert_text(docx(body), "x.txt", want);
    assert_fault(S("PK\x03\x04 nonsense"), "x.docx", "");
    assert_fault(S("not a zip"), "x.docx", "");
    assert_fault(docx(S("<w:document " W "><w:body><w:p>")), "x.docx", "XML is broken");
    Str whole = docx(body);
    for (size_t n = 0; n < whole.len; n += 37) text_of(str_slice(whole, 0, n), "x.docx");
}

static void test_odt_and_epub(void **state)
{
    (void)state;
    Entry odt[] = {{"mimetype", S("application/vnd.oasis.opendocument.text")},
                   {"content.xml", S("<office:document-content xmlns:office=\"o\" xmlns:text=\"t\" xmlns:table=\"b\"><office:body>"
                                     "<text:h text:outline-level=\"2\">Head</text:h><text:p>One<text:s text:c=\"3\"/>two<text:note><text:note-citation>1</text:note-citation>"
                                     "<text:note-body><text:p>note</text:p></text:note-body></text:note> on.<office:annotation><text:p>no</text:p></office:annotation></text:p>"
                                     "<text:list><text:list-item><text:p>a</text:p></text:list-item></text:list>"
                                     "<table:table><table:table-row><table:table-cell><text:p>k</text:p></table:table-cell></table:table-row></table:table></office:body></office:document-content>")}};
    assert_text(zip(odt, 2, true), "x.odt", "## Head\n\nOne two (note) on.\n\n- a\n\nk");
    Entry epub[] = {{"mimetype", S("application/epub+zip")},
                    {"META-INF/container.xml", S("<container><rootfiles><rootfile full-path=\"OEBPS/p.opf\"/></rootfiles></container>")},
                    {"OEBPS/p.opf", S("<package><manifest><item id=\"b\" href=\"two%20b.xhtml\"/><item id=\"a\" href=\"one.xhtml\"/></manifest>"
                                      "<spine><itemref idref=\"a\"/><itemref idref=\"b\"/><itemref idref=\"none\"/></spine></package>")},
                    {"OEBPS/two b.xhtml", S("<html xmlns=\"http://www.w3.org/1999/xhtml\"><body><p>Second&nbsp;part.</p></body></html>")},
                    {"OEBPS/one.xhtml", S("<html><body><h1>First</h1></body></html>")}};
    assert_text(zip(epub, 5, true), "x.epub", "# First\n\nSecond part.");
    assert_fault(zip(epub, 1, true), "x.epub", "container.xml is missing");
    assert_fault(zip(odt, 1, true), "x.odt", "content.xml is missing");
}

// ---- attacks ------------------------------------------------------------------------------------

static double now(void) { return (double)clock_now(&system_clock) / 1e9; }

// Of this thread, in seconds: a busy machine is no fault of the reader's.
static double own_time(void) { return (double)deadline_cpu() / 1e9; }

static void assert_quick(Str bytes, const char *name, const char *want)
{
    double start = own_time();
    assert_fault(bytes, name, want);
    double spent = own_time() - start;
    if (spent > 2) fail_msg("%s took %.2f s", name, spent);
}

static void test_bombs(void **state)
{
    (void)state;
    size_t n = 40u << 20;
    Buf bomb = {0};
    buf_add(&bomb, S("<w:document " W "><w:body><w:p><w:r><w:t>"));
    size_t head = bomb.len;
    assert_true(buf_reserve(&bomb, n));
    memset(bomb.ptr + head, ' ', n);
    bomb.len += n;
    size_t cap = 4 << 20, used = 0;
    char *bytes = arena_alloc(&arena, cap);
    struct archive *a = archive_write_new();
    archive_write_set_format_zip(a);
    archive_write_set_options(a, "zip:compression-level=1");
    archive_write_open_memory(a, bytes, cap, &used);
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, "word/document.xml");
    archive_entry_set_size(entry, (la_int64_t)bomb.len);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_write_header(a, entry);
    archive_write_data(a, bomb.ptr, bomb.len);
    archive_entry_free(entry);
    archive_write_close(a);
    archive_write_free(a);
    buf_free(&bomb);
    assert_quick((Str){bytes, used}, "bomb.docx", "");

    assert_quick(docx(S("<!DOCTYPE w [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>"
                        "<w:document " W "><w:body><w:p><w:r><w:t>&c;&c;</w:t></w:r></w:p></w:body></w:document>")), "laughs.docx", "entities");
    assert_quick(docx(S("<!DOCTYPE w [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><w:document " W "><w:body><w:p><w:r><w:t>&a;</w:t></w:r></w:p></w:body></w:document>")),
                 "external.docx", "entities");
    Str got = text_of(S("<!DOCTYPE html [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><p>x &a; y"), "x.html");
    assert_false(str_contains(got, S("root:")));
    Buf deep = {0};
    buf_add(&deep, S("<w:document " W "><w:body>"));
    for (int i = 0; i < 200000; i++) buf_add(&deep, S("<w:tbl><w:tr><w:tc>"));
    assert_quick(docx(buf_str(&deep)), "deep.docx", "");
    buf_free(&deep);
    Buf tag = {0};
    buf_add(&tag, S("<p x' "));
    for (int i = 0; i < 300000; i++) buf_printf(&tag, "a%d=\"1\"", i);
    buf_add(&tag, S(">x"));
    assert_quick(buf_str(&tag), "attributes.html", "thousands of attributes");
    buf_free(&tag);
    // Quotes that open no value, before the tag or within it; names that are parted.
    static const char *const before[] = {"<a =\"b ", "<a $=\"b ", "<a b= c=\"d ", "<!-- <p x=\" --><p ", "<script>\"<p x='\"</script><p ", "<p x = \"y b=\" "};
    for (size_t k = 0; k <= sizeof before / sizeof *before; k++) {
        bool parted = k == sizeof before / sizeof *before;
        buf_add(&tag, parted ? S("<p ") : str_from(before[k]));
        for (int i = 0; i < 60000; i++) buf_printf(&tag, parted ? "c%099d" : "c%d ", i);
        for (size_t at = 3; parted && at < tag.len; at++)
            if (str_is_digit(tag.ptr[at])) tag.ptr[at] = (char)('a' + tag.ptr[at] - '0');
        buf_add(&tag, S(">x"));
        assert_quick(buf_str(&tag), "attributes.html", "thousands of attributes");
        buf_free(&tag);
    }
    buf_add(&tag, S("<p>Before</p><img alt=\""));
    for (int i = 0; i < 200000; i++) buf_add(&tag, S("one =' two "));
    buf_add(&tag, S("\"><p>Behind</p>"));
    assert_true(str_contains(text_of(buf_str(&tag), "picture.html"), S("Behind")));
    buf_free(&tag);
    Buf cue = {0};
    buf_add(&cue, S("00:00:01,000 --> 00:00:02,000\n"));
    for (int i = 0; i < 2000000; i++) buf_add_char(&cue, '<');
    double start = own_time();
    assert_true(text_of(buf_str(&cue), "x.srt").len == 2000000);
    assert_true(own_time() - start < 2);
    buf_free(&cue);
    Buf json = {0};
    for (int i = 0; i < 3000000; i++) buf_add_char(&json, '[');
    assert_quick(buf_str(&json), "deep.json", "");
    buf_free(&json);
}

// ---- converters ---------------------------------------------------------------------------------

typedef struct FakeTool {
    char folder[64];
    char path[4096];    // the PATH before
} FakeTool;

static void fake_tool(FakeTool *f, const char *script)
{
    Error e;
    snprintf(f->folder, sizeof f->folder, "/tmp/confab-tool-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s", getenv("PATH"));
    Str tool = arena_printf(&arena, "%s/pdftotext", f->folder), input = arena_printf(&arena, "%s/input.pdf", f->folder);
    assert_true(file_write_whole(tool.ptr, str_from(script), &e) && file_write_whole(input.ptr, S("%PDF-1.4"), &e));
    assert_int_equal(chmod(tool.ptr, 0755), 0);
    setenv("PATH", arena_printf(&arena, "%s:%s", f->folder, f->path).ptr, 1);
}

static Str convert(FakeTool *f)
{
    Error e = {0};
    Str path = arena_printf(&arena, "%s/input.pdf", f->folder);
    Extraction x = {.bytes = S("%PDF-1.4"), .shown = S("input.pdf"), .arena = &arena, .path = path.ptr};
    bool ok = document_pdf.extract(&x, &e);
    return ok ? x.text : arena_printf(&arena, "!%s", e.what);
}

static void drop_tool(FakeTool *f)
{
    setenv("PATH", f->path, 1);
    assert_int_equal(system(arena_printf(&arena, "rm -rf '%s'", f->folder).ptr), 0);
}

static void test_converter(void **state)
{
    (void)state;
    static const struct {
        const char *script, *want;
    } cases[] = {
        {"#!/bin/sh\necho '<page><word >Page one.</word></page>'\nsleep 0.1\necho '<page><word >Page two.</word></page>'\n", "Page one.\n\nPage two."},
        {"#!/bin/sh\nexec >&- 2>&-\nsleep 30\n", "!pdftotext got stuck"},
        {"#!/bin/sh\nexec yes more and more\n", "!the PDF holds more text"},
        {"#!/bin/sh\necho 'Command Line Error: Incorrect password' >&2\nexit 1\n", "!the PDF is protected"},
        {"#!/bin/sh\nkill -SEGV $$\n", "!the PDF makes pdftotext crash"},
        {"#!/bin/sh\nexit 1\n", "!the PDF is broken"},
        {"#!/bin/sh\necho '<page></page>'\n", "!the PDF has no text"},
        {"#!/bin/sh\nif test $1 = -bbox-layout; then echo '<page><word >\xD7\x90</word></page>'; else printf 'Its own way.\\f'; fi\n", "Its own way."},
        {"#!/bin/sh\ntest $1 = -bbox-layout && exit 99\nprintf 'Not of poppler.\\f'\n", "Not of poppler."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FakeTool f;
        double start = now();
        fake_tool(&f, cases[i].script);
        Str got = convert(&f);
        drop_tool(&f);
        if (!str_starts(got, str_from(cases[i].want))) fail_msg("%s gave %.*s", cases[i].script, STR_ARG(str_slice(got, 0, 200)));
        if (now() - start > 20) fail_msg("%s took %.2f s", cases[i].script, now() - start);
    }
}

// What a converter that a document has taken over would see.
static void test_sandbox(void **state)
{
    (void)state;
    static const char script[] =
        "#!/bin/sh\n{\n"
        "for there in /etc/passwd /home /proc/self /tmp/confab-secret /dev/null /sys; do test -e $there && echo sees $there; done\n"
        "for place in / /usr /tmp /input; do (echo x >$place/x) 2>/dev/null && echo writes $place; done\n"
        "(echo x >/input) 2>/dev/null && echo overwrites\n"
        "unshare -U true 2>/dev/null && echo unshares\n"
        "mount -t tmpfs x /usr 2>/dev/null && echo mounts\n"
        "perl -MSocket -e 'socket(my $s, PF_INET, SOCK_STREAM, 0) and print \"connects\\n\"' 2>/dev/null\n"
        "echo I am $(id -u), process $$, with $(cat /input)\n"
        "} | sed -e 's|.*|<line><word >&</word>|' -e '$a</page>'\n";
    Sandbox s;
    pid_t child = sandbox_prepare(&s, "/usr/bin", "/usr/bin/env", "") ? sandbox_fork() : -1;
    if (child == 0) _exit(sandbox_enter(&s) ? 0 : 1);
    int code = 1;
    if (child < 0 || waitpid(child, &code, 0) != child || code != 0) skip();
    FakeTool f;
    fake_tool(&f, script);
    Str got = convert(&f);
    drop_tool(&f);
    if (!str_eq(got, S("I am 65534, process 2, with %PDF-1.4"))) fail_msg("%.*s", STR_ARG(got));
}

static bool early_work(void *ctx, size_t job, Extraction *x, Error *e)
{
    x->text = arena_printf(x->arena, "%s %zu", (const char *)ctx, job);
    return job % 7 != 3 || error_set(e, ERROR_FILE, "test", "job %zu", job);
}

// Results come to whoever asks, whatever was left out, and nothing is kept of those that nobody takes.
static void test_ahead(void **state)
{
    (void)state;
    enum { JOBS = 200 };
    static char name[] = "job";
    assert_null(ahead_start(1, early_work, name));
    for (size_t step = 1; step < 40; step = step * 2 + 1) {
        Ahead *a = ahead_start(JOBS, early_work, name);
        assert_non_null(a);
        for (size_t job = step - 1; job < JOBS; job += step) {
            Extraction x;
            Error e;
            bool ok = ahead_take(a, job, &x, &e);
            assert_int_equal(ok, job % 7 != 3);
            assert_true(str_eq(x.text, arena_printf(&arena, "job %zu", job)));
            if (!ok) assert_true(str_eq(str_from(e.what), str_slice(x.text, 0, x.text.len)));
            arena_free(x.arena);
            free(x.arena);
        }
        ahead_stop(a);
    }
    ahead_stop(ahead_start(JOBS, early_work, name));
    ahead_stop(NULL);
}

static void test_pdf(void **state)
{
    (void)state;
    Str pdf = S("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
                "4 0 obj<</Length 41>>stream\nBT /F 12 Tf 20 100 Td (Hello there.) Tj ET\nendstream endobj\n"
                "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n");
    if (system("command -v pdftotext >/dev/null") != 0) skip();
    char path[] = "/tmp/confab-pdf-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, pdf.ptr, pdf.len), (ssize_t)pdf.len);
    close(fd);
    Error e;
    Extraction x = {.bytes = pdf, .shown = S("x.pdf"), .arena = &arena, .path = path};
    bool ok = document_pdf.extract(&x, &e);
    unlink(path);
    if (!ok) fail_msg("%s", e.what);
    assert_true(str_eq(x.text, S("Hello there.")));
    assert_int_equal(x.n_pages, 1);
}

static void test_pdf_pages(void **state)
{
    (void)state;
    uint64_t *pages;
    uint32_t n;
    Str text = pdf_text(S("Acme Handbook\n\nFees are impor-\ntant and they are low for every customer\nwho asks.\n\n\xE2\x80\xA2\n\nfirst\n\n\xE2\x80\xA2 second\n\n1\n\f"
                          "Acme Handbook\n\nMore text.\n\nPage 2 of 4\n\f"
                          "Acme Handbook\n\nStill more.\n\n- 3 -\n\f"
                          "Acme Handbook\n\nThe end\xC2\xAD\n of it.\n\n4\n\f"), (PdfLayout){0}, &arena, &pages, &n);
    assert_int_equal(n, 4);
    const char *want = "Acme Handbook\n\nFees are important and they are low for every customer who asks.\n\n- first\n- second\n\nMore text.\n\nStill more.\n\nThe endof it.";
    if (!str_eq(text, str_from(want))) fail_msg("<%.*s>", STR_ARG(text));
    assert_true(str_starts(str_slice(text, pages[2], text.len), S("Still more.")));
    text = pdf_text(S("Fees . . . . . . . . 3\nTerms........... 12\n. . . . . . . .\nWell... or.... who\xC2\x88 knows\x7F\n\f"), (PdfLayout){0}, &arena, &pages, &n);
    if (!str_eq(text, S("Fees 3\nTerms 12\n\nWell... or.... who knows"))) fail_msg("<%.*s>", STR_ARG(text));
}

// A table as both ways of printing show it, between a sentence before and one behind.
static const char printed_table[] = "Prices are low.\n\nAnimal\n\nSold\n\nPrice\n\nGnat\n\nper gram\n\n13.65\n\n0.01\n\neach\nstuffed\n\nGnu\n\n92.50\n\n"
                                    "Call us | today.\n\f";
static const char laid_table[] = "   Prices are low.\n\n   Animal   Sold        Price\n   Gnat     per gram    13.65\n            each         0.01\n   Gnu      stuffed     92.50\n\n"
                                 "   Call us | today.\n";

static Str pdf_of(const char *printed, const char *laid_out)
{
    uint64_t *pages;
    uint32_t n;
    Str page = str_from(laid_out);
    return pdf_text(str_from(printed), (PdfLayout){.pages = &page, .n = laid_out ? 1 : 0}, &arena, &pages, &n);
}

static void assert_pdf(const char *printed, const char *laid_out, const char *want)
{
    Str got = pdf_of(printed, laid_out);
    if (!str_eq(got, str_from(want))) fail_msg("<%.*s>\nnot\n<%s>", STR_ARG(got), want);
}

static void test_pdf_tables(void **state)
{
    (void)state;
    const char *table = "| Animal | Sold | Price |\n| --- | --- | --- |\n| Gnat | per gram | 13.65 |\n|  | each | 0.01 |\n| Gnu | stuffed | 92.50 |";
    assert_true(pdf_tables_likely(str_from(printed_table)));
    assert_pdf(printed_table, laid_table, arena_printf(&arena, "Prices are low.\n\n%s\n\nCall us | today.", table).ptr);
    // A word that is not there, and one too many: the page stays as it was printed.
    Str plain = pdf_of(printed_table, NULL);
    assert_false(str_contains(plain, S("| ---")));
    assert_pdf(printed_table, "   Animal   Sold        Price\n   Gnat     per gram    13.65\n   Ape      stuffed     92.50\n", plain.ptr);
    // A heading that stood near the table is no row of it.
    assert_pdf("4 Prices\n\nAnimal\n\nPrice\n\nGnat\n\nGnu\n\nEmu\n\n1.50\n\n2.50\n\n3\n\f",
               "4    Prices\n     Animal    Price\n     Gnat       1.50\n     Gnu        2.50\n     Emu           3\n",
               "4 Prices\n\n| Animal | Price |\n| --- | --- |\n| Gnat | 1.50 |\n| Gnu | 2.50 |\n| Emu | 3 |");
}

// Words at places: a sentence whose mark is in another font, a word that a line end parts, and a table.
static const char boxes[] =
    "<doc>\n<page width=\"600\" height=\"800\">\n<flow>\n<block>\n<line>\n"
    "<word xMin=\"10.0\" yMin=\"10.0\" xMax=\"40.0\" yMax=\"20.0\">Fees &lt;&amp;&gt;</word>\n<word xMin=\"40.1\" yMin=\"8.0\" xMax=\"43.0\" yMax=\"14.0\">1</word>\n"
    "<word xMin=\"46.0\" yMin=\"10.0\" xMax=\"90.0\" yMax=\"20.0\">are impor-</word></line>\n<line><word xMin=\"10\" yMin=\"22\" xMax=\"30\" yMax=\"32\">tant.</word>\n</line></block></flow>\n"
    "%s</page>\n<page></page>\n</doc>\n";

static void add_column(Buf *b, int left, const char *const cells[6])
{
    buf_add(b, S("<flow>\n"));
    for (int i = 0; i < 6; i++)
        buf_printf(b, "<block><line><word xMin=\"%d.5\" yMin=\"%d.0\" xMax=\"%d.5\" yMax=\"%d.0\">%s</word></line></block>\n", left, 60 + 12 * i,
                   left + 5 * (int)strlen(cells[i]), 70 + 12 * i, cells[i]);
    buf_add(b, S("</flow>\n"));
}

static void test_pdf_boxes(void **state)
{
    (void)state;
    static const char *const animals[] = {"Animal", "Gnat", "Gnu", "Emu", "Ape", "Cat"}, *const prices[] = {"Price", "13.65", "92.50", "7.10", "8.25", "3.99"};
    static const char want[] = "Fees <&>1 are impor-\ntant.\n\nAnimal\nGnat\nGnu\nEmu\nApe\nCat\n\nPrice\n13.65\n92.50\n7.10\n8.25\n3.99\n\n\f\f";
    Buf table = {0};
    add_column(&table, 10, animals);
    add_column(&table, 80, prices);
    buf_add_char(&table, 0);
    Str printed = arena_printf(&arena, boxes, table.ptr);
    // However it comes in pieces.
    for (size_t step = 1; step < 2 * printed.len; step = step * 3 + 1) {
        PdfBoxes b = {.pages = {.arena = &arena, .text = {.max = 1000}}};
        Buf piece = {0};
        for (size_t at = 0; at < printed.len; at += step) {
            buf_add(&piece, str_slice(printed, at, at + step < printed.len ? at + step : printed.len));
            assert_true(pdf_boxes_take(&b, &piece));
        }
        if (!str_eq(buf_str(&b.pages.text), str_from(want))) fail_msg("<%.*s>", STR_ARG(buf_str(&b.pages.text)));
        assert_int_equal(b.pages.layout.n, 2);
        uint64_t *pages;
        uint32_t n;
        Str text = pdf_text(buf_str(&b.pages.text), b.pages.layout, &arena, &pages, &n);
        if (!str_ends(text, S("| Animal | Price |\n| --- | --- |\n| Gnat | 13.65 |\n| Gnu | 92.50 |\n| Emu | 7.10 |\n| Ape | 8.25 |\n| Cat | 3.99 |")))
            fail_msg("<%.*s>\nfrom\n%.*s", STR_ARG(text), STR_ARG(b.pages.layout.pages[0]));
        assert_false(b.unordered);
        pdf_pages_free(&b.pages);
        buf_free(&piece);
    }
    buf_free(&table);
}

// Places that are no numbers, pages without an end, tags that are none.
static void test_pdf_boxes_broken(void **state)
{
    (void)state;
    static const char *const all[] = {"<word xMin=\"nan\" yMin=\"-inf\" xMax=\"1e999\" yMax>a&b</word>", "<word >", "<<>><word >x</page>", "</page></page>", "<word xMin=\"9999999999999\">y"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        PdfBoxes b = {.pages = {.arena = &arena, .text = {.max = 30000}}};
        Buf piece = {0};
        bool more = true;
        for (int k = 0; k < 30000 && more; k++) {
            buf_add(&piece, str_from(all[i]));
            more = pdf_boxes_take(&b, &piece);
        }
        buf_add(&piece, S("</page>"));
        pdf_boxes_take(&b, &piece);
        assert_true(b.pages.text.len <= 30000);
        pdf_pages_free(&b.pages);
        buf_free(&piece);
    }
}

// What stands in columns and is no table: prose, an index, the lines of a program, a list.
static void test_pdf_no_tables(void **state)
{
    (void)state;
    static const char *const pages[] = {
        "Orders leave within one day of the      Returns are free for thirty days and\n"
        "purchase, and on Mondays they leave     the money comes back within a week of\n"
        "before noon whatever the weather is     the parcel, which the customer sends\n"
        "in the north of the country today.      to us with the label that we print.\n",
        "abort, 12        fork, 31\nbreak, 14        goto, 33\ncase, 15         if, 35\ndo, 18           long, 36\n",
        "17   int main(void)\n18   {\n19       return 0;\n20   }\n",
        "1.   First things\n2.   Second things\n3.   Third 33\n",
        "\xE2\x80\xA2   12.5\n\xE2\x80\xA2   13.5\n\xE2\x80\xA2   14.5\n",
        "a   1\nb   2\n",
        "1   Usage         2\n2   Functions     2\n    2.1 Words     4\n3   Bugs          7\n4   Copying       9\n",
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        PdfTable *tables;
        if (pdf_tables_find(str_from(pages[i]), &arena, &tables)) fail_msg("a table in\n%s", pages[i]);
    }
    assert_false(pdf_tables_likely(S("A line of prose that is as wide as the page.\nAnd another one of them, of the same width.\n12\n")));
    assert_false(pdf_tables_likely(S("1\nint a;\n2\nint b;\n3\nint c;\n4\nint d;\n5\nint e;\n6\nint f;\n")));
}

static void test_pdf_table_limits(void **state)
{
    (void)state;
    Buf wide = {0}, printed = {0};
    for (int row = 0; row < 5; row++) {
        for (int i = 0; i < 2000; i++) buf_printf(&wide, "%d  ", i), buf_printf(&printed, "%d\n", i);
        buf_add_char(&wide, '\n');
    }
    Str page = buf_str(&wide);
    uint64_t *starts;
    uint32_t n;
    assert_true(pdf_text(buf_str(&printed), (PdfLayout){.pages = &page, .n = 1}, &arena, &starts, &n).len > 0);
    buf_free(&wide);
    buf_free(&printed);
}

// ---- cache and search ---------------------------------------------------------------------------

static Str put(const char *folder, const char *name, Str bytes)
{
    Error e;
    Str path = path_join(&arena, str_from(folder), str_from(name));
    assert_true(file_make_folders(arena_cstr(&arena, path_folder(path)), &e) && file_write_whole(path.ptr, bytes, &e));
    return path;
}

static void open_at(const char *folder, Knowledge *k)
{
    Problems p = {.arena = &arena};
    if (!knowledge_open(k, &(KnowledgeOptions){.project = folder}, &arena, &p)) fail_msg("%s", p.items[0].what);
}

static Str chunk_of(const Knowledge *k, size_t i)
{
    Str text;
    Error e;
    if (!knowledge_chunk_text(k, &k->chunks[i], &arena, &text, &e)) return arena_printf(&arena, "!%s", e.what);
    return text;
}

static void test_cache(void **state)
{
    (void)state;
    char folder[] = "/tmp/confab-cache-XXXXXX";
    assert_non_null(mkdtemp(folder));
    put(folder, "knowledge/a/page.html", S("<h1>Top</h1><p>Some words here.</p>"));
    Str plain = put(folder, "knowledge/a/plain.txt", S("Plain text.\n"));
    put(folder, "knowledge/a/bad.docx", S("PK\x03\x04 no"));
    Knowledge first, second;
    open_at(folder, &first);
    assert_int_equal(first.n_chunks, 2);
    open_at(folder, &second);
    assert_int_equal(second.n_chunks, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(str_eq(chunk_of(&first, i), chunk_of(&second, i)));
        assert_true(str_eq(knowledge_chunk_id(&first, &first.chunks[i], &arena), knowledge_chunk_id(&second, &second.chunks[i], &arena)));
    }
    Str heading;
    assert_int_equal(knowledge_heading_path(&second, &second.chunks[0], &heading, 1), 1);
    assert_true(str_eq(heading, S("Top")));
    assert_true(str_eq(chunk_of(&second, 0), S("# Top\n\nSome words here.")));

    // A changed file is seen, and what was read from the old one is not mixed with it.
    put(folder, "knowledge/a/plain.txt", S("Quite another text.\n"));
    assert_true(str_starts(chunk_of(&second, 1), S("!the document changed")));
    knowledge_close(&second);
    open_at(folder, &second);
    assert_true(str_eq(chunk_of(&second, 1), S("Quite another text.")));
    knowledge_close(&second);

    // So is another strategy; a broken index, a lost text are made anew.
    put(folder, "config/chunk-strategy.json", S("{\"plain.txt\": {\"max_words\": 2}}"));
    open_at(folder, &second);
    assert_int_equal(second.n_chunks, 3);
    knowledge_close(&second);
    put(folder, ".confab/knowledge/index", S("rubbish"));
    assert_int_equal(system(arena_printf(&arena, "rm -f '%s'/.confab/knowledge/text-*", folder).ptr), 0);
    open_at(folder, &second);
    assert_int_equal(second.n_chunks, 3);
    assert_true(str_eq(chunk_of(&second, 0), S("# Top\n\nSome words here.")));
    knowledge_close(&second);

    // A file that is gone takes its cached text with it.
    assert_int_equal(unlink(path_join(&arena, str_from(folder), S("knowledge/a/page.html")).ptr), 0);
    open_at(folder, &second);
    assert_int_equal(second.n_documents, 1);
    FileEntry *files;
    size_t n;
    Error e;
    assert_true(path_list(path_join(&arena, str_from(folder), S(".confab/knowledge")).ptr, 1, &arena, &files, &n, &e));
    assert_int_equal(n, 1);
    knowledge_close(&second);
    knowledge_close(&first);
    assert_true(plain.len > 0);
    assert_int_equal(system(arena_printf(&arena, "rm -rf '%s'", folder).ptr), 0);
}

// What an earlier confab could not read may be read by this one, whose types read otherwise.
static void test_cached_fault(void **state)
{
    (void)state;
    char folder[] = "/tmp/confab-fault-XXXXXX";
    assert_non_null(mkdtemp(folder));
    put(folder, "knowledge/a/page.html", S("<p>Words."));
    Knowledge k;
    open_at(folder, &k);
    knowledge_close(&k);
    for (uint64_t change = 0; change < 2; change++) {
        StoreIndex index;
        store_load(&index, str_from(folder), &arena);
        assert_int_equal(index.n_documents, 1);
        StoredDocument old = index.documents[0];
        index.documents[0] = (StoredDocument){.file = old.file, .size = old.size, .mtime_ns = old.mtime_ns, .fault = old.file, .hint = old.file,
                                              .type = document_types_key() + change};
        index.n_chunks = index.n_headings = 0;
        assert_true(store_save(&index, str_from(folder), &arena));
        open_at(folder, &k);
        assert_int_equal(k.n_chunks, change);
        knowledge_close(&k);
    }
    assert_int_equal(system(arena_printf(&arena, "rm -rf '%s'", folder).ptr), 0);
}

static void test_no_place_for_a_cache(void **state)
{
    (void)state;
    char folder[] = "/tmp/confab-cache-XXXXXX";
    assert_non_null(mkdtemp(folder));
    put(folder, "knowledge/a/page.html", S("<p>Words.</p>"));
    put(folder, ".confab", S("a file where the folder should be"));
    Knowledge k;
    open_at(folder, &k);
    assert_true(str_eq(chunk_of(&k, 0), S("Words.")));
    Search s;
    Error e;
    Hit hit;
    size_t n;
    assert_true(search_open(&s, &k, folder, false, &e));
    assert_true(search_words(&s, S("words"), &hit, 1, &n, &e) && n == 1);
    search_close(&s);
    knowledge_close(&k);
    assert_int_equal(system(arena_printf(&arena, "rm -rf '%s'", folder).ptr), 0);
}

static void test_search(void **state)
{
    (void)state;
    char folder[] = "/tmp/confab-search-XXXXXX";
    assert_non_null(mkdtemp(folder));
    put(folder, "knowledge/billing/refund.txt", S("Refunds of annual plans take ten days."));
    put(folder, "knowledge/billing/annual.txt", S("Annual plans renew in spring. Refunds are possible before."));
    put(folder, "knowledge/coffee/beans.txt", S("Beans from Kenya taste of lemon. Don't burn them, café style."));
    put(folder, "knowledge/coffee/cjk.txt", S("日本のコーヒー豆"));
    Knowledge k;
    Search s;
    Error e;
    Hit hits[8];
    size_t n;
    open_at(folder, &k);
    for (int round = 0; round < 2; round++) {
        if (!search_open(&s, &k, folder, false, &e)) fail_msg("%s", e.what);
        assert_true(search_words(&s, S("KENYA lemon \" OR NEAR( *"), hits, 8, &n, &e));
        assert_int_equal(n, 1);
        assert_true(str_eq(k.documents[k.chunks[hits[0].chunk].document].name, S("beans.txt")));
        assert_true(hits[0].score > 0);
        assert_true(search_words(&s, S("豆"), hits, 8, &n, &e) && n == 1);
        assert_true(search_words(&s, S("café"), hits, 8, &n, &e) && n == 1);
        assert_true(search_words(&s, S("..."), hits, 8, &n, &e) && n == 0);
        const Document *d = knowledge_find(&k, S("billing/refund.txt"));
        assert_true(search_related(&s, &k.chunks[d->first_chunk], &k.topics[0], hits, 8, &n, &arena, &e));
        assert_int_equal(n, 1);
        assert_true(str_eq(k.documents[k.chunks[hits[0].chunk].document].name, S("annual.txt")));
        assert_true(search_related(&s, &k.chunks[d->first_chunk], &k.topics[1], hits, 8, &n, &arena, &e));
        while (n) assert_true(str_eq(k.documents[k.chunks[hits[--n].chunk].document].topic, S("coffee")));
        search_close(&s);
        // Another run with another document: the index follows.
        if (round == 0) {
            knowledge_close(&k);
            put(folder, "knowledge/coffee/milk.txt", S("Milk from Jersey."));
            open_at(folder, &k);
        }
    }
    knowledge_close(&k);
    assert_int_equal(system(arena_printf(&arena, "rm -rf '%s'", folder).ptr), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_encodings, teardown), cmocka_unit_test_teardown(test_tables_and_values, teardown),
        cmocka_unit_test_teardown(test_html, teardown),      cmocka_unit_test_teardown(test_docx, teardown),
        cmocka_unit_test_teardown(test_pdf_boxes, teardown), cmocka_unit_test_teardown(test_pdf_boxes_broken, teardown),
        cmocka_unit_test_teardown(test_pdf_tables, teardown),
        cmocka_unit_test_teardown(test_pdf_no_tables, teardown), cmocka_unit_test_teardown(test_pdf_table_limits, teardown),
        cmocka_unit_test_teardown(test_docx_styles, teardown),
        cmocka_unit_test_teardown(test_odt_and_epub, teardown), cmocka_unit_test_teardown(test_bombs, teardown),
        cmocka_unit_test_teardown(test_converter, teardown), cmocka_unit_test_teardown(test_sandbox, teardown), cmocka_unit_test_teardown(test_ahead, teardown), cmocka_unit_test_teardown(test_pdf, teardown),
       
        cmocka_unit_test_teardown(test_pdf_pages, teardown), cmocka_unit_test_teardown(test_cache, teardown),
        cmocka_unit_test_teardown(test_cached_fault, teardown),
        cmocka_unit_test_teardown(test_no_place_for_a_cache, teardown), cmocka_unit_test_teardown(test_search, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
