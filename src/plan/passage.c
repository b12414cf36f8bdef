// SPDX-License-Identifier: Apache-2.0
#include "plan/passage.h"

#include "base/hash.h"
#include "base/random.h"

// Two weights multiplied stay below infinity.
#define WEIGHT_MAX 1e300

static void place_topics(PassageDecks *p, const Project *project, Arena *a);
static void make_decks(PassageDecks *p, bool topics_given, Arena *a);

void passage_init(PassageDecks *p, const Project *project, uint64_t seed, bool topics_given, Arena *a)
{
    *p = (PassageDecks){.knowledge = project->knowledge, .deal = project->drawing.deal, .seed = seed};
    if (!p->knowledge) return;
    place_topics(p, project, a);
    if (p->n_topics) make_decks(p, topics_given, a);
}

void passage_free(PassageDecks *p)
{
    deck_free(&p->top);
    for (size_t i = 0; i < p->n_topics; i++) deck_free(&p->topics[i].deck);
    for (size_t i = 0; i < p->n_documents; i++) deck_free(&p->documents[i].chunks);
}

static bool takes_part(const Project *project, uint32_t document, double *weight)
{
    const Document *d = &project->knowledge->documents[document];
    *weight = d->weight;
    drawing_document_weight(&project->drawing, d->path, weight);
    return d->n_chunks > 0 && *weight > 0 &&
           partition_uses_document(&project->drawing.partitions, project->partition,
                                   project->document_partitions[document]);
}

static void place_topics(PassageDecks *p, const Project *project, Arena *a)
{
    const Knowledge *k = p->knowledge;
    p->topics = arena_new(a, PlacedTopic, k->n_topics);
    p->documents = arena_new(a, PlacedDocument, k->n_documents);
    size_t chunks = 0;
    for (uint32_t t = 0; t < k->n_topics; t++) {
        const Topic *topic = &k->topics[t];
        PlacedTopic placed = {.topic = t, .weight = drawing_topic_weight(&project->drawing, topic->name)};
        placed.documents = p->documents + p->n_documents;
        placed.before = chunks;
        for (uint32_t d = topic->first_document; d < topic->first_document + topic->n_documents; d++) {
            double weight;
            if (placed.weight <= 0 || !takes_part(project, d, &weight)) continue;
            placed.documents[placed.n_documents++] = (PlacedDocument){.document = d, .weight = weight, .before = chunks};
            chunks += k->documents[d].n_chunks;
        }
        placed.n_chunks = chunks - placed.before;
        if (placed.n_documents == 0) continue;
        p->n_documents += placed.n_documents;
        p->topics[p->n_topics++] = placed;
    }
}

// ---- decks --------------------------------------------------------------------------------------

static void make_topic_deck(PassageDecks *p, PlacedTopic *topic, Arena *a);
static void make_top_deck(PassageDecks *p, Arena *a);

static void make_decks(PassageDecks *p, bool topics_given, Arena *a)
{
    bool weighted = false;
    for (size_t i = 1; i < p->n_topics; i++)
        weighted = weighted || p->topics[i].weight < p->topics[0].weight || p->topics[i].weight > p->topics[0].weight;
    p->by_topic = topics_given || p->deal == DEAL_TOPIC || (p->deal == DEAL_CHUNK && weighted);
    if (!topics_given) make_top_deck(p, a);
    for (size_t i = 0; p->by_topic && i < p->n_topics; i++) make_topic_deck(p, &p->topics[i], a);
    if (p->deal == DEAL_CHUNK) return;
    for (size_t i = 0; i < p->n_documents; i++) {
        const Document *d = &p->knowledge->documents[p->documents[i].document];
        Str name = arena_printf(a, "chunk/%.*s", STR_ARG(d->path));
        deck_init(&p->documents[i].chunks, p->seed, name, d->n_chunks, NULL, NULL, a);
    }
}

static void make_topic_deck(PassageDecks *p, PlacedTopic *topic, Arena *a)
{
    Str name = p->knowledge->topics[topic->topic].name;
    if (p->deal == DEAL_CHUNK) {
        name = arena_printf(a, "chunks/%.*s", STR_ARG(name));
        deck_init(&topic->deck, p->seed, name, topic->n_chunks, NULL, NULL, a);
        return;
    }
    double *weights = arena_new(a, double, topic->n_documents);
    for (size_t i = 0; i < topic->n_documents; i++) weights[i] = topic->documents[i].weight;
    name = arena_printf(a, "document/%.*s", STR_ARG(name));
    deck_init(&topic->deck, p->seed, name, topic->n_documents, weights, NULL, a);
}

// A document's own weight counts where documents are dealt, a topic's wherever it lies. Where
// topics of different weights deal their chunks, a topic's chunks share its weight times their
// number, so that no deck of weights is as large as the knowledge.
static void make_top_deck(PassageDecks *p, Arena *a)
{
    if (p->deal == DEAL_CHUNK && !p->by_topic) {
        const PlacedTopic *last = &p->topics[p->n_topics - 1];
        deck_init(&p->top, p->seed, S("chunk"), last->before + last->n_chunks, NULL, NULL, a);
        return;
    }
    size_t n = 0;
    double *weights = mem_alloc((p->n_topics + p->n_documents) * sizeof *weights);
    for (size_t i = 0; i < p->n_topics; i++) {
        const PlacedTopic *topic = &p->topics[i];
        for (size_t d = 0; d < (p->by_topic ? 1 : topic->n_documents); d++) {
            double own = p->deal == DEAL_DOCUMENT ? topic->documents[d].weight : 1;
            double weight = topic->weight * (p->deal == DEAL_CHUNK ? (double)topic->n_chunks : own);
            weights[n++] = weight < WEIGHT_MAX ? weight : WEIGHT_MAX;
        }
    }
    deck_init(&p->top, p->seed, p->by_topic ? S("topic") : S("document"), n, weights, NULL, a);
    free(weights);
}

// ---- dealing ------------------------------------------------------------------------------------

static Passage chunk_of_topic(const PassageDecks *p, const PlacedTopic *topic, uint64_t chunk);
static Passage chunk_of_document(const PassageDecks *p, const PlacedTopic *topic, const PlacedDocument *d, uint64_t k);
static const PlacedTopic *topic_of_document(const PassageDecks *p, const PlacedDocument *d);

Passage passage_deal(const PassageDecks *p, uint64_t iteration)
{
    DeckCard card = deck_card(&p->top, iteration);
    if (p->by_topic) return passage_deal_in(p, card.value, card.before);
    if (p->deal == DEAL_DOCUMENT) {
        const PlacedDocument *d = &p->documents[card.value];
        return chunk_of_document(p, topic_of_document(p, d), d, card.before);
    }
    size_t low = 0, high = p->n_topics;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(p->topics[middle].before <= card.value ? &low : &high) = middle;
    }
    return chunk_of_topic(p, &p->topics[low], card.value - p->topics[low].before);
}

Passage passage_deal_in(const PassageDecks *p, size_t topic, uint64_t k)
{
    const PlacedTopic *placed = &p->topics[topic];
    DeckCard card = deck_card(&placed->deck, k);
    if (p->deal == DEAL_CHUNK) return chunk_of_topic(p, placed, card.value);
    return chunk_of_document(p, placed, &placed->documents[card.value], card.before);
}

static Passage chunk_of_topic(const PassageDecks *p, const PlacedTopic *topic, uint64_t chunk)
{
    size_t low = 0, high = topic->n_documents;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(topic->documents[middle].before - topic->before <= chunk ? &low : &high) = middle;
    }
    const PlacedDocument *d = &topic->documents[low];
    uint64_t number = chunk - (d->before - topic->before);
    return (Passage){topic->topic, d->document, p->knowledge->documents[d->document].first_chunk + (uint32_t)number};
}

static Passage chunk_of_document(const PassageDecks *p, const PlacedTopic *topic, const PlacedDocument *d, uint64_t k)
{
    uint32_t first = p->knowledge->documents[d->document].first_chunk;
    return (Passage){topic->topic, d->document, first + deck_card(&d->chunks, k).value};
}

// Documents lie topic by topic, so the last topic that begins at or before it.
static const PlacedTopic *topic_of_document(const PassageDecks *p, const PlacedDocument *d)
{
    size_t low = 0, high = p->n_topics;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(p->topics[middle].documents <= d ? &low : &high) = middle;
    }
    return &p->topics[low];
}

// ---- further attempts ---------------------------------------------------------------------------

enum { REMEMBERED = 64 };  // passages of earlier attempts to stay away from

static const PlacedTopic *find_topic(const PassageDecks *p, uint32_t topic);
static Passage pick(const PassageDecks *p, const PlacedTopic *topic, Random *random);

Passage passage_redraw(const PassageDecks *p, Passage first, bool same_document, uint64_t iteration, unsigned attempt)
{
    const PlacedTopic *topic = find_topic(p, first.topic);
    const Document *document = &p->knowledge->documents[first.document];
    size_t choice = same_document ? document->n_chunks : topic->n_chunks;
    if (choice < 2) return first;

    uint64_t key = hash_mix(hash64(S("passage"), p->seed), iteration);
    uint32_t had[REMEMBERED] = {first.chunk};
    Passage now = first;
    for (unsigned n = 1; n < attempt; n++) {
        Random random = random_from(hash_mix(key, n + 1));
        size_t avoid = n < choice - 1 ? n : choice - 1;
        if (avoid > REMEMBERED) avoid = REMEMBERED;
        bool fresh = false;
        for (int tries = 0; tries < 100 && !fresh; tries++) {
            if (same_document) now.chunk = document->first_chunk + (uint32_t)random_below(&random, choice);
            else now = pick(p, topic, &random);
            fresh = true;
            for (size_t back = 1; back <= avoid; back++) fresh = fresh && had[(n - back) % REMEMBERED] != now.chunk;
        }
        had[n % REMEMBERED] = now.chunk;
    }
    return now;
}

static const PlacedTopic *find_topic(const PassageDecks *p, uint32_t topic)
{
    size_t low = 0, high = p->n_topics;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(p->topics[middle].topic <= topic ? &low : &high) = middle;
    }
    return &p->topics[low];
}

static Passage pick(const PassageDecks *p, const PlacedTopic *topic, Random *random)
{
    if (p->deal == DEAL_CHUNK) return chunk_of_topic(p, topic, random_below(random, topic->n_chunks));
    double sum = 0;
    for (size_t i = 0; i < topic->n_documents; i++) sum += topic->documents[i].weight;
    double at = random_unit(random) * sum;
    const PlacedDocument *d = topic->documents;
    for (size_t i = 0; i + 1 < topic->n_documents && at >= d->weight; i++) at -= d++->weight;
    const Document *document = &p->knowledge->documents[d->document];
    return (Passage){topic->topic, d->document, document->first_chunk + (uint32_t)random_below(random, document->n_chunks)};
}
