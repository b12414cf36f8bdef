// SPDX-License-Identifier: Apache-2.0
#include "conversation/answer.h"

#include "base/utf8.h"
#include "conversation/answer_json.h"
#include "conversation/answer_lines.h"
#include "conversation/quoted.h"
#include "conversation/shape.h"

static Str valid_text(Str text, Arena *a);
static Str set_reasoning_aside(Str text, const Form *form, Arena *a);
static size_t find_json(Str text);
static bool read_any(Str text, bool cut, Draft *draft, Finding *why);
static bool settle_cut(Draft *draft, unsigned exchanges, Finding *why);

bool answer_read(Str text, const Form *form, unsigned exchanges, bool cut, Arena *a, Conversation *out, Finding *why)
{
    *out = (Conversation){0};
    Finding found = {0};
    text = set_reasoning_aside(valid_text(text, a), form, a);
    Draft draft = draft_new(form, a);
    bool read = str_trim(text).len ? read_any(text, cut, &draft, &found) : finding_set(&found, FINDING_EMPTY, "no text");
    if (!read && cut) finding_set(&found, FINDING_CUT, "cut off before its first turn was read");
    if (read && draft.cut) read = settle_cut(&draft, exchanges, &found);
    if (read)
        *out = (Conversation){.turns = draft.turns, .n_turns = draft.n_turns, .labels = draft.labels};
    else if (why)
        *why = found;
    return read;
}

// ---- what is set aside --------------------------------------------------------------------------

static Str valid_text(Str text, Arena *a)
{
    if (utf8_valid(text)) return text;
    Buf clean = {0};
    utf8_add_lossy(&clean, text);
    Str copy = arena_str(a, buf_str(&clean));
    buf_free(&clean);
    return copy;
}

// The next <think> or </think> from `at` on; *end is behind it. The longer name is what some models write.
static size_t find_tag(Str text, size_t at, bool closing, size_t *end)
{
    static const Str open_tags[] = {S_INIT("<think>"), S_INIT("<thinking>")};
    static const Str close_tags[] = {S_INIT("</think>"), S_INIT("</thinking>")};
    for (; at < text.len; at++) {
        size_t hit = str_find_char(str_slice(text, at, text.len), '<');
        if (hit == STR_NONE) break;
        at += hit;
        for (size_t i = 0; i < 2; i++) {
            Str tag = closing ? close_tags[i] : open_tags[i];
            *end = at + tag.len;
            if (str_eq_ignore_case(str_slice(text, at, *end), tag)) return at;
        }
    }
    *end = text.len;
    return STR_NONE;
}

// Whether a single tag is one of somebody's words: a beginning behind the conversation's, an end in the middle
// of a line.
static bool is_said(Str text, size_t open, size_t close, size_t close_end, const Form *form)
{
    if (open != STR_NONE && close != STR_NONE) return false;
    if (open != STR_NONE) {
        Str before = str_slice(text, 0, open);
        return find_json(before) != STR_NONE || lines_open_turn(before, form);
    }
    return close_end < text.len && !memchr("\r\n{[`", text.ptr[close_end], 5);
}

// Takes out <think>…</think>. Without its beginning (which the prompt's template may hold) it goes from
// the start; without its end to the end of the text.
static Str set_reasoning_aside(Str text, const Form *form, Arena *a)
{
    Buf kept = {0};
    size_t at = 0, open_end, close_end;
    size_t open = find_tag(text, 0, false, &open_end), close = find_tag(text, 0, true, &close_end);
    if (open == STR_NONE && close == STR_NONE) return text;
    if (is_said(text, open, close, close_end, form)) return text;
    while (open != STR_NONE || close != STR_NONE) {
        if (close < open) {
            buf_clear(&kept);
        } else {
            buf_add(&kept, str_slice(text, at, open));
            if (close != STR_NONE && close < open_end) close = find_tag(text, open_end, true, &close_end);
        }
        at = close == STR_NONE ? text.len : close_end;
        if (open != STR_NONE && open < at) open = find_tag(text, at, false, &open_end);
        if (close != STR_NONE) close = find_tag(text, at, true, &close_end);
        if (at == text.len) break;
    }
    buf_add(&kept, str_slice(text, at, text.len));
    Str copy = arena_str(a, buf_str(&kept));
    buf_free(&kept);
    return copy;
}

// ---- which form it is ---------------------------------------------------------------------------

static bool read_lines(Str text, bool cut, Draft *draft, Finding *why)
{
    if (!lines_conversation(text, draft, why)) return false;
    draft->cut = cut;
    draft->last_open = cut && !str_ends(text, S("\n"));
    return true;
}

static bool ends_open(const LooseText *json)
{
    for (const Loose *value = json->values; value; value = value->next)
        if (value->open) return true;
    return false;
}

// Reads the JSON at `at`; *next is where to look for another.
static bool read_json(Str text, size_t at, bool cut, Draft *draft, size_t *next, Finding *why)
{
    LooseText json = loose_read(text, at, draft->arena);
    bool open = ends_open(&json);
    *next = open || json.end <= at ? at + 1 : json.end;
    if (!json_conversation(&json, draft, why)) return false;
    draft->cut = json.cut || (cut && open);
    if (draft_lacks_label(draft)) lines_labels(str_slice(text, 0, at), draft);
    if (draft_lacks_label(draft)) lines_labels(str_slice(text, json.end, text.len), draft);
    return true;
}

// JSON that was quoted once too often: [{\"Agent\": \"hi\"}].
static bool is_quoted(Str text, size_t at)
{
    while (at < text.len && memchr("{[ \n\r\t", text.ptr[at], 6)) at++;
    return str_starts(str_slice(text, at, text.len), S("\\\""));
}

static Str unquoted(Str text, Arena *a)
{
    Quoted whole = {.to = text.len, .escapes = true};
    return quoted_text(text, &whole, a);
}

static size_t find_json(Str text)
{
    size_t start = json_skip_space(text, 0);
    bool braceless = quote_len(text, start) && member_at(text, start);
    return braceless ? start : loose_find(text, start);
}

static bool read_any(Str text, bool cut, Draft *draft, Finding *why)
{
    // Each try may read the whole text again, so that their number bounds the time.
    enum { TRIES = 4 };
    Str json = text;
    size_t at = find_json(json);
    if (at != STR_NONE && is_quoted(json, at)) {
        json = unquoted(json, draft->arena);
        at = find_json(json);
    }
    // In a conversation of lines JSON is what somebody says, unless it is a conversation of its own.
    bool lines = at == STR_NONE || lines_open_turn(str_slice(json, 0, at), draft->form);
    for (unsigned i = 0; i < TRIES && at != STR_NONE; i++) {
        Draft fresh = draft_new(draft->form, draft->arena);
        Finding fault = {0};
        if (read_json(json, at, cut, &fresh, &at, &fault) && !(lines && (fresh.guessed || fresh.n_turns < 2))) {
            *draft = fresh;
            return true;
        }
        // The first fault is the one to tell, unless there was nothing in it.
        if (why->reason == FINDING_NONE || why->reason == FINDING_EMPTY) *why = fault;
        at = loose_find(json, at);
    }
    if (!lines && !lines_open_turn(text, draft->form)) return false;
    return read_lines(text, cut, draft, why);
}

// ---- cut-off answers ----------------------------------------------------------------------------

// Keeps the asked exchanges of an answer that was cut off, if they and the labels are complete.
static bool settle_cut(Draft *draft, unsigned exchanges, Finding *why)
{
    const Form *form = draft->form;
    size_t whole = draft->n_turns - (draft->last_open && draft->n_turns);
    TurnRange range = form_turns(form, exchanges);
    for (size_t n = whole < range.max ? whole : range.max; n >= range.min; n--) {
        bool complete = form->last == ANYONE ? n == range.max : draft->turns[n - 1].participant == (unsigned)form->last;
        if (!complete) continue;
        if (draft_lacks_label(draft)) return finding_set(why, FINDING_CUT, "cut off before its labels");
        draft->n_turns = n;
        return true;
    }
    return finding_set(why, FINDING_CUT, "cut off after %zu turn%s; %u exchange%s asked for", whole, whole == 1 ? "" : "s", exchanges,
                       exchanges == 1 ? " was" : "s were");
}
