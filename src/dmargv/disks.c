/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks before their arguments: libxl__device_disk_setdefault, libxl__device_disk_set_backend, device_disk_add. */
#include <limits.h>

#include "base/num.h"
#include "dmargv/walk.h"

static const char *vdev_of(const struct disk *k)
{
    return k->d.vdev ? k->d.vdev : "(none)";
}

void dma_step_disk_backend_domain(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    dma_default(&k->d.colo_enable, false);
    dma_default(&k->d.colo_restore_enable, false);
    if (!dma_backend(w, k->d.backend_domname, DMA_FIELD_DISK, i, &k->backend_domid))
        dma_refuse_at(w, DMA_REFUSAL_BACKEND_DOMAIN_UNKNOWN, DMA_FIELD_DISK, i, "backend",
                      "there is no running domain %s to serve the disk %s", k->d.backend_domname, vdev_of(k));
}

void dma_step_disk_specification(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (k->d.specification == DMA_SPECIFICATION_UNSET)
        k->d.specification = DMA_SPECIFICATION_XEN;
    if (k->d.specification == DMA_SPECIFICATION_XEN && k->d.transport != DMA_TRANSPORT_UNSET)
        dma_refuse_at(w, DMA_REFUSAL_DISK_TRANSPORT, DMA_FIELD_DISK, i, "transport",
                      "the disk %s has a transport, which only virtio disks have", vdev_of(k));
}

static void cdrom_backend(struct walk *w, uint32_t i, bool phy_too)
{
    struct disk *k = &w->disks[i];

    if (!k->d.is_cdrom)
        return;
    if (k->d.backend == DMA_BACKEND_UNSET)
        k->d.backend = DMA_BACKEND_QDISK;
    if (k->d.backend != DMA_BACKEND_QDISK && !(phy_too && k->d.backend == DMA_BACKEND_PHY))
        dma_refuse_at(w, DMA_REFUSAL_CDROM_BACKEND, DMA_FIELD_DISK, i, "backendtype",
                      "the CD-ROM %s of an HVM guest must be served by QEMU (qdisk)%s", vdev_of(k),
                      phy_too ? " or by the kernel (phy)" : "");
}

void dma_step_disk_cdrom_is_qdisk(struct walk *w, uint32_t i)
{
    cdrom_backend(w, i, false);
}

void dma_step_disk_cdrom_is_qdisk_or_phy(struct walk *w, uint32_t i)
{
    cdrom_backend(w, i, true);
}

/* libxl puts an empty file of its own in the drive. */
void dma_step_disk_empty_cdrom_on_phy(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (k->d.is_cdrom && k->d.format == DMA_FORMAT_EMPTY && k->d.backend == DMA_BACKEND_PHY && k->backend_domid == 0)
        k->d.pdev_path = NULL;
}

void dma_step_disk_empty_only_as_cdrom(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (k->d.format != DMA_FORMAT_EMPTY)
        return;
    if (!k->d.is_cdrom)
        dma_refuse_at(w, DMA_REFUSAL_EMPTY_DISK, DMA_FIELD_DISK, i, "format",
                      "the disk %s is empty, which only a CD-ROM can be", vdev_of(k));
    else if (k->d.pdev_path && *k->d.pdev_path)
        dma_refuse_at(w, DMA_REFUSAL_EMPTY_WITH_IMAGE, DMA_FIELD_DISK, i, "target",
                      "the CD-ROM %s is said to be empty, but has the image %s", vdev_of(k), k->d.pdev_path);
}

/* "rbd:pool/image", "nbd:host:port", "https://...": a driver of QEMU's and what it is to open. */
static bool names_protocol(const char *path)
{
    size_t n = path ? strspn(path, "abcdefghijklmnopqrstuvwxyz0123456789+.-_") : 0;

    return n > 1 && path[n] == ':';
}

/* libxl looks at the target where the kernel of this host may have to serve it. */
void dma_step_disk_exists(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (k->d.format == DMA_FORMAT_EMPTY || k->d.backend == DMA_BACKEND_QDISK || k->d.backend == DMA_BACKEND_TAP ||
        k->backend_domid != 0 || k->d.script)
        return;
    k->file = k->d.pdev_path ? dma_file(w, k->d.pdev_path) : DMA_FILE_ABSENT;
    if (k->file == DMA_FILE_ABSENT && names_protocol(k->d.pdev_path))
        dma_refuse_at(w, DMA_REFUSAL_DISK_FOR_QEMU, DMA_FIELD_DISK, i, "target",
                      "the disk %s has the target %s, which only QEMU can open: without backendtype libxl looks for a "
                      "file of that name",
                      vdev_of(k), k->d.pdev_path);
    else if (k->file == DMA_FILE_ABSENT)
        dma_refuse_at(w, DMA_REFUSAL_DISK_MISSING, DMA_FIELD_DISK, i, "target",
                      "the disk %s has no image: %s does not exist", vdev_of(k),
                      k->d.pdev_path ? k->d.pdev_path : "its target");
}

static bool wants(const struct disk *k, enum dma_disk_backend backend)
{
    return !k->settled && (k->d.backend == DMA_BACKEND_UNSET || k->d.backend == backend);
}

/* What a backend cannot do, in the order in which libxl tests it. */
enum backend_limit { RAW_ONLY = 1, RAW_OR_VHD = 2, NO_SCRIPT = 4, NO_COLO = 8 };
static const struct {
    const char *name;
    unsigned limits; /* enum backend_limit, or-ed */
} backends[] = {
    [DMA_BACKEND_UNSET] = {"", 0},
    [DMA_BACKEND_PHY] = {"phy", RAW_ONLY | NO_COLO},
    [DMA_BACKEND_TAP] = {"tap", RAW_OR_VHD | NO_COLO},
    [DMA_BACKEND_QDISK] = {"qdisk", NO_SCRIPT},
    [DMA_BACKEND_STANDALONE] = {"standalone", RAW_ONLY | NO_SCRIPT | NO_COLO},
};

static void settle(struct disk *k, enum dma_disk_backend backend)
{
    k->d.backend = backend;
    k->settled = true;
}

static bool is_virtio(const struct disk *k)
{
    return k->d.specification == DMA_SPECIFICATION_VIRTIO;
}

/* Can the kernel export it? What a script or a driver domain makes of it is not looked at. */
static bool exportable(const struct disk *k)
{
    return k->backend_domid != 0 || k->d.script || k->file == DMA_FILE_BLOCK || k->file == DMA_FILE_REGULAR;
}

/* disk_try_backend, one function per backend, in libxl's order of preference */
void dma_step_disk_try_phy(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (wants(k, DMA_BACKEND_PHY) && !is_virtio(k) && k->d.format == DMA_FORMAT_RAW && !dma_yes(k->d.colo_enable) &&
        exportable(k))
        settle(k, DMA_BACKEND_PHY);
}

void dma_step_disk_try_phy_or_empty_cdrom(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (wants(k, DMA_BACKEND_PHY) && !is_virtio(k) && !dma_yes(k->d.colo_enable) && k->d.is_cdrom &&
        k->d.format == DMA_FORMAT_EMPTY)
        settle(k, DMA_BACKEND_PHY);
    else
        dma_step_disk_try_phy(w, i);
}

void dma_step_disk_try_qdisk(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (wants(k, DMA_BACKEND_QDISK) && !is_virtio(k) && !k->d.script)
        settle(k, DMA_BACKEND_QDISK);
}

void dma_step_disk_try_tap(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (wants(k, DMA_BACKEND_TAP) && !is_virtio(k) && !dma_yes(k->d.colo_enable) &&
        (k->d.format == DMA_FORMAT_RAW || k->d.format == DMA_FORMAT_VHD))
        settle(k, DMA_BACKEND_TAP);
}

void dma_step_disk_try_standalone(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (wants(k, DMA_BACKEND_STANDALONE) && is_virtio(k) && k->d.format == DMA_FORMAT_RAW && !k->d.script &&
        !dma_yes(k->d.colo_enable) && exportable(k))
        settle(k, DMA_BACKEND_STANDALONE);
}

/* The operand that libxl's last test of this disk fails on, and what is wrong with it: disk_try_backend. */
static const char *backend_lacks(const struct disk *k, const char **operand)
{
    bool set = k->d.backend != DMA_BACKEND_UNSET;
    /* Without backendtype the last backend that libxl tries for this specification is the one to speak of. */
    enum dma_disk_backend backend = set ? k->d.backend : is_virtio(k) ? DMA_BACKEND_STANDALONE : DMA_BACKEND_QDISK;
    unsigned limits = backends[backend].limits;

    if (is_virtio(k) != (backend == DMA_BACKEND_STANDALONE)) {
        *operand = "specification";
        return is_virtio(k) ? "specification=virtio needs backendtype=standalone"
                            : "backendtype=standalone needs specification=virtio";
    }
    *operand = "format";
    if (limits & RAW_ONLY && k->d.format != DMA_FORMAT_RAW)
        return backend == DMA_BACKEND_PHY ? "backendtype=phy needs format=raw"
                                          : "specification=virtio needs format=raw";
    if (limits & RAW_OR_VHD && k->d.format != DMA_FORMAT_RAW && k->d.format != DMA_FORMAT_VHD)
        return "backendtype=tap needs format=raw or format=vhd";
    *operand = "script";
    if (limits & NO_SCRIPT && k->d.script)
        return backend == DMA_BACKEND_STANDALONE ? "specification=virtio takes no script="
               : set                             ? "backendtype=qdisk takes no script="
                                                 : "script= needs format=raw: only backendtype=phy runs scripts";
    *operand = "colo";
    if (limits & NO_COLO && dma_yes(k->d.colo_enable))
        return "colo needs backendtype=qdisk";
    *operand = backend == DMA_BACKEND_TAP ? "backendtype" : "target";
    return backend == DMA_BACKEND_TAP ? "backendtype=tap is not served by libxl before Xen 4.19"
                                      : "its target is neither a block device nor a regular file";
}

void dma_step_disk_no_backend(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    const char *operand = NULL;

    if (k->settled)
        return;
    const char *why = backend_lacks(k, &operand);
    dma_refuse_at(w, DMA_REFUSAL_DISK_NO_BACKEND, DMA_FIELD_DISK, i, operand, "nothing can serve the disk %s: %s",
                  vdev_of(k), why);
}

/* "hda", "xvdb3": letters count in base 26 without a zero, then a partition. */
static bool lettered(const char *vdev, const char *bus, int max_index, int max_partition, int32_t *index,
                     int32_t *partition)
{
    size_t len = strlen(bus);
    const char *p = vdev + len;
    uint64_t number;
    int64_t n = -1;

    if (strncmp(vdev, bus, len) != 0)
        return false;
    for (; *p >= 'a' && *p <= 'z'; p++) {
        n = (n + 1) * 26 + (*p - 'a');
        if (n > max_index)
            return false;
    }
    *index = (int32_t)n;
    *partition = 0;
    if (!*p)
        return true;
    if (*p == '0' || dml_num_parse_u(dml_sv_of(p), 10, &number, NULL) != DML_NUM_OK)
        return false;
    if ((int64_t)number > max_partition)
        return false;
    *partition = (int32_t)number;
    return true;
}

/* One number as scanf's %i takes it; the rest of the text, or NULL. */
static const char *scanned(const char *p, int32_t *value)
{
    int64_t number;
    size_t end = 0;

    if (dml_num_parse(dml_sv_of(p), 0, &number, &end) == DML_NUM_NONE || end == 0)
        return NULL;
    *value = (int32_t)number;
    return p + end;
}

/* "d5p2" */
static bool numbered(const char *vdev, int32_t *index, int32_t *partition)
{
    const char *p;

    if (*vdev != 'd' || !(p = scanned(vdev + 1, index)) || *p != 'p' || !(p = scanned(p + 1, partition)))
        return false;
    return !*p && *index < 1 << 20 && *partition < 256;
}

/*
 * libxl__device_disk_dev_number: -1 for what is no device. A plain number is a device, but one without index, which
 * libxl's arguments for QEMU then leave out: index is -1.
 */
static int32_t device_number(const char *vdev, int32_t *index, int32_t *partition)
{
    uint64_t number;

    if (numbered(vdev, index, partition) || lettered(vdev, "xvd", (1 << 20) - 1, 255, index, partition)) {
        uint32_t disk = (uint32_t)*index, part = (uint32_t)*partition;

        return (int32_t)(*index <= 15 && *partition <= 15 ? 202u << 8 | disk << 4 | part : 1u << 28 | disk << 8 | part);
    }
    *index = *partition = INT_MIN;
    if (dml_num_parse_u(dml_sv_of(vdev), 0, &number, NULL) == DML_NUM_OK && number <= INT_MAX)
        return (int32_t)number;
    if (!*vdev)
        return 0;
    if (lettered(vdev, "hd", 3, 63, index, partition))
        return (*index < 2 ? 3 : 22) << 8 | (*index & 1) << 6 | *partition;
    if (lettered(vdev, "sd", 15, 15, index, partition))
        return (int32_t)(8u << 8 | (uint32_t)*index << 4 | (uint32_t)*partition);
    return -1;
}

void dma_step_disk_number(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    k->number = k->d.vdev ? device_number(k->d.vdev, &k->index, &k->partition) : -1;
    if (k->number == -1)
        dma_refuse_at(w, DMA_REFUSAL_DISK_VDEV, DMA_FIELD_DISK, i, "vdev", "%s is no name that a disk can have",
                      vdev_of(k));
}

void dma_step_disk_is_new(struct walk *w, uint32_t i)
{
    struct disk *k = &w->disks[i];

    if (i == 0)
        w->disk_numbers = dma_numbers(w, w->g.disks.n);
    if (dma_number_seen(&w->disk_numbers, (uint32_t)k->number, k->d.backend == DMA_BACKEND_STANDALONE))
        dma_refuse_at(w, DMA_REFUSAL_DISK_TWICE, DMA_FIELD_DISK, i, "vdev", "there are two disks %s", vdev_of(k));
}

/* libxl__bootloader_run: the first disk is attached in dom0 for the bootloader to read. */
void dma_step_bootloader_disk(struct walk *w, uint32_t i)
{
    struct disk *k = w->disks;

    (void)i;
    if (!w->g.bootloader)
        return;
    if (!w->g.disks.n)
        dma_refuse(w, DMA_REFUSAL_BOOTLOADER_NO_DISK, DMA_FIELD_BOOTLOADER,
                   "the bootloader has no disk to read the kernel from");
    else if (!k->d.pdev_path)
        dma_refuse_at(w, DMA_REFUSAL_BOOTLOADER_NO_DISK, DMA_FIELD_DISK, 0, "target",
                      "the bootloader reads the first disk, which is empty");
}
