/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The truths of facts.def, one function each. */
#include "facts/truths.h"

#include <string.h>

static struct dml_values one(struct dml_subject *s, struct dml_value value)
{
    struct dml_value *v = dml_new(s->a, struct dml_value);
    if (!v)
        return (struct dml_values){.unknown = 1};
    *v = value;
    return (struct dml_values){v, 1, 0};
}

static const struct dml_values unknown = {.unknown = 1};
static const struct dml_values absent = {0};

static struct dml_values yes_no(struct dml_subject *s, _Bool yes, struct dml_span span)
{
    return one(s, (struct dml_value){DML_VALUE_BOOL, span, {.i = yes}});
}

static struct dml_values text(struct dml_subject *s, const char *p, struct dml_span span)
{
    return p ? one(s, (struct dml_value){DML_VALUE_STRING, span, {.s = dml_sv_of(p)}}) : absent;
}

static struct dml_values version(struct dml_subject *s, dml_version v)
{
    return v ? one(s, (struct dml_value){DML_VALUE_VERSION, DML_NO_SPAN, {.v = v}}) : unknown;
}

static struct dml_values tri(struct dml_subject *s, enum dml_tri t)
{
    return t ? yes_no(s, t == DML_TRI_YES, DML_NO_SPAN) : unknown;
}

static struct dml_span key(const struct dml_subject *s, const char *name)
{
    return dml_subject_key_span(s, name);
}

static struct dml_values fact_guest_name(struct dml_subject *s)
{
    return text(s, s->guest.g.name, key(s, "name"));
}

static struct dml_values fact_guest_type(struct dml_subject *s)
{
    static const char *const names[] = {[DMA_HVM] = "hvm", [DMA_PV] = "pv", [DMA_PVH] = "pvh"};
    enum dma_type t = s->guest.g.type;
    return t ? text(s, names[t], key(s, "type")) : unknown;
}

static struct dml_values fact_guest_restricted(struct dml_subject *s)
{
    return yes_no(s, dml_subject_restricted(s), key(s, "dm_restrict"));
}

static struct dml_values fact_guest_restrict_unread(struct dml_subject *s)
{
    return yes_no(s, s->guest.ignored[DML_KEY_dm_restrict], dml_guest_span(&s->guest, DML_KEY_dm_restrict));
}

static struct dml_values fact_guest_stubdomain(struct dml_subject *s)
{
    return yes_no(s, s->guest.g.device_model_stubdomain == DMA_YES, key(s, "device_model_stubdomain_override"));
}

static struct dml_values fact_guest_device_model(struct dml_subject *s)
{
    const struct dma_result *r = dml_subject_result(s);
    struct dml_span span = key(s, "device_model_version");
    /* A refused guest has no process, but what it asks for, or what libxl fell back to, is known. */
    if (s->guest.g.device_model_version == DMA_DM_TRADITIONAL ||
        (r && r->outcome == DMA_REFUSED && r->refusal.id == DMA_REFUSAL_TRADITIONAL_RESTRICT))
        return text(s, "qemu-xen-traditional", span);
    if (!r)
        return unknown;
    switch (r->process.device_model) {
    case DMA_DM_QEMU_XEN:
        return text(s, "qemu-xen", span);
    case DMA_DM_TRADITIONAL:
        return text(s, "qemu-xen-traditional", span);
    case DMA_DM_UNSET:
        break;
    }
    return r->outcome == DMA_NO_DEVICE_MODEL ? absent : unknown;
}

static struct dml_values fact_guest_has_qemu(struct dml_subject *s)
{
    const struct dma_result *r = dml_subject_result(s);
    if (!r || r->outcome == DMA_REFUSED) /* every HVM guest without a stub domain would have one if it started */
        return s->guest.g.type == DMA_HVM && s->guest.g.device_model_stubdomain != DMA_YES ? yes_no(s, 1, DML_NO_SPAN)
                                                                                           : unknown;
    return yes_no(s, r->outcome == DMA_RUNS, DML_NO_SPAN);
}

static struct dml_values fact_guest_refused(struct dml_subject *s)
{
    const struct dma_result *r = dml_subject_result(s);
    return yes_no(s, !r || r->outcome == DMA_REFUSED, DML_NO_SPAN);
}

static struct dml_values fact_guest_gfx_passthru(struct dml_subject *s)
{
    return yes_no(s, s->guest.g.hvm.gfx_passthru == DMA_YES, key(s, "gfx_passthru"));
}

static struct dml_values fact_guest_e1000_cards(struct dml_subject *s)
{
    const struct dma_guest *g = &s->guest.g;
    int64_t cards = 0;
    for (uint32_t i = 0; g->type == DMA_HVM && i < g->nics.n; i++) {
        const struct dma_nic *nic = &g->nics.v[i];
        cards += nic->type != DMA_NIC_VIF && nic->model && strncmp(nic->model, "e1000", 5) == 0;
    }
    return one(s, (struct dml_value){DML_VALUE_INT, key(s, "vif"), {.i = cards}});
}

static struct dml_values fact_guest_qemu_args(struct dml_subject *s)
{
    const char *const lists[] = {"device_model_args",
                                 s->guest.g.type == DMA_HVM ? "device_model_args_hvm" : "device_model_args_pv"};
    const struct dml_cfg_entry *entries[2];
    uint32_t n = 0;
    for (int i = 0; i < 2; i++) {
        entries[i] = dml_cfg_find(&s->cfg, dml_sv_of(lists[i]));
        n += entries[i] && dml_cfg_is_list(&entries[i]->value) ? entries[i]->value.n : 0;
    }
    if (!n)
        return absent;
    struct dml_value *v = dml_new_n(s->a, struct dml_value, n);
    if (!v)
        return unknown;
    n = 0;
    for (int i = 0; i < 2; i++) {
        for (uint32_t k = 0; entries[i] && dml_cfg_is_list(&entries[i]->value) && k < entries[i]->value.n; k++) {
            const struct dml_cfg_value *item = &entries[i]->value.u.items[k];
            v[n++] = (struct dml_value){DML_VALUE_STRING, item->span, {.s = dml_cfg_text(item)}};
        }
    }
    return (struct dml_values){v, n, 0};
}

static struct dml_values fact_argv(struct dml_subject *s)
{
    const struct dma_result *r = dml_subject_result(s);
    struct dml_value *v = r && r->argc ? dml_new_n(s->a, struct dml_value, r->argc) : NULL;
    if (!v)
        return absent;
    for (uint32_t i = 0; i < r->argc; i++)
        v[i] = (struct dml_value){DML_VALUE_STRING, DML_NO_SPAN, {.s = dml_sv_of(r->argv[i])}};
    return (struct dml_values){v, r->argc, 0};
}

/* "-option value", "-option", or a word that stands alone; without the value where `own` is 0. */
static struct dml_sv option_text(struct dml_subject *s, const struct dml_qemu_arg *arg, _Bool own)
{
    if (arg->kind == DML_QEMU_WORD || !own)
        return dml_sv_of(arg->kind == DML_QEMU_WORD ? arg->name : arg->name - 1); /* its dash stands before it */
    const char *t = dml_arena_printf(s->a, "-%s%s%s", arg->name, arg->value ? " " : "", arg->value ? arg->value : "");
    return dml_sv_of(t ? t : "");
}

/* Options of an argv; `own`: only those that stand in the guest's own lists. */
static struct dml_values options(struct dml_subject *s, const char *const *argv, uint32_t argc, uint32_t first,
                                 _Bool own)
{
    struct dml_value *v = dml_new_n(s->a, struct dml_value, argc + 1);
    struct dml_qemu_arg arg;
    uint32_t n = 0;
    if (!v)
        return unknown;
    for (uint32_t i = first; dml_qemu_next(argv, argc, &i, &arg);) {
        const char *list = NULL;
        struct dml_span span = dml_subject_own_argument(s, argv[arg.at], &list);
        if (list || !own)
            v[n++] = (struct dml_value){DML_VALUE_STRING, span, {.s = option_text(s, &arg, own)}};
    }
    return (struct dml_values){v, n, 0};
}

static struct dml_values fact_guest_qemu_options(struct dml_subject *s)
{
    const struct dma_result *r = dml_subject_result(s);
    const struct dma_guest *g = &s->guest.g;
    const struct dma_strings *more = g->type == DMA_HVM ? &g->extra_hvm : &g->extra_pv;
    uint32_t n = g->extra.n + more->n;
    if (!n)
        return absent;
    if (r && r->outcome == DMA_RUNS)
        return options(s, r->argv, r->argc, 1, 1);
    /* It does not start; its own arguments alone. */
    const char **all = dml_new_n(s->a, const char *, n);
    if (!all)
        return unknown;
    for (uint32_t i = 0; i < n; i++)
        all[i] = i < g->extra.n ? g->extra.v[i] : more->v[i - g->extra.n];
    return options(s, all, n, 0, 1);
}

static struct dml_values fact_argv_options(struct dml_subject *s)
{
    const struct dma_result *r = dml_subject_result(s);
    return r && r->argc ? options(s, r->argv, r->argc, 1, 0) : absent;
}

static struct dml_values fact_target_qemu_seccomp(struct dml_subject *s)
{
    static const char *const words[] = {"unknown", "no", "yes"};
    return text(s, words[s->world->target.build.has[DML_QEMU_HAS_seccomp]], DML_NO_SPAN);
}

static struct dml_values fact_target_xen(struct dml_subject *s)
{
    return version(s, s->world->target.xen);
}

static struct dml_values fact_target_qemu(struct dml_subject *s)
{
    return version(s, s->world->target.qemu);
}

static struct dml_values fact_target_kernel(struct dml_subject *s)
{
    return version(s, s->world->target.kernel);
}

static struct dml_values fact_target_qemu_restricts(struct dml_subject *s)
{
    return tri(s, s->world->target.qemu_restricts);
}

const struct dml_truth_row dml_truth_rows[DML_FACTS] = {
#define FACT(id, name, kind, list, doc) {name, DML_VALUE_##kind, list, fact_##id, doc},
#include "facts/facts.def"
#undef FACT
};
