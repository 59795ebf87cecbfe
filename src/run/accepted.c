/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accepted findings: what baselines know, and what there is to say of waivers and baselines themselves. */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "run/run_i.h"

/* What is to be said of a policy or baseline file. */
struct remark {
    const struct met_policy *p;
    enum dml_own own;
    const char *file;
    uint32_t line;
    const char *message;
};

/* A policy that guests were judged by. */
struct met_policy {
    struct dml_met_policy met;
    uint8_t *waivers; /* what all judges saw of its waivers */
};

struct accepted {
    struct run *r;
    struct dml_arena *a;
    struct dml_err *err;
    DML_VEC(struct met_policy *) policies; /* each once */
    DML_VEC(struct remark) remarks;
};

static int nomem(struct accepted *x)
{
    return dml_err_nomem(x->err);
}

static int remark(struct accepted *x, const struct met_policy *p, enum dml_own own, const char *file, uint32_t line,
                  const char *message)
{
    uint16_t rule = p->met.own[own];
    if (dml_policy_base(p->met.policy)[rule].severity == DML_OFF || !x->r->session->grounds.selected[p->met.map[rule]])
        return 0;
    struct remark *r = message ? dml_vec_add(x->a, &x->remarks) : NULL;
    if (!r)
        return nomem(x);
    *r = (struct remark){p, own, file, line, message};
    return 0;
}

static int add_policy(struct accepted *x, const struct dml_met_policy *met)
{
    struct dml_waiver *waivers;
    uint32_t k = 0, n = dml_policy_waivers(met->policy, &waivers);
    while (k < x->policies.n && x->policies.v[k]->met.policy != met->policy)
        k++;
    if (k == x->policies.n) {
        struct met_policy **slot = dml_vec_add(x->a, &x->policies), *p = dml_new(x->a, struct met_policy);
        uint8_t *seen = dml_new_n(x->a, uint8_t, n + 1);
        if (!slot || !p || !seen)
            return nomem(x);
        *p = (struct met_policy){*met, seen};
        *slot = p;
    }
    for (uint32_t i = 0; i < n; i++)
        x->policies.v[k]->waivers[i] |= met->waivers[i];
    return 0;
}

static int find_policies(struct accepted *x)
{
    struct dml_met_policy met;
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < x->r->workers_n; i++)
        for (uint32_t k = 0; rc == 0 && dml_judge_met(x->r->workers[i].judge, k, &met); k++)
            rc = add_policy(x, &met);
    return rc;
}

/* ---- waivers ---- */

static int look_at_waivers(struct accepted *x, const struct met_policy *p)
{
    struct dml_waiver *w;
    uint32_t n = dml_policy_waivers(p->met.policy, &w);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        if (dml_waiver_expired(&w[i], x->r->session->grounds.today))
            rc = remark(x, p, DML_OWN_EXPIRED_WAIVER, w[i].from.file, w[i].from.line,
                        dml_arena_printf(x->a, "the waiver %s of %s ended with %s and silences nothing any more",
                                         w[i].id, w[i].owner, w[i].expires));
        else if (p->waivers[i] == DML_WAIVER_COVERS)
            rc = remark(x, p, DML_OWN_UNUSED_WAIVER, w[i].from.file, w[i].from.line,
                        dml_arena_printf(x->a, "the waiver %s of %s silences nothing in the guests it is for", w[i].id,
                                         w[i].owner));
    }
    return rc;
}

/* ---- baselines ---- */

static int policy_of(struct accepted *x, const char *path, const struct met_policy **out)
{
    struct dml_policy *policy;
    int rc = dml_session_policy(x->r->session, path, &policy, x->err);
    *out = NULL;
    for (uint32_t i = 0; rc == 0 && i < x->policies.n; i++)
        if (x->policies.v[i]->met.policy == policy)
            *out = x->policies.v[i];
    return rc;
}

int dml_outcome_baseline_entry(const struct dml_outcome *o, const struct dml_finding *f, struct dml_arena *a,
                               struct dml_baseline_entry *out)
{
    *out = (struct dml_baseline_entry){.rule = o->rules->v[f->rule].id,
                                       .path = dml_path_absolute(a, o->paths[f->file]),
                                       .key = dml_baseline_key(f->key, a),
                                       .value = f->value};
    return out->path && out->key.p ? 0 : DML_ENOMEM;
}

static _Bool *used_of(const struct run *r, const struct dml_baseline *b)
{
    for (uint32_t i = 0; i < r->baselines.n; i++)
        if (r->baselines.v[i].baseline == b)
            return r->baselines.v[i].used;
    return NULL;
}

const _Bool *dml_outcome_baseline_used(const struct dml_outcome *o, const struct dml_baseline *b)
{
    return used_of((const struct run *)o, b);
}

static int open_baselines(struct accepted *x)
{
    for (uint32_t i = 0; i < x->r->session->baselines.n; i++) {
        const struct dml_baseline *b = x->r->session->baselines.v[i];
        struct used_baseline *u = dml_vec_add(x->a, &x->r->baselines);
        _Bool *used = dml_new_n(x->a, _Bool, b->v.n + 1);
        if (!u || !used)
            return nomem(x);
        *u = (struct used_baseline){b, used};
    }
    return 0;
}

/* The findings [first, end) of one file, and the entries for it that nothing is known by any more. */
static int look_at_file(struct accepted *x, const struct met_policy *p, const struct dml_baseline *b, const char *path,
                        struct dml_finding *const *first, struct dml_finding *const *end)
{
    const struct dml_rules *rules = dml_policy_rules(p->met.policy);
    struct dml_arena scratch = {0};
    struct dml_settings_cache cache = {.arena = &scratch};
    const struct dml_setting *settings = dml_policy_for(p->met.policy, path, &cache);
    struct dml_baseline_entry e, *entries;
    const char *absolute = dml_path_absolute(&scratch, path);
    _Bool *used = used_of(x->r, b);
    int rc = settings && absolute && used ? 0 : nomem(x);
    if (rc < 0 || !used || !settings)
        goto out;
    for (; rc == 0 && first < end; first++) {
        struct dml_finding *f = *first;
        long rule = dml_rules_find(rules, dml_sv_of(x->r->outcome.rules->v[f->rule].id));
        if (dml_outcome_baseline_entry(&x->r->outcome, f, &scratch, &e) < 0)
            rc = nomem(x);
        struct dml_baseline_entry *known = rc == 0 ? dml_baseline_find(b, &e) : NULL;
        if (!known)
            continue;
        used[known - b->v.v] = 1;
        if (f->state == DML_STATE_NEW && rule >= 0 && !settings[rule].locked)
            f->state = DML_STATE_BASELINED;
    }
    uint32_t n = rc == 0 ? dml_baseline_of(b, absolute, &entries) : 0;
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        long rule = dml_rules_find(rules, dml_sv_of(entries[i].rule));
        /* Of a rule that is not shown nothing can be said. */
        if (used[&entries[i] - b->v.v] ||
            (rule >= 0 && (settings[rule].severity == DML_OFF || !x->r->session->grounds.selected[p->met.map[rule]])))
            continue;
        rc = remark(x, p, DML_OWN_STALE_BASELINE, b->file, entries[i].line,
                    dml_arena_printf(x->a, "%s has no such %s%s%.*s any more", path, entries[i].rule,
                                     entries[i].key.len ? " at " : "", DML_SV_ARG(entries[i].key)));
    }
out:
    dml_arena_dispose(&scratch);
    return rc;
}

static int look_at_baselines(struct accepted *x)
{
    const struct dml_finding_list *findings = &x->r->outcome.findings;
    size_t at = 0;
    int rc = open_baselines(x);
    for (uint32_t file = 0; x->r->baselines.n && rc == 0 && file < x->r->outcome.files; file++) {
        const struct met_policy *p;
        size_t first = at;
        while (at < findings->n && findings->v[at]->file == file)
            at++;
        rc = policy_of(x, x->r->ask->paths[file], &p);
        const struct dml_baseline *b = rc == 0 && p ? dml_session_baseline(x->r->session, p->met.policy) : NULL;
        if (b && x->r->entries[file].read)
            rc = look_at_file(x, p, b, x->r->ask->paths[file], findings->v + first, findings->v + at);
    }
    return rc;
}

/* ---- remarks become findings ---- */

static int by_place(const void *px, const void *py)
{
    const struct remark *x = px, *y = py;
    int r = strcmp(x->file, y->file);
    if (!r)
        r = (x->line > y->line) - (x->line < y->line);
    return r ? r : strcmp(x->message, y->message);
}

/* The files that are spoken of get numbers behind those of the inputs. */
static int add_remarks(struct accepted *x)
{
    struct dml_outcome *o = &x->r->outcome;
    uint32_t extra = 0;
    const char **paths = dml_new_n(x->a, const char *, o->files + x->remarks.n);
    if (!paths)
        return nomem(x);
    memcpy(paths, o->paths, o->files * sizeof *paths);
    qsort(x->remarks.v, x->remarks.n, sizeof *x->remarks.v, by_place);
    for (uint32_t i = 0; i < x->remarks.n; i++) {
        const struct remark *r = &x->remarks.v[i];
        uint16_t rule = r->p->met.own[r->own];
        if (!i || strcmp(r->file, r[-1].file) != 0)
            paths[o->files + extra++] = r->file;
        struct dml_finding f = {.file = o->files + extra - 1,
                                .rule = r->p->met.map[rule],
                                .severity = dml_policy_base(r->p->met.policy)[rule].severity,
                                .span = DML_NO_SPAN,
                                .start = {r->line, r->line ? 1 : 0, r->line ? 1 : 0},
                                .end = {r->line, r->line ? 1 : 0, r->line ? 1 : 0},
                                .message = dml_sv_of(r->message)};
        if (!dml_findings_add(&x->r->workers[0].findings, &f, 0))
            return nomem(x);
    }
    o->paths = paths;
    return dml_run_collect(x->r, x->err);
}

int dml_run_accepted(struct run *r, struct dml_err *err)
{
    struct accepted x = {.r = r, .a = &r->a, .err = err};
    int rc = find_policies(&x);
    for (uint32_t i = 0; rc == 0 && i < x.policies.n; i++)
        rc = look_at_waivers(&x, x.policies.v[i]);
    if (rc == 0)
        rc = look_at_baselines(&x);
    if (rc == 0 && x.remarks.n)
        rc = add_remarks(&x);
    if (rc == 0)
        dml_findings_count(&r->outcome.findings, &r->outcome.counts);
    return rc;
}
