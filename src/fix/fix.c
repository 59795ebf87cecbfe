/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fix: rounds of planning, trying and checking, until nothing is left that may be done. */
#include "fix/fix.h"

#include <string.h>

#include "fix/plan.h"

/* What a text means, as far as a fix must not change it. */
struct meaning {
    uint16_t *fired; /* by rule of the policy: how often it fires, suppressed or not */
    _Bool *blocks;   /* by rule: does it stand in the way of ready */
    uint32_t rules, syntax_errors;
    _Bool disagrees, started; /* started: libxl saw the guest at all */
    enum dma_outcome outcome;
    enum dma_refusal_id refusal;
    const char **argv;
    uint32_t argc;
    struct dma_key_value *env;
    uint32_t env_n;
};

struct fixing {
    struct dml_judge *judge;
    const char *path;
    enum dml_fix_which which;
    const struct dml_fix_ask *ask; /* NULL: nobody decides */
    struct dml_arena *a;
    struct dml_fix_result *out;
    struct dml_err *err;
    const struct dml_rules *rules;
    const struct dml_setting *settings;
};

/* One finding's fix. */
struct candidate {
    uint16_t rule;
    const char *key;
    struct dml_sv message;
    struct dml_edit *edits;
    uint32_t edits_n;
    _Bool deletes_comment;
};
struct candidates {
    struct candidate *v;
    uint32_t n, cap;
};

static int nomem(struct fixing *f)
{
    return dml_err_set(f->err, DML_ENOMEM, "%s: out of memory", f->path);
}

/* --- what a text means
 * -------------------------------------------------------------------------------------------------- */

static int meaning_of(struct fixing *f, const struct dml_probe *probe, struct meaning *m)
{
    const struct dma_result *r = dml_subject_result(probe->subject);
    *m = (struct meaning){
        .rules = probe->rules->n, .syntax_errors = probe->subject->cfg.errors.n, .disagrees = probe->disagrees};
    m->fired = dml_new_n(f->a, uint16_t, m->rules);
    m->blocks = dml_new_n(f->a, _Bool, m->rules);
    if (!m->fired || !m->blocks)
        return nomem(f);
    for (uint32_t i = 0; i < probe->blockers_n; i++)
        m->blocks[probe->blockers[i]] = 1;
    for (uint32_t i = 0; i < probe->fired_n; i++)
        m->fired[probe->fired[i].rule]++;
    if (!r)
        return 0;
    m->started = 1;
    m->outcome = r->outcome;
    m->refusal = r->outcome == DMA_REFUSED ? r->refusal.id : DMA_REFUSAL_NONE;
    m->argc = r->argc;
    m->env_n = r->n_env;
    m->argv = dml_new_n(f->a, const char *, m->argc + 1);
    m->env = dml_new_n(f->a, struct dma_key_value, m->env_n + 1);
    if (!m->argv || !m->env)
        return nomem(f);
    for (uint32_t i = 0; i < m->argc; i++)
        m->argv[i] = dml_arena_strdup(f->a, r->argv[i]);
    for (uint32_t i = 0; i < m->env_n; i++)
        m->env[i] =
            (struct dma_key_value){dml_arena_strdup(f->a, r->env[i].key), dml_arena_strdup(f->a, r->env[i].value)};
    return f->a->failed ? nomem(f) : 0;
}

static _Bool same_env(const struct meaning *x, const struct meaning *y)
{
    if (x->env_n != y->env_n)
        return 0;
    for (uint32_t i = 0; i < x->env_n; i++)
        if (strcmp(x->env[i].key, y->env[i].key) != 0 || strcmp(x->env[i].value, y->env[i].value) != 0)
            return 0;
    return 1;
}

/* Is every argument of `x` in `y`, in the same order? With `only`, nothing else is. */
static _Bool argv_within(const struct meaning *x, const struct meaning *y, _Bool only)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < y->argc && k < x->argc; i++)
        k += strcmp(x->argv[k], y->argv[i]) == 0;
    return k == x->argc && (!only || x->argc == y->argc);
}

/* --- checks
 * ----------------------------------------------------------------------------------------------------------------- */

/* Why the step from one meaning to the other may not be made for these fixes; NULL where it may. */
static const char *objection(const struct fixing *f, const struct meaning *before, const struct meaning *after,
                             const struct candidate *made, uint32_t n)
{
    if (after->syntax_errors > before->syntax_errors)
        return "xl would not parse the result";
    if (after->disagrees)
        return "libxlutil would read the result otherwise than dmlint";
    enum dml_expect_argv expected = DML_EXPECT_EQUAL;
    for (uint32_t i = 0; i < n; i++) {
        const struct dml_rule *rule = &f->rules->v[made[i].rule];
        uint16_t gone = 0;
        for (uint32_t k = 0; k < n; k++)
            gone += made[k].rule == made[i].rule;
        if (after->fired[made[i].rule] + gone > before->fired[made[i].rule])
            return "the finding would still be there";
        if (rule->expect_argv > expected)
            expected = rule->expect_argv;
    }
    for (uint32_t i = 0; i < after->rules; i++)
        if ((f->settings[i].severity == DML_ERROR && after->fired[i] > before->fired[i]) ||
            (after->blocks[i] && !before->blocks[i])) /* a policy must not hide what a fix would break */
            return dml_arena_printf(f->a, "it would bring up %s %s", f->rules->v[i].id, f->rules->v[i].name);
    if (!before->started && after->started)
        return expected == DML_EXPECT_EQUAL ? "xl would accept what it refused" : NULL;
    if (before->started && !after->started)
        return "xl would refuse the result";
    if (after->outcome == DMA_REFUSED && before->refusal != after->refusal)
        return "libxl would refuse the result";
    if (expected == DML_EXPECT_CHANGES || before->outcome == DMA_REFUSED)
        return NULL;
    if (before->outcome != after->outcome || !same_env(before, after) ||
        !argv_within(before, after, expected == DML_EXPECT_EQUAL))
        return expected == DML_EXPECT_EQUAL ? "QEMU's command line would change"
                                            : "QEMU's command line would not only grow";
    return NULL;
}

/* Makes the edits of some candidates and says in *why what is against the result; NULL: nothing, and *text is it. */
static int try_edits(struct fixing *f, struct dml_sv before_text, const struct meaning *before,
                     const struct candidate *made, uint32_t n, struct dml_sv *text, const char **why)
{
    uint32_t edits_n = 0;
    for (uint32_t i = 0; i < n; i++)
        edits_n += made[i].edits_n;
    struct dml_edit *edits = dml_new_n(f->a, struct dml_edit, edits_n + 1);
    if (!edits)
        return nomem(f);
    edits_n = 0;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(edits + edits_n, made[i].edits, made[i].edits_n * sizeof *edits);
        edits_n += made[i].edits_n;
    }
    dml_edits_sort(edits, edits_n);
    struct dml_buf buf;
    struct dml_probe probe;
    struct meaning after;
    dml_buf_init(&buf, UINT32_MAX / 2);
    dml_edits_apply(before_text, edits, edits_n, &buf);
    *text = buf.failed ? (struct dml_sv){NULL, 0} : dml_arena_sv(f->a, dml_buf_view(&buf));
    dml_buf_dispose(&buf);
    if (!text->p)
        return nomem(f);
    int rc = dml_judge_probe(f->judge, f->path, *text, &probe, f->err);
    if (rc == 0)
        rc = meaning_of(f, &probe, &after);
    if (rc == 0)
        *why = objection(f, before, &after, made, n);
    return rc;
}

/* --- rounds
 * -------------------------------------------------------------------------------------------------------------------
 */

static _Bool is_withheld(const struct fixing *f, uint16_t rule, const char *key)
{
    for (uint32_t i = 0; i < f->out->withheld.n; i++)
        if (f->out->withheld.v[i].rule == &f->rules->v[rule] && strcmp(f->out->withheld.v[i].key, key) == 0)
            return 1;
    return 0;
}

static int withhold(struct fixing *f, uint16_t rule, const char *key, const char *why)
{
    struct dml_withheld *w = dml_vec_add(f->a, &f->out->withheld);
    if (!w)
        return nomem(f);
    *w = (struct dml_withheld){&f->rules->v[rule], key, why};
    return 0;
}

static _Bool clashes(const struct candidates *all, const struct candidate *one)
{
    for (uint32_t i = 0; i < all->n; i++)
        for (uint32_t x = 0; x < all->v[i].edits_n; x++)
            for (uint32_t y = 0; y < one->edits_n; y++)
                if (dml_edits_clash(all->v[i].edits[x], one->edits[y]))
                    return 1;
    return 0;
}

/* May this rule's fix be made in this run? */
static _Bool wanted(const struct fixing *f, const struct dml_probe *probe, const struct dml_fired *fired)
{
    const struct dml_rule *rule = &probe->rules->v[fired->rule];
    if (fired->state != DML_STATE_NEW)
        return 0;
    if (fired->rule == probe->unused_suppression)
        return 1;
    const _Bool also[] = {[DML_FIX_ONLY_SAFE] = 0,
                          [DML_FIX_ALL] = rule->fix_safety == DML_FIX_UNSAFE,
                          [DML_FIX_TO_RESTRICT] = rule->migration,
                          [DML_FIX_TO_QEMU_XEN] = rule->qemu_xen};
    /* Asking for restriction is for the way there, whoever decides. */
    _Bool asked = f->ask && (!rule->migration || f->which == DML_FIX_TO_RESTRICT);
    return rule->fixes_n && (rule->fix_safety == DML_FIX_SAFE || also[f->which] || asked);
}

/* The fixes of one judging that do not get in each other's way, first come first served. */
static int plan_round(struct fixing *f, const struct dml_probe *probe, struct candidates *out)
{
    for (uint32_t i = 0; i < probe->fired_n; i++) {
        const struct dml_fired *fired = &probe->fired[i];
        struct dml_plan plan;
        if (!wanted(f, probe, fired))
            continue;
        const char *key = dml_arena_strndup(f->a, fired->key.p, fired->key.len);
        if (!key)
            return nomem(f);
        if (is_withheld(f, fired->rule, key))
            continue;
        int rc = dml_plan_fix(probe, fired, f->a, &plan);
        if (rc < 0)
            return nomem(f);
        const char *why = plan.cannot     ? plan.cannot
                          : !plan.edits.n ? "there is nothing that it would change"
                          : plan.deletes_comment && f->which != DML_FIX_ALL && !f->ask
                              ? "it would delete a comment: --unsafe-fixes does it"
                              : NULL;
        if (why) {
            rc = withhold(f, fired->rule, key, why);
            if (rc < 0)
                return rc;
            continue;
        }
        struct candidate one = {fired->rule,  key,          dml_arena_sv(f->a, fired->message),
                                plan.edits.v, plan.edits.n, plan.deletes_comment};
        if (clashes(out, &one))
            continue; /* the next round sees it */
        struct candidate *c = dml_vec_add(f->a, out);
        if (!c)
            return nomem(f);
        *c = one;
    }
    return 0;
}

/* Does somebody want this fix, which is good? Yes where nobody is asked. */
static _Bool agreed(const struct fixing *f, const struct candidate *c, struct dml_sv before, struct dml_sv after)
{
    const struct dml_rule *rule = &f->rules->v[c->rule];
    const struct dml_fix_question q = {.rule = rule,
                                       .key = c->key,
                                       .message = c->message,
                                       .before = before,
                                       .after = after,
                                       .unsafe = rule->fix_safety == DML_FIX_UNSAFE,
                                       .deletes_comment = c->deletes_comment};
    return !f->ask || f->ask->fn(f->ask->user, &q);
}

/* One round on *text. *made is how many fixes were kept; 0 ends it. */
static int round_of(struct fixing *f, struct dml_sv *text, uint32_t *made, struct candidates *kept)
{
    struct dml_probe probe;
    struct meaning before;
    struct candidates all = {0};
    *made = 0;
    int rc = dml_judge_probe(f->judge, f->path, *text, &probe, f->err);
    if (rc < 0)
        return rc;
    f->rules = probe.rules;
    f->settings = probe.settings;
    rc = plan_round(f, &probe, &all);
    if (rc < 0 || !all.n)
        return rc;
    rc = meaning_of(f, &probe, &before);
    if (rc < 0)
        return rc;
    struct dml_sv after = *text;
    const char *why = NULL;
    if (!f->ask)
        rc = try_edits(f, *text, &before, all.v, all.n, &after, &why);
    if (rc == 0 && !why && !f->ask) {
        *made = all.n;
        *kept = all;
        *text = after;
        return 0;
    }
    /* Not all together, or asked for: one after the other, each on top of those that were good. Only where none is are
     * they withheld: a fix can need another one first. */
    struct candidate *good = dml_new_n(f->a, struct candidate, all.n);
    const char **reasons = dml_new_n(f->a, const char *, all.n);
    if (!good || !reasons)
        return nomem(f);
    for (uint32_t i = 0; rc == 0 && i < all.n; i++) {
        struct dml_sv with;
        good[*made] = all.v[i];
        rc = try_edits(f, *text, &before, good, *made + 1, &with, &reasons[i]);
        if (rc < 0 || reasons[i])
            continue;
        if (!agreed(f, &all.v[i], after, with)) {
            rc = withhold(f, all.v[i].rule, all.v[i].key, DML_FIX_DECLINED);
            continue;
        }
        ++*made;
        after = with;
    }
    for (uint32_t i = 0; rc == 0 && !*made && i < all.n; i++)
        if (reasons[i])
            rc = withhold(f, all.v[i].rule, all.v[i].key, reasons[i]);
    if (rc == 0 && *made) {
        *kept = (struct candidates){good, *made, *made};
        *text = after;
    }
    return rc;
}

static int note_made(struct fixing *f, const struct candidates *kept, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct dml_made *m = dml_vec_add(f->a, &f->out->done);
        if (!m)
            return nomem(f);
        *m = (struct dml_made){&f->rules->v[kept->v[i].rule], kept->v[i].key};
    }
    return 0;
}

int dml_fix_text(struct dml_judge *j, const char *path, struct dml_sv text, enum dml_fix_which which,
                 const struct dml_fix_ask *ask, struct dml_arena *a, struct dml_fix_result *out, struct dml_err *err)
{
    struct fixing f = {.judge = j, .path = path, .which = which, .ask = ask, .a = a, .out = out, .err = err};
    struct dml_sv now = text;
    *out = (struct dml_fix_result){.text = text};
    uint32_t made = 1;
    struct candidates kept = {0}, last = {0};
    while (made && out->rounds < DML_FIX_ROUNDS) {
        last = kept;
        int rc = round_of(&f, &now, &made, &kept);
        if (rc == 0)
            rc = note_made(&f, &kept, made);
        if (rc < 0)
            return rc;
        out->made += made;
        out->rounds += made > 0;
    }
    if (made && f.rules && last.v && kept.v) { /* the last round still found something to do */
        out->fight[0] = f.rules->v[last.v[0].rule].id;
        out->fight[1] = f.rules->v[kept.v[0].rule].id;
        out->made = out->done.n = 0;
        return 0;
    }
    out->text = now;
    out->changed = !dml_sv_eq(now, text);
    return 0;
}
