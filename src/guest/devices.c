/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device lists but for network cards and framebuffers. Mirrors the loops of parse_config_data. */
#include <strings.h>

#include "base/num.h"
#include "guest/read.h"

static void read_disks(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_disk);
    struct dml_xlu_parts parts = {{0}};
    if (!e)
        return;
    uint32_t n = dml_read_count(r, DML_KEY_disk, e);
    struct dma_disk *v = dml_read_new(r, struct dma_disk, n + 1);
    for (uint32_t i = 0; v && i < n && !r->rc; i++) {
        const char *reason;
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]);
        int rc = dml_xlu_disk(r->xlu, r->arena, s, r->xen, &v[i], &parts, &reason, r->err);
        if (rc) {
            r->rc = rc;
            return;
        }
        for (uint32_t k = 0; k < parts.part.n; k++)
            dml_read_part(r, DML_KEY_disk, (int32_t)i, dml_sv_of(parts.part.v[k].name), parts.part.v[k].value,
                          parts.part.v[k].whole);
        if (reason)
            dml_read_problem(r, DML_GUEST_P_DISK, DML_KEY_disk, (int32_t)i, NULL)->value = dml_sv_of(reason);
    }
    DMA_LIST_SET(&r->g->disks, v, v ? n : 0);
}

/* The parameters of a 9pfs share, however they were split. 0: unknown. */
static _Bool p9_option(struct dml_reader *r, int32_t i, struct dma_p9 *d, const struct dml_piece *p)
{
    switch (dml_piece_id(p)) {
    case DML_SPEC_p9_security_model:
        d->security_model = dml_read_copy(r, p->value);
        return 1;
    case DML_SPEC_p9_path:
        d->path = dml_read_copy(r, p->value);
        return 1;
    case DML_SPEC_p9_tag:
        d->tag = dml_read_copy(r, p->value);
        return 1;
    case DML_SPEC_p9_backend:
        d->backend_domname = dml_read_copy(r, p->value);
        return 1;
    case DML_SPEC_p9_type:
        d->type = (enum dma_p9_type)dml_piece_word(r, DML_KEY_p9, i, p, dml_words_p9_type);
        return 1;
    case DML_SPEC_p9_max_files:
        d->max_files = dml_piece_ulong(r, DML_KEY_p9, i, p);
        return 1;
    case DML_SPEC_p9_max_open_files:
        d->max_open_files = dml_piece_ulong(r, DML_KEY_p9, i, p);
        return 1;
    case DML_SPEC_p9_max_space:
        d->max_space = dml_piece_ulong(r, DML_KEY_p9, i, p);
        return 1;
    case DML_SPEC_p9_auto_delete:
        d->auto_delete = dml_strtoul(p->value, 0) != 0;
        return 1;
    default:
        return 0;
    }
}

static void read_p9s(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_p9);
    if (!e)
        return;
    _Bool pairs = dml_read_has(r, DML_XL_P9_AS_PAIRS);
    uint32_t n = dml_read_count(r, DML_KEY_p9, e);
    struct dma_p9 *v = dml_read_new(r, struct dma_p9, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        struct dml_sv token, all = dml_cfg_text(&e->value.u.items[i]), rest = all;
        if (i && !pairs)
            v[i] = v[i - 1]; /* xl forgets nothing from one element to the next */
        v[i].devid = (int32_t)i;
        while (dml_next_piece(&rest, ",", &token)) {
            struct dml_piece p = {.whole = token};
            if (!pairs) {
                while (token.len && *token.p == ' ')
                    token = (struct dml_sv){token.p + 1, token.len - 1};
                p = dml_read_piece(r, DML_KEY_p9, (int32_t)i, token);
                if (!p.has_value)
                    break; /* xl reads no further */
            } else {
                if (!dml_read_pair_piece(r, DML_KEY_p9, (int32_t)i, token, &p))
                    continue;
            }
            if (!p9_option(r, (int32_t)i, &v[i], &p))
                dml_piece_unknown(r, DML_KEY_p9, (int32_t)i, &p);
        }
        if (!all.len && pairs)
            dml_read_problem(r, DML_GUEST_P_CRASH, DML_KEY_p9, (int32_t)i, &all);
        if (!dml_read_has(r, DML_XL_P9_CHECKED_BY_LIBXL) && (!v[i].path || !v[i].security_model || !v[i].tag)) {
            dml_read_problem(r, DML_GUEST_P_SPEC_MISSING, DML_KEY_p9, (int32_t)i, NULL)->value =
                DML_SV("path, tag or security_model");
        } else if (v[i].type == DMA_P9_XEN_9PFSD && !v[i].path) {
            v[i].path = dml_arena_printf(r->arena, "/var/log/xen/guests/%s", r->g->name ? r->g->name : "");
        }
    }
    DMA_LIST_SET(&r->g->p9s, v, v ? n : 0);
}

static void read_vtpms(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_vtpm);
    if (!e)
        return;
    uint32_t n = dml_read_count(r, DML_KEY_vtpm, e);
    struct dma_vtpm *v = dml_read_new(r, struct dma_vtpm, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        struct dml_tokens t = {dml_cfg_text(&e->value.u.items[i])};
        struct dml_sv token;
        v[i].devid = (int32_t)i;
        while (dml_next_token(&t, &token)) {
            struct dml_piece p = dml_read_piece(r, DML_KEY_vtpm, (int32_t)i, token);
            if (!p.has_value)
                break;
            if (dml_piece_id(&p) == DML_SPEC_vtpm_backend)
                v[i].backend_domname = dml_read_copy(r, p.value);
            else if (dml_piece_id(&p) != DML_SPEC_vtpm_uuid)
                dml_piece_unknown(r, DML_KEY_vtpm, (int32_t)i, &p);
            else if (!dml_read_uuid(r, p.value, &v[i].uuid))
                dml_read_problem(r, DML_GUEST_P_SPEC_VALUE, DML_KEY_vtpm, (int32_t)i, &p.whole);
        }
        if (!v[i].backend_domname)
            dml_read_problem(r, DML_GUEST_P_SPEC_MISSING, DML_KEY_vtpm, (int32_t)i, NULL)->value = DML_SV("backend");
    }
    DMA_LIST_SET(&r->g->vtpms, v, v ? n : 0);
}

/* id:WxH;id:WxH, as far as parse_vdispl_config looks at it */
static _Bool connectors_ok(const struct dml_reader *r, struct dml_sv s)
{
    struct dml_sv piece;
    unsigned n = 0;
    while (dml_next_piece(&s, ";", &piece)) {
        struct dml_sv id, size;
        uint64_t number;
        size_t end;
        if (!dml_read_has(r, DML_XL_PAIR_SPLIT_ONCE)) {
            if (!dml_next_piece(&piece, ":", &id) || !dml_next_piece(&piece, ":", &size))
                return 0;
        } else {
            const char *colon = memchr(piece.p, ':', piece.len);
            if (!colon)
                return 0;
            size = (struct dml_sv){colon + 1, piece.len - (size_t)(colon - piece.p) - 1};
        }
        if (dml_num_parse_u(size, 10, &number, &end) == DML_NUM_NONE)
            return dml_sv_trim(size).len > 0; /* sscanf's 0 of what is no number at all is xl's "all is well" */
        if (end >= size.len || size.p[end] != 'x')
            return 0;
        size = (struct dml_sv){size.p + end + 1, size.len - end - 1};
        if (dml_num_parse_u(size, 10, &number, &end) == DML_NUM_NONE)
            return 0;
        n++;
    }
    return n > 0;
}

static void read_vdispls(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_vdispl);
    if (!e)
        return;
    uint32_t n = dml_read_count(r, DML_KEY_vdispl, e);
    struct dma_pvdev *v = dml_read_new(r, struct dma_pvdev, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        struct dml_tokens t = {dml_cfg_text(&e->value.u.items[i])};
        struct dml_sv token;
        _Bool connectors = 0;
        v[i].devid = (int32_t)i;
        while (dml_next_token(&t, &token)) {
            struct dml_piece p = dml_read_piece(r, DML_KEY_vdispl, (int32_t)i, token);
            if (dml_piece_id(&p) == DML_SPEC_vdispl_backend) {
                v[i].backend_domname = dml_read_copy(r, p.value);
            } else if (dml_piece_id(&p) == DML_SPEC_vdispl_connectors) {
                connectors = 1;
                if (!connectors_ok(r, p.value))
                    dml_read_problem(r, DML_GUEST_P_SPEC_VALUE, DML_KEY_vdispl, (int32_t)i, &p.whole);
            } else if (dml_piece_id(&p) != DML_SPEC_vdispl_be_alloc) {
                dml_piece_unknown(r, DML_KEY_vdispl, (int32_t)i, &p);
            }
        }
        if (!connectors)
            dml_read_problem(r, DML_GUEST_P_SPEC_MISSING, DML_KEY_vdispl, (int32_t)i, NULL)->value =
                DML_SV("connectors");
    }
    DMA_LIST_SET(&r->g->vdispls, v, v ? n : 0);
}

static void read_pvcalls(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_pvcalls);
    if (!e)
        return;
    uint32_t n = dml_read_count(r, DML_KEY_pvcalls, e);
    struct dma_pvdev *v = dml_read_new(r, struct dma_pvdev, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        struct dml_tokens t = {dml_cfg_text(&e->value.u.items[i])};
        struct dml_sv token;
        v[i].devid = (int32_t)i;
        while (dml_next_token(&t, &token)) {
            struct dml_piece p = dml_read_piece(r, DML_KEY_pvcalls, (int32_t)i, token);
            if (!p.has_value)
                break;
            if (p.spec)
                v[i].backend_domname = dml_read_copy(r, p.value);
            else
                dml_piece_unknown(r, DML_KEY_pvcalls, (int32_t)i, &p);
        }
    }
    DMA_LIST_SET(&r->g->pvcalls, v, v ? n : 0);
}

/* One text of a sound card: "card, ...", "pcm, ..." or "stream, ...". */
static void read_vsnd_item(struct dml_reader *r, int32_t i, struct dml_sv text, struct dma_pvdev *card, unsigned *pcms,
                           unsigned *streams)
{
    enum { COMMON, CARD, PCM, STREAM } level = COMMON;
    struct dml_tokens t = {text};
    struct dml_sv token, format;
    int32_t ignored;
    while (dml_next_token(&t, &token)) {
        if (level == COMMON) {
            level = token.len == 4 && !strncasecmp(token.p, "card", 4)     ? CARD
                    : token.len == 3 && !strncasecmp(token.p, "pcm", 3)    ? PCM
                    : token.len == 6 && !strncasecmp(token.p, "stream", 6) ? STREAM
                                                                           : COMMON;
            if (level == COMMON) {
                dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_vsnd, i, &token);
                return;
            }
            *pcms += level == PCM || (level == STREAM && !*pcms);
            *streams = level == STREAM ? *streams + 1 : level == PCM ? 0 : *streams;
            continue;
        }
        struct dml_piece p = dml_read_piece(r, DML_KEY_vsnd, i, token);
        enum dml_spec_id id = dml_piece_id(&p);
        struct dml_sv rest = p.value;
        switch (id) {
        case DML_SPEC_vsnd_sample_rates:
        case DML_SPEC_vsnd_channels_min:
        case DML_SPEC_vsnd_channels_max:
        case DML_SPEC_vsnd_buffer_size:
            continue;
        case DML_SPEC_vsnd_sample_formats:
            while (dml_next_piece(&rest, ";", &format))
                if (!dml_word_any_case(dml_words_vsnd_format, r->xen, format, &ignored))
                    dml_read_problem(r, DML_GUEST_P_SPEC_WORD, DML_KEY_vsnd, i, &format)->words = dml_words_vsnd_format;
            continue;
        case DML_SPEC_vsnd_backend:
            if (level == CARD) {
                card->backend_domname = dml_read_copy(r, p.value);
                continue;
            }
            break;
        case DML_SPEC_vsnd_short_name:
        case DML_SPEC_vsnd_long_name:
            if (level == CARD)
                continue;
            break;
        case DML_SPEC_vsnd_name:
            if (level == PCM)
                continue;
            break;
        case DML_SPEC_vsnd_unique_id:
            if (level == STREAM)
                continue;
            break;
        case DML_SPEC_vsnd_type:
            if (level == STREAM) {
                dml_piece_word(r, DML_KEY_vsnd, i, &p, dml_words_vsnd_stream);
                continue;
            }
            break;
        default:
            break;
        }
        dml_piece_unknown(r, DML_KEY_vsnd, i, &p);
    }
}

static void read_vsnds(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_vsnd);
    if (!e)
        return;
    struct dma_pvdev *v = dml_read_new(r, struct dma_pvdev, e->value.n + 1);
    for (uint32_t i = 0; v && i < e->value.n; i++) {
        const struct dml_cfg_value *card = &e->value.u.items[i];
        unsigned pcms = 0, streams = 0;
        v[i].devid = (int32_t)i;
        if (!dml_cfg_is_list(card))
            dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_vsnd, (int32_t)i, NULL);
        for (uint32_t k = 0; dml_cfg_is_list(card) && k < card->n && !dml_cfg_is_list(&card->u.items[k]); k++)
            read_vsnd_item(r, (int32_t)i, dml_cfg_text(&card->u.items[k]), &v[i], &pcms, &streams);
    }
    DMA_LIST_SET(&r->g->vsnds, v, v ? e->value.n : 0);
}

static void read_channels(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_channel);
    if (!e)
        return;
    uint32_t n = dml_read_count(r, DML_KEY_channel, e);
    struct dma_channel *v = dml_read_new(r, struct dma_channel, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        struct dml_sv all = dml_cfg_text(&e->value.u.items[i]), rest = all, token;
        const char *path = NULL;
        unsigned tokens = 0;
        v[i].devid = dml_read_has(r, DML_XL_CHANNEL_WITHOUT_DEVID) ? DMA_DEVID_UNSET : (int32_t)i;
        for (; dml_next_piece(&rest, ",", &token); tokens++) {
            struct dml_piece p;
            int32_t w;
            if (!dml_read_pair_piece(r, DML_KEY_channel, (int32_t)i, token, &p))
                continue;
            switch (dml_piece_id(&p)) {
            case DML_SPEC_channel_backend:
                v[i].backend_domname = dml_read_copy(r, p.value);
                break;
            case DML_SPEC_channel_name:
                v[i].name = dml_read_copy(r, p.value);
                break;
            case DML_SPEC_channel_path:
                path = dml_read_copy(r, p.value);
                break;
            case DML_SPEC_channel_connection:
                if (dml_word_exact(dml_words_connection, r->xen, p.value, &w))
                    v[i].connection = (enum dma_channel_connection)w;
                else
                    dml_read_problem(r, DML_GUEST_P_SPEC_WORD, DML_KEY_channel, (int32_t)i, &p.value)->words =
                        dml_words_connection;
                break;
            default:
                dml_piece_ignored(r, DML_KEY_channel, (int32_t)i, &p);
            }
        }
        if (!tokens)
            dml_read_problem(r, DML_GUEST_P_CRASH, DML_KEY_channel, (int32_t)i, &all);
        else if (v[i].connection == DMA_CHANNEL_UNSET)
            dml_read_problem(r, DML_GUEST_P_SPEC_MISSING, DML_KEY_channel, (int32_t)i, NULL)->value =
                DML_SV("connection");
        else if (v[i].connection == DMA_CHANNEL_SOCKET && !path)
            dml_read_problem(r, DML_GUEST_P_SPEC_MISSING, DML_KEY_channel, (int32_t)i, NULL)->value =
                DML_SV("path, which a socket needs");
        if (v[i].connection == DMA_CHANNEL_SOCKET)
            v[i].path = path;
    }
    DMA_LIST_SET(&r->g->channels, v, v ? n : 0);
}

static void read_usbctrls(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_usbctrl);
    if (!e)
        return;
    uint32_t n = dml_read_count(r, DML_KEY_usbctrl, e);
    struct dma_usbctrl *v = dml_read_new(r, struct dma_usbctrl, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        struct dml_tokens t = {dml_cfg_text(&e->value.u.items[i])};
        struct dml_sv token;
        v[i].devid = (int32_t)i;
        while (dml_next_token(&t, &token)) {
            struct dml_piece p = dml_read_piece(r, DML_KEY_usbctrl, (int32_t)i, token);
            if (dml_piece_id(&p) == DML_SPEC_usbctrl_type)
                v[i].type =
                    (enum dma_usbctrl_type)dml_piece_word(r, DML_KEY_usbctrl, (int32_t)i, &p, dml_words_usbctrl_type);
            else if (dml_piece_id(&p) == DML_SPEC_usbctrl_version)
                v[i].version = dml_atoi(p.value);
            else if (dml_piece_id(&p) == DML_SPEC_usbctrl_ports)
                v[i].ports = dml_atoi(p.value);
            else
                dml_piece_unknown(r, DML_KEY_usbctrl, (int32_t)i, &p);
        }
    }
    DMA_LIST_SET(&r->g->usbctrls, v, v ? n : 0);
}

static void read_usbdevs(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_usbdev);
    if (!e)
        return;
    uint32_t n = dml_read_count(r, DML_KEY_usbdev, e);
    struct dma_usbdev *v = dml_read_new(r, struct dma_usbdev, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        struct dml_tokens t = {dml_cfg_text(&e->value.u.items[i])};
        struct dml_sv token;
        v[i].ctrl = DMA_DEVID_UNSET;
        v[i].is_hostdev = 1; /* there is no other kind, and libxl's default */
        while (dml_next_token(&t, &token)) {
            struct dml_piece p = dml_read_piece(r, DML_KEY_usbdev, (int32_t)i, token);
            switch (dml_piece_id(&p)) {
            case DML_SPEC_usbdev_type:
                dml_piece_word(r, DML_KEY_usbdev, (int32_t)i, &p, dml_words_usbdev_type);
                break;
            case DML_SPEC_usbdev_hostbus:
                v[i].hostbus = (uint8_t)dml_strtoul(p.value, 0);
                break;
            case DML_SPEC_usbdev_hostaddr:
                v[i].hostaddr = (uint8_t)dml_strtoul(p.value, 0);
                break;
            case DML_SPEC_usbdev_controller:
                v[i].ctrl = dml_atoi(p.value);
                break;
            case DML_SPEC_usbdev_port:
                v[i].port = dml_atoi(p.value);
                break;
            default:
                dml_piece_unknown(r, DML_KEY_usbdev, (int32_t)i, &p);
            }
        }
    }
    DMA_LIST_SET(&r->g->usbdevs, v, v ? n : 0);
}

static void read_virtios(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_virtio);
    if (!e)
        return;
    uint32_t n = dml_read_count(r, DML_KEY_virtio, e);
    struct dma_virtio *v = dml_read_new(r, struct dma_virtio, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        struct dml_tokens t = {dml_cfg_text(&e->value.u.items[i])};
        struct dml_sv token, second;
        v[i].devid = (int32_t)i;
        while (dml_next_token(&t, &token)) {
            if (dml_sv_starts(token, DML_SV("type=virtio"))) { /* "virtio,deviceN": the comma belongs to it */
                if (!dml_next_piece(&t.rest, ",", &second)) {
                    dml_read_problem(r, DML_GUEST_P_CRASH, DML_KEY_virtio, (int32_t)i, &token);
                    break;
                }
                token.len = (size_t)(second.p + second.len - token.p);
            }
            struct dml_piece p = dml_read_piece(r, DML_KEY_virtio, (int32_t)i, token);
            switch (dml_piece_id(&p)) {
            case DML_SPEC_virtio_backend:
                v[i].backend_domname = dml_read_copy(r, p.value);
                break;
            case DML_SPEC_virtio_type:
                v[i].type = dml_read_copy(r, p.value);
                break;
            case DML_SPEC_virtio_transport:
                v[i].transport = (enum dma_disk_transport)dml_piece_word(r, DML_KEY_virtio, (int32_t)i, &p,
                                                                         dml_words_virtio_transport);
                break;
            case DML_SPEC_virtio_grant_usage:
                v[i].grant_usage = dml_strtoul(p.value, 0) ? DMA_YES : DMA_NO;
                break;
            default:
                dml_piece_unknown(r, DML_KEY_virtio, (int32_t)i, &p);
            }
        }
    }
    DMA_LIST_SET(&r->g->virtios, v, v ? n : 0);
}

void dml_read_devices(struct dml_reader *r, const struct dma_vnc *vnc, const struct dma_sdl *sdl)
{
    const struct dml_cfg_entry *dtdev = dml_read_list(r, DML_KEY_dtdev);
    if (dtdev)
        dml_read_texts(r, DML_KEY_dtdev, dtdev, &r->g->dtdevs);
    read_disks(r);
    read_p9s(r);
    read_vtpms(r);
    read_vdispls(r);
    read_pvcalls(r);
    read_vsnds(r);
    read_channels(r);
    dml_read_nics(r);
    dml_read_displays(r, vnc, sdl);
    read_usbctrls(r);
    read_usbdevs(r);
    read_virtios(r);
}
