/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the host that a guest names, from the guest that xl reads. */
#include "facts/files.h"

#include <string.h>

#define SCRIPTS "/etc/xen/scripts" /* where libxl looks for scripts without a path */
#define BRIDGES "/sys/class/net"

struct collecting {
    struct dml_subject *s;
    DML_VEC(struct dml_named_file) v;
};

/* `folder`: of a name without a path; NULL: only whole paths can be looked at. */
static void add(struct collecting *c, const char *what, const char *path, const char *folder, enum dml_key_id key,
                int32_t index, enum dml_spec_id spec)
{
    _Bool whole = path && *path == '/';
    if (!path || !*path || (!whole && !folder))
        return;
    const char *at = whole ? path : dml_arena_printf(c->s->a, "%s/%s", folder, path);
    struct dml_named_file *f = at ? dml_vec_add(c->s->a, &c->v) : NULL;
    if (!f)
        return;
    const struct dml_guest_part *part = spec == DML_SPEC_COUNT ? NULL : dml_guest_part(&c->s->guest, key, index, spec);
    *f = (struct dml_named_file){.what = what,
                                 .path = at,
                                 .key = key,
                                 .index = index,
                                 .span = part ? part->span : dml_guest_element(&c->s->guest, key, index),
                                 .type = dml_target_file(&c->s->world->dma_host, at, whole)};
}

static _Bool in_dom0(const char *backend)
{
    return !backend || strcmp(backend, "0") == 0 || strcmp(backend, "Domain-0") == 0;
}

static void add_disks(struct collecting *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    for (uint32_t i = 0; i < g->disks.n; i++) {
        const struct dma_disk *d = &g->disks.v[i];
        if (!in_dom0(d->backend_domname))
            continue;
        add(c, "the block script", d->script, SCRIPTS, DML_KEY_disk, (int32_t)i, DML_SPEC_disk_script);
        if (!d->script && d->format != DMA_FORMAT_EMPTY) /* a script makes of its target what it likes */
            add(c, "the image or device", d->pdev_path, NULL, DML_KEY_disk, (int32_t)i, DML_SPEC_disk_target);
    }
}

/* The usual script, vif-bridge, wants the bridge; a name with more in it is for others. */
static void add_nics(struct collecting *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    for (uint32_t i = 0; i < g->nics.n; i++) {
        const struct dma_nic *n = &g->nics.v[i];
        if (!in_dom0(n->backend_domname))
            continue;
        add(c, "the script", n->script, SCRIPTS, DML_KEY_vif, (int32_t)i, DML_SPEC_vif_script);
        if (n->bridge && !strpbrk(n->bridge, "/.:") && (!n->script || strstr(n->script, "vif-bridge")))
            add(c, "the bridge", n->bridge, BRIDGES, DML_KEY_vif, (int32_t)i, DML_SPEC_vif_bridge);
    }
}

uint32_t dml_subject_files(struct dml_subject *s, const struct dml_named_file **files)
{
    const struct dma_guest *g = &s->guest.g;
    const struct {
        const char *what, *path;
        enum dml_key_id key;
        _Bool used;
    } rows[] = {
        {"the kernel", g->kernel, DML_KEY_kernel, 1},
        {"the ramdisk", g->ramdisk, DML_KEY_ramdisk, g->kernel != NULL},
        {"the bootloader", g->bootloader, DML_KEY_bootloader, g->type != DMA_HVM},
        {"the firmware", g->hvm.firmware, DML_KEY_firmware_override, g->type == DMA_HVM},
        {"the firmware", g->hvm.system_firmware, DML_KEY_bios_path_override, g->type == DMA_HVM},
        {"the file with SMBIOS structures", g->hvm.smbios_firmware, DML_KEY_smbios_firmware, g->type == DMA_HVM},
        {"the file with ACPI tables", g->hvm.acpi_firmware, DML_KEY_acpi_firmware, g->type == DMA_HVM},
        {"the shim", g->pvh.pvshim_path, DML_KEY_pvshim_path, g->type == DMA_PVH},
        {"the device model", g->device_model, DML_KEY_device_model_override, 1},
    };
    struct collecting c = {.s = s};
    add_disks(&c);
    add_nics(&c);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].used && s->guest.by_key[rows[i].key])
            add(&c, rows[i].what, rows[i].path, NULL, rows[i].key, -1, DML_SPEC_COUNT);
    *files = c.v.v;
    return s->a->failed ? 0 : c.v.n;
}

uint32_t dml_subject_files_unseen(struct dml_subject *s)
{
    const struct dml_named_file *v;
    uint32_t n = dml_subject_files(s, &v), unseen = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t before = 0;
        while (before < i && strcmp(v[before].path, v[i].path) != 0)
            before++;
        unseen += before == i && v[i].type == DMA_FILE_UNKNOWN;
    }
    return unseen;
}
