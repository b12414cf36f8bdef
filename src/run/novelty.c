// SPDX-License-Identifier: Apache-2.0
#include "run/novelty.h"

#include "base/path.h"
#include "conversation/render.h"
#include "dedup/records.h"
#include "run/facts.h"
#include "run/meaning.h"

typedef struct TopicState {
    unsigned in_a_row;     // duplicates
    uint64_t iteration;    // the last one counted
    unsigned attempt;
    bool told;
} TopicState;

struct Novelty {
    NoveltyParts parts;
    Arena arena;
    Seen *seen, *openings; // NULL with --dedup off: nothing is compared, and memory stays bounded
    Shingles alone;        // … then the last text's, for the diversity
    Meaning *meaning;      // NULL: words alone count
    bool looked_meaning;   // the last look was by meaning too
    uint64_t kept, same_openings, repeating;
    bool looked_same, looked_repeating;  // of the last look: opens like another, repeats a turn
    Diversity diversity;
    Str *elsewhere;        // names of where the rest is from: "run 26-11-22-15h04m05s"
    size_t n_elsewhere, cap_elsewhere;
    TopicState *topics;    // of the knowledge's, and one for no topic
    size_t n_topics;
};

static Str first_line(Str text)
{
    size_t end = str_find_char(text, '\n');
    return str_slice(text, 0, end == STR_NONE ? text.len : end);
}

// Whether a line of the text nearly comes again in it: its number from 1, 0 for none.
static unsigned repeated_turn(const Novelty *n, Str text, SeenMatch *of)
{
    Seen *lines = seen_new(&(SeenOptions){.threshold = n->parts.settings->dedup_threshold});
    Str rest = text, line;
    Error e;
    unsigned repeated = 0;
    for (unsigned i = 1; !repeated && str_cut(&rest, '\n', &line); i++) {
        if (seen_look(lines, line, of) && seen_shingles(lines)->n_words >= NOVELTY_WORDS) repeated = i;
        else if (!seen_add(lines, i, &e)) break;
    }
    seen_free(lines);
    return repeated;
}

static bool look_opening(Novelty *n, Str text, SeenMatch *match)
{
    return seen_look(n->openings, first_line(text), match) && seen_shingles(n->openings)->n_words >= NOVELTY_WORDS;
}

// For the diversity alone.
static void look_alone(Novelty *n, Str text)
{
    shingles_words(&n->alone, text);
    shingles_items(&n->alone, SHINGLE_WORDS);
}

// The last look of both indices was at this text.
static bool add(Novelty *n, Str text, uint64_t id, Error *e)
{
    if (id >> NOVELTY_ID_BITS == FROM_THIS_RUN) {
        diversity_add(&n->diversity, n->seen ? seen_shingles(n->seen) : &n->alone, first_line(text));
        n->kept++;
        n->same_openings += n->looked_same;
        n->repeating += n->looked_repeating;
    }
    if (!n->seen) return true;
    bool by_meaning = n->looked_meaning;
    n->looked_meaning = false;
    return seen_add(n->seen, id, e) && seen_add(n->openings, id, e) && (!by_meaning || meaning_add(n->meaning, id, e));
}

// `vector`: where it is stored.
static bool remember(Novelty *n, Str text, Str vector, unsigned source, uint64_t number, Error *e)
{
    SeenMatch match;
    uint64_t id = (uint64_t)source << NOVELTY_ID_BITS | number;
    if (!n->seen) {
        look_alone(n, text);
        return add(n, text, id, e);
    }
    seen_look(n->seen, text, &match);
    n->looked_same = look_opening(n, text, &match);
    n->looked_repeating = source == FROM_THIS_RUN && repeated_turn(n, text, &match) > 0;
    return add(n, text, id, e) && (!n->meaning || meaning_know(n->meaning, text, vector, id, e));
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
        ok = remember(n, conversation_normal_text(&example->conversation, &scratch), (Str){0}, FROM_HANDWRITTEN, example->number, e);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    return ok;
}

// Vectors of another model say nothing here.
static bool same_embeddings(const Novelty *n, Journal *j)
{
    Arena scratch = {0};
    Str model = embedder_endpoint(n->parts.settings->embedder)->model;
    bool same = model.len && str_eq(facts_text(j, S("embeddings"), &scratch), model);
    arena_free(&scratch);
    return same;
}

static bool remember_kept(Novelty *n, Journal *j, unsigned source, Error *e)
{
    KeptItem item;
    KeptReader *reader = journal_read_kept(j, e);
    if (!reader) return false;
    Arena scratch = {0};
    bool ok = true, stored = n->meaning && same_embeddings(n, j);
    while (ok && kept_next(reader, &item, e)) {
        Str vector = {0};
        arena_reset(&scratch);
        if (stored) journal_get_vector(j, item.iteration, &scratch, &vector);
        ok = remember(n, item.row.text, vector, source, item.iteration, e);
    }
    arena_free(&scratch);
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
    while (ok && records_next(reader, &record, e)) ok = remember(n, record.text, (Str){0}, source, record.row, e);
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

static bool remember_all(Novelty *n, Error *e)
{
    bool dedup = n->parts.settings->dedup;
    return (!dedup || (remember_handwritten(n, e) && remember_scope(n, e))) && remember_kept(n, n->parts.journal, FROM_THIS_RUN, e);
}

// ---- meaning ------------------------------------------------------------------------------------

static void note_embeddings(const Novelty *n)
{
    const RunSettings *s = n->parts.settings;
    Journal *j = n->parts.journal;
    int64_t tokens = embedder_tokens(s->embedder);
    journal_fact(j, S("embeddings"), embedder_endpoint(s->embedder)->model);
    facts_put_number(j, S("embedding_tokens"), facts_number(j, S("embedding_tokens")) + tokens);
    facts_put_number(j, S("embedding_cost"), facts_number(j, S("embedding_cost")) + pricing_cost(&s->embedder_pricing, tokens, 0, 0));
}

static bool open_meaning(Novelty *n, Error *e)
{
    const RunSettings *s = n->parts.settings;
    return !s->dedup || !s->dedup_semantic || !s->embedder || meaning_open(s->embedder, s->semantic_threshold, &n->meaning, e);
}

static bool settle_meaning(Novelty *n, Error *e)
{
    if (!n->meaning) return true;
    if (!meaning_settle(n->meaning, e)) return false;
    note_embeddings(n);
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
    *n = (Novelty){.parts = *parts};
    if (parts->settings->dedup) {
        n->seen = seen_new(&(SeenOptions){.threshold = parts->settings->dedup_threshold});
        n->openings = seen_new(&(SeenOptions){.threshold = OPENING_LIKENESS, .words = OPENING_WORDS});
    }
    diversity_init(&n->diversity);
    n->n_topics = (k ? k->n_topics : 0) + 1;
    n->topics = arena_new(&n->arena, TopicState, n->n_topics);
    for (size_t i = 0; i < n->n_topics; i++) read_topic(n, i);
    *out = n;
    if (open_meaning(n, e) && remember_all(n, e) && settle_meaning(n, e)) return true;
    novelty_close(n);
    *out = NULL;
    return false;
}

void novelty_close(Novelty *n)
{
    if (!n) return;
    seen_free(n->seen);
    seen_free(n->openings);
    meaning_close(n->meaning);
    shingles_free(&n->alone);
    diversity_free(&n->diversity);
    arena_free(&n->arena);
    free(n);
}

// "conversation 17", "handwritten example 3", "conversation 5 of run 26-11-22-15h04m05s".
static Str name_of(const Novelty *n, uint64_t id, char *out, size_t size)
{
    uint64_t source = id >> NOVELTY_ID_BITS;
    unsigned long long number = id & (((uint64_t)1 << NOVELTY_ID_BITS) - 1);
    int len;
    if (source >= FROM_ELSEWHERE)
        len = snprintf(out, size, "conversation %llu of %.*s", number, STR_ARG(n->elsewhere[source - FROM_ELSEWHERE]));
    else
        len = snprintf(out, size, source == FROM_HANDWRITTEN ? "handwritten example %llu" : "conversation %llu", number);
    return (Str){out, (size_t)len < size ? (size_t)len : size - 1};
}

bool novelty_look(Novelty *n, Str text, SeenMatch *match, Finding *why)
{
    char name[160];
    SeenMatch opening, turn;
    if (!n->seen) {
        *match = (SeenMatch){0};
        look_alone(n, text);
        return true;
    }
    n->looked_meaning = false;
    if (seen_look(n->seen, text, match)) {
        Str near = name_of(n, match->id, name, sizeof name);
        if (match->exact) return finding_set(why, FINDING_DUPLICATE, "the same words as %.*s", STR_ARG(near));
        return finding_set(why, FINDING_DUPLICATE, "%.3g like %.*s", match->similarity, STR_ARG(near));
    }
    *match = (SeenMatch){0};
    unsigned repeated = repeated_turn(n, text, &turn);
    n->looked_repeating = repeated > 0;
    n->looked_same = look_opening(n, text, &opening);
    if (!n->parts.settings->dedup_openers) return true;
    if (repeated)
        return finding_set(why, FINDING_DUPLICATE, "line %u says again what line %llu says", repeated, (unsigned long long)turn.id);
    return !n->looked_same ||
           finding_set(why, FINDING_DUPLICATE, "opens like %.*s", STR_ARG(name_of(n, opening.id, name, sizeof name)));
}

bool novelty_look_meaning(Novelty *n, const float *vector, SeenMatch *match, Str *stored, Finding *why)
{
    char name[160];
    if (!n->meaning) return true;
    *stored = (Str){(const char *)vector, meaning_dimensions(n->meaning) * sizeof *vector};
    n->looked_meaning = true;
    if (!meaning_look(n->meaning, vector, match)) {
        *match = (SeenMatch){0};
        return true;
    }
    n->looked_meaning = false;
    return finding_set(why, FINDING_DUPLICATE, "says the same as %.*s (%.3g)", STR_ARG(name_of(n, match->id, name, sizeof name)),
                       match->similarity);
}

bool novelty_add(Novelty *n, uint64_t iteration, Str text, Error *e) { return add(n, text, iteration, e); }

const Diversity *novelty_diversity(const Novelty *n) { return &n->diversity; }

static double share(uint64_t part, uint64_t all) { return all ? (double)part / (double)all : -1; }
double novelty_same_openings(const Novelty *n) { return n->seen ? share(n->same_openings, n->kept) : -1; }
double novelty_repeating(const Novelty *n) { return n->seen ? share(n->repeating, n->kept) : -1; }
