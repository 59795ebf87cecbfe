/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies: which rules are run on the files of each, and what this judge keeps for them. */
#include <string.h>

#include "base/path.h"
#include "judge/judge_i.h"

/* Rules outside of their releases pass. */
_Bool dml_judge_in_release(const struct dml_rule *rule, dml_version xen)
{
    return !xen || ((!rule->since || xen >= rule->since) && (!rule->removed || xen < rule->removed));
}

_Bool dml_judge_shows(const struct judging *g, uint16_t rule)
{
    return g->settings[rule].severity != DML_OFF && g->j->grounds->selected[g->p->map[rule]];
}

void dml_judge_plan_runs(struct judge_policy *p, const struct dml_setting *settings, const struct dml_grounds *grounds)
{
    dml_version xen = grounds->world->target.xen;
    p->settings = settings;
    p->runs_n = 0;
    for (uint32_t i = 0; i < p->rules->n; i++) {
        const struct dml_rule *rule = &p->rules->v[i], *own = dml_rule_own(rule);
        struct judge_rule_run r = {.gate = dml_judge_gate(p, rule, settings[i].params),
                                   .rule = (uint16_t)i,
                                   .shown = settings[i].severity != DML_OFF && grounds->selected[p->map[i]],
                                   .deciding = dml_rule_decides(own),
                                   .same = own == rule && !settings[i].params};
        if ((r.shown || r.deciding) && (dml_judge_in_release(rule, xen) || dml_judge_in_release(own, xen)))
            p->runs[p->runs_n++] = r;
    }
}

/* Where the rules are that are spoken of by id: the judge's own, and those of set/. */
static void find_own(struct judge_policy *p)
{
    static const char *const own[DML_OWN_RULES] = {
#define OWN(id, rule) rule,
#include "judge/own.def"
#undef OWN
    };
    for (uint32_t i = 0; i < p->rules->n; i++) {
        for (int r = 0; r < DML_OWN_RULES; r++)
            if (strcmp(p->rules->v[i].id, own[r]) == 0)
                p->own[r] = (uint16_t)i;
        for (int r = 0; r < DML_SET_KINDS; r++)
            if (strcmp(p->rules->v[i].id, dml_set_rule((enum dml_set_kind)r)) == 0)
                p->set[r] = (uint16_t)i;
    }
}

static int meet(struct dml_judge *j, struct dml_policy *policy, struct judge_policy **out, struct dml_err *err)
{
    struct dml_waiver *waivers;
    struct judge_policy *p = dml_new(&j->keep, struct judge_policy);
    if (!p)
        return dml_err_nomem(err);
    p->policy = policy;
    p->rules = dml_policy_rules(policy);
    p->cache.arena = &j->keep;
    int rc = dml_eval_new(&p->eval, p->rules, err);
    if (rc < 0)
        return rc;
    p->next = j->policies;
    j->policies = p;
    p->map = dml_new_n(&j->keep, uint16_t, p->rules->n);
    p->runs = dml_new_n(&j->keep, struct judge_rule_run, p->rules->n);
    p->waivers = dml_new_n(&j->keep, uint8_t, dml_policy_waivers(policy, &waivers) + 1);
    if (!p->map || !p->runs || !p->waivers)
        return dml_err_nomem(err);
    for (uint32_t i = 0; i < p->rules->n; i++) {
        long k = dml_rules_find(j->grounds->rules, dml_sv_of(p->rules->v[i].id));
        p->map[i] = k < 0 ? 0 : (uint16_t)k; /* the grounds' rules hold those of every policy */
    }
    find_own(p);
    *out = p;
    return 0;
}

int dml_judge_policy_for(struct dml_judge *j, const char *path, struct judge_policy **out, struct dml_err *err)
{
    struct dml_policy *policy = j->grounds->policy;
    struct dml_sv dir = dml_path_dir(dml_sv_of(path));
    *out = j->last;
    if (j->last && (policy || dml_sv_eq(dir, j->last_dir)))
        return 0;
    int rc = policy ? 0 : dml_policies_for(j->grounds->policies, path, &policy, err);
    if (rc < 0)
        return rc;
    struct judge_policy *p = j->policies;
    while (p && p->policy != policy)
        p = p->next;
    rc = p ? 0 : meet(j, policy, &p, err);
    if (rc < 0)
        return rc;
    j->last_dir = dml_arena_sv(&j->keep, dir);
    *out = j->last = p;
    return j->last_dir.p ? 0 : dml_err_nomem(err);
}

_Bool dml_judge_met(const struct dml_judge *j, uint32_t i, struct dml_met_policy *out)
{
    const struct judge_policy *p = j->policies;
    while (p && i--)
        p = p->next;
    if (p)
        *out = (struct dml_met_policy){p->policy, p->map, p->own, p->waivers};
    return p != NULL;
}
