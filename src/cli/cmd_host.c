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
    } verbs[] = {{"collect", collect}, {"check", dml_cmd_host_check}, {"users", dml_cmd_host_users}};
    for (size_t i = 0; args->n_paths && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(args->paths[0], verbs[i].name) == 0)
            return verbs[i].run(args);
    return dml_cli_fail(DML_EXIT_USAGE,
                        args->n_paths ? "host has no subcommand \"%s\"; there are: host collect, host check, host users"
                                      : "say what: host collect, host check or host users%s",
                        args->n_paths ? args->paths[0] : "");
}
