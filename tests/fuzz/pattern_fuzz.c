// SPDX-License-Identifier: Apache-2.0
//
// Patterns: the first line is one, the rest a text to split by it. Whatever it is, it ends, and its
// parts lie in order inside the text; a fault has a place inside the pattern.
#include "base/utf8.h"
#include "fuzz.h"
#include "text/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str text = {(const char *)data, size}, source;
    if (size > 1 << 14 || !utf8_valid(text) || !str_cut(&text, '\n', &source)) return 0;
    Pattern *p;
    Error e = {0};
    size_t offset = 0;
    if (!pattern_compile(source, &p, &offset, &e)) {
        HOLD(offset <= source.len && e.what[0]);
        return 0;
    }
    if (!text.ptr) text = S("");
    Split s = split_from(p, text);
    PatternMatch part;
    size_t before = 0;
    PatternResult result;
    while ((result = split_next(&s, &part, &e)) == PATTERN_FOUND) {
        HOLD(part.start >= before && part.end >= part.start && part.end <= text.len);
        before = part.end;
    }
    HOLD(result != PATTERN_NONE || part.end == text.len);
    pattern_free(p);
    return 0;
}
