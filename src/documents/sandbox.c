// SPDX-License-Identifier: Apache-2.0
#include "documents/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

enum {
    // A network of its own is not among them: it takes longer to make than all the others together, and the filter
    // forbids every socket.
    OWN = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
    NAMESPACES = OWN | CLONE_NEWNET,
    NOBODY = 65534,
};

static bool old_path(char out[PATH_MAX + 8], const char *path)
{
    int n = snprintf(out, PATH_MAX + 8, "%s%s", path[0] ? SANDBOX_OLD : "", path);
    return n >= 0 && n < PATH_MAX + 8;
}

bool sandbox_prepare(Sandbox *s, const char *folder, const char *input, const char *library)
{
    bool system = strncmp(folder, "/usr/", 5) == 0;
    snprintf(s->users, sizeof s->users, "%d %u 1\n", NOBODY, (unsigned)geteuid());
    snprintf(s->groups, sizeof s->groups, "%d %u 1\n", NOBODY, (unsigned)getegid());
    return old_path(s->input, input) && old_path(s->folder, system ? "" : folder) && old_path(s->library, library);
}

pid_t sandbox_fork(void)
{
    return (pid_t)syscall(SYS_clone, (unsigned long)OWN | SIGCHLD, NULL, NULL, NULL, NULL);
}

// ---- a root of its own --------------------------------------------------------------------------

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    size_t len = strlen(text);
    bool ok = write(fd, text, len) == (ssize_t)len;
    close(fd);
    return ok;
}

static bool become_nobody(const Sandbox *s)
{
    return write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", s->users) && write_file("/proc/self/gid_map", s->groups);
}

static bool make_folders(const char *path)
{
    char part[PATH_MAX + 8];
    for (size_t i = 0; path[i]; i++) {
        part[i] = path[i];
        part[i + 1] = 0;
        if ((path[i + 1] == '/' || path[i + 1] == 0) && mkdir(part, 0755) < 0 && errno != EEXIST) return false;
    }
    return true;
}

// Shows the old root's folder or file at the same place of the new one.
static bool show(const char *old, const char *place, bool folder)
{
    if (folder) return make_folders(place) && mount(old, place, NULL, MS_BIND | MS_REC, NULL) == 0;
    int fd = open(place, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
    if (fd >= 0) close(fd);
    return fd >= 0 && mount(old, place, NULL, MS_BIND, NULL) == 0;
}

// /lib and its like: mostly links into /usr, in some systems folders, and not everywhere there.
static bool show_links(const char *old, const char *place)
{
    char to[64];
    ssize_t n = readlink(old, to, sizeof to - 1);
    if (n < 0 && errno == ENOENT) return true;
    if (n < 0) return show(old, place, true);
    to[n] = 0;
    return symlink(to, place) == 0;
}

static bool read_only(void)
{
    struct {
        uint64_t set, clear, propagation, user;
    } attributes = {.set = 1 | 2 | 4};  // read-only, no set-user-id, no devices
#ifdef SYS_mount_setattr
    enum { BELOW = 0x8000 };            // AT_RECURSIVE
    return syscall(SYS_mount_setattr, -1, "/", BELOW, &attributes, sizeof attributes) == 0;
#else
    return false;
#endif
}

static bool change_root(const Sandbox *s)
{
    // Mounted over a folder that is everywhere; in the old root behind it nothing is hidden.
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return false;
    if (mount("tmpfs", "/usr", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k") < 0 || chdir("/usr") < 0) return false;
    if (mkdir(&SANDBOX_OLD[1], 0700) < 0 || syscall(SYS_pivot_root, ".", &SANDBOX_OLD[1]) < 0 || chdir("/") < 0) return false;
    bool ok = show(SANDBOX_OLD "/usr", "/usr", true) && show_links(SANDBOX_OLD "/lib", "/lib") && show_links(SANDBOX_OLD "/lib64", "/lib64") &&
              show_links(SANDBOX_OLD "/bin", "/bin") &&
              (!s->folder[0] || show(s->folder, s->folder + strlen(SANDBOX_OLD), true)) && show(s->input, SANDBOX_INPUT, false) &&
              (!s->library[0] || show(s->library, SANDBOX_LIBRARY, false));
    // Without it programs start a little later.
    if (ok && make_folders("/etc")) show(SANDBOX_OLD "/etc/ld.so.cache", "/etc/ld.so.cache", false);
    return ok && umount2(SANDBOX_OLD, MNT_DETACH) == 0 && rmdir(SANDBOX_OLD) == 0 && read_only();
}

bool sandbox_enter(const Sandbox *s)
{
    return become_nobody(s) && change_root(s) && setsid() >= 0;
}

// ---- a filter -----------------------------------------------------------------------------------

// What a converter of documents has no need of: networks, other processes, the machine's set-up, and the parts
// of the kernel in which faults were most often found.
static const uint16_t forbidden[] = {
    SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_ptrace, SYS_process_vm_readv,
    SYS_process_vm_writev, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_bpf,
    SYS_perf_event_open, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_userfaultfd, SYS_init_module, SYS_finit_module,
    SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_open_by_handle_at, SYS_name_to_handle_at,
    SYS_acct, SYS_quotactl, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_sethostname,
    SYS_setdomainname, SYS_syslog, SYS_shmget, SYS_msgget, SYS_semget, SYS_mq_open,
#ifdef SYS_io_uring_setup
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
#endif
#ifdef SYS_pidfd_open
    SYS_pidfd_open, SYS_pidfd_send_signal,
#endif
#ifdef SYS_open_tree
    SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
#endif
#ifdef SYS_mount_setattr
    SYS_mount_setattr,
#endif
};

enum { FORBIDDEN = sizeof forbidden / sizeof *forbidden };

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#endif

void sandbox_filter(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifdef MACHINE
    enum { OTHER_CALLS = 0x40000000 };  // x86's second table of calls, by which the same could be asked
    struct sock_filter f[FORBIDDEN + 16];
    unsigned short n = 0;
    f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_CALLS, 0, 1);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    for (unsigned i = 0; i < FORBIDDEN; i++)
        f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, forbidden[i], (unsigned char)(FORBIDDEN - i + 4), 0);
    // clone3 hides its flags in memory: without it the C library asks for clone, whose flags can be seen.
    f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 5, 0);
    f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 2);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]));
    f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 1, 0);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
    struct sock_fprog program = {n, f};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0) return;
#endif
    // No filter here: then the network is taken away after all, where that is allowed.
    unshare(CLONE_NEWNET);
}
