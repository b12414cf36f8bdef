// SPDX-License-Identifier: Apache-2.0
//
// A project folder, read, checked and compiled. project_load reports everything that is wrong, not
// only the first fault; a Project is fit for use only when no error was reported.
// All of it lives in the arena given to project_load (the project's lifetime), but for what the
// knowledge holds open, which project_close releases.
#ifndef CONFAB_PROJECT_PROJECT_H
#define CONFAB_PROJECT_PROJECT_H

#include "base/hash.h"
#include "knowledge/knowledge.h"
#include "project/drawing.h"
#include "project/examples.h"
#include "project/injections.h"
#include "project/limits.h"
#include "project/output_format.h"
#include "project/parameters.h"
#include "project/reach.h"
#include "project/styles.h"

typedef struct ProjectOptions {
    bool strict;      // a document that cannot be read is an error
    unsigned max_exchanges;  // the run's limit, which examples are checked against; 0: not known yet
    Str partition;    // the one to be drawn from: what it lacks is an error; absent: train
    Pdfium *pdfium;               // who reads PDF files; NULL: pdftotext
    TokenSource tokens;           // for the `tokens` strategy; {0}: a document that asks for it is an error
    bool no_cache;                // neither read nor write .confab/knowledge/
} ProjectOptions;

// A file that the project was made of, in the order of paths.
typedef struct ProjectFile {
    Str path;         // relative to the project
    Sha256 hash;      // of its bytes
} ProjectFile;

typedef struct Project {
    Str name;               // the folder's
    Str folder;             // its path, NUL behind it
    Template system_prompt;
    Template user_prompt;   // with {output_format} at its end where that was appended
    bool appended;          // {output_format} was
    Injections injections;
    Styles styles;
    Parameters parameters;
    OutputFormat format;
    Drawing drawing;
    Examples examples;
    Knowledge *knowledge;   // never NULL; without a folder it has no documents
    const uint32_t *document_partitions;  // one for each document of the knowledge
    uint32_t partition;     // the chosen one
    Names names;
    Reach reach;
    ProjectFile *files;
    size_t n_files;
} Project;

// What was found, for `validate` and for every run.
typedef struct ProjectCounts {
    size_t templates, examples, injections, values, topics, documents, chunks;
} ProjectCounts;

// False when any error (not warning) was reported.
bool project_load(const char *path, const ProjectOptions *options, Arena *a, Project *out, Problems *problems);
void project_close(Project *project);

ProjectCounts project_counts(const Project *project);

// The files whose hash differs from an earlier list (path and hash in hex), or that are new or
// gone, for "changed since": paths in the arena.
size_t project_changed(const Project *project, const ProjectFile *then, size_t n_then, Arena *a, Str **out);

// A name under `root`, or a path (anything with a '/'), as a folder's path in the arena, NUL behind
// it. False (ERROR_USAGE, code "project"): no such project, with the nearest name.
bool project_find(const char *root, Str name_or_path, Arena *a, Str *out, Error *e);

// The names of the projects under `root`, sorted; those folders that hold a prompting/ folder.
size_t project_names(const char *root, Arena *a, Str **out);

#endif
