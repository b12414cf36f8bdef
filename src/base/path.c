// SPDX-License-Identifier: Apache-2.0
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

Str path_join(Arena *a, Str folder, Str name)
{
    if (folder.len == 0) return arena_str(a, name);
    bool slash = folder.ptr[folder.len - 1] == '/';
    return arena_printf(a, "%.*s%s%.*s", STR_ARG(folder), slash ? "" : "/", STR_ARG(name));
}

Str path_folder(Str path)
{
    size_t at = str_rfind_char(path, '/');
    if (at == STR_NONE) return S(".");
    return str_slice(path, 0, at ? at : 1);
}

Str path_name(Str path)
{
    size_t at = str_rfind_char(path, '/');
    return at == STR_NONE ? path : str_slice(path, at + 1, path.len);
}

Str path_stem(Str name)
{
    size_t at = str_rfind_char(name, '.');
    return at == STR_NONE || at == 0 ? name : str_slice(name, 0, at);
}

Str path_ending(Str name)
{
    size_t at = str_rfind_char(name, '.');
    return at == STR_NONE || at == 0 ? (Str){0} : str_slice(name, at + 1, name.len);
}

bool path_is_glob(Str pattern)
{
    return str_find_char(pattern, '*') != STR_NONE || str_find_char(pattern, '?') != STR_NONE;
}

static size_t letter_len(Str s, size_t at)
{
    size_t n = 1;
    while (at + n < s.len && ((unsigned char)s.ptr[at + n] & 0xC0) == 0x80) n++;
    return n;
}

// Greedy with one remembered star of each kind: a later star makes an earlier one of its kind
// final, and a failed `*` falls back to the last `**`, so no input takes exponential time.
bool path_glob(Str pattern, Str path)
{
    size_t p = 0, s = 0;
    size_t star = STR_NONE, star_at = 0;    // pattern behind the last `*`, path where it stands
    size_t deep = STR_NONE, deep_at = 0;    // likewise for `**`
    while (s < path.len || p < pattern.len) {
        if (p + 1 < pattern.len && pattern.ptr[p] == '*' && pattern.ptr[p + 1] == '*') {
            p += 2;
            // "**/" also stands for no folder at all.
            deep = p, deep_at = s, star = STR_NONE;
            if (p < pattern.len && pattern.ptr[p] == '/' && (s == 0 || path.ptr[s - 1] == '/')) p++;
            continue;
        }
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = ++p, star_at = s;
            continue;
        }
        if (p < pattern.len && s < path.len) {
            if (pattern.ptr[p] == '?' && path.ptr[s] != '/') {
                p++, s += letter_len(path, s);
                continue;
            }
            if (pattern.ptr[p] == path.ptr[s]) {
                p++, s++;
                continue;
            }
        }
        if (star != STR_NONE && star_at < path.len && path.ptr[star_at] != '/') {
            s = ++star_at, p = star;
        } else if (deep != STR_NONE && deep_at < path.len) {
            s = ++deep_at, p = deep, star = STR_NONE;
            if (p < pattern.len && pattern.ptr[p] == '/' && path.ptr[s - 1] == '/') p++;
        } else {
            return false;
        }
    }
    return true;
}

typedef struct Listing {
    const char *root;
    char resolved[PATH_MAX];  // the root without links; to see whether a link leads out of it
    Arena *arena;
    FileEntry *items;
    size_t n, cap;
} Listing;

static bool leads_outside(const Listing *l, const char *path)
{
    char target[PATH_MAX];
    if (!realpath(path, target)) return false;
    Str root = str_from(l->resolved), there = str_from(target);
    return !(str_starts(there, root) && (root.len == 1 || there.len == root.len || there.ptr[root.len] == '/'));
}

static bool list_folder(Listing *l, Str below, unsigned depth, Error *e);

static bool list_entry(Listing *l, Str below, const char *name, unsigned depth, Error *e)
{
    Str relative = path_join(l->arena, below, str_from(name));
    Str full = path_join(l->arena, str_from(l->root), relative);
    struct stat st;
    if (lstat(full.ptr, &st) < 0) return errno == ENOENT || error_errno(e, "look at", relative.ptr);
    if (S_ISDIR(st.st_mode)) return depth <= 1 || list_folder(l, relative, depth - 1, e);
    bool link = S_ISLNK(st.st_mode);
    bool there = !link || stat(full.ptr, &st) == 0;
    l->items = arena_grow(l->arena, l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = (FileEntry){
        .path = relative,
        .size = there && st.st_size > 0 ? (uint64_t)st.st_size : 0,
        .mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
        .regular = there && S_ISREG(st.st_mode),
        .outside = link && leads_outside(l, full.ptr),
    };
    return true;
}

static bool list_folder(Listing *l, Str below, unsigned depth, Error *e)
{
    Str full = path_join(l->arena, str_from(l->root), below);
    DIR *dir = opendir(full.len ? full.ptr : ".");
    if (!dir) return (below.len == 0 && errno == ENOENT) || error_errno(e, "read the folder", full.ptr);
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(dir));)
        if (entry->d_name[0] != '.') ok = list_entry(l, below, entry->d_name, depth, e);
    closedir(dir);
    return ok;
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const FileEntry *)a)->path, ((const FileEntry *)b)->path);
}

bool path_list(const char *folder, unsigned depth, Arena *a, FileEntry **out, size_t *n, Error *e)
{
    Listing l = {.root = folder, .arena = a};
    if (!realpath(folder, l.resolved)) l.resolved[0] = 0;
    bool ok = list_folder(&l, (Str){"", 0}, depth, e);
    if (l.n) qsort(l.items, l.n, sizeof *l.items, by_path);
    *out = l.items;
    *n = l.n;
    return ok;
}
