// SPDX-License-Identifier: Apache-2.0
//
// Subtitles, SubRip (.srt) and WebVTT (.vtt): what is said, without numbers, times, markup and
// positions. Cues that run on are joined; a pause of PAUSE_MS or another speaker begins a paragraph.
#include "knowledge/document.h"

enum { PAUSE_MS = 2500 };

// "00:01:02,500" or "01:02.500" in milliseconds; false: none.
static bool read_time(Str s, uint64_t *ms)
{
    uint64_t n, total = 0;
    Str part, rest = str_trim(s);
    size_t dot = str_find_char(rest, '.') != STR_NONE ? str_find_char(rest, '.') : str_find_char(rest, ',');
    if (dot == STR_NONE || !str_to_u64(str_slice(rest, dot + 1, dot + 4), &n)) return false;
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
} Subtitles;

static void say(Subtitles *s, Str text)
{
    if (text.len == 0) return;
    if (s->out.len) buf_add(&s->out, s->paragraph ? S("\n\n") : S(" "));
    if (s->paragraph && s->speaker.len) {
        buf_add(&s->out, s->speaker);
        buf_add(&s->out, S(": "));
    }
    buf_add(&s->out, text);
    s->paragraph = false;
}

// A line without its markup: <i>, <00:01:02.000>, {\an8}; <v Name> names who speaks.
static void say_line(Subtitles *s, Str line)
{
    Buf b = {0};
    size_t last = line.len;     // behind the last byte that can close a tag
    while (last && line.ptr[last - 1] != '>' && line.ptr[last - 1] != '}') last--;
    for (size_t i = 0; i < line.len; i++) {
        enum { TAG_MAX = 1000 };  // bytes; what is longer is text
        char close = i >= last ? 0 : line.ptr[i] == '<' ? '>' : line.ptr[i] == '{' && i + 1 < line.len && line.ptr[i + 1] == '\\' ? '}' : 0;
        size_t end = close ? str_find_char(str_slice(line, i, i + TAG_MAX), close) : STR_NONE;
        if (end == STR_NONE) {
            buf_add_char(&b, line.ptr[i]);
            continue;
        }
        Str tag = str_slice(line, i + 1, i + end);
        if (str_starts(tag, S("v ")) || str_starts(tag, S("v."))) {
            size_t space = str_find_char(tag, ' ');
            Str who = space == STR_NONE ? (Str){"", 0} : str_trim(str_slice(tag, space, tag.len));
            if (!str_eq(who, s->speaker)) s->paragraph = true;
            s->speaker = who;
        }
        i += end;
    }
    say(s, str_trim(buf_str(&b)));
    buf_free(&b);
}

static bool extract(Extraction *x, Error *e)
{
    Str text, line;
    if (!document_decode(x->bytes, x->shown, x->arena, &text, e)) return false;
    Subtitles s = {.out = {.max = MARKDOWN_TEXT_MAX}, .paragraph = true};
    bool in_cue = false;
    for (Str rest = text; str_cut(&rest, '\n', &line);) {
        uint64_t from, to;
        line = str_trim(line);
        if (is_times(line, &from, &to)) {
            if (from > s.end + PAUSE_MS && s.out.len) s.paragraph = true;
            s.end = to;
            in_cue = true;
        } else if (line.len == 0) {
            in_cue = false;
        } else if (in_cue) {
            say_line(&s, line);
        }
    }
    x->text = arena_str(x->arena, buf_str(&s.out));
    buf_free(&s.out);
    return true;
}

const DocumentType document_srt = {.name = S_INIT("srt"), .endings = " srt", .extract = extract, .version = 1};
const DocumentType document_vtt = {.name = S_INIT("vtt"), .endings = " vtt", .extract = extract, .version = 1};
