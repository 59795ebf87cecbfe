/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settle: what of the findings is suppressed or waived, and what there is to say of the suppressions themselves. */
#include <string.h>

#include "judge/judge_i.h"

/*
 * Where the statement behind a comment's item ends; 0 for a comment that is part of a statement itself. Comments come
 * in their order: *next is the statement behind the one before, where the search goes on.
 */
static uint32_t statement_end(const struct dml_cfg *cfg, uint32_t item, uint32_t *next)
{
    if (cfg->items.v[item].kind != DML_CFG_COMMENT)
        return 0;
    if (*next < item)
        *next = item;
    while (*next < cfg->items.n && cfg->items.v[*next].kind <= DML_CFG_COMMENT)
        ++*next;
    return *next < cfg->items.n ? cfg->items.v[*next].span.off + cfg->items.v[*next].span.len : 0;
}

static int read_suppressions(struct judging *g, struct dml_suppressions *s)
{
    const struct dml_cfg *cfg = &g->s.cfg;
    struct dml_comment *v = dml_new_n(g->a, struct dml_comment, cfg->comments.n + 1);
    uint32_t n = 0, next = 0;
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < cfg->comments.n; i++) {
        struct dml_span span = cfg->comments.v[i].span;
        if (memmem(cfg->text.p + span.off, span.len, "dmlint", 6))
            v[n++] = (struct dml_comment){span, statement_end(cfg, cfg->comments.v[i].item, &next)};
    }
    return n ? dml_suppressions_read(s, &g->s.src, v, n, g->p->rules, g->a) : 0;
}

/* Which waivers hold for this guest. */
static int find_waivers(struct judging *g)
{
    const struct dml_facts *host = g->s.world->host;
    const struct dml_waive_at at = {.path = g->s.src.path,
                                    .guest = g->s.guest.g.name,
                                    .host = host ? host->hostname : NULL,
                                    .today = g->j->grounds->today};
    int rc = dml_policy_waivers_at(g->p->policy, &at, g->a, &g->waivers, &g->waivers_n);
    for (uint32_t i = 0; i < g->waivers_n; i++)
        g->p->waivers[g->waivers[i]] |= DML_WAIVER_COVERS;
    return rc;
}

/* Is it a rule about guests that meet? Of what accepts it nothing can be said: the other guest may be in another run.
 */
static _Bool is_of_set(const struct judging *g, uint16_t rule)
{
    for (int kind = 0; kind < DML_SET_KINDS; kind++)
        if (g->p->set[kind] == rule)
            return 1;
    return 0;
}

static void use_waivers_of_set(struct judging *g)
{
    struct dml_waiver *waivers;
    dml_policy_waivers(g->p->policy, &waivers);
    for (uint32_t i = 0; i < g->waivers_n; i++)
        for (int kind = 0; kind < DML_SET_KINDS; kind++)
            if (dml_waiver_silences(g->p->policy, &waivers[g->waivers[i]], g->p->set[kind]))
                g->p->waivers[g->waivers[i]] |= DML_WAIVER_USED;
}

/* Is a finding of this rule at this place new, suppressed or waived? */
static uint8_t state_of(struct judging *g, struct dml_suppressions *s, struct dml_fired *f)
{
    const struct dml_setting *setting = &g->settings[f->rule];
    struct dml_waiver *waivers;
    if (s->v.n) {
        uint32_t line = dml_span_none(f->span) ? 1 : dml_source_pos(&g->s.src, g->a, f->span.off).line;
        if (dml_suppressed(s, f->rule, line, setting->locked || setting->unsuppressible, &f->reason))
            return DML_STATE_SUPPRESSED;
    }
    dml_policy_waivers(g->p->policy, &waivers);
    for (uint32_t i = 0; i < g->waivers_n; i++) {
        if (!dml_waiver_silences(g->p->policy, &waivers[g->waivers[i]], f->rule))
            continue;
        g->p->waivers[g->waivers[i]] |= DML_WAIVER_USED;
        f->waiver = waivers[g->waivers[i]].id;
        f->reason = dml_sv_of(waivers[g->waivers[i]].reason);
        return DML_STATE_WAIVED;
    }
    return DML_STATE_NEW;
}

static void fire_own(struct judging *g, enum dml_own own, struct dml_span span, const char *message)
{
    uint16_t rule = g->p->own[own];
    const struct dml_fired f = {.rule = rule, .span = span, .key = {"", 0}, .message = dml_sv_of(message), .clash = -1};
    if (dml_judge_shows(g, rule))
        dml_judge_fire(g, &g->fired, &f);
}

/* A remark about a rule is shown where that rule is, so that --select does not hide it. */
static void add_remarks(struct judging *g)
{
    for (uint32_t i = 0; i < g->ask->remarks_n; i++) {
        const struct dml_remark *r = &g->ask->remarks[i];
        long about = r->about ? dml_rules_find(g->p->rules, dml_sv_of(r->about)) : -1;
        const struct dml_fired f = {.rule = g->p->own[r->own],
                                    .span = DML_NO_SPAN,
                                    .key = {"", 0},
                                    .message = dml_sv_of(r->message),
                                    .clash = -1};
        if (g->settings[f.rule].severity != DML_OFF &&
            (dml_judge_shows(g, f.rule) || (about >= 0 && dml_judge_shows(g, (uint16_t)about))))
            dml_judge_fire(g, &g->fired, &f);
    }
}

int dml_judge_settle(struct judging *g)
{
    struct dml_suppressions s = {0};
    int rc = find_waivers(g);
    use_waivers_of_set(g);
    if (rc == 0 && !g->ask->too_large)
        rc = read_suppressions(g, &s);
    for (uint32_t i = 0; i < s.bad.n; i++)
        fire_own(g, DML_OWN_MALFORMED, s.bad.v[i].span, s.bad.v[i].message);
    for (uint32_t i = 0; rc == 0 && (s.v.n || g->waivers_n) && i < g->fired.n; i++)
        g->fired.v[i].state = state_of(g, &s, &g->fired.v[i]);
    for (uint32_t i = 0; i < s.v.n; i++) {
        const struct dml_suppression *one = &s.v.v[i];
        /* A rule that is not shown cannot have been silenced: nothing can be said of its suppression. */
        if (one->used || !dml_judge_shows(g, one->rule) || is_of_set(g, one->rule))
            continue;
        fire_own(g, DML_OWN_UNUSED, one->word,
                 dml_arena_printf(g->a,
                                  one->refused ? "%s may not be suppressed by policy"
                                               : "nothing here fires %s: delete the suppression",
                                  g->p->rules->v[one->rule].id));
    }
    add_remarks(g);
    return rc < 0 || g->a->failed ? DML_ENOMEM : 0;
}
