// SPDX-License-Identifier: Apache-2.0
#include "output/selection.h"

#include "base/hash.h"
#include "output/pump.h"

enum {
    OPEN = 254,         // a part that the split will tell
    FIRST_FEW = 50,     // rows that are looked at for the names of labels
    FIRST_MANY = 1000,  // more of them, where a label was null so far
};

typedef struct Look {
    const SelectionRules *rules;
    Selection *out;
    Arena *arena;
    ExportReader reader;
    size_t cap;
    uint32_t *rows;         // stratum of every place, with a split
    uint64_t *draws;        // for a sample
    Interner strata;
    Groups groups;          // with a split
    const uint64_t *found;  // iterations that `where` holds for, ascending
    size_t n_found, next_found;
    bool stratum_seen, together_seen;
    size_t n_first;         // rows of the run's first ones that were looked at
    Buf text;
} Look;

static unsigned part_named(Look *l, Str name, Error *e)
{
    Selection *s = l->out;
    for (size_t i = 0; i < s->n_names; i++)
        if (str_eq(s->names[i], name)) return (unsigned)i;
    if (s->n_names == EXPORT_PARTS) {
        error_set(e, ERROR_USAGE, "usage", "more than %d parts", EXPORT_PARTS);
        return 0;
    }
    s->names[s->n_names] = arena_str(l->arena, name);
    return (unsigned)s->n_names++;
}

static Str plain(Look *l, Str raw)
{
    buf_clear(&l->text);
    json_slice_text(&l->text, raw);
    return buf_str(&l->text);
}

static Str partition_of(Look *l, const ExportRow *row)
{
    return json_slice_is_null(row->partition) ? S("train") : plain(l, row->partition);
}

// ---- strata -------------------------------------------------------------------------------------

// The value of a label, or of topic, document or template; absent: nobody has it.
static Str value_named(const ExportRow *row, Str name)
{
    Str value = json_slice_member(row->labels, name);
    if (!value.ptr && str_eq(name, S("topic"))) value = row->topic;
    return value.ptr ? value : json_slice_member(row->drawn, name);
}

static uint32_t stratum_of(Look *l, const ExportRow *row)
{
    if (!l->rules->stratify.ptr) return intern(&l->strata, S("all"));
    Str value = value_named(row, l->rules->stratify);
    l->stratum_seen |= value.ptr != NULL;
    return intern(&l->strata, value.ptr ? value : S("null"));
}

static bool add_to_groups(Look *l, const ExportRow *row, Str text, uint8_t part, Error *e)
{
    GroupRow g = {.chunks = row->chunks, .text = text, .part = part};
    if (l->rules->together.ptr) g.together = value_named(row, l->rules->together);
    l->together_seen |= g.together.ptr != NULL;
    return groups_add(&l->groups, &g, e);
}

// ---- one look at every row ----------------------------------------------------------------------

static bool is_found(Look *l, uint64_t iteration)
{
    if (!l->rules->where.ptr) return true;
    while (l->next_found < l->n_found && l->found[l->next_found] < iteration) l->next_found++;
    return l->next_found < l->n_found && l->found[l->next_found] == iteration;
}

static void make_room(Look *l)
{
    if (l->out->n < l->cap) return;
    l->cap = l->cap ? 2 * l->cap : 4096;
    l->out->parts = mem_realloc(l->out->parts, l->cap);
    if (l->rules->n_shares) l->rows = mem_realloc(l->rows, l->cap * sizeof *l->rows);
    if (l->rules->sample) l->draws = mem_realloc(l->draws, l->cap * sizeof *l->draws);
}

static bool look(void *ctx, const KeptItem *item, Error *e)
{
    Look *l = ctx;
    const SelectionRules *rules = l->rules;
    ExportRow row;
    export_read(&l->reader, item, &row);
    bool taken = is_found(l, item->iteration) && (row.handwritten ? rules->handwritten : rules->generated);
    make_room(l);
    size_t place = l->out->n++;
    l->out->parts[place] = SELECTION_NONE;
    if (!taken) return !rules->n_shares || groups_add(&l->groups, NULL, e);
    if (rules->sample) l->draws[place] = hash_mix(rules->seed, hash64(row.id, place));
    Str partition = partition_of(l, &row);
    bool is_split = rules->n_shares && !row.handwritten && str_eq(partition, S("train"));
    if (row.handwritten && rules->n_shares) partition = S("train");
    if (!is_split && rules->n_shares && str_eq(partition, S("train"))) {
        bool there = false;
        for (size_t i = 0; i < rules->n_shares; i++) there |= str_eq(rules->shares[i].name, partition);
        if (!there) partition = rules->shares[0].name;
    }
    l->out->parts[place] = is_split ? OPEN : (uint8_t)part_named(l, partition, e);
    if (!rules->n_shares) return e->kind == ERROR_NONE;
    l->rows[place] = stratum_of(l, &row);
    return add_to_groups(l, &row, item->row.text, is_split ? GROUPS_FREE : l->out->parts[place], e) && e->kind == ERROR_NONE;
}

// ---- afterwards ---------------------------------------------------------------------------------

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

// Leaves only the rows with the least draws.
static void take_sample(Look *l)
{
    Selection *s = l->out;
    uint64_t *sorted = mem_alloc((s->n + 1) * sizeof *sorted);
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->parts[i] != SELECTION_NONE) sorted[n++] = l->draws[i];
    if (n > l->rules->sample) {
        qsort(sorted, n, sizeof *sorted, by_number);
        uint64_t limit = sorted[l->rules->sample];
        for (size_t i = 0; i < s->n; i++)
            if (l->draws[i] >= limit) s->parts[i] = SELECTION_NONE;
    }
    free(sorted);
}

// Numbers the groups of the rows that are split without gaps, and gives them out.
static bool split_rows(Look *l, Error *e)
{
    Selection *s = l->out;
    if (!groups_settle(&l->groups, e)) return false;
    size_t n_sets = l->groups.sets.n, n = 0, groups = 0;
    SplitRow *rows = mem_alloc((s->n + 1) * sizeof *rows);
    uint8_t *parts = mem_alloc(s->n + 1), *given = mem_alloc(n_sets + 1);
    uint32_t *numbers = mem_alloc((n_sets + 1) * sizeof *numbers);
    memset(numbers, 0xFF, (n_sets + 1) * sizeof *numbers);
    for (size_t i = 0; i < s->n; i++) {
        if (s->parts[i] != OPEN) continue;
        uint32_t set = groups_find(&l->groups, i), *number = &numbers[set];
        if (*number == UINT32_MAX) {
            *number = (uint32_t)groups++;
            given[*number] = l->groups.given[set] == GROUPS_FREE ? SPLIT_FREE : l->groups.given[set];
        }
        rows[n++] = (SplitRow){*number, l->rows[i]};
    }
    split_assign(rows, n, groups, l->strata.n, given, l->rules->shares, l->rules->n_shares, l->rules->seed, parts);
    n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->parts[i] == OPEN) s->parts[i] = parts[n++];
    s->groups = groups;
    s->near = l->groups.near;
    free(rows);
    free(parts);
    free(given);
    free(numbers);
    return true;
}

// ---- the first rows of each run, and the whole --------------------------------------------------

static void add_turn_label(Look *l, Str raw_key)
{
    Selection *s = l->out;
    for (size_t i = 0; i < s->n_turn_labels; i++)
        if (str_eq(s->turn_labels[i], raw_key)) return;
    if (s->n_turn_labels < EXPORT_TURN_LABELS) s->turn_labels[s->n_turn_labels++] = arena_str(l->arena, raw_key);
}

static void find_turn_labels(Look *l, const ExportRow *row)
{
    for (size_t i = 0; i < row->n; i++) {
        JsonWalk w = {.text = row->messages[i].turn, .at = row->messages[i].labels_at};
        Str key, value;
        while (w.at && json_walk_member(&w, &key, &value)) add_turn_label(l, key);
    }
}

// Joins the types of a row's labels to their columns'; true while a column has had nothing but nulls.
static bool join_types(Look *l, const ExportRow *row)
{
    Selection *s = l->out;
    JsonWalk w = {.text = row->labels};
    Str key, value;
    bool open = false;
    for (size_t at = 0; json_walk_member(&w, &key, &value); at++) {
        // They stand in the same order in every row of a run.
        if (at >= s->n_labels || !str_eq(s->labels[at].key, key))
            for (at = 0; at < s->n_labels && !str_eq(s->labels[at].key, key);) at++;
        if (at == s->n_labels) {
            if (s->n_labels == EXPORT_LABELS) continue;
            s->labels[s->n_labels++] = (ExportLabel){arena_str(l->arena, key), EXPORT_NULL};
        }
        s->labels[at].type = export_type_join(s->labels[at].type, export_type_of(value));
        open |= s->labels[at].type == EXPORT_NULL;
    }
    return open;
}

static bool first_rows(void *ctx, const KeptItem *item, Error *e)
{
    Look *l = ctx;
    ExportRow row;
    export_read(&l->reader, item, &row);
    bool open = join_types(l, &row);
    find_turn_labels(l, &row);
    if (!l->rules->n_shares && !l->n_first) part_named(l, partition_of(l, &row), e);
    l->n_first++;
    // Labels of turns may come late where only one participant has them.
    return l->n_first < FIRST_FEW || (open && l->n_first < FIRST_MANY);
}

static bool types_row(void *ctx, const KeptItem *item, Error *e)
{
    Look *l = ctx;
    ExportRow row;
    (void)e;
    export_read(&l->reader, item, &row);
    join_types(l, &row);
    return true;
}

// Columns of text stay so whatever comes. Another type is only known to hold for all rows when all were looked at.
static bool settle_types(Look *l, KeptQuery *const *runs, size_t n_runs, Error *e)
{
    Selection *s = l->out;
    bool all_text = true, ok = true;
    for (size_t i = 0; i < s->n_labels; i++) all_text &= s->labels[i].type == EXPORT_TEXT;
    for (size_t i = 0; i < n_runs && ok && !all_text; i++) ok = pump_each(runs[i], KEPT_DRAWN, types_row, l, e);
    for (size_t i = 0; i < s->n_labels; i++)
        if (s->labels[i].type == EXPORT_NULL) s->labels[i].type = EXPORT_TEXT;
    return ok;
}

static bool look_at(Look *l, KeptQuery *run, Error *e)
{
    uint64_t *found = NULL;
    if (l->rules->where.ptr && !kept_query_where(run, l->rules->where, &found, &l->n_found, e)) return false;
    l->found = found;
    l->next_found = 0;
    unsigned columns = KEPT_DRAWN | (l->rules->n_shares ? KEPT_TEXT : 0);
    bool ok = pump_each(run, columns, look, l, e);
    free(found);
    return ok;
}

static bool read_first(Look *l, KeptQuery *run, Error *e)
{
    l->n_first = 0;
    return kept_query_each(run, 0, KEPT_DRAWN | KEPT_CONVERSATION, first_rows, l, e);
}

static bool all_named(const Look *l, Error *e)
{
    const SelectionRules *r = l->rules;
    bool strata = !r->stratify.ptr || l->stratum_seen, together = !r->together.ptr || l->together_seen;
    if ((strata && together) || !l->out->n) return true;
    error_set(e, ERROR_USAGE, "usage", "%s: no conversation has a label %.*s", strata ? "--together" : "--stratify",
              STR_ARG(strata ? r->together : r->stratify));
    return error_hint(e, "name a label of the record, or topic, document or template");
}

bool selection_make(const SelectionRules *rules, KeptQuery *const *runs, size_t n_runs, Arena *a, Selection *out, Error *e)
{
    *out = (Selection){0};
    Look l = {.rules = rules, .out = out, .arena = a};
    bool whole = !rules->where.ptr && !rules->sample && !rules->n_shares && rules->generated && rules->handwritten, ok = true;
    for (size_t i = 0; i < rules->n_turn_labels; i++) add_turn_label(&l, rules->turn_labels[i]);
    if (rules->n_shares) groups_init(&l.groups, rules->threshold);
    for (size_t i = 0; i < rules->n_shares && ok; i++) part_named(&l, rules->shares[i].name, e);
    for (size_t i = 0; i < n_runs && ok; i++)
        ok = read_first(&l, runs[i], e) && (whole || look_at(&l, runs[i], e));
    ok = ok && settle_types(&l, runs, n_runs, e);
    if (ok && rules->sample) take_sample(&l);
    if (ok && rules->n_shares) ok = all_named(&l, e) && split_rows(&l, e);
    if (!out->n_names) out->names[out->n_names++] = S("train");
    if (out->parts)
        for (size_t i = 0; i < out->n; i++)
            if (ok && out->parts[i] != SELECTION_NONE) out->taken[out->parts[i]]++;
    interner_free(&l.strata);
    groups_free(&l.groups);
    export_reader_free(&l.reader);
    buf_free(&l.text);
    free(l.rows);
    free(l.draws);
    return ok && e->kind == ERROR_NONE;
}

unsigned selection_part(const Selection *s, size_t place, const ExportRow *row)
{
    if (s->parts) return place < s->n ? s->parts[place] : SELECTION_NONE;
    for (size_t i = 0; i < s->n_names; i++)
        if (row->partition.len == s->names[i].len + 2 && memcmp(row->partition.ptr + 1, s->names[i].ptr, s->names[i].len) == 0)
            return (unsigned)i;
    return 0;
}

void selection_free(Selection *s)
{
    free(s->parts);
    s->parts = NULL;
}
