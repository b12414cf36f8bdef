// SPDX-License-Identifier: Apache-2.0
//
// From a reply to a verdict. Only the engine's own files include this.
#ifndef CONFAB_RUN_ENGINE_REPLY_H
#define CONFAB_RUN_ENGINE_REPLY_H

#include "run/engine_item.h"

void engine_take_reply(Engine *e, HttpReply *reply, Nanos now);
void engine_assess(Engine *e, Item *item, Nanos now);  // its answer is durable

#endif
