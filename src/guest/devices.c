/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device lists: disks, network cards, framebuffers and all the others. Mirrors the loops of parse_config_data. */
#include <strings.h>

#include "base/num.h"
#include "guest/read.h"

static void unknown_piece(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p)
{
    dml_read_problem(r, DML_GUEST_P_SPEC_UNKNOWN, key, index, &p->whole);
}

static void ignored_piece(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p)
{
    dml_read_problem(r, DML_GUEST_P_SPEC_IGNORED, key, index, &p->whole);
}

static int32_t piece_word(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p,
                          const struct dml_word *words)
{
    int32_t v = 0;
    if (!dml_word_any_case(words, r->xen, p->value, &v))
        dml_read_problem(r, DML_GUEST_P_SPEC_WORD, key, index, &p->value)->words = words;
    return v;
}

static int32_t piece_ulong(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p)
{
    uint64_t v = 0;
    if (!dml_parse_ulong(p->value, &v))
        dml_read_problem(r, DML_GUEST_P_SPEC_VALUE, key, index, &p->whole);
    return (int32_t)v;
}

/* The id of a piece's sub-key; DML_SPEC_COUNT if this release knows none of that name. */
static enum dml_spec_id id_of(const struct dml_piece *p)
{
    return p->spec ? (enum dml_spec_id)(p->spec - dml_spec(0)) : DML_SPEC_COUNT;
}

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
    switch (id_of(p)) {
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
        d->type = (enum dma_p9_type)piece_word(r, DML_KEY_p9, i, p, dml_words_p9_type);
        return 1;
    case DML_SPEC_p9_max_files:
        d->max_files = piece_ulong(r, DML_KEY_p9, i, p);
        return 1;
    case DML_SPEC_p9_max_open_files:
        d->max_open_files = piece_ulong(r, DML_KEY_p9, i, p);
        return 1;
    case DML_SPEC_p9_max_space:
        d->max_space = piece_ulong(r, DML_KEY_p9, i, p);
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
    uint32_t n = dml_read_count(r, DML_KEY_p9, e);
    struct dma_p9 *v = dml_read_new(r, struct dma_p9, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        struct dml_sv token, all = dml_cfg_text(&e->value.u.items[i]), rest = all;
        if (i && r->xen < DML_V(4, 18, 0))
            v[i] = v[i - 1]; /* xl forgets nothing from one element to the next */
        v[i].devid = (int32_t)i;
        while (dml_next_piece(&rest, ",", &token)) {
            struct dml_piece p = {.whole = token};
            if (r->xen < DML_V(4, 18, 0)) {
                while (token.len && *token.p == ' ')
                    token = (struct dml_sv){token.p + 1, token.len - 1};
                p = dml_read_piece(r, DML_KEY_p9, (int32_t)i, token);
                if (!p.has_value)
                    break; /* xl reads no further */
            } else {
                if (!dml_read_pair(r, token, &p.name, &p.value)) {
                    dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_p9, (int32_t)i, &token);
                    continue;
                }
                dml_read_part(r, DML_KEY_p9, (int32_t)i, p.name, p.value, token);
                if (!r->rc)
                    p.spec = r->out->parts.v[r->out->parts.n - 1].spec;
            }
            if (!p9_option(r, (int32_t)i, &v[i], &p))
                unknown_piece(r, DML_KEY_p9, (int32_t)i, &p);
        }
        if (!all.len && r->xen >= DML_V(4, 18, 0))
            dml_read_problem(r, DML_GUEST_P_CRASH, DML_KEY_p9, (int32_t)i, &all);
        if (r->xen < DML_V(4, 19, 0) && (!v[i].path || !v[i].security_model || !v[i].tag)) {
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
            if (id_of(&p) == DML_SPEC_vtpm_backend)
                v[i].backend_domname = dml_read_copy(r, p.value);
            else if (id_of(&p) != DML_SPEC_vtpm_uuid)
                unknown_piece(r, DML_KEY_vtpm, (int32_t)i, &p);
            else if (!dml_read_uuid(r, p.value, &v[i].uuid))
                dml_read_problem(r, DML_GUEST_P_SPEC_VALUE, DML_KEY_vtpm, (int32_t)i, &p.whole);
        }
        if (!v[i].backend_domname)
            dml_read_problem(r, DML_GUEST_P_SPEC_MISSING, DML_KEY_vtpm, (int32_t)i, NULL)->value = DML_SV("backend");
    }
    DMA_LIST_SET(&r->g->vtpms, v, v ? n : 0);
}

/* id:WxH;id:WxH */
static _Bool connectors_ok(const struct dml_reader *r, struct dml_sv s)
{
    struct dml_sv piece;
    unsigned n = 0;
    while (dml_next_piece(&s, ";", &piece)) {
        struct dml_sv id, size;
        uint64_t number;
        size_t end;
        if (r->xen < DML_V(4, 18, 0)) {
            if (!dml_next_piece(&piece, ":", &id) || !dml_next_piece(&piece, ":", &size))
                return 0;
        } else {
            const char *colon = memchr(piece.p, ':', piece.len);
            if (!colon)
                return 0;
            size = (struct dml_sv){colon + 1, piece.len - (size_t)(colon - piece.p) - 1};
        }
        if (dml_num_parse_u(size, 10, &number, &end) == DML_NUM_NONE || end >= size.len || size.p[end] != 'x')
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
            if (id_of(&p) == DML_SPEC_vdispl_backend) {
                v[i].backend_domname = dml_read_copy(r, p.value);
            } else if (id_of(&p) == DML_SPEC_vdispl_connectors) {
                connectors = 1;
                if (!connectors_ok(r, p.value))
                    dml_read_problem(r, DML_GUEST_P_SPEC_VALUE, DML_KEY_vdispl, (int32_t)i, &p.whole);
            } else if (id_of(&p) != DML_SPEC_vdispl_be_alloc) {
                unknown_piece(r, DML_KEY_vdispl, (int32_t)i, &p);
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
                unknown_piece(r, DML_KEY_pvcalls, (int32_t)i, &p);
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
        enum dml_spec_id id = id_of(&p);
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
                piece_word(r, DML_KEY_vsnd, i, &p, dml_words_vsnd_stream);
                continue;
            }
            break;
        default:
            break;
        }
        unknown_piece(r, DML_KEY_vsnd, i, &p);
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
        v[i].devid = r->xen < DML_V(4, 18, 0) ? (int32_t)i : DMA_DEVID_UNSET;
        for (; dml_next_piece(&rest, ",", &token); tokens++) {
            struct dml_piece p = {.whole = token};
            int32_t w;
            if (!dml_read_pair(r, token, &p.name, &p.value)) {
                dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_channel, (int32_t)i, &token);
                continue;
            }
            dml_read_part(r, DML_KEY_channel, (int32_t)i, p.name, p.value, token);
            if (!r->rc)
                p.spec = r->out->parts.v[r->out->parts.n - 1].spec;
            switch (id_of(&p)) {
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
                ignored_piece(r, DML_KEY_channel, (int32_t)i, &p);
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

/*
 * Six hexadecimal bytes. xl steps over whatever follows each number, so that a short address runs on into the next
 * option; `item_end` is how far that can go. What was read before it gave up stays.
 */
static _Bool read_mac(struct dml_sv s, const char *item_end, uint8_t mac[6])
{
    for (unsigned i = 0; i < 6; i++) {
        uint64_t v;
        size_t end;
        if (dml_num_parse_u(s, 16, &v, &end) == DML_NUM_NONE || (uint32_t)v > 255)
            return 0;
        mac[i] = (uint8_t)v;
        if (end < s.len) {
            s = (struct dml_sv){s.p + end + 1, s.len - end - 1};
        } else {
            const char *next = s.p + s.len + 1;
            s = (struct dml_sv){next, next < item_end ? (size_t)(item_end - next) : 0};
            if (next >= item_end && i < 5)
                return 0;
        }
    }
    return 1;
}

/* xlu_vif_parse_rate: 10Mb/s@20ms and the like. */
static _Bool rate_ok(struct dml_sv s)
{
    const char *at = s.len ? memchr(s.p, '@', s.len) : NULL;
    struct dml_sv rate = {s.p, at ? (size_t)(at - s.p) : s.len};
    struct dml_sv interval = {at ? at + 1 : NULL, at ? s.len - rate.len - 1 : 0};
    uint64_t v, usec = 50000, scale = 1;
    size_t digits = 0, end;
    while (digits < rate.len && rate.p[digits] >= '0' && rate.p[digits] <= '9')
        digits++;
    struct dml_sv unit = {rate.p + digits, rate.len - digits};
    if (unit.len && strchr("GMK", *unit.p)) {
        scale = *unit.p == 'G' ? 1000000000 : *unit.p == 'M' ? 1000000 : 1000;
        unit = (struct dml_sv){unit.p + 1, unit.len - 1};
    }
    if (!digits || (!dml_sv_is(unit, "b/s") && !dml_sv_is(unit, "B/s")))
        return 0;
    if (dml_num_parse_u(rate, 0, &v, &end) == DML_NUM_RANGE || !v || v > UINT32_MAX)
        return 0;
    v *= end == digits ? scale : 1;
    if (*unit.p == 'b')
        v /= 8;
    if (at) {
        digits = 0;
        while (digits < interval.len && interval.p[digits] >= '0' && interval.p[digits] <= '9')
            digits++;
        unit = (struct dml_sv){interval.p + digits, interval.len - digits};
        if (!digits || (unit.len && !dml_sv_is(unit, "s") && !dml_sv_is(unit, "m") && !dml_sv_is(unit, "u") &&
                        !dml_sv_is(unit, "ms") && !dml_sv_is(unit, "us")))
            return 0;
        if (dml_num_parse_u(interval, 0, &usec, NULL) == DML_NUM_RANGE || !usec || usec > UINT32_MAX)
            return 0;
        usec *= !unit.len || *unit.p == 's' ? 1000000 : *unit.p == 'm' ? 1000 : 1;
        if (usec > UINT32_MAX)
            return 0;
    }
    return v <= UINT64_MAX / usec;
}

static void read_nic(struct dml_reader *r, int32_t i, struct dml_sv text, struct dma_nic *d)
{
    struct dml_tokens t = {text};
    struct dml_sv token;
    DML_VEC(struct dma_key_value) colo = {0};
    while (dml_next_token(&t, &token)) {
        struct dml_piece p = dml_read_piece(r, DML_KEY_vif, i, token);
        enum dml_spec_id id = id_of(&p);
        int32_t v;
        switch (id) {
        case DML_SPEC_vif_type:
            if (dml_word_exact(dml_words_nic_type, r->xen, p.value, &v))
                d->type = (enum dma_nic_type)v;
            else
                ignored_piece(r, DML_KEY_vif, i, &p);
            break;
        case DML_SPEC_vif_mac:
            if (!read_mac(p.value, text.p + text.len, d->mac))
                dml_read_problem(r, DML_GUEST_P_MAC, DML_KEY_vif, i, &p.value);
            break;
        case DML_SPEC_vif_bridge:
            d->bridge = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vif_netdev:
        case DML_SPEC_vif_gatewaydev:
            d->gatewaydev = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vif_ip:
            d->ip = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vif_script:
            d->script = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vif_backend:
            d->backend_domname = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vif_vifname:
            d->ifname = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vif_model:
            d->model = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vif_rate:
            if (!rate_ok(p.value))
                dml_read_problem(r, DML_GUEST_P_SPEC_VALUE, DML_KEY_vif, i, &p.whole);
            break;
        case DML_SPEC_vif_devid:
            d->devid = piece_ulong(r, DML_KEY_vif, i, &p);
            break;
        case DML_SPEC_vif_mtu:
            d->mtu = piece_ulong(r, DML_KEY_vif, i, &p);
            break;
        case DML_SPEC_vif_vlan:
            d->vlan = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vif_trusted:
            d->trusted = DMA_YES;
            break;
        case DML_SPEC_vif_untrusted:
            d->trusted = DMA_NO;
            break;
        case DML_SPEC_vif_accel:
        case DML_SPEC_COUNT:
            ignored_piece(r, DML_KEY_vif, i, &p);
            break;
        default: { /* what is left is COLO */
            struct dma_key_value *kv = dml_vec_add(r->arena, &colo);
            if (kv)
                *kv = (struct dma_key_value){dml_read_copy(r, p.name), dml_read_copy(r, p.value)};
            break;
        }
        }
    }
    d->colo = colo.v;
    d->n_colo = colo.n;
}

static void read_nics(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_vif);
    if (!e)
        return;
    uint32_t n = dml_read_count(r, DML_KEY_vif, e);
    struct dma_nic *v = dml_read_new(r, struct dma_nic, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        v[i].devid = (int32_t)i;
        read_nic(r, (int32_t)i, dml_cfg_text(&e->value.u.items[i]), &v[i]);
    }
    DMA_LIST_SET(&r->g->nics, v, v ? n : 0);
}

static void read_vfb(struct dml_reader *r, int32_t i, struct dml_sv text, struct dma_vfb *d)
{
    struct dml_tokens t = {text};
    struct dml_sv token;
    while (dml_next_token(&t, &token)) {
        struct dml_piece p = dml_read_piece(r, DML_KEY_vfb, i, token);
        enum dma_bool flag = dml_atoi(p.value) ? DMA_YES : DMA_NO;
        if (!p.has_value) {
            ignored_piece(r, DML_KEY_vfb, i, &p);
            return; /* xl reads no further */
        }
        switch (id_of(&p)) {
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
            ignored_piece(r, DML_KEY_vfb, i, &p);
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
        switch (id_of(&p)) {
        case DML_SPEC_vkb_backend:
            d->backend_domname = dml_read_copy(r, p.value);
            break;
        case DML_SPEC_vkb_backend_type:
            d->backend_type = (enum dma_vkb_backend)piece_word(r, DML_KEY_vkb, i, &p, dml_words_vkb_backend);
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
            unknown_piece(r, DML_KEY_vkb, i, &p);
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
static void read_displays(struct dml_reader *r, const struct dma_vnc *vnc, const struct dma_sdl *sdl)
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
            if (id_of(&p) == DML_SPEC_usbctrl_type)
                v[i].type =
                    (enum dma_usbctrl_type)piece_word(r, DML_KEY_usbctrl, (int32_t)i, &p, dml_words_usbctrl_type);
            else if (id_of(&p) == DML_SPEC_usbctrl_version)
                v[i].version = dml_atoi(p.value);
            else if (id_of(&p) == DML_SPEC_usbctrl_ports)
                v[i].ports = dml_atoi(p.value);
            else
                unknown_piece(r, DML_KEY_usbctrl, (int32_t)i, &p);
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
            switch (id_of(&p)) {
            case DML_SPEC_usbdev_type:
                piece_word(r, DML_KEY_usbdev, (int32_t)i, &p, dml_words_usbdev_type);
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
                unknown_piece(r, DML_KEY_usbdev, (int32_t)i, &p);
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
            switch (id_of(&p)) {
            case DML_SPEC_virtio_backend:
                v[i].backend_domname = dml_read_copy(r, p.value);
                break;
            case DML_SPEC_virtio_type:
                v[i].type = dml_read_copy(r, p.value);
                break;
            case DML_SPEC_virtio_transport:
                v[i].transport =
                    (enum dma_disk_transport)piece_word(r, DML_KEY_virtio, (int32_t)i, &p, dml_words_virtio_transport);
                break;
            case DML_SPEC_virtio_grant_usage:
                v[i].grant_usage = dml_strtoul(p.value, 0) ? DMA_YES : DMA_NO;
                break;
            default:
                unknown_piece(r, DML_KEY_virtio, (int32_t)i, &p);
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
    read_nics(r);
    read_displays(r, vnc, sdl);
    read_usbctrls(r);
    read_usbdevs(r);
    read_virtios(r);
}
