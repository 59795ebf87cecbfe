/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside: the room's first process. It makes the room, becomes nobody, runs the program and asks its monitor. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "try/try_i.h"

enum { TOLD_FD = 3, PATH_BYTES = 4096, IMAGE_BYTES = 1 << 20, CLUSTER = 512 };

/* By a system call: sanitizers know nothing of this process's stack, and say so where a function does not return. */
static void leave(int status)
{
    (void)syscall(SYS_exit_group, status);
}

static void tell(enum dml_try_event event, enum dml_try_step step, int value)
{
    const struct dml_try_record r = {.event = (uint8_t)event, .step = (uint8_t)step, .value = value};
    ssize_t n = write(TOLD_FD, &r, sizeof r);
    leave(n == (ssize_t)sizeof r ? 0 : 1);
}

static void need(_Bool done, enum dml_try_step step)
{
    if (!done)
        tell(DML_TRY_EVENT_STEP, step, errno);
}

static _Bool put_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t n = strlen(text);
    _Bool done = fd >= 0 && write(fd, text, n) == (ssize_t)n;
    if (fd >= 0)
        (void)close(fd);
    return done;
}

/* ---- descriptors and user ---- */

/* 0 is nothing, 1 and 2 are heard, TOLD_FD is the pipe for records; no other is left. */
static void hand_over(const struct dml_try_inside *x)
{
    int null = open("/dev/null", O_RDONLY);
    int said = fcntl(x->said, F_DUPFD, 10), told = fcntl(x->told, F_DUPFD, 10);
    if (null < 0 || said < 0 || told < 0 || dup3(told, TOLD_FD, O_CLOEXEC) < 0)
        leave(1);
    need((null == 0 || dup2(null, 0) == 0) && dup2(said, 1) == 1 && dup2(said, 2) == 2, DML_TRY_STEP_FILES);
    if (syscall(SYS_close_range, TOLD_FD + 1, ~0U, 0) < 0)
        for (int fd = TOLD_FD + 1; fd < 65536; fd++)
            (void)close(fd);
    (void)setsid();
    (void)umask(022);
}

/* System calls, as libc would wait for the threads that there were. */
static _Bool be_nobody(void)
{
    return syscall(SYS_setresgid, TRY_NOBODY, TRY_NOBODY, TRY_NOBODY) == 0 &&
           syscall(SYS_setresuid, TRY_NOBODY, TRY_NOBODY, TRY_NOBODY) == 0;
}

/* Waits until there is a user to be: nobody, to whom the host's user is mapped. */
static void wait_for_user(const struct dml_try_inside *x)
{
    char byte;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)close(x->go[1]);
    if (read(x->go[0], &byte, 1) != 1 || (x->user && !be_nobody()))
        leave(1);
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static _Bool drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}, {0}};
    for (unsigned long cap = 0; cap < 64; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    return be_nobody() && syscall(SYS_capset, &head, none) == 0;
}

static void become_nobody(const struct dml_try_inside *x)
{
    need((syscall(SYS_setgroups, 0, NULL) == 0 || x->user) && drop_capabilities() &&
             prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
             prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0,
         DML_TRY_STEP_NOBODY);
}

/* ---- the root ---- */

/* The folder of a path, and those above it. */
static void make_folder(const char *path)
{
    char dir[PATH_BYTES];
    for (size_t i = 1; path[i] && i < sizeof dir; i++) {
        if (path[i] != '/')
            continue;
        memcpy(dir, path, i);
        dir[i] = '\0';
        if (mkdir(dir, 0755) == 0 && geteuid() == 0)
            (void)!chown(dir, TRY_NOBODY, TRY_NOBODY);
    }
}

/* Old flags must be kept where they are locked. */
static unsigned long kept_flags(const char *path)
{
    static const struct {
        unsigned long has, keeps;
    } flags[] = {{ST_NODEV, MS_NODEV},
                 {ST_NOEXEC, MS_NOEXEC},
                 {ST_NOATIME, MS_NOATIME},
                 {ST_NODIRATIME, MS_NODIRATIME},
                 {ST_RELATIME, MS_RELATIME}};
    struct statvfs s;
    unsigned long keep = 0;
    for (size_t i = 0; statvfs(path, &s) == 0 && i < sizeof flags / sizeof flags[0]; i++)
        keep |= s.f_flag & flags[i].has ? flags[i].keeps : 0;
    return keep;
}

static _Bool show(const struct dml_try_seen *s)
{
    char old[PATH_BYTES] = "/.old";
    size_t n = strlen(s->path);
    if (n >= sizeof old - 5)
        return 1;
    memcpy(old + 5, s->path, n + 1);
    make_folder(s->path);
    if (s->link)
        return symlink(s->link, s->path) == 0 || errno == EEXIST;
    if (s->is_dir) {
        (void)mkdir(s->path, 0755);
    } else {
        int fd = open(s->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd >= 0)
            (void)close(fd);
    }
    return mount(old, s->path, NULL, MS_BIND | MS_REC, NULL) == 0 &&
           mount(NULL, s->path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | kept_flags(s->path), NULL) == 0;
}

/* A loopback of its own, where every address can be listened at. */
static void make_network(void)
{
    struct ifreq lo = {.ifr_name = "lo"};
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    lo.ifr_flags = IFF_UP;
    if (s >= 0) {
        (void)ioctl(s, SIOCSIFFLAGS, &lo);
        (void)close(s);
    }
    (void)put_file("/proc/sys/net/ipv4/ip_nonlocal_bind", "1");
    (void)put_file("/proc/sys/net/ipv6/ip_nonlocal_bind", "1");
}

static void make_root(const struct dml_try *t)
{
    need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, DML_TRY_STEP_PRIVATE);
    need(mount("dmlint", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=32m,nr_inodes=8192,mode=755") == 0 &&
             chdir("/tmp") == 0 && mkdir(".old", 0700) == 0 && syscall(SYS_pivot_root, ".", ".old") == 0 &&
             chdir("/") == 0 && chown("/", TRY_NOBODY, TRY_NOBODY) == 0,
         DML_TRY_STEP_ROOT);
    for (uint32_t i = 0; i < t->seen.n; i++)
        need(show(&t->seen.v[i]), DML_TRY_STEP_BIND);
    make_folder("/dev/pts/");
    make_folder("/tmp/");
    make_folder("/var/tmp/");
    make_folder("/etc/");
    if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620") == 0)
        (void)!symlink("pts/ptmx", "/dev/ptmx");
    need(umount2("/.old", MNT_DETACH) == 0 && rmdir("/.old") == 0, DML_TRY_STEP_LEAVE);
}

/* ---- stand-ins ---- */

static void big_endian(unsigned char *p, unsigned n, uint64_t value)
{
    while (n--) {
        p[n] = (unsigned char)value;
        value >>= 8;
    }
}

/* An empty qcow2 image of the smallest clusters: header, table of refcounts, refcounts, first table. */
static void qcow2_head(unsigned char head[4 * CLUSTER])
{
    big_endian(head, 4, 0x514649fb);       /* "QFI\xfb" */
    big_endian(head + 4, 4, 2);            /* version */
    big_endian(head + 20, 4, 9);           /* bits of a cluster */
    big_endian(head + 24, 8, IMAGE_BYTES); /* size */
    big_endian(head + 36, 4, IMAGE_BYTES / CLUSTER / (CLUSTER / 8));
    big_endian(head + 40, 8, 3 * CLUSTER); /* first table */
    big_endian(head + 48, 8, CLUSTER);     /* table of refcounts */
    big_endian(head + 56, 4, 1);           /* its clusters */
    big_endian(head + CLUSTER, 8, 2 * CLUSTER);
    for (int i = 0; i < 4; i++)
        big_endian(head + 2 * CLUSTER + 2 * i, 2, 1);
}

/* Enough of a Linux kernel for QEMU to load it. */
static void kernel_head(unsigned char head[4 * CLUSTER])
{
    head[0x1f1] = 1; /* sectors of setup */
    head[0x1fe] = 0x55;
    head[0x1ff] = 0xaa;
    big_endian(head + 0x202, 4, 0x48647253); /* "HdrS" */
    big_endian(head + 0x206, 2, 0x0c02);     /* version, little-endian */
    head[0x211] = 1;                         /* loaded high */
    big_endian(head + 0x22c, 4, 0xffffff37);
}

static void make_stand_in(const struct dml_try_made *m)
{
    unsigned char head[4 * CLUSTER] = {0};
    make_folder(m->path);
    if (m->kind == DML_TRY_FOLDER)
        return;
    int fd = open(m->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    if (m->kind == DML_TRY_QCOW2)
        qcow2_head(head);
    if (m->kind == DML_TRY_KERNEL)
        kernel_head(head);
    if (m->kind != DML_TRY_RAW)
        (void)!write(fd, head, sizeof head);
    (void)!ftruncate(fd, IMAGE_BYTES);
    (void)close(fd);
}

static void make_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    (void)!write(fd, text, strlen(text));
    (void)close(fd);
}

/* ---- limits ---- */

static _Bool limit(int what, rlim_t value)
{
    struct rlimit have;
    if (getrlimit((__rlimit_resource_t)what, &have) < 0)
        return 0;
    const struct rlimit now = {value < have.rlim_max ? value : have.rlim_max,
                               value < have.rlim_max ? value : have.rlim_max};
    return setrlimit((__rlimit_resource_t)what, &now) == 0;
}

static _Bool our_limits(void)
{
    static const struct {
        int what;
        rlim_t value;
    } limits[] = {{RLIMIT_CORE, 0},
                  {RLIMIT_CPU, 20},
                  {RLIMIT_NPROC, 1024},
                  {RLIMIT_NOFILE, 1024},
                  {RLIMIT_AS, (rlim_t)6 << 30},
                  {RLIMIT_DATA, (rlim_t)2 << 30}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (!limit(limits[i].what, limits[i].value))
            return 0;
    return 1;
}

static _Bool libxls_limits(const struct dml_try_plan *p)
{
    for (uint32_t i = 0; i < p->limits_n; i++)
        if (!limit(p->limits[i].what, (rlim_t)p->limits[i].value))
            return 0;
    return 1;
}

/* ---- the monitor ---- */

static _Bool monitor_address(struct sockaddr_un *to, const char *path)
{
    size_t n = strlen(path);
    *to = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (n >= sizeof to->sun_path)
        return 0;
    memcpy(to->sun_path, path, n + 1);
    return 1;
}

static void open_monitor(const char *path)
{
    struct sockaddr_un at;
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    make_folder(path);
    need(s >= 0 && monitor_address(&at, path) && bind(s, (struct sockaddr *)&at, sizeof at) == 0 && listen(s, 1) == 0 &&
             (s == TRY_QMP_FD || (dup2(s, TRY_QMP_FD) == TRY_QMP_FD && close(s) == 0)),
         DML_TRY_STEP_MONITOR);
}

/* A conversation with the monitor. What its main loop says comes when all devices are made. */
struct talk {
    int fd; /* -1: not connected */
    size_t n;
    char heard[4096];
};

static void connect_to(struct talk *t, const char *path)
{
    static const char ask[] = "{\"execute\": \"qmp_capabilities\"}\n{\"execute\": \"query-status\"}\n";
    struct sockaddr_un at;
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0)
        return;
    if (monitor_address(&at, path) && connect(s, (struct sockaddr *)&at, sizeof at) == 0 &&
        send(s, ask, sizeof ask - 1, MSG_NOSIGNAL) == (ssize_t)sizeof ask - 1)
        t->fd = s;
    else
        (void)close(s);
}

/* Listens for 10 ms; true once the answer is there. */
static _Bool hear(struct talk *t)
{
    struct pollfd p = {.fd = t->fd, .events = POLLIN};
    if (poll(&p, t->fd >= 0, 10) <= 0)
        return 0;
    if (t->n == sizeof t->heard)
        t->n = 0;
    ssize_t n = recv(t->fd, t->heard + t->n, sizeof t->heard - t->n, 0);
    if (n <= 0 && !(n < 0 && errno == EAGAIN)) {
        (void)close(t->fd);
        *t = (struct talk){.fd = -1};
        (void)poll(NULL, 0, 10);
    }
    t->n += n > 0 ? (size_t)n : 0;
    return memmem(t->heard, t->n, "\"running\"", 9) != NULL;
}

/* One look at the program and its monitor; 0 once it is over. */
static _Bool goes_on(struct talk *t, pid_t program, const char *qmp)
{
    int status;
    if (waitpid(-1, &status, WNOHANG) == program) {
        tell(DML_TRY_EVENT_ENDED, 0, status);
        return 0;
    }
    if (qmp && t->fd < 0)
        connect_to(t, qmp);
    if (!hear(t))
        return 1;
    tell(DML_TRY_EVENT_ANSWERED, 0, 0);
    return 0;
}

int dml_try_inside(void *inside)
{
    const struct dml_try_inside *x = inside;
    const struct dml_try_plan *p = x->plan;
    wait_for_user(x);
    hand_over(x);
    (void)put_file("/proc/self/oom_score_adj", "1000");
    make_network();
    make_root(p->t);
    become_nobody(x);
    make_file("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
    make_file("/etc/passwd", p->passwd);
    for (uint32_t i = 0; i < p->made.n; i++)
        make_stand_in(&p->made.v[i]);
    if (x->qmp && p->preopened)
        open_monitor(x->qmp);
    pid_t program = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    need(program >= 0, DML_TRY_STEP_FORK);
    if (program) {
        struct talk t = {.fd = -1};
        while (goes_on(&t, program, x->qmp)) {
        }
        return 0;
    }
    need(our_limits() && libxls_limits(p), DML_TRY_STEP_LIMITS);
    execve(p->t->program, (char *const *)x->argv->v, (char *const *)p->env);
    need(0, DML_TRY_STEP_RUN);
    return 1;
}
