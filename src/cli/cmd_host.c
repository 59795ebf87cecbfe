/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint host: facts of this host, or of a copied root directory, as JSON; and (cmd_host_users.c) its accounts. */
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cmd_host.h"
#include "host/facts.h"

enum { NOTES_MAX = 1024 * 1024 };

int dml_host_collect(const struct dml_args *args, struct dml_facts *facts, struct dml_buf *notes, struct dml_err *err)
{
    struct dml_collect how = {.root = dml_args_get(args, DML_OPTION_ROOT),
                              .redact = dml_args_get(args, DML_OPTION_REDACT) != NULL};
    /* A mistyped directory would otherwise look like a host of which nothing is known. */
    char *etc = how.root ? dml_arena_printf(args->arena, "%s/etc", how.root) : NULL;
    if (etc && access(etc, F_OK) != 0)
        return dml_err_set(err, DML_ENOENT, "%s is no root directory: there is no %s", how.root, etc);
    return dml_facts_collect(facts, &how, args->arena, notes, err);
}

static enum dml_exit collect(const struct dml_args *args)
{
    struct dml_facts facts;
    struct dml_err err;
    struct dml_buf notes;
    enum dml_exit code = DML_EXIT_OK;
    if (args->n_paths > 1)
        return dml_cli_fail(DML_EXIT_USAGE, "host collect takes no path; for a copied root directory say --root %s",
                            args->paths[1]);
    dml_buf_init(&notes, NOTES_MAX);
    int rc = dml_host_collect(args, &facts, &notes, &err);
    char *json = rc == 0 ? dml_facts_json(&facts, args->arena) : NULL;
    if (!json)
        code = dml_cli_fail(rc == DML_ENOENT ? DML_EXIT_INCOMPLETE : DML_EXIT_USAGE, "%s",
                            rc < 0 ? err.msg : "out of memory");
    else {
        fputs(json, stdout);
        if (notes.len && !dml_args_get(args, DML_OPTION_QUIET))
            fprintf(stderr, "dmlint: these stay unknown:\n%s", notes.p);
    }
    dml_buf_dispose(&notes);
    return code;
}

enum dml_exit dml_cmd_host(const struct dml_args *args)
{
    static const struct {
        const char *name;
        enum dml_exit (*run)(const struct dml_args *args);
        enum dml_option_id count[10]; /* the options that it reads, up to --help */
    } verbs[] = {{"collect", collect, {DML_OPTION_ROOT, DML_OPTION_REDACT, DML_OPTION_QUIET, DML_OPTION_HELP}},
                 {"check",
                  dml_cmd_host_check,
                  {DML_OPTION_ROOT, DML_OPTION_HOST, DML_OPTION_XEN, DML_OPTION_QEMU, DML_OPTION_QEMU_CAPS,
                   DML_OPTION_USERS_FORMAT, DML_OPTION_JOBS, DML_OPTION_QUIET, DML_OPTION_COLOR, DML_OPTION_HELP}},
                 {"users",
                  dml_cmd_host_users,
                  {DML_OPTION_ROOT, DML_OPTION_HOST, DML_OPTION_BASE, DML_OPTION_USERS_FORMAT, DML_OPTION_QUIET,
                   DML_OPTION_HELP}}};
    for (size_t i = 0; args->n_paths && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(args->paths[0], verbs[i].name) != 0)
            continue;
        for (uint32_t k = 0; k < args->n; k++) {
            const enum dml_option_id *c = verbs[i].count;
            while (*c != DML_OPTION_HELP && *c != args->v[k].option)
                c++;
            if (*c != args->v[k].option)
                return dml_cli_fail(DML_EXIT_USAGE, "host %s has no option --%s", verbs[i].name,
                                    dml_option_name(args->v[k].option));
        }
        return verbs[i].run(args);
    }
    return dml_cli_fail(DML_EXIT_USAGE,
                        args->n_paths ? "host has no subcommand \"%s\"; there are: host collect, host check, host users"
                                      : "say what: host collect, host check or host users%s",
                        args->n_paths ? args->paths[0] : "");
}
