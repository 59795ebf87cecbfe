/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Display, keyboard layout, video card, sound and remote desktops (libxl_dm.c). */
#include <strings.h>

#include "dmargv/walk.h"

/* The address of -vnc; NULL where libxl refuses. */
const char *dma_vnc_address(struct walk *w)
{
    const struct dma_vnc *vnc = w->vnc;

    if (!vnc->listen)
        return dma_text(w, "127.0.0.1:%d", vnc->display);
    if (!strchr(vnc->listen, ':'))
        return dma_text(w, "%s:%d", vnc->listen, vnc->display);
    if (!vnc->display)
        return vnc->listen;
    dma_refuse(w, DMA_REFUSAL_VNC_DISPLAY_TWICE, w->g.type == DMA_HVM ? DMA_FIELD_VNCDISPLAY : DMA_FIELD_VFB,
               "vnclisten %s names a display, and vncdisplay another one", vnc->listen);
    return NULL;
}

void dma_step_arg_vnc(struct walk *w, uint32_t i)
{
    const char *address;
    bool password;

    (void)i;
    if (w->stubdom)
        return;
    if (!w->vnc) {
        dma_arg2(w, "-vnc", "none");
        return;
    }
    if (!(address = dma_vnc_address(w)))
        return;
    password = w->vnc->passwd && *w->vnc->passwd;
    dma_arg(w, "-vnc");
    dma_argf(w, "%s%s%s%s", address, password ? "," : "", password ? SPELLED(w, VNC_PASSWORD) : "",
             dma_yes(w->vnc->findunused) ? ",to=99" : "");
}

void dma_step_arg_no_display(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg2(w, "-display", "none");
}

void dma_step_arg_sdl(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->sdl && !w->stubdom)
        dma_arg(w, "-sdl");
}

void dma_step_arg_display_sdl(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->sdl && !w->stubdom)
        dma_arg2(w, "-display", "sdl");
}

void dma_step_env_sdl(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->sdl && w->sdl->display)
        dma_env(w, "DISPLAY", w->sdl->display);
    if (w->sdl && w->sdl->xauthority)
        dma_env(w, "XAUTHORITY", w->sdl->xauthority);
}

void dma_step_arg_keymap(struct walk *w, uint32_t i)
{
    const char *keymap = w->g.type == DMA_HVM ? w->g.hvm.keymap : w->g.vfbs.n ? w->vfbs[0].keymap : NULL;

    (void)i;
    if (keymap)
        dma_arg2(w, "-k", keymap);
}

void dma_step_arg_nographic_if_asked(struct walk *w, uint32_t i)
{
    if (dma_yes(w->g.hvm.nographic))
        dma_step_arg_nographic(w, i);
}

void dma_step_arg_nographic(struct walk *w, uint32_t i)
{
    (void)i;
    if (!w->sdl && !w->vnc)
        dma_arg(w, "-nographic");
}

/* dm_spice_options */
static void spice_options(struct walk *w, const struct dma_spice *s)
{
    bool open = dma_yes(s->disable_ticketing);

    if (!s->port && !s->tls_port) {
        dma_refuse(w, DMA_REFUSAL_SPICE_NO_PORT, DMA_FIELD_SPICE, "spice is on, but has no port");
        return;
    }
    if (!open && (!s->passwd || !*s->passwd)) {
        dma_refuse(w, DMA_REFUSAL_SPICE_NO_PASSWORD, s->passwd ? DMA_FIELD_SPICEPASSWD : DMA_FIELD_SPICE,
                   "spice asks for a password, but none is set");
        return;
    }
    dma_arg(w, "-spice");
    dma_argf(w, "port=%d,tls-port=%d%s%s,%s%s,agent-mouse=%s%s%s%s%s%s%s", s->port, s->tls_port,
             s->host ? ",addr=" : "", s->host ? s->host : "",
             open ? SPELLED(w, NO_TICKETING) : "password=", open ? "" : s->passwd,
             dma_yes(s->agent_mouse) ? "on" : "off", dma_yes(s->clipboard_sharing) ? "" : ",",
             dma_yes(s->clipboard_sharing) ? "" : SPELLED(w, NO_COPY_PASTE),
             s->image_compression ? ",image-compression=" : "", s->image_compression ? s->image_compression : "",
             s->streaming_video ? ",streaming-video=" : "", s->streaming_video ? s->streaming_video : "");
}

void dma_step_arg_spice(struct walk *w, uint32_t i)
{
    const struct dma_spice *s = &w->g.hvm.spice;

    (void)i;
    if (!dma_yes(s->enable) || w->stubdom)
        return;
    spice_options(w, s);
    if (w->stop || !dma_yes(s->vdagent))
        return;
    dma_arg2(w, "-device", "virtio-serial");
    dma_arg2(w, "-chardev", "spicevmc,id=vdagent,name=vdagent");
    dma_arg2(w, "-device", "virtserialport,chardev=vdagent,name=com.redhat.spice.0");
}

void dma_step_arg_vga(struct walk *w, uint32_t i)
{
    uint64_t kb = w->g.video_memkb;

    (void)i;
    switch (w->g.hvm.vga) {
    case DMA_VGA_STD:
        dma_arg(w, "-device");
        dma_argf(w, "VGA,vgamem_mb=%d", (int)dma_mib(kb));
        break;
    case DMA_VGA_QXL: /* half of it for each of its two regions */
        dma_arg(w, "-device");
        dma_argf(w, "qxl-vga,vram_size_mb=%llu,ram_size_mb=%llu", (unsigned long long)(kb / 2 / 1024),
                 (unsigned long long)(kb / 2 / 1024));
        break;
    case DMA_VGA_NONE:
        break;
    default:
        dma_arg(w, "-device");
        dma_argf(w, "cirrus-vga,vgamem_mb=%d", (int)dma_mib(kb));
    }
}

void dma_step_arg_soundhw(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->g.hvm.soundhw)
        dma_arg2(w, "-soundhw", w->g.hvm.soundhw);
}

void dma_step_arg_sound_device(struct walk *w, uint32_t i)
{
    static const char *const known[] = {"ac97", "adlib", "cs4231a", "es1370", "gus", "hda", "sb16"};
    const char *wanted = w->g.hvm.soundhw;

    (void)i;
    if (!wanted)
        return;
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        if (strcasecmp(known[k], wanted) != 0)
            continue;
        if (strcmp(known[k], "hda") != 0) {
            dma_arg2(w, "-device", known[k]);
        } else {
            dma_arg2(w, "-device", "intel-hda");
            dma_arg2(w, "-device", "hda-duplex");
        }
        return;
    }
    dma_refuse(w, DMA_REFUSAL_SOUND_UNKNOWN, DMA_FIELD_SOUNDHW, "there is no sound card \"%s\"", wanted);
}
