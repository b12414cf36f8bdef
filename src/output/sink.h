// SPDX-License-Identifier: Apache-2.0
//
// Where an export goes: a file that appears whole by rename, or a descriptor (standard output), each
// plain or compressed with Zstandard. Bytes stream through buffers of fixed size.
#ifndef CONFAB_OUTPUT_SINK_H
#define CONFAB_OUTPUT_SINK_H

#include "base/file.h"

typedef struct Sink {
    FileWriter file;     // its fd is -1 when `fd` is written to
    Buf pending;         // for `fd`
    int fd;              // -1: a file
    void *zstd;          // ZSTD_CCtx; NULL: plain
    Buf packed;          // room for what the compressor gives out
    uint64_t bytes;      // taken in
    uint64_t given;      // to the file
    uint64_t started;    // of that, what the disk was told to begin with
    bool closed_pipe;    // the reader of `fd` went away: no error, but no reason to go on
} Sink;

// `path` NULL: write to `fd`.
bool sink_open(Sink *s, const char *path, int fd, bool zstd, Error *e);
bool sink_add(Sink *s, Str bytes, Error *e);
bool sink_close(Sink *s, Error *e);   // all is written, synced and in its place
void sink_abandon(Sink *s);           // safe after any failure, and after close

#endif
