/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a run: guests against each other, verdicts, and the report's tables in the order of files. */
#include <stdlib.h>
#include <string.h>

#include "judge/judge_i.h"

/* ---- guests with one account ---- */

struct user_ref {
    struct dml_judge *judge;
    struct dml_same_user *user;
};

/* By uid where the host's accounts are known, else by name: one name has one uid. */
static int by_account(const void *x, const void *y)
{
    const struct dml_same_user *a = ((const struct user_ref *)x)->user, *b = ((const struct user_ref *)y)->user;
    if (a->form != b->form)
        return a->form < b->form ? -1 : 1;
    if (a->uid != b->uid)
        return a->uid < b->uid ? -1 : 1;
    int r = a->uid == DML_FACT_UNKNOWN ? strcmp(a->user, b->user) : 0;
    return r ? r : (a->file > b->file) - (a->file < b->file);
}

static _Bool same_account(const struct user_ref *a, const struct user_ref *b)
{
    return a->user->form == b->user->form && a->user->uid == b->user->uid &&
           (a->user->uid != DML_FACT_UNKNOWN || strcmp(a->user->user, b->user->user) == 0);
}

/* Makes the finding of one guest of a group, pointing at another of it. */
static int fire(const struct user_ref *one, const struct user_ref *other, const struct dml_run *run,
                const char *const *paths, struct dml_arena *a)
{
    struct dml_judged *guest = &one->judge->guests.v[one->user->guest];
    struct dml_finding f = one->user->finding;
    if (guest->applicable)
        guest->blockers[guest->blockers_n++] =
            (struct dml_report_blocker){f.rule, dml_rule_own(&run->rules->v[f.rule])->scope};
    if (!one->user->shown)
        return 0;
    const struct dml_finding *o = &other->user->finding;
    struct dml_related related = {other->user->file, o->span, o->start, o->end, DML_SV("the other guest")};
    const char *message =
        dml_arena_printf(a, "%s runs QEMU under %s too: destroying one of the two guests kills the other's",
                         paths[other->user->file], other->user->user);
    if (!message)
        return DML_ENOMEM;
    f.message = dml_sv_of(message);
    f.related = &related;
    f.related_n = 1;
    return dml_findings_add(&one->judge->findings, &f, 0) ? 0 : DML_ENOMEM;
}

static int compare_users(struct dml_judge *const *judges, size_t n, const struct dml_run *run, const char *const *paths,
                         struct dml_arena *a)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += judges[i]->users.n;
    struct user_ref *v = dml_new_n(a, struct user_ref, total ? total : 1);
    if (!v)
        return DML_ENOMEM;
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        for (uint32_t u = 0; u < judges[i]->users.n; u++)
            v[k++] = (struct user_ref){judges[i], &judges[i]->users.v[u]};
    qsort(v, total, sizeof *v, by_account);
    int rc = 0;
    for (size_t first = 0, end; rc == 0 && first < total; first = end) {
        for (end = first + 1; end < total && same_account(&v[first], &v[end]); end++)
            ;
        for (size_t i = first; rc == 0 && end - first > 1 && i < end; i++)
            rc = fire(&v[i], &v[i == first ? first + 1 : first], run, paths, a);
    }
    return rc;
}

/* ---- stored configs and files ---- */

/* What of a guest that matters is other in its file. */
static const char *difference(const struct dml_judged *stored, const struct dml_judged *file, struct dml_arena *a)
{
    const struct {
        _Bool differs;
        const char *what;
    } all[] = {{stored->requested != file->requested, "dm_restrict"},
               {stored->user != file->user, "the account"},
               {stored->device_model != file->device_model, "the device model"},
               {stored->argv != file->argv, "QEMU's command line"}};
    const char *text = NULL;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].differs)
            text = text ? dml_arena_printf(a, "%s, %s", text, all[i].what) : all[i].what;
    return text;
}

/* Compares a stored config with the files of its guest: the first one that it is like, else the first one. */
static int compare_one(struct dml_judge *const *judges, size_t n, struct dml_judge *judge,
                       const struct dml_stored_guest *s, const char *const *paths, struct dml_arena *a)
{
    struct dml_judged *me = &judge->guests.v[s->guest], *other = NULL;
    _Bool any_file = 0;
    const char *what = NULL;
    for (size_t i = 0; i < n && me->name.len; i++)
        for (uint32_t k = 0; k < judges[i]->guests.n; k++) {
            struct dml_judged *g = &judges[i]->guests.v[k];
            any_file |= !g->stored;
            if (g->stored || !dml_sv_eq(g->name, me->name))
                continue;
            if (!s->image && !g->running)
                g->running = me->requested ? "restricted" : "unrestricted";
            if (!other || (what && !difference(me, g, a))) {
                other = g;
                what = difference(me, g, a);
            }
        }
    struct dml_finding f = other ? s->differs : s->gone;
    struct dml_related related = {other ? other->file : 0, {0, 0}, {1, 1}, {1, 1}, DML_SV("the guest's file")};
    const char *message = NULL;
    if (other && what && s->differs_shown)
        message = s->image
                      ? dml_arena_printf(a,
                                         "the saved image would bring %.*s back as it was before %s was edited; it "
                                         "differs in: %s",
                                         DML_SV_ARG(me->name), paths[other->file], what)
                      : dml_arena_printf(a,
                                         "%.*s runs with another config than %s has: a cold restart is due (shut it "
                                         "down, xl create); it differs in: %s",
                                         DML_SV_ARG(me->name), paths[other->file], what);
    else if (!other && any_file && !s->image && s->gone_shown)
        message = dml_arena_printf(a, "none of the files judged here is of %.*s, which runs", DML_SV_ARG(me->name));
    if (!message)
        return a->failed ? DML_ENOMEM : 0;
    f.message = dml_sv_of(message);
    f.related = &related;
    f.related_n = other != NULL;
    return dml_findings_add(&judge->findings, &f, 0) ? 0 : DML_ENOMEM;
}

static int compare_stored(struct dml_judge *const *judges, size_t n, const char *const *paths, struct dml_arena *a)
{
    int rc = 0;
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; rc == 0 && k < judges[i]->stored.n; k++)
            rc = compare_one(judges, n, judges[i], &judges[i]->stored.v[k], paths, a);
    return rc;
}

/* ---- rules of several policies ---- */

static int by_id(const void *x, const void *y)
{
    return strcmp(((const struct dml_rule *)x)->id, ((const struct dml_rule *)y)->id);
}

int dml_judge_add_rules(struct dml_run *run, const struct dml_rules *more, struct dml_arena *a, struct dml_err *err)
{
    uint32_t extra = 0;
    for (uint32_t i = 0; i < more->n; i++)
        extra += dml_rules_find(run->rules, dml_sv_of(more->v[i].id)) < 0;
    if (!extra)
        return 0;
    struct dml_rules *all = dml_new(a, struct dml_rules);
    struct dml_rule *v = dml_new_n(a, struct dml_rule, run->rules->n + extra);
    if (!all || !v)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    /* Only words and ids of this list are used; conditions are evaluated with the policy's own. */
    memcpy(v, run->rules->v, run->rules->n * sizeof *v);
    uint32_t n = run->rules->n;
    for (uint32_t i = 0; i < more->n; i++)
        if (dml_rules_find(run->rules, dml_sv_of(more->v[i].id)) < 0)
            v[n++] = more->v[i];
    qsort(v, n, sizeof *v, by_id);
    *all = (struct dml_rules){.v = v, .n = n};
    run->rules = all;
    return 0;
}

/* ---- verdicts ---- */

/* A blocker that goes away by asking for restriction, which is what a migration is for. */
static _Bool fixed_by_migration(const struct dml_rule *rule)
{
    return rule->migration && rule->fixes_n;
}

static const char *verdict(const struct dml_judged *g, const struct dml_rules *rules, _Bool host_fixed)
{
    _Bool fixable = 0;
    if (!g->applicable)
        return g->missing ? "unknown" : "not-applicable";
    for (uint16_t i = 0; i < g->blockers_n; i++) {
        if (host_fixed && g->blockers[i].scope == DML_SCOPE_HOST)
            continue;
        if (g->stored || !fixed_by_migration(dml_rule_own(&rules->v[g->blockers[i].rule])))
            return "blocked";
        fixable = 1;
    }
    return g->missing ? "unknown" : fixable ? "fixable" : "ready";
}

static int missing_names(uint64_t missing, struct dml_arena *a, struct dml_report_guest *out)
{
    const char **names = dml_new_n(a, const char *, DML_MISSING_FACTS);
    if (!names)
        return DML_ENOMEM;
    for (unsigned i = 0; i < DML_MISSING_FACTS; i++)
        if (missing & ((uint64_t)1 << i))
            names[out->missing_n++] = dml_missing_name(i);
    out->missing = names;
    return 0;
}

/* What restriction gives on this target where it holds. */
static const char *const *protections(const struct dml_world *w, uint16_t *n)
{
    static const char *const all[] = {"handles", "uid", "chroot", "namespaces", "limits", "kill-by-uid"};
    static const char *const elsewhere[] = {"handles", "uid", "chroot", "kill-by-uid"};
    if (w->target.xen < DML_V(4, 12, 0)) {
        *n = 2;
        return all;
    }
    _Bool linux_host = !w->host || !w->host->os || strcmp(w->host->os, "linux") == 0;
    *n = linux_host ? 6 : 4;
    return linux_host ? all : elsewhere;
}

static int by_file(const void *x, const void *y)
{
    const struct dml_report_guest *a = x, *b = y;
    return (a->file > b->file) - (a->file < b->file);
}

static int make_guests(struct dml_judge *const *judges, size_t n, const struct dml_run *run, struct dml_arena *a,
                       struct dml_report *report)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += judges[i]->guests.n;
    struct dml_report_guest *v = dml_new_n(a, struct dml_report_guest, total ? total : 1);
    if (!v)
        return DML_ENOMEM;
    report->guests = v;
    for (size_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < judges[i]->guests.n; k++) {
            const struct dml_judged *g = &judges[i]->guests.v[k];
            struct dml_report_guest *out = &v[report->guests_n++];
            *out = (struct dml_report_guest){.file = g->file,
                                             .name = g->name,
                                             .verdict = verdict(g, run->rules, 0),
                                             .if_host_fixed = verdict(g, run->rules, 1),
                                             .reason = g->reason,
                                             .blockers = g->blockers,
                                             .blockers_n = g->blockers_n,
                                             .running = g->running};
            if (g->applicable)
                out->protections = protections(run->world, &out->protections_n);
            if (g->missing && missing_names(g->missing, a, out) < 0)
                return DML_ENOMEM;
        }
    }
    qsort(v, report->guests_n, sizeof *v, by_file);
    return 0;
}

int dml_judge_finish(struct dml_judge *const *judges, size_t n, const struct dml_run *run, struct dml_arena *a,
                     struct dml_report *report, struct dml_finding_list *findings, struct dml_err *err)
{
    struct dml_findings **stores = dml_new_n(a, struct dml_findings *, n);
    int rc = stores ? compare_users(judges, n, run, report->paths, a) : DML_ENOMEM;
    if (rc == 0)
        rc = compare_stored(judges, n, report->paths, a);
    for (size_t i = 0; rc == 0 && i < n; i++)
        stores[i] = &judges[i]->findings;
    if (rc == 0 && run->want_verdicts)
        rc = make_guests(judges, n, run, a, report);
    if (rc == 0)
        rc = dml_findings_collect(stores, n, a, findings);
    return rc < 0 ? dml_err_set(err, rc, "out of memory") : 0;
}
