// SPDX-License-Identifier: Apache-2.0
#include "plan/dealer.h"

#include "base/hash.h"

static void choose_styles(Dealer *d, Arena *a);
static void choose_examples(Dealer *d, Arena *a);
static void choose_injections(Dealer *d, Arena *a);
static void choose_cross(Dealer *d, Arena *a);
static void make_decks(Dealer *d, Arena *a);
static bool open_related(Dealer *d, Arena *a, Problems *problems);
static void find_kept(Dealer *d, Arena *a);
static bool check_exchanges(const Dealer *d, Problems *problems);
static bool check_choice(const Dealer *d, Problems *problems);
static void warn_of_steps(const Dealer *d, Arena *a, Problems *problems);

bool dealer_open(const Project *project, uint64_t seed, unsigned max_exchanges, Arena *a, Dealer **out,
                 Problems *problems)
{
    Dealer *d = *out = arena_new(a, Dealer, 1);
    *d = (Dealer){.project = project, .reach = &project->reach, .seed = seed,
                  .min_exchanges = project->drawing.min_exchanges, .max_exchanges = max_exchanges};
    choose_styles(d, a);
    choose_examples(d, a);
    choose_injections(d, a);
    for (size_t i = 0; i < project->drawing.n_cross; i++)
        d->topic_crossed = d->topic_crossed || project->drawing.cross[i].kind == VARIABLE_TOPIC;
    passage_init(&d->passages, project, seed, d->topic_crossed, a);
    bool searches = open_related(d, a, problems);
    choose_cross(d, a);
    make_decks(d, a);
    find_kept(d, a);
    uint64_t *keys = arena_new(a, uint64_t, project->parameters.n);
    for (size_t i = 0; i < project->parameters.n; i++)
        keys[i] = hash_mix(hash64(S("parameter"), seed), hash64(project->parameters.items[i].name, seed));
    d->parameter_keys = keys;

    bool fits = check_exchanges(d, problems);
    bool ok = check_choice(d, problems) && fits && searches;
    if (ok) warn_of_steps(d, a, problems);
    return ok;
}

void dealer_close(Dealer *d)
{
    passage_free(&d->passages);
    related_close(d->related);
    deck_free(&d->styles.deck);
    deck_free(&d->flows.deck);
    deck_free(&d->examples.deck);
    deck_free(&d->combinations);
    for (size_t i = 0; i < d->project->injections.n; i++) deck_free(&d->injections[i].choice.deck);
}

static void choose_styles(Dealer *d, Arena *a)
{
    const Styles *styles = &d->project->styles;
    uint32_t *values = arena_new(a, uint32_t, styles->n);
    double *weights = arena_new(a, double, styles->n);
    for (uint32_t i = 0; i < styles->n; i++) {
        values[i] = i;
        weights[i] = styles->items[i].weight;
    }
    d->styles = (Choice){.values = values, .weights = weights, .n = styles->n};
}

static void choose_examples(Dealer *d, Arena *a)
{
    const Project *p = d->project;
    bool shown = d->reach->examples || p->drawing.examples_as == EXAMPLES_AS_TURNS;
    uint32_t *values = arena_new(a, uint32_t, p->examples.n);
    for (uint32_t i = 0; shown && i < p->examples.n; i++)
        if (partition_uses_example(&p->drawing.partitions, p->partition, p->examples.items[i].partition))
            values[d->examples.n++] = i;
    d->examples.values = values;
    d->shown = p->drawing.examples_in_prompt;
    if (d->shown > d->examples.n) d->shown = d->examples.n;
}

static void choose_injections(Dealer *d, Arena *a)
{
    const Project *p = d->project;
    d->injections = arena_new(a, InjectionDeal, p->injections.n);
    for (uint32_t i = 0; i < p->injections.n; i++) {
        const Injection *injection = &p->injections.items[i];
        uint32_t *values = arena_new(a, uint32_t, injection->n);
        double *weights = arena_new(a, double, injection->n);
        size_t n = 0;
        for (uint32_t v = 0; v < injection->n; v++) {
            const InjectionValue *value = &injection->values[v];
            if (!partition_uses_value(&p->drawing.partitions, p->partition, i, value->partition)) continue;
            values[n] = v;
            weights[n++] = value->weight;
        }
        d->injections[i] = (InjectionDeal){.drawn = d->reach->injections[i],
                                           .choice = {.values = values, .weights = weights, .n = n},
                                           .key = hash_mix(hash64(S("injection"), d->seed), hash64(injection->name, d->seed))};
    }
}

static CrossPart cross_part(const Dealer *d, Variable variable, Arena *a)
{
    CrossPart part = {.variable = variable};
    if (variable.kind == VARIABLE_TOPIC) {
        part.n = d->passages.n_topics;
        uint32_t *values = arena_new(a, uint32_t, part.n);
        double *weights = arena_new(a, double, part.n);
        for (uint32_t i = 0; i < part.n; i++) {
            values[i] = i;
            weights[i] = d->passages.topics[i].weight;
        }
        part.values = values;
        part.weights = weights;
        return part;
    }
    const Choice *choice = variable.kind == VARIABLE_TEMPLATE ? &d->styles : &d->injections[variable.index].choice;
    part.values = choice->values;
    part.weights = choice->weights;
    part.n = choice->n;
    return part;
}

bool dealer_reaches(const Dealer *d, Variable variable)
{
    if (variable.kind == VARIABLE_TOPIC) return d->reach->topic;
    if (variable.kind == VARIABLE_TEMPLATE) return d->reach->template;
    return d->injections[variable.index].drawn;
}

static void choose_cross(Dealer *d, Arena *a)
{
    const Drawing *drawing = &d->project->drawing;
    bool any = false;
    for (size_t i = 0; i < drawing->n_cross; i++) any = any || dealer_reaches(d, drawing->cross[i]);
    if (!any) return;
    d->n_cross = drawing->n_cross;
    d->cross = arena_new(a, CrossPart, d->n_cross);
    for (size_t i = 0; i < d->n_cross; i++) {
        d->cross[i] = cross_part(d, drawing->cross[i], a);
        if (d->cross[i].variable.kind == VARIABLE_TEMPLATE) d->style_crossed = true;
        if (d->cross[i].variable.kind == VARIABLE_INJECTION) d->injections[d->cross[i].variable.index].crossed = true;
    }
}

// The last part changes fastest.
size_t dealer_combination(const Dealer *d, size_t combination, size_t part)
{
    for (size_t i = d->n_cross; --i > part;) combination /= d->cross[i].n;
    return combination % d->cross[part].n;
}

static void make_cross_deck(Dealer *d, Arena *a)
{
    size_t n = 1;
    Buf name = {0};
    buf_add(&name, S("cross"));
    for (size_t i = 0; i < d->n_cross; i++) {
        n *= d->cross[i].n;
        buf_add_char(&name, ' ');
        buf_add(&name, variable_name(&d->project->names, d->cross[i].variable));
    }
    double *weights = arena_new(a, double, n);
    uint32_t *topics = d->topic_crossed ? arena_new(a, uint32_t, n) : NULL;
    for (size_t c = 0; c < n; c++) {
        weights[c] = 1;
        for (size_t i = 0; i < d->n_cross; i++) {
            size_t at = dealer_combination(d, c, i);
            weights[c] *= d->cross[i].weights[at];
            if (d->cross[i].variable.kind == VARIABLE_TOPIC) topics[c] = (uint32_t)at;
        }
        if (weights[c] > 1e300) weights[c] = 1e300;
    }
    deck_init(&d->combinations, d->seed, buf_str(&name), n, weights, topics, a);
    buf_free(&name);
}

static void make_decks(Dealer *d, Arena *a)
{
    const Project *p = d->project;
    if (d->n_cross) make_cross_deck(d, a);
    deck_init(&d->styles.deck, d->seed, S("template"), d->styles.n, d->styles.weights, NULL, a);
    deck_init(&d->flows.deck, d->seed, S("flow"), p->format.n_flows, NULL, NULL, a);
    deck_init(&d->examples.deck, d->seed, S("examples"), d->examples.n, NULL, NULL, a);
    for (size_t i = 0; i < p->injections.n; i++) {
        Choice *choice = &d->injections[i].choice;
        if (p->injections.items[i].conditional || d->injections[i].crossed) continue;
        Str name = arena_printf(a, "injection/%.*s", STR_ARG(p->injections.items[i].name));
        deck_init(&choice->deck, d->seed, name, choice->n, choice->weights, NULL, a);
    }
}

// Nothing is searched for passages of one chunk.
static bool open_related(Dealer *d, Arena *a, Problems *problems)
{
    Error e;
    d->related = arena_new(a, Related, 1);
    *d->related = (Related){0};
    if (d->project->drawing.passages < 2 || !d->reach->passage || d->passages.n_topics == 0) return true;
    if (related_open(d->related, d->project, &e)) return true;
    problems_add(problems, &e);
    return false;
}

// A further attempt keeps injections and labels: so it also keeps the document or passage that
// decided about an injection, or that a label shows.
static void find_kept(Dealer *d, Arena *a)
{
    const Project *p = d->project;
    for (size_t i = 0; i < p->injections.n; i++)
        d->keep_document = d->keep_document || (d->injections[i].drawn && p->injections.items[i].needs_document);
    ReachParts parts = {.prompts = {&p->system_prompt, &p->user_prompt}, .styles = &p->styles,
                        .injections = &p->injections, .format = &p->format, .names = &p->names};
    for (size_t i = 0; i < p->format.n_labels; i++) {
        if (p->format.labels[i].asked >= 0) continue;
        Ref *refs;
        size_t n = reach_refs(&parts, &p->format.labels[i].drawn, a, &refs);
        for (size_t r = 0; r < n; r++) {
            if (refs[r].id == NAME_DOCUMENT || refs[r].id == NAME_DOCUMENT_SHA256) d->keep_document = true;
            bool chunk = refs[r].id >= NAME_CHUNK_ID && refs[r].id <= NAME_CHUNK_END;
            if (chunk || refs[r].id == NAME_KNOWLEDGE || refs[r].id == NAME_CHUNKS) d->keep_passage = true;
        }
    }
}

// ---- what is wrong ------------------------------------------------------------------------------

static bool check_exchanges(const Dealer *d, Problems *problems)
{
    if (d->min_exchanges <= d->max_exchanges) return true;
    Error *e = problems_new(problems, false, ERROR_USAGE, "exchanges", "min_exchanges is %u, but the run allows only %u",
                            d->min_exchanges, d->max_exchanges);
    error_at_file(e, S("config/drawing.json"));
    error_hint(e, "--max-exchanges %u, or a smaller min_exchanges", d->min_exchanges);
    return false;
}

static bool nothing_of(const Dealer *d, Problems *problems, Str what)
{
    const Partitions *partitions = &d->project->drawing.partitions;
    Str partition = partitions->n ? partitions->items[d->project->partition].name : S("train");
    Error *e = problems_new(problems, false, ERROR_PROJECT, "partition", "partition %.*s has nothing to draw for {%.*s}",
                            STR_ARG(partition), STR_ARG(what));
    error_hint(e, "a larger share, or other names, in config/drawing.json; or weights above 0");
    return false;
}

static bool check_choice(const Dealer *d, Problems *problems)
{
    const Project *p = d->project;
    bool ok = true;
    if (d->reach->topic && d->passages.n_topics == 0)
        ok = nothing_of(d, problems, d->reach->passage ? S("knowledge") : S("topic"));
    if (d->n_cross && d->combinations.cards == 0) ok = nothing_of(d, problems, S("cross"));
    if (d->reach->template && !d->style_crossed && d->styles.deck.cards == 0) ok = nothing_of(d, problems, S("template"));
    for (size_t i = 0; i < p->injections.n; i++) {
        const InjectionDeal *deal = &d->injections[i];
        bool has = p->injections.items[i].conditional ? deal->choice.n > 0 : deal->choice.deck.cards > 0;
        if (deal->drawn && !deal->crossed && !has) ok = nothing_of(d, problems, p->injections.items[i].name);
    }
    return ok;
}

// Two values without a repeat can only alternate, so variables of two values go in step.
static void warn_of_steps(const Dealer *d, Arena *a, Problems *problems)
{
    const Project *p = d->project;
    Str *names = arena_new(a, Str, p->injections.n + 3);
    size_t n = 0;
    if (d->reach->topic && p->drawing.deal == DEAL_TOPIC && d->passages.top.cards == 2) names[n++] = S("topic");
    if (d->reach->template && !d->style_crossed && d->styles.deck.cards == 2) names[n++] = S("template");
    if (d->reach->flow && d->flows.deck.cards == 2) names[n++] = S("flow");
    for (size_t i = 0; i < p->injections.n; i++)
        if (d->injections[i].drawn && d->injections[i].choice.deck.cards == 2) names[n++] = p->injections.items[i].name;
    if (n < 2) return;
    Buf list = {.max = 200};
    for (size_t i = 0; i < n; i++) buf_printf(&list, "%s{%.*s}", i == 0 ? "" : i + 1 < n ? ", " : " and ", STR_ARG(names[i]));
    Error *e = problems_new(problems, true, ERROR_PROJECT, "drawing",
                            "%.*s have two values each, so they alternate in step and only 2 of their combinations come up",
                            STR_ARG(buf_str(&list)));
    error_hint(e, "name them in \"cross\" of config/drawing.json, or add a third value");
    buf_free(&list);
}
