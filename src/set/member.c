/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Member: what of one guest others are compared with. */
#include <string.h>

#include "set/set.h"

struct reading {
    struct dml_member *m;
    struct dml_subject *s;
    struct dml_arena *a;
    DML_VEC(struct dml_set_key) keys;
};

static uint64_t mix(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    h ^= h >> 32;
    return h * UINT64_C(0x9e3779b97f4a7c15);
}

static void add(struct reading *r, enum dml_set_kind kind, uint32_t element, _Bool writes, const void *bytes, size_t n)
{
    const uint8_t tag[] = {(uint8_t)kind, r->m->form};
    struct dml_set_key *k = dml_vec_add(r->a, &r->keys);
    if (k)
        *k = (struct dml_set_key){mix(mix(UINT64_C(0xcbf29ce484222325), tag, sizeof tag), bytes, n) | 1, element,
                                  (uint8_t)kind, writes};
}

static void add_text(struct reading *r, enum dml_set_kind kind, uint32_t element, _Bool writes, const char *text)
{
    if (text && *text)
        add(r, kind, element, writes, text, strlen(text));
}

/* The account that QEMU runs under, where the guest names one: by uid where it is known, as two names may share one. */
static void add_account(struct reading *r)
{
    const struct dml_world *w = r->s->world;
    const char *user = r->s->guest.g.device_model_user;
    if (!user || r->s->guest.g.type != DMA_HVM || (!dml_subject_restricted(r->s) && w->target.xen < DML_V(4, 12, 0)))
        return;
    const struct dml_account *account = w->host ? dml_account_find(w->host, user) : NULL;
    if (account && account->uid != DML_FACT_UNKNOWN)
        add(r, DML_SET_ACCOUNT, 0, 0, &account->uid, sizeof account->uid);
    else
        add_text(r, DML_SET_ACCOUNT, 0, 0, user);
}

static void add_devices(struct reading *r)
{
    static const uint8_t generated[6] = {0};
    const struct dma_guest *g = &r->s->guest.g;
    for (uint32_t i = 0; i < g->nics.n; i++)
        if (memcmp(g->nics.v[i].mac, generated, sizeof generated) != 0)
            add(r, DML_SET_MAC, i, 0, g->nics.v[i].mac, sizeof g->nics.v[i].mac);
    for (uint32_t i = 0; i < g->disks.n; i++)
        if (!g->disks.v[i].backend_domname) /* another domain's paths are its own */
            add_text(r, DML_SET_DISK, i, g->disks.v[i].readwrite && !g->disks.v[i].is_cdrom, g->disks.v[i].pdev_path);
}

/* A digest of one argument, without the MAC address that only a stored config may know. */
static uint64_t digest(uint64_t h, struct dml_sv s)
{
    const char *mac = s.len ? memmem(s.p, s.len, "mac=", 4) : NULL;
    if (!mac)
        return mix(h, s.p, s.len);
    struct dml_sv before = {s.p, (size_t)(mac - s.p)}, rest = {mac, s.len - before.len};
    const char *comma = memchr(rest.p, ',', rest.len);
    rest = comma ? (struct dml_sv){comma, rest.len - (size_t)(comma - rest.p)} : DML_SV("");
    return digest(mix(h, before.p, before.len), rest);
}

/* What a stored config and a file of the same guest are compared by. */
static void take_digests(struct reading *r)
{
    const struct dma_result *result = dml_subject_result(r->s);
    const char *user = r->s->guest.g.device_model_user;
    r->m->user = user ? mix(0, user, strlen(user)) | 1 : 0;
    r->m->device_model = result ? (uint8_t)result->process.device_model : 0;
    for (uint32_t i = 0; result && i < result->argc; i++)
        r->m->argv = digest(r->m->argv, dml_sv_of(result->argv[i]));
}

int dml_member_read(struct dml_member *m, struct dml_subject *s, _Bool digests, struct dml_arena *a)
{
    struct reading r = {.m = m, .s = s, .a = a};
    const char *name = s->guest.g.name;
    *m = (struct dml_member){.there = 1, .form = (uint8_t)s->form.form, .requested = dml_subject_restricted(s)};
    m->name = name && *name ? mix(0, name, strlen(name)) | 1 : 0;
    add_account(&r);
    if (!dml_subject_rejected(s)) {
        add_text(&r, DML_SET_NAME, 0, 0, name);
        add_text(&r, DML_SET_UUID, 0, 0, s->guest.g.uuid);
        add_devices(&r);
    }
    if (digests)
        take_digests(&r);
    m->keys = r.keys.v;
    m->keys_n = r.keys.n;
    return a->failed ? DML_ENOMEM : 0;
}

_Bool dml_member_has(const struct dml_member *m, const struct dml_set_key *key)
{
    for (uint32_t i = 0; i < m->keys_n; i++)
        if (m->keys[i].hash == key->hash)
            return 1;
    return 0;
}
