// SPDX-License-Identifier: Apache-2.0
//
// The manual page confab(1) as roff (man macros, see man(7)), made from the command rows and the
// option table. `confab help --man` prints it, and the build installs it.
#ifndef CONFAB_CLI_MANPAGE_H
#define CONFAB_CLI_MANPAGE_H

#include "base/buf.h"
#include "cli/command.h"

void manpage_write(Commands all, Buf *out);

#endif
