/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint host: facts of this host, or of a copied root directory, as JSON; and (cmd_host_users.c) its accounts. */
#include <string.h>

#include "base/buf.h"
#include "cli/cmd_host.h"
#include "host/facts.h"

enum { NOTES_MAX = 1024 * 1024 };

static enum dml_exit collect(const struct dml_args *args)
{
    struct dml_collect how = {.root = dml_args_get(args, DML_OPTION_ROOT),
                              .redact = dml_args_get(args, DML_OPTION_REDACT) != NULL};
    if (args->n_paths > 1)
        return dml_cli_fail(DML_EXIT_USAGE, "host collect takes no path; for a copied root directory say --root %s",
                            args->paths[1]);
    struct dml_facts facts;
    struct dml_err err;
    struct dml_buf notes;
    dml_buf_init(&notes, NOTES_MAX);
    enum dml_exit code = DML_EXIT_OK;
    if (how.root) {
        /* A mistyped directory would otherwise look like a host of which nothing is known. */
        char *etc = dml_arena_printf(args->arena, "%s/etc", how.root);
        FILE *f = etc ? fopen(etc, "re") : NULL;
        if (!f) {
            dml_buf_dispose(&notes);
            return dml_cli_fail(DML_EXIT_INCOMPLETE, "%s is no root directory: there is no %s/etc", how.root, how.root);
        }
        fclose(f);
    }
    int rc = dml_facts_collect(&facts, &how, args->arena, &notes, &err);
    char *json = rc == 0 ? dml_facts_json(&facts, args->arena) : NULL;
    if (!json)
        code = dml_cli_fail(DML_EXIT_USAGE, "%s", rc < 0 ? err.msg : "out of memory");
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
    if (args->n_paths && strcmp(args->paths[0], "collect") == 0)
        return collect(args);
    if (args->n_paths && strcmp(args->paths[0], "users") == 0)
        return dml_cmd_host_users(args);
    return dml_cli_fail(DML_EXIT_USAGE,
                        args->n_paths ? "host has no subcommand \"%s\"; there are: host collect, host users"
                                      : "say what: host collect or host users",
                        args->n_paths ? args->paths[0] : "");
}
