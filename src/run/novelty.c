// SPDX-License-Identifier: Apache-2.0
#include "run/novelty.h"

#include "base/path.h"
#include "conversation/render.h"
#include "dedup/records.h"
#include "run/facts.h"

typedef struct TopicState {
    unsigned in_a_row;     // duplicates
    uint64_t iteration;    // the last one counted
    unsigned attempt;
    bool told;
} TopicState;

struct Novelty {
    NoveltyParts parts;
    Arena arena;
    Seen *seen;
    Diversity diversity;
    Str *elsewhere;        // names of where the rest is from: "run 26-11-22-15h04m05s"
    size_t n_elsewhere, cap_elsewhere;
    TopicState *topics;    // of the knowledge's, and one for no topic
    size_t n_topics;
};

static bool remember(Novelty *n, Str text, unsigned source, uint64_t number, Error *e)
{
    SeenMatch match;
    seen_look(n->seen, text, &match);
    return seen_add(n->seen, (uint64_t)source << NOVELTY_ID_BITS | number, e);
}

static unsigned new_source(Novelty *n, Str name)
{
    n->elsewhere = arena_grow(&n->arena, n->elsewhere, n->n_elsewhere, &n->cap_elsewhere, sizeof *n->elsewhere);
    n->elsewhere[n->n_elsewhere] = name;
    return (unsigned)(FROM_ELSEWHERE + n->n_elsewhere++);
}

// ---- what is already there ----------------------------------------------------------------------

static bool remember_handwritten(Novelty *n, Error *e)
{
    const Examples *examples = &plan_project(n->parts.plan)->examples;
    Arena scratch = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < examples->n; i++) {
        const Example *example = &examples->items[i];
        ok = remember(n, conversation_normal_text(&example->conversation, &scratch), FROM_HANDWRITTEN, example->number, e);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    return ok;
}

static Str first_line(Str text)
{
    size_t end = str_find_char(text, '\n');
    return str_slice(text, 0, end == STR_NONE ? text.len : end);
}

static bool remember_kept(Novelty *n, Journal *j, unsigned source, Error *e)
{
    KeptItem item;
    KeptReader *reader = journal_read_kept(j, e);
    if (!reader) return false;
    bool ok = true;
    while (ok && kept_next(reader, &item, e)) {
        ok = remember(n, item.row.text, source, item.iteration, e);
        if (ok && source == FROM_THIS_RUN) diversity_add(&n->diversity, seen_shingles(n->seen), first_line(item.row.text));
    }
    kept_close(reader);
    return ok && e->kind == ERROR_NONE;
}

// A run of the same seed that draws the same iterations is this one over again, and what it made says
// nothing about what this one repeats.
static bool same_over_again(const RunSettings *a, const RunSettings *b)
{
    return a->seed == b->seed && a->start < b->start + b->iterations && b->start < a->start + a->iterations;
}

static void remember_run(Novelty *n, Str stamp)
{
    Journal *j;
    Error e = {0};
    RunSettings settings = {0};
    Str folder = plan_project(n->parts.plan)->folder;
    Str path = arena_printf(&n->arena, "%.*s/.confab/%.*s.db", STR_ARG(folder), STR_ARG(stamp));
    if (!journal_open_to_read(path.ptr, &j, &e)) return;
    if (facts_settings(j, &n->arena, &settings) && !same_over_again(&settings, n->parts.settings))
        remember_kept(n, j, new_source(n, arena_printf(&n->arena, "run %.*s", STR_ARG(stamp))), &e);
    journal_close(j, NULL);
}

static bool remember_earlier_runs(Novelty *n, Error *e)
{
    FileEntry *files;
    size_t n_files;
    Str folder = path_join(&n->arena, plan_project(n->parts.plan)->folder, S(".confab"));
    if (!path_list(folder.ptr, 1, &n->arena, &files, &n_files, e)) return false;
    for (size_t i = 0; i < n_files; i++) {
        Str stamp = path_stem(files[i].path);
        if (!str_ends(files[i].path, S(".db")) || stamp.len != STAMP_LEN) continue;
        if (str_cmp(stamp, str_from(n->parts.stamp)) < 0) remember_run(n, stamp);
    }
    return true;
}

static bool remember_file(Novelty *n, Str name, Error *e)
{
    RecordReader *reader;
    Record record;
    if (!records_open(arena_cstr(&n->arena, name), (Str){0}, &reader, e)) return false;
    unsigned source = new_source(n, arena_str(&n->arena, name));
    bool ok = true;
    while (ok && records_next(reader, &record, e)) ok = remember(n, record.text, source, record.row, e);
    records_close(reader);
    return ok && e->kind == ERROR_NONE;
}

static bool remember_scope(Novelty *n, Error *e)
{
    Str scope = n->parts.settings->dedup_scope, part;
    while (str_cut(&scope, ',', &part)) {
        if (part.len == 0 || str_eq(part, S("run"))) continue;
        bool project = str_eq(part, S("project"));
        if (!(project ? remember_earlier_runs(n, e) : remember_file(n, part, e))) return false;
    }
    return true;
}

// ---- topics -------------------------------------------------------------------------------------

static Str topic_key(const Novelty *n, size_t topic, Arena *a)
{
    const Knowledge *k = plan_project(n->parts.plan)->knowledge;
    return topic + 1 < n->n_topics ? arena_printf(a, "duplicates/%.*s", STR_ARG(k->topics[topic].name)) : S("duplicates");
}

static void read_topic(Novelty *n, size_t topic)
{
    Arena scratch = {0};
    Str rest = facts_text(n->parts.journal, topic_key(n, topic, &scratch), &scratch), part;
    uint64_t numbers[3] = {0};
    for (size_t i = 0; i < 3 && str_cut(&rest, ' ', &part); i++)
        if (!str_to_u64(part, &numbers[i])) numbers[i] = 0;
    n->topics[topic] = (TopicState){.in_a_row = (unsigned)numbers[0], .iteration = numbers[1], .attempt = (unsigned)numbers[2]};
    arena_free(&scratch);
}

static void note_topic(Novelty *n, size_t topic)
{
    const TopicState *t = &n->topics[topic];
    Arena scratch = {0};
    journal_fact(n->parts.journal, topic_key(n, topic, &scratch),
                 arena_printf(&scratch, "%u %llu %u", t->in_a_row, (unsigned long long)t->iteration, t->attempt));
    arena_free(&scratch);
}

static void warn(const Novelty *n, size_t topic, Error *tell)
{
    Str name = topic + 1 < n->n_topics ? plan_project(n->parts.plan)->knowledge->topics[topic].name : (Str){0};
    if (name.ptr)
        error_set(tell, ERROR_PARTIAL, "duplicates", "the topic %.*s seems exhausted: its last %d answers were near-duplicates",
                  STR_ARG(name), NOVELTY_EXHAUSTED);
    else
        error_set(tell, ERROR_PARTIAL, "duplicates", "the project seems exhausted: the last %d answers were near-duplicates",
                  NOVELTY_EXHAUSTED);
    error_hint(tell, "add knowledge, templates or injection values, widen the temperature, or ask for fewer");
    tell->warning = true;
}

bool novelty_judged(Novelty *n, const PlanItem *item, bool duplicate, Error *tell)
{
    *tell = (Error){0};
    size_t topic = item->drawn.topic == NOT_DRAWN ? n->n_topics - 1 : (size_t)item->drawn.topic;
    TopicState *t = &n->topics[topic];
    if (!duplicate) {
        if (t->in_a_row == 0) return false;
        *t = (TopicState){.told = t->told};
        note_topic(n, topic);
        return false;
    }
    // An answer whose verdict was lost in a kill is judged again, but counts once.
    if (t->in_a_row == 0 || t->iteration != item->drawn.iteration || t->attempt != item->drawn.attempt) {
        t->in_a_row++;
        t->iteration = item->drawn.iteration;
        t->attempt = item->drawn.attempt;
        note_topic(n, topic);
    }
    if (t->in_a_row < NOVELTY_EXHAUSTED) return false;
    if (!t->told) warn(n, topic, tell);
    t->told = true;
    return true;
}

// ---- opening and asking -------------------------------------------------------------------------

bool novelty_open(const NoveltyParts *parts, Novelty **out, Error *e)
{
    Novelty *n = mem_alloc(sizeof *n);
    const Knowledge *k = plan_project(parts->plan)->knowledge;
    *e = (Error){0};
    *n = (Novelty){.parts = *parts, .seen = seen_new(&(SeenOptions){.threshold = parts->settings->dedup_threshold})};
    diversity_init(&n->diversity);
    n->n_topics = (k ? k->n_topics : 0) + 1;
    n->topics = arena_new(&n->arena, TopicState, n->n_topics);
    for (size_t i = 0; i < n->n_topics; i++) read_topic(n, i);
    *out = n;
    if (remember_handwritten(n, e) && remember_scope(n, e) && remember_kept(n, parts->journal, FROM_THIS_RUN, e)) return true;
    novelty_close(n);
    *out = NULL;
    return false;
}

void novelty_close(Novelty *n)
{
    if (!n) return;
    seen_free(n->seen);
    diversity_free(&n->diversity);
    arena_free(&n->arena);
    free(n);
}

bool novelty_look(Novelty *n, Str text, SeenMatch *match, Finding *why)
{
    if (!seen_look(n->seen, text, match)) return true;
    uint64_t source = match->id >> NOVELTY_ID_BITS, number = match->id & (((uint64_t)1 << NOVELTY_ID_BITS) - 1);
    char near[64];
    if (match->exact)
        snprintf(near, sizeof near, "the same words as");
    else
        snprintf(near, sizeof near, "%.3g like", match->similarity);
    if (source == FROM_HANDWRITTEN)
        return finding_set(why, FINDING_DUPLICATE, "%s handwritten example %llu", near, (unsigned long long)number);
    if (source >= FROM_ELSEWHERE)
        return finding_set(why, FINDING_DUPLICATE, "%s conversation %llu of %.*s", near, (unsigned long long)number,
                           STR_ARG(n->elsewhere[source - FROM_ELSEWHERE]));
    return finding_set(why, FINDING_DUPLICATE, "%s conversation %llu", near, (unsigned long long)number);
}

bool novelty_add(Novelty *n, uint64_t iteration, Str text, Error *e)
{
    diversity_add(&n->diversity, seen_shingles(n->seen), first_line(text));
    return seen_add(n->seen, iteration, e);
}

const Diversity *novelty_diversity(const Novelty *n) { return &n->diversity; }
