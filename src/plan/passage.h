// SPDX-License-Identifier: Apache-2.0
//
// The nested decks of the knowledge: topics, in each its documents, in each its chunks. The k-th
// time a topic comes up its document deck gives card k, and so on down; how often something came up
// before is known from the deck above (DeckCard.before), so any iteration is found without a walk.
//
// `deal` says where the nest begins: at topics, at documents, or at chunks; what is above follows
// from the card. Where `cross` deals the topics, the nest begins below them. Only documents of the
// partition take part that have chunks and a weight above 0, in a topic of a weight above 0.
#ifndef CONFAB_PLAN_PASSAGE_H
#define CONFAB_PLAN_PASSAGE_H

#include "knowledge/knowledge.h"
#include "plan/deck.h"
#include "project/project.h"

typedef struct PlacedDocument {
    uint32_t document;          // index into the knowledge
    double weight;
    size_t before;              // chunks of the documents in front of it that take part
    Deck chunks;                // no cards where chunks are dealt from above
} PlacedDocument;

// A topic that takes part.
typedef struct PlacedTopic {
    uint32_t topic;             // index into the knowledge
    double weight;
    PlacedDocument *documents;  // neighbours in PassageDecks.documents
    size_t n_documents;
    size_t before, n_chunks;    // chunks in front of this topic's, and its own
    Deck deck;                  // of documents, or of all chunks; no cards where not dealt from here
} PlacedTopic;

typedef struct PassageDecks {
    const Knowledge *knowledge;
    Deal deal;
    uint64_t seed;
    PlacedTopic *topics;
    size_t n_topics;            // 0: there is nothing to deal
    PlacedDocument *documents;
    size_t n_documents;
    bool by_topic;              // a topic is dealt first, here or by another deck
    Deck top;                   // of topics, documents or chunks; no cards where topics are given
} PassageDecks;

// Indices into the knowledge.
typedef struct Passage {
    uint32_t topic, document, chunk;
} Passage;

// `topics_given`: they come from another deck, by passage_deal_in.
void passage_init(PassageDecks *p, const Project *project, uint64_t seed, bool topics_given, Arena *a);
void passage_free(PassageDecks *p);

// p->n_topics must not be 0, and topics not given.
Passage passage_deal(const PassageDecks *p, uint64_t iteration);
// The k-th passage of a topic (index into p->topics); by_topic.
Passage passage_deal_in(const PassageDecks *p, size_t topic, uint64_t k);

// Another passage of the same topic for a further attempt, none of those that the attempts before
// it had while there are others; with `same_document` of the same document.
Passage passage_redraw(const PassageDecks *p, Passage first, bool same_document, uint64_t iteration, unsigned attempt);

#endif
