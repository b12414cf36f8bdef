// SPDX-License-Identifier: Apache-2.0
//
// Subtitles, SubRip (.srt) and WebVTT (.vtt): what is said, without numbers, times, markup and
// positions. Cues that run on are joined; a pause of PAUSE_MS or another speaker begins a paragraph. Captions that
// roll show a line once more while the next one comes: it is said once.
#include "documents/document.h"

enum {
    PAUSE_MS = 2500,
    LINES_BEFORE = 4,   // of the cue before, looked at for lines that are shown again
    CUE_LINES = 64,     // what follows in a cue is text like any other
};

// "00:01:02,500" or "01:02.500" in milliseconds; false: none.
static bool read_time(Str s, uint64_t *ms)
{
    uint64_t n, total = 0;
    Str part, rest = str_trim(s);
    size_t dot = str_find_char(rest, '.') != STR_NONE ? str_find_char(rest, '.') : str_find_char(rest, ',');
    if (dot == STR_NONE) dot = rest.len, n = 0;
    else if (!str_to_u64(str_slice(rest, dot + 1, dot + 4), &n)) return false;
    Str clock = str_slice(rest, 0, dot);
    unsigned parts = 0;
    for (uint64_t m; str_cut(&clock, ':', &part); parts++) {
        if (!str_to_u64(part, &m) || m > 100000 || parts > 2) return false;
        total = total * 60 + m;
    }
    *ms = total * 1000 + n;
    return parts >= 2;
}

static bool is_times(Str line, uint64_t *from, uint64_t *to)
{
    size_t arrow = str_find(line, S("-->"));
    if (arrow == STR_NONE || !read_time(str_slice(line, 0, arrow), from)) return false;
    Str end = str_trim(str_slice(line, arrow + 3, line.len));
    size_t space = str_find_char(end, ' ');
    return read_time(space == STR_NONE ? end : str_slice(end, 0, space), to);
}

typedef struct Subtitles {
    Buf out;
    Str speaker;
    uint64_t end;       // of the cue before
    bool paragraph;     // the next text begins one
    bool near;          // the cue begins where the one before ends, or earlier
    bool blank;         // the last line was
    Str before[LINES_BEFORE];  // the last lines of the cue before
    size_t n_before;
    Str lines[CUE_LINES];
    size_t n_lines;
    Arena cue, cue_before;     // hold their lines
} Subtitles;

// "- Yes.", ">> ANN: Yes.": another speaks. The text without the mark; absent: nobody new.
static Str changed_speaker(Str line)
{
    static const Str marks[] = {S_INIT(">>>"), S_INIT(">>"), S_INIT("\xE2\x80\x93 "), S_INIT("\xE2\x80\x94 "), S_INIT("-")};
    bool minus = line.len > 1 && (str_is_digit(line.ptr[1]) || line.ptr[1] == '-');
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (!minus && str_starts(line, marks[i])) return str_trim(str_slice(line, marks[i].len, line.len));
    return (Str){0};
}

// "ANN: Yes." and "DR. WHO: No.": a name in capitals before a colon begins a paragraph as well.
static bool begins_with_name(Str line)
{
    enum { NAME_MAX = 30 };
    size_t colon = str_find_char(str_slice(line, 0, NAME_MAX), ':'), capitals = 0;
    if (colon == STR_NONE || colon + 1 >= line.len || line.ptr[colon + 1] != ' ') return false;
    for (size_t i = 0; i < colon; i++) {
        if (line.ptr[i] >= 'a' && line.ptr[i] <= 'z') return false;
        capitals += line.ptr[i] >= 'A' && line.ptr[i] <= 'Z';
    }
    return capitals >= 2;
}

static void say(Subtitles *s, Str text)
{
    Str plain = changed_speaker(text);
    if (plain.ptr) text = plain;
    if (text.len == 0) return;
    s->paragraph |= plain.ptr != NULL || begins_with_name(text);
    if (s->out.len && s->paragraph) buf_add(&s->out, S("\n\n"));
    else if (s->out.len) buf_add_char(&s->out, ' ');
    if (s->paragraph && s->speaker.len) {
        buf_add(&s->out, s->speaker);
        buf_add(&s->out, S(": "));
    }
    buf_add(&s->out, text);
    s->paragraph = false;
}

// WebVTT's six, and what SubRip has from HTML.
static size_t add_entity(Buf *b, Str s)
{
    static const struct {
        Str name, text;
    } entities[] = {{S_INIT("&amp;"), S_INIT("&")},   {S_INIT("&lt;"), S_INIT("<")},  {S_INIT("&gt;"), S_INIT(">")}, {S_INIT("&nbsp;"), S_INIT(" ")},
                    {S_INIT("&quot;"), S_INIT("\"")}, {S_INIT("&#39;"), S_INIT("'")}, {S_INIT("&lrm;"), S_INIT("")}, {S_INIT("&rlm;"), S_INIT("")}};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (str_starts(s, entities[i].name)) {
            buf_add(b, entities[i].text);
            return entities[i].name.len;
        }
    return 0;
}

// <v Name>: who speaks from here on.
static void take_voice(Subtitles *s, Str tag)
{
    if (!str_starts(tag, S("v ")) && !str_starts(tag, S("v."))) return;
    size_t space = str_find_char(tag, ' ');
    Str who = space == STR_NONE ? (Str){"", 0} : str_trim(str_slice(tag, space, tag.len));
    if (!str_eq(who, s->speaker)) s->paragraph = true;
    s->speaker = who;
}

// Where a tag begins: an arrow alone, or a smaller-than sign, is text.
static char closes(Str line, size_t i)
{
    char next = i + 1 < line.len ? line.ptr[i + 1] : ' ';
    if (line.ptr[i] == '<') return str_is_alpha(next) || str_is_digit(next) || next == '/' ? '>' : 0;
    return line.ptr[i] == '{' && next == '\\' ? '}' : 0;
}

// A line without its markup: <i>, <00:01:02.000>, {\an8}. The caller frees it.
static Buf plain_line(Subtitles *s, Str line)
{
    Buf b = {0};
    size_t last = line.len;     // behind the last byte that can close a tag
    while (last && line.ptr[last - 1] != '>' && line.ptr[last - 1] != '}') last--;
    for (size_t i = 0; i < line.len; i++) {
        enum { TAG_MAX = 1000 };  // bytes; what is longer is text
        char close = i < last ? closes(line, i) : 0;
        size_t end = close ? str_find_char(str_slice(line, i, i + TAG_MAX), close) : STR_NONE;
        size_t entity = line.ptr[i] == '&' ? add_entity(&b, str_slice(line, i, i + 8)) : 0;
        if (entity) {
            i += entity - 1;
        } else if (end == STR_NONE) {
            buf_add_char(&b, line.ptr[i]);
        } else {
            take_voice(s, str_slice(line, i + 1, i + end));
            i += end;
        }
    }
    return b;
}

static bool was_shown(const Subtitles *s, Str text)
{
    for (size_t i = 0; i < s->n_before && s->near; i++)
        if (str_eq(s->before[i], text)) return true;
    return false;
}

static void end_cue(Subtitles *s)
{
    if (s->n_lines == 0) return;
    s->n_before = s->n_lines < LINES_BEFORE ? s->n_lines : LINES_BEFORE;
    memcpy(s->before, s->lines + s->n_lines - s->n_before, s->n_before * sizeof *s->lines);
    s->n_lines = 0;
    Arena free = s->cue_before;
    s->cue_before = s->cue;
    s->cue = free;
    arena_reset(&s->cue);
}

static void say_line(Subtitles *s, Str line)
{
    Buf plain = plain_line(s, line);
    Str text = str_trim(buf_str(&plain));
    if (text.len && !was_shown(s, text)) say(s, text);
    if (text.len && s->n_lines < CUE_LINES) s->lines[s->n_lines++] = arena_str(&s->cue, text);
    buf_free(&plain);
}

static void start_cue(Subtitles *s, uint64_t from, uint64_t to)
{
    enum { NEAR_MS = 100 };
    end_cue(s);
    if (from > s->end + PAUSE_MS && s->out.len) s->paragraph = true;
    s->near = from <= s->end + NEAR_MS;
    s->end = to;
}

static bool is_number(Str line)
{
    uint64_t n;
    return str_to_u64(line, &n);
}

// A blank line ends a cue. In SubRip one may stand within it: then what follows has no times of its own.
static bool extract_cues(Extraction *x, bool blank_within, Error *e)
{
    Str text, line;
    if (!document_decode(x->bytes, x->shown, x->arena, &text, e)) return false;
    Subtitles *s = arena_new(x->arena, Subtitles, 1);
    *s = (Subtitles){.out = {.max = MARKDOWN_TEXT_MAX}, .paragraph = true};
    bool in_cue = false;
    for (Str rest = text; str_cut(&rest, '\n', &line);) {
        uint64_t from, to;
        line = str_trim(line);
        if (is_times(line, &from, &to)) {
            start_cue(s, from, to);
            in_cue = true;
        } else if (line.len == 0) {
            in_cue &= blank_within;
            s->blank = true;
            continue;
        } else if (in_cue && !(s->blank && is_number(line))) {
            say_line(s, line);
        }
        s->blank = false;
    }
    x->text = arena_str(x->arena, buf_str(&s->out));
    buf_free(&s->out);
    arena_free(&s->cue);
    arena_free(&s->cue_before);
    return true;
}

static bool extract_srt(Extraction *x, Error *e) { return extract_cues(x, true, e); }
static bool extract_vtt(Extraction *x, Error *e) { return extract_cues(x, false, e); }

const DocumentType document_srt = {.name = S_INIT("srt"), .endings = " srt", .extract = extract_srt, .version = 2};
const DocumentType document_vtt = {.name = S_INIT("vtt"), .endings = " vtt", .extract = extract_vtt, .version = 2};
