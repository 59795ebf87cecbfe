/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Judge: runs the rules on one file and keeps what they found. */
#include "judge/judge_i.h"

#include <string.h>

#include "base/path.h"
#include "checks/checks.h"
#include "facts/select.h"

/* ---- missing facts ---- */

static const struct {
    const char *name, *command;
} facts[] = {
#define MISSING(id, name, command) {name, command},
#include "judge/missing.def"
#undef MISSING
};

const char *dml_missing_name(unsigned i)
{
    return i < sizeof facts / sizeof facts[0] ? facts[i].name : NULL;
}

const char *dml_missing_command(unsigned i)
{
    return i < sizeof facts / sizeof facts[0] ? facts[i].command : NULL;
}

/* The bit of a fact by name, taken by its first part where the whole is not listed ("passwd[*].uid" is passwd). */
uint64_t missing_bit(const char *name)
{
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        size_t n = strlen(facts[i].name);
        if (strncmp(name, facts[i].name, n) == 0 && (name[n] == '\0' || name[n] == '[' || name[n] == '.'))
            return (uint64_t)1 << i;
    }
    return (uint64_t)1 << DML_MISSING_other;
}

/* ---- setup ---- */

int dml_judge_new(struct dml_judge **out, const struct dml_run *run, struct dml_err *err)
{
    struct dml_arena keep = {0};
    struct dml_judge *j = dml_new(&keep, struct dml_judge);
    if (!j)
        goto nomem;
    j->run = run;
    j->keep = keep;
    j->answers = dml_host_answers_new(&j->keep);
    j->xlu = dml_xlu_new();
    if (!j->answers || !j->xlu || dma_builder_new(NULL, &j->builder) < 0) {
        dml_judge_free(j);
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    }
    *out = j;
    return 0;
nomem:
    dml_arena_dispose(&keep);
    return dml_err_set(err, DML_ENOMEM, "out of memory");
}

void dml_judge_free(struct dml_judge *j)
{
    if (!j)
        return;
    for (struct judge_policy *p = j->policies; p; p = p->next)
        dml_eval_free(p->eval);
    if (j->builder)
        dma_builder_free(j->builder);
    if (j->xlu)
        dml_xlu_free(j->xlu);
    dml_arena_dispose(&j->file);
    dml_findings_dispose(&j->findings);
    struct dml_arena keep = j->keep; /* j lives in it */
    dml_arena_dispose(&keep);
}

/* Does the rule decide verdicts? */
_Bool decides(const struct dml_rule *rule)
{
    return rule->builtin && rule->severity == DML_ERROR &&
           (rule->tags & (DML_TAG_hold | DML_TAG_start | DML_TAG_isolation));
}

/* Rules outside of their releases pass. */
_Bool in_release(const struct dml_rule *rule, dml_version xen)
{
    return !xen || ((!rule->since || xen >= rule->since) && (!rule->removed || xen < rule->removed));
}

/* Picks the rules that are shown or decide under the settings of a file. */
static void plan_runs(struct judge_policy *p, const struct dml_setting *settings, const struct dml_run *run)
{
    dml_version xen = run->world->target.xen;
    p->settings = settings;
    p->runs_n = 0;
    for (uint32_t i = 0; i < p->rules->n; i++) {
        const struct dml_rule *rule = &p->rules->v[i], *own = dml_rule_own(rule);
        struct judge_rule_run r = {.rule = (uint16_t)i,
                                   .shown = settings[i].severity != DML_OFF && run->selected[p->map[i]],
                                   .deciding = decides(own),
                                   .same = own == rule && !settings[i].params};
        if ((r.shown || r.deciding) && (in_release(rule, xen) || in_release(own, xen)))
            p->runs[p->runs_n++] = r;
    }
}

/* What this thread keeps for the policy of a path. */
static int policy_for(struct dml_judge *j, const char *path, struct judge_policy **out, struct dml_err *err)
{
    struct dml_policy *policy = j->run->policy;
    struct dml_sv dir = dml_path_dir(dml_sv_of(path));
    if (j->last && (policy || dml_sv_eq(dir, j->last_dir))) {
        *out = j->last;
        return 0;
    }
    int rc = policy ? 0 : dml_policies_for(j->run->policies, path, &policy, err);
    if (rc < 0)
        return rc;
    for (struct judge_policy *p = j->policies; p; p = p->next) {
        if (p->policy == policy) {
            j->last_dir = dir;
            *out = j->last = p;
            return 0;
        }
    }
    struct judge_policy *p = dml_new(&j->keep, struct judge_policy);
    if (!p)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    p->policy = policy;
    p->rules = dml_policy_rules(policy);
    rc = dml_eval_new(&p->eval, p->rules, err);
    if (rc < 0)
        return rc;
    p->map = dml_new_n(&j->keep, uint16_t, p->rules->n);
    p->runs = dml_new_n(&j->keep, struct judge_rule_run, p->rules->n);
    p->next = j->policies;
    j->policies = p;
    if (!p->map || !p->runs)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < p->rules->n; i++) {
        long k = dml_rules_find(j->run->rules, dml_sv_of(p->rules->v[i].id));
        p->map[i] = k < 0 ? 0 : (uint16_t)k; /* the run's rules hold those of every policy */
        /* Rules that the judge itself makes findings of. */
        static const char *const own[JUDGE_RULES] = {
#define OWN(id, rule) rule,
#include "judge/own.def"
#undef OWN
        };
        for (int r = 0; r < JUDGE_RULES; r++)
            if (strcmp(p->rules->v[i].id, own[r]) == 0)
                p->own[r] = (uint16_t)i;
    }
    j->last_dir = dir; /* paths outlive the judge */
    *out = j->last = p;
    return 0;
}

/* ---- what fires ---- */

static void fire(struct judging *g, const struct dml_rule *rule, uint32_t element, struct dml_span span,
                 struct dml_sv key, struct dml_sv message, _Bool fixed)
{
    struct dml_fired *f = dml_vec_add(&g->j->file, &g->fired);
    if (f)
        *f = (struct dml_fired){.rule = (uint16_t)(rule - g->p->rules->v),
                                .element = element,
                                .span = span,
                                .key = key,
                                .message = message,
                                .fixed = fixed};
}

static void rule_fires(void *user, const struct dml_rule *rule, uint32_t element, struct dml_span span)
{
    struct judging *g = user;
    if (g->silent)
        return;
    const struct dml_param_value *params = g->settings[rule - g->p->rules->v].params;
    fire(g, rule, element, span, dml_eval_key(g->p->eval, rule, element, &g->j->file),
         dml_eval_message(g->p->eval, rule, params, element, &g->j->file),
         rule->parts_n == 1 && rule->parts[0].kind == DML_PART_TEXT);
}

static void check_fires(void *user, struct dml_span span, const char *key, const char *message)
{
    struct judging *g = user;
    if (g->silent)
        return;
    fire(g, g->rule, 0, span, key ? dml_sv_of(key) : (struct dml_sv){"", 0},
         dml_sv_of(message ? message : g->rule->summary), !message);
}

static void check_misses(void *user, const char *fact)
{
    struct judging *g = user;
    g->missing |= g->deciding ? missing_bit(fact) : 0;
}

enum dml_truth run_rule(struct judging *g, const struct dml_rule *rule, const struct dml_param_value *params)
{
    enum dml_truth truth;
    if (rule->check >= 0) {
        struct dml_check c = {&g->s, check_fires, check_misses, g};
        dml_version xen = g->s.world->target.xen;
        if ((rule->since && xen < rule->since) || (rule->removed && xen >= rule->removed))
            return DML_NO;
        g->rule = rule;
        return dml_check_run(rule->check, &c);
    }
    truth = dml_eval_rule(g->p->eval, rule, params, rule_fires, g);
    if (truth == DML_UNKNOWN && g->deciding) {
        if (dml_eval_undecided(g->p->eval))
            g->missing |= DML_MISSING_BIT(undecided);
        uint16_t slots[8];
        unsigned n = dml_eval_missing(g->p->eval, slots, 8);
        for (unsigned k = 0; k < n && k < 8; k++) {
            const char *fact = dml_select_fact(g->p->rules->slots[slots[k]].id);
            g->missing |= fact ? missing_bit(fact) : 0;
        }
    }
    return truth;
}

/* A file that xl cannot parse says nothing reliable beyond its text. */
static _Bool runs_on_broken(const struct dml_rule *rule)
{
    return rule->tags & DML_TAG_syntax;
}

/* The built-in rule with its own parameters, where a site's rule or a policy's parameters are what is shown. */
static enum dml_truth run_own(struct judging *g, const struct dml_rule *own)
{
    _Bool silent = g->silent;
    g->silent = 1;
    enum dml_truth truth = run_rule(g, own, NULL);
    g->silent = silent;
    return truth;
}

/*
 * Runs all rules that are shown or decide; while the judging is silent only those that decide, and nothing is reported.
 * *out gets the rules that decide and fired.
 */
static int run_rules(struct judging *g, struct blockers *out)
{
    struct dml_provider provider = {dml_select_get, &g->s};
    g->missing = 0;
    out->n = 0;
    dml_eval_begin(g->p->eval, &provider, g->s.world->target.xen);
    if (g->p->settings != g->settings)
        plan_runs(g->p, g->settings, g->j->run);
    for (uint32_t i = 0; i < g->p->runs_n; i++) {
        const struct judge_rule_run *r = &g->p->runs[i];
        const struct dml_rule *rule = &g->p->rules->v[r->rule];
        _Bool shown = r->shown && !g->silent;
        if ((!r->deciding && !shown) || (g->s.cfg.errors.n && !runs_on_broken(rule)))
            continue;
        uint64_t before = g->missing;
        g->deciding = r->deciding; /* what other rules miss, no verdict waits for */
        uint32_t fired = g->fired.n;
        enum dml_truth truth = DML_NO;
        if (shown || r->same)
            truth = run_rule(g, rule, g->settings[r->rule].params);
        if (!r->deciding || !r->same)
            g->missing = before; /* nothing that a verdict needs */
        if (r->deciding && !r->same)
            truth = run_own(g, dml_rule_own(rule));
        if (!shown)
            g->fired.n = fired;
        if (truth == DML_YES && r->deciding) {
            uint16_t *b = dml_vec_add(&g->j->file, out);
            if (!b)
                return DML_ENOMEM;
            *b = r->rule;
        }
    }
    return g->j->file.failed ? DML_ENOMEM : 0;
}

int run_deciding(struct judging *g, struct blockers *out)
{
    g->silent = 1;
    int rc = run_rules(g, out);
    g->silent = 0;
    return rc;
}

/* ---- suppressions and findings ---- */

/* Where the statement behind a comment's item ends; 0 for a comment that is part of a statement itself. */
static uint32_t statement_end(const struct dml_cfg *cfg, uint32_t item)
{
    if (cfg->items.v[item].kind != DML_CFG_COMMENT)
        return 0;
    while (item < cfg->items.n && cfg->items.v[item].kind <= DML_CFG_COMMENT)
        item++;
    return item < cfg->items.n ? cfg->items.v[item].span.off + cfg->items.v[item].span.len : 0;
}

static int read_suppressions(struct judging *g, struct dml_suppressions *s)
{
    const struct dml_cfg *cfg = &g->s.cfg;
    struct dml_comment *v = dml_new_n(&g->j->file, struct dml_comment, cfg->comments.n + 1);
    uint32_t n = 0;
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < cfg->comments.n; i++) {
        struct dml_span span = cfg->comments.v[i].span;
        if (memmem(cfg->text.p + span.off, span.len, "dmlint", 6))
            v[n++] = (struct dml_comment){span, statement_end(cfg, cfg->comments.v[i].item)};
    }
    return n ? dml_suppressions_read(s, &g->s.src, v, n, g->p->rules, &g->j->file) : 0;
}

struct dml_finding make_finding(struct judging *g, const struct dml_fired *f)
{
    const struct dml_rule *rule = &g->p->rules->v[f->rule];
    struct dml_finding finding = {.file = g->file,
                                  .rule = g->p->map[f->rule],
                                  .severity = g->settings[f->rule].severity,
                                  .fix = g->s.form.form == DML_FORM_CFG ? rule->fix_safety : DML_FIX_NONE,
                                  .span = f->span,
                                  .message = f->message,
                                  .key = f->key};
    dml_finding_place(&finding, &g->s.src, &g->j->file, g->j->run->want_source);
    if (g->j->run->want_values && !dml_span_none(f->span))
        finding.value = dml_baseline_value(dml_source_text(&g->s.src, f->span));
    finding.state = f->state;
    finding.waiver = f->waiver;
    return finding;
}

static _Bool shown(const struct judging *g, uint16_t rule)
{
    return g->settings[rule].severity != DML_OFF && g->j->run->selected[g->p->map[rule]];
}

/* One of the judge's own rules. */
static void fire_own(struct judging *g, enum judge_rule own, struct dml_span span, const char *message)
{
    const struct dml_rule *rule = &g->p->rules->v[g->p->own[own]];
    if (shown(g, g->p->own[own]))
        fire(g, rule, 0, span, (struct dml_sv){"", 0}, dml_sv_of(message ? message : rule->summary), 0);
}

/* Which waivers hold for this guest. */
static int find_waivers(struct judging *g)
{
    const struct dml_facts *host = g->j->run->world->host;
    const struct dml_waive_at at = {.path = g->s.src.path,
                                    .guest = g->s.guest.g.name,
                                    .host = host ? host->hostname : NULL,
                                    .today = g->j->run->today};
    return dml_policy_waivers_at(g->p->policy, &at, &g->j->file, &g->waivers, &g->waivers_n);
}

/* Is a finding of this rule at this place new, suppressed or waived? */
uint8_t state_of(struct judging *g, struct dml_suppressions *s, uint16_t rule, struct dml_span span,
                 const char **waiver)
{
    const struct dml_setting *setting = &g->settings[rule];
    if (s->v.n) {
        uint32_t line = dml_span_none(span) ? 1 : dml_source_pos(&g->s.src, &g->j->file, span.off).line;
        if (dml_suppressed(s, rule, line, setting->locked || setting->unsuppressible))
            return DML_STATE_SUPPRESSED;
    }
    for (uint32_t i = 0; i < g->waivers_n; i++) {
        struct dml_waiver *w = g->waivers[i];
        if (!dml_waiver_silences(g->p->policy, w, rule))
            continue;
        atomic_store_explicit(&w->used, 1, memory_order_relaxed);
        *waiver = w->id;
        return DML_STATE_WAIVED;
    }
    return DML_STATE_NEW;
}

/* Decides what is suppressed or waived, and adds what there is to say of the suppressions themselves. */
static int settle(struct judging *g)
{
    struct dml_suppressions s = {0};
    int rc = find_waivers(g);
    if (rc == 0 && !g->too_large)
        rc = read_suppressions(g, &s);
    for (uint32_t i = 0; i < s.bad.n; i++)
        fire_own(g, JUDGE_MALFORMED, s.bad.v[i].span, s.bad.v[i].message);
    if (rc == 0)
        rc = decide_same_user(g, &s);
    for (uint32_t i = 0; rc == 0 && (s.v.n || g->waivers_n) && i < g->fired.n; i++) {
        struct dml_fired *f = &g->fired.v[i];
        f->state = state_of(g, &s, f->rule, f->span, &f->waiver);
    }
    for (uint32_t i = 0; i < s.v.n; i++) {
        const struct dml_suppression *one = &s.v.v[i];
        /* A rule that is not shown cannot have been silenced: nothing can be said of its suppression. */
        if (one->used || !shown(g, one->rule))
            continue;
        fire_own(g, JUDGE_UNUSED, one->word,
                 dml_arena_printf(&g->j->file,
                                  one->refused ? "%s may not be suppressed by policy"
                                               : "nothing here fires %s: delete the suppression",
                                  g->p->rules->v[one->rule].id));
    }
    return rc < 0 || g->j->file.failed ? DML_ENOMEM : 0;
}

static int keep_findings(struct judging *g)
{
    for (uint32_t i = 0; i < g->fired.n; i++) {
        const struct dml_fired *f = &g->fired.v[i];
        struct dml_finding finding = make_finding(g, f);
        if (!dml_findings_add(&g->j->findings, &finding, f->fixed))
            return DML_ENOMEM;
    }
    return 0;
}

/* ---- the file ---- */

static int second_opinion(struct judging *g, struct dml_err *err)
{
    struct dml_xlu_diff diff;
    if (g->s.form.form == DML_FORM_JSON || g->s.form.form == DML_FORM_IMAGE_JSON || g->s.form.damaged)
        return 0;
    int rc = dml_xlu_compare(g->j->xlu, &g->s.cfg, &g->j->file, &diff, err);
    if (rc == 0 && diff.what != DML_XLU_SAME && diff.what != DML_XLU_SKIPPED)
        fire_own(g, JUDGE_DISAGREE, diff.span,
                 dml_arena_printf(&g->j->file, "dmlint and libxlutil disagree: %s; please report this",
                                  dml_xlu_what_text(diff.what)));
    g->disagrees = rc == 0 && diff.what != DML_XLU_SAME && diff.what != DML_XLU_SKIPPED;
    return rc;
}

static int judge_text(struct judging *g, const char *path, struct dml_sv text, struct blockers *blockers,
                      struct dml_err *err)
{
    int rc = dml_subject_open(&g->s, path, text, err);
    if (rc == 0)
        rc = second_opinion(g, err);
    return rc < 0 ? rc : run_rules(g, blockers);
}

/* Begins a file: memory, subject, policy. */
int begin(struct judging *g, struct dml_judge *j, const char *path, struct dml_err *err)
{
    dml_arena_reset(&j->file);
    *g = (struct judging){.j = j};
    g->s = (struct dml_subject){
        .a = &j->file, .world = j->run->world, .builder = j->builder, .xlu = j->xlu, .answers = j->answers};
    int rc = policy_for(j, path, &g->p, err);
    if (rc < 0 || !g->p)
        return rc;
    g->settings = dml_policy_for(g->p->policy, path);
    return g->settings ? 0 : dml_err_set(err, DML_ENOMEM, "out of memory");
}

int dml_judge_file(struct dml_judge *j, uint32_t file, const char *path, struct dml_sv text, _Bool too_large,
                   struct dml_err *err)
{
    struct judging g;
    struct blockers blockers = {0};
    int rc = begin(&g, j, path, err);
    if (rc < 0)
        return rc;
    g.file = file;
    g.too_large = too_large;
    if (too_large) {
        dml_source_init(&g.s.src, path, text);
        fire_own(&g, JUDGE_TOO_LARGE, DML_NO_SPAN,
                 dml_arena_printf(
                     &j->file,
                     "the file has more than %zu bytes and is not judged; raise --max-bytes if it is a guest config",
                     j->run->max_bytes));
        rc = keep_too_large(&g);
    } else {
        rc = judge_text(&g, path, text, &blockers, err);
        if (rc == 0)
            rc = keep_guest(&g, &blockers);
    }
    if (rc == 0)
        rc = settle(&g);
    if (rc == 0 && !too_large && g.s.form.form != DML_FORM_CFG)
        rc = note_stored(&g);
    if (rc == 0)
        rc = keep_findings(&g);
    return rc == DML_ENOMEM ? dml_err_set(err, rc, "%s: out of memory", path) : rc;
}

int dml_judge_add_fix_note(struct dml_judge *j, uint32_t file, const char *path, _Bool fight, const char *message,
                           struct dml_err *err)
{
    struct judging g = {.j = j, .file = file};
    int rc = policy_for(j, path, &g.p, err);
    if (rc < 0 || !g.p)
        return rc;
    uint16_t rule = g.p->own[fight ? JUDGE_FIGHT : JUDGE_WITHHELD];
    g.settings = dml_policy_for(g.p->policy, path);
    if (!g.settings)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    struct dml_finding f = {.file = file,
                            .rule = g.p->map[rule],
                            .severity = g.settings[rule].severity,
                            .span = DML_NO_SPAN,
                            .message = dml_sv_of(message)};
    if (!shown(&g, rule) || dml_findings_add(&j->findings, &f, 0))
        return 0;
    return dml_err_set(err, DML_ENOMEM, "out of memory");
}

int dml_judge_probe(struct dml_judge *j, const char *path, struct dml_sv text, struct dml_probe *out,
                    struct dml_err *err)
{
    struct blockers blockers = {0};
    struct judging *g = &j->probing;
    int rc = begin(g, j, path, err);
    if (rc == 0)
        rc = judge_text(g, path, text, &blockers, err);
    if (rc == 0)
        rc = settle(g);
    if (rc < 0)
        return rc == DML_ENOMEM ? dml_err_set(err, rc, "%s: out of memory", path) : rc;
    *out = (struct dml_probe){.subject = &g->s,
                              .rules = g->p->rules,
                              .settings = g->settings,
                              .fired = g->fired.v,
                              .fired_n = g->fired.n,
                              .blockers = blockers.v,
                              .blockers_n = blockers.n,
                              .disagrees = g->disagrees,
                              .unused_suppression = g->p->own[JUDGE_UNUSED]};
    return 0;
}
