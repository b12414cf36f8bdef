// SPDX-License-Identifier: Apache-2.0
//
// Whether a conversation is new: compares it with what the run has kept, with the handwritten
// examples, and by `dedup_scope` with earlier runs of the project or with other files; by its words, and
// with `dedup_semantic` by its embedding (meaning.h). Measures how diverse the run is on the way, which
// is all it does without `dedup`.
//
// Everything follows from the journal: what was kept fills the index again when a run is resumed, and
// the count of duplicates in a row of each topic is a fact put before the verdict it belongs to. So at
// one request at a time an interrupted run decides as an uninterrupted one.
#ifndef CONFAB_RUN_NOVELTY_H
#define CONFAB_RUN_NOVELTY_H

#include "conversation/finding.h"
#include "dedup/diversity.h"
#include "dedup/seen.h"
#include "plan/plan.h"
#include "run/run.h"

enum {
    NOVELTY_EXHAUSTED = 20,   // near-duplicates in a row after which a topic is asked only once an iteration
    NOVELTY_ID_BITS = 48,     // of what a conversation is near to: number below, where it is from above
    NOVELTY_WORDS = 5,        // an opening or a turn of fewer words is a greeting, and may come again
    OPENING_WORDS = 1,        // openings are compared by the words they have, in whatever order
};
#define OPENING_LIKENESS 0.8  // Jaccard of those words from which two conversations open alike

typedef enum NoveltySource { FROM_THIS_RUN, FROM_HANDWRITTEN, FROM_ELSEWHERE } NoveltySource;

typedef struct Novelty Novelty;

typedef struct NoveltyParts {
    const Plan *plan;
    const RunSettings *settings;
    const char *stamp;          // of this run; only runs before it are earlier ones
    Journal *journal;           // of this run: flushed, nothing put while it is read
} NoveltyParts;

// With `dedup_semantic` what was kept before is embedded here, where no vector of it is stored; the
// journal's facts say what that cost. An earlier run's journal that cannot be read is left out. Errors: a file of the scope.
bool novelty_open(const NoveltyParts *parts, Novelty **out, Error *e);
void novelty_close(Novelty *n);  // NULL is fine

// False with a finding (FINDING_DUPLICATE) that says what the text is near to, and *match (its id as
// VerdictRow.near has it: an iteration of this run, or with a source above NOVELTY_ID_BITS). With
// `dedup_openers` also where it opens like an earlier one, or repeats one of its own turns (similarity 0).
bool novelty_look(Novelty *n, Str text, SeenMatch *match, Finding *why);
// Of a text that the last look found new: false likewise where its embedding is too near. *stored is the
// vector as KeptRow has it.
bool novelty_look_meaning(Novelty *n, const float *vector, SeenMatch *match, Str *stored, Finding *why);
// The text of the last look is kept.
bool novelty_add(Novelty *n, uint64_t iteration, Str text, Error *e);

// What became of an answer on a topic (index, or NOT_DRAWN). True when the topic is exhausted: so
// many duplicates came in a row that the iteration is not asked again. *tell fills a warning the
// first time (kind stays 0 otherwise).
bool novelty_judged(Novelty *n, const PlanItem *item, bool duplicate, Error *tell);

const Diversity *novelty_diversity(const Novelty *n);

// Of what was kept: shares of the conversations that open like an earlier one, and that repeat a turn
// of their own; below 0 where nothing was kept, or compared.
double novelty_same_openings(const Novelty *n);
double novelty_repeating(const Novelty *n);

#endif
