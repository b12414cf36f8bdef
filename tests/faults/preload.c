// SPDX-License-Identifier: Apache-2.0
//
// Loaded in front of libc (LD_PRELOAD): the n-th call of one family fails, and with FAULT_ALL
// every later one too.
//
//   FAULT=write:17   write, pwrite, ftruncate: ENOSPC
//   FAULT=sync:3     fsync, fdatasync: EIO
//   FAULT=name:2     open for writing, mkdir, rename: EACCES
//   FAULT=memory:99  malloc, calloc, realloc: no memory
//   FAULT=kill:5     before such a write, sync, rename or removal: SIGKILL
//   FAULT_REPORT=F   a byte is added to F when the fault has happened
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef enum Family { NONE, WRITE, SYNC, NAME, MEMORY, KILL } Family;

static Family family;
static long at;
static int all;
static const char *report;
static atomic_long calls;

__attribute__((constructor)) static void read_environment(void)
{
    static const char *const names[] = {"", "write:", "sync:", "name:", "memory:", "kill:"};
    const char *fault = getenv("FAULT");
    all = getenv("FAULT_ALL") != NULL;
    report = getenv("FAULT_REPORT");
    for (int i = 1; fault && i < 6; i++)
        if (strncmp(fault, names[i], strlen(names[i])) == 0) {
            at = strtol(fault + strlen(names[i]), NULL, 10);
            family = (Family)i;
        }
}

// By system calls, not through the functions below.
static void say(void)
{
    if (!report) return;
    int saved = errno;
    long fd = syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd >= 0) {
        syscall(SYS_write, fd, "x", 1);
        syscall(SYS_close, fd);
    }
    errno = saved;
}

static int fails(Family which, int number)
{
    if (which != family) return 0;
    long n = atomic_fetch_add(&calls, 1) + 1;
    if (n != at && !(all && n > at)) return 0;
    if (n == at) say();
    errno = number;
    return 1;
}

static void die(void)
{
    if (family == KILL && fails(KILL, 0)) syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

// Only files count: a pipe or terminal that fails is another matter.
static int is_file(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    if (family == WRITE && is_file(fd) && fails(WRITE, ENOSPC)) return -1;
    if (family == KILL && is_file(fd)) die();
    return (ssize_t)syscall(SYS_write, fd, bytes, n);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t offset)
{
    if (family == WRITE && is_file(fd) && fails(WRITE, ENOSPC)) return -1;
    die();
    return (ssize_t)syscall(SYS_pwrite64, fd, bytes, n, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset) { return pwrite64(fd, bytes, n, offset); }

int ftruncate64(int fd, off64_t size)
{
    if (family == WRITE && fails(WRITE, ENOSPC)) return -1;
    return (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int sync_by(long number, int fd)
{
    die();
    return fails(SYNC, EIO) ? -1 : (int)syscall(number, fd);
}

int fsync(int fd) { return sync_by(SYS_fsync, fd); }

int fdatasync(int fd) { return sync_by(SYS_fdatasync, fd); }

int unlink(const char *path)
{
    die();
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to)
{
    die();
    return fails(NAME, EACCES) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdir(const char *path, mode_t mode)
{
    return fails(NAME, EACCES) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

static int open_file(const char *path, int flags, va_list args)
{
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    int writes = (flags & O_ACCMODE) != O_RDONLY && strncmp(path, "/dev/", 5) != 0;
    if (writes && fails(NAME, EACCES)) return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = open_file(path, flags, args);
    va_end(args);
    return fd;
}

int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = open_file(path, flags | O_LARGEFILE, args);
    va_end(args);
    return fd;
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *malloc(size_t n) { return fails(MEMORY, ENOMEM) ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return fails(MEMORY, ENOMEM) ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { return fails(MEMORY, ENOMEM) ? NULL : __libc_realloc(p, n); }
