/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compare: which guests have something in common, and which stored configs differ from their guest's file. */
#include <stdlib.h>

#include "set/set.h"

/* One key of one guest that others have, too. */
struct ref {
    const struct dml_set_key *key;
    uint32_t file;
};

struct comparing {
    const struct dml_member *members;
    uint32_t n;
    struct dml_arena *a;
    struct dml_clashes *out;
};

static const struct {
    const char *rule;
    _Bool one_host;
} kinds[DML_SET_KINDS] = {
#define SET(id, rule, one_host, key, message) {rule, one_host},
#include "set/set.def"
#undef SET
    [DML_SET_DIFFERS] = {"DM3018", 0},
    [DML_SET_GONE] = {"DM3019", 0},
};

const char *dml_set_rule(enum dml_set_kind kind)
{
    return kinds[kind].rule;
}

/* ---- keys that meet ---- */

/* A table of hashes: which of them two guests have. */
struct seen {
    uint64_t hash;
    uint32_t file;
    _Bool shared;
};

static struct seen *slot(struct seen *table, size_t mask, uint64_t hash)
{
    size_t at = (size_t)(hash >> 20) & mask;
    while (table[at].hash && table[at].hash != hash)
        at = (at + 1) & mask;
    return &table[at];
}

static int by_key(const void *x, const void *y)
{
    const struct ref *a = x, *b = y;
    if (a->key->hash != b->key->hash)
        return a->key->hash < b->key->hash ? -1 : 1;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return (a->key->element > b->key->element) - (a->key->element < b->key->element);
}

/* The guests that have one key: each gets a clash with the first other one, where that is one. */
static int meet(struct comparing *c, const struct ref *first, const struct ref *end)
{
    _Bool writes = first->key->kind != DML_SET_DISK;
    for (const struct ref *r = first; r < end; r++)
        writes |= r->key->writes;
    for (const struct ref *r = first; writes && r < end; r++) {
        const struct ref *other = first;
        if (r > first && r[-1].file == r->file)
            continue; /* the same twice in one guest */
        while (other < end && other->file == r->file)
            other++;
        struct dml_clash *clash = other < end ? dml_vec_add(c->a, &c->out->v) : NULL;
        if (clash)
            *clash = (struct dml_clash){.file = r->file, .other = other->file, .key = *r->key};
    }
    return c->a->failed ? DML_ENOMEM : 0;
}

/* Keys that several guests have, in groups. */
static int meet_all(struct comparing *c, struct ref *v, uint32_t n)
{
    int rc = 0;
    qsort(v, n, sizeof *v, by_key);
    for (uint32_t first = 0, end; rc == 0 && first < n; first = end) {
        for (end = first + 1; end < n && v[end].key->hash == v[first].key->hash; end++)
            ;
        rc = meet(c, &v[first], &v[end]);
    }
    return rc;
}

static _Bool counts(const struct dml_set_key *key, _Bool one_host)
{
    return one_host || !kinds[key->kind].one_host;
}

static int compare_keys(struct comparing *c, _Bool one_host)
{
    size_t total = 0, size = 16, shared = 0;
    for (uint32_t i = 0; i < c->n; i++)
        total += c->members[i].keys_n;
    while (size < 2 * total)
        size *= 2;
    struct dml_arena scratch = {0};
    struct seen *table = total ? dml_new_n(&scratch, struct seen, size) : NULL;
    int rc = table || !total ? 0 : DML_ENOMEM;
    for (uint32_t i = 0; table && i < c->n; i++)
        for (uint32_t k = 0; k < c->members[i].keys_n; k++) {
            const struct dml_set_key *key = &c->members[i].keys[k];
            struct seen *s = counts(key, one_host) ? slot(table, size - 1, key->hash) : NULL;
            if (s && !s->hash)
                *s = (struct seen){key->hash, i, 0};
            else if (s && s->file != i)
                shared += !s->shared, s->shared = 1;
        }
    DML_VEC(struct ref) refs = {0};
    for (uint32_t i = 0; shared && i < c->n; i++)
        for (uint32_t k = 0; k < c->members[i].keys_n; k++) {
            const struct dml_set_key *key = &c->members[i].keys[k];
            struct ref *r =
                counts(key, one_host) && slot(table, size - 1, key->hash)->shared ? dml_vec_add(&scratch, &refs) : NULL;
            if (r)
                *r = (struct ref){key, i};
        }
    if (rc == 0 && refs.v)
        rc = meet_all(c, refs.v, refs.n);
    rc = scratch.failed ? DML_ENOMEM : rc;
    dml_arena_dispose(&scratch);
    return rc;
}

/* ---- stored configs and files ---- */

struct named {
    uint64_t name;
    uint32_t file;
};

static int by_name(const void *x, const void *y)
{
    const struct named *a = x, *b = y;
    if (a->name != b->name)
        return a->name < b->name ? -1 : 1;
    return (a->file > b->file) - (a->file < b->file);
}

static uint8_t difference(const struct dml_member *stored, const struct dml_member *file)
{
    return (uint8_t)((stored->requested != file->requested ? DML_DIFFERS_REQUEST : 0) |
                     (stored->user != file->user ? DML_DIFFERS_USER : 0) |
                     (stored->device_model != file->device_model ? DML_DIFFERS_DEVICE_MODEL : 0) |
                     (stored->argv != file->argv ? DML_DIFFERS_ARGV : 0));
}

/* A stored config and the files [first, first + n) of its guest: the one that it is like counts, else the first. */
static int compare_one(struct comparing *c, uint32_t stored, const struct named *first, size_t n, _Bool any_file)
{
    const struct dml_member *me = &c->members[stored];
    _Bool image = me->form != DML_FORM_JSON;
    struct dml_clash clash = {.file = stored, .other = stored, .key = {.kind = DML_SET_GONE}};
    for (size_t i = 0; i < n; i++) {
        uint8_t differs = difference(me, &c->members[first[i].file]);
        if (!image && !c->out->running[first[i].file])
            c->out->running[first[i].file] = me->requested ? DML_TRI_YES : DML_TRI_NO;
        if (!i || (clash.differs && !differs))
            clash = (struct dml_clash){
                .file = stored, .other = first[i].file, .key = {.kind = DML_SET_DIFFERS}, .differs = differs};
    }
    if (n ? !clash.differs : image || !any_file)
        return 0;
    struct dml_clash *to = dml_vec_add(c->a, &c->out->v);
    if (to)
        *to = clash;
    return to ? 0 : DML_ENOMEM;
}

static int compare_stored(struct comparing *c)
{
    _Bool any = 0;
    for (uint32_t i = 0; i < c->n; i++)
        any |= c->members[i].there && c->members[i].form != DML_FORM_CFG;
    if (!any)
        return 0;
    struct named *v = dml_new_n(c->a, struct named, c->n);
    c->out->running = dml_new_n(c->a, uint8_t, c->n);
    if (!v || !c->out->running)
        return DML_ENOMEM;
    size_t n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        if (c->members[i].there && c->members[i].form == DML_FORM_CFG)
            v[n++] = (struct named){c->members[i].name, i};
    qsort(v, n, sizeof *v, by_name);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < c->n; i++) {
        if (!c->members[i].there || c->members[i].form == DML_FORM_CFG)
            continue;
        size_t low = 0, high = n;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (v[middle].name < c->members[i].name)
                low = middle + 1;
            else
                high = middle;
        }
        for (high = low; c->members[i].name && high < n && v[high].name == c->members[i].name; high++)
            ;
        rc = compare_one(c, i, v + low, high - low, n > 0);
    }
    return rc;
}

/* ---- all ---- */

static int by_file(const void *x, const void *y)
{
    const struct dml_clash *a = x, *b = y;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->key.kind != b->key.kind)
        return a->key.kind < b->key.kind ? -1 : 1;
    return (a->key.element > b->key.element) - (a->key.element < b->key.element);
}

int dml_set_compare(const struct dml_member *members, uint32_t n, _Bool one_host, struct dml_arena *a,
                    struct dml_clashes *out)
{
    struct comparing c = {members, n, a, out};
    *out = (struct dml_clashes){0};
    int rc = n > 1 ? compare_keys(&c, one_host) : 0;
    if (rc == 0)
        rc = compare_stored(&c);
    if (rc == 0 && out->v.n)
        qsort(out->v.v, out->v.n, sizeof *out->v.v, by_file);
    return rc;
}

uint32_t dml_clashes_of(const struct dml_clashes *c, uint32_t file, const struct dml_clash **first)
{
    uint32_t low = 0, high = c->v.n, n = 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (c->v.v[middle].file < file)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low < c->v.n ? &c->v.v[low] : NULL;
    while (low + n < c->v.n && c->v.v[low + n].file == file)
        n++;
    return n;
}
