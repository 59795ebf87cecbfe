/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments of qemu-xen-traditional, up to Xen 4.20: libxl__build_device_model_args_old (libxl_dm.c). */
#include "dmargv/walk.h"

void dma_step_old_domid_and_name(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg(w, w->program);
    dma_arg(w, "-d");
    dma_argf(w, "%u", w->domid);
    if (w->g.name)
        dma_arg2(w, "-domain-name", w->g.name);
}

static bool old_vnc(struct walk *w)
{
    const char *address;

    if (!w->vnc)
        return false;
    if (!(address = dma_vnc_address(w)))
        return true;
    dma_arg(w, "-vnc");
    dma_argf(w, "%s%s", address, w->vnc->passwd && *w->vnc->passwd ? ",password" : "");
    if (dma_yes(w->vnc->findunused))
        dma_arg(w, "-vncunused");
    return true;
}

void dma_step_old_vnc_or_none(struct walk *w, uint32_t i)
{
    (void)i;
    if (!old_vnc(w))
        dma_arg2(w, "-vnc", "none");
}

void dma_step_old_vnc_or_nographic(struct walk *w, uint32_t i)
{
    (void)i;
    if (!old_vnc(w) && !w->sdl)
        dma_arg(w, "-nographic");
}

void dma_step_old_sdl(struct walk *w, uint32_t i)
{
    (void)i;
    if (!w->sdl)
        return;
    dma_arg(w, "-sdl");
    if (!dma_yes(w->sdl->opengl))
        dma_arg(w, "-disable-opengl");
}

void dma_step_old_no_kernel(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->g.kernel)
        dma_refuse(w, DMA_REFUSAL_TRADITIONAL_KERNEL, DMA_FIELD_KERNEL,
                   "qemu-xen-traditional cannot boot a kernel directly");
}

void dma_step_old_video(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->g.video_memkb) {
        dma_arg(w, "-videoram");
        dma_argf(w, "%d", (int)dma_mib(w->g.video_memkb));
    }
    if (w->g.hvm.vga == DMA_VGA_STD)
        dma_arg(w, "-std-vga");
    else if (w->g.hvm.vga == DMA_VGA_NONE)
        dma_arg2(w, "-vga", "none");
}

void dma_step_old_boot(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg2(w, "-boot", w->g.hvm.boot);
}

void dma_step_old_usb(struct walk *w, uint32_t i)
{
    (void)i;
    dma_usb_devices(w);
}

/* libxl_bitmap_to_hex_string of the vcpus that are online at start: the first `n` of `bits`. */
static const char *bitmap(struct walk *w, uint32_t n, uint32_t bits)
{
    uint32_t bytes = (bits + 7) / 8;
    char *text = dml_arena_calloc(w->a, bytes * 2 + 3, 1, 1), *p = text;

    if (!text)
        return dma_text(w, " "); /* stops the walk, too */
    *p++ = '0';
    *p++ = 'x';
    while (bytes-- > 0) {
        unsigned set = n > bytes * 8 ? n - bytes * 8 : 0;
        unsigned byte = set >= 8 ? 0xff : (1u << set) - 1;

        *p++ = "0123456789abcdef"[byte >> 4];
        *p++ = "0123456789abcdef"[byte & 15];
    }
    return text;
}

void dma_step_old_acpi_and_vcpus(struct walk *w, uint32_t i)
{
    (void)i;
    if (dma_yes(w->g.acpi))
        dma_arg(w, "-acpi");
    if ((int32_t)w->g.max_vcpus > 1) {
        dma_arg(w, "-vcpus");
        dma_argf(w, "%u", w->g.max_vcpus);
    }
    dma_arg2(w, "-vcpu_avail", bitmap(w, w->g.avail_vcpus, w->g.avail_vcpus_bits));
}

void dma_step_old_nics(struct walk *w, uint32_t unused)
{
    bool any = false;

    (void)unused;
    for (uint32_t i = 0; i < w->g.nics.n; i++) {
        const struct dma_nic *n = &w->nics[i].n;

        if (n->type != DMA_NIC_IOEMU)
            continue;
        any = true;
        dma_arg(w, "-net");
        dma_argf(w, "nic,vlan=%d,macaddr=%s,model=%s", n->devid, dma_mac(w, i), n->model);
        dma_arg(w, "-net");
        dma_argf(w, "tap,vlan=%d,ifname=vif%u.%d-emu,bridge=%s,script=no,downscript=no", n->devid, w->domid, n->devid,
                 n->bridge);
    }
    if (!any)
        dma_arg2(w, "-net", "none");
}

void dma_step_old_gfx_passthru(struct walk *w, uint32_t i)
{
    (void)i;
    if (dma_yes(w->g.hvm.gfx_passthru))
        dma_arg(w, "-gfx_passthru");
}

void dma_step_old_no_restrict(struct walk *w, uint32_t i)
{
    (void)i;
    if (dma_yes(w->g.dm_restrict))
        dma_refuse(w, DMA_REFUSAL_TRADITIONAL_RESTRICT, DMA_FIELD_DM_RESTRICT,
                   "qemu-xen-traditional cannot be restricted");
}

void dma_step_old_machine(struct walk *w, uint32_t i)
{
    const struct dma_strings *extra = w->g.type == DMA_HVM ? &w->g.extra_hvm : &w->g.extra_pv;

    (void)i;
    dma_arg2(w, "-M", w->g.type == DMA_HVM ? "xenfv" : "xenpv");
    for (uint32_t k = 0; k < extra->n; k++)
        dma_arg(w, extra->v[k]);
}
