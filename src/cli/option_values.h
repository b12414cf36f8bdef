// SPDX-License-Identifier: Apache-2.0
//
// What the text of an option means, the same wherever it came from: flag, environment, file, or a
// person asked on the terminal. Nothing is kept; every function is pure.
#ifndef CONFAB_CLI_OPTION_VALUES_H
#define CONFAB_CLI_OPTION_VALUES_H

#include "cli/options.h"

// What the text means. Each returns false, without an error, where it means nothing.
bool option_switch(Str text, bool *out);
bool option_span(Str text, double *seconds);
bool option_choice(const Option *o, Str text, size_t *index);

// Calls `each` for every index of "0,1,5-9" in the order written; false where it is not such a
// list or has more than `most` indices. `each` may be NULL.
bool option_indices(Str text, uint64_t most, void (*each)(void *self, uint64_t index), void *self);

enum { OPTION_INDICES_MAX = 10000 };  // a preview is read by a person or compared by a test

// True when `text` is a value for the option. The error (usage) names the option as `shown`, the
// flag or the variable that the person wrote.
bool option_check(const Option *o, Str text, Str shown, Error *e);

#endif
