// SPDX-License-Identifier: Apache-2.0
#include "conversation/answer_lines.h"

#include "base/utf8.h"
#include "conversation/names.h"

// A line of the shape `decoration **name** (remark): rest`.
typedef struct NamedLine {
    Str name;
    Str whole;    // with its remark, which may be part of a participant's name
    Str rest;
    bool listed;  // with a bullet
    bool bold;
} NamedLine;

// A line that opens a turn.
typedef struct Opening {
    unsigned speaker;
    Str rest;      // of the line, the beginning of the turn's text
    size_t from;   // offset of the line
} Opening;

typedef struct Openings {
    Opening *items;
    size_t n, cap;
    bool bold;     // of the first
    bool fenced;   // they stand in a code fence
} Openings;

static bool named_line(Str line, NamedLine *out);
static bool opens_turn(Str line, const Form *form, int *speaker, Str *rest);
static Openings find_openings(Str text, Draft *draft);
static bool add_turn(Draft *draft, Str segment, const Opening *opening, const Openings *all, bool last, Finding *why);

static bool is_fence(Str line) { return str_starts(str_trim(line), S("```")); }

static bool next_line(Str *rest, Str *line) { return str_cut(rest, '\n', line); }

bool lines_conversation(Str text, Draft *draft, Finding *why)
{
    Openings all = find_openings(text, draft);
    if (all.n == 0) {
        return finding_set(why, FINDING_REFUSED, "no turn in \"%.*s\"", STR_ARG(utf8_cut(str_trim(text), 120)));
    }
    lines_labels(str_slice(text, 0, all.items[0].from), draft);
    for (size_t i = 0; i < all.n; i++) {
        bool last = i + 1 == all.n;
        size_t from = (size_t)(all.items[i].rest.ptr - text.ptr);
        Str segment = str_slice(text, from, last ? text.len : all.items[i + 1].from);
        if (!add_turn(draft, segment, &all.items[i], &all, last, why)) return false;
    }
    return true;
}

bool lines_open_turn(Str text, const Form *form)
{
    Str line;
    int speaker;
    while (next_line(&text, &line))
        if (opens_turn(line, form, &speaker, &line)) return true;
    return false;
}

static Openings find_openings(Str text, Draft *draft)
{
    Openings all = {0};
    Str rest = text, line, behind;
    int speaker;
    while (next_line(&rest, &line)) {
        if (all.n == 0 && is_fence(line)) all.fenced = !all.fenced;
        if (!opens_turn(line, draft->form, &speaker, &behind)) continue;
        if (all.n == 0) {
            NamedLine named;
            all.bold = named_line(line, &named) && named.bold;
        }
        all.items = arena_grow(draft->arena, all.items, all.n, &all.cap, sizeof *all.items);
        all.items[all.n++] = (Opening){.speaker = (unsigned)speaker, .rest = behind, .from = (size_t)(line.ptr - text.ptr)};
    }
    return all;
}

// ---- the shape of a line ------------------------------------------------------------------------

static bool is_mark(char c) { return c == '*' || c == '_'; }

static Str trim_start(Str s)
{
    while (s.len && str_is_space(s.ptr[0])) s.ptr++, s.len--;
    return s;
}

static Str trim_marks(Str s)
{
    s = str_trim(s);
    while (s.len && is_mark(s.ptr[0])) s.ptr++, s.len--;
    while (s.len && is_mark(s.ptr[s.len - 1])) s.len--;
    return str_trim(s);
}

// Bytes of a list number or a time stamp at the start: "1.", "2)", "[10:02]", "10:02:33", "(3:05 PM)",
// "2026-11-22". 0: none.
static size_t stamp_len(Str s)
{
    enum { LONGEST = 40 };
    char opening = s.len && memchr("[(<", s.ptr[0], 3) ? s.ptr[0] : 0;
    size_t i = opening ? 1 : 0, start = i;
    if (i >= s.len || !str_is_digit(s.ptr[i])) return 0;
    bool marked = opening;
    while (i < s.len && i < LONGEST && (str_is_digit(s.ptr[i]) || memchr(":./-+TZ,", s.ptr[i], 8) || (opening && s.ptr[i] == ' '))) {
        marked |= i > start && memchr(":./-", s.ptr[i], 4);
        i++;
    }
    if (!opening && i < s.len && s.ptr[i] == ')') return i + 1;
    size_t half = i;
    if (!opening && half < s.len && s.ptr[half] == ' ') half++;
    if (half + 1 < s.len && memchr("aApP", s.ptr[half], 4) && (s.ptr[half + 1] | 0x20) == 'm') i = half + 2;
    if (opening) {
        char closing = opening == '[' ? ']' : opening == '(' ? ')' : '>';
        return i < s.len && s.ptr[i] == closing ? i + 1 : 0;
    }
    return marked && (i >= s.len || str_is_space(s.ptr[i])) ? i : 0;
}

static size_t bullet_len(Str s)
{
    if (s.len == 0) return 0;
    if (s.ptr[0] == '>' || s.ptr[0] == '|') return 1;
    size_t len = memchr("-+*#", s.ptr[0], 4) ? 1 : str_starts(s, S("•")) || str_starts(s, S("–")) || str_starts(s, S("—")) ? 3 : 0;
    while (s.ptr[0] == '#' && len < s.len && s.ptr[len] == '#') len++;
    return len < s.len && s.ptr[len] == ' ' ? len : 0;
}

static Str without_decoration(Str line, bool *listed)
{
    for (;;) {
        line = trim_start(line);
        size_t bullet = bullet_len(line), len = bullet ? bullet : stamp_len(line);
        if (!len) return line;
        *listed |= bullet > 0;
        line = str_slice(line, len, line.len);
    }
}

// Offset of the colon behind a name with an optional remark: "Agent (calm):"; STR_NONE: there is
// none near. *name is what stands before the remark, *width the colon's bytes.
static size_t find_colon(Str s, Str *name, size_t *width)
{
    enum { NEAR = 160 };
    bool remark = false;
    for (size_t i = 0; i < s.len && i < NEAR; i++) {
        Str rest = str_slice(s, i, s.len);
        *width = rest.ptr[0] == ':' ? 1 : str_starts(rest, S("：")) ? 3 : 0;
        if (*width) {
            if (!remark) *name = str_slice(s, 0, i);
            return i;
        }
        if (rest.ptr[0] != '(' && rest.ptr[0] != '[') {
            if (remark && !str_is_space(rest.ptr[0]) && !is_mark(rest.ptr[0])) return STR_NONE;
            continue;
        }
        if (remark || i == 0) return STR_NONE;
        remark = true;
        *name = str_slice(s, 0, i);
        size_t end = str_find_char(str_slice(rest, 0, NEAR), rest.ptr[0] == '(' ? ')' : ']');
        if (end == STR_NONE) return STR_NONE;
        i += end;
    }
    return STR_NONE;
}

static bool named_line(Str line, NamedLine *out)
{
    *out = (NamedLine){0};
    Str s = without_decoration(str_trim_end(line), &out->listed);
    size_t marks = 0, width;
    while (marks < s.len && marks < 3 && is_mark(s.ptr[marks])) marks++;
    s = str_slice(s, marks, s.len);
    size_t colon = find_colon(s, &out->name, &width);
    if (colon == STR_NONE) return false;
    bool closed = colon && is_mark(s.ptr[colon - 1]);
    out->bold = marks > 0;
    out->name = trim_marks(out->name);
    out->whole = trim_marks(str_slice(s, 0, colon));
    Str rest = str_slice(s, colon + width, s.len);
    size_t at_start = 0, at_end = 0;
    while (at_start < marks && at_start < rest.len && is_mark(rest.ptr[at_start])) at_start++;
    while (at_end < marks && at_end < rest.len && is_mark(rest.ptr[rest.len - 1 - at_end])) at_end++;
    if (marks && !closed && at_start)
        rest = str_slice(rest, at_start, rest.len);
    else if (marks && !closed)
        rest = str_slice(rest, 0, rest.len - at_end);
    out->rest = rest;
    return out->name.len > 0;
}

static bool opens_turn(Str line, const Form *form, int *speaker, Str *rest)
{
    Str plain = line_speaker(form, line, speaker);
    NamedLine named;
    if (*speaker != NOBODY) {
        *rest = plain;
        return true;
    }
    if (!named_line(line, &named)) return false;
    *speaker = form_participant(form, named.whole);
    if (*speaker == NOBODY) *speaker = form_speaker(form, named.name);
    *rest = named.rest;
    return *speaker != NOBODY;
}

// ---- labels -------------------------------------------------------------------------------------

// The value without what Markdown or a rest of JSON puts around it.
static Str label_text(Str s)
{
    s = str_trim(s);
    while (s.len && memchr("\"'`*_", s.ptr[0], 5)) s.ptr++, s.len--;
    while (s.len && memchr("\"'`*_,.}]", s.ptr[s.len - 1], 9)) s.len--;
    return str_trim(s);
}

static bool label_line(Str line, Str *name, Str *value)
{
    NamedLine named;
    if (!named_line(line, &named)) return false;
    *name = label_text(named.name);
    *value = named.rest;
    return true;
}

// The value as it was written, if that is one that is offered, else without decoration.
static Str offered_text(const AskedLabel *label, Str value)
{
    return label_value(label, str_trim(value)).ptr ? value : label_text(value);
}

void lines_labels(Str text, Draft *draft)
{
    if (draft->form->n_labels == 0) return;
    Str line, name, value;
    while (next_line(&text, &line)) {
        if (!label_line(line, &name, &value)) continue;
        int i = label_find(draft->form->labels, draft->form->n_labels, name);
        if (i != NOBODY) draft_label(draft, name, offered_text(&draft->form->labels[i], value));
    }
}

// Takes a label of the conversation or of the turn from a line within a turn. A label's name may
// also be what somebody says, so between turns only a value that is offered counts.
static bool take_label(Draft *draft, Turn *turn, Str line, bool last)
{
    const Form *form = draft->form;
    Str name, value;
    if (form->n_labels + form->n_turn_labels == 0 || !label_line(line, &name, &value)) return false;
    int i = label_find(form->turn_labels, form->n_turn_labels, name);
    if (i != NOBODY) {
        value = offered_text(&form->turn_labels[i], value);
        return label_value(&form->turn_labels[i], value).ptr && draft_turn_label(draft, turn, name, value);
    }
    i = label_find(form->labels, form->n_labels, name);
    if (i == NOBODY) return false;
    value = offered_text(&form->labels[i], value);
    return (last || label_value(&form->labels[i], str_trim(value)).ptr) && draft_label(draft, name, value);
}

// ---- a turn -------------------------------------------------------------------------------------

// A rule, or the number of an exchange as a line of its own: between turns, but in none.
static bool is_divider(Str line)
{
    line = str_trim(line);
    size_t same = 0;
    while (same < line.len && line.ptr[same] == line.ptr[0] && memchr("-*_=", line.ptr[0], 4)) same++;
    if (same >= 3 && same == line.len) return true;
    while (line.len && memchr("#*_ =-[(", line.ptr[0], 8)) line.ptr++, line.len--;
    while (line.len && memchr("*_ :=-.)]", line.ptr[line.len - 1], 9)) line.len--;
    size_t digits = line.len;
    while (digits && str_is_digit(line.ptr[digits - 1])) digits--;
    if (digits == line.len) return false;
    Str word = str_trim_end(str_slice(line, 0, digits));
    return str_eq_ignore_case(word, S("exchange")) || str_eq_ignore_case(word, S("turn")) || str_eq_ignore_case(word, S("round"));
}

static size_t count_words(Str s, size_t limit)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len && n < limit; i++) n += !str_is_space(s.ptr[i]) && (i == 0 || str_is_space(s.ptr[i - 1]));
    return n;
}

// A line that looks as if somebody else speaks: a capitalised name of up to three words in the
// same dress as the other names, then a sentence. What often introduces a remark is no name.
static bool is_stranger(Str line, const Openings *all, Str *name)
{
    static const Str remarks[] = {S_INIT("note"), S_INIT("please note"), S_INIT("important"), S_INIT("warning"), S_INIT("tip"),
                                  S_INIT("hint"), S_INIT("example"), S_INIT("summary"), S_INIT("subject"), S_INIT("ps"), S_INIT("p.s."),
                                  S_INIT("edit"), S_INIT("update"), S_INIT("reminder"), S_INIT("question"), S_INIT("answer"), S_INIT("re")};
    enum { SHORT = 40, SENTENCE = 4 };
    NamedLine named;
    if (!named_line(line, &named) || named.listed || named.bold != all->bold) return false;
    *name = named.name;
    if (name->len > SHORT || count_words(*name, 4) > 3 || count_words(named.rest, SENTENCE) < SENTENCE) return false;
    for (size_t i = 0; i < sizeof remarks / sizeof *remarks; i++)
        if (str_eq_ignore_case(*name, remarks[i])) return false;
    for (size_t i = 0; i < name->len; i++) {
        char c = name->ptr[i];
        bool start = i == 0 || name->ptr[i - 1] == ' ';
        if (start ? !(c >= 'A' && c <= 'Z') : !(str_is_alpha(c) || str_is_digit(c) || memchr(" .'-", c, 4))) return false;
    }
    return true;
}

// "**Labels:**" in front of the labels.
static bool is_heading(Str line)
{
    enum { SHORT = 60 };
    Str plain = trim_marks(line);
    return line.len <= SHORT && (str_starts(line, S("#")) || str_ends(plain, S(":")) || plain.len + 4 <= line.len);
}

// "(Note: two exchanges.)", "*End of conversation*".
static bool is_remark(Str line)
{
    bool round = str_starts(line, S("(")) && str_ends(line, S(")")), square = str_starts(line, S("[")) && str_ends(line, S("]"));
    return round || square || str_eq_ignore_case(str_slice(trim_marks(line), 0, 7), S("end of "));
}

// Takes a line off the end of a turn that stands there after a blank one and is no part of it.
static Str drop_last(Str text, bool (*is_aside)(Str line))
{
    text = str_trim_end(text);
    size_t at = str_rfind_char(text, '\n');
    if (at == STR_NONE) return text;
    Str before = str_slice(text, 0, at);
    bool after_blank = str_ends(before, S("\n")) || str_ends(before, S("\n\r"));
    return after_blank && is_aside(str_trim(str_slice(text, at, text.len))) ? str_trim_end(before) : text;
}

// Whether the turns follow each other without blank lines; then one ends the conversation.
static bool is_tight(const Openings *all)
{
    if (all->n < 2) return false;
    const char *from = all->items[0].rest.ptr, *to = all->items[all->n - 1].rest.ptr;
    Str between = {from, (size_t)(to - from)};
    return !str_contains(between, S("\n\n")) && !str_contains(between, S("\n\r\n"));
}

static bool add_turn(Draft *draft, Str segment, const Opening *opening, const Openings *all, bool last, Finding *why)
{
    Str rest = segment, line, stranger;
    bool tight = last && is_tight(all);
    next_line(&rest, &line);
    Str text = opening->rest;  // with its Markdown off, which only matters where it is the whole turn
    Turn *turn = draft_turn(draft, opening->speaker, text);
    bool ended = false, said = str_trim(text).len > 0;
    while (next_line(&rest, &line)) {
        bool blank = str_trim(line).len == 0;
        if (last && all->fenced && is_fence(line)) {
            ended = true;
        } else if (take_label(draft, turn, line, last)) {
            if (!ended) text = drop_last(text, is_heading);
            ended = true;
        } else if (is_divider(line) || (tight && blank && said)) {
            ended = true;
        } else if (!ended && is_stranger(line, all, &stranger)) {
            return finding_set(why, FINDING_PARTICIPANT, "turn %zu: \"%.*s\" does not take part", draft->n_turns + 1, STR_ARG(stranger));
        } else if (!ended && !blank) {
            text = (Str){segment.ptr, (size_t)(line.ptr + line.len - segment.ptr)};
            said = true;
        }
    }
    turn->text = str_trim(last ? drop_last(text, is_remark) : text);
    return true;
}
