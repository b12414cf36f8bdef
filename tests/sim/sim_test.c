// SPDX-License-Identifier: Apache-2.0
//
// Seeded simulation of the engine: the real engine, plan, checks, near-duplicate index and journal over
// a simulated clock, network, servers and disk. Each scenario mixes latencies, faults, several servers,
// limits, budgets, changes of -j, stops, kills, power losses, full disks and resumes; what must always
// hold is checked at each step. A failing seed replays exactly:
//
//   sim_test [SCENARIOS [FIRST_SEED]]
#include <sqlite3.h>

#include "world.h"

#include "base/hash.h"

// ---- the end of a run ---------------------------------------------------------------------------

// What was kept says which answer it is; it must be this iteration's, and have been given.
static void check_text(World *w, const KeptItem *item)
{
    Str rest = item->row.text, number;
    size_t at = str_find(rest, S("case "));
    uint64_t iteration, attempt;
    if (at == STR_NONE) {
        holds(w, w->net.content.repeated > 0, "what was kept is no answer of the server's");
        return;
    }
    rest = str_slice(rest, at + 5, rest.len);
    bool ok = str_cut(&rest, ' ', &number) && str_to_u64(number, &iteration) && str_cut(&rest, ' ', &number) &&
              str_cut(&rest, ' ', &number) && str_to_u64(number, &attempt);
    holds(w, ok && iteration == item->iteration, "an iteration keeps the answer of another one");
    if (ok) holds(w, net_record(&w->net, iteration, (unsigned)attempt)->delivered, "what was kept was never delivered");
}

static uint64_t check_kept(World *w, Journal *j)
{
    Error e;
    KeptItem item;
    uint64_t next = w->settings.start, n = 0, seen[128];
    KeptReader *r = journal_read_kept(j, &e);
    while (kept_next(r, &item, &e)) {
        holds(w, item.iteration >= next && item.iteration < w->settings.start + w->settings.iterations, "an iteration is out of place");
        next = item.iteration + 1;
        check_text(w, &item);
        uint64_t hash = hash64(item.row.text, 0);
        for (size_t i = 0; w->settings.dedup && i < n && i < 128; i++) holds(w, seen[i] != hash, "the same conversation was kept twice");
        if (n < 128) seen[n] = hash;
        n++;
    }
    kept_close(r);
    return n;
}

static void check_sums(World *w, const JournalSums *sums)
{
    const Bill *billed = &w->net.billed;
    holds(w, sums->kept + sums->failed == w->settings.iterations, "not every iteration ended once");
    holds(w, sums->requests >= w->net.requests, "requests were sent that the journal does not know");
    holds(w, w->net.content.no_usage || sums->prompt_tokens + sums->completion_tokens + sums->tokens_lost >= billed->prompt + billed->completion,
          "more was billed than the journal booked");
    holds(w, !w->forgiving || sums->failed == 0, "one dead server cost an iteration");
    for (size_t i = 0; w->broken && i < sums->n_reasons; i++)
        printf("%llu %s; ", (unsigned long long)sums->reasons[i].n, sums->reasons[i].name);
    w->totals->kept += sums->kept;
    w->totals->failed += sums->failed;
    for (size_t i = 0; i < sums->n_reasons; i++)
        if (strcmp(sums->reasons[i].name, "duplicate") == 0) w->totals->rejected_duplicates += sums->reasons[i].n;
}

static void check_end(World *w)
{
    Error e;
    Journal *j;
    JournalSums sums;
    AnswerRow row;
    if (!holds(w, world_open_journal(w, &j, &e), "the journal cannot be read at the end")) return;
    if (holds(w, journal_sum(j, &sums, &e), "the journal cannot be summed")) {
        check_sums(w, &sums);
        holds(w, check_kept(w, j) == sums.kept, "what was kept and the verdicts differ");
    }
    for (size_t i = 0; i < w->net.n_records; i++) {
        const NetRecord *r = &w->net.records[i];
        holds(w, !r->delivered || journal_get_answer(j, (StepKey){r->iteration, r->attempt, 0}, &w->arena, &row, &e),
              "an answer that was received is missing at the end");
    }
    journal_close(j, NULL);
}

// ---- scenarios ----------------------------------------------------------------------------------

static bool run_all(World *w)
{
    enum { PROCESSES_MAX = 400 };
    bool ended = false;
    unsigned fated = chance(w, 0.5) ? 0 : 1 + (unsigned)below(w, 5);
    for (unsigned i = 0; i < fated && !ended && !w->broken; i++)
        ended = process_run(w, (Fate)(1 + below(w, FATES - 1)), 1 + below(w, chance(w, 0.5) ? 20 : 200), false);
    for (unsigned i = 0; i < PROCESSES_MAX && !ended && !w->broken; i++) ended = process_run(w, FATE_RUNS, 0, false);
    if (!ended || w->broken || !chance(w, 0.1)) return ended;
    // `confab retry`, which may be killed as well.
    ended = chance(w, 0.5) ? process_run(w, FATE_KILL, 1 + below(w, 50), true) : false;
    for (unsigned i = 0; i < PROCESSES_MAX && !ended && !w->broken; i++) ended = process_run(w, FATE_RUNS, 0, i == 0);
    return ended;
}

static bool scenario(uint64_t seed, const Project *project, Disk *disk, Totals *totals)
{
    World w = {0};
    if (world_open(&w, seed, project, disk, totals)) {
        holds(&w, run_all(&w), "the run never ends");
        if (!w.broken) check_end(&w);
    }
    totals->scenarios++;
    totals->turns += w.turns;
    totals->requests += w.net.requests;
    totals->answers += w.net.answers;
    if (w.broken) printf("seed %llu: %s\n", (unsigned long long)seed, w.broken);
    bool ok = !w.broken;
    world_close(&w);
    return ok;
}

static void print_totals(const Totals *t)
{
    static const char *const names[FATES] = {"undisturbed",  "kills",     "power losses", "stops", "stops at once", "stops twice",
                                             "disk faults", "disk faults with power loss"};
    printf("%llu scenarios: %llu turns, %llu requests, %llu answers", (unsigned long long)t->scenarios, (unsigned long long)t->turns,
           (unsigned long long)t->requests, (unsigned long long)t->answers);
    for (int i = 0; i < FATES; i++) printf("%s%llu %s", i ? ", " : "; processes: ", (unsigned long long)t->fates[i], names[i]);
    printf("; ends by budget %llu, refusal %llu, outage %llu; %llu with several servers, %llu with the near-duplicate index "
           "(%llu duplicates), %llu changes of -j, %llu retried; %llu kept, %llu given up\n",
           (unsigned long long)t->budget_ends, (unsigned long long)t->refused_ends, (unsigned long long)t->unreachable_ends,
           (unsigned long long)t->several, (unsigned long long)t->duplicate_index, (unsigned long long)t->rejected_duplicates,
           (unsigned long long)t->changes, (unsigned long long)t->retries, (unsigned long long)t->kept, (unsigned long long)t->failed);
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 200;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    Arena arena = {0};
    Problems problems = {.arena = &arena};
    Project project;
    Totals totals = {0};
    // One thread and nobody to report to: a third of the time goes to SQLite as it is.
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (!project_load(SIM_PROJECT, &(ProjectOptions){.max_exchanges = 2}, &arena, &project, &problems)) {
        problems_print(&problems, stderr);
        return 1;
    }
    Disk *disk = disk_new(0);
    uint64_t failed = 0;
    for (uint64_t seed = first; seed < first + n && failed < 10; seed++) failed += !scenario(seed, &project, disk, &totals);
    print_totals(&totals);
    disk_free(disk);
    project_close(&project);
    arena_free(&arena);
    return failed ? 1 : 0;
}
