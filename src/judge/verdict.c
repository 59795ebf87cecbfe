/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdict: what stands in a guest's way, what is not known, and what remains to be said once all guests have been seen.
 */
#include <string.h>

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
    if (!f || f->qemu.installed == DML_TRI_UNKNOWN)
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

static _Bool in(const struct blockers *b, uint16_t rule)
{
    for (uint32_t i = 0; i < b->n; i++)
        if (b->v[i] == rule)
            return 1;
    return 0;
}

static int add(struct judging *g, struct blockers *b, uint16_t rule)
{
    uint16_t *p = in(b, rule) ? &b->v[0] : dml_vec_add(&g->j->file, b);
    if (p && p == &b->v[b->n - 1])
        *p = rule;
    return p ? 0 : DML_ENOMEM;
}

/* Room for two more than there are: finish.c may add one that comes from other guests, and one that was asked for. */
static int copy_blockers(struct judging *g, const struct blockers *b, struct dml_judged *guest)
{
    guest->blockers = dml_new_n(&g->j->keep, struct dml_report_blocker, b->n + 2);
    if (!guest->blockers)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < b->n; i++)
        guest->blockers[i] =
            (struct dml_report_blocker){g->p->map[b->v[i]], dml_rule_own(&g->p->rules->v[b->v[i]])->scope};
    guest->blockers_n = (uint16_t)b->n;
    return 0;
}

/* What the host says of a guest of this name that runs now. */
static const char *running(const struct dml_facts *host, const char *name)
{
    for (uint32_t i = 0; host && name && i < host->running.n; i++) {
        const struct dml_running *r = DML_AT(host->running, struct dml_running, i);
        if (r->name && strcmp(r->name, name) == 0)
            return r->dm_restrict == DML_TRI_YES  ? "restricted"
                   : r->dm_restrict == DML_TRI_NO ? "unrestricted"
                                                  : "unknown";
    }
    return NULL;
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

static int note_user(struct judging *g, uint32_t guest)
{
    const struct dml_world *w = g->s.world;
    const char *user = g->s.guest.g.device_model_user;
    if (!user || g->s.guest.g.type != DMA_HVM || (!dml_subject_restricted(&g->s) && w->target.xen < DML_V(4, 12, 0)))
        return 0;
    struct dml_same_user *u = dml_vec_add(&g->j->keep, &g->j->users);
    if (!u)
        return DML_ENOMEM;
    const struct dml_account *account = w->host ? dml_account_find(w->host, user) : NULL;
    *u = (struct dml_same_user){.file = g->file,
                                .guest = guest,
                                .form = (uint8_t)g->s.form.form,
                                .user = dml_arena_strdup(&g->j->keep, user),
                                .uid = account ? account->uid : DML_FACT_UNKNOWN};
    g->same_user = u;
    return u->user ? 0 : DML_ENOMEM;
}

/* A digest of one argument, without the MAC address that only a stored config may know. */
static uint64_t digest(struct dml_sv s)
{
    const char *mac = s.len ? memmem(s.p, s.len, "mac=", 4) : NULL;
    if (!mac)
        return dml_cfg_hash(s) + (uint64_t)s.len;
    struct dml_sv before = {s.p, (size_t)(mac - s.p)}, rest = {mac, s.len - before.len};
    const char *comma = memchr(rest.p, ',', rest.len);
    rest = comma ? (struct dml_sv){comma, rest.len - (size_t)(comma - rest.p)} : DML_SV("");
    return (uint64_t)dml_cfg_hash(before) << 32 ^ digest(rest);
}

/* What a stored config and a file of the same guest are compared by. */
static void take_digests(struct judging *g, struct dml_judged *guest)
{
    const struct dma_result *r = dml_subject_result(&g->s);
    const char *user = g->s.guest.g.device_model_user;
    guest->user = user ? digest(dml_sv_of(user)) | 1 : 0;
    guest->device_model = r ? (uint8_t)r->process.device_model : 0;
    for (uint32_t i = 0; r && i < r->argc; i++)
        guest->argv = (guest->argv ^ digest(dml_sv_of(r->argv[i]))) * UINT64_C(0x9e3779b97f4a7c15);
}

static struct dml_judged *new_guest(struct judging *g)
{
    struct dml_judged *guest = dml_vec_add(&g->j->keep, &g->j->guests);
    if (guest)
        *guest = (struct dml_judged){.file = g->file, .name = {"", 0}, .applicable = 1};
    return guest;
}

int keep_too_large(struct judging *g)
{
    struct dml_judged *guest = new_guest(g);
    struct blockers b = {0};
    if (!guest || add(g, &b, g->p->own[JUDGE_TOO_LARGE]) < 0)
        return DML_ENOMEM;
    return copy_blockers(g, &b, guest);
}

int keep_guest(struct judging *g, const struct blockers *fired)
{
    struct dml_judged *guest = new_guest(g);
    struct blockers all = *fired;
    if (!guest)
        return DML_ENOMEM;
    const char *name = g->s.guest.g.name;
    if (name)
        guest->name = dml_arena_sv(&g->j->keep, dml_sv_of(name));
    guest->requested = dml_subject_restricted(&g->s);
    guest->stored = g->s.form.form != DML_FORM_CFG;
    guest->running = running(g->s.world->host, name);
    if (g->j->run->want_digests)
        take_digests(g, guest);
    guest->missing = g->missing;
    if (g->disagrees && add(g, &all, g->p->own[JUDGE_DISAGREE]) < 0)
        return DML_ENOMEM;
    if (!dml_subject_rejected(&g->s))
        guest->reason = not_applicable(&g->s);
    if (guest->reason && !g->disagrees) {
        guest->applicable = 0;
        guest->missing = g->s.world->target.xen_known ? 0 : DML_MISSING_BIT(xen);
        return 0;
    }
    int rc = note_user(g, g->j->guests.n - 1);
    /* What would stand in the way if restriction were asked for: the same guest with nothing but dm_restrict = 1. */
    if (rc == 0 && g->j->run->want_verdicts && !guest->requested && !dml_subject_rejected(&g->s)) {
        struct blockers then = {0};
        dml_subject_assume_restricted(&g->s);
        rc = run_deciding(g, &then);
        for (uint32_t i = 0; rc == 0 && i < then.n; i++)
            rc = add(g, &all, then.v[i]);
        guest = &g->j->guests.v[g->j->guests.n - 1];
        guest->missing |= g->missing;
    }
    guest->missing = (guest->missing & needed) | required_facts(g->s.world);
    return rc < 0 ? rc : copy_blockers(g, &all, guest);
}

static int prepare(struct judging *g, enum judge_rule own, struct dml_finding *finding, _Bool *is_shown)
{
    uint16_t rule = g->p->own[own];
    struct dml_fired f = {.rule = rule,
                          .span = dml_subject_key_span(&g->s, "name"),
                          .key = DML_SV("name"),
                          .message = {"", 0},
                          .fixed = 1};
    *finding = make_finding(g, &f);
    finding->source = dml_arena_sv(&g->j->keep, finding->source);
    *is_shown = g->settings[rule].severity != DML_OFF && g->j->run->selected[g->p->map[rule]];
    return finding->source.p ? 0 : DML_ENOMEM;
}

/* Keeps what there is to say of a stored config once all files have been seen. */
int note_stored(struct judging *g)
{
    struct dml_stored_guest *s = dml_vec_add(&g->j->keep, &g->j->stored);
    if (!s)
        return DML_ENOMEM;
    *s = (struct dml_stored_guest){.guest = g->j->guests.n - 1, .image = g->s.form.form != DML_FORM_JSON};
    int rc = prepare(g, JUDGE_STORED_DIFFERS, &s->differs, &s->differs_shown);
    return rc < 0 ? rc : prepare(g, JUDGE_FILE_GONE, &s->gone, &s->gone_shown);
}

/*
 * Prepares the finding that this guest's account is another's too; whether it is, is known at the end. A suppression of
 * it counts as used by any guest that names its account.
 */
int decide_same_user(struct judging *g, struct dml_suppressions *s)
{
    struct dml_same_user *u = g->same_user;
    uint16_t rule = g->p->own[JUDGE_SAME_USER];
    const struct dml_setting *setting = &g->settings[rule];
    if (g->too_large || !g->s.guest.g.device_model_user)
        return 0;
    struct dml_fired f = {.rule = rule,
                          .span = dml_subject_key_span(&g->s, "device_model_user"),
                          .key = DML_SV("device_model_user"),
                          .message = {"", 0},
                          .fixed = 1};
    f.state = state_of(g, s, rule, f.span, &f.waiver);
    if (!u)
        return 0;
    u->finding = make_finding(g, &f);
    u->finding.source = dml_arena_sv(&g->j->keep, u->finding.source);
    u->shown = setting->severity != DML_OFF && g->j->run->selected[g->p->map[rule]];
    return u->finding.source.p ? 0 : DML_ENOMEM;
}
