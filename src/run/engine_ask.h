// SPDX-License-Identifier: Apache-2.0
//
// From a task to an ask in the journal: planned, fitted, reserved from the budget, put. Only the engine's own
// files include this.
#ifndef CONFAB_RUN_ENGINE_ASK_H
#define CONFAB_RUN_ENGINE_ASK_H

#include "run/engine_item.h"

void engine_plan_more(Engine *e);
// Plans the item's task and puts its ask; false when the budget has no room (the item is held).
bool engine_ask(Engine *e, Item *item);
void engine_ask_again(Engine *e, Item *item);  // the same request once more; its try was counted
// Gives back what an item reserved and says in the journal that it was not sent.
void engine_withdraw(Engine *e, Item *item);

#endif
