/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint baseline: accepts the findings of today, or drops from a baseline what is no longer found. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/write.h"
#include "cli/common.h"
#include "cli/guest_files.h"

enum { TEXT_MAX = 256 * 1024 * 1024, FILE_MODE = 0644 };

struct baseline {
    const struct dml_args *args;
    struct dml_arena *a;
    struct dml_guest_files g;
    struct dml_outcome *o;
    _Bool create;
    const char **seen; /* the files that were read, absolute and sorted */
    size_t seen_n;
};

static int nomem(struct dml_err *err)
{
    return dml_err_nomem(err);
}

static struct dml_baseline *baseline_of(const struct baseline *c, const char *path, struct dml_policy **policy,
                                        struct dml_err *err)
{
    return dml_session_policy(&c->g.session, path, policy, err) < 0 ? NULL
                                                                    : dml_session_baseline(&c->g.session, *policy);
}

/* Every guest has a policy with a baseline. */
static int look_for_baselines(struct baseline *c, struct dml_err *err)
{
    for (uint32_t i = 0; i < c->g.inputs.paths.n; i++) {
        struct dml_policy *policy = NULL;
        if (strcmp(c->g.inputs.paths.v[i], "-") == 0)
            return dml_err_set(err, DML_EINVAL, "a baseline is about files; standard input is none");
        if (!baseline_of(c, c->g.shown[i], &policy, err))
            return dml_err_set(
                err, DML_EINVAL,
                "%s: the policy %s names no baseline; put \"baseline: FILE\" into it, or give --baseline FILE",
                c->g.shown[i], policy ? dml_policy_name(policy) : "");
    }
    return 0;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Findings of today that `old` does not know, into `to`. */
static int add_new(struct baseline *c, const struct dml_baseline *old, struct dml_baseline *to, uint32_t *added,
                   uint32_t *locked, struct dml_err *err)
{
    for (size_t i = 0; i < c->o->findings.n; i++) {
        const struct dml_finding *f = c->o->findings.v[i];
        struct dml_baseline_entry e;
        struct dml_policy *policy;
        struct dml_settings_cache cache = {.arena = c->a};
        if (f->file >= c->o->files || f->state != DML_STATE_NEW)
            continue;
        const char *path = c->o->paths[f->file];
        if (baseline_of(c, path, &policy, err) != old)
            continue;
        const struct dml_setting *settings = dml_policy_for(policy, path, &cache);
        long rule = dml_rules_find(dml_policy_rules(policy), dml_sv_of(c->o->rules->v[f->rule].id));
        if (settings && rule >= 0 && settings[rule].locked) {
            ++*locked;
            continue;
        }
        if (!settings || dml_outcome_baseline_entry(c->o, f, c->a, &e) < 0 || dml_baseline_add(to, &e, c->a) < 0)
            return nomem(err);
        ++*added;
    }
    return 0;
}

/* Was it asked for, and looked for, what an entry is about? */
static _Bool looked_for(const struct baseline *c, const struct dml_baseline_entry *e)
{
    const struct dml_grounds *grounds = &c->g.session.grounds;
    long rule = dml_rules_find(grounds->rules, dml_sv_of(e->rule));
    return (rule < 0 || grounds->selected[rule]) &&
           bsearch(&e->path, c->seen, c->seen_n, sizeof *c->seen, by_text) != NULL;
}

/* Entries that stay: those that something is known by, and those that were not looked for, if their file is there. */
static int keep_old(struct baseline *c, const struct dml_baseline *old, struct dml_baseline *to, struct dml_err *err)
{
    const _Bool *used = dml_outcome_baseline_used(c->o, old);
    for (uint32_t i = 0; i < old->v.n; i++) {
        const struct dml_baseline_entry *e = &old->v.v[i];
        if (((used && used[i]) || (!looked_for(c, e) && access(e->path, F_OK) == 0)) &&
            dml_baseline_add(to, e, c->a) < 0)
            return nomem(err);
    }
    return 0;
}

static int rewrite(struct baseline *c, const struct dml_baseline *old, struct dml_err *err)
{
    struct dml_baseline now = {.file = old->file, .absolute = old->absolute};
    uint32_t added = 0, locked = 0;
    struct dml_buf out;
    int rc = keep_old(c, old, &now, err);
    uint32_t kept = now.v.n;
    if (rc == 0 && c->create)
        rc = add_new(c, old, &now, &added, &locked, err);
    if (rc < 0)
        return rc;
    dml_baseline_sort(&now);
    dml_buf_init(&out, TEXT_MAX);
    dml_baseline_write(&now, &out);
    rc = out.failed ? nomem(err) : 0;
    if (rc == 0 && (c->create || old->exists))
        rc = dml_file_create(old->file, dml_buf_view(&out), FILE_MODE, err);
    dml_buf_dispose(&out);
    if (rc == 0 && !dml_args_get(c->args, DML_OPTION_QUIET)) {
        fprintf(stderr, "%s: %u entries, %u of them new, %u dropped\n", old->file, now.v.n, now.v.n - kept,
                old->v.n - kept);
        if (locked)
            fprintf(stderr, "%u findings of locked rules cannot be accepted\n", locked);
    }
    return rc;
}

/* Files that were read. */
static int note_seen(struct baseline *c, struct dml_err *err)
{
    c->seen = dml_new_n(c->a, const char *, c->o->files + 1);
    if (!c->seen)
        return nomem(err);
    for (uint32_t i = 0; i < c->o->files; i++)
        if (c->o->read[i] && !(c->seen[c->seen_n++] = dml_path_absolute(c->a, c->o->paths[i])))
            return nomem(err);
    qsort(c->seen, c->seen_n, sizeof *c->seen, by_text);
    return 0;
}

static int run(struct baseline *c, struct dml_err *err)
{
    int rc = dml_guest_files_open(&c->g, c->args, 0, err);
    if (rc == 0)
        rc = look_for_baselines(c, err);
    if (rc < 0)
        return rc;
    const struct dml_run_ask ask = dml_guest_files_ask(&c->g, DML_NEED_VALUES);
    rc = dml_run(&c->g.session, &ask, &c->o, err);
    dml_progress_end(&c->g.progress);
    if (rc == 0)
        rc = note_seen(c, err);
    for (uint32_t i = 0; rc == 0 && i < c->g.session.baselines.n; i++)
        rc = rewrite(c, c->g.session.baselines.v[i], err);
    return rc;
}

enum dml_exit dml_cmd_baseline(const struct dml_args *args)
{
    static const char *const verbs[] = {"create", "prune"};
    struct dml_args rest = *args;
    struct baseline c = {.args = &rest, .a = args->arena};
    struct dml_err err = {""};
    const char *verb = args->n_paths ? args->paths[0] : "";
    if (strcmp(verb, verbs[0]) != 0 && strcmp(verb, verbs[1]) != 0)
        return dml_cli_fail(DML_EXIT_USAGE,
                            *verb ? "baseline has no subcommand \"%s\"; there are: create, prune"
                                  : "say what: baseline create or baseline prune%s",
                            verb);
    c.create = strcmp(verb, verbs[0]) == 0;
    rest.paths++;
    rest.n_paths--;
    int rc = run(&c, &err);
    enum dml_exit code = c.o ? dml_guest_files_messages(&c.g, c.o) : DML_EXIT_OK;
    if (rc < 0)
        code = dml_exit_worse(code, dml_cli_fail(rc == DML_EIO ? DML_EXIT_NOT_FIXED : DML_EXIT_USAGE, "%s", err.msg));
    dml_outcome_free(c.o);
    dml_guest_files_close(&c.g);
    return code;
}
