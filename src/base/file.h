// SPDX-License-Identifier: Apache-2.0
//
// Files: read whole under a ceiling, written whole by rename.
#ifndef CONFAB_BASE_FILE_H
#define CONFAB_BASE_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

// Reads a regular file of at most `max` bytes into the arena; a FIFO, a device, a folder or a
// larger file is an error (code file). `shown` is the name for errors; NULL: path.
bool file_read(const char *path, size_t max, Arena *a, Str *out, const char *shown, Error *e);

// Reads text by the rules of project-folder.md: UTF-8 without zero bytes (error with line and column), a byte
// order mark skipped, CRLF read as LF, one line break at the very end dropped.
bool file_read_text(const char *path, size_t max, Arena *a, Str *out, const char *shown, Error *e);

bool file_exists(const char *path);     // anything at all is there
bool file_is_folder(const char *path);
bool file_make_folders(const char *path, Error *e);  // like mkdir -p, mode 0777 & ~umask

// A file that appears whole or not at all: written beside its place under a hidden name, synced,
// renamed over it, the folder synced. An abandoned one is unlinked.
typedef struct FileWriter {
    Buf buf;
    int fd;              // -1: not open
    char path[4096];     // where it is to appear
    char hidden[4096];   // where it is until then
} FileWriter;

bool file_writer_open(FileWriter *w, const char *path, Error *e);
bool file_writer_add(FileWriter *w, Str s, Error *e);   // buffered
bool file_writer_sync(FileWriter *w, Error *e);         // flush and sync, without a rename yet
bool file_writer_close(FileWriter *w, Error *e);        // flush, sync, rename, sync the folder
void file_writer_abandon(FileWriter *w);                // safe after any failure, and after close

bool file_write_whole(const char *path, Str s, Error *e);

#endif
