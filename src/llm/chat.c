// SPDX-License-Identifier: Apache-2.0
#include "llm/chat.h"

Usage usage_from(int64_t prompt, int64_t completion, int64_t cached)
{
    if (prompt <= 0 || completion < 0 || prompt > USAGE_MAX || completion > USAGE_MAX) return (Usage){0};
    if (cached < 0) cached = 0;
    return (Usage){.prompt = prompt, .completion = completion, .cached = cached < prompt ? cached : prompt, .known = true};
}
