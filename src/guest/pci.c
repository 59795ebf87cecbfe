/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI devices and reserved device memory. Mirrors libxlu_pci.c. */
#include "base/num.h"
#include "guest/read.h"

/* Takes a hexadecimal number off *s as sscanf's %x does. */
static _Bool take_hex(struct dml_sv *s, uint32_t *value)
{
    uint64_t v;
    size_t end;
    if (dml_num_parse_u(*s, 16, &v, &end) == DML_NUM_NONE)
        return 0;
    if (end < s->len && (s->p[end] | ' ') == 'x' && s->p[end - 1] == '0' && v == 0 &&
        (end == 1 || s->p[end - 2] < '0' || s->p[end - 2] > '9'))
        end++; /* unlike strtoul, glibc's sscanf takes a 0x without digits as a whole */
    *value = (uint32_t)v;
    *s = (struct dml_sv){s->p + end, s->len - end};
    return 1;
}

/* All of `s` is a hexadecimal number of at most `max`. */
static _Bool whole_hex(struct dml_sv s, uint32_t max, uint32_t *value)
{
    uint64_t v;
    if (dml_num_parse_u(s, 16, &v, NULL) != DML_NUM_OK || (uint32_t)v > max)
        return 0;
    *value = (uint32_t)v;
    return 1;
}

/* The text before the first of `stops`; *s moves behind it, *stop is what it was (NUL at the end). */
static struct dml_sv before(struct dml_sv *s, const char *stops, char *stop)
{
    size_t n = 0;
    while (n < s->len && !strchr(stops, s->p[n]))
        n++;
    struct dml_sv piece = {s->p, n};
    *stop = n < s->len ? s->p[n] : '\0';
    n += n < s->len;
    *s = (struct dml_sv){s->p + n, s->len - n};
    return piece;
}

static _Bool set_option(struct dml_reader *r, int32_t index, struct dma_pci *p, struct dml_sv name, struct dml_sv value,
                        struct dml_sv whole)
{
    int32_t v;
    dml_read_part(r, DML_KEY_pci, index, name, value, whole);
    if (dml_sv_is(name, "msitranslate"))
        p->msitranslate = dml_atoi(value) != 0;
    else if (dml_sv_is(name, "power_mgmt"))
        p->power_mgmt = dml_atoi(value) != 0;
    else if (dml_sv_is(name, "permissive"))
        p->permissive = dml_atoi(value) != 0;
    else if (dml_sv_is(name, "seize"))
        p->seize = dml_atoi(value) != 0;
    else if (dml_sv_is(name, "rdm_policy")) {
        _Bool ok = !dml_read_has(r, DML_XL_PCI_SPEC_STRING)
                       ? dml_word_exact(dml_words_rdm_policy, r->xen, value, &v)
                       : dml_word_any_case(dml_words_rdm_policy, r->xen, value, &v);
        if (ok)
            p->rdm_policy = (enum dma_rdm_policy)v;
        return ok;
    } else if (!dml_read_has(r, DML_XL_PCI_SPEC_STRING)) {
        dml_read_problem(r, DML_GUEST_P_SPEC_IGNORED, DML_KEY_pci, index, &name);
    } else {
        return 0;
    }
    return 1;
}

/* Up to 4.14: [DDDD:]BB:DD.F[@VS][,name=value]*, taken apart letter by letter. */
static _Bool read_old(struct dml_reader *r, int32_t index, struct dml_sv s, struct dma_pci *p)
{
    struct dml_sv piece, all = s;
    uint32_t domain, bus, dev, func = 0, slot = 0;
    char stop;
    piece = before(&s, ":", &stop);
    if (!stop || !whole_hex(piece, 0xffff, &domain))
        return 0;
    piece = before(&s, ":.", &stop);
    if (stop == ':') {
        if (!whole_hex(piece, 0xff, &bus))
            return 0;
        piece = before(&s, ".", &stop);
    } else {
        bus = domain;
        domain = 0;
        if (bus > 0xff)
            return 0;
    }
    if (!stop || !whole_hex(piece, 0xff, &dev))
        return 0;
    piece = before(&s, "@,", &stop);
    p->vfunc_mask = 1;
    if (dml_sv_is(piece, "*")) {
        p->vfunc_mask = UINT32_MAX;
        if (dml_read_has(r, DML_XL_PCI_ALL_FUNCTIONS_ABORTS))
            return 0; /* 4.13 and 4.14 abort on it */
    } else if (!whole_hex(piece, 7, &func)) {
        return 0;
    }
    struct dml_sv address = {all.p, (size_t)(piece.p + piece.len - all.p)};
    dml_read_part(r, DML_KEY_pci, index, DML_SV("bdf"), address, address);
    if (stop == '@') {
        piece = before(&s, ",", &stop);
        if (!whole_hex(piece, 0xff, &slot))
            return 0;
        dml_read_part(r, DML_KEY_pci, index, DML_SV("vslot"), piece, piece);
    }
    while (stop == ',') {
        const char *from = s.p;
        struct dml_sv name = before(&s, "=", &stop), value;
        if (!stop)
            return 0;
        value = before(&s, ",", &stop);
        if (!set_option(r, index, p, name, value, (struct dml_sv){from, (size_t)(value.p + value.len - from)}))
            return 0;
    }
    p->domain = domain;
    p->bus = (uint8_t)bus;
    p->dev = (uint8_t)dev;
    p->func = (uint8_t)func;
    p->vdevfn = slot << 3;
    return 1;
}

/* From 4.15 on: the address at the begin of *s, which then moves behind it. */
static _Bool take_bdf(struct dml_sv *s, struct dma_pci *p)
{
    struct dml_sv rest = *s;
    uint32_t v[3] = {0}, func = 0, mask = 1;
    unsigned colons = 0;
    for (size_t i = 0; i < s->len; i++) {
        char c = s->p[i];
        _Bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hex && c != ':')
            break;
        colons += c == ':';
    }
    if (colons != 1 && colons != 2)
        return 0;
    for (unsigned i = 2 - colons; i < 3; i++) {
        if (!take_hex(&rest, &v[i]) || !rest.len || *rest.p != (i == 2 ? '.' : ':'))
            return 0;
        rest = (struct dml_sv){rest.p + 1, rest.len - 1};
    }
    if (v[0] > 0xffff || v[1] > 0xff || v[2] > 0x1f)
        return 0;
    if (rest.len && *rest.p == '*') {
        mask = UINT32_MAX;
        rest = (struct dml_sv){rest.p + 1, rest.len - 1};
    } else if (!take_hex(&rest, &func) || func > 7) {
        return 0;
    }
    p->domain = v[0];
    p->bus = (uint8_t)v[1];
    p->dev = (uint8_t)v[2];
    p->func = (uint8_t)func;
    p->vfunc_mask = mask;
    *s = rest;
    return 1;
}

static _Bool take_slot(struct dml_sv *s, struct dma_pci *p)
{
    uint32_t v;
    if (!take_hex(s, &v) || v > 0x1f)
        return 0;
    p->vdevfn = v << 3;
    return 1;
}

/* From 4.15 on: [address[@slot],][name=value]*, where bdf=, vslot= and name= may stand for the first. */
static _Bool read_new(struct dml_reader *r, int32_t index, struct dml_sv s, struct dma_pci *p)
{
    struct dml_sv all = s;
    _Bool bdf = take_bdf(&s, p), named = 0;
    if (bdf) {
        struct dml_sv address = {all.p, (size_t)(s.p - all.p)};
        dml_read_part(r, DML_KEY_pci, index, DML_SV("bdf"), address, address);
        if (s.len && *s.p == '@') {
            s = (struct dml_sv){s.p + 1, s.len - 1};
            struct dml_sv slot = s;
            if (!take_slot(&s, p))
                return 0;
            slot.len = (size_t)(s.p - slot.p);
            dml_read_part(r, DML_KEY_pci, index, DML_SV("vslot"), slot, slot);
        }
        if (s.len) {
            if (*s.p != ',')
                return 0;
            s = (struct dml_sv){s.p + 1, s.len - 1};
        }
    }
    while (s.len) {
        const char *from = s.p;
        char stop;
        struct dml_sv name = before(&s, "=", &stop), value;
        if (!stop)
            return 0;
        value = before(&s, ",", &stop);
        struct dml_sv whole = {from, (size_t)(value.p + value.len - from)}, rest = value;
        _Bool ok = 1;
        if (dml_sv_is(name, "bdf")) {
            ok = take_bdf(&rest, p);
            bdf |= ok;
            dml_read_part(r, DML_KEY_pci, index, name, value, whole);
        } else if (dml_sv_is(name, "vslot")) {
            ok = take_slot(&rest, p);
            dml_read_part(r, DML_KEY_pci, index, name, value, whole);
        } else if (dml_sv_is(name, "name")) {
            named = 1;
            p->name = dml_read_copy(r, value);
            dml_read_part(r, DML_KEY_pci, index, name, value, whole);
        } else {
            ok = set_option(r, index, p, name, value, whole);
        }
        if (!ok)
            return 0;
    }
    return bdf != named;
}

void dml_read_pci(struct dml_reader *r)
{
    int64_t msitranslate = 0, power_mgmt = 0, permissive = 0, seize = 0;
    dml_read_number(r, DML_KEY_pci_msitranslate, &msitranslate);
    dml_read_number(r, DML_KEY_pci_power_mgmt, &power_mgmt);
    dml_read_number(r, DML_KEY_pci_permissive, &permissive);
    dml_read_number(r, DML_KEY_pci_seize, &seize);
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_pci);
    if (!e)
        return;
    uint32_t n = dml_read_count(r, DML_KEY_pci, e);
    struct dma_pci *v = dml_read_new(r, struct dma_pci, n + 1);
    for (uint32_t i = 0; v && i < n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]);
        v[i] = (struct dma_pci){.msitranslate = (int)msitranslate != 0,
                                .power_mgmt = (int)power_mgmt != 0,
                                .permissive = (int)permissive != 0,
                                .seize = (int)seize != 0,
                                .rdm_policy = r->g->hvm.rdm_policy};
        if (!(!dml_read_has(r, DML_XL_PCI_SPEC_STRING) ? read_old : read_new)(r, (int32_t)i, s, &v[i]))
            dml_read_problem(r, DML_GUEST_P_PCI, DML_KEY_pci, (int32_t)i, &s);
    }
    DMA_LIST_SET(&r->g->pcidevs, v, v ? n : 0);
    if (n && r->g->type == DMA_PV)
        r->g->pv.e820_host = DMA_YES;
}

void dml_read_rdm(struct dml_reader *r)
{
    struct dml_sv s, all;
    int32_t v = DMA_RDM_POLICY_UNSET;
    if (!dml_read_text(r, DML_KEY_rdm, &all))
        return;
    s = all;
    enum dma_rdm_policy policy = DMA_RDM_POLICY_UNSET;
    enum dma_rdm_strategy strategy = DMA_RDM_STRATEGY_IGNORE;
    _Bool old = !dml_read_has(r, DML_XL_RDM_ANY_ORDER), ok = 1;
    unsigned n = 0;
    char stop = ',';
    while (ok && stop == ',') {
        const char *from = s.p;
        struct dml_sv name = before(&s, "=", &stop), value;
        ok = stop == '=';
        value = before(&s, ",", &stop);
        dml_read_part(r, DML_KEY_rdm, -1, name, value, (struct dml_sv){from, (size_t)(value.p + value.len - from)});
        if (ok && dml_sv_is(name, "strategy") && (!old || n == 0)) {
            ok = dml_sv_is(value, "host");
            strategy = DMA_RDM_STRATEGY_HOST;
        } else if (ok && dml_sv_is(name, "policy") && (!old || n == 1)) {
            /* 4.15 turned the test around: a policy that it knows is an error, any other passes unread. */
            _Bool known = dml_word_any_case(dml_words_rdm_policy, r->xen, value, &v);
            ok = !dml_read_has(r, DML_XL_PCI_SPEC_STRING) ? dml_word_exact(dml_words_rdm_policy, r->xen, value, &v)
                                                          : !known;
            if (!dml_read_has(r, DML_XL_PCI_SPEC_STRING))
                policy = (enum dma_rdm_policy)v;
        } else {
            ok = 0;
        }
        n++;
    }
    if (!ok || (old && n != 2)) { /* before 4.14 both are needed, in this order */
        r->out->ignored[DML_KEY_rdm] = 1;
        dml_read_problem(r, DML_GUEST_P_RDM, DML_KEY_rdm, -1, &all);
        return;
    }
    r->g->hvm.rdm_strategy = strategy;
    r->g->hvm.rdm_policy = policy;
}
