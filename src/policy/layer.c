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
        N
    };
    static const char *const names[] = {"name",      "description", "extends",   "fail_on",
                                        "rules",     "params",      "overrides", "unsuppressible",
                                        "rules_dir", "rule_files",  "waivers",   "baseline"};
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

/* ---- waivers ---- */

static _Bool is_date(struct dml_sv s)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned n[3] = {0, 0, 0};
    if (s.len != 10 || s.p[4] != '-' || s.p[7] != '-')
        return 0;
    for (unsigned i = 0, k = 0; i < 10; i++) {
        if (i == 4 || i == 7) {
            k++;
            continue;
        }
        if (s.p[i] < '0' || s.p[i] > '9')
            return 0;
        n[k] = n[k] * 10 + (unsigned)(s.p[i] - '0');
    }
    _Bool leap = (n[0] % 4 == 0 && n[0] % 100 != 0) || n[0] % 400 == 0;
    return n[1] >= 1 && n[1] <= 12 && n[2] >= 1 && n[2] <= days[n[1] - 1] + (unsigned)(leap && n[1] == 2);
}

static int read_waiver(struct dml_policy *p, const struct dml_layer *l, const struct dml_yaml_node *node,
                       struct dml_waiver *w, struct dml_err *err)
{
    enum { ID, OWNER, REASON, EXPIRES, RULES, TICKET, FILES, GUESTS, HOSTS, N };
    static const char *const names[] = {"id",     "owner", "reason", "expires", "rules",
                                        "ticket", "files", "guests", "hosts"};
    const struct dml_yaml *y = &l->yaml;
    const struct dml_yaml_node *f[N];
    *w = (struct dml_waiver){.from = {l->file, node->line}};
    const char **texts[] = {&w->id, &w->owner, &w->reason, NULL, NULL, &w->ticket};
    struct {
        const struct dml_sv **v;
        uint32_t *n;
    } lists[N] = {[RULES] = {&w->rules, &w->rules_n},
                  [FILES] = {&w->files, &w->files_n},
                  [GUESTS] = {&w->guests, &w->guests_n},
                  [HOSTS] = {&w->hosts, &w->hosts_n}};
    int rc = dml_yaml_fields(y, node, "a waiver", names, N, f, err);
    for (unsigned i = 0; !rc && i < N; i++) {
        struct dml_sv s, *list;
        if (!f[i] && i <= RULES)
            return dml_yaml_err(y, node, err, "a waiver needs %s:", names[i]);
        if (!f[i])
            continue;
        if (i == EXPIRES) {
            rc = dml_yaml_str(y, f[i], names[i], &s, err);
            if (!rc && !is_date(s))
                rc = dml_yaml_err(y, f[i], err, "expires is a day, such as 2027-03-01, not \"%.*s\"", DML_SV_ARG(s));
            if (!rc)
                memcpy(w->expires, s.p, 10);
        } else if (lists[i].v) {
            rc = dml_yaml_strs(y, f[i], names[i], &p->arena, &list, lists[i].n, err);
            if (!rc)
                *lists[i].v = list;
            if (!rc && i == RULES && !*lists[i].n)
                rc = dml_yaml_err(y, f[i], err, "a waiver names at least one rule");
            for (uint32_t k = 0; !rc && i == RULES && k < *lists[i].n; k++)
                rc = dml_layer_word(p, l, f[i]->kind == DML_YAML_SEQ ? f[i]->v[k] : f[i], list[k], err);
        } else {
            rc = dml_yaml_str(y, f[i], names[i], &s, err);
            if (!rc && !dml_sv_trim(s).len)
                rc = dml_yaml_err(y, f[i], err, "%s is empty", names[i]);
            if (!rc)
                *texts[i] = s.p;
        }
    }
    for (uint32_t i = 0; !rc && i + 1 < p->waivers.n; i++)
        if (strcmp(p->waivers.v[i].id, w->id) == 0)
            rc = dml_yaml_err(y, f[ID], err, "the waiver %s is already in %s:%u", w->id, p->waivers.v[i].from.file,
                              p->waivers.v[i].from.line);
    return rc;
}

int dml_layer_waivers(struct dml_policy *p, const struct dml_layer *l, struct dml_err *err)
{
    if (!l->waivers)
        return 0;
    int rc = dml_yaml_want(&l->yaml, l->waivers, "waivers", DML_YAML_SEQ, err);
    for (uint32_t i = 0; !rc && i < l->waivers->n; i++) {
        struct dml_waiver *w = dml_vec_add(&p->arena, &p->waivers);
        rc = w ? read_waiver(p, l, l->waivers->v[i], w, err) : no_memory(err);
    }
    return rc;
}
