/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host alone: rules about hosts and releases, asked for a guest of which nothing else can be said. */
#include <string.h>

#include "checks/checks.h"
#include "facts/select.h"
#include "judge/judge_i.h"

const char dml_host_guest[] = "name = \"host-check\"\n"
                              "type = \"hvm\"\n"
                              "memory = 512\n"
                              "dm_restrict = 1\n"
                              "disk = [ \"/dev/xen/host-check,raw,xvda,w\" ]\n"
                              "vif = [ \"mac=00:16:3e:00:00:01\" ]\n";

/* Is it about the host, and not about what of the host a guest uses? */
static _Bool about_host(const struct dml_rule *rule)
{
    return (rule->scope == DML_SCOPE_HOST || rule->scope == DML_SCOPE_UPGRADE) && !(rule->tags & DML_TAG_exposure) &&
           (rule->check < 0 || !dml_check_by_judge(rule->check));
}

int dml_judge_host(struct dml_judge *j, struct dml_host_row **rows, uint32_t *n, struct dml_err *err)
{
    static const char path[] = "host-check.cfg";
    const struct dml_judge_ask ask = {.path = path, .text = dml_sv_of(dml_host_guest)};
    struct judging *g;
    int rc = dml_judge_begin(&g, j, &ask, err);
    struct dml_provider provider = {dml_select_get, &g->s};
    if (rc == 0)
        rc = dml_subject_open(&g->s, path, ask.text, err);
    *n = 0;
    *rows = rc == 0 ? dml_new_n(g->a, struct dml_host_row, g->p->rules->n) : NULL;
    if (!*rows)
        return rc < 0 ? rc : dml_err_nomem(err);
    dml_eval_begin(g->p->eval, &provider, g->s.world->target.xen);
    g->asks_deciding = 1; /* what any of them misses is of interest */
    for (uint32_t i = 0; i < g->p->rules->n; i++) {
        const struct dml_rule *rule = &g->p->rules->v[i];
        if (!about_host(rule) || !dml_judge_in_release(rule, g->s.world->target.xen))
            continue;
        struct dml_host_row *row = &(*rows)[(*n)++];
        *row = (struct dml_host_row){.rule = (uint16_t)i, .message = rule->summary};
        g->missing = 0;
        g->fired.n = 0;
        g->number = (uint16_t)i;
        row->fires = dml_judge_run_rule(g, rule, g->settings[i].params);
        row->missing = row->fires == DML_UNKNOWN ? g->missing : 0;
        if (g->fired.n)
            row->message = dml_arena_strndup(g->a, g->fired.v[0].message.p, g->fired.v[0].message.len);
    }
    return g->a->failed ? dml_err_nomem(err) : 0;
}
