// SPDX-License-Identifier: Apache-2.0
#include "run/run.h"

#include "base/file.h"
#include "base/path.h"
#include "journal/lock.h"
#include "run/engine.h"
#include "run/facts.h"
#include "run/finish.h"
#include "run/history.h"

struct Run {
    const Project *project;
    RunSettings settings;     // of an old run: its identity from the journal
    char stamp[STAMP_SIZE];
    Arena arena;              // the run's lifetime
    int lock;
    Journal *journal;
    Transport transport;
    bool transport_open;
    Plan *plan;
    Recorder recorder;
    Assessor assessor;
    Pending pending;
    JournalSums before;
    Nanos time_before;
    EngineRequests requests;
};

// ---- opening ------------------------------------------------------------------------------------

static Str run_path(Run *run, const char *folder, const char *ending)
{
    return arena_printf(&run->arena, "%.*s/%s/%s%s", STR_ARG(run->project->folder), folder, run->stamp, ending);
}

static bool stamp_taken(Run *run)
{
    static const char *const endings[] = {".json", ".csv", ".run.json"};
    for (size_t i = 0; i < 3; i++)
        if (file_exists(run_path(run, "generated", endings[i]).ptr)) return true;
    return file_exists(run_path(run, ".confab", ".db").ptr);
}

static void wake_engine(void *ctx)
{
    Run *run = ctx;
    run->transport.wake(run->transport.self);
}

static JournalOptions journal_options(Run *run) { return (JournalOptions){.threaded = true, .on_durable = wake_engine, .ctx = run}; }

// The first free second from now on; the lock keeps another confab from taking the same.
static bool take_new_stamp(Run *run, Nanos began, Error *e)
{
    enum { TRIES = 3600 };
    JournalOptions options = journal_options(run);
    for (int i = 0; i < TRIES; i++) {
        clock_stamp(began + i * NANOS_PER_SECOND, run->stamp);
        if (stamp_taken(run)) continue;
        run->lock = lock_take(run_path(run, ".confab", ".lock").ptr, e);
        if (run->lock < 0) {
            if (strcmp(e->code, "locked") == 0) continue;
            return false;
        }
        return journal_create(run_path(run, ".confab", ".db").ptr, &options, &run->journal, e);
    }
    return error_set(e, ERROR_FILE, "stamp", "no free name for the run within an hour");
}

static bool say_changes(Run *run, Error *e)
{
    ProjectFile *then;
    Str *changed;
    size_t n_then = facts_files(run->journal, &run->arena, &then);
    size_t n = project_changed(run->project, then, n_then, &run->arena, &changed);
    if (n == 0) return true;
    Buf names = {0};
    for (size_t i = 0; i < n && i < 8; i++) {
        if (i) buf_add(&names, S(", "));
        buf_add(&names, changed[i]);
    }
    if (n > 8) buf_printf(&names, " and %zu more", n - 8);
    error_set(e, ERROR_USAGE, "changed", "the project has changed since the run began: %.*s", STR_ARG(buf_str(&names)));
    error_hint(e, "put it back, or go on with --accept-changes");
    buf_free(&names);
    return false;
}

static bool open_old(Run *run, const RunResume *resume, Error *e)
{
    JournalOptions options = journal_options(run);
    snprintf(run->stamp, sizeof run->stamp, "%s", resume->stamp);
    Str path = run_path(run, ".confab", ".db");
    if (!file_exists(path.ptr)) {
        error_set(e, ERROR_USAGE, "run", "no run %s in this project", run->stamp);
        return error_hint(e, "`confab list` shows the runs");
    }
    run->lock = lock_take(run_path(run, ".confab", ".lock").ptr, e);
    if (run->lock < 0 || !journal_open(path.ptr, &options, &run->journal, e)) return false;
    if (!facts_settings(run->journal, &run->arena, &run->settings)) {
        error_set(e, ERROR_FILE, "journal", "the journal does not say what the run was");
        return error_at_file(e, path);
    }
    if (!resume->accept_changes && !say_changes(run, e)) return false;
    run->time_before = facts_number(run->journal, S("time"));
    return journal_sum(run->journal, &run->before, e);
}

static bool find_pending(Run *run, const RunResume *resume, Error *e)
{
    const RunSettings *s = &run->settings;
    PendingOptions options = {.start = s->start, .iterations = s->iterations, .attempts = s->attempts};
    if (!resume->stamp) {
        pending_fresh(&run->pending, &options);
        return true;
    }
    options.retry_failed = resume->retry_failed;
    options.watermark = (uint64_t)facts_number(run->journal, S("watermark"));
    if (!pending_from_journal(&run->pending, run->journal, &options, e)) return false;
    run->before.failed -= run->pending.reopened;
    return true;
}

// A small model does not end a turn by itself. A bound of length cuts it in the middle of a word; the
// fetched one, which writes English, is held to one or two whole sentences instead (of 24 turns 22
// were readable that way, none cut; llama.cpp makes the pattern a part of its grammar).
// A full stop inside a number is none, and a number stands between other letters: without that the
// model counts 1.2.3.4 to the end of the turn.
#define PLAIN "[^.!?\"\\\\\\n{}<>\\[\\]0-9]"
#define NUMBER "[0-9]{1,5}([.,][0-9]{1,2})?"
#define SENTENCE "[A-Z](" PLAIN "|" NUMBER PLAIN "){4,120}(" NUMBER ")?[.!?]"

static SchemaLimits schema_limits(const RunSettings *s)
{
    if (!s->local_model) return (SchemaLimits){0};
    if (str_eq(s->model, S("SmolLM2-135M-Instruct.Q4_1"))) return (SchemaLimits){.pattern = S("^" SENTENCE "( " SENTENCE ")?$")};
    return (SchemaLimits){.max_text = 600};
}

static bool open_plan(Run *run, Nanos began, Error *e)
{
    Problems problems = {.arena = &run->arena};
    PlanSettings settings = {
        .seed = run->settings.seed,
        .max_exchanges = run->settings.max_exchanges,
        .model = run->settings.model,
        .run = str_from(run->stamp),
        .wall = began,
        .schema = schema_limits(&run->settings),
    };
    bool ok = plan_open(run->project, &settings, &run->arena, &run->plan, &problems) &&
              recorder_open(run->project, &run->arena, &run->recorder, &problems);
    for (size_t i = 0; !ok && i < problems.n; i++)
        if (!problems.items[i].warning) *e = problems.items[i];
    return ok;
}

static bool open_run(Run *run, const RunResume *resume, Error *e)
{
    Nanos began = clock_wall(&system_clock);
    Str folder = path_join(&run->arena, run->project->folder, S(".confab"));
    if (!file_make_folders(folder.ptr, e)) return false;
    if (!resume->stamp) history_sweep(run->project, &run->arena);
    run->transport_open = transport_open(&(TransportOptions){.ca_file = run->settings.ca_file}, &run->transport, e);
    if (!run->transport_open) return false;
    if (resume->stamp ? !open_old(run, resume, e) : !take_new_stamp(run, began, e)) return false;
    if (resume->stamp) began = facts_number(run->journal, S("began"));
    if (!open_plan(run, began, e) || !find_pending(run, resume, e)) return false;
    assessor_init(&run->assessor, run->plan, &run->recorder, &run->arena);
    NoveltyParts novelty = {run->plan, &run->settings, run->stamp, run->journal};
    if (!novelty_open(&novelty, &run->assessor.novelty, e) || !journal_flush(run->journal, e)) return false;
    facts_add_embeddings(run->journal, &run->before);
    journal_gather(run->journal);
    if (resume->stamp)
        facts_put_files(run->journal, run->project);
    else
        facts_put(run->journal, run->project, &run->settings, began);
    journal_fact(run->journal, S("end"), S(""));
    return journal_flush(run->journal, e);
}

bool run_open(const Project *project, const RunSettings *settings, const RunResume *resume, Run **out, Error *e)
{
    Run *run = mem_alloc(sizeof *run);
    *run = (Run){.project = project, .settings = *settings, .lock = -1};
    *out = run;
    if (open_run(run, resume, e)) return true;
    // A run that never began leaves no journal behind.
    if (!resume->stamp && run->journal) {
        journal_close(run->journal, NULL);
        run->journal = NULL;
        static const char *const endings[] = {".db", ".db-wal", ".db-shm", ".lock"};
        for (size_t i = 0; i < 4; i++) remove(run_path(run, ".confab", endings[i]).ptr);
    }
    run_close(run);
    *out = NULL;
    return false;
}

void run_close(Run *run)
{
    if (!run) return;
    journal_close(run->journal, NULL);
    novelty_close(run->assessor.novelty);
    assessor_free(&run->assessor);
    pending_free(&run->pending);
    plan_close(run->plan);
    if (run->transport_open) transport_close(&run->transport);
    lock_release(run->lock);
    arena_free(&run->arena);
    free(run);
}

const char *run_stamp(const Run *run) { return run->stamp; }

// ---- going --------------------------------------------------------------------------------------

void run_request_stop(Run *run, bool at_once, int signal_number)
{
    run->requests.signal = signal_number;
    run->requests.stop = at_once ? 2 : 1;
    run->transport.wake(run->transport.self);
}

void run_change_concurrency(Run *run, int by)
{
    atomic_fetch_add(&run->requests.concurrency, by);
    run->transport.wake(run->transport.self);
}

static void sum_diversity(const Run *run, RunSummary *summary)
{
    RunDiversity *out = &summary->diversity;
    *out = (RunDiversity){{-1, -1, -1}, -1, summary->progress.duplicate_rate, -1, -1, {{{0}, 0}}, 0};
    if (!run->assessor.novelty) return;
    const Diversity *d = novelty_diversity(run->assessor.novelty);
    const Opener *openers[RUN_OPENERS];
    for (unsigned words = 1; words <= 3; words++) out->distinct[words - 1] = diversity_distinct(d, words);
    out->new_5 = diversity_new(d);
    out->same_openings = novelty_same_openings(run->assessor.novelty);
    out->repeating = novelty_repeating(run->assessor.novelty);
    out->n_openers = diversity_openers(d, openers, RUN_OPENERS);
    for (size_t i = 0; i < out->n_openers; i++) {
        snprintf(out->openers[i].text, sizeof out->openers[i].text, "%s", openers[i]->text);
        out->openers[i].n = openers[i]->n;
    }
}

static ErrorKind finish(Run *run, Engine *engine, RunSummary *summary, Error *e)
{
    ErrorKind end = engine_end(engine, e);
    summary->progress = *engine_progress(engine);
    sum_diversity(run, summary);
    Error undurable = {0}, unwritten = {0};
    FinishParts parts = {run->project, &run->settings, run->stamp, run->journal, &run->assessor, &system_clock};
    // What is durable is written out even when the journal takes no more.
    bool durable = journal_flush(run->journal, &undurable);
    bool written = finish_write(&parts, summary, &unwritten);
    if (durable && written) {
        // Only now: a run that was stopped before its files were whole is resumed for them.
        facts_put_number(run->journal, S("end"), end);
        return end;
    }
    if (end != ERROR_FILE) *e = durable ? unwritten : undurable;
    return ERROR_FILE;
}

bool run_go(Run *run, const RunObserver *observer, RunSummary *summary, Error *e)
{
    *summary = (RunSummary){0};
    *e = (Error){0};
    memcpy(summary->stamp, run->stamp, sizeof summary->stamp);
    Engine *engine = engine_new(&(EngineParts){
        .settings = &run->settings,
        .plan = run->plan,
        .clock = &system_clock,
        .transport = &run->transport,
        .journal = run->journal,
        .assessor = &run->assessor,
        .pricing = run->settings.pricing,
        .pending = &run->pending,
        .requests = &run->requests,
        .observer = observer,
        .before = &run->before,
        .time_before = run->time_before,
    });
    while (engine_turn(engine, -1)) {
    }
    summary->end = finish(run, engine, summary, e);
    engine_free(engine);
    return summary->end == ERROR_NONE || summary->end == ERROR_PARTIAL;
}
