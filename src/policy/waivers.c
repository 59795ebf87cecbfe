/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waivers: findings that somebody accepted until a day. */
#include <string.h>

#include "base/path.h"
#include "policy/layer.h"

static int no_memory(struct dml_err *err)
{
    return dml_err_set(err, DML_ENOMEM, "out of memory while reading a policy");
}

static _Bool locked_elsewhere(const struct dml_policy *p, const struct dml_layer *l, uint32_t rule)
{
    return p->base[rule].locked && strcmp(p->base[rule].locked_from.file, l->file) != 0;
}

/* ---- reading ---- */

_Bool dml_is_day(struct dml_sv s)
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

/* A word of `rules:`. A rule that is named must not be locked elsewhere; of many that a word means, those are left out.
 */
static int check_word(const struct dml_policy *p, const struct dml_layer *l, const struct dml_yaml_node *at,
                      struct dml_sv word, struct dml_err *err)
{
    int rc = dml_layer_word(p, l, at, word, err);
    long rule = rc < 0 ? -1 : dml_rules_find(&p->rules, word);
    if (rule >= 0 && locked_elsewhere(p, l, (uint32_t)rule))
        return dml_yaml_err(&l->yaml, at, err, "%s %s is locked by %s:%u and cannot be waived here",
                            p->rules.v[rule].id, p->rules.v[rule].name, p->base[rule].locked_from.file,
                            p->base[rule].locked_from.line);
    return rc;
}

static int read_waiver(struct dml_policy *p, const struct dml_layer *l, const struct dml_yaml_node *node,
                       struct dml_waiver *w, struct dml_err *err)
{
    enum { ID, OWNER, REASON, EXPIRES, RULES, TICKET, FILES, GUESTS, HOSTS, N };
    static const char *const names[] = {"id",     "owner", "reason", "expires", "rules",
                                        "ticket", "files", "guests", "hosts"};
    const struct dml_yaml *y = &l->yaml;
    const struct dml_yaml_node *f[N];
    *w = (struct dml_waiver){.from = {l->file, node->line}, .layer = l};
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
            if (!rc && !dml_is_day(s))
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
                rc = check_word(p, l, f[i]->kind == DML_YAML_SEQ ? f[i]->v[k] : f[i], list[k], err);
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

/* ---- answers ---- */

uint32_t dml_policy_waivers(const struct dml_policy *p, struct dml_waiver **out)
{
    *out = p->waivers.v;
    return p->waivers.n;
}

_Bool dml_waiver_expired(const struct dml_waiver *w, const char *today)
{
    return today && strcmp(w->expires, today) < 0;
}

_Bool dml_waiver_silences(const struct dml_policy *p, const struct dml_waiver *w, uint32_t rule)
{
    for (uint32_t i = 0; i < w->rules_n; i++)
        if (dml_rule_matches(&p->rules.v[rule], w->rules[i]))
            return !locked_elsewhere(p, w->layer, rule);
    return 0;
}

/* Does the waiver hold for a name? Yes where it is not limited to some. */
static _Bool names(const struct dml_sv *globs, uint32_t n, const char *name)
{
    for (uint32_t i = 0; name && i < n; i++)
        if (dml_path_glob(globs[i].p, name))
            return 1;
    return !n;
}

int dml_policy_waivers_at(const struct dml_policy *p, const struct dml_waive_at *at, struct dml_arena *a,
                          uint32_t **out, uint32_t *n)
{
    *n = 0;
    *out = NULL;
    if (!p->waivers.n)
        return 0;
    const char *absolute = dml_path_absolute(a, at->path);
    uint32_t *v = dml_new_n(a, uint32_t, p->waivers.n);
    if (!v || !absolute)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < p->waivers.n; i++) {
        const struct dml_waiver *w = &p->waivers.v[i];
        if (!dml_waiver_expired(w, at->today) && names(w->guests, w->guests_n, at->guest) &&
            names(w->hosts, w->hosts_n, at->host) &&
            (!w->files_n || dml_layer_glob(w->layer, w->files, w->files_n, at->path, absolute)))
            v[(*n)++] = i;
    }
    *out = v;
    return 0;
}
