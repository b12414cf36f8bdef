// SPDX-License-Identifier: Apache-2.0
//
// Paths as text, globs over them, and listing a folder. '/' separates; no call here follows "..".
#ifndef CONFAB_BASE_PATH_H
#define CONFAB_BASE_PATH_H

#include "base/arena.h"
#include "base/error.h"

Str path_join(Arena *a, Str folder, Str name);   // NUL behind it
Str path_folder(Str path);                       // before the last '/'; "." where there is none
Str path_name(Str path);                         // after the last '/'
Str path_stem(Str name);                         // without its last ending; ".x" stays
Str path_ending(Str name);                       // "md" of "a.md", or absent

// Glob over '/'-separated paths: `*` within a part, `**` across parts, `?` one letter, else literal.
bool path_glob(Str pattern, Str path);
bool path_is_glob(Str pattern);                  // has * or ?

typedef struct FileEntry {
    Str path;       // relative to the listed folder, with '/', NUL behind it
    uint64_t size;
    int64_t mtime_ns;
    bool regular;   // after following a link; otherwise a FIFO, device, socket or broken link
    bool outside;   // a symbolic link that leads out of the listed folder
} FileEntry;

// Everything below `folder` but folders themselves, sorted by path bytes, names that begin with
// '.' skipped, at most `depth` levels (1: only the folder itself). A missing folder gives n = 0
// and true. A link to a folder is not followed; it is listed as not regular.
bool path_list(const char *folder, unsigned depth, Arena *a, FileEntry **out, size_t *n, Error *e);

#endif
