/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Discovery: which policy a file is judged by where none was named. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "policy/layer.h"

#define LOCAL_NAME  ".dmlint.yaml"
#define SYSTEM_PATH "/etc/dmlint/policy.yaml"
#define BUILT_IN    "default"

struct known_dir {
    struct known_dir *next;
    const char *dir;
    struct known_policy *policy;
};

struct known_policy {
    struct known_policy *next;
    const char *path; /* or "default" */
    struct dml_policy *policy;
};

struct dml_policies {
    struct dml_arena arena; /* this struct lies in it */
    const struct dml_rules *rules;
    const struct dml_catalogue *cat;
    pthread_mutex_t lock;
    struct known_dir *buckets[256];
    struct known_policy *policies;
    DML_VEC(const char *) refused;
};

int dml_policies_new(struct dml_policies **out, const struct dml_rules *rules, const struct dml_catalogue *cat,
                     struct dml_err *err)
{
    struct dml_arena arena = {0};
    struct dml_policies *ps = dml_new(&arena, struct dml_policies);
    if (!ps)
        return dml_err_nomem(err);
    ps->arena = arena;
    ps->rules = rules;
    ps->cat = cat;
    pthread_mutex_init(&ps->lock, NULL);
    *out = ps;
    return 0;
}

void dml_policies_free(struct dml_policies *ps)
{
    if (!ps)
        return;
    for (struct known_policy *k = ps->policies; k; k = k->next)
        dml_policy_free(k->policy);
    pthread_mutex_destroy(&ps->lock);
    struct dml_arena arena = ps->arena;
    dml_arena_dispose(&arena);
}

static int load(struct dml_policies *ps, const char *path, struct known_policy **out, struct dml_err *err)
{
    for (struct known_policy *k = ps->policies; k; k = k->next) {
        if (strcmp(k->path, path) == 0) {
            *out = k;
            return 0;
        }
    }
    struct known_policy *k = dml_new(&ps->arena, struct known_policy);
    if (!k || !(k->path = dml_arena_strdup(&ps->arena, path)))
        return dml_err_nomem(err);
    int rc = strcmp(path, BUILT_IN) == 0 ? dml_policy_load(&k->policy, path, ps->rules, ps->cat, err)
                                         : dml_policy_load_found(&k->policy, path, ps->rules, ps->cat, err);
    if (rc)
        return rc;
    k->next = ps->policies;
    ps->policies = k;
    *out = k;
    return 0;
}

/* The same; *out is NULL where the policy is not to be trusted, and that is kept to be told. */
static int load_if_trusted(struct dml_policies *ps, const char *path, struct known_policy **out, struct dml_err *err)
{
    struct dml_err why = {""};
    int rc = load(ps, path, out, &why);
    if (rc != DML_EUNTRUSTED)
        return rc ? dml_err_set(err, rc, "%s", why.msg) : 0;
    *out = NULL;
    for (uint32_t i = 0; i < ps->refused.n; i++)
        if (strstr(ps->refused.v[i], path) == ps->refused.v[i])
            return 0;
    const char **slot = dml_vec_add(&ps->arena, &ps->refused);
    const char *said = dml_arena_printf(&ps->arena, "%s is not used: %s; -p %s uses it, --isolated asks for none", path,
                                        why.msg, path);
    if (!slot || !said)
        return dml_err_nomem(err);
    *slot = said;
    return 0;
}

/* The user's, the system's, or the built-in one. */
static int fallback(struct dml_policies *ps, struct known_policy **out, struct dml_err *err)
{
    struct dml_arena *a = &ps->arena;
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME"), *user = NULL;
    if (config && config[0] == '/')
        user = dml_path_join(a, config, "dmlint/policy.yaml");
    else if (home && home[0] == '/')
        user = dml_path_join(a, home, ".config/dmlint/policy.yaml");
    const char *const paths[] = {user, SYSTEM_PATH};
    *out = NULL;
    for (int i = 0; i < 2 && !*out; i++) {
        int rc = paths[i] && access(paths[i], F_OK) == 0 ? load_if_trusted(ps, paths[i], out, err) : 0;
        if (rc)
            return rc;
    }
    return *out ? 0 : load(ps, BUILT_IN, out, err);
}

/* Looks from `dir` upward; every directory on the way is remembered. */
static int look(struct dml_policies *ps, char *dir, struct known_policy **out, struct dml_err *err)
{
    uint32_t h = 2166136261u;
    for (const char *p = dir; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    struct known_dir **bucket = &ps->buckets[h % 256];
    for (struct known_dir *d = *bucket; d; d = d->next) {
        if (strcmp(d->dir, dir) == 0) {
            *out = d->policy;
            return 0;
        }
    }
    struct known_dir *d = dml_new(&ps->arena, struct known_dir);
    const char *here = dml_path_join(&ps->arena, dir, LOCAL_NAME);
    if (!d || !here || !(d->dir = dml_arena_strdup(&ps->arena, dir)))
        return dml_err_nomem(err);
    *out = NULL;
    int rc = access(here, F_OK) == 0 ? load_if_trusted(ps, here, out, err) : 0;
    if (!rc && !*out && strcmp(dir, "/") == 0) {
        rc = fallback(ps, out, err);
    } else if (!rc && !*out) {
        char *slash = strrchr(dir, '/');
        slash[slash == dir] = '\0';
        rc = look(ps, dir, out, err);
    }
    if (rc)
        return rc;
    d->policy = *out;
    d->next = *bucket;
    *bucket = d;
    return 0;
}

int dml_policies_for(struct dml_policies *ps, const char *path, struct dml_policy **out, struct dml_err *err)
{
    struct dml_arena scratch = {0};
    struct known_policy *known = NULL;
    int rc = 0;
    char *dir = dml_path_absolute(&scratch, path);
    char *slash = dir ? strrchr(dir, '/') : NULL;
    if (!slash)
        return dml_err_nomem(err);
    slash[slash == dir] = '\0';
    pthread_mutex_lock(&ps->lock);
    rc = look(ps, dir, &known, err);
    pthread_mutex_unlock(&ps->lock);
    dml_arena_dispose(&scratch);
    if (!rc)
        *out = known->policy;
    return rc;
}

const char *dml_policies_refused(const struct dml_policies *ps, uint32_t i)
{
    return i < ps->refused.n ? ps->refused.v[i] : NULL;
}
