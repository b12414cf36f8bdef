// SPDX-License-Identifier: Apache-2.0
#include "knowledge/strategy.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/path.h"
#include "base/utf8.h"

enum {
    MOST_UNITS = 1000000000,  // of max, overlap, min_words: more than any document has, and far from overflow
    MOST_PATTERNS = 1000,     // in `exclude`
    MOST_RANGES = 1000,       // in `pages`
    MOST_PAGES = 1000000,
};

const Str strategy_names[STRATEGY_KINDS] = {
    S_INIT("words"), S_INIT("tokens"), S_INIT("characters"), S_INIT("markdown"), S_INIT("separator"), S_INIT("whole"),
};

static const Str parameter_names[] = {
    S_INIT("strategy"),  S_INIT("max_words"), S_INIT("max_tokens"), S_INIT("max_characters"), S_INIT("min_words"),
    S_INIT("overlap"),   S_INIT("separator"), S_INIT("pages"),      S_INIT("exclude"),        S_INIT("weight"),
};

static const struct {
    const char *name;
    size_t standard;
} maxima[] = {
    [UNIT_WORDS] = {"max_words", 500},
    [UNIT_TOKENS] = {"max_tokens", 512},
    [UNIT_CHARACTERS] = {"max_characters", 2000},
};

// One entry while it is read.
typedef struct Entry {
    Str text, file;
    EntryPlace place;       // in the text
    json_t *object;
    Strategy *s;
    Arena *arena;
    Problems *problems;
    bool ok;
} Entry;

static void read_entry(Entry *r);

static bool read_all(Strategies *out, json_t *root, Arena *arena, Problems *problems)
{
    const char *key;
    json_t *value;
    bool ok = true;
    size_t at = 0;
    out->items = arena_new(arena, Strategy, json_object_size(root));
    // jansson keeps the order of the text, so the places go along.
    json_object_foreach(root, key, value) {
        EntryPlace place = {0};
        entry_next(out->text, &at, &place);
        Strategy *s = &out->items[out->n++];
        *s = (Strategy){.key = arena_str(arena, str_from(key)), .key_offset = place.key, .weight = 1};
        Entry r = {out->text, out->file, place, value, s, arena, problems, true};
        read_entry(&r);
        ok &= r.ok;
    }
    return ok;
}

// Sorted by merging, since C's qsort hands no context on.
static void sort_by_key(const Strategies *s, uint32_t *items, uint32_t *spare, size_t n)
{
    if (n < 2) return;
    size_t half = n / 2, i = 0, k = half, to = 0;
    sort_by_key(s, items, spare, half);
    sort_by_key(s, items + half, spare, n - half);
    while (i < half && k < n) spare[to++] = str_cmp(s->items[items[k]].key, s->items[items[i]].key) < 0 ? items[k++] : items[i++];
    while (i < half) spare[to++] = items[i++];
    while (k < n) spare[to++] = items[k++];
    memcpy(items, spare, n * sizeof *items);
}

static void make_lookup(Strategies *s, Arena *arena)
{
    s->exact = arena_new(arena, uint32_t, s->n);
    s->globs = arena_new(arena, uint32_t, s->n);
    for (size_t i = 0; i < s->n; i++) {
        s->exact[i] = (uint32_t)i;
        if (path_is_glob(s->items[i].key)) s->globs[s->n_globs++] = (uint32_t)i;
    }
    sort_by_key(s, s->exact, arena_new(arena, uint32_t, s->n), s->n);
}

static void make_standard(Strategy *s)
{
    *s = (Strategy){.kind = STRATEGY_WORDS, .unit = UNIT_WORDS, .max = maxima[UNIT_WORDS].standard, .separator = PATTERN_SENTENCES, .weight = 1};
    pattern_compile(s->separator, &s->pattern, NULL, NULL);
}

static void hash_strategy(Strategy *s)
{
    uint64_t h = hash_mix((uint64_t)s->kind, (uint64_t)s->unit);
    h = hash_mix(hash_mix(h, s->max), hash_mix(s->overlap, s->min_words));
    h = hash_mix(h, hash64(s->separator, 1));
    for (size_t i = 0; i < s->n_pages; i++) h = hash_mix(h, hash_mix(s->pages[i].first, s->pages[i].last));
    s->hash = hash_mix(h, s->hash);  // which holds the hash of `exclude`
}

bool strategies_read(Strategies *out, Str text, Str file, Arena *project, Problems *problems)
{
    *out = (Strategies){.file = file, .text = text};
    make_standard(&out->standard);
    hash_strategy(&out->standard);
    if (str_trim(text).len == 0) return true;
    json_t *root;
    Error e;
    if (!json_read(text, file, &root, &e)) {
        problems_add(problems, &e);
        return false;
    }
    bool ok = json_is_object(root);
    if (ok) {
        ok = read_all(out, root, project, problems);
        make_lookup(out, project);
    } else {
        Error *bad = problems_new(problems, false, ERROR_PROJECT, "strategy", "this file is an object that maps files to parameters");
        error_hint(bad, "write {\"topic/file.txt\": {\"max_words\": 500}}");
        error_at(bad, file, text, json_locate(text, "", false));
    }
    json_decref(root);
    return ok;
}

void strategies_free(Strategies *s)
{
    for (size_t i = 0; i <= s->n; i++) {
        Strategy *one = i < s->n ? &s->items[i] : &s->standard;
        pattern_free(one->pattern);
        for (size_t k = 0; k < one->n_exclude; k++) pattern_free(one->exclude[k]);
        one->pattern = NULL;
        one->n_exclude = 0;
    }
}

// ---- one entry ----------------------------------------------------------------------------------

// The offset in the file of a parameter's value (or key), or of the entry where there is none.
static size_t place_of(const Entry *r, const char *path, bool key)
{
    Str part = str_slice(r->text, r->place.value, r->place.end);
    return r->place.value + json_locate(part, path, key);
}

__attribute__((format(printf, 4, 5)))
static Error *fault(Entry *r, const char *path, bool key, const char *format, ...)
{
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    Error *e = problems_new(r->problems, false, ERROR_PROJECT, "strategy", "%s", what);
    error_at(e, r->file, r->text, place_of(r, path, key));
    r->ok = false;
    return e;
}

static void warn_unused(Entry *r, const char *name, const char *hint)
{
    Error *e = problems_new(r->problems, true, ERROR_PROJECT, "strategy", "%s is not used by the strategy %s", name,
                            strategy_names[r->s->kind].ptr);
    error_at(e, r->file, r->text, place_of(r, name, true));
    error_hint(e, "%s", hint);
}

static void check_names(Entry *r)
{
    const char *name;
    json_t *value;
    enum { N = sizeof parameter_names / sizeof *parameter_names };
    json_object_foreach(r->object, name, value) {
        bool known = false;
        for (size_t i = 0; i < N; i++) known |= str_eq(str_from(name), parameter_names[i]);
        if (known) continue;
        Error *e = fault(r, name, true, "unknown parameter \"%s\"", name);
        Str near = str_nearest(str_from(name), parameter_names, N);
        if (near.ptr)
            error_hint(e, "write \"%.*s\"", STR_ARG(near));
        else
            error_hint(e, "known are strategy, max_words, max_tokens, max_characters, min_words, overlap, separator, pages, exclude, weight");
    }
}

// A whole number; false where it is absent or wrong.
static bool read_count(Entry *r, const char *name, size_t least, size_t *out)
{
    const json_t *value = json_object_get(r->object, name);
    if (!value) return false;
    if (!json_is_integer(value)) {
        error_hint(fault(r, name, false, "%s is a whole number", name), "write a number such as %d, without quotes", least ? 500 : 50);
        return false;
    }
    json_int_t n = json_integer_value(value);
    if (n < (json_int_t)least || n > MOST_UNITS) {
        error_hint(fault(r, name, false, "%s is out of range", name), "write a whole number from %zu to %d", least, MOST_UNITS);
        return false;
    }
    *out = (size_t)n;
    return true;
}

static void read_kind(Entry *r)
{
    const json_t *value = json_object_get(r->object, "strategy");
    if (!value) return;
    Str name = json_str(value);
    for (size_t i = 0; i < STRATEGY_KINDS; i++) {
        if (!name.ptr || !str_eq(name, strategy_names[i])) continue;
        r->s->kind = (StrategyKind)i;
        return;
    }
    Error *e = name.ptr ? fault(r, "strategy", false, "unknown strategy \"%.*s\"", STR_ARG(name))
                        : fault(r, "strategy", false, "strategy is a name in quotes");
    Str near = name.ptr ? str_nearest(name, strategy_names, STRATEGY_KINDS) : (Str){0};
    if (near.ptr)
        error_hint(e, "write \"%.*s\"", STR_ARG(near));
    else
        error_hint(e, "it is one of words, tokens, characters, markdown, separator, whole");
}

// Which unit the bound is in, and the bound.
static void read_bound(Entry *r)
{
    Strategy *s = r->s;
    bool free_unit = s->kind == STRATEGY_MARKDOWN || s->kind == STRATEGY_SEPARATOR;
    size_t given[3] = {0};
    unsigned n = 0;
    s->unit = s->kind == STRATEGY_TOKENS ? UNIT_TOKENS : s->kind == STRATEGY_CHARACTERS ? UNIT_CHARACTERS : UNIT_WORDS;
    for (unsigned unit = 0; unit < 3; unit++) {
        if (!read_count(r, maxima[unit].name, 1, &given[unit])) continue;
        bool used = free_unit || (s->kind != STRATEGY_WHOLE && unit == s->unit);
        if (used && n++) {
            error_hint(fault(r, maxima[unit].name, true, "more than one maximum"), "keep one of max_words, max_tokens, max_characters");
            continue;
        }
        if (used) s->unit = (ChunkUnit)unit;
        else if (s->kind == STRATEGY_WHOLE) warn_unused(r, maxima[unit].name, "take it out, or choose another strategy");
        else warn_unused(r, maxima[unit].name, unit == UNIT_TOKENS ? "add \"strategy\": \"tokens\"" : unit == UNIT_WORDS ? "add \"strategy\": \"words\"" : "add \"strategy\": \"characters\"");
    }
    s->max = s->kind == STRATEGY_WHOLE ? 0 : given[s->unit];
    bool bounded = s->kind != STRATEGY_WHOLE && s->kind != STRATEGY_SEPARATOR;
    if (bounded && s->max == 0) s->max = maxima[s->unit].standard;
}

static void read_overlap(Entry *r)
{
    Strategy *s = r->s;
    if (read_count(r, "overlap", 0, &s->overlap) && s->overlap) {
        if (s->max == 0) {
            warn_unused(r, "overlap", "take it out, or set a maximum");
            s->overlap = 0;
        } else if (s->overlap >= s->max) {
            error_hint(fault(r, "overlap", false, "overlap is %zu, but has to be less than the maximum of %zu", s->overlap, s->max),
                       "write a number from 0 to %zu", s->max - 1);
        }
    }
    if (read_count(r, "min_words", 0, &s->min_words) && s->unit == UNIT_WORDS && s->max && s->min_words > s->max)
        error_hint(fault(r, "min_words", false, "min_words is %zu, more than the maximum of %zu", s->min_words, s->max),
                   "write a number from 0 to %zu", s->max);
}

// `path` names the JSON string that holds the pattern. Returns where its text begins.
static size_t compile(Entry *r, Str source, const char *path, Pattern **out)
{
    Error e;
    size_t offset, quote = place_of(r, path, false);
    if (!pattern_compile(source, out, &offset, &e)) {
        error_at(&e, r->file, r->text, json_string_place(r->text, quote, offset));
        problems_add(r->problems, &e);
        r->ok = false;
    }
    return json_string_place(r->text, quote, 0);
}

static void read_separator(Entry *r)
{
    const json_t *value = json_object_get(r->object, "separator");
    r->s->separator = PATTERN_SENTENCES;
    if (value && !json_is_string(value)) {
        error_hint(fault(r, "separator", false, "separator is a pattern in quotes"), "write \"\\\\n\\\\n\" to cut at blank lines");
        return;
    }
    if (value && r->s->kind == STRATEGY_WHOLE) warn_unused(r, "separator", "take it out, or choose another strategy");
    if (value) r->s->separator = arena_str(r->arena, json_str(value));
    size_t place = compile(r, r->s->separator, "separator", &r->s->pattern);
    if (value) r->s->pattern_place = place;
}

static void read_exclude(Entry *r)
{
    const json_t *list = json_object_get(r->object, "exclude");
    if (!list) return;
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > MOST_PATTERNS) {
        error_hint(fault(r, "exclude", false, "exclude is a list of at most %d patterns", MOST_PATTERNS), "write [\"^Copyright\"]");
        return;
    }
    r->s->exclude = arena_new(r->arena, Pattern *, n);
    r->s->exclude_places = arena_new(r->arena, size_t, n);
    for (size_t i = 0; i < n; i++) {
        char path[40];
        snprintf(path, sizeof path, "exclude/%zu", i);
        Str source = json_str(json_array_get(list, i));
        if (!source.ptr) {
            error_hint(fault(r, path, false, "exclude holds patterns in quotes"), "write [\"^Copyright\"]");
            continue;
        }
        r->s->hash = hash_mix(r->s->hash, hash64(source, 2));
        Pattern *p;
        r->s->exclude_places[r->s->n_exclude] = compile(r, source, path, &p);
        if (p) r->s->exclude[r->s->n_exclude++] = p;
    }
}

// "3-7,9"
static bool read_range(Str part, PageRange *out)
{
    Str first = part, rest = str_trim(part);
    uint64_t from, to;
    str_cut(&rest, '-', &first);
    Str last = rest.ptr ? rest : first;
    if (!str_to_u64(str_trim(first), &from) || !str_to_u64(str_trim(last), &to)) return false;
    *out = (PageRange){(uint32_t)(from < MOST_PAGES ? from : 0), (uint32_t)(to < MOST_PAGES ? to : MOST_PAGES)};
    return from >= 1 && from <= to && from < MOST_PAGES;
}

static void read_pages(Entry *r)
{
    const json_t *value = json_object_get(r->object, "pages");
    if (!value) return;
    Str rest = json_str(value), part;
    PageRange *ranges = arena_new(r->arena, PageRange, MOST_RANGES);
    bool ok = rest.ptr != NULL;
    while (ok && str_cut(&rest, ',', &part)) ok = r->s->n_pages < MOST_RANGES && read_range(part, &ranges[r->s->n_pages++]);
    r->s->pages = ranges;
    if (!ok) error_hint(fault(r, "pages", false, "pages is a list of page numbers and ranges"), "write \"3-7,9\"");
}

static void read_weight(Entry *r)
{
    const json_t *value = json_object_get(r->object, "weight");
    if (!value) return;
    if (json_is_number(value) && json_number_value(value) >= 0)
        r->s->weight = json_number_value(value);
    else
        error_hint(fault(r, "weight", false, "weight is a number of at least 0"), "write 2 for a document that is drawn twice as often");
}

static void read_entry(Entry *r)
{
    if (!json_is_object(r->object)) {
        error_hint(fault(r, "", false, "the strategy of a file is an object"), "write {\"max_words\": 500}");
        return;
    }
    check_names(r);
    read_kind(r);
    read_bound(r);
    read_overlap(r);
    read_separator(r);
    read_exclude(r);
    read_pages(r);
    read_weight(r);
    hash_strategy(r->s);
}

// ---- choosing -----------------------------------------------------------------------------------

bool strategy_key_matches(Str key, Str path, Str name)
{
    Str subject = str_find_char(key, '/') == STR_NONE ? name : path;
    return str_eq(key, subject) || (path_is_glob(key) && path_glob(key, subject));
}

size_t strategy_place(const Strategy *s, const Pattern *pattern)
{
    if (pattern && pattern == s->pattern && s->pattern_place) return s->pattern_place;
    for (size_t i = 0; i < s->n_exclude; i++)
        if (pattern == s->exclude[i]) return s->exclude_places[i];
    return s->key_offset;
}

static size_t literal_letters(Str key)
{
    size_t n = utf8_count(key);
    for (size_t i = 0; i < key.len; i++) n -= key.ptr[i] == '*' || key.ptr[i] == '?';
    return n;
}

const Strategy *strategy_exact(const Strategies *s, Str key)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const Strategy *one = &s->items[s->exact[middle]];
        int order = str_cmp(one->key, key);
        if (order == 0) return one;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

const Strategy *strategy_for(const Strategies *s, Str path, Str name)
{
    const Strategy *best = strategy_exact(s, path);
    if (!best) best = strategy_exact(s, name);
    if (best) return best;
    best = &s->standard;
    size_t best_literals = 0;
    for (size_t i = 0; i < s->n_globs; i++) {
        const Strategy *one = &s->items[s->globs[i]];
        if (!strategy_key_matches(one->key, path, name)) continue;
        size_t literals = 1 + literal_letters(one->key);
        if (literals > best_literals) best = one, best_literals = literals;
    }
    return best;
}
