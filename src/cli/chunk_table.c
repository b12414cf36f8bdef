// SPDX-License-Identifier: Apache-2.0
#include "cli/chunk_table.h"

#include "base/json.h"
#include "base/utf8.h"
#include "cli/bubble.h"

enum {
    NAME_MIN = 16, NAME_MAX = 48,   // columns of a document's name
    SPARK = 12, SPARK_MIN = 8,      // columns of a row's picture
    FIGURES = 54,                   // columns of strategy and numbers, with their gaps
    BARS = 10,                      // lines of the picture of all chunks, about
    PICTURE_MAX = 60,               // columns of its longest bar
    SHORT_SHARE = 4,                // a warning, when one chunk in so many is short
    SHORT = 10,                     // … below a tenth of the maximum
};

// ---- what is wrong ------------------------------------------------------------------------------

static Str file_of(const Error *problem)
{
    Str file = str_from(problem->place.file);
    return str_starts(file, S("knowledge/")) ? str_slice(file, S("knowledge/").len, file.len) : (Str){0};
}

bool chunk_table_has(const Error *problem) { return problem->warning && file_of(problem).len > 0; }

static uint32_t count_short(const Knowledge *k, const Document *d)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n_chunks; i++) n += k->chunks[d->first_chunk + i].words < d->strategy->max / SHORT;
    return n;
}

static bool has_short(const Knowledge *k, const Document *d, uint32_t *n)
{
    *n = d->strategy->unit == UNIT_WORDS && d->strategy->max && d->n_chunks > 1 ? count_short(k, d) : 0;
    return *n * SHORT_SHARE > d->n_chunks;
}

// One warning after another of a document, or of a file that is none.
typedef void (*TellWarning)(void *ctx, Str warning);

static void each_warning(const ChunkTable *t, const Document *d, TellWarning tell, void *ctx)
{
    Buf b = {.max = 400};
    uint32_t n;
    for (size_t i = 0; i < t->problems->n; i++)
        if (chunk_table_has(&t->problems->items[i]) && str_eq(file_of(&t->problems->items[i]), d->file)) tell(ctx, str_from(t->problems->items[i].what));
    if (has_short(t->knowledge, d, &n)) {
        buf_printf(&b, "%u of %u chunks have fewer than %zu words", n, d->n_chunks, d->strategy->max / SHORT);
        tell(ctx, buf_str(&b));
    }
    buf_free(&b);
}

// A file of which nothing could be read.
static bool is_skipped(const ChunkTable *t, const Error *problem)
{
    if (!chunk_table_has(problem)) return false;
    for (size_t i = 0; i < t->knowledge->n_documents; i++)
        if (str_eq(t->knowledge->documents[i].file, file_of(problem))) return false;
    return true;
}

// ---- a row --------------------------------------------------------------------------------------

static unsigned columns_of(Str s)
{
    unsigned columns = 0;
    for (size_t at = 0; at < s.len;) columns += letter_columns(utf8_next(s, &at));
    return columns;
}

static void pad(Buf *out, unsigned from, unsigned to)
{
    for (; from < to; from++) buf_add_char(out, ' ');
}

// A long name loses its beginning: the file's name is what tells.
static void add_name(const ChunkTable *t, Str name, unsigned width, Buf *out)
{
    Str dots = t->unicode ? S("\xE2\x80\xA6") : S("...");
    unsigned columns = columns_of(name), room = width - (t->unicode ? 1 : 3);
    if (columns > width) {
        size_t at = 0;
        while (columns > room) columns -= letter_columns(utf8_next(name, &at));
        buf_add(out, dots);
        columns += width - room;
        name = str_slice(name, at, name.len);
    }
    buf_add(out, name);
    pad(out, columns, width);
}

static void add_strategy(const Strategy *s, Buf *out)
{
    size_t before = out->len;
    buf_add(out, strategy_names[s->kind]);
    if (s->max) buf_printf(out, " %zu", s->max);
    if (s->overlap) buf_printf(out, "+%zu", s->overlap);
    pad(out, (unsigned)(out->len - before), 17);
}

static uint32_t longest_chunk(const Knowledge *k)
{
    uint32_t most = 0;
    for (size_t i = 0; i < k->n_chunks; i++) most = k->chunks[i].words > most ? k->chunks[i].words : most;
    return most;
}

// Columns of a row's picture; 0: there is no room.
static unsigned spark_columns(const ChunkTable *t)
{
    if (t->width >= NAME_MIN + FIGURES + 2 + SPARK + 8) return SPARK;
    return t->width >= NAME_MIN + FIGURES + 2 + SPARK_MIN ? SPARK_MIN : 0;
}

// How many chunks of each length, on the scale of the longest of all; the tallest fills the line.
static void add_spark(const ChunkTable *t, const Document *d, uint32_t longest, Buf *out)
{
    static const char *const blocks[] = {" ", "\xE2\x96\x81", "\xE2\x96\x82", "\xE2\x96\x83", "\xE2\x96\x84", "\xE2\x96\x85", "\xE2\x96\x86", "\xE2\x96\x87", "\xE2\x96\x88"};
    static const char *const marks[] = {" ", ".", ":", ":", "-", "=", "+", "*", "#"};
    unsigned columns = spark_columns(t), last = 0;
    uint32_t counts[SPARK] = {0}, most = 1;
    for (uint32_t i = 0; i < d->n_chunks; i++) {
        uint64_t words = t->knowledge->chunks[d->first_chunk + i].words;
        uint32_t *count = &counts[words * columns / ((uint64_t)longest + 1)];
        if (++*count > most) most = *count;
    }
    for (unsigned i = 0; i < columns; i++) last = counts[i] ? i : last;
    for (unsigned i = 0; i <= last; i++) {
        uint64_t level = counts[i] ? 1 + (uint64_t)(counts[i] - 1) * 8 / most : 0;
        buf_add(out, str_from((t->unicode ? blocks : marks)[level > 8 ? 8 : counts[i] == most ? 8 : level]));
    }
}

static void tell_line(void *ctx, Str warning)
{
    Buf *out = ctx;
    buf_add(out, S("    warning: "));
    buf_add(out, warning);
    buf_add_char(out, '\n');
}

static void add_document(const ChunkTable *t, const Document *d, unsigned name, uint32_t longest, Arena *a, Buf *out)
{
    ChunkStatistics s = knowledge_statistics(t->knowledge, d, a);
    add_name(t, d->path, name, out);
    buf_add(out, S("  "));
    add_strategy(d->strategy, out);
    buf_printf(out, "%6u %8llu %5u %7u %5u", s.chunks, (unsigned long long)s.words, s.min, s.median, s.max);
    if (spark_columns(t) && d->n_chunks) {
        buf_add(out, S("  "));
        add_spark(t, d, longest, out);
    }
    buf_add_char(out, '\n');
    each_warning(t, d, tell_line, out);
}

// ---- the picture --------------------------------------------------------------------------------

// The smallest of 1, 2, 5, 10, 20, … of which BARS reach the longest chunk.
static uint32_t step_of(uint32_t longest)
{
    uint64_t step = 1;
    for (unsigned i = 0; step * BARS < longest; i++) step = i % 3 == 1 ? step / 2 * 5 : step * 2;
    return (uint32_t)step;
}

static void add_bar(const ChunkTable *t, uint64_t count, uint64_t most, unsigned width, Buf *out)
{
    static const char *const eighths[] = {"", "\xE2\x96\x8F", "\xE2\x96\x8E", "\xE2\x96\x8D", "\xE2\x96\x8C", "\xE2\x96\x8B", "\xE2\x96\x8A", "\xE2\x96\x89"};
    uint64_t length = count * width * 8 / most;
    if (count && length < 8) length = t->unicode ? (length ? length : 1) : 8;
    for (uint64_t i = 0; i < length / 8; i++) buf_add(out, t->unicode ? S("\xE2\x96\x88") : S("#"));
    if (t->unicode) buf_add(out, str_from(eighths[length % 8]));
}

// A bar ends with its round number, since a strategy's bound is one: "401 to 500" is full, none is above.
static void add_range(uint32_t bar, uint32_t step, Buf *out)
{
    char range[32];
    if (bar == 0) snprintf(range, sizeof range, "up to %u", step);
    else if (step == 1) snprintf(range, sizeof range, "%u", bar + 1);
    else snprintf(range, sizeof range, "%u to %u", bar * step + 1, (bar + 1) * step);
    buf_printf(out, "%16s  ", range);
}

static uint32_t bar_of(uint32_t words, uint32_t step) { return words ? (words - 1) / step : 0; }

static void add_picture(const ChunkTable *t, uint32_t longest, Buf *out)
{
    const Knowledge *k = t->knowledge;
    uint64_t counts[BARS + 1] = {0}, most = 0;
    uint32_t step = step_of(longest), bars = bar_of(longest, step) + 1;
    for (size_t i = 0; i < k->n_chunks; i++) {
        uint64_t *count = &counts[bar_of(k->chunks[i].words, step)];
        if (++*count > most) most = *count;
    }
    unsigned width = t->width && t->width < PICTURE_MAX + 30 ? (t->width > 40 ? t->width - 30 : 10) : PICTURE_MAX;
    buf_add(out, S("\nwords a chunk\n"));
    for (uint32_t i = 0; i < bars && i <= BARS; i++) {
        add_range(i, step, out);
        add_bar(t, counts[i], most, width, out);
        buf_printf(out, "%s%llu\n", counts[i] ? " " : "", (unsigned long long)counts[i]);
    }
}

// ---- all ----------------------------------------------------------------------------------------

static unsigned name_columns(const ChunkTable *t)
{
    unsigned most = NAME_MIN, room = NAME_MAX;
    for (size_t i = 0; i < t->knowledge->n_documents; i++) {
        unsigned columns = columns_of(t->knowledge->documents[i].path);
        most = columns > most ? columns : most;
    }
    if (t->width == 0) return most;
    unsigned others = FIGURES + (spark_columns(t) ? 2 + spark_columns(t) : 0);
    if (t->width < NAME_MAX + others) room = t->width > NAME_MIN + others ? t->width - others : NAME_MIN;
    return most < room ? most : room;
}

void chunk_table_render(const ChunkTable *t, Buf *out)
{
    const Knowledge *k = t->knowledge;
    Arena a = {0};
    uint32_t longest = longest_chunk(k);
    unsigned name = name_columns(t);
    if (k->n_documents) {
        add_name(t, S("document"), name, out);
        buf_printf(out, "  %-17s%6s %8s %5s %7s %5s%s\n", "strategy", "chunks", "words", "min", "median", "max", spark_columns(t) ? "  lengths" : "");
    }
    for (size_t i = 0; i < k->n_documents; i++) {
        arena_reset(&a);
        add_document(t, &k->documents[i], name, longest, &a, out);
    }
    for (size_t i = 0; i < t->problems->n; i++) {
        if (!is_skipped(t, &t->problems->items[i])) continue;
        buf_add(out, file_of(&t->problems->items[i]));
        buf_add(out, S("  not read\n"));
        tell_line(out, str_from(t->problems->items[i].what));
    }
    if (k->n_chunks > 1) add_picture(t, longest, out);
    arena_free(&a);
}

// ---- JSON ---------------------------------------------------------------------------------------

typedef struct JsonList {
    Buf *out;
    size_t n;
} JsonList;

static void tell_json(void *ctx, Str warning)
{
    JsonList *list = ctx;
    if (list->n++) buf_add_char(list->out, ',');
    json_write_string(list->out, warning);
}

static void add_json_document(const ChunkTable *t, const Document *d, Arena *a, Buf *out)
{
    static const char *const units[] = {"words", "tokens", "characters"};
    const Strategy *s = d->strategy;
    ChunkStatistics n = knowledge_statistics(t->knowledge, d, a);
    buf_add(out, S("{\"document\":"));
    json_write_string(out, d->path);
    buf_printf(out, ",\"strategy\":\"%.*s\",\"maximum\":", STR_ARG(strategy_names[s->kind]));
    if (s->max)
        buf_printf(out, "%zu,\"unit\":\"%s\"", s->max, units[s->unit]);
    else
        buf_add(out, S("null,\"unit\":null"));
    buf_printf(out, ",\"overlap\":%zu,\"chunks\":%u,\"words\":%llu,\"min\":%u,\"median\":%u,\"max\":%u,\"warnings\":[", s->overlap, n.chunks,
               (unsigned long long)n.words, n.min, n.median, n.max);
    JsonList list = {out, 0};
    each_warning(t, d, tell_json, &list);
    buf_add(out, S("]}"));
}

void chunk_table_json(const ChunkTable *t, Buf *out)
{
    const Knowledge *k = t->knowledge;
    Arena a = {0};
    size_t rows = 0;
    buf_add_char(out, '[');
    for (size_t i = 0; i < k->n_documents; i++) {
        arena_reset(&a);
        if (rows++) buf_add_char(out, ',');
        add_json_document(t, &k->documents[i], &a, out);
    }
    for (size_t i = 0; i < t->problems->n; i++) {
        if (!is_skipped(t, &t->problems->items[i])) continue;
        buf_add(out, rows++ ? S(",{\"document\":") : S("{\"document\":"));
        json_write_string(out, file_of(&t->problems->items[i]));
        buf_add(out, S(",\"strategy\":null,\"maximum\":null,\"unit\":null,\"overlap\":0,\"chunks\":0,\"words\":0,\"min\":0,\"median\":0,\"max\":0,\"warnings\":["));
        json_write_string(out, str_from(t->problems->items[i].what));
        buf_add(out, S("]}"));
    }
    buf_add_char(out, ']');
    arena_free(&a);
}
