/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tally: one pass over the guests, one over the findings. */
#include "report/tally.h"

#include <stdlib.h>

#include "report/out.h"

static int by_guests(const void *x, const void *y)
{
    const struct dml_tally_row *a = x, *b = y;
    if (a->blocks != b->blocks)
        return a->blocks ? -1 : 1;
    if (a->guests != b->guests)
        return a->guests > b->guests ? -1 : 1;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    return (a->scope > b->scope) - (a->scope < b->scope);
}

static int add(struct dml_tally *t, const struct dml_tally_row *row, uint32_t file, struct dml_arena *a)
{
    struct dml_tally_row *x = NULL;
    for (uint32_t i = 0; i < t->rows.n && !x; i++)
        if (t->rows.v[i].rule == row->rule && t->rows.v[i].scope == row->scope)
            x = &t->rows.v[i];
    if (!x) {
        x = dml_vec_add(a, &t->rows);
        if (!x)
            return DML_ENOMEM;
        *x = *row;
        x->last = UINT32_MAX;
    }
    if (x->blocks == row->blocks)
        x->guests += x->last != file;
    x->last = file;
    return 0;
}

static int add_guest(struct dml_tally *t, const struct dml_outcome_guest *g, struct dml_arena *a)
{
    _Bool blocked = g->verdict == DML_VERDICT_BLOCKED;
    int rc = 0;
    t->verdicts[g->verdict]++;
    t->freed += blocked && (g->if_host_fixed == DML_VERDICT_READY || g->if_host_fixed == DML_VERDICT_FIXABLE);
    for (unsigned k = 0; rc == 0 && blocked && k < g->blockers_n; k++) {
        const struct dml_blocker *b = &g->blockers[k];
        const struct dml_tally_row row = {.rule = b->rule, .scope = b->scope, .blocks = 1, .message = b->message};
        rc = add(t, &row, g->file, a);
    }
    return rc;
}

int dml_tally(struct dml_tally *t, const struct dml_report *r, struct dml_arena *a)
{
    int rc = 0;
    *t = (struct dml_tally){.freed = 0};
    for (uint32_t i = 0; rc == 0 && i < r->o->guests_n; i++)
        rc = add_guest(t, &r->o->guests[i], a);
    for (size_t i = 0; rc == 0 && i < r->o->findings.n; i++) {
        const struct dml_finding *f = r->o->findings.v[i];
        const struct dml_tally_row row = {
            .rule = f->rule, .scope = r->o->rules->v[f->rule].scope, .message = f->message};
        if (dml_tally_of_host(row.scope) && dml_out_annotates(r, f))
            rc = add(t, &row, f->file, a);
    }
    if (t->rows.n)
        qsort(t->rows.v, t->rows.n, sizeof *t->rows.v, by_guests);
    return rc;
}

_Bool dml_tally_of_host(unsigned scope)
{
    return scope == DML_SCOPE_HOST || scope == DML_SCOPE_UPGRADE;
}

const struct dml_tally_row *dml_tally_next(const struct dml_tally *t, _Bool host, uint32_t *at)
{
    while (*at < t->rows.n) {
        const struct dml_tally_row *x = &t->rows.v[(*at)++];
        if (dml_tally_of_host(x->scope) == host)
            return x;
    }
    return NULL;
}

const char *dml_tally_title(_Bool host)
{
    return host ? "The host, once for all guests" : "In the way of most guests";
}

void dml_tally_freed(const struct dml_tally *t, struct dml_buf *out)
{
    dml_buf_printf(out, "Repaired, %u more guest%s ready or fixable.", t->freed, t->freed == 1 ? " is" : "s are");
}
