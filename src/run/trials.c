/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trials: the QEMU at hand judges the guests that would be ready; what it refuses is blocked. */
#include "run/run_i.h"

static _Bool would_be_ready(const struct run *r, uint32_t i)
{
    const struct entry *e = &r->entries[i];
    return e->read && dml_run_verdict(&e->standing, e->fixed) == DML_VERDICT_READY;
}

static int try_one(void *user, unsigned worker, uint32_t i, struct dml_err *err)
{
    struct run *r = user;
    struct worker *w = &r->workers[worker];
    struct entry *e = &r->entries[i];
    struct dml_judge_ask ask = {.path = r->ask->paths[i], .only_deciding = 1};
    struct dml_judgement j;
    const struct dma_result *result;
    dml_arena_reset(&w->scratch);
    int rc = dml_run_read(r, w, i, &ask.text, &ask.too_large, err);
    if (rc != 0 || ask.too_large)
        return rc < 0 ? rc : 0;
    rc = dml_judge_text(w->judge, &ask, &j, err);
    if (rc < 0 || !(result = dml_subject_result(j.subject)) || result->outcome != DMA_RUNS)
        return rc;
    rc = dml_try_run(r->ask->try, result, &w->keep, &e->tried, err);
    if (rc < 0 || e->tried.answer != DML_TRY_REFUSED)
        return rc;
    e->refused = (struct dml_refused){e->tried.message, e->tried.at};
    return dml_run_look(r, worker, i, err);
}

int dml_run_trials(struct run *r, struct dml_err *err)
{
    return dml_run_each(r, 1, would_be_ready, try_one, err);
}
