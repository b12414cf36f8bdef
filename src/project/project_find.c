// SPDX-License-Identifier: Apache-2.0
//
// Which projects there are (project.h).
#include <dirent.h>
#include <errno.h>

#include "base/file.h"
#include "base/path.h"
#include "project/project.h"

static int by_bytes(const void *a, const void *b) { return str_cmp(*(const Str *)a, *(const Str *)b); }

static bool is_project(const char *root, const char *name, Arena *a)
{
    Str folder = path_join(a, str_from(root), str_from(name));
    return file_is_folder(path_join(a, folder, S("prompting")).ptr);
}

size_t project_names(const char *root, Arena *a, Str **out)
{
    size_t n = 0, cap = 0;
    *out = NULL;
    DIR *dir = opendir(root);
    if (!dir) return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.' || !is_project(root, entry->d_name, a)) continue;
        *out = arena_grow(a, *out, n, &cap, sizeof **out);
        (*out)[n++] = arena_str(a, str_from(entry->d_name));
    }
    closedir(dir);
    if (n) qsort(*out, n, sizeof **out, by_bytes);
    return n;
}

static bool no_such_project(const char *root, Str name, Arena *a, Error *e)
{
    Str *names;
    size_t n = project_names(root, a, &names);
    Str nearest = str_nearest(name, names, n);
    error_set(e, ERROR_USAGE, "project", "there is no project \"%.*s\" in %s", STR_ARG(name), root);
    if (nearest.len) return error_hint(e, "write \"%.*s\"", STR_ARG(nearest));
    if (n == 0) return error_hint(e, "make one with `confab init %.*s`, or name another folder with --projects", STR_ARG(name));
    char list[200];
    size_t at = 0;
    for (size_t i = 0; i < n && at < sizeof list; i++) {
        int more = snprintf(list + at, sizeof list - at, "%s%.*s", i ? ", " : "", STR_ARG(names[i]));
        at += more > 0 ? (size_t)more : 0;
    }
    return error_hint(e, "there are: %s", list);
}

bool project_find(const char *root, Str name_or_path, Arena *a, Str *out, Error *e)
{
    if (name_or_path.len == 0 || memchr(name_or_path.ptr, 0, name_or_path.len)) {
        error_set(e, ERROR_USAGE, "project", "the project has no name");
        return error_hint(e, "write -p NAME, or -p with the path of a folder");
    }
    bool dots = str_eq(name_or_path, S(".")) || str_eq(name_or_path, S(".."));
    if (str_find_char(name_or_path, '/') == STR_NONE && !dots) {
        *out = path_join(a, str_from(root), name_or_path);
        return file_is_folder(out->ptr) || no_such_project(root, name_or_path, a, e);
    }
    *out = arena_str(a, name_or_path);
    if (file_is_folder(out->ptr)) return true;
    error_set(e, ERROR_USAGE, "project", "there is no folder %.*s", STR_ARG(name_or_path));
    return error_hint(e, "a name without a / is looked for in %s", root);
}
