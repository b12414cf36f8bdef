// SPDX-License-Identifier: Apache-2.0
//
// What an answer is worth: reads it as a conversation, checks it, and renders what is kept.
#ifndef CONFAB_RUN_ASSESS_H
#define CONFAB_RUN_ASSESS_H

#include "conversation/finding.h"
#include "conversation/leak.h"
#include "llm/chat.h"
#include "output/record.h"
#include "plan/plan.h"
#include "run/novelty.h"

typedef struct Assessor {
    const Plan *plan;
    const Recorder *recorder;
    LeakIndex prompts;
    LeakIndex *examples;   // one for each of the project's
    Buf json, csv, drawn;  // reused
    Novelty *novelty;      // NULL: near-duplicates are kept; the caller's
    const float *vector;   // of the answer that is assessed next; NULL: it is not compared by meaning
    SeenMatch near;        // what the last answer is near to; similarity 0: nothing
} Assessor;

// The leak indices are made in `run`. Plan and recorder must outlive the assessor.
void assessor_init(Assessor *assessor, const Plan *plan, const Recorder *recorder, Arena *run);
void assessor_free(Assessor *assessor);

// Fills the verdict's reason and message; with reason "kept" also *kept, whose texts are valid until
// the next call. False: the answer is not kept, and *found says why. *e is set (and false returned)
// when the record could not be made, which is a fault of confab's or of the disk.
bool assess(Assessor *assessor, const PlanItem *item, const ChatReply *reply, const AnswerFacts *facts, Arena *scratch,
            KeptRow *kept, Finding *found, Error *e);

// The normal form of an answer that would be kept if only words counted; in `scratch`. False: it would not.
bool assess_text(Assessor *assessor, const PlanItem *item, const ChatReply *reply, Arena *scratch, Str *text);

// A handwritten example as a record and its rows, appended.
bool assess_handwritten(Assessor *assessor, const Example *example, Arena *scratch, Buf *json, Buf *csv, Error *e);

// The same with everything the journal would hold of it; valid until the next call.
bool assess_handwritten_row(Assessor *assessor, const Example *example, Arena *scratch, KeptRow *row, Error *e);

#endif
