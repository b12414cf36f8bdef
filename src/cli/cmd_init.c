// SPDX-License-Identifier: Apache-2.0
//
// confab init: a project that runs at once, from the built-in example or from another project. It
// appears whole or not at all: made under a hidden name beside its place, then renamed.
#include "cli/commands.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "cli/locate.h"
#include "cli/signals.h"
#include "cli/starter.h"

enum {
    COPY_DEPTH = 18,            // knowledge may be 16 folders deep
    COPY_MAX = 64 << 20,        // bytes of a file: what a document may have
};

typedef struct Target {
    Str folder;   // where the project is to appear
    Str hidden;   // where it is until then
} Target;

static bool check_name(Str name, Error *e)
{
    bool good = name.len > 0 && name.len <= 100 && name.ptr[0] != '.' && name.ptr[0] != '-';
    for (size_t i = 0; i < name.len; i++) good = good && (unsigned char)name.ptr[i] >= ' ' && name.ptr[i] != 0x7F;
    if (good) return true;
    error_set(e, ERROR_USAGE, "usage", "\"%.*s\" is no name for a project", STR_ARG(name));
    return error_hint(e, "letters, digits and dashes make a good name: my-support");
}

static bool choose_target(Cli *cli, Str named, Target *t, Error *e)
{
    Arena *a = &cli->arena;
    while (named.len > 1 && named.ptr[named.len - 1] == '/') named.len--;
    bool is_path = str_find_char(named, '/') != STR_NONE;
    t->folder = is_path ? arena_str(a, named) : path_join(a, settings_str(&cli->settings, OPTION_PROJECTS), named);
    Str name = path_name(t->folder), parent = path_folder(t->folder);
    if (!check_name(name, e)) return false;
    if (file_exists(t->folder.ptr)) {
        error_set(e, ERROR_USAGE, "exists", "there is something already");
        error_at_file(e, t->folder);
        return error_hint(e, "choose another name; confab never writes over a project");
    }
    t->hidden = arena_printf(a, "%.*s/.%.*s.%ld", STR_ARG(parent), STR_ARG(name), (long)getpid());
    return true;
}

static bool put_file(const Target *t, Str path, Str bytes, Arena *a, Error *e)
{
    Str full = path_join(a, t->hidden, path);
    return file_make_folders(arena_cstr(a, path_folder(full)), e) && file_write_whole(full.ptr, bytes, e);
}

static bool put_starter(const Target *t, Arena *a, Error *e)
{
    for (size_t i = 0; i < n_starter_files; i++) {
        Str bytes = {(const char *)starter_files[i].bytes, starter_files[i].size};
        if (!put_file(t, str_from(starter_files[i].path), bytes, a, e)) return false;
    }
    return true;
}

// What a run made, and what is hidden (.env with its keys, .confab), stays behind.
static bool copy_project(const Target *t, Str from, Arena *a, Error *e)
{
    FileEntry *files;
    size_t n;
    if (!path_list(from.ptr, COPY_DEPTH, a, &files, &n, e)) return false;
    Arena scratch = {0};
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        Str bytes;
        if (!files[i].regular || files[i].outside || str_starts(files[i].path, S("generated/"))) continue;
        arena_reset(&scratch);
        ok = file_read(path_join(&scratch, from, files[i].path).ptr, COPY_MAX, &scratch, &bytes, NULL, e) &&
             put_file(t, files[i].path, bytes, &scratch, e);
    }
    arena_free(&scratch);
    return ok;
}

// Removes what a failed init left under the hidden name. Only ever our own files.
static void remove_hidden(const Target *t, Arena *a)
{
    FileEntry *files;
    size_t n;
    Error ignored;
    if (!path_list(t->hidden.ptr, COPY_DEPTH, a, &files, &n, &ignored)) return;
    for (size_t i = 0; i < n; i++) unlink(path_join(a, t->hidden, files[i].path).ptr);
    for (size_t i = n; i > 0; i--)
        for (Str folder = path_folder(files[i - 1].path); folder.len && !str_eq(folder, S(".")); folder = path_folder(folder))
            rmdir(path_join(a, t->hidden, folder).ptr);
    rmdir(t->hidden.ptr);
}

static bool find_source(Cli *cli, Str *from, Error *e)
{
    Str named = settings_str(&cli->settings, OPTION_FROM);
    Str root = settings_str(&cli->settings, OPTION_PROJECTS);
    *from = (Str){0};
    if (!named.ptr) return true;
    if (project_find(arena_cstr(&cli->arena, root), named, &cli->arena, from, e)) return true;
    if (!str_eq(named, str_from(starter_name))) return false;
    *e = (Error){0};
    *from = (Str){0};
    return true;
}

static int act(Cli *cli, Error *e)
{
    Target t;
    Str from;
    Arena *a = &cli->arena;
    if (!choose_target(cli, cli->arguments.rest[0], &t, e) || !find_source(cli, &from, e)) return (int)e->kind;
    signals_hold(true);
    bool ok = from.ptr ? copy_project(&t, from, a, e) : put_starter(&t, a, e);
    if (ok && *signals_interrupted()) ok = error_set(e, (ErrorKind)signals_exit_code(), "interrupted", "nothing was made");
    if (ok && rename(t.hidden.ptr, t.folder.ptr) < 0) ok = error_errno(e, "make the project", t.folder.ptr);
    if (!ok) {
        remove_hidden(&t, a);
        return (int)e->kind;
    }
    Str name = cli->arguments.rest[0];
    cli_say(cli, "Made %.*s from %.*s.", STR_ARG(t.folder), STR_ARG(from.ptr ? from : S("the built-in example")));
    cli_say(cli, "Next: confab run -p %.*s", STR_ARG(name));
    return 0;
}

const Command cmd_init = {
    .name = "init",
    .bit = ON_INIT,
    .arguments = "NAME",
    .min_arguments = 1,
    .max_arguments = 1,
    .summary = "make a project that runs at once",
    .details = "NAME becomes a folder under the projects folder; with a / it is a path. The project begins as a copy of the "
               "built-in example or of --from; what runs have made and a .env are not copied.",
    .examples = "confab init my-support\nconfab init my-support --from ../other/project",
    .act = act,
};
