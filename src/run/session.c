/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session: policies found, their rules joined, their baselines read. */
#include "run/session.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/trust.h"

struct opening {
    struct dml_session *s;
    struct dml_session_ask *ask;
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
    int rc = dml_baseline_load(b, file, o->ask->baseline != NULL, o->a, o->err);
    if (rc == 0 && !b->exists && !o->ask->baseline_is_made)
        return dml_err_set(o->err, DML_EINVAL, "the baseline %s is not there; `dmlint baseline create` makes it", file);
    return rc;
}

/* Does a file that need not be there yet lie below a directory, links and all? */
static _Bool lies_below(const char *file, const char *dir, struct dml_arena *a)
{
    char real[PATH_MAX], top[PATH_MAX];
    char *at = dml_path_absolute(a, file), *slash;
    size_t n = dir && realpath(dir, top) ? strlen(top) : 0;
    if (!at || !n)
        return 0;
    /* The file itself may be a link, which writing would replace. */
    while ((slash = strrchr(at, '/'))) {
        slash[slash == at] = '\0';
        if (realpath(at, real))
            return n == 1 || (strncmp(real, top, n) == 0 && (real[n] == '/' || !real[n]));
        if (slash == at || errno != ENOENT)
            break;
    }
    return 0;
}

/* A baseline that a policy names: may it be read, or made, by that policy's word? Says in `refused` why it is not. */
static int may_use(struct opening *o, const struct dml_policy *policy, const char *file, const char *dir, _Bool *may)
{
    struct dml_err why = {""};
    if (o->ask->baseline_is_made && !lies_below(file, dir, o->a))
        return dml_err_set(o->err, DML_EINVAL,
                           "the policy %s names the baseline %s, which does not lie below its directory, and so is not "
                           "written; give --baseline FILE",
                           dml_policy_name(policy), file);
    int rc = dml_policy_found(policy) ? dml_trusted(file, &why) : 0;
    *may = rc == 0;
    if (rc == 0)
        return 0;
    if (rc != DML_EUNTRUSTED || o->ask->baseline_is_made)
        return dml_err_set(o->err, DML_EINVAL, "the baseline %s: %s; give --baseline FILE", file, why.msg);
    const char **slot = dml_vec_add(o->a, &o->s->refused);
    const char *said =
        dml_arena_printf(o->a, "the baseline %s is not used: %s; --baseline %s uses it", file, why.msg, file);
    if (!slot || !said)
        return dml_err_nomem(o->err);
    *slot = said;
    return 0;
}

static _Bool is_known(const struct dml_session *s, const struct dml_policy *policy)
{
    for (uint32_t i = 0; i < s->of_policies.n; i++)
        if (s->of_policies.v[i].policy == policy)
            return 1;
    return 0;
}

static int add_baseline(struct opening *o, const struct dml_policy *policy)
{
    const char *dir = NULL, *file = o->ask->baseline ? o->ask->baseline : dml_policy_baseline_file(policy, &dir);
    struct dml_session_baseline one = {policy, NULL};
    _Bool may = 1;
    if (!file || is_known(o->s, policy))
        return 0;
    int rc = o->ask->baseline ? 0 : may_use(o, policy, file, dir, &may);
    if (rc == 0 && may)
        rc = load_baseline(o, file, &one.baseline);
    struct dml_session_baseline *slot = rc == 0 ? dml_vec_add(o->a, &o->s->of_policies) : NULL;
    if (slot)
        *slot = one;
    return rc < 0 || slot ? rc : dml_err_nomem(o->err);
}

static int choose(struct opening *o)
{
    return o->ask->choose ? o->ask->choose(o->ask->user, o->s, o->ask, o->err) : 0;
}

static int find_policies(struct opening *o)
{
    struct dml_grounds *g = &o->s->grounds;
    struct dml_sv last = {"", 0};
    int rc = dml_policies_new(&g->policies, o->rules, &dml_catalogue, o->err);
    g->rules = o->rules;
    if (rc == 0)
        rc = choose(o);
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
    rc = choose(o);
    return rc < 0 ? rc : add_baseline(o, g->policy);
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

int dml_session_open(struct dml_session *s, struct dml_session_ask *ask, struct dml_arena *a, struct dml_err *err)
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

const char *dml_session_refused(const struct dml_session *s, uint32_t i)
{
    uint32_t n = 0;
    const char *said;
    for (; s->grounds.policies && (said = dml_policies_refused(s->grounds.policies, n)); n++)
        if (n == i)
            return said;
    return i - n < s->refused.n ? s->refused.v[i - n] : NULL;
}
