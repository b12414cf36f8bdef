// SPDX-License-Identifier: Apache-2.0
//
// Events of --progress json that are not about numbers: one JSON object on one line, with its end.
#ifndef CONFAB_CLI_EVENT_H
#define CONFAB_CLI_EVENT_H

#include "base/buf.h"
#include "base/error.h"

// {"event":"warning"|"error","code","message","file","line","column","hint"}
void event_message(const Error *e, Buf *out);

// The same keys without "event" and braces, for other JSON output.
void event_error_keys(const Error *e, Buf *out);

#endif
