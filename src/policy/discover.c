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
};

int dml_policies_new(struct dml_policies **out, const struct dml_rules *rules, const struct dml_catalogue *cat,
                     struct dml_err *err)
{
    struct dml_arena arena = {0};
    struct dml_policies *ps = dml_new(&arena, struct dml_policies);
    if (!ps)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
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
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    int rc = dml_policy_load(&k->policy, path, ps->rules, ps->cat, err);
    if (rc)
        return rc;
    k->next = ps->policies;
    ps->policies = k;
    *out = k;
    return 0;
}

/* The user's, the system's, or the built-in one. */
static const char *fallback(struct dml_arena *a)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME"), *user = NULL;
    if (config && config[0] == '/')
        user = dml_path_join(a, config, "dmlint/policy.yaml");
    else if (home && home[0] == '/')
        user = dml_path_join(a, home, ".config/dmlint/policy.yaml");
    if (user && access(user, F_OK) == 0)
        return user;
    return access(SYSTEM_PATH, F_OK) == 0 ? SYSTEM_PATH : "default";
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
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    int rc;
    if (access(here, F_OK) == 0) {
        rc = load(ps, here, out, err);
    } else if (strcmp(dir, "/") == 0) {
        rc = load(ps, fallback(&ps->arena), out, err);
    } else {
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
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    slash[slash == dir] = '\0';
    pthread_mutex_lock(&ps->lock);
    rc = look(ps, dir, &known, err);
    pthread_mutex_unlock(&ps->lock);
    dml_arena_dispose(&scratch);
    if (!rc)
        *out = known->policy;
    return rc;
}
