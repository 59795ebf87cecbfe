/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the guest starts: what xl and libxl refuse. */
#include <string.h>

#include "checks/checks_i.h"

#include "schema/schema.h"

/* Fires for every problem of a kind that xl has with the guest. */
static enum dml_truth each_problem(struct dml_check *c, enum dml_guest_kind kind)
{
    const struct dml_guest *g = &c->s->guest;
    enum dml_truth answer = DML_NO;
    for (uint32_t i = 0; i < g->problems.n; i++) {
        const struct dml_guest_problem *p = &g->problems.v[i];
        /* dm_restrict, and a kernel that is firmware, have rules of their own. */
        _Bool stored = p->id == DML_GUEST_P_STORED_KIND || p->id == DML_GUEST_P_STORED_WORD;
        if (p->kind != kind || (p->key == DML_KEY_dm_restrict && !stored) || p->id == DML_GUEST_P_HVMLOADER)
            continue;
        const char *message = dml_guest_message(g, p, c->s->a), *hint = dml_guest_hint(g, p, c->s->a);
        struct dml_span placeholder;
        if (p->id != DML_GUEST_P_CMDLINE &&
            dml_cfg_find_placeholder(p->id == DML_GUEST_P_DISK ? dml_source_text(&c->s->src, p->span) : p->value,
                                     &placeholder))
            hint = "it looks like a placeholder that was not filled in: render the template first, or check the result "
                   "of it";
        answer = dml_check_fire(c, p->span, p->key ? dml_key(p->key)->name.p : NULL, hint && *hint ? "%s; %s" : "%s",
                                message ? message : "", hint);
    }
    return answer;
}

enum dml_truth dml_check_refused_by_xl(struct dml_check *c)
{
    return each_problem(c, DML_GUEST_REFUSES);
}

enum dml_truth dml_check_value_ignored(struct dml_check *c)
{
    return each_problem(c, DML_GUEST_IGNORES);
}

enum dml_truth dml_check_stored_by_newer(struct dml_check *c)
{
    const struct dml_guest *g = &c->s->guest;
    return g->newer.len ? dml_check_fire(c, g->newer_span, NULL,
                                         "no libxl up to 4.22 knows `%.*s`; it is left out here", DML_SV_ARG(g->newer))
                        : DML_NO;
}

/* Refusals that have rules of their own, with better words for the whole host. */
static _Bool covered(enum dma_refusal_id id)
{
    return id == DMA_REFUSAL_USER_MISSING || id == DMA_REFUSAL_USER_IS_ROOT || id == DMA_REFUSAL_NO_RESTRICT_USER ||
           id == DMA_REFUSAL_UID_TAKEN || id == DMA_REFUSAL_TRADITIONAL_RESTRICT;
}

/* QEMU is executed, but then it stops, or libxl gives up and destroys the guest. */
static enum dml_truth stops_later(struct dml_check *c, const struct dma_result *r)
{
    enum dml_truth answer = DML_NO;
    for (uint32_t i = 0; i < r->n_notes; i++) {
        const struct dma_note *n = &r->notes[i];
        if (n->id == DMA_NOTE_REFUSED_LATER || n->id == DMA_NOTE_DISK_PLACE_TWICE)
            answer = dml_check_fire(c, dml_guest_blame(&c->s->guest, &n->blame), dma_field_key(n->blame.field), "%s",
                                    n->text);
    }
    return answer;
}

enum dml_truth dml_check_refused_by_libxl(struct dml_check *c)
{
    const struct dma_result *r = dml_subject_result(c->s);
    if (r && r->outcome == DMA_RUNS)
        return stops_later(c, r);
    if (!r || r->outcome != DMA_REFUSED ||
        (covered(r->refusal.id) && dml_subject_restricted(c->s) && c->s->guest.g.type == DMA_HVM))
        return DML_NO;
    if (r->refusal.doubt)
        return dml_check_missing(c, dma_note_fact(r->refusal.doubt));
    struct dml_span span = dml_guest_blame(&c->s->guest, &r->refusal.blame);
    const char *key = r->refusal.blame.field != DMA_FIELD_NONE ? dma_field_key(r->refusal.blame.field) : NULL;
    return dml_check_fire(c, span, key, r->refusal.advice && *r->refusal.advice ? "%s; %s" : "%s", r->refusal.message,
                          r->refusal.advice);
}

/* libxl__need_xenpv_qemu runs before libxl__device_p9_setdefault: a share without type= is nobody's reason for QEMU. */
enum dml_truth dml_check_p9_unserved(struct dml_check *c)
{
    const struct dml_guest *g = &c->s->guest;
    const struct dma_result *r = dml_subject_result(c->s);
    enum dml_truth answer = DML_NO;
    if (c->s->world->target.xen < DML_V(4, 19, 0) || !r || r->outcome != DMA_NO_DEVICE_MODEL)
        return DML_NO;
    for (uint32_t i = 0; i < g->g.p9s.n; i++) {
        const char *backend = g->g.p9s.v[i].backend_domname;
        if (g->g.p9s.v[i].type == DMA_P9_UNSET && (!backend || !strcmp(backend, "0") || !strcmp(backend, "Domain-0")))
            answer = dml_check_fire(c, dml_guest_element(g, DML_KEY_p9, (int32_t)i),
                                    dml_arena_printf(c->s->a, "p9[%u]", i),
                                    "no QEMU is started for this share, and nothing serves it: write type=qemu (which "
                                    "xl before 4.19 does not know)");
    }
    return answer;
}

enum dml_truth dml_check_not_built(struct dml_check *c)
{
    const struct dma_result *r = dml_subject_result(c->s);
    enum dml_truth answer = DML_NO;
    for (uint32_t i = 0; r && i < r->n_notes; i++) {
        const struct dma_note *n = &r->notes[i];
        if (n->id == DMA_NOTE_TRADITIONAL_NOT_BUILT || n->id == DMA_NOTE_PV_GRUB_NOT_BUILT)
            answer = dml_check_fire(c, dml_guest_blame(&c->s->guest, &n->blame), dma_field_key(n->blame.field), "%s",
                                    n->text);
    }
    return answer;
}
