// SPDX-License-Identifier: Apache-2.0
#include "dedup/parquet_text.h"

#include <fcntl.h>
#include <unistd.h>

#include "dedup/parquet_column.h"

enum { TURNS_MAX = 1 << 20, TEXT_MAX = 256 << 20 };  // of a row; more is a file of another kind

// A column, and its entry that was read ahead.
typedef struct Cursor {
    ParquetColumn *column;  // NULL: there is none
    ParquetEntry next;
    bool have;
} Cursor;

struct ParquetText {
    const char *path;
    int fd;
    Arena arena;
    ParquetMeta meta;
    size_t text_leaf;
    Cursor text, role, source, score;
    size_t group;
    int64_t row;             // of the group
    bool *system;            // of each turn of the row: it is the system's
    size_t n_turns, cap_turns;
};

// ---- which columns ------------------------------------------------------------------------------

static bool is_string(const ParquetLeaf *leaf) { return leaf->type == PARQUET_BYTE_ARRAY; }

// The best leaf below a top column: one that is named as a turn's text, or else the only string.
static size_t text_below(const ParquetMeta *meta, Str top)
{
    size_t only = STR_NONE, strings = 0;
    for (size_t i = 0; i < meta->n_leaves; i++) {
        const ParquetLeaf *leaf = &meta->leaves[i];
        if (!str_eq(leaf->top, top) || !is_string(leaf)) continue;
        if (leaf->n_names > 1 && record_text_is_text(leaf->name)) return i;
        only = i;
        strings++;
    }
    return strings == 1 ? only : STR_NONE;
}

static bool no_column(const ParquetText *p, Str field, Error *e)
{
    Buf names = {0};
    for (size_t i = 0; i < p->meta.n_leaves && names.len < 200; i++) {
        if (i && str_eq(p->meta.leaves[i].top, p->meta.leaves[i - 1].top)) continue;
        if (names.len) buf_add(&names, S(", "));
        buf_add(&names, p->meta.leaves[i].top);
    }
    if (field.len)
        error_set(e, ERROR_USAGE, "records", "there is no column \"%.*s\" of texts", STR_ARG(field));
    else
        error_set(e, ERROR_USAGE, "records", "no column is known to hold a conversation");
    error_hint(e, "name the column that holds the text with --field; there are: %.*s", STR_ARG(buf_str(&names)));
    buf_free(&names);
    return error_at_file(e, str_from(p->path));
}

static bool find_text(ParquetText *p, Str field, Error *e)
{
    size_t best = STR_NONE;
    for (size_t i = 0; i < p->meta.n_leaves; i++) {
        const ParquetLeaf *leaf = &p->meta.leaves[i];
        size_t rank = record_text_rank(leaf->top, field);
        if (field.len && str_eq(leaf->path, field) && is_string(leaf)) {
            p->text_leaf = i;
            return true;
        }
        if (rank >= best || text_below(&p->meta, leaf->top) == STR_NONE) continue;
        best = rank;
        p->text_leaf = text_below(&p->meta, leaf->top);
    }
    return best != STR_NONE || no_column(p, field, e);
}

static void open_cursor(ParquetText *p, size_t leaf, Cursor *out)
{
    out->column = parquet_column_new(p->fd, p->path, &p->meta, leaf);
}

static bool is_number(const ParquetLeaf *leaf)
{
    return leaf->type == PARQUET_INT32 || leaf->type == PARQUET_INT64 || leaf->type == PARQUET_FLOAT || leaf->type == PARQUET_DOUBLE;
}

static void find_others(ParquetText *p)
{
    const ParquetLeaf *text = &p->meta.leaves[p->text_leaf];
    for (size_t i = 0; i < p->meta.n_leaves; i++) {
        const ParquetLeaf *leaf = &p->meta.leaves[i];
        bool flat = leaf->n_names == 1 && leaf->max_rep == 0;
        if (!p->role.column && text->max_rep && leaf->max_rep && is_string(leaf) && leaf->max_rep <= text->max_rep &&
            str_eq(leaf->top, text->top) && leaf->n_names > 1 && record_text_is_role(leaf->name))
            open_cursor(p, i, &p->role);
        if (!p->source.column && flat && is_string(leaf) && str_eq(leaf->name, S("source"))) open_cursor(p, i, &p->source);
        if (!p->score.column && flat && is_number(leaf) && record_text_is_score(leaf->name)) open_cursor(p, i, &p->score);
    }
}

// ---- opening ------------------------------------------------------------------------------------

static bool open_it(ParquetText *p, Str field, Error *e)
{
    p->fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (p->fd < 0) return error_errno(e, "open", p->path);
    if (!parquet_meta_read(p->fd, p->path, &p->arena, &p->meta, e) || !find_text(p, field, e)) return false;
    open_cursor(p, p->text_leaf, &p->text);
    find_others(p);
    parquet_text_rewind(p);
    return true;
}

bool parquet_text_open(const char *path, Str field, ParquetText **out, Error *e)
{
    ParquetText *p = mem_alloc(sizeof *p);
    *p = (ParquetText){.path = path, .fd = -1};
    *out = p;
    if (open_it(p, field, e)) return true;
    parquet_text_close(p);
    *out = NULL;
    return false;
}

void parquet_text_close(ParquetText *p)
{
    if (!p) return;
    parquet_column_free(p->text.column);
    parquet_column_free(p->role.column);
    parquet_column_free(p->source.column);
    parquet_column_free(p->score.column);
    if (p->fd >= 0) close(p->fd);
    free(p->system);
    arena_free(&p->arena);
    free(p);
}

int parquet_text_file(const ParquetText *p) { return p->fd; }
const ParquetMeta *parquet_text_meta(const ParquetText *p) { return &p->meta; }

static void start_group(ParquetText *p, size_t group)
{
    Cursor *all[] = {&p->text, &p->role, &p->source, &p->score};
    p->group = group;
    p->row = 0;
    for (size_t i = 0; i < 4; i++) {
        all[i]->have = false;
        if (all[i]->column && group < p->meta.n_groups) parquet_column_start(all[i]->column, group);
    }
}

void parquet_text_rewind(ParquetText *p) { start_group(p, 0); }

// ---- rows ---------------------------------------------------------------------------------------

// The next entry of the row; false at the row's end, or with e->kind set.
static bool next_entry(Cursor *c, bool *first, ParquetEntry *out, Error *e)
{
    *e = (Error){0};
    if (!c->have) c->have = parquet_column_next(c->column, &c->next, e);
    if (!c->have || (!*first && c->next.rep == 0)) return false;
    *out = c->next;
    c->have = false;
    *first = false;
    return true;
}

static bool read_roles(ParquetText *p, Error *e)
{
    ParquetEntry x;
    bool first = true;
    p->n_turns = 0;
    if (!p->role.column) return true;
    while (next_entry(&p->role, &first, &x, e)) {
        if (p->n_turns == p->cap_turns) {
            if (p->cap_turns == TURNS_MAX) return parquet_fault(e, p->path, "a row has more than a million turns");
            p->cap_turns = p->cap_turns ? 2 * p->cap_turns : 64;
            p->system = mem_realloc(p->system, p->cap_turns * sizeof *p->system);
        }
        p->system[p->n_turns++] = x.present && record_text_is_system(x.value);
    }
    return e->kind == ERROR_NONE;
}

// A string that is JSON, as the default CSV writes `messages`, is read as such.
static void add_string(Str value, Buf *out)
{
    Str s = str_trim(value);
    RecordText inner = {0};
    if (s.len > 1 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']') {
        JsonScan scan = json_scan(s);
        if (record_text_read(&scan, (Str){0}, &inner) && scan.at == scan.end) value = buf_str(&inner.text);
    }
    if (out->len && out->ptr[out->len - 1] != '\n') buf_add_char(out, '\n');
    buf_add(out, value);
    buf_free(&inner.text);
}

static bool read_text(ParquetText *p, Buf *out, Error *e)
{
    const unsigned turn_rep = 1;
    ParquetEntry x;
    bool first = true;
    size_t turn = 0;
    buf_clear(out);
    for (bool begun = false; next_entry(&p->text, &first, &x, e); begun = true) {
        if (begun && x.rep <= turn_rep) turn++;
        if (!x.present || (turn < p->n_turns && p->system[turn])) continue;
        if (x.value.len + out->len > TEXT_MAX) return parquet_fault(e, p->path, "a row's text is larger than 256 MiB");
        add_string(x.value, out);
    }
    if (e->kind) return false;
    return !first || parquet_fault(e, p->path, "its columns have fewer rows than the file says");
}

static double number_from(const ParquetLeaf *leaf, Str value)
{
    int32_t i32;
    int64_t i64;
    float f;
    double d = 0;
    switch (leaf->type) {
    case PARQUET_INT32: memcpy(&i32, value.ptr, sizeof i32); return (double)i32;
    case PARQUET_INT64: memcpy(&i64, value.ptr, sizeof i64); return (double)i64;
    case PARQUET_FLOAT: memcpy(&f, value.ptr, sizeof f); return (double)f;
    default: memcpy(&d, value.ptr, sizeof d); return d;
    }
}

static bool read_others(ParquetText *p, RecordText *out, Error *e)
{
    ParquetEntry x;
    bool first = true;
    out->handwritten = out->scored = false;
    out->score = 0;
    if (p->source.column && next_entry(&p->source, &first, &x, e)) out->handwritten = x.present && str_eq(x.value, S("handwritten"));
    if (e->kind) return false;
    first = true;
    if (p->score.column && next_entry(&p->score, &first, &x, e) && x.present) {
        out->score = number_from(parquet_column_leaf(p->score.column), x.value);
        out->scored = out->score == out->score;
    }
    return e->kind == ERROR_NONE;
}

bool parquet_text_next(ParquetText *p, RecordText *out, Error *e)
{
    *e = (Error){0};
    while (p->group < p->meta.n_groups && p->row == p->meta.groups[p->group].rows) start_group(p, p->group + 1);
    if (p->group == p->meta.n_groups) return false;
    if (!read_roles(p, e) || !read_text(p, &out->text, e) || !read_others(p, out, e)) return false;
    p->row++;
    out->found = true;
    return true;
}
