// SPDX-License-Identifier: Apache-2.0
#include "cli/prompt.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/option_values.h"

typedef enum Got { GOT_LINE, GOT_END, GOT_INTERRUPT, GOT_LONG } Got;

// Waits for input. The signals are let in only while it waits, so that none slips in between the look
// at the flag and the wait. False: a signal asks to stop.
static bool wait_for_input(const Prompter *p)
{
    sigset_t stops, before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGHUP);
    sigprocmask(SIG_BLOCK, &stops, &before);
    int ready = 0;
    while (ready == 0 && !(p->interrupted && *p->interrupted)) {
        struct pollfd input = {.fd = p->in, .events = POLLIN};
        ready = ppoll(&input, 1, NULL, &before);
        if (ready < 0 && errno == EINTR) ready = 0;
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return ready != 0;
}

// Takes a line, without its end, out of what was read; reads on where there is none yet.
static Got read_line(Prompter *p, Str *line, Arena *a)
{
    bool too_long = false;
    for (;;) {
        char *end = memchr(p->line, '\n', p->n);
        if (end) {
            size_t used = (size_t)(end - p->line) + 1;
            *line = arena_str(a, str_trim((Str){p->line, used - 1}));
            p->n -= used;
            memmove(p->line, p->line + used, p->n);
            return too_long ? GOT_LONG : GOT_LINE;
        }
        if (p->n == sizeof p->line) p->n = 0, too_long = true;
        if (!wait_for_input(p)) return GOT_INTERRUPT;
        ssize_t got = read(p->in, p->line + p->n, sizeof p->line - p->n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return GOT_END;
        p->n += (size_t)got;
    }
}

static bool no_answer(Prompter *p, Got got, const char *flag, Error *e)
{
    fputc('\n', p->out);
    if (got == GOT_INTERRUPT) return error_set(e, ERROR_INTERRUPTED, "interrupted", "nothing was started");
    error_set(e, ERROR_USAGE, "usage", "no answer; %s is missing", flag);
    return error_hint(e, "give it with %s", flag);
}

static void explain(Prompter *p, const Error *e)
{
    fputs("  ", p->out);
    print_safe(p->out, str_from(e->what), false);
    if (e->hint[0]) {
        fputs("; ", p->out);
        print_safe(p->out, str_from(e->hint), false);
    }
    fputc('\n', p->out);
}

bool prompt_ask(Prompter *p, const Question *q, Arena *a, Str *answer, Error *e)
{
    for (;;) {
        fputs(q->label, p->out);
        if (q->fallback.ptr) {
            fputs(" [", p->out);
            print_safe(p->out, q->fallback, false);
            fputc(']', p->out);
        }
        fputs(": ", p->out);
        fflush(p->out);
        Error why = {0};
        Got got = read_line(p, answer, a);
        if (got == GOT_END || got == GOT_INTERRUPT) return no_answer(p, got, q->flag, e);
        if (got == GOT_LINE && answer->len == 0 && q->fallback.ptr) *answer = q->fallback;
        if (got == GOT_LONG)
            error_set(&why, ERROR_USAGE, "usage", "that line is too long");
        else if (answer->len == 0)
            error_set(&why, ERROR_USAGE, "usage", "an answer is needed");
        else if (!utf8_valid(*answer))
            error_set(&why, ERROR_USAGE, "usage", "that is not UTF-8");
        else if (!q->check || q->check(q->ctx, *answer, answer, &why))
            return true;
        explain(p, &why);
    }
}

static bool check_option(const void *ctx, Str answer, Str *meant, Error *e)
{
    (void)meant;
    const Option *o = ctx;
    return option_check(o, answer, S("it"), e);
}

bool prompt_option(Prompter *p, OptionId id, const char *label, Str fallback, Arena *a, Str *answer, Error *e)
{
    const Option *o = option_get(id);
    char flag[64];
    snprintf(flag, sizeof flag, "--%s", o->name);
    Question q = {label, flag, fallback, check_option, o};
    return prompt_ask(p, &q, a, answer, e);
}

typedef struct Choice {
    const Str *names;
    size_t n;
} Choice;

static bool check_project(const void *ctx, Str answer, Str *meant, Error *e)
{
    const Choice *c = ctx;
    uint64_t number;
    if (str_find_char(answer, '/') != STR_NONE) return true;
    for (size_t i = 0; i < c->n; i++)
        if (str_eq(c->names[i], answer)) return true;
    if (str_to_u64(answer, &number) && number >= 1 && number <= c->n) return *meant = c->names[number - 1], true;
    error_set(e, ERROR_USAGE, "usage", "there is no project \"%.*s\"", STR_ARG(answer));
    Str near = str_nearest(answer, c->names, c->n);
    if (near.ptr) return error_hint(e, "did you mean %.*s?", STR_ARG(near));
    return error_hint(e, "give a name or number of the list, or a path with a /");
}

bool prompt_project(Prompter *p, const Str *names, size_t n, Arena *a, Str *answer, Error *e)
{
    enum { LISTED = 40 };  // what fits on a screen
    Choice choice = {names, n};
    if (n) fputs("Projects:\n", p->out);
    for (size_t i = 0; i < n && i < LISTED; i++) {
        fprintf(p->out, "  %zu  ", i + 1);
        print_safe(p->out, names[i], false);
        fputc('\n', p->out);
    }
    if (n > LISTED) fprintf(p->out, "  and %zu more\n", n - LISTED);
    Question q = {"Project Name", "--project", n == 1 ? names[0] : (Str){0}, check_project, &choice};
    return prompt_ask(p, &q, a, answer, e);
}

static bool check_yes(const void *ctx, Str answer, Str *meant, Error *e)
{
    (void)ctx;
    if (str_eq_ignore_case(answer, S("y")) || str_eq_ignore_case(answer, S("yes"))) return *meant = S("y"), true;
    if (str_eq_ignore_case(answer, S("n")) || str_eq_ignore_case(answer, S("no"))) return *meant = S("n"), true;
    return error_set(e, ERROR_USAGE, "usage", "answer y or n");
}

bool prompt_yes(Prompter *p, const char *question, bool *yes, Error *e)
{
    Arena scratch = {0};
    Str answer;
    Question q = {question, "--yes", *yes ? S("y") : S("n"), check_yes, NULL};
    bool ok = prompt_ask(p, &q, &scratch, &answer, e);
    if (ok) *yes = str_eq(answer, S("y"));
    arena_free(&scratch);
    return ok;
}
