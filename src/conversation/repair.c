// SPDX-License-Identifier: Apache-2.0
#include "conversation/repair.h"

#include "conversation/quoted.h"

// An array or object that is being read. The lowest frame is the text itself.
typedef struct Frame {
    Loose *value;   // NULL: the text itself
    Loose *last;    // its newest child
    bool object;
    bool either;    // opened without a bracket, or by the wrong one: any closer ends it
} Frame;

typedef struct Reader {
    Str t;
    size_t i;
    Arena *a;
    Frame stack[LOOSE_DEPTH + 1];
    size_t depth;   // frames above the lowest
    size_t n_values;
    LooseText out;
} Reader;

static void read_member(Reader *r);
static void read_item(Reader *r);
static void close_at(Reader *r, char closer);

static Frame *top(Reader *r) { return &r->stack[r->depth]; }
static char peek(const Reader *r) { return r->i < r->t.len ? r->t.ptr[r->i] : 0; }
static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// ---- between values -----------------------------------------------------------------------------

static void skip_line(Reader *r)
{
    while (r->i < r->t.len && r->t.ptr[r->i] != '\n') r->i++;
}

// A comment or an ellipsis that stands for what the model left out. Moves behind it.
static bool skip_remark(Reader *r)
{
    Str rest = str_slice(r->t, r->i, r->t.len);
    if (str_starts(rest, S("//")) || str_starts(rest, S("#"))) {
        skip_line(r);
    } else if (str_starts(rest, S("/*"))) {
        size_t end = str_find(rest, S("*/"));
        r->i = end == STR_NONE ? r->t.len : r->i + end + 2;
    } else if (str_starts(rest, S("...")) || str_starts(rest, S("…"))) {
        r->i += 3;
    } else {
        return false;
    }
    return true;
}

static void skip_blank(Reader *r)
{
    do r->i = json_skip_space(r->t, r->i);
    while (r->depth && r->i < r->t.len && skip_remark(r));
}

static void skip_filler(Reader *r)
{
    skip_blank(r);
    while (r->i < r->t.len && peek(r) == ',') {
        r->i++;
        skip_blank(r);
    }
}

static bool opens_json(Str t, size_t at)
{
    char c = t.ptr[at];
    if (c != '{' && c != '[') return false;
    size_t next = json_skip_space(t, at + 1);
    if (next >= t.len) return false;
    char n = t.ptr[next];
    if (n == '{' || n == '[' || n == '/' || quote_len(t, next)) return true;
    KeySpan key;
    return c == '{' ? n == '}' || key_at(t, next, &key) : n == ']';
}

size_t loose_find(Str text, size_t from)
{
    for (; from < text.len; from++)
        if ((text.ptr[from] == '{' || text.ptr[from] == '[') && opens_json(text, from)) return from;
    return STR_NONE;
}

// Whether at the lowest level, behind a first value, JSON goes on: objects one after the other
// without their array, or what stands behind a closing bracket too many.
static bool goes_on(Reader *r)
{
    size_t start = r->i;
    while (r->i < r->t.len && (is_blank(peek(r)) || memchr(",]}", peek(r), 3))) r->i++;
    if (r->i < r->t.len) {
        if (opens_json(r->t, r->i)) return true;
        if (memchr(r->t.ptr + start, ',', r->i - start) && member_at(r->t, r->i)) return true;
    }
    r->i = start;
    return false;
}

// ---- building -----------------------------------------------------------------------------------

static Loose *add(Reader *r, LooseKind kind, Str key, Str text)
{
    if (r->n_values == LOOSE_VALUES) {
        r->out.overflow = true;
        return NULL;
    }
    r->n_values++;
    Loose *value = arena_new(r->a, Loose, 1);
    *value = (Loose){.kind = kind, .key = key, .text = text};
    Frame *frame = top(r);
    if (frame->last)
        frame->last->next = value;
    else if (frame->value)
        frame->value->first = value;
    else
        r->out.values = value;
    frame->last = value;
    return value;
}

// Skips an array or object that is nested too deep, its opening bracket included.
static void skip_deep(Reader *r)
{
    size_t deep = 0;
    do {
        char c = peek(r);
        if (c == '"') {
            r->i = quoted_read(r->t, r->i, false, deep).after;
            continue;
        }
        if (c == '{' || c == '[') deep++;
        if (c == '}' || c == ']') deep--;
        r->i++;
    } while (deep && r->i < r->t.len);
}

static void push(Reader *r, Loose *value, bool either)
{
    if (!value) return;
    r->stack[++r->depth] = (Frame){.value = value, .object = value->kind == LOOSE_OBJECT, .either = either};
}

static void open_at(Reader *r, Str key)
{
    if (r->depth == LOOSE_DEPTH) {
        skip_deep(r);
        return;
    }
    LooseKind kind = peek(r) == '{' ? LOOSE_OBJECT : LOOSE_ARRAY;
    r->i++;
    push(r, add(r, kind, key, (Str){0}), false);
}

static void become(Frame *frame, LooseKind kind)
{
    frame->value->kind = kind;
    frame->object = kind == LOOSE_OBJECT;
    frame->either = true;
}

// ---- the walk -----------------------------------------------------------------------------------

LooseText loose_read(Str text, size_t from, Arena *a)
{
    Reader r = {.t = text, .i = from, .a = a};
    for (;;) {
        if (r.depth == 0 && r.out.values) {
            if (!goes_on(&r)) break;
        } else {
            skip_filler(&r);
        }
        if (r.i >= r.t.len || r.out.overflow) break;
        char c = peek(&r);
        if (r.depth == 0 && c != '{' && c != '[' && !member_at(text, r.i)) break;
        if (c == '}' || c == ']')
            close_at(&r, c);
        else if (top(&r)->object)
            read_member(&r);
        else
            read_item(&r);
    }
    for (size_t i = 1; i <= r.depth; i++) r.stack[i].value->open = true;
    r.out.end = r.i;
    return r.out;
}

// ---- closing ------------------------------------------------------------------------------------

// How many frames above the nearest one that this closer is meant for; SIZE_MAX: there is none.
static size_t frames_above(const Reader *r, char closer)
{
    for (size_t d = r->depth; d > 0; d--)
        if (r->stack[d].either || r->stack[d].object == (closer == '}')) return r->depth - d;
    return SIZE_MAX;
}

static void close_at(Reader *r, char closer)
{
    size_t above = frames_above(r, closer);
    r->i++;
    if (above != 0) {  // the wrong one
        size_t next = json_skip_space(r->t, r->i);
        bool more = next < r->t.len && r->t.ptr[next] == ',';
        if (more) next = json_skip_space(r->t, next + 1);
        more = more && next < r->t.len && r->t.ptr[next] == '{';
        if (closer == ']' && (more || above == SIZE_MAX))
            above = 0;  // it stands for "}": the array goes on with its next object
        else if (more || above == SIZE_MAX)
            return;     // one "}" too many inside an array
    }
    r->depth -= above + 1;
}

// ---- values -------------------------------------------------------------------------------------

static bool is_number(Str s)
{
    size_t i = s.len && s.ptr[0] == '-';
    size_t whole = i;
    while (i < s.len && str_is_digit(s.ptr[i])) i++;
    if (i == whole || (s.ptr[whole] == '0' && i > whole + 1)) return false;
    if (i < s.len && s.ptr[i] == '.') {
        size_t fraction = ++i;
        while (i < s.len && str_is_digit(s.ptr[i])) i++;
        if (i == fraction) return false;
    }
    if (i < s.len && (s.ptr[i] | 0x20) == 'e') {
        i++;
        if (i < s.len && (s.ptr[i] == '+' || s.ptr[i] == '-')) i++;
        size_t exponent = i;
        while (i < s.len && str_is_digit(s.ptr[i])) i++;
        if (i == exponent) return false;
    }
    return i == s.len;
}

static bool literal(Str word, LooseKind *kind, Str *text)
{
    static const struct {
        Str word;
        LooseKind kind;
        Str text;
    } known[] = {
        {S_INIT("true"), LOOSE_SCALAR, S_INIT("true")},  {S_INIT("false"), LOOSE_SCALAR, S_INIT("false")},
        {S_INIT("null"), LOOSE_NULL, S_INIT("")},        {S_INIT("True"), LOOSE_SCALAR, S_INIT("true")},
        {S_INIT("False"), LOOSE_SCALAR, S_INIT("false")}, {S_INIT("None"), LOOSE_NULL, S_INIT("")},
        {S_INIT("undefined"), LOOSE_NULL, S_INIT("")},   {S_INIT("NaN"), LOOSE_NULL, S_INIT("")},
        {S_INIT("string"), LOOSE_NULL, S_INIT("")},  // a sketch of the shape, repeated
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!str_eq(known[i].word, word)) continue;
        *kind = known[i].kind;
        *text = known[i].text;
        return true;
    }
    *kind = LOOSE_SCALAR;
    *text = word;
    return is_number(word);
}

// A number or a literal, if the word here is one and a value may end behind it.
static bool read_literal(Reader *r, Str key)
{
    size_t end = r->i;
    while (end < r->t.len && (str_is_alpha(r->t.ptr[end]) || str_is_digit(r->t.ptr[end]) || memchr("+-.", r->t.ptr[end], 3))) end++;
    LooseKind kind;
    Str text;
    if (!literal(str_slice(r->t, r->i, end), &kind, &text)) return false;
    size_t next = json_skip_space(r->t, end);
    bool ends = next >= r->t.len || memchr(",]}#/", r->t.ptr[next], 5) || memchr(r->t.ptr + end, '\n', next - end) ||
                quote_len(r->t, next);
    if (!ends) return false;
    r->i = end;
    r->out.cut |= end >= r->t.len && r->depth > 0;
    Loose *value = add(r, kind, key, text);
    if (value) value->open = end >= r->t.len;
    return true;
}

static void add_quoted(Reader *r, Str key, const Quoted *q)
{
    r->i = q->after;
    r->out.cut |= q->open;
    Loose *value = add(r, LOOSE_STRING, key, quoted_text(r->t, q, r->a));
    if (value) value->open = q->open;
}

static void read_string(Reader *r, Str key)
{
    Quoted q = quoted_read(r->t, r->i, top(r)->object, r->depth);
    add_quoted(r, key, &q);
}

// ---- items of arrays ----------------------------------------------------------------------------

// A member where an item belongs: the array is an object by the wrong bracket, or its closing
// bracket is missing, or the opening one of an object.
static void expect_member(Reader *r)
{
    Frame *frame = top(r);
    if (frame->value && !frame->last)
        become(frame, LOOSE_OBJECT);
    else if (r->depth >= 2 && r->stack[r->depth - 1].object)
        r->depth--;
    else if (r->depth == LOOSE_DEPTH)
        r->i++;
    else
        push(r, add(r, LOOSE_OBJECT, (Str){0}, (Str){0}), true);
}

static void read_item(Reader *r)
{
    char c = peek(r);
    if (c == '{' || c == '[') {
        open_at(r, (Str){0});
    } else if (member_at(r->t, r->i)) {
        expect_member(r);
    } else if (quote_len(r->t, r->i)) {
        read_string(r, (Str){0});
    } else if (!read_literal(r, (Str){0})) {
        bool quoted;
        Quoted q = bare_read(r->t, r->i, false, r->depth, &quoted);
        // Bare words of an array may be anything; with a closing quote they are a string.
        if (quoted) {
            add_quoted(r, (Str){0}, &q);
        } else {
            r->i = q.after > r->i ? q.after : r->i + 1;
            r->out.cut |= q.open;
        }
    }
}

// ---- members of objects -------------------------------------------------------------------------

// "{" where a key belongs. Doubled: as templates escape it. Behind an object: the array around the
// two lacks its opening bracket. Else the closing bracket of this object is missing.
static void read_brace(Reader *r)
{
    Frame *frame = top(r);
    Loose *last = frame->last;
    if (!last) {
        r->i++;
    } else if (last->kind == LOOSE_OBJECT && r->depth < LOOSE_DEPTH) {
        Loose *object = arena_new(r->a, Loose, 1);
        *object = *last;
        object->key = (Str){0};
        *last = (Loose){.kind = LOOSE_ARRAY, .key = last->key, .first = object};
        push(r, last, true);
        top(r)->last = object;
    } else {
        r->depth--;
    }
}

static void read_value(Reader *r, Str key)
{
    skip_blank(r);
    char c = peek(r);
    if (r->i >= r->t.len) {
        r->out.cut = true;
    } else if (c == '{' || c == '[') {
        open_at(r, key);
    } else if (c == ',' || c == '}' || c == ']') {
        add(r, LOOSE_NULL, key, (Str){0});
    } else if (quote_len(r->t, r->i)) {
        read_string(r, key);
    } else if (!read_literal(r, key)) {
        bool quoted;
        Quoted q = bare_read(r->t, r->i, true, r->depth, &quoted);
        add_quoted(r, key, &q);
    }
}

// A quoted key whose own closing quote is missing: `"Customer: "hi"`. *value is where its value is.
static bool unclosed_key(Str t, size_t at, Str *key, size_t *value)
{
    size_t from = at + quote_len(t, at), i = from;
    while (i < t.len && i - from < LOOSE_KEY && t.ptr[i] != '\n' && t.ptr[i] != ':' && !quote_len(t, i)) i++;
    if (i >= t.len || t.ptr[i] != ':') return false;
    *key = str_slice(t, from, i);
    *value = json_skip_space(t, i + 1);
    return quote_len(t, *value) > 0;
}

// A string in an object that is no key: without a colon behind it the key's value is next; alone
// in an object it makes that an array by the wrong bracket; else there is nothing to do with it.
static void read_lone_string(Reader *r)
{
    Frame *frame = top(r);
    Str key;
    size_t value;
    if (unclosed_key(r->t, r->i, &key, &value)) {
        r->i = value;
        read_value(r, key);
        return;
    }
    Quoted q;
    if (quoted_word(r->t, r->i, &q)) {
        size_t next = json_skip_space(r->t, q.after);
        if (next < r->t.len && (r->t.ptr[next] == '{' || r->t.ptr[next] == '[' || quote_len(r->t, next))) {
            r->i = q.after;
            read_value(r, quoted_text(r->t, &q, r->a));
            return;
        }
    }
    q = quoted_read(r->t, r->i, false, r->depth);
    if (!frame->last && !q.open) {
        become(frame, LOOSE_ARRAY);
        add_quoted(r, (Str){0}, &q);
    } else {
        r->i = q.after;
        r->out.cut |= q.open;
    }
}

// Several bare words as a key: Support Desk: "hi".
static bool bare_words_key(Str t, size_t at, KeySpan *out)
{
    size_t i = at;
    while (i < t.len && i - at < LOOSE_KEY && !memchr(":{}[],\n\"", t.ptr[i], 8)) i++;
    if (i == at || i >= t.len || t.ptr[i] != ':') return false;
    *out = (KeySpan){.from = at, .to = i, .after = i + 1};
    while (is_blank(t.ptr[out->to - 1])) out->to--;  // what is at `at` is not blank
    return true;
}

static void read_member(Reader *r)
{
    char c = peek(r);
    KeySpan span;
    if (c == '{') {
        read_brace(r);
    } else if (c == '[') {
        open_at(r, (Str){0});
    } else if (key_at(r->t, r->i, &span) || (!quote_len(r->t, r->i) && bare_words_key(r->t, r->i, &span))) {
        Quoted key = {.from = span.from, .to = span.to, .escapes = memchr(r->t.ptr + span.from, '\\', span.to - span.from)};
        r->i = span.after;
        read_value(r, quoted_text(r->t, &key, r->a));
    } else if (quote_len(r->t, r->i)) {
        read_lone_string(r);
    } else {
        do r->i++;
        while (r->i < r->t.len && !memchr(",{}[]\n", peek(r), 6) && !quote_len(r->t, r->i));
        r->out.cut |= r->i >= r->t.len;
    }
}
