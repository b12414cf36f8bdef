// SPDX-License-Identifier: Apache-2.0
#include "dedup/records.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "dedup/keystore.h"
#include "dedup/parquet_text.h"

enum { PIECE = 1 << 20 };  // bytes read at a time

struct RecordReader {
    const char *path;
    Str field;
    int fd;
    RecordFormat format;
    char comma;
    char *data;          // what has been read and not yet gone over: data[from … to)
    size_t from, to, cap;
    uint64_t offset;     // of data[from]
    bool ended;          // the file has
    uint64_t row, line;  // of what comes next
    Arena arena;         // head and tail
    uint64_t first;      // offset of what follows the head
    Str head, tail;
    size_t column;       // CSV: of the text,
    size_t source;       // and of `source`; STR_NONE: none
    size_t id, role, score;  // likewise; `id` only where each row is a turn
    RecordText text;
    ParquetText *parquet;    // NULL: another format
    bool spools;
    const char *spool_folder;
    int spool;               // of Parquet's texts; -1: none
    uint64_t spooled;        // bytes of them
    Buf spool_buffer;        // the last ones
};

// ---- reading in pieces --------------------------------------------------------------------------

static Str window(const RecordReader *r) { return (Str){r->data + r->from, r->to - r->from}; }

static bool fault(const RecordReader *r, Error *e, const char *what)
{
    error_set(e, ERROR_FILE, "records", "%s", what);
    error_at_file(e, str_from(r->path));
    e->place.line = (unsigned)(r->line > 0xffffffffu ? 0 : r->line);
    return false;
}

static bool read_more(RecordReader *r, Error *e)
{
    if (r->from) memmove(r->data, r->data + r->from, r->to - r->from);
    r->to -= r->from;
    r->from = 0;
    if (r->cap - r->to < PIECE) {
        if (r->cap > RECORD_MAX) return fault(r, e, "a record is larger than 256 MiB");
        r->cap = 2 * r->cap + PIECE;
        r->data = mem_realloc(r->data, r->cap);
    }
    ssize_t n;
    do n = read(r->fd, r->data + r->to, r->cap - r->to);
    while (n < 0 && errno == EINTR);
    if (n < 0) return error_errno(e, "read", r->path);
    r->to += (size_t)n;
    r->ended = n == 0;
    return true;
}

static void count_lines(RecordReader *r, size_t n)
{
    const char *p = r->data + r->from, *end = p + n;
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        p++;
        r->line++;
    }
}

static Str advance(RecordReader *r, size_t n)
{
    Str bytes = {r->data + r->from, n};
    count_lines(r, n);
    r->from += n;
    r->offset += n;
    return bytes;
}

// ---- CSV ----------------------------------------------------------------------------------------

// The end of the row that begins at `at`, its line break included; STR_NONE: not yet here.
static size_t csv_row_end(Str s, size_t at, bool ended)
{
    bool quoted = false;
    for (; at < s.len; at++) {
        if (s.ptr[at] == '"') quoted = !quoted;
        else if (s.ptr[at] == '\n' && !quoted) return at + 1;
    }
    return ended ? s.len : STR_NONE;
}

static bool csv_take(RecordReader *r, size_t at, size_t *end, Error *e)
{
    while ((*end = csv_row_end(window(r), at, r->ended)) == STR_NONE)
        if (!read_more(r, e)) return false;
    return true;
}

// The next field of a row: moves *at behind it and its comma; false behind the last one.
static bool csv_field(Str row, char comma, size_t *at, Buf *out)
{
    if (*at > row.len) return false;
    size_t i = *at;
    buf_clear(out);
    if (i < row.len && row.ptr[i] == '"') {
        for (i++; i < row.len; i++) {
            if (row.ptr[i] == '"' && !(i + 1 < row.len && row.ptr[i + 1] == '"')) break;
            i += row.ptr[i] == '"';
            buf_add_char(out, row.ptr[i]);
        }
        while (i < row.len && row.ptr[i] != comma) i++;
    } else {
        while (i < row.len && row.ptr[i] != comma) i++;
        buf_add(out, str_slice(row, *at, i));
    }
    *at = i + 1;
    return true;
}

static Str without_break(Str row)
{
    while (row.len && (row.ptr[row.len - 1] == '\n' || row.ptr[row.len - 1] == '\r')) row.len--;
    return row;
}

// How good a column is as the text: 0 is the best.
static size_t csv_rank(const RecordReader *r, Str name)
{
    static const Str usual[] = {S_INIT("conversation"), S_INIT("messages"), S_INIT("text"), S_INIT("content"), S_INIT("message"),
                                S_INIT("utterance")};
    if (r->field.len) return str_eq(name, r->field) ? 0 : STR_NONE;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (str_eq(name, usual[i])) return i;
    return STR_NONE;
}

static bool is_one_of(Str name, const Str *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_ignore_case(name, list[i])) return true;
    return false;
}

static bool csv_header(RecordReader *r, Error *e)
{
    static const Str ids[] = {S_INIT("id"), S_INIT("conversation_id"), S_INIT("dialogue_id"), S_INIT("dialog_id")};
    static const Str turns[] = {S_INIT("turn"), S_INIT("turn_number"), S_INIT("turn_id"), S_INIT("turn_index")};
    size_t end, at = 0, best = STR_NONE, id = STR_NONE;
    bool turn = false;
    if (!csv_take(r, 0, &end, e)) return false;
    Str row = without_break(str_slice(window(r), 0, end));
    r->source = r->id = r->role = r->score = STR_NONE;
    for (size_t column = 0; csv_field(row, r->comma, &at, &r->text.text); column++) {
        Str name = buf_str(&r->text.text);
        size_t rank = csv_rank(r, name);
        if (rank < best) {
            best = rank;
            r->column = column;
        }
        if (str_eq(name, S("source"))) r->source = column;
        if (record_text_is_role(name)) r->role = column;
        if (record_text_is_score(name)) r->score = column;
        if (id == STR_NONE && is_one_of(name, ids, sizeof ids / sizeof *ids)) id = column;
        turn |= is_one_of(name, turns, sizeof turns / sizeof *turns);
    }
    if (turn) r->id = id;
    if (best != STR_NONE) {
        r->head = arena_str(&r->arena, advance(r, end));
        return true;
    }
    if (r->field.len)
        error_set(e, ERROR_USAGE, "records", "there is no column \"%.*s\"", STR_ARG(r->field));
    else
        error_set(e, ERROR_USAGE, "records", "no column is known to hold a conversation");
    error_hint(e, "name the column that holds the text with --field; there are: %.*s", STR_ARG(row));
    return error_at_file(e, str_from(r->path));
}

// A cell that holds JSON is read as such, as the default CSV writes `messages`.
static void csv_cell(Buf *cell)
{
    Str value = str_trim(buf_str(cell));
    if (value.len < 2 || value.ptr[0] != '[' || value.ptr[value.len - 1] != ']') return;
    RecordText inner = {0};
    JsonScan scan = json_scan(value);
    if (record_text_read(&scan, (Str){0}, &inner) && scan.at == scan.end) {
        buf_clear(cell);
        buf_add(cell, buf_str(&inner.text));
    }
    buf_free(&inner.text);
}

static void csv_row_text(RecordReader *r, Str row, Buf *cell, Buf *out)
{
    size_t at = 0;
    bool system = false;
    Buf text = {0};
    row = without_break(row);
    for (size_t column = 0; csv_field(row, r->comma, &at, column == r->column ? &text : cell); column++) {
        if (column == r->source) r->text.handwritten = str_eq(buf_str(cell), S("handwritten"));
        if (column == r->role && r->id != STR_NONE) system = record_text_is_system(buf_str(cell));
        if (column == r->score) r->text.scored = str_to_double(buf_str(cell), &r->text.score);
    }
    csv_cell(&text);
    if (out->len && out->ptr[out->len - 1] != '\n') buf_add_char(out, '\n');
    if (!system) buf_add(out, buf_str(&text));
    buf_free(&text);
}

static void csv_text(RecordReader *r, Str rows)
{
    Buf cell = {0};
    r->text.handwritten = r->text.scored = false;
    buf_clear(&r->text.text);
    for (size_t at = 0, end; at < rows.len; at = end) {
        end = csv_row_end(rows, at, true);
        csv_row_text(r, str_slice(rows, at, end), &cell, &r->text.text);
    }
    buf_free(&cell);
}

static bool same_conversation(const RecordReader *r, Str a, Str b)
{
    Buf ids[2] = {{0}, {0}};
    Str rows[] = {without_break(a), without_break(b)};
    bool there = true;
    for (int i = 0; i < 2; i++) {
        size_t at = 0, column = 0;
        while (csv_field(rows[i], r->comma, &at, &ids[i]) && column < r->id) column++;
        there &= column == r->id;
    }
    bool same = there && str_eq(buf_str(&ids[0]), buf_str(&ids[1]));
    buf_free(&ids[0]);
    buf_free(&ids[1]);
    return same;
}

// Where a row is a turn: moves *end behind the last row of the conversation that begins with the window.
static bool csv_group(RecordReader *r, size_t *end, Error *e)
{
    size_t first = *end, next;
    while (r->id != STR_NONE) {
        if (!csv_take(r, *end, &next, e)) return false;
        Str row = str_slice(window(r), *end, next);
        if (!without_break(row).len || !same_conversation(r, str_slice(window(r), 0, first), row)) break;
        *end = next;
    }
    return true;
}

// ---- JSON ---------------------------------------------------------------------------------------

static bool no_conversation(const RecordReader *r, Error *e)
{
    if (r->field.len)
        error_set(e, ERROR_USAGE, "records", "record %llu has no field \"%.*s\"", (unsigned long long)r->row, STR_ARG(r->field));
    else
        error_set(e, ERROR_USAGE, "records", "record %llu has no conversation", (unsigned long long)r->row);
    error_hint(e, "name the field that holds it with --field");
    error_at_file(e, str_from(r->path));
    e->place.line = (unsigned)(r->line > 0xffffffffu ? 0 : r->line);
    return false;
}

static void json_head(RecordReader *r)
{
    JsonScan scan = json_scan(window(r));
    json_scan_char(&scan, '[');
    r->head = arena_str(&r->arena, advance(r, (size_t)(scan.at - window(r).ptr)));
}

// Space and the comma before the next element: its bytes, and whether one follows.
static bool json_before(RecordReader *r, size_t *len, bool *more, Error *e)
{
    for (;;) {
        JsonScan scan = json_scan(window(r));
        char c = json_scan_peek(&scan);
        bool comma = c == ',';
        if (comma) scan.at++;
        char next = json_scan_peek(&scan);
        if (next) {
            *len = (size_t)(scan.at - window(r).ptr);
            *more = next != ']';
            if ((next == ']' && !comma) || (comma == (r->row > 0) && next != ']' && next != ',')) return true;
            return fault(r, e, "not a JSON array of records");
        }
        if (r->ended) return fault(r, e, "the JSON array is cut off");
        if (!read_more(r, e)) return false;
    }
}

// Everything behind the closing bracket belongs to the tail.
static bool json_tail(RecordReader *r, Error *e)
{
    while (!r->ended)
        if (!read_more(r, e)) return false;
    Str rest = window(r);
    if (str_trim(rest).len != 1) return fault(r, e, "there is text behind the JSON array");
    r->tail = arena_str(&r->arena, advance(r, rest.len));
    return false;
}

static bool json_next(RecordReader *r, Record *out, Error *e)
{
    size_t before = 0;
    bool more = false;
    if (r->tail.ptr) return false;
    if (!json_before(r, &before, &more, e)) return false;
    if (!more) return json_tail(r, e);
    for (;;) {
        JsonScan scan = json_scan(str_slice(window(r), before, window(r).len));
        if (record_text_read(&scan, r->field, &r->text)) {
            if (!r->text.found) return no_conversation(r, e);
            out->before = advance(r, before);
            out->offset = r->offset;
            out->bytes = advance(r, (size_t)(scan.at - window(r).ptr));
            return true;
        }
        if (!scan.cut || r->ended) return fault(r, e, scan.cut ? "the JSON array is cut off" : "this record is not JSON");
        if (!read_more(r, e)) return false;
    }
}

static bool jsonl_take(RecordReader *r, size_t *end, Error *e)
{
    size_t seen = 0;
    for (;;) {
        Str w = window(r);
        const char *stop = w.len > seen ? memchr(w.ptr + seen, '\n', w.len - seen) : NULL;
        *end = stop ? (size_t)(stop - w.ptr) + 1 : w.len;
        if (stop || r->ended) return true;
        seen = w.len;
        if (!read_more(r, e)) return false;
    }
}

static bool jsonl_next(RecordReader *r, Record *out, Error *e)
{
    size_t end;
    for (;;) {
        if (!jsonl_take(r, &end, e)) return false;
        if (end == 0) return false;
        if (str_trim(str_slice(window(r), 0, end)).len) break;
        advance(r, end);
    }
    JsonScan scan = json_scan(str_slice(window(r), 0, end));
    bool ok = record_text_read(&scan, r->field, &r->text) && json_scan_peek(&scan) == 0;
    if (!ok) return fault(r, e, "this line is not JSON");
    if (!r->text.found) return no_conversation(r, e);
    out->offset = r->offset;
    out->bytes = advance(r, end);
    return true;
}

static bool csv_next(RecordReader *r, Record *out, Error *e)
{
    size_t end;
    do {
        if (!csv_take(r, 0, &end, e)) return false;
        if (end == 0) return false;
        if (without_break(str_slice(window(r), 0, end)).len) break;
        advance(r, end);
    } while (true);
    if (!csv_group(r, &end, e)) return false;
    out->offset = r->offset;
    out->bytes = advance(r, end);
    csv_text(r, out->bytes);
    return true;
}

// ---- opening ------------------------------------------------------------------------------------

static bool find_format(RecordReader *r, Error *e)
{
    Str ending = path_ending(path_name(str_from(r->path)));
    JsonScan scan = json_scan(window(r));
    char first = json_scan_peek(&scan);
    r->comma = str_eq_ignore_case(ending, S("tsv")) ? '\t' : ',';
    if (str_eq_ignore_case(ending, S("parquet")) || str_starts(window(r), S("PAR1")))
        r->format = RECORDS_PARQUET;
    else if (str_eq_ignore_case(ending, S("csv")) || r->comma == '\t')
        r->format = RECORDS_CSV;
    else if (str_eq_ignore_case(ending, S("jsonl")) || str_eq_ignore_case(ending, S("ndjson")))
        r->format = RECORDS_JSONL;
    else if (first == '[')
        r->format = RECORDS_JSON;
    else if (first == '{' || first == 0)
        r->format = RECORDS_JSONL;
    else
        return fault(r, e, "neither JSON nor CSV by its name or beginning");
    return true;
}

static bool open_reader(RecordReader *r, Error *e)
{
    struct stat st;
    r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (r->fd < 0) return error_errno(e, "open", r->path);
    if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        error_set(e, ERROR_FILE, "file", "not a regular file");
        return error_at_file(e, str_from(r->path));
    }
    posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    if (!read_more(r, e)) return false;
    if (str_starts(window(r), S("\xEF\xBB\xBF"))) r->head = arena_str(&r->arena, advance(r, 3));
    if (!find_format(r, e)) return false;
    if (r->format == RECORDS_PARQUET) return parquet_text_open(r->path, r->field, &r->parquet, e);
    Str mark = r->head;
    if (r->format == RECORDS_JSON) json_head(r);
    if (r->format == RECORDS_CSV && !csv_header(r, e)) return false;
    if (mark.len && r->format != RECORDS_JSONL) r->head = arena_concat(&r->arena, (Str[]){mark, r->head}, 2);
    r->first = r->offset;
    return true;
}

bool records_open(const char *path, Str field, RecordReader **out, Error *e)
{
    RecordReader *r = mem_alloc(sizeof *r);
    *r = (RecordReader){.path = path, .field = field, .fd = -1, .spool = -1, .line = 1};
    *e = (Error){0};
    *out = r;
    if (open_reader(r, e)) return true;
    records_close(r);
    *out = NULL;
    return false;
}

void records_close(RecordReader *r)
{
    if (!r) return;
    if (r->fd >= 0) close(r->fd);
    if (r->spool >= 0) close(r->spool);
    parquet_text_close(r->parquet);
    buf_free(&r->spool_buffer);
    free(r->data);
    buf_free(&r->text.text);
    arena_free(&r->arena);
    free(r);
}

// ---- Parquet ------------------------------------------------------------------------------------

void records_spool(RecordReader *r, const char *folder)
{
    r->spools = r->parquet != NULL;
    r->spool_folder = folder;
}

static bool spool_out(RecordReader *r, Error *e)
{
    Str rest = buf_str(&r->spool_buffer);
    if (r->spool < 0) r->spool = keystore_unnamed(r->spool_folder, e);
    if (r->spool < 0) return false;
    while (rest.len) {
        ssize_t n = write(r->spool, rest.ptr, rest.len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_errno(e, "write", "an unnamed file");
        rest = str_slice(rest, (size_t)n, rest.len);
    }
    buf_clear(&r->spool_buffer);
    return true;
}

static bool parquet_next(RecordReader *r, Record *out, Error *e)
{
    if (!parquet_text_next(r->parquet, &r->text, e)) return false;
    out->bytes = buf_str(&r->text.text);
    if (!r->spools) return true;
    out->offset = r->spooled;
    r->spooled += out->bytes.len;
    buf_add(&r->spool_buffer, out->bytes);
    return r->spool_buffer.len < PIECE || spool_out(r, e);
}

static bool read_range(RecordReader *r, int fd, uint64_t offset, size_t len, Error *e)
{
    if (r->cap < len) {
        r->cap = len;
        r->data = mem_realloc(r->data, r->cap);
    }
    size_t have = 0;
    while (have < len) {
        ssize_t n = pread(fd, r->data + have, len - have, (off_t)(offset + have));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_errno(e, "read", r->path);
        if (n == 0) return fault(r, e, "the file became shorter while it was read");
        have += (size_t)n;
    }
    r->from = r->to = 0;
    return true;
}

static bool parquet_at(RecordReader *r, uint64_t offset, size_t len, Record *out, Error *e)
{
    if (r->spool_buffer.len && !spool_out(r, e)) return false;
    if (len && !read_range(r, r->spool, offset, len, e)) return false;
    out->bytes = out->text = (Str){r->data, len};
    return true;
}

const ParquetText *records_parquet(const RecordReader *r) { return r->parquet; }

// ---- all formats --------------------------------------------------------------------------------

static bool next_of_format(RecordReader *r, Record *out, Error *e)
{
    switch (r->format) {
    case RECORDS_JSON: return json_next(r, out, e);
    case RECORDS_JSONL: return jsonl_next(r, out, e);
    case RECORDS_CSV: return csv_next(r, out, e);
    case RECORDS_PARQUET: return parquet_next(r, out, e);
    }
    return false;
}

bool records_next(RecordReader *r, Record *out, Error *e)
{
    *out = (Record){.row = r->row};
    *e = (Error){0};
    if (!next_of_format(r, out, e)) return false;
    out->text = buf_str(&r->text.text);
    out->handwritten = r->text.handwritten;
    out->scored = r->text.scored;
    out->score = r->text.score;
    r->row++;
    return true;
}

void records_rewind(RecordReader *r)
{
    r->row = 0;
    if (r->parquet) {
        parquet_text_rewind(r->parquet);
        r->spools = false;
        return;
    }
    lseek(r->fd, (off_t)r->first, SEEK_SET);
    r->offset = r->first;
    r->from = r->to = 0;
    r->row = 0;
    r->line = 1;
    r->ended = false;
    r->tail = (Str){0};
}

bool records_at(RecordReader *r, uint64_t offset, size_t len, Record *out, Error *e)
{
    *out = (Record){.offset = offset};
    if (r->parquet) return parquet_at(r, offset, len, out, e);
    if (!read_range(r, r->fd, offset, len, e)) return false;
    out->bytes = (Str){r->data, len};
    if (r->format == RECORDS_CSV) {
        csv_text(r, out->bytes);
    } else {
        JsonScan scan = json_scan(out->bytes);
        if (!record_text_read(&scan, r->field, &r->text)) return fault(r, e, "the file changed while it was read");
    }
    out->text = buf_str(&r->text.text);
    out->handwritten = r->text.handwritten;
    return true;
}

RecordFormat records_format(const RecordReader *r) { return r->format; }
Str records_head(const RecordReader *r) { return r->head; }
Str records_tail(const RecordReader *r) { return r->tail; }
