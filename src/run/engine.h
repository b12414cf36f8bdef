// SPDX-License-Identifier: Apache-2.0
//
// The engine: keeps as many requests on their way as it may, and sees every iteration to its end.
// One thread, no barrier: whichever answer comes next makes room for the next request. Time, the
// network and the disk are seams (Clock, Transport, Journal), so the tests drive this very code
// through simulated faults.
//
//   plan ─► ask (journal) ─► send ─► reply ─► answer (journal) ─► assess ─► verdict (journal)
//
// What holds at every step: an iteration ends once; a request is sent only after its ask is
// durable, and an answer is parsed only after its bytes are; spent and reserved together stay
// below the caps; requests on their way stay below the concurrency.
#ifndef CONFAB_RUN_ENGINE_H
#define CONFAB_RUN_ENGINE_H

#include <signal.h>
#include <stdatomic.h>

#include "run/assess.h"
#include "run/item.h"
#include "run/lane.h"
#include "run/run.h"

// What other threads of control ask of a running engine; written by signal handlers.
typedef struct EngineRequests {
    volatile sig_atomic_t stop;         // 1: finish what is in flight, 2: at once
    volatile sig_atomic_t signal;       // which signal asked
    atomic_int concurrency;             // change wished since last looked at
} EngineRequests;

typedef struct EngineParts {
    const RunSettings *settings;
    const Plan *plan;
    const Clock *clock;
    Transport *transport;
    Journal *journal;
    bool journal_inline;        // the engine itself flushes it (no thread)
    Assessor *assessor;
    Pricing pricing;
    Pending *pending;
    EngineRequests *requests;
    const RunObserver *observer;
    const JournalSums *before;  // of a resumed run; all 0 for a new one
    Nanos time_before;
} EngineParts;

typedef struct Engine Engine;

Engine *engine_new(const EngineParts *parts);
// Makes what progress is possible and waits for more at most `patience` (below 0: as long as
// needed). False: the run is at its end.
bool engine_turn(Engine *e, Nanos patience);
// How it ended: ERROR_NONE when every iteration was kept, ERROR_PARTIAL when some were given up;
// else what stopped it, with the reason.
ErrorKind engine_end(const Engine *e, Error *why);
const Progress *engine_progress(Engine *e);
unsigned engine_in_flight(const Engine *e);
Spending engine_held(const Engine *e);  // spent and reserved, for tests
void engine_free(Engine *e);

#endif
