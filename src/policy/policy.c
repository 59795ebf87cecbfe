/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policy: layers resolved against the rules, and what is in force for a file. */
#include "policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/sha256.h"
#include "base/trust.h"
#include "policy/layer.h"
#include "rules/load.h"

static int no_memory(struct dml_err *err)
{
    return dml_err_set(err, DML_ENOMEM, "out of memory while reading a policy");
}

/* ---- layers ---- */

/* The chain of policies being read, for cycles. */
struct chain {
    const struct chain *up;
    const char *path;
};

static int add_layer(struct dml_policy *p, const char *name, const char *dir, const struct chain *up,
                     const struct dml_layer *by, const struct dml_yaml_node *at, struct dml_err *err);

static int add_parents(struct dml_policy *p, const struct dml_layer *l, const char *dir, const struct chain *here,
                       struct dml_err *err)
{
    struct dml_sv *names;
    uint32_t n;
    if (!l->extends) /* a file that says nothing of it extends the default; `extends: []` is nothing at all */
        return l->dir ? add_layer(p, "default", NULL, here, NULL, NULL, err) : 0;
    int rc = dml_yaml_strs(&l->yaml, l->extends, "extends", &p->arena, &names, &n, err);
    for (uint32_t i = 0; !rc && i < n; i++)
        rc = add_layer(p, names[i].p, dir, here, l, l->extends->kind == DML_YAML_SEQ ? l->extends->v[i] : l->extends,
                       err);
    return rc;
}

static _Bool is_path(struct dml_sv name)
{
    return memchr(name.p, '/', name.len) || (name.len > 5 && memcmp(name.p + name.len - 5, ".yaml", 5) == 0) ||
           (name.len > 4 && memcmp(name.p + name.len - 4, ".yml", 4) == 0);
}

static struct dml_sv builtin_name(const void *user, size_t i)
{
    (void)user;
    return dml_sv_of(dml_builtin_policies[i].name);
}

static const struct dml_builtin_policy *find_builtin(const char *name)
{
    for (uint32_t i = 0; i < dml_builtin_policies_n; i++)
        if (strcmp(dml_builtin_policies[i].name, name) == 0)
            return &dml_builtin_policies[i];
    return NULL;
}

/* Puts "file:line:column: " before what went wrong below an extends. */
static int in_extends(const struct dml_layer *by, const struct dml_yaml_node *at, int rc, struct dml_err *err)
{
    return by && rc ? dml_err_wrap(err, rc, "%s:%u:%u: extends", by->file, at->line, at->column) : rc;
}

static int add_layer(struct dml_policy *p, const char *name, const char *dir, const struct chain *up,
                     const struct dml_layer *by, const struct dml_yaml_node *at, struct dml_err *err)
{
    const struct dml_builtin_policy *builtin = NULL;
    struct dml_sv text = {"", 0};
    const char *file = NULL, *path = NULL, *own_dir = NULL;
    int rc = 0;
    if (is_path((struct dml_sv){name, strlen(name)})) {
        while (dir && strncmp(name, "./", 2) == 0)
            name += 2;
        file = dml_path_join(&p->arena, dir, name);
        path = file ? dml_path_absolute(&p->arena, file) : NULL;
        if (!path)
            return no_memory(err);
        struct dml_sv d = dml_path_dir(dml_sv_of(path));
        own_dir = dml_arena_strndup(&p->arena, d.p, d.len);
    } else {
        builtin = find_builtin(name);
        long near = builtin ? -1 : dml_sv_nearest(dml_sv_of(name), dml_builtin_policies_n, builtin_name, NULL);
        if (!builtin)
            return in_extends(
                by, at,
                dml_err_set(err, DML_ENOENT,
                            "there is no built-in policy \"%s\"%s%s%s; a file is named by a path with a slash or .yaml",
                            name, near < 0 ? "" : "; did you mean \"", near < 0 ? "" : dml_builtin_policies[near].name,
                            near < 0 ? "" : "\"?"),
                err);
        file = dml_arena_printf(&p->arena, "built-in %s", name);
        text = (struct dml_sv){builtin->text, builtin->len};
        path = file;
    }
    if (!path || p->arena.failed)
        return no_memory(err);
    for (const struct chain *c = up; c; c = c->up)
        if (strcmp(c->path, path) == 0)
            return dml_yaml_err(&by->yaml, at, err, "%s extends itself in a circle", file);
    for (uint32_t i = 0; i < p->layers.n; i++)
        if (strcmp(p->layers.v[i]->path, path) == 0)
            return 0; /* by another way already */
    if (!builtin) {
        rc = p->discovered ? dml_trusted(file, err) : 0;
        if (!rc)
            rc = (by || p->discovered ? dml_regular_read : dml_file_read)(&p->arena, file, DML_POLICY_FILE_MAX, &text,
                                                                          err);
        if (rc == DML_ETOOBIG)
            rc = dml_err_set(err, DML_EINVAL, "%s: a policy is at most %d bytes", file, DML_POLICY_FILE_MAX);
        if (rc)
            return in_extends(by, at, rc, err);
    }
    struct dml_layer *l = dml_new(&p->arena, struct dml_layer);
    if (!l)
        return no_memory(err);
    rc = dml_layer_read(l, file, text, &p->arena, err);
    l->path = path;
    l->dir = own_dir;
    if (builtin)
        l->name = builtin->name;
    struct dml_sv d = dml_path_dir(dml_sv_of(file));
    const char *relative = builtin ? NULL : dml_arena_strndup(&p->arena, d.p, d.len);
    struct chain here = {up, path};
    if (!rc)
        rc = add_parents(p, l, relative, &here, err);
    struct dml_layer **place = rc ? NULL : dml_vec_add(&p->arena, &p->layers);
    if (place)
        *place = l;
    return !rc && !place ? no_memory(err) : rc;
}

/* Rule files that a layer names, by paths relative to it. */
static int add_rules(struct dml_policy *p, const struct dml_layer *l, struct dml_rule_builder *b, struct dml_err *err)
{
    const struct dml_yaml_node *nodes[] = {l->rules_dir, l->rule_files};
    static const char *const what[] = {"rules_dir", "rule_files"};
    struct dml_sv d = dml_path_dir(dml_sv_of(l->file));
    const char *dir = dml_arena_strndup(&p->arena, d.p, d.len);
    int rc = 0;
    for (int k = 0; k < 2 && !rc; k++) {
        struct dml_sv *names;
        uint32_t n;
        if (!nodes[k])
            continue;
        rc = dml_yaml_strs(&l->yaml, nodes[k], what[k], &p->arena, &names, &n, err);
        for (uint32_t i = 0; !rc && i < n; i++) {
            const char *path = dml_path_join(&p->arena, dir, names[i].p);
            if (!path)
                return no_memory(err);
            rc = k == 0 ? dml_rule_builder_dir(b, path, err) : dml_rule_builder_file(b, path, err);
            if (rc == DML_EIO)
                rc = dml_err_wrap(err, rc, "%s:%u: %s", l->file, nodes[k]->line, what[k]);
        }
    }
    return rc;
}

/* ---- settings ---- */

static struct dml_setting *settings(const struct dml_rules *rules, struct dml_arena *a)
{
    struct dml_setting *v = dml_new_n(a, struct dml_setting, rules->n + 1);
    for (uint32_t i = 0; v && i < rules->n; i++) {
        v[i].severity = rules->v[i].severity;
        v[i].severity_from = (struct dml_origin){rules->v[i].file, 0};
    }
    return v;
}

static int set_param(struct dml_arena *a, const struct dml_layer *l, struct dml_setting *s, const struct dml_rule *rule,
                     unsigned n, const struct dml_yaml_node *node, struct dml_err *err)
{
    const struct dml_param *param = &rule->params[n];
    uint32_t count = node->kind == DML_YAML_SEQ ? node->n : 1;
    if (node->kind == DML_YAML_MAP || param->list != (node->kind == DML_YAML_SEQ))
        return dml_yaml_err(&l->yaml, node, err, "the parameter %s of %s is %s", param->name, rule->id,
                            param->list ? "a list" : "one value");
    struct dml_lit *lits = dml_new_n(a, struct dml_lit, count + 1);
    struct dml_param_value *values = dml_new_n(a, struct dml_param_value, rule->params_n);
    struct dml_origin *from = dml_new_n(a, struct dml_origin, rule->params_n);
    if (!lits || !values || !from)
        return no_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        int rc = dml_lit_read(&l->yaml, param->list ? node->v[i] : node, "a parameter", param->kind, &lits[i], err);
        if (rc)
            return rc;
    }
    for (unsigned i = 0; i < rule->params_n; i++) {
        values[i] = s->params ? s->params[i]
                              : (struct dml_param_value){rule->lits + rule->params[i].first, rule->params[i].n};
        from[i] = s->params ? s->params_from[i] : (struct dml_origin){rule->file, 0};
    }
    values[n] = (struct dml_param_value){lits, count};
    from[n] = (struct dml_origin){l->file, node->line};
    s->params = values;
    s->params_from = from;
    return 0;
}

static long find_param(const struct dml_rule *rule, struct dml_sv name)
{
    for (unsigned i = 0; i < rule->params_n; i++)
        if (dml_sv_is(name, rule->params[i].name))
            return (long)i;
    return -1;
}

static int is_locked(const struct dml_layer *l, const struct dml_yaml_node *at, const struct dml_rule *rule,
                     const struct dml_setting *s, struct dml_err *err)
{
    return dml_yaml_err(&l->yaml, at, err, "%s %s is locked by %s:%u and cannot be weakened", rule->id, rule->name,
                        s->locked_from.file, s->locked_from.line);
}

/* One entry on the rules that its word means. */
static int apply(const struct dml_policy *p, struct dml_arena *a, const struct dml_layer *l, const struct dml_entry *e,
                 struct dml_setting *v, struct dml_err *err)
{
    struct dml_origin here = {l->file, e->at->line};
    int rc = e->word.len ? dml_layer_word(p, l, e->at, e->word, err) : 0;
    for (uint32_t k = 0; e->params && !rc && k < e->params->n; k++) {
        const struct dml_yaml_node *key = e->params->keys[k];
        _Bool any = 0;
        for (uint32_t i = 0; i < p->rules.n && !rc; i++) {
            const struct dml_rule *rule = &p->rules.v[i];
            long n = !e->word.len || dml_rule_matches(rule, e->word) ? find_param(rule, key->text) : -1;
            if (n < 0)
                continue;
            any = 1;
            rc = v[i].locked ? is_locked(l, key, rule, &v[i], err)
                             : set_param(a, l, &v[i], rule, (unsigned)n, e->params->v[k], err);
        }
        if (!rc && !any)
            rc = dml_yaml_err(&l->yaml, key, err, "%s has a parameter \"%.*s\"",
                              e->word.len ? "none of the rules meant" : "no rule", DML_SV_ARG(key->text));
    }
    for (uint32_t i = 0; i < p->rules.n && !rc; i++) {
        struct dml_setting *s = &v[i];
        if (!e->word.len || !dml_rule_matches(&p->rules.v[i], e->word))
            continue;
        if (e->severity != DML_NO_SEVERITY) {
            if (s->locked && e->severity > s->severity)
                return is_locked(l, e->at, &p->rules.v[i], s, err);
            s->severity = e->severity;
            s->severity_from = here;
        }
        if (e->locked && !s->locked) {
            s->locked = 1;
            s->locked_from = here;
        }
        if (e->unsuppressible && !s->unsuppressible) {
            s->unsuppressible = 1;
            s->unsuppressible_from = here;
        }
    }
    return rc;
}

/* How precisely a word means a rule: everything, tag, prefix by its length, one rule. */
static unsigned precision(struct dml_sv word)
{
    if (!word.len)
        return 0;
    if (word.len >= 2 && word.len <= 6 && memcmp(word.p, "DM", 2) == 0)
        return 1 + (unsigned)word.len;
    for (int i = 0; i < DML_TAG_COUNT; i++)
        if (dml_sv_is(word, dml_tag_names[i]))
            return 1;
    return 7;
}

/* Within one file the order of entries says nothing: what is more precise counts. */
static int apply_all(const struct dml_policy *p, struct dml_arena *a, const struct dml_layer *l,
                     const struct dml_entry *e, uint32_t n, struct dml_setting *v, struct dml_err *err)
{
    int rc = 0;
    for (unsigned level = 0; level <= 7; level++)
        for (uint32_t i = 0; i < n && !rc; i++)
            if (precision(e[i].word) == level)
                rc = apply(p, a, l, &e[i], v, err);
    return rc;
}

static struct dml_setting *copy_of(const struct dml_policy *p, struct dml_arena *a)
{
    struct dml_setting *v = dml_new_n(a, struct dml_setting, p->rules.n + 1);
    if (v)
        memcpy(v, p->base, p->rules.n * sizeof *v);
    return v;
}

static int resolve(struct dml_policy *p, const struct dml_rules *rules, struct dml_sha256 *sha, struct dml_err *err)
{
    struct dml_rule_builder b;
    _Bool more = 0;
    int rc = 0;
    for (uint32_t i = 0; i < p->layers.n; i++)
        more = more || p->layers.v[i]->rules_dir || p->layers.v[i]->rule_files;
    p->rules = *rules;
    p->rules_seen = more ? &p->rules : rules;
    if (more) {
        rc = dml_rule_builder_init(&b, rules, p->cat, &p->arena, 0, err);
        b.sha = sha;
        b.discovered = p->discovered;
    }
    for (uint32_t i = 0; more && !rc && i < p->layers.n; i++)
        rc = add_rules(p, p->layers.v[i], &b, err);
    if (rc)
        return rc;
    if (more)
        dml_rule_builder_done(&b, &p->rules);
    p->base = settings(&p->rules, &p->arena);
    if (!p->base)
        return no_memory(err);
    for (uint32_t i = 0; !rc && i < p->layers.n; i++) {
        struct dml_layer *l = p->layers.v[i];
        rc = apply_all(p, &p->arena, l, l->entries, l->entries_n, p->base, err);
        if (!rc)
            rc = dml_layer_waivers(p, l, err);
        for (uint32_t k = 0; !rc && k < l->overrides_n; k++) {
            struct dml_override **o = dml_vec_add(&p->arena, &p->overrides);
            if (!o)
                return no_memory(err);
            *o = &l->overrides[k];
        }
    }
    if (!rc && p->overrides.n > DML_POLICY_OVERRIDES)
        return dml_err_set(err, DML_EINVAL, "%s: more than %d overrides", p->layers.v[p->layers.n - 1]->file,
                           DML_POLICY_OVERRIDES);
    /* Each override is tried now, so that what is wrong with it is said at once and not at the first file it matches.
     */
    for (uint32_t i = 0; !rc && i < p->overrides.n; i++) {
        const struct dml_override *o = p->overrides.v[i];
        struct dml_setting *v = copy_of(p, &p->arena);
        rc = v ? apply_all(p, &p->arena, o->layer, o->entries, o->entries_n, v, err) : no_memory(err);
    }
    return rc;
}

static int load(struct dml_policy **out, const char *name_or_path, _Bool discovered, const struct dml_rules *rules,
                const struct dml_catalogue *cat, struct dml_err *err)
{
    struct dml_arena arena = {0};
    struct dml_policy *p = dml_new(&arena, struct dml_policy);
    if (!p)
        return no_memory(err);
    *p = (struct dml_policy){.arena = arena, .cat = cat, .discovered = discovered};
    struct dml_sha256 sha;
    dml_sha256_init(&sha);
    int rc = add_layer(p, name_or_path, NULL, NULL, NULL, NULL, err);
    for (uint32_t i = 0; !rc && i < p->layers.n; i++)
        dml_sha256_add(&sha, p->layers.v[i]->text);
    if (!rc)
        rc = resolve(p, rules, &sha, err);
    if (rc) {
        dml_policy_free(p);
        return rc;
    }
    dml_sha256_hex(&sha, p->sha256);
    *out = p;
    return 0;
}

int dml_policy_load(struct dml_policy **out, const char *name_or_path, const struct dml_rules *rules,
                    const struct dml_catalogue *cat, struct dml_err *err)
{
    return load(out, name_or_path, 0, rules, cat, err);
}

int dml_policy_load_found(struct dml_policy **out, const char *path, const struct dml_rules *rules,
                          const struct dml_catalogue *cat, struct dml_err *err)
{
    return load(out, path, 1, rules, cat, err);
}

_Bool dml_policy_found(const struct dml_policy *p)
{
    return p->discovered;
}

void dml_policy_free(struct dml_policy *p)
{
    if (!p)
        return;
    struct dml_arena arena = p->arena;
    dml_arena_dispose(&arena);
}

/* ---- answers ---- */

_Bool dml_layer_glob(const struct dml_layer *l, const struct dml_sv *globs, uint32_t n, const char *given,
                     const char *absolute)
{
    size_t dir = l->dir ? strlen(l->dir) : 0;
    const char *below = NULL; /* the path as seen from the policy's directory */
    if (dir == 1)
        below = absolute + 1;
    else if (dir && strncmp(absolute, l->dir, dir) == 0 && absolute[dir] == '/')
        below = absolute + dir + 1;
    for (uint32_t i = 0; i < n; i++) {
        const char *glob = globs[i].p;
        if (glob[0] == '/' ? dml_path_glob(glob, absolute)
                           : dml_path_glob(glob, given) || (below && dml_path_glob(glob, below)))
            return 1;
    }
    return 0;
}

/* Which overrides match a path, as a set; 1 where that could be said. */
static _Bool matching(const struct dml_policy *p, const char *path, uint64_t *mask)
{
    struct dml_arena scratch = {0};
    const char *absolute = dml_path_absolute(&scratch, path);
    *mask = 0;
    for (uint32_t i = 0; absolute && i < p->overrides.n; i++) {
        const struct dml_override *o = p->overrides.v[i];
        if (dml_layer_glob(o->layer, o->globs, o->globs_n, path, absolute))
            *mask |= (uint64_t)1 << i;
    }
    _Bool ok = absolute != NULL;
    dml_arena_dispose(&scratch);
    return ok;
}

const struct dml_setting *dml_policy_for(const struct dml_policy *p, const char *path, struct dml_settings_cache *cache)
{
    uint64_t mask = 0;
    if (!p->overrides.n)
        return p->base;
    if (!matching(p, path, &mask))
        return NULL;
    if (!mask)
        return p->base;
    for (struct dml_made_settings *made = cache->made; made; made = made->next)
        if (made->mask == mask)
            return made->v;
    struct dml_made_settings *made = dml_new(cache->arena, struct dml_made_settings);
    struct dml_setting *v = copy_of(p, cache->arena);
    if (!made || !v)
        return NULL;
    for (uint32_t i = 0; i < p->overrides.n; i++) {
        const struct dml_override *o = p->overrides.v[i];
        if (mask >> i & 1 && apply_all(p, cache->arena, o->layer, o->entries, o->entries_n, v, NULL) < 0)
            return NULL;
    }
    *made = (struct dml_made_settings){cache->made, mask, v};
    cache->made = made;
    return v;
}

const struct dml_setting *dml_policy_base(const struct dml_policy *p)
{
    return p->base;
}

static const struct dml_layer *top(const struct dml_policy *p)
{
    return p->layers.v[p->layers.n - 1];
}

const struct dml_rules *dml_policy_rules(const struct dml_policy *p)
{
    return p->rules_seen;
}

const char *dml_policy_name(const struct dml_policy *p)
{
    return top(p)->name;
}

const char *dml_policy_sha256(const struct dml_policy *p)
{
    return p->sha256;
}

_Bool dml_policy_fail_on(const struct dml_policy *p, enum dml_severity *out, struct dml_origin *from)
{
    for (uint32_t i = p->layers.n; i-- > 0;) {
        const struct dml_layer *l = p->layers.v[i];
        if (l->fail_on == DML_NO_SEVERITY)
            continue;
        *out = (enum dml_severity)l->fail_on;
        if (from)
            *from = (struct dml_origin){l->file, l->fail_on_line};
        return 1;
    }
    return 0;
}

const char *dml_policy_baseline_file(const struct dml_policy *p, const char **dir)
{
    for (uint32_t i = p->layers.n; i-- > 0;)
        if (p->layers.v[i]->baseline) {
            *dir = p->layers.v[i]->dir;
            return p->layers.v[i]->baseline;
        }
    return NULL;
}
