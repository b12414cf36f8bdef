// SPDX-License-Identifier: Apache-2.0
#include "plan/draw.h"

#include "base/hash.h"

static void draw_cross(const Dealer *d, Drawn *out, int32_t *values, Passage *passage);
static bool draw_passage(const Dealer *d, Passage passage, Arena *a, Drawn *out, Error *e);
static bool draw_injections(const Dealer *d, int32_t *values, Drawn *out, Error *e);
static void draw_examples(const Dealer *d, Arena *a, Drawn *out);
static void draw_parameters(const Dealer *d, Arena *a, Drawn *out);

// Numbers of their own for each use, iteration and attempt (0: the same for all attempts).
static Random random_of(const Dealer *d, Str use, uint64_t iteration, unsigned attempt)
{
    return random_from(hash_mix(hash_mix(hash64(use, d->seed), iteration), attempt));
}

bool dealer_draw(const Dealer *d, uint64_t iteration, unsigned attempt, Arena *a, Drawn *out, Error *e)
{
    const Project *p = d->project;
    int32_t *values = arena_new(a, int32_t, p->injections.n);
    for (size_t i = 0; i < p->injections.n; i++) values[i] = NOT_DRAWN;
    *out = (Drawn){.iteration = iteration, .attempt = attempt, .topic = NOT_DRAWN, .document = NOT_DRAWN,
                   .style = NOT_DRAWN, .flow = NOT_DRAWN, .values = values};

    Passage passage = {0};
    if (d->n_cross) draw_cross(d, out, values, &passage);
    if (d->reach->topic) {
        if (!d->topic_crossed) passage = passage_deal(&d->passages, iteration);
        out->topic = passage.topic;
        out->document = passage.document;
    }
    if (d->reach->template && !d->style_crossed)
        out->style = (int32_t)d->styles.values[deck_card(&d->styles.deck, iteration).value];
    if (d->reach->flow && d->flows.deck.cards) out->flow = (int32_t)deck_card(&d->flows.deck, iteration).value;
    // The conditions see what the first attempt drew.
    if (!draw_injections(d, values, out, e)) return false;
    if (d->reach->topic && !draw_passage(d, passage, a, out, e)) return false;

    Random random = random_of(d, S("exchanges"), iteration, 0);
    out->exchanges = d->min_exchanges + (unsigned)random_below(&random, d->max_exchanges - d->min_exchanges + 1);
    random = random_of(d, S("seed"), iteration, attempt);
    out->seed = random_next(&random) >> 33;
    draw_examples(d, a, out);
    draw_parameters(d, a, out);
    return true;
}

static void draw_cross(const Dealer *d, Drawn *out, int32_t *values, Passage *passage)
{
    DeckCard card = deck_card(&d->combinations, out->iteration);
    for (size_t i = 0; i < d->n_cross; i++) {
        const CrossPart *part = &d->cross[i];
        size_t at = dealer_combination(d, card.value, i);
        if (part->variable.kind == VARIABLE_TOPIC) *passage = passage_deal_in(&d->passages, at, card.before);
        else if (!dealer_reaches(d, part->variable)) continue;
        else if (part->variable.kind == VARIABLE_TEMPLATE) out->style = (int32_t)part->values[at];
        else values[part->variable.index] = (int32_t)part->values[at];
    }
}

static bool draw_passage(const Dealer *d, Passage passage, Arena *a, Drawn *out, Error *e)
{
    if (out->attempt > 1 && !d->keep_passage)
        passage = passage_redraw(&d->passages, passage, d->keep_document, out->iteration, out->attempt);
    out->document = d->reach->document || d->reach->passage ? (int64_t)passage.document : NOT_DRAWN;
    if (!d->reach->passage) return true;
    uint32_t *chunks = arena_new(a, uint32_t, d->project->drawing.passages);
    out->chunks = chunks;
    return related_widen(d->related, &d->passages, passage, d->project->drawing.passages, chunks, &out->n_chunks, a, e);
}

// ---- injections ---------------------------------------------------------------------------------

typedef struct DrawnSoFar {
    const Dealer *dealer;
    const Drawn *drawn;
} DrawnSoFar;

static Str drawn_label(void *ctx, Variable variable)
{
    const DrawnSoFar *so_far = ctx;
    const Project *p = so_far->dealer->project;
    const Drawn *drawn = so_far->drawn;
    switch (variable.kind) {
    case VARIABLE_TOPIC: return drawn->topic < 0 ? (Str){0} : p->knowledge->topics[drawn->topic].name;
    case VARIABLE_DOCUMENT: return drawn->document < 0 ? (Str){0} : p->knowledge->documents[drawn->document].name;
    case VARIABLE_TEMPLATE: return drawn->style < 0 ? (Str){0} : p->styles.items[drawn->style].name;
    case VARIABLE_INJECTION: break;
    }
    int32_t value = drawn->values[variable.index];
    return value < 0 ? (Str){0} : p->injections.items[variable.index].values[value].label;
}

static int32_t draw_conditional(const Dealer *d, uint32_t injection, const Drawn *out)
{
    const Injection *i = &d->project->injections.items[injection];
    const InjectionDeal *deal = &d->injections[injection];
    DrawnSoFar so_far = {d, out};
    LabelSource labels = {drawn_label, &so_far};
    double sum = 0;
    for (size_t c = 0; c < deal->choice.n; c++) {
        const InjectionValue *value = &i->values[deal->choice.values[c]];
        if (value->weight > 0 && injection_value_fits(value, &labels)) sum += value->weight;
    }
    Random random = random_from(hash_mix(deal->key, out->iteration));
    double at = random_unit(&random) * sum;
    int32_t found = NOT_DRAWN;
    for (size_t c = 0; c < deal->choice.n; c++) {
        const InjectionValue *value = &i->values[deal->choice.values[c]];
        if (value->weight <= 0 || !injection_value_fits(value, &labels)) continue;
        found = (int32_t)deal->choice.values[c];
        if (at < value->weight) break;
        at -= value->weight;
    }
    return found;
}

static bool no_value_fits(const Dealer *d, uint32_t injection, const Drawn *out, Error *e)
{
    const Project *p = d->project;
    const Injection *i = &p->injections.items[injection];
    DrawnSoFar so_far = {d, out};
    Buf with = {.max = 200};
    for (size_t v = 0; v < i->n; v++) {
        const InjectionValue *value = &i->values[v];
        for (size_t w = 0; w < value->n_when; w++) {
            Str name = variable_name(&p->names, value->when[w].variable);
            Str label = drawn_label(&so_far, value->when[w].variable);
            Str known = buf_str(&with);
            if (str_contains(known, name)) continue;
            buf_printf(&with, "%s%.*s %.*s", with.len ? ", " : "", STR_ARG(name), STR_ARG(label));
        }
    }
    error_set(e, ERROR_PROJECT, "when", "no value of {%.*s} fits %.*s", STR_ARG(i->name), STR_ARG(buf_str(&with)));
    error_hint(e, "a value without \"when\", or one for this combination");
    buf_free(&with);
    return error_at_file(e, i->file);
}

static bool draw_injections(const Dealer *d, int32_t *values, Drawn *out, Error *e)
{
    const Injections *injections = &d->project->injections;
    for (size_t n = 0; n < injections->n; n++) {
        uint32_t i = injections->order[n];
        const InjectionDeal *deal = &d->injections[i];
        if (!deal->drawn || deal->crossed) continue;
        if (!injections->items[i].conditional) {
            values[i] = (int32_t)deal->choice.values[deck_card(&deal->choice.deck, out->iteration).value];
            continue;
        }
        values[i] = draw_conditional(d, i, out);
        if (values[i] == NOT_DRAWN) return no_value_fits(d, i, out, e);
    }
    return true;
}

// ---- examples and parameters --------------------------------------------------------------------

// Puts `value` into a rising set of n, or says that it is there already.
static bool insert(uint32_t *set, size_t n, uint32_t value)
{
    size_t at = n;
    while (at > 0 && set[at - 1] > value) at--;
    if (at > 0 && set[at - 1] == value) return false;
    memmove(set + at + 1, set + at, (n - at) * sizeof *set);
    set[at] = value;
    return true;
}

// The first attempt takes the next cards of the deck, a further one any. What an item has already
// gives way to the next example that it has not.
static void draw_examples(const Dealer *d, Arena *a, Drawn *out)
{
    uint32_t n = (uint32_t)d->examples.n;
    uint32_t *set = arena_new(a, uint32_t, d->shown);
    Random random = random_of(d, S("examples"), out->iteration, out->attempt);
    for (size_t i = 0; i < d->shown; i++) {
        uint32_t card;
        if (out->attempt > 1) card = (uint32_t)random_below(&random, n);
        else card = deck_card(&d->examples.deck, out->iteration * d->shown + i).value;
        while (!insert(set, i, d->examples.values[card])) card = (card + 1) % n;
    }
    out->examples = set;
    out->n_examples = d->shown;
}

static void draw_parameters(const Dealer *d, Arena *a, Drawn *out)
{
    const Parameters *parameters = &d->project->parameters;
    Str *params = arena_new(a, Str, parameters->n);
    Buf json = {0};
    for (size_t i = 0; i < parameters->n; i++) {
        const Parameter *parameter = &parameters->items[i];
        if (parameter->kind == PARAMETER_FIXED) {
            params[i] = parameter->json;
            continue;
        }
        Random random = random_from(hash_mix(hash_mix(d->parameter_keys[i], out->iteration), out->attempt));
        buf_clear(&json);
        parameter_draw(parameter, &random, &json);
        params[i] = arena_str(a, buf_str(&json));
    }
    buf_free(&json);
    out->params = params;
}
