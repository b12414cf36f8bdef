// SPDX-License-Identifier: Apache-2.0
//
// Project folders for tests: written from a table of files into a folder of their own, loaded,
// and removed again. A failure to load fails the test and shows the problems.
#ifndef CONFAB_TESTS_PROJECT_FOLDER_H
#define CONFAB_TESTS_PROJECT_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "project/project.h"

typedef struct FolderFile {
    const char *path;
    const char *text;
} FolderFile;

typedef struct ProjectFolder {
    char path[64];
    Arena arena;
    Project project;
    Problems problems;
    bool loaded;
} ProjectFolder;

static inline void folder_write(const char *folder, const FolderFile *file)
{
    char path[512];
    Error e;
    snprintf(path, sizeof path, "%s/%s", folder, file->path);
    char parent[512];
    snprintf(parent, sizeof parent, "%.*s", STR_ARG(path_folder(str_from(path))));
    if (!file_make_folders(parent, &e)) fail_msg("%s", e.what);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(file->text, out);
    assert_int_equal(fclose(out), 0);
}

// A project of these files; later ones of a path replace earlier ones. The list ends with a NULL path.
static inline void folder_make(ProjectFolder *f, const FolderFile *files, const FolderFile *more)
{
    *f = (ProjectFolder){0};
    snprintf(f->path, sizeof f->path, "/tmp/confab-test-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    for (; files && files->path; files++) folder_write(f->path, files);
    for (; more && more->path; more++) folder_write(f->path, more);
    f->problems = (Problems){.arena = &f->arena};
}

static inline bool folder_load(ProjectFolder *f, const char *partition)
{
    ProjectOptions options = {.no_cache = true, .partition = str_from(partition)};
    f->loaded = project_load(f->path, &options, &f->arena, &f->project, &f->problems);
    return f->loaded;
}

static inline void folder_open(ProjectFolder *f, const FolderFile *files, const FolderFile *more)
{
    folder_make(f, files, more);
    if (folder_load(f, NULL)) return;
    problems_print(&f->problems, stderr);
    fail_msg("the project did not load");
}

static inline void folder_close(ProjectFolder *f)
{
    char command[128];
    project_close(&f->project);
    arena_free(&f->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", f->path);
    assert_int_equal(system(command), 0);
}

#endif
