// SPDX-License-Identifier: Apache-2.0
//
// The nested decks of the knowledge: topics, in each its documents, in each its chunks. The k-th
// time a topic comes up its document deck gives card k, and so on down; how often something came up
// before is known from the deck above (DeckCard.before), so any iteration is found without a walk.
//
// `deal` says where the nest begins: at topics, at documents, or at chunks; what is above follows
// from the card. Only documents of the partition that have chunks and a weight above 0 take part.
#ifndef CONFAB_PLAN_PASSAGE_H
#define CONFAB_PLAN_PASSAGE_H

#include "plan/deck.h"
#include "project/project.h"

// A topic's share: which documents take part, and the decks below it.
typedef struct TopicDecks {
    uint32_t topic;             // index into the knowledge
    double weight;
    const uint32_t *documents;  // indices into the knowledge
    double *weights;            // theirs
    size_t n_documents;
    Deck deck;                  // documents; of chunks where `deal` is chunk
} TopicDecks;

typedef struct PassageDecks {
    const Knowledge *knowledge;
    const Drawing *drawing;
    uint64_t seed;
    TopicDecks *topics;         // that take part
    size_t n_topics;
    const uint32_t *chunks;     // DEAL_CHUNK: all that take part, topic by topic, documents in order
    const uint32_t *first;      // DEAL_CHUNK: where each topic's begin among them; n_topics + 1
    size_t n_chunks;
    const uint32_t *places;     // DEAL_DOCUMENT: topic (index into topics) of each top card's document
    const uint32_t *documents;  // DEAL_DOCUMENT: the top deck's values
    Deck top;                   // by `deal`; no cards where topics come from a `cross`
    Deck *below;                // chunks of each document of the knowledge; no cards where not dealt
} PassageDecks;

typedef struct Passage {
    uint32_t topic;             // index into the knowledge
    uint32_t document;
    uint32_t chunk;
} Passage;

// `topics_given`: they come from another deck, by passage_deal_in.
void passage_init(PassageDecks *p, const Project *project, uint64_t seed, bool topics_given, Arena *a);
void passage_free(PassageDecks *p);

// p->n_topics must not be 0.
Passage passage_deal(const PassageDecks *p, uint64_t iteration);
// The k-th passage of a topic (index into p->topics).
Passage passage_deal_in(const PassageDecks *p, size_t topic, uint64_t k);

// Another passage of the same topic for a further attempt, none of those that the attempts before
// it had while there are others; with `same_document` of the same document.
Passage passage_redraw(const PassageDecks *p, Passage first, bool same_document, uint64_t iteration, unsigned attempt);

// The chunk with n - 1 of its neighbours in the document, in reading order; the ones behind it come
// first, then those before it. Returns how many there are, at most n.
size_t passage_widen(const PassageDecks *p, Passage passage, size_t n, uint32_t *out);

#endif
