/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a QEMU holds open: devices of Xen, files of the host, sockets. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/path.h"
#include "verify/verify_i.h"

enum { NAMED_MAX = 8 };

/* A list of descriptors for people, "5 /dev/sdb, 7 /etc/shadow", cut after some. */
struct listing {
    struct dml_buf text;
    uint32_t n;
};

static void list(struct listing *l, uint32_t fd, const char *what)
{
    if (l->n++ < NAMED_MAX)
        dml_buf_printf(&l->text, "%s%u %s", l->text.len ? ", " : "", fd, what);
}

static const char *listed(struct listing *l, const char *none, struct dml_arena *a)
{
    if (l->n > NAMED_MAX)
        dml_buf_printf(&l->text, " and %u more", l->n - NAMED_MAX);
    const char *text = l->text.len ? dml_arena_strndup(a, l->text.p, l->text.len) : none;
    dml_buf_dispose(&l->text);
    return text;
}

static struct listing listing(void)
{
    struct listing l = {.n = 0};
    dml_buf_init(&l.text, 1024 * 1024);
    return l;
}

/* The path without " (deleted)". */
static struct dml_sv path_of(const char *target)
{
    struct dml_sv s = dml_sv_of(target), gone = DML_SV(" (deleted)");
    if (s.len > gone.len && memcmp(s.p + s.len - gone.len, gone.p, gone.len) == 0)
        s.len -= gone.len;
    return s;
}

static _Bool among(struct dml_sv s, const char *const *names)
{
    for (; *names; names++) {
        size_t n = strlen(*names);
        /* A name that ends in a slash or a dash stands for all that begin so. */
        if ((*names)[n - 1] == '/' || (*names)[n - 1] == '-' ? dml_sv_starts(s, dml_sv_of(*names))
                                                             : dml_sv_is(s, *names))
            return 1;
    }
    return 0;
}

/* libs/{gnttab,xenstore}: put aside by xentoolcore_restrict_all, which leaves /dev/null in their place. privcmd and
 * evtchn stay, restricted by the kernel; hypercall only hands out memory. */
struct dml_verify_check_result dml_verify_check_xen_files(const struct dml_verified *q)
{
    static const char *const bad[] = {"/dev/xen/gntdev",         "/dev/xen/gntalloc", "/dev/xen/xenbus",
                                      "/dev/xen/xenbus_backend", "/proc/xen/xenbus",  NULL};
    static const char *const fine[] = {"/dev/xen/privcmd", "/dev/xen/evtchn", "/dev/xen/hypercall", "/proc/xen/privcmd",
                                       NULL};
    static const char *const xen[] = {"/dev/xen/", "/proc/xen/", NULL};
    static const char expected[] = "neither gntdev nor xenbus";
    const struct dml_proc *p = q->p;
    struct listing open = listing(), held = listing(), odd = listing();
    for (uint32_t i = 0; i < p->n_fds; i++) {
        struct dml_sv path = path_of(p->fds[i].target);
        if (!among(path, xen))
            continue;
        list(among(path, bad) ? &open : among(path, fine) ? &held : &odd, p->fds[i].fd, p->fds[i].target);
    }
    const char *bad_text = listed(&open, NULL, q->run->a), *odd_text = listed(&odd, NULL, q->run->a);
    const char *good = listed(&held, "no device of Xen", q->run->a);
    if (bad_text)
        return (struct dml_verify_check_result){DML_VERIFY_FAIL, expected, bad_text};
    if (p->fds_why)
        return (struct dml_verify_check_result){DML_VERIFY_UNKNOWN, expected, p->fds_why};
    return odd_text ? (struct dml_verify_check_result){DML_VERIFY_UNKNOWN, expected, odd_text}
                    : (struct dml_verify_check_result){DML_VERIFY_PASS, expected, good};
}

/* ---- sockets ---- */

static _Bool is_xenstored(const struct dml_proc_socket *s)
{
    static const char *const names[] = {"/socket", "/socket_ro"};
    struct dml_sv path = dml_sv_of(s ? s->path : "");
    for (size_t i = 0; i < 2; i++) {
        char end[32];
        snprintf(end, sizeof end, "/xenstored%s", names[i]);
        size_t n = strlen(end);
        if (path.len >= n && memcmp(path.p + path.len - n, end, n) == 0)
            return 1;
    }
    return 0;
}

/*
 * A client's end has no path; the server's has. Who belongs to whom the kernel says on the machine itself. In a copy
 * there is certainty only where nobody is connected to xenstored, or where the process has no such end.
 */
struct dml_verify_check_result dml_verify_check_xenstore(const struct dml_verified *q)
{
    static const char expected[] = "none";
    const struct dml_proctree *t = q->run->procs;
    struct listing bad = listing(), odd = listing();
    _Bool served = 0;
    for (uint32_t i = 0; i < t->n_sockets; i++)
        served = served || (t->sockets[i].connected && is_xenstored(&t->sockets[i]));
    for (uint32_t i = 0; i < q->p->n_fds; i++) {
        const struct dml_proc_fd *fd = &q->p->fds[i];
        const struct dml_proc_socket *s = fd->inode ? dml_proc_socket(t, fd->inode) : NULL;
        if (is_xenstored(s) || (s && s->peer && is_xenstored(dml_proc_socket(t, s->peer))))
            list(&bad, fd->fd, fd->target);
        else if (s && served && !t->peers_known && s->connected && s->stream && !s->path[0])
            list(&odd, fd->fd, fd->target);
    }
    const char *bad_text = listed(&bad, NULL, q->run->a), *odd_text = listed(&odd, NULL, q->run->a);
    if (bad_text)
        return (struct dml_verify_check_result){DML_VERIFY_FAIL, expected, bad_text};
    if (q->p->fds_why || t->sockets_why)
        return (struct dml_verify_check_result){DML_VERIFY_UNKNOWN, expected,
                                                q->p->fds_why ? q->p->fds_why : t->sockets_why};
    if (odd_text)
        return (struct dml_verify_check_result){
            DML_VERIFY_UNKNOWN, expected,
            dml_arena_printf(q->run->a, "%s may be connected to it; only the machine itself can say", odd_text)};
    return (struct dml_verify_check_result){DML_VERIFY_PASS, expected, "none"};
}

struct dml_verify_check_result dml_verify_check_sockets(const struct dml_verified *q)
{
    struct listing all = listing();
    if (q->p->fds_why)
        return (struct dml_verify_check_result){DML_VERIFY_INFO, "", q->p->fds_why};
    for (uint32_t i = 0; i < q->p->n_fds; i++) {
        const struct dml_proc_fd *fd = &q->p->fds[i];
        const struct dml_proc_socket *s = fd->inode ? dml_proc_socket(q->run->procs, fd->inode) : NULL;
        if (strncmp(fd->target, "socket:", 7) == 0 && !is_xenstored(s) &&
            !(s && s->peer && is_xenstored(dml_proc_socket(q->run->procs, s->peer))))
            list(&all, fd->fd, !s ? fd->target : s->path[0] ? s->path : "a Unix socket without a name");
    }
    return (struct dml_verify_check_result){DML_VERIFY_INFO, "", listed(&all, "none", q->run->a)};
}

/* ---- files ---- */

/* Does the command line name that path, as a whole value? */
static _Bool named(const struct dml_verified *q, struct dml_sv path)
{
    for (uint32_t i = 1; path.len && i < q->p->argc; i++)
        for (const char *at = q->p->argv[i]; (at = strchr(at, path.p[0])); at++) {
            if (strncmp(at, path.p, path.len) != 0)
                continue;
            char before = at == q->p->argv[i] ? '=' : at[-1], after = at[path.len];
            if ((before == '=' || before == ':' || before == ',') && (after == '\0' || after == ','))
                return 1;
        }
    return 0;
}

/* Does it name a link that leads to that device (/dev/vg0/web to /dev/dm-3)? Only the machine itself can say. */
static enum dml_tri leads_to(const struct dml_verified *q, struct dml_sv device)
{
    char real[PATH_MAX];
    if (!q->run->procs->live)
        return DML_TRI_UNKNOWN;
    for (uint32_t i = 1; i < q->p->argc; i++)
        for (const char *at = q->p->argv[i]; (at = strstr(at, "/dev/")); at += 5) {
            char *path = dml_arena_strndup(q->run->a, at, strcspn(at, ","));
            if (path && realpath(path, real) && dml_sv_is(device, real))
                return DML_TRI_YES;
        }
    return DML_TRI_NO;
}

/* libxl's own: the log, and the state of a guest while it is saved. */
static _Bool is_libxls(const struct dml_verified *q, struct dml_sv path)
{
    static const char *const state[] = {"qemu-save.", "qemu-resume."};
    struct dml_sv base = dml_path_base(path);
    for (size_t i = 0; i < 2; i++) {
        struct dml_sv prefix = dml_sv_of(state[i]), rest = {base.p + prefix.len, base.len - prefix.len};
        uint64_t domid;
        if (dml_sv_starts(base, prefix) && dml_num_decimal(rest, UINT32_MAX, &domid) && (int64_t)domid == q->said.domid)
            return 1;
    }
    char *log = q->said.name ? dml_arena_printf(q->run->a, "qemu-dm-%s.log", q->said.name) : NULL;
    /* logs are numbered when they are rotated */
    return log && dml_sv_starts(base, dml_sv_of(log)) && (base.len == strlen(log) || base.p[strlen(log)] == '.');
}

static const char *const harmless[] = {"/dev/null",    "/dev/zero",    "/dev/full", "/dev/random",
                                       "/dev/urandom", "/dev/pts/",    "/dev/ptmx", "/dev/xen/",
                                       "/proc/xen/",   "/dev/net/tun", "/dev/shm/", NULL};

enum verdict { FINE, READS, UNNAMED, ODD };

static enum verdict judge(const struct dml_verified *q, const struct dml_proc_fd *fd)
{
    static const char *const no_files[] = {"socket:", "pipe:", "anon_inode:"};
    struct dml_sv path = path_of(fd->target);
    for (size_t i = 0; i < sizeof no_files / sizeof no_files[0]; i++)
        if (dml_sv_starts(path, dml_sv_of(no_files[i])))
            return FINE;
    if (!path.len || path.p[0] != '/')
        return UNNAMED; /* a namespace, "mnt:[4026531841]" */
    if (among(path, harmless) || dml_sv_starts(path, DML_SV("/SYSV")) || dml_sv_starts(path, DML_SV("/memfd:")))
        return FINE;
    if (fd->flags >= 0 && (fd->flags & O_DIRECTORY))
        return UNNAMED; /* a way out of the chroot: fchdir(2) */
    if (fd->flags >= 0 && (fd->flags & O_ACCMODE) == O_RDONLY)
        return READS;
    if (is_libxls(q, path) || named(q, path))
        return FINE;
    enum dml_tri leads = dml_sv_starts(path, DML_SV("/dev/")) ? leads_to(q, path) : DML_TRI_NO;
    if (leads == DML_TRI_YES)
        return FINE;
    return fd->flags < 0 || leads == DML_TRI_UNKNOWN ? ODD : UNNAMED;
}

struct dml_verify_check_result dml_verify_check_files(const struct dml_verified *q)
{
    static const char expected[] = "open for writing only what the command line names and libxl's log; no directory";
    struct listing bad = listing(), odd = listing(), reads = listing();
    for (uint32_t i = 0; i < q->p->n_fds; i++) {
        struct listing *to[] = {[FINE] = NULL, [READS] = &reads, [UNNAMED] = &bad, [ODD] = &odd};
        struct listing *l = to[judge(q, &q->p->fds[i])];
        if (l)
            list(l, q->p->fds[i].fd, q->p->fds[i].target);
    }
    const char *bad_text = listed(&bad, NULL, q->run->a), *odd_text = listed(&odd, NULL, q->run->a);
    const char *reads_text = listed(&reads, NULL, q->run->a);
    if (bad_text)
        return (struct dml_verify_check_result){DML_VERIFY_FAIL, expected, bad_text};
    if (q->p->fds_why)
        return (struct dml_verify_check_result){DML_VERIFY_UNKNOWN, expected, q->p->fds_why};
    if (odd_text)
        return (struct dml_verify_check_result){DML_VERIFY_UNKNOWN, expected,
                                                dml_arena_printf(q->run->a, "cannot be judged: %s", odd_text)};
    return (struct dml_verify_check_result){DML_VERIFY_PASS, expected,
                                            reads_text ? dml_arena_printf(q->run->a, "for reading only: %s", reads_text)
                                                       : "nothing else"};
}
