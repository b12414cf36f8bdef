// SPDX-License-Identifier: Apache-2.0
#include "run/history.h"

#include "base/path.h"
#include "journal/lock.h"
#include "run/facts.h"

const char *run_state_name(RunState state)
{
    static const char *const names[] = {"complete", "partial", "resumable", "running"};
    return names[state];
}

static bool is_running(const Project *project, const char *stamp, Arena *a)
{
    return lock_is_held(arena_printf(a, "%.*s/.confab/%s.lock", STR_ARG(project->folder), stamp).ptr);
}

static bool read_info(Journal *j, const Project *project, Arena *a, RunInfo *out, Error *e)
{
    RunSettings settings = {0};
    if (!facts_settings(j, a, &settings))
        return error_set(e, ERROR_FILE, "unborn", "the journal of %s does not say what the run was", out->stamp);
    if (!journal_sum(j, &out->totals, e)) return false;
    facts_add_embeddings(j, &out->totals);
    out->iterations = settings.iterations;
    out->start = settings.start;
    out->seed = settings.seed;
    out->max_exchanges = settings.max_exchanges;
    out->dedup_semantic = settings.dedup && settings.dedup_semantic;
    out->partition = settings.partition;
    out->model = settings.model;
    out->address = facts_text(j, S("address"), a);
    out->priced = facts_number(j, S("priced")) != 0;
    out->currency = facts_text(j, S("currency"), a);
    out->settings_json = facts_text(j, S("settings"), a);
    out->time = facts_number(j, S("time"));
    uint64_t done = out->totals.kept + out->totals.failed;
    bool written = facts_text(j, S("end"), a).len > 0;
    out->state = done < out->iterations || !written ? RUN_RESUMABLE : out->totals.failed ? RUN_PARTIAL : RUN_COMPLETE;
    if (is_running(project, out->stamp, a)) out->state = RUN_RUNNING;
    return true;
}

bool history_read(const Project *project, const char *stamp, Arena *a, RunInfo *out, Error *e)
{
    Journal *j;
    *out = (RunInfo){0};
    snprintf(out->stamp, sizeof out->stamp, "%s", stamp);
    Str path = arena_printf(a, "%.*s/.confab/%s.db", STR_ARG(project->folder), stamp);
    if (!journal_open_to_read(path.ptr, &j, e)) return false;
    bool ok = read_info(j, project, a, out, e);
    journal_close(j, NULL);
    return ok;
}

static int newest_first(const void *a, const void *b)
{
    return strcmp(((const RunInfo *)b)->stamp, ((const RunInfo *)a)->stamp);
}

bool history_list(const Project *project, Arena *a, RunInfo **out, size_t *n, Problems *problems, Error *e)
{
    FileEntry *files;
    size_t n_files;
    Str folder = path_join(a, project->folder, S(".confab"));
    *n = 0;
    if (!path_list(folder.ptr, 1, a, &files, &n_files, e)) return false;
    *out = arena_new(a, RunInfo, n_files);
    for (size_t i = 0; i < n_files; i++) {
        Str name = files[i].path;
        if (!str_ends(name, S(".db")) || name.len != STAMP_LEN + 3) continue;
        Str stamp = path_stem(name);
        Error why;
        if (history_read(project, arena_cstr(a, stamp), a, &(*out)[*n], &why)) {
            ++*n;
        } else if (problems && strcmp(why.code, "unborn") != 0) {
            why.warning = true;
            problems_add(problems, &why);
        }
    }
    if (*n) qsort(*out, *n, sizeof **out, newest_first);
    return true;
}

static void remove_unborn(const Project *project, const char *stamp, Arena *a)
{
    static const char *const endings[] = {".db", ".db-journal", ".db-wal", ".db-shm", ".lock"};
    RunInfo info;
    Error e;
    int lock = lock_take(arena_printf(a, "%.*s/.confab/%s.lock", STR_ARG(project->folder), stamp).ptr, &e);
    if (lock < 0) return;
    // Looked at under the lock: it may have been begun meanwhile.
    if (!history_read(project, stamp, a, &info, &e) && strcmp(e.code, "unborn") == 0)
        for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
            remove(arena_printf(a, "%.*s/.confab/%s%s", STR_ARG(project->folder), stamp, endings[i]).ptr);
    lock_release(lock);
}

void history_sweep(const Project *project, Arena *a)
{
    // A journal that was begun and closed is longer than the one page of an empty file.
    enum { UNBORN_MOST = 1 << 14 };
    FileEntry *files;
    size_t n;
    Error e;
    if (!path_list(path_join(a, project->folder, S(".confab")).ptr, 1, a, &files, &n, &e)) return;
    for (size_t i = 0; i < n; i++)
        if (str_ends(files[i].path, S(".db")) && files[i].path.len == STAMP_LEN + 3 && files[i].size <= UNBORN_MOST)
            remove_unborn(project, arena_cstr(a, path_stem(files[i].path)), a);
}

bool history_find_unfinished(const Project *project, const RunSettings *settings, bool any_seed, Arena *a, RunInfo *out)
{
    RunInfo *all;
    size_t n;
    Error e;
    if (!history_list(project, a, &all, &n, NULL, &e)) return false;
    for (size_t i = 0; i < n; i++) {
        RunSettings same = *settings;
        if (any_seed) same.seed = all[i].seed;
        if (all[i].state != RUN_RESUMABLE || !str_eq(all[i].settings_json, facts_settings_json(&same, a))) continue;
        *out = all[i];
        return true;
    }
    return false;
}
