// SPDX-License-Identifier: Apache-2.0
//
// Records of files in every format: their texts, their bytes, and what is said of files that are none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/utf8.h"
#include "dedup/records.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/confab-records-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static const char *file_with(const char *name, Str text)
{
    static char path[128];
    Error e;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(file_write_whole(path, text, &e));
    return path;
}

// The texts of all records, each in brackets; checks that head, records and tail are the file again.
static void expect(const char *name, Str content, Str field, const char *texts)
{
    RecordReader *r;
    Record record;
    Error e;
    Buf found = {0}, again = {0};
    const char *path = file_with(name, content);
    if (!records_open(path, field, &r, &e)) fail_msg("%s", e.what);
    for (int round = 0; round < 2; round++) {
        buf_clear(&found);
        buf_clear(&again);
        buf_add(&again, records_head(r));
        for (uint64_t row = 0; records_next(r, &record, &e); row++) {
            assert_int_equal(record.row, row);
            assert_true(str_eq(record.bytes, str_slice(content, record.offset, record.offset + record.bytes.len)));
            buf_add(&again, record.before);
            buf_add(&again, record.bytes);
            buf_printf(&found, "[%.*s]%s", STR_ARG(record.text), record.handwritten ? "h" : "");
        }
        if (e.kind) fail_msg("%s: %s", name, e.what);
        buf_add(&again, records_tail(r));
        buf_add_char(&found, 0);
        assert_string_equal(found.ptr, texts);
        assert_true(str_eq(buf_str(&again), content));
        records_rewind(r);
    }
    // The same record again by its place.
    while (records_next(r, &record, &e)) {
        RecordReader *other;
        Record same;
        assert_true(records_open(path, field, &other, &e));
        assert_true(records_at(other, record.offset, record.bytes.len, &same, &e));
        assert_true(str_eq(same.text, record.text) && str_eq(same.bytes, record.bytes) && same.handwritten == record.handwritten);
        records_close(other);
    }
    records_close(r);
    buf_free(&found);
    buf_free(&again);
    remove(path);
}

static void expect_error(const char *name, Str content, Str field, const char *what, unsigned line)
{
    RecordReader *r = NULL;
    Record record;
    Error e = {0};
    const char *path = file_with(name, content);
    if (records_open(path, field, &r, &e)) {
        while (records_next(r, &record, &e)) {
        }
    }
    records_close(r);
    remove(path);
    if (!strstr(e.what, what)) fail_msg("said \"%s\", not \"%s\"", e.what, what);
    if (line) assert_int_equal(e.place.line, line);
}

static void test_jsonl(void **state)
{
    (void)state;
    expect("a.jsonl", S("{\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},{\"role\":\"user\",\"content\":\"Hi\\nyou\"},"
                        "{\"content\":\"\\u00e9\\ud83d\\ude00\",\"role\":\"assistant\"}]}\n"
                        "{\"conversations\":[{\"from\":\"human\",\"value\":\"A\"},{\"from\":\"gpt\",\"value\":\"B\"}],\"source\":\"handwritten\"}\n"
                        "{\"text\":\"worse\",\"conversation\":\"Ann: x\"}\n"
                        "{\"conversation\":[{\"speaker\":\"Ann\",\"text\":\"one\",\"intent\":\"ask\"}]}\n"
                        "[\"a\",\"b\"]\n\"plain\"\n"
                        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"part\"},{\"type\":\"image\",\"url\":\"u\"}]}]}"),
           (Str){0}, "[Hi\nyou\n\xC3\xA9\xF0\x9F\x98\x80][A\nB]h[Ann: x][one][a\nb][plain][part]");
    expect("b.jsonl", S("{\"messages\":null,\"text\":\"t\"}\r\n{\"id\":{\"a\":[1,2,{}]},\"text\":\"\"}\r\n"), (Str){0}, "[t][]");
    expect("c.json", S("{\"q\":\"x\",\"text\":\"no\"}\n{\"q\":[\"y\",\"z\"]}\n"), S("q"), "[x][y\nz]");
    expect("d.jsonl", S("{\"conversation\":[{\"Ann\":\"hi\",\"Bob\":\"yo\"}]}\n"), (Str){0}, "[hi\nyo]");
    expect("e.jsonl", S(""), (Str){0}, "");
}

static void test_json_arrays(void **state)
{
    (void)state;
    expect("a.json", S("[\n  {\"text\":\"a\"},\n  {\"text\":\"b\"}\n]\n"), (Str){0}, "[a][b]");
    expect("b.json", S(" [{\"text\":\"a\"} , {\"text\":\"b\"}]"), (Str){0}, "[a][b]");
    expect("c.json", S("[]"), (Str){0}, "");
    expect("d.json", S("\xEF\xBB\xBF[\"x\"]\n\n"), (Str){0}, "[x]");
}

static void test_csv(void **state)
{
    (void)state;
    expect("a.csv", S("id,conversation,source\r\n1,\"Ann: \"\"hi\"\", you\r\nBob: yes\",generated\r\n2,plain,handwritten\r\n"), (Str){0},
           "[Ann: \"hi\", you\r\nBob: yes][plain]h");
    expect("b.csv", S("text,q\nx,y\nz,\n"), S("q"), "[y][]");
    expect("c.tsv", S("q\ttext\na,b\tc\n"), (Str){0}, "[c]");
    expect("d.csv", S("messages\n\"[{\"\"role\"\":\"\"user\"\",\"\"content\"\":\"\"hello\"\"}]\"\n"), (Str){0}, "[hello]");
    expect("e.csv", S("a,text\n1\n"), (Str){0}, "[]");
}

static void test_what_is_no_record(void **state)
{
    (void)state;
    expect_error("a.jsonl", S("{\"text\":\"a\"}\n{\"text\":\"b\"\n"), (Str){0}, "this line is not JSON", 2);
    expect_error("b.jsonl", S("{\"text\":\"a\"} {\"text\":\"b\"}\n"), (Str){0}, "this line is not JSON", 1);
    expect_error("c.jsonl", S("{\"id\":1}\n"), (Str){0}, "record 0 has no conversation", 1);
    expect_error("d.jsonl", S("{\"text\":\"a\"}\n"), S("q"), "record 0 has no field \"q\"", 1);
    expect_error("e.json", S("[{\"text\":\"a\"},\n"), (Str){0}, "cut off", 0);
    expect_error("f.json", S("[{\"text\":\"a\"}\n{\"text\":\"b\"}]"), (Str){0}, "not a JSON array", 0);
    expect_error("g.json", S("[{\"text\":\"a\"},]"), (Str){0}, "not a JSON array", 0);
    expect_error("h.json", S("[{\"text\":\"a\"}] x"), (Str){0}, "text behind", 0);
    expect_error("i.json", S("[{\"text\":\"a\"]}]"), (Str){0}, "not JSON", 0);
    expect_error("j.csv", S("a,b\n1,2\n"), (Str){0}, "no column", 0);
    expect_error("k.csv", S("a,b\n1,2\n"), S("c"), "no column \"c\"", 0);
    expect_error("l.parquet", S("PAR1"), (Str){0}, "Parquet", 0);
    expect_error("m.txt", S("hello"), (Str){0}, "neither JSON nor CSV", 0);
    expect_error("n.jsonl", S("5\n"), (Str){0}, "no conversation", 1);
    Error e;
    RecordReader *r;
    assert_false(records_open("/", (Str){0}, &r, &e));
    assert_false(records_open("/nowhere/at.all", (Str){0}, &r, &e));
}

static void test_records_across_pieces(void **state)
{
    (void)state;
    // Records of up to 3 MB, larger than a piece that is read at a time.
    Buf b = {0};
    buf_add(&b, S("[\n"));
    for (size_t i = 0; i < 12; i++) {
        size_t n = (i * i * 25000) % 3000000;
        buf_add(&b, i ? S(",\n{\"text\":\"") : S("{\"text\":\""));
        for (size_t k = 0; k < n / 8; k++) buf_add(&b, S("a \\\"b\\\" "));
        buf_add(&b, S("\"}"));
    }
    buf_add(&b, S("\n]\n"));
    const char *path = file_with("big.json", buf_str(&b));
    RecordReader *r;
    Record record;
    Error e;
    assert_true(records_open(path, (Str){0}, &r, &e));
    for (size_t i = 0; i < 12; i++) {
        size_t n = (i * i * 25000) % 3000000;
        assert_true(records_next(r, &record, &e));
        assert_int_equal(record.text.len, n / 8 * 6);
    }
    assert_false(records_next(r, &record, &e));
    assert_int_equal(e.kind, ERROR_NONE);
    records_close(r);
    remove(path);
    buf_free(&b);
}

// ---- the scanner against jansson ----------------------------------------------------------------

static void add_random(Random *r, Buf *b, unsigned depth)
{
    static const char *const scalars[] = {"1", "-2.5e3", "true", "null", "\"\"", "\"a b\"", "\"\\\"\\\\\\/\\n\\u0041\\ud83d\\ude00\"", "\"\xC3\xA9\""};
    unsigned kind = (unsigned)random_below(r, depth ? 4 : 2);
    if (kind < 2) {
        buf_add(b, str_from(scalars[random_below(r, 8)]));
        return;
    }
    buf_add_char(b, kind == 2 ? '[' : '{');
    for (size_t i = 0, n = random_below(r, 4); i < n; i++) {
        if (i) buf_add(b, S(" , "));
        if (kind == 3) buf_printf(b, "\"k%zu\" :", i);
        add_random(r, b, depth - 1);
    }
    buf_add_char(b, kind == 2 ? ']' : '}');
}

// Keys and strings, in the order in which they stand.
static void flatten(json_t *value, Buf *out)
{
    const char *key;
    json_t *item;
    size_t i;
    if (json_is_string(value)) buf_printf(out, "%s|", json_string_value(value));
    json_array_foreach(value, i, item) flatten(item, out);
    json_object_foreach(value, key, item) {
        buf_printf(out, "%s=", key);
        flatten(item, out);
    }
}

static void scan_flat(JsonScan *s, Buf *out)
{
    JsonText text;
    bool first = true, failed;
    char c = json_scan_peek(s);
    if (c == '"') {
        assert_true(json_scan_string(s, &text));
        json_scan_text(text, out);
        buf_add_char(out, '|');
    } else if (c == '[') {
        while (json_scan_element(s, &first, &failed)) scan_flat(s, out);
        assert_false(failed);
    } else if (c == '{') {
        while (json_scan_member(s, &first, &text, &failed)) {
            json_scan_text(text, out);
            buf_add_char(out, '=');
            scan_flat(s, out);
        }
        assert_false(failed);
    } else {
        assert_true(json_scan_skip(s));
    }
}

static void test_the_scanner_reads_what_jansson_reads(void **state)
{
    (void)state;
    Random r = random_from(4);
    Buf b = {0}, got = {0}, want = {0};
    for (int i = 0; i < 3000; i++) {
        buf_clear(&b), buf_clear(&got), buf_clear(&want);
        buf_add_char(&b, '[');
        add_random(&r, &b, 5);
        buf_add_char(&b, ']');
        json_t *value;
        Error e;
        if (!json_read(buf_str(&b), S("x"), &value, &e)) fail_msg("%.*s", STR_ARG(buf_str(&b)));
        flatten(value, &want);
        json_decref(value);
        JsonScan scan = json_scan(buf_str(&b)), skip = scan;
        scan_flat(&scan, &got);
        assert_true(str_eq(buf_str(&got), buf_str(&want)));
        assert_true(json_scan_skip(&skip) && skip.at == skip.end && scan.at == scan.end);
        // Cut anywhere it is not whole, and says so.
        JsonScan cut = json_scan(str_slice(buf_str(&b), 0, random_below(&r, b.len)));
        assert_false(json_scan_skip(&cut));
        assert_true(cut.cut);
    }
    buf_free(&b), buf_free(&got), buf_free(&want);
}

static void test_broken_escapes(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"\\ud83d", "\xEF\xBF\xBD"}, {"\\ud83dx", "\xEF\xBF\xBDx"}, {"\\ude00", "\xEF\xBF\xBD"}, {"\\u12", "\xEF\xBF\xBD" "12"},
        {"\\uzzzz", "\xEF\xBF\xBDzzzz"}, {"\\q", "q"}, {"\\ud83d\\u0041", "\xEF\xBF\xBD" "A"}, {"\\u0000", ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Buf out = {0};
        json_scan_text((JsonText){str_from(texts[i][0]), true}, &out);
        buf_add_char(&out, 0);
        assert_string_equal(out.ptr, texts[i][1]);
        buf_free(&out);
    }
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    char deep[2 * SCAN_DEPTH];
    memset(deep, '[', SCAN_DEPTH);
    memset(deep + SCAN_DEPTH, ']', SCAN_DEPTH);
    JsonScan s = json_scan((Str){deep, sizeof deep});
    assert_true(json_scan_skip(&s));
    char deeper[100000];
    memset(deeper, '[', sizeof deeper);
    s = json_scan((Str){deeper, sizeof deeper});
    assert_false(json_scan_skip(&s));
    assert_false(s.cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jsonl),
        cmocka_unit_test(test_json_arrays),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_what_is_no_record),
        cmocka_unit_test(test_records_across_pieces),
        cmocka_unit_test(test_the_scanner_reads_what_jansson_reads),
        cmocka_unit_test(test_broken_escapes),
        cmocka_unit_test(test_depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
