/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stand: how a guest stands: what is in its way, what is not known of it, whether it is concerned at all. */
#include <stdlib.h>
#include <string.h>

#include "facts/files.h"
#include "judge/judge_i.h"

/* Facts without which nothing is ready, whatever the rules ask for. */
static uint64_t required_facts(const struct dml_world *w)
{
    const struct dml_facts *f = w->host;
    uint64_t missing = w->target.xen_known ? 0 : DML_MISSING_BIT(xen) | DML_MISSING_BIT(other);
    if (!f || !f->os)
        missing |= DML_MISSING_BIT(os);
    if (!f || !f->kernel_release)
        missing |= DML_MISSING_BIT(kernel);
    if ((!f || f->qemu.installed == DML_TRI_UNKNOWN) && !w->target.qemu) /* one of a version is there */
        missing |= DML_MISSING_BIT(qemu_installed);
    if (!w->target.qemu && w->target.qemu_restricts == DML_TRI_UNKNOWN && w->target.run_with_chroot == DML_TRI_UNKNOWN)
        missing |= DML_MISSING_BIT(qemu_version);
    if (!f || !f->passwd.known)
        missing |= DML_MISSING_BIT(passwd);
    if (!f || !f->nss.known)
        missing |= DML_MISSING_BIT(nss);
    if (!f || !f->subuid.known)
        missing |= DML_MISSING_BIT(subuid);
    return missing;
}

/* All that a verdict may wait for: other facts add findings where they are known, and are not missed. */
static const uint64_t needed = DML_MISSING_BIT(os) | DML_MISSING_BIT(kernel) | DML_MISSING_BIT(qemu_installed) |
                               DML_MISSING_BIT(qemu_version) | DML_MISSING_BIT(passwd) | DML_MISSING_BIT(nss) |
                               DML_MISSING_BIT(subuid) | DML_MISSING_BIT(xen) | DML_MISSING_BIT(undecided) |
                               DML_MISSING_BIT(qemu_caps) | DML_MISSING_BIT(qemu_value);

/* What libxl or xl would do rests on these, whatever the rules ask for. */
static uint64_t doubts(struct judging *g)
{
    struct dml_doubts at = {0};
    uint64_t missing = 0;
    for (const char *fact; (fact = dml_subject_doubt(&g->s, &at));)
        missing |= dml_missing_bit(fact);
    return missing;
}

/* What the host says of a guest of this name that runs now. */
static enum dml_running_state running(const struct dml_facts *host, const char *name)
{
    static const uint8_t states[] = {[DML_TRI_YES] = DML_RUNS_RESTRICTED,
                                     [DML_TRI_NO] = DML_RUNS_UNRESTRICTED,
                                     [DML_TRI_UNKNOWN] = DML_RUNS_UNKNOWN};
    for (uint32_t i = 0; host && name && i < host->running.n; i++) {
        const struct dml_running *r = DML_AT(host->running, struct dml_running, i);
        if (r->name && strcmp(r->name, name) == 0)
            return r->qemu == DML_TRI_NO ? DML_RUNS_UNKNOWN : (enum dml_running_state)states[r->dm_restrict];
    }
    return DML_RUNS_NOT;
}

/* Why no QEMU in dom0 serves the guest; NULL where one does, or where it does not start. */
static const char *not_applicable(struct dml_subject *s)
{
    const struct dma_guest *g = &s->guest.g;
    const struct dma_result *r = dml_subject_result(s);
    if (!r || r->outcome == DMA_REFUSED)
        return NULL;
    if (g->type == DMA_HVM && g->device_model_stubdomain == DMA_YES && !dml_subject_restricted(s))
        return "QEMU runs in a stub domain";
    if (r->outcome != DMA_NO_DEVICE_MODEL)
        return NULL;
    return g->type == DMA_PV    ? "a PV guest that needs no QEMU"
           : g->type == DMA_PVH ? "a PVH guest that needs no QEMU"
                                : "no QEMU is started";
}

uint32_t dml_protections(const struct dml_world *w)
{
    if (w->target.xen < DML_V(4, 12, 0))
        return 1u << DML_PROTECTION_HANDLES | 1u << DML_PROTECTION_UID;
    _Bool linux_host = !w->host || !w->host->os || strcmp(w->host->os, "linux") == 0;
    return ((1u << DML_PROTECTIONS) - 1) &
           ~(linux_host ? 0 : 1u << DML_PROTECTION_NAMESPACES | 1u << DML_PROTECTION_LIMITS);
}

static int by_rule(const void *x, const void *y)
{
    const struct dml_blocker *a = x, *b = y;
    return (a->rule > b->rule) - (a->rule < b->rule);
}

/* What stands in the way, each rule once and with its first place. */
static int copy_blockers(struct judging *g, struct dml_standing *out)
{
    struct dml_blocker *v = dml_new_n(g->a, struct dml_blocker, g->deciding.n + 1);
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < g->deciding.n; i++) {
        const struct dml_fired *f = &g->deciding.v[i];
        if (i && f->rule == f[-1].rule)
            continue;
        struct dml_blocker *b = &v[out->blockers_n++];
        *b = (struct dml_blocker){.rule = g->p->map[f->rule],
                                  .scope = dml_rule_own(&g->p->rules->v[f->rule])->scope,
                                  .span = f->span,
                                  .message = f->message};
        if (!dml_span_none(f->span)) {
            b->start = dml_source_pos(&g->s.src, g->a, f->span.off);
            b->end = dml_source_pos(&g->s.src, g->a, f->span.off + f->span.len);
        }
    }
    if (out->blockers_n > 1)
        qsort(v, out->blockers_n, sizeof *v, by_rule);
    out->blockers = v;
    return 0;
}

/* What would stand in the way if restriction were asked for: the same guest with nothing but dm_restrict = 1. */
static int assume_restricted(struct judging *g, uint64_t *missing)
{
    dml_subject_assume_restricted(&g->s);
    int rc = dml_judge_run_deciding(g);
    *missing |= doubts(g);
    dml_subject_as_written(&g->s);
    return rc;
}

int dml_judge_stand(struct judging *g, _Bool assumed, struct dml_standing *out)
{
    const struct dml_world *w = g->s.world;
    *out = (struct dml_standing){.applicable = 1,
                                 .requested = dml_subject_restricted(&g->s),
                                 .stored = g->s.form.form != DML_FORM_CFG,
                                 .running = running(w->host, g->s.guest.g.name)};
    if (g->too_large)
        return copy_blockers(g, out);
    if (!dml_subject_rejected(&g->s))
        out->reason = not_applicable(&g->s);
    if (out->reason && !g->disagrees) {
        out->applicable = 0;
        out->missing = w->target.xen_known ? 0 : DML_MISSING_BIT(xen);
        return 0;
    }
    assumed &= !out->requested && !dml_subject_rejected(&g->s);
    out->missing = required_facts(w) | (assumed ? 0 : doubts(g));
    if (assumed && assume_restricted(g, &out->missing) < 0)
        return DML_ENOMEM;
    if (g->j->grounds->required & ~dml_protections(w))
        dml_judge_block(g, g->p->own[DML_OWN_FEWER_PROTECTIONS], DML_NO_SPAN, NULL);
    out->missing |= g->missing & needed;
    out->unseen = dml_subject_files_unseen(&g->s);
    return copy_blockers(g, out);
}
