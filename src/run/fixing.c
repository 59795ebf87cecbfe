/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fixing: each text alone first, then all together. Where a fix would give a guest what another one has, the other is
 * told as a ban, and the text is fixed again without; whoever meets is told so at once, so that no order decides.
 */
#include <stdlib.h>
#include <string.h>

#include "guest/open.h"
#include "run/run_i.h"

enum { SETTLE_ROUNDS = 10 };

/* One input while it is fixed. */
struct fixed {
    struct dml_member before, after;
    DML_VEC(struct dml_clash) bans;
    _Bool fixable; /* it was read, and is a config that may be fixed */
    _Bool again;   /* there are new bans */
};

struct fixing {
    struct run *r;
    struct fixed *v;
};

static _Bool asks(const struct run *r)
{
    return r->ask->fix->ask != NULL;
}

/* ---- one text ---- */

/* What is to be said of the fixes of a file. */
static int make_remarks(struct run *r, struct worker *w, uint32_t i)
{
    const struct dml_fix_result *fixed = &r->changes[i].fixed;
    struct dml_remark *v = dml_new_n(&w->keep, struct dml_remark, fixed->withheld.n + 1);
    uint32_t n = 0;
    if (!v)
        return DML_ENOMEM;
    if (fixed->fight[0])
        v[n++] = (struct dml_remark){
            DML_OWN_FIGHT, fixed->fight[0],
            dml_arena_printf(&w->keep, "the fixes of %s and %s undo each other", fixed->fight[0], fixed->fight[1])};
    for (uint32_t k = 0; k < fixed->withheld.n; k++) {
        const struct dml_withheld *h = &fixed->withheld.v[k];
        v[n++] = (struct dml_remark){DML_OWN_WITHHELD, h->rule->id,
                                     dml_arena_printf(&w->keep, "the fix of %s %s%s%s is withheld: %s", h->rule->id,
                                                      h->rule->name, *h->key ? " for " : "", h->key, h->why)};
    }
    r->entries[i].remarks = v;
    r->entries[i].remarks_n = n;
    return w->keep.failed ? DML_ENOMEM : 0;
}

/* Puts a text where it belongs. What cannot be written is said, and the file is as it was. */
static int store(struct run *r, struct worker *w, uint32_t i, struct dml_sv old)
{
    struct dml_text_change *c = &r->changes[i];
    struct dml_err why = {""};
    if (!r->ask->fix->store)
        return 0;
    if (r->ask->fix->store(r->ask->user, i, old, c->changed ? c->after : old, c->changed, &why) == 0) {
        c->stored = c->changed;
        return 0;
    }
    c->failed = 1;
    return dml_run_message(r, w, i, DML_MESSAGE_NOT_FIXED, why.msg);
}

/* Keeps what a fix made of a text, which lives in scratch memory. */
static int keep_change(struct run *r, struct worker *w, uint32_t i, struct dml_sv text, struct dml_fix_result *result)
{
    struct dml_text_change *c = &r->changes[i];
    *c = (struct dml_text_change){.fixed = *result, .changed = result->changed};
    c->fixed.judgement = (struct dml_judgement){0};
    c->fixed.withheld.v = dml_new_n(&w->keep, struct dml_withheld, result->withheld.n + 1);
    c->fixed.done.v = dml_new_n(&w->keep, struct dml_made, result->done.n + 1);
    if (!c->fixed.withheld.v || !c->fixed.done.v)
        return DML_ENOMEM;
    for (uint32_t k = 0; k < result->withheld.n; k++) {
        const struct dml_withheld *h = &result->withheld.v[k];
        c->fixed.withheld.v[k] =
            (struct dml_withheld){h->rule, dml_arena_strdup(&w->keep, h->key), dml_arena_strdup(&w->keep, h->why)};
    }
    for (uint32_t k = 0; k < result->done.n; k++)
        c->fixed.done.v[k] =
            (struct dml_made){result->done.v[k].rule, dml_arena_strdup(&w->keep, result->done.v[k].key)};
    if (c->changed) {
        c->before = dml_arena_sv(&w->keep, text);
        c->after = dml_arena_sv(&w->keep, result->text);
    }
    c->fixed.text = c->after;
    return w->keep.failed ? DML_ENOMEM : 0;
}

/* May this input be fixed at all? What is said of one that may not, is said once. */
static _Bool may_be_fixed(struct run *r, struct worker *w, uint32_t i, struct dml_sv text, _Bool too_large, int *rc)
{
    const struct dml_run_fix *fix = r->ask->fix;
    _Bool stored = dml_form_find(text).form != DML_FORM_CFG;
    if (stored && !too_large && fix->refuse_stored) {
        const char *why = dml_arena_printf(
            &w->scratch, "%s was stored by xl and is never fixed; fix the guest's own config file", r->ask->paths[i]);
        *rc = why ? dml_run_message(r, w, i, DML_MESSAGE_NOT_FIXED, why) : DML_ENOMEM;
    }
    return !stored && !too_large;
}

/* Fixes one text: with `ask` somebody decides. */
static int fix_one(struct fixing *f, struct worker *w, uint32_t i, struct dml_sv text, const struct dml_fix_ask *ask,
                   struct dml_err *err)
{
    struct run *r = f->r;
    struct fixed *x = &f->v[i];
    struct dml_judgement j;
    struct dml_fix_result result;
    const struct dml_judge_ask judge = {.path = r->ask->paths[i], .text = text, .needs = DML_NEED_SET};
    int rc = dml_judge_text(w->judge, &judge, &j, err);
    if (rc < 0)
        return rc;
    if (dml_run_skips(r, i, &j)) {
        x->fixable = 0;
        return 0;
    }
    if (dml_run_keep_member(&x->before, &j.member, &w->keep) < 0)
        return dml_err_nomem(err);
    const struct dml_fix_job job = {.judge = w->judge,
                                    .path = r->ask->paths[i],
                                    .text = text,
                                    .which = r->ask->fix->which,
                                    .needs = DML_NEED_SET,
                                    .text_judged = &j,
                                    .ask = ask,
                                    .bans = x->bans.v,
                                    .bans_n = x->bans.n,
                                    .paths = r->ask->paths};
    rc = dml_fix_text(&job, &w->scratch, &result, err);
    if (rc < 0)
        return rc;
    _Bool keep = 1;
    x->after = x->before;
    if (result.changed)
        rc = dml_run_keep_member(&x->after, &result.judgement.member, &w->keep) < 0 ? dml_err_nomem(err) : 0;
    if (rc == 0 && ask && r->ask->fix->after)
        rc = r->ask->fix->after(r->ask->user, i, &result, &keep, err);
    if (rc < 0)
        return rc;
    if (!keep) {
        result.changed = 0;
        result.done.n = 0;
        x->after = x->before;
    }
    return keep_change(r, w, i, text, &result) < 0 || make_remarks(r, w, i) < 0 ? dml_err_nomem(err) : 0;
}

static int fix_first(void *user, unsigned worker, uint32_t i, struct dml_err *err)
{
    struct fixing *f = user;
    struct run *r = f->r;
    struct worker *w = &r->workers[worker];
    struct dml_sv text;
    _Bool too_large;
    int rc = dml_run_read(r, w, i, &text, &too_large, err);
    if (rc != 0) {
        r->entries[i].read = 1; /* said already */
        return rc < 0 ? rc : 0;
    }
    f->v[i].fixable = may_be_fixed(r, w, i, text, too_large, &rc);
    if (rc < 0)
        return dml_err_nomem(err);
    if (!f->v[i].fixable)
        return 0;
    rc = fix_one(f, w, i, text, NULL, err);
    if (rc == 0 && f->v[i].fixable && !r->changes[i].changed && !asks(r) && store(r, w, i, text) < 0)
        return dml_err_nomem(err);
    return rc;
}

static int fix_again(void *user, unsigned worker, uint32_t i, struct dml_err *err)
{
    struct fixing *f = user;
    struct worker *w = &f->r->workers[worker];
    if (!f->v[i].again)
        return 0;
    dml_arena_reset(&w->scratch);
    struct dml_sv text = f->r->changes[i].before;
    f->v[i].again = 0;
    int rc = fix_one(f, w, i, text, NULL, err);
    f->r->changes[i].before = text;
    return rc;
}

/* Somebody is asked about a text, knowing what others have, and what was agreed to is written at once. */
static int fix_asking(void *user, unsigned worker, uint32_t i, struct dml_err *err)
{
    struct fixing *f = user;
    struct run *r = f->r;
    struct worker *w = &r->workers[worker];
    struct dml_sv text;
    _Bool too_large;
    if (!f->v[i].fixable)
        return 0;
    int rc = dml_run_read(r, w, i, &text, &too_large, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    if (r->ask->fix->before)
        r->ask->fix->before(r->ask->user, i);
    rc = fix_one(f, w, i, text, r->ask->fix->ask, err);
    return rc == 0 && store(r, w, i, text) < 0 ? dml_err_nomem(err) : rc;
}

static int store_changed(void *user, unsigned worker, uint32_t i, struct dml_err *err)
{
    struct fixing *f = user;
    const struct dml_text_change *c = &f->r->changes[i];
    /* What changed first and not in the end is a text to be stored, too: it was not before. */
    if (!f->v[i].fixable || (!c->changed && !f->v[i].bans.n))
        return 0;
    return store(f->r, &f->r->workers[worker], i, c->before) < 0 ? dml_err_nomem(err) : 0;
}

/* ---- all of them ---- */

static _Bool is_banned(const struct fixed *x, const struct dml_clash *c)
{
    for (uint32_t i = 0; i < x->bans.n; i++)
        if (x->bans.v[i].key.hash == c->key.hash)
            return 1;
    return 0;
}

/* Compares the guests as they would be, and tells those that meet so. *more: somebody has to be fixed again. */
static int find_bans(struct fixing *f, _Bool *more)
{
    struct run *r = f->r;
    struct dml_clashes clashes;
    struct dml_member *v = dml_new_n(&r->a, struct dml_member, r->ask->n + 1);
    *more = 0;
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < r->ask->n; i++)
        v[i] = f->v[i].after;
    int rc = dml_run_compare(r, v, &clashes);
    for (uint32_t i = 0; rc == 0 && i < clashes.v.n; i++) {
        const struct dml_clash *c = &clashes.v.v[i];
        struct fixed *x = &f->v[c->file];
        if (c->key.kind >= DML_SET_KEYS || !r->changes[c->file].changed || is_banned(x, c))
            continue;
        struct dml_clash *ban = dml_vec_add(&r->a, &x->bans);
        if (!ban)
            return DML_ENOMEM;
        *ban = *c;
        *more = x->again = 1;
    }
    return rc;
}

/* Texts that were not to be fixed have members, too: others are compared with them. */
static int look_at_others(void *user, unsigned worker, uint32_t i, struct dml_err *err)
{
    struct fixing *f = user;
    struct run *r = f->r;
    struct worker *w = &r->workers[worker];
    struct dml_judgement j;
    struct dml_sv text;
    _Bool too_large;
    if (f->v[i].fixable || r->entries[i].none)
        return 0;
    int rc = dml_run_read(r, w, i, &text, &too_large, err);
    if (rc != 0 || too_large)
        return rc < 0 ? rc : 0;
    const struct dml_judge_ask ask = {
        .path = r->ask->paths[i], .text = text, .needs = DML_NEED_SET, .only_deciding = 1};
    rc = dml_judge_text(w->judge, &ask, &j, err);
    return rc < 0 ? rc : dml_run_keep_member(&f->v[i].after, &j.member, &w->keep) < 0 ? dml_err_nomem(err) : 0;
}

/* What is judged from now on. */
static void take_texts(struct run *r)
{
    const struct dml_run_fix *fix = r->ask->fix;
    for (uint32_t i = 0; i < r->ask->n; i++) {
        const struct dml_text_change *c = &r->changes[i];
        if (c->changed && !c->failed && !fix->judge_before)
            r->entries[i].text = c->after;
        r->outcome.changed += c->changed;
        r->outcome.unwritten += c->fixed.fight[0] != NULL;
        r->entries[i].read = 0;
    }
}

int dml_run_fixing(struct run *r, struct dml_err *err)
{
    struct fixing f = {r, dml_new_n(&r->a, struct fixed, r->ask->n + 1)};
    _Bool more = 1;
    r->changes = dml_new_n(&r->a, struct dml_text_change, r->ask->n + 1);
    if (!f.v || !r->changes)
        return dml_err_nomem(err);
    r->outcome.changes = r->changes;
    int rc = dml_each(r->workers_n, DML_BATCH, r->ask->n, fix_first, &f, err);
    if (rc == 0)
        rc = dml_each(r->workers_n, DML_BATCH, r->ask->n, look_at_others, &f, err);
    for (unsigned round = 0; rc == 0 && more && round < SETTLE_ROUNDS; round++) {
        if (find_bans(&f, &more) < 0)
            return dml_err_nomem(err);
        rc = more ? dml_each(r->workers_n, DML_BATCH, r->ask->n, fix_again, &f, err) : 0;
    }
    if (rc == 0)
        rc = dml_each(r->workers_n, DML_BATCH, r->ask->n, asks(r) ? fix_asking : store_changed, &f, err);
    if (rc == 0)
        take_texts(r);
    return rc;
}
