// SPDX-License-Identifier: Apache-2.0
//
// Failure as a value. A function that can fail takes an Error * and returns false; the Error then
// says what happened, where, and what to do about it. Nothing in it is allocated. Text from
// outside may stand in it: it is cut to fit at a letter's boundary, and control characters
// are shown as "?" when it is written, so an error can neither move a cursor nor forge a line.
//
// As printed:   error[placeholder]: unknown name {topik} (prompting/user-prompt.txt:3:17)
//               3 | Talk about {topik}.
//                              ^
//               hint: write {topic}
#ifndef CONFAB_BASE_ERROR_H
#define CONFAB_BASE_ERROR_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/str.h"

// What the program's exit code says about a failure (command-line.md).
typedef enum ErrorKind {
    ERROR_NONE = 0,
    ERROR_INTERNAL = 1,     // a fault of confab itself
    ERROR_USAGE = 2,        // usage, or input missing
    ERROR_PROJECT = 3,      // the project folder is wrong
    ERROR_REFUSED = 4,      // the API refused the key, the account or the model
    ERROR_UNREACHABLE = 5,  // the API could not be reached or kept failing
    ERROR_PARTIAL = 6,      // finished, some conversations missing
    ERROR_BUDGET = 7,       // a budget ended the run
    ERROR_FILE = 8,         // disk or file
    ERROR_INTERRUPTED = 130,
    ERROR_TERMINATED = 143,
} ErrorKind;

typedef struct Place {
    char file[240];     // as the person knows it, relative to the project; empty: no place
    unsigned line;      // from 1; 0: none
    unsigned column;    // in letters, from 1; 0: none
    char text[200];     // the line itself, for the caret; empty: none
    unsigned caret;     // letters before the caret in `text`
} Place;

typedef struct Error {
    ErrorKind kind;
    bool warning;       // reported, but nothing stops
    char code[24];      // short word in the brackets: json, placeholder, file, context, …
    char what[480];
    char hint[320];     // without "hint: "; empty: none
    Place place;
} Error;

// Each fills *e anew and returns false, so that `return error_set(e, …);` reads as it acts.
// e may be NULL where a caller does not care.
bool error_set(Error *e, ErrorKind kind, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool error_hint(Error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool error_at_file(Error *e, Str file);
// `offset` is a byte offset into `text`, the whole file; gives line, column, line text and caret.
bool error_at(Error *e, Str file, Str text, size_t offset);
// From errno: "cannot open FILE: No such file or directory".
bool error_errno(Error *e, const char *verb, const char *path);

void error_print(const Error *e, FILE *out);

// All that is wrong, in the order it was found. Lives in the arena it was made with.
typedef struct Problems {
    Arena *arena;
    Error *items;
    size_t n, cap;
    size_t errors;      // items that are not warnings
    bool full;          // more than PROBLEMS_MAX: the rest was dropped
} Problems;

enum { PROBLEMS_MAX = 1000 };  // nobody reads further, and a broken file can give one a line

void problems_add(Problems *p, const Error *e);
// A new item with the fields of error_set, to be completed by error_at and error_hint. Never NULL.
Error *problems_new(Problems *p, bool warning, ErrorKind kind, const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void problems_print(const Problems *p, FILE *out);

// Writes s with control characters (C0 but \n and \t where `lines`, DEL, C1, bidi overrides) as "?".
void print_safe(FILE *out, Str s, bool lines);

#endif
