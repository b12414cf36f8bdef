// SPDX-License-Identifier: Apache-2.0
#include "dedup/spill.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "dedup/keystore.h"

static void count(Spill *s, size_t before, size_t now, bool in_memory)
{
    s->all = s->all - before + now;
    if (in_memory) s->held = s->held - before + now;
    if (s->all > s->most) s->most = s->all;
}

// Makes the file so large, and says so where the disk has no room, not when it is written to.
static bool set_size(int fd, size_t before, size_t bytes, Error *e)
{
    int code = bytes > before ? posix_fallocate(fd, (off_t)before, (off_t)(bytes - before)) : 0;
    return code == 0 || error_set(e, ERROR_FILE, "file", "cannot write to an unnamed file: %s", strerror(code));
}

static bool move_out(Spill *s, SpillArray *a, size_t bytes, Error *e)
{
    int fd = keystore_unnamed(s->folder, e);
    if (fd < 0) return false;
    void *p = set_size(fd, 0, bytes, e) ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (p == MAP_FAILED) {
        if (!e->kind) error_errno(e, "map", "an unnamed file");
        close(fd);
        return false;
    }
    if (a->bytes) memcpy(p, a->p, a->bytes);
    free(a->p);
    count(s, a->bytes, 0, true);
    count(s, 0, bytes, false);
    *a = (SpillArray){p, bytes, fd + 1};
    return true;
}

static bool grow_file(Spill *s, SpillArray *a, size_t bytes, Error *e)
{
    if (!set_size(a->fd1 - 1, a->bytes, bytes, e)) return false;
    void *p = mremap(a->p, a->bytes, bytes, MREMAP_MAYMOVE);
    if (p == MAP_FAILED) return error_errno(e, "map", "an unnamed file");
    count(s, a->bytes, bytes, false);
    a->p = p;
    a->bytes = bytes;
    return true;
}

bool spill_grow(Spill *s, SpillArray *a, size_t bytes, Error *e)
{
    *e = (Error){0};
    if (bytes <= a->bytes) return true;
    if (a->fd1) return grow_file(s, a, bytes, e);
    if (s->memory && s->held - a->bytes + bytes > s->memory) return move_out(s, a, bytes, e);
    a->p = mem_realloc(a->p, bytes);
    count(s, a->bytes, bytes, true);
    a->bytes = bytes;
    return true;
}

void spill_free(Spill *s, SpillArray *a)
{
    if (a->fd1) {
        munmap(a->p, a->bytes);
        close(a->fd1 - 1);
    } else {
        free(a->p);
    }
    count(s, a->bytes, 0, !a->fd1);
    *a = (SpillArray){0};
}

void spill_rest(const SpillArray *a)
{
    if (a->fd1) madvise(a->p, a->bytes, MADV_DONTNEED);
}

void spill_rest_range(const SpillArray *a, size_t from, size_t to)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    from = from / page * page;
    if (a->fd1 && from < to) madvise((char *)a->p + from, to - from, MADV_DONTNEED);
}
