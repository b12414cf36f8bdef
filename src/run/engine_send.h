// SPDX-License-Identifier: Apache-2.0
//
// From a durable ask to a request on its way. Only the engine's own files include this.
#ifndef CONFAB_RUN_ENGINE_SEND_H
#define CONFAB_RUN_ENGINE_SEND_H

#include "run/engine_item.h"

void engine_send_ready(Engine *e, Nanos now);

#endif
