/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network cards: vif. Mirrors parse_nic_config and libxlu_vif.c. */
#include "base/num.h"
#include "guest/read.h"

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
        enum dml_spec_id id = dml_piece_id(&p);
        int32_t v;
        switch (id) {
        case DML_SPEC_vif_type:
            if (dml_word_exact(dml_words_nic_type, r->xen, p.value, &v))
                d->type = (enum dma_nic_type)v;
            else
                dml_piece_ignored(r, DML_KEY_vif, i, &p);
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
            d->devid = dml_piece_ulong(r, DML_KEY_vif, i, &p);
            break;
        case DML_SPEC_vif_mtu:
            d->mtu = dml_piece_ulong(r, DML_KEY_vif, i, &p);
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
            dml_piece_ignored(r, DML_KEY_vif, i, &p);
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

void dml_read_nics(struct dml_reader *r)
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
