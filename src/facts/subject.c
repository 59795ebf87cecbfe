/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subject: one guest on one host, opened, built at most once, asked by everybody. */
#include "facts/subject.h"

int dml_world_init(struct dml_world *w, const struct dml_facts *host, const struct dml_target *target,
                   struct dml_arena *a)
{
    *w = (struct dml_world){.host = host, .target = *target};
    int rc = dml_target_host(&w->dma_host, target, host, a);
    if (rc == 0 && host)
        rc = dml_accounts_init(&w->accounts, host, target->xen, a);
    return rc;
}

int dml_subject_open(struct dml_subject *s, const char *path, struct dml_sv text, struct dml_err *err)
{
    struct dml_guest_host host = {s->world->dma_host.cpus, s->world->dma_host.numa_nodes};
    int rc = dml_guest_open(&s->guest, &s->cfg, &s->form, s->a, s->xlu, text, s->world->target.xen, &host, err);
    dml_source_init(&s->src, path, s->form.config);
    return rc;
}

_Bool dml_subject_restricted(const struct dml_subject *s)
{
    return s->assumed || s->guest.g.dm_restrict == DMA_YES;
}

void dml_subject_assume_restricted(struct dml_subject *s)
{
    s->assumed = 1;
    s->built = s->qemu_judged = 0;
    s->written = s->guest.g.dm_restrict;
    s->guest.g.dm_restrict = DMA_YES;
}

void dml_subject_as_written(struct dml_subject *s)
{
    if (!s->assumed)
        return;
    s->assumed = s->built = s->qemu_judged = 0;
    s->guest.g.dm_restrict = s->written;
}

_Bool dml_subject_rejected(const struct dml_subject *s)
{
    return s->cfg.errors.n || s->guest.refusals;
}

const struct dma_result *dml_subject_result(struct dml_subject *s)
{
    if (s->built || dml_subject_rejected(s))
        return s->result;
    /* Accounts are judged over all domids by the checks; for the argv any domid will do. */
    struct dma_target target = {.size = sizeof target, .xen = s->world->target.xen, .domid = DML_DOMID_FIRST};
    s->built = 1;
    s->result = NULL;
    if (dma_build(s->builder, &s->guest.g, &s->world->dma_host, &target, &s->result) < 0)
        s->a->failed = 1;
    return s->result;
}

const char *dml_subject_doubt(struct dml_subject *s, struct dml_doubts *at)
{
    const struct dma_result *r = dml_subject_result(s);
    const char *fact = NULL;
    while (!fact && at->problem < s->guest.problems.n)
        fact = dml_guest_doubt(&s->guest.problems.v[at->problem++]);
    while (!fact && r && at->note < r->n_notes)
        fact = dma_note_fact(r->notes[at->note++].id);
    return fact;
}

struct dml_qemu_findings dml_subject_qemu(struct dml_subject *s)
{
    const struct dma_result *r = dml_subject_result(s);
    if (s->qemu_judged)
        return s->qemu;
    s->qemu_judged = 1;
    s->qemu = (struct dml_qemu_findings){0};
    if (r && r->outcome == DMA_RUNS && r->process.device_model == DMA_DM_QEMU_XEN)
        s->qemu = dml_qemu_judge(r->argv, r->argc, &s->world->target.build, s->a);
    return s->qemu;
}

/* libdmargv hands on the very strings of these lists. */
struct dml_span dml_subject_own_argument(const struct dml_subject *s, const char *argument, const char **key)
{
    const struct dma_guest *g = &s->guest.g;
    const struct {
        const struct dma_strings *list;
        enum dml_key_id key;
    } lists[] = {{&g->extra, DML_KEY_device_model_args},
                 {&g->extra_hvm, DML_KEY_device_model_args_hvm},
                 {&g->extra_pv, DML_KEY_device_model_args_pv}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (uint32_t k = 0; k < lists[i].list->n; k++) {
            if (lists[i].list->v[k] != argument)
                continue;
            *key = dml_key(lists[i].key)->name.p;
            return dml_guest_element(&s->guest, lists[i].key, (int32_t)k);
        }
    }
    return DML_NO_SPAN;
}

struct dml_span dml_subject_key_span(const struct dml_subject *s, const char *key)
{
    const struct dml_cfg_entry *e = dml_cfg_find(&s->cfg, dml_sv_of(key));
    return e ? dml_cfg_entry_span(&s->cfg, e) : DML_NO_SPAN;
}

struct dml_values dml_subject_field(struct dml_subject *s, enum dml_spec_id field)
{
    enum dml_key_id list = (enum dml_key_id)dml_spec(field)->list;
    const struct dml_cfg_entry *e = s->guest.by_key[list];
    if (!e || s->guest.ignored[list])
        return (struct dml_values){0};
    uint32_t n = dml_cfg_is_list(&e->value) ? e->value.n : 1;
    struct dml_value *v = dml_new_n(s->a, struct dml_value, n ? n : 1);
    if (!v)
        return (struct dml_values){.unknown = 1};
    for (uint32_t i = 0; i < n; i++) {
        const struct dml_guest_part *part = dml_guest_part(&s->guest, list, (int32_t)i, field);
        v[i] = part ? (struct dml_value){DML_VALUE_STRING, part->span, {.s = part->value}}
                    : (struct dml_value){.span = DML_NO_SPAN};
    }
    return (struct dml_values){v, n, 0};
}
