/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* -drive and -device of emulated disks: the disk loop of libxl__build_device_model_args_new (libxl_dm.c). */
#include <limits.h>

#include "dmargv/walk.h"

static bool is_sd(const struct disk *k)
{
    return strncmp(k->d.vdev, "sd", 2) == 0;
}

static const char *format_of(const struct disk *k)
{
    if (k->d.backend != DMA_BACKEND_QDISK)
        return "raw"; /* QEMU does not interpret what another backend serves */
    switch (k->d.format) {
    case DMA_FORMAT_QCOW:
        return "qcow";
    case DMA_FORMAT_QCOW2:
        return "qcow2";
    case DMA_FORMAT_VHD:
        return "vpc";
    case DMA_FORMAT_RAW:
        return "raw";
    case DMA_FORMAT_QED:
        return "qed";
    default:
        return NULL;
    }
}

/* libxl__device_disk_find_local_path */
static const char *local_path(struct walk *w, const struct disk *k, uint32_t i)
{
    if (k->d.backend_domname)
        return NULL;
    if ((k->d.format == DMA_FORMAT_RAW && !k->d.script) || k->d.backend == DMA_BACKEND_QDISK)
        return k->d.pdev_path;
    if (!k->d.script)
        return NULL;
    dma_note(w, DMA_NOTE_PLACEHOLDER_SCRIPT, DMA_FIELD_DISK, (int32_t)i,
             "@SCRIPT@ stands for the device that the script %s makes of %s", k->d.script, k->d.vdev);
    return k->d.backend == DMA_BACKEND_TAP ? "nbd+unix:///?socket=@SCRIPT@" : "@SCRIPT@";
}

static void not_emulated(struct walk *w, uint32_t i, const char *why)
{
    dma_note(w, DMA_NOTE_DISK_NOT_EMULATED, DMA_FIELD_DISK, (int32_t)i, "QEMU does not emulate the disk %s: %s",
             w->disks[i].d.vdev, why);
}

void dma_step_arg_scsi_controller(struct walk *w, uint32_t i)
{
    (void)i;
    for (uint32_t k = 0; k < w->g.disks.n; k++) {
        if (!w->disks[k].d.is_cdrom && is_sd(&w->disks[k])) {
            dma_arg2(w, "-device", "lsi53c895a");
            return;
        }
    }
}

void dma_step_arg_ahci(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->g.hvm.hdtype == DMA_HDTYPE_AHCI)
        dma_arg2(w, "-device", "ahci,id=ahci0");
}

void dma_step_arg_disks(struct walk *w, uint32_t unused)
{
    (void)unused;
    for (uint32_t i = 0; i < w->g.disks.n && !w->stop; i++) {
        struct disk *k = &w->disks[i];

        if (k->index == INT_MIN) {
            not_emulated(w, i, "libxl does not know its place");
            continue;
        }
        k->format = format_of(k);
        if (k->d.format != DMA_FORMAT_EMPTY) {
            k->path = k->format ? local_path(w, k, i) : NULL;
            if (!k->path) {
                not_emulated(w, i, "dom0 has no access to its image");
                continue;
            }
        }
        dma_walk_group(w, DISK_ARGS, i);
        if (!k->done)
            not_emulated(w, i, "there are four places for emulated IDE disks");
    }
}

static void drive(struct walk *w, struct disk *k, const char *text)
{
    k->done = k->emulated = true;
    dma_arg2(w, "-drive", text);
}

void dma_step_disk_cdrom_limit(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (!k->d.is_cdrom || k->index <= 4)
        return;
    k->done = true;
    not_emulated(w, i, "a CD-ROM must be one of the first disks");
}

void dma_step_disk_cdrom_drive(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (k->done || !k->d.is_cdrom)
        return;
    if (k->path)
        drive(w, k,
              dma_text(w, "if=ide,index=%d,readonly=on,media=cdrom,id=ide-%d,file=%s,format=%s", k->index, k->number,
                       k->path, k->format));
    else
        drive(w, k, dma_text(w, "if=ide,index=%d,readonly=on,media=cdrom,id=ide-%d", k->index, k->number));
}

void dma_step_disk_cdrom_device(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (k->done || !k->d.is_cdrom)
        return;
    if (k->path)
        drive(w, k, dma_text(w, "if=none,readonly=on,id=ide-%d,file=%s,format=%s", k->number, k->path, k->format));
    else
        drive(w, k, dma_text(w, "if=none,readonly=on,id=ide-%d", k->number));
    dma_arg(w, "-device");
    dma_argf(w, "ide-cd,id=ide-%d,drive=ide-%d,bus=ide.%u,unit=%u", k->number, k->number, (unsigned)(k->index / 2),
             (unsigned)(k->index % 2));
}

/* COLO: the primary's disk is a quorum of one child, the secondary's a replication of two. */
static const char *quorum(struct walk *w, const struct disk *k)
{
    return dma_text(w,
                    "driver=quorum,id=%s,children.0.file.filename=%s,children.0.driver=%s,read-pattern=fifo,"
                    "vote-threshold=1",
                    k->d.colo_export, k->path, k->format);
}

static const char *replication(struct walk *w, const struct disk *k)
{
    return dma_text(w,
                    "driver=replication,mode=secondary,top-id=top-colo,file.driver=qcow2,file.file.filename=%s,"
                    "file.backing.driver=qcow2,file.backing.file.filename=%s,file.backing.backing=%s",
                    k->d.active_disk, k->d.hidden_disk, k->d.colo_export);
}

static bool is_primary(const struct disk *k)
{
    return dma_yes(k->d.colo_enable) && !dma_yes(k->d.colo_restore_enable);
}

static bool is_secondary(const struct disk *k)
{
    return dma_yes(k->d.colo_enable) && dma_yes(k->d.colo_restore_enable);
}

static const char *readonly(const struct disk *k)
{
    return k->d.readwrite ? "off" : "on";
}

static void colo_secondary_base(struct walk *w, struct disk *k, bool with_readonly)
{
    if (!is_secondary(k))
        return;
    drive(w, k,
          dma_text(w, "if=none,driver=%s,file=%s,id=%s%s%s", k->format, k->path, k->d.colo_export,
                   with_readonly ? ",readonly=" : "", with_readonly ? readonly(k) : ""));
}

static bool scsi_next(const struct disk *k)
{
    return !k->done && !k->d.is_cdrom && is_sd(k);
}

/* 4.10.0 and 4.10.1 forgot that a disk can be read-only. */
void dma_step_disk_scsi_writable(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (!scsi_next(k))
        return;
    colo_secondary_base(w, k, true);
    if (is_primary(k))
        drive(w, k, dma_text(w, "if=scsi,bus=0,unit=%d,cache=writeback,%s", k->index, quorum(w, k)));
    else if (is_secondary(k))
        drive(w, k, dma_text(w, "if=scsi,id=top-colo,bus=0,unit=%d,cache=writeback,%s", k->index, replication(w, k)));
    else
        drive(w, k,
              dma_text(w, "file=%s,if=scsi,bus=0,unit=%d,format=%s,cache=writeback", k->path, k->index, k->format));
}

void dma_step_disk_scsi_drive(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];
    const char *common;

    if (!scsi_next(k))
        return;
    common = dma_text(w, "cache=writeback,readonly=%s", readonly(k));
    colo_secondary_base(w, k, true);
    if (is_primary(k))
        drive(w, k, dma_text(w, "%s,if=scsi,bus=0,unit=%d,,%s", common, k->index, quorum(w, k)));
    else if (is_secondary(k))
        drive(w, k, dma_text(w, "%s,if=scsi,id=top-colo,bus=0,unit=%d,%s", common, k->index, replication(w, k)));
    else
        drive(w, k, dma_text(w, "%s,file=%s,if=scsi,bus=0,unit=%d,format=%s", common, k->path, k->index, k->format));
}

void dma_step_disk_scsi_device(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];
    const char *common, *id;

    if (!scsi_next(k))
        return;
    common = dma_text(w, "if=none,readonly=%s,cache=writeback", readonly(k));
    colo_secondary_base(w, k, true);
    if (is_primary(k)) {
        id = k->d.colo_export;
        drive(w, k,
              dma_text(w,
                       "%s,id=%s,driver=quorum,children.0.file.filename=%s,children.0.driver=%s,read-pattern=fifo,"
                       "vote-threshold=1",
                       common, id, k->path, k->format));
    } else if (is_secondary(k)) {
        id = "top-colo";
        drive(w, k, dma_text(w, "%s,id=%s,%s", common, id, replication(w, k)));
    } else {
        id = dma_text(w, "scsi0-hd%d", k->index);
        drive(w, k, dma_text(w, "file=%s,id=%s,format=%s,%s", k->path, id, k->format, common));
    }
    dma_arg(w, "-device");
    dma_argf(w, "%s,drive=%s,scsi-id=%d", SPELLED(w, SCSI_DISK), id, k->index);
}

static bool refuse_read_only(struct walk *w, uint32_t i, const char *bus)
{
    struct disk *k = &w->disks[i];

    if (k->d.readwrite)
        return false;
    dma_refuse_at(w, DMA_REFUSAL_READ_ONLY_DISK, DMA_FIELD_DISK, i, "access",
                  "qemu-xen has no read-only %s disks, and %s is one", bus, k->d.vdev);
    return true;
}

void dma_step_disk_ahci(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (k->done || k->d.is_cdrom || k->index >= 6 || w->g.hvm.hdtype != DMA_HDTYPE_AHCI ||
        refuse_read_only(w, i, "AHCI"))
        return;
    drive(w, k, dma_text(w, "file=%s,if=none,id=ahcidisk-%d,format=%s,cache=writeback", k->path, k->index, k->format));
    dma_arg(w, "-device");
    dma_argf(w, "ide-hd,bus=ahci0.%d,unit=0,drive=ahcidisk-%d", k->index, k->index);
}

/* libxl hands disks on by index: hda and xvda are the same place, and QEMU stops at the second. */
void dma_step_disks_have_places(struct walk *w, uint32_t unused)
{
    (void)unused;
    for (uint32_t i = 0; i < w->g.disks.n; i++) {
        /* There are only so many places: few of very many disks are emulated. */
        for (uint32_t j = 0; w->disks[i].emulated && j < i; j++) {
            const struct disk *a = &w->disks[i], *b = &w->disks[j];

            if (b->emulated && a->index == b->index && is_sd(a) == is_sd(b))
                dma_note(w, DMA_NOTE_DISK_PLACE_TWICE, DMA_FIELD_DISK, (int32_t)i,
                         "%s and %s get the same place, on which QEMU stops", b->d.vdev, a->d.vdev);
        }
    }
}

void dma_step_disk_ide(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (k->done || k->d.is_cdrom || k->index >= 4 || refuse_read_only(w, i, "IDE"))
        return;
    colo_secondary_base(w, k, false);
    if (is_primary(k))
        drive(w, k, dma_text(w, "if=ide,index=%d,media=disk,cache=writeback,%s", k->index, quorum(w, k)));
    else if (is_secondary(k))
        drive(w, k,
              dma_text(w, "if=ide,index=%d,id=top-colo,media=disk,cache=writeback,%s", k->index, replication(w, k)));
    else
        drive(
            w, k,
            dma_text(w, "file=%s,if=ide,index=%d,media=disk,format=%s,cache=writeback", k->path, k->index, k->format));
}
