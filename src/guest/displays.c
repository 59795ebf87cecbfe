/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Framebuffers and keyboards: vfb and vkb. Mirrors parse_vfb_list, parse_vkb_list and parse_config_data. */
#include "guest/read.h"

static void read_vfb(struct dml_reader *r, int32_t i, struct dml_sv text, struct dma_vfb *d)
{
    struct dml_tokens t = {text};
    struct dml_sv token;
    while (dml_next_token(&t, &token)) {
        struct dml_piece p = dml_read_piece(r, DML_KEY_vfb, i, token);
        enum dma_bool flag = dml_atoi(p.value) ? DMA_YES : DMA_NO;
        if (!p.has_value) {
            dml_piece_ignored(r, DML_KEY_vfb, i, &p);
            return; /* xl reads no further */
        }
        switch (dml_piece_id(&p)) {
        case DML_SPEC_vfb_vnc:
            d->vnc.enable = flag;
            break;
        case DML_SPEC_vfb_vnclisten:
            d->vnc.listen = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vfb_vncpasswd:
            d->vnc.passwd = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vfb_vncdisplay:
            d->vnc.display = dml_atoi(p.value);
            break;
        case DML_SPEC_vfb_vncunused:
            d->vnc.findunused = flag;
            break;
        case DML_SPEC_vfb_keymap:
            d->keymap = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vfb_sdl:
            d->sdl.enable = flag;
            break;
        case DML_SPEC_vfb_opengl:
            d->sdl.opengl = flag;
            break;
        case DML_SPEC_vfb_display:
            d->sdl.display = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vfb_xauthority:
            d->sdl.xauthority = dml_read_copy(r, p.value);
            break;
        default:
            dml_piece_ignored(r, DML_KEY_vfb, i, &p);
        }
    }
}

static void read_vkb(struct dml_reader *r, int32_t i, struct dml_sv text, struct dma_vkb *d)
{
    struct dml_tokens t = {text};
    struct dml_sv token;
    while (dml_next_token(&t, &token)) {
        struct dml_piece p = dml_read_piece(r, DML_KEY_vkb, i, token);
        uint32_t n = (uint32_t)dml_strtoul(p.value, 0);
        switch (dml_piece_id(&p)) {
        case DML_SPEC_vkb_backend:
            d->backend_domname = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vkb_backend_type:
            d->backend_type = (enum dma_vkb_backend)dml_piece_word(r, DML_KEY_vkb, i, &p, dml_words_vkb_backend);
            break;
        case DML_SPEC_vkb_unique_id:
            d->unique_id = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vkb_feature_disable_keyboard:
            d->feature_disable_keyboard = n != 0;
            break;
        case DML_SPEC_vkb_feature_disable_pointer:
            d->feature_disable_pointer = n != 0;
            break;
        case DML_SPEC_vkb_feature_abs_pointer:
            d->feature_abs_pointer = n != 0;
            break;
        case DML_SPEC_vkb_feature_raw_pointer:
            d->feature_raw_pointer = n != 0;
            break;
        case DML_SPEC_vkb_feature_multi_touch:
            d->feature_multi_touch = n != 0;
            break;
        case DML_SPEC_vkb_multi_touch_width:
            d->multi_touch_width = n;
            break;
        case DML_SPEC_vkb_multi_touch_height:
            d->multi_touch_height = n;
            break;
        case DML_SPEC_vkb_multi_touch_num_contacts:
            d->multi_touch_num_contacts = n;
            break;
        case DML_SPEC_vkb_width:
            d->width = n;
            break;
        case DML_SPEC_vkb_height:
            d->height = n;
            break;
        default:
            dml_piece_unknown(r, DML_KEY_vkb, i, &p);
        }
    }
    _Bool touch = d->multi_touch_height || d->multi_touch_width || d->multi_touch_num_contacts;
    if (d->backend_type == DMA_VKB_UNSET)
        dml_read_problem(r, DML_GUEST_P_SPEC_MISSING, DML_KEY_vkb, i, NULL)->value = DML_SV("backend-type");
    if (d->feature_multi_touch && !touch)
        dml_read_problem(r, DML_GUEST_P_SPEC_MISSING, DML_KEY_vkb, i, NULL)->value =
            DML_SV("multi-touch-width, multi-touch-height or multi-touch-num-contacts");
    d->feature_multi_touch |= touch;
}

/* Framebuffers bring a keyboard each; so does vnc=1 of a PV guest without vfb. vkb adds more. */
void dml_read_displays(struct dml_reader *r, const struct dma_vnc *vnc, const struct dma_sdl *sdl)
{
    const struct dml_cfg_entry *fb = dml_read_list(r, DML_KEY_vfb), *kb = dml_read_list(r, DML_KEY_vkb);
    uint32_t n = fb ? dml_read_count(r, DML_KEY_vfb, fb) : 0, more = kb ? dml_read_count(r, DML_KEY_vkb, kb) : 0;
    struct dma_vfb *vfbs = dml_read_new(r, struct dma_vfb, n + 1);
    struct dma_vkb *vkbs = dml_read_new(r, struct dma_vkb, n + more + 1);
    if (!vfbs || !vkbs)
        return;
    for (uint32_t i = 0; i < n; i++) {
        vfbs[i].devid = vkbs[i].devid = (int32_t)i;
        read_vfb(r, (int32_t)i, dml_cfg_text(&fb->value.u.items[i]), &vfbs[i]);
    }
    if (r->g->type == DMA_PV && !n && vnc->enable == DMA_YES) {
        struct dml_sv s;
        vfbs[0] = (struct dma_vfb){.vnc = *vnc, .sdl = *sdl};
        if (dml_read_text(r, DML_KEY_keymap, &s))
            vfbs[0].keymap = dml_read_copy(r, s);
        n = 1;
    }
    for (uint32_t i = 0; i < more; i++) {
        vkbs[n + i].devid = (int32_t)(n + i);
        read_vkb(r, (int32_t)i, dml_cfg_text(&kb->value.u.items[i]), &vkbs[n + i]);
    }
    if (n)
        DMA_LIST_SET(&r->g->vfbs, vfbs, n);
    if (n + more)
        DMA_LIST_SET(&r->g->vkbs, vkbs, n + more);
}
