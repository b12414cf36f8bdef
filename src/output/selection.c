// SPDX-License-Identifier: Apache-2.0
#include "output/selection.h"

#include "base/hash.h"

typedef struct Look {
    const SelectionRules *rules;
    Selection *out;
    Arena *arena;
    ExportReader reader;
    size_t cap;
    SplitRow *rows;         // of every place; group and stratum
    uint64_t *draws;        // for a sample
    Interner documents, strata;
    Sets sets;
    const uint64_t *found;  // iterations that `where` holds for, ascending
    size_t n_found, next_found;
    bool stratum_seen;
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

// ---- groups and strata --------------------------------------------------------------------------

static uint32_t document_set(Look *l, Str raw)
{
    uint32_t number = intern(&l->documents, raw);
    while (l->sets.n <= number) sets_add(&l->sets);
    return number;
}

// The set of the row's documents; a row without one is a group of its own, named by its place.
static uint32_t group_of(Look *l, const ExportRow *row, size_t place)
{
    JsonWalk w = {.text = row->chunks};
    Str chunk;
    uint32_t group = UINT32_MAX;
    while (json_walk_item(&w, &chunk)) {
        Str document = json_slice_member(chunk, S("document"));
        if (json_slice_is_null(document)) continue;
        uint32_t set = document_set(l, document);
        if (group != UINT32_MAX) sets_join(&l->sets, group, set);
        group = set;
    }
    if (group != UINT32_MAX) return group;
    char own[32];
    int n = snprintf(own, sizeof own, "#%zu", place);
    return document_set(l, (Str){own, (size_t)n});
}

static uint32_t stratum_of(Look *l, const ExportRow *row)
{
    Str by = l->rules->stratify;
    if (!by.ptr) return intern(&l->strata, S("all"));
    Str value = json_slice_member(row->labels, by);
    if (!value.ptr && str_eq(by, S("topic"))) value = row->topic;
    if (!value.ptr) value = json_slice_member(row->drawn, by);
    l->stratum_seen |= value.ptr != NULL;
    return intern(&l->strata, value.ptr ? value : S("null"));
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
    if (rules->n_shares) l->rows[place] = (SplitRow){UINT32_MAX, 0};
    if (!taken) return true;
    if (rules->sample) l->draws[place] = hash_mix(rules->seed, hash64(row.id, place));
    Str partition = partition_of(l, &row);
    bool is_split = rules->n_shares && !row.handwritten && str_eq(partition, S("train"));
    if (row.handwritten && rules->n_shares) partition = S("train");
    if (!is_split && rules->n_shares && str_eq(partition, S("train"))) {
        bool there = false;
        for (size_t i = 0; i < rules->n_shares; i++) there |= str_eq(rules->shares[i].name, partition);
        if (!there) partition = rules->shares[0].name;
    }
    l->out->parts[place] = is_split ? 0 : (uint8_t)part_named(l, partition, e);
    if (is_split) l->rows[place] = (SplitRow){group_of(l, &row, place), stratum_of(l, &row)};
    return e->kind == ERROR_NONE;
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
static void split_rows(Look *l)
{
    Selection *s = l->out;
    SplitRow *rows = mem_alloc((s->n + 1) * sizeof *rows);
    uint8_t *parts = mem_alloc(s->n + 1);
    uint32_t *numbers = mem_alloc((l->sets.n + 1) * sizeof *numbers);
    memset(numbers, 0xFF, (l->sets.n + 1) * sizeof *numbers);
    size_t n = 0, groups = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->parts[i] == SELECTION_NONE || l->rows[i].group == UINT32_MAX) continue;
        uint32_t *number = &numbers[sets_find(&l->sets, l->rows[i].group)];
        if (*number == UINT32_MAX) *number = (uint32_t)groups++;
        rows[n++] = (SplitRow){*number, l->rows[i].stratum};
    }
    split_assign(rows, n, groups, l->strata.n, l->rules->shares, l->rules->n_shares, l->rules->seed, parts);
    n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->parts[i] != SELECTION_NONE && l->rows[i].group != UINT32_MAX) s->parts[i] = parts[n++];
    s->groups = groups;
    free(rows);
    free(parts);
    free(numbers);
}

// ---- the first row of each run, and the whole ---------------------------------------------------

static bool first_row(void *ctx, const KeptItem *item, Error *e)
{
    Look *l = ctx;
    Selection *s = l->out;
    ExportRow row;
    Str key, value;
    export_read(&l->reader, item, &row);
    JsonWalk w = {.text = row.labels};
    while (json_walk_member(&w, &key, &value)) {
        bool known = false;
        for (size_t i = 0; i < s->n_labels && !known; i++) known = str_eq(s->labels[i], key);
        if (!known && s->n_labels < EXPORT_LABELS) s->labels[s->n_labels++] = arena_str(l->arena, key);
    }
    if (!l->rules->n_shares) part_named(l, partition_of(l, &row), e);
    return false;
}

static bool look_at(Look *l, KeptQuery *run, Error *e)
{
    uint64_t *found = NULL;
    if (l->rules->where.ptr && !kept_query_where(run, l->rules->where, &found, &l->n_found, e)) return false;
    l->found = found;
    l->next_found = 0;
    bool ok = kept_query_each(run, 0, KEPT_DRAWN, look, l, e);
    free(found);
    return ok;
}

static bool stratum_unknown(const Look *l, Error *e)
{
    error_set(e, ERROR_USAGE, "usage", "--stratify: no conversation has a label %.*s", STR_ARG(l->rules->stratify));
    return error_hint(e, "name a label of the record, or topic, document or template");
}

bool selection_make(const SelectionRules *rules, KeptQuery *const *runs, size_t n_runs, Arena *a, Selection *out, Error *e)
{
    *out = (Selection){0};
    Look l = {.rules = rules, .out = out, .arena = a};
    bool whole = !rules->where.ptr && !rules->sample && !rules->n_shares && rules->generated && rules->handwritten, ok = true;
    for (size_t i = 0; i < rules->n_shares && ok; i++) part_named(&l, rules->shares[i].name, e);
    for (size_t i = 0; i < n_runs && ok; i++)
        ok = kept_query_each(runs[i], 0, KEPT_DRAWN, first_row, &l, e) && (whole || look_at(&l, runs[i], e));
    if (ok && rules->sample) take_sample(&l);
    if (ok && rules->n_shares) {
        ok = !rules->stratify.ptr || l.stratum_seen || out->n == 0 || stratum_unknown(&l, e);
        if (ok) split_rows(&l);
    }
    if (!out->n_names) out->names[out->n_names++] = S("train");
    if (out->parts)
        for (size_t i = 0; i < out->n; i++)
            if (out->parts[i] != SELECTION_NONE) out->taken[out->parts[i]]++;
    interner_free(&l.documents);
    interner_free(&l.strata);
    sets_free(&l.sets);
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
