// SPDX-License-Identifier: Apache-2.0
#include "documents/markdown_writer.h"

#include "base/utf8.h"
#include "text/words.h"

void markdown_start(MarkdownWriter *w)
{
    *w = (MarkdownWriter){.out = {.max = MARKDOWN_TEXT_MAX}, .line = {.max = MARKDOWN_TEXT_MAX}, .row = {.max = MARKDOWN_TEXT_MAX}};
}

void markdown_free(MarkdownWriter *w)
{
    buf_free(&w->out);
    buf_free(&w->line);
    buf_free(&w->row);
}

// ---- text ---------------------------------------------------------------------------------------

static bool dropped_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF;
}

// The space that was seen, where it parts two words.
static void put_space(MarkdownWriter *w)
{
    if (w->space && w->line.len && w->line.ptr[w->line.len - 1] != '\n') buf_add_char(&w->line, ' ');
    w->space = false;
}

static void put_plain(MarkdownWriter *w, Str text)
{
    for (size_t i = 0; i < text.len;) {
        size_t start = i;
        while (i < text.len && (unsigned char)text.ptr[i] > 0x20 && (unsigned char)text.ptr[i] < 0x7F) i++;
        if (i > start) {
            put_space(w);
            buf_add(&w->line, str_slice(text, start, i));
            continue;
        }
        uint32_t c = utf8_next(text, &i);
        if (c == UTF8_BAD) c = 0xFFFD;
        if (space_is(c)) {
            w->space = true;
        } else if (!dropped_control(c)) {
            char bytes[4];
            put_space(w);
            buf_add(&w->line, (Str){bytes, utf8_encode(c, bytes)});
        }
    }
}

static void put_code(MarkdownWriter *w, Str text)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t c = utf8_next(text, &i);
        char bytes[4];
        if (c == UTF8_BAD) c = 0xFFFD;
        if (c == 0xA0) c = ' ';     // what pages indent code with
        if (c == '\n' || c == '\t' || !dropped_control(c)) buf_add(&w->line, (Str){bytes, utf8_encode(c, bytes)});
    }
}

void markdown_text(MarkdownWriter *w, Str text)
{
    if (w->code)
        put_code(w, text);
    else
        put_plain(w, text);
}

// Within code every block is a line of its own.
static void code_line(MarkdownWriter *w)
{
    if (w->line.len && w->line.ptr[w->line.len - 1] != '\n') buf_add_char(&w->line, '\n');
}

void markdown_line_break(MarkdownWriter *w)
{
    w->space = false;
    if (!w->code && w->line.len == 0) return;
    if (!w->code && (w->table || w->heading))
        w->space = true;
    else
        buf_add_char(&w->line, '\n');
}

// ---- blocks -------------------------------------------------------------------------------------

static void gap(MarkdownWriter *w, bool tight)
{
    if (w->out.len) buf_add(&w->out, tight && w->tight ? S("\n") : S("\n\n"));
    w->tight = tight;
}

static void indent(MarkdownWriter *w, unsigned by)
{
    while (by--) buf_add(&w->out, S("  "));
}

static void write_item_mark(MarkdownWriter *w)
{
    MarkdownList *list = &w->lists[w->depth < MARKDOWN_LISTS ? w->depth - 1 : MARKDOWN_LISTS - 1];
    indent(w, (w->depth < MARKDOWN_LISTS ? w->depth : MARKDOWN_LISTS) - 1);
    if (list->ordered)
        buf_printf(&w->out, "%u. ", ++list->number);
    else
        buf_add(&w->out, S("- "));
}

bool markdown_is_mark(Str line, bool first)
{
    if (line.len == 0) return false;
    char mark = line.ptr[0];
    size_t n = 0;
    while (n < line.len && line.ptr[n] == mark) n++;
    if (mark == '#') return n <= 6 && (n == line.len || line.ptr[n] == ' ');
    if (mark == '`' || mark == '~') return n >= 3;
    return (mark == '=' || mark == '-') && !first && n == line.len;
}

static void write_escaped(MarkdownWriter *w, Str text)
{
    Str line;
    for (bool first = true; str_cut(&text, '\n', &line); first = false) {
        if (!first) buf_add_char(&w->out, '\n');
        if (markdown_is_mark(line, first)) buf_add_char(&w->out, '\\');
        buf_add(&w->out, line);
    }
}

// What a page shows at a heading's end to link to it.
static Str without_anchor(Str heading)
{
    static const Str signs[] = {S_INIT("\xC2\xB6"), S_INIT(" #"), S_INIT("\xF0\x9F\x94\x97")};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (str_ends(heading, signs[i])) return str_trim_end(str_slice(heading, 0, heading.len - signs[i].len));
    return heading;
}

static void write_block(MarkdownWriter *w, Str line)
{
    bool item = w->item && w->depth;
    if (w->heading) line = without_anchor(line);
    if (line.len == 0) return;
    gap(w, item && !w->heading);
    if (w->heading) {
        w->item = false;    // a list that lays out sections
        for (unsigned i = 0; i < w->heading; i++) buf_add_char(&w->out, '#');
        buf_add_char(&w->out, ' ');
        buf_add(&w->out, line);
        return;
    }
    if (item) write_item_mark(w);
    else indent(w, w->depth < MARKDOWN_LISTS ? w->depth : MARKDOWN_LISTS);
    write_escaped(w, line);
    w->item = false;
}

static void lay_out(MarkdownWriter *w);

void markdown_block(MarkdownWriter *w)
{
    if (w->code) {
        code_line(w);
        return;
    }
    enum { HEADER_MAX = 200 };  // bytes; more before a paragraph's end is a page that a table lays out
    if (w->table && !w->header_done && w->line.len > HEADER_MAX) lay_out(w);
    if (w->table) {
        w->space = true;    // paragraphs of a cell follow each other on its line
        return;
    }
    // An empty paragraph inside an item leaves the item waiting for its text.
    enum { SHORT = 400 };   // bytes
    Str line = str_trim_end(buf_str(&w->line));
    bool sentence = line.len && memchr(".!?", line.ptr[line.len - 1], 3);
    if (!w->dropped || w->heading || sentence || line.len > SHORT) write_block(w, line);
    w->dropped = false;
    buf_clear(&w->line);
    w->heading = 0;
    w->space = false;
}

void markdown_drop_block(MarkdownWriter *w) { w->dropped = !w->table && !w->code; }

void markdown_heading(MarkdownWriter *w, unsigned level)
{
    enum { CHAPTER = 2 };   // smaller ones may only make a cell's text bold
    if (w->table && !w->code && level <= CHAPTER) lay_out(w);
    markdown_block(w);
    if (!w->table && !w->code) w->heading = level < 1 ? 1 : level > 6 ? 6 : level;
}

void markdown_list(MarkdownWriter *w, bool ordered)
{
    markdown_block(w);
    if (w->depth == 0) w->tight = false;
    if (w->depth < MARKDOWN_LISTS) w->lists[w->depth] = (MarkdownList){ordered, 0};
    w->depth++;
}

void markdown_list_end(MarkdownWriter *w)
{
    markdown_block(w);
    if (w->depth) w->depth--;
    w->item = false;
}

// Items of a cell follow each other on its line.
static void part_items(MarkdownWriter *w)
{
    char last = w->table && w->line.len ? w->line.ptr[w->line.len - 1] : ':';
    if (!w->code && !memchr(":;,.!?", last, 6)) buf_add_char(&w->line, ';');
}

void markdown_item(MarkdownWriter *w)
{
    part_items(w);
    markdown_block(w);
    w->item = true;
}

void markdown_item_at(MarkdownWriter *w, unsigned depth, unsigned number)
{
    part_items(w);
    markdown_block(w);
    if (depth >= MARKDOWN_LISTS) depth = MARKDOWN_LISTS - 1;
    for (unsigned i = w->depth; i <= depth; i++) w->lists[i] = (MarkdownList){0};
    w->lists[depth] = (MarkdownList){number > 0, number - (number > 0)};
    w->depth = depth + 1;
    w->item = true;
}

void markdown_code(MarkdownWriter *w)
{
    if (w->code) return;
    markdown_block(w);
    w->code_from = w->line.len;
    w->code = true;
}

static void write_code(MarkdownWriter *w, Str text)
{
    while (text.len && text.ptr[0] == '\n') text = str_slice(text, 1, text.len);
    text = str_trim_end(text);
    if (text.len == 0) return;
    Str fence = str_contains(text, S("```")) ? S("~~~~") : S("```");
    gap(w, false);
    buf_add(&w->out, fence);
    buf_add_char(&w->out, '\n');
    buf_add(&w->out, text);
    buf_add_char(&w->out, '\n');
    buf_add(&w->out, fence);
}

void markdown_code_end(MarkdownWriter *w)
{
    if (!w->code) return;
    w->code = false;
    Buf text = {.max = MARKDOWN_TEXT_MAX};
    buf_add(&text, str_slice(buf_str(&w->line), w->code_from, w->line.len));
    if (w->code_from < w->line.len) w->line.len = w->code_from;
    bool lines = str_find_char(str_trim(buf_str(&text)), '\n') != STR_NONE;
    if (w->table && lines) lay_out(w);
    if (w->table) {
        w->space = true;
        put_plain(w, buf_str(&text));
    } else {
        markdown_block(w);
        write_code(w, buf_str(&text));
    }
    w->space = w->table;
    buf_free(&text);
}

// ---- tables -------------------------------------------------------------------------------------

void markdown_table(MarkdownWriter *w)
{
    if (w->code) return;
    if (w->table) lay_out(w);
    markdown_block(w);
    w->table = true;
    w->header_done = false;
    w->columns = w->spare = 0;
    memset(w->covered, 0, sizeof w->covered);
    buf_clear(&w->row);
}

// Columns that cells of the rows above reach down to.
static void skip_covered(MarkdownWriter *w)
{
    for (; w->columns < MARKDOWN_COLUMNS && w->covered[w->columns]; w->columns++) {
        w->covered[w->columns]--;
        buf_add_char(&w->row, '\n');
    }
}

static void end_cell(MarkdownWriter *w)
{
    if (w->columns) {
        buf_add(&w->row, str_trim(buf_str(&w->line)));
        for (buf_add_char(&w->row, '\n'); w->spare; w->spare--) buf_add_char(&w->row, '\n');
    } else {
        // Text outside any cell: the table's title.
        write_block(w, str_trim(buf_str(&w->line)));
    }
    buf_clear(&w->line);
    w->space = false;
}

void markdown_row(MarkdownWriter *w) { markdown_row_end(w); }

void markdown_cell(MarkdownWriter *w)
{
    if (w->code || !w->table) {
        markdown_block(w);
    } else if (w->columns + w->spare < MARKDOWN_COLUMNS) {
        unsigned spare = w->spare;
        end_cell(w);
        w->columns += spare;
        skip_covered(w);
        w->columns += w->columns < MARKDOWN_COLUMNS;
    } else {
        w->space = true;
    }
}

void markdown_span(MarkdownWriter *w, uint64_t columns, uint64_t rows)
{
    enum { ROWS_MAX = 1000 };
    if (!w->table || w->code || w->columns == 0) return;
    unsigned room = MARKDOWN_COLUMNS - w->columns;
    w->spare = columns < 2 ? 0 : columns - 1 < room ? (unsigned)columns - 1 : room;
    for (unsigned i = 0; i <= w->spare && rows > 1; i++)
        w->covered[w->columns - 1 + i] = (uint16_t)(rows < ROWS_MAX ? rows - 1 : ROWS_MAX);
}

static void write_row(MarkdownWriter *w)
{
    Str row = buf_str(&w->row), cell;
    gap(w, w->header_done);
    buf_add_char(&w->out, '|');
    for (unsigned i = 0; i < w->columns && str_cut(&row, '\n', &cell); i++) {
        buf_add_char(&w->out, ' ');
        for (size_t at = 0; at < cell.len; at++) {
            if (cell.ptr[at] == '|') buf_add_char(&w->out, '\\');
            buf_add_char(&w->out, cell.ptr[at]);
        }
        buf_add(&w->out, S(" |"));
    }
    if (!w->header_done) {
        buf_add(&w->out, S("\n|"));
        for (unsigned i = 0; i < w->columns; i++) buf_add(&w->out, S(" --- |"));
    }
    w->header_done = w->tight = true;
}

void markdown_row_end(MarkdownWriter *w)
{
    if (w->code || !w->table) {
        markdown_block(w);
        return;
    }
    unsigned spare = w->spare;
    end_cell(w);
    if (w->columns) {
        w->columns += spare;
        skip_covered(w);
        Str text = str_trim(buf_str(&w->row));
        if (text.len && w->columns == 1 && !w->header_done) write_block(w, text);
        else if (text.len) write_row(w);
    }
    buf_clear(&w->row);
    w->columns = 0;
}

// The table only lays out: what the row has so far are blocks.
static void lay_out(MarkdownWriter *w)
{
    Str row = buf_str(&w->row), cell;
    w->table = w->tight = false;
    w->layouts++;
    w->spare = 0;
    while (str_cut(&row, '\n', &cell)) write_block(w, cell);
    buf_clear(&w->row);
}

void markdown_table_end(MarkdownWriter *w)
{
    if (w->code) return;
    markdown_row_end(w);
    if (w->table) {
        w->table = w->tight = false;
    } else if (w->layouts) {
        w->layouts--;
    }
}

// ---- the whole ----------------------------------------------------------------------------------

size_t markdown_position(MarkdownWriter *w)
{
    markdown_block(w);
    return w->out.len;
}

void markdown_rewind(MarkdownWriter *w, size_t position)
{
    markdown_block(w);
    if (position < w->out.len) w->out.len = position;
    w->tight = false;
}

void markdown_end_all(MarkdownWriter *w)
{
    if (w->code) markdown_code_end(w);
    if (w->table) markdown_table_end(w);
    markdown_block(w);
    w->depth = w->layouts = 0;
    w->item = false;
}

Str markdown_finish(MarkdownWriter *w, bool *full)
{
    markdown_end_all(w);
    *full = w->out.full || w->line.full || w->row.full;
    return buf_str(&w->out);
}
