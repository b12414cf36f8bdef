// SPDX-License-Identifier: Apache-2.0
#include "project/part_file.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"

static PartState bad(Problems *problems, Str relative, const char *hint, const char *what)
{
    Error *e = problems_new(problems, false, ERROR_PROJECT, "file", "%s", what);
    error_at_file(e, relative);
    error_hint(e, "%s", hint);
    return PART_FILE_BAD;
}

static PartState look(const char *path, Str relative, size_t max, Problems *problems)
{
    struct stat st;
    if (lstat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR)) return PART_FILE_ABSENT;
    if (stat(path, &st) < 0) {
        Error e;
        error_errno(&e, "open", path);
        error_at_file(&e, relative);
        problems_add(problems, &e);
        return PART_FILE_BAD;
    }
    if (S_ISDIR(st.st_mode)) return bad(problems, relative, "move the folder away and write a text file", "this is a folder, not a file");
    if (!S_ISREG(st.st_mode)) return bad(problems, relative, "write an ordinary text file", "this is not an ordinary file");
    if (st.st_size < 0 || (uint64_t)st.st_size > max) {
        char what[80];
        snprintf(what, sizeof what, "the file is larger than %zu MB", max >> 20);
        return bad(problems, relative, "shorten it; long texts that conversations are about belong into knowledge/<topic>/", what);
    }
    return PART_FILE_READ;
}

PartState part_read_text(Str folder, Str relative, size_t max, Arena *a, Str *out, Problems *problems)
{
    Str path = path_join(a, folder, relative);
    Str shown = arena_str(a, relative);
    PartState state = look(path.ptr, relative, max, problems);
    if (state != PART_FILE_READ) return state;
    Error e;
    if (file_read_text(path.ptr, max, a, out, shown.ptr, &e)) return PART_FILE_READ;
    problems_add(problems, &e);
    return PART_FILE_BAD;
}

PartState part_read_json(Str folder, Str relative, size_t max, Arena *a, JsonFile *out, Problems *problems)
{
    *out = (JsonFile){.file = arena_str(a, relative)};
    PartState state = part_read_text(folder, relative, max, a, &out->text, problems);
    if (state != PART_FILE_READ) return state;
    Error e;
    if (json_read(out->text, out->file, &out->root, &e)) return PART_FILE_READ;
    problems_add(problems, &e);
    return PART_FILE_BAD;
}
