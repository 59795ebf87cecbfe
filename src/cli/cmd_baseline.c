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
    struct dml_judge *judge;
    struct dml_report report;
    struct dml_finding_list findings;
    _Bool create;
    const char **seen; /* the files that were read, absolute and sorted */
    size_t seen_n;
    enum dml_exit code;
};

static int nomem(struct dml_err *err)
{
    return dml_err_set(err, DML_ENOMEM, "out of memory");
}

static int policy_of(struct baseline *c, const char *path, struct dml_policy **out, struct dml_err *err)
{
    *out = c->g.run.policy;
    return *out ? 0 : dml_policies_for(c->g.run.policies, path, out, err);
}

static int judge_all(struct baseline *c, struct dml_err *err)
{
    struct dml_arena a = {0};
    int rc = dml_judge_new(&c->judge, &c->g.run, err);
    c->seen = dml_new_n(c->a, const char *, c->g.inputs.paths.n + 1);
    if (rc == 0 && !c->seen)
        rc = nomem(err);
    for (uint32_t i = 0; rc == 0 && i < c->g.inputs.paths.n; i++) {
        struct dml_policy *policy;
        struct dml_sv text = {"", 0};
        dml_arena_reset(&a);
        rc = policy_of(c, c->g.shown[i], &policy, err);
        if (rc == 0 && !dml_policy_baseline(policy))
            rc = dml_err_set(
                err, DML_EINVAL,
                "%s: the policy %s names no baseline; put \"baseline: FILE\" into it, or give --baseline FILE",
                c->g.shown[i], dml_policy_name(policy));
        if (rc < 0)
            break;
        int read = dml_guest_files_read(&c->g, &a, i, &text, err);
        if (read == DML_EIO)
            c->code = dml_exit_worse(c->code, dml_cli_fail(DML_EXIT_INCOMPLETE, "%s", err->msg));
        else if (!(c->seen[c->seen_n++] = dml_path_absolute(c->a, c->g.shown[i])))
            rc = nomem(err);
        else
            rc = read < 0 && read != DML_ETOOBIG
                     ? read
                     : dml_judge_file(c->judge, i, c->g.shown[i], text, read == DML_ETOOBIG, err);
    }
    dml_arena_dispose(&a);
    c->report = (struct dml_report){.paths = c->g.shown, .rules = c->g.run.rules, .files = c->g.inputs.paths.n};
    return rc < 0 ? rc : dml_judge_finish(&c->judge, 1, &c->g.run, c->a, &c->report, &c->findings, err);
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Findings of today that `old` does not know, into `to`. */
static int add_new(struct baseline *c, const struct dml_baseline *old, struct dml_baseline *to, uint32_t *added,
                   uint32_t *locked, struct dml_err *err)
{
    for (size_t i = 0; i < c->findings.n; i++) {
        const struct dml_finding *f = c->findings.v[i];
        struct dml_baseline_entry e;
        struct dml_policy *policy;
        if (f->file >= c->report.files || f->state != DML_STATE_NEW)
            continue;
        const char *path = c->report.paths[f->file];
        int rc = policy_of(c, path, &policy, err);
        if (rc < 0)
            return rc;
        if (dml_policy_baseline(policy) != old)
            continue;
        const struct dml_setting *settings = dml_policy_for(policy, path);
        long rule = dml_rules_find(dml_policy_rules(policy), dml_sv_of(c->g.run.rules->v[f->rule].id));
        if (settings && rule >= 0 && settings[rule].locked) {
            ++*locked;
            continue;
        }
        if (!settings || dml_judge_baseline_entry(&c->g.run, f, path, c->a, &e) < 0 ||
            dml_baseline_add(to, &e, c->a) < 0)
            return nomem(err);
        ++*added;
    }
    return 0;
}

/* Was it asked for, and looked for, what an entry is about? */
static _Bool looked_for(const struct baseline *c, const struct dml_baseline_entry *e)
{
    long rule = dml_rules_find(c->g.run.rules, dml_sv_of(e->rule));
    return (rule < 0 || c->g.run.selected[rule]) &&
           bsearch(&e->path, c->seen, c->seen_n, sizeof *c->seen, by_text) != NULL;
}

/* Entries that stay: those that something is known by, and those that were not looked for, if their file is there. */
static int keep_old(struct baseline *c, const struct dml_baseline *old, struct dml_baseline *to, struct dml_err *err)
{
    for (uint32_t i = 0; i < old->v.n; i++) {
        const struct dml_baseline_entry *e = &old->v.v[i];
        if ((e->used || (!looked_for(c, e) && access(e->path, F_OK) == 0)) && dml_baseline_add(to, e, c->a) < 0)
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

static int run(struct baseline *c, struct dml_err *err)
{
    int rc = dml_guest_files_open(&c->g, c->args, err);
    for (uint32_t i = 0; rc == 0 && i < c->g.inputs.paths.n; i++)
        if (strcmp(c->g.inputs.paths.v[i], "-") == 0)
            rc = dml_err_set(err, DML_EINVAL, "a baseline is about files; standard input is none");
    if (rc == 0)
        rc = judge_all(c, err);
    if (rc < 0)
        return rc;
    qsort(c->seen, c->seen_n, sizeof *c->seen, by_text);
    for (uint32_t i = 0; rc == 0 && i < c->g.baselines.n; i++)
        rc = rewrite(c, c->g.baselines.v[i], err);
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
    if (rc < 0)
        c.code = dml_cli_fail(rc == DML_EIO ? DML_EXIT_NOT_FIXED : DML_EXIT_USAGE, "%s", err.msg);
    else if (!c.g.inputs.paths.n && !dml_args_get(args, DML_OPTION_ALLOW_EMPTY))
        c.code = dml_exit_worse(
            c.code, dml_cli_fail(DML_EXIT_NO_INPUT, "no input file matched (--allow-empty makes that no error)"));
    c.code = dml_exit_worse(c.code, c.g.inputs.code);
    dml_judge_free(c.judge);
    dml_guest_files_close(&c.g);
    return c.code;
}
