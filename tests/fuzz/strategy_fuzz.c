// SPDX-License-Identifier: Apache-2.0
//
// chunk-strategy.json: any bytes are read or refused with a reason and a place inside the text; what
// was read takes further entries without losing what was there.
#include "base/utf8.h"
#include "fuzz.h"
#include "knowledge/strategy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str text = {(const char *)data, size};
    if (size > 1 << 16 || !utf8_valid(text)) return 0;
    Arena a = {0};
    Problems p = {.arena = &a};
    Strategies s, again;
    bool ok = strategies_read(&s, text, S("f"), &a, &p);
    HOLD(ok == (p.errors == 0));
    if (ok) {
        strategy_for(&s, S("billing/faq.md"), S("faq.md"));
        const Str paths[] = {S("new/one.txt"), S("new/\"two\".txt")};
        Str more = strategy_add_missing(&a, text, paths, 2);
        // A key that is there already would be a duplicate.
        bool there = strategy_exact(&s, paths[0]) || strategy_exact(&s, paths[1]);
        bool read = strategies_read(&again, more, S("f"), &a, &p);
        HOLD(there || (read && again.n == s.n + 2));
        strategies_free(&again);
    }
    strategies_free(&s);
    arena_free(&a);
    return 0;
}
