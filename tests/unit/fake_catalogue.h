/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small catalogue and a provider over a table, for tests of the rule engine alone. */
#ifndef DML_TEST_FAKE_CATALOGUE_H
#define DML_TEST_FAKE_CATALOGUE_H

#include <string.h>

#include "rules/rule.h"

/* FAKE(class, name, kind, list, base): base is the row of the list. */
#define FAKES(FAKE)                                                                                                    \
    FAKE(KEY, "dm_restrict", INT, 0, 0)                                                                                \
    FAKE(KEY, "name", STRING, 0, 1)                                                                                    \
    FAKE(KEY, "memory", INT, 0, 2)                                                                                     \
    FAKE(KEY, "maxmem", INT, 0, 3)                                                                                     \
    FAKE(KEY, "device_model_version", STRING, 0, 4)                                                                    \
    FAKE(KEY, "disk[*]", STRING, 1, 5)                                                                                 \
    FAKE(KEY, "disk[*].format", STRING, 1, 5)                                                                          \
    FAKE(KEY, "disk[*].vdev", STRING, 1, 5)                                                                            \
    FAKE(KEY, "extra", ANY, 0, 8)                                                                                      \
    FAKE(FACT, "target.xen", VERSION, 0, 9)                                                                            \
    FAKE(FACT, "host.qemu.version", VERSION, 0, 10)                                                                    \
    FAKE(FACT, "guest.restricted", BOOL, 0, 11)                                                                        \
    FAKE(FACT, "argv[*]", STRING, 1, 12)                                                                               \
    FAKE(FACT, "host.uids[*]", INT, 1, 13)

static const struct fake_row {
    enum dml_selector_class class;
    const char *name;
    enum dml_value_kind kind;
    _Bool list;
    uint32_t base;
} fake_rows[] = {
#define FAKE_ROW(class, name, kind, list, base) {DML_SELECT_##class, name, DML_VALUE_##kind, list, base},
    FAKES(FAKE_ROW)
#undef FAKE_ROW
};
enum { FAKE_N = sizeof fake_rows / sizeof fake_rows[0] };

static _Bool fake_resolve(const void *user, enum dml_selector_class class, struct dml_sv name, struct dml_selector *out)
{
    (void)user;
    for (uint32_t i = 0; i < FAKE_N; i++) {
        if (fake_rows[i].class != class || !dml_sv_is(name, fake_rows[i].name))
            continue;
        *out = (struct dml_selector){i, fake_rows[i].kind, fake_rows[i].list, fake_rows[i].base};
        return 1;
    }
    return 0;
}

static struct dml_sv fake_name(const void *user, size_t i)
{
    (void)user;
    return dml_sv_of(fake_rows[i].name);
}

static const char *fake_nearest(const void *user, enum dml_selector_class class, struct dml_sv name)
{
    (void)class;
    long i = dml_sv_nearest(name, FAKE_N, fake_name, user);
    return i < 0 ? NULL : fake_rows[i].name;
}

static int fake_check(const void *user, struct dml_sv name, const char **near)
{
    (void)user;
    if (near)
        *near = "uid_overlap";
    return dml_sv_is(name, "uid_overlap") ? 7 : -1;
}

static const struct dml_catalogue fake_catalogue = {fake_resolve, fake_nearest, fake_check, NULL};

/* One guest: what is not set is absent. `asked` counts questions. */
struct fake_guest {
    struct dml_values values[FAKE_N];
    struct dml_value store[FAKE_N][4];
    unsigned asked;
};

static inline struct dml_values fake_get(void *user, uint32_t id)
{
    struct fake_guest *g = user;
    g->asked++;
    return g->values[id];
}

static inline uint32_t fake_id(const char *name)
{
    for (uint32_t i = 0; i < FAKE_N; i++)
        if (strcmp(fake_rows[i].name, name) == 0)
            return i;
    return 0;
}

static inline struct dml_value *fake_add(struct fake_guest *g, const char *name, enum dml_value_kind kind, uint32_t off)
{
    uint32_t id = fake_id(name);
    struct dml_value *v = &g->store[id][g->values[id].n++];
    g->values[id].v = g->store[id];
    *v = (struct dml_value){.kind = kind, .span = off == UINT32_MAX ? DML_NO_SPAN : (struct dml_span){off, 1}};
    return v;
}

static inline void fake_int(struct fake_guest *g, const char *name, int64_t i, uint32_t off)
{
    fake_add(g, name, fake_rows[fake_id(name)].kind == DML_VALUE_BOOL ? DML_VALUE_BOOL : DML_VALUE_INT, off)->u.i = i;
}

static inline void fake_str(struct fake_guest *g, const char *name, const char *s, uint32_t off)
{
    fake_add(g, name, DML_VALUE_STRING, off)->u.s = dml_sv_of(s);
}

static inline void fake_version(struct fake_guest *g, const char *name, dml_version v)
{
    fake_add(g, name, DML_VALUE_VERSION, UINT32_MAX)->u.v = v;
}

static inline void fake_unknown(struct fake_guest *g, const char *name)
{
    g->values[fake_id(name)].unknown = 1;
}

#endif
