/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that cannot work with a restricted QEMU. */
#include <string.h>

#include "checks/checks_i.h"

struct dml_span dml_check_disk_span(struct dml_check *c, uint32_t i)
{
    struct dma_blame blame = {DMA_FIELD_DISK, (int32_t)i, NULL};
    return dml_guest_blame(&c->s->guest, &blame);
}

const char *dml_check_disk_key(struct dml_check *c, uint32_t i)
{
    return dml_arena_printf(c->s->a, "disk[%u]", i);
}

const char *dml_check_image_format(const struct dma_disk *d)
{
    static const char *const names[] = {[DMA_FORMAT_QCOW] = "qcow",
                                        [DMA_FORMAT_QCOW2] = "qcow2",
                                        [DMA_FORMAT_VHD] = "vhd",
                                        [DMA_FORMAT_RAW] = "raw",
                                        [DMA_FORMAT_QED] = "qed"};
    return d->format < sizeof names / sizeof names[0] ? names[d->format] : NULL;
}

enum dml_truth dml_check_restrict_qemu_backend(struct dml_check *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    enum dml_truth answer = DML_NO;
    if (!dml_check_restricted_hvm(c))
        return DML_NO;
    for (uint32_t i = 0; i < g->disks.n; i++) {
        const struct dma_disk *d = &g->disks.v[i];
        const char *format = dml_check_image_format(d);
        if (d->backend_domname && *d->backend_domname) /* another domain serves it */
            continue;
        if (format && d->format != DMA_FORMAT_RAW)
            answer = dml_check_fire(c, dml_check_disk_span(c, i), dml_check_disk_key(c, i),
                                    "a restricted QEMU cannot serve a %s image: convert it to raw on a block device",
                                    format);
        else if (!d->is_cdrom &&
                 (d->backend == DMA_BACKEND_QDISK || d->backend == DMA_BACKEND_TAP || d->colo_enable == DMA_YES))
            answer = dml_check_fire(
                c, dml_check_disk_span(c, i), dml_check_disk_key(c, i),
                "a restricted QEMU cannot serve this disk as PV backend: leave backendtype= out, or say phy");
    }
    return answer;
}

/* The value of key= in the text of -drive, with libxl's doubled commas undone; NULL where it is not there. */
static char *drive_value(struct dml_arena *a, const char *drive, const char *key)
{
    size_t n = strlen(key);
    for (const char *p = drive; *p;) {
        const char *end = p;
        while (*end && (*end != ',' || end[1] == ','))
            end += *end == ',' ? 2 : 1;
        if (strncmp(p, key, n) == 0 && p[n] == '=') {
            char *value = dml_arena_strndup(a, p + n + 1, (size_t)(end - p) - n - 1);
            size_t to = 0;
            for (size_t from = 0; value && value[from]; from++) {
                value[to++] = value[from];
                if (value[from] == ',')
                    from++;
            }
            if (value)
                value[to] = '\0';
            return value;
        }
        p = *end ? end + 1 : end;
    }
    return NULL;
}

static _Bool is_block_device(const struct dml_subject *s, const char *path)
{
    const struct dma_host *h = &s->world->dma_host;
    enum dma_file_type type = h->file_type ? h->file_type(h->file_user, path) : DMA_FILE_UNKNOWN;
    return type == DMA_FILE_UNKNOWN ? strncmp(path, "/dev/", 5) == 0 : type == DMA_FILE_BLOCK;
}

/* Does QEMU get a disk that the guest may write to, in arguments i and i + 1? */
static _Bool is_writable_drive(const struct dma_result *r, uint32_t i)
{
    const char *drive = r->argv[i + 1];
    return strcmp(r->argv[i], "-drive") == 0 && !strstr(drive, "media=cdrom") && !strstr(drive, "readonly=on");
}

/*
 * QEMU opens a disk of a guest that comes in for reading only, and again for writing when the guest is to go on; then
 * it is in its chroot, under its own uid.
 */
enum dml_truth dml_check_restore_stays_paused(struct dml_check *c)
{
    const struct dma_result *r = dml_check_restricted_hvm(c) ? dml_subject_result(c->s) : NULL;
    if (c->s->form.form != DML_FORM_IMAGE_JSON && c->s->form.form != DML_FORM_IMAGE_CFG)
        return DML_NO;
    for (uint32_t i = 1; r && r->outcome == DMA_RUNS && i + 1 < r->argc; i++)
        if (is_writable_drive(r, i))
            return dml_check_fire(
                c, dml_subject_key_span(c->s, "dm_restrict"), "dm_restrict",
                "restored from this image the guest stays paused: its restricted QEMU may not open the "
                "emulated disk for writing");
    return DML_NO;
}

enum dml_truth dml_check_restrict_file_disk(struct dml_check *c)
{
    const struct dma_result *r = dml_check_restricted_hvm(c) ? dml_subject_result(c->s) : NULL;
    const struct dma_guest *g = &c->s->guest.g;
    enum dml_truth answer = DML_NO;
    if (!r || r->outcome != DMA_RUNS || c->s->world->target.xen < DML_V(4, 12, 0))
        return DML_NO;
    for (uint32_t i = 1; i + 1 < r->argc; i++) {
        char *file = is_writable_drive(r, i) ? drive_value(c->s->a, r->argv[i + 1], "file") : NULL;
        if (!file || strcmp(file, "@SCRIPT@") == 0 || is_block_device(c->s, file))
            continue;
        uint32_t disk = 0;
        while (disk < g->disks.n && !(g->disks.v[disk].pdev_path && strcmp(g->disks.v[disk].pdev_path, file) == 0))
            disk++;
        if (disk == g->disks.n) /* not one of disk=: the guest's own QEMU arguments */
            answer = dml_check_fire(c, dml_subject_key_span(c->s, "device_model_args"), "device_model_args",
                                    "QEMU may write at most 256 KiB to the regular file %s", file);
        else if (g->disks.v[disk].format == DMA_FORMAT_RAW || g->disks.v[disk].format == DMA_FORMAT_UNSET)
            answer = dml_check_fire(c, dml_check_disk_span(c, disk), dml_check_disk_key(c, disk),
                                    "%s is a regular file, to which a restricted QEMU may write at most 256 KiB: put "
                                    "the disk on a block device",
                                    file);
    }
    return answer;
}

enum dml_truth dml_check_restrict_ovmf_cdrom(struct dml_check *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    if (!dml_check_restricted_hvm(c) || g->hvm.bios != DMA_BIOS_OVMF)
        return DML_NO;
    uint32_t cdrom = UINT32_MAX;
    _Bool hard_disk = 0;
    for (uint32_t i = 0; i < g->disks.n; i++) {
        const struct dma_disk *d = &g->disks.v[i];
        if (!d->is_cdrom)
            hard_disk = 1;
        else if (d->pdev_path && *d->pdev_path && d->backend != DMA_BACKEND_PHY)
            cdrom = i;
    }
    /* Without boot= OVMF tries the disk first. */
    if (cdrom == UINT32_MAX || (g->hvm.boot ? !strchr(g->hvm.boot, 'd') : hard_disk))
        return DML_NO;
    return dml_check_fire(
        c, dml_check_disk_span(c, cdrom), dml_check_disk_key(c, cdrom),
        "OVMF cannot boot from this CD while QEMU is restricted; Xen 4.19 and later can with backendtype=phy");
}

/* Fires for the first CD-ROM drive. */
static enum dml_truth first_cdrom(struct dml_check *c, const char *message)
{
    const struct dma_guest *g = &c->s->guest.g;
    for (uint32_t i = 0; g->type == DMA_HVM && i < g->disks.n; i++)
        if (g->disks.v[i].is_cdrom)
            return dml_check_fire(c, dml_check_disk_span(c, i), dml_check_disk_key(c, i), "%s", message);
    return DML_NO;
}

enum dml_truth dml_check_cd_change_restricted(struct dml_check *c)
{
    if (!dml_check_restricted_hvm(c) || c->s->world->target.xen >= DML_V(4, 13, 0))
        return DML_NO;
    return first_cdrom(c, "xl cd-insert and cd-eject fail with a restricted QEMU before Xen 4.13");
}

/* QMP's change, which libxl used up to 4.15.0, is gone. */
enum dml_truth dml_check_cd_change_removed(struct dml_check *c)
{
    const struct dml_target *t = &c->s->world->target;
    if (t->xen >= DML_V(4, 15, 1) || (t->qemu && t->qemu < DML_V(6, 0, 0)))
        return DML_NO;
    if (!t->qemu)
        return dml_check_missing(c, "qemu.version");
    return first_cdrom(c, "xl cd-insert and cd-eject fail: QEMU 6.0 removed the command that libxl up to 4.15.0 uses");
}
