// SPDX-License-Identifier: Apache-2.0
//
// Inference parameters by name: what is known about those that servers take, so that a slip in a
// name or a value is found before the first request. Names that are not here are sent unchanged.
// Sources: the request references of OpenAI, Anthropic, Ollama, llama.cpp's server, vLLM,
// text-generation-inference, OpenRouter and Mistral.
#ifndef CONFAB_PROJECT_PARAMETER_TABLE_H
#define CONFAB_PROJECT_PARAMETER_TABLE_H

#include "base/str.h"

typedef enum ParameterTakes {
    TAKES_ANYTHING,
    TAKES_REAL,
    TAKES_INTEGER,
    TAKES_BOOLEAN,
    TAKES_STRING,
    TAKES_LIST,       // sent whole, never drawn from
    TAKES_OBJECT,
} ParameterTakes;

typedef struct KnownParameter {
    Str name;
    ParameterTakes takes;
    double min, max;  // of numbers; max below min: no bounds
} KnownParameter;

const KnownParameter *parameter_known(Str name);       // NULL: not known
const KnownParameter *parameter_near_miss(Str name);   // the known one this is a slip of, or NULL

// `messages`, `model`, `stream`, `n`: what confab itself sends. NULL, or what to do instead.
const char *parameter_forbidden(Str name);

#endif
