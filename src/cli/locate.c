// SPDX-License-Identifier: Apache-2.0
#include "cli/locate.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "cli/chunk_counter.h"
#include "cli/pdf_reader.h"
#include "cli/prompt.h"
#include "cli/signals.h"
#include "run/history.h"

enum { LEVELS_UP = 64 };  // folders above the one a person stands in

static bool is_project(Str folder, Arena *a)
{
    return file_exists(path_join(a, folder, S("prompting/user-prompt.txt")).ptr) ||
           file_exists(path_join(a, folder, S("prompting/system-prompt.txt")).ptr);
}

// The nearest folder, from here upwards, that is a project.
static bool find_around(Arena *a, Str *folder)
{
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return false;
    Str at = arena_str(a, str_from(here));
    for (int i = 0; i < LEVELS_UP && at.len > 1; i++) {
        if (is_project(at, a)) return *folder = arena_str(a, at), true;
        at = path_folder(at);
    }
    return false;
}

static bool ask_for_project(Cli *cli, Str *name, Error *e)
{
    Str *names;
    Str root = settings_str(&cli->settings, OPTION_PROJECTS);
    size_t n = project_names(arena_cstr(&cli->arena, root), &cli->arena, &names);
    Prompter p = {.in = STDIN_FILENO, .out = cli->err, .interrupted = signals_interrupted()};
    return prompt_project(&p, names, n, &cli->arena, name, e);
}

static bool no_project(const Cli *cli, Error *e)
{
    error_set(e, ERROR_USAGE, "usage", "--project is missing: no project is named, and this folder is not inside one");
    return error_hint(e, "confab %s -p NAME; `confab init NAME` makes a project", cli->arguments.command->name);
}

static bool find_project(Cli *cli, bool ask, Str *folder, Error *e)
{
    Str name = settings_str(&cli->settings, OPTION_PROJECT);
    *folder = (Str){0};
    if (!name.ptr && find_around(&cli->arena, folder)) return true;
    if (!name.ptr) {
        if (!ask || !cli_may_ask(cli)) return true;
        if (!ask_for_project(cli, &name, e)) return false;
        settings_set(&cli->settings, OPTION_PROJECT, name);
    }
    Str root = settings_str(&cli->settings, OPTION_PROJECTS);
    return project_find(arena_cstr(&cli->arena, root), name, &cli->arena, folder, e);
}

bool locate_project_if_any(Cli *cli, Str *folder, Error *e)
{
    if (!find_project(cli, false, folder, e)) return false;
    return !folder->ptr || settings_add_project(&cli->settings, *folder, e);
}

bool locate_project(Cli *cli, bool ask, Str *folder, Error *e)
{
    if (!find_project(cli, ask, folder, e)) return false;
    if (!folder->ptr) return no_project(cli, e);
    return settings_add_project(&cli->settings, *folder, e);
}

// As a shell reads it back.
static void add_quoted(Buf *b, Str text)
{
    bool plain = text.len > 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        plain = plain && (c >= 0x80 || str_is_alpha(text.ptr[i]) || str_is_digit(text.ptr[i]) || strchr("_-./:+,@%", c));
    }
    if (plain) {
        buf_add(b, text);
        return;
    }
    buf_add_char(b, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            buf_add(b, S("'\\''"));
        else
            buf_add_char(b, text.ptr[i]);
    }
    buf_add_char(b, '\'');
}

Str locate_flags(Cli *cli)
{
    static const struct {
        OptionId id;
        const char *flag;
    } flags[] = {{OPTION_DIRECTORY, "-C"}, {OPTION_PROJECTS, "--projects"}, {OPTION_PROJECT, "-p"}};
    Buf b = {0};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (cli->settings.items[flags[i].id].origin < FROM_FLAG) continue;
        buf_printf(&b, " %s ", flags[i].flag);
        add_quoted(&b, settings_str(&cli->settings, flags[i].id));
    }
    if (cli->arguments.n) {
        buf_add_char(&b, ' ');
        add_quoted(&b, cli->arguments.rest[0]);
    }
    Str text = arena_str(&cli->arena, buf_str(&b));
    buf_free(&b);
    return text;
}

static void add_count(Buf *b, size_t n, const char *one, const char *many)
{
    buf_printf(b, "%s%zu %s", b->len ? ", " : "", n, n == 1 ? one : many);
}

Str locate_counts(const ProjectCounts *c, Arena *a)
{
    Buf b = {0};
    add_count(&b, c->templates, "template", "templates");
    add_count(&b, c->examples, "example", "examples");
    add_count(&b, c->injections, "injection", "injections");
    buf_printf(&b, " with %zu %s", c->values, c->values == 1 ? "value" : "values");
    add_count(&b, c->topics, "topic", "topics");
    add_count(&b, c->documents, "document", "documents");
    add_count(&b, c->chunks, "chunk", "chunks");
    Str line = arena_str(a, buf_str(&b));
    buf_free(&b);
    return line;
}

bool locate_and_load(Cli *cli, Str folder, unsigned max_exchanges, Project *out, Error *e)
{
    Problems problems = {.arena = &cli->arena};
    ChunkCounter counter = {.cli = cli};
    ProjectOptions options = {
        .tokens = chunk_counter_source(&counter), .pdfium = pdf_reader(cli),
        .strict = settings_on(&cli->settings, OPTION_STRICT),
        .max_exchanges = max_exchanges,
        .partition = settings_str(&cli->settings, OPTION_PARTITION),
    };
    bool ok = project_load(folder.ptr, &options, &cli->arena, out, &problems);
    chunk_counter_close(&counter);
    cli_report_all(cli, &problems);
    if (ok) {
        ProjectCounts counts = project_counts(out);
        cli_say(cli, "Project %.*s: %.*s", STR_ARG(out->name), STR_ARG(locate_counts(&counts, &cli->arena)));
        return true;
    }
    project_close(out);
    if (problems.errors > 1) cli_say(cli, "%zu errors in %.*s; nothing was generated.", problems.errors, STR_ARG(folder));
    cli_reported(ERROR_PROJECT, e);
    return false;
}

Project locate_bare_project(Str folder)
{
    return (Project){.name = path_name(folder), .folder = folder};
}

static bool is_stamp(Str s)
{
    static const char form[] = "dd-dd-dd-ddhddmdds";
    if (s.len != STAMP_LEN) return false;
    for (size_t i = 0; i < s.len; i++)
        if (form[i] == 'd' ? !str_is_digit(s.ptr[i]) : s.ptr[i] != form[i]) return false;
    return true;
}

// projects/x/generated/26-11-22-15h04m05s.json, or the journal in projects/x/.confab/.
static bool find_run_by_path(Cli *cli, Str path, Project *project, char stamp[STAMP_SIZE], Error *e)
{
    char full[PATH_MAX];
    Str name = path_name(path);
    if (!realpath(arena_cstr(&cli->arena, path), full)) return error_errno(e, "find the run", arena_cstr(&cli->arena, path));
    Str start = str_slice(name, 0, STAMP_LEN);
    if (!is_stamp(start)) {
        error_set(e, ERROR_USAGE, "run", "\"%.*s\" is not a file of a run", STR_ARG(path));
        return error_hint(e, "name a file of generated/, such as 26-11-22-15h04m05s.json");
    }
    Str folder = arena_str(&cli->arena, path_folder(path_folder(str_from(full))));
    *project = locate_bare_project(folder);
    snprintf(stamp, STAMP_SIZE, "%.*s", STR_ARG(start));
    return settings_add_project(&cli->settings, folder, e);
}

static bool find_newest(Cli *cli, const Project *project, char stamp[STAMP_SIZE], Error *e)
{
    RunInfo *runs;
    size_t n;
    Problems problems = {.arena = &cli->arena};
    if (!history_list(project, &cli->arena, &runs, &n, &problems, e)) return false;
    cli_report_all(cli, &problems);
    if (n == 0) {
        error_set(e, ERROR_USAGE, "run", "project %.*s has no run yet", STR_ARG(project->name));
        return error_hint(e, "confab run -p %.*s", STR_ARG(project->name));
    }
    memcpy(stamp, runs[0].stamp, STAMP_SIZE);
    return true;
}

bool locate_run(Cli *cli, Str run, Project *project, char stamp[STAMP_SIZE], Error *e)
{
    if (run.ptr && str_find_char(run, '/') != STR_NONE) return find_run_by_path(cli, run, project, stamp, e);
    Str folder;
    if (!locate_project(cli, true, &folder, e)) return false;
    *project = locate_bare_project(folder);
    if (!run.ptr) return find_newest(cli, project, stamp, e);
    if (!is_stamp(run)) {
        error_set(e, ERROR_USAGE, "run", "\"%.*s\" is not a run's stamp", STR_ARG(run));
        return error_hint(e, "a stamp looks like 26-11-22-15h04m05s; `confab list` shows them");
    }
    snprintf(stamp, STAMP_SIZE, "%.*s", STR_ARG(run));
    if (file_exists(arena_printf(&cli->arena, "%.*s/.confab/%s.db", STR_ARG(folder), stamp).ptr)) return true;
    error_set(e, ERROR_USAGE, "run", "project %.*s has no run %s", STR_ARG(project->name), stamp);
    return error_hint(e, "`confab list` shows its runs");
}
