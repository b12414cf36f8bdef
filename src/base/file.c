// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/utf8.h"

static bool too_large(size_t max, const char *shown, Error *e)
{
    error_set(e, ERROR_FILE, "file", "the file is larger than %zu MB", max >> 20);
    error_hint(e, "split it, or keep only what is needed");
    return error_at_file(e, str_from(shown));
}

static bool not_regular(const char *shown, Error *e)
{
    error_set(e, ERROR_FILE, "file", "not a regular file");
    return error_at_file(e, str_from(shown));
}

static bool read_bytes(int fd, size_t size, size_t max, Arena *a, Str *out, const char *shown, Error *e)
{
    // One byte more than the size tells whether the file grew while it was read.
    char *bytes = arena_alloc(a, size + 1);
    size_t n = 0;
    while (n <= size) {
        ssize_t got = read(fd, bytes + n, size + 1 - n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_errno(e, "read", shown);
        if (got == 0) break;
        n += (size_t)got;
    }
    if (n > max) return too_large(max, shown, e);
    if (n > size) {
        error_set(e, ERROR_FILE, "file", "the file changed while it was read");
        return error_at_file(e, str_from(shown));
    }
    bytes[n] = 0;
    *out = (Str){bytes, n};
    return true;
}

bool file_read(const char *path, size_t max, Arena *a, Str *out, const char *shown, Error *e)
{
    if (!shown) shown = path;
    // O_NONBLOCK: opening a FIFO without a writer would wait for ever.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return error_errno(e, "open", shown);
    struct stat st;
    bool ok;
    if (fstat(fd, &st) < 0)
        ok = error_errno(e, "read", shown);
    else if (!S_ISREG(st.st_mode))
        ok = not_regular(shown, e);
    else if (st.st_size < 0 || (uint64_t)st.st_size > max)
        ok = too_large(max, shown, e);
    else
        ok = read_bytes(fd, (size_t)st.st_size, max, a, out, shown, e);
    close(fd);
    return ok;
}

// In place: every CRLF becomes LF.
static size_t join_line_ends(char *text, size_t n)
{
    char *first = memchr(text, '\r', n);
    if (!first) return n;
    size_t to = (size_t)(first - text);
    for (size_t from = to; from < n; from++) {
        if (text[from] == '\r' && from + 1 < n && text[from + 1] == '\n') continue;
        text[to++] = text[from];
    }
    return to;
}

bool file_read_text(const char *path, size_t max, Arena *a, Str *out, const char *shown, Error *e)
{
    Str raw;
    if (!shown) shown = path;
    if (!file_read(path, max, a, &raw, shown, e)) return false;
    size_t bad = utf8_first_invalid(raw);
    if (bad != STR_NONE) {
        error_set(e, ERROR_PROJECT, "utf-8", "byte 0x%02X is not UTF-8", (unsigned char)raw.ptr[bad]);
        error_hint(e, "save the file as UTF-8");
        error_at(e, str_from(shown), str_slice(raw, 0, bad), bad);
        e->place.text[0] = 0;
        return false;
    }
    size_t zero = str_find_char(raw, 0);
    if (zero != STR_NONE) {  // UTF-16 without a byte order mark is valid UTF-8
        error_set(e, ERROR_PROJECT, "utf-8", "a zero byte is no text");
        error_hint(e, "save the file as UTF-8, not as UTF-16");
        error_at(e, str_from(shown), str_slice(raw, 0, zero), zero);
        e->place.text[0] = 0;
        return false;
    }
    if (str_starts(raw, S("\xEF\xBB\xBF"))) raw = str_slice(raw, 3, raw.len);
    char *text = (char *)(uintptr_t)raw.ptr;
    raw.len = join_line_ends(text, raw.len);
    if (raw.len && text[raw.len - 1] == '\n') raw.len--;
    text[raw.len] = 0;
    *out = raw;
    return true;
}

bool file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_make_folders(const char *path, Error *e)
{
    char part[4096];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part) {
        errno = ENAMETOOLONG;
        return error_errno(e, "make", path);
    }
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != 0) continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0777) < 0 && errno != EEXIST) return error_errno(e, "make the folder", part);
    }
    if (!file_is_folder(path)) {
        errno = ENOTDIR;
        return error_errno(e, "make the folder", path);
    }
    return true;
}

enum { WRITER_FLUSH = 1 << 18 };  // a write of this size costs little more than its bytes

static bool writer_flush(FileWriter *w, Error *e)
{
    for (size_t at = 0; at < w->buf.len;) {
        ssize_t n = write(w->fd, w->buf.ptr + at, w->buf.len - at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_errno(e, "write", w->path);
        at += (size_t)n;
    }
    buf_clear(&w->buf);
    return true;
}

bool file_writer_open(FileWriter *w, const char *path, Error *e)
{
    *w = (FileWriter){.fd = -1};
    Str folder = path_folder(str_from(path)), name = path_name(str_from(path));
    int a = snprintf(w->path, sizeof w->path, "%s", path);
    int b = snprintf(w->hidden, sizeof w->hidden, "%.*s/.%.*s.%ld.part", STR_ARG(folder), STR_ARG(name), (long)getpid());
    if (a < 0 || b < 0 || (size_t)a >= sizeof w->path || (size_t)b >= sizeof w->hidden) {
        errno = ENAMETOOLONG;
        return error_errno(e, "write", path);
    }
    w->fd = open(w->hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (w->fd < 0) return error_errno(e, "write", path);
    return true;
}

bool file_writer_add(FileWriter *w, Str s, Error *e)
{
    buf_add(&w->buf, s);
    return w->buf.len < WRITER_FLUSH || writer_flush(w, e);
}

static bool sync_folder(const char *path, Error *e)
{
    char folder[4096];
    Str s = path_folder(str_from(path));
    memcpy(folder, s.ptr, s.len);
    folder[s.len] = 0;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return error_errno(e, "sync", folder);
    // Some file systems cannot sync a folder and say EINVAL; the rename is then as durable as they make it.
    bool ok = fsync(fd) == 0 || errno == EINVAL || error_errno(e, "sync", folder);
    close(fd);
    return ok;
}

bool file_writer_sync(FileWriter *w, Error *e)
{
    if (!writer_flush(w, e)) return false;
    return fsync(w->fd) == 0 || error_errno(e, "sync", w->path);
}

bool file_writer_close(FileWriter *w, Error *e)
{
    bool ok = file_writer_sync(w, e);
    if (close(w->fd) < 0 && ok) ok = error_errno(e, "write", w->path);
    w->fd = -1;
    if (ok && rename(w->hidden, w->path) < 0) ok = error_errno(e, "write", w->path);
    if (ok)
        w->hidden[0] = 0;
    if (ok) ok = sync_folder(w->path, e);
    file_writer_abandon(w);
    return ok;
}

void file_writer_abandon(FileWriter *w)
{
    if (w->fd >= 0) close(w->fd);
    w->fd = -1;
    if (w->hidden[0]) unlink(w->hidden);
    w->hidden[0] = 0;
    buf_free(&w->buf);
}

bool file_write_whole(const char *path, Str s, Error *e)
{
    FileWriter w;
    if (!file_writer_open(&w, path, e)) return false;
    if (!file_writer_add(&w, s, e)) {
        file_writer_abandon(&w);
        return false;
    }
    return file_writer_close(&w, e);
}
