/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the host that a guest names, and who may read or write them. */
#include <string.h>
#include <strings.h>

#include "checks/checks_i.h"
#include "host/content.h"

typedef unsigned long long ull; /* for printf */

/* The mode's three octal digits; 0 where it is not known. */
static _Bool mode_of(const struct dml_host_file *f, unsigned *mode)
{
    size_t n = f->mode ? strlen(f->mode) : 0;
    *mode = 0;
    for (size_t i = 0; i < n; i++) {
        if (f->mode[i] < '0' || f->mode[i] > '7')
            return 0;
        *mode = *mode << 3 | (unsigned)(f->mode[i] - '0');
    }
    return n > 0;
}

/* The account that a restricted bootloader or QEMU gets, as far as its group goes. */
static const struct dml_account *account_of(const struct dml_check *c, const char *user)
{
    const struct dml_world *w = c->s->world;
    if (user)
        return w->host ? dml_account_find(w->host, user) : NULL;
    return w->accounts.base ? w->accounts.base : w->accounts.shared;
}

enum dml_truth dml_check_bootloader_cannot_read(struct dml_check *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    if (g->type == DMA_HVM || !g->bootloader || g->bootloader_restrict != DMA_YES || !g->disks.n)
        return DML_NO;
    const struct dml_host_file *f = dml_host_file_of(c->s->world->host, g->disks.v[0].pdev_path);
    const struct dml_account *account = account_of(c, g->bootloader_user);
    unsigned mode;
    if (!f || !account)
        return dml_check_missing(c, f ? "passwd" : "files");
    if (!mode_of(f, &mode) || f->uid == DML_FACT_UNKNOWN || f->gid == DML_FACT_UNKNOWN)
        return dml_check_missing(c, "files");
    /* With the range the uid is the base's plus the domid: only the group is the account's own. */
    _Bool owner = f->uid == account->uid && account != c->s->world->accounts.base;
    unsigned may = owner ? mode >> 6 : f->gid == account->gid ? mode >> 3 : mode;
    if (may & 4)
        return DML_NO;
    return dml_check_fire(c, dml_check_disk_span(c, 0), "disk[0]",
                          "the restricted bootloader runs with the account %s and may not read %s (mode %s, uid %llu, "
                          "gid %llu)",
                          account->name, f->path, f->mode, (ull)f->uid, (ull)f->gid);
}

enum dml_truth dml_check_image_writable_by_group(struct dml_check *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    enum dml_truth answer = DML_NO;
    if (!dml_check_restricted_hvm(c))
        return DML_NO;
    const struct dml_account *account = account_of(c, g->device_model_user);
    for (uint32_t i = 0; account && i < g->disks.n; i++) {
        const struct dml_host_file *f = dml_host_file_of(c->s->world->host, g->disks.v[i].pdev_path);
        unsigned mode;
        if (f && mode_of(f, &mode) && mode & 020 && f->gid == account->gid)
            answer = dml_check_fire(c, dml_check_disk_span(c, i), dml_check_disk_key(c, i),
                                    "%s may be written by gid %llu, which every device model with the account %s has",
                                    f->path, (ull)f->gid, account->name);
    }
    return answer;
}

/* What the end of a file's name says it is; NULL: nothing. */
static const char *content_by_name(const char *path)
{
    static const char *const ends[] = {"qcow2", "qcow", "qed", "vhd", "vhdx", "vmdk", "vdi"};
    const char *dot = path ? strrchr(path, '.') : NULL;
    for (size_t i = 0; dot && i < sizeof ends / sizeof ends[0]; i++)
        if (strcasecmp(dot + 1, ends[i]) == 0)
            return ends[i];
    return NULL;
}

enum dml_truth dml_check_image_content(struct dml_check *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    enum dml_truth answer = DML_NO;
    for (uint32_t i = 0; i < g->disks.n; i++) {
        const struct dma_disk *d = &g->disks.v[i];
        const char *format = dml_check_image_format(d), *name = content_by_name(d->pdev_path);
        const char *seen = d->pdev_path ? dml_file_content(c->s->world->host, d->pdev_path) : NULL;
        if (!format || d->script || d->backend_domname)
            continue;
        if (seen && strcmp(seen, format) != 0)
            answer = dml_check_fire(c, dml_check_disk_span(c, i), dml_check_disk_key(c, i),
                                    "%s begins as %s does, and format=%s is said of it: %s", d->pdev_path, seen, format,
                                    strcmp(format, "raw") == 0 ? "the guest gets the container's own bytes"
                                                               : "QEMU does not open it");
        else if (!seen && name && strcmp(format, "raw") == 0)
            answer = dml_check_fire(c, dml_check_disk_span(c, i), dml_check_disk_key(c, i),
                                    "the name of %s says %s, and format=raw %s: the guest gets the container's own "
                                    "bytes",
                                    d->pdev_path, name, "is said of it, or is the default");
    }
    return answer;
}
