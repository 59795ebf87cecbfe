/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of schema/ and look-ups in them. */
#include "schema/schema.h"

#include <pthread.h>

#include "cfg/cfg.h"

#define V(minor, point) DML_V(4, minor, point)
#define NEVER           DML_V_NEVER
#define HVM             DML_GUEST_HVM
#define PV              DML_GUEST_PV
#define PVH             DML_GUEST_PVH
#define ANY             DML_GUEST_ANY

static struct dml_key keys[DML_KEY_COUNT] = {
#define KEY(name, type, since, removed, guests, dm, fate, doc)                                                         \
    [DML_KEY_##                                                                                                        \
        name] = {{#name, sizeof #name - 1}, DML_KEY_##type, guests, DML_DM_##dm, since, removed, fate, doc, 0, 0},
#include "schema/keys.def"
#undef KEY
};

static const struct dml_spec specs[DML_SPEC_COUNT] = {
#define SPEC(list, name, form, since, doc) {DML_KEY_##list, DML_SPEC_##form, {#name, sizeof #name - 1}, since, doc, 0},
#define SPEC_COLO(list, name, form, since, doc)                                                                        \
    {DML_KEY_##list, DML_SPEC_##form, {#name, sizeof #name - 1}, since, doc, 1},
#include "schema/specs.def"
#undef SPEC
};

static const struct old {
    struct dml_sv name;
    enum dml_key_id same; /* takes the same value, or DML_KEY_NONE */
    const char *fate;
} olds[] = {
#define OLD(name, same, fate) {{#name, sizeof #name - 1}, DML_KEY_##same, fate},
#include "schema/old.def"
#undef OLD
};

static const struct dml_meant meant[] = {
#define SAME                         1
#define OTHER                        0
#define MEANT(name, key, same, more) {{#name, sizeof #name - 1}, DML_KEY_##key, same, more},
#include "schema/meant.def"
#undef MEANT
};

enum { SLOTS = 1024, OLD_COUNT = sizeof olds / sizeof *olds, MEANT_COUNT = sizeof meant / sizeof *meant };
static uint16_t slots[SLOTS]; /* key ids by hash, 0 is free */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(void)
{
    for (unsigned i = 1; i < DML_KEY_COUNT; i++) {
        uint32_t at = dml_cfg_hash(keys[i].name) % SLOTS;
        while (slots[at])
            at = (at + 1) % SLOTS;
        slots[at] = i;
    }
    for (unsigned i = 0; i < DML_SPEC_COUNT; i++) {
        struct dml_key *k = &keys[specs[i].list];
        if (!k->n_specs++)
            k->spec = i;
    }
}

const struct dml_key *dml_key(enum dml_key_id id)
{
    pthread_once(&once, fill);
    return &keys[id];
}

enum dml_key_id dml_key_find_hashed(struct dml_sv name, uint32_t hash)
{
    pthread_once(&once, fill);
    for (uint32_t at = hash % SLOTS; slots[at]; at = (at + 1) % SLOTS)
        if (dml_sv_eq(keys[slots[at]].name, name))
            return slots[at];
    return DML_KEY_NONE;
}

enum dml_key_id dml_key_find(struct dml_sv name)
{
    return dml_key_find_hashed(name, dml_cfg_hash(name));
}

_Bool dml_key_read_by(enum dml_key_id id, dml_version xen)
{
    return id != DML_KEY_NONE && xen >= keys[id].since && xen < keys[id].removed;
}

/* Names for dml_sv_nearest: those that the release does not read are empty, and so never near. */
static struct dml_sv key_name(const void *xen, size_t i)
{
    return dml_key_read_by((enum dml_key_id)i, *(const dml_version *)xen) ? keys[i].name : DML_SV("");
}

enum dml_key_id dml_key_nearest(struct dml_sv name, dml_version xen)
{
    long i = dml_sv_nearest(name, DML_KEY_COUNT, key_name, &xen);
    if (i <= 0)
        return DML_KEY_NONE;
    /* Files have keys of forks and of other programs in them: one slip is likely, more only behind the same begin. */
    struct dml_sv near = keys[i].name;
    return near.p[0] == name.p[0] || dml_sv_distance(name, near, 1) <= 1 ? (enum dml_key_id)i : DML_KEY_NONE;
}

static const struct old *find_old(struct dml_sv name)
{
    size_t low = 0, high = OLD_COUNT;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = dml_sv_cmp(name, olds[mid].name);
        if (!order)
            return &olds[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

const char *dml_key_old(struct dml_sv name)
{
    const struct old *o = find_old(name);
    return o ? o->fate : NULL;
}

const struct dml_meant *dml_key_meant(struct dml_sv name)
{
    for (size_t i = 0; i < MEANT_COUNT; i++)
        if (dml_sv_eq(meant[i].name, name))
            return &meant[i];
    return NULL;
}

/* The only key that is one or two slips away. */
static enum dml_key_id only_near(struct dml_sv name, dml_version xen)
{
    enum { SLIPS = 2, SHORTEST = 5 };
    enum dml_key_id near = dml_key_nearest(name, xen);
    unsigned least = near ? dml_sv_distance(name, keys[near].name, SLIPS) : SLIPS + 1;
    if (least > SLIPS || (least == SLIPS && name.len < SHORTEST))
        return DML_KEY_NONE;
    for (unsigned i = 1; i < DML_KEY_COUNT; i++)
        if (i != near && dml_key_read_by((enum dml_key_id)i, xen) &&
            dml_sv_distance(name, keys[i].name, least) <= least)
            return DML_KEY_NONE;
    return near;
}

enum dml_key_id dml_key_rename(struct dml_sv name, dml_version xen)
{
    const struct old *o = find_old(name);
    const struct dml_meant *m = dml_key_meant(name);
    if (dml_key_find(name))
        return DML_KEY_NONE;
    enum dml_key_id key = o ? o->same : !m ? only_near(name, xen) : m->same ? (enum dml_key_id)m->key : DML_KEY_NONE;
    return dml_key_read_by(key, xen) ? key : DML_KEY_NONE;
}

const struct dml_spec *dml_spec(enum dml_spec_id id)
{
    return &specs[id];
}

/* xl writes some lists' sub-keys with dashes; the rows have underscores, as they must be C names. */
static _Bool has_dashes(const struct dml_spec *spec)
{
    switch (spec->list) {
    case DML_KEY_p9:
        return !dml_sv_is(spec->name, "security_model");
    case DML_KEY_disk:
        return !dml_sv_is(spec->name, "grant_usage");
    case DML_KEY_vkb:
    case DML_KEY_vdispl:
    case DML_KEY_vsnd:
        return 1;
    default:
        return 0;
    }
}

const char *dml_spec_text(const struct dml_spec *spec, char text[48])
{
    _Bool dashes = has_dashes(spec);
    size_t n = spec->name.len < 47 ? spec->name.len : 47;
    for (size_t i = 0; i < n; i++)
        text[i] = dashes && spec->name.p[i] == '_' ? '-' : spec->name.p[i];
    text[n] = '\0';
    return text;
}

const struct dml_spec *dml_spec_find(enum dml_key_id list, struct dml_sv name)
{
    const struct dml_key *k = dml_key(list);
    for (const struct dml_spec *s = &specs[k->spec]; s < &specs[k->spec] + k->n_specs; s++) {
        char text[48];
        if (s->name.len == name.len && *s->name.p == *name.p && dml_sv_is(name, dml_spec_text(s, text)))
            return s;
    }
    return NULL;
}

struct nearest {
    const struct dml_spec *specs;
    dml_version xen;
};

static struct dml_sv spec_name(const void *user, size_t i)
{
    const struct nearest *n = user;
    return n->xen >= n->specs[i].since ? n->specs[i].name : DML_SV("");
}

const struct dml_spec *dml_spec_nearest(enum dml_key_id list, struct dml_sv name, dml_version xen)
{
    const struct dml_key *k = dml_key(list);
    struct nearest n = {&specs[k->spec], xen};
    long i = dml_sv_nearest(name, k->n_specs, spec_name, &n);
    return i >= 0 && xen >= n.specs[i].since ? &n.specs[i] : NULL;
}
