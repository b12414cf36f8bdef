// SPDX-License-Identifier: Apache-2.0
//
// Shows a run on standard error while it goes on, in one of four ways:
//   bar    a line that rewrites itself, at most ten times a second
//   plain  a line every five seconds
//   json   one event a line: start, progress, waiting, warning, done
//   none   nothing but warnings and errors
// All calls come from one thread. {0} is not ready: progress_show_open.
#ifndef CONFAB_CLI_PROGRESS_SHOW_H
#define CONFAB_CLI_PROGRESS_SHOW_H

#include "base/error.h"
#include "cli/progress.h"
#include "cli/term.h"

typedef enum ProgressMode { PROGRESS_BAR, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_NONE } ProgressMode;

typedef struct ProgressShow {
    ProgressMode mode;
    bool quiet;            // warnings are not shown either
    const Term *term;
    FILE *out;
    int fd;                // of `out`, for its width
    Str currency;
    Meter meter;
    Buf text;
    bool shown;            // something was shown already
    bool on_line;          // the cursor stands behind a bar
    Nanos last;            // Progress.elapsed of what is shown
    uint64_t last_done;
    unsigned last_flight;
    const char *last_waiting;
} ProgressShow;

// `choice`: what --progress said, as an index into its choices auto|bar|plain|json|none. auto is a
// bar on a terminal that can rewrite its line, else plain.
void progress_show_open(ProgressShow *s, size_t choice, bool quiet, const Term *term, FILE *out, int fd);
void progress_show_free(ProgressShow *s);

void progress_show_start(ProgressShow *s, const char *stamp, uint64_t total, uint64_t seed, bool resumed);
void progress_show_update(ProgressShow *s, const Progress *p);
void progress_show_message(ProgressShow *s, const Error *message);
// Takes the bar away; call before anything else is written to the terminal.
void progress_show_clear(ProgressShow *s);
// The last state, which stays where it is: a bar gets its line end.
void progress_show_finish(ProgressShow *s, const Progress *p);

#endif
