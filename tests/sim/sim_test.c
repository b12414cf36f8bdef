// SPDX-License-Identifier: Apache-2.0
//
// Seeded simulation of the engine: the real engine, plan, checks and journal over a simulated clock,
// network, server and disk. Each scenario mixes latencies, faults, limits, budgets, stops, kills,
// power losses, full disks and resumes; what must always hold is checked at each step. A failing
// seed replays exactly:
//
//   sim_test [SCENARIOS [FIRST_SEED]]
#include "disk.h"
#include "net.h"

#include "base/arena.h"
#include "run/engine.h"

typedef struct World {
    uint64_t seed;
    Random random;
    Net net;
    Disk *disk;
    RunSettings settings;
    Endpoint endpoint;
    Plan *plan;
    Recorder recorder;
    Assessor assessor;
    Arena arena;
    EngineRequests requests;
    bool created;          // the journal is there
    uint64_t turns, stops;
    const char *broken;    // what did not hold
} World;

typedef struct Totals {
    uint64_t scenarios, turns, requests, answers, kills, power_losses, disk_faults, resumes, kept, failed, budget_ends;
} Totals;

static Totals totals;
static Project project;

static bool holds(World *w, bool condition, const char *what)
{
    if (!condition && !w->broken) w->broken = what;
    return condition;
}

static uint64_t below(World *w, uint64_t n) { return random_below(&w->random, n); }
static bool chance(World *w, double p) { return random_unit(&w->random) < p; }

// ---- a world by its seed ------------------------------------------------------------------------

static void draw_settings(World *w)
{
    RunSettings *s = &w->settings;
    *s = (RunSettings){
        .iterations = 1 + below(w, 40),
        .start = chance(w, 0.1) ? below(w, 1000) : 0,
        .max_exchanges = 2,
        .seed = w->seed,
        .partition = S("train"),
        .concurrency = chance(w, 0.3) ? 1 : 1 + (unsigned)below(w, 24),
        .attempts = 1 + (unsigned)below(w, 4),
        .structured = chance(w, 0.5) ? STRUCTURED_AUTO : STRUCTURED_OFF,
        .model = S("sim"),
        .endpoints = &w->endpoint,
        .n_endpoints = 1,
        .pricing = {.known = true, .input = 3000000, .cached_input = 1000000, .output = 9000000},
    };
    if (chance(w, 0.2)) s->max_tokens = 2000 + (int64_t)below(w, 60000);
    if (chance(w, 0.2)) s->max_cost = 10000 + (Money)below(w, 500000);
    if (chance(w, 0.2)) s->rpm = 60 + (double)below(w, 600);
    NetSettings net = {
        .latency_low = (Nanos)below(w, 50) * NANOS_PER_MS,
        .bad = chance(w, 0.5) ? random_unit(&w->random) * 0.6 : 0,
        .broken = chance(w, 0.6) ? random_unit(&w->random) * 0.4 : 0,
        .rate = chance(w, 0.3) ? 1 + (double)below(w, 50) : 0,
        .no_usage = chance(w, 0.1),
    };
    net.latency_high = net.latency_low + (Nanos)below(w, 3000) * NANOS_PER_MS;
    net_init(&w->net, w->seed ^ 0x5eed, &net);
}

static bool world_open(World *w, uint64_t seed)
{
    *w = (World){.seed = seed, .random = random_from(seed)};
    Error e;
    if (!holds(w, endpoint_resolve(S("http://127.0.0.1:1/v1"), (Str){0}, (Str){0}, S("sim"), &w->arena, &w->endpoint, &e), "endpoint"))
        return false;
    draw_settings(w);
    w->disk = disk_new(seed);
    Problems problems = {.arena = &w->arena};
    PlanSettings plan = {.seed = seed, .max_exchanges = 2, .model = S("sim"), .run = S("26-11-22-15h04m05s")};
    bool ok = plan_open(&project, &plan, &w->arena, &w->plan, &problems) &&
              recorder_open(&project, &w->arena, &w->recorder, &problems);
    problems_print(&problems, stderr);
    if (holds(w, ok, "plan")) assessor_init(&w->assessor, w->plan, &w->recorder, &w->arena);
    return ok;
}

static void world_close(World *w)
{
    assessor_free(&w->assessor);
    plan_close(w->plan);
    if (w->disk) disk_free(w->disk);
    net_free(&w->net);
    arena_free(&w->arena);
}

// ---- one process of the run ---------------------------------------------------------------------

static bool open_journal(World *w, Journal **j, Error *e)
{
    JournalOptions options = {.vfs = "sim"};
    if (w->created) return journal_open("run.db", &options, j, e);
    w->created = journal_create("run.db", &options, j, e);
    return w->created;
}

static bool open_pending(World *w, Journal *j, Pending *p, JournalSums *sums, Error *e)
{
    PendingOptions options = {.start = w->settings.start, .iterations = w->settings.iterations, .attempts = w->settings.attempts};
    Str text;
    uint64_t watermark;
    if (journal_get_fact(j, S("watermark"), &w->arena, &text) && str_to_u64(text, &watermark)) options.watermark = watermark;
    return journal_sum(j, sums, e) && pending_from_journal(p, j, &options, e);
}

// No more than rpm requests began in any minute.
static bool within_rpm(const World *w)
{
    const Net *n = &w->net;
    if (w->settings.rpm <= 0 || w->stops) return true;  // each process counts for itself
    size_t limit = (size_t)w->settings.rpm;
    if (n->n_sends <= limit || n->n_sends > 4096) return true;
    Nanos oldest = n->sends[(n->n_sends - 1 - limit) % 4096], newest = n->sends[(n->n_sends - 1) % 4096];
    return newest - oldest >= 60 * NANOS_PER_SECOND;
}

static void check_turn(World *w, Engine *engine)
{
    Spending held = engine_held(engine);
    holds(w, !w->net.asked_twice, "an answer that was received is asked for again");
    holds(w, engine_in_flight(engine) <= w->settings.concurrency, "more requests at once than allowed");
    holds(w, within_rpm(w), "more requests a minute than allowed");
    // Where the server counts nothing confab's own count may be short.
    if (!w->net.settings.no_usage) {
        holds(w, !w->settings.max_tokens || held.tokens <= w->settings.max_tokens, "tokens above the cap");
        holds(w, !w->settings.max_cost || held.cost <= w->settings.max_cost, "cost above the cap");
        holds(w, !w->settings.max_tokens || w->net.billed <= w->settings.max_tokens, "the server billed more than the cap");
    }
    const Progress *p = engine_progress(engine);
    holds(w, p->totals.kept + p->totals.failed <= w->settings.iterations, "more iterations ended than there are");
}

typedef enum Fate { FATE_RUNS, FATE_KILL, FATE_POWER, FATE_STOP, FATE_STOP_AT_ONCE, FATE_DISK } Fate;

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

// Runs one process to its end or its fate. True when the run has ended for good.
static bool run_process(World *w, Fate fate, uint64_t at_turn)
{
    Error e = {0};
    Journal *j = NULL;
    Pending pending = {0};
    JournalSums before = {0};
    if (fate == FATE_DISK) disk_fail_after(w->disk, at_turn, chance(w, 0.5));
    bool opened = open_journal(w, &j, &e);
    if (opened) {
        forget_undurable(w, j);
        opened = open_pending(w, j, &pending, &before, &e);
    }
    if (!opened) {
        holds(w, fate == FATE_DISK && disk_has_failed(w->disk), "the journal cannot be opened");
        if (j) journal_close(j, NULL);
        disk_mend(w->disk);
        return false;
    }
    w->requests = (EngineRequests){0};
    Engine *engine = engine_new(&(EngineParts){
        .settings = &w->settings, .plan = w->plan, .clock = &w->net.clock, .transport = &w->net.transport, .journal = j,
        .journal_inline = true, .assessor = &w->assessor, .pricing = w->settings.pricing, .pending = &pending,
        .requests = &w->requests, .before = &before});
    bool running = true;
    for (uint64_t turn = 0; running && !w->broken; turn++) {
        if (!holds(w, turn < 200000, "the engine turns without end")) break;
        if (turn == at_turn && (fate == FATE_KILL || fate == FATE_POWER)) break;
        if (turn == at_turn && (fate == FATE_STOP || fate == FATE_STOP_AT_ONCE)) w->requests.stop = fate == FATE_STOP ? 1 : 2;
        w->net.turn++;
        w->turns++;
        running = engine_turn(engine, -1);
        check_turn(w, engine);
    }
    bool ended = false;
    if (!running) {
        ErrorKind end = engine_end(engine, &e);
        ended = (end == ERROR_NONE || end == ERROR_PARTIAL) && journal_flush(j, NULL);
        holds(w, !ended || engine_in_flight(engine) == 0, "the engine ended with requests on their way");
        holds(w, engine_turn(engine, 0) == false, "an ended engine goes on");
        holds(w, end != ERROR_FILE || disk_has_failed(w->disk), "the disk failed though it did not");
        totals.budget_ends += end == ERROR_BUDGET;
        if (end == ERROR_BUDGET) w->settings.max_tokens = w->settings.max_cost = 0;  // resumed with more
    } else if (!w->broken) {
        disk_fail_after(w->disk, 1, false);  // the process is gone: nothing more is written
    }
    net_drop_all(&w->net);
    engine_free(engine);
    journal_close(j, NULL);
    pending_free(&pending);
    disk_mend(w->disk);
    if (fate == FATE_POWER) disk_lose_power(w->disk);
    return ended;
}

// ---- the end ------------------------------------------------------------------------------------

static void check_end(World *w)
{
    Error e;
    Journal *j;
    JournalSums sums;
    if (!holds(w, open_journal(w, &j, &e), "the journal cannot be read at the end")) return;
    holds(w, journal_sum(j, &sums, &e), "the journal cannot be summed");
    if (!holds(w, sums.kept + sums.failed == w->settings.iterations, "not every iteration ended once"))
        printf("%llu kept and %llu given up of %llu; start %llu, %llu processes\n", (unsigned long long)sums.kept,
               (unsigned long long)sums.failed, (unsigned long long)w->settings.iterations,
               (unsigned long long)w->settings.start, (unsigned long long)w->stops);
    uint64_t next = w->settings.start, n = 0;
    KeptReader *r = journal_read_kept(j, &e);
    KeptItem item;
    while (kept_next(r, &item, &e)) {
        holds(w, item.iteration >= next && item.iteration < w->settings.start + w->settings.iterations, "an iteration is out of place");
        next = item.iteration + 1;
        n++;
    }
    kept_close(r);
    holds(w, n == sums.kept, "what was kept and the verdicts differ");
    totals.kept += sums.kept;
    totals.failed += sums.failed;
    journal_close(j, NULL);
}

static bool scenario(uint64_t seed)
{
    World w;
    bool ended = false;
    if (world_open(&w, seed)) {
        unsigned processes = chance(&w, 0.5) ? 0 : (unsigned)below(&w, 5);
        for (unsigned i = 0; i < processes && !ended && !w.broken; i++) {
            Fate fate = (Fate)(1 + below(&w, 5));
            totals.kills += fate == FATE_KILL;
            totals.power_losses += fate == FATE_POWER;
            totals.disk_faults += fate == FATE_DISK;
            totals.resumes++;
            ended = run_process(&w, fate, 1 + below(&w, chance(&w, 0.5) ? 20 : 200));
            w.stops++;
        }
        for (unsigned i = 0; i < 400 && !ended && !w.broken; i++) {
            ended = run_process(&w, FATE_RUNS, 0);
            w.stops++;
        }
        holds(&w, ended, "the run never ends");
        if (!w.broken) check_end(&w);
    }
    totals.scenarios++;
    totals.turns += w.turns;
    totals.requests += w.net.requests;
    totals.answers += w.net.answers;
    if (w.broken) printf("seed %llu: %s\n", (unsigned long long)seed, w.broken);
    bool ok = !w.broken;
    world_close(&w);
    return ok;
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 200;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    Arena arena = {0};
    Problems problems = {.arena = &arena};
    if (!project_load(SIM_PROJECT, &(ProjectOptions){.max_exchanges = 2}, &arena, &project, &problems)) {
        problems_print(&problems, stderr);
        return 1;
    }
    uint64_t failed = 0;
    for (uint64_t seed = first; seed < first + n && failed < 10; seed++) failed += !scenario(seed);
    printf("%llu scenarios: %llu turns, %llu requests, %llu answers; %llu kills, %llu power losses, %llu disk faults, %llu resumes, "
           "%llu ends by budget; %llu kept, %llu given up\n",
           (unsigned long long)totals.scenarios, (unsigned long long)totals.turns, (unsigned long long)totals.requests,
           (unsigned long long)totals.answers, (unsigned long long)totals.kills, (unsigned long long)totals.power_losses,
           (unsigned long long)totals.disk_faults, (unsigned long long)totals.resumes, (unsigned long long)totals.budget_ends,
           (unsigned long long)totals.kept, (unsigned long long)totals.failed);
    project_close(&project);
    arena_free(&arena);
    return failed ? 1 : 0;
}
