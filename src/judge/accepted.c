/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accepted findings: what baselines know, and what there is to say of waivers and baselines themselves. */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "judge/judge_i.h"

/* What is to be said of a policy or baseline file. */
struct remark {
    const struct judge_policy *p;
    enum judge_rule own;
    const char *file;
    uint32_t line;
    const char *message;
};

struct accepted {
    const struct dml_run *run;
    struct dml_judge *judge; /* keeps the findings */
    struct dml_arena *a;
    struct dml_err *err;
    DML_VEC(const struct judge_policy *) policies; /* each once */
    DML_VEC(struct remark) remarks;
};

static int nomem(struct accepted *x)
{
    return dml_err_set(x->err, DML_ENOMEM, "out of memory");
}

static int remark(struct accepted *x, const struct judge_policy *p, enum judge_rule own, const char *file,
                  uint32_t line, const char *message)
{
    uint16_t rule = p->own[own];
    if (dml_policy_base(p->policy)[rule].severity == DML_OFF || !x->run->selected[p->map[rule]])
        return 0;
    struct remark *r = message ? dml_vec_add(x->a, &x->remarks) : NULL;
    if (!r)
        return nomem(x);
    *r = (struct remark){p, own, file, line, message};
    return 0;
}

static int find_policies(struct accepted *x, struct dml_judge *const *judges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (const struct judge_policy *p = judges[i]->policies; p; p = p->next) {
            uint32_t k = 0;
            while (k < x->policies.n && x->policies.v[k]->policy != p->policy)
                k++;
            const struct judge_policy **to = k < x->policies.n ? &x->policies.v[k] : dml_vec_add(x->a, &x->policies);
            if (!to)
                return nomem(x);
            *to = p;
        }
    return 0;
}

/* ---- waivers ---- */

static int look_at_waivers(struct accepted *x, const struct judge_policy *p)
{
    struct dml_waiver *w;
    uint32_t n = dml_policy_waivers(p->policy, &w);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        if (dml_waiver_expired(&w[i], x->run->today))
            rc = remark(x, p, JUDGE_EXPIRED_WAIVER, w[i].from.file, w[i].from.line,
                        dml_arena_printf(x->a, "the waiver %s of %s ended with %s and silences nothing any more",
                                         w[i].id, w[i].owner, w[i].expires));
        else if (w[i].covers && !w[i].used)
            rc = remark(x, p, JUDGE_UNUSED_WAIVER, w[i].from.file, w[i].from.line,
                        dml_arena_printf(x->a, "the waiver %s of %s silences nothing in the guests it is for", w[i].id,
                                         w[i].owner));
    }
    return rc;
}

/* ---- baselines ---- */

static int policy_of(struct accepted *x, const char *path, const struct judge_policy **out)
{
    struct dml_policy *policy = x->run->policy;
    int rc = policy ? 0 : dml_policies_for(x->run->policies, path, &policy, x->err);
    for (uint32_t i = 0; rc == 0 && i < x->policies.n; i++)
        if (x->policies.v[i]->policy == policy)
            *out = x->policies.v[i];
    return rc;
}

int dml_judge_baseline_entry(const struct dml_run *run, const struct dml_finding *f, const char *path,
                             struct dml_arena *a, struct dml_baseline_entry *out)
{
    *out = (struct dml_baseline_entry){.rule = run->rules->v[f->rule].id,
                                       .path = dml_path_absolute(a, path),
                                       .key = dml_baseline_key(f->key, a),
                                       .value = f->value};
    return out->path && out->key.p ? 0 : DML_ENOMEM;
}

/* The findings [first, end) of one file, and the entries for it that nothing is known by any more. */
static int look_at_file(struct accepted *x, const struct judge_policy *p, const char *path,
                        struct dml_finding *const *first, struct dml_finding *const *end)
{
    struct dml_baseline *b = dml_policy_baseline(p->policy);
    const struct dml_setting *settings = dml_policy_for(p->policy, path);
    struct dml_arena scratch = {0};
    struct dml_baseline_entry e, *entries;
    const char *absolute = dml_path_absolute(&scratch, path);
    int rc = settings && absolute ? 0 : nomem(x);
    for (; rc == 0 && first < end; first++) {
        struct dml_finding *f = *first;
        long rule = dml_rules_find(p->rules, dml_sv_of(x->run->rules->v[f->rule].id));
        if (dml_judge_baseline_entry(x->run, f, path, &scratch, &e) < 0)
            rc = nomem(x);
        struct dml_baseline_entry *known = rc == 0 ? dml_baseline_find(b, &e) : NULL;
        if (!known)
            continue;
        known->used = 1;
        if (f->state == DML_STATE_NEW && rule >= 0 && !settings[rule].locked)
            f->state = DML_STATE_BASELINED;
    }
    uint32_t n = rc == 0 ? dml_baseline_of(b, absolute, &entries) : 0;
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        long rule = dml_rules_find(p->rules, dml_sv_of(entries[i].rule));
        /* Of a rule that is not shown nothing can be said. */
        if (entries[i].used || (rule >= 0 && (settings[rule].severity == DML_OFF || !x->run->selected[p->map[rule]])))
            continue;
        rc = remark(x, p, JUDGE_STALE_BASELINE, b->file, entries[i].line,
                    dml_arena_printf(x->a, "%s has no such %s%s%.*s any more", path, entries[i].rule,
                                     entries[i].key.len ? " at " : "", DML_SV_ARG(entries[i].key)));
    }
    dml_arena_dispose(&scratch);
    return rc;
}

static int look_at_baselines(struct accepted *x, const struct dml_report *report,
                             const struct dml_finding_list *findings)
{
    _Bool any = 0;
    for (uint32_t i = 0; i < x->policies.n; i++)
        any |= dml_policy_baseline(x->policies.v[i]->policy) != NULL;
    size_t at = 0;
    int rc = 0;
    for (uint32_t file = 0; any && rc == 0 && file < report->files; file++) {
        const struct judge_policy *p = NULL;
        size_t first = at;
        while (at < findings->n && findings->v[at]->file == file)
            at++;
        rc = policy_of(x, report->paths[file], &p);
        if (rc == 0 && p && dml_policy_baseline(p->policy))
            rc = look_at_file(x, p, report->paths[file], findings->v + first, findings->v + at);
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

/* The files that are spoken of get numbers behind those of the guests. */
static int add_remarks(struct accepted *x, struct dml_report *report)
{
    uint32_t extra = 0;
    const char **paths = dml_new_n(x->a, const char *, report->files + x->remarks.n);
    if (!paths)
        return nomem(x);
    memcpy(paths, report->paths, report->files * sizeof *paths);
    qsort(x->remarks.v, x->remarks.n, sizeof *x->remarks.v, by_place);
    for (uint32_t i = 0; i < x->remarks.n; i++) {
        const struct remark *r = &x->remarks.v[i];
        if (!i || strcmp(r->file, r[-1].file) != 0)
            paths[report->files + extra++] = r->file;
        struct dml_finding f = {.file = (uint32_t)report->files + extra - 1,
                                .rule = r->p->map[r->p->own[r->own]],
                                .severity = dml_policy_base(r->p->policy)[r->p->own[r->own]].severity,
                                .span = DML_NO_SPAN,
                                .start = {r->line, r->line ? 1 : 0},
                                .end = {r->line, r->line ? 1 : 0},
                                .message = dml_sv_of(r->message)};
        if (!dml_findings_add(&x->judge->findings, &f, 0))
            return nomem(x);
    }
    report->paths = paths;
    return 0;
}

int settle_accepted(struct dml_judge *const *judges, size_t n, const struct dml_run *run, struct dml_arena *a,
                    struct dml_report *report, const struct dml_finding_list *findings, struct dml_err *err)
{
    struct accepted x = {.run = run, .judge = judges[0], .a = a, .err = err};
    int rc = find_policies(&x, judges, n);
    for (uint32_t i = 0; rc == 0 && i < x.policies.n; i++)
        rc = look_at_waivers(&x, x.policies.v[i]);
    if (rc == 0)
        rc = look_at_baselines(&x, report, findings);
    return rc < 0 || !x.remarks.n ? rc : add_remarks(&x, report);
}
