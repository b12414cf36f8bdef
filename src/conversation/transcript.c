// SPDX-License-Identifier: Apache-2.0
#include "conversation/transcript.h"

#include "conversation/draft.h"
#include "conversation/names.h"

// What is handed on while a file is read.
typedef struct Reader {
    Str text, file;
    const Form *form;
    const CheckContext *context;
    Arena *arena;
    Problems *problems;
    Transcripts *out;
    size_t cap;
    size_t counted;   // bytes whose line breaks are in `line`
    unsigned line;
    unsigned warned;
    bool failed;
} Reader;

enum { WARNINGS_MAX = 20 };  // of lines, so that they leave room for errors

static void read_block(Reader *r, Str block);

static bool is_rule(Str line) { return str_eq(str_trim_end(line), S("---")); }

static bool has_rule(Str text)
{
    Str line;
    while (str_cut(&text, '\n', &line))
        if (is_rule(line)) return true;
    return false;
}

bool transcripts_read(Str text, Str file, const Form *form, const CheckContext *context, Arena *a, Transcripts *out, Problems *problems)
{
    CheckContext handwritten = context ? *context : (CheckContext){0};
    handwritten.handwritten = true;
    *out = (Transcripts){.ruled = has_rule(text)};
    Reader r = {.text = text, .file = file, .form = form, .context = &handwritten, .arena = a, .problems = problems,
                .out = out, .line = 1};
    Str rest = text, line;
    size_t from = 0;
    while (str_cut(&rest, '\n', &line)) {
        size_t at = (size_t)(line.ptr - text.ptr);
        bool separates = out->ruled ? is_rule(line) : str_trim(line).len == 0;
        if (!separates) continue;
        read_block(&r, str_slice(text, from, at));
        from = at + line.len + 1;
    }
    read_block(&r, str_slice(text, from, text.len));
    return !r.failed;
}

// ---- errors -------------------------------------------------------------------------------------

static Error *fail(Reader *r, const char *at, const char *what, Str detail)
{
    Error *e = problems_new(r->problems, false, ERROR_PROJECT, "example", "%s%.*s", what, STR_ARG(str_slice(detail, 0, 200)));
    error_at(e, r->file, r->text, (size_t)(at - r->text.ptr));
    r->failed = true;
    return e;
}

static void hint_separators(const Reader *r, FindingReason reason, Error *e)
{
    if (reason == FINDING_EXCHANGES)
        error_hint(e, "allow more with --max-exchanges, shorten it, or separate examples by a line `---`");
    else if (r->out->ruled)
        error_hint(e, "separate examples by a line `---`; each is a whole conversation of `Name: text` lines");
    else
        error_hint(e, "separate examples by a line `---`: without one, every blank line begins a new example");
}

// ---- the bracketed line -------------------------------------------------------------------------

static bool is_value_end(char c) { return c == ' ' || c == '\t'; }

// Takes `name=value` off the front of *rest; the value may stand in quotes.
static bool take_value(Str *rest, TranscriptValue *out)
{
    size_t equals = str_find_char(*rest, '=');
    if (equals == STR_NONE || equals == 0) return false;
    out->name = str_slice(*rest, 0, equals);
    for (size_t i = 0; i < equals; i++)
        if (is_value_end(out->name.ptr[i]) || out->name.ptr[i] == '"') return false;
    Str value = str_slice(*rest, equals + 1, rest->len);
    if (value.len && value.ptr[0] == '"') {
        size_t end = str_find_char(str_slice(value, 1, value.len), '"');
        if (end == STR_NONE) return false;
        out->value = str_slice(value, 1, end + 1);
        *rest = str_slice(value, end + 2, value.len);
        return rest->len == 0 || is_value_end(rest->ptr[0]);
    }
    size_t end = 0;
    while (end < value.len && !is_value_end(value.ptr[end])) end++;
    out->value = str_slice(value, 0, end);
    *rest = str_slice(value, end, value.len);
    return true;
}

static bool is_repeated(const Transcript *t, Str name)
{
    for (size_t i = 0; i < t->n_values; i++)
        if (str_eq(t->values[i].name, name)) return true;
    return false;
}

// `line` with its brackets; `like` shows how one is written.
static bool read_values(Reader *r, Str line, const char *like, Transcript *t)
{
    size_t cap = 0;
    for (Str rest = str_trim(str_slice(line, 1, line.len - 1)); rest.len; rest = str_trim(rest)) {
        const char *at = rest.ptr;
        TranscriptValue value = {.offset = (size_t)(at - r->text.ptr)};
        if (!take_value(&rest, &value)) {
            error_hint(fail(r, at, "no `name=value`", (Str){0}), "write %s", like);
            return false;
        }
        if (is_repeated(t, value.name)) {
            error_hint(fail(r, at, "a second value for ", value.name), "keep one of the two");
            return false;
        }
        t->values = arena_grow(r->arena, t->values, t->n_values, &cap, sizeof *t->values);
        t->values[t->n_values++] = value;
    }
    return true;
}

// ---- blocks -------------------------------------------------------------------------------------

// A line `Name [intent=ask]: text`: the bracket, with *speaker and the text; absent: the line is none.
static Str labels_bracket(const Form *form, Str line, int *speaker, Str *text)
{
    size_t open = str_find_char(line, '['), close = str_find(line, S("]:"));
    if (open == STR_NONE || close == STR_NONE || close < open) return (Str){0};
    Str bracket = str_slice(line, open, close + 1);
    int named = form_participant(form, str_trim(str_slice(line, 0, open)));
    if (named == NOBODY || str_find_char(bracket, '=') == STR_NONE) return (Str){0};
    *speaker = named;
    *text = str_slice(line, close + 2, line.len);
    return bracket;
}

static void unknown_turn_label(Reader *r, const TranscriptValue *value, unsigned speaker)
{
    const Form *form = r->form;
    Str *names = arena_new(r->arena, Str, form->n_turn_labels + 1);
    size_t n = 0;
    for (size_t i = 0; i < form->n_turn_labels; i++)
        if (label_is_of(&form->turn_labels[i], speaker)) names[n++] = form->turn_labels[i].name;
    Str name = form->participants[speaker].name, nearest = str_nearest(value->name, names, n);
    Error *e = fail(r, r->text.ptr + value->offset, "no label of this turn is named ", value->name);
    if (nearest.len)
        error_hint(e, "write %.*s [%.*s=…]: text", STR_ARG(name), STR_ARG(nearest));
    else if (n)
        error_hint(e, "write %.*s [%.*s=…]: text, or leave the bracket out", STR_ARG(name), STR_ARG(names[0]));
    else
        error_hint(e, "leave the bracket out, or ask for labels under \"turn_labels\" in config/output-format.json");
}

static bool read_turn_labels(Reader *r, Str bracket, Draft *draft, Turn *turn)
{
    Transcript values = {0};
    if (!read_values(r, bracket, "Name [intent=ask]: text", &values)) return false;
    for (size_t i = 0; i < values.n_values; i++) {
        const TranscriptValue *value = &values.values[i];
        int label = label_find(r->form->turn_labels, r->form->n_turn_labels, value->name);
        if (label == NOBODY || !label_is_of(&r->form->turn_labels[label], turn->participant)) {
            unknown_turn_label(r, value, turn->participant);
            return false;
        }
        draft_turn_label(draft, turn, value->name, value->value);
    }
    return true;
}

// A line that goes on with a turn although somebody may have meant it to be more: a misspelt name, or a label.
static void warn_of_line(Reader *r, Str line)
{
    const Form *form = r->form;
    size_t colon = str_find_char(line, ':');
    Str name = colon == STR_NONE ? (Str){0} : str_trim(str_slice(line, 0, colon)), nearest = {0};
    if (name.len < 3 || r->warned == WARNINGS_MAX) return;
    for (size_t i = 0; i < form->n_participants && !nearest.len; i++) nearest = str_nearest(name, &form->participants[i].name, 1);
    Str value = str_trim(str_slice(line, colon + 1, line.len));
    int label = label_find(form->labels, form->n_labels, name), turn_label = label_find(form->turn_labels, form->n_turn_labels, name);
    bool labelled = (label != NOBODY && label_value(&form->labels[label], value).ptr) ||
                    (turn_label != NOBODY && label_value(&form->turn_labels[turn_label], value).ptr);
    if (!nearest.len && !labelled) return;
    r->warned++;
    Error *e = problems_new(r->problems, true, ERROR_PROJECT, "example", "this line is part of the turn above it");
    error_at(e, r->file, r->text, (size_t)(name.ptr - r->text.ptr));
    if (nearest.len)
        error_hint(e, "write `%.*s: …` if a turn is to begin here", STR_ARG(nearest));
    else if (turn_label != NOBODY)
        error_hint(e, "write a turn's labels behind its name: `Name [%.*s=…]: text`", STR_ARG(name));
    else
        error_hint(e, "write labels into the example's first line: [%.*s=…]", STR_ARG(name));
}

// Reads the lines behind the bracketed one. False when there is text before the first turn.
static bool read_turns(Reader *r, Str lines, Draft *draft)
{
    Str line;
    const char *start = NULL;
    while (str_cut(&lines, '\n', &line)) {
        int speaker;
        Str behind = line_speaker(r->form, line, &speaker), bracket = {0};
        if (speaker == NOBODY) bracket = labels_bracket(r->form, line, &speaker, &behind);
        if (speaker != NOBODY) {
            Turn *turn = draft_turn(draft, (unsigned)speaker, behind);
            if (bracket.ptr && !read_turn_labels(r, bracket, draft, turn)) return false;
            start = behind.ptr;
        } else if (start) {
            warn_of_line(r, line);
            draft->turns[draft->n_turns - 1].text = (Str){start, (size_t)(line.ptr + line.len - start)};
        } else if (str_trim(line).len) {
            Error *e = fail(r, str_trim(line).ptr, "no participant's name opens this line", (Str){0});
            error_hint(e, "write `%.*s: text`; examples are separated by a line `---`", STR_ARG(r->form->participants[0].name));
            return false;
        }
    }
    for (size_t i = 0; i < draft->n_turns; i++) draft->turns[i].text = str_trim(draft->turns[i].text);
    return true;
}

static Str without_blank_lines(Str block)
{
    const char *end = block.ptr + block.len;
    block = str_trim_end(block);
    while (block.len) {
        size_t line = str_find_char(block, '\n');
        if (str_trim(str_slice(block, 0, line)).len) break;
        if (line == STR_NONE) return (Str){end, 0};
        block = str_slice(block, line + 1, block.len);
    }
    return block;
}

// Blocks come in the order of the file.
static unsigned line_number(Reader *r, size_t offset)
{
    for (; r->counted < offset; r->counted++) r->line += r->text.ptr[r->counted] == '\n';
    return r->line;
}

// Of a turn's first line; its text stands behind the name.
static const char *line_start(const Reader *r, Str text)
{
    const char *at = text.ptr;
    while (at > r->text.ptr && str_is_space(at[-1])) at--;
    while (at > r->text.ptr && at[-1] != '\n') at--;
    return at;
}

static void read_block(Reader *r, Str block)
{
    block = without_blank_lines(block);
    if (block.len == 0) return;
    Transcript t = {.text = block, .offset = (size_t)(block.ptr - r->text.ptr)};
    Draft draft = draft_new(r->form, r->arena);
    Str rest = block, line;
    str_cut(&rest, '\n', &line);
    line = str_trim(line);
    if (str_starts(line, S("[")) && str_ends(line, S("]")) && line.len >= 2) {
        if (!read_values(r, line, "[topic=billing mood=\"very angry\"]", &t)) return;
    } else {
        rest = block;
    }
    if (!read_turns(r, rest, &draft)) return;
    for (size_t i = 0; i < t.n_values; i++) draft_label(&draft, t.values[i].name, t.values[i].value);
    t.conversation = (Conversation){.turns = draft.turns, .n_turns = draft.n_turns, .labels = draft.labels};
    Finding why = {0};
    if (!conversation_check(&t.conversation, r->form, r->context, r->arena, &why)) {
        const char *at = why.turn ? line_start(r, draft.turns[why.turn - 1].text) : block.ptr;
        hint_separators(r, why.reason, fail(r, at, "this example is not kept to the form: ", str_from(why.message)));
        return;
    }
    t.line = line_number(r, t.offset);
    r->out->items = arena_grow(r->arena, r->out->items, r->out->n, &r->cap, sizeof t);
    r->out->items[r->out->n++] = t;
}
