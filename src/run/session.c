/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session: policies found, their rules joined, their baselines read. */
#include "run/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

struct opening {
    struct dml_session *s;
    const struct dml_session_ask *ask;
    const struct dml_rules *rules; /* known before any policy */
    struct dml_arena *a;
    struct dml_err *err;
};

static int by_id(const void *x, const void *y)
{
    return strcmp(((const struct dml_rule *)x)->id, ((const struct dml_rule *)y)->id);
}

/* Rules of a policy that the session does not know yet, so that its rules hold those of every policy, by their ids. */
static int add_rules(struct opening *o, const struct dml_rules *more)
{
    const struct dml_rules *known = o->s->grounds.rules;
    uint32_t extra = 0;
    for (uint32_t i = 0; i < more->n; i++)
        extra += dml_rules_find(known, dml_sv_of(more->v[i].id)) < 0;
    if (!extra)
        return 0;
    struct dml_rules *all = dml_new(o->a, struct dml_rules);
    struct dml_rule *v = dml_new_n(o->a, struct dml_rule, known->n + extra);
    if (!all || !v)
        return dml_err_nomem(o->err);
    /* Only words and ids of this list are used; conditions are evaluated with the policy's own. */
    memcpy(v, known->v, known->n * sizeof *v);
    uint32_t n = known->n;
    for (uint32_t i = 0; i < more->n; i++)
        if (dml_rules_find(known, dml_sv_of(more->v[i].id)) < 0)
            v[n++] = more->v[i];
    qsort(v, n, sizeof *v, by_id);
    *all = (struct dml_rules){.v = v, .n = n};
    o->s->grounds.rules = all;
    return 0;
}

static int load_baseline(struct opening *o, const char *file, struct dml_baseline **out)
{
    const char *absolute = dml_path_absolute(o->a, file);
    if (!absolute)
        return dml_err_nomem(o->err);
    for (uint32_t i = 0; i < o->s->baselines.n; i++)
        if (strcmp(o->s->baselines.v[i]->absolute, absolute) == 0) {
            *out = o->s->baselines.v[i];
            return 0;
        }
    struct dml_baseline *b = dml_new(o->a, struct dml_baseline), **slot = dml_vec_add(o->a, &o->s->baselines);
    if (!b || !slot)
        return dml_err_nomem(o->err);
    *slot = *out = b;
    int rc = dml_baseline_load(b, file, o->a, o->err);
    if (rc == 0 && !b->exists && !o->ask->baseline_is_made)
        return dml_err_set(o->err, DML_EINVAL, "the baseline %s is not there; `dmlint baseline create` makes it", file);
    return rc;
}

static int add_baseline(struct opening *o, const struct dml_policy *policy)
{
    const char *file = o->ask->baseline ? o->ask->baseline : dml_policy_baseline_file(policy);
    struct dml_session_baseline one = {policy, NULL};
    if (!file || dml_session_baseline(o->s, policy))
        return 0;
    int rc = load_baseline(o, file, &one.baseline);
    struct dml_session_baseline *slot = rc == 0 ? dml_vec_add(o->a, &o->s->of_policies) : NULL;
    if (slot)
        *slot = one;
    return rc < 0 || slot ? rc : dml_err_nomem(o->err);
}

static int find_policies(struct opening *o)
{
    struct dml_grounds *g = &o->s->grounds;
    struct dml_sv last = {"", 0};
    int rc = dml_policies_new(&g->policies, o->rules, &dml_catalogue, o->err);
    g->rules = o->rules;
    for (uint32_t i = 0; rc == 0 && i < o->ask->paths_n; i++) {
        struct dml_policy *policy;
        struct dml_sv dir = dml_path_dir(dml_sv_of(o->ask->paths[i]));
        if (dml_sv_eq(dir, last))
            continue;
        last = dir;
        rc = dml_policies_for(g->policies, o->ask->paths[i], &policy, o->err);
        if (rc == 0 && dml_policy_rules(policy) != o->rules)
            rc = add_rules(o, dml_policy_rules(policy));
        if (rc == 0)
            rc = add_baseline(o, policy);
    }
    return rc;
}

static int open_policies(struct opening *o)
{
    struct dml_grounds *g = &o->s->grounds;
    if (!o->ask->policy)
        return find_policies(o);
    int rc = dml_policy_load(&g->policy, o->ask->policy, o->rules, &dml_catalogue, o->err);
    if (rc < 0)
        return rc;
    g->rules = dml_policy_rules(g->policy);
    return add_baseline(o, g->policy);
}

static int select_all(struct opening *o)
{
    _Bool *v = dml_new_n(o->a, _Bool, o->s->grounds.rules->n + 1);
    if (!v)
        return dml_err_nomem(o->err);
    memset(v, 1, o->s->grounds.rules->n);
    o->s->grounds.selected = v;
    return 0;
}

int dml_session_open(struct dml_session *s, const struct dml_session_ask *ask, struct dml_arena *a, struct dml_err *err)
{
    struct opening o = {s, ask, ask->rules ? ask->rules : &dml_builtin_rules, a, err};
    *s = (struct dml_session){
        .grounds = {.world = &s->world, .max_bytes = ask->max_bytes, .today = ask->today, .required = ask->required}};
    int rc = dml_world_init(&s->world, ask->facts, &ask->target, a) < 0 ? dml_err_nomem(err) : 0;
    if (rc == 0)
        rc = open_policies(&o);
    if (rc < 0)
        return rc;
    return ask->select ? ask->select(ask->user, s->grounds.rules, a, &s->grounds.selected, err) : select_all(&o);
}

void dml_session_close(struct dml_session *s)
{
    dml_policies_free(s->grounds.policies);
    dml_policy_free(s->grounds.policy);
    s->grounds.policies = NULL;
    s->grounds.policy = NULL;
}

int dml_session_for(struct dml_session *s, const struct dml_session *like, const struct dml_target *target,
                    const struct dml_facts *facts, struct dml_arena *a, struct dml_err *err)
{
    *s = *like;
    s->grounds.world = &s->world;
    return dml_world_init(&s->world, facts, target, a) < 0 ? dml_err_nomem(err) : 0;
}

int dml_session_policy(const struct dml_session *s, const char *path, struct dml_policy **out, struct dml_err *err)
{
    *out = s->grounds.policy;
    return *out ? 0 : dml_policies_for(s->grounds.policies, path, out, err);
}

struct dml_baseline *dml_session_baseline(const struct dml_session *s, const struct dml_policy *policy)
{
    for (uint32_t i = 0; i < s->of_policies.n; i++)
        if (s->of_policies.v[i].policy == policy)
            return s->of_policies.v[i].baseline;
    return NULL;
}
