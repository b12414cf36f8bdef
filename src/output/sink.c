// SPDX-License-Identifier: Apache-2.0
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

enum {
    PENDING = 1 << 18,
    START = 8 << 20,  // bytes after which the disk begins to write: a sync at the end would find all of it still to do
    LEVEL = 3,  // Zstandard's default: beyond it text shrinks little and takes far longer
};

bool sink_open(Sink *s, const char *path, int fd, bool zstd, Error *e)
{
    *s = (Sink){.file = {.fd = -1}, .fd = path ? -1 : fd};
    if (zstd) {
        if (!(s->zstd = ZSTD_createCCtx())) oom();
        ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, LEVEL);
        ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1);
        buf_reserve(&s->packed, ZSTD_CStreamOutSize());
    }
    return !path || file_writer_open(&s->file, path, e);
}

static bool flush(Sink *s, Error *e)
{
    for (size_t at = 0; at < s->pending.len && !s->closed_pipe;) {
        ssize_t n = write(s->fd, s->pending.ptr + at, s->pending.len - at);
        if (n >= 0) at += (size_t)n;
        else if (errno == EPIPE) s->closed_pipe = true;
        else if (errno != EINTR) return error_errno(e, "write", "standard output");
    }
    buf_clear(&s->pending);
    return true;
}

static bool put(Sink *s, Str bytes, Error *e)
{
    if (s->fd < 0) {
        if (!file_writer_add(&s->file, bytes, e)) return false;
        s->given += bytes.len;
        if (s->given - s->started < 2 * START) return true;
        // Only a hint: the sync that counts comes at the end. What was given last may not have left the program yet.
        sync_file_range(s->file.fd, (off_t)s->started, START, SYNC_FILE_RANGE_WRITE);
        s->started += START;
        return true;
    }
    buf_add(&s->pending, bytes);
    return s->pending.len < PENDING || flush(s, e);
}

static bool pack(Sink *s, Str bytes, bool end, Error *e)
{
    ZSTD_inBuffer in = {bytes.ptr, bytes.len, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {s->packed.ptr, s->packed.cap, 0};
        left = ZSTD_compressStream2(s->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left)) return error_set(e, ERROR_INTERNAL, "zstd", "cannot compress: %s", ZSTD_getErrorName(left));
        if (!put(s, (Str){s->packed.ptr, out.pos}, e)) return false;
    } while (in.pos < in.size || (end && left));
    return true;
}

bool sink_add(Sink *s, Str bytes, Error *e)
{
    s->bytes += bytes.len;
    return s->zstd ? pack(s, bytes, false, e) : put(s, bytes, e);
}

bool sink_close(Sink *s, Error *e)
{
    if (s->zstd && !pack(s, (Str){"", 0}, true, e)) return false;
    return s->fd < 0 ? file_writer_close(&s->file, e) : flush(s, e);
}

void sink_abandon(Sink *s)
{
    if (s->fd < 0) file_writer_abandon(&s->file);
    ZSTD_freeCCtx(s->zstd);
    buf_free(&s->pending);
    buf_free(&s->packed);
    s->zstd = NULL;
}
