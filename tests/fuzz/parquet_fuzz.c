// SPDX-License-Identifier: Apache-2.0
//
// A Parquet file of any bytes is read as records. Whatever they are: reading ends with the rows or with an
// error, stays within its memory, and what was read whole can be written again and then has the same texts.
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "dedup/parquet_rewrite.h"
#include "dedup/parquet_text.h"

enum { ROWS_MAX = 5000, BYTES_MAX = 1 << 22 };  // a few bytes can say a million empty rows

static bool add(void *ctx, Str bytes, Error *e)
{
    (void)e;
    buf_add(ctx, bytes);
    return true;
}

static bool open_bytes(const void *bytes, size_t size, int *fd, char path[64], ParquetText **out)
{
    Error e = {0};
    *fd = memfd_create("parquet", MFD_CLOEXEC);
    HOLD(*fd >= 0 && write(*fd, bytes, size) == (ssize_t)size);
    snprintf(path, 64, "/proc/self/fd/%d", *fd);
    if (parquet_text_open(path, (Str){0}, out, &e)) return true;
    HOLD(e.kind != ERROR_NONE);
    return false;
}

// The texts of all rows, each ended by a byte 0. False: not all could be read.
static bool read_all(ParquetText *p, Buf *texts, uint64_t *rows)
{
    RecordText record = {0};
    Error e = {0};
    for (*rows = 0; *rows < ROWS_MAX && texts->len < BYTES_MAX && parquet_text_next(p, &record, &e); ++*rows) {
        buf_add(texts, buf_str(&record.text));
        buf_add_char(texts, '\0');
    }
    buf_free(&record.text);
    return e.kind == ERROR_NONE && *rows < ROWS_MAX && texts->len < BYTES_MAX;
}

static void rewrite(ParquetText *p, const char *path, uint64_t rows, const Buf *texts)
{
    uint8_t keeps[ROWS_MAX / 8 + 1];
    Buf bytes = {0}, again = {0};
    ParquetOut out;
    ParquetText *second;
    Error e = {0};
    uint64_t n;
    char name[64];
    int fd;
    memset(keeps, 0xFF, sizeof keeps);
    bool ok = parquet_out_begin(&out, add, &bytes, &e) && parquet_out_add(&out, parquet_text_file(p), path, parquet_text_meta(p), keeps, 0, &e) &&
              parquet_out_end(&out, parquet_text_meta(p), &e);
    parquet_out_free(&out);
    // Other columns may be broken.
    if (ok) {
        HOLD(open_bytes(bytes.ptr, bytes.len, &fd, name, &second));
        HOLD(read_all(second, &again, &n) && n == rows && str_eq(buf_str(&again), buf_str(texts)));
        parquet_text_close(second);
        close(fd);
    }
    buf_free(&bytes);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ParquetText *p = NULL;
    Buf texts = {0};
    uint64_t rows;
    char path[64];
    int fd;
    if (open_bytes(data, size, &fd, path, &p) && read_all(p, &texts, &rows)) rewrite(p, path, rows, &texts);
    parquet_text_close(p);
    buf_free(&texts);
    close(fd);
    return 0;
}
