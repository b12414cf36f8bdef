// SPDX-License-Identifier: Apache-2.0
#include "dedup/sift.h"

#include "base/json.h"
#include "dedup/bulk.h"
#include "dedup/contain.h"
#include "dedup/parquet_rewrite.h"
#include "dedup/parquet_text.h"
#include "dedup/spill.h"
#include "dedup/vectors.h"
#include "text/normalise.h"

enum {
    LISTS_SHARE = 4,     // of the memory that is allowed a quarter is for lists of records
    VECTORS_SHARE = 4,   // and one for vectors, where meanings are compared
};

// A record is known by one number: its place over all files.
typedef struct Dropped {
    uint64_t record, kept;
    double similarity;
    bool meaning;            // by its embedding
} Dropped;

typedef struct Found {       // for the orders that are not the files' own
    uint64_t offset, number;
    uint64_t weight;         // the larger, the earlier it is looked at
    uint32_t len;
} Found;

typedef struct Sift {
    const SiftOptions *options;
    const SiftSink *sink;
    SiftReport *report;
    RecordReader **readers;
    uint64_t *firsts;        // number of each file's first record
    Seen *seen;
    Bulk *bulk;              // in its place where memory is bounded
    Contain contain;
    uint64_t *against;       // number of the first text of each file of `against`
    Spill spill;             // of the lists below
    SpillArray dropped_array, found_array;
    Dropped *dropped;        // in dropped_array
    size_t n_dropped, cap_dropped;
    uint8_t *keeps;          // bits; only where records are not written as they are looked at
    uint64_t room;           // for so many
    Vectors *vectors;        // NULL: no vector has come yet
    const struct FoundList *found;  // of all records, in the order in which they are looked at; NULL: that of the files
    struct Together *together;      // texts that are embedded
    bool any_written;
    Buf line;
} Sift;

// ---- one record ---------------------------------------------------------------------------------

static size_t file_of(const uint64_t *firsts, size_t n, uint64_t number)
{
    size_t low = 0;
    while (n - low > 1) {
        size_t middle = low + (n - low) / 2;
        if (firsts[middle] <= number) low = middle;
        else n = middle;
    }
    return low;
}

static void add_place(const Sift *s, uint64_t number, Buf *b)
{
    size_t file = file_of(s->firsts, s->options->n_files, number);
    buf_printf(b, "\"row\":%llu,\"file\":", (unsigned long long)(number - s->firsts[file]));
    json_write_string(b, str_from(s->options->files[file]));
}

static void add_words(Str text, const ContainHit *hit, Buf *out)
{
    Buf normal = {0};
    normalise(text, &normal);
    Str rest = buf_str(&normal), word = {0};
    const char *from = NULL, *to = NULL;
    for (size_t i = 0; i < hit->at + hit->words && normal_next(&rest, &word); i++) {
        if (i == hit->at) from = word.ptr;
        to = word.ptr + word.len;
    }
    json_write_string(out, from ? (Str){from, (size_t)(to - from)} : S(""));
    buf_free(&normal);
}

static bool tell_hit(Sift *s, uint64_t number, Str text, const ContainHit *hit, Error *e)
{
    if (!s->sink->hit) return true;
    size_t file = file_of(s->against, s->options->n_against, hit->text);
    buf_clear(&s->line);
    buf_add_char(&s->line, '{');
    add_place(s, number, &s->line);
    buf_printf(&s->line, ",\"against\":{\"row\":%llu,\"file\":", (unsigned long long)(hit->text - s->against[file]));
    json_write_string(&s->line, str_from(s->options->against[file]));
    buf_add(&s->line, S("},\"words\":"));
    add_words(text, hit, &s->line);
    buf_add(&s->line, S("}\n"));
    return s->sink->hit(s->sink->ctx, buf_str(&s->line), e);
}

static bool drop(Sift *s, uint64_t number, const SeenMatch *match, bool meaning, Error *e)
{
    SiftReport *r = s->report;
    if (meaning) {
        r->meaning++;
    } else if (match->exact) {
        r->exact++;
    } else {
        r->near++;
        r->similar[(size_t)(match->similarity * SIFT_STEPS + 1e-9)]++;
    }
    if (s->n_dropped == s->cap_dropped) {
        size_t cap = s->cap_dropped + s->cap_dropped / 2 + 1024;
        if (!spill_grow(&s->spill, &s->dropped_array, cap * sizeof *s->dropped, e)) return false;
        s->dropped = s->dropped_array.p;
        s->cap_dropped = cap;
    }
    s->dropped[s->n_dropped++] = (Dropped){number, match->id, match->similarity, meaning};
    return true;
}

static void set_keep_room(Sift *s, uint64_t n)
{
    if (n <= s->room) return;
    size_t old = (size_t)(s->room / 8), now = (size_t)(n / 8 + 1);
    s->keeps = mem_realloc(s->keeps, now);
    memset(s->keeps + old, 0, now - old);
    s->room = 8 * (uint64_t)now;
}

static void set_keep(Sift *s, uint64_t number)
{
    if (number >= s->room) set_keep_room(s, 2 * number + 4096);
    s->keeps[number / 8] |= (uint8_t)(1u << (number % 8));
}

// `place`: of its vector among those ahead, where meanings are compared and its words are new; else STR_NONE.
static bool judge(Sift *s, uint64_t number, Str text, size_t place, bool *keep, Error *e)
{
    SeenMatch match;
    ContainHit hit;
    bool near = seen_look(s->seen, text, &match);
    *keep = false;
    if (s->options->n_against && contain_find(&s->contain, seen_shingles(s->seen), &hit)) {
        s->report->contaminated++;
        return tell_hit(s, number, text, &hit, e);
    }
    if (near) return drop(s, number, &match, false, e);
    if (place != STR_NONE && vectors_look_ahead(s->vectors, place, &match)) return drop(s, number, &match, true, e);
    *keep = true;
    s->report->kept++;
    return seen_add(s->seen, number, e) && (place == STR_NONE || vectors_add(s->vectors, number, e));
}

// ---- writing ------------------------------------------------------------------------------------

static bool put(Sift *s, Str bytes, Error *e) { return !s->sink->write || bytes.len == 0 || s->sink->write(s->sink->ctx, bytes, e); }

// What stands before a record in its file stands before it in the output, but for the first one, and
// for one whose file is not that of the record before.
static bool put_record(Sift *s, size_t file, const Record *record, Error *e)
{
    Str before = record->before;
    bool json = records_format(s->readers[file]) == RECORDS_JSON;
    if (json && s->any_written && record->row == 0) before = S(",\n");
    if (json && !s->any_written) {
        size_t comma = str_find_char(before, ',');
        if (comma != STR_NONE) before = str_slice(before, comma + 1, before.len);
    }
    // The last line of a file may have no line break; another record may follow it.
    Str end = record->bytes;
    bool open = !json && end.len && end.ptr[end.len - 1] != '\n' && file + 1 < s->options->n_files;
    s->any_written = true;
    return put(s, before, e) && put(s, record->bytes, e) && (!open || put(s, S("\n"), e));
}

static bool add_cluster(Sift *s, size_t from, size_t to, size_t cluster, Error *e)
{
    Buf *b = &s->line;
    uint64_t kept = s->dropped[from].kept;
    size_t file = file_of(s->firsts, s->options->n_files, kept);
    buf_clear(b);
    buf_printf(b, "{\"cluster\":%zu,\"kept\":%llu,\"members\":[{", cluster, (unsigned long long)(kept - s->firsts[file]));
    add_place(s, kept, b);
    buf_add(b, S(",\"similarity\":1.0}"));
    for (size_t i = from; i < to; i++) {
        buf_add(b, S(",{"));
        add_place(s, s->dropped[i].record, b);
        buf_add(b, S(",\"similarity\":"));
        json_write_double(b, s->dropped[i].similarity);
        buf_add(b, s->dropped[i].meaning ? S(",\"by\":\"meaning\"}") : S("}"));
    }
    buf_add(b, S("]}\n"));
    return !s->sink->clusters || s->sink->clusters(s->sink->ctx, buf_str(b), e);
}

static int by_cluster(const void *a, const void *b)
{
    const Dropped *x = a, *y = b;
    if (x->kept != y->kept) return x->kept < y->kept ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

static bool tell_clusters(Sift *s, Error *e)
{
    if (s->n_dropped) qsort(s->dropped, s->n_dropped, sizeof *s->dropped, by_cluster);
    for (size_t from = 0, to; from < s->n_dropped; from = to) {
        for (to = from + 1; to < s->n_dropped && s->dropped[to].kept == s->dropped[from].kept;) to++;
        if (!add_cluster(s, from, to, (size_t)s->report->clusters++, e)) return false;
    }
    return true;
}

static bool is_parquet(const Sift *s) { return records_format(s->readers[0]) == RECORDS_PARQUET; }

// Of Parquet nothing is written before all is decided, for it is written column by column.
static bool put_parquet(Sift *s, Error *e)
{
    ParquetOut out = {0};
    size_t n = s->options->n_files;
    if (!s->sink->write) return true;
    if (s->report->records) set_keep_room(s, s->report->records);
    bool ok = parquet_out_begin(&out, s->sink->write, s->sink->ctx, e);
    for (size_t i = 0; ok && i < n; i++) {
        const ParquetText *p = records_parquet(s->readers[i]);
        ok = parquet_out_add(&out, parquet_text_file(p), s->options->files[i], parquet_text_meta(p), s->keeps, s->firsts[i], e);
    }
    ok = ok && parquet_out_end(&out, parquet_text_meta(records_parquet(s->readers[0])), e);
    parquet_out_free(&out);
    return ok;
}

// ---- going over the files -----------------------------------------------------------------------

// `decide` says of each record whether it is kept and written.
static bool each_record(Sift *s, bool (*decide)(Sift *, uint64_t, const Record *, bool *, Error *), Error *e)
{
    Record record;
    uint64_t number = 0;
    bool keep;
    size_t last = s->options->n_files - 1;
    bool parquet = is_parquet(s);
    if (!put(s, records_head(s->readers[0]), e)) return false;
    for (size_t i = 0; i <= last; i++) {
        s->firsts[i] = number;
        while (records_next(s->readers[i], &record, e)) {
            if (!decide(s, number++, &record, &keep, e)) return false;
            if (keep && parquet) set_keep(s, number - 1);
            if (keep && !parquet && !put_record(s, i, &record, e)) return false;
        }
        if (e->kind) return false;
    }
    s->report->records = number;
    if (parquet) return put_parquet(s, e);
    return put(s, records_tail(s->readers[last]), e);
}

static bool decide_first(Sift *s, uint64_t number, const Record *record, bool *keep, Error *e)
{
    return judge(s, number, record->text, STR_NONE, keep, e);
}

typedef struct FoundList {   // as they are looked at
    Found *items;
    size_t n, cap;
} FoundList;

static bool decide_kept(Sift *s, uint64_t number, const Record *record, bool *keep, Error *e)
{
    (void)record, (void)e;
    *keep = number < s->room && (s->keeps[number / 8] >> (number % 8) & 1) != 0;
    return true;
}

// A score as a number that is the larger the better it is; 0: there is none. Among equals counts who has
// fewer faults.
static uint64_t judged(const Record *record)
{
    float score = (float)record->score;
    uint32_t bits, faults = record_text_faults(record->text);
    memcpy(&bits, &score, sizeof bits);
    bits = bits >> 31 ? ~bits : bits | UINT32_C(1) << 31;
    return (uint64_t)(record->scored ? bits : 0) << 32 | (UINT32_MAX - faults);
}

static uint64_t weight_of(SiftKeep keep, const Record *record)
{
    switch (keep) {
    case SIFT_LONGEST: return record->text.len;
    case SIFT_HANDWRITTEN: return record->handwritten;
    case SIFT_BEST: return judged(record);
    case SIFT_FIRST: break;
    }
    return 0;
}

static bool list_records(Sift *s, FoundList *list, Error *e)
{
    Record record;
    for (size_t i = 0; i < s->options->n_files; i++) {
        s->firsts[i] = list->n;
        records_spool(s->readers[i], NULL);
        while (records_next(s->readers[i], &record, e)) {
            if (list->n == list->cap) {
                size_t cap = list->cap + list->cap / 2 + 4096;
                if (!spill_grow(&s->spill, &s->found_array, cap * sizeof *list->items, e)) return false;
                list->items = s->found_array.p;
                list->cap = cap;
            }
            list->items[list->n] = (Found){record.offset, list->n, weight_of(s->options->keep, &record), (uint32_t)record.bytes.len};
            list->n++;
        }
        if (e->kind) return false;
        records_rewind(s->readers[i]);
    }
    return true;
}

static int heaviest_first(const void *a, const void *b)
{
    const Found *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool read_found(const Sift *s, const Found *f, Record *record, Error *e)
{
    return records_at(s->readers[file_of(s->firsts, s->options->n_files, f->number)], f->offset, f->len, record, e);
}

// Texts that are embedded together: of those whose words are new when the batch is looked at, which are
// all that can be new when their turn comes.
enum { TOGETHER = BULK_AHEAD };

typedef struct Together {
    Arena arena;
    Str texts[TOGETHER], wanted[TOGETHER];
    uint64_t numbers[TOGETHER];
    size_t places[TOGETHER];   // of its vector; STR_NONE: none
    size_t n, n_wanted;
} Together;

// Where memory is bounded a quarter of it is for vectors. The graph, which is in memory, is made if all are sure to fit.
static Vectors *new_vectors(const Sift *s, size_t dimensions)
{
    size_t memory = s->options->memory / VECTORS_SHARE;
    bool fit = !memory || s->found->n <= memory / vectors_room(dimensions);
    return vectors_new(&(VectorsOptions){
        .dimensions = dimensions, .threshold = s->options->semantic_threshold, .exact = fit ? 0 : VECTORS_ALWAYS, .memory = memory});
}

static bool embed_wanted(Sift *s, Together *t, Error *e)
{
    size_t dimensions = 0;
    if (!t->n_wanted) return true;
    const float *vectors = s->options->embed(s->options->embed_ctx, t->wanted, t->n_wanted, &dimensions, &t->arena, e);
    if (!vectors) return false;
    if (!s->vectors) s->vectors = new_vectors(s, dimensions);
    vectors_ahead(s->vectors, vectors, t->n_wanted);
    return true;
}

static bool look_together(Sift *s, Together *t, Error *e)
{
    SeenMatch match;
    ContainHit hit;
    t->n_wanted = 0;
    for (size_t i = 0; i < t->n; i++) {
        bool wanted = s->options->embed && !seen_look(s->seen, t->texts[i], &match) &&
                      !(s->options->n_against && contain_find(&s->contain, seen_shingles(s->seen), &hit));
        t->places[i] = wanted ? t->n_wanted : STR_NONE;
        if (wanted) t->wanted[t->n_wanted++] = t->texts[i];
    }
    return embed_wanted(s, t, e);
}

static bool judge_together(Sift *s, Together *t, Error *e)
{
    bool keep, ok = look_together(s, t, e);
    for (size_t i = 0; ok && i < t->n; i++) {
        ok = judge(s, t->numbers[i], t->texts[i], t->places[i], &keep, e);
        if (ok && keep) set_keep(s, t->numbers[i]);
    }
    t->n = 0;
    arena_reset(&t->arena);
    return ok;
}

static bool judge_in_order(Sift *s, const FoundList *list, Error *e)
{
    Together *t = s->together;
    Record record;
    for (size_t i = 0; i < list->n; i++) {
        if (!read_found(s, &list->items[i], &record, e)) return false;
        t->texts[t->n] = arena_str(&t->arena, record.text);
        t->numbers[t->n++] = list->items[i].number;
        if (t->n == TOGETHER && !judge_together(s, t, e)) return false;
    }
    return judge_together(s, t, e);
}

// ---- in little memory ---------------------------------------------------------------------------

static bool add_to_bulk(Sift *s, uint64_t number, Str text, Error *e)
{
    ContainHit hit;
    const Shingles *words = bulk_words(s->bulk, text);
    if (!s->options->n_against || !contain_find(&s->contain, words, &hit)) return bulk_add(s->bulk, e);
    if (!bulk_skip(s->bulk, e)) return false;
    s->report->contaminated++;
    return tell_hit(s, number, text, &hit, e);
}

static bool embed_ahead(void *ctx, uint64_t first, const bool *is_new, size_t n, Error *e)
{
    Sift *s = ctx;
    Together *t = s->together;
    Record record;
    arena_reset(&t->arena);
    t->n_wanted = 0;
    for (size_t i = 0; i < n; i++) {
        t->places[i] = is_new[i] ? t->n_wanted : STR_NONE;
        if (!is_new[i]) continue;
        if (!read_found(s, &s->found->items[first + i], &record, e)) return false;
        t->wanted[t->n_wanted++] = arena_str(&t->arena, record.text);
    }
    return embed_wanted(s, t, e);
}

static bool settle_one(void *ctx, uint64_t number, const SeenMatch *match, bool *stays, Error *e)
{
    Sift *s = ctx;
    size_t place = s->options->embed ? s->together->places[number % BULK_AHEAD] : STR_NONE;
    if (s->found) number = s->found->items[number].number;
    if (match) {
        SeenMatch kept = *match;
        if (s->found) kept.id = s->found->items[kept.id].number;
        return drop(s, number, &kept, false, e);
    }
    SeenMatch near;
    *stays = place == STR_NONE || !vectors_look_ahead(s->vectors, place, &near);
    if (!*stays) return drop(s, number, &near, true, e);
    s->report->kept++;
    set_keep(s, number);
    return place == STR_NONE || vectors_add(s->vectors, number, e);
}

static bool settle(Sift *s, Error *e)
{
    BulkSettler settler = {.each = settle_one, .ahead = s->options->embed ? embed_ahead : NULL, .ctx = s};
    bool ok = bulk_settle(s->bulk, &settler, e);
    s->report->memory = bulk_bytes(s->bulk);
    bulk_free(s->bulk);
    s->bulk = NULL;
    return ok;
}

static Bulk *new_bulk(const Sift *s)
{
    size_t memory = s->options->memory;
    size_t others = memory / LISTS_SHARE + (s->options->embed ? memory / VECTORS_SHARE : 0);
    return bulk_new(&(SeenOptions){.threshold = s->options->threshold, .memory = memory - others});
}

static bool judge_in_bulk(Sift *s, const FoundList *list, Error *e)
{
    Record record;
    s->bulk = new_bulk(s);
    for (size_t i = 0; i < list->n; i++)
        if (!read_found(s, &list->items[i], &record, e) || !add_to_bulk(s, list->items[i].number, record.text, e)) return false;
    return settle(s, e);
}

static bool sift_bulk(Sift *s, Error *e)
{
    Record record;
    uint64_t n = 0;
    s->bulk = new_bulk(s);
    for (size_t i = 0; i < s->options->n_files; i++) {
        s->firsts[i] = n;
        while (records_next(s->readers[i], &record, e))
            if (!add_to_bulk(s, n++, record.text, e)) return false;
        if (e->kind) return false;
        records_rewind(s->readers[i]);
    }
    set_keep_room(s, n);
    return settle(s, e) && each_record(s, decide_kept, e);
}

// ---- in another order ---------------------------------------------------------------------------

static bool sift_ordered(Sift *s, Error *e)
{
    FoundList list = {0};
    bool ok = list_records(s, &list, e);
    if (ok) {
        set_keep_room(s, list.n);
        s->found = &list;
        s->together = mem_alloc(sizeof *s->together);
        *s->together = (Together){.n = 0};
        if (list.n) qsort(list.items, list.n, sizeof *list.items, heaviest_first);
        ok = s->options->memory ? judge_in_bulk(s, &list, e) : judge_in_order(s, &list, e);
    }
    if (s->together) arena_free(&s->together->arena);
    free(s->together);
    s->together = NULL;
    s->found = NULL;
    for (size_t i = 0; i < s->options->n_files; i++) records_rewind(s->readers[i]);
    return ok && each_record(s, decide_kept, e);
}

// ---- opening ------------------------------------------------------------------------------------

static bool read_against(Sift *s, Error *e)
{
    for (size_t i = 0; i < s->options->n_against; i++) {
        RecordReader *reader;
        Record record;
        s->against[i] = s->contain.texts;
        if (!records_open(s->options->against[i], s->options->field, &reader, e)) return false;
        while (records_next(reader, &record, e)) contain_add(&s->contain, record.text);
        records_close(reader);
        if (e->kind) return false;
    }
    s->report->against = s->contain.texts;
    s->report->against_short = s->contain.left_out;
    return true;
}

static bool same_schema(const RecordReader *a, const RecordReader *b)
{
    return str_eq(parquet_text_meta(records_parquet(a))->schema, parquet_text_meta(records_parquet(b))->schema);
}

static bool open_files(Sift *s, Error *e)
{
    const SiftOptions *o = s->options;
    for (size_t i = 0; i < o->n_files; i++) {
        if (!records_open(o->files[i], o->field, &s->readers[i], e)) return false;
        bool same = records_format(s->readers[i]) == records_format(s->readers[0]) &&
                    (records_format(s->readers[i]) != RECORDS_CSV || str_eq(records_head(s->readers[i]), records_head(s->readers[0]))) &&
                    (records_format(s->readers[i]) != RECORDS_PARQUET || same_schema(s->readers[i], s->readers[0]));
        if (same) continue;
        error_set(e, ERROR_USAGE, "records", "%s is not of the same format as %s", o->files[i], o->files[0]);
        return error_hint(e, "give files of one format and, as CSV or Parquet, of the same columns");
    }
    return true;
}

static bool go_over(Sift *s, Error *e)
{
    if (s->options->keep != SIFT_FIRST || s->options->embed) return sift_ordered(s, e);
    return s->options->memory ? sift_bulk(s, e) : each_record(s, decide_first, e);
}

bool sift(const SiftOptions *o, const SiftSink *sink, SiftReport *report, Error *e)
{
    Arena arena = {0};
    *report = (SiftReport){0};
    *e = (Error){0};
    Sift s = {
        .options = o,
        .sink = sink,
        .report = report,
        .readers = arena_new(&arena, RecordReader *, o->n_files),
        .firsts = arena_new(&arena, uint64_t, o->n_files),
        .against = arena_new(&arena, uint64_t, o->n_against + 1),
        .spill = {.memory = o->memory / LISTS_SHARE},
        .seen = seen_new(&(SeenOptions){.threshold = o->threshold, .memory = o->memory}),
    };
    bool ok = open_files(&s, e) && read_against(&s, e) &&
              go_over(&s, e) && tell_clusters(&s, e);
    if (!report->memory) report->memory = seen_bytes(s.seen);
    if (s.vectors) report->memory += vectors_bytes(s.vectors);
    bulk_free(s.bulk);
    for (size_t i = 0; i < o->n_files; i++) records_close(s.readers[i]);
    seen_free(s.seen);
    vectors_free(s.vectors);
    contain_free(&s.contain);
    spill_free(&s.spill, &s.dropped_array);
    spill_free(&s.spill, &s.found_array);
    free(s.keeps);
    buf_free(&s.line);
    arena_free(&arena);
    return ok;
}
