/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libxl's defaults and checks for a whole guest: libxl__domain_config_setdefault and
 * libxl__domain_build_info_setdefault (tools/libs/light/libxl_create.c, tools/libxl before 4.15), and what building the
 * domain refuses (libxl_dom.c).
 */
#include "base/num.h"
#include "dmargv/walk.h"

/* Less memory than maximum turns populate-on-demand on; looked at before libxl's own defaults. */
static bool pod(const struct walk *w)
{
    return w->g.type != DMA_PV && w->g.target_memkb < w->g.max_memkb;
}

/* Is the pool there: by number where it is one, else by name? DMA_UNSET: listed without the number that counts. */
static enum dma_bool has_pool(const struct walk *w, const char *pool)
{
    bool number = *pool && strspn(pool, "0123456789") == strlen(pool);
    enum dma_bool answer = DMA_NO;
    uint64_t id = 0;

    if (number)
        dml_num_parse_u(dml_sv_of(pool), 10, &id, NULL);
    if (number ? (uint32_t)id == 0 : strcmp(pool, "Pool-0") == 0)
        return DMA_YES;
    for (uint32_t i = 0; i < w->h.pools.n; i++) {
        const struct dma_pool *p = &w->h.pools.v[i];

        if (number ? p->id == (uint32_t)id : p->name && strcmp(p->name, pool) == 0)
            return DMA_YES;
        if (number ? p->id == UINT32_MAX : !p->name)
            answer = DMA_UNSET;
    }
    return answer;
}

/* libxl_cpupool_qualifier_to_cpupoolid, libxl_cpupoolid_is_valid */
void dma_step_config_pool(struct walk *w, uint32_t i)
{
    const char *pool = w->g.pool;
    enum dma_bool there = pool ? has_pool(w, pool) : DMA_YES;

    (void)i;
    if (there == DMA_YES)
        return;
    if (*pool && (there == DMA_UNSET || w->h.pools_known != DMA_LIST_COMPLETE))
        dma_doubt(w, DMA_NOTE_POOL_UNKNOWN, DMA_FIELD_POOL, -1,
                  "whether the host has a cpupool %s is not known; libxl refuses the guest if not", pool);
    if (!*pool || (w->h.pools_known != DMA_LIST_UNKNOWN && there == DMA_NO))
        dma_refuse(w, DMA_REFUSAL_POOL, DMA_FIELD_POOL, *pool ? "the host has no cpupool %s" : "a cpupool has a name%s",
                   pool);
    w->doubt = DMA_NOTE_NONE;
}

void dma_step_config_pod_with_pci(struct walk *w, uint32_t i)
{
    (void)i;
    if (pod(w) && w->g.pcidevs.n)
        dma_refuse(w, DMA_REFUSAL_POD_WITH_PCI, DMA_FIELD_PCI,
                   "PCI devices cannot be passed through to a guest that starts with less memory than maxmem");
}

void dma_step_config_pod_with_iommu(struct walk *w, uint32_t i)
{
    (void)i;
    if (pod(w) && w->g.passthrough != DMA_PASSTHROUGH_DISABLED)
        dma_refuse(w, DMA_REFUSAL_POD_WITH_IOMMU, w->g.pcidevs.n ? DMA_FIELD_PCI : DMA_FIELD_PASSTHROUGH,
                   "passthrough needs an IOMMU, which does not work when a guest starts with less memory than maxmem");
}

/* libxl__domain_config_setdefault with libxl__arch_passthrough_mode_setdefault (libxl_x86.c) */
void dma_step_config_passthrough(struct walk *w, uint32_t i)
{
    enum dma_passthrough *mode = &w->g.passthrough;
    bool devices = w->g.pcidevs.n || w->g.dtdevs.n;
    enum dma_field field = devices ? DMA_FIELD_PCI : DMA_FIELD_PASSTHROUGH;
    bool can_share = w->g.type == DMA_HVM && w->g.hap != DMA_NO;

    (void)i;
    if (*mode == DMA_PASSTHROUGH_UNSET)
        *mode = devices ? DMA_PASSTHROUGH_ENABLED : DMA_PASSTHROUGH_DISABLED;
    if (*mode != DMA_PASSTHROUGH_DISABLED && w->h.iommu == DMA_NO) {
        dma_refuse(w, DMA_REFUSAL_NO_IOMMU, field, "Xen uses no IOMMU, without which nothing is passed through");
        return;
    }
    if (*mode != DMA_PASSTHROUGH_DISABLED && w->h.iommu == DMA_UNSET)
        dma_note(w, DMA_NOTE_IOMMU_UNKNOWN, field, -1,
                 "whether Xen uses an IOMMU is not known; libxl refuses passthrough if not");
    if (*mode == DMA_PASSTHROUGH_DISABLED && devices) {
        dma_refuse(w, DMA_REFUSAL_PASSTHROUGH_DISABLED, DMA_FIELD_PASSTHROUGH,
                   "passthrough is disabled, but devices are to be passed through");
    } else if (*mode != DMA_PASSTHROUGH_DISABLED && w->g.type == DMA_PVH) {
        dma_refuse(w, DMA_REFUSAL_PASSTHROUGH_ON_PVH, field, "a PVH guest cannot have devices passed through");
    } else if (*mode == DMA_PASSTHROUGH_SHARE_PT && !can_share) {
        dma_refuse(w, DMA_REFUSAL_PASSTHROUGH_SHARE, DMA_FIELD_PASSTHROUGH,
                   "only an HVM guest with hap can share its page tables with the IOMMU");
    }
}

void dma_step_config_vnuma(struct walk *w, uint32_t i)
{
    (void)i;
    if (!w->g.vnuma.n)
        return;
    if (pod(w))
        dma_refuse(w, DMA_REFUSAL_POD_WITH_VNUMA, DMA_FIELD_VNUMA,
                   "vnuma does not work when a guest starts with less memory than maxmem");
    else if (w->g.type == DMA_PV)
        dma_refuse(w, DMA_REFUSAL_PV_VNUMA, DMA_FIELD_VNUMA, "a PV guest cannot have vnuma");
}

/*
 * libxl__get_required_paging_memory; before 4.13 xl itself asks for it. Without memory= the maximum is not yet set
 * here, and the sum becomes larger than any host: the guest is refused further down.
 */
void dma_step_config_shadow(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->g.shadow_memkb == DMA_KB_UNSET)
        w->g.shadow_memkb = UINT64_C(4) * (256 * (uint64_t)w->g.max_vcpus + 2 * (w->g.max_memkb / 1024));
}

static const char *program_of(const struct walk *w)
{
    const struct dma_guest *g = &w->g;

    if (g->device_model)
        return g->device_model;
    if (g->device_model_version == DMA_DM_TRADITIONAL)
        return w->h.traditional_path ? w->h.traditional_path : DMA_TRADITIONAL_PATH;
    return w->h.qemu_path ? w->h.qemu_path : DMA_QEMU_PATH;
}

/* Is the program of the chosen device model there? */
static bool program_exists(const struct walk *w)
{
    const struct dma_guest *g = &w->g;
    enum dma_bool installed = g->device_model_version == DMA_DM_TRADITIONAL ? w->h.traditional_installed
                                                                            : w->h.qemu_installed;

    if (!g->device_model) /* not the guest's to name: what is said of files does not count */
        return installed != DMA_NO;
    return dma_file(w, program_of(w)) != DMA_FILE_ABSENT;
}

/* Up to 4.20: qemu-xen-traditional where qemu-xen is missing (said at level INFO), and for every stub domain. */
void dma_step_choose_device_model_or_traditional(struct walk *w, uint32_t i)
{
    struct dma_guest *g = &w->g;

    (void)i;
    dma_default(&g->device_model_stubdomain, false);
    if (g->device_model_version != DMA_DM_UNSET)
        return;
    if (g->type == DMA_HVM && dma_yes(g->device_model_stubdomain)) {
        g->device_model_version = DMA_DM_TRADITIONAL;
        return;
    }
    g->device_model_version = DMA_DM_QEMU_XEN;
    if (!program_exists(w)) {
        g->device_model_version = DMA_DM_TRADITIONAL;
        dma_note(
            w, DMA_NOTE_TRADITIONAL_FALLBACK, DMA_FIELD_DEVICE_MODEL_VERSION, -1,
            "qemu-xen is not installed: libxl takes qemu-xen-traditional in its place, and one line of level INFO is "
            "all that says so");
    }
}

/* From 4.21: nothing to fall back to. A stub domain's QEMU has no path in dom0, which counts as missing. */
void dma_step_choose_device_model(struct walk *w, uint32_t i)
{
    struct dma_guest *g = &w->g;

    (void)i;
    dma_default(&g->device_model_stubdomain, false);
    if (g->device_model_version != DMA_DM_UNSET)
        return;
    g->device_model_version = DMA_DM_QEMU_XEN;
    if (dma_yes(g->device_model_stubdomain) || !program_exists(w))
        g->device_model_version = DMA_DM_UNSET;
}

/* Xen's own build has neither since 4.16, unless configure was told to (CHANGELOG.md of 4.16). */
void dma_step_traditional_not_built(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->h.traditional_installed == DMA_UNSET && !w->g.device_model)
        dma_note(
            w, DMA_NOTE_TRADITIONAL_NOT_BUILT, DMA_FIELD_DEVICE_MODEL_VERSION, -1,
            "since Xen 4.16 qemu-xen-traditional is built only with --enable-qemu-traditional: it may not be there");
}

void dma_step_pv_grub_not_built(struct walk *w, uint32_t i)
{
    const char *kernel = w->g.kernel, *name = kernel ? strrchr(kernel, '/') : NULL;

    (void)i;
    name = name ? name + 1 : kernel;
    if (name && strncmp(name, "pv-grub", 7) == 0)
        dma_note(w, DMA_NOTE_PV_GRUB_NOT_BUILT, DMA_FIELD_KERNEL, -1,
                 "since Xen 4.16 pv-grub is built only with --enable-pv-grub: it may not be there");
}

void dma_step_no_device_model_known(struct walk *w, uint32_t i)
{
    (void)i;
    dma_refuse(w, DMA_REFUSAL_DEVICE_MODEL_UNKNOWN, DMA_FIELD_DEVICE_MODEL_VERSION, "%s",
               dma_yes(w->g.device_model_stubdomain) ? "this release wants device_model_version with a stub domain"
                                                     : "the guest needs a device model, and qemu-xen is not installed");
}

void dma_step_build_bios(struct walk *w, uint32_t i)
{
    struct dma_guest *g = &w->g;
    bool traditional = g->device_model_version == DMA_DM_TRADITIONAL;

    (void)i;
    if (g->device_model_version == DMA_DM_UNSET) {
        dma_step_no_device_model_known(w, 0);
        return;
    }
    if (g->hvm.bios == DMA_BIOS_UNSET)
        g->hvm.bios = traditional ? DMA_BIOS_ROMBIOS : DMA_BIOS_SEABIOS;
    if (traditional && g->hvm.bios != DMA_BIOS_ROMBIOS)
        dma_refuse(w, DMA_REFUSAL_TRADITIONAL_NEEDS_ROMBIOS, DMA_FIELD_BIOS,
                   "qemu-xen-traditional works with the BIOS \"rombios\" only");
    else if (!traditional && g->hvm.bios == DMA_BIOS_ROMBIOS)
        dma_refuse(w, DMA_REFUSAL_ROMBIOS_WITH_QEMU_XEN, DMA_FIELD_BIOS,
                   "qemu-xen does not work with the BIOS \"rombios\"");
}

void dma_step_build_direct_boot(struct walk *w, uint32_t i)
{
    const struct dma_guest *g = &w->g;

    (void)i;
    if (!g->kernel && (g->ramdisk || g->cmdline))
        dma_refuse(w, DMA_REFUSAL_DIRECT_BOOT_WITHOUT_KERNEL, g->ramdisk ? DMA_FIELD_RAMDISK : DMA_FIELD_CMDLINE,
                   "a ramdisk or a command line is given, but no kernel to boot directly");
}

void dma_step_build_stubdom_needs_traditional(struct walk *w, uint32_t i)
{
    (void)i;
    if (dma_yes(w->g.device_model_stubdomain))
        dma_refuse(w, DMA_REFUSAL_STUBDOM_NEEDS_TRADITIONAL, DMA_FIELD_DEVICE_MODEL_STUBDOMAIN_OVERRIDE,
                   "this release has stub domains for qemu-xen-traditional only");
}

void dma_step_build_vcpus(struct walk *w, uint32_t i)
{
    enum { MAX_BITMAP_BYTES = 128, HOST_CPUS = 64 };
    struct dma_guest *g = &w->g;

    (void)i;
    if (g->max_vcpus == 0)
        g->max_vcpus = 1;
    if (g->avail_vcpus_bits == DMA_VCPUS_HOST)
        g->avail_vcpus_bits = w->h.cpus ? w->h.cpus : HOST_CPUS;
    if (g->avail_vcpus_bits == 0) {
        g->avail_vcpus_bits = 1;
        g->avail_vcpus = 1;
    } else if ((g->avail_vcpus_bits - 1) / 8 + 1 > MAX_BITMAP_BYTES) {
        dma_refuse(w, DMA_REFUSAL_TOO_MANY_VCPUS, DMA_FIELD_VCPUS, "%u vcpus are more than libxl can count",
                   g->avail_vcpus_bits);
    }
}

void dma_step_build_memory(struct walk *w, uint32_t i)
{
    struct dma_guest *g = &w->g;

    (void)i;
    w->memory_given = g->target_memkb != DMA_KB_UNSET;
    if (g->max_memkb == DMA_KB_UNSET)
        g->max_memkb = UINT64_C(32) * 1024;
    if (g->target_memkb == DMA_KB_UNSET)
        g->target_memkb = g->max_memkb;
    dma_default(&g->acpi, true);
    dma_default(&g->dm_restrict, false);
    if (g->hvm.mmio_hole_memkb == DMA_KB_UNSET)
        g->hvm.mmio_hole_memkb = 0;
}

static void video(struct walk *w, uint64_t least_mib, const char *card)
{
    uint64_t *kb = &w->g.video_memkb;

    if (*kb == DMA_KB_UNSET)
        *kb = least_mib * 1024;
    if (*kb < least_mib * 1024)
        dma_refuse(w, DMA_REFUSAL_VIDEORAM_TOO_SMALL, DMA_FIELD_VIDEORAM, "%s needs at least %u MiB of videoram", card,
                   (unsigned)least_mib);
}

void dma_step_build_video_traditional(struct walk *w, uint32_t i)
{
    struct dma_guest *g = &w->g;

    (void)i;
    if (g->hvm.vga == DMA_VGA_UNSET)
        g->hvm.vga = DMA_VGA_CIRRUS;
    switch (g->hvm.vga) {
    case DMA_VGA_NONE:
        video(w, 0, "");
        break;
    case DMA_VGA_QXL:
        dma_refuse(w, DMA_REFUSAL_QXL_NEEDS_QEMU_XEN, DMA_FIELD_VGA, "qemu-xen-traditional has no qxl card");
        break;
    case DMA_VGA_STD:
        video(w, 8, "stdvga");
        break;
    default:
        if (g->video_memkb == DMA_KB_UNSET)
            g->video_memkb = UINT64_C(4) * 1024;
    }
}

void dma_step_build_video(struct walk *w, uint32_t i)
{
    struct dma_guest *g = &w->g;

    (void)i;
    if (g->hvm.vga == DMA_VGA_UNSET)
        g->hvm.vga = DMA_VGA_CIRRUS;
    switch (g->hvm.vga) {
    case DMA_VGA_NONE:
        video(w, 0, "");
        break;
    case DMA_VGA_QXL:
        video(w, 128, "qxl");
        break;
    case DMA_VGA_STD:
        video(w, 16, "stdvga");
        break;
    default:
        video(w, 8, "cirrus");
    }
}

void dma_step_build_no_video(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->g.video_memkb == DMA_KB_UNSET)
        w->g.video_memkb = 0;
}

void dma_step_build_hvm(struct walk *w, uint32_t i)
{
    struct dma_guest *g = &w->g;
    struct dma_spice *spice = &g->hvm.spice;

    (void)i;
    if (g->hvm.hdtype == DMA_HDTYPE_UNSET)
        g->hvm.hdtype = DMA_HDTYPE_IDE;
    dma_default(&g->hvm.usb, false);
    dma_default(&g->hvm.xen_platform_pci, true);
    dma_default(&spice->enable, false);
    if (!dma_yes(spice->enable) && spice->usbredirection > 0)
        spice->usbredirection = 0;
    if (!g->hvm.usbversion && spice->usbredirection > 0)
        g->hvm.usbversion = 2;
    if ((g->hvm.usbversion || spice->usbredirection) &&
        (dma_yes(g->hvm.usb) || g->hvm.usbdevice_list.v || g->hvm.usbdevice)) {
        dma_refuse(w, DMA_REFUSAL_USB_CONTROLLER_CONFLICT,
                   g->hvm.usbversion ? DMA_FIELD_USBVERSION : DMA_FIELD_SPICEUSBREDIRECTION,
                   "usbversion and spiceusbredirection cannot be used together with usb and usbdevice");
        return;
    }
    if (!g->hvm.boot)
        g->hvm.boot = "cda";
    dma_default(&g->hvm.vnc.enable, true);
    if (dma_yes(g->hvm.vnc.enable)) {
        dma_default(&g->hvm.vnc.findunused, true);
        if (!g->hvm.vnc.listen)
            g->hvm.vnc.listen = "127.0.0.1";
        w->vnc = &g->hvm.vnc;
    }
    dma_default(&g->hvm.sdl.enable, false);
    if (dma_yes(g->hvm.sdl.enable))
        w->sdl = &g->hvm.sdl;
    dma_default(&spice->agent_mouse, true);
    dma_default(&g->hvm.gfx_passthru, false);
}

void dma_step_build_grant_version(struct walk *w, uint32_t i)
{
    int64_t version = w->g.max_grant_version;

    (void)i;
    if (version != DMA_COUNT_UNSET && (version & ~(int64_t)15))
        dma_refuse(w, DMA_REFUSAL_GRANT_VERSION, DMA_FIELD_MAX_GRANT_VERSION, "there is no grant table version %lld",
                   (long long)version);
}

/* libxl_sched.c: credit, the default up to 4.11, and credit2 have the same limits. */
void dma_step_build_scheduling(struct walk *w, uint32_t i)
{
    int32_t weight = w->g.cpu_weight, cap = w->g.cap;
    int64_t most = (int64_t)(w->g.max_vcpus ? w->g.max_vcpus : 1) * 100;

    (void)i;
    if (weight != DMA_COUNT_UNSET && (weight < 1 || weight > 65535))
        dma_refuse(w, DMA_REFUSAL_CPU_WEIGHT, DMA_FIELD_CPU_WEIGHT, "a weight of %d is out of range", (int)weight);
    else if (cap != DMA_COUNT_UNSET && (cap < 0 || cap > most))
        dma_refuse(w, DMA_REFUSAL_CPU_CAP, DMA_FIELD_CAP, "a cap of %d is out of range for its vcpus", (int)cap);
}

/* 4.10 read an HVM field of a PVH guest here, and stopped at its own assertion. */
void dma_step_config_nested_pvh(struct walk *w, uint32_t i)
{
    (void)i;
    if (dma_yes(w->g.nested_hvm))
        dma_refuse(w, DMA_REFUSAL_NESTED_ON_PVH, DMA_FIELD_NESTEDHVM,
                   "this release aborts on a PVH guest with nestedhvm");
}

void dma_step_config_altp2m(struct walk *w, uint32_t i)
{
    const struct dma_guest *g = &w->g;
    bool altp2m = g->altp2m != DMA_ALTP2M_DISABLED || (g->type == DMA_HVM && dma_yes(g->altp2mhvm));
    enum dma_field field = g->altp2m != DMA_ALTP2M_DISABLED ? DMA_FIELD_ALTP2M : DMA_FIELD_ALTP2MHVM;

    (void)i;
    if (altp2m && dma_yes(g->nested_hvm))
        dma_refuse(w, DMA_REFUSAL_NESTED_WITH_ALTP2M, field, "nestedhvm and altp2m exclude each other");
    else if (altp2m && pod(w))
        dma_refuse(w, DMA_REFUSAL_POD_WITH_ALTP2M, field,
                   "altp2m does not work when a guest starts with less memory than maxmem");
}

/*
 * xl frees memory of dom0 before libxl creates the guest, and gives up where the host has too little. How much that is
 * no fact says; 2 TiB is more than any Xen release supports for one guest.
 */
void dma_step_config_host_memory(struct walk *w, uint32_t i)
{
    const uint64_t most_kb = UINT64_C(2) << 30;
    const struct dma_guest *g = &w->g;
    uint64_t shadow = g->shadow_memkb == DMA_KB_UNSET ? 0 : g->shadow_memkb;

    (void)i;
    if (g->target_memkb > most_kb || shadow > most_kb || g->target_memkb + shadow > most_kb)
        dma_refuse(w, DMA_REFUSAL_NOT_ENOUGH_MEMORY, DMA_FIELD_MEMORY, "%s",
                   w->memory_given ? "the guest asks for more memory than a host can give to one guest"
                                   : "no memory size is given, and without one xl asks for more than any host has");
}

/* libxl__domain_rename: two domains cannot have one name. */
static void check_name(struct walk *w)
{
    const char *name = w->g.name ? w->g.name : "";
    bool taken = strcmp(name, "Domain-0") == 0;

    for (uint32_t i = 0; i < w->h.domains.n && !taken; i++) {
        const struct dma_domain *d = &w->h.domains.v[i];

        if (strcmp(d->name, name) != 0 || d->guest == DMA_YES)
            continue;
        taken = true;
        if (d->guest == DMA_UNSET)
            dma_doubt(w, DMA_NOTE_DOMAIN_NAME_UNKNOWN, DMA_FIELD_NAME, -1,
                      "whether the running domain %s is this guest is not known; libxl refuses a second one", name);
    }
    if (taken)
        dma_refuse(w, DMA_REFUSAL_NAME_TAKEN, DMA_FIELD_NAME, "there is a running domain %s already", name);
}

void dma_step_make_domain(struct walk *w, uint32_t i)
{
    (void)i;
    w->made = true;
    check_name(w);
    if (w->stop)
        return;
    if (dma_yes(w->g.trap_unmapped_accesses))
        dma_refuse(w, DMA_REFUSAL_TRAP_UNMAPPED, DMA_FIELD_TRAP_UNMAPPED_ACCESSES,
                   "trap_unmapped_accesses does not exist on x86");
}

void dma_step_build_tsc_mode(struct walk *w, uint32_t i)
{
    enum { NATIVE_PARAVIRT = 3 };

    (void)i;
    if (w->g.tsc_mode == NATIVE_PARAVIRT)
        dma_refuse(w, DMA_REFUSAL_TSC_MODE_REMOVED, DMA_FIELD_TSC_MODE,
                   "the tsc_mode \"native_paravirt\" was removed in Xen 4.12");
}

/* hvm_set_viridian_features */
void dma_step_build_viridian(struct walk *w, uint32_t i)
{
    const uint64_t base = 1, known = (UINT64_C(1) << 13) - 1;
    const uint64_t usual = base | 1u << 1 | 1u << 2 | 1u << 5 | 1u << 6;
    const struct dma_guest *g = &w->g;
    uint64_t on = dma_yes(g->hvm.viridian) ? usual : 0;

    (void)i;
    if (g->hvm.viridian_enable & g->hvm.viridian_disable) {
        dma_refuse(w, DMA_REFUSAL_VIRIDIAN_GROUPS, DMA_FIELD_VIRIDIAN, "a viridian group is switched both on and off");
        return;
    }
    on = (on | (g->hvm.viridian_enable & known)) & ~g->hvm.viridian_disable;
    if (on && !(on & base))
        dma_refuse(w, DMA_REFUSAL_VIRIDIAN_GROUPS, DMA_FIELD_VIRIDIAN, "the viridian group base is off, others are on");
}

static void must_exist(struct walk *w, const char *path, enum dma_field field, enum dma_file_type type)
{
    if (!w->stop && path && type == DMA_FILE_ABSENT)
        dma_refuse(w, DMA_REFUSAL_FILE_MISSING, field, *path ? "%s does not exist" : "the path%s is empty", path);
}

/* libxl_read_file_contents */
static void must_be_readable(struct walk *w, const char *path, enum dma_field field)
{
    must_exist(w, path, field, path ? dma_file(w, path) : DMA_FILE_UNKNOWN);
    if (!w->stop && path && dma_plain_file(w, path) == DMA_FILE_DIRECTORY)
        dma_refuse(w, DMA_REFUSAL_FILE_MISSING, field, "%s is a directory", path);
}

/* A kernel and the like, where an empty path is none. */
static void must_load(struct walk *w, const char *path, enum dma_field field)
{
    if (path && *path)
        must_exist(w, path, field, dma_plain_file(w, path));
}

/* libxl__domain_firmware, libxl__build_pv: files that libxl itself opens. */
void dma_step_build_files(struct walk *w, uint32_t i)
{
    const struct dma_guest *g = &w->g;

    (void)i;
    if (g->type == DMA_HVM) {
        if (g->hvm.firmware && *g->hvm.firmware == '/') /* else below the folder that libxl was built with */
            must_load(w, g->hvm.firmware, DMA_FIELD_FIRMWARE_OVERRIDE);
        if (g->device_model_version == DMA_DM_QEMU_XEN)
            must_be_readable(w, g->hvm.system_firmware, DMA_FIELD_BIOS_PATH_OVERRIDE);
        must_be_readable(w, g->hvm.smbios_firmware, DMA_FIELD_SMBIOS_FIRMWARE);
        must_be_readable(w, g->hvm.acpi_firmware, DMA_FIELD_ACPI_FIRMWARE);
    } else if (!g->bootloader) {
        must_load(w, g->kernel, DMA_FIELD_KERNEL);
        must_load(w, g->ramdisk, DMA_FIELD_RAMDISK);
    }
    if (g->type == DMA_PVH) /* it counts without pvshim=1, too */
        must_load(w, g->pvh.pvshim_path, DMA_FIELD_PVSHIM_PATH);
}

/* libxl__arch_domain_create (libxl_x86.c): the host's memory map is cut to the guest's memory. */
void dma_step_build_e820(struct walk *w, uint32_t i)
{
    (void)i;
    if (dma_yes(w->g.pv.e820_host) && w->g.max_memkb == 0)
        dma_refuse(w, DMA_REFUSAL_NOT_ENOUGH_MEMORY, DMA_FIELD_MEMORY, "a guest without memory cannot have e820_host");
}

/* init_acpi_config (libxl_x86_acpi.c): libxl writes one bit for each vcpu into a table for 128, and over its end. */
void dma_step_build_pvh_tables(struct walk *w, uint32_t i)
{
    enum { ROOM = 128 };

    (void)i;
    if (w->g.avail_vcpus > ROOM)
        dma_refuse(w, DMA_REFUSAL_TOO_MANY_VCPUS, DMA_FIELD_VCPUS,
                   "%u vcpus are more than a PVH guest's tables have room for", w->g.avail_vcpus);
}

static bool vnode_has(const struct dma_vnode *v, uint32_t vcpu)
{
    return vcpu / 8 < v->vcpus_bytes && (v->vcpus[vcpu / 8] >> vcpu % 8 & 1);
}

/* libxl__vnuma_build_vmemrange_hvm, libxl__vnuma_config_check */
void dma_step_build_vnuma(struct walk *w, uint32_t i)
{
    const struct dma_guest *g = &w->g;
    uint64_t total = 0;

    (void)i;
    if (!g->vnuma.n)
        return;
    if (g->vnuma.v[0].mem_kb < g->video_memkb) {
        dma_refuse_at(w, DMA_REFUSAL_VNUMA_INVALID, DMA_FIELD_VNUMA, 0, "size",
                      "the first vnode has no room for the video memory");
        return;
    }
    for (uint32_t n = 0; n < g->vnuma.n; n++) {
        const struct dma_vnode *v = &g->vnuma.v[n];

        total += v->mem_kb;
        if (!w->h.numa_nodes && v->pnode)
            dma_note(w, DMA_NOTE_NODES_UNKNOWN, DMA_FIELD_VNUMA, (int32_t)n,
                     "whether the host has a NUMA node %u is not known; xl refuses the guest if not", v->pnode);
        if (w->h.numa_nodes && v->pnode >= w->h.numa_nodes) {
            dma_refuse_at(w, DMA_REFUSAL_VNUMA_INVALID, DMA_FIELD_VNUMA, n, "pnode", "the host has no NUMA node %u",
                          v->pnode);
            return;
        }
        for (uint32_t d = 0; d < v->num_distances && n < v->num_distances; d++) {
            if (v->distances[n] > v->distances[d]) {
                dma_refuse_at(w, DMA_REFUSAL_VNUMA_INVALID, DMA_FIELD_VNUMA, n, "vdistances",
                              "a vnode is nearer to vnode %u than to itself", d);
                return;
            }
        }
    }
    if (total == g->max_memkb && total == g->video_memkb) { /* libxl runs past the end of no memory ranges */
        dma_refuse(w, DMA_REFUSAL_VNUMA_INVALID, DMA_FIELD_VNUMA, "the vnodes have no memory beside the video memory");
        return;
    }
    if (total != g->max_memkb) {
        dma_refuse(w, DMA_REFUSAL_VNUMA_INVALID, DMA_FIELD_VNUMA, "the vnodes' memory is not the guest's memory");
        return;
    }
    for (uint32_t vcpu = 0; vcpu < g->max_vcpus; vcpu++) {
        uint32_t owners = 0;

        for (uint32_t n = 0; n < g->vnuma.n; n++)
            owners += vnode_has(&g->vnuma.v[n], vcpu);
        if (owners != 1) {
            dma_refuse(w, DMA_REFUSAL_VNUMA_INVALID, DMA_FIELD_VNUMA, "vcpu %u belongs to %s", vcpu,
                       owners ? "more than one vnode" : "no vnode");
            return;
        }
    }
}

/* libxl__create_qemu_logfile: in a folder, under a name that the guest's is a part of */
static void log_file(struct walk *w, const char *prefix)
{
    enum { LONGEST = 255 };
    const char *name = w->g.name ? w->g.name : "";
    size_t longest = LONGEST - strlen(prefix) - (sizeof ".log" - 1);

    if (w->stubdom)
        return;
    if (strchr(name, '/'))
        dma_refuse(w, DMA_REFUSAL_NAME_IN_PATH, DMA_FIELD_NAME,
                   "QEMU's log file is to be %s%s.log, in a folder that does not exist", prefix, name);
    else if (strlen(name) > longest)
        dma_refuse(w, DMA_REFUSAL_NAME_TOO_LONG, DMA_FIELD_NAME,
                   "QEMU's log file %sNAME.log gets too long a name: the guest's has more than %zu bytes", prefix,
                   longest);
}

void dma_step_probe_log_file(struct walk *w, uint32_t i)
{
    (void)i;
    log_file(w, "qemu-probe-");
}

void dma_step_log_file(struct walk *w, uint32_t i)
{
    (void)i;
    log_file(w, "qemu-dm-");
}

void dma_step_spawn_program(struct walk *w, uint32_t i)
{
    (void)i;
    w->program = program_of(w);
    if (w->g.device_model_version == DMA_DM_UNSET)
        return;
    if (!program_exists(w)) {
        dma_refuse(w, DMA_REFUSAL_DEVICE_MODEL_MISSING,
                   w->g.device_model ? DMA_FIELD_DEVICE_MODEL_OVERRIDE : DMA_FIELD_DEVICE_MODEL_VERSION,
                   "the device model %s is not there or not executable", w->program);
    } else if (!w->g.device_model && !w->h.qemu_path && w->g.device_model_version == DMA_DM_QEMU_XEN) {
        dma_note(w, DMA_NOTE_QEMU_PATH_UNKNOWN, DMA_FIELD_NONE, -1,
                 "where QEMU is installed is not known; %s is what an upstream build runs", w->program);
    }
}

/* The process is confined where dm_restrict asks for it: libxl__local_dm_preexec_restrict, libxl__pre_open_qmp_socket.
 */
void dma_step_spawn_confined(struct walk *w, uint32_t i)
{
    static const struct dma_rlimit limits[] = {
        {"RLIMIT_FSIZE", UINT64_C(256) * 1024},
        {"RLIMIT_CORE", 0},
        {"RLIMIT_MSGQUEUE", 0},
        {"RLIMIT_LOCKS", 0},
        {"RLIMIT_MEMLOCK", 0},
    };
    struct dma_process *p = &w->result->process;

    (void)i;
    if (!dma_yes(w->g.dm_restrict))
        return;
    p->unshare_mount = p->unshare_ipc = true;
    p->rlimits = limits;
    p->n_rlimits = sizeof limits / sizeof limits[0];
    p->qmp_preopened = true;
    p->chroot_dir = dma_text(w, "%s/qemu-root-%u", w->h.run_dir, w->domid);
}
