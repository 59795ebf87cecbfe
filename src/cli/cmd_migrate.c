/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint migrate: per guest what stands between it and the goal, what dmlint can change itself, and what is left. */
#include <string.h>
#include <unistd.h>

#include "cli/common.h"
#include "cli/migrate.h"
#include "host/users.h"

enum { TEXT_MAX = 1024 * 1024 * 1024 };

/* ---- options ---- */

static int parse_goal(struct migrate *c, struct dml_err *err)
{
    static const char *const goals[] = {"restrict", "qemu-xen", NULL};
    const char *xen = dml_args_get(c->args, DML_OPTION_TO_XEN);
    unsigned goal = DML_GOAL_RESTRICT;
    int rc = dml_common_word(c->args, DML_OPTION_TO, goals, &goal, err);
    if (rc < 0)
        return rc;
    if (xen && dml_args_get(c->args, DML_OPTION_TO))
        return dml_err_set(err, DML_EINVAL, "give either --to or --to-xen: one step at a time");
    c->m.goal = xen ? DML_GOAL_XEN : (enum dml_migrate_goal)goal;
    c->goal_text = xen ? xen : goals[goal];
    c->interactive = dml_args_get(c->args, DML_OPTION_INTERACTIVE) != NULL;
    c->write = c->interactive || dml_args_get(c->args, DML_OPTION_WRITE) != NULL;
    return 0;
}

/* The target that guests are judged for: the host as it is, or with another Xen. */
static int find_target(struct migrate *c, struct dml_err *err)
{
    struct dml_target *target = &c->m.target;
    int rc = 0;
    *target = c->files.session.world.target;
    if (c->m.goal == DML_GOAL_XEN)
        rc = dml_target_init(target, c->files.session.world.host, c->goal_text, dml_args_get(c->args, DML_OPTION_QEMU),
                             dml_args_get(c->args, DML_OPTION_QEMU_CAPS), err);
    if (target->xen_known || c->m.goal == DML_GOAL_XEN)
        dml_version_text(target->xen, 0, c->xen);
    if (target->qemu)
        dml_version_text(target->qemu, 0, c->qemu);
    return rc;
}

static int setup(struct migrate *c, struct dml_err *err)
{
    int rc = parse_goal(c, err);
    if (rc == 0)
        rc = dml_guest_files_open(&c->files, c->args, 0, err);
    for (uint32_t i = 0; rc == 0 && i < c->files.inputs.paths.n; i++)
        if (c->write && strcmp(c->files.inputs.paths.v[i], "-") == 0)
            rc = dml_err_set(err, DML_EINVAL, "standard input cannot be written; give a file, or leave --%s out",
                             c->interactive ? "interactive" : "write");
    if (rc == 0)
        rc = dml_guest_files_writing(&c->files, c->write ? NULL : "--write", err);
    if (rc == 0)
        rc = find_target(c, err);
    return rc < 0 ? rc : dml_guest_files_sandbox(&c->files, NULL, 0, err);
}

/* Are the accounts of device models there and in order? */
static _Bool accounts_are_there(const struct migrate *c)
{
    struct dml_users_plan plan;
    const struct dml_facts *host = c->files.session.world.host;
    return host && dml_users_plan(host, DML_FACT_UNKNOWN, c->m.a, &plan, NULL) == 0 && plan.base_exists &&
           plan.reaper_exists && !plan.refused && !plan.reaper_wrong;
}

static int run(struct migrate *c, struct dml_err *err)
{
    struct dml_run_ask inputs = dml_guest_files_ask(&c->files, 0);
    struct migrate_ask ask;
    c->m.inputs = &inputs;
    c->m.session = &c->files.session;
    c->m.host_option = dml_common_host_option(c->args);
    c->m.accounts_are_there = accounts_are_there(c);
    c->m.store = c->write ? dml_guest_files_store : NULL;
    if (c->interactive) {
        int rc = dml_migrate_ask_open(&ask, c, err);
        if (rc < 0)
            return rc;
        c->m.asker = &ask.asker;
    }
    int rc = dml_migrate_run(&c->m, err);
    dml_progress_end(&c->files.progress);
    c->m.inputs = NULL;
    c->m.asker = NULL;
    return rc;
}

/* 0 where every guest is there, or has nothing to do with the goal; 1 where something is left, be it only to write. */
static enum dml_exit exit_code(const struct migrate *c)
{
    enum dml_exit code = dml_guest_files_messages(&c->files, c->m.after);
    for (uint32_t i = 0; i < c->files.inputs.paths.n; i++) {
        const struct dml_migrate_guest *g = &c->m.guests[i];
        if (g->fixed.fight[0])
            code = dml_exit_worse(code, dml_cli_fail(DML_EXIT_NOT_FIXED, "%s: the fixes of %s and %s undo each other",
                                                     c->files.shown[i], g->fixed.fight[0], g->fixed.fight[1]));
        if (g->read && (!g->reached || (g->changed && !g->written)))
            code = dml_exit_worse(code, DML_EXIT_FINDINGS);
    }
    return code;
}

enum dml_exit dml_cmd_migrate(const struct dml_args *args)
{
    static const char *const formats[] = {"text", "json", NULL};
    struct migrate c = {.args = args, .m = {.a = args->arena}};
    struct dml_err err = {""};
    unsigned format = 0;
    enum dml_exit code = DML_EXIT_USAGE;
    int rc = dml_common_word(args, DML_OPTION_MIGRATE_FORMAT, formats, &format, &err);
    if (rc == 0)
        rc = dml_common_color(args, STDOUT_FILENO, &c.color, &err);
    c.width = dml_common_width(STDOUT_FILENO);
    c.quiet = dml_args_get(args, DML_OPTION_QUIET) != NULL;
    if (rc == 0)
        rc = setup(&c, &err);
    if (rc == 0)
        rc = run(&c, &err);
    if (rc < 0) {
        dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
    } else {
        struct dml_buf out;
        dml_buf_init(&out, TEXT_MAX);
        (format ? dml_migrate_print_json : dml_migrate_print_text)(&c, &out);
        code = out.failed || c.m.a->failed ? dml_cli_fail(DML_EXIT_USAGE, "out of memory") : exit_code(&c);
        fwrite(out.p ? out.p : "", 1, out.len, stdout);
        dml_buf_dispose(&out);
    }
    dml_migrate_free(&c.m);
    dml_guest_files_close(&c.files);
    return code;
}
