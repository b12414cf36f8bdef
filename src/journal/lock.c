// SPDX-License-Identifier: Apache-2.0
#include "journal/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int held_by_another(int fd, const char *path, Error *e)
{
    char holder[160] = "";
    ssize_t n = pread(fd, holder, sizeof holder - 1, 0);
    if (n > 0) holder[n] = 0;
    close(fd);
    error_set(e, ERROR_USAGE, "locked", "the run is being worked on by %.*s", STR_ARG(str_trim(str_from(holder))));
    error_at_file(e, str_from(path));
    error_hint(e, "wait for it, or stop it with Ctrl-C");
    return -1;
}

// Whoever sweeps old files up removes their lock under that lock: then what was opened before is no longer
// what the next one would open.
static bool still_there(int fd, const char *path)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static int write_holder(int fd, const char *path, Error *e)
{
    char host[64] = "", text[128];
    gethostname(host, sizeof host - 1);
    int n = snprintf(text, sizeof text, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n) return fd;
    error_errno(e, "write", path);
    close(fd);
    return -1;
}

int lock_take(const char *path, Error *e)
{
    enum { TRIES = 100 };  // some network file systems give a file another number each time
    for (int i = 1;; i++) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0) {
            error_errno(e, "open", path);
            return -1;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) return held_by_another(fd, path, e);
        if (still_there(fd, path) || i == TRIES) return write_holder(fd, path, e);
        close(fd);
    }
}

bool lock_is_held(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return false;
    bool held = flock(fd, LOCK_SH | LOCK_NB) < 0;
    close(fd);
    return held;
}

void lock_release(int fd)
{
    if (fd >= 0) close(fd);
}
