/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of guests that meet, and where. */
#include "set/set.h"

static const char *const keys[DML_SET_KINDS] = {
#define SET(id, rule, one_host, key, message) key,
#include "set/set.def"
#undef SET
    [DML_SET_DIFFERS] = "name",
    [DML_SET_GONE] = "name",
};

static _Bool in_list(const struct dml_clash *c)
{
    return c->key.kind == DML_SET_MAC || c->key.kind == DML_SET_DISK;
}

struct dml_span dml_clash_span(const struct dml_clash *c, struct dml_subject *s)
{
    if (in_list(c))
        return dml_guest_element(&s->guest, c->key.kind == DML_SET_MAC ? DML_KEY_vif : DML_KEY_disk,
                                 (int32_t)c->key.element);
    return dml_subject_key_span(s, keys[c->key.kind]);
}

const char *dml_clash_key(const struct dml_clash *c, struct dml_arena *a)
{
    return in_list(c) ? dml_arena_printf(a, "%s[%u]", keys[c->key.kind], c->key.element) : keys[c->key.kind];
}

/* The value that both have. */
static const char *value(const struct dml_clash *c, const struct dma_guest *g, struct dml_arena *a)
{
    switch ((enum dml_set_kind)c->key.kind) {
    case DML_SET_ACCOUNT:
        return g->device_model_user;
    case DML_SET_NAME:
        return g->name;
    case DML_SET_UUID:
        return g->uuid;
    case DML_SET_DISK:
        return c->key.element < g->disks.n ? g->disks.v[c->key.element].pdev_path : NULL;
    case DML_SET_MAC: {
        const uint8_t *m = c->key.element < g->nics.n ? g->nics.v[c->key.element].mac : NULL;
        return m ? dml_arena_printf(a, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]) : NULL;
    }
    case DML_SET_DIFFERS:
    case DML_SET_GONE:
    case DML_SET_KINDS:
        break;
    }
    return NULL;
}

static const char *differences(uint8_t bits, struct dml_arena *a)
{
    static const char *const words[] = {"dm_restrict", "the account", "the device model", "QEMU's command line"};
    const char *text = NULL;
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (bits >> i & 1)
            text = text ? dml_arena_printf(a, "%s, %s", text, words[i]) : words[i];
    return text ? text : "";
}

const char *dml_clash_message(const struct dml_clash *c, struct dml_subject *s, const char *const *paths,
                              struct dml_arena *a)
{
    const char *what = value(c, &s->guest.g, a), *other = paths[c->other], *name = s->guest.g.name;
    what = what ? what : "?";
    name = name ? name : "?";
    switch ((enum dml_set_kind)c->key.kind) {
#define SET(id, rule, one_host, key, message)                                                                          \
    case DML_SET_##id:                                                                                                 \
        return dml_arena_printf(a, message, other, what);
#include "set/set.def"
#undef SET
    case DML_SET_DIFFERS:
        if (s->form.form != DML_FORM_JSON)
            return dml_arena_printf(
                a, "the saved image would bring %s back as it was before %s was edited; it differs in: %s", name, other,
                differences(c->differs, a));
        return dml_arena_printf(a,
                                "%s runs with another config than %s has: a cold restart is due (shut it down, xl "
                                "create); it differs in: %s",
                                name, other, differences(c->differs, a));
    case DML_SET_GONE:
        return dml_arena_printf(a, "none of the files judged here is of %s, which runs", name);
    case DML_SET_KINDS:
        break;
    }
    return NULL;
}
