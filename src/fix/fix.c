/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fix: rounds of planning, trying and checking, until nothing is left that may be done. */
#include "fix/fix.h"

#include <string.h>

#include "fix/plan.h"

enum { NO_SLOT = DML_JUDGE_SLOTS };

/* A text with what the rules say of it. */
struct state {
    struct dml_sv text;
    struct dml_judgement judgement;
    unsigned slot;
};

struct fixing {
    const struct dml_fix_job *job;
    struct dml_arena *a;
    struct dml_fix_result *out;
    struct dml_err *err;
    const struct dml_rules *rules;
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
    return dml_err_set(f->err, DML_ENOMEM, "%s: out of memory", f->job->path);
}

/* The rule whose fix is made: a verdict goes by the built-in one. */
static const struct dml_rule *rule_of(const struct fixing *f, uint16_t rule)
{
    return f->job->which == DML_FIX_FOR_VERDICT ? dml_rule_own(&f->rules->v[rule]) : &f->rules->v[rule];
}

/* What proposes fixes: what is shown, or what stands in the way. */
static const struct dml_fired *proposals(const struct fixing *f, const struct dml_judgement *j, uint32_t *n)
{
    _Bool verdict = f->job->which == DML_FIX_FOR_VERDICT;
    *n = verdict ? j->deciding_n : j->fired_n;
    return verdict ? j->deciding : j->fired;
}

/* --- judging
 * ----------------------------------------------------------------------------------------------------------------- */

/*
 * The statements that one edit adds, where it does nothing else: what libxlutil has not seen yet. The edit is an
 * insertion where a statement begins or the text ends.
 */
static struct dml_span fresh_part(const struct state *before, const struct dml_edit *edits, uint32_t n)
{
    const struct dml_cfg *cfg = &before->judgement.subject->cfg;
    struct dml_span span = {edits[0].span.off, (uint32_t)edits[0].text.len};
    _Bool begins = span.off == cfg->text.len;
    if (n != 1 || edits[0].span.len || !span.len || before->judgement.disagrees || cfg->errors.n)
        return (struct dml_span){0, 0};
    if (span.off && cfg->text.p[span.off - 1] != '\n') { /* the last line has no end: the edit brings it */
        _Bool ends = begins && edits[0].text.p[0] == '\n';
        return ends ? span : (struct dml_span){0, 0};
    }
    for (uint32_t i = 0; i < cfg->items.n && !begins; i++)
        begins = cfg->items.v[i].span.off == span.off;
    return begins && edits[0].text.p[span.len - 1] == '\n' ? span : (struct dml_span){0, 0};
}

/* Judges a text in a slot that neither of two states has; slot 0 stays whose it is. */
static int judge(struct fixing *f, const struct state *before, const struct state *good, struct dml_span fresh,
                 struct state *out)
{
    unsigned slot = 1;
    while (slot == before->slot || slot == good->slot)
        slot++;
    out->slot = slot;
    _Bool verdict = f->job->which == DML_FIX_FOR_VERDICT;
    const struct dml_judge_ask ask = {.path = f->job->path,
                                      .text = out->text,
                                      .slot = slot,
                                      .needs = f->job->needs | (f->job->bans_n ? DML_NEED_SET : 0),
                                      .only_deciding = verdict,
                                      .fresh = verdict ? fresh : (struct dml_span){0, 0}};
    return dml_judge_text(f->job->judge, &ask, &out->judgement, f->err);
}

/* --- what a fix may not do
 * ---------------------------------------------------------------------------------------------------- */

static _Bool same_env(const struct dma_result *x, const struct dma_result *y)
{
    if (x->n_env != y->n_env)
        return 0;
    for (uint32_t i = 0; i < x->n_env; i++)
        if (strcmp(x->env[i].key, y->env[i].key) != 0 || strcmp(x->env[i].value, y->env[i].value) != 0)
            return 0;
    return 1;
}

/* Is every argument of `x` in `y`, in the same order? With `only`, nothing else is. */
static _Bool argv_within(const struct dma_result *x, const struct dma_result *y, _Bool only)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < y->argc && k < x->argc; i++)
        k += strcmp(x->argv[k], y->argv[i]) == 0;
    return k == x->argc && (!only || x->argc == y->argc);
}

/* How often each rule fires in a list, or 0. */
static uint32_t count(const struct dml_fired *v, uint32_t n, uint16_t rule)
{
    uint32_t fired = 0;
    for (uint32_t i = 0; i < n; i++)
        fired += v[i].rule == rule;
    return fired;
}

/* A rule that is worse off: an error that is shown and fires more often, or one that decides and did not fire. */
static const struct dml_rule *worse(const struct fixing *f, const struct dml_judgement *before,
                                    const struct dml_judgement *after)
{
    for (uint32_t i = 0; i < after->fired_n; i++) {
        uint16_t rule = after->fired[i].rule; /* a policy must not hide what a fix would break */
        if (after->settings[rule].severity == DML_ERROR &&
            count(after->fired, after->fired_n, rule) > count(before->fired, before->fired_n, rule))
            return &f->rules->v[rule];
    }
    for (uint32_t i = 0; i < after->deciding_n; i++)
        if (!count(before->deciding, before->deciding_n, after->deciding[i].rule))
            return &f->rules->v[after->deciding[i].rule];
    return NULL;
}

/* What another guest of the set has, and would be in the way of both. */
static const struct dml_clash *banned(const struct fixing *f, const struct dml_judgement *before,
                                      const struct dml_judgement *after, const struct candidate *made, uint32_t n)
{
    _Bool asks = 0;
    for (uint32_t i = 0; i < n; i++)
        asks |= rule_of(f, made[i].rule)->migration;
    for (uint32_t i = 0; i < f->job->bans_n; i++) {
        const struct dml_clash *b = &f->job->bans[i];
        if (dml_member_has(&after->member, &b->key) && (asks || !dml_member_has(&before->member, &b->key)))
            return b;
    }
    return NULL;
}

/* What QEMU's command line is against it; NULL where it may change, or changes no more than it may. */
static const char *argv_objection(const struct dml_judgement *before, const struct dml_judgement *after,
                                  enum dml_expect_argv expected)
{
    const struct dma_result *x = dml_subject_result(before->subject), *y = dml_subject_result(after->subject);
    if (!x)
        return y && expected == DML_EXPECT_EQUAL ? "xl would accept what it refused" : NULL;
    if (!y)
        return "xl would refuse the result";
    if (y->outcome == DMA_REFUSED && (x->outcome != DMA_REFUSED || x->refusal.id != y->refusal.id))
        return "libxl would refuse the result";
    if (expected == DML_EXPECT_CHANGES || x->outcome == DMA_REFUSED)
        return NULL;
    if (x->outcome != y->outcome || !same_env(x, y) || !argv_within(x, y, expected == DML_EXPECT_EQUAL))
        return expected == DML_EXPECT_EQUAL ? "QEMU's command line would change"
                                            : "QEMU's command line would not only grow";
    return NULL;
}

/* Why the step from one text to the other may not be made for these fixes; NULL where it may. */
static const char *objection(const struct fixing *f, const struct dml_judgement *before,
                             const struct dml_judgement *after, const struct candidate *made, uint32_t n)
{
    uint32_t fired_before, fired_after;
    const struct dml_fired *was = proposals(f, before, &fired_before), *is = proposals(f, after, &fired_after);
    if (after->subject->cfg.errors.n > before->subject->cfg.errors.n)
        return "xl would not parse the result";
    if (after->disagrees)
        return "libxlutil would read the result otherwise than dmlint";
    enum dml_expect_argv expected = DML_EXPECT_EQUAL;
    for (uint32_t i = 0; i < n; i++) {
        const struct dml_rule *rule = rule_of(f, made[i].rule);
        uint32_t gone = 0;
        for (uint32_t k = 0; k < n; k++)
            gone += made[k].rule == made[i].rule;
        if (count(is, fired_after, made[i].rule) + gone > count(was, fired_before, made[i].rule))
            return "the finding would still be there";
        if (rule->expect_argv > expected)
            expected = rule->expect_argv;
    }
    /* Of a text that xl cannot parse nothing is known but that: what comes to light was there before. */
    _Bool mended = after->subject->cfg.errors.n < before->subject->cfg.errors.n;
    const struct dml_rule *rule = mended ? NULL : worse(f, before, after);
    if (rule)
        return dml_arena_printf(f->a, "it would bring up %s %s", rule->id, rule->name);
    const struct dml_clash *ban = banned(f, before, after, made, n);
    if (ban)
        return dml_arena_printf(f->a, "it would bring up %s with %s", dml_set_rule((enum dml_set_kind)ban->key.kind),
                                f->job->paths[ban->other]);
    return mended ? NULL : argv_objection(before, after, expected);
}

/* Makes the edits of some candidates and says in *why what is against the result; NULL: nothing, and *out is it. */
static int try_edits(struct fixing *f, const struct state *before, const struct state *good,
                     const struct candidate *made, uint32_t n, struct state *out, const char **why)
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
    dml_buf_init(&buf, UINT32_MAX / 2);
    dml_edits_apply(before->text, edits, edits_n, &buf);
    out->text = buf.failed ? (struct dml_sv){NULL, 0} : dml_arena_sv(f->a, dml_buf_view(&buf));
    dml_buf_dispose(&buf);
    if (!out->text.p)
        return nomem(f);
    int rc = judge(f, before, good, fresh_part(before, edits, edits_n), out);
    if (rc == 0)
        *why = objection(f, &before->judgement, &out->judgement, made, n);
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

/* Is its fix one that verdicts count: safe, or the point of the migration? */
static _Bool counts_for_verdict(const struct dml_rule *rule)
{
    return rule->fixes_n && (rule->fix_safety == DML_FIX_SAFE || rule->migration);
}

/* May this rule's fix be made in this run? */
static _Bool wanted(const struct fixing *f, const struct dml_judgement *j, const struct dml_fired *fired)
{
    const struct dml_rule *rule = &j->rules->v[fired->rule];
    if (f->job->which == DML_FIX_FOR_VERDICT)
        return counts_for_verdict(dml_rule_own(rule));
    if (fired->state != DML_STATE_NEW)
        return 0;
    if (fired->rule == j->unused_suppression)
        return 1;
    if (dml_plan_of_syntax(rule))
        return f->job->which == DML_FIX_ALL || f->job->ask;
    const _Bool also[] = {[DML_FIX_ONLY_SAFE] = 0,
                          [DML_FIX_ALL] = rule->fix_safety == DML_FIX_UNSAFE,
                          [DML_FIX_TO_RESTRICT] = rule->migration,
                          [DML_FIX_TO_QEMU_XEN] = rule->qemu_xen};
    /* Asking for restriction is for the way there, whoever decides. */
    _Bool asked = f->job->ask && (!rule->migration || f->job->which == DML_FIX_TO_RESTRICT);
    return rule->fixes_n && (rule->fix_safety == DML_FIX_SAFE || also[f->job->which] || asked);
}

_Bool dml_fix_could(const struct dml_judgement *j)
{
    for (uint32_t i = 0; i < j->deciding_n; i++)
        if (!counts_for_verdict(dml_rule_own(&j->rules->v[j->deciding[i].rule])))
            return 0;
    return j->deciding_n && j->subject->form.form == DML_FORM_CFG;
}

int dml_fix_edits(const struct dml_judgement *j, const struct dml_fired *fired, struct dml_arena *a,
                  const struct dml_edit **edits, uint32_t *n)
{
    const struct dml_rule *rule = &j->rules->v[fired->rule];
    struct dml_plan plan = {0};
    _Bool made = rule->fix_safety == DML_FIX_SAFE || rule->fix_safety == DML_FIX_UNSAFE;
    if (made && fired->state == DML_STATE_NEW && j->subject->form.form == DML_FORM_CFG &&
        dml_plan_fix(j, fired, rule, a, &plan) < 0)
        return DML_ENOMEM;
    _Bool deletes = plan.deletes_comment && rule->fix_safety == DML_FIX_SAFE; /* then it is not made */
    *edits = plan.edits.v;
    *n = plan.cannot || deletes ? 0 : plan.edits.n;
    return 0;
}

/* The fixes of one judging that do not get in each other's way, first come first served. */
static int plan_round(struct fixing *f, const struct dml_judgement *j, struct candidates *out)
{
    uint32_t n;
    const struct dml_fired *v = proposals(f, j, &n);
    for (uint32_t i = 0; i < n; i++) {
        const struct dml_fired *fired = &v[i];
        struct dml_plan plan;
        if (!wanted(f, j, fired))
            continue;
        const char *key = dml_arena_strndup(f->a, fired->key.p, fired->key.len);
        if (!key)
            return nomem(f);
        if (is_withheld(f, fired->rule, key))
            continue;
        int rc = dml_plan_fix(j, fired, rule_of(f, fired->rule), f->a, &plan);
        if (rc < 0)
            return nomem(f);
        if (plan.nothing && !plan.edits.n && !plan.cannot)
            continue;
        const char *why = plan.cannot     ? plan.cannot
                          : !plan.edits.n ? "there is nothing that it would change"
                          : plan.deletes_comment && f->job->which != DML_FIX_ALL && !f->job->ask
                              ? "it would delete a comment: do it by hand, or by dmlint check --fix --unsafe-fixes"
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
                                       .unsafe = rule->fix_safety == DML_FIX_UNSAFE || dml_plan_of_syntax(rule),
                                       .deletes_comment = c->deletes_comment};
    return !f->job->ask || f->job->ask->fn(f->job->ask->user, &q);
}

/*
 * Not all together, or somebody is asked: one after the other, each on top of those that were good. Only where none is
 * are they withheld: a fix can need another one first.
 */
static int one_by_one(struct fixing *f, struct state *now, const struct candidates *all, struct candidates *kept)
{
    struct candidate *good = dml_new_n(f->a, struct candidate, all->n);
    const char **reasons = dml_new_n(f->a, const char *, all->n);
    struct state best = *now;
    uint32_t made = 0;
    int rc = good && reasons ? 0 : nomem(f);
    for (uint32_t i = 0; rc == 0 && i < all->n; i++) {
        struct state with;
        good[made] = all->v[i];
        rc = try_edits(f, now, &best, good, made + 1, &with, &reasons[i]);
        if (rc < 0 || reasons[i])
            continue;
        if (!agreed(f, &all->v[i], best.text, with.text)) {
            rc = withhold(f, all->v[i].rule, all->v[i].key, DML_FIX_DECLINED);
            continue;
        }
        made++;
        best = with;
    }
    for (uint32_t i = 0; rc == 0 && !made && i < all->n; i++)
        if (reasons[i])
            rc = withhold(f, all->v[i].rule, all->v[i].key, reasons[i]);
    *kept = (struct candidates){good, made, made};
    *now = best;
    return rc;
}

/* One round on a text. `kept` are the fixes that were made; none ends it. */
static int round_of(struct fixing *f, struct state *now, struct candidates *kept)
{
    struct candidates all = {0};
    struct state next;
    const char *why = NULL;
    *kept = (struct candidates){0};
    int rc = plan_round(f, &now->judgement, &all);
    if (rc < 0 || !all.n)
        return rc;
    if (f->job->ask)
        return one_by_one(f, now, &all, kept);
    rc = try_edits(f, now, now, all.v, all.n, &next, &why);
    if (rc < 0)
        return rc;
    if (why)
        return one_by_one(f, now, &all, kept);
    *kept = all;
    *now = next;
    return 0;
}

static int note_made(struct fixing *f, const struct candidates *kept)
{
    for (uint32_t i = 0; i < kept->n; i++) {
        struct dml_made *m = dml_vec_add(f->a, &f->out->done);
        if (!m)
            return nomem(f);
        *m = (struct dml_made){&f->rules->v[kept->v[i].rule], kept->v[i].key};
    }
    return 0;
}

int dml_fix_text(const struct dml_fix_job *job, struct dml_arena *a, struct dml_fix_result *out, struct dml_err *err)
{
    static const struct state none = {.slot = NO_SLOT};
    struct fixing f = {.job = job, .a = a, .out = out, .err = err};
    struct state now = {.text = job->text};
    struct candidates kept = {0}, last = {0};
    *out = (struct dml_fix_result){.text = job->text};
    int rc = 0;
    if (job->text_judged)
        now.judgement = *job->text_judged;
    else
        rc = judge(&f, &none, &none, (struct dml_span){0, 0}, &now);
    if (rc < 0)
        return rc;
    f.rules = now.judgement.rules;
    do {
        last = kept;
        rc = round_of(&f, &now, &kept);
        if (rc == 0)
            rc = note_made(&f, &kept);
        if (rc < 0)
            return rc;
        out->made += kept.n;
        out->rounds += kept.n > 0;
    } while (kept.n && out->rounds < DML_FIX_ROUNDS);
    if (kept.n && last.n) { /* the last round still found something to do */
        out->fight[0] = f.rules->v[last.v[0].rule].id;
        out->fight[1] = f.rules->v[kept.v[0].rule].id;
        out->made = out->done.n = 0;
        return 0;
    }
    out->text = now.text;
    out->changed = !dml_sv_eq(now.text, job->text);
    out->judgement = now.judgement;
    return 0;
}
