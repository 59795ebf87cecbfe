/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Run: the order in which things are done. */
#include <stdlib.h>

#include "guest/open.h"
#include "run/run_i.h"
#include "text/safe.h"

int dml_run_message(struct run *r, struct worker *w, uint32_t i, enum dml_message_kind kind, const char *text)
{
    struct dml_message *m = dml_vec_add(&w->keep, &w->messages);
    const char *copy = dml_arena_strdup(&w->keep, text);
    (void)r;
    if (!m || !copy)
        return DML_ENOMEM;
    *m = (struct dml_message){i, (uint8_t)kind, copy};
    return 0;
}

int dml_run_keep_member(struct dml_member *to, const struct dml_member *from, struct dml_arena *keep)
{
    struct dml_set_key *keys = dml_new_n(keep, struct dml_set_key, from->keys_n + 1);
    *to = *from;
    to->keys = keys;
    for (uint32_t i = 0; keys && i < from->keys_n; i++)
        keys[i] = from->keys[i];
    return keys ? 0 : DML_ENOMEM;
}

int dml_run_read(struct run *r, struct worker *w, uint32_t i, struct dml_sv *text, _Bool *too_large,
                 struct dml_err *err)
{
    struct dml_err why = {""};
    dml_arena_reset(&w->scratch);
    *too_large = 0;
    if (r->entries[i].text.p) {
        *text = r->entries[i].text;
        return 0;
    }
    int rc = r->ask->read(r->ask->user, &w->scratch, i, text, &why);
    *too_large = rc == DML_ETOOBIG;
    if (rc == DML_EIO)
        return r->entries[i].read || dml_run_message(r, w, i, DML_MESSAGE_UNREADABLE, why.msg) == 0
                   ? 1
                   : dml_err_nomem(err);
    return rc == 0 || *too_large ? 0 : dml_err_set(err, rc, "%s", why.msg);
}

_Bool dml_run_skips(struct run *r, uint32_t i, const struct dml_judgement *j)
{
    struct entry *e = &r->entries[i];
    if (!r->ask->may_skip || !r->ask->may_skip(r->ask->user, i))
        return 0;
    e->none = (uint8_t)dml_guest_none(&j->subject->cfg);
    e->asks = e->none && dml_guest_tree_asks(&j->subject->cfg);
    return e->none;
}

static const struct {
    const char *name, *words;
    _Bool counted;
} skips[] = {
#define SKIP(id, name, counted, words) {name, words, counted},
#include "run/skips.def"
#undef SKIP
};

const char *dml_skip_name(enum dml_skip why)
{
    return skips[why].name;
}

_Bool dml_skip_counts(enum dml_skip why)
{
    return skips[why].counted;
}

void dml_skip_words(const struct dml_skipped *s, struct dml_buf *out)
{
    dml_buf_str(out, skips[s->why].words);
    dml_safe_text(out, dml_sv_of(s->by), 0);
}

int dml_run_texts(void *user, struct dml_arena *a, uint32_t i, struct dml_sv *text, struct dml_err *err)
{
    (void)a;
    (void)err;
    *text = ((const struct dml_sv *)user)[i];
    return 0;
}

static int start(struct run *r, struct dml_err *err)
{
    const struct dml_run_ask *ask = r->ask;
    r->workers_n = ask->fix && ask->fix->ask ? 1 : dml_useful_jobs(ask->jobs, ask->try ? 1 : DML_BATCH, ask->n);
    r->workers = dml_new_n(&r->a, struct worker, r->workers_n);
    r->entries = dml_new_n(&r->a, struct entry, ask->n + 1);
    if (!r->workers || !r->entries)
        return dml_err_nomem(err);
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < r->workers_n; i++)
        rc = dml_judge_new(&r->workers[i].judge, &r->session->grounds, err);
    return rc;
}

int dml_run(const struct dml_session *session, const struct dml_run_ask *ask, struct dml_outcome **out,
            struct dml_err *err)
{
    struct dml_arena arena = {0};
    struct run *r = dml_new(&arena, struct run);
    *out = NULL;
    if (!r) {
        dml_arena_dispose(&arena);
        return dml_err_nomem(err);
    }
    r->a = arena;
    r->session = session;
    r->ask = ask;
    r->needs = ask->needs | DML_NEED_SET | (ask->try ? DML_NEED_VERDICTS : 0) |
               (session->baselines.n ? DML_NEED_VALUES : 0);
    r->outcome = (struct dml_outcome){.paths = ask->paths, .files = ask->n, .rules = session->grounds.rules};
    int rc = start(r, err);
    if (rc == 0 && ask->fix)
        rc = dml_run_fixing(r, err);
    if (rc == 0)
        rc = dml_run_looks(r, err);
    if (rc == 0 && ask->try)
        rc = dml_run_trials(r, err);
    if (rc == 0 && (r->needs & DML_NEED_VERDICTS))
        rc = dml_run_repaired(r, err);
    if (rc == 0)
        rc = dml_run_finish(r, err);
    if (rc == 0)
        rc = dml_run_accepted(r, err);
    if (rc < 0)
        dml_outcome_free(&r->outcome);
    else
        *out = &r->outcome;
    return rc;
}

void dml_outcome_free(struct dml_outcome *o)
{
    struct run *r = (struct run *)o;
    if (!r)
        return;
    for (unsigned i = 0; r->workers && i < r->workers_n; i++) {
        struct worker *w = &r->workers[i];
        dml_judge_free(w->judge);
        dml_judge_free(w->repaired);
        dml_findings_dispose(&w->findings);
        dml_arena_dispose(&w->scratch);
        dml_arena_dispose(&w->keep);
    }
    struct dml_arena a = r->a; /* r lies in it */
    dml_arena_dispose(&a);
}
