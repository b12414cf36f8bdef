// SPDX-License-Identifier: Apache-2.0
//
// How fast earlier runs of the same model at the same address went, learnt from their journals, and how long a run to
// come takes at that pace. A run's journal says how many tokens came in how much time, and how long each answer took;
// both together say how many were asked at once. A run with another number at once is told between two cases: a
// server that answers more at once just as fast (an API with room to spare), and one whose pace is the same for all
// together (a CPU).
#ifndef CONFAB_RUN_PACE_H
#define CONFAB_RUN_PACE_H

#include "run/history.h"

// One earlier run.
typedef struct PaceRun {
    char stamp[STAMP_SIZE];
    double seconds;      // running
    double answers;      // kept or not
    double completion;   // tokens of all answers
    double at_once;      // answers on their way, on average; at least 1
} PaceRun;

enum {
    PACE_RUNS = 5,       // the newest
    PACE_ANSWERS = 5,    // a run of fewer says nothing
    PACE_SAMPLE = 2000,  // answers whose time is read of a run
};

typedef struct Pace {
    PaceRun runs[PACE_RUNS];  // newest first
    size_t n;
} Pace;

// Of `runs` (history_list) those that fit. `address` is as the journal has it: "embedded", or the endpoint's.
Pace pace_learn(const Project *project, const RunInfo *runs, size_t n, Str model, Str address);

// What is to come.
typedef struct PaceAsk {
    double answers_low, answers_high;
    double completion_low, completion_high;
    unsigned at_once;
    bool one_pace;       // the server's cores have one pace for all answers together
} PaceAsk;

// Seconds from the run at whose pace it is soonest done to the one at whose it is last, a sixth earlier and a fifth later.
// Nothing learnt: false.
bool pace_seconds(const Pace *pace, const PaceAsk *ask, double *low, double *high);

double pace_tokens_per_second(const Pace *pace);  // the median; 0: nothing learnt
double pace_at_once(const Pace *pace);            // likewise

#endif
