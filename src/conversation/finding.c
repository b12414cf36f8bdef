// SPDX-License-Identifier: Apache-2.0
#include "conversation/finding.h"

#include <stdarg.h>

#include "base/utf8.h"

static const Str names[FINDING_REASONS] = {
    [FINDING_NONE] = S_INIT("none"),
    [FINDING_UNREADABLE] = S_INIT("unreadable"),
    [FINDING_REFUSED] = S_INIT("refused"),
    [FINDING_CUT] = S_INIT("cut"),
    [FINDING_EMPTY] = S_INIT("empty"),
    [FINDING_PARTICIPANT] = S_INIT("participant"),
    [FINDING_FIRST] = S_INIT("first"),
    [FINDING_LAST] = S_INIT("last"),
    [FINDING_ALTERNATE] = S_INIT("alternate"),
    [FINDING_EXCHANGES] = S_INIT("exchanges"),
    [FINDING_EMPTY_TURN] = S_INIT("empty_turn"),
    [FINDING_LABEL] = S_INIT("label"),
    [FINDING_PLACEHOLDER] = S_INIT("placeholder"),
    [FINDING_PROMPT_LEAK] = S_INIT("prompt_leak"),
    [FINDING_EXAMPLE_LEAK] = S_INIT("example_leak"),
    [FINDING_DUPLICATE] = S_INIT("duplicate"),
};

const char *finding_name(FindingReason reason)
{
    return (unsigned)reason < FINDING_REASONS ? names[reason].ptr : names[FINDING_NONE].ptr;
}

FindingReason finding_from_name(Str name)
{
    for (int i = 0; i < FINDING_REASONS; i++)
        if (str_eq(names[i], name)) return (FindingReason)i;
    return FINDING_NONE;
}

// One line, whole letters, nothing a terminal acts on; base/error.h does the rest when it is shown.
static void make_safe(char *message)
{
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F) *c = ' ';
    Str whole = str_from(message);
    size_t valid = utf8_first_invalid(whole);
    if (valid != STR_NONE) message[valid] = 0;
}

bool finding_set(Finding *why, FindingReason reason, const char *format, ...)
{
    if (!why) return false;
    va_list args;
    va_start(args, format);
    why->reason = reason;
    why->turn = 0;
    vsnprintf(why->message, sizeof why->message, format, args);
    va_end(args);
    make_safe(why->message);
    return false;
}

bool finding_at(Finding *why, size_t turn)
{
    if (why) why->turn = turn;
    return false;
}
