// SPDX-License-Identifier: Apache-2.0
#include "knowledge/markdown_writer.h"

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

static void put_plain(MarkdownWriter *w, Str text)
{
    for (size_t i = 0; i < text.len;) {
        size_t start = i;
        while (i < text.len && (unsigned char)text.ptr[i] > 0x20 && (unsigned char)text.ptr[i] < 0x7F) i++;
        if (i > start) {
            if (w->space && w->line.len) buf_add_char(&w->line, ' ');
            w->space = false;
            buf_add(&w->line, str_slice(text, start, i));
            continue;
        }
        uint32_t c = utf8_next(text, &i);
        if (c == UTF8_BAD) c = 0xFFFD;
        if (space_is(c)) {
            w->space = true;
        } else if (!dropped_control(c)) {
            char bytes[4];
            if (w->space && w->line.len) buf_add_char(&w->line, ' ');
            w->space = false;
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
        if (c == '\n' || c == '\t' || !dropped_control(c)) buf_add(&w->line, (Str){bytes, utf8_encode(c, bytes)});
    }
}

void markdown_text(MarkdownWriter *w, Str text)
{
    if (w->code && !w->tables)
        put_code(w, text);
    else
        put_plain(w, text);
}

void markdown_line_break(MarkdownWriter *w)
{
    w->space = false;
    if (w->line.len == 0) return;
    if (w->tables || w->heading)
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

void markdown_block(MarkdownWriter *w)
{
    if (w->tables) {
        w->space = true;    // paragraphs of a cell follow each other on its line
        return;
    }
    Str line = str_trim_end(buf_str(&w->line));
    if (line.len) {
        bool item = w->item && w->depth;
        gap(w, item);
        if (w->heading) {
            for (unsigned i = 0; i < w->heading; i++) buf_add_char(&w->out, '#');
            buf_add_char(&w->out, ' ');
        } else if (item) {
            write_item_mark(w);
        } else if (w->depth) {
            indent(w, w->depth < MARKDOWN_LISTS ? w->depth : MARKDOWN_LISTS);
        }
        buf_add(&w->out, line);
        w->item = false;
    }
    // An empty paragraph inside an item leaves the item waiting for its text.
    buf_clear(&w->line);
    w->heading = 0;
    w->space = false;
}

void markdown_heading(MarkdownWriter *w, unsigned level)
{
    markdown_block(w);
    w->heading = level < 1 ? 1 : level > 6 ? 6 : level;
}

void markdown_list(MarkdownWriter *w, bool ordered)
{
    markdown_block(w);
    if (w->depth < MARKDOWN_LISTS) w->lists[w->depth] = (MarkdownList){ordered, 0};
    w->depth++;
}

void markdown_list_end(MarkdownWriter *w)
{
    markdown_block(w);
    if (w->depth) w->depth--;
    w->item = false;
}

void markdown_item(MarkdownWriter *w)
{
    markdown_block(w);
    w->item = true;
}

void markdown_item_at(MarkdownWriter *w, unsigned depth)
{
    markdown_block(w);
    if (depth >= MARKDOWN_LISTS) depth = MARKDOWN_LISTS - 1;
    for (unsigned i = w->depth; i <= depth; i++) w->lists[i] = (MarkdownList){0};
    w->depth = depth + 1;
    w->item = true;
}

void markdown_code(MarkdownWriter *w)
{
    markdown_block(w);
    w->code = true;
}

void markdown_code_end(MarkdownWriter *w)
{
    Str text = buf_str(&w->line);
    w->code = false;
    if (w->tables) return;
    while (text.len && text.ptr[0] == '\n') text = str_slice(text, 1, text.len);
    text = str_trim_end(text);
    if (text.len) {
        Str fence = str_contains(text, S("```")) ? S("~~~~") : S("```");
        gap(w, false);
        buf_add(&w->out, fence);
        buf_add_char(&w->out, '\n');
        buf_add(&w->out, text);
        buf_add_char(&w->out, '\n');
        buf_add(&w->out, fence);
    }
    buf_clear(&w->line);
    w->space = false;
}

// ---- tables -------------------------------------------------------------------------------------

void markdown_table(MarkdownWriter *w)
{
    if (w->tables == 0) {
        markdown_block(w);
        w->header_done = false;
        w->columns = 0;
        buf_clear(&w->row);
    }
    w->tables++;
}

static void end_cell(MarkdownWriter *w)
{
    Str text = str_trim(buf_str(&w->line));
    if (w->columns) {
        buf_add(&w->row, S(" "));
        for (size_t i = 0; i < text.len; i++) {
            if (text.ptr[i] == '|') buf_add_char(&w->row, '\\');
            buf_add_char(&w->row, text.ptr[i] == '\n' ? ' ' : text.ptr[i]);
        }
        buf_add(&w->row, w->columns < MARKDOWN_COLUMNS ? S(" |") : S(""));
    }
    buf_clear(&w->line);
    w->space = false;
}

void markdown_row(MarkdownWriter *w)
{
    if (w->tables == 1) markdown_row_end(w);
}

void markdown_cell(MarkdownWriter *w)
{
    if (w->tables != 1) {
        w->space = true;
        return;
    }
    end_cell(w);
    if (w->columns < MARKDOWN_COLUMNS) w->columns++;
}

void markdown_row_end(MarkdownWriter *w)
{
    if (w->tables != 1) return;
    if (w->columns == 0 && w->line.len) w->columns = 1;  // text outside any cell
    end_cell(w);
    if (w->columns) {
        gap(w, w->header_done);
        buf_add_char(&w->out, '|');
        buf_add(&w->out, buf_str(&w->row));
        if (w->columns == MARKDOWN_COLUMNS) buf_add(&w->out, S(" |"));
        if (!w->header_done) {
            buf_add(&w->out, S("\n|"));
            for (unsigned i = 0; i < w->columns; i++) buf_add(&w->out, S(" --- |"));
        }
        w->header_done = w->tight = true;
    }
    buf_clear(&w->row);
    w->columns = 0;
}

void markdown_table_end(MarkdownWriter *w)
{
    if (w->tables == 0) return;
    if (w->tables == 1) {
        markdown_row_end(w);
        w->tight = false;
    }
    w->tables--;
    w->space = w->tables > 0;
}

Str markdown_finish(MarkdownWriter *w, bool *full)
{
    while (w->tables) markdown_table_end(w);
    if (w->code) markdown_code_end(w);
    markdown_block(w);
    *full = w->out.full || w->line.full || w->row.full;
    return buf_str(&w->out);
}
