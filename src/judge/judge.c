/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Judge: runs the rules on one text. */
#include <string.h>

#include "checks/checks.h"
#include "facts/select.h"
#include "judge/judge_i.h"

/* ---- setup ---- */

int dml_judge_new(struct dml_judge **out, const struct dml_grounds *grounds, struct dml_err *err)
{
    struct dml_arena keep = {0};
    struct dml_judge *j = dml_new(&keep, struct dml_judge);
    if (!j) {
        dml_arena_dispose(&keep);
        return dml_err_nomem(err);
    }
    j->grounds = grounds;
    j->keep = keep;
    j->answers = dml_host_answers_new(&j->keep);
    j->xlu = dml_xlu_new();
    _Bool failed = !j->answers || !j->xlu;
    for (int i = 0; i < DML_JUDGE_SLOTS; i++)
        failed |= dma_builder_new(NULL, &j->slots[i].builder) < 0;
    if (failed) {
        dml_judge_free(j);
        return dml_err_nomem(err);
    }
    *out = j;
    return 0;
}

void dml_judge_free(struct dml_judge *j)
{
    if (!j)
        return;
    for (struct judge_policy *p = j->policies; p; p = p->next)
        dml_eval_free(p->eval);
    for (int i = 0; i < DML_JUDGE_SLOTS; i++) {
        if (j->slots[i].builder)
            dma_builder_free(j->slots[i].builder);
        dml_arena_dispose(&j->slots[i].a);
    }
    if (j->xlu)
        dml_xlu_free(j->xlu);
    struct dml_arena keep = j->keep; /* j lives in it */
    dml_arena_dispose(&keep);
}

/* ---- what fires ---- */

void dml_judge_fire(struct judging *g, struct fired_list *to, const struct dml_fired *f)
{
    struct dml_fired *p = dml_vec_add(g->a, to);
    if (p)
        *p = *f;
}

static void rule_fires(void *user, const struct dml_rule *rule, uint32_t element, struct dml_span span)
{
    struct judging *g = user;
    const struct dml_param_value *params = g->own_params ? NULL : g->settings[g->number].params;
    const struct dml_fired f = {.rule = g->number,
                                .element = element,
                                .span = span,
                                .key = dml_eval_key(g->p->eval, rule, element, g->a),
                                .message = dml_eval_message(g->p->eval, rule, params, element, g->a),
                                .fixed = rule->parts_n == 1 && rule->parts[0].kind == DML_PART_TEXT,
                                .clash = -1};
    dml_judge_fire(g, &g->fired, &f);
}

static void check_fires(void *user, struct dml_span span, const char *key, const char *message)
{
    struct judging *g = user;
    const struct dml_fired f = {.rule = g->number,
                                .span = span,
                                .key = key ? dml_sv_of(key) : (struct dml_sv){"", 0},
                                .message = dml_sv_of(message ? message : g->rule->summary),
                                .fixed = !message,
                                .clash = -1};
    dml_judge_fire(g, &g->fired, &f);
}

static void check_misses(void *user, const char *fact)
{
    struct judging *g = user;
    g->missing |= g->asks_deciding ? dml_missing_bit(fact) : 0;
}

/* What left a condition unknown. */
static void note_missing(struct judging *g)
{
    uint16_t slots[64];
    unsigned n = dml_eval_missing(g->p->eval, slots, sizeof slots / sizeof slots[0]);
    if (dml_eval_undecided(g->p->eval))
        g->missing |= DML_MISSING_BIT(undecided);
    if (n > sizeof slots / sizeof slots[0])
        g->missing |= DML_MISSING_BIT(other);
    for (unsigned k = 0; k < n && k < sizeof slots / sizeof slots[0]; k++) {
        const char *fact = dml_select_fact(g->p->rules->slots[slots[k]].id);
        g->missing |= fact ? dml_missing_bit(fact) : 0;
    }
}

enum dml_truth dml_judge_run_rule(struct judging *g, const struct dml_rule *rule, const struct dml_param_value *params)
{
    if (rule->check >= 0) {
        struct dml_check c = {&g->s, check_fires, check_misses, g};
        dml_version xen = g->s.world->target.xen;
        if ((rule->since && xen < rule->since) || (rule->removed && xen >= rule->removed))
            return DML_NO;
        g->rule = rule;
        return dml_check_run(rule->check, &c);
    }
    enum dml_truth truth = dml_eval_rule(g->p->eval, rule, params, rule_fires, g);
    if (truth == DML_UNKNOWN && g->asks_deciding)
        note_missing(g);
    return truth;
}

/* A file that xl cannot parse says nothing reliable beyond its text. */
static _Bool runs_on_broken(const struct dml_rule *rule)
{
    return rule->tags & DML_TAG_syntax;
}

static _Bool decided(const struct judging *g, uint16_t rule)
{
    for (uint32_t i = 0; i < g->deciding.n; i++)
        if (g->deciding.v[i].rule == rule)
            return 1;
    return 0;
}

/* Moves or copies what a deciding rule fired, from `from` on, to what stands in the way. */
static void keep_deciding(struct judging *g, uint32_t from)
{
    if (from < g->fired.n && !decided(g, g->fired.v[from].rule))
        for (uint32_t i = from; i < g->fired.n; i++)
            dml_judge_fire(g, &g->deciding, &g->fired.v[i]);
}

/* A rule whose built-in form decides: that form, with its own parameters, whatever is shown. */
static void run_own(struct judging *g, const struct dml_rule *own)
{
    uint32_t from = g->fired.n;
    g->asks_deciding = g->own_params = 1;
    if (dml_judge_run_rule(g, own, NULL) == DML_YES)
        keep_deciding(g, from);
    g->fired.n = from;
    g->own_params = 0;
}

/* Runs all rules that are shown or decide, or with `only_deciding` those, and then nothing is shown. */
static int run_rules(struct judging *g, _Bool only_deciding)
{
    struct dml_provider provider = {dml_select_get, &g->s};
    dml_eval_begin(g->p->eval, &provider, g->s.world->target.xen);
    dml_judge_see_keys(g);
    if (g->p->settings != g->settings)
        dml_judge_plan_runs(g->p, g->settings, g->j->grounds);
    for (uint32_t i = 0; i < g->p->runs_n; i++) {
        const struct judge_rule_run *r = &g->p->runs[i];
        const struct dml_rule *rule = &g->p->rules->v[r->rule];
        _Bool shown = r->shown && !only_deciding;
        if ((!r->deciding && !shown) || (g->s.cfg.errors.n && !runs_on_broken(rule)))
            continue;
        g->number = r->rule;
        if (r->deciding && !r->same)
            run_own(g, dml_rule_own(rule));
        if ((!shown && !r->same) || !dml_judge_passes_gate(g, &r->gate))
            continue;
        uint32_t from = g->fired.n;
        g->asks_deciding = r->deciding && r->same; /* what other rules miss, no verdict waits for */
        enum dml_truth truth = dml_judge_run_rule(g, rule, g->settings[r->rule].params);
        if (truth == DML_YES && g->asks_deciding)
            keep_deciding(g, from);
        if (!shown)
            g->fired.n = from;
    }
    return g->a->failed ? DML_ENOMEM : 0;
}

int dml_judge_run_deciding(struct judging *g)
{
    return run_rules(g, 1);
}

void dml_judge_block(struct judging *g, uint16_t rule, struct dml_span span, const char *message)
{
    const struct dml_fired f = {.rule = rule,
                                .span = span,
                                .key = {"", 0},
                                .message = dml_sv_of(message ? message : g->p->rules->v[rule].summary),
                                .clash = -1};
    if (!decided(g, rule))
        dml_judge_fire(g, &g->deciding, &f);
}

/* One of the judge's own rules, which decides. */
static void fire_deciding(struct judging *g, enum dml_own own, struct dml_span span, const char *message)
{
    uint16_t rule = g->p->own[own];
    dml_judge_block(g, rule, span, message);
    if (dml_judge_shows(g, rule) && message && !g->ask->only_deciding)
        dml_judge_fire(g, &g->fired,
                       &(struct dml_fired){
                           .rule = rule, .span = span, .key = {"", 0}, .message = dml_sv_of(message), .clash = -1});
}

/* What this guest has in common with others. */
static void fire_clashes(struct judging *g)
{
    for (uint32_t i = 0; i < g->ask->clashes_n; i++) {
        const struct dml_clash *c = &g->ask->clashes[i];
        uint16_t rule = g->p->set[c->key.kind];
        const char *key = dml_clash_key(c, g->a), *message = dml_clash_message(c, &g->s, g->ask->paths, g->a);
        if (!key || !message)
            return;
        struct dml_fired f = {.rule = rule,
                              .span = dml_clash_span(c, &g->s),
                              .key = dml_sv_of(key),
                              .message = dml_sv_of(message),
                              .clash = (int32_t)i};
        if (dml_judge_shows(g, rule))
            dml_judge_fire(g, &g->fired, &f);
        if (dml_rule_decides(dml_rule_own(&g->p->rules->v[rule])) && !decided(g, rule))
            dml_judge_fire(g, &g->deciding, &f);
    }
}

/* What QEMU refused when it was tried, at the place that it is about. */
static void fire_refused(struct judging *g)
{
    const struct dml_refused *f = g->ask->refused;
    const struct dma_result *r = f ? dml_subject_result(&g->s) : NULL;
    const char *key = NULL;
    if (!r || r->outcome != DMA_RUNS)
        return;
    fire_deciding(
        g, DML_OWN_TRIED, f->at < r->argc ? dml_check_blame(&g->s, r, f->at, NULL, &key) : DML_NO_SPAN,
        dml_arena_printf(g->a, "QEMU was tried with this guest's command line and refuses it: %s", f->message));
}

/* ---- the text ---- */

/* Beside some statements libxlutil knows the text: these are read by themselves. */
static int read_fresh(struct judging *g, struct dml_xlu_diff *diff, struct dml_err *err)
{
    struct dml_cfg fresh;
    struct dml_sv text = {g->ask->text.p + g->ask->fresh.off, g->ask->fresh.len};
    int rc = dml_cfg_parse(&fresh, g->a, text, g->s.world->target.xen, err);
    return rc < 0 ? rc : dml_xlu_compare(g->j->xlu, &fresh, g->a, diff, err);
}

static int second_opinion(struct judging *g, struct dml_err *err)
{
    struct dml_xlu_diff diff;
    if (g->s.form.form == DML_FORM_JSON || g->s.form.form == DML_FORM_IMAGE_JSON || g->s.form.damaged)
        return 0;
    int rc = g->ask->fresh.len ? read_fresh(g, &diff, err) : dml_xlu_compare(g->j->xlu, &g->s.cfg, g->a, &diff, err);
    if (rc < 0 || diff.what == DML_XLU_SAME || diff.what == DML_XLU_SKIPPED)
        return rc;
    g->disagrees = 1;
    fire_deciding(
        g, DML_OWN_DISAGREE, diff.span,
        dml_arena_printf(g->a, "dmlint and libxlutil disagree: %s; please report this", dml_xlu_what_text(diff.what)));
    return 0;
}

/* Begins a text: memory, subject, policy. */
int dml_judge_begin(struct judging **out, struct dml_judge *j, const struct dml_judge_ask *ask, struct dml_err *err)
{
    struct judge_slot *slot = &j->slots[ask->slot];
    struct judging *g = &slot->g;
    dml_arena_reset(&slot->a);
    *g = (struct judging){.j = j, .ask = ask, .a = &slot->a, .too_large = ask->too_large};
    g->s = (struct dml_subject){
        .a = &slot->a, .world = j->grounds->world, .builder = slot->builder, .xlu = j->xlu, .answers = j->answers};
    *out = g;
    int rc = dml_judge_policy_for(j, ask->path, &g->p, err);
    if (rc < 0)
        return rc;
    g->settings = dml_policy_for(g->p->policy, ask->path, &g->p->cache);
    return g->settings ? 0 : dml_err_nomem(err);
}

static int judge_whole(struct judging *g, struct dml_err *err)
{
    int rc = dml_subject_open(&g->s, g->ask->path, g->ask->text, err);
    if (rc == 0)
        rc = second_opinion(g, err);
    if (rc == 0)
        rc = run_rules(g, g->ask->only_deciding);
    if (rc == 0) {
        fire_clashes(g);
        fire_refused(g);
    }
    return rc;
}

static void refuse_too_large(struct judging *g)
{
    dml_source_init(&g->s.src, g->ask->path, g->ask->text);
    fire_deciding(g, DML_OWN_TOO_LARGE, DML_NO_SPAN,
                  dml_arena_printf(
                      g->a,
                      "the file has more than %zu bytes and is not judged; raise --max-bytes if it is a guest config",
                      g->j->grounds->max_bytes));
}

int dml_judge_text(struct dml_judge *j, const struct dml_judge_ask *ask, struct dml_judgement *out, struct dml_err *err)
{
    struct judging *g;
    *out = (struct dml_judgement){0};
    int rc = dml_judge_begin(&g, j, ask, err);
    if (rc < 0)
        return rc;
    if (ask->too_large)
        refuse_too_large(g);
    else
        rc = judge_whole(g, err);
    if (rc == 0 && !ask->too_large && (ask->needs & DML_NEED_SET))
        rc = dml_member_read(&out->member, &g->s, ask->needs & DML_NEED_DIGESTS, g->a);
    if (rc == 0 && !ask->only_deciding)
        rc = dml_judge_settle(g);
    out->deciding_n = g->deciding.n;
    if (rc == 0 && (ask->needs & DML_NEED_VERDICTS))
        rc = dml_judge_stand(g, 0, &out->standing);
    if (rc < 0 || g->a->failed)
        return rc == 0 || rc == DML_ENOMEM ? dml_err_set(err, DML_ENOMEM, "%s: out of memory", ask->path) : rc;
    g->ask = NULL;
    out->subject = &g->s;
    out->rules = g->p->rules;
    out->settings = g->settings;
    out->map = g->p->map;
    out->fired = g->fired.v;
    out->fired_n = g->fired.n;
    out->deciding = g->deciding.v;
    out->unused_suppression = g->p->own[DML_OWN_UNUSED];
    out->disagrees = g->disagrees;
    return 0;
}

int dml_judge_assume(struct dml_judge *j, unsigned slot, struct dml_judgement *out, struct dml_err *err)
{
    struct judging *g = &j->slots[slot].g;
    if (!out->standing.applicable || out->standing.requested)
        return 0;
    int rc = dml_judge_stand(g, 1, &out->standing);
    out->deciding = g->deciding.v;
    return rc < 0 || g->a->failed ? dml_err_nomem(err) : 0;
}

void dml_judgement_finding(const struct dml_judgement *j, const struct dml_fired *f, uint32_t file, unsigned needs,
                           struct dml_finding *out)
{
    struct dml_subject *s = j->subject;
    *out = (struct dml_finding){.file = file,
                                .rule = j->map[f->rule],
                                .severity = j->settings[f->rule].severity,
                                .state = f->state,
                                .fix = s->form.form == DML_FORM_CFG ? j->rules->v[f->rule].fix_safety : DML_FIX_NONE,
                                .span = f->span,
                                .message = f->message,
                                .key = f->key,
                                .waiver = f->waiver,
                                .reason = f->reason};
    dml_finding_place(out, &s->src, s->a, needs & DML_NEED_SOURCE);
    if ((needs & DML_NEED_VALUES) && !dml_span_none(f->span))
        out->value = dml_baseline_value(dml_source_text(&s->src, f->span));
}
