// SPDX-License-Identifier: Apache-2.0
//
// One scenario's world, drawn from its seed: settings of a run, servers, a disk; and the process of a
// run in it, which goes on until it ends or meets its fate.
#ifndef CONFAB_SIM_WORLD_H
#define CONFAB_SIM_WORLD_H

#include "disk.h"
#include "net.h"

#include "base/arena.h"
#include "run/engine.h"

typedef enum Fate {
    FATE_RUNS,
    FATE_KILL,          // SIGKILL between two turns
    FATE_POWER,         // likewise, and the power goes
    FATE_STOP,          // asked to finish what is in flight
    FATE_STOP_AT_ONCE,
    FATE_STOP_TWICE,    // the one, then the other
    FATE_DISK,          // a write or sync fails, and all after it
    FATE_DISK_POWER,    // likewise, and then the power goes: an unfinished write
    FATES,
} Fate;

typedef struct Totals {
    uint64_t scenarios, turns, requests, answers;
    uint64_t fates[FATES];
    uint64_t budget_ends, refused_ends, unreachable_ends;
    uint64_t several, duplicate_index, rejected_duplicates, changes, retries;
    uint64_t kept, failed;
} Totals;

typedef struct World {
    uint64_t seed;
    Random random;
    Net net;
    Disk *disk;
    RunSettings settings;
    Endpoint endpoints[NET_SERVERS];
    bool forgiving;        // a server is dead for good, the others never fail: nothing may be given up
    double changes;        // how often a turn brings another -j
    Plan *plan;
    Recorder recorder;
    Assessor assessor;
    Arena arena;
    EngineRequests requests;
    bool created;          // the journal is there
    uint64_t turns, processes;
    unsigned was_in_flight;
    Totals *totals;
    const char *broken;    // what did not hold; the first of it
} World;

bool world_open(World *w, uint64_t seed, const Project *project, Disk *disk, Totals *totals);
void world_close(World *w);

bool holds(World *w, bool condition, const char *what);  // notes what does not
uint64_t below(World *w, uint64_t n);
bool chance(World *w, double p);

bool world_open_journal(World *w, Journal **j, Error *e);

// One process of the run, from its opening to its end or its fate at a turn (for a disk: operation).
// True when the run has ended for good. `retry`: what had been given up is asked for again.
bool process_run(World *w, Fate fate, uint64_t at, bool retry);

#endif
