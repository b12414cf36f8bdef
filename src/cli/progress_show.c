// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_show.h"

#include "base/json.h"
#include "cli/event.h"

enum { BAR_MS = 100, JSON_MS = 250, PLAIN_MS = 5000 };

void progress_show_open(ProgressShow *s, size_t choice, bool quiet, const Term *term, FILE *out, int fd)
{
    static const ProgressMode modes[] = {PROGRESS_BAR, PROGRESS_BAR, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_NONE};
    *s = (ProgressShow){.mode = modes[choice], .quiet = quiet, .term = term, .out = out, .fd = fd};
    if (choice == 0 && quiet) s->mode = PROGRESS_NONE;
    if (s->mode == PROGRESS_BAR && !term->moves) s->mode = PROGRESS_PLAIN;
}

void progress_show_free(ProgressShow *s)
{
    progress_show_clear(s);
    buf_free(&s->text);
}

// One write, so that lines of others never stand in the middle of ours.
static void flush_text(ProgressShow *s)
{
    if (s->text.len) fwrite(s->text.ptr, 1, s->text.len, s->out);
    fflush(s->out);
    buf_clear(&s->text);
}

void progress_show_clear(ProgressShow *s)
{
    if (!s->on_line) return;
    buf_add(&s->text, S("\r\033[K"));
    flush_text(s);
    s->on_line = false;
}

void progress_show_start(ProgressShow *s, const char *stamp, uint64_t total, uint64_t seed, bool resumed)
{
    if (s->mode == PROGRESS_JSON)
        buf_printf(&s->text, "{\"event\":\"start\",\"version\":1,\"run\":\"%s\",\"total\":%llu,\"seed\":%llu,\"resumed\":%s}\n",
                   stamp, (unsigned long long)total, (unsigned long long)seed, resumed ? "true" : "false");
    else if (!s->quiet)
        buf_printf(&s->text, "%s run %s, seed %llu\n", resumed ? "Resuming" : "Starting", stamp, (unsigned long long)seed);
    flush_text(s);
}

static bool is_due(const ProgressShow *s, const Progress *p)
{
    if (!s->shown) return true;
    int64_t ms = (p->elapsed - s->last) / NANOS_PER_MS;
    if (s->mode == PROGRESS_PLAIN) return ms >= PLAIN_MS;
    if (s->mode == PROGRESS_BAR) return ms >= BAR_MS;
    bool changed = progress_done(p) != s->last_done || p->in_flight != s->last_flight;
    return ms >= (changed ? JSON_MS : PLAIN_MS);
}

static void show_waiting(ProgressShow *s, const Progress *p)
{
    if (p->waiting == s->last_waiting) return;
    s->last_waiting = p->waiting;
    if (!p->waiting) return;
    buf_add(&s->text, S("{\"event\":\"waiting\",\"reason\":"));
    json_write_string(&s->text, str_from(p->waiting));
    buf_printf(&s->text, ",\"seconds\":%.3f}\n", (double)p->waiting_for / (double)NANOS_PER_SECOND);
}

static void draw(ProgressShow *s, const Progress *p)
{
    ProgressView view = {p, meter_per_second(&s->meter), meter_tokens_per_second(&s->meter), s->currency};
    if (s->mode == PROGRESS_JSON) {
        progress_render_json(&view, &s->text);
    } else if (s->mode == PROGRESS_PLAIN) {
        ProgressStyle style = {0, s->term->unicode, false};
        progress_render(&view, &style, &s->text);
        buf_add_char(&s->text, '\n');
    } else {
        // Three columns stay free: a terminal wraps when its last one is written, and shows ^C behind the line.
        enum { FREE = 3 };
        unsigned width = term_width(s->fd);
        ProgressStyle style = {width > FREE ? width - FREE : 1, s->term->unicode, s->term->colour};
        buf_add_char(&s->text, '\r');
        progress_render(&view, &style, &s->text);
        buf_add(&s->text, S("\033[K"));
        s->on_line = true;
    }
}

void progress_show_update(ProgressShow *s, const Progress *p)
{
    meter_update(&s->meter, p);
    if (s->mode == PROGRESS_JSON) show_waiting(s, p);
    bool due = s->mode != PROGRESS_NONE && is_due(s, p);
    // A first plain line would say only that nothing is done yet.
    if (due && (s->shown || s->mode != PROGRESS_PLAIN)) draw(s, p);
    flush_text(s);
    if (!due) return;
    s->shown = true;
    s->last = p->elapsed;
    s->last_done = progress_done(p);
    s->last_flight = p->in_flight;
}

void progress_show_finish(ProgressShow *s, const Progress *p)
{
    meter_update(&s->meter, p);
    if (s->mode != PROGRESS_BAR) return;
    draw(s, p);
    buf_add_char(&s->text, '\n');
    flush_text(s);
    s->on_line = false;
}

void progress_show_message(ProgressShow *s, const Error *message)
{
    if (s->mode == PROGRESS_JSON) {
        event_message(message, &s->text);
        flush_text(s);
        return;
    }
    if (s->quiet && message->warning) return;
    progress_show_clear(s);
    error_print(message, s->out);
    fflush(s->out);
}
