/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of a guest file: what xl cannot parse, does not know, reads otherwise than it looks, or forgets. */
#include "checks/checks_i.h"

#include <stdio.h>

#include "schema/schema.h"

/* The file is code or a template: each error of these kinds stands for the same thing to do. */
static _Bool is_code(enum dml_cfg_error_class class)
{
    return class == DML_CFG_E_PYTHON || class == DML_CFG_E_JSON || class == DML_CFG_E_XML ||
           class == DML_CFG_E_BAD_CHAR || (class >= DML_CFG_E_TEMPLATE_JINJA && class <= DML_CFG_E_TEMPLATE_BRACE);
}

enum dml_truth dml_check_syntax(struct dml_check *c)
{
    enum { OF_CODE = 3, OF_OTHERS = 20 }; /* so many of a kind are shown */
    const struct dml_cfg *cfg = &c->s->cfg;
    uint32_t all[DML_CFG_E_COUNT] = {0}, shown[DML_CFG_E_COUNT] = {0};
    for (uint32_t i = 0; i < cfg->errors.n; i++)
        all[cfg->errors.v[i].class]++;
    for (uint32_t i = 0; i < cfg->errors.n; i++) {
        const struct dml_cfg_error *e = &cfg->errors.v[i];
        uint32_t most = is_code(e->class) ? OF_CODE : OF_OTHERS, n = ++shown[e->class], more = all[e->class] - n;
        if (n > most)
            continue;
        const char *message = dml_cfg_error_message(cfg, e, c->s->a), *hint = dml_cfg_error_hint(e->class);
        char rest[48] = "";
        if (n == most && more)
            snprintf(rest, sizeof rest, " (and %u more of this kind)", more);
        dml_check_fire(c, e->span, NULL, hint && *hint ? "%s; %s%s" : "%s%s%s", message ? message : "syntax error",
                       hint && *hint ? hint : "", rest);
    }
    return cfg->errors.n ? DML_YES : DML_NO;
}

/* The first placeholder in a value, or in the elements of a list. */
static _Bool placeholder_in(struct dml_check *c, const struct dml_cfg_value *v, struct dml_span *span)
{
    if (dml_cfg_is_list(v)) {
        for (uint32_t i = 0; i < v->n; i++)
            if (placeholder_in(c, &v->u.items[i], span))
                return 1;
        return 0;
    }
    if (!dml_cfg_find_placeholder(dml_source_text(&c->s->src, v->span), span))
        return 0;
    span->off += v->span.off;
    return 1;
}

/* Where one stands outside of a string the file does not parse, and that is told as a syntax error. */
enum dml_truth dml_check_placeholder(struct dml_check *c)
{
    enum { LONGEST = 60 };
    const struct dml_cfg *cfg = &c->s->cfg;
    struct dml_span span;
    if (cfg->errors.n || !cfg->items.n)
        return DML_NO;
    for (uint32_t i = 0; i < cfg->settings.n; i++) {
        const struct dml_cfg_setting *s = &cfg->settings.v[i];
        if (!placeholder_in(c, &s->value, &span))
            continue;
        struct dml_sv text = dml_sv_cut(dml_source_text(&c->s->src, span), LONGEST);
        return dml_check_fire(c, span, NULL,
                              "`%.*s` is a placeholder that was not filled in: what xl would start is judged, not the "
                              "guest that is meant",
                              DML_SV_ARG(text));
    }
    return DML_NO;
}

/* Keys whose misspelling leaves a guest unrestricted without a word. */
static const char *const precious[] = {"dm_restrict", "device_model_user", "device_model_version"};
enum { PRECIOUS = sizeof precious / sizeof precious[0] };

/* The key that `name`, which xl does not know, looks like, where the guest does not set that key itself; NULL for none.
 */
static const char *precious_key(const struct dml_subject *s, struct dml_sv name)
{
    for (int i = 0; i < PRECIOUS; i++)
        if (dml_sv_distance(name, dml_sv_of(precious[i]), 2) <= 2 && !dml_cfg_find(&s->cfg, dml_sv_of(precious[i])))
            return precious[i];
    return NULL;
}

/* Does xl of the target read every key of the file, as it does in nearly all? */
static _Bool all_known(const struct dml_subject *s)
{
    return s->guest.keys_read == s->cfg.entries.n;
}

/* Calls `see` for every key that no xl of any release knows; returns whether it fired. */
static enum dml_truth each_unknown(struct dml_check *c, _Bool (*see)(struct dml_check *c, const struct dml_cfg_entry *e,
                                                                     struct dml_span span))
{
    const struct dml_cfg *cfg = &c->s->cfg;
    enum dml_truth answer = DML_NO;
    if (all_known(c->s))
        return DML_NO;
    for (uint32_t i = 0; i < cfg->entries.n; i++) {
        const struct dml_cfg_entry *e = &cfg->entries.v[i];
        if (dml_key_find_hashed(e->name, e->hash) == DML_KEY_NONE && see(c, e, dml_cfg_entry_key(cfg, e)))
            answer = DML_YES;
    }
    return answer;
}

static _Bool see_unknown(struct dml_check *c, const struct dml_cfg_entry *e, struct dml_span span)
{
    if (dml_key_old(e->name) || precious_key(c->s, e->name))
        return 0; /* a rule of its own */
    const char *name = dml_arena_strndup(c->s->a, e->name.p, e->name.len);
    const struct dml_meant *meant = dml_key_meant(e->name);
    enum dml_key_id near = dml_key_nearest(e->name, c->s->world->target.xen);
    if (meant && dml_key_read_by((enum dml_key_id)meant->key, c->s->world->target.xen))
        dml_check_fire(c, span, name, "xl does not know `%.*s` and ignores it; did you mean `%.*s`?%s%s",
                       DML_SV_ARG(e->name), DML_SV_ARG(dml_key((enum dml_key_id)meant->key)->name),
                       *meant->more ? " " : "", meant->more);
    else if (near != DML_KEY_NONE)
        dml_check_fire(c, span, name, "xl does not know `%.*s` and ignores it; did you mean `%.*s`?",
                       DML_SV_ARG(e->name), DML_SV_ARG(dml_key(near)->name));
    else
        dml_check_fire(c, span, name, "xl does not know `%.*s` and ignores it", DML_SV_ARG(e->name));
    return 1;
}

enum dml_truth dml_check_unknown_key(struct dml_check *c)
{
    return each_unknown(c, see_unknown);
}

static _Bool see_misspelt(struct dml_check *c, const struct dml_cfg_entry *e, struct dml_span span)
{
    const char *meant = dml_key_old(e->name) ? NULL : precious_key(c->s, e->name);
    if (!meant)
        return 0;
    dml_check_fire(c, span, dml_arena_strndup(c->s->a, e->name.p, e->name.len),
                   "xl does not know `%.*s` and ignores it; `%s` is not set", DML_SV_ARG(e->name), meant);
    return 1;
}

enum dml_truth dml_check_restrict_misspelt(struct dml_check *c)
{
    return each_unknown(c, see_misspelt);
}

static _Bool see_old(struct dml_check *c, const struct dml_cfg_entry *e, struct dml_span span)
{
    const char *fate = dml_key_old(e->name);
    if (fate)
        dml_check_fire(c, span, dml_arena_strndup(c->s->a, e->name.p, e->name.len), "`%.*s` %s", DML_SV_ARG(e->name),
                       fate);
    return fate != NULL;
}

enum dml_truth dml_check_key_from_xm(struct dml_check *c)
{
    return each_unknown(c, see_old);
}

enum dml_truth dml_check_duplicate_key(struct dml_check *c)
{
    const struct dml_cfg *cfg = &c->s->cfg;
    enum dml_truth answer = DML_NO;
    for (uint32_t i = 0; i < cfg->errors.n; i++)
        if (cfg->errors.v[i].class == DML_CFG_E_PYTHON)
            return DML_NO; /* the other branch of an if, most likely; xl takes nothing of such a file */
    for (uint32_t i = 0; i < cfg->entries.n; i++) {
        const struct dml_cfg_entry *e = &cfg->entries.v[i];
        /* Settings before the one where the value begins are forgotten; what is added behind it counts. */
        const struct dml_cfg_setting *first = e->count > 1 ? dml_cfg_first_part(cfg, e) : NULL;
        for (uint32_t k = first ? first->prev : DML_CFG_NONE; k != DML_CFG_NONE; k = cfg->settings.v[k].prev) {
            struct dml_pos pos = dml_source_pos(&c->s->src, c->s->a, first->key.off);
            answer = dml_check_fire(c, cfg->settings.v[k].key, dml_arena_strndup(c->s->a, e->name.p, e->name.len),
                                    "xl forgets this `%.*s`: line %u sets it again", DML_SV_ARG(e->name), pos.line);
        }
    }
    return answer;
}

enum dml_truth dml_check_key_newer_than_target(struct dml_check *c)
{
    const struct dml_cfg *cfg = &c->s->cfg;
    enum dml_truth answer = DML_NO;
    if (all_known(c->s))
        return DML_NO;
    for (uint32_t i = 0; i < cfg->entries.n; i++) {
        const struct dml_cfg_entry *e = &cfg->entries.v[i];
        enum dml_key_id id = dml_key_find_hashed(e->name, e->hash);
        char since[24], target[24];
        if (id == DML_KEY_NONE || dml_key_read_by(id, c->s->world->target.xen))
            continue;
        answer = dml_check_fire(c, dml_cfg_entry_key(cfg, e), dml_key(id)->name.p,
                                "`%.*s` came with Xen %s; Xen %s ignores it", DML_SV_ARG(e->name),
                                dml_version_text(dml_key(id)->since, 1, since),
                                dml_version_text(c->s->world->target.xen, 1, target));
    }
    return answer;
}

/* Does xl look the key up for this guest, of a type for which the table says it counts? */
static _Bool counts_for(const struct dml_guest *g, const struct dml_key *k)
{
    static const uint8_t bit[] = {[DMA_HVM] = DML_GUEST_HVM, [DMA_PV] = DML_GUEST_PV, [DMA_PVH] = DML_GUEST_PVH};
    const struct dml_cfg_entry *vfb = g->by_key[DML_KEY_vfb];
    _Bool own_vfb = vfb && dml_cfg_is_list(&vfb->value) && vfb->value.n;
    /* What vnc=1 of a PV guest makes a framebuffer of, it reads only then. */
    _Bool of_vfb = k->guests == (DML_GUEST_HVM | DML_GUEST_PV) && k != dml_key(DML_KEY_vnc);
    if (g->g.type == DMA_PV && (of_vfb || (own_vfb && k == dml_key(DML_KEY_vnc))))
        return !own_vfb && g->g.vfbs.n;
    return k->guests & bit[g->g.type];
}

/* Lists for one type of guest are shared by all on purpose; for the others there are rules of their own. */
static _Bool for_one_type(enum dml_key_id id)
{
    return id == DML_KEY_device_model_args_hvm || id == DML_KEY_device_model_args_pv || id == DML_KEY_dm_restrict ||
           id == DML_KEY_device_model_user;
}

enum dml_truth dml_check_key_not_for_type(struct dml_check *c)
{
    static const char *const types[] = {[DMA_HVM] = "an HVM", [DMA_PV] = "a PV", [DMA_PVH] = "a PVH"};
    const struct dml_guest *g = &c->s->guest;
    const char *names = NULL, *first = NULL;
    if (c->s->form.form != DML_FORM_CFG || c->s->cfg.errors.n || dml_guest_refusal(g) || !g->g.type)
        return DML_NO;
    for (uint32_t i = 0; i < c->s->cfg.entries.n; i++) {
        const struct dml_cfg_entry *e = &c->s->cfg.entries.v[i];
        enum dml_key_id id = dml_key_find_hashed(e->name, e->hash);
        if (!dml_key_read_by(id, g->xen) || for_one_type(id) || counts_for(g, dml_key(id)))
            continue;
        names = dml_arena_printf(c->s->a, "%s%s`%s`", names ? names : "", names ? ", " : "", dml_key(id)->name.p);
        first = first ? first : dml_key(id)->name.p;
        if (!names)
            return DML_NO;
    }
    return names ? dml_check_fire(c, dml_subject_key_span(c->s, first), first, "of no effect for %s guest: %s",
                                  types[g->g.type], names)
                 : DML_NO;
}

/* Is dm_restrict, as this setting says it alone, read as true? UNKNOWN where xl does not read it as a number. */
static enum dml_truth reads_true(const struct dml_cfg_setting *setting)
{
    struct dml_cfg_entry alone = {.value = setting->value, .added = setting->adds};
    int64_t n;
    if (dml_cfg_long(&alone, INT64_MIN, INT64_MAX, &n) != DML_CFG_NUM_OK)
        return DML_UNKNOWN;
    return n ? DML_YES : DML_NO;
}

enum dml_truth dml_check_restrict_value_ignored(struct dml_check *c)
{
    const struct dml_cfg *cfg = &c->s->cfg;
    const struct dml_cfg_entry *e = dml_cfg_find(cfg, DML_SV("dm_restrict"));
    int64_t n;
    if (!e)
        return DML_NO;
    struct dml_span span = dml_cfg_entry_value(cfg, e);
    if (dml_span_none(span))
        span = dml_cfg_entry_span(cfg, e);
    switch (dml_cfg_long(e, INT64_MIN, INT64_MAX, &n)) {
    case DML_CFG_NUM_LIST:
        return dml_check_fire(c, span, "dm_restrict",
                              "xl ignores a list here and starts QEMU as root; write dm_restrict = 1");
    case DML_CFG_NUM_ADDED:
        return dml_check_fire(c, span, "dm_restrict",
                              "xl ignores += here and starts QEMU as root; write dm_restrict = 1");
    case DML_CFG_NUM_INVALID:
    case DML_CFG_NUM_RANGE:
        return dml_check_fire(
            c, span, "dm_restrict",
            "\"%.*s\" is no number to xl: it ignores the line and starts QEMU as root; write dm_restrict = 1",
            DML_SV_ARG(dml_cfg_text(&e->value)));
    case DML_CFG_NUM_OK:
    case DML_CFG_NUM_LOW:
    case DML_CFG_NUM_HIGH:
        break;
    }
    return DML_NO;
}

enum dml_truth dml_check_restrict_overridden(struct dml_check *c)
{
    const struct dml_cfg *cfg = &c->s->cfg;
    const struct dml_cfg_entry *e = dml_cfg_find(cfg, DML_SV("dm_restrict"));
    if (!e || e->count < 2 || dml_subject_restricted(c->s))
        return DML_NO;
    for (uint32_t k = cfg->settings.v[e->last].prev; k != DML_CFG_NONE; k = cfg->settings.v[k].prev) {
        if (reads_true(&cfg->settings.v[k]) != DML_YES)
            continue;
        struct dml_pos pos = dml_source_pos(&c->s->src, c->s->a, cfg->settings.v[k].key.off);
        return dml_check_fire(c, dml_cfg_entry_span(cfg, e), "dm_restrict",
                              "this undoes the dm_restrict of line %u: the last one counts", pos.line);
    }
    return DML_NO;
}
