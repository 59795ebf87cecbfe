/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layer: the schema of a policy file (dmlint-policy(5)). */
#include "policy/layer.h"

#include <stdio.h>
#include <string.h>

#include "base/path.h"

struct reader {
    struct dml_layer *l;
    struct dml_arena *a;
    struct dml_err *err;
};

static int no_memory(struct dml_err *err)
{
    return dml_err_set(err, DML_ENOMEM, "out of memory while reading a policy");
}

/* The value of an entry: a severity alone, or a mapping. */
static int read_entry(struct reader *r, const struct dml_yaml_node *key, const struct dml_yaml_node *value,
                      struct dml_entry *e)
{
    enum { SEVERITY, PARAMS, LOCKED, UNSUPPRESSIBLE, N };
    static const char *const names[] = {"severity", "params", "locked", "unsuppressible"};
    const struct dml_yaml *y = &r->l->yaml;
    const struct dml_yaml_node *f[N] = {value};
    int rc = 0;
    *e = (struct dml_entry){.word = key->text, .severity = DML_NO_SEVERITY, .at = key};
    if (value->kind != DML_YAML_SCALAR)
        rc = dml_yaml_fields(y, value, "a rule's setting", names, N, f, r->err);
    if (!rc && f[SEVERITY]) {
        unsigned v;
        rc = dml_yaml_enum(y, f[SEVERITY], "a severity", dml_severity_names, 5, &v, r->err);
        e->severity = (uint8_t)v;
    }
    if (!rc && f[PARAMS])
        rc = dml_yaml_want(y, f[PARAMS], "params", DML_YAML_MAP, r->err);
    if (!rc && f[LOCKED])
        rc = dml_yaml_bool(y, f[LOCKED], "locked", &e->locked, r->err);
    if (!rc && f[UNSUPPRESSIBLE])
        rc = dml_yaml_bool(y, f[UNSUPPRESSIBLE], "unsuppressible", &e->unsuppressible, r->err);
    e->params = f[PARAMS];
    return rc;
}

static int read_entries(struct reader *r, const struct dml_yaml_node *rules, const struct dml_yaml_node *params,
                        const struct dml_yaml_node *unsuppressible, const struct dml_entry **out, uint32_t *n)
{
    const struct dml_yaml *y = &r->l->yaml;
    int rc = 0;
    if (rules)
        rc = dml_yaml_want(y, rules, "rules", DML_YAML_MAP, r->err);
    if (!rc && params)
        rc = dml_yaml_want(y, params, "params", DML_YAML_MAP, r->err);
    if (!rc && unsuppressible)
        rc = dml_yaml_want(y, unsuppressible, "unsuppressible", DML_YAML_SEQ, r->err);
    if (rc)
        return rc;
    uint32_t count = (rules ? rules->n : 0) + (params != NULL) + (unsuppressible ? unsuppressible->n : 0);
    struct dml_entry *e = dml_new_n(r->a, struct dml_entry, count + 1);
    if (!e)
        return no_memory(r->err);
    *out = e;
    *n = count;
    if (params)
        *e++ = (struct dml_entry){.word = {"", 0}, .severity = DML_NO_SEVERITY, .at = params, .params = params};
    for (uint32_t i = 0; rules && !rc && i < rules->n; i++)
        rc = read_entry(r, rules->keys[i], rules->v[i], e++);
    for (uint32_t i = 0; unsuppressible && !rc && i < unsuppressible->n; i++) {
        *e = (struct dml_entry){.severity = DML_NO_SEVERITY, .unsuppressible = 1, .at = unsuppressible->v[i]};
        rc = dml_yaml_str(y, unsuppressible->v[i], "a rule", &e++->word, r->err);
    }
    return rc;
}

static int read_overrides(struct reader *r, const struct dml_yaml_node *node)
{
    enum { FILES, RULES, PARAMS, N };
    static const char *const names[] = {"files", "rules", "params"};
    const struct dml_yaml *y = &r->l->yaml;
    int rc = dml_yaml_want(y, node, "overrides", DML_YAML_SEQ, r->err);
    if (rc)
        return rc;
    struct dml_override *o = dml_new_n(r->a, struct dml_override, node->n + 1);
    if (!o)
        return no_memory(r->err);
    r->l->overrides = o;
    r->l->overrides_n = node->n;
    for (uint32_t i = 0; !rc && i < node->n; i++, o++) {
        const struct dml_yaml_node *f[N];
        rc = dml_yaml_fields(y, node->v[i], "an override", names, N, f, r->err);
        if (!rc && (!f[FILES] || (!f[RULES] && !f[PARAMS])))
            rc = dml_yaml_err(y, node->v[i], r->err, "an override has files: (globs) and rules: or params:");
        struct dml_sv *globs = NULL;
        if (!rc)
            rc = dml_yaml_strs(y, f[FILES], "files", r->a, &globs, &o->globs_n, r->err);
        if (!rc)
            rc = read_entries(r, f[RULES], f[PARAMS], NULL, &o->entries, &o->entries_n);
        for (uint32_t k = 0; !rc && k < o->entries_n; k++)
            if (o->entries[k].locked)
                rc = dml_yaml_err(y, o->entries[k].at, r->err, "locked: stands under rules:, not in an override");
        o->globs = globs;
        o->layer = r->l;
        o->line = node->v[i]->line;
    }
    return rc;
}

static int read_globs(struct reader *r, const struct dml_yaml_node *node, const char *what, struct dml_globs *out)
{
    struct dml_sv *v = NULL;
    if (!node)
        return 0;
    out->line = node->line;
    int rc = dml_yaml_strs(&r->l->yaml, node, what, r->a, &v, &out->n, r->err);
    out->v = v;
    return rc;
}

int dml_layer_read(struct dml_layer *l, const char *file, struct dml_sv text, struct dml_arena *a, struct dml_err *err)
{
    enum {
        NAME,
        DESCRIPTION,
        EXTENDS,
        FAIL_ON,
        RULES,
        PARAMS,
        OVERRIDES,
        UNSUPPRESSIBLE,
        RULES_DIR,
        RULE_FILES,
        WAIVERS,
        BASELINE,
        INCLUDE,
        EXCLUDE,
        N
    };
    static const char *const names[] = {"name",    "description", "extends",        "fail_on",   "rules",
                                        "params",  "overrides",   "unsuppressible", "rules_dir", "rule_files",
                                        "waivers", "baseline",    "include",        "exclude"};
    const struct dml_yaml_node *f[N];
    struct reader r = {l, a, err};
    struct dml_sv s;
    *l = (struct dml_layer){.file = file, .text = text, .fail_on = DML_NO_SEVERITY};
    int rc = dml_yaml_parse(a, file, text, &l->yaml, err);
    if (rc)
        return rc;
    if (dml_yaml_is_null(l->yaml.root)) /* an empty policy changes nothing */
        memset(f, 0, sizeof f);
    else
        rc = dml_yaml_fields(&l->yaml, l->yaml.root, "a policy", names, N, f, err);
    if (rc)
        return rc;
    struct dml_sv base = dml_path_base(dml_sv_of(file));
    if (base.len > 5 && memcmp(base.p + base.len - 5, ".yaml", 5) == 0)
        base.len -= 5;
    l->name = dml_arena_strndup(a, base.p, base.len);
    if (f[NAME]) {
        rc = dml_yaml_str(&l->yaml, f[NAME], "name", &s, err);
        l->name = rc ? NULL : s.p;
    }
    if (!rc && f[DESCRIPTION])
        rc = dml_yaml_str(&l->yaml, f[DESCRIPTION], "description", &s, err);
    if (!rc && f[FAIL_ON]) {
        static const char *const levels[] = {"error", "warning", "info", "hint", "none"};
        unsigned v;
        rc = dml_yaml_enum(&l->yaml, f[FAIL_ON], "fail_on", levels, 5, &v, err);
        l->fail_on = (uint8_t)v;
        l->fail_on_line = f[FAIL_ON]->line;
    }
    if (!rc && f[BASELINE]) {
        rc = dml_yaml_str(&l->yaml, f[BASELINE], "baseline", &s, err);
        struct dml_sv dir = dml_path_dir(dml_sv_of(file));
        l->baseline = rc ? NULL : dml_path_join(a, dml_arena_strndup(a, dir.p, dir.len), s.p);
    }
    if (!rc)
        rc = read_globs(&r, f[INCLUDE], "include", &l->include);
    if (!rc)
        rc = read_globs(&r, f[EXCLUDE], "exclude", &l->exclude);
    if (!rc)
        rc = read_entries(&r, f[RULES], f[PARAMS], f[UNSUPPRESSIBLE], &l->entries, &l->entries_n);
    if (!rc && f[OVERRIDES])
        rc = read_overrides(&r, f[OVERRIDES]);
    l->extends = f[EXTENDS];
    l->rules_dir = f[RULES_DIR];
    l->rule_files = f[RULE_FILES];
    l->waivers = f[WAIVERS];
    return !rc && a->failed ? no_memory(err) : rc;
}

int dml_layer_word(const struct dml_policy *p, const struct dml_layer *l, const struct dml_yaml_node *at,
                   struct dml_sv word, struct dml_err *err)
{
    const char *near;
    if (dml_rules_word(&p->rules, word, &near))
        return 0;
    return dml_yaml_err(&l->yaml, at, err, "no rule or tag is called \"%.*s\"%s%s%s", DML_SV_ARG(word),
                        near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}
