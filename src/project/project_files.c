// SPDX-License-Identifier: Apache-2.0
//
// The files that a project was made of and their hashes (project.h).
#include "base/file.h"
#include "base/path.h"
#include "project/limits.h"
#include "project/project_parts.h"

static const Str fixed_files[] = {
    S_INIT("config/chunk-strategy.json"),   S_INIT("config/drawing.json"),      S_INIT("config/generation-paramters.json"),
    S_INIT("config/generation-parameters.json"), S_INIT("config/output-format.json"), S_INIT("examples/examples.txt"),
    S_INIT("prompting/system-prompt.txt"),  S_INIT("prompting/templates.txt"),  S_INIT("prompting/user-prompt.txt"),
};
enum { FIXED_FILES = sizeof fixed_files / sizeof *fixed_files };

// A file that cannot be read was reported when it was loaded; here it only has no hash.
static void add_file(Project *project, Str relative, Arena *a, Arena *scratch)
{
    Str bytes;
    Str path = path_join(scratch, project->folder, relative);
    if (!file_read(path.ptr, PROJECT_FILE_MAX, scratch, &bytes, NULL, NULL)) return;
    project->files[project->n_files++] = (ProjectFile){arena_str(a, relative), sha256(bytes)};
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const ProjectFile *)a)->path, ((const ProjectFile *)b)->path);
}

void project_hash_files(Project *project, Arena *a)
{
    const Injections *injections = &project->injections;
    const Knowledge *k = project->knowledge;
    Arena scratch = {0};
    project->files = arena_new(a, ProjectFile, FIXED_FILES + injections->n + k->n_documents);
    for (size_t i = 0; i < FIXED_FILES; i++) {
        add_file(project, fixed_files[i], a, &scratch);
        arena_reset(&scratch);
    }
    for (size_t i = 0; i < injections->n; i++) {
        add_file(project, injections->items[i].file, a, &scratch);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    for (size_t i = 0; i < k->n_documents; i++)
        project->files[project->n_files++] =
            (ProjectFile){path_join(a, S("knowledge"), k->documents[i].file), k->documents[i].sha256};
    if (project->n_files) qsort(project->files, project->n_files, sizeof *project->files, by_path);
}

static void add_changed(Str path, Arena *a, Str **out, size_t *n, size_t *cap)
{
    *out = arena_grow(a, *out, *n, cap, sizeof **out);
    (*out)[(*n)++] = path;
}

size_t project_changed(const Project *project, const ProjectFile *then, size_t n_then, Arena *a, Str **out)
{
    size_t n = 0, cap = 0, i = 0, k = 0;
    *out = NULL;
    // The earlier list may come from a file that somebody edited: its order is not relied on.
    ProjectFile *old = arena_new(a, ProjectFile, n_then + 1);
    if (n_then) memcpy(old, then, n_then * sizeof *old);
    qsort(old, n_then, sizeof *old, by_path);
    while (i < project->n_files || k < n_then) {
        int order = i == project->n_files ? 1 : k == n_then ? -1 : str_cmp(project->files[i].path, old[k].path);
        bool same = order == 0 && memcmp(&project->files[i].hash, &old[k].hash, sizeof(Sha256)) == 0;
        if (!same) add_changed(order <= 0 ? project->files[i].path : old[k].path, a, out, &n, &cap);
        i += order <= 0;
        k += order >= 0;
    }
    return n;
}
