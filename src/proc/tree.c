/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc below a root directory. Every open is relative to the process's directory, so that a process that ends
 * meanwhile is missed and never mixed up with the next one of its number. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "base/path.h"
#include "base/root.h"
#include "proc/proc_i.h"

enum {
    STATUS_MAX = 1024 * 1024,
    CMDLINE_MAX = 4 * 1024 * 1024,
    SOCKETS_MAX = 64 * 1024 * 1024,
    PROCESSES_MAX = 4 * 1024 * 1024, /* PID_MAX_LIMIT */
    FDS_MAX = 1024 * 1024,
    THREADS_MAX = 65536
};

/*
 * Reads a regular file of `dir` to its end (files of /proc say that they are empty, and may give less than was asked
 * for). NULL and *text, or why not.
 */
static const char *slurp(int dir, const char *name, size_t max, struct dml_arena *a, struct dml_sv *text)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return strerror(errno);
    const char *why = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? NULL : "it is no regular file";
    size_t cap = 4096, len = 0;
    char *p = why ? NULL : dml_arena_alloc(a, cap, 1);
    while (!why && p) {
        ssize_t r = read(fd, p + len, cap - len);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            why = strerror(errno);
        if (r <= 0)
            break;
        len += (size_t)r;
        if (len > max)
            why = "it is too large to be one of /proc's";
        if (len == cap) {
            p = dml_arena_grow(a, p, cap, cap * 2, 1);
            cap *= 2;
        }
    }
    close(fd);
    *text = (struct dml_sv){p ? p : "", p ? len : 0};
    return why || p ? why : "out of memory";
}

static struct dml_proc_link read_link(int dir, const char *name, struct dml_arena *a)
{
    char text[PATH_MAX + 64];
    ssize_t n = readlinkat(dir, name, text, sizeof text);
    if (n < 0)
        return (struct dml_proc_link){NULL, errno == EINVAL ? "it is no link: copy links as links" : strerror(errno)};
    if ((size_t)n == sizeof text)
        return (struct dml_proc_link){NULL, "it is too long"};
    const char *copy = dml_arena_strndup(a, text, (size_t)n);
    return (struct dml_proc_link){copy, copy ? NULL : "out of memory"};
}

static int open_dir(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_pid(const struct dml_proctree *t, uint32_t pid)
{
    char name[16];
    snprintf(name, sizeof name, "%u", pid);
    return open_dir(t->fd, name);
}

struct numbers {
    uint32_t *v, n, cap;
};

static int by_number(const void *x, const void *y)
{
    const uint32_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

/* The names in a directory that are numbers, sorted. Takes `fd` over. NULL, or why not. */
static const char *list_numbers(int fd, uint32_t max, struct dml_arena *a, struct numbers *out)
{
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    *out = (struct numbers){0};
    if (!d) {
        const char *why = strerror(errno);
        if (fd >= 0)
            close(fd);
        return why;
    }
    const char *why = NULL;
    for (struct dirent *e; !why && (e = readdir(d));) {
        uint64_t n;
        if (!dml_num_decimal(dml_sv_of(e->d_name), UINT32_MAX, &n))
            continue;
        uint32_t *slot = out->n < max ? dml_vec_add(a, out) : NULL;
        if (slot)
            *slot = (uint32_t)n;
        else
            why = out->n < max ? "out of memory" : "there are too many entries";
    }
    closedir(d);
    if (out->v)
        qsort(out->v, out->n, sizeof *out->v, by_number);
    return why;
}

/* Status of every process, command line of those that `keep` wants. */
static int glance(struct dml_proctree *t, struct dml_proc *p, struct dml_arena *scratch,
                  _Bool (*keep)(const char *const *argv, uint32_t argc))
{
    struct dml_sv text;
    int dir = open_pid(t, p->pid), rc = 0;
    p->status.name = "";
    p->status_why = p->argv_why = dir < 0 ? strerror(errno) : NULL;
    dml_arena_reset(scratch);
    if (dir >= 0 && !(p->status_why = slurp(dir, "status", STATUS_MAX, scratch, &text)))
        rc = dml_proc_parse_status(&p->status, text, t->a);
    if (rc == 0 && dir >= 0 && !(p->argv_why = slurp(dir, "cmdline", CMDLINE_MAX, scratch, &text))) {
        rc = dml_proc_parse_cmdline(&p->argv, &p->argc, text, scratch);
        if (rc == 0 && p->argc && keep(p->argv, p->argc)) {
            rc = dml_proc_parse_cmdline(&p->argv, &p->argc, text, t->a);
        } else {
            p->argv = NULL;
            p->argc = 0;
        }
    }
    if (dir >= 0)
        close(dir);
    return rc < 0 || scratch->failed || t->a->failed ? DML_ENOMEM : 0;
}

/* `dir` is a process's, or -1 with errno. */
static void read_ns(int dir, struct dml_proc_link ns[DML_NSS], struct dml_arena *a)
{
    static const char *const names[DML_NSS] = {"mnt", "ipc"};
    int fd = dir < 0 ? -1 : open_dir(dir, "ns");
    const struct dml_proc_link none = {NULL, fd < 0 ? strerror(errno) : NULL};
    for (int i = 0; i < DML_NSS; i++)
        ns[i] = fd < 0 ? none : read_link(fd, names[i], a);
    if (fd >= 0)
        close(fd);
}

int dml_proctree_open(struct dml_proctree *t, const char *root, _Bool (*keep)(const char *const *argv, uint32_t argc),
                      struct dml_arena *a, struct dml_err *err)
{
    _Bool live = strcmp(root, "/") == 0;
    *t = (struct dml_proctree){.a = a, .root = root, .live = live, .fd = -1};
    const char *path = dml_root_shown(a, root, "/proc");
    struct dml_arena scratch = {0};
    struct numbers pids;
    if (!path)
        return dml_err_nomem(err);
    t->fd = dml_root_open(root, "/proc", O_RDONLY | O_DIRECTORY);
    if (t->fd < 0)
        return dml_err_set(err, DML_EIO, "cannot read %s: %s", path, strerror(errno));
    const char *why = list_numbers(open_dir(t->fd, "."), PROCESSES_MAX, a, &pids);
    if (why)
        return dml_err_set(err, DML_EIO, "cannot read %s: %s", path, why);
    if (!pids.n)
        return dml_err_set(err, DML_EIO, "%s holds no process; copy /proc as dmlint(1) says under verify", path);
    t->v = dml_new_n(a, struct dml_proc, pids.n);
    int rc = t->v ? 0 : DML_ENOMEM;
    for (uint32_t i = 0; rc == 0 && i < pids.n; i++) {
        t->v[t->n].pid = pids.v[i];
        rc = glance(t, &t->v[t->n++], &scratch, keep);
    }
    dml_arena_dispose(&scratch);
    int one = open_pid(t, 1);
    read_ns(one, t->ns, a);
    if (one >= 0)
        close(one);
    t->sockets_why = "not read";
    return rc < 0 ? dml_err_nomem(err) : 0;
}

void dml_proctree_close(struct dml_proctree *t)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

/* fdinfo/N: "flags:\t0100002" in octal. */
static int64_t open_flags(int dir, uint32_t fd, struct dml_arena *a)
{
    char name[16];
    struct dml_sv text, line, word;
    uint64_t flags;
    snprintf(name, sizeof name, "%u", fd);
    if (dir < 0 || slurp(dir, name, STATUS_MAX, a, &text))
        return -1;
    while (dml_proc_line(&text, &line))
        if (dml_proc_word(&line, &word) && dml_sv_is(word, "flags:") && dml_proc_word(&line, &word) &&
            dml_num_parse_u(word, 8, &flags, NULL) == DML_NUM_OK && flags <= INT32_MAX)
            return (int64_t)flags;
    return -1;
}

static uint64_t socket_inode(const char *target)
{
    static const char before[] = "socket:[";
    size_t n = strlen(target);
    uint64_t inode;
    return n > sizeof before && strncmp(target, before, sizeof before - 1) == 0 && target[n - 1] == ']' &&
                   dml_num_decimal((struct dml_sv){target + sizeof before - 1, n - sizeof before}, UINT64_MAX, &inode)
               ? inode
               : 0;
}

static int read_fds(struct dml_proctree *t, struct dml_proc *p, int dir)
{
    struct numbers fds = {0};
    struct dml_arena scratch = {0};
    int info = open_dir(dir, "fdinfo"), links = open_dir(dir, "fd");
    p->fds_why = links < 0 ? strerror(errno) : list_numbers(open_dir(links, "."), FDS_MAX, t->a, &fds);
    struct dml_proc_fd *v = dml_new_n(t->a, struct dml_proc_fd, fds.n + 1);
    for (uint32_t i = 0; v && !p->fds_why && i < fds.n; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", fds.v[i]);
        struct dml_proc_link link = read_link(links, name, t->a);
        if (!link.text && t->live && errno == ENOENT)
            continue; /* closed meanwhile */
        if (!link.text) {
            p->fds_why = link.why;
            break;
        }
        dml_arena_reset(&scratch);
        v[p->n_fds++] =
            (struct dml_proc_fd){fds.v[i], link.text, open_flags(info, fds.v[i], &scratch), socket_inode(link.text)};
    }
    p->fds = v;
    dml_arena_dispose(&scratch);
    if (links >= 0)
        close(links);
    if (info >= 0)
        close(info);
    return v && !t->a->failed ? 0 : DML_ENOMEM;
}

static _Bool same_ids(const struct dml_proc_ids *a, const struct dml_proc_ids *b)
{
    return a->known == b->known && memcmp(a->v, b->v, sizeof a->v) == 0;
}

static _Bool same_rights(const struct dml_proc_status *a, const struct dml_proc_status *b)
{
    return same_ids(&a->uid, &b->uid) && same_ids(&a->gid, &b->gid) && memcmp(a->caps, b->caps, sizeof a->caps) == 0 &&
           a->n_groups == b->n_groups &&
           (!a->n_groups || memcmp(a->groups, b->groups, a->n_groups * sizeof *a->groups) == 0);
}

static int read_threads(struct dml_proctree *t, struct dml_proc *p, int dir)
{
    struct numbers tids = {0};
    struct dml_arena scratch = {0};
    int tasks = open_dir(dir, "task"), rc = 0;
    p->threads_why = tasks < 0 ? strerror(errno) : list_numbers(open_dir(tasks, "."), THREADS_MAX, t->a, &tids);
    for (uint32_t i = 0; rc == 0 && !p->threads_why && i < tids.n; i++) {
        char name[16];
        struct dml_sv text = {"", 0};
        struct dml_proc_status status;
        snprintf(name, sizeof name, "%u", tids.v[i]);
        dml_arena_reset(&scratch);
        int task = open_dir(tasks, name);
        const char *why = task < 0 ? strerror(errno) : slurp(task, "status", STATUS_MAX, &scratch, &text);
        if (task >= 0)
            close(task);
        if (why && !t->live)
            p->threads_why = why;
        if (why)
            continue; /* ended meanwhile */
        rc = dml_proc_parse_status(&status, text, &scratch);
        p->threads++;
        if (rc == 0 && !p->odd_thread && !same_rights(&status, &p->status))
            p->odd_thread = tids.v[i];
    }
    if (!p->threads_why && !p->threads)
        p->threads_why = "there is none";
    dml_arena_dispose(&scratch);
    if (tasks >= 0)
        close(tasks);
    return rc;
}

int dml_proc_read(struct dml_proctree *t, struct dml_proc *p, struct dml_err *err)
{
    static const char *const links[DML_LINKS] = {"root", "cwd", "exe"};
    struct dml_sv text;
    int dir = open_pid(t, p->pid);
    if (dir < 0) {
        const struct dml_proc_link none = {NULL, strerror(errno)};
        p->links[DML_LINK_ROOT] = p->links[DML_LINK_CWD] = p->links[DML_LINK_EXE] = none;
        p->ns[DML_NS_MNT] = p->ns[DML_NS_IPC] = none;
        p->limits_why = p->fds_why = p->threads_why = none.why;
        return 0;
    }
    for (int i = 0; i < DML_LINKS; i++)
        p->links[i] = read_link(dir, links[i], t->a);
    read_ns(dir, p->ns, t->a);
    p->limits_why = slurp(dir, "limits", STATUS_MAX, t->a, &text);
    if (!p->limits_why)
        dml_proc_parse_limits(p->limits, text);
    int rc = read_fds(t, p, dir);
    if (rc == 0)
        rc = read_threads(t, p, dir);
    close(dir);
    return rc < 0 || t->a->failed ? dml_err_nomem(err) : 0;
}

int dml_proctree_sockets(struct dml_proctree *t, struct dml_err *err)
{
    struct dml_sv text = {"", 0};
    struct dml_proc_socket *v;
    /* /proc/net leads to the reader's own; a copy has a directory there. */
    int net = t->live ? openat(t->fd, "net", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : open_dir(t->fd, "net");
    t->sockets_why = net < 0 ? strerror(errno) : slurp(net, "unix", SOCKETS_MAX, t->a, &text);
    if (net >= 0)
        close(net);
    if (t->sockets_why)
        return 0;
    if (dml_proc_parse_unix((const struct dml_proc_socket **)&v, &t->n_sockets, text, t->a) < 0)
        return dml_err_nomem(err);
    t->peers_known = t->live && dml_proc_peers(v, t->n_sockets);
    t->sockets = v;
    return 0;
}

const struct dml_proc_socket *dml_proc_socket(const struct dml_proctree *t, uint64_t inode)
{
    int64_t at = dml_proc_socket_find(t->sockets, t->n_sockets, inode);
    return at < 0 ? NULL : &t->sockets[at];
}
