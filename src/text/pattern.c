// SPDX-License-Identifier: Apache-2.0
#include "text/pattern.h"

#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "text/classify.h"
#include "text/pattern_python.h"
#include "text/words.h"

enum {
    STEPS = 500000,            // of one start: some milliseconds, far more than any sane pattern takes
    STEPS_BACK = 10000,        // where a step may compare a whole group again (\1)
    HEAP_KB = 16 * 1024,       // backtracking room of the interpreter, where there is no JIT
    JIT_STACK = 512 * 1024,    // the same with JIT
    STARTS = 128,              // most starts tried between two looks at the clock
    PROGRESS = 64 * 1024,      // bytes that may take PATTERN_MS
};

struct Pattern {
    bool sentences;            // the default separator, done without PCRE2
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    size_t starts;             // tried at once: grows while they are quick
    size_t window;             // where the PROGRESS bytes that are being timed begin
    const char *window_text;
    int64_t wall, cpu;         // when they began
    int64_t spent;             // on matching in them, by the wall clock
};

// ---- compiling ----------------------------------------------------------------------------------

static bool compile_fault(Error *e, const PythonPattern *python, Str source, int code, size_t at, size_t *offset)
{
    PCRE2_UCHAR text[200];
    if (pcre2_get_error_message(code, text, sizeof text) < 0) text[0] = 0;
    if (offset) *offset = python_pattern_origin(python, at, source.len);
    error_set(e, ERROR_PROJECT, "pattern", "the pattern cannot be read: %s", (const char *)text);
    return error_hint(e, "write it as for Python's re module, with each backslash doubled in JSON");
}

static bool make(Pattern *p)
{
    p->match = pcre2_match_data_create(1, NULL);
    p->context = pcre2_match_context_create(NULL);
    if (!p->match || !p->context) return false;
    uint32_t back = 0;
    pcre2_pattern_info(p->code, PCRE2_INFO_BACKREFMAX, &back);
    pcre2_set_match_limit(p->context, back ? STEPS_BACK : STEPS);
    pcre2_set_heap_limit(p->context, HEAP_KB);
    // Without JIT (a machine that forbids it) the interpreter does the same, slower.
    if (pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) == 0) {
        p->stack = pcre2_jit_stack_create(32 * 1024, JIT_STACK, NULL);
        if (!p->stack) return false;
        pcre2_jit_stack_assign(p->context, NULL, p->stack);
    }
    p->starts = 1;
    return true;
}

bool pattern_compile_plain(Str source, Pattern **out, size_t *offset, Error *e)
{
    if (offset) *offset = 0;
    *out = NULL;
    if (source.len > PATTERN_MAX) {
        error_set(e, ERROR_PROJECT, "pattern", "the pattern is longer than %d bytes", PATTERN_MAX);
        return error_hint(e, "write a shorter one");
    }
    PythonPattern python;
    python_pattern(source, &python);
    uint32_t options = PCRE2_UTF | PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT | PCRE2_NO_UTF_CHECK;
    if (!python.ascii) options |= PCRE2_UCP;
    int code;
    size_t at;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context) oom();
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)(python.text.len ? python.text.ptr : ""), python.text.len, options,
                                         &code, &at, context);
    pcre2_compile_context_free(context);
    if (!compiled) compile_fault(e, &python, source, code, at, offset);
    python_pattern_free(&python);
    if (!compiled) return false;
    Pattern *p = mem_alloc(sizeof *p);
    *p = (Pattern){.code = compiled};
    if (!make(p)) oom();
    *out = p;
    return true;
}

bool pattern_compile(Str source, Pattern **out, size_t *offset, Error *e)
{
    if (!str_eq(source, PATTERN_SENTENCES)) return pattern_compile_plain(source, out, offset, e);
    Pattern *p = mem_alloc(sizeof *p);
    *p = (Pattern){.sentences = true};
    if (offset) *offset = 0;
    *out = p;
    return true;
}

void pattern_free(Pattern *p)
{
    if (!p) return;
    pcre2_match_data_free(p->match);
    pcre2_match_context_free(p->context);
    pcre2_jit_stack_free(p->stack);
    pcre2_code_free(p->code);
    free(p);
}

// ---- the default separator ----------------------------------------------------------------------

static bool is_stop(char c) { return c == '.' || c == '!' || c == '?'; }

static bool space_behind(Str text, size_t at, PatternMatch *match)
{
    // One blank before a letter of ASCII is what there nearly always is.
    if (at + 1 < text.len && text.ptr[at] == ' ' && text.ptr[at + 1] > ' ' && text.ptr[at + 1] < 0x7F) {
        *match = (PatternMatch){at, at + 1};
        return true;
    }
    if (!space_len(text, at)) return false;
    *match = (PatternMatch){at, space_skip(text, at)};
    return true;
}

static PatternResult find_sentence(Str text, size_t at, PatternMatch *match)
{
    uint64_t behind = at > 0 && at <= text.len && is_stop(text.ptr[at - 1]);
    while (at + CLASS_BLOCK <= text.len) {
        ByteClasses c = classify(text.ptr + at);
        uint64_t places = ((c.stop << 1) | behind) & (c.space | c.rare);
        for (; places; places &= places - 1)
            if (space_behind(text, at + (size_t)__builtin_ctzll(places), match)) return PATTERN_FOUND;
        behind = c.stop >> 63;
        at += CLASS_BLOCK;
    }
    for (; at < text.len; at++)
        if (at > 0 && is_stop(text.ptr[at - 1]) && space_behind(text, at, match)) return PATTERN_FOUND;
    return PATTERN_NONE;
}

// ---- searching ----------------------------------------------------------------------------------

static int64_t nanos(clockid_t clock)
{
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void start_window(Pattern *p, Str text, size_t at)
{
    p->window = at;
    p->window_text = text.ptr;
    p->wall = nanos(CLOCK_MONOTONIC);
    p->cpu = nanos(CLOCK_THREAD_CPUTIME_ID);
    p->spent = 0;
}

// The wall clock is cheap to read but also runs while others have the processor, so it only raises
// the suspicion. What the thread waited since then is taken off, as if it had all been in matching; what
// the caller does between two matches does not count.
static bool too_slow(const Pattern *p, int64_t now)
{
    int64_t most = (int64_t)PATTERN_MS * 1000000;
    if (p->spent <= most) return false;
    int64_t waited = (now - p->wall) - (nanos(CLOCK_THREAD_CPUTIME_ID) - p->cpu);
    return p->spent - waited > most;
}

static PatternResult explodes(Error *e, const char *what)
{
    error_set(e, ERROR_PROJECT, "pattern", "the pattern %s", what);
    error_hint(e, "avoid a repeat within a repeat such as (a+)+, and say what may stand where `.*` does");
    return PATTERN_FAILED;
}

static PatternResult match_fault(Error *e, int code)
{
    if (code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT) return explodes(e, "takes too many steps on this text");
    if (code == PCRE2_ERROR_HEAPLIMIT || code == PCRE2_ERROR_JIT_STACKLIMIT) return explodes(e, "needs too much memory on this text");
    PCRE2_UCHAR text[200];
    if (pcre2_get_error_message(code, text, sizeof text) < 0) text[0] = 0;
    error_set(e, ERROR_PROJECT, "pattern", "the pattern fails on this text: %s", (const char *)text);
    return PATTERN_FAILED;
}

// Starts at `at` up to `at` + p->starts; adapts how many are tried at once to how long they took.
static int try_starts(Pattern *p, Str text, size_t at, bool advance, size_t *last, int64_t *now)
{
    *last = text.len - at > p->starts ? at + p->starts : text.len;
    while (*last < text.len && ((unsigned char)text.ptr[*last] & 0xC0) == 0x80) ++*last;
    pcre2_set_offset_limit(p->context, *last);
    uint32_t options = PCRE2_NO_UTF_CHECK | (advance ? PCRE2_NOTEMPTY_ATSTART : 0);
    int64_t before = *now;
    int code = pcre2_match(p->code, (PCRE2_SPTR)text.ptr, text.len, at, options, p->match, p->context);
    *now = nanos(CLOCK_MONOTONIC);
    p->spent += *now - before;
    if (*now - before > 1000000)
        p->starts = 1;
    else if (p->starts < STARTS)
        p->starts *= 2;
    return code;
}

PatternResult pattern_find(Pattern *p, Str text, size_t from, bool advance, PatternMatch *match, Error *e)
{
    if (!text.ptr) text.ptr = "";
    if (from > text.len) return PATTERN_NONE;
    if (p->sentences) return find_sentence(text, from, match);
    if (p->window_text != text.ptr || from < p->window || from - p->window > PROGRESS) start_window(p, text, from);
    int64_t now = nanos(CLOCK_MONOTONIC);
    for (size_t at = from;;) {
        size_t last;
        int code = try_starts(p, text, at, advance, &last, &now);
        if (code < 0 && code != PCRE2_ERROR_NOMATCH) return match_fault(e, code);
        if (too_slow(p, now)) return explodes(e, "takes too long on this text");
        if (code >= 0) {
            const size_t *pair = pcre2_get_ovector_pointer(p->match);
            *match = (PatternMatch){pair[0], pair[1]};
            // \K in a lookaround can end a match before it starts, or before where the search began.
            if (match->start < from || match->end < match->start) return explodes(e, "matches backwards (\\K in a lookaround)");
            return PATTERN_FOUND;
        }
        if (last >= text.len) return PATTERN_NONE;
        at = last + 1;
        while (at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80) at++;
        advance = false;
        if (at - p->window > PROGRESS) start_window(p, text, at);
    }
}

// The next place of the block that begins a match.
static bool next_in_block(Split *s, PatternMatch *match)
{
    for (; s->places; s->places &= s->places - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(s->places);
        size_t start = s->block - CLASS_BLOCK + bit;
        uint64_t behind = ~s->blank >> bit;
        bool sure = (s->blank >> bit & 1) && behind && (unsigned char)s->text.ptr[start + (unsigned)__builtin_ctzll(behind)] < 0x80;
        if (!sure && !space_len(s->text, start)) continue;
        *match = (PatternMatch){start, sure ? start + (unsigned)__builtin_ctzll(behind) : space_skip(s->text, start)};
        s->places &= s->places - 1;
        return true;
    }
    return false;
}

// The same as find_sentence, but every block of the text is classified once, however many parts it has.
static PatternResult next_sentence(Split *s, PatternMatch *match)
{
    while (!next_in_block(s, match)) {
        size_t at = s->block > s->at ? s->block : s->at;
        if (s->text.len < CLASS_BLOCK || at > s->text.len - CLASS_BLOCK) return find_sentence(s->text, at, match);
        ByteClasses c = classify(s->text.ptr + at);
        uint64_t behind = at > 0 && is_stop(s->text.ptr[at - 1]);
        s->places = ((c.stop << 1) | behind) & (c.space | c.rare);
        s->blank = c.space;
        s->block = at + CLASS_BLOCK;
    }
    return PATTERN_FOUND;
}

PatternResult split_next(Split *s, PatternMatch *part, Error *e)
{
    if (s->done) return PATTERN_NONE;
    PatternMatch match;
    PatternResult result = s->pattern->sentences ? next_sentence(s, &match) : pattern_find(s->pattern, s->text, s->at, s->advance, &match, e);
    if (result == PATTERN_FAILED) return result;
    if (result == PATTERN_NONE) {
        *part = (PatternMatch){s->at, s->text.len};
        s->done = true;
        return PATTERN_FOUND;
    }
    *part = (PatternMatch){s->at, match.start};
    s->advance = match.start == match.end;
    s->at = match.end;
    return PATTERN_FOUND;
}
