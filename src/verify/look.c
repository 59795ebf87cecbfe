/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One QEMU taken in: its command line, its release, what its config gives; and what is wrong around all of them. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/root.h"
#include "host/accounts.h"
#include "verify/verify_i.h"

enum { STORED_MAX = 1024 * 1024 };

static void find_release(struct dml_verified *q)
{
    char text[24];
    const struct dml_cmdline *c = &q->said;
    q->xen_from = "its command line";
    if (q->run->xen) {
        q->xen = q->run->xen;
        q->xen_text = dml_arena_strdup(q->run->a, dml_version_text(q->xen, 0, text));
        q->xen_from = q->run->xen_from;
    } else if (c->run_with_chroot || c->run_with_user) {
        q->xen = DML_V(4, 20, 0);
        q->xen_text = "4.20 or later";
    } else if (c->chroot || c->qmp_fd) {
        q->xen = DML_V(4, 12, 0);
        q->xen_text = "4.12 or later";
    } else if (c->restricted && c->qmp_path) {
        q->xen = DML_V(4, 11, 0);
        q->xen_text = "4.10 or 4.11";
    } else {
        q->xen = DML_V(4, 12, 0);
        q->xen_text = "not known, taken as 4.12 or later";
        q->xen_from = NULL;
    }
}

int dml_verified_init(struct dml_verified *q, const struct dml_verify *run, struct dml_proc *p, struct dml_err *err)
{
    *q = (struct dml_verified){.run = run, .p = p};
    int rc = dml_proc_read(run->procs, p, err);
    if (rc == 0 && dml_cmdline_read(&q->said, p->argv, p->argc, run->a) < 0)
        rc = dml_err_nomem(err);
    find_release(q);
    return rc;
}

/* The builder's result lives until its next one. */
static int keep_result(struct dml_verified *q, struct dml_expected *e, const struct dma_result *r)
{
    struct dml_arena *a = q->run->a;
    const char **argv = dml_new_n(a, const char *, r->argc + 1);
    for (uint32_t i = 0; argv && i < r->argc; i++)
        argv[i] = dml_arena_strdup(a, r->argv[i]);
    e->argv = argv;
    e->argc = r->argc;
    e->chroot_dir = r->process.chroot_dir ? dml_arena_strdup(a, r->process.chroot_dir) : NULL;
    e->user = r->process.runas ? dml_arena_strdup(a, r->process.runas) : NULL;
    return a->failed ? DML_ENOMEM : 0;
}

int dml_verified_expect(struct dml_verified *q, struct dml_subject *s, struct dml_err *err)
{
    struct dml_arena *a = q->run->a;
    struct dml_expected *e = dml_new(a, struct dml_expected);
    if (!e)
        return dml_err_nomem(err);
    *e = (struct dml_expected){
        .path = s->src.path, .stored = s->form.form != DML_FORM_CFG, .restricted = dml_subject_restricted(s)};
    q->expected = e;
    if (!q->run->xen) {
        e->why = "which Xen release runs is not known; say it with --xen";
        return 0;
    }
    if (dml_subject_rejected(s)) {
        e->why = "xl refuses this config; `dmlint check` says why";
        return 0;
    }
    if (q->said.domid < DML_DOMID_FIRST || q->said.domid > DML_DOMID_LAST) {
        e->why = "it serves no guest";
        return 0;
    }
    /* What libxl found out about this QEMU shows in what it gave to it. */
    struct dma_host host = s->world->dma_host;
    if (host.run_with_chroot == DMA_UNSET && q->said.chroot)
        host.run_with_chroot = q->said.run_with_chroot ? DMA_YES : DMA_NO;
    if (host.run_with_user == DMA_UNSET && q->said.user)
        host.run_with_user = q->said.run_with_user ? DMA_YES : DMA_NO;
    const struct dma_target target = {sizeof target, s->world->target.xen, (uint32_t)q->said.domid};
    const struct dma_result *r;
    if (dma_build(s->builder, &s->guest.g, &host, &target, &r) < 0)
        return dml_err_nomem(err);
    if (r->outcome == DMA_RUNS)
        return keep_result(q, e, r) < 0 ? dml_err_nomem(err) : 0;
    e->why = r->outcome == DMA_REFUSED ? dml_arena_printf(a, "libxl refuses this config: %s", r->refusal.message)
                                       : "libxl starts no QEMU for this config";
    return 0;
}

/* Opens a regular file of a directory that may be a copy: no link, no pipe to wait for. */
static int open_stored(int dir, const char *name)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* One stored config; an older guest's of the same domid, left behind by a crash of the host, has another name. */
static int try_stored(struct dml_verified *q, const struct dml_subject *empty, int fd, const char *path,
                      struct dml_err *err)
{
    struct dml_arena file = {0};
    struct dml_subject s = *empty;
    struct dml_sv text;
    s.a = &file;
    int rc = dml_fd_read(&file, fd, path, STORED_MAX, &text, err);
    if (rc == 0)
        rc = dml_subject_open(&s, path, text, err);
    if (rc == 0 && s.guest.g.name && q->said.name && strcmp(s.guest.g.name, q->said.name) == 0)
        rc = dml_verified_expect(q, &s, err);
    dml_arena_dispose(&file);
    return rc == DML_ENOMEM ? rc : 0; /* one that cannot be read is as good as none */
}

int dml_verified_expect_stored(struct dml_verified *q, const struct dml_subject *empty, struct dml_err *err)
{
    const struct dml_proctree *t = q->run->procs;
    const char *root = t->live ? "" : t->root;
    char *dir = dml_root_shown(q->run->a, root, "/var/lib/xen");
    char *prefix = dml_arena_printf(q->run->a, "userdata-d.%lld.", (long long)q->said.domid);
    int rc = dir && prefix ? 0 : dml_err_nomem(err);
    DIR *d = rc == 0 && q->said.domid >= 0 ? dml_root_opendir(root, "/var/lib/xen") : NULL;
    for (struct dirent *e; d && rc == 0 && !q->expected && (e = readdir(d));) {
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 || !dml_form_is_stored_name(e->d_name))
            continue;
        char *path = dml_arena_printf(q->run->a, "%s/%s", dir, e->d_name);
        int fd = path ? open_stored(dirfd(d), e->d_name) : -1;
        if (fd >= 0) {
            rc = try_stored(q, empty, fd, path, err);
            close(fd);
        }
    }
    if (d)
        closedir(d);
    return rc;
}

/* ---- what is wrong around them ---- */

static void add(const struct dml_verify *run, struct dml_verify_findings *out, struct dml_verify_finding f)
{
    struct dml_verify_finding *slot = dml_vec_add(run->a, out);
    if (slot)
        *slot = f;
}

static const char *name_of(const struct dml_verified *q)
{
    return q->said.name ? q->said.name : "?";
}

static const struct dml_running *running_of(const struct dml_facts *f, int64_t domid)
{
    for (uint32_t i = 0; i < f->running.n; i++) {
        const struct dml_running *r = DML_AT(f->running, struct dml_running, i);
        if (domid >= 0 && r->domid == (uint64_t)domid)
            return r;
    }
    return NULL;
}

enum dml_verify_serves dml_verified_serves(const struct dml_verified *q)
{
    const struct dml_facts *f = q->run->facts;
    if (q->said.domid == 0)
        return DML_SERVES_DOM0;
    return f && q->run->facts_of_root && f->running.known && q->said.domid > 0 && !running_of(f, q->said.domid)
               ? DML_SERVES_NONE
               : DML_SERVES_GUEST;
}

/* QEMUs whose domain is gone, the urgent ones; and domains whose QEMU is gone. */
static void look_for_lost(const struct dml_verify *run, const struct dml_verified *all, uint32_t n,
                          struct dml_verify_findings *out)
{
    const struct dml_facts *f = run->facts;
    for (uint32_t i = 0; i < n; i++)
        if (dml_verified_serves(&all[i]) == DML_SERVES_NONE)
            add(run, out,
                (struct dml_verify_finding){
                    "leftover-qemu", DML_VERIFY_ERROR, all[i].p->pid, all[i].said.domid,
                    dml_arena_printf(
                        run->a,
                        "process %u is the QEMU of domain %lld (%s), which is gone: it runs as uid %u, and "
                        "keeps every right that it has until it is ended: kill %u",
                        all[i].p->pid, (long long)all[i].said.domid, name_of(&all[i]),
                        all[i].p->status.uid.v[DML_ID_EFFECTIVE], all[i].p->pid)});
    for (uint32_t i = 0; i < n; i++)
        if (dml_verified_serves(&all[i]) == DML_SERVES_DOM0)
            add(run, out,
                (struct dml_verify_finding){
                    "dom0-qemu", DML_VERIFY_REMARK, all[i].p->pid, 0,
                    dml_arena_printf(
                        run->a,
                        "process %u is domain 0's own QEMU, which Xen's start scripts run as root and nothing can "
                        "restrict: it serves disks that dom0 attaches to itself (bootloaders read images so); a "
                        "guest reaches it only by what such an image holds",
                        all[i].p->pid)});
    for (uint32_t i = 0; f && run->facts_of_root && i < f->running.n; i++) {
        const struct dml_running *r = DML_AT(f->running, struct dml_running, i);
        if (r->qemu == DML_TRI_NO)
            add(run, out,
                (struct dml_verify_finding){
                    "qemu-gone", DML_VERIFY_ERROR, 0, (int64_t)r->domid,
                    dml_arena_printf(run->a,
                                     "domain %llu (%s) runs without its QEMU, which has ended: its log says why "
                                     "(dmlint why %s); destroy the domain, and start it with xl create",
                                     (unsigned long long)r->domid, r->name ? r->name : "?",
                                     r->name ? r->name : "NAME")});
    }
}

static void look_for_leftovers(const struct dml_verify *run, const struct dml_verified *all, uint32_t n,
                               struct dml_verify_findings *out)
{
    const struct dml_facts *f = run->facts;
    const struct dml_account *base = f && f->passwd.known ? dml_account_find(f, DML_RANGE_BASE_USER) : NULL;
    if (!base || base->uid == DML_FACT_UNKNOWN) {
        out->note = f && f->passwd.known
                        ? NULL
                        : "the accounts of the host are not known, so processes that device models left "
                          "behind are not looked for";
        return;
    }
    for (uint32_t i = 0; i < run->procs->n; i++) {
        const struct dml_proc *p = &run->procs->v[i];
        const struct dml_verified *owner = NULL;
        uint64_t domid = 0;
        _Bool itself = 0;
        for (int k = 0; k < DML_IDS && p->status.uid.known && !domid; k++)
            if (p->status.uid.v[k] > base->uid && p->status.uid.v[k] - base->uid <= DML_DOMID_LAST)
                domid = p->status.uid.v[k] - base->uid;
        for (uint32_t k = 0; domid && k < n; k++) {
            if (all[k].p == p)
                itself = 1;
            if (all[k].said.domid == (int64_t)domid)
                owner = &all[k];
        }
        if (!domid || itself)
            continue;
        const char *what = owner ? dml_arena_printf(run->a,
                                                    "which is that of domain %llu's QEMU, process %u; it is no QEMU",
                                                    (unsigned long long)domid, owner->p->pid)
                                 : dml_arena_printf(run->a,
                                                    "but domain %llu has no QEMU: the next guest of that domid "
                                                    "would share the uid with it; end it",
                                                    (unsigned long long)domid);
        add(run, out,
            (struct dml_verify_finding){
                "leftover-process", DML_VERIFY_ERROR, p->pid, (int64_t)domid,
                dml_arena_printf(run->a, "process %u (%s) has uid %llu, %s", p->pid, p->status.name,
                                 (unsigned long long)base->uid + (unsigned long long)domid, what)});
    }
}

static void look_for_shared_uids(const struct dml_verify *run, const struct dml_verified *all, uint32_t n,
                                 struct dml_verify_findings *out)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < i; k++) {
            const struct dml_proc_ids *x = &all[i].p->status.uid, *y = &all[k].p->status.uid;
            uint32_t uid = x->v[DML_ID_EFFECTIVE];
            if (!x->known || !y->known || uid == 0 || uid != y->v[DML_ID_EFFECTIVE] ||
                all[i].said.domid == all[k].said.domid)
                continue;
            add(run, out,
                (struct dml_verify_finding){
                    "uid-shared", DML_VERIFY_ERROR, all[i].p->pid, all[i].said.domid,
                    dml_arena_printf(
                        run->a,
                        "domains %lld (%s) and %lld (%s) share uid %u: their QEMUs can attack each other, and "
                        "destroying one may end both",
                        (long long)all[k].said.domid, name_of(&all[k]), (long long)all[i].said.domid, name_of(&all[i]),
                        uid)});
            break; /* one partner is enough */
        }
}

/* QEMU writes its log itself; the write that passes the limit ends it with SIGXFSZ. */
static void look_at_logs(const struct dml_verify *run, const struct dml_verified *all, uint32_t n,
                         struct dml_verify_findings *out)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct dml_proc_limit *l = &all[i].p->limits[DML_LIMIT_FSIZE];
        struct stat st;
        if (!l->known || l->soft > DML_FSIZE_LIMIT || !all[i].said.name || strchr(all[i].said.name, '/'))
            continue;
        char *log = dml_arena_printf(run->a, "/var/log/xen/qemu-dm-%s.log", all[i].said.name);
        if (!log || dml_root_stat(run->procs->live ? "" : run->procs->root, log, 0, &st) < 0 || !S_ISREG(st.st_mode) ||
            (uint64_t)st.st_size < l->soft / 4 * 3)
            continue;
        add(run, out,
            (struct dml_verify_finding){
                "log-near-limit", DML_VERIFY_WARNING, all[i].p->pid, all[i].said.domid,
                dml_arena_printf(
                    run->a,
                    "%s has %lld of the %llu bytes that QEMU of domain %lld may write to a file: at the limit "
                    "QEMU ends; find what it logs, and empty the file",
                    log, (long long)st.st_size, (unsigned long long)l->soft, (long long)all[i].said.domid)});
    }
}

int dml_verify_look_round(const struct dml_verify *run, const struct dml_verified *all, uint32_t n,
                          struct dml_verify_findings *out, struct dml_err *err)
{
    *out = (struct dml_verify_findings){0};
    look_for_lost(run, all, n, out);
    look_for_leftovers(run, all, n, out);
    look_for_shared_uids(run, all, n, out);
    look_at_logs(run, all, n, out);
    return run->a->failed ? dml_err_nomem(err) : 0;
}
