/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI devices, reserved device memory and virtual NUMA nodes. Mirrors libxlu_pci.c and parse_vnuma_config. */
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
        _Bool ok = r->xen < DML_V(4, 15, 0) ? dml_word_exact(dml_words_rdm_policy, r->xen, value, &v)
                                            : dml_word_any_case(dml_words_rdm_policy, r->xen, value, &v);
        if (ok)
            p->rdm_policy = (enum dma_rdm_policy)v;
        return ok;
    } else if (r->xen < DML_V(4, 15, 0)) {
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
        if (r->xen >= DML_V(4, 13, 0))
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
        if (!(r->xen < DML_V(4, 15, 0) ? read_old : read_new)(r, (int32_t)i, s, &v[i]))
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
    _Bool old = r->xen < DML_V(4, 14, 0), ok = 1;
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
            ok = r->xen < DML_V(4, 15, 0) ? dml_word_exact(dml_words_rdm_policy, r->xen, value, &v) : !known;
            if (r->xen < DML_V(4, 15, 0))
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

/* More nodes or vcpus than any host can have: xl refuses them, once it has tried to make room. */
enum { MAX_NODES = 1024, MAX_VCPUS = 1 << 20 };

/* Puts vcpus "0-3,7" into a bitmap of `bits`; returns how many xl counts. */
static uint64_t set_vcpus(struct dml_sv s, uint8_t *map, uint64_t bits)
{
    struct dml_sv piece;
    uint64_t n = 0;
    while (dml_next_piece(&s, ",", &piece)) {
        uint64_t a = 0, b = 0;
        if (!dml_parse_range(piece, &a, &b) || b - a > 65535)
            b = a;
        for (uint64_t i = a; i <= b && n <= MAX_VCPUS; i++, n++)
            if (i < bits)
                map[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    return n;
}

static void bad_vnuma(struct dml_reader *r, uint32_t index, struct dml_sv why)
{
    dml_read_problem(r, DML_GUEST_P_VNUMA, DML_KEY_vnuma, (int32_t)index, NULL)->value = why;
}

void dml_read_vnuma(struct dml_reader *r)
{
    enum { UNKNOWN_HOST_CPUS = 4096 };
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_vnuma);
    uint64_t vcpus = 0, memory = 0;
    if (!e || !dml_cfg_is_list(&e->value) || !e->value.n)
        return;
    if (e->value.n > MAX_NODES) {
        bad_vnuma(r, 0, DML_SV("there are too many"));
        return;
    }
    uint32_t n = e->value.n, bits = r->g->max_vcpus ? r->g->max_vcpus : r->host->cpus;
    if (!bits || bits > UNKNOWN_HOST_CPUS)
        bits = UNKNOWN_HOST_CPUS;
    struct dma_vnode *v = dml_read_new(r, struct dma_vnode, n);
    for (uint32_t i = 0; v && i < n; i++) {
        const struct dml_cfg_value *node = &e->value.u.items[i];
        uint32_t *distances = dml_read_new(r, uint32_t, n);
        uint8_t *map = dml_read_new(r, uint8_t, bits / 8 + 1);
        if (!distances || !map)
            return;
        v[i] =
            (struct dma_vnode){.num_distances = n, .distances = distances, .vcpus = map, .vcpus_bytes = (bits + 7) / 8};
        if (!dml_cfg_is_list(node)) {
            dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_vnuma, (int32_t)i, NULL);
            continue;
        }
        for (uint32_t k = 0; k < node->n; k++) {
            struct dml_sv s = dml_cfg_text(&node->u.items[k]), name, value, piece;
            uint64_t number = 0;
            if (dml_cfg_is_list(&node->u.items[k]))
                continue;
            if (!dml_read_pair(r, s, &name, &value)) {
                dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_vnuma, (int32_t)i, &s);
                continue;
            }
            dml_read_part(r, DML_KEY_vnuma, (int32_t)i, name, value, s);
            _Bool ok = 1;
            if (dml_sv_is(name, "pnode")) {
                ok = dml_parse_ulong(value, &number);
                v[i].pnode = (uint32_t)number;
                if (ok && r->host->numa_nodes && number >= r->host->numa_nodes)
                    bad_vnuma(r, i, DML_SV("pnode names a node that the host does not have"));
            } else if (dml_sv_is(name, "size")) {
                ok = dml_parse_ulong(value, &number);
                v[i].mem_kb = number << 10;
                memory += v[i].mem_kb;
            } else if (dml_sv_is(name, "vcpus")) {
                vcpus += set_vcpus(value, map, bits);
            } else if (dml_sv_is(name, "vdistances")) {
                for (uint32_t d = 0; ok && dml_next_piece(&value, ",", &piece); d++) {
                    ok = dml_parse_ulong(piece, &number);
                    if (d < n)
                        distances[d] = (uint32_t)number;
                }
            }
            if (!ok)
                dml_read_problem(r, DML_GUEST_P_SPEC_VALUE, DML_KEY_vnuma, (int32_t)i, &s);
        }
    }
    if (r->g->max_vcpus) {
        if (r->g->max_vcpus != vcpus)
            bad_vnuma(r, 0, DML_SV("their vcpus are not as many as maxvcpus"));
    } else {
        if (r->host->cpus && r->host->cpus < vcpus)
            bad_vnuma(r, 0, DML_SV("they have more vcpus than the host has cpus"));
        r->g->max_vcpus = (uint32_t)vcpus;
    }
    if (r->g->max_memkb != DMA_KB_UNSET && r->g->max_memkb != memory)
        bad_vnuma(r, 0, DML_SV("their sizes do not add up to maxmem"));
    r->g->max_memkb = memory;
    DMA_LIST_SET(&r->g->vnuma, v, v ? n : 0);
}
