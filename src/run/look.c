/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Look: each input is judged by itself, once more where it meets another, and on the host as it should be. */
#include <stdlib.h>
#include <string.h>

#include "host/repair.h"
#include "run/run_i.h"

/* ---- what is kept of a judgement ---- */

static int keep_standing(struct dml_standing *to, const struct dml_standing *from, struct dml_arena *keep)
{
    *to = *from;
    if (!from->blockers_n)
        return 0;
    struct dml_blocker *v = dml_new_n(keep, struct dml_blocker, from->blockers_n);
    for (uint16_t i = 0; v && i < from->blockers_n; i++) {
        v[i] = from->blockers[i];
        v[i].message = dml_arena_sv(keep, v[i].message);
    }
    to->blockers = v;
    return keep->failed ? DML_ENOMEM : 0;
}

int dml_run_compare(struct run *r, const struct dml_member *v, struct dml_clashes *out)
{
    return dml_set_compare(v, r->ask->n, r->session->world.host != NULL, &r->a, out);
}

/* Findings of an earlier look at the same input no longer count. */
static int keep_findings(struct run *r, struct worker *w, uint32_t i, const struct dml_judgement *j, uint32_t clash0)
{
    for (uint32_t k = 0; k < j->fired_n; k++) {
        const struct dml_fired *f = &j->fired[k];
        struct dml_finding finding;
        dml_judgement_finding(j, f, i, r->needs, &finding);
        finding.generation = r->entries[i].generation;
        struct dml_finding *kept = dml_findings_add(&w->findings, &finding, f->fixed);
        struct met *m = kept && f->clash >= 0 ? dml_vec_add(&w->keep, &w->met) : NULL;
        if (!kept || (f->clash >= 0 && !m))
            return DML_ENOMEM;
        if (!m)
            continue;
        *m = (struct met){kept, clash0 + (uint32_t)f->clash};
        r->places[m->clash] = (struct place){finding.span, finding.start, finding.end};
    }
    return 0;
}

/* Is the guest's own account one that the host is not known to have? */
static const char *unknown_user(const struct run *r, const struct dml_judgement *j, struct dml_arena *keep)
{
    const char *user = j->subject->guest.g.device_model_user;
    const struct dml_facts *host = r->session->world.host;
    return user && host && !dml_account_find(host, user) ? dml_arena_strdup(keep, user) : NULL;
}

static int keep_guest(struct run *r, struct worker *w, uint32_t i, const struct dml_judgement *j)
{
    struct entry *e = &r->entries[i];
    const char *name = j->subject->guest.g.name;
    int rc = dml_run_keep_member(&e->member, &j->member, &w->keep);
    if (rc == 0 && (r->needs & DML_NEED_VERDICTS))
        rc = keep_standing(&e->standing, &j->standing, &w->keep);
    e->name = name ? dml_arena_sv(&w->keep, dml_sv_of(name)) : (struct dml_sv){"", 0};
    if (dml_blocked_by(&e->standing, DML_SCOPE_HOST))
        e->unknown_user = unknown_user(r, j, &w->keep);
    return rc < 0 || w->keep.failed ? DML_ENOMEM : 0;
}

/* ---- trying out ---- */

static int keep_trial(struct trial **out, const struct dml_judgement *j, struct dml_arena *keep)
{
    struct trial *t = *out ? *out : dml_new(keep, struct trial);
    if (!t)
        return DML_ENOMEM;
    *t = (struct trial){
        .applicable = j->standing.applicable, .blockers_n = j->standing.blockers_n, .missing = j->standing.missing};
    *out = t;
    return dml_run_keep_member(&t->member, &j->member, keep);
}

/*
 * What the guest, judged in slot 0, would be after the fixes that verdicts count. Where these do not help, what would
 * stand in the way of restriction is added to its judgement.
 */
static int try_fixes(struct run *r, struct worker *w, struct dml_judge *judge, uint32_t i, struct dml_judgement *j,
                     struct dml_sv text, struct trial **out, struct dml_err *err)
{
    struct dml_fix_result result = {.changed = 0};
    const struct dml_fix_job job = {.judge = judge,
                                    .path = r->ask->paths[i],
                                    .text = text,
                                    .which = DML_FIX_FOR_VERDICT,
                                    .needs = DML_NEED_VERDICTS | DML_NEED_SET,
                                    .text_judged = j};
    *out = NULL;
    /* What a fix would make of a guest that QEMU refused nobody has tried. */
    int rc = !r->entries[i].refused.message && dml_fix_could(j) ? dml_fix_text(&job, &w->scratch, &result, err) : 0;
    if (rc < 0)
        return rc;
    if (!result.changed || result.judgement.standing.blockers_n)
        return dml_judge_assume(judge, 0, j, err);
    j->standing.missing |= result.judgement.standing.missing;
    return keep_trial(out, &result.judgement, &w->keep) < 0 ? dml_err_nomem(err) : 0;
}

/* ---- one input ---- */

static struct dml_judge_ask ask_for(const struct run *r, uint32_t i, struct dml_sv text, _Bool too_large)
{
    const struct dml_clash *clashes;
    uint32_t n = dml_clashes_of(&r->clashes, i, &clashes);
    return (struct dml_judge_ask){.path = r->ask->paths[i],
                                  .text = text,
                                  .needs = r->needs,
                                  .too_large = too_large,
                                  .clashes = clashes,
                                  .clashes_n = n,
                                  .paths = r->ask->paths,
                                  .remarks = r->entries[i].remarks,
                                  .remarks_n = r->entries[i].remarks_n,
                                  .refused = r->entries[i].refused.message ? &r->entries[i].refused : NULL};
}

int dml_run_look(void *user, unsigned worker, uint32_t i, struct dml_err *err)
{
    struct run *r = user;
    struct worker *w = &r->workers[worker];
    struct entry *e = &r->entries[i];
    struct dml_judgement j;
    struct dml_sv text;
    _Bool too_large;
    int rc = dml_run_read(r, w, i, &text, &too_large, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    const struct dml_judge_ask ask = ask_for(r, i, text, too_large);
    rc = dml_judge_text(w->judge, &ask, &j, err);
    if (rc < 0)
        return rc;
    e->generation++;
    if (!too_large && dml_run_skips(r, i, &j))
        return 0;
    e->read = 1;
    if (r->ask->seen && !too_large && r->ask->seen(r->ask->user, i, &j, &w->keep) < 0)
        return dml_err_nomem(err);
    if (r->needs & DML_NEED_VERDICTS)
        rc = try_fixes(r, w, w->judge, i, &j, text, &e->fixed, err);
    if (rc < 0)
        return rc;
    if (keep_findings(r, w, i, &j, (uint32_t)(ask.clashes - r->clashes.v.v)) < 0 || keep_guest(r, w, i, &j) < 0)
        return dml_err_nomem(err);
    return 0;
}

/* ---- all of them ---- */

struct some {
    struct run *r;
    const uint32_t *files;
    int (*fn)(void *user, unsigned worker, uint32_t i, struct dml_err *err);
};

static int one_of_some(void *user, unsigned worker, uint32_t i, struct dml_err *err)
{
    const struct some *s = user;
    return s->fn(s->r, worker, s->files[i], err);
}

int dml_run_each(struct run *r, uint32_t batch, _Bool (*wanted)(const struct run *r, uint32_t i),
                 int (*fn)(void *user, unsigned worker, uint32_t i, struct dml_err *err), struct dml_err *err)
{
    uint32_t n = 0, *files = dml_new_n(&r->a, uint32_t, r->ask->n + 1);
    struct some s = {r, files, fn};
    if (!files)
        return dml_err_nomem(err);
    for (uint32_t i = 0; i < r->ask->n; i++)
        if (wanted(r, i))
            files[n++] = i;
    return dml_each(r->workers_n, batch, n, one_of_some, &s, err);
}

static _Bool meets(const struct run *r, uint32_t i)
{
    const struct dml_clash *c;
    return dml_clashes_of(&r->clashes, i, &c) > 0;
}

/* Guests that would be fixed, all at once: of two that then meet neither is. */
static int settle_trials(struct run *r, _Bool repaired, struct dml_err *err)
{
    struct dml_member *v = dml_new_n(&r->a, struct dml_member, r->ask->n + 1);
    struct dml_clashes clashes;
    _Bool any = 0;
    if (!v)
        return dml_err_nomem(err);
    for (uint32_t i = 0; i < r->ask->n; i++) {
        const struct trial *t = repaired ? r->entries[i].repaired_fixed : r->entries[i].fixed;
        v[i] = t ? t->member : r->entries[i].member;
        any |= t != NULL;
    }
    if (!any || r->ask->n < 2)
        return 0;
    if (dml_run_compare(r, v, &clashes) < 0)
        return dml_err_nomem(err);
    for (uint32_t i = 0; i < clashes.v.n; i++) {
        struct entry *e = &r->entries[clashes.v.v[i].file];
        struct trial *t = repaired ? e->repaired_fixed : e->fixed;
        long rule =
            dml_rules_find(&dml_builtin_rules, dml_sv_of(dml_set_rule((enum dml_set_kind)clashes.v.v[i].key.kind)));
        if (t && rule >= 0 && dml_rule_decides(&dml_builtin_rules.v[rule]))
            t->blockers_n++;
    }
    return 0;
}

/* The guests against each other. */
static int compare(struct run *r, struct dml_err *err)
{
    struct dml_member *v = dml_new_n(&r->a, struct dml_member, r->ask->n + 1);
    for (uint32_t i = 0; v && i < r->ask->n; i++)
        v[i] = r->entries[i].member;
    if (!v || dml_run_compare(r, v, &r->clashes) < 0 ||
        !(r->places = dml_new_n(&r->a, struct place, r->clashes.v.n + 1)))
        return dml_err_nomem(err);
    return 0;
}

int dml_run_looks(struct run *r, struct dml_err *err)
{
    int rc = dml_each(r->workers_n, DML_BATCH, r->ask->n, dml_run_look, r, err);
    if (rc == 0)
        rc = compare(r, err);
    if (rc == 0 && r->clashes.v.n)
        rc = dml_run_each(r, DML_BATCH, meets, dml_run_look, err);
    for (uint32_t i = 0; rc == 0 && r->clashes.running && i < r->ask->n; i++)
        if (!r->entries[i].standing.running)
            r->entries[i].standing.running = r->clashes.running[i] == DML_TRI_YES  ? DML_RUNS_RESTRICTED
                                             : r->clashes.running[i] == DML_TRI_NO ? DML_RUNS_UNRESTRICTED
                                                                                   : DML_RUNS_NOT;
    return rc < 0 || !(r->needs & DML_NEED_VERDICTS) ? rc : settle_trials(r, 0, err);
}

/* ---- the repaired host ---- */

static _Bool host_is_in_the_way(const struct run *r, uint32_t i)
{
    return dml_blocked_by(&r->entries[i].standing, DML_SCOPE_HOST);
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The accounts that guests name and the host does not have, each once. */
static int users_to_make(struct run *r, const char ***users, uint32_t *n)
{
    const char **v = dml_new_n(&r->a, const char *, r->ask->n + 1);
    uint32_t all = 0;
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < r->ask->n; i++)
        if (r->entries[i].unknown_user)
            v[all++] = r->entries[i].unknown_user;
    if (all)
        qsort(v, all, sizeof *v, by_text);
    *n = 0;
    for (uint32_t i = 0; i < all; i++)
        if (!i || strcmp(v[i], v[i - 1]) != 0)
            v[(*n)++] = v[i];
    *users = v;
    return 0;
}

static int look_repaired(void *user, unsigned worker, uint32_t i, struct dml_err *err)
{
    struct run *r = user;
    struct worker *w = &r->workers[worker];
    struct entry *e = &r->entries[i];
    struct dml_judgement j;
    struct dml_sv text;
    _Bool too_large;
    int rc = dml_run_read(r, w, i, &text, &too_large, err);
    if (rc == 0 && !w->repaired)
        rc = dml_judge_new(&w->repaired, &r->repaired.grounds, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    struct dml_judge_ask ask = ask_for(r, i, text, too_large);
    ask.needs = DML_NEED_VERDICTS | DML_NEED_SET;
    ask.only_deciding = 1;
    rc = dml_judge_text(w->repaired, &ask, &j, err);
    if (rc < 0)
        return rc;
    rc = try_fixes(r, w, w->repaired, i, &j, text, &e->repaired_fixed, err);
    return rc < 0 ? rc : keep_trial(&e->repaired, &j, &w->keep) < 0 ? dml_err_nomem(err) : 0;
}

int dml_run_repaired(struct run *r, struct dml_err *err)
{
    const struct dml_facts *host = r->session->world.host;
    struct dml_target target = r->session->world.target;
    const char **users;
    uint32_t n;
    _Bool any = 0;
    for (uint32_t i = 0; host && i < r->ask->n; i++)
        any |= host_is_in_the_way(r, i);
    if (!any)
        return 0;
    if (users_to_make(r, &users, &n) < 0 || dml_facts_repair(host, users, n, &r->a, &r->repaired_facts) < 0)
        return dml_err_nomem(err);
    if (target.kernel && target.kernel < DML_V(4, 11, 0))
        target.kernel = DML_V(4, 11, 0);
    int rc = dml_session_for(&r->repaired, r->session, &target, &r->repaired_facts, &r->a, err);
    if (rc == 0)
        rc = dml_run_each(r, DML_BATCH, host_is_in_the_way, look_repaired, err);
    return rc < 0 ? rc : settle_trials(r, 1, err);
}
