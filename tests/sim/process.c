// SPDX-License-Identifier: Apache-2.0
#include "world.h"

enum { TURNS_MAX = 200000 };  // some five hours of a run that waits

// What a process of confab has open.
typedef struct Process {
    Journal *journal;
    Pending pending;
    JournalSums before;
    Engine *engine;
} Process;

// ---- what must hold at every step ---------------------------------------------------------------

static Money cost_of(const World *w, const Bill *bill) { return pricing_cost(&w->settings.pricing, bill->prompt, 0, bill->completion); }

static void check_caps(World *w, const Engine *engine)
{
    const RunSettings *s = &w->settings;
    Spending held = engine_held(engine);
    const Bill *billed = &w->net.billed;
    // Where the server counts nothing confab's own count may be short.
    if (w->net.content.no_usage) return;
    holds(w, !s->max_tokens || held.tokens <= s->max_tokens, "tokens above the cap");
    holds(w, !s->max_cost || held.cost <= s->max_cost, "cost above the cap");
    holds(w, !s->max_tokens || billed->prompt + billed->completion <= s->max_tokens, "the servers billed more than the cap");
    holds(w, !s->max_cost || cost_of(w, billed) <= s->max_cost, "the servers billed more money than the cap");
}

static void check_limits(World *w)
{
    const RunSettings *s = &w->settings;
    for (size_t i = 0; i < w->net.n_servers; i++) {
        const Server *server = &w->net.servers[i];
        holds(w, s->rpm <= 0 || net_within_rpm(server, (size_t)s->rpm), "more requests a minute than allowed");
        holds(w, s->tpm <= 0 || w->net.content.no_usage || net_within_tpm(server, (int64_t)s->tpm), "more tokens a minute than allowed");
    }
}

static void check_turn(World *w, Engine *engine, uint64_t sent_before)
{
    const Progress *p = engine_progress(engine);
    unsigned in_flight = engine_in_flight(engine);
    holds(w, !w->net.asked_twice, "an answer that was received is asked for again");
    // After -j is lowered what is on its way may finish.
    holds(w, in_flight <= p->concurrency || in_flight <= w->was_in_flight, "more requests at once than allowed");
    holds(w, p->totals.kept + p->totals.failed <= w->settings.iterations, "more iterations ended than there are");
    check_caps(w, engine);
    if (w->net.requests != sent_before) check_limits(w);
    w->was_in_flight = in_flight;
}

// ---- opening ------------------------------------------------------------------------------------

// What was delivered in the turn of the kill may be lost with it, nothing older.
static void forget_undurable(World *w, Journal *j)
{
    Error e;
    Arena a = {0};
    for (size_t i = 0; i < w->net.n_records; i++) {
        NetRecord *r = &w->net.records[i];
        AnswerRow row;
        if (!r->delivered || journal_get_answer(j, (StepKey){r->iteration, r->attempt, 0}, &a, &row, &e)) continue;
        holds(w, r->turn + 1 >= w->net.turn, "an answer received before the last turn is missing");
        r->delivered = false;
    }
    arena_free(&a);
}

static bool open_pending(World *w, Process *p, bool retry, Error *e)
{
    PendingOptions options = {.start = w->settings.start, .iterations = w->settings.iterations, .attempts = w->settings.attempts,
                              .retry_failed = retry};
    Str text;
    uint64_t watermark;
    if (journal_get_fact(p->journal, S("watermark"), &w->arena, &text) && str_to_u64(text, &watermark)) options.watermark = watermark;
    if (!journal_sum(p->journal, &p->before, e) || !pending_from_journal(&p->pending, p->journal, &options, e)) return false;
    p->before.failed -= p->pending.reopened;
    w->totals->retries += p->pending.reopened;
    return true;
}

static bool process_open(World *w, Process *p, bool retry, Error *e)
{
    *p = (Process){0};
    if (!world_open_journal(w, &p->journal, e)) return false;
    forget_undurable(w, p->journal);
    if (!open_pending(w, p, retry, e)) return false;
    NoveltyParts novelty = {w->plan, &w->settings, "26-11-22-15h04m05s", p->journal};
    if (w->settings.dedup && !novelty_open(&novelty, &w->assessor.novelty, e)) return false;
    w->requests = (EngineRequests){0};
    w->was_in_flight = 0;
    net_forget_sights(&w->net);
    p->engine = engine_new(&(EngineParts){
        .settings = &w->settings, .plan = w->plan, .clock = &w->net.clock, .transport = &w->net.transport, .journal = p->journal,
        .journal_inline = true, .assessor = &w->assessor, .pricing = w->settings.pricing, .pending = &p->pending,
        .requests = &w->requests, .before = &p->before});
    return true;
}

static void process_close(World *w, Process *p)
{
    net_drop_all(&w->net);
    engine_free(p->engine);
    journal_close(p->journal, NULL);
    novelty_close(w->assessor.novelty);
    w->assessor.novelty = NULL;
    pending_free(&p->pending);
    disk_mend(w->disk);
}

// ---- going --------------------------------------------------------------------------------------

static void disturb(World *w, Fate fate, uint64_t turn, uint64_t at)
{
    if (turn == at && (fate == FATE_STOP || fate == FATE_STOP_TWICE)) w->requests.stop = 1;
    if ((turn == at && fate == FATE_STOP_AT_ONCE) || (turn == at + 3 && fate == FATE_STOP_TWICE)) w->requests.stop = 2;
    if (w->changes <= 0 || !chance(w, w->changes)) return;
    w->requests.concurrency += (int)below(w, 21) - 10;
    w->totals->changes++;
}

// True: it came to an end of its own.
static bool turn_until(World *w, Process *p, Fate fate, uint64_t at)
{
    for (uint64_t turn = 0; !w->broken; turn++) {
        if (!holds(w, turn < TURNS_MAX, "the engine turns without end")) return false;
        if (turn == at && (fate == FATE_KILL || fate == FATE_POWER)) return false;
        disturb(w, fate, turn, at);
        w->net.turn++;
        w->turns++;
        uint64_t sent = w->net.requests;
        bool goes_on = engine_turn(p->engine, -1);
        check_turn(w, p->engine, sent);
        if (!goes_on) return true;
    }
    return false;
}

// A higher cap lets a run go on; what a server refuses or where it is down heals with time.
static bool heed_end(World *w, Process *p)
{
    Error e = {0};
    ErrorKind end = engine_end(p->engine, &e);
    bool ended = (end == ERROR_NONE || end == ERROR_PARTIAL) && journal_flush(p->journal, NULL);
    holds(w, !ended || (engine_in_flight(p->engine) == 0 && w->net.n_events == 0), "the engine ended with requests on their way");
    holds(w, engine_turn(p->engine, 0) == false, "an ended engine goes on");
    holds(w, end != ERROR_FILE || disk_has_failed(w->disk), "the disk failed though it did not");
    w->totals->budget_ends += end == ERROR_BUDGET;
    w->totals->refused_ends += end == ERROR_REFUSED;
    w->totals->unreachable_ends += end == ERROR_UNREACHABLE;
    if (end == ERROR_BUDGET) w->settings.max_tokens = w->settings.max_cost = w->settings.max_time = 0;
    return ended;
}

bool process_run(World *w, Fate fate, uint64_t at, bool retry)
{
    Error e = {0};
    Process p;
    bool disk_fails = fate == FATE_DISK || fate == FATE_DISK_POWER;
    if (disk_fails) disk_fail_after(w->disk, at, chance(w, 0.5));
    w->totals->fates[fate]++;
    w->processes++;
    bool ended = false;
    if (process_open(w, &p, retry, &e)) {
        if (turn_until(w, &p, fate, at)) ended = heed_end(w, &p);
        else if (!w->broken) disk_fail_after(w->disk, 1, false);  // the process is gone: nothing more is written
    } else {
        holds(w, disk_fails && disk_has_failed(w->disk), "the journal cannot be opened");
    }
    process_close(w, &p);
    if (fate == FATE_POWER || fate == FATE_DISK_POWER) disk_lose_power(w->disk);
    w->net.now += (Nanos)below(w, 60000) * NANOS_PER_MS;  // until somebody resumes it
    return ended;
}
