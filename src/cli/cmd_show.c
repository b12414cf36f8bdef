// SPDX-License-Identifier: Apache-2.0
//
// confab show: conversations of a run as bubbles.
#include "cli/commands.h"

#include <unistd.h>

#include "base/utf8.h"
#include "cli/bubble.h"
#include "cli/locate.h"
#include "journal/query.h"
#include "output/export_row.h"

enum { TITLE = 11 };  // columns of a fact's name

typedef struct Show {
    Cli *cli;
    BubbleStyle style;
    ExportReader reader;
    uint64_t wanted;       // with `one`: the iteration; else the next place to show
    bool one;
    uint64_t seen, total, left;
    Buf text;              // scratch
    uint64_t shown;
} Show;

static unsigned columns_of(Str text)
{
    unsigned columns = 0;
    for (size_t at = 0; at < text.len;) columns += letter_columns(utf8_next(text, &at));
    return columns;
}

// A title and a text beside it, whose lines are broken between words and begin below each other.
static void add_beside(const Show *s, const char *title, Str text, Buf *b)
{
    unsigned width = s->style.width < 24 ? 24 : s->style.width, used = TITLE + 2;
    Buf safe = {0};
    Str rest, word;
    bubble_safe(text, &safe);
    rest = buf_str(&safe);
    buf_printf(b, "  %-*s", TITLE, title);
    for (bool first = true; str_cut(&rest, ' ', &word); first = false) {
        unsigned columns = columns_of(word);
        if (!first && used + 1 + columns > width) {
            buf_printf(b, "\n  %-*s", TITLE, "");
            used = TITLE + 2;
        } else if (!first) {
            buf_add_char(b, ' ');
            used++;
        }
        buf_add(b, word);
        used += columns;
    }
    buf_add_char(b, '\n');
    buf_free(&safe);
}

static void add_member(Buf *text, Str key, Str value, Str between)
{
    if (text->len) buf_add(text, between);
    json_slice_text(text, key);
    buf_add(text, S(": "));
    json_slice_text(text, value);
}

// "label: value; label: value" of an object of plain values.
static void add_members(Show *s, const char *title, Str object, Buf *b)
{
    JsonWalk w = {.text = object};
    Str key, value;
    buf_clear(&s->text);
    while (json_walk_member(&w, &key, &value))
        if (!json_slice_is_null(value)) add_member(&s->text, key, value, S("; "));
    if (s->text.len) add_beside(s, title, buf_str(&s->text), b);
}

static void add_fact(Show *s, const char *title, Str raw, Buf *b)
{
    if (json_slice_is_null(raw)) return;
    buf_clear(&s->text);
    json_slice_text(&s->text, raw);
    add_beside(s, title, buf_str(&s->text), b);
}

static void add_chunks(Show *s, Str chunks, Buf *b)
{
    JsonWalk w = {.text = chunks};
    Str chunk;
    while (json_walk_item(&w, &chunk)) {
        buf_clear(&s->text);
        const Str keys[] = {S("document"), S("number"), S("start"), S("end")};
        const Str before[] = {S(""), S(" chunk "), S(", bytes "), S("-")};
        for (size_t i = 0; i < 4; i++) {
            Str value = json_slice_member(chunk, keys[i]);
            if (json_slice_is_null(value)) continue;
            buf_add(&s->text, before[i]);
            json_slice_text(&s->text, value);
        }
        if (!s->text.len) json_slice_text(&s->text, chunk);
        add_beside(s, "passage", buf_str(&s->text), b);
    }
}

// Who speaks, and the labels of the turn.
static void add_name(const ExportMessage *m, Buf *name)
{
    JsonWalk w = {.text = m->turn, .at = m->labels_at};
    Str key, value;
    Buf labels = {0};
    json_slice_text(name, json_slice_is_null(m->name) ? m->role : m->name);
    while (w.at && json_walk_member(&w, &key, &value))
        if (!json_slice_is_null(value)) add_member(&labels, key, value, S("; "));
    if (labels.len) buf_printf(name, " (%.*s)", STR_ARG(buf_str(&labels)));
    buf_free(&labels);
}

static void add_conversation(Show *s, const ExportRow *row, Buf *b)
{
    bool colour = s->style.colour;
    buf_clear(&s->text);
    json_slice_text(&s->text, row->id);
    if (!s->text.len) buf_add_u64(&s->text, row->iteration);
    if (colour) buf_add(b, S("\x1b[1m"));
    bubble_safe(buf_str(&s->text), b);
    if (colour) buf_add(b, S("\x1b[0m"));
    buf_add_char(b, '\n');
    add_members(s, "labels", row->labels, b);
    add_fact(s, "topic", row->topic, b);
    add_fact(s, "document", row->document, b);
    add_fact(s, "template", row->template, b);
    add_chunks(s, row->chunks, b);
    add_members(s, "parameters", row->parameters, b);
    add_fact(s, "model", row->model, b);
    add_fact(s, "attempt", row->attempt, b);
    for (size_t i = 0; i < row->n; i++) {
        const ExportMessage *m = &row->messages[i];
        Buf name = {0};
        add_name(m, &name);
        buf_clear(&s->text);
        json_slice_text(&s->text, m->content);
        bubble_add(&s->style, str_eq(export_role(m->role), S("assistant")), buf_str(&name), buf_str(&s->text), b);
        buf_free(&name);
    }
    buf_add_char(b, '\n');
}

// Evenly spread over the run, so that a look shows its beginning, middle and end.
static bool is_wanted(Show *s, const KeptItem *item)
{
    if (s->one) return item->iteration == s->wanted;
    uint64_t place = s->seen++;
    if (!s->left || place < s->wanted) return false;
    s->left--;
    s->shown++;
    s->wanted = place + (s->left ? (s->total - place - 1) / s->left : 1);
    if (s->wanted <= place) s->wanted = place + 1;
    return true;
}

static bool show(void *ctx, const KeptItem *item, Error *e)
{
    (void)e;
    Show *s = ctx;
    if (is_wanted(s, item)) {
        ExportRow row;
        Buf b = {0};
        export_read(&s->reader, item, &row);
        if (s->cli->json) {
            buf_add(&b, item->row.record);
            buf_add_char(&b, '\n');
        } else {
            add_conversation(s, &row, &b);
        }
        cli_print(s->cli, &b);
        if (s->one) s->shown = 1;
    }
    return s->one ? item->iteration < s->wanted : s->left > 0;
}

// The argument may be a run, an id (<stamp>-<index>), or an index alone.
static bool read_arguments(Cli *cli, Str *run, bool *one, uint64_t *index, Error *e)
{
    *run = (Str){0};
    *one = false;
    for (size_t i = 0; i < cli->arguments.n; i++) {
        Str word = cli->arguments.rest[i];
        bool id = word.len > STAMP_LEN + 1 && word.ptr[STAMP_LEN] == '-' && str_find_char(word, '/') == STR_NONE;
        Str number = id ? str_slice(word, STAMP_LEN + 1, word.len) : word;
        if (id) *run = str_slice(word, 0, STAMP_LEN);
        if (str_to_u64(number, index)) {
            *one = true;
        } else if (id || run->ptr) {
            error_set(e, ERROR_USAGE, "usage", "\"%.*s\" is not a conversation's id", STR_ARG(word));
            return error_hint(e, "an id looks like 26-11-22-15h04m05s-17; its index alone will do");
        } else {
            *run = word;
        }
    }
    return true;
}

// Nothing was kept of that iteration: what its last answer lacked.
static bool say_why_not(Show *s, KeptQuery *query, const char *stamp, Error *e)
{
    enum { ATTEMPTS_MAX = 255 };
    unsigned attempt = 0;
    Str reason = {0}, message = {0};
    while (attempt < ATTEMPTS_MAX && kept_query_reason(query, s->wanted, attempt + 1, &s->cli->arena, &reason, &message)) attempt++;
    if (attempt == 0) {
        error_set(e, ERROR_USAGE, "run", "run %s has kept no conversation %llu", stamp, (unsigned long long)s->wanted);
        return error_hint(e, "`confab status` tells what it has");
    }
    error_set(e, ERROR_USAGE, "run", "run %s has kept no conversation %llu: attempt %u was rejected as %.*s%s%.*s", stamp,
              (unsigned long long)s->wanted, attempt, STR_ARG(reason), message.len ? ", " : "", STR_ARG(message));
    return error_hint(e, "`confab retry` asks again for what failed");
}

static int act(Cli *cli, Error *e)
{
    Project project;
    char stamp[STAMP_SIZE];
    Str run;
    Show s = {.cli = cli, .style = {.width = term_width(STDOUT_FILENO), .unicode = cli->term.unicode}};
    s.style.colour = cli->term.output && cli->term.colour;
    KeptQuery *query = NULL;
    if (!read_arguments(cli, &run, &s.one, &s.wanted, e) || !locate_run(cli, run, &project, stamp, e)) return (int)e->kind;
    Str path = arena_printf(&cli->arena, "%.*s/.confab/%s.db", STR_ARG(project.folder), stamp);
    s.left = settings_whole(&cli->settings, OPTION_SAMPLE, 3);
    bool ok = kept_query_open(path.ptr, &query, e) && kept_query_count(query, &s.total, e);
    if (ok && !s.one && s.total < s.left) s.left = s.total;
    ok = ok && kept_query_each(query, s.one ? s.wanted : 0, KEPT_RECORD | KEPT_DRAWN | KEPT_CONVERSATION, show, &s, e);
    if (ok && s.one && !s.shown) ok = say_why_not(&s, query, stamp, e);
    if (ok && !s.one) cli_say(cli, "%llu of the %llu conversations of %s", (unsigned long long)s.shown, (unsigned long long)s.total, stamp);
    kept_query_close(query);
    export_reader_free(&s.reader);
    buf_free(&s.text);
    return ok ? 0 : (int)e->kind;
}

const Command cmd_show = {
    .name = "show",
    .bit = ON_SHOW,
    .arguments = "[ID] [RUN]",
    .max_arguments = 2,
    .summary = "show conversations of a run",
    .details = "ID is a conversation's id or its index; without it a few of the run are shown, evenly spread. Each with its "
               "labels and where it came from. --json prints their records instead, one a line.",
    .examples = "confab show -p coffee-support\nconfab show 17 -p coffee-support",
    .act = act,
};
