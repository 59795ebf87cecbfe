/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Migrate: the runs before and after, and what is kept of each guest from them. */
#include "migrate/migrate.h"

#include <string.h>

#include "guest/open.h"

/* ---- what is kept of a text ---- */

/* Why xl or libxl would not start the guest. */
static const char *refusal(const struct dml_subject *s, const struct dma_result *r, struct dml_arena *a)
{
    const struct dml_guest_problem *problem = s->cfg.errors.n ? NULL : dml_guest_refusal(&s->guest);
    if (s->cfg.errors.n)
        return dml_cfg_error_message(&s->cfg, &s->cfg.errors.v[0], a);
    if (problem)
        return dml_guest_message(&s->guest, problem, a);
    return dml_arena_strdup(a, r ? r->refusal.message : "out of memory");
}

static int keep_argv(struct dml_migrate_argv *out, const struct dml_judgement *j, struct dml_arena *a)
{
    const struct dma_result *r = dml_subject_result(j->subject);
    char xen[24];
    *out =
        (struct dml_migrate_argv){.xen = dml_arena_strdup(a, dml_version_text(j->subject->world->target.xen, 0, xen)),
                                  .outcome = r ? r->outcome : DMA_REFUSED};
    if (out->outcome == DMA_REFUSED)
        out->message = refusal(j->subject, r, a);
    if (r && r->outcome == DMA_RUNS) {
        out->argv = dml_new_n(a, const char *, r->argc + 1);
        for (uint32_t i = 0; out->argv && i < r->argc; i++)
            out->argv[out->argc++] = dml_arena_strdup(a, r->argv[i]);
    }
    return a->failed ? DML_ENOMEM : 0;
}

static _Bool traditional(const struct dml_judgement *j)
{
    return j->subject->guest.g.device_model_version == DMA_DM_TRADITIONAL;
}

/* The text as it is, on the host as it is: its argv, and what is to be known of the way from it. */
static int look_now(struct dml_migration *m, struct dml_migrate_guest *g, const struct dml_judgement *j,
                    struct dml_arena *keep)
{
    g->was_traditional = traditional(j);
    g->steps.n = 0;
    int rc = keep_argv(&g->argv_before, j, keep);
    if (rc == 0 && m->goal == DML_GOAL_QEMU_XEN && g->was_traditional)
        rc = dml_migrate_consequences(g, j, keep);
    return rc;
}

static int seen_now(void *user, uint32_t i, const struct dml_judgement *j, struct dml_arena *keep)
{
    struct dml_migration *m = user;
    return look_now(m, &m->guests[i], j, keep);
}

static int seen_before(void *user, uint32_t i, const struct dml_judgement *j, struct dml_arena *keep)
{
    struct dml_migration *m = user;
    struct dml_migrate_guest *g = &m->guests[i];
    const char *name = j->subject->guest.g.name;
    g->stored = j->subject->form.form != DML_FORM_CFG;
    if (g->stored)
        return 0; /* nothing to migrate, but it says what runs now */
    g->before = g->after = dml_arena_sv(keep, (struct dml_sv){j->subject->src.text.p, j->subject->src.text.len});
    g->name = name ? dml_arena_sv(keep, dml_sv_of(name)) : (struct dml_sv){"", 0};
    if (keep->failed)
        return DML_ENOMEM;
    return m->goal == DML_GOAL_XEN ? 0 : look_now(m, g, j, keep);
}

static int seen_after(void *user, uint32_t i, const struct dml_judgement *j, struct dml_arena *keep)
{
    struct dml_migration *m = user;
    struct dml_migrate_guest *g = &m->guests[i];
    g->is_traditional = traditional(j);
    return g->stored ? 0 : keep_argv(&g->argv_after, j, keep);
}

/* ---- runs ---- */

/* Each text is read once: what was judged before is what is changed. */
static int read_input(void *user, struct dml_arena *a, uint32_t i, struct dml_sv *text, struct dml_err *err)
{
    struct dml_migration *m = user;
    if (m->guests[i].before.p) {
        *text = m->guests[i].before;
        return 0;
    }
    return m->inputs->read(m->inputs->user, a, i, text, err);
}

static _Bool may_skip(void *user, uint32_t i)
{
    struct dml_migration *m = user;
    return m->inputs->may_skip && m->inputs->may_skip(m->inputs->user, i);
}

static int store(void *user, uint32_t i, struct dml_sv old, struct dml_sv text, _Bool changed, struct dml_err *err)
{
    struct dml_migration *m = user;
    return m->store(m->inputs->user, i, old, text, changed, err);
}

static struct dml_run_ask ask_for(struct dml_migration *m, unsigned needs,
                                  int (*seen)(void *user, uint32_t i, const struct dml_judgement *j,
                                              struct dml_arena *keep))
{
    struct dml_run_ask ask = *m->inputs;
    ask.read = read_input;
    ask.may_skip = may_skip;
    ask.user = m;
    ask.seen = seen;
    ask.needs |= needs;
    return ask;
}

static void take_verdicts(struct dml_migration *m, const struct dml_outcome *o, _Bool after)
{
    for (uint32_t i = 0; i < o->guests_n; i++) {
        struct dml_migrate_guest *g = &m->guests[o->guests[i].file];
        *(after ? &g->verdict_after : &g->verdict_before) = &o->guests[i];
        *(after ? &g->o_after : &g->o_before) = o;
        g->file = o->guests[i].file;
    }
}

/* ---- somebody is asked ---- */

static void before_asking(void *user, uint32_t i)
{
    struct dml_migration *m = user;
    m->asker->guest(m->asker->user, i);
}

/* One text judged alone, by its number's policy. */
static int judge_alone(struct dml_migration *m, uint32_t i, struct dml_sv text, struct dml_outcome **out,
                       struct dml_err *err)
{
    const struct dml_run_ask ask = {.paths = &m->inputs->paths[i],
                                    .n = 1,
                                    .read = dml_run_texts,
                                    .user = &text,
                                    .needs = DML_NEED_VERDICTS,
                                    .jobs = 1};
    return dml_run(&m->to, &ask, out, err);
}

/* Asks for the decisions that a guest needs: those of its plan as if it were the only one. */
static int after_asking(void *user, uint32_t i, const struct dml_fix_result *result, _Bool *keep, struct dml_err *err)
{
    struct dml_migration *m = user;
    struct dml_migrate_guest *g = &m->guests[i];
    struct dml_migrate_guest whole = *g;
    struct dml_outcome *before = NULL, *after = NULL;
    int rc = judge_alone(m, i, g->before, &before, err);
    if (rc == 0)
        rc = judge_alone(m, i, result->text, &after, err);
    if (rc == 0 && before->guests_n && after->guests_n) {
        g->fixed = *result;
        g->o_before = before;
        g->o_after = after;
        g->verdict_before = before->guests;
        g->verdict_after = after->guests;
        g->file = 0;
        rc = dml_migrate_plan(m, i) < 0 ? dml_err_nomem(err) : 0;
        *keep = rc == 0 && m->asker->decide(m->asker->user, i);
    }
    *g = whole; /* the plan is made again when all guests are known */
    g->left = !*keep;
    dml_outcome_free(before);
    dml_outcome_free(after);
    return rc;
}

/* ---- all of it ---- */

static int run_before(struct dml_migration *m, struct dml_err *err)
{
    const struct dml_run_ask ask = ask_for(m, DML_NEED_VERDICTS, seen_before), now = ask_for(m, 0, seen_now);
    int rc = dml_run(&m->to, &ask, &m->before, err);
    if (rc == 0 && m->goal == DML_GOAL_XEN)
        rc = dml_run(m->session, &now, &m->now, err);
    if (rc == 0)
        take_verdicts(m, m->before, 0);
    return rc;
}

static int run_after(struct dml_migration *m, struct dml_err *err)
{
    static const enum dml_fix_which which[] = {[DML_GOAL_RESTRICT] = DML_FIX_TO_RESTRICT,
                                               [DML_GOAL_QEMU_XEN] = DML_FIX_TO_QEMU_XEN,
                                               [DML_GOAL_XEN] = DML_FIX_ONLY_SAFE};
    const struct dml_run_fix fix = {.which = which[m->goal],
                                    .ask = m->asker ? &m->asker->fix : NULL,
                                    .before = before_asking,
                                    .after = after_asking,
                                    .store = m->store ? store : NULL};
    struct dml_run_ask ask = ask_for(m, DML_NEED_VERDICTS, seen_after);
    ask.fix = &fix;
    int rc = dml_run(&m->to, &ask, &m->after, err);
    if (rc == 0)
        take_verdicts(m, m->after, 1);
    return rc;
}

/* What the second run did to a guest's text. */
static void take_change(struct dml_migration *m, uint32_t i)
{
    struct dml_migrate_guest *g = &m->guests[i];
    const struct dml_text_change *c = &m->after->changes[i];
    g->read = g->verdict_before != NULL && !g->stored;
    g->too_large = g->read && !g->before.p;
    g->fixed = c->fixed;
    g->not_written = c->failed;
    g->changed = c->changed && !c->failed;
    g->written = c->stored;
    if (g->changed)
        g->after = c->after;
    else
        g->fixed.done.n = 0;
}

int dml_migrate_run(struct dml_migration *m, struct dml_err *err)
{
    m->guests = dml_new_n(m->a, struct dml_migrate_guest, m->inputs->n + 1);
    if (!m->guests)
        return dml_err_nomem(err);
    int rc = dml_session_for(&m->to, m->session, &m->target, m->session->world.host, m->a, err);
    if (rc == 0)
        rc = run_before(m, err);
    if (rc == 0)
        rc = run_after(m, err);
    for (uint32_t i = 0; rc == 0 && i < m->inputs->n; i++) {
        take_change(m, i);
        rc = dml_migrate_plan(m, i) < 0 ? dml_err_nomem(err) : 0;
        m->guests[i].reached = dml_migrate_reached(m, &m->guests[i]);
    }
    return rc;
}

void dml_migrate_free(struct dml_migration *m)
{
    dml_outcome_free(m->before);
    dml_outcome_free(m->after);
    dml_outcome_free(m->now);
}
