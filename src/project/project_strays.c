// SPDX-License-Identifier: Apache-2.0
//
// Files and folders that nothing reads because their name is misspelt (project_parts.h). Whatever else
// somebody keeps in a project is their own business.
#include <dirent.h>

#include "base/file.h"
#include "base/path.h"
#include "project/project_parts.h"

typedef struct ReadFolder {
    Str folder;          // "" the project itself
    const Str *names;    // what is read there
    size_t n;
} ReadFolder;

static const Str root_names[] = {S_INIT("config"), S_INIT("examples"), S_INIT("generated"), S_INIT("knowledge"), S_INIT("prompting")};
static const Str config_names[] = {S_INIT("chunk-strategy.json"), S_INIT("drawing.json"), S_INIT("generation-paramters.json"),
                                   S_INIT("generation-parameters.json"), S_INIT("output-format.json")};
static const Str example_names[] = {S_INIT("examples.txt")};
static const Str prompting_names[] = {S_INIT("injections"), S_INIT("system-prompt.txt"), S_INIT("templates.txt"), S_INIT("user-prompt.txt")};

#define READ_FOLDER(folder, names) {S_INIT(folder), names, sizeof names / sizeof *names}

static const ReadFolder places[] = {READ_FOLDER("", root_names), READ_FOLDER("config", config_names), READ_FOLDER("examples", example_names),
                               READ_FOLDER("prompting", prompting_names)};

static bool is_there(Str folder, Str name, Arena *scratch) { return file_exists(path_join(scratch, folder, name).ptr); }

// Both spellings of that file's name are one.
static bool is_taken(Str folder, Str name, Arena *scratch)
{
    if (!str_starts(name, S("generation-par"))) return is_there(folder, name, scratch);
    return is_there(folder, S("generation-paramters.json"), scratch) || is_there(folder, S("generation-parameters.json"), scratch);
}

static void check_entry(const ReadFolder *place, Str folder, Str name, Arena *scratch, Problems *problems)
{
    Str known = str_nearest(name, place->names, place->n);
    if (known.len == 0 || str_eq(known, name) || is_taken(folder, known, scratch)) return;
    Error *e = problems_new(problems, true, ERROR_PROJECT, "file", "nothing reads this: its name is not %.*s", STR_ARG(known));
    error_at_file(e, place->folder.len ? path_join(scratch, place->folder, name) : name);
    error_hint(e, "rename it to %.*s", STR_ARG(known));
}

static int by_bytes(const void *a, const void *b) { return str_cmp(*(const Str *)a, *(const Str *)b); }

static void check_place(const Project *project, const ReadFolder *place, Arena *scratch, Problems *problems)
{
    enum { ENTRIES_MAX = 1000 };  // a folder of more holds something else
    Str folder = place->folder.len ? path_join(scratch, project->folder, place->folder) : project->folder;
    DIR *dir = opendir(arena_cstr(scratch, folder));
    if (!dir) return;
    Str *names = arena_new(scratch, Str, ENTRIES_MAX);
    size_t n = 0;
    for (struct dirent *entry; n < ENTRIES_MAX && (entry = readdir(dir));)
        if (entry->d_name[0] != '.') names[n++] = arena_str(scratch, str_from(entry->d_name));
    closedir(dir);
    qsort(names, n, sizeof *names, by_bytes);
    for (size_t i = 0; i < n; i++) check_entry(place, folder, names[i], scratch, problems);
}

void project_check_strays(const Project *project, Problems *problems)
{
    Arena scratch = {0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) check_place(project, &places[i], &scratch, problems);
    arena_free(&scratch);
}
