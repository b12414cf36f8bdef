// SPDX-License-Identifier: Apache-2.0
//
// Which models a server has, and which one to take when nobody said.
#ifndef CONFAB_LLM_MODELS_H
#define CONFAB_LLM_MODELS_H

#include "llm/transport.h"

// Names as the server lists them, in the arena. Errors are judged as in judge.h: a refused key is
// ERROR_REFUSED, a server that is not there ERROR_UNREACHABLE.
bool models_list(Transport *t, const Endpoint *endpoint, Nanos timeout, Arena *a, Str **names, size_t *n, Error *e);

// Sets endpoint->model to the only model listed, when it is absent. None or several: error (kind
// ERROR_USAGE, code "model") that shows the list and names LLM_NAME. A model that is set stays.
bool models_choose(Transport *t, Endpoint *endpoint, Nanos timeout, Arena *a, Error *e);

#endif
