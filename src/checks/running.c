/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What runs on the host now: under this guest's name, with its disks, without its QEMU. */
#include <string.h>
#include <sys/stat.h>

#include "checks/checks_i.h"

typedef unsigned long long ull; /* for printf */

/* The running guests of this one's name, with their QEMU or without, one after the other; NULL behind the last. None
 * for a stored config. */
static const struct dml_running *next_running(const struct dml_check *c, _Bool without_qemu, uint32_t *i)
{
    const struct dml_facts *host = c->s->world->host;
    const char *name = c->s->guest.g.name;
    while (host && name && c->s->form.form == DML_FORM_CFG && *i < host->running.n) {
        const struct dml_running *r = DML_AT(host->running, struct dml_running, (*i)++);
        if ((r->qemu == DML_TRI_NO) == without_qemu && r->name && strcmp(r->name, name) == 0)
            return r;
    }
    return NULL;
}

enum dml_truth dml_check_restart_due(struct dml_check *c)
{
    const struct dml_facts *host = c->s->world->host;
    const char *name = c->s->guest.g.name;
    if (!host || !name || c->s->form.form != DML_FORM_CFG || !dml_check_restricted_hvm(c))
        return DML_NO;
    struct dml_span span = dml_subject_key_span(c->s, "dm_restrict");
    const struct dml_running *r;
    for (uint32_t i = 0; (r = next_running(c, 0, &i));) {
        if (r->dm_restrict == DML_TRI_NO)
            return dml_check_fire(c, span, "dm_restrict",
                                  "%s runs unrestricted now, with the config it was created with: shut it down and "
                                  "start it with xl create",
                                  name);
    }
    for (uint32_t i = 0; i < host->saved_images.n; i++) {
        const struct dml_saved_image *m = DML_AT(host->saved_images, struct dml_saved_image, i);
        if (m->name && strcmp(m->name, name) == 0 && m->dm_restrict == DML_TRI_NO)
            return dml_check_fire(c, span, "dm_restrict",
                                  "%s holds this guest with an unrestricted config and would bring it back so: delete "
                                  "the image, and start the guest with xl create",
                                  m->path ? m->path : "a saved image");
    }
    return DML_NO;
}

static const char *model_of(struct dml_subject *s)
{
    const struct dma_result *r = dml_subject_result(s);
    enum dma_dm_version dm = r ? r->process.device_model : DMA_DM_UNSET;
    return dm == DMA_DM_QEMU_XEN ? "qemu-xen" : dm == DMA_DM_TRADITIONAL ? "qemu-xen-traditional" : NULL;
}

enum dml_truth dml_check_running_differs(struct dml_check *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    const char *user = g->device_model_user ? g->device_model_user : "";
    const struct dml_running *r;
    for (uint32_t i = 0; (r = next_running(c, 0, &i));) {
        if (r->dm_restrict == DML_TRI_YES && g->dm_restrict != DMA_YES && !c->s->assumed)
            return dml_check_fire(c, dml_subject_key_span(c->s, "dm_restrict"), "dm_restrict",
                                  "%s runs restricted now, and would not after its next start from this file", g->name);
        if (r->device_model_user && strcmp(r->device_model_user, user) != 0)
            return dml_check_fire(c, dml_subject_key_span(c->s, "device_model_user"), "device_model_user",
                                  "%s was created with %s%s, this file has %s%s: a cold restart is due", g->name,
                                  *r->device_model_user ? "device_model_user " : "no device_model_user",
                                  r->device_model_user, *user ? "the user " : "none", user);
        const char *model = r->device_model_version ? model_of(c->s) : NULL;
        if (model && strcmp(r->device_model_version, model) != 0)
            return dml_check_fire(c, dml_subject_key_span(c->s, "device_model_version"), "device_model_version",
                                  "%s runs with %s now, and this file says %s: a cold restart is due", g->name,
                                  r->device_model_version, model);
    }
    return DML_NO;
}

enum dml_truth dml_check_uid_shared_now(struct dml_check *c)
{
    const struct dml_facts *host = c->s->world->host;
    const struct dml_running *r;
    for (uint32_t i = 0; (r = next_running(c, 0, &i));)
        for (uint32_t k = 0; r->uid != 0 && r->uid != DML_FACT_UNKNOWN && k < host->running.n; k++) {
            const struct dml_running *other = DML_AT(host->running, struct dml_running, k);
            if (other->uid == r->uid && other->domid != r->domid)
                return dml_check_fire(c, dml_subject_key_span(c->s, "name"), "name",
                                      "the QEMUs of %s and %s run under uid %llu now: destroying one kills the other's",
                                      r->name, other->name ? other->name : "another guest", (ull)r->uid);
        }
    return DML_NO;
}

enum dml_truth dml_check_running_without_qemu(struct dml_check *c)
{
    uint32_t i = 0;
    const struct dml_running *r = next_running(c, 1, &i);
    if (!r)
        return DML_NO;
    return dml_check_fire(
        c, dml_subject_key_span(c->s, "name"), "name",
        "the QEMU of %s (domid %llu) has ended, and the domain is still there: destroy it, and start it "
        "with xl create",
        r->name, (ull)r->domid);
}

/* ---- disks ---- */

/* One file or device under two names? Looked at only where the facts are of this machine. */
static _Bool same_disk(const struct dml_facts *host, const char *x, const char *y)
{
    struct stat a, b;
    if (strcmp(x, y) == 0)
        return 1;
    if (!host->look || x[0] != '/' || y[0] != '/' || stat(x, &a) < 0 || stat(y, &b) < 0)
        return 0;
    return S_ISBLK(a.st_mode) && S_ISBLK(b.st_mode) ? a.st_rdev == b.st_rdev
                                                    : a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The guest of another name that has the disk, and one of the two writes to it; NULL where there is none. */
static const struct dml_running *user_of(const struct dml_check *c, const struct dma_disk *d)
{
    const struct dml_facts *host = c->s->world->host;
    const char *name = c->s->guest.g.name;
    for (uint32_t i = 0; i < host->running.n; i++) {
        const struct dml_running *r = DML_AT(host->running, struct dml_running, i);
        for (uint32_t k = 0; !(r->name && name && strcmp(r->name, name) == 0) && k < r->disks.n; k++) {
            const struct dml_running_disk *theirs = DML_AT(r->disks, struct dml_running_disk, k);
            _Bool writes = (d->readwrite && !d->is_cdrom) || theirs->write == DML_TRI_YES;
            if (writes && theirs->path && same_disk(host, d->pdev_path, theirs->path))
                return r;
        }
    }
    return NULL;
}

enum dml_truth dml_check_disk_in_use(struct dml_check *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    enum dml_truth answer = DML_NO;
    if (!c->s->world->host || c->s->form.form != DML_FORM_CFG)
        return DML_NO;
    for (uint32_t i = 0; i < g->disks.n; i++) {
        const struct dma_disk *d = &g->disks.v[i];
        const struct dml_running *r = d->pdev_path && *d->pdev_path && !d->backend_domname ? user_of(c, d) : NULL;
        if (r)
            answer = dml_check_fire(c, dml_check_disk_span(c, i), dml_check_disk_key(c, i),
                                    "%s is a disk of %s (domid %llu), which runs now, and one of the two writes to it",
                                    d->pdev_path, r->name ? r->name : "another guest", (ull)r->domid);
    }
    return answer;
}
