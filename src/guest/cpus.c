/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Virtual CPUs, where they may run, and virtual NUMA nodes. Mirrors parse_vcpu_affinity and parse_vnuma_config. */
#include "base/num.h"
#include "guest/read.h"

void dml_read_llc_colors(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_llc_colors);
    for (uint32_t i = 0; e && i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]), second;
        uint64_t a = 0, b;
        size_t end = 0, end2 = 0;
        if (dml_cfg_is_list(&e->value.u.items[i])) {
            dml_read_problem(r, DML_GUEST_P_ELEMENT, DML_KEY_llc_colors, (int32_t)i, NULL);
            continue;
        }
        _Bool ok = dml_num_parse_u(s, 10, &a, &end) != DML_NUM_NONE;
        second = (struct dml_sv){s.p + end + 1, s.len > end ? s.len - end - 1 : 0};
        if (!(ok && end < s.len && s.p[end] == '-' && dml_num_parse_u(second, 10, &b, &end2) != DML_NUM_NONE))
            b = a;
        if (!ok || (uint32_t)a > (uint32_t)b)
            dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_llc_colors, (int32_t)i, &s);
        else
            r->g->num_llc_colors += (uint32_t)b - (uint32_t)a + 1;
    }
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

static void read_vnuma(struct dml_reader *r)
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
        v[i] = (struct dma_vnode){.mem_kb = DMA_KB_UNSET,
                                  .num_distances = n,
                                  .distances = distances,
                                  .vcpus = map,
                                  .vcpus_bytes = (bits + 7) / 8};
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
                if (ok && !r->host->numa_nodes && number > 0)
                    dml_read_problem(r, DML_GUEST_P_NODES_UNKNOWN, DML_KEY_vnuma, (int32_t)i, &s);
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

void dml_read_vcpus(struct dml_reader *r)
{
    int64_t vcpus = 0, max;
    _Bool given = dml_read_number(r, DML_KEY_vcpus, &vcpus);
    if (dml_read_has(r, DML_XL_ONE_VCPU_AT_LEAST)) { /* and a bitmap for them */
        vcpus = vcpus < 1 ? 1 : vcpus;
        given = 1;
    }
    if (given && (int32_t)vcpus < 0) {
        dml_read_problem(r, DML_GUEST_P_NUMBER, DML_KEY_vcpus, -1, NULL);
        vcpus = 0;
    } else if (given) {
        r->g->avail_vcpus = (uint32_t)vcpus;
        r->g->avail_vcpus_bits = vcpus ? (uint32_t)vcpus : DMA_VCPUS_HOST;
    }
    if (dml_read_number(r, DML_KEY_maxvcpus, &max))
        r->g->max_vcpus = (uint32_t)max;
    read_vnuma(r);
    if (r->g->max_memkb == DMA_KB_UNSET)
        r->g->max_memkb = r->g->target_memkb;
    if (!r->g->max_vcpus)
        r->g->max_vcpus = (uint32_t)vcpus;
    if ((int32_t)r->g->max_vcpus < vcpus)
        dml_read_problem(r, DML_GUEST_P_VCPUS, dml_read_entry(r, DML_KEY_maxvcpus) ? DML_KEY_maxvcpus : DML_KEY_vcpus,
                         -1, NULL);
}

enum { MOST_CPUS = 4096 }; /* of a host; more than Xen can be built for */
struct cpus {
    uint32_t n; /* how many the host has, or may have */
    _Bool in[MOST_CPUS];
};

/* Puts cpus a to b in or out. Their numbers are ints to libxl. */
static void put_cpus(struct cpus *c, uint64_t a, uint64_t b, _Bool in)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (b - a >= UINT32_MAX || i - (uint32_t)a <= b - a)
            c->in[i] = in;
}

/* The same with all cpus of nodes a to b, as if each node had its share in one piece. */
static void put_nodes(struct cpus *c, uint32_t nodes, uint64_t a, uint64_t b, _Bool in)
{
    for (uint64_t k = a; k <= b && k < nodes; k++)
        for (uint64_t i = c->n * k / nodes; i < c->n * (k + 1) / nodes; i++)
            c->in[i] = in;
}

/*
 * xl's parse_cpurange for a host of c->n cpus and `nodes` nodes. 0 where xl cannot read it. *far_node: a node is named
 * that not every host has; *endless: a range that xl does not come to the end of.
 */
static _Bool read_cpurange(struct dml_sv s, struct cpus *c, uint32_t nodes, _Bool *far_node, _Bool *endless)
{
    struct dml_sv piece;
    uint64_t a, b;
    memset(c->in, 0, sizeof c->in);
    while (dml_next_piece(&s, ",", &piece)) {
        _Bool not = piece.p[0] == '^';
        piece = (struct dml_sv){piece.p + not, piece.len - not };
        size_t prefix = dml_sv_starts(piece, DML_SV("node:")) ? 5 : dml_sv_starts(piece, DML_SV("nodes:")) ? 6 : 0;
        piece = (struct dml_sv){piece.p + prefix, piece.len - prefix};
        if (dml_sv_is(piece, "all")) {
            if (not )
                return 0;
            put_cpus(c, 0, UINT64_MAX, 1);
        } else if (!dml_parse_range(piece, &a, &b)) {
            return 0;
        } else if (b - a > UINT32_MAX) {
            *endless = 1;
        } else if (prefix) {
            put_nodes(c, nodes, a, b, !not );
            *far_node |= b > 0;
        } else {
            put_cpus(c, a, b, !not );
        }
    }
    return 1;
}

static _Bool any(const struct cpus *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (c->in[i])
            return 1;
    return 0;
}

/*
 * What xl, and Xen behind it, say to one text of cpus=. What is not known of the host is taken as the least and as the
 * most that a host can have: where both give some cpu, or none, that is the answer.
 */
static void check_cpus(struct dml_reader *r, enum dml_key_id key, int32_t index, struct dml_sv s)
{
    uint32_t nodes = r->host->numa_nodes ? r->host->numa_nodes : 1;
    uint32_t known = r->host->cpus < MOST_CPUS ? r->host->cpus : MOST_CPUS;
    struct cpus c = {.n = known ? known : 1};
    _Bool far_node = 0, endless = 0, least, most;
    if (!read_cpurange(s, &c, nodes, &far_node, &endless) || endless) {
        dml_read_problem(r, endless ? DML_GUEST_P_ENDLESS : DML_GUEST_P_CPUS, key, index, &s);
        return;
    }
    if (key != DML_KEY_cpus || !r->g->max_vcpus) /* cpus_soft is a wish; no vcpu, no map to be empty */
        return;
    least = any(&c);
    c.n = known ? known : MOST_CPUS;
    read_cpurange(s, &c, nodes, &far_node, &endless);
    most = any(&c);
    if (far_node && !r->host->numa_nodes)
        dml_read_problem(r, DML_GUEST_P_NODES_UNKNOWN, key, index, &s);
    else if (!most)
        dml_read_problem(r, DML_GUEST_P_CPUS_EMPTY, key, index, &s);
    else if (!least)
        dml_read_problem(r, DML_GUEST_P_CPUS_UNKNOWN, key, index, &s);
}

void dml_read_cpus(struct dml_reader *r, enum dml_key_id key)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, key);
    if (!e)
        return;
    _Bool is_list = dml_cfg_is_list(&e->value);
    uint32_t n = is_list ? e->value.n : 1;
    r->g->has_vcpu_affinity = 1;
    if (is_list && n > r->g->max_vcpus)
        n = r->g->max_vcpus; /* xl does not look at cpus of vcpus that there are not */
    for (uint32_t i = 0; i < n; i++) {
        const struct dml_cfg_value *v = is_list ? &e->value.u.items[i] : &e->value;
        if (dml_cfg_is_list(v)) { /* the maps of the vcpus from here on are memory that nobody has filled */
            dml_read_problem(r, DML_GUEST_P_CRASH, key, (int32_t)i, NULL);
            return;
        }
        check_cpus(r, key, is_list ? (int32_t)i : -1, dml_cfg_text(v));
    }
}
