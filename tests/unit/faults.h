// SPDX-License-Identifier: Apache-2.0
//
// Tables of bad input: each row is a text and the one problem that it must give.
#ifndef CONFAB_TESTS_FAULTS_H
#define CONFAB_TESTS_FAULTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

typedef struct Fault {
    const char *text;
    const char *code;            // "warning:" before it where it is one
    unsigned line, column;       // 0: none
    const char *what, *hint;     // parts of them
} Fault;

static inline void fault_fail(const char *text, const Problems *p, const char *expected)
{
    fprintf(stderr, "--- for this text:\n%s\n--- expected: %s; got:\n", text, expected);
    problems_print(p, stderr);
    fail();
}

static inline void assert_fault(const Fault *f, const Problems *p)
{
    char expected[400], code[60];
    snprintf(expected, sizeof expected, "%s %u:%u '%s' '%s'", f->code, f->line, f->column, f->what, f->hint);
    if (p->n != 1) fault_fail(f->text, p, expected);
    const Error *e = &p->items[0];
    snprintf(code, sizeof code, "%s%s", e->warning ? "warning:" : "", e->code);
    if (strcmp(code, f->code) != 0 || e->place.line != f->line || e->place.column != f->column || !strstr(e->what, f->what) ||
        !strstr(e->hint, f->hint))
        fault_fail(f->text, p, expected);
}

static inline void assert_no_fault(const char *text, const Problems *p)
{
    if (p->n) fault_fail(text, p, "no problem");
}

#define N_OF(array) (sizeof(array) / sizeof *(array))

static inline void assert_text(Str got, const char *want)
{
    if (str_eq(got, str_from(want))) return;
    fail_msg("got '%.*s', want '%s'", STR_ARG(got), want);
}

#endif
