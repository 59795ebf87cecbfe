/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finish: verdicts, and everything that was found in the order of files. */
#include <stdlib.h>
#include <string.h>

#include "run/run_i.h"

/* ---- guests ---- */

static struct dml_standing standing_of(const struct trial *t)
{
    return (struct dml_standing){.applicable = t->applicable, .blockers_n = t->blockers_n, .missing = t->missing};
}

enum dml_verdict dml_run_verdict(const struct dml_standing *s, const struct trial *fixed)
{
    struct dml_standing then = fixed ? standing_of(fixed) : (struct dml_standing){0};
    return dml_verdict(s, fixed ? &then : NULL);
}

static int make_guests(struct run *r)
{
    uint32_t given = dml_protections(&r->session->world), n = 0;
    struct dml_outcome_guest *v = dml_new_n(&r->a, struct dml_outcome_guest, r->ask->n + 1);
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < r->ask->n; i++) {
        const struct entry *e = &r->entries[i];
        const struct dml_standing *s = &e->standing;
        if (!e->read)
            continue;
        struct dml_outcome_guest *g = &v[n++];
        *g = (struct dml_outcome_guest){.file = i,
                                        .name = e->name,
                                        .verdict = (uint8_t)dml_run_verdict(s, e->fixed),
                                        .running = s->running,
                                        .requested = s->requested,
                                        .reason = s->applicable ? NULL : s->reason,
                                        .blockers = s->blockers,
                                        .blockers_n = s->blockers_n,
                                        .protections = s->applicable ? given : 0,
                                        .missing = s->missing,
                                        .unseen = s->unseen};
        g->if_host_fixed = g->verdict;
        if (e->repaired) {
            struct dml_standing repaired = standing_of(e->repaired);
            g->if_host_fixed = (uint8_t)dml_run_verdict(&repaired, e->repaired_fixed);
        }
    }
    for (uint32_t i = 0; i < r->ask->n; i++) {
        const struct dml_trial *t = &r->entries[i].tried;
        r->outcome.tried[t->answer]++;
        if (t->answer == DML_TRY_CANNOT && !r->outcome.untried)
            r->outcome.untried = t->message;
    }
    r->outcome.guests = v;
    r->outcome.guests_n = n;
    return 0;
}

/* ---- findings ---- */

static const char *words(uint8_t kind)
{
    return kind == DML_SET_DIFFERS ? "the guest's file" : "the other guest";
}

/* Findings about another guest point at its place. */
static int point_at_others(struct run *r, struct worker *w)
{
    for (uint32_t i = 0; i < w->met.n; i++) {
        const struct met *m = &w->met.v[i];
        const struct dml_clash *mine = &r->clashes.v.v[m->clash], *theirs;
        uint32_t n = dml_clashes_of(&r->clashes, mine->other, &theirs);
        struct dml_related *related = dml_new(&r->a, struct dml_related);
        if (!related)
            return DML_ENOMEM;
        if (mine->other == mine->file)
            continue;
        *related = (struct dml_related){mine->other, DML_NO_SPAN, {1, 1}, {1, 1}, dml_sv_of(words(mine->key.kind))};
        for (uint32_t k = 0; k < n; k++) {
            const struct place *p = &r->places[&theirs[k] - r->clashes.v.v];
            if (theirs[k].key.hash != mine->key.hash || !mine->key.hash || !p->start.line)
                continue;
            related->span = p->span;
            related->start = p->start;
            related->end = p->end;
        }
        m->finding->related = related;
        m->finding->related_n = 1;
    }
    return 0;
}

int dml_run_collect(struct run *r, struct dml_err *err)
{
    struct dml_findings **stores = dml_new_n(&r->a, struct dml_findings *, r->workers_n);
    uint8_t *generations = dml_new_n(&r->a, uint8_t, r->ask->n + 1);
    if (!stores || !generations)
        return dml_err_nomem(err);
    for (unsigned i = 0; i < r->workers_n; i++)
        stores[i] = &r->workers[i].findings;
    for (uint32_t i = 0; i < r->ask->n; i++)
        generations[i] = r->entries[i].generation;
    const struct dml_finding_filter which = {generations, r->ask->n};
    if (dml_findings_collect(stores, r->workers_n, &which, &r->a, &r->outcome.findings) < 0)
        return dml_err_nomem(err);
    return 0;
}

/* ---- messages ---- */

static int by_file(const void *x, const void *y)
{
    const struct dml_message *a = x, *b = y;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a->kind != b->kind ? (a->kind > b->kind) - (a->kind < b->kind) : strcmp(a->text, b->text);
}

static int sort_messages(struct run *r)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < r->workers_n; i++)
        n += r->workers[i].messages.n;
    struct dml_message *v = dml_new_n(&r->a, struct dml_message, n + 1);
    if (!v)
        return DML_ENOMEM;
    n = 0;
    for (unsigned i = 0; i < r->workers_n; i++)
        for (uint32_t k = 0; k < r->workers[i].messages.n; k++)
            v[n++] = r->workers[i].messages.v[k];
    qsort(v, n, sizeof *v, by_file);
    r->outcome.messages = v;
    for (uint32_t i = 0; i < n; i++)
        if (!i || by_file(&v[i - 1], &v[i]) != 0)
            v[r->outcome.messages_n++] = v[i];
    for (uint32_t i = 0; i < r->outcome.messages_n; i++) {
        r->outcome.unreadable += v[i].kind == DML_MESSAGE_UNREADABLE;
        r->outcome.unwritten += v[i].kind == DML_MESSAGE_NOT_FIXED;
    }
    return 0;
}

/* ---- what was skipped ---- */

static int by_path(const void *x, const void *y)
{
    return strcmp(((const struct dml_skipped *)x)->path, ((const struct dml_skipped *)y)->path);
}

static int make_skipped(struct run *r)
{
    static const enum dml_skip why[] = {[DML_GUEST_DENIED] = DML_SKIP_DENIED, [DML_GUEST_FOREIGN] = DML_SKIP_FOREIGN};
    struct dml_outcome *o = &r->outcome;
    struct dml_skipped *v = dml_new_n(&r->a, struct dml_skipped, r->ask->n + r->ask->skipped_n + 1);
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < r->ask->skipped_n; i++)
        v[o->skipped_n++] = r->ask->skipped[i];
    for (uint32_t i = 0; i < r->ask->n; i++)
        if (r->entries[i].none)
            v[o->skipped_n++] = (struct dml_skipped){r->ask->paths[i], why[r->entries[i].none], "", r->entries[i].asks};
    o->checked = r->ask->n - (o->skipped_n - r->ask->skipped_n);
    qsort(v, o->skipped_n, sizeof *v, by_path);
    for (uint32_t i = 0; i < o->skipped_n; i++)
        o->skipped_counted += dml_skip_counts(v[i].why);
    o->skipped = v;
    return 0;
}

int dml_run_finish(struct run *r, struct dml_err *err)
{
    int rc = r->needs & DML_NEED_VERDICTS ? make_guests(r) : 0;
    _Bool *read = dml_new_n(&r->a, _Bool, r->ask->n + 1);
    for (uint32_t i = 0; read && i < r->ask->n; i++)
        read[i] = r->entries[i].read;
    r->outcome.read = read;
    rc = read ? rc : DML_ENOMEM;
    if (rc == 0)
        rc = make_skipped(r);
    for (unsigned i = 0; rc == 0 && i < r->workers_n; i++)
        rc = point_at_others(r, &r->workers[i]);
    if (rc == 0)
        rc = sort_messages(r);
    return rc < 0 ? dml_err_nomem(err) : dml_run_collect(r, err);
}
