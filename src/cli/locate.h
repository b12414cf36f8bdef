// SPDX-License-Identifier: Apache-2.0
//
// Which project and which run a person means. A project is named by -p, or it is the one whose
// folder the person stands in (also deep inside), or the person is asked. A run is a stamp, a path
// to one of its files, or the newest of the project.
#ifndef CONFAB_CLI_LOCATE_H
#define CONFAB_CLI_LOCATE_H

#include "base/clock.h"
#include "cli/cli.h"
#include "project/project.h"

// The project's folder, in the cli's arena, and its .env in the settings. With `ask` a person at a
// terminal is asked for what is missing; else that is an error that names --project.
bool locate_project(Cli *cli, bool ask, Str *folder, Error *e);

// Like locate_project, but nothing to be found is no error: *folder is absent then.
bool locate_project_if_any(Cli *cli, Str *folder, Error *e);

// Loads it and reports everything that is wrong; on failure *e holds nothing more to print. Says
// what was found. `max_exchanges` 0: not known.
bool locate_and_load(Cli *cli, Str folder, unsigned max_exchanges, Project *out, Error *e);

// One line: "4 templates, 6 examples, …".
Str locate_counts(const ProjectCounts *counts, Arena *a);

// The run that an argument means (absent: the newest). Gives the project's folder too; the .env is
// then in the settings. `project` has only its name and folder.
bool locate_run(Cli *cli, Str run, Project *project, char stamp[STAMP_SIZE], Error *e);

// What stands behind another command that means the same project and run: " -p my-shop", or nothing.
// Only what the command line or the person said, quoted for a shell.
Str locate_flags(Cli *cli);

// A project of which only name and folder are known: enough for the history.
Project locate_bare_project(Str folder);

#endif
