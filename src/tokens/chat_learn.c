// SPDX-License-Identifier: Apache-2.0
#include "tokens/chat_learn.h"

// ---- what is asked -----------------------------------------------------------------------------------

#define SYSTEM_TEXT S_INIT("qzsys")
#define USER_1 S_INIT("qzone")
#define ANSWER_1 S_INIT("qzans")
#define USER_2 S_INIT("qztwo")
#define ROLE_S S_INIT("system")
#define ROLE_U S_INIT("user")
#define ROLE_A S_INIT("assistant")

// Words that stand in no template, to find the marks around them.
static const ChatMessage marked[] = {{ROLE_S, SYSTEM_TEXT}, {ROLE_U, USER_1}, {ROLE_A, ANSWER_1}, {ROLE_U, USER_2}};

// What confab's requests are like: with a system message or without, alone or behind examples; white space at both ends,
// and a thought, which some templates leave out.
static const ChatMessage held[] = {
    {ROLE_S, S_INIT("You write chats.\nÜber Kaffee: 3 Sätze.\n")}, {ROLE_U, S_INIT(" Write one of 2 exchanges. ")},
    {ROLE_A, S_INIT("<think>\nHm.\n</think>\n\n[\"Hi\", \"Hello!\"]\n")}, {ROLE_U, S_INIT("\n\nAnd another one:\n- calm\n")},
    {ROLE_A, S_INIT("Customer: Hi")},                               {ROLE_U, S_INIT("Thanks; once more.")},
};
static const struct { size_t first, n; } parts[] = {{0, 2}, {1, 1}, {0, 4}, {1, 5}, {0, 6}};
enum { PARTS = sizeof parts / sizeof *parts };

typedef struct Held {
    Str prompts[PARTS];  // what the server makes of them
} Held;

static bool ask_held(const ChatOracle *o, Arena *a, Held *out)
{
    for (size_t i = 0; i < PARTS; i++)
        if (!o->render(o->self, held + parts[i].first, parts[i].n, a, &out->prompts[i])) return false;
    return true;
}

// ---- a template against it ---------------------------------------------------------------------------

static bool gives(const ChatTemplate *t, const Held *h)
{
    Buf b = {0};
    bool same = true;
    for (size_t i = 0; i < PARTS && same; i++) {
        buf_clear(&b);
        chat_render(t, held + parts[i].first, parts[i].n, &b);
        same = str_eq(buf_str(&b), h->prompts[i]);
    }
    buf_free(&b);
    return same;
}

// The mark that begins everything may be left to the tokenizer.
static bool gives_without_begin(const ChatTemplate *t, const Held *h, ChatTemplate *out)
{
    *out = *t;
    if (gives(out, h)) return true;
    out->begin = (Str){0};
    return t->begin.len && gives(out, h);
}

static bool is_known(Str usual, const Held *h, ChatTemplate *out)
{
    const Str *names;
    size_t n = chat_template_names(&names);
    const ChatTemplate *first = chat_template_of(usual);
    if (first && gives_without_begin(first, h, out)) return true;
    for (size_t i = 0; i < n; i++)
        if (chat_has_marks(chat_template_of(names[i])) && gives_without_begin(chat_template_of(names[i]), h, out)) return true;
    return false;
}

// ---- marks as they come ------------------------------------------------------------------------------

// Cuts `text` at each of the words, in their order: what stands before, between and behind them.
static bool cut_at(Str text, const Str *words, size_t n, Str *pieces)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = str_find(text, words[i]);
        if (at == STR_NONE) return false;
        pieces[i] = str_slice(text, 0, at);
        text = str_slice(text, at + words[i].len, text.len);
        if (str_find(text, words[i]) != STR_NONE) return false;
    }
    pieces[n] = text;
    return true;
}

static size_t common_end(Str a, Str b)
{
    size_t n = 0;
    while (n < a.len && n < b.len && a.ptr[a.len - 1 - n] == b.ptr[b.len - 1 - n]) n++;
    return n;
}

static Str without_end(Str s, size_t n) { return str_slice(s, 0, s.len - n); }
static Str end_of(Str s, size_t n) { return str_slice(s, s.len - n, s.len); }

// The system message stands first: `w` is cut with it, `o` without.
static void marks_first(const Str *w, const Str *o, ChatTemplate *t)
{
    size_t n = common_end(w[1], o[0]), m = common_end(o[0], o[2]);
    if (m < n) n = m;
    t->system = (ChatMarks){w[0], without_end(w[1], n)};
    t->no_system = without_end(o[0], n);
    t->user.before = end_of(o[0], n);
    t->assistant = (ChatMarks){o[1], without_end(o[2], n)};
    t->prompt = o[3];
}

// It stands before the last user's text.
static bool marks_last(const Str *w, const Str *o, ChatTemplate *t)
{
    size_t n = common_end(o[0], o[2]);
    if (!str_starts(w[2], o[2])) return false;
    t->place = SYSTEM_LAST;
    t->begin = without_end(o[0], n);
    t->user.before = end_of(o[0], n);
    t->assistant = (ChatMarks){o[1], without_end(o[2], n)};
    t->system = (ChatMarks){str_slice(w[2], o[2].len, w[2].len), w[3]};
    t->prompt = o[3];
    return true;
}

static bool find_marks(const ChatOracle *o, Arena *a, ChatTemplate *t)
{
    static const Str first[] = {SYSTEM_TEXT, USER_1, ANSWER_1, USER_2}, last[] = {USER_1, ANSWER_1, SYSTEM_TEXT, USER_2};
    static const Str without[] = {USER_1, ANSWER_1, USER_2};
    Str with_text, without_text, w[5], u[4];
    *t = (ChatTemplate){.name = S("the server's"), .exact = true};
    if (!o->render(o->self, marked, 4, a, &with_text) || !o->render(o->self, marked + 1, 3, a, &without_text)) return false;
    if (!cut_at(without_text, without, 3, u)) return false;
    if (cut_at(with_text, first, 4, w)) {
        marks_first(w, u, t);
        return true;
    }
    return cut_at(with_text, last, 4, w) && marks_last(w, u, t);
}

static bool is_new(const ChatOracle *o, const Held *h, Arena *a, ChatTemplate *out)
{
    if (!find_marks(o, a, out)) return false;
    for (int trims = 0; trims < 3; trims++) {
        out->trims = trims > 0;
        out->keeps_system = trims > 1;
        if (gives(out, h)) return true;
    }
    return false;
}

// ---- its tokens --------------------------------------------------------------------------------------

// The server may put a token or two before everything; anything else is another vocabulary.
static bool counts_alike(const ChatOracle *o, Counter *c, const Held *h, ChatTemplate *t)
{
    enum { MORE_MOST = 2 };
    for (size_t i = 0; i < PARTS; i++) {
        uint64_t theirs, ours = chat_count_prompt(c, h->prompts[i]);
        if (!o->count(o->self, h->prompts[i], &theirs) || theirs < ours || theirs - ours > MORE_MOST) return false;
        if (i && theirs - ours != t->more) return false;
        t->more = (unsigned)(theirs - ours);
    }
    return true;
}

bool chat_learn(const ChatOracle *oracle, Str usual, Counter *c, Arena *a, ChatTemplate *out)
{
    Held h;
    if (!c->exact || !ask_held(oracle, a, &h)) return false;
    if (!is_known(usual, &h, out) && !is_new(oracle, &h, a, out)) return false;
    out->exact = true;
    return counts_alike(oracle, c, &h, out);
}
