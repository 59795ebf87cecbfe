/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of rules put together from files, texts and directories. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/trust.h"
#include "rules/reader.h"

enum { RULE_FILE_MAX = 1024 * 1024 };

int dml_rule_builder_init(struct dml_rule_builder *b, const struct dml_rules *base, const struct dml_catalogue *cat,
                          struct dml_arena *a, _Bool strict, struct dml_err *err)
{
    *b = (struct dml_rule_builder){
        .arena = a, .cat = cat, .base = base, .strict = strict, .patterns_n = base->patterns_n};
    for (uint32_t i = 0; i < base->n; i++) {
        struct dml_rule *rule = dml_vec_add(a, &b->rules);
        if (!rule)
            return dml_err_nomem(err);
        *rule = base->v[i];
    }
    for (uint32_t i = 0; i < base->slots_n; i++) {
        struct dml_slot *slot = dml_vec_add(a, &b->slots);
        if (!slot)
            return dml_err_nomem(err);
        *slot = base->slots[i];
    }
    /* Growing copies: what the base has stays as it is. */
    b->hosts.v = (struct dml_shared *)base->hosts;
    b->hosts.n = b->hosts.cap = base->hosts_n;
    b->kinds.v = (struct dml_shared *)base->kinds;
    b->kinds.n = b->kinds.cap = base->kinds_n;
    b->old_n = b->rules.n;
    return 0;
}

/* Puts a rule in: in place of an older one with its id, otherwise as a new one. */
static int put_rule(struct dml_rule_builder *b, const struct dml_yaml *y, const struct dml_yaml_node *node,
                    const struct dml_rule *rule, struct dml_err *err)
{
    struct dml_rule *place = NULL;
    for (uint32_t i = 0; i < b->rules.n; i++) {
        struct dml_rule *other = &b->rules.v[i];
        if (strcmp(other->id, rule->id) == 0) {
            if (i >= b->old_n || other->replaced)
                return dml_yaml_err(y, node, err, "the id %s is already that of %s:%u", rule->id, other->file,
                                    other->line);
            place = other;
        } else if (strcmp(other->name, rule->name) == 0) {
            return dml_yaml_err(y, node, err, "the name %s is already that of %s (%s:%u)", rule->name, other->id,
                                other->file, other->line);
        }
    }
    _Bool old = place != NULL;
    const struct dml_rule *replaces = NULL;
    if (old) {
        const struct dml_rule *before = &b->base->v[place - b->rules.v];
        replaces = before->builtin ? before : before->replaces;
    }
    if (!place)
        place = dml_vec_add(b->arena, &b->rules);
    if (!place)
        return dml_err_nomem(err);
    *place = *rule;
    place->replaced = old;
    place->replaces = replaces;
    return 0;
}

int dml_rule_builder_text(struct dml_rule_builder *b, const char *path, struct dml_sv text, struct dml_err *err)
{
    if (b->sha)
        dml_sha256_add(b->sha, text);
    struct dml_yaml y;
    const char *kept = dml_arena_strdup(b->arena, path);
    if (!kept)
        return dml_err_nomem(err);
    int rc = dml_yaml_parse(b->arena, kept, text, &y, err);
    if (rc)
        return rc;
    const struct dml_yaml_node *root = y.root;
    uint32_t n = root->kind == DML_YAML_SEQ ? root->n : 1;
    for (uint32_t i = 0; i < n && !rc; i++) {
        const struct dml_yaml_node *node = root->kind == DML_YAML_SEQ ? root->v[i] : root;
        struct dml_rule rule;
        rc = dml_rule_read(b, &y, node, &rule, err);
        if (!rc)
            rc = put_rule(b, &y, node, &rule, err);
    }
    return rc;
}

int dml_rule_builder_file(struct dml_rule_builder *b, const char *path, struct dml_err *err)
{
    struct dml_sv text;
    int rc = b->discovered ? dml_trusted(path, err) : 0;
    if (!rc)
        rc = (b->named ? dml_file_read : dml_regular_read)(b->arena, path, RULE_FILE_MAX, &text, err);
    if (rc == DML_ETOOBIG)
        return dml_err_set(err, DML_EINVAL, "%s: a rule file is at most %d bytes", path, RULE_FILE_MAX);
    return rc ? rc : dml_rule_builder_text(b, path, text, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int dml_yaml_files(const char *dir, struct dml_arena *a, const char ***out, uint32_t *n, struct dml_err *err)
{
    DML_VEC(const char *) names = {0};
    int rc = 0;
    DIR *d = opendir(dir);
    if (!d)
        return dml_err_set(err, DML_EIO, "cannot read the directory %s: %s", dir, strerror(errno));
    for (struct dirent *e; !rc && (e = readdir(d));) {
        size_t len = strlen(e->d_name);
        if (e->d_name[0] == '.' || len < 6 || strcmp(e->d_name + len - 5, ".yaml") != 0)
            continue;
        const char **name = dml_vec_add(a, &names);
        if (!name || !(*name = dml_path_join(a, dir, e->d_name)))
            rc = dml_err_nomem(err);
    }
    closedir(d);
    if (!rc && names.n)
        qsort(names.v, names.n, sizeof *names.v, by_name);
    *out = names.v;
    *n = names.n;
    return rc;
}

int dml_rule_builder_dir(struct dml_rule_builder *b, const char *path, struct dml_err *err)
{
    const char **files;
    uint32_t n;
    int rc = dml_yaml_files(path, b->arena, &files, &n, err);
    for (uint32_t i = 0; !rc && i < n; i++)
        rc = dml_rule_builder_file(b, files[i], err);
    return rc;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct dml_rule *)a)->id, ((const struct dml_rule *)b)->id);
}

void dml_rule_builder_done(struct dml_rule_builder *b, struct dml_rules *out)
{
    for (uint32_t i = 0; i < b->rules.n; i++)
        b->rules.v[i].replaced = 0;
    if (b->rules.n)
        qsort(b->rules.v, b->rules.n, sizeof *b->rules.v, by_id);
    *out = (struct dml_rules){.v = b->rules.v,
                              .n = b->rules.n,
                              .slots = b->slots.v,
                              .slots_n = b->slots.n,
                              .patterns_n = b->patterns_n,
                              .hosts = b->hosts.v,
                              .hosts_n = b->hosts.n,
                              .kinds = b->kinds.v,
                              .kinds_n = b->kinds.n};
}

int dml_rules_add_text(struct dml_rules *rules, const char *path, struct dml_sv text, const struct dml_catalogue *cat,
                       struct dml_arena *a, struct dml_err *err)
{
    struct dml_rule_builder b;
    int rc = dml_rule_builder_init(&b, rules, cat, a, 0, err);
    if (!rc)
        rc = dml_rule_builder_text(&b, path, text, err);
    if (!rc)
        dml_rule_builder_done(&b, rules);
    return rc;
}

int dml_rules_add_file(struct dml_rules *rules, const char *path, const struct dml_catalogue *cat, struct dml_arena *a,
                       struct dml_err *err)
{
    struct dml_rule_builder b;
    int rc = dml_rule_builder_init(&b, rules, cat, a, 0, err);
    b.named = 1;
    if (!rc)
        rc = dml_rule_builder_file(&b, path, err);
    if (!rc)
        dml_rule_builder_done(&b, rules);
    return rc;
}
